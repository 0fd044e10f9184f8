//! A provider's documents in Beckon's terms.

use beckon_core::{
    Activation, ActivationId, ActivationSummary, Cause, Error, ErrorCode, FunctionKey, FunctionName,
    FunctionSummary, Limits, Mode, NamedJson, NamespaceName, Result, Status, Timing,
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::openwhisk::wire::{
    Pair, PutLimits, RULE, ReceivedAction, ReceivedActivation, TRIGGER, is_truthy, json_text, parse_logs,
    status_of, web_export,
};

/// The longest preview, characters.
const PREVIEW: usize = 200;

/// Whether a kind's code can be shown: sequences and container images have none.
pub(super) fn has_source(kind: &str) -> bool {
    !matches!(kind, "sequence" | "blackbox")
}

/// A function in a list; `None` when its name is not one that Beckon can use.
pub(super) fn summary(action: &ReceivedAction) -> Option<FunctionSummary> {
    let (namespace, name) = match action.namespace.split_once('/') {
        Some((namespace, package)) => (namespace, format!("{package}/{}", action.name)),
        None => (action.namespace.as_str(), action.name.clone()),
    };
    let annotations = action.annotations.as_deref().unwrap_or_default();
    let kind = kind(annotations).or_else(|| action.exec.as_ref()?.kind.clone());
    Some(FunctionSummary {
        key: FunctionKey::new(namespace, &name).ok()?,
        version: action.version.clone().unwrap_or_default(),
        kind: kind.unwrap_or_default(),
        web: web_export(annotations),
        limits: limits(action.limits),
        updated: action.updated.unwrap_or_default(),
        image_name: None,
        readiness: None,
    })
}

/// The kind of a function, as its annotations say: lists have it nowhere else.
pub(super) fn kind(annotations: &[Pair]) -> Option<String> {
    let pair = annotations.iter().find(|pair| pair.key == "exec")?;
    text(&pair.value)
}

/// The kind of what ran, or what the record is of instead: what is fired has no kind and no limits, takes no time and
/// has no end (upstream writes none, or the epoch). Rules are fired by triggers, which they name as their cause.
fn kind_of(record: &ReceivedActivation) -> String {
    if let Some(kind) = record.annotation("kind").and_then(text) {
        return kind;
    }
    let took_no_time = record.duration.unwrap_or_default() == 0
        && record.end.is_none_or(|end| end == 0 || end == record.start);
    match took_no_time && record.annotation("limits").is_none() {
        true if record.cause.is_some() => RULE.to_owned(),
        true => TRIGGER.to_owned(),
        false => String::new(),
    }
}

/// What the record says of a function that is not where it was called, and of sequences and compositions.
fn notes(record: &ReceivedActivation, called: &FunctionKey) -> Vec<NamedJson> {
    let called = format!("{}/{}", called.namespace, called.name);
    let note = |key: &str| {
        let value = record.annotation(key)?;
        let is_news = key != "path" || text(value).is_some_and(|path| path != called);
        is_news.then(|| NamedJson {
            key: key.to_owned(),
            value: json_text(value),
        })
    };
    ["path", "binding", "topmost", "conductor"]
        .into_iter()
        .filter_map(note)
        .collect()
}

/// A record. `asked` is the namespace that it was asked from, where the record does not say.
pub(super) fn activation(
    record: &ReceivedActivation,
    asked: &NamespaceName,
    mode: Mode,
) -> Result<Activation> {
    let id: ActivationId = record
        .activation_id
        .parse()
        .map_err(|e: Error| bad_record().with_details(e.message))?;
    let namespace = record
        .namespace
        .as_deref()
        .and_then(|name| NamespaceName::new(name).ok())
        .unwrap_or_else(|| asked.clone());
    let function = function_name(record).ok_or_else(bad_record)?;
    let called = FunctionKey {
        namespace: namespace.clone(),
        name: function.clone(),
    };
    let timed_out = record.annotation("timeout").is_some_and(is_truthy);
    let status = status_of(record, timed_out);
    // A list without `docs` has no response: its bodies are missing, not empty.
    let response = record.response.as_ref();
    let result = response
        .and_then(|response| response.result.as_deref())
        .map(json_text);
    let result_bytes = response
        .and_then(|response| response.size)
        .or_else(|| result.as_ref().map(|result| result.as_str().len() as u64))
        .unwrap_or_default();
    let (logs, logs_truncated) = parse_logs(record.logs.as_deref().unwrap_or_default(), record.start);
    let duration = record
        .duration
        .or_else(|| record.end.map(|end| end.saturating_sub(record.start).max(0)));
    let end = record
        .end
        .filter(|end| *end > 0)
        .or_else(|| duration.map(|d| record.start.saturating_add(d)));
    let init_ms = record.annotation("initTime").and_then(value::<f64>);
    let wait_ms = record.annotation("waitTime").and_then(value::<f64>);
    let preview = logs
        .first()
        .map(|line| line.text.as_str())
        .or(result.as_ref().map(|r| r.as_str()));
    let preview = preview.unwrap_or_default().chars().take(PREVIEW).collect();
    Ok(Activation {
        summary: ActivationSummary {
            id,
            connection: String::new(),
            namespace,
            function,
            version: record.version.clone().unwrap_or_default(),
            kind: kind_of(record),
            status,
            mode,
            cause: Cause::Provider,
            start: record.start,
            end: Some(end.unwrap_or(record.start)),
            duration_ms: duration,
            // What waited ran in a container, warm where it has no initTime; sequences and triggers have neither.
            cold: init_ms.or(wait_ms).map(|_| init_ms.is_some()),
            http_status: None,
            callback: None,
            pinned: false,
            preview,
        },
        subject: record.subject.clone().unwrap_or_default(),
        input: None,
        result,
        result_bytes,
        result_truncated: response.is_none() || is_cut(record, status),
        logs,
        logs_truncated: logs_truncated || record.logs.is_none(),
        limits: limits(record.annotation("limits").and_then(value::<PutLimits>)),
        timing: Timing {
            wait_ms,
            init_ms,
            run_ms: duration.map(|duration| (duration as f64 - init_ms.unwrap_or_default()).max(0.0)),
            network_ms: None,
        },
        rerun_of: None,
        token_id: None,
        parent: record.cause.as_deref().and_then(|id| id.parse().ok()),
        http: None,
        attempts: 1,
        guards: Vec::new(),
        annotations: notes(record, &called),
    })
}

/// The package is only in the annotation `path`: `namespace/name` or `namespace/package/name`. Of a function that was
/// called through a binding, `path` is where it is, and `binding` (`namespace/name`) what it was called by.
fn function_name(record: &ReceivedActivation) -> Option<FunctionName> {
    let binding = record.annotation("binding").and_then(text);
    if let (Some(binding), Some(name)) = (&binding, &record.name)
        && let Some((_, binding)) = binding.split_once('/')
        && let Ok(called) = FunctionName::new(format!("{binding}/{name}"))
    {
        return Some(called);
    }
    let from_path = record.annotation("path").and_then(text);
    let from_path = from_path
        .as_deref()
        .and_then(|path| path.split_once('/'))
        .map(|(_, name)| name);
    from_path
        .or(record.name.as_deref())
        .and_then(|name| FunctionName::new(name).ok())
}

/// Upstream replaces a result over its limit by an application error with this text.
fn is_cut(record: &ReceivedActivation, status: Status) -> bool {
    let result = record
        .response
        .as_ref()
        .and_then(|response| response.result.as_deref());
    status == Status::ApplicationError
        && result.is_some_and(|result| {
            result
                .get()
                .contains("The action produced a response that exceeded the allowed length:")
        })
}

/// What the provider says of limits; Beckon's defaults where it does not.
pub(super) fn limits(received: Option<PutLimits>) -> Limits {
    let received = received.unwrap_or_default();
    let number =
        |value: Option<i64>, default: u32| value.and_then(|v| u32::try_from(v).ok()).unwrap_or(default);
    let logs_mb = number(received.logs, Limits::DEFAULT.logs_kb / 1024);
    Limits {
        timeout_ms: number(received.timeout, Limits::DEFAULT.timeout_ms),
        memory_mb: number(received.memory, Limits::DEFAULT.memory_mb),
        logs_kb: logs_mb.saturating_mul(1024),
        concurrency: number(received.concurrency, 1),
    }
}

fn value<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn text(raw: &RawValue) -> Option<String> {
    value(raw)
}

fn bad_record() -> Error {
    Error::new(
        ErrorCode::BadReply,
        "The provider sent an activation record that Beckon cannot read.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Activation {
        let record: ReceivedActivation = serde_json::from_str(json).unwrap();
        activation(&record, &"asked".parse().unwrap(), Mode::NonBlocking).unwrap()
    }

    #[test]
    fn the_guides_record_is_read() {
        let activation = read(
            r#"{"namespace":"fn-378ae839","name":"sample/hello","version":"0.0.1","subject":"da25","activationId":"b68492d6875840148492d687586014f5",
                "start":1692623022053,"end":1692623024056,"duration":2002,"statusCode":0,
                "response":{"status":"success","statusCode":0,"success":true,"result":{"body":"Hello stranger!"}},
                "logs":["2023-08-21T13:03:42.053123456Z stdout: hi"],
                "annotations":[{"key":"path","value":"fn-378ae839/sample/hello"},{"key":"kind","value":"nodejs:18"},
                    {"key":"limits","value":{"timeout":3000,"memory":256,"logs":16,"concurrency":1}},
                    {"key":"waitTime","value":40},{"key":"initTime","value":120},{"key":"timeout","value":false}]}"#,
        );
        assert_eq!(activation.summary.function.as_str(), "sample/hello");
        assert_eq!(
            (activation.summary.status, activation.summary.cold),
            (Status::Success, Some(true))
        );
        assert_eq!(activation.limits.timeout_ms, 3000);
        assert_eq!(activation.timing.run_ms, Some(1882.0));
        assert_eq!(activation.summary.preview, "hi");
        assert_eq!(
            activation.result.unwrap().as_str(),
            r#"{"body":"Hello stranger!"}"#
        );
    }

    #[test]
    fn a_scant_record_is_read() {
        let activation = read(
            r#"{"name":"f","activationId":"b68492d6875840148492d687586014f5","start":5,"statusCode":2}"#,
        );
        assert_eq!(activation.summary.namespace.as_str(), "asked");
        assert_eq!(activation.summary.status, Status::DeveloperError);
        assert_eq!((activation.summary.end, activation.summary.cold), (Some(5), None));
    }

    #[test]
    fn only_what_ran_in_a_container_is_cold_or_warm() {
        let cold = |annotations: &str| {
            let record =
                r#"{"name":"f","activationId":"b68492d6875840148492d687586014f5","start":5,"annotations":["#;
            read(&format!("{record}{annotations}]}}")).summary.cold
        };
        assert_eq!(cold(r#"{"key":"waitTime","value":3}"#), Some(false));
        assert_eq!(
            cold(r#"{"key":"waitTime","value":3},{"key":"initTime","value":9}"#),
            Some(true)
        );
        assert_eq!(
            cold(r#"{"key":"kind","value":"sequence"},{"key":"topmost","value":true}"#),
            None
        );
    }

    #[test]
    fn a_timeout_is_told_apart() {
        let activation = read(
            r#"{"name":"f","activationId":"b68492d6875840148492d687586014f5","start":5,"end":9,
                "response":{"status":"action developer error","success":false,"result":{"error":"x"}},
                "annotations":[{"key":"timeout","value":true}]}"#,
        );
        assert_eq!(activation.summary.status, Status::TimedOut);
        assert_eq!(activation.summary.duration_ms, Some(4));
    }

    #[test]
    fn what_is_fired_is_told_from_what_runs() {
        let kind = |more: &str| {
            let record = r#"{"name":"t","activationId":"b68492d6875840148492d687586014f5","start":5"#;
            read(&format!("{record}{more}}}")).summary.kind
        };
        for fired in [
            "",
            r#","end":0,"duration":0,"annotations":[]"#,
            r#","annotations":[{"key":"path","value":"ns/t"}]"#,
        ] {
            assert_eq!(kind(fired), "trigger", "{fired}");
        }
        assert_eq!(kind(r#","cause":"00000000000000000000000000000001""#), "rule");
        assert_eq!(kind(r#","end":9,"annotations":[]"#), "");
        assert_eq!(kind(r#","annotations":[{"key":"limits","value":{}}]"#), "");
        assert_eq!(
            kind(r#","annotations":[{"key":"kind","value":"sequence"}]"#),
            "sequence"
        );
    }

    #[test]
    fn a_function_that_is_elsewhere_is_known() {
        let read = |annotations: &str| {
            let record = r#"{"namespace":"ns","name":"echo","activationId":"b68492d6875840148492d687586014f5","start":5,"end":9,"annotations":["#;
            read(&format!("{record}{annotations}]}}"))
        };
        let own = read(r#"{"key":"path","value":"ns/kit/echo"}"#);
        assert_eq!(
            (own.summary.function.as_str(), own.annotations.len()),
            ("kit/echo", 0)
        );
        let systems = read(r#"{"key":"path","value":"whisk.system/utils/echo"}"#);
        assert_eq!(systems.summary.function.as_str(), "utils/echo");
        assert_eq!(systems.target().to_string(), "/whisk.system/utils/echo");
        let bound =
            read(r#"{"key":"path","value":"whisk.system/utils/echo"},{"key":"binding","value":"ns/mine"}"#);
        assert_eq!(bound.summary.function.as_str(), "mine/echo");
        assert_eq!(bound.target().to_string(), "/whisk.system/utils/echo");
    }
}
