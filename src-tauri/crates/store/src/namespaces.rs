use std::sync::Arc;

use beckon_core::{Error, ErrorCode, LOCAL, Millis, Namespace, NamespaceName, Result};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::Store;
use crate::drafts;
use crate::fault::Fault;
use crate::spaces;
use crate::writer::Urgency;

const SELECT: &str = "SELECT name, label, created, updated, region,
     (SELECT count(*) FROM functions WHERE namespace = namespaces.name) AS functions FROM namespaces";

/// A namespace, and what only DigitalOcean's clients ask of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedNamespace {
    /// The namespace.
    pub namespace: Namespace,
    /// The region that it was asked for in; empty where nobody asked. It is on this machine all the same.
    pub region: String,
    /// When its label was changed last, or it was made.
    pub updated: Millis,
}

/// Where names without a namespace belong, as it was found last, and how often namespaces came and went since.
#[derive(Default)]
pub(crate) struct Home(Mutex<(Option<(String, NamespaceName)>, u64)>);

impl Home {
    fn forget(&self) {
        let mut home = self.0.lock();
        home.0 = None;
        home.1 += 1;
    }
}

impl Store {
    /// The namespace that a name without one belongs to: the one called `usual`, or else the oldest. `None` when there
    /// is none at all. In memory: the gateway asks on every such call.
    pub async fn home_namespace(&self, usual: &str) -> Result<Option<NamespaceName>> {
        let changes = {
            let home = self.inner.home.0.lock();
            if let Some((asked, found)) = &home.0
                && asked == usual
            {
                return Ok(Some(found.clone()));
            }
            home.1
        };
        let asked = usual.to_owned();
        let found = self
            .read(move |reader| {
                let sql = "SELECT name FROM namespaces ORDER BY name <> ?1, name = 'whisk.system', created, name LIMIT 1";
                let name: Option<String> = reader
                    .db
                    .prepare_cached(sql)?
                    .query_row([asked], |row| row.get(0))
                    .optional()?;
                let read = |name: String| name.parse().map_err(|e| Fault::unreadable("namespace", e));
                name.map(read).transpose()
            })
            .await?;
        if let Some(found) = &found {
            let mut home = self.inner.home.0.lock();
            // What was read before a change must not be remembered after it.
            if home.1 == changes {
                home.0 = Some((usual.to_owned(), NamespaceName::clone(found)));
            }
        }
        Ok(found)
    }

    /// All namespaces of the local engine, by label.
    pub async fn namespaces(&self) -> Result<Vec<Namespace>> {
        self.read(|reader| {
            let sql = format!("{SELECT} ORDER BY label COLLATE NOCASE, name");
            let mut statement = reader.db.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            let mut namespaces = Vec::new();
            while let Some(row) = rows.next()? {
                namespaces.push(load(row)?);
            }
            Ok(namespaces)
        })
        .await
    }

    /// All namespaces, oldest first, with what a provider's clients ask of them beside.
    pub async fn placed_namespaces(&self) -> Result<Vec<PlacedNamespace>> {
        self.read(|reader| {
            let sql = format!("{SELECT} ORDER BY created, name");
            let mut statement = reader.db.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            let mut namespaces = Vec::new();
            while let Some(row) = rows.next()? {
                namespaces.push(load_placed(row)?);
            }
            Ok(namespaces)
        })
        .await
    }

    /// One of them.
    pub async fn placed_namespace(&self, name: &NamespaceName) -> Result<Option<PlacedNamespace>> {
        let name = name.clone();
        self.read(move |reader| {
            let sql = format!("{SELECT} WHERE name = ?1");
            reader
                .db
                .prepare_cached(&sql)?
                .query_row([name.as_str()], |row| Ok(load_placed(row)))
                .optional()?
                .transpose()
        })
        .await
    }

    /// One namespace.
    pub async fn namespace(&self, name: &NamespaceName) -> Result<Option<Namespace>> {
        let name = name.clone();
        self.read(move |reader| find(reader.db, &name)).await
    }

    /// Makes a namespace. `Conflict` when the name is taken.
    pub async fn create_namespace(&self, name: &NamespaceName, label: &str) -> Result<Namespace> {
        self.create_namespace_in(name, label, "").await
    }

