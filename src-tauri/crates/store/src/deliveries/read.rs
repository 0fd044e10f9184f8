//! Deliveries for eyes: nothing here holds a credential.

use beckon_core::{
    ActivationId, Delivery, DeliveryAttempt, DeliveryCounts, DeliveryFilter, DeliveryState, DeliverySummary,
    Excerpt, Exchange, FunctionKey, Millis, Result,
};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::work::{body, function, parse};
use crate::Store;
use crate::fault::Fault;
use crate::journal::save::id_bytes;
use crate::words::{column, word};

/// How much of a body is shown, bytes.
const SHOWN: usize = 16 * 1024;
/// Most rows of a page.
const PAGE: u32 = 500;

const SUMMARY: &str =
    "d.n, d.id, d.run, d.namespace, d.function, d.purpose, d.kind, d.shown, d.state, d.created,
     d.due, d.ended, d.attempts, d.bytes, t.status, t.error, t.hint
     FROM deliveries AS d LEFT JOIN delivery_attempts AS t ON t.delivery = d.n AND t.number = d.attempts";

/// Some deliveries, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryPage {
    /// The rows.
    pub rows: Vec<DeliverySummary>,
    /// Where to go on; `None` at the end.
    pub next: Option<i64>,
}

impl Store {
    /// A page of deliveries, newest first; `after` is the `next` of the page before. At most 500 rows.
    pub async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<i64>,
        limit: u32,
    ) -> Result<DeliveryPage> {
        let filter = filter.clone();
        let limit = limit.clamp(1, PAGE);
        self.read(move |reader| {
            let state = filter.state.map(word).transpose()?;
            let purpose = filter.purpose.map(word).transpose()?;
            let (namespace, name) = match &filter.function {
                Some(key) => (Some(key.namespace.as_str()), Some(key.name.as_str())),
                None => (None, None),
            };
            let sql = format!(
                "SELECT {SUMMARY} WHERE (?1 IS NULL OR d.n < ?1) AND (?2 IS NULL OR d.state = ?2)
                 AND (?3 IS NULL OR d.purpose = ?3) AND (?4 IS NULL OR (d.namespace = ?4 AND d.function = ?5))
                 ORDER BY d.n DESC LIMIT ?6"
            );
            let mut statement = reader.db.prepare_cached(&sql)?;
            let mut found = statement.query(params![after, state, purpose, namespace, name, limit + 1])?;
            let (mut rows, mut numbers) = (Vec::new(), Vec::<i64>::new());
            while let Some(row) = found.next()? {
                numbers.push(row.get("n")?);
                rows.push(summary(row)?);
            }
            let most = limit as usize;
            let next = (rows.len() > most).then(|| numbers[most - 1]);
            rows.truncate(most);
            Ok(DeliveryPage { rows, next })
        })
        .await
    }

    /// How many deliveries are in which state.
    pub async fn delivery_counts(&self) -> Result<DeliveryCounts> {
        self.read(|reader| {
            // Most are delivered; the index holds the others.
            let sql = "SELECT state, COUNT(*) FROM deliveries WHERE state <> 'delivered' GROUP BY state";
            let mut statement = reader.db.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut counts = DeliveryCounts::default();
            let mut open = 0;
            while let Some(row) = rows.next()? {
                let count: u32 = row.get(1)?;
                open += count;
                match column(row, "state")? {
                    DeliveryState::Pending => counts.pending = count,
                    DeliveryState::Delivering => counts.delivering = count,
                    DeliveryState::Failed => counts.failed = count,
                    DeliveryState::GaveUp => counts.gave_up = count,
                    DeliveryState::Delivered => {}
                }
            }
            let all: u32 = reader
                .db
                .prepare_cached("SELECT COUNT(*) FROM deliveries")?
                .query_row([], |row| row.get(0))?;
            counts.delivered = all.saturating_sub(open);
            Ok(counts)
        })
        .await
    }

    /// How many deliveries ended in each of `count` steps of `step` ms from `from` on: delivered, and given up.
    pub async fn delivery_ends(
        &self,
        function: Option<&FunctionKey>,
        from: Millis,
        step: Millis,
        count: usize,
    ) -> Result<Vec<(u32, u32)>> {
        let function = function.cloned();
        self.read(move |reader| {
            let mut ends = vec![(0, 0); count];
            let until = from.saturating_add(step.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)));
            let (namespace, name) = match &function {
                Some(key) => (Some(key.namespace.as_str()), Some(key.name.as_str())),
                None => (None, None),
            };
            let mut statement = reader.db.prepare_cached(
                "SELECT (ended - ?1) / ?2, state = 'delivered', COUNT(*) FROM deliveries
                 WHERE ended >= ?1 AND ended < ?3 AND (?4 IS NULL OR (namespace = ?4 AND function = ?5))
                 GROUP BY 1, 2",
            )?;
            let mut rows = statement.query(params![from, step.max(1), until, namespace, name])?;
            while let Some(row) = rows.next()? {
                let at = usize::try_from(row.get::<_, i64>(0)?).unwrap_or(usize::MAX);
                let Some(end) = ends.get_mut(at) else { continue };
                match row.get(1)? {
                    true => end.0 += row.get::<_, u32>(2)?,
                    false => end.1 += row.get::<_, u32>(2)?,
                }
            }
            Ok(ends)
        })
        .await
    }

    /// What a run's end caused, oldest first.
    pub async fn deliveries_of(&self, run: ActivationId) -> Result<Vec<DeliverySummary>> {
        self.flush_pending().await?;
        self.read(move |reader| {
            let sql = format!("SELECT {SUMMARY} WHERE d.run = ?1 ORDER BY d.n");
            let mut statement = reader.db.prepare_cached(&sql)?;
            let mut rows = statement.query([id_bytes(run)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(summary(row)?);
            }
            Ok(found)
        })
        .await
    }

    /// One delivery with its history.
    pub async fn delivery(&self, id: &str) -> Result<Option<Delivery>> {
        let id = id.to_owned();
        self.read(move |reader| {
            let sql = format!("SELECT {SUMMARY} WHERE d.id = ?1");
            let mut statement = reader.db.prepare_cached(&sql)?;
            let mut rows = statement.query([&id])?;
            let Some(row) = rows.next()? else {
                return Ok(None);
            };
            let (n, summary) = (row.get("n")?, summary(row)?);
            let mut statement = reader
                .db
                .prepare_cached("SELECT headers, body, packed FROM deliveries WHERE n = ?1")?;
            let mut rows = statement.query([n])?;
            let Some(row) = rows.next()? else {
                return Ok(None);
            };
            let headers: Vec<(String, String)> = parse(row, "headers")?;
            Ok(Some(Delivery {
                headers: headers.into_iter().map(shown).collect(),
                body: Excerpt::of(&body(row)?, SHOWN, false),
                history: history(reader.db, n)?,
                summary,
            }))
        })
        .await
    }
}

