//! How a run ended: what kind of end, and what the caller gets for it.

use beckon_core::{Contract, JsonText, Status};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::live::Streamed;
use crate::logs::SharedLog;
use crate::payload::{Reply, text_response};

/// Why a run ended as it did. Doors choose their dialect's answer by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The function answered, well or not.
    Answered,
    /// The code could not be loaded.
    NotLoaded,
    /// The process ended in the run.
    Crashed,
    /// A deadline passed.
    TimedOut,
    /// It was over its memory.
    OutOfMemory,
    /// Its answer was larger than allowed.
    TooLarge,
    /// What it answered is no answer.
    Invalid,
    /// Beckon could not run it.
    NotProvisioned,
    /// The function is gone.
    Deleted,
    /// A person stopped it.
    Cancelled,
    /// Beckon was stopped.
    ShutDown,
}

/// The end of one run.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) status: Status,
    pub(crate) why: Why,
    pub(crate) reply: Reply,
    /// The size of the function's own result, in bytes.
    pub(crate) bytes: u64,
    /// Whether the function's own result was too large.
    pub(crate) truncated: bool,
}

impl End {
    /// The function's own answer.
    pub(crate) fn with(status: Status, result: JsonText) -> Self {
        Self::of(status, Why::Answered, Reply::Json(result))
    }

    /// The function's own response: 500 and above is an error of the application.
    pub(crate) fn response(response: Response<Bytes>) -> Self {
        let status = if response.status().is_server_error() {
            Status::ApplicationError
        } else {
            Status::Success
        };
        Self::of(status, Why::Answered, Reply::Http(Box::new(response)))
    }

    /// A response that went to its caller while it was written: the record has what may be kept of it.
    pub(crate) fn streamed(mut self, streamed: Streamed, log: &SharedLog) -> Self {
        self.bytes = streamed.total;
        self.truncated = streamed.total > self.reply.len() as u64;
        if streamed.gone {
            (self.status, self.why) = (Status::Cancelled, Why::Cancelled);
            log.lock()
                .note("Beckon: the caller went away before the response's end.".to_owned());
        }
        self
    }

    /// What the contract's own platform answers in the function's place.
    pub(crate) fn platform(status: Status, why: Why, response: Response<Bytes>) -> Self {
        Self::of(status, why, Reply::Http(Box::new(response)))
    }

    /// The deadline named so passed, in a function that takes requests.
    pub(crate) fn ran_out(limit: &str) -> Self {
        let text = format!("The function was ended after {limit}.");
        Self::error(Status::TimedOut, Why::TimedOut, &text)
    }

    /// The watchdog's `write_timeout` passed: it closes the connection without a word, and the gateway before it says
    /// that there was no answer.
    pub(crate) fn no_answer() -> Self {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        Self::platform(Status::TimedOut, Why::TimedOut, response)
    }

    /// A deadline passed before the function's FDK listened: Fn's own answer (fnproject/fn, `api/models/error.go`), with the
    /// function's limit where the server has five seconds.
    pub(crate) fn not_initialized_in_time() -> Self {
        let text = "Container initialization timed out, please ensure you are using the latest fdk and check the logs";
        let response = crate::upstream::fn_message(StatusCode::GATEWAY_TIMEOUT, text);
        Self::platform(Status::TimedOut, Why::TimedOut, response)
    }

    fn of(status: Status, why: Why, reply: Reply) -> Self {
        let bytes = reply.len() as u64;
        Self {
            status,
            why,
            reply,
            bytes,
            truncated: false,
        }
    }

    /// An end with the result `{"error": text}`.
    pub(crate) fn error(status: Status, why: Why, text: &str) -> Self {
        let result = JsonText::from_value(&serde_json::json!({ "error": text }));
        Self::of(status, why, Reply::Json(result))
    }

    /// The process died in a run.
    pub(crate) fn crashed() -> Self {
        let text = "The action did not produce a valid response and exited unexpectedly.";
        Self::error(Status::DeveloperError, Why::Crashed, text)
    }

    /// The process died while loading the code.
    pub(crate) fn crashed_in_init() -> Self {
        let text = "The action did not initialize and exited unexpectedly.";
        Self::error(Status::DeveloperError, Why::NotLoaded, text)
    }

    /// The code could not be loaded, for the reason given.
    pub(crate) fn not_loaded(message: &str) -> Self {
        Self::error(Status::DeveloperError, Why::NotLoaded, message)
    }

    /// The process was over its memory.
    pub(crate) fn out_of_memory() -> Self {
        let text = "The action exhausted its memory and was aborted.";
        Self::error(Status::DeveloperError, Why::OutOfMemory, text)
    }

    /// The process was over another of its bounds.
    pub(crate) fn over_bound(text: &str) -> Self {
        Self::error(Status::DeveloperError, Why::Crashed, text)
    }

