//! Handler contracts as the window offers them, and requests as a person writes them.

use base64::Engine as _;
use beckon_core::{BodyForm, Contract, Error, ErrorCode, Exchange, JsonText, Language, Result};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A handler contract, and what follows from choosing it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Handler {
    /// The contract.
    pub contract: Contract,
    /// The languages that it is offered for.
    pub languages: Vec<Language>,
    /// Whether it takes a request and gives a response.
    pub speaks_http: bool,
    /// The entry point when none is given.
    pub default_entry: String,
    /// The languages in which a worker stays for the next run.
    pub keeps_worker: Vec<Language>,
    /// The languages in which one worker may have several runs at a time.
    pub shares_worker: Vec<Language>,
}

impl Handler {
    pub(crate) fn of(contract: Contract, languages: Vec<Language>) -> Self {
        let among = |test: &dyn Fn(Language) -> bool| {
            languages
                .iter()
                .copied()
                .filter(|language| test(*language))
                .collect()
        };
        Self {
            contract,
            speaks_http: contract.speaks_http(),
            default_entry: contract.default_entry().into(),
            keeps_worker: among(&|language| contract.keeps_worker(language)),
            shares_worker: among(&|language| contract.shares_worker(language)),
            languages,
        }
    }
}

/// Refuses a contract that code in `language` cannot follow.
pub(crate) fn check_contract(contract: Contract, language: Language) -> Result<()> {
    if contract.fits(language) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::InvalidInput,
        "Code in this language cannot follow that handler contract.",
    )
    .with_hint("Choose another contract, or another runtime."))
}

/// A request as a person writes it, or as a record kept it.
#[derive(Debug, Clone, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RequestDraft {
    /// For example `POST`.
    pub method: String,
    /// The path that the function sees, percent-encoded; empty is `/`.
    pub path: String,
    /// The query without `?`; may be empty.
    pub query: String,
    /// Names and values, in order. Those without a name are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: RequestBody,
}

/// A request's body.
#[derive(Debug, Clone, Deserialize, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RequestBody {
    /// UTF-8.
    Text {
        /// The text; empty is no body.
        text: String,
    },
    /// Anything.
    Base64 {
        /// The bytes in base64.
        base64: String,
    },
}

impl RequestDraft {
    /// The request.
    ///
    /// # Errors
    /// `InvalidInput` names the part that cannot be one.
    pub(crate) fn build(self) -> Result<Request<Bytes>> {
        let invalid = |message: String| Error::new(ErrorCode::InvalidInput, message);
        let method = Method::from_bytes(self.method.trim().to_ascii_uppercase().as_bytes())
            .map_err(|_| invalid(format!("'{}' is not a method.", self.method)))?;
        let mut target = self.path.trim().to_owned();
        if !target.starts_with('/') {
            target.insert(0, '/');
        }
        let query = self.query.trim().trim_start_matches('?');
        if !query.is_empty() {
            target.push('?');
            target.push_str(query);
        }
        let uri: Uri = target.parse().map_err(|_| {
            invalid(format!("'{target}' is not a path."))
                .with_hint("Write spaces and special characters percent-encoded, for example %20.")
        })?;
        let body = match self.body {
            RequestBody::Text { text } => Bytes::from(text),
            RequestBody::Base64 { base64 } => base64::engine::general_purpose::STANDARD
                .decode(base64)
                .map_err(|_| invalid("The body is not base64.".into()))?
                .into(),
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        for (name, value) in self.headers {
            let name = name.trim();
            if name.is_empty() {
                continue;
            }
            let header = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| invalid(format!("'{name}' is not a name for a header.")))?;
            let value = HeaderValue::from_str(value.trim()).map_err(|_| {
                invalid(format!(
                    "The value of the header '{name}' has characters that none may have."
                ))
            })?;
            request.headers_mut().append(header, value);
        }
        Ok(request)
    }

    /// What a record kept of a request; credentials are not part of records, and not of this.
    pub(crate) fn of_record(exchange: &Exchange, input: &JsonText) -> Result<Self> {
        let bytes = exchange.body.bytes(input)?;
        let body = match exchange.body {
            BodyForm::Base64 => RequestBody::Base64 {
                base64: base64::engine::general_purpose::STANDARD.encode(&bytes),
            },
            _ => RequestBody::Text {
                text: String::from_utf8_lossy(&bytes).into_owned(),
            },
        };
        Ok(Self {
            method: exchange.method.clone(),
            path: exchange.path.clone(),
            query: exchange.query.clone(),
            headers: exchange
                .headers
                .iter()
                .filter(|(_, value)| value != "***")
                .cloned()
                .collect(),
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(method: &str, path: &str, headers: &[(&str, &str)]) -> RequestDraft {
        RequestDraft {
            method: method.into(),
            path: path.into(),
            query: "?a=1&a=2".into(),
            headers: headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
            body: RequestBody::Text { text: "hi".into() },
        }
    }

    #[test]
    fn a_draft_becomes_the_request_that_it_describes() {
        let request = draft("put", "a/b%20c", &[("X-A", "1"), ("", "dropped"), ("x-a", "2")])
            .build()
            .unwrap();
        assert_eq!(request.method(), Method::PUT);
        assert_eq!(request.uri().to_string(), "/a/b%20c?a=1&a=2");
        let values: Vec<_> = request.headers().get_all("x-a").iter().collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(&request.body()[..], b"hi");
    }

    #[test]
    fn what_cannot_be_a_request_is_named() {
        let message = |draft: RequestDraft| draft.build().unwrap_err().message;
        assert!(message(draft("G T", "/", &[])).contains("method"));
        assert!(message(draft("GET", "/a b", &[])).contains("path"));
        assert!(message(draft("GET", "/", &[("a b", "1")])).contains("'a b'"));
        let smuggled = message(draft("GET", "/", &[("x", "1\r\ny: 2")]));
        assert!(smuggled.contains("value of the header 'x'") && !smuggled.contains("y: 2"));
    }
}
