use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use beckon_core::{Error, ErrorCode, FunctionKey, Result};
use futures_util::StreamExt as _;

use super::error_text;
use super::session::Session;
use crate::RemoteResponse;
use crate::spaces::path_of;
use crate::transport::{Body, Http};

/// The longest that a function is waited for: a server's own limit is shorter.
const CALL: Duration = Duration::from_secs(900);
/// The 202 of an asynchronous call comes once it is queued.
const QUEUED: Duration = Duration::from_secs(60);
/// Most bytes of an answer that are looked at.
const LOOK: usize = 64 * 1024;

/// `…/invoke/…` or `…/async-invoke/…`. A server that takes the access token for ended has not called the function, and
/// is asked again with another one.
pub(super) async fn call(
    session: &Session,
    key: &FunctionKey,
    request: Request<Bytes>,
    wait: bool,
) -> Result<RemoteResponse> {
    if !wait && request.method() != Method::POST {
        return Err(Error::new(
            ErrorCode::InvalidInput,
            "Spaces takes asynchronous calls with POST alone.",
        ));
    }
    let sent = Instant::now();
    let http = session.http().await?;
    let (status, headers, body) = send(&http, key, request.clone(), wait).await?;
    let (mut begin, body) = looked_at(status, body).await?;
    let is_ended = status == StatusCode::UNAUTHORIZED
        && error_text(&begin).is_some_and(|text| text == "Unauthenticated");
    let (status, headers, body) = if is_ended {
        let http = session.renewed().await?;
        let (status, headers, again) = send(&http, key, request, wait).await?;
        let body;
        (begin, body) = looked_at(status, again).await?;
        (status, headers, body)
    } else {
        (status, headers, body)
    };
    if status == StatusCode::ACCEPTED && is_not_ready(&begin) {
        return Err(Error::new(
            ErrorCode::Busy,
            "The function is not ready: it is being built, or could not be built. Nothing was called.",
        ));
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(RemoteResponse { response, sent })
}

async fn send(
    http: &Http,
    key: &FunctionKey,
    request: Request<Bytes>,
    wait: bool,
) -> Result<(StatusCode, HeaderMap, Body)> {
    let (mut parts, body) = request.into_parts();
    let door = if wait { "invoke" } else { "async-invoke" };
    let target = format!("{}/{door}", path_of(key));
    let mut path = target.clone();
    if parts.uri.path() != "/" {
        path.push_str(parts.uri.path());
    }
    if let Some(query) = parts.uri.query() {
        path.push('?');
        path.push_str(query);
    }
    // What belongs to one connection is the transport's to say.
    for name in [
        HOST,
        CONTENT_LENGTH,
        CONNECTION,
        TRANSFER_ENCODING,
        UPGRADE,
        TE,
        TRAILER,
    ] {
        parts.headers.remove(name);
    }
    http.authorize(&mut parts.headers);
    let timeout = if wait { CALL } else { QUEUED };
    http.open(parts.method, &path, &target, parts.headers, body, timeout)
        .await
}

/// The first bytes of what may be the server's own words and not the function's, and the whole body again.
async fn looked_at(status: StatusCode, mut body: Body) -> Result<(Vec<u8>, Body)> {
    let mut chunks = Vec::new();
    let mut bytes = 0;
    if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::ACCEPTED) {
        return Ok((Vec::new(), body));
    }
    while bytes <= LOOK
        && let Some(chunk) = body.next().await
    {
        let chunk = chunk?;
        bytes += chunk.len();
        chunks.push(chunk);
    }
    let begin = chunks.concat();
    let again = futures_util::stream::iter(chunks.into_iter().map(Ok)).chain(body);
    Ok((begin, again.boxed()))
}

fn is_not_ready(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body)
        .is_ok_and(|said| said == serde_json::json!({ "details": "function not ready" }))
}