    /// Makes a namespace that says to be in a region. `Conflict` when the name is taken.
    pub async fn create_namespace_in(
        &self,
        name: &NamespaceName,
        label: &str,
        region: &str,
    ) -> Result<Namespace> {
        let (name, label, region) = (name.clone(), label.to_owned(), region.to_owned());
        let now = self.inner.clock.now();
        let home = Arc::clone(&self.inner.home);
        self.write(Urgency::Durable, 0, move |batch| {
            // No two of the same time: names without a namespace belong to the oldest, whatever the others are called.
            let added = batch.db.execute(
                "INSERT INTO namespaces (name, label, created, updated, region)
                 SELECT ?1, ?2, made, made, ?4 FROM
                 (SELECT max(?3, ifnull((SELECT max(created) + 1 FROM namespaces), ?3)) AS made) WHERE true
                 ON CONFLICT DO NOTHING",
                params![name.as_str(), label, now, region],
            )?;
            if added == 0 {
                let text = format!("There is a namespace '{name}' already.");
                return Err(Error::new(ErrorCode::Conflict, text)
                    .with_hint("Choose another name.")
                    .into());
            }
            batch.functions_changed();
            batch.after_commit(move || home.forget());
            expect(batch.db, &name)
        })
        .await
    }

    /// Changes the label. `NotFound` when there is no such namespace.
    pub async fn rename_namespace(&self, name: &NamespaceName, label: &str) -> Result<Namespace> {
        let (name, label, now) = (name.clone(), label.to_owned(), self.inner.clock.now());
        self.write(Urgency::Durable, 0, move |batch| {
            batch.db.execute(
                "UPDATE namespaces SET label = ?2, updated = ?3 WHERE name = ?1",
                params![name.as_str(), label, now],
            )?;
            batch.functions_changed();
            expect(batch.db, &name)
        })
        .await
    }

    /// Deletes a namespace with its functions, packages, triggers, rules, tokens, drafts and saved requests; its activations stay until their retention ends.
    /// `NotFound` when there is no such namespace.
    pub async fn delete_namespace(&self, name: &NamespaceName) -> Result<()> {
        let name = name.clone();
        let (functions, tokens) = (Arc::clone(&self.inner.functions), Arc::clone(&self.inner.tokens));
        let (domains, home) = (Arc::clone(&self.inner.domains), Arc::clone(&self.inner.home));
        let (entities, now) = (Arc::clone(&self.inner.entities), self.inner.clock.now());
        self.write(Urgency::Durable, 0, move |batch| {
            spaces::leave_triggers(batch.db, now, &name)?;
            // Its functions, their code and its tokens go with it by their foreign keys.
            if batch
                .db
                .execute("DELETE FROM namespaces WHERE name = ?1", [name.as_str()])?
                == 0
            {
                return Err(missing(&name));
            }
            drafts::forget_namespace(batch.db, LOCAL, name.as_str())?;
            batch.functions_changed();
            batch.tokens_changed();
            batch.after_commit(move || {
                home.forget();
                functions.forget(|key| key.namespace == name);
                domains.forget(|key| key.namespace == name);
                entities.forget(|key| key.namespace == name);
                tokens.forget(|scope| scope.namespace() == Some(&name));
            });
            Ok(())
        })
        .await
    }
}

/// The namespace, or `NotFound`.
pub(crate) fn expect(db: &Connection, name: &NamespaceName) -> Result<Namespace, Fault> {
    find(db, name)?.ok_or_else(|| missing(name))
}

fn missing(name: &NamespaceName) -> Fault {
    Error::not_found(format!("namespace '{name}'")).into()
}

fn find(db: &Connection, name: &NamespaceName) -> Result<Option<Namespace>, Fault> {
    let sql = format!("{SELECT} WHERE name = ?1");
    db.prepare_cached(&sql)?
        .query_row([name.as_str()], |row| Ok(load(row)))
        .optional()?
        .transpose()
}

fn load(row: &Row<'_>) -> Result<Namespace, Fault> {
    Ok(Namespace {
        name: row
            .get::<_, String>("name")?
            .parse()
            .map_err(|e| Fault::unreadable("namespace", e))?,
        label: row.get("label")?,
        created: row.get("created")?,
        functions: row.get("functions")?,
    })
}

fn load_placed(row: &Row<'_>) -> Result<PlacedNamespace, Fault> {
    Ok(PlacedNamespace {
        namespace: load(row)?,
        region: row.get("region")?,
        updated: row.get("updated")?,
    })
}
