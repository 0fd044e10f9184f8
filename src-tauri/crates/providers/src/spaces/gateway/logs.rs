use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use beckon_core::filter::Filter;
use beckon_core::{ActivationId, Error, LOCAL, LogLine, Millis};
use chrono::{DateTime, SecondsFormat};

use super::caller::{Call, no_function};
use super::status::{Known, written};
use super::{Desk, not_ready};
use crate::gateway::Refusal;
use crate::spaces::wire::LogEntry;

/// Most records that are looked through for lines, and most of them read at a time.
const MOST: usize = 2_000;
/// So many bytes of the newest lines are enough.
const MOST_BYTES: usize = 16 * 1024 * 1024;
const PAGE: u32 = 200;
/// The longest run, ms: one that began this much before a time may have written since.
const LONGEST: Millis = 900_000;

/// `GET …/logs?since=&tail=`: what the function wrote, oldest first, a JSON object on each line. What stands in for an
/// instance is the run. 202 while no version of the function runs.
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
    if known.function.is_none() {
        return Ok(not_ready());
    }
    let most = usize::try_from(tail).ok().filter(|tail| *tail > 0);
    let mut lines = lines(&desk, &known, since, most).await?;
    if let Some(most) = most {
        lines.drain(..lines.len().saturating_sub(most));
    }
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    let lines: String = lines.into_iter().map(|(_, line)| line).collect();
    Ok((StatusCode::OK, kind, lines).into_response())
}

/// The lines with their times, of runs that are over and of those that are not: whoever asks again from the time of the
/// last one misses none.
async fn lines(
    desk: &Desk,
    known: &Known,
    since_us: i64,
    most: Option<usize>,
) -> Result<Vec<(i64, String)>, Refusal> {
    let filter = Filter {
        functions: vec![known.key.name.to_string()],
        namespaces: vec![known.key.namespace.to_string()],
        connections: vec![LOCAL.to_owned()],
        from: (since_us > i64::MIN).then(|| since_us / 1000 - LONGEST),
        ..Filter::default()
    };
    let store = &desk.gateway.store;
    // In this order: a run that ends in between is found in the journal.
    let begun = desk.gateway.engine.lines_so_far(&known.key, |_| 0);
    let mut told = Told {
        name: written(&known.key),
        since_us,
        lines: Vec::new(),
        bytes: 0,
    };
    let (mut ended, mut looked, mut after) = (HashSet::new(), 0, None);
    'pages: loop {
        let page = store.page(&filter, after, PAGE).await?;
        for row in page.rows.iter().filter(|row| row.status.is_final()) {
            looked += 1;
            // It may have been pruned since.
            if let Some(record) = store.activation(row.id).await? {
                ended.insert(row.id);
                told.add(row.id, &record.logs)?;
            }
            if looked >= MOST || told.bytes >= MOST_BYTES || most.is_some_and(|most| told.lines.len() >= most)
            {
                break 'pages;
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for (id, lines) in begun.iter().filter(|(id, _)| !ended.contains(id)) {
        told.add(*id, lines)?;
    }
    told.lines.sort_by_key(|(at, _)| *at);
    Ok(told.lines)
}

/// What is told of a function's runs.
struct Told {
    name: String,
    since_us: i64,
    lines: Vec<(i64, String)>,
    bytes: usize,
}

impl Told {
    fn add(&mut self, run: ActivationId, lines: &[LogLine]) -> Result<(), Error> {
        for line in lines.iter().filter(|line| line.at_us >= self.since_us) {
            let time = DateTime::from_timestamp_micros(line.at_us).unwrap_or_default();
            let entry = LogEntry {
                name: self.name.clone(),
                instance: run.to_string(),
                timestamp: time.to_rfc3339_opts(SecondsFormat::Micros, true),
                text: line.text.clone(),
            };
            let text = serde_json::to_string(&entry).map_err(|e| Error::internal("write a line", e))? + "\n";
            self.bytes += text.len();
            self.lines.push((line.at_us, text));
        }
        Ok(())
    }
}
