//! Between the doors and the contracts: a call of one kind for a function of the other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{BodyForm, Error, Function, JsonText, NamedJson, WebExport};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value};

use crate::deploy;
use crate::payload::{Payload, latin};
use crate::web;

/// What a worker is handed.
#[derive(Debug)]
pub(crate) struct Event {
    /// The request, for contracts that take one.
    pub(crate) head: Option<Head>,
    /// Arguments (a JSON object, without the default parameters), or the request's body.
    pub(crate) body: Bytes,
}

/// A request but for its body.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Event {
    /// The event for `function`. Arguments for a function that takes requests are posted as JSON, its default parameters
    /// below them; a request for one that takes arguments becomes what OpenWhisk makes of a web request.
    pub(crate) fn of(payload: &Payload, function: &Function) -> Result<Self, Error> {
        let (contract, parameters) = (function.contract, &function.parameters);
        match payload {
            Payload::Args(json) if !contract.speaks_http() => Ok(Self {
                head: None,
                body: Bytes::copy_from_slice(json.as_str().as_bytes()),
            }),
            Payload::Args(json) => Ok(Self {
                head: Some(Head {
                    method: "POST".to_owned(),
                    path: "/".to_owned(),
                    query: String::new(),
                    headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                }),
                body: crate::executable::arguments(parameters, json)?.into(),
            }),
            Payload::Http(request) if contract.speaks_http() => Ok(Self {
                head: Some(Head {
                    method: request.method().to_string(),
                    path: request.uri().path().to_owned(),
                    query: request.uri().query().unwrap_or_default().to_owned(),
                    headers: request
                        .headers()
                        .iter()
                        .map(|(name, value)| (name.to_string(), latin(value)))
                        .collect(),
                }),
                body: request.body().clone(),
            }),
            Payload::Http(request) => Ok(Self {
                head: None,
                body: web::arguments_text(request, function.web == WebExport::Raw)?.into(),
            }),
        }
    }
}

impl Event {
    /// The same with `defaults` below everything that the function (`own`) and its caller say. A request's own body stays
    /// as it came.
    pub(crate) fn above(
        mut self,
        defaults: &[NamedJson],
        own: &[NamedJson],
        payload: &Payload,
    ) -> Result<Self, Error> {
        let is_request = self.head.is_some() && matches!(payload, Payload::Http(_));
        if defaults.is_empty() || is_request {
            return Ok(self);
        }
        // The function's own come later, in the worker.
        let defaults: Vec<NamedJson> = defaults
            .iter()
            .filter(|named| own.iter().all(|own| own.key != named.key))
            .cloned()
            .collect();
        let text = String::from_utf8(self.body.to_vec())
            .map_err(|e| deploy::invalid(format!("This is not valid JSON: {e}.")))?;
        let given = JsonText::parse_object(text)?;
        self.body = crate::executable::arguments(&defaults, &given)?.into();
        Ok(self)
    }
}

/// The response that a JSON result describes or, without any of the telling keys, is.
///
/// `{statusCode, headers, body}` as OpenWhisk's web actions answer; an object `body` is sent as JSON, a string as it
/// is, base64 where the content type is not text. `{error: …}` is a 500 unless its value describes a response itself.
pub(crate) fn response_of(json: &JsonText) -> Response<Bytes> {
    let whole = || {
        with_type(
            StatusCode::OK,
            "application/json",
            Bytes::copy_from_slice(json.as_str().as_bytes()),
        )
    };
    if !json.is_object() {
        return whole();
    }
    let Ok(Value::Object(object)) = serde_json::from_str::<Value>(json.as_str()) else {
        return whole();
    };
    let (object, usual) = match object.get("error") {
        Some(Value::Object(inner)) if describes(inner) => (inner.clone(), StatusCode::INTERNAL_SERVER_ERROR),
        Some(_) => {
            let mut response = whole();
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            return response;
        }
        None if describes(&object) => (object, StatusCode::OK),
        None => return whole(),
    };
    described(&object, usual)
}

fn describes(object: &Map<String, Value>) -> bool {
    ["statusCode", "headers", "body"]
        .iter()
        .any(|key| object.contains_key(*key))
}

