//! What a provider answered, and what that means.

use beckon_core::{Error, ErrorCode, Result, Secret};
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::openwhisk::basic;

/// The longest part of a reply that is not the protocol, and of a provider's sentence, in an error.
const EXCERPT: usize = 200;
const SENTENCE: usize = 400;

/// A whole reply.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// The run that the reply is about, as its header says.
    pub(super) activation: Option<String>,
    pub(super) body: Vec<u8>,
    /// What must not be repeated in an error.
    pub(super) key: Secret,
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
            let message = format!(
                "{} answered with something that is not OpenWhisk's API.",
                self.host
            );
            Error::new(ErrorCode::BadReply, message)
                // The parser's own words may repeat a value; its place is enough.
                .with_details(format!(
                    "HTTP {}, line {} column {}: {}",
                    self.status.as_u16(),
                    error.line(),
                    error.column(),
                    self.excerpt()
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
        let status = self.status.as_u16();
        let document = self.error_text();
        let code = match (status, &document) {
            (401, _) => ErrorCode::Unauthorized,
            (403, _) => ErrorCode::Forbidden,
            (408 | 504, _) => ErrorCode::Timeout,
            (429, _) => ErrorCode::Busy,
            (400 | 422, Some(_)) => ErrorCode::InvalidInput,
            (404, Some(_)) => ErrorCode::NotFound,
            (409, Some(_)) => ErrorCode::Conflict,
            (413, Some(_)) => ErrorCode::LimitExceeded,
            _ => ErrorCode::BadReply,
        };
        let mut error = match document {
            Some(text) => Error::new(
                code,
                format!("{} answered: {}", self.host, self.shown(&text, SENTENCE)),
            )
            .with_details(format!("HTTP {status}")),
            None => {
                let message = format!("{} answered HTTP {status} without an error document.", self.host);
                Error::new(code, message).with_details(self.excerpt())
            }
        };
        error.retryable |= matches!(status, 502..=504);
        error
    }

    /// The first characters of the body.
    fn excerpt(&self) -> String {
        // Enough bytes for the excerpt and a secret that starts within it.
        let head = &self.body[..self.body.len().min(8 * 1024)];
        self.shown(&String::from_utf8_lossy(head), EXCERPT)
    }

    /// A stranger's text, fit to be shown: short, printable, and without the key.
    fn shown(&self, text: &str, most: usize) -> String {
        let text = redact(&self.key, text);
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(most)
            .collect::<String>()
            .trim()
            .to_owned()
    }
}

/// A proxy's error page may echo the request, credential included.
pub(super) fn redact(key: &Secret, text: &str) -> String {
    let encoded = basic(key);
    let whole = key.expose();
    let password = whole.split_once(':').map_or(whole, |(_, password)| password);
    // In this order: the shorter ones are parts of the longer.
    [encoded.expose(), whole, password]
        .iter()
        .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: StatusCode, body: &str) -> Reply {
        let key = Secret::new("user:hunter2hunter2");
        Reply {
            status,
            activation: None,
            body: body.into(),
            key,
            host: "h".into(),
        }
    }

    #[test]
    fn an_excerpt_holds_no_secret() {
        let encoded = basic(&Secret::new("user:hunter2hunter2"));
        let page = format!(
            "<b>{} user:hunter2hunter2 hunter2hunter2\n{}",
            encoded.expose(),
            "x".repeat(999)
        );
        let details = reply(StatusCode::BAD_GATEWAY, &page).error().details.unwrap();
        assert!(details.starts_with("<b>*** *** *** xxx"), "{details}");
        assert_eq!(details.chars().count(), EXCERPT);
    }

    #[test]
    fn a_sentence_holds_no_secret() {
        let body = format!(
            r#"{{"error":"{} hunter2hunter2\u0007","code":"x"}}"#,
            "y".repeat(300)
        );
        let error = reply(StatusCode::BAD_REQUEST, &body).error();
        assert_eq!(error.message, format!("h answered: {} ***", "y".repeat(300)));
    }
}
