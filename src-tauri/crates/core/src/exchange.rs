use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Error, ErrorCode, JsonText};

/// What went over HTTP in a run, beside the bodies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// The request's method.
    pub method: String,
    /// The path that the function sees, beginning with `/`.
    pub path: String,
    /// The query as it was sent, without `?`; empty when there was none.
    pub query: String,
    /// The request's headers, in order. Values that carry credentials are replaced by `***`.
    pub headers: Vec<(String, String)>,
    /// What `input` is of the request's body.
    pub body: BodyForm,
    /// The response's status; `None` while there is no response.
    pub status: Option<u16>,
    /// The response's headers, in order.
    pub response_headers: Vec<(String, String)>,
    /// What `result` is of the response's body.
    pub response_body: BodyForm,
}

/// How a body of bytes is kept as JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BodyForm {
    /// There was none; the document is `null`.
    #[default]
    Empty,
    /// It was JSON; the document is the body itself.
    Json,
    /// It was other text; the document is a string of it.
    Text,
    /// It was something else; the document is a string of its base64.
    Base64,
}

impl BodyForm {
    /// A body as a document, and its form.
    #[must_use]
    pub fn keep(bytes: &[u8]) -> (Self, JsonText) {
        if bytes.is_empty() {
            return (Self::Empty, JsonText::null());
        }
        let text = std::str::from_utf8(bytes).ok();
        match (text, text.map(JsonText::parse)) {
            (_, Some(Ok(json))) => (Self::Json, json),
            // A NUL would not survive SQLite's text functions; a body with one is hardly text.
            (Some(text), _) if !text.contains('\0') => (Self::Text, JsonText::string(text)),
            _ => (Self::Base64, JsonText::base64(bytes)),
        }
    }

    /// The body again, byte for byte.
    ///
    /// # Errors
    /// `Internal` when the document is not of this form.
    pub fn bytes(self, document: &JsonText) -> Result<Bytes, Error> {
        let bad = || Error::new(ErrorCode::Internal, "A kept body cannot be read.");
        let string = || serde_json::from_str::<String>(document.as_str()).map_err(|_| bad());
        Ok(match self {
            Self::Empty => Bytes::new(),
            Self::Json => Bytes::copy_from_slice(document.as_str().as_bytes()),
            Self::Text => string()?.into(),
            Self::Base64 => STANDARD.decode(string()?).map_err(|_| bad())?.into(),
        })
    }
}

impl Exchange {
    /// Whether a header's value is a credential, which no record may hold.
    #[must_use]
    pub fn is_secret_header(name: &str) -> bool {
        const SECRET: [&str; 7] = [
            "authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "x-auth-token",
            "x-api-key",
            "x-require-whisk-auth",
        ];
        SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_body_is_kept_in_its_own_form() {
        for (body, form, document) in [
            (&b""[..], BodyForm::Empty, "null"),
            (b"{\"a\": 1.50}", BodyForm::Json, "{\"a\": 1.50}"),
            (b"hello", BodyForm::Text, "\"hello\""),
            (b"\xff\x00", BodyForm::Base64, "\"/wA=\""),
        ] {
            let (found, kept) = BodyForm::keep(body);
            assert_eq!((found, kept.as_str()), (form, document));
        }
    }

    proptest! {
        #[test]
        fn a_body_comes_back_byte_for_byte(body in proptest::collection::vec(any::<u8>(), 0..100)) {
            let (form, document) = BodyForm::keep(&body);
            prop_assert_eq!(&form.bytes(&document).unwrap()[..], &body[..]);
        }
    }
}