    /// The deadline passed.
    pub(crate) fn timed_out(limit_ms: u32, in_init: bool) -> Self {
        let tail = if in_init { " during initialization" } else { "" };
        let text = format!("The action exceeded its time limits of {limit_ms} milliseconds{tail}.");
        Self::error(Status::TimedOut, Why::TimedOut, &text)
    }

    /// The result was over its limit.
    pub(crate) fn too_long(bytes: u64, limit: usize) -> Self {
        let text = format!(
            "The action produced a response that exceeded the allowed length: {bytes} > {limit} bytes."
        );
        Self {
            bytes,
            truncated: true,
            ..Self::error(Status::ApplicationError, Why::TooLarge, &text)
        }
    }

    /// What came back is no result.
    pub(crate) fn not_json(text: &str) -> Self {
        let mut shown: String = text.chars().take(1000).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        let text = format!("The action did not produce a valid JSON or JSON Array response: {shown}");
        Self::error(Status::DeveloperError, Why::Invalid, &text)
    }

    /// Beckon could not run it.
    pub(crate) fn not_provisioned() -> Self {
        let text = "Failed to provision resources to run the action.";
        Self::error(Status::InternalError, Why::NotProvisioned, text)
    }

    /// The function is gone.
    pub(crate) fn deleted() -> Self {
        let text = "Action could not be found or may have been deleted.";
        Self::error(Status::InternalError, Why::Deleted, text)
    }

    /// A person stopped it.
    pub(crate) fn cancelled() -> Self {
        Self::error(Status::Cancelled, Why::Cancelled, "The run was cancelled.")
    }

    /// Beckon was stopped while it ran.
    pub(crate) fn shut_down() -> Self {
        let text = "Beckon was stopped while the action was running.";
        Self::error(Status::Lost, Why::ShutDown, text)
    }

    /// What callers over HTTP get where the platform and not the function has to answer, as the contract's own
    /// platform answers: the watchdogs' texts and codes for theirs (of-watchdog 0.11, classic-watchdog 0.3), and for
    /// the others a plain sentence with 504, 502 or 500.
    pub(crate) fn spoken(mut self, contract: Contract) -> Self {
        if !contract.speaks_http() || matches!(self.reply, Reply::Http(_)) {
            return self;
        }
        let Reply::Json(json) = &self.reply else {
            return self;
        };
        let sentence = json.to_value()["error"].as_str().unwrap_or_default().to_owned();
        if contract == Contract::Fn {
            let (status, text) = match self.why {
                Why::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "Timed out"),
                Why::TooLarge => (StatusCode::BAD_GATEWAY, "function response body too large"),
                Why::NotLoaded => (
                    StatusCode::BAD_GATEWAY,
                    "Container failed to initialize, please ensure you are using the latest fdk and check the logs",
                ),
                Why::NotProvisioned | Why::ShutDown => (StatusCode::SERVICE_UNAVAILABLE, sentence.as_str()),
                Why::Deleted => (StatusCode::NOT_FOUND, sentence.as_str()),
                _ => (StatusCode::BAD_GATEWAY, "error receiving function response"),
            };
            self.reply = Reply::Http(Box::new(crate::upstream::fn_message(status, text)));
            return self;
        }
        let (status, text) = match (contract, self.why) {
            (Contract::WatchdogClassic, Why::TimedOut) => {
                (StatusCode::REQUEST_TIMEOUT, "Killed process.\n".to_owned())
            }
            (Contract::WatchdogHttp, Why::TimedOut) => (StatusCode::GATEWAY_TIMEOUT, String::new()),
            (Contract::WatchdogSerializing, Why::TimedOut) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "signal: killed".to_owned())
            }
            (Contract::WatchdogStreaming, Why::TimedOut) => (StatusCode::OK, String::new()),
            (_, Why::TimedOut) => (StatusCode::GATEWAY_TIMEOUT, sentence),
            (_, Why::TooLarge | Why::Invalid) => (StatusCode::BAD_GATEWAY, sentence),
            (_, Why::NotProvisioned | Why::ShutDown) => (StatusCode::SERVICE_UNAVAILABLE, sentence),
            (_, Why::Deleted) => (StatusCode::NOT_FOUND, sentence),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, sentence),
        };
        let mut response = text_response(status, &text);
        // It stands before the templates too; of theirs, the body is ours.
        if matches!(
            contract,
            Contract::WatchdogHttp | Contract::Openfaas | Contract::OpenfaasFlask
        ) {
            response.headers_mut().insert(
                HeaderName::from_static("x-openfaas-internal"),
                HeaderValue::from_static("of-watchdog"),
            );
        }
        self.reply = Reply::Http(Box::new(response));
        self
    }
}
