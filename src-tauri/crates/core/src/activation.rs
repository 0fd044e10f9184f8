use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ActivationId, Exchange, FunctionKey, FunctionName, Guard, JsonText, Limits, Millis, NamedJson,
    NamespaceName,
};

/// Where a run is, or how it ended. One closed set for every system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Accepted and on disk; not begun.
    Queued,
    /// In a worker.
    Running,
    /// Accepted by a remote system; Beckon asks for its record until there is one.
    Polling,
    /// Ended well (OpenWhisk status code 0).
    Success,
    /// The function returned or raised an error (1).
    ApplicationError,
    /// The code could not be run as it is: it does not parse, crashed, or broke the contract (2).
    DeveloperError,
    /// The platform failed (3).
    InternalError,
    /// The deadline passed and the run was killed (2, annotation `timeout`).
    TimedOut,
    /// A person stopped it (2).
    Cancelled,
    /// Beckon died while it ran, or its provider never produced a record.
    Lost,
}

/// The four colours of a histogram, and the words of the `status:` filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StatusGroup {
    /// Queued, running or polling.
    Pending,
    /// Ended well.
    Success,
    /// Application error.
    ApplicationError,
    /// Developer error, timed out, cancelled.
    DeveloperError,
    /// Internal error, lost.
    SystemError,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Running,
        Self::Polling,
        Self::Success,
        Self::ApplicationError,
        Self::DeveloperError,
        Self::InternalError,
        Self::TimedOut,
        Self::Cancelled,
        Self::Lost,
    ];

    /// The word used in the database, in the filter and on the wire to the window.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Polling => "polling",
            Self::Success => "success",
            Self::ApplicationError => "application_error",
            Self::DeveloperError => "developer_error",
            Self::InternalError => "internal_error",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running | Self::Polling)
    }

    /// Its group.
    #[must_use]
    pub fn group(self) -> StatusGroup {
        match self {
            Self::Queued | Self::Running | Self::Polling => StatusGroup::Pending,
            Self::Success => StatusGroup::Success,
            Self::ApplicationError => StatusGroup::ApplicationError,
            Self::DeveloperError | Self::TimedOut | Self::Cancelled => StatusGroup::DeveloperError,
            Self::InternalError | Self::Lost => StatusGroup::SystemError,
        }
    }

    /// OpenWhisk's `statusCode` (0 to 3) of a run that is over.
    #[must_use]
    pub fn openwhisk_code(self) -> Option<u8> {
        match self.group() {
            StatusGroup::Pending => None,
            StatusGroup::Success => Some(0),
            StatusGroup::ApplicationError => Some(1),
            StatusGroup::DeveloperError => Some(2),
            StatusGroup::SystemError => Some(3),
        }
    }

    /// The word for `text`, as [`Status::as_str`] writes it.
    #[must_use]
    pub fn from_word(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the caller waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The caller waits for the record.
    Blocking,
    /// The caller got an id at once.
    NonBlocking,
    /// The caller waited, passed the limit, and got an id: the run became asynchronous.
    Promoted,
}

/// Who asked for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The window or the panel served over HTTP.
    Panel,
    /// A client of the local gateway: curl, a CLI, an SDK.
    Gateway,
    /// The `beckon` command line.
    Cli,
    /// A schedule of the local engine.
    Schedule,
    /// A message that a trigger of the local engine received.
    Trigger,
    /// A callback or delivery of another run, addressed to this function.
    Callback,
    /// Somebody else at the provider; Beckon only read the record.
    Provider,
}

/// What became of the callback of a run: whom its caller named was told how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CallbackState {
    /// The run is over, and whoever is to be told is not told yet; another attempt follows by itself.
    Pending,
    /// It was told.
    Delivered,
    /// The last attempt failed, and none follows unless a person asks for it.
    Failed,
}

impl CallbackState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The word used in the database, in the filter and on the wire to the window.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state for a word, as [`CallbackState::as_str`] writes it.
    #[must_use]
    pub fn from_word(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Which stream a log line was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line that a function wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogLine {
    /// When it was read, to the microsecond: microseconds since the Unix epoch.
    pub at_us: i64,
    /// Where it was written.
    pub stream: LogStream,
    /// The line without its newline.
    pub text: String,
}

/// Where the time of a run went, in milliseconds. Absent where not known (remote) or not applicable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Timing {
    /// From the request's arrival to the hand-over to a worker.
    pub wait_ms: Option<f64>,
    /// Starting and initialising the worker; only on a cold start.
    pub init_ms: Option<f64>,
    /// In the function's code.
    pub run_ms: Option<f64>,
    /// Between Beckon and a remote system: the round trip less what the record accounts for.
    pub network_ms: Option<f64>,
}

