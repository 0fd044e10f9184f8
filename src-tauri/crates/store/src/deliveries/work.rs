//! The life of a delivery: claimed, attempted, settled, and found again after a crash.

use std::collections::HashMap;

use beckon_core::{
    ActivationId, DeliveryState, Destination, Error, ErrorCode, Excerpt, FunctionKey, LogLine, LogStream,
    Millis, Purpose, Result,
};
use rusqlite::{OptionalExtension as _, Row, params};

use super::note::{note, run_of};
use crate::Store;
use crate::batch::Batch;
use crate::fault::Fault;
use crate::inbox::{self, Arrival};
use crate::journal::load;
use crate::journal::save::{self, Prepared};
use crate::words::{column, word};
use crate::writer::Urgency;

/// Rows that one claim looks at.
const LOOK_AT: usize = 256;
/// No body is anywhere near as long.
const LONGEST: u64 = 256 * 1024 * 1024;

const INTERRUPTED: &str =
    "Beckon stopped while this attempt was in progress; it is not known whether it arrived.";

/// A delivery whose next attempt has begun, durably.
#[derive(Clone)]
pub struct Claimed {
    /// Its number.
    pub n: i64,
    /// Its identity.
    pub id: String,
    /// The run that it tells of.
    pub run: ActivationId,
    /// The run's function.
    pub function: FunctionKey,
    /// Why it is delivered.
    pub purpose: Purpose,
    /// Where to.
    pub target: Destination,
    /// What attempts are counted by.
    pub origin: String,
    /// The headers to send; each character of a value is one byte.
    pub headers: Vec<(String, String)>,
    /// Where the function was called, if a redirect is to be followed.
    pub follow: Option<String>,
    /// The body to send.
    pub body: Vec<u8>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many attempts may be made by themselves.
    pub allowed: u32,
}

/// How an attempt ended.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// How long it took, ms.
    pub ms: f64,
    /// The answer's status.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// What was sent, without credentials.
    pub request_headers: Vec<(String, String)>,
    /// What came back, without credentials.
    pub response_headers: Vec<(String, String)>,
    /// The beginning of the answer's body.
    pub response: Option<Excerpt>,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is delivered.
    Delivered,
    /// Another attempt, at this time.
    Again(Millis),
    /// Nothing, unless a person asks.
    GaveUp,
    /// The attempt did not count (Beckon stops): the next start makes it again.
    Interrupted,
}

/// The end of an attempt, all of it written in one transaction.
#[derive(Debug, Clone)]
pub struct AttemptEnd {
    /// The delivery's number.
    pub n: i64,
    /// Which attempt.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// What follows.
    pub next: Next,
    /// A line for the run's log.
    pub log: Option<String>,
    /// The message to put into the inbox of a topic, queue or stream; the attempt was that.
    pub message: Option<Arrival>,
    /// What is delivered instead from now on, without following anything.
    pub followed: Option<Followed>,
}

/// Where a function's redirect led.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The headers to send, as in [`super::NewDelivery`].
    pub headers: Vec<(String, String)>,
    /// The body to send.
    pub body: Vec<u8>,
}

impl Store {
    /// Wakes up whenever there may be a delivery to make.
    pub async fn deliveries_due(&self) {
        self.inner.writer.due.notified().await;
    }

    /// Wakes [`Store::deliveries_due`].
    pub fn wake_deliveries(&self) {
        self.inner.writer.due.notify_one();
    }

    /// Begins the next attempt of up to `limit` deliveries that are due, oldest first, at most `each` at a time for one
    /// receiver; `busy` says how many each has now.
    pub async fn claim_deliveries(
        &self,
        now: Millis,
        limit: usize,
        each: usize,
        mut busy: HashMap<String, usize>,
    ) -> Result<Vec<Claimed>> {
        self.write(Urgency::Durable, 0, move |batch| {
            let mut claims = Vec::new();
            for (n, origin) in due(batch, now, each, &busy)? {
                let count = busy.entry(origin).or_default();
                if *count >= each {
                    continue;
                }
                *count += 1;
                claims.push(claim(batch, n, now)?);
                if claims.len() == limit {
                    break;
                }
            }
            if !claims.is_empty() {
                batch.deliveries_changed();
            }
            Ok(claims)
        })
        .await
    }

    /// When the next attempt after `now` is due.
    pub async fn next_delivery(&self, now: Millis) -> Result<Option<Millis>> {
        self.read(move |reader| {
            let sql = "SELECT min(due) FROM deliveries WHERE due > ?1";
            Ok(reader
                .db
                .prepare_cached(sql)?
                .query_row([now], |row| row.get(0))?)
        })
        .await
    }

    /// Writes how an attempt ended.
    pub async fn settle_delivery(&self, end: AttemptEnd, now: Millis) -> Result<()> {
        self.write(Urgency::Durable, 4096, move |batch| settle(batch, end, now))
            .await
    }

