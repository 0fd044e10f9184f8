use std::time::Instant;

use axum::body::Bytes;
use axum::http::{Method, Request};
use beckon_core::{Error, ErrorCode, FunctionKey, Result};

use super::written;
use crate::RemoteResponse;
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
