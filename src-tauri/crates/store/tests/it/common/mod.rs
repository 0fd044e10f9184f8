//! What the tests share: a store in a directory of its own, and runs to put into it.

use std::path::PathBuf;

use beckon_core::{
    Activation, ActivationId, ActivationSummary, Cause, Clock, FunctionKey, JsonText, LOCAL, Limits, LogLine,
    LogStream, Millis, Mode, NamespaceName, Status, Timing,
};
use beckon_store::Store;

/// The time that every test lives at.
pub(crate) const NOW: Millis = 1_795_237_633_000;

/// A store and the directory that goes with it.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) path: PathBuf,
    pub(crate) directory: tempfile::TempDir,
}

pub(crate) async fn open() -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("beckon.db");
    let store = Store::open(&path, clock()).await.unwrap();
    Opened {
        store,
        path,
        directory,
    }
}

pub(crate) fn clock() -> Clock {
    Clock::from_fn(|| NOW)
}

pub(crate) fn namespace(name: &str) -> NamespaceName {
    NamespaceName::new(name).unwrap()
}

pub(crate) fn key(namespace: &str, name: &str) -> FunctionKey {
    FunctionKey::new(namespace, name).unwrap()
}

pub(crate) fn id(number: u128) -> ActivationId {
    ActivationId::from_u128(number)
}

/// The same as [`ActivationId::new`] would make it: the version of its UUID is 7.
pub(crate) fn fresh(number: u128) -> ActivationId {
    ActivationId::from_u128(number | 7 << 76)
}

/// A local run of `playground/hello` that ended well, a second per number before now.
pub(crate) fn run(number: u128) -> Activation {
    let start = NOW - 1_000 * i64::try_from(number).unwrap();
    Activation {
        summary: ActivationSummary {
            id: id(number),
            connection: LOCAL.into(),
            namespace: namespace("playground"),
            function: "hello".parse().unwrap(),
            version: "0.0.1".into(),
            kind: "nodejs:20".into(),
            status: Status::Success,
            mode: Mode::Blocking,
            cause: Cause::Panel,
            start,
            end: Some(start + 5),
            duration_ms: Some(5),
            cold: Some(false),
            http_status: None,
            callback: None,
            pinned: false,
            preview: String::new(),
        },
        subject: "playground".into(),
        input: Some(JsonText::parse(format!(r#"{{"number":{number}}}"#)).unwrap()),
        result: Some(JsonText::parse(r#"{"greeting":"Hello!"}"#).unwrap()),
        result_bytes: 21,
        result_truncated: false,
        logs: vec![LogLine {
            at_us: start * 1000,
            stream: LogStream::Stdout,
            text: format!("line of {number}"),
        }],
        logs_truncated: false,
        limits: Limits::DEFAULT,
        timing: Timing {
            wait_ms: Some(0.1 + 0.2),
            run_ms: Some(4.9),
            ..Timing::default()
        },
        rerun_of: None,
        token_id: None,
        parent: None,
        http: None,
        attempts: 1,
        guards: Vec::new(),
        annotations: Vec::new(),
    }
}

/// The same, accepted and not begun.
pub(crate) fn queued(number: u128, function: &str) -> Activation {
    let mut run = run(number);
    run.summary.function = function.parse().unwrap();
    run.summary.status = Status::Queued;
    run.summary.mode = Mode::NonBlocking;
    run.summary.end = None;
    run.summary.duration_ms = None;
    run.summary.cold = None;
    run.result = None;
    run.result_bytes = 0;
    run.logs.clear();
    run.timing = Timing::default();
    run
}
