//! What an answer, or what calls back in its place, says of a run.

use std::time::Duration;

use beckon_core::{Activation, BodyForm, InboxMessage, MatchedBy, Millis, Status};
use http::{HeaderMap, StatusCode};

const DURATION: &str = "x-duration-seconds";
const STATUS: &str = "x-function-status";
/// OpenFaaS' own parts sign what they answer in a function's place.
pub(super) const INTERNAL: &str = "x-openfaas-internal";

/// How long a callback may take. OpenFaaS ends a run after minutes; a server in a container may never reach this machine.
const LONGEST_CALLBACK: Millis = 3_600_000;

/// What became of a run whose end is told by a callback.
pub(crate) fn called_back(mut ours: Activation, messages: Vec<InboxMessage>) -> Option<Activation> {
    let find = |message: &InboxMessage, name: &str| {
        let named = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        message.headers.iter().find(named).map(|(_, value)| value.clone())
    };
    // A message that carries the function's name alone may be of another run, which somebody else started.
    let is_certain = |message: &InboxMessage| message.matched.is_some_and(|by| by != MatchedBy::FunctionName);
    let (message, status) = messages.into_iter().filter(is_certain).find_map(|message| {
        let status = StatusCode::from_bytes(find(&message, STATUS)?.as_bytes()).ok()?;
        Some((message, status))
    })?;
    let end = Answer {
        status,
        took: find(&message, DURATION)
            .and_then(|text| text.parse().ok())
            .and_then(whole),
        is_platforms: find(&message, INTERNAL).is_some(),
        headers: message.headers,
        end: message.at,
    };
    end.into_record(&mut ours, message.body);
    ours.result = Some(message.document);
    ours.result_bytes = message.bytes;
    Some(ours)
}

/// Whether nobody calls back any more.
pub(crate) fn is_overdue(run: &Activation, now: Millis) -> bool {
    now - run.summary.start > LONGEST_CALLBACK
}

/// Why a run without a callback is lost.
pub(crate) const NO_CALLBACK: &str = "The server accepted the call, and nobody called back within an hour. It may not reach this machine from where it \
     runs, for example from a container. A callback that comes later is in the inbox.";

/// Why a run whose answer was waited for is lost.
pub(crate) const NOT_WAITED_FOR: &str =
    "Beckon ended before the answer came. Whether the function ran is the server's to say.";

/// How a run ended, as HTTP says it.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(String, String)>,
    pub(super) took: Option<f64>,
    /// Whether it is not the function's own answer.
    pub(super) is_platforms: bool,
    pub(super) end: Millis,
}

impl Answer {
    pub(super) fn into_record(self, record: &mut Activation, form: BodyForm) {
        let summary = &mut record.summary;
        summary.status = match self.status {
            StatusCode::GATEWAY_TIMEOUT => Status::TimedOut,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => Status::InternalError,
            status if self.is_platforms && !status.is_success() => Status::InternalError,
            status if status.is_server_error() => Status::ApplicationError,
            _ => Status::Success,
        };
        summary.http_status = Some(self.status.as_u16());
        summary.end = Some(self.end);
        let run_ms = self.took.map(|seconds| seconds * 1000.0);
        summary.duration_ms = run_ms.map(|ms| ms.round() as i64);
        record.timing.run_ms = run_ms;
        if let Some(exchange) = &mut record.http {
            exchange.status = Some(self.status.as_u16());
            exchange.response_headers = self.headers;
            exchange.response_body = form;
        }
    }
}

/// `X-Duration-Seconds`, which the function's server writes.
pub(super) fn seconds(headers: &HeaderMap) -> Option<f64> {
    headers
        .get(DURATION)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .and_then(whole)
}

/// A time that a run may have taken.
fn whole(seconds: f64) -> Option<f64> {
    (0.0..=1_000_000.0).contains(&seconds).then_some(seconds)
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

pub(super) fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    beckon_engine::kept_headers(headers)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::commands::pending;
    use beckon_core::{ActivationId, FunctionRef, JsonText, Mode};

    fn message(matched: Option<MatchedBy>, body: &str) -> InboxMessage {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        InboxMessage {
            number: 1,
            inbox: String::new(),
            at: 20,
            method: "POST".into(),
            path: "/".into(),
            query: String::new(),
            headers: vec![header("X-Function-Status", "200"), header("X-Function-Name", "f")],
            body: BodyForm::Text,
            document: JsonText::from_value(&body.into()),
            bytes: body.len() as u64,
            run: None,
            matched,
        }
    }

    #[test]
    fn a_function_s_name_alone_does_not_end_a_run() {
        let function = FunctionRef {
            connection: "there".into(),
            namespace: "n".parse().unwrap(),
            name: "f".parse().unwrap(),
        };
        let pending = || pending(&function, ActivationId::new(), Mode::NonBlocking, 10);
        let foreign = message(Some(MatchedBy::FunctionName), "another run's");
        assert!(called_back(pending(), vec![foreign.clone()]).is_none());
        assert!(called_back(pending(), vec![message(None, "nobody's")]).is_none());
        for matched in [MatchedBy::CallId, MatchedBy::ActivationId] {
            let ended =
                called_back(pending(), vec![foreign.clone(), message(Some(matched), "mine")]).unwrap();
            assert_eq!(ended.result.unwrap().as_str(), "\"mine\"");
            assert_eq!(ended.summary.status, Status::Success);
        }
    }
}
