use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use axum::response::IntoResponse as _;
use beckon_core::{Callback, Error};
use beckon_engine::delivery::check_http_url;
use beckon_engine::{Ended, Why};
use serde_json::{Value, json};

use super::caller::{Call, no_function};
use super::status::{Known, written};
use super::{Desk, not_ready, wrong_method};
use crate::gateway::Refusal;
use crate::gateway::http::{self, Admitted, Called};

const CALL_ID: HeaderName = HeaderName::from_static("x-call-id");
const CALLBACK_URL: HeaderName = HeaderName::from_static("x-callback-url");
/// The levels that a path may have below `invoke`.
const LEVELS: usize = 3;

/// `…/invoke[/a[/b[/c]]]` with any of five methods: the function's own answer.
///
/// How long a caller waits, Spaces' documents do not say, but that 5 to 10 s are fine: here it is the engine's blocking
/// limit, 30 s unless it was set otherwise, and 504 after that.
pub(super) async fn call(
    State(desk): State<Arc<Desk>>,
    call: Call,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let methods = [
        Method::POST,
        Method::GET,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    if !methods.contains(request.method()) {
        return Ok(wrong_method("POST, GET, PUT, PATCH, DELETE"));
    }
    let Some(target) = Target::find(&desk, &call, request.uri().path()).await? else {
        return Ok(not_ready());
    };
    let event = http::event(request, &target.path, &target.admitted).await?;
    let gateway = &desk.gateway;
    let key = target.known.key.clone();
    let invocation = http::invocation(gateway, key, event, target.admitted, None);
    match http::call(gateway, invocation).await? {
        Called::Ended(ended) => Ok(answer(&ended)),
        Called::Live(response) => Ok(response),
        Called::TooLong(id) => {
            let text = format!(
                "The function took longer than {} s and goes on as run {id}.",
                gateway.engine.blocking_limit().as_secs_f64()
            );
            let mut response = Refusal::new(StatusCode::GATEWAY_TIMEOUT, text).into_response();
            http::name_run(response.headers_mut(), id);
            Ok(response)
        }
    }
}

/// `POST …/async-invoke[/a[/b[/c]]]`: 202 with an empty body, once the run is on disk. Whoever is at the `X-Callback-Url`
/// is told how it ended.
pub(super) async fn accept(
    State(desk): State<Arc<Desk>>,
    call: Call,
    mut request: Request,
) -> Result<Response<Body>, Refusal> {
    if request.method() != Method::POST {
        return Ok(wrong_method("POST"));
    }
    let Some(target) = Target::find(&desk, &call, request.uri().path()).await? else {
        return Ok(not_ready());
    };
    let url = request.headers().get(&CALLBACK_URL);
    let url = url.map(|url| String::from_utf8_lossy(url.as_bytes()).into_owned());
    let url = url
        .filter(|url| !url.is_empty())
        .ok_or_else(|| Refusal::bad_request("X-Callback-Url header is required"))?;
    check_http_url(&url)?;
    let given = request.headers().get(&CALL_ID).and_then(|id| id.to_str().ok());
    let call_id = given
        .filter(|id| !id.is_empty())
        .map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
    let header = HeaderValue::from_str(&call_id).map_err(|e| Error::internal("name a call", e))?;
    request.headers_mut().insert(CALL_ID, header.clone());
    let event = http::event(request, &target.path, &target.admitted).await?;
    let gateway = &desk.gateway;
    let callback = Callback {
        url,
        function_name_as_called: written(&target.known.key),
        call_id: call_id.clone(),
        // A redirect that the function answers is for whoever is called back.
        follow_from: None,
    };
    let key = target.known.key.clone();
    let invocation = http::invocation(gateway, key, event, target.admitted, Some(call_id));
    let id = gateway.engine.accept_calling_back(invocation, callback).await?;
    let mut response = StatusCode::ACCEPTED.into_response();
    response.headers_mut().insert(CALL_ID, header);
    http::name_run(response.headers_mut(), id);
    Ok(response)
}

/// A function that runs, and what it is to see as its path.
struct Target {
    known: Known,
    /// Percent-encoded.
    path: String,
    admitted: Admitted,
}

impl Target {
    /// `None` when no version of it runs (yet).
    async fn find(desk: &Desk, call: &Call, path: &str) -> Result<Option<Self>, Refusal> {
        let path = rest(path)?;
        let known = Known::find(desk, &call.function()?).await?;
        let known = known.ok_or_else(no_function)?;
        // What ran before serves while something else is built, and when that cannot be: a deployment that fails takes
        // nothing away. Spaces' documents have 202 for what is not `Running`, and say nothing of a version before it.
        let Some(function) = &known.function else {
            return Ok(None);
        };
        let admitted = Admitted::to(function, Some(call.caller.token.id.clone()))
            .bringing(desk.gateway.engine.spaces_limit());
        Ok(Some(Self {
            known,
            path,
            admitted,
        }))
    }
}

/// What follows `/spaces/{space}/functions/{function}/{door}`, without a slash at its end. An encoded slash stays within
/// its level.
fn rest(path: &str) -> Result<String, Refusal> {
    let levels: Vec<&str> = path.trim_end_matches('/').split('/').skip(6).collect();
    if levels.len() > LEVELS {
        return Err(Refusal::not_found(format!("a path has at most {LEVELS} levels")));
    }
    Ok(format!("/{}", levels.join("/")))
}

/// The function's answer; where the platform has to answer for it, Spaces' error document.
fn answer(ended: &Ended) -> Response<Body> {
    let (status, kind) = match ended.why() {
        Why::Answered => return http::answer(ended),
        Why::Crashed => (StatusCode::INTERNAL_SERVER_ERROR, Some("ProcessCrashed")),
        Why::NotLoaded => (StatusCode::INTERNAL_SERVER_ERROR, Some("NotLoaded")),
        Why::OutOfMemory => (StatusCode::INTERNAL_SERVER_ERROR, Some("MemoryError")),
        Why::TimedOut => (StatusCode::GATEWAY_TIMEOUT, None),
        // For a caller who waits; records and callbacks have the 502 of all functions.
        Why::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None),
        Why::Invalid => (StatusCode::BAD_GATEWAY, None),
        Why::Deleted => (StatusCode::NOT_FOUND, None),
        Why::NotProvisioned | Why::Cancelled | Why::ShutDown => (StatusCode::SERVICE_UNAVAILABLE, None),
    };
    let reply = ended.reply().clone().into_response();
    let text = String::from_utf8_lossy(reply.body()).into_owned();
    // What takes arguments says it in JSON.
    let text = match serde_json::from_str::<Value>(&text) {
        Ok(document) => document["error"].as_str().map_or(text, str::to_owned),
        Err(_) => text,
    };
    let mut response = match kind {
        None => Refusal::new(status, text).into_response(),
        Some(kind) => {
            let document = json!({ "error": {
                "status": status.as_u16(),
                "message": format!("{kind}: {text}"),
                "details": {
                    "exception_type": kind,
                    "exception_info": text,
                    "exception_line_code": "",
                    "exception_line_number": 0,
                },
            } });
            super::json(status, &document).unwrap_or_else(|refusal| refusal.into_response())
        }
    };
    http::name_run(response.headers_mut(), ended.summary().id);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_three_levels() {
        let door = "/spaces/s/functions/f/invoke";
        for (below, path) in [
            ("", Some("/")),
            ("/", Some("/")),
            ("/a", Some("/a")),
            ("/a%2Fb/c%20d/e/", Some("/a%2Fb/c%20d/e")),
            ("/a/b/c/d", None),
        ] {
            let found = rest(&format!("{door}{below}")).ok();
            assert_eq!(found.as_deref(), path, "{below}");
        }
    }
}