    /// Called once at start: attempts that were in progress when Beckon died are made again, and callbacks of runs that
    /// were never accepted are forgotten. Returns how many deliveries wait.
    pub async fn recover_deliveries(&self, now: Millis) -> Result<u64> {
        self.write(Urgency::Durable, 0, move |batch| {
            batch.is_whole()?;
            batch.db.execute(
                "UPDATE delivery_attempts SET error = ?1 WHERE ms IS NULL AND delivery IN
                 (SELECT n FROM deliveries WHERE state = 'delivering' AND state <> 'delivered')",
                [INTERRUPTED],
            )?;
            batch.db.execute(
                "UPDATE deliveries SET state = 'pending', due = ?1, allowed = max(allowed, attempts + 1)
                 WHERE state = 'delivering' AND state <> 'delivered'",
                [now],
            )?;
            batch.db.execute(
                "DELETE FROM callbacks WHERE run NOT IN (SELECT id FROM activations)",
                [],
            )?;
            batch.forget_owing();
            let sql = "SELECT count(*) FROM deliveries WHERE due IS NOT NULL";
            Ok(batch
                .db
                .query_row(sql, [], |row| row.get::<_, i64>(0))?
                .unsigned_abs())
        })
        .await
    }

    /// Makes another attempt now, because a person wants it. `NotFound`; `Conflict` while an attempt is in progress.
    pub async fn retry_delivery(&self, id: &str, now: Millis) -> Result<()> {
        let id = id.to_owned();
        self.write(Urgency::Durable, 0, move |batch| {
            let state: Option<String> = batch
                .db
                .prepare_cached("SELECT state FROM deliveries WHERE id = ?1")?
                .query_row([&id], |row| row.get(0))
                .optional()?;
            match state.as_deref() {
                None => return Err(Error::not_found("such delivery").into()),
                Some("delivering") => {
                    return Err(
                        Error::new(ErrorCode::Conflict, "An attempt to deliver it is in progress.").into()
                    );
                }
                Some(_) => {}
            }
            let run = batch
                .db
                .prepare_cached(
                    "UPDATE deliveries SET state = 'pending', due = ?2, ended = NULL, allowed = max(allowed, attempts + 1)
                     WHERE id = ?1 RETURNING run",
                )?
                .query_row(params![id, now], run_of)?;
            batch.deliveries_due();
            note(batch, run)
        })
        .await
    }

    /// Makes another attempt of every delivery that failed or was given up, now; returns how many.
    pub async fn retry_failed_deliveries(&self, now: Millis) -> Result<u32> {
        self.write(Urgency::Durable, 0, move |batch| {
            let runs: Vec<ActivationId> = batch
                .db
                .prepare_cached(
                    "UPDATE deliveries SET state = 'pending', due = ?1, ended = NULL, allowed = max(allowed, attempts + 1)
                     WHERE state IN ('failed', 'gave_up') RETURNING run",
                )?
                .query_map([now], run_of)?
                .collect::<Result<_, _>>()?;
            if !runs.is_empty() {
                batch.deliveries_due();
            }
            for run in &runs {
                note(batch, *run)?;
            }
            Ok(u32::try_from(runs.len()).unwrap_or(u32::MAX))
        })
        .await
    }

    /// Removes up to `limit` deliveries that ended before a time and whose runs are not pinned; returns how many.
    pub async fn prune_deliveries(&self, before: Millis, limit: u32) -> Result<usize> {
        self.write(Urgency::Lazy, 0, move |batch| {
            let gone = batch
                .db
                .prepare_cached(
                    "DELETE FROM deliveries WHERE n IN (SELECT n FROM deliveries AS d WHERE ended < ?1 AND due IS NULL
                     AND NOT EXISTS (SELECT 1 FROM activations AS a WHERE a.id = d.run AND a.pinned = 1) LIMIT ?2)",
                )?
                .execute(params![before, limit])?;
            if gone > 0 {
                batch.deliveries_changed();
            }
            Ok(gone)
        })
        .await
    }
}

