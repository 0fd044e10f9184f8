use beckon_core::{Activation, ActivationSummary, Status};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::{Pair, WireLimits, format_logs, raw};

/// OpenWhisk's words for the status codes 0 to 3.
const WORDS: [&str; 4] = [
    "success",
    "application error",
    "action developer error",
    "whisk internal error",
];

/// The kind of the record of a trigger that was fired.
pub(crate) const TRIGGER: &str = "trigger";

/// The kind of the record of a rule that a trigger set off, which OpenWhisk kept before 2018.
pub(crate) const RULE: &str = "rule";

/// The outcome within a record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response<'a> {
    status: &'static str,
    /// Not upstream's, but DigitalOcean's guide shows it.
    status_code: u8,
    success: bool,
    pub(crate) result: &'a RawValue,
    size: u64,
}

impl<'a> Response<'a> {
    /// The outcome of a run that is over.
    pub(crate) fn of(activation: &'a Activation) -> Self {
        let status = activation.summary.status;
        let status_code = status.openwhisk_code().unwrap_or(3);
        let result = match &activation.result {
            Some(result) => raw(result),
            None => no_result(status),
        };
        let size = if activation.result.is_some() {
            activation.result_bytes
        } else {
            0
        };
        Self {
            status: WORDS[usize::from(status_code)],
            status_code,
            success: status_code == 0,
            result,
            size,
        }
    }
}

/// What to serve of a run that left no result of its own.
fn no_result(status: Status) -> &'static RawValue {
    let text = match status {
        Status::Success => "{}",
        Status::Lost => r#"{"error":"Beckon stopped while the action was running."}"#,
        Status::Cancelled => r#"{"error":"The action was cancelled."}"#,
        _ => r#"{"error":"The action did not produce a valid response and exited unexpectedly."}"#,
    };
    serde_json::from_str(text).unwrap_or(RawValue::NULL)
}

/// A whole activation record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record<'a> {
    namespace: &'a str,
    name: &'a str,
    version: &'a str,
    subject: &'a str,
    activation_id: String,
    start: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<i64>,
    /// Upstream has it in lists only; doctl reads it here, too.
    status_code: u8,
    pub(crate) response: Response<'a>,
    logs: Vec<String>,
    annotations: Vec<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    publish: bool,
}

impl<'a> Record<'a> {
    /// The record of a run that is over.
    pub(crate) fn of(activation: &'a Activation) -> Self {
        let summary = &activation.summary;
        let response = Response::of(activation);
        Self {
            namespace: summary.namespace.as_str(),
            name: summary.function.simple(),
            version: &summary.version,
            subject: &activation.subject,
            activation_id: summary.id.to_string(),
            start: summary.start,
            end: end(summary),
            duration: duration(summary),
            status_code: response.status_code,
            response,
            logs: format_logs(activation),
            annotations: annotations(activation),
            cause: activation.parent.map(|id| id.to_string()),
            publish: false,
        }
    }

    /// The document.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// An activation in a list without `docs`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivationItem<'a> {
    namespace: &'a str,
    name: &'a str,
    version: &'a str,
    publish: bool,
    annotations: Vec<Pair>,
    activation_id: String,
    start: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    status_code: u8,
}

impl<'a> ActivationItem<'a> {
    /// The list's view of a run that is over.
    pub(crate) fn of(activation: &'a Activation) -> Self {
        let summary = &activation.summary;
        Self {
            namespace: summary.namespace.as_str(),
            name: summary.function.simple(),
            version: &summary.version,
            publish: false,
            annotations: annotations(activation),
            activation_id: summary.id.to_string(),
            start: summary.start,
            end: end(summary),
            duration: duration(summary),
            cause: activation.parent.map(|id| id.to_string()),
            status_code: summary.status.openwhisk_code().unwrap_or(3),
        }
    }
}

