use std::time::Instant;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use beckon_core::{Callback, Error, ErrorCode, FunctionKey};
use beckon_engine::delivery::check_callback_url;

use super::call::{Stamp, Target, USUAL};
use crate::gateway::http::{self, Called};
use crate::gateway::{Gateway, Refusal};

const CALLBACK_URL: HeaderName = HeaderName::from_static("x-callback-url");
const DURATION: HeaderName = HeaderName::from_static("x-duration-seconds");
const INTERNAL: HeaderName = HeaderName::from_static("x-openfaas-internal");

/// What a function can be called with.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::HEAD,
    Method::OPTIONS,
];
/// The paths of synchronous calls.
const FUNCTION: &str = "/function/";

/// Whether a path is `/function/{name}[/{rest}]`.
pub(crate) fn is_call(path: &str) -> bool {
    path.strip_prefix(FUNCTION)
        .is_some_and(|name| !name.is_empty() && !name.starts_with('/'))
}

/// The function that a synchronous call names, whether or not it exists.
pub(crate) async fn called(gateway: &Gateway, uri: &Uri) -> Option<FunctionKey> {
    Target::of(uri, FUNCTION).function(gateway).await
}

/// Any method on `/function/{name}[/{rest}]`: the function's own response. 404 for an unknown function, 429 when it has
/// too many callers, 502 with an empty body when it takes longer than the gateway waits.
pub(crate) async fn call(gateway: &Gateway, mut request: Request) -> Response<Body> {
    let began = Instant::now();
    let target = Target::of(request.uri(), FUNCTION);
    if !target.is_route() {
        return nowhere();
    }
    if !METHODS.contains(request.method()) {
        return http::status(StatusCode::METHOD_NOT_ALLOWED);
    }
    let stamp = Stamp::on(&mut request);
    let mut response = match sync(gateway, target, request, &stamp).await {
        Ok(response) => response,
        Err(response) => response,
    };
    stamp.tell(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&format!("{:.6}", began.elapsed().as_secs_f64())) {
        response.headers_mut().insert(DURATION, value);
    }
    response
}

async fn sync(
    gateway: &Gateway,
    target: Target,
    request: Request,
    stamp: &Stamp,
) -> Result<Response<Body>, Response<Body>> {
    let Some(key) = target.function(gateway).await else {
        return Err(unknown(&target.written));
    };
    let admitted = http::admit(gateway, &key, request.headers())
        .await
        .map_err(refused)?;
    let admitted = admitted.ok_or_else(|| unknown(&target.written))?;
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    let event = http::event(request, &target.rest, &admitted)
        .await
        .map_err(refused)?;
    let invocation = http::invocation(gateway, key, event, admitted, Some(stamp.call_id.clone()));
    let mut response = match http::call(gateway, invocation).await.map_err(failed)? {
        Called::Ended(ended) => http::answer(&ended),
        Called::Live(response) => response,
        Called::TooLong(id) => {
            let mut response = http::text(StatusCode::BAD_GATEWAY, "");
            http::name_run(response.headers_mut(), id);
            return Err(response);
        }
    };
    // Without one of its own, an answer has the request's type, or else is plain text.
    response
        .headers_mut()
        .entry(header::CONTENT_TYPE)
        .or_insert(kind.unwrap_or(HeaderValue::from_static("text/plain; charset=utf-8")));
    Ok(response)
}

/// `POST /async-function/{name}[/{rest}]`: 202 with an empty body, once the run is on disk.
///
/// With an `X-Callback-Url`, whoever is there is told how the run ended; 400 where Go does not take that for a URL.
///
/// Unlike OpenFaaS, an unknown function is a 404: a run that can never be is no promise to make.
pub(super) async fn accept(State(gateway): State<Gateway>, mut request: Request) -> Response<Body> {
    let target = Target::of(request.uri(), "/async-function/");
    if !target.is_route() {
        return nowhere();
    }
    let stamp = Stamp::on(&mut request);
    let mut response = match queue(&gateway, target, request, &stamp).await {
        Ok(response) => response,
        Err(response) => response,
    };
    stamp.tell(response.headers_mut());
    response
}

async fn queue(
    gateway: &Gateway,
    target: Target,
    request: Request,
    stamp: &Stamp,
) -> Result<Response<Body>, Response<Body>> {
    let Some(key) = target.function(gateway).await else {
        return Err(unknown(&target.written));
    };
    let admitted = http::admit(gateway, &key, request.headers())
        .await
        .map_err(refused)?;
    let admitted = admitted.ok_or_else(|| unknown(&target.written))?;
    let event = http::event(request, &target.rest, &admitted)
        .await
        .map_err(refused)?;
    let callback = event.headers().get(CALLBACK_URL).filter(|url| !url.is_empty());
    let callback = callback.map(|url| String::from_utf8_lossy(url.as_bytes()).into_owned());
    let invocation = http::invocation(gateway, key, event, admitted, Some(stamp.call_id.clone()));
    let id = match callback {
        None => gateway.engine.accept(invocation).await.map_err(failed)?,
        Some(url) => {
            check_callback_url(&url).map_err(|error| http::text(StatusCode::BAD_REQUEST, error.message))?;
            let host = invocation.api_host.clone();
            let callback = Callback {
                url,
                function_name_as_called: target.written.clone(),
                call_id: stamp.call_id.clone(),
                follow_from: host.map(|host| format!("{host}/function/{}{}", target.written, target.rest)),
            };
            let accepted = gateway.engine.accept_calling_back(invocation, callback).await;
            accepted.map_err(failed)?
        }
    };
    let mut response = http::status(StatusCode::ACCEPTED);
    http::name_run(response.headers_mut(), id);
    Ok(response)
}

/// `DELETE /async-function/{call-id}`: 202 when a call of this id waited or ran and is stopped now, 404 when there is
/// none. Its caller is called back, if it wished so, as for any call that came to nothing.
pub(super) async fn cancel(State(gateway): State<Gateway>, Path(call_id): Path<String>) -> Response<Body> {
    match gateway.engine.cancel_called(&call_id).await {
        Ok(0) => http::text(
            StatusCode::NOT_FOUND,
            "there is no call with this id that waits or runs",
        ),
        Ok(_) => http::status(StatusCode::ACCEPTED),
        Err(error) => refused(error.into()),
    }
}

/// What there is no route for.
fn nowhere() -> Response<Body> {
    http::text(StatusCode::NOT_FOUND, "404 page not found")
}

/// The text of a provider with scale-from-zero.
fn unknown(written: &str) -> Response<Body> {
    let (name, namespace) = written.rsplit_once('.').unwrap_or((written, USUAL));
    let text = format!(
        "error finding function {name}.{namespace}: server returned non-200 status code (404) for function, {name}, body: "
    );
    http::text(StatusCode::NOT_FOUND, text)
}

fn refused(refusal: Refusal) -> Response<Body> {
    http::text(refusal.status, refusal.text)
}

fn failed(error: Error) -> Response<Body> {
    let busy = error.code == ErrorCode::Busy;
    let mut response = refused(error.into());
    if busy {
        response
            .headers_mut()
            .insert(INTERNAL, HeaderValue::from_static("faas-middleware"));
    }
    response
}
