//! What Spaces' clients say of a space beside its functions: deployments that are not built (yet), and triggers.

use beckon_core::{Error, FunctionKey, Millis, NamespaceName, Result, TopicTrigger, random_hex};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::functions::key_of;
use crate::leftovers::{self, Source};
use crate::namespaces;
use crate::words;
use crate::writer::Urgency;

/// A function as it was sent last, which is not built (yet).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpacesDeployment {
    /// Which function.
    pub key: FunctionKey,
    /// The function's id as Spaces' clients know it, a ULID.
    pub id: String,
    /// Which sending of it this is; another each time.
    pub revision: String,
    /// What was sent, a JSON object.
    pub document: String,
    /// Why it could not be built; `None` while that is not known.
    pub failure: Option<String>,
    /// When the function was made.
    pub created: Millis,
    /// When this was sent.
    pub updated: Millis,
}

/// A trigger of a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpacesTrigger {
    /// Its id, a ULID.
    pub id: String,
    /// What it is, a JSON object.
    pub document: String,
    /// What it listens to, of one of messages.
    pub listener: Option<TopicTrigger>,
}

impl Store {
    /// The deployment of a function that is not built.
    pub async fn spaces_deployment(&self, key: &FunctionKey) -> Result<Option<SpacesDeployment>> {
        let key = key.clone();
        self.read(move |reader| {
            let sql = "SELECT * FROM spaces_deployments WHERE namespace = ?1 AND function = ?2";
            let mut statement = reader.db.prepare_cached(sql)?;
            let names = params![key.namespace.as_str(), key.name.as_str()];
            statement
                .query_row(names, |row| Ok(load(row)))
                .optional()?
                .transpose()
        })
        .await
    }

    /// The deployments of a namespace, or all, by name.
    pub async fn spaces_deployments(
        &self,
        namespace: Option<&NamespaceName>,
    ) -> Result<Vec<SpacesDeployment>> {
        let namespace = namespace.map(ToString::to_string);
        self.read(move |reader| {
            let sql = "SELECT * FROM spaces_deployments WHERE ?1 IS NULL OR namespace = ?1
                       ORDER BY namespace, function";
            let mut statement = reader.db.prepare_cached(sql)?;
            let mut rows = statement.query([namespace])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(load(row)?);
            }
            Ok(all)
        })
        .await
    }

    /// Keeps what was sent, instead of what was sent before and is not built. `created` counts for a new function.
    /// `NotFound` when there is no such namespace.
    pub async fn put_spaces_deployment(
        &self,
        key: &FunctionKey,
        id: &str,
        document: String,
        created: Option<Millis>,
    ) -> Result<SpacesDeployment> {
        let now = self.inner.clock.now();
        let deployment = SpacesDeployment {
            key: key.clone(),
            id: id.to_owned(),
            revision: random_hex(),
            document,
            failure: None,
            created: created.unwrap_or(now),
            updated: now,
        };
        let (kept, size) = (deployment.clone(), deployment.document.len());
        self.write(Urgency::Durable, size, move |batch| {
            namespaces::expect(batch.db, &kept.key.namespace)?;
            batch.db.execute(
                "INSERT OR REPLACE INTO spaces_deployments (namespace, function, id, revision, document, created, updated)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    kept.key.namespace.as_str(),
                    kept.key.name.as_str(),
                    kept.id,
                    kept.revision,
                    kept.document,
                    kept.created,
                    kept.updated
                ],
            )?;
            Ok(())
        })
        .await?;
        Ok(deployment)
    }

    /// Notes why a deployment could not be built. Of no effect when another one has come since.
    pub async fn fail_spaces_deployment(&self, revision: &str, failure: &str) -> Result<()> {
        let (revision, failure) = (revision.to_owned(), failure.to_owned());
        self.write(Urgency::Durable, failure.len(), move |batch| {
            let sql = "UPDATE spaces_deployments SET failure = ?2 WHERE revision = ?1";
            batch.db.execute(sql, params![revision, failure])?;
            Ok(())
        })
        .await
    }

    /// Forgets a deployment: the function has it, or is gone. Of no effect when another one has come since.
    pub async fn drop_spaces_deployment(&self, revision: &str) -> Result<()> {
        let revision = revision.to_owned();
        self.write(Urgency::Durable, 0, move |batch| {
            let sql = "DELETE FROM spaces_deployments WHERE revision = ?1";
            batch.db.execute(sql, [revision])?;
            Ok(())
        })
        .await
    }

    /// The triggers of a space, oldest first.
    pub async fn spaces_triggers(&self, namespace: &NamespaceName) -> Result<Vec<SpacesTrigger>> {
        let namespace = namespace.clone();
        self.read(move |reader| {
            let sql = "SELECT * FROM spaces_triggers WHERE namespace = ?1 ORDER BY created, id";
            let mut statement = reader.db.prepare_cached(sql)?;
            let mut rows = statement.query([namespace.as_str()])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(SpacesTrigger {
                    id: row.get("id")?,
                    document: row.get("document")?,
                    listener: listener(row)?,
                });
            }
            Ok(all)
        })
        .await
    }

    /// What the message triggers of all spaces listen to, with their ids.
    pub async fn topic_triggers(&self) -> Result<Vec<(String, NamespaceName, TopicTrigger)>> {
        self.read(move |reader| {
            let sql = "SELECT id, namespace, listener FROM spaces_triggers WHERE listener IS NOT NULL
                       ORDER BY created, id";
            let mut statement = reader.db.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let namespace = NamespaceName::new(row.get::<_, String>("namespace")?)
                    .map_err(|e| Fault::unreadable("namespace", e))?;
                if let Some(listener) = listener(row)? {
                    all.push((row.get("id")?, namespace, listener));
                }
            }
            Ok(all)
        })
        .await
    }

    /// Makes a trigger, or changes the one with this id. `NotFound` when there is no such namespace.
    pub async fn put_spaces_trigger(&self, namespace: &NamespaceName, trigger: SpacesTrigger) -> Result<()> {
        let (namespace, now) = (namespace.clone(), self.inner.clock.now());
        self.write(Urgency::Durable, trigger.document.len(), move |batch| {
            namespaces::expect(batch.db, &namespace)?;
            if let Some(old) = listened(batch.db, &trigger.id)? {
                let next = trigger.listener.as_ref().map(source);
                leftovers::note(batch.db, now, &trigger.id, source(&old), next)?;
            }
            let listener = trigger.listener.as_ref().map(words::document).transpose()?;
            batch.db.execute(
                "INSERT INTO spaces_triggers (id, namespace, document, listener, created) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET document = ?3, listener = ?4",
                params![trigger.id, namespace.as_str(), trigger.document, listener, now],
            )?;
            Ok(())
        })
        .await
    }

    /// Deletes a trigger of a space. `NotFound` when there is none with this id in it.
    pub async fn delete_spaces_trigger(&self, namespace: &NamespaceName, id: &str) -> Result<()> {
        let (namespace, id, now) = (namespace.clone(), id.to_owned(), self.inner.clock.now());
        self.write(Urgency::Durable, 0, move |batch| {
            let old = listened(batch.db, &id)?;
            let sql = "DELETE FROM spaces_triggers WHERE namespace = ?1 AND id = ?2";
            if batch.db.execute(sql, params![namespace.as_str(), id])? == 0 {
                return Err(Error::not_found("trigger with this id").into());
            }
            if let Some(old) = old {
                leftovers::note(batch.db, now, &id, source(&old), None)?;
            }
            Ok(())
        })
        .await
    }
}