/// OpenWhisk's times have no place for the wait before a run (it is the annotation `waitTime`), and its clients count on
/// `duration` being `end - start`. `start` has to be the stored one, which lists are ordered and filtered by, so the
/// wait is taken off the end.
fn end(summary: &ActivationSummary) -> Option<i64> {
    match duration(summary) {
        Some(duration) if summary.end.is_some() => Some(summary.start.saturating_add(duration)),
        _ => summary.end,
    }
}

fn duration(summary: &ActivationSummary) -> Option<i64> {
    summary
        .duration_ms
        .or_else(|| summary.end.map(|end| end.saturating_sub(summary.start).max(0)))
}

fn annotations(activation: &Activation) -> Vec<Pair> {
    let summary = &activation.summary;
    let mut pairs: Vec<Pair> = activation.annotations.iter().map(Pair::from).collect();
    if activation.annotation("path").is_none() {
        pairs.push(Pair::new(
            "path",
            format!("{}/{}", summary.namespace, summary.function),
        ));
    }
    // A trigger is fired and not run.
    if summary.kind == TRIGGER {
        return pairs;
    }
    pairs.push(Pair::new("kind", &summary.kind));
    pairs.push(Pair::new("limits", WireLimits::of(activation.limits)));
    pairs.push(Pair::new("timeout", summary.status == Status::TimedOut));
    if activation.parent.is_some() {
        pairs.push(Pair::new("causedBy", "sequence"));
    }
    if let Some(wait) = activation.timing.wait_ms {
        pairs.push(Pair::new("waitTime", whole(wait)));
    }
    // Upstream's sign of a warm start is that there is no initTime.
    if summary.cold == Some(true) {
        pairs.push(Pair::new(
            "initTime",
            whole(activation.timing.init_ms.unwrap_or_default()),
        ));
    }
    pairs
}

/// Whole milliseconds, as the wire has them.
fn whole(ms: f64) -> serde_json::Value {
    // A float cast saturates, and NaN becomes 0.
    json!(ms.round().max(0.0) as u64)
}

/// A record as a provider sends it, in a reply or in a list with `docs`. Only the id and the start are indispensable.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceivedActivation {
    pub(crate) activation_id: String,
    pub(crate) start: i64,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) end: Option<i64>,
    pub(crate) duration: Option<i64>,
    pub(crate) status_code: Option<u8>,
    pub(crate) response: Option<ReceivedResponse>,
    pub(crate) logs: Option<Vec<String>>,
    pub(crate) annotations: Option<Vec<Pair>>,
    pub(crate) cause: Option<String>,
}

/// The outcome within a received record.
#[derive(Debug, Deserialize)]
pub(crate) struct ReceivedResponse {
    pub(crate) status: Option<String>,
    pub(crate) success: Option<bool>,
    pub(crate) result: Option<Box<RawValue>>,
    pub(crate) size: Option<u64>,
}

impl ReceivedActivation {
    /// The value of an annotation.
    pub(crate) fn annotation(&self, key: &str) -> Option<&RawValue> {
        self.annotations
            .iter()
            .flatten()
            .find(|pair| pair.key == key)
            .map(|pair| &*pair.value)
    }
}

/// How a received run ended. The word decides, then the code (which doctl's own output shows as 0 where the server
/// sent none), then the flag.
pub(crate) fn status_of(record: &ReceivedActivation, timed_out: bool) -> Status {
    let response = record.response.as_ref();
    let word = response.and_then(|r| r.status.as_deref());
    let code = word
        .and_then(|word| WORDS.iter().position(|known| *known == word))
        .or(record.status_code.map(usize::from))
        .or(response
            .and_then(|r| r.success)
            .map(|success| if success { 0 } else { 1 }));
    match code {
        Some(2) if timed_out => Status::TimedOut,
        Some(0) | None => Status::Success,
        Some(1) => Status::ApplicationError,
        Some(2) => Status::DeveloperError,
        Some(_) => Status::InternalError,
    }
}
