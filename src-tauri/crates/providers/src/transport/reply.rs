//! What a provider answered, and what that means.

use std::sync::Arc;

use beckon_core::{Error, ErrorCode, Result, Secret};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use super::{Credential, Dialect};

/// The longest part of a reply that is not the protocol, and of a provider's sentence, in an error.
const EXCERPT: usize = 200;
const SENTENCE: usize = 400;

/// A whole reply.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(super) dialect: Dialect,
    /// What must not be repeated in an error.
    pub(super) credential: Arc<Credential>,
    /// Neither must this: it was sent in the request's body.
    pub(super) hidden: Option<Secret>,
    pub(super) host: String,
}

impl Reply {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The same, with a secret of the request that no error repeats.
    pub(crate) fn hiding(mut self, secret: Option<&Secret>) -> Self {
        self.hidden = secret.filter(|secret| !secret.expose().is_empty()).cloned();
        self
    }

    /// The reply if it is a success, or the error that it stands for.
    pub(crate) fn ok(self) -> Result<Self> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(self.error())
        }
    }

    /// The reply of a server that is asked for the first time: one without the path speaks another protocol.
    pub(crate) fn of_such_a_server(self) -> Result<Self> {
        match self.status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                let text = format!("{} does not speak {}.", self.host, self.dialect.name);
                Err(Error::new(ErrorCode::BadReply, text)
                    .with_hint(format!(
                        "The {} is, for example, {}.",
                        self.dialect.address, self.dialect.example
                    ))
                    .with_details(format!("HTTP {}", self.status.as_u16())))
            }
            _ => self.ok(),
        }
    }

    /// What a reply means that refuses the credential, which `what` names.
    pub(crate) fn refusing(&self, what: &str) -> Error {
        let text = format!("{} does not accept {what}.", self.host);
        Error::new(ErrorCode::Unauthorized, text).with_details(self.excerpt())
    }

    /// The body as a document of the protocol.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let message = format!(
                "{} answered with something that is not {}.",
                self.host, self.dialect.name
            );
            Error::new(ErrorCode::BadReply, message).with_details(self.unread(&error))
        })
    }

    /// Where a body is not what was expected. What a provider grants may hold a secret, and the parser's own words may
    /// repeat a value: neither is repeated.
    fn unread(&self, error: &serde_json::Error) -> String {
        let place = format!(
            "HTTP {}, line {} column {}",
            self.status.as_u16(),
            error.line(),
            error.column()
        );
        match self.status.is_success() {
            true => place,
            false => format!("{place}: {}", self.excerpt()),
        }
    }

    /// The text of the API's error document, if the reply is one.
    pub(crate) fn error_text(&self) -> Option<String> {
        (self.dialect.error_text)(&self.body)
    }

    /// What a reply that is no success means.
    pub(crate) fn error(&self) -> Error {
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
        let mut text = text.to_owned();
        if let Some(hidden) = &self.hidden {
            text = text.replace(hidden.expose(), "***");
            // As it is written in the request, where that is repeated.
            let written = serde_json::Value::from(hidden.expose()).to_string();
            text = text.replace(written.trim_matches('"'), "***");
        }
        // After it: a short key within the other would leave the rest of that one to be read.
        let text = self.credential.redact(&text);
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(most)
            .collect::<String>()
            .trim()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digitalocean::client::ACCOUNT_API;
    use crate::openwhisk::basic;
    use crate::openwhisk::client::OPENWHISK_API;

    fn reply(status: StatusCode, body: &str) -> Reply {
        Reply {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
            dialect: OPENWHISK_API,
            credential: Arc::new(Credential::Basic(Secret::new("user:hunter2hunter2"))),
            hidden: None,
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

    #[test]
    fn what_was_sent_as_a_secret_is_not_repeated() {
        let secret = Secret::new("pa\"ss/w0rd");
        let echo = r#"{"error":"no pa\"ss/w0rd here","code":"x"}"#;
        let error = reply(StatusCode::BAD_REQUEST, echo).hiding(Some(&secret)).error();
        assert_eq!(error.message, "h answered: no *** here");
        let page = r#"you sent {"password":"pa\"ss/w0rd"}"#;
        let error = reply(StatusCode::BAD_GATEWAY, page).hiding(Some(&secret)).error();
        assert_eq!(error.details.unwrap(), r#"you sent {"password":"***"}"#);
    }

    #[test]
    fn an_accounts_error_holds_no_token() {
        let mut reply = reply(
            StatusCode::UNAUTHORIZED,
            r#"{"id":"unauthorized","message":"no such token: dop_v1_abc"}"#,
        );
        reply.dialect = ACCOUNT_API;
        reply.credential = Arc::new(Credential::Bearer(Secret::new("dop_v1_abc")));
        let error = reply.error();
        assert_eq!(error.code, ErrorCode::Unauthorized);
        assert_eq!(error.message, "h answered: no such token: ***");
    }
}
