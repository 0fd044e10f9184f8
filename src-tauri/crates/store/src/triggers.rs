use beckon_core::{Error, Event, FunctionKey, NewTrigger, Result, Trigger, TriggerCounts, TriggerState};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::functions::{key_of, must_exist};
use crate::leftovers::{self, Source};
use crate::words::{column, document, read, word};
use crate::writer::Urgency;

const SELECT: &str = "SELECT triggers.*, functions.id AS present FROM triggers LEFT JOIN functions
     ON functions.namespace = triggers.namespace AND functions.name = triggers.function";

impl Store {
    /// The triggers of a function, or all, oldest first. What they are doing is not known here: `state` is `Paused`,
    /// `Orphaned` or `Idle`, and the counts are zero.
    pub async fn triggers(&self, function: Option<&FunctionKey>) -> Result<Vec<Trigger>> {
        let function = function.cloned();
        self.read(move |reader| {
            let sql = format!(
                "{SELECT} WHERE ?1 IS NULL OR (triggers.namespace = ?1 AND triggers.function = ?2)
                 ORDER BY triggers.created, triggers.id"
            );
            let mut statement = reader.db.prepare_cached(&sql)?;
            let names = function
                .as_ref()
                .map(|key| (key.namespace.as_str(), key.name.as_str()))
                .unzip();
            let mut rows = statement.query(params![names.0, names.1])?;
            let mut triggers = Vec::new();
            while let Some(row) = rows.next()? {
                triggers.push(load(row)?);
            }
            Ok(triggers)
        })
        .await
    }

    /// One trigger.
    pub async fn trigger(&self, id: &str) -> Result<Option<Trigger>> {
        let id = id.to_owned();
        self.read(move |reader| find(reader.db, &id)).await
    }

    /// Makes a trigger under this id, or changes the one that has it. `NotFound` when there is no such function for it
    /// to call from now on.
    pub async fn put_trigger(&self, id: &str, new: NewTrigger) -> Result<Trigger> {
        let (id, now) = (id.to_owned(), self.inner.clock.now());
        let saved = self
            .write(Urgency::Durable, 0, move |batch| {
                let old = find(batch.db, &id)?;
                if old.as_ref().is_none_or(|old| old.function != new.function) {
                    must_exist(batch.db, &new.function)?;
                }
                if let Some(old) = &old {
                    let next = Source {
                        server: &new.server,
                        subscription: &new.subscription,
                        credential: new.credential,
                    };
                    leftovers::note(batch.db, now, &id, source(old), Some(next))?;
                }
                batch
                    .db
                    .prepare_cached(
                        "INSERT INTO triggers (id, name, namespace, function, server, subscription, credential, paused,
                         created, updated)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
                         ON CONFLICT (id) DO UPDATE SET name = ?2, namespace = ?3, function = ?4, server = ?5,
                         subscription = ?6, credential = ?7, paused = ?8, updated = ?9",
                    )?
                    .execute(params![
                        id,
                        new.name,
                        new.function.namespace.as_str(),
                        new.function.name.as_str(),
                        new.server,
                        document(&new.subscription)?,
                        word(new.credential)?,
                        new.paused,
                        now
                    ])?;
                Ok(find(batch.db, &id)?.ok_or_else(missing)?)
            })
            .await?;
        self.publish(Event::Triggers);
        Ok(saved)
    }

    /// Pauses or resumes. `NotFound` when there is no such trigger.
    pub async fn set_trigger_paused(&self, id: &str, paused: bool) -> Result<Trigger> {
        let (id, now) = (id.to_owned(), self.inner.clock.now());
        let saved = self
            .write(Urgency::Durable, 0, move |batch| {
                batch.db.execute(
                    "UPDATE triggers SET paused = ?2, updated = ?3 WHERE id = ?1",
                    params![id, paused, now],
                )?;
                Ok(find(batch.db, &id)?.ok_or_else(missing)?)
            })
            .await?;
        self.publish(Event::Triggers);
        Ok(saved)
    }

    /// Deletes a trigger. Its credential is the caller's to remove. `NotFound` when there is none.
    pub async fn delete_trigger(&self, id: &str) -> Result<()> {
        let (id, now) = (id.to_owned(), self.inner.clock.now());
        self.write(Urgency::Durable, 0, move |batch| {
            let old = find(batch.db, &id)?.ok_or_else(missing)?;
            leftovers::note(batch.db, now, &id, source(&old), None)?;
            batch.db.execute("DELETE FROM triggers WHERE id = ?1", [id])?;
            Ok(())
        })
        .await?;
        self.publish(Event::Triggers);
        Ok(())
    }
}

fn source(trigger: &Trigger) -> Source<'_> {
    Source {
        server: &trigger.server,
        subscription: &trigger.subscription,
        credential: trigger.credential,
    }
}

fn missing() -> Error {
    Error::not_found("trigger with this id")
}

fn find(db: &Connection, id: &str) -> Result<Option<Trigger>, Fault> {
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE triggers.id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(load).transpose()
}

fn load(row: &Row<'_>) -> Result<Trigger, Fault> {
    let paused: bool = row.get("paused")?;
    let present: Option<String> = row.get("present")?;
    Ok(Trigger {
        id: row.get("id")?,
        name: row.get("name")?,
        function: key_of(row, "namespace", "function")?,
        server: row.get("server")?,
        subscription: read(&row.get::<_, String>("subscription")?, "subscription")?,
        credential: column(row, "credential")?,
        paused,
        state: match (paused, present) {
            (_, None) => TriggerState::Orphaned,
            (true, _) => TriggerState::Paused,
            (false, _) => TriggerState::Idle,
        },
        counts: TriggerCounts::default(),
        last_error: None,
        created: row.get("created")?,
        updated: row.get("updated")?,
    })
}
