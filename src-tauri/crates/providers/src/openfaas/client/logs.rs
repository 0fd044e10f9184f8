use beckon_core::{Error, ErrorCode, FunctionKey, FunctionLogAsk, FunctionLogLine, Result};
use chrono::{DateTime, SecondsFormat};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde::Deserialize;

use super::name;
use crate::null::or_default;
use crate::openwhisk::path_segment;
use crate::transport::Http;

/// The longest line that is read. OpenFaaS' own limit for a line is 64 KiB.
const LONGEST: usize = 1024 * 1024;
/// Most lines that are asked for.
const MOST: u32 = 100_000;

#[derive(Deserialize)]
struct Message {
    #[serde(default, deserialize_with = "or_default")]
    instance: String,
    timestamp: Option<String>,
    text: String,
}

/// `GET /system/logs`: a JSON object on each line. The type that it is sent as says nothing: the gateway drops it.
pub(super) async fn logs(
    http: &Http,
    key: &FunctionKey,
    ask: &FunctionLogAsk,
) -> Result<BoxStream<'static, Result<FunctionLogLine>>> {
    let mut path = format!(
        "system/logs?name={}&namespace={}&follow={}",
        path_segment(name(key)?),
        path_segment(key.namespace.as_str()),
        ask.follow
    );
    let mut add = |name: &str, value: &str| path.push_str(&format!("&{name}={}", path_segment(value)));
    if let Some(tail) = ask.tail {
        add("tail", &tail.clamp(1, MOST).to_string());
    }
    if let Some(since) = ask.since.and_then(DateTime::from_timestamp_millis) {
        add("since", &since.to_rfc3339_opts(SecondsFormat::Millis, true));
    }
    if let Some(instance) = ask.instance.as_deref().filter(|instance| !instance.is_empty()) {
        add("instance", instance);
    }
    let bytes = http.follow(&path).await?;
    let reading = Reading {
        bytes,
        rest: Vec::new(),
        host: http.host(),
        over: false,
    };
    Ok(stream::unfold(reading, |mut reading| async {
        let line = reading.next().await?;
        Some((line, reading))
    })
    .boxed())
}

struct Reading {
    bytes: BoxStream<'static, Result<axum::body::Bytes>>,
    /// What came after the last newline.
    rest: Vec<u8>,
    host: String,
    over: bool,
}

impl Reading {
    /// The next line; nothing comes after an error.
    async fn next(&mut self) -> Option<Result<FunctionLogLine>> {
        while !self.over {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Some(self.read(&line));
            }
            if self.rest.len() > LONGEST {
                self.over = true;
                let text = format!("{} sent a line of more than {LONGEST} bytes.", self.host);
                return Some(Err(Error::new(ErrorCode::LimitExceeded, text)));
            }
            match self.bytes.next().await {
                Some(Ok(bytes)) => self.rest.extend_from_slice(&bytes),
                Some(Err(error)) => {
                    self.over = true;
                    return Some(Err(error));
                }
                None => {
                    self.over = true;
                    let line = std::mem::take(&mut self.rest);
                    return match line.iter().all(u8::is_ascii_whitespace) {
                        true => None,
                        false => Some(self.read(&line)),
                    };
                }
            }
        }
        None
    }

    fn read(&mut self, line: &[u8]) -> Result<FunctionLogLine> {
        let message: Message = serde_json::from_slice(line).map_err(|error| {
            self.over = true;
            let text = format!("{} answered with something that is not a log.", self.host);
            Error::new(ErrorCode::BadReply, text).with_details(format!("column {}", error.column()))
        })?;
        let at = message.timestamp.as_deref().unwrap_or_default();
        let mut text = message.text;
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        Ok(FunctionLogLine {
            at_us: DateTime::parse_from_rfc3339(at)
                .ok()
                .map(|at| at.timestamp_micros()),
            instance: message.instance,
            text,
        })
    }
}
