//! What a call brings and what it gives back, whatever the door and whatever the contract.

use std::collections::BTreeMap;

use beckon_core::{Activation, BodyForm, Exchange, JsonText};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::value::RawValue;

/// A body of fewer bytes mostly shares its buffer with the head of its request, and is copied to let go of it.
const SMALL: usize = 8 * 1024;

/// What a caller sends. Each door brings its own kind, and the engine turns it into what the function's contract wants.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Arguments, one JSON object: OpenWhisk's doors, the window, the command line.
    Args(JsonText),
    /// A request. Its URI is the path and the query that the function sees.
    Http(Box<Request<Bytes>>),
}

/// What a function gave back, in the kind that its contract speaks.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A JSON object or array.
    Json(JsonText),
    /// A response.
    Http(Box<Response<Bytes>>),
}

impl Payload {
    /// The size of its body in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Args(json) => json.as_str().len(),
            Self::Http(request) => request.body().len(),
        }
    }

    /// Whether there is no body.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets go of what the request was read into: its parts are slices of a connection's buffer, and as long as one is
    /// left, the buffer is not read into again, and a run of some hundred bytes keeps kilobytes until its record is
    /// written.
    pub(crate) fn detach(&mut self) {
        let Self::Http(request) = self else { return };
        if request.body().len() < SMALL {
            *request.body_mut() = Bytes::copy_from_slice(request.body());
        }
        let read = std::mem::take(request.headers_mut());
        let mut own = HeaderMap::with_capacity(read.keys_len());
        for (name, value) in &read {
            // What was a name and a value is one again.
            if let (Ok(name), Ok(mut copy)) = (
                HeaderName::from_bytes(name.as_str().as_bytes()),
                HeaderValue::from_bytes(value.as_bytes()),
            ) {
                copy.set_sensitive(value.is_sensitive());
                own.append(name, copy);
            }
        }
        *request.headers_mut() = own;
    }

    /// What a record keeps of it.
    pub(crate) fn note(&self, record: &mut Activation) {
        match self {
            // A component is never begun again from its record, so that this one need not hold what it was given.
            Self::Args(json) if record.parent.is_some() => record.input = Some(without_credentials(json)),
            Self::Args(json) => record.input = Some(json.clone()),
            Self::Http(request) => {
                let (form, document) = BodyForm::keep(request.body());
                record.input = Some(document);
                record.http.get_or_insert_with(|| exchange(request)).body = form;
            }
        }
    }

    /// The payload of a run whose record is all that is left of it. Credentials in headers are not in records.
    pub(crate) fn of_record(record: &Activation) -> Result<Self, beckon_core::Error> {
        let input = record.input.clone().unwrap_or_else(JsonText::empty_object);
        let Some(exchange) = &record.http else {
            return Ok(Self::Args(input));
        };
        // A run that was called with arguments has the function's response in its exchange and no request.
        if exchange.method.is_empty() {
            return Ok(Self::Args(input));
        }
        let bad = |e: http::Error| beckon_core::Error::internal("read a kept request", e);
        let mut uri = exchange.path.clone();
        if !exchange.query.is_empty() {
            uri.push('?');
            uri.push_str(&exchange.query);
        }
        let mut request = Request::builder().method(exchange.method.as_str()).uri(uri);
        for (name, value) in &exchange.headers {
            if value != HIDDEN {
                request = request.header(name, value);
            }
        }
        let request = request.body(exchange.body.bytes(&input)?).map_err(bad)?;
        Ok(Self::Http(Box::new(request)))
    }

    /// The same as a request: arguments become a POST of JSON.
    #[must_use]
    pub fn into_request(self) -> Request<Bytes> {
        match self {
            Self::Http(request) => *request,
            Self::Args(json) => {
                let mut request = Request::new(Bytes::from(json.into_string()));
                *request.method_mut() = Method::POST;
                request
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                request
            }
        }
    }
}

/// The HTTP side of a record, without the bodies.
#[must_use]
pub fn exchange(request: &Request<Bytes>) -> Exchange {
    Exchange {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: kept(request.headers()),
        body: BodyForm::Empty,
        status: None,
        response_headers: Vec::new(),
        response_body: BodyForm::Empty,
    }
}

/// What stands for a header's value that no record may hold.
const HIDDEN: &str = "***";

/// Headers as a record keeps them: no credentials.
#[must_use]
pub fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let value = |name: &str, value: &HeaderValue| {
        if Exchange::is_secret_header(name) {
            HIDDEN.to_owned()
        } else if name == "x-callback-url" {
            beckon_core::masked_url(&latin(value))
        } else {
            latin(value)
        }
    };
    headers
        .iter()
        .map(|(name, v)| (name.to_string(), value(name.as_str(), v)))
        .collect()
}