fn described(object: &Map<String, Value>, usual: StatusCode) -> Response<Bytes> {
    let status = object.get("statusCode").and_then(|value| match value {
        Value::Number(number) => number.as_u64().and_then(|n| u16::try_from(n).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    });
    let mut headers = HeaderMap::new();
    for (name, value) in object
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        for value in value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice)
        {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&text)) {
                headers.append(name, value);
            }
        }
    }
    let is_text = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_none_or(|kind| {
            ["text/", "json", "xml", "javascript", "urlencoded"]
                .iter()
                .any(|part| kind.contains(part))
        });
    let (body, usual_type) = match object.get("body") {
        None | Some(Value::Null) => (Bytes::new(), None),
        Some(Value::String(text)) if is_text => (
            Bytes::copy_from_slice(text.as_bytes()),
            Some("text/html; charset=utf-8"),
        ),
        Some(Value::String(text)) => (
            STANDARD
                .decode(text)
                .map_or_else(|_| Bytes::copy_from_slice(text.as_bytes()), Bytes::from),
            None,
        ),
        Some(other) => (other.to_string().into(), Some("application/json")),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status
        .and_then(|code| StatusCode::from_u16(code).ok())
        .unwrap_or({
            if response.body().is_empty() && usual == StatusCode::OK {
                StatusCode::NO_CONTENT
            } else {
                usual
            }
        });
    *response.headers_mut() = headers;
    if let Some(usual) = usual_type {
        response
            .headers_mut()
            .entry(header::CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(usual));
    }
    response
}

fn with_type(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The JSON that OpenWhisk's doors give for a response: its body if that is an object or an array, else a description.
pub(crate) fn json_of(response: &Response<Bytes>) -> JsonText {
    let (form, document) = BodyForm::keep(response.body());
    if form == BodyForm::Json && document.as_str().trim_start().starts_with(['{', '[']) {
        return document;
    }
    let mut headers = Map::new();
    for (name, value) in response.headers() {
        headers.insert(name.to_string(), Value::String(latin(value)));
    }
    let mut described = Map::new();
    described.insert("statusCode".to_owned(), response.status().as_u16().into());
    described.insert("headers".to_owned(), headers.into());
    described.insert("body".to_owned(), document.to_value());
    if form == BodyForm::Base64 {
        described.insert("isBase64Encoded".to_owned(), true.into());
    }
    JsonText::from_value(&described.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_may_describe_a_response() {
        let of = |text: &str| {
            let response = response_of(&JsonText::parse(text).unwrap());
            let kind = response
                .headers()
                .get("content-type")
                .map(|v| v.to_str().unwrap().to_owned());
            (
                response.status().as_u16(),
                kind,
                String::from_utf8(response.body().to_vec()).unwrap(),
            )
        };
        let json = Some("application/json".to_owned());
        assert_eq!(of(r#"{"a":1}"#), (200, json.clone(), r#"{"a":1}"#.into()));
        assert_eq!(of(r#"[1]"#), (200, json.clone(), "[1]".into()));
        assert_eq!(
            of(r#"{"statusCode":201,"body":{"a":1}}"#),
            (201, json.clone(), r#"{"a":1}"#.into())
        );
        assert_eq!(of(r#"{"statusCode":204}"#), (204, None, String::new()));
        assert_eq!(of(r#"{"error":"no"}"#), (500, json, r#"{"error":"no"}"#.into()));
        assert_eq!(
            of(r#"{"headers":{"content-type":"text/plain"},"body":"hi"}"#),
            (200, Some("text/plain".into()), "hi".into())
        );
        assert_eq!(
            of(r#"{"headers":{"content-type":"image/png"},"body":"aGk="}"#).2,
            "hi"
        );
        assert_eq!(of(r#"{"error":{"statusCode":404,"body":"gone"}}"#).0, 404);
    }

    #[test]
    fn a_response_becomes_json() {
        let response = with_type(
            StatusCode::OK,
            "application/json",
            Bytes::from_static(b"{\"a\":1}"),
        );
        assert_eq!(json_of(&response).as_str(), "{\"a\":1}");
        let response = with_type(StatusCode::CREATED, "text/plain", Bytes::from_static(b"hi"));
        let value = json_of(&response).to_value();
        assert_eq!(
            (&value["statusCode"], &value["body"]),
            (&201.into(), &"hi".into())
        );
    }
}
