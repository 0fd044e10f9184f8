use axum::http::StatusCode;
use beckon_core::{Error, ErrorCode, FunctionKey, FunctionLogAsk, FunctionLogLine, Result};
use chrono::{DateTime, SecondsFormat};
use futures_util::stream::{self, BoxStream, StreamExt as _};

use super::missing;
use crate::openwhisk::path_segment;
use crate::spaces::path_of;
use crate::spaces::wire::LogEntry;
use crate::transport::Http;

/// Most lines that are asked for.
const MOST: u32 = 100_000;

/// `GET …/logs`: a JSON object on each line. The server ends it, whether it is to be followed or not; one that is not
/// ready has none.
pub(super) async fn logs(
    http: &Http,
    key: &FunctionKey,
    ask: &FunctionLogAsk,
) -> Result<BoxStream<'static, Result<FunctionLogLine>>> {
    let wanted = ask.instance.as_deref().filter(|instance| !instance.is_empty());
    let mut asked = Vec::new();
    // The server knows nothing of instances: the last lines of one are among more of all.
    if let Some(tail) = ask.tail.filter(|_| wanted.is_none()) {
        asked.push(format!("tail={}", tail.clamp(1, MOST)));
    }
    if let Some(since) = ask.since.and_then(DateTime::from_timestamp_millis) {
        let since = since.to_rfc3339_opts(SecondsFormat::Millis, true);
        asked.push(format!("since={}", path_segment(&since)));
    }
    let mut path = format!("{}/logs", path_of(key));
    if !asked.is_empty() {
        path.push_str(&format!("?{}", asked.join("&")));
    }
    let reply = http.get(&path).await?;
    let reply = match reply.status {
        StatusCode::NOT_FOUND => return Err(missing(key)),
        StatusCode::ACCEPTED => return Ok(stream::empty().boxed()),
        _ => reply.ok()?,
    };
    let mut lines = Vec::new();
    for line in reply.body.split(|byte| *byte == b'\n') {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let entry: LogEntry = serde_json::from_slice(line).map_err(|error| {
            let text = format!("{} answered with something that is not a log.", http.host());
            Error::new(ErrorCode::BadReply, text).with_details(format!("column {}", error.column()))
        })?;
        if wanted.is_none_or(|wanted| wanted == entry.instance) {
            lines.push(Ok(FunctionLogLine {
                at_us: DateTime::parse_from_rfc3339(&entry.timestamp)
                    .ok()
                    .map(|at| at.timestamp_micros()),
                instance: entry.instance,
                text: entry.text,
            }));
        }
    }
    if let Some(tail) = ask.tail {
        let most = tail.clamp(1, MOST) as usize;
        lines.drain(..lines.len().saturating_sub(most));
    }
    Ok(stream::iter(lines).boxed())
}
