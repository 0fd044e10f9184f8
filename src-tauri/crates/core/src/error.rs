use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Beckon's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as a closed set that the window maps to a severity, a sentence and a next action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The caller's input is malformed; `message` says where.
    InvalidInput,
    /// The thing asked for does not exist, or is not visible to the caller.
    NotFound,
    /// It exists already, or changed since the caller read it.
    Conflict,
    /// No credential was given, or it is wrong, expired or revoked.
    Unauthorized,
    /// The credential is right and does not reach this far.
    Forbidden,
    /// A size, count or time limit was passed.
    LimitExceeded,
    /// Too many requests or a full queue; try later.
    Busy,
    /// The function cannot be called this way (a web function asynchronously, for example).
    NotSupported,
    /// The runtime that the function needs is not on this machine.
    RuntimeMissing,
    /// There is no keychain here and no encrypted file was chosen.
    SecretStoreUnavailable,
    /// The encrypted file needs its passphrase.
    SecretStoreLocked,
    /// The passphrase is wrong.
    WrongPassphrase,
    /// The remote system could not be reached.
    Unreachable,
    /// The remote system answered something that is not its protocol, or an error of its own.
    BadReply,
    /// The remote system, or the engine, took longer than allowed.
    Timeout,
    /// The caller stopped it.
    Cancelled,
    /// Beckon is shutting down.
    ShuttingDown,
    /// A fault in Beckon or its database; the log has details.
    Internal,
}

/// An error as it crosses every boundary of Beckon. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "PanelError")] // `Error` is JavaScript's
#[error("{message}")]
pub struct Error {
    /// The kind of failure.
    pub code: ErrorCode,
    /// One sentence for a person.
    pub message: String,
    /// What to do next, if there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hint: Option<String>,
    /// Whether the same call may succeed later, unchanged.
    pub retryable: bool,
    /// More, for the curious: the provider's own text, a request id, a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub details: Option<String>,
}

impl Error {
    /// An error of this kind. Whether it is retryable follows from the kind.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let retryable = matches!(
            code,
            ErrorCode::Busy | ErrorCode::Unreachable | ErrorCode::Timeout | ErrorCode::ShuttingDown
        );
        Self {
            code,
            message: message.into(),
            hint: None,
            retryable,
            details: None,
        }
    }

    /// A fault of Beckon's own: `what` was being done, `cause` stopped it.
    pub fn internal(what: &str, cause: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::Internal, format!("Beckon could not {what}.")).with_details(cause.to_string())
    }

    /// `what` (for example "function /playground/x") does not exist.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::NotFound, format!("There is no {what}."))
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds details.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }
}
