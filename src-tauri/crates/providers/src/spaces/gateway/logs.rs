use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use beckon_core::filter::Filter;
use beckon_core::{Error, LOCAL, Millis};
use chrono::{DateTime, SecondsFormat};

use super::caller::{Call, no_function};
use super::status::{Known, written};
use super::{Desk, not_ready};
use crate::gateway::Refusal;
use crate::spaces::wire::LogEntry;

/// Most records that are looked through for lines, and most of them read at a time.
const MOST: usize = 2_000;
const PAGE: u32 = 200;
/// The longest run, ms: one that began this much before a time may have written since.
const LONGEST: Millis = 900_000;

/// `GET …/logs?since=&tail=`: what the function wrote, oldest first, a JSON object on each line. What stands in for an
/// instance is the run.
pub(super) async fn logs(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    let tail = match call.caller.parameter("tail") {
        Some(text) => text
            .parse::<i64>()
            .map_err(|_| Refusal::bad_request("tail must be a number"))?,
        None => 0,
    };
    let since = match call.caller.parameter("since") {
        Some(text) => DateTime::parse_from_rfc3339(text)
            .map_err(|_| Refusal::bad_request("since must be a time as RFC 3339 has it"))?
            .timestamp_micros(),
        None => i64::MIN,
    };
    let known = Known::find(&desk, &call.function()?).await?;
    let known = known.ok_or_else(no_function)?;
    if known.deployment.is_some() {
        return Ok(not_ready());
    }
    let most = usize::try_from(tail).ok().filter(|tail| *tail > 0);
    let mut lines = lines(&desk, &known, since, most).await?;
    if let Some(most) = most {
        lines.drain(..lines.len().saturating_sub(most));
    }
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((StatusCode::OK, kind, lines.concat()).into_response())
}

async fn lines(
    desk: &Desk,
    known: &Known,
    since_us: i64,
    most: Option<usize>,
) -> Result<Vec<String>, Refusal> {
    let filter = Filter {
        functions: vec![known.key.name.to_string()],
        namespaces: vec![known.key.namespace.to_string()],
        connections: vec![LOCAL.to_owned()],
        from: (since_us > i64::MIN).then(|| since_us / 1000 - LONGEST),
        ..Filter::default()
    };
    let store = &desk.gateway.store;
    let name = written(&known.key);
    let (mut runs, mut looked, mut count, mut after) = (Vec::new(), 0, 0, None);
    'pages: loop {
        let page = store.page(&filter, after, PAGE).await?;
        for row in &page.rows {
            looked += 1;
            // It may have been pruned since.
            if let Some(record) = store.activation(row.id).await? {
                let mut lines = Vec::new();
                for line in record.logs.iter().filter(|line| line.at_us >= since_us) {
                    let time = DateTime::from_timestamp_micros(line.at_us).unwrap_or_default();
                    let entry = LogEntry {
                        name: name.clone(),
                        instance: row.id.to_string(),
                        timestamp: time.to_rfc3339_opts(SecondsFormat::Micros, true),
                        text: line.text.clone(),
                    };
                    let text =
                        serde_json::to_string(&entry).map_err(|e| Error::internal("write a line", e))?;
                    lines.push(text + "\n");
                }
                count += lines.len();
                runs.push(lines);
            }
            if looked >= MOST || most.is_some_and(|most| count >= most) {
                break 'pages;
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(runs.into_iter().rev().flatten().collect())
}
