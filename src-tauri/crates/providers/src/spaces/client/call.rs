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
/// Most bytes of a 401 that are looked at.
const REFUSAL: usize = 64 * 1024;

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
    let (status, headers, body) = match status {
        StatusCode::UNAUTHORIZED => {
            let (ended, body) = is_refused(body).await?;
            match ended {
                true => {
                    let http = session.renewed().await?;
                    send(&http, key, request, wait).await?
                }
                false => (status, headers, body),
            }
        }
        _ => (status, headers, body),
    };
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

/// Whether a 401 is the server's own and not the function's, and its body again.
async fn is_refused(mut body: Body) -> Result<(bool, Body)> {
    let mut chunks = Vec::new();
    let mut bytes = 0;
    while bytes <= REFUSAL
        && let Some(chunk) = body.next().await
    {
        let chunk = chunk?;
        bytes += chunk.len();
        chunks.push(chunk);
    }
    let whole = chunks.concat();
    let refused = error_text(&whole).is_some_and(|text| text == "Unauthenticated");
    let again = futures_util::stream::iter(chunks.into_iter().map(Ok)).chain(body);
    Ok((refused, again.boxed()))
}