/// A function was saved or deleted, whoever did it.
pub(crate) fn forget_deployment(db: &Connection, key: &FunctionKey) -> Result<(), Fault> {
    let sql = "DELETE FROM spaces_deployments WHERE namespace = ?1 AND function = ?2";
    db.prepare_cached(sql)?
        .execute([key.namespace.as_str(), key.name.as_str()])?;
    Ok(())
}

/// The triggers of a namespace are about to go with it.
pub(crate) fn leave_triggers(db: &Connection, now: Millis, namespace: &NamespaceName) -> Result<(), Fault> {
    let mut statement = db.prepare_cached("SELECT id, listener FROM spaces_triggers WHERE namespace = ?1")?;
    let mut rows = statement.query([namespace.as_str()])?;
    while let Some(row) = rows.next()? {
        if let Some(old) = listener(row)? {
            leftovers::note(db, now, &row.get::<_, String>("id")?, source(&old), None)?;
        }
    }
    Ok(())
}

fn source(trigger: &TopicTrigger) -> Source<'_> {
    Source {
        server: &trigger.server,
        subscription: &trigger.subscription,
        credential: trigger.credential,
    }
}

/// What a trigger listens to.
fn listened(db: &Connection, id: &str) -> Result<Option<TopicTrigger>, Fault> {
    let mut statement = db.prepare_cached("SELECT listener FROM spaces_triggers WHERE id = ?1")?;
    let mut rows = statement.query([id])?;
    rows.next()?.map_or(Ok(None), listener)
}

fn listener(row: &Row<'_>) -> Result<Option<TopicTrigger>, Fault> {
    let text: Option<String> = row.get("listener")?;
    text.map(|text| words::read(&text, "listener")).transpose()
}

fn load(row: &Row<'_>) -> Result<SpacesDeployment, Fault> {
    Ok(SpacesDeployment {
        key: key_of(row, "namespace", "function")?,
        id: row.get("id")?,
        revision: row.get("revision")?,
        document: row.get("document")?,
        failure: row.get("failure")?,
        created: row.get("created")?,
        updated: row.get("updated")?,
    })
}
