//! Deliveries for eyes: nothing here holds a credential.

use beckon_core::{
    ActivationId, Delivery, DeliveryAttempt, DeliveryFilter, DeliverySummary, Excerpt, Exchange, Result,
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
