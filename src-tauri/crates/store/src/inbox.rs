//! Inboxes: URLs of the gateway that anybody may send to, and what stands here for topics, queues and streams.

use beckon_core::{
    ActivationId, BodyForm, DestinationKind, Error, ErrorCode, Exchange, Inbox, InboxKind, InboxMessage,
    JsonText, MatchedBy, Millis, Result, random_hex,
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Store;
use crate::batch::Batch;
use crate::fault::Fault;
use crate::journal::body::{self, Packed};
use crate::journal::save::{TIES, id_bytes};
use crate::words::{column, word};
use crate::writer::Urgency;

/// Most inboxes.
const MOST_INBOXES: i64 = 1000;
/// Most messages of one inbox; the oldest make room.
const MOST_MESSAGES: i64 = 1000;
/// Most bytes of one inbox's bodies, beside those that are shorter than [`LARGE`].
const MOST_BYTES: i64 = 64 * 1024 * 1024;
/// Bodies from this size on are counted.
const LARGE: usize = 32 * 1024;
/// How far back a run is looked for by the name of its function alone, ms.
const RECENT: Millis = 3_600_000;
/// Most rows of a page.
const PAGE: u32 = 200;

/// Some messages, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// The rows.
    pub rows: Vec<InboxMessage>,
    /// Where to go on; `None` at the end.
    pub next: Option<i64>,
}

/// A request that arrived for an inbox.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Its method.
    pub method: String,
    /// The path below the inbox, beginning with `/`.
    pub path: String,
    /// The query without `?`.
    pub query: String,
    /// All headers, in order. Credentials among them are not kept.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// When it arrived.
    pub at: Millis,
}

/// A record that a function delivered to a topic, queue or stream.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Of which kind the destination is; not `Http` or `Nats`.
    pub kind: DestinationKind,
    /// The name of the topic, queue (and channel) or stream.
    pub name: String,
    /// The run that it tells of.
    pub run: ActivationId,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The record.
    pub body: Vec<u8>,
    /// When.
    pub at: Millis,
}

impl Store {
    /// Makes a callback inbox. `answer` is the status that senders get, 200 to 599. `LimitExceeded` beyond 1,000.
    pub async fn create_inbox(&self, label: &str, answer: u16, run: Option<ActivationId>) -> Result<Inbox> {
        check_answer(answer)?;
        let new = Inbox {
            id: random_hex(),
            kind: InboxKind::Callback,
            label: short(label),
            created: self.inner.clock.now(),
            answer,
            run,
            messages: 0,
            newest: None,
        };
        self.write(Urgency::Durable, 0, move |batch| {
            insert_inbox(batch, &new, None)?;
            Ok(new)
        })
        .await
    }

    /// Changes an inbox's label and what its senders are answered. `NotFound`.
    pub async fn change_inbox(&self, id: &str, label: &str, answer: u16) -> Result<()> {
        check_answer(answer)?;
        let (id, label) = (id.to_owned(), short(label));
        self.write(Urgency::Durable, 0, move |batch| {
            let sql =
                "UPDATE inboxes SET label = iif(kind = 'callback', ?2, label), answer = ?3 WHERE id = ?1";
            if batch
                .db
                .prepare_cached(sql)?
                .execute(params![id, label, answer])?
                == 0
            {
                return Err(Error::not_found("such inbox").into());
            }
            batch.inboxes_changed();
            Ok(())
        })
        .await
    }

    /// Every inbox, newest first.
    pub async fn inboxes(&self) -> Result<Vec<Inbox>> {
        self.read(|reader| {
            let mut statement = reader
                .db
                .prepare_cached(&format!("{INBOX} ORDER BY created DESC, id"))?;
            let mut rows = statement.query([])?;
            let mut inboxes = Vec::new();
            while let Some(row) = rows.next()? {
                inboxes.push(inbox(row)?);
            }
            Ok(inboxes)
        })
        .await
    }

    /// One inbox.
    pub async fn inbox(&self, id: &str) -> Result<Option<Inbox>> {
        let id = id.to_owned();
        self.read(move |reader| load(reader.db, &id)).await
    }

    /// Deletes an inbox and what is in it. `false` when there is none.
    pub async fn delete_inbox(&self, id: &str) -> Result<bool> {
        self.change("DELETE FROM inboxes WHERE id = ?1", id).await
    }

