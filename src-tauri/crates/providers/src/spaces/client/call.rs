use std::time::Instant;

use axum::body::Bytes;
use axum::http::{Method, Request, Response, StatusCode};
use beckon_core::{Error, ErrorCode, FunctionKey, Result};
use futures_util::StreamExt as _;

use super::error_text;
use super::session::Session;
use crate::RemoteResponse;
use crate::gateway::http::RUN_HEADER;
use crate::spaces::path_of;
use crate::transport::{Body, Door};

/// Most bytes of an answer that are looked at.
const LOOK: usize = 64 * 1024;

/// `…/invoke/…` or `…/async-invoke/…`, once: a function may answer in the words of a server that takes the access token
/// for ended. Only where the two can be told apart, as Beckon's own gateway has it, is what was refused sent again with
/// another token; elsewhere the answer is handed on, and another token is got for the next call.
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
    let verb = if wait { "invoke" } else { "async-invoke" };
    let door = Door {
        path: format!("{}/{verb}", path_of(key)),
        authorized: true,
        wait,
    };
    let sent = Instant::now();
    let open = session.open().await?;
    let (mut begin, mut response) = looked_at(open.http.call(&door, request.clone()).await?).await?;
    let is_ended = response.status() == StatusCode::UNAUTHORIZED
        && error_text(&begin).is_some_and(|text| text == "Unauthenticated");
    if is_ended {
        session.close(&open).await;
        if open.names_runs {
            let http = session.http().await?;
            (begin, response) = looked_at(http.call(&door, request).await?).await?;
        }
    }
    if response.status() == StatusCode::ACCEPTED && is_not_ready(&begin) {
        return Err(Error::new(
            ErrorCode::Busy,
            "The function is not ready: it is being built, or could not be built. Nothing was called.",
        ));
    }
    Ok(RemoteResponse { response, sent })
}

/// The first bytes of what may be the server's own words, and the whole response again. Where a run is named, they are
/// the function's.
async fn looked_at(response: Response<Body>) -> Result<(Vec<u8>, Response<Body>)> {
    let may_be = matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::ACCEPTED);
    if !may_be || response.headers().contains_key(RUN_HEADER) {
        return Ok((Vec::new(), response));
    }
    let (parts, mut body) = response.into_parts();
    let mut chunks = Vec::new();
    let mut bytes = 0;
    while bytes <= LOOK
        && let Some(chunk) = body.next().await
    {
        let chunk = chunk?;
        bytes += chunk.len();
        chunks.push(chunk);
    }
    let begin = chunks.concat();
    let again = futures_util::stream::iter(chunks.into_iter().map(Ok)).chain(body);
    Ok((begin, Response::from_parts(parts, again.boxed())))
}

fn is_not_ready(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body)
        .is_ok_and(|said| said == serde_json::json!({ "details": "function not ready" }))
}