/// A run as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ActivationSummary {
    /// Its identity.
    pub id: ActivationId,
    /// The connection that it ran through.
    pub connection: String,
    /// The namespace.
    pub namespace: NamespaceName,
    /// The function.
    pub function: FunctionName,
    /// The function's version then.
    pub version: String,
    /// The runtime's kind then; empty where a provider does not say.
    pub kind: String,
    /// Where it is, or how it ended.
    pub status: Status,
    /// How the caller waited.
    pub mode: Mode,
    /// Who asked.
    pub cause: Cause,
    /// When it was asked for.
    pub start: Millis,
    /// When it ended.
    pub end: Option<Millis>,
    /// How long it took, initialisation included.
    pub duration_ms: Option<i64>,
    /// Whether the worker was started for it; `None` while pending or where a provider does not say.
    pub cold: Option<bool>,
    /// The status of the HTTP response that it gave; `None` where there is none, or none yet.
    #[serde(default)]
    pub http_status: Option<u16>,
    /// What became of its callback; `None` where nobody is called back, and while the run goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional = nullable)]
    pub callback: Option<CallbackState>,
    /// Kept beyond the retention period.
    pub pinned: bool,
    /// The first characters of the first log line, or else of the result: what a list shows of it.
    pub preview: String,
}

/// The whole record of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Activation {
    /// What lists show.
    #[serde(flatten)]
    pub summary: ActivationSummary,
    /// The owner: the namespace's own id here, the provider's subject elsewhere.
    pub subject: String,
    /// What was sent by the caller (before default parameters); `None` for runs that somebody else made.
    pub input: Option<JsonText>,
    /// What came back: the result, or `{"error": …}`. `None` while pending.
    pub result: Option<JsonText>,
    /// The full size of the result in bytes.
    pub result_bytes: u64,
    /// Whether the result was over its limit and so is not the function's own.
    pub result_truncated: bool,
    /// What the function wrote, in order.
    pub logs: Vec<LogLine>,
    /// Whether lines are missing because the limit was reached.
    pub logs_truncated: bool,
    /// The limits in force.
    pub limits: Limits,
    /// Where the time went.
    pub timing: Timing,
    /// The run that this one repeats.
    pub rerun_of: Option<ActivationId>,
    /// The token that the gateway's caller used (its id, never its secret).
    pub token_id: Option<String>,
    /// The enclosing activation (sequences), as OpenWhisk's `cause`.
    pub parent: Option<ActivationId>,
    /// The HTTP side, where the function was called with a request or answered with a response. `input` and `result`
    /// hold the bodies then, in the form that this names.
    pub http: Option<Exchange>,
    /// How often the run was begun: 1 unless it was retried; 0 while it waits for its first time.
    pub attempts: u32,
    /// What kept the function in its place; empty where nothing did or nobody knows (remote).
    pub guards: Vec<Guard>,
    /// What OpenWhisk's record says beside all this: `path` and `binding` of a function that is not where it was
    /// called, `topmost` and `conductor` of sequences and compositions.
    #[serde(default)]
    pub annotations: Vec<NamedJson>,
}

impl Activation {
    /// The annotation of that name.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&JsonText> {
        self.annotations
            .iter()
            .find(|named| named.key == key)
            .map(|named| &named.value)
    }

    /// The function that runs: the one called, unless it was called through a binding or from another namespace.
    #[must_use]
    pub fn target(&self) -> FunctionKey {
        let path = self.annotation("path").map(JsonText::to_value);
        path.as_ref()
            .and_then(|path| path.as_str()?.split_once('/'))
            .and_then(|(namespace, name)| FunctionKey::new(namespace, name).ok())
            .unwrap_or_else(|| FunctionKey {
                namespace: self.summary.namespace.clone(),
                name: self.summary.function.clone(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_callback_state_has_its_word() {
        for state in CallbackState::ALL {
            assert_eq!(CallbackState::from_word(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }

    #[test]
    fn every_status_has_its_word() {
        for status in Status::ALL {
            assert_eq!(Status::from_word(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
            assert_eq!(status.is_final(), status.openwhisk_code().is_some());
        }
    }
}