/// Arguments with no credentials in `__ow_headers`, where web actions find the request's headers. All other values stay
/// as the text they are.
fn without_credentials(arguments: &JsonText) -> JsonText {
    type Values<'a> = BTreeMap<String, &'a RawValue>;
    const HEADERS: &str = "__ow_headers";
    let hidden = || {
        let mut all: Values<'_> = serde_json::from_str(arguments.as_str()).ok()?;
        let mut headers: Values<'_> = serde_json::from_str(all.get(HEADERS)?.get()).ok()?;
        let mask = serde_json::value::to_raw_value(HIDDEN).ok()?;
        let mut found = false;
        for (name, value) in &mut headers {
            if Exchange::is_secret_header(name) {
                (*value, found) = (&mask, true);
            }
        }
        if !found {
            return None;
        }
        let headers = serde_json::value::to_raw_value(&headers).ok()?;
        all.insert(HEADERS.to_owned(), &headers);
        JsonText::parse(serde_json::to_string(&all).ok()?).ok()
    };
    hidden().unwrap_or_else(|| arguments.clone())
}

/// A header's value as text: its bytes are Latin-1 unless they are UTF-8.
pub(crate) fn latin(value: &HeaderValue) -> String {
    std::str::from_utf8(value.as_bytes()).map_or_else(
        |_| value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
        str::to_owned,
    )
}

impl Reply {
    /// The size of its body in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Json(json) => json.as_str().len(),
            Self::Http(response) => response.body().len(),
        }
    }

    /// Whether there is no body.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same as a response. A JSON reply may describe one, as web actions do (`statusCode`, `headers`, `body`).
    #[must_use]
    pub fn into_response(self) -> Response<Bytes> {
        match self {
            Self::Http(response) => *response,
            Self::Json(json) => crate::adapt::response_of(&json),
        }
    }

    /// What a record keeps of it.
    pub(crate) fn note(&self, record: &mut Activation) {
        match self {
            Self::Json(json) => record.result = Some(json.clone()),
            Self::Http(response) => {
                let (form, document) = BodyForm::keep(response.body());
                record.result = Some(document);
                let exchange = record.http.get_or_insert_with(|| Exchange {
                    method: String::new(),
                    path: String::new(),
                    query: String::new(),
                    headers: Vec::new(),
                    body: BodyForm::Json,
                    status: None,
                    response_headers: Vec::new(),
                    response_body: BodyForm::Empty,
                });
                exchange.status = Some(response.status().as_u16());
                exchange.response_headers = kept(response.headers());
                exchange.response_body = form;
            }
        }
    }
}

/// A plain text response, for what the engine itself has to say.
pub(crate) fn text_response(status: StatusCode, text: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(text.as_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_lets_go_of_what_it_was_read_into() {
        let read = Bytes::from(b"value\xe4body".to_vec());
        let mut request = Request::new(read.slice(6..));
        for name in ["x-own", "accept", "x-own"] {
            let value = HeaderValue::from_maybe_shared(read.slice(..6)).unwrap();
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
        assert!(!read.is_unique());
        let mut payload = Payload::Http(Box::new(request.clone()));
        payload.detach();
        let headers = request.headers().clone();
        drop(request);
        let Payload::Http(own) = payload else {
            panic!("it was a request")
        };
        assert_eq!((own.headers(), &own.body()[..]), (&headers, &b"body"[..]));
        drop(headers);
        assert!(read.is_unique());
    }

    #[test]
    fn a_request_survives_its_record_but_for_credentials() {
        let request = Request::builder()
            .method("PUT")
            .uri("/a/b?x=1&x=2")
            .header("x-plain", "yes")
            .header("authorization", "Bearer secret")
            .body(Bytes::from_static(b"\x00\xff"))
            .unwrap();
        let payload = Payload::Http(Box::new(request));
        let mut record = crate::run::tests::record();
        payload.note(&mut record);
        assert!(!format!("{:?}", record.http).contains("secret"));
        let Payload::Http(again) = Payload::of_record(&record).unwrap() else {
            panic!("it was a request");
        };
        assert_eq!(
            (again.method().as_str(), again.uri().to_string()),
            ("PUT", "/a/b?x=1&x=2".to_owned())
        );
        assert_eq!(again.headers().len(), 1);
        assert_eq!(&again.body()[..], b"\x00\xff");
    }
}
