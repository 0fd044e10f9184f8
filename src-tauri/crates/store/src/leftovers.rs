//! What triggers left at brokers that could not be told when they were changed or deleted.

use beckon_core::{CredentialKind, Millis, Result, Subscription};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::words::{column, document, read, word};
use crate::writer::Urgency;

/// What a broker may still keep for a trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its number; later ones have larger ones.
    pub n: i64,
    /// The trigger's id.
    pub trigger: String,
    /// The broker.
    pub server: String,
    /// What the trigger listened to.
    pub subscription: Subscription,
    /// How it logged in there.
    pub credential: CredentialKind,
    /// Whether the trigger was deleted.
    pub gone: bool,
    /// Since when.
    pub since: Millis,
}

impl Leftover {
    /// Whether a credential is kept for this alone.
    #[must_use]
    pub fn needs_credential(&self) -> bool {
        self.gone && self.credential != CredentialKind::None
    }
}

/// Where a trigger listens, and to what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) server: &'a str,
    pub(crate) subscription: &'a Subscription,
    pub(crate) credential: CredentialKind,
}

/// Most that is remembered; beyond it what was left first is forgotten.
const MOST: i64 = 1_000;

const SELECT: &str =
    "SELECT *, trigger NOT IN (SELECT id FROM triggers UNION ALL SELECT id FROM spaces_triggers) AS gone
     FROM leftovers";

impl Store {
    /// What is left at brokers that triggers listen to no more, oldest first.
    pub async fn leftovers(&self) -> Result<Vec<Leftover>> {
        self.read(|reader| {
            let sql = format!("{SELECT} WHERE whole ORDER BY n");
            let mut statement = reader.db.prepare_cached(&sql)?;
            let rows = statement.query_map([], |row| Ok(load(row)))?;
            rows.map(|row| row?).collect()
        })
        .await
    }

    /// What is left of former subscriptions at a broker that the trigger listens to, oldest first.
    pub async fn leftovers_at(&self, trigger: &str, server: &str) -> Result<Vec<Leftover>> {
        let (trigger, server) = (trigger.to_owned(), server.to_owned());
        self.read(move |reader| {
            let sql = format!("{SELECT} WHERE trigger = ?1 AND server = ?2 AND NOT whole ORDER BY n");
            let mut statement = reader.db.prepare_cached(&sql)?;
            let rows = statement.query_map([trigger, server], |row| Ok(load(row)))?;
            rows.map(|row| row?).collect()
        })
        .await
    }

    /// The broker knows, or is not told any more.
    pub async fn drop_leftovers(&self, numbers: Vec<i64>) -> Result<()> {
        self.write(Urgency::Durable, 0, move |batch| {
            let mut statement = batch.db.prepare_cached("DELETE FROM leftovers WHERE n = ?1")?;
            for n in numbers {
                statement.execute([n])?;
            }
            Ok(())
        })
        .await
    }
}

/// Notes what a broker may keep of a trigger that is another one from now on, or gone.
///
/// An MQTT session above QoS 0 and the bindings of a named queue outlive the connection. A queue stays, with its bindings,
/// when its trigger goes: others may send to it and read from it. At a server that was left for another nothing can be
/// done with a credential: the one that is kept is the new server's.
pub(crate) fn note(
    db: &Connection,
    now: Millis,
    trigger: &str,
    old: Source<'_>,
    new: Option<Source<'_>>,
) -> Result<(), Fault> {
    use Subscription::{Mqtt, Rabbitmq};
    let stays = new.is_some_and(|new| new.server == old.server);
    let told_otherwise = new.is_none() || old.credential == CredentialKind::None;
    let whole = match (old.subscription, new.map(|new| new.subscription)) {
        // It has no session, but may have had one that could not be ended yet.
        (Mqtt { qos: 0, .. }, _) if !stays => {
            (told_otherwise && is_partly_left(db, trigger, old.server)?).then_some(true)
        }
        (Mqtt { qos: 0, .. }, _) => None,
        // The next connection begins without one.
        (Mqtt { .. }, Some(Mqtt { qos: 0, .. })) if stays => Some(false),
        (Mqtt { topics, .. }, Some(Mqtt { topics: next, .. })) if stays => {
            topics.iter().any(|topic| !next.contains(topic)).then_some(false)
        }
        (Mqtt { .. }, _) => told_otherwise.then_some(true),
        (
            Rabbitmq {
                queue: Some(queue),
                exchange: Some(_),
                ..
            },
            Some(Rabbitmq {
                queue: Some(next), ..
            }),
        ) => (stays && queue == next && new.is_some_and(|new| new.subscription != old.subscription))
            .then_some(false),
        _ => None,
    };
    match new {
        // A session that is used again must not be ended.
        Some(new) if matches!(new.subscription, Mqtt { .. }) => {
            let sql = "UPDATE leftovers SET whole = 0 WHERE trigger = ?1 AND server = ?2";
            db.prepare_cached(sql)?.execute([trigger, new.server])?;
        }
        // What a subscription left is of use to nobody who does not listen there again.
        None => {
            let sql = "DELETE FROM leftovers WHERE trigger = ?1 AND NOT whole";
            db.prepare_cached(sql)?.execute([trigger])?;
        }
        // With the session goes what was left in it.
        _ if whole == Some(true) => {
            let sql = "DELETE FROM leftovers WHERE trigger = ?1 AND server = ?2";
            db.prepare_cached(sql)?.execute([trigger, old.server])?;
        }
        _ => {}
    }
    if let Some(whole) = whole {
        db.prepare_cached(
            "INSERT INTO leftovers (trigger, server, subscription, credential, whole, since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            trigger,
            old.server,
            document(old.subscription)?,
            word(old.credential)?,
            whole,
            now
        ])?;
        // Nobody fills the disk by changing triggers. A row that a credential is kept for is left to whoever removes that.
        db.prepare_cached(
            "DELETE FROM leftovers WHERE (NOT whole OR credential = 'none')
             AND n <= (SELECT n FROM leftovers ORDER BY n DESC LIMIT 1 OFFSET ?1)",
        )?
        .execute([MOST])?;
    }
    Ok(())
}

/// Whether something of a former subscription may be left at a broker.
fn is_partly_left(db: &Connection, trigger: &str, server: &str) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM leftovers WHERE trigger = ?1 AND server = ?2 AND NOT whole)";
    Ok(db
        .prepare_cached(sql)?
        .query_row([trigger, server], |row| row.get(0))?)
}

fn load(row: &Row<'_>) -> Result<Leftover, Fault> {
    Ok(Leftover {
        n: row.get("n")?,
        trigger: row.get("trigger")?,
        server: row.get("server")?,
        subscription: read(&row.get::<_, String>("subscription")?, "subscription")?,
        credential: column(row, "credential")?,
        gone: row.get("gone")?,
        since: row.get("since")?,
    })
}
