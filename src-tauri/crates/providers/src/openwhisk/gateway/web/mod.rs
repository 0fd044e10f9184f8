//! Web actions: functions that answer HTTP themselves, at `/api/v1/web/{namespace}/{package}/{action}{.ext}{/rest}`.
//!
//! Source: apache/openwhisk, `docs/webactions.md` and `WebActions.scala`. Unlike at DigitalOcean, these runs are
//! recorded like all others. CORS is granted to pages of this machine only (see [`crate::gateway`]).
//!
//! ```text
//! target ─ what the path names        answer ─ what becomes of the result, by extension
//! ```

mod answer;
mod target;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request as HttpRequest, Response, StatusCode};
use axum::response::IntoResponse as _;
use beckon_core::{ActivationId, Error, ErrorCode, NamedJson, WebExport};
use beckon_engine::web::{RESERVED, WebCall, said};
use beckon_store::Target as Resolved;

use super::NO_SUCH;
use super::malformed;
use super::throttle::{self, Asked};
use crate::gateway::{Gateway, Refusal, http};
use crate::openwhisk::{ACTIVATION_HEADER, BODY_LIMIT};
use target::Target;

const NOT_ALLOWED: &str = "Request defines parameters that are not allowed (e.g., reserved properties).";

/// Whether a path is a web action's.
pub(crate) fn is_call(path: &str) -> bool {
    path.starts_with(target::PREFIX)
}

/// Whether the action at this path wants to answer `OPTIONS` itself (annotation `web-custom-options`).
pub(crate) async fn answers_options(gateway: &Gateway, path: &str) -> bool {
    let Ok(target) = Target::of(path) else {
        return true; // to be refused for itself
    };
    match find(gateway, &target).await {
        Ok(found) => is_true(&found.function.annotations, "web-custom-options"),
        Err(_) => true,
    }
}

/// Any method on a web action: its own response.
///
/// # Errors
/// 404 for an action that is not exported (nothing says whether it exists), 401 where it wants a credential or its
/// secret, 400 for what a caller must not say and for results that do not fit the extension, 413, 429; 202 with an
/// error document when the wait is over first.
pub(crate) async fn call(gateway: &Gateway, request: Request) -> Result<Response<Body>, Refusal> {
    let target = Target::of(request.uri().path())?;
    let found = find(gateway, &target).await?;
    let function = &found.function;
    let admitted = http::admit_to(gateway, function, &target.key, request.headers())?;
    throttle::admit(gateway, &target.key.namespace, Asked::Invocation)?;
    let transaction = request.extensions().get::<super::speak::Transaction>().cloned();
    let mut event = http::event(request, &target.rest, &admitted).await?;
    let size = event.body().len();
    if size > BODY_LIMIT {
        let text = format!("Request larger than allowed: {size} > {BODY_LIMIT} bytes.");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    let user = admitted.has_token().then(|| target.key.namespace.to_string());
    event.extensions_mut().insert(WebCall { user });
    check(&event, &found)?;
    let mut invocation = http::invocation(gateway, target.key.clone(), event, admitted, None);
    invocation.transaction_id = transaction.map(|transaction| transaction.0);
    match http::call(gateway, invocation).await.map_err(refuse)? {
        http::Called::Ended(ended) => {
            let mut response =
                answer::of(&ended, target.projection).unwrap_or_else(|refusal| refusal.into_response());
            name_run(response.headers_mut(), ended.summary().id);
            Ok(response)
        }
        http::Called::Live(response) => Ok(response),
        http::Called::TooLong(id) => {
            let refusal = Refusal::new(StatusCode::ACCEPTED, "Response not yet ready.");
            let mut response = refusal.into_response();
            name_run(response.headers_mut(), id);
            Ok(response)
        }
    }
}

/// The action, if it is exported.
async fn find(gateway: &Gateway, target: &Target) -> Result<Resolved, Refusal> {
    match gateway.store.target(&target.key).await? {
        Some(found) if found.function.web != WebExport::Private => Ok(found),
        _ => Err(Refusal::not_found(NO_SUCH)),
    }
}

/// Refuses what a caller must not say: reserved names, and where the parameters are `final` those that are defined.
fn check(event: &HttpRequest<Bytes>, found: &Resolved) -> Result<(), Refusal> {
    let function = &found.function;
    if function.web == WebExport::Raw {
        return Ok(());
    }
    let (given, _) = said(event).map_err(|error| malformed(&error.message))?;
    let defined = |name: &str| {
        let own = function.parameters.iter().chain(&found.defaults.arguments);
        own.into_iter().any(|named| named.key == name)
    };
    let closed = is_true(&function.annotations, "final");
    let refused = |name: &str| RESERVED.contains(&name) || (closed && defined(name));
    match given.keys().any(|name| refused(name)) {
        true => Err(Refusal::bad_request(NOT_ALLOWED)),
        false => Ok(()),
    }
}

fn is_true(annotations: &[NamedJson], key: &str) -> bool {
    let mut all = annotations.iter();
    all.any(|named| named.key == key && named.value.as_str() == "true")
}

fn refuse(error: Error) -> Refusal {
    match error.code {
        ErrorCode::NotFound => Refusal::not_found(NO_SUCH),
        ErrorCode::LimitExceeded => Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error.message),
        _ => error.into(),
    }
}

fn name_run(headers: &mut HeaderMap, id: ActivationId) {
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static(ACTIVATION_HEADER), id);
    }
}
