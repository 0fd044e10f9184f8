use beckon_core::{Error, ErrorCode, Result, Secret};
use reqwest::header::HeaderValue;

use crate::openwhisk::basic;

/// What a request is authorized with. Neither form is ever written into a text.
pub(crate) enum Credential {
    /// `user:password` of an API host.
    Basic(Secret),
    /// The token of an account.
    Bearer(Secret),
}

impl Credential {
    /// The value of the `Authorization` header.
    pub(super) fn header(&self) -> Result<HeaderValue> {
        let value = match self {
            Self::Basic(key) => format!("Basic {}", basic(key).expose()),
            Self::Bearer(token) => format!("Bearer {}", token.expose()),
        };
        let mut value = HeaderValue::from_str(&value).map_err(|_| {
            Error::new(
                ErrorCode::InvalidInput,
                "The key holds characters that no header can carry.",
            )
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// `text` without the credential in any of its forms: a proxy's error page may echo the request.
    pub(super) fn redact(&self, text: &str) -> String {
        match self {
            Self::Bearer(token) => text.replace(token.expose(), "***"),
            Self::Basic(key) => {
                let encoded = basic(key);
                let whole = key.expose();
                let password = whole.split_once(':').map_or(whole, |(_, password)| password);
                // In this order: the shorter ones are parts of the longer.
                [encoded.expose(), whole, password]
                    .iter()
                    .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
            }
        }
    }
}
