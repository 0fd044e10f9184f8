//! What becomes of a web action's result, by the extension that it was asked for with.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::Status;
use beckon_engine::web::is_text;
use beckon_engine::{Ended, Reply};
use serde_json::{Map, Value};

use super::target::Projection;
use crate::gateway::{Refusal, http};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=UTF-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The response. The value of an application error goes the same way as a result.
pub(super) fn of(ended: &Ended, projection: Projection) -> Result<Response<Body>, Refusal> {
    // A function that speaks HTTP has answered for itself.
    if let (Reply::Http(_), Projection::Http) = (ended.reply(), projection) {
        return Ok(http::answer(ended));
    }
    let mut result: Value = serde_json::from_str(ended.json().as_str()).unwrap_or_default();
    match ended.summary().status {
        Status::Success => {}
        Status::ApplicationError => result = result.get_mut("error").map(Value::take).unwrap_or_default(),
        _ => {
            return Err(Refusal::bad_request(
                "There was an error processing your request.",
            ));
        }
    }
    let mut response = match projection {
        Projection::Http => described(&result)?,
        Projection::Json => match result {
            Value::Object(_) | Value::Array(_) => with_type(JSON, result.to_string().into_bytes()),
            _ => return Err(not("application/json")),
        },
        Projection::Html => with_type(HTML, page(&result, "html").ok_or_else(|| not("text/html"))?),
        Projection::Svg => with_type(
            HeaderValue::from_static("image/svg+xml"),
            page(&result, "svg").ok_or_else(|| not("image/svg+xml"))?,
        ),
        Projection::Text => with_type(
            HeaderValue::from_static("text/plain; charset=UTF-8"),
            text(&result)
                .ok_or_else(|| Refusal::not_found("Response does not include requested property."))?,
        ),
    };
    http::leave_sessions(response.headers_mut());
    Ok(response)
}

fn not(kind: &str) -> Refusal {
    Refusal::bad_request(format!("Response is not valid '{kind}'."))
}