    /// Deletes what is in an inbox. `false` when that is nothing.
    pub async fn clear_inbox(&self, id: &str) -> Result<bool> {
        self.change("DELETE FROM inbox_messages WHERE inbox = ?1", id)
            .await
    }

    async fn change(&self, sql: &'static str, id: &str) -> Result<bool> {
        let id = id.to_owned();
        self.write(Urgency::Durable, 0, move |batch| {
            let changed = batch.db.prepare_cached(sql)?.execute([id])? > 0;
            if changed {
                batch.inboxes_changed();
            }
            Ok(changed)
        })
        .await
    }

    /// Keeps a request that arrived for a callback inbox, with the run that it tells of if that can be found. Returns
    /// the status to answer, `None` when there is no such inbox.
    pub async fn receive(&self, id: &str, new: NewMessage) -> Result<Option<u16>> {
        let id = id.to_owned();
        let bytes = new.body.len();
        let kept = tokio::task::spawn_blocking(move || {
            let (form, document) = BodyForm::keep(&new.body);
            (Packed::new(document.as_str().into()), form, new)
        });
        let (document, form, new) = kept.await.map_err(|e| Error::internal("keep a message", e))?;
        self.write(Urgency::Durable, bytes, move |batch| {
            let Some(inbox) = load(batch.db, &id)?.filter(|inbox| inbox.kind == InboxKind::Callback) else {
                return Ok(None);
            };
            let found = match inbox.run {
                Some(run) => Some((run, MatchedBy::Inbox)),
                None => find_run(batch.db, &new.headers, new.at)?,
            };
            insert_message(batch, &id, &new, form, &document, found)?;
            Ok(Some(inbox.answer))
        })
        .await
    }

    /// A page of an inbox, newest first; `after` is the `next` of the page before. At most 200 rows.
    pub async fn inbox_messages(&self, id: &str, after: Option<i64>, limit: u32) -> Result<MessagePage> {
        let (id, limit) = (id.to_owned(), limit.clamp(1, PAGE));
        self.read(move |reader| {
            let mut statement = reader.db.prepare_cached(
                "SELECT * FROM inbox_messages WHERE inbox = ?1 AND (?2 IS NULL OR n < ?2) ORDER BY n DESC LIMIT ?3",
            )?;
            let mut rows = messages(statement.query(params![id, after, limit + 1])?)?;
            let most = limit as usize;
            let next = (rows.len() > most).then(|| rows[most - 1].number);
            rows.truncate(most);
            Ok(MessagePage { rows, next })
        })
        .await
    }

    /// What arrived for a run, oldest first; at most 200.
    pub async fn messages_of(&self, run: ActivationId) -> Result<Vec<InboxMessage>> {
        self.read(move |reader| {
            let sql = "SELECT * FROM inbox_messages WHERE run = ?1 ORDER BY n LIMIT ?2";
            let mut statement = reader.db.prepare_cached(sql)?;
            messages(statement.query(params![id_bytes(run), PAGE])?)
        })
        .await
    }

    /// Removes up to `limit` messages that arrived before a time; returns how many.
    pub async fn prune_messages(&self, before: Millis, limit: u32) -> Result<usize> {
        self.write(Urgency::Lazy, 0, move |batch| {
            let sql =
                "DELETE FROM inbox_messages WHERE n IN (SELECT n FROM inbox_messages WHERE at < ?1 LIMIT ?2)";
            let gone = batch.db.prepare_cached(sql)?.execute(params![before, limit])?;
            if gone > 0 {
                batch.inboxes_changed();
            }
            Ok(gone)
        })
        .await
    }
}

const INBOX: &str = "SELECT *, (SELECT count(*) FROM inbox_messages AS m WHERE m.inbox = inboxes.id) AS messages,
    (SELECT at FROM inbox_messages AS m WHERE m.inbox = inboxes.id ORDER BY n DESC LIMIT 1) AS newest FROM inboxes";

fn short(label: &str) -> String {
    label.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn check_answer(answer: u16) -> Result<()> {
    if (200..=599).contains(&answer) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::InvalidInput,
        format!("An inbox answers with a status of 200 to 599, not {answer}."),
    ))
}

