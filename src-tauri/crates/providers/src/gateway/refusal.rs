use std::borrow::Cow;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use beckon_core::{Error, ErrorCode};

/// A request that is not granted. It travels as an extension of an empty response, and the dialect's outermost layer
/// writes the document: there the transaction id is known, and a refusal can come from any layer.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) text: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }

    pub(crate) fn bad_request(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(crate) fn unauthorized(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, text)
    }

    pub(crate) fn forbidden(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, text)
    }

    pub(crate) fn not_found(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = match error.code {
            ErrorCode::InvalidInput | ErrorCode::LimitExceeded | ErrorCode::NotSupported => {
                StatusCode::BAD_REQUEST
            }
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::Conflict => StatusCode::CONFLICT,
            ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
            ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::Busy => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::RuntimeMissing | ErrorCode::Timeout | ErrorCode::ShuttingDown => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ErrorCode::SecretStoreUnavailable | ErrorCode::SecretStoreLocked => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => {
                tracing::error!(details = error.details.as_deref(), "{error}");
                return Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "There was an internal server error.",
                );
            }
        };
        // A caller on a command line sees only this text; where it cannot know what to do, the hint goes along.
        match (status, error.hint) {
            (StatusCode::SERVICE_UNAVAILABLE, Some(hint)) => {
                Self::new(status, format!("{} {hint}", error.message))
            }
            _ => Self::new(status, error.message),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
