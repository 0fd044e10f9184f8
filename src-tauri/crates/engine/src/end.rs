//! How a run ended, in OpenWhisk's words.

use beckon_core::{JsonText, Status};

/// The end of one run.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) status: Status,
    pub(crate) result: JsonText,
    /// The size of the function's own result, in bytes.
    pub(crate) bytes: u64,
    /// Whether the function's own result was too large.
    pub(crate) truncated: bool,
}

impl End {
    /// An end with this result.
    pub(crate) fn with(status: Status, result: JsonText) -> Self {
        let bytes = result.as_str().len() as u64;
        Self {
            status,
            result,
            bytes,
            truncated: false,
        }
    }

    /// An end with the result `{"error": text}`.
    pub(crate) fn error(status: Status, text: &str) -> Self {
        Self::with(
            status,
            JsonText::from_value(&serde_json::json!({ "error": text })),
        )
    }

    /// The process died in a run.
    pub(crate) fn crashed() -> Self {
        Self::error(
            Status::DeveloperError,
            "The action did not produce a valid response and exited unexpectedly.",
        )
    }

    /// The process died while loading the code.
    pub(crate) fn crashed_in_init() -> Self {
        Self::error(
            Status::DeveloperError,
            "The action did not initialize and exited unexpectedly.",
        )
    }

    /// The process was over its memory.
    pub(crate) fn out_of_memory() -> Self {
        Self::error(
            Status::DeveloperError,
            "The action exhausted its memory and was aborted.",
        )
    }

    /// The deadline passed.
    pub(crate) fn timed_out(limit_ms: u32, in_init: bool) -> Self {
        let tail = if in_init { " during initialization" } else { "" };
        Self::error(
            Status::TimedOut,
            &format!("The action exceeded its time limits of {limit_ms} milliseconds{tail}."),
        )
    }

    /// The result was over its limit.
    pub(crate) fn too_long(bytes: u64, limit: usize) -> Self {
        let text = format!(
            "The action produced a response that exceeded the allowed length: {bytes} > {limit} bytes."
        );
        Self {
            bytes,
            truncated: true,
            ..Self::error(Status::ApplicationError, &text)
        }
    }

    /// What came back is no result.
    pub(crate) fn not_json(text: &str) -> Self {
        let mut shown: String = text.chars().take(1000).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Self::error(
            Status::DeveloperError,
            &format!("The action did not produce a valid JSON or JSON Array response: {shown}"),
        )
    }

    /// Beckon could not run it.
    pub(crate) fn not_provisioned() -> Self {
        Self::error(
            Status::InternalError,
            "Failed to provision resources to run the action.",
        )
    }

    /// The function is gone.
    pub(crate) fn deleted() -> Self {
        Self::error(
            Status::InternalError,
            "Action could not be found or may have been deleted.",
        )
    }

    /// A person stopped it.
    pub(crate) fn cancelled() -> Self {
        Self::error(Status::Cancelled, "The run was cancelled.")
    }

    /// Beckon was stopped while it ran.
    pub(crate) fn shut_down() -> Self {
        Self::error(Status::Lost, "Beckon was stopped while the action was running.")
    }
}