fn insert_inbox(batch: &mut Batch<'_>, new: &Inbox, key: Option<&str>) -> Result<(), Fault> {
    let count: i64 = batch
        .db
        .query_row("SELECT count(*) FROM inboxes", [], |row| row.get(0))?;
    if count >= MOST_INBOXES {
        let text = format!("There are {MOST_INBOXES} inboxes already.");
        return Err(Error::new(ErrorCode::LimitExceeded, text)
            .with_hint("Delete those that are not needed.")
            .into());
    }
    batch
        .db
        .prepare_cached(
            "INSERT INTO inboxes (id, kind, label, key, created, answer, run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            new.id,
            word(new.kind)?,
            new.label,
            key,
            new.created,
            new.answer,
            new.run.map(id_bytes)
        ])?;
    batch.inboxes_changed();
    Ok(())
}

/// Puts a record into the inbox of its destination, which is made on first sight.
pub(crate) fn deliver(batch: &mut Batch<'_>, arrival: Arrival) -> Result<(), Fault> {
    let kind = match arrival.kind {
        DestinationKind::Notification => InboxKind::Notification,
        DestinationKind::Queue => InboxKind::Queue,
        DestinationKind::Stream => InboxKind::Stream,
        DestinationKind::Http | DestinationKind::Nats => {
            return Err(Fault::unreadable("delivery", "it is not for an inbox"));
        }
    };
    let key = format!("{}:{}", word(kind)?, arrival.name);
    let known: Option<String> = batch
        .db
        .prepare_cached("SELECT id FROM inboxes WHERE key = ?1")?
        .query_row([&key], |row| row.get(0))
        .optional()?;
    let id = match known {
        Some(id) => id,
        None => {
            let new = Inbox {
                id: random_hex(),
                kind,
                label: arrival.name,
                created: arrival.at,
                answer: 200,
                run: None,
                messages: 0,
                newest: None,
            };
            insert_inbox(batch, &new, Some(&key))?;
            new.id
        }
    };
    let (form, document) = BodyForm::keep(&arrival.body);
    let new = NewMessage {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: arrival.headers,
        body: arrival.body,
        at: arrival.at,
    };
    let found = Some((arrival.run, MatchedBy::Inbox));
    insert_message(
        batch,
        &id,
        &new,
        form,
        &Packed::new(document.as_str().into()),
        found,
    )
}

fn insert_message(
    batch: &mut Batch<'_>,
    inbox: &str,
    new: &NewMessage,
    form: BodyForm,
    document: &Packed,
    found: Option<(ActivationId, MatchedBy)>,
) -> Result<(), Fault> {
    let headers: Vec<(&str, &str)> = new
        .headers
        .iter()
        .map(|(name, value)| match Exchange::is_secret_header(name) {
            true => (name.as_str(), "***"),
            false => (name.as_str(), value.as_str()),
        })
        .collect();
    let headers = serde_json::to_string(&headers).map_err(|e| Fault::unreadable("message", e))?;
    batch
        .db
        .prepare_cached(
            "INSERT INTO inbox_messages (inbox, at, method, path, query, headers, form, document, bytes, run, matched)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            inbox,
            new.at,
            new.method,
            new.path,
            new.query,
            headers,
            word(form)?,
            document,
            new.body.len() as i64,
            found.map(|(run, _)| id_bytes(run)),
            found.map(|(_, matched)| word(matched)).transpose()?,
        ])?;
    make_room(batch.db, inbox, new.body.len())?;
    batch.inboxes_changed();
    Ok(())
}