/// The numbers and receivers of deliveries that are due, leaving out receivers that have enough to do.
fn due(
    batch: &Batch<'_>,
    now: Millis,
    each: usize,
    busy: &HashMap<String, usize>,
) -> Result<Vec<(i64, String)>, Fault> {
    let full: Vec<&str> = busy
        .iter()
        .filter(|(_, count)| **count >= each)
        .map(|(origin, _)| origin.as_str())
        .collect();
    let full = serde_json::to_string(&full).map_err(|e| Fault::unreadable("delivery", e))?;
    let mut statement = batch.db.prepare_cached(
        "SELECT n, origin FROM deliveries WHERE due <= ?1 AND origin NOT IN (SELECT value FROM json_each(?2))
         ORDER BY due, n LIMIT ?3",
    )?;
    let rows = statement.query_map(params![now, full, LOOK_AT as i64], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn claim(batch: &Batch<'_>, n: i64, now: Millis) -> Result<Claimed, Fault> {
    batch
        .db
        .prepare_cached(
            "UPDATE deliveries SET state = 'delivering', due = NULL, attempts = attempts + 1 WHERE n = ?1",
        )?
        .execute([n])?;
    batch
        .db
        .prepare_cached(
            "INSERT INTO delivery_attempts (delivery, number, at) SELECT n, attempts, ?2 FROM deliveries WHERE n = ?1",
        )?
        .execute([n, now])?;
    let mut statement = batch.db.prepare_cached("SELECT * FROM deliveries WHERE n = ?1")?;
    let mut rows = statement.query([n])?;
    let Some(row) = rows.next()? else {
        return Err(Fault::unreadable("delivery", "it disappeared"));
    };
    Ok(Claimed {
        n,
        id: row.get("id")?,
        run: ActivationId::from_u128(u128::from_be_bytes(row.get("run")?)),
        function: function(row)?,
        purpose: column(row, "purpose")?,
        target: parse(row, "target")?,
        origin: row.get("origin")?,
        headers: parse(row, "headers")?,
        follow: row.get("follow")?,
        body: body(row)?,
        attempt: row.get("attempts")?,
        allowed: row.get("allowed")?,
    })
}

pub(super) fn function(row: &Row<'_>) -> Result<FunctionKey, Fault> {
    let (namespace, name): (String, String) = (row.get("namespace")?, row.get("function")?);
    FunctionKey::new(&namespace, &name).map_err(|e| Fault::unreadable("function name", e))
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &'static str) -> Result<T, Fault> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(|e| Fault::unreadable(column, e))?;
    serde_json::from_str(text).map_err(|e| Fault::unreadable(column, e))
}

pub(super) fn body(row: &Row<'_>) -> Result<Vec<u8>, Fault> {
    use std::io::Read as _;
    let kept: Vec<u8> = row.get("body")?;
    if !row.get::<_, bool>("packed")? {
        return Ok(kept);
    }
    let mut bytes = Vec::new();
    zstd::Decoder::new(kept.as_slice())
        .and_then(|decoder| decoder.take(LONGEST).read_to_end(&mut bytes))
        .map_err(|e| Fault::unreadable("body", e))?;
    Ok(bytes)
}

fn settle(batch: &mut Batch<'_>, end: AttemptEnd, now: Millis) -> Result<(), Fault> {
    let AttemptEnd {
        n,
        attempt,
        outcome,
        next,
        log,
        message,
        followed,
    } = end;
    let json = |what: serde_json::Result<String>| what.map_err(|e| Fault::unreadable("delivery", e));
    let excerpt = outcome.response.as_ref().map(serde_json::to_string).transpose();
    batch
        .db
        .prepare_cached(
            "UPDATE delivery_attempts SET ms = ?3, status = ?4, error = ?5, hint = ?6, request = ?7, response = ?8,
             excerpt = ?9 WHERE delivery = ?1 AND number = ?2",
        )?
        .execute(params![
            n,
            attempt,
            outcome.ms,
            outcome.status,
            outcome.error,
            outcome.hint,
            json(serde_json::to_string(&outcome.request_headers))?,
            json(serde_json::to_string(&outcome.response_headers))?,
            excerpt.map_err(|e| Fault::unreadable("delivery", e))?,
        ])?;
    let (state, due, ended) = match next {
        Next::Delivered => (DeliveryState::Delivered, None, Some(now)),
        Next::GaveUp => (DeliveryState::GaveUp, None, Some(now)),
        Next::Again(at) => (DeliveryState::Failed, Some(at), None),
        Next::Interrupted => (DeliveryState::Pending, Some(now), None),
    };
    let more = i64::from(next == Next::Interrupted);
    let run = batch
        .db
        .prepare_cached(
            "UPDATE deliveries SET state = ?2, due = ?3, ended = ?4, allowed = allowed + ?5 WHERE n = ?1 RETURNING run",
        )?
        .query_row(params![n, word(state)?, due, ended, more], run_of)?;
    note(batch, run)?;
    if let Some(Followed { headers, body }) = followed {
        let packed = super::packed(&body);
        batch
            .db
            .prepare_cached(
                "UPDATE deliveries SET headers = ?2, body = ?3, packed = ?4, bytes = ?5, follow = NULL WHERE n = ?1",
            )?
            .execute(params![
                n,
                json(serde_json::to_string(&headers))?,
                packed.as_deref().unwrap_or(&body),
                packed.is_some(),
                body.len() as i64,
            ])?;
    }
    if let Some(message) = message {
        inbox::deliver(batch, message)?;
    }
    if let Some(line) = log {
        add_log_line(batch, n, line, now)?;
    }
    match next {
        Next::Again(_) => batch.deliveries_due(),
        _ => batch.deliveries_changed(),
    }
    Ok(())
}

/// Adds a line to the log of the delivery's run, if its record is still there.
fn add_log_line(batch: &mut Batch<'_>, n: i64, text: String, now: Millis) -> Result<(), Fault> {
    let run: [u8; 16] = batch
        .db
        .prepare_cached("SELECT run FROM deliveries WHERE n = ?1")?
        .query_row([n], |row| row.get(0))?;
    let run = ActivationId::from_u128(u128::from_be_bytes(run));
    if let Some(mut record) = load::activation(batch.db, run)? {
        record.logs.push(LogLine {
            at_us: now.saturating_mul(1000),
            stream: LogStream::Stderr,
            text,
        });
        save::put(batch, &Prepared::new(record)?)?;
    }
    Ok(())
}
