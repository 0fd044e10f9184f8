//! What a provider answered, and what that means.

use beckon_core::{Error, ErrorCode, Result};
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A whole reply.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// The run that the reply is about, as its header says.
    pub(super) activation: Option<String>,
    pub(super) body: Vec<u8>,
    /// The first characters of the body without secrets, for error texts.
    pub(super) excerpt: String,
    pub(super) host: String,
}

/// The API's own error document. `code` is a text, and was a number once.
#[derive(Deserialize)]
struct ErrorDocument {
    error: String,
    #[serde(default)]
    code: Option<serde_json::Value>,
}

impl Reply {
    /// The reply if it is a success, or the error that it stands for.
    pub(super) fn ok(self) -> Result<Self> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(self.error())
        }
    }

    /// The body as a document of the protocol.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            self.bad(format!(
                "{} answered with something that is not OpenWhisk's API.",
                self.host
            ))
            // The parser's own words may repeat a value; its place is enough.
            .with_details(format!(
                "HTTP {}, line {} column {}: {}",
                self.status.as_u16(),
                error.line(),
                error.column(),
                self.excerpt
            ))
        })
    }

    /// The text of the API's error document, if the reply is one.
    pub(super) fn error_text(&self) -> Option<String> {
        let document: ErrorDocument = serde_json::from_slice(&self.body).ok()?;
        document.code.map(|_| document.error)
    }

    /// What a reply that is no success means.
    pub(super) fn error(&self) -> Error {
        let Some(text) = self.error_text() else {
            let message = format!(
                "{} answered HTTP {} without an error document.",
                self.host,
                self.status.as_u16()
            );
            let code = match self.status.as_u16() {
                401 => ErrorCode::Unauthorized,
                403 => ErrorCode::Forbidden,
                408 | 504 => ErrorCode::Timeout,
                429 => ErrorCode::Busy,
                _ => return self.bad(message).with_details(self.excerpt.clone()),
            };
            return Error::new(code, message).with_details(self.excerpt.clone());
        };
        let code = match self.status.as_u16() {
            400 | 422 => ErrorCode::InvalidInput,
            401 => ErrorCode::Unauthorized,
            403 => ErrorCode::Forbidden,
            404 => ErrorCode::NotFound,
            408 | 504 => ErrorCode::Timeout,
            409 => ErrorCode::Conflict,
            413 => ErrorCode::LimitExceeded,
            429 => ErrorCode::Busy,
            _ => {
                return self
                    .bad(self.clean(&text))
                    .with_details(format!("HTTP {}", self.status.as_u16()));
            }
        };
        Error::new(code, self.clean(&text)).with_details(format!("HTTP {}", self.status.as_u16()))
    }

    fn bad(&self, message: String) -> Error {
        let mut error = Error::new(ErrorCode::BadReply, message);
        error.retryable = matches!(self.status.as_u16(), 502..=504);
        error
    }

    /// A provider's sentence, unless the redacted excerpt shows that it repeats the credential.
    fn clean(&self, text: &str) -> String {
        if self.excerpt.contains("***") {
            self.excerpt.clone()
        } else {
            text.chars().take(400).collect()
        }
    }
}