fn with_type(kind: HeaderValue, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// A page or a picture: the result itself, its `body`, or the member of its own name.
fn page(result: &Value, name: &str) -> Option<Vec<u8>> {
    let text = match result {
        Value::String(text) => text,
        Value::Object(object) => object.get("body").or_else(|| object.get(name))?.as_str()?,
        _ => return None,
    };
    Some(text.as_bytes().to_vec())
}

fn text(result: &Value) -> Option<Vec<u8>> {
    let value = match result {
        Value::Object(object) => object.get("body").or_else(|| object.get("text"))?,
        Value::Null => return None,
        other => other,
    };
    Some(match value {
        Value::String(text) => text.as_bytes().to_vec(),
        // Structures are printed for people, as upstream does.
        other => serde_json::to_vec_pretty(other).unwrap_or_default(),
    })
}

/// The response that `{statusCode?, headers?, body?}` describes.
fn described(result: &Value) -> Result<Response<Body>, Refusal> {
    let invalid = || not("message/http");
    let object = result.as_object().ok_or_else(invalid)?;
    let mut headers = headers_of(object).ok_or_else(invalid)?;
    let body = object.get("body").filter(|body| !body.is_null() && *body != "");
    let status = match object.get("statusCode") {
        None | Some(Value::Null) if body.is_none() => StatusCode::NO_CONTENT,
        None | Some(Value::Null) => StatusCode::OK,
        Some(code) => status_of(code).ok_or_else(invalid)?,
    };
    let kind = match headers.get(CONTENT_TYPE).map(HeaderValue::to_str) {
        None => None,
        Some(Ok(kind)) if is_media_type(kind) => Some(essence(kind)),
        Some(_) => {
            return Err(Refusal::bad_request(
                "Response did not specify a known content-type.",
            ));
        }
    };
    let bytes = match body {
        None => Vec::new(),
        Some(Value::String(text)) => match kind {
            Some(kind) if !is_text(&kind) => STANDARD.decode(text).map_err(|_| invalid())?,
            Some(_) => text.as_bytes().to_vec(),
            None => {
                headers.insert(CONTENT_TYPE, HTML);
                text.as_bytes().to_vec()
            }
        },
        Some(other) => {
            match kind {
                Some(kind) if !kind.contains("json") => {
                    return Err(Refusal::bad_request(
                        "Response type in header did not match generated content type.",
                    ));
                }
                Some(_) => {}
                None => _ = headers.insert(CONTENT_TYPE, JSON),
            }
            other.to_string().into_bytes()
        }
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// A final status: the ones below 200 announce another answer.
fn status_of(code: &Value) -> Option<StatusCode> {
    let number = match code {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let status = StatusCode::from_u16(u16::try_from(number).ok()?).ok()?;
    (status.as_u16() >= 200).then_some(status)
}

/// `None` for what cannot be headers. Those of the connection are the server's own business.
fn headers_of(object: &Map<String, Value>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    let given = match object.get("headers") {
        None | Some(Value::Null) => return Some(headers),
        Some(given) => given.as_object()?,
    };
    for (name, value) in given {
        let name: HeaderName = name.parse().ok()?;
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            headers.append(&name, HeaderValue::from_str(&text).ok()?);
        }
    }
    http::drop_hop_by_hop(&mut headers);
    // It follows from the body; the action's own may be of another.
    headers.remove(CONTENT_LENGTH);
    Some(headers)
}

fn essence(kind: &str) -> String {
    kind.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

fn is_media_type(kind: &str) -> bool {
    let word = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
    essence(kind)
        .split_once('/')
        .is_some_and(|(major, minor)| word(major) && word(minor) && !minor.contains('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(result: &Value) -> (u16, String) {
        match described(result) {
            Ok(response) => {
                let kind = response.headers().get(CONTENT_TYPE);
                let kind = kind.map_or("", |kind| kind.to_str().unwrap());
                (response.status().as_u16(), kind.to_owned())
            }
            Err(refusal) => (refusal.status.as_u16(), refusal.text.into_owned()),
        }
    }

    #[test]
    fn results_describe_responses() {
        let kind = |kind: &str| json!({ "content-type": kind });
        for (result, status, said) in [
            (json!({}), 204, ""),
            (json!({ "body": "" }), 204, ""),
            (json!({ "statusCode": "404" }), 404, ""),
            (json!({ "body": "<p>" }), 200, "text/html; charset=UTF-8"),
            (json!({ "body": { "a": 1 } }), 200, "application/json"),
            (
                json!({ "body": "iVBORw==", "headers": kind("image/png") }),
                200,
                "image/png",
            ),
            (
                json!({ "body": "no base64", "headers": kind("image/png") }),
                400,
                "Response is not valid 'message/http'.",
            ),
            (
                json!({ "body": [1], "headers": kind("text/plain") }),
                400,
                "Response type in header did not match generated content type.",
            ),
            (
                json!({ "body": "x", "headers": kind("xyz") }),
                400,
                "Response did not specify a known content-type.",
            ),
            (
                json!({ "statusCode": 100 }),
                400,
                "Response is not valid 'message/http'.",
            ),
            (
                json!({ "headers": "x" }),
                400,
                "Response is not valid 'message/http'.",
            ),
            (json!("text"), 400, "Response is not valid 'message/http'."),
        ] {
            assert_eq!(told(&result), (status, said.to_owned()), "{result}");
        }
        let cookies = json!({ "headers": { "Set-Cookie": ["a=1", "b=2"], "X-Number": 3, "Connection": "close",
            "Content-Length": "5" } });
        let response = described(&cookies).unwrap();
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(response.headers()["x-number"], "3");
        assert!(
            !response.headers().contains_key("connection")
                && !response.headers().contains_key("content-length")
        );
    }
}
