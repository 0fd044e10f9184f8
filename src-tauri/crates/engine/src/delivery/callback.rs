//! The callback request of OpenFaaS and Spaces: the function's body and headers, and what became of the call.

use beckon_core::{Activation, Callback};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::http::is_hop_by_hop;
use crate::{Ended, Why};

/// What a function answered, as the caller of a URL would have got it.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answered {
    /// From a run that is over. Where the function could not be called at all it is 503 and no body, as OpenFaaS' queue
    /// worker says it.
    pub(crate) fn of(ended: &Ended) -> Self {
        if matches!(
            ended.why(),
            Why::NotProvisioned | Why::Deleted | Why::Cancelled | Why::ShutDown
        ) {
            return Self::none();
        }
        let (head, body) = ended.reply().clone().into_response().into_parts();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        }
    }

    /// The call itself failed.
    pub(crate) fn none() -> Self {
        Self {
            status: 503,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// The headers of the callback, in the form that they are kept in.
    pub(crate) fn kept_headers(&self, run: &Activation, callback: &Callback) -> Vec<(String, String)> {
        let dropped: Vec<String> = self
            .headers
            .get_all(http::header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
            .collect();
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .filter(|(name, _)| {
                !is_hop_by_hop(name.as_str()) && !dropped.iter().any(|drop| drop == name.as_str())
            })
            .filter(|(name, _)| !is_ours(name.as_str()))
            .map(|(name, value)| (name.to_string(), latin1(value.as_bytes())))
            .collect();
        if !self.body.is_empty() && !self.headers.contains_key(http::header::CONTENT_TYPE) {
            headers.push(("content-type".to_owned(), "application/octet-stream".to_owned()));
        }
        let took = run.timing.init_ms.unwrap_or(0.0) + run.timing.run_ms.unwrap_or(0.0);
        let mut own = |name: &str, value: String| headers.push((name.to_owned(), value));
        own("x-call-id", latin1(callback.call_id.as_bytes()));
        own("x-duration-seconds", format!("{:.6}", took.max(0.0) / 1000.0));
        own(
            "x-function-name",
            latin1(callback.function_name_as_called.as_bytes()),
        );
        own("x-function-status", self.status.to_string());
        // When the call began, as OpenFaaS' gateway adds it to every answer: nanoseconds since the epoch.
        if let Some(end) = run.summary.end
            && !self.headers.contains_key("x-start-time")
        {
            let began = end.saturating_sub(took.max(0.0) as i64).max(run.summary.start);
            own("x-start-time", began.saturating_mul(1_000_000).to_string());
        }
        headers
    }
}

/// Headers that the callback sets, whatever the function set them to.
fn is_ours(name: &str) -> bool {
    [
        "x-call-id",
        "x-duration-seconds",
        "x-function-name",
        "x-function-status",
        super::MARK,
    ]
    .contains(&name)
}

/// Bytes as text, each as one character, so that any header value can be kept as JSON.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Kept headers as they are sent. What cannot be sent is left out.
pub(crate) fn restored(kept: &[(String, String)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in kept {
        let bytes: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        let value = bytes.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
        if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), value)
            && !is_hop_by_hop(name.as_str())
        {
            headers.append(name, value);
        }
    }
    headers
}
