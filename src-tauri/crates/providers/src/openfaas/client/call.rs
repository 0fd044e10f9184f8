use std::time::Instant;

use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode};
use beckon_core::{Error, ErrorCode, FunctionKey, Result};

use super::written;
use crate::RemoteResponse;
use crate::openwhisk::path_segment;
use crate::transport::{Door, Http};

/// `/function/NAME.NAMESPACE/…` or `/async-function/…`. The password does not travel: these paths ask for none, and
/// what is behind them is the function's code.
pub(super) async fn call(
    http: &Http,
    key: &FunctionKey,
    request: Request<Bytes>,
    wait: bool,
) -> Result<RemoteResponse> {
    if !wait && request.method() != Method::POST {
        return Err(Error::new(
            ErrorCode::InvalidInput,
            "OpenFaaS takes asynchronous calls with POST alone.",
        ));
    }
    let root = if wait { "function" } else { "async-function" };
    let door = Door {
        path: format!("{root}/{}", written(key)?),
        authorized: false,
        wait,
    };
    let sent = Instant::now();
    let response = http.call(&door, request).await?;
    Ok(RemoteResponse { response, sent })
}

/// `DELETE /async-function/CALL-ID`, which OpenFaaS Pro and Beckon have; elsewhere the path is a function's, and takes POST
/// alone.
pub(super) async fn cancel(http: &Http, call_id: &str) -> Result<bool> {
    if matches!(call_id, "" | "." | "..") {
        // A caller's own id, and no segment of a path.
        return Ok(false);
    }
    let path = format!("async-function/{}", path_segment(call_id));
    let reply = http.delete(&path).await?;
    match reply.status {
        StatusCode::NOT_FOUND => Ok(false),
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Err(Error::new(
            ErrorCode::NotSupported,
            "This server takes no asynchronous call back.",
        )),
        _ => reply.ok().map(|_| true),
    }
}