/// Lets go of the oldest messages beyond the bounds. The newest stays, however large it is.
fn make_room(db: &Connection, inbox: &str, size: usize) -> Result<(), Fault> {
    db.prepare_cached(
        "DELETE FROM inbox_messages WHERE inbox = ?1 AND n <=
         (SELECT n FROM inbox_messages WHERE inbox = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![inbox, MOST_MESSAGES])?;
    if size >= LARGE {
        db.prepare_cached(
            "DELETE FROM inbox_messages WHERE inbox = ?1
             AND n < (SELECT max(n) FROM inbox_messages WHERE inbox = ?1)
             AND n <= (SELECT max(n) FROM
             (SELECT n, sum(bytes) OVER (ORDER BY n DESC) AS total FROM inbox_messages WHERE inbox = ?1)
             WHERE total > ?2)",
        )?
        .execute(params![inbox, MOST_BYTES])?;
    }
    Ok(())
}

/// The run that a message's headers name.
fn find_run(
    db: &Connection,
    headers: &[(String, String)],
    now: Millis,
) -> Result<Option<(ActivationId, MatchedBy)>, Fault> {
    let header = |wanted: &str| {
        let mut found = headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.next().map(|(_, value)| value.trim())
    };
    if let Some(call) = header("x-call-id") {
        let sql = "SELECT run FROM deliveries WHERE call_id = ?1 ORDER BY n DESC LIMIT 1";
        let run: Option<[u8; 16]> = db
            .prepare_cached(sql)?
            .query_row([call], |row| row.get(0))
            .optional()?;
        let run = run.map(|run| ActivationId::from_u128(u128::from_be_bytes(run)));
        if let Some(run) = run.map_or_else(|| existing(db, call), |run| Ok(Some(run)))? {
            return Ok(Some((run, MatchedBy::CallId)));
        }
    }
    for name in ["x-openwhisk-activation-id", "x-activation-id"] {
        if let Some(id) = header(name)
            && let Some(run) = existing(db, id)?
        {
            return Ok(Some((run, MatchedBy::ActivationId)));
        }
    }
    match header("x-function-name") {
        Some(name) => Ok(newest_of(db, name, now)?.map(|run| (run, MatchedBy::FunctionName))),
        None => Ok(None),
    }
}

/// The run with this id, with or without dashes, if the journal has it.
fn existing(db: &Connection, id: &str) -> Result<Option<ActivationId>, Fault> {
    let Ok(id) = id.replace('-', "").parse::<ActivationId>() else {
        return Ok(None);
    };
    let known = db
        .prepare_cached("SELECT 1 FROM activations WHERE id = ?1")?
        .exists([id_bytes(id)])?;
    Ok(known.then_some(id))
}

/// The newest asynchronous run of `name` or `name.namespace` that no message told of yet.
fn newest_of(db: &Connection, name: &str, now: Millis) -> Result<Option<ActivationId>, Fault> {
    let (short, namespace) = name.rsplit_once('.').unwrap_or((name, ""));
    let since = now.saturating_sub(RECENT).max(0) << TIES;
    let run: Option<[u8; 16]> = db
        .prepare_cached(
            "SELECT a.id FROM activations AS a JOIN places AS p ON p.id = a.place
             WHERE a.n >= ?1 AND a.mode <> 'blocking'
             AND (p.function = ?2 OR (p.function = ?3 AND p.namespace = ?4))
             AND NOT EXISTS (SELECT 1 FROM inbox_messages AS m WHERE m.run = a.id)
             ORDER BY a.n DESC LIMIT 1",
        )?
        .query_row(params![since, name, short, namespace], |row| row.get(0))
        .optional()?;
    Ok(run.map(|run| ActivationId::from_u128(u128::from_be_bytes(run))))
}

fn load(db: &Connection, id: &str) -> Result<Option<Inbox>, Fault> {
    let mut statement = db.prepare_cached(&format!("{INBOX} WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(inbox).transpose()
}

fn inbox(row: &Row<'_>) -> Result<Inbox, Fault> {
    Ok(Inbox {
        id: row.get("id")?,
        kind: column(row, "kind")?,
        label: row.get("label")?,
        created: row.get("created")?,
        answer: row.get("answer")?,
        run: run(row)?,
        messages: row.get("messages")?,
        newest: row.get("newest")?,
    })
}

fn run(row: &Row<'_>) -> Result<Option<ActivationId>, Fault> {
    let id: Option<[u8; 16]> = row.get("run")?;
    Ok(id.map(|id| ActivationId::from_u128(u128::from_be_bytes(id))))
}

fn messages(mut rows: rusqlite::Rows<'_>) -> Result<Vec<InboxMessage>, Fault> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let headers = row
            .get_ref("headers")?
            .as_str()
            .map_err(|e| Fault::unreadable("message", e))?;
        let matched: Option<String> = row.get("matched")?;
        found.push(InboxMessage {
            number: row.get("n")?,
            inbox: row.get("inbox")?,
            at: row.get("at")?,
            method: row.get("method")?,
            path: row.get("path")?,
            query: row.get("query")?,
            headers: serde_json::from_str(headers).map_err(|e| Fault::unreadable("message", e))?,
            body: column(row, "form")?,
            document: body::json(row.get("document")?, "message")?.unwrap_or_else(JsonText::null),
            bytes: row.get::<_, i64>("bytes")?.unsigned_abs(),
            run: run(row)?,
            matched: matched
                .map(|word| crate::words::from_word(&word, "message"))
                .transpose()?,
        });
    }
    Ok(found)
}
