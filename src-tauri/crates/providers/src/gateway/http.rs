//! Calls of functions as they are: a request in, the function's own response out. What the dialects around it add
//! (paths, headers, texts of refusals) is theirs.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use beckon_core::{ActivationId, Cause, Error, FunctionKey, WebExport};
use beckon_engine::{Ended, HTTP_LIMIT, Invocation, Outcome, Payload};

use super::{Gateway, Refusal, cause, read_bytes};
use crate::openwhisk::gateway::authorize;

/// Names the run in every answer, so that it can be found in the journal.
pub(crate) const RUN_HEADER: HeaderName = HeaderName::from_static("x-activation-id");

/// Headers of one connection, which are nobody's business beyond it (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The function that a call is for, if the caller may have it.
///
/// A private function that takes arguments and not requests is OpenWhisk's kind: it wants a token through this door as
/// through its own. Functions with an HTTP contract are public, as at their providers.
pub(crate) async fn admit(
    gateway: &Gateway,
    key: &FunctionKey,
    headers: &HeaderMap,
) -> Result<Option<Admitted>, Refusal> {
    let Some(function) = gateway.store.function(key).await? else {
        return Ok(None);
    };
    let mut token_id = None;
    if function.web == WebExport::Private && !function.contract.speaks_http() {
        let token = authorize(headers, gateway)?;
        if !token.scope.allows(&key.namespace, &key.name) {
            return Err(Refusal::forbidden("The token is not for this function."));
        }
        token_id = Some(token.id);
    }
    Ok(Some(Admitted { token_id }))
}

/// A caller who may call.
pub(crate) struct Admitted {
    token_id: Option<String>,
}

/// A request as a function is to see it: `path` (percent-encoded) instead of the whole one, the body in memory.
pub(crate) async fn event(request: Request, path: &str) -> Result<Request<Bytes>, Refusal> {
    let (mut parts, body) = request.into_parts();
    let bytes = read_bytes(&parts.headers, body, "Request", HTTP_LIMIT).await?;
    let mut target = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    if let Some(query) = parts.uri.query() {
        target.push('?');
        target.push_str(query);
    }
    parts.uri = Uri::try_from(target).map_err(|_| Refusal::bad_request("The path is not valid."))?;
    for name in HOP_BY_HOP {
        parts.headers.remove(name);
    }
    let cause = cause(&parts.extensions);
    parts.extensions.clear();
    parts.extensions.insert(cause);
    Ok(Request::from_parts(parts, bytes))
}

/// The invocation of `key` with `event`.
pub(crate) fn invocation(
    gateway: &Gateway,
    key: FunctionKey,
    event: Request<Bytes>,
    admitted: Admitted,
    call_id: Option<String>,
) -> Invocation {
    let api_host = event
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .map(|host| format!("http://{host}"));
    let cause = event.extensions().get().copied().unwrap_or(Cause::Gateway);
    Invocation {
        id: ActivationId::new(),
        function: key,
        payload: Payload::Http(Box::new(event)),
        cause,
        token_id: admitted.token_id,
        rerun_of: None,
        transaction_id: call_id,
        api_host,
        received: gateway.clock.now(),
    }
}

/// What became of a call.
pub(crate) enum Called {
    /// It is over.
    Ended(Arc<Ended>),
    /// It goes on, but nobody waits for it any more.
    TooLong(ActivationId),
}

/// Calls and waits, as long as a blocking caller may.
pub(crate) async fn call(
    gateway: &Gateway,
    invocation: Invocation,
    wait: Option<Duration>,
) -> Result<Called, Error> {
    Ok(match gateway.engine.invoke(invocation, wait).await? {
        Outcome::Finished(ended) => Called::Ended(ended),
        Outcome::Promoted(id) => Called::TooLong(id),
    })
}

/// The function's response, as it goes out.
pub(crate) fn answer(ended: &Ended) -> Response<Body> {
    let mut response = ended.reply().clone().into_response();
    let headers = response.headers_mut();
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    // The length follows from the body; a function's own may be of another.
    headers.remove(header::CONTENT_LENGTH);
    name_run(headers, ended.summary().id);
    response.map(Body::from)
}

/// Says which run it was.
pub(crate) fn name_run(headers: &mut HeaderMap, id: ActivationId) {
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(RUN_HEADER, id);
    }
}

/// A short text of the gateway's own.
pub(crate) fn text(status: StatusCode, text: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
