use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use axum::http::{Method, Request, Response};
use beckon_core::{Error, ErrorCode, FunctionKey, Result};

use super::written;
use crate::RemoteResponse;
use crate::transport::Http;

/// The longest that a function is waited for: a gateway's own limit is nearly always shorter.
const CALL: Duration = Duration::from_secs(900);
/// The 202 of an asynchronous call comes once it is queued.
const QUEUED: Duration = Duration::from_secs(60);

/// `/function/NAME.NAMESPACE/…` or `/async-function/…`. The password does not travel: these paths ask for none, and
/// what is behind them is the function's code.
pub(super) async fn call(
    http: &Http,
    key: &FunctionKey,
    request: Request<Bytes>,
    wait: bool,
) -> Result<RemoteResponse> {
    let (mut parts, body) = request.into_parts();
    if !wait && parts.method != Method::POST {
        return Err(Error::new(
            ErrorCode::InvalidInput,
            "OpenFaaS takes asynchronous calls with POST alone.",
        ));
    }
    let door = if wait { "function" } else { "async-function" };
    let target = format!("{door}/{}", written(key)?);
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
    let timeout = if wait { CALL } else { QUEUED };
    let sent = Instant::now();
    let (status, headers, body) = http
        .open(parts.method, &path, &target, parts.headers, body, timeout)
        .await?;
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(RemoteResponse { response, sent })
}