/// A stored header as a person may see it.
fn shown((name, value): (String, String)) -> (String, String) {
    if Exchange::is_secret_header(&name) {
        return (name, "***".to_owned());
    }
    // Each character is a byte; most values that are not ASCII are UTF-8.
    let bytes: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    (name, text.unwrap_or(value))
}

fn summary(row: &Row<'_>) -> Result<DeliverySummary, Fault> {
    Ok(DeliverySummary {
        id: row.get("id")?,
        run: ActivationId::from_u128(u128::from_be_bytes(row.get("run")?)),
        function: function(row)?,
        purpose: column(row, "purpose")?,
        kind: column(row, "kind")?,
        target: row.get("shown")?,
        state: column(row, "state")?,
        created: row.get("created")?,
        due: row.get("due")?,
        ended: row.get("ended")?,
        attempts: row.get("attempts")?,
        status: row.get("status")?,
        error: row.get("error")?,
        hint: row.get("hint")?,
        bytes: row.get::<_, i64>("bytes")?.unsigned_abs(),
    })
}

fn history(db: &Connection, n: i64) -> Result<Vec<DeliveryAttempt>, Fault> {
    let mut statement =
        db.prepare_cached("SELECT * FROM delivery_attempts WHERE delivery = ?1 ORDER BY number")?;
    let mut rows = statement.query([n])?;
    let mut history = Vec::new();
    while let Some(row) = rows.next()? {
        let excerpt: Option<String> = row.get("excerpt")?;
        history.push(DeliveryAttempt {
            number: row.get("number")?,
            at: row.get("at")?,
            ms: row.get("ms")?,
            status: row.get("status")?,
            error: row.get("error")?,
            hint: row.get("hint")?,
            request_headers: parse(row, "request")?,
            response_headers: parse(row, "response")?,
            response: excerpt
                .map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(|e| Fault::unreadable("delivery", e))?,
        });
    }
    Ok(history)
}
