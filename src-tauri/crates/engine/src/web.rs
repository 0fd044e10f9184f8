//! A request as arguments: what OpenWhisk makes of one for a web action.
//!
//! Source: apache/openwhisk, `docs/webactions.md` and `WebActions.scala`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::Error;
use bytes::Bytes;
use http::{Request, header};
use serde_json::{Map, Value};

use crate::deploy;
use crate::payload::latin;

/// The arguments that no caller may give.
pub const RESERVED: [&str; 6] = [
    "__ow_method",
    "__ow_headers",
    "__ow_path",
    "__ow_user",
    "__ow_body",
    "__ow_query",
];

/// Marks a request (as its extension) that came through OpenWhisk's own door for web actions.
#[derive(Debug, Clone)]
pub struct WebCall {
    /// The caller's namespace, where the function wants callers to say who they are.
    pub user: Option<String>,
}

/// What the caller of a web action says: query parameters as texts, and above them the members of a JSON object or a
/// form. `None` for a body that is neither.
///
/// # Errors
/// `InvalidInput` for a body that is announced as JSON and is none.
pub fn said(request: &Request<Bytes>) -> Result<(Map<String, Value>, Option<Value>), Error> {
    let mut all = Map::new();
    for (name, value) in url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        all.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    let (kind, body) = (media_type(request), request.body());
    if body.is_empty() {
        return Ok((all, None));
    }
    if kind == "application/x-www-form-urlencoded" {
        for (name, value) in url::form_urlencoded::parse(body) {
            all.insert(name.into_owned(), Value::String(value.into_owned()));
        }
        return Ok((all, None));
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(given)) if is_json(&kind) => {
            all.extend(given);
            Ok((all, None))
        }
        Err(e) if kind == "application/json" && request.extensions().get::<WebCall>().is_some() => {
            Err(deploy::invalid(format!("This is not valid JSON: {e}.")))
        }
        _ => Ok((all, Some(text_of(&kind, body)))),
    }
}

/// The arguments of a web action: what the caller says, and the request under `__ow_…`. To one that wants requests `raw`
/// nothing is merged: it gets the query and the body as they are, JSON in base64 too.
pub(crate) fn arguments_text(request: &Request<Bytes>, raw: bool) -> Result<String, Error> {
    let call = request.extensions().get::<WebCall>();
    let (query, body) = (request.uri().query().unwrap_or_default(), request.body());
    let mut all = Map::new();
    if raw {
        let kind = media_type(request);
        let body = match kind.as_str() {
            "application/json" => STANDARD.encode(body).into(),
            _ => text_of(&kind, body),
        };
        all.insert("__ow_body".to_owned(), body);
        all.insert("__ow_query".to_owned(), query.into());
    } else {
        let (given, body) = said(request)?;
        all = given;
        if let Some(body) = body {
            all.insert("__ow_body".to_owned(), body);
        }
        if !query.is_empty() && call.is_none() {
            all.insert("__ow_query".to_owned(), query.into());
        }
    }
    let path = match (request.uri().path(), call) {
        ("/", Some(_)) => "",
        (path, _) => path,
    };
    all.insert(
        "__ow_method".to_owned(),
        request.method().as_str().to_ascii_lowercase().into(),
    );
    all.insert("__ow_headers".to_owned(), headers_of(request).into());
    all.insert("__ow_path".to_owned(), path.into());
    if let Some(user) = call.and_then(|call| call.user.as_deref()) {
        all.insert("__ow_user".to_owned(), user.into());
    }
    serde_json::to_string(&all).map_err(|e| deploy::invalid(format!("The request cannot be passed on: {e}.")))
}

fn headers_of(request: &Request<Bytes>) -> Map<String, Value> {
    let mut headers = Map::new();
    for (name, value) in request.headers() {
        let value = latin(value);
        match headers.get_mut(name.as_str()) {
            Some(Value::String(before)) => {
                before.push_str(", ");
                before.push_str(&value);
            }
            _ => drop(headers.insert(name.to_string(), Value::String(value))),
        }
    }
    headers
}

/// The media type without its parameters, in lower case; empty where there is none.
fn media_type(request: &Request<Bytes>) -> String {
    let kind = request.headers().get(header::CONTENT_TYPE).map(latin);
    let kind = kind.unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Whether members of such a body are arguments. Many clients send JSON and do not say so.
fn is_json(kind: &str) -> bool {
    kind.is_empty() || kind.ends_with("json") || kind.starts_with("text/")
}

/// Whether what is of a media type is text.
#[must_use]
pub fn is_text(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    let parts = ["json", "xml", "javascript", "urlencoded", "graphql", "yaml"];
    kind.is_empty() || kind.starts_with("text/") || parts.iter().any(|part| kind.contains(part))
}

/// Text as it is, anything else in base64.
fn text_of(kind: &str, body: &Bytes) -> Value {
    match std::str::from_utf8(body) {
        Ok(text) if is_text(kind) => text.into(),
        _ => STANDARD.encode(body).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: &str, body: &'static [u8], web: bool) -> Request<Bytes> {
        let mut request = Request::builder()
            .method("POST")
            .uri("/?a=1&b=2")
            .header("content-type", kind)
            .header("x-twice", "1")
            .header("x-twice", "2")
            .body(Bytes::from_static(body))
            .unwrap();
        if web {
            let user = Some("guest".to_owned());
            request.extensions_mut().insert(WebCall { user });
        }
        request
    }

    fn arguments(request: &Request<Bytes>, raw: bool) -> Value {
        serde_json::from_str(&arguments_text(request, raw).unwrap()).unwrap()
    }

    #[test]
    fn a_request_becomes_arguments() {
        let args = arguments(
            &request("application/json; charset=utf-8", br#"{"b":{"c":3}}"#, true),
            false,
        );
        assert_eq!((&args["a"], &args["b"]["c"]), (&"1".into(), &3.into()));
        assert_eq!(
            (&args["__ow_method"], &args["__ow_path"], &args["__ow_user"]),
            (&"post".into(), &"".into(), &"guest".into())
        );
        assert_eq!(args["__ow_headers"]["x-twice"], "1, 2");
        assert!(args.get("__ow_body").is_none() && args.get("__ow_query").is_none());
        let form = arguments(
            &request("application/x-www-form-urlencoded", b"b=x+y", true),
            false,
        );
        assert_eq!(form["b"], "x y");
        let text = arguments(&request("text/plain", b"[1]", true), false);
        assert_eq!((&text["__ow_body"], &text["b"]), (&"[1]".into(), &"2".into()));
        let bytes = arguments(&request("image/png", b"\x89PNG", true), false);
        assert_eq!(bytes["__ow_body"], STANDARD.encode(b"\x89PNG"));
        assert!(arguments_text(&request("application/json", b"{", true), false).is_err());
        let other_door = arguments(&request("application/json", b"{", false), false);
        assert_eq!(
            (&other_door["__ow_path"], &other_door["__ow_query"]),
            (&"/".into(), &"a=1&b=2".into())
        );
    }

    #[test]
    fn a_raw_one_stays_as_it_is() {
        let args = arguments(&request("application/json", b"{\"b\":1}", true), true);
        assert_eq!(args["__ow_query"], "a=1&b=2");
        assert_eq!(args["__ow_body"], STANDARD.encode(b"{\"b\":1}"));
        assert!(args.get("a").is_none());
        let args = arguments(&request("text/plain", b"hi", true), true);
        assert_eq!(args["__ow_body"], "hi");
    }
}
