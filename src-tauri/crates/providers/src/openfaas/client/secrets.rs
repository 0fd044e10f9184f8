use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{Error, ErrorCode, NamespaceName, Result, Secret};
use serde::Deserialize;
use serde_json::json;

use super::document;
use crate::null::or_default;
use crate::openwhisk::path_segment;
use crate::transport::{CALL_TIMEOUT, Http, Reply};

/// Kubernetes takes no larger secret.
const LARGEST: usize = 1024 * 1024;

#[derive(Deserialize)]
struct Named {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
}

/// The names, in their own order.
pub(super) async fn names(http: &Http, namespace: &NamespaceName) -> Result<Vec<String>> {
    let path = format!("system/secrets?namespace={}", path_segment(namespace.as_str()));
    let reply = served(http.get(&path).await?)?;
    let found: Option<Vec<Named>> = reply.ok()?.json()?;
    let mut names: Vec<String> = found
        .unwrap_or_default()
        .into_iter()
        .map(|named| named.name)
        .filter(|name| !name.is_empty())
        .collect();
    names.sort();
    Ok(names)
}

/// The value goes as `value` and, for the bytes that it has, as `rawValue`: servers read the one that they know.
pub(super) async fn put(
    http: &Http,
    namespace: &NamespaceName,
    name: &str,
    value: &Secret,
    replace: bool,
) -> Result<()> {
    check(name)?;
    if value.expose().len() > LARGEST {
        let text = format!("A secret has at most {LARGEST} bytes.");
        return Err(Error::new(ErrorCode::LimitExceeded, text));
    }
    let body = document(&json!({
        "name": name,
        "namespace": namespace,
        "value": value.expose(),
        "rawValue": STANDARD.encode(value.expose()),
    }))?;
    let path = "system/secrets";
    let reply = match replace {
        true => http.put(path, body, CALL_TIMEOUT).await?,
        false => http.post(path, body, CALL_TIMEOUT).await?,
    };
    match (reply.status, replace) {
        (StatusCode::NOT_FOUND, true) => Err(missing(http, namespace, name).await),
        (StatusCode::CONFLICT, _) => {
            let text = format!("There is a secret {name} in {namespace} already.");
            Err(Error::new(ErrorCode::Conflict, text))
        }
        _ => served(reply)?.ok().map(drop),
    }
}

pub(super) async fn delete(http: &Http, namespace: &NamespaceName, name: &str) -> Result<()> {
    check(name)?;
    let body = document(&json!({ "name": name, "namespace": namespace }))?;
    let reply = http.delete_with("system/secrets", body).await?;
    match reply.status {
        StatusCode::NOT_FOUND => Err(missing(http, namespace, name).await),
        _ => reply.ok().map(drop),
    }
}

/// What a 404 means: that there is no such secret, or no secrets at all.
async fn missing(http: &Http, namespace: &NamespaceName, name: &str) -> Error {
    match names(http, namespace).await {
        Err(error) if error.code == ErrorCode::NotSupported => error,
        _ => Error::not_found(format_args!("secret {name} in {namespace}")),
    }
}

/// A server without secrets has no such path.
fn served(reply: Reply) -> Result<Reply> {
    match reply.status {
        StatusCode::NOT_FOUND | StatusCode::NOT_IMPLEMENTED | StatusCode::METHOD_NOT_ALLOWED => Err(
            Error::new(ErrorCode::NotSupported, "This server keeps no secrets."),
        ),
        _ => Ok(reply),
    }
}

/// A name becomes a file's.
fn check(name: &str) -> Result<()> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let ends = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = name.as_bytes();
    if bytes.len() <= 253 && bytes.iter().copied().all(fits) && ends(bytes.first()) && ends(bytes.last()) {
        return Ok(());
    }
    Err(
        Error::new(ErrorCode::InvalidInput, "This cannot be the name of a secret.")
            .with_hint("Use lower-case letters, digits, - and ., and begin and end with a letter or digit."),
    )
}
