//! `/spaces` served by the local engine: a space is a namespace. What is made here shows in the window, and the other way
//! round; a function that is in a package is `package__name`.
//!
//! What differs from Spaces on purpose: `GET /spaces` lists the spaces, a zip is taken for code as well as a source file,
//! and a function that is `Failed` says why.

mod caller;
mod code;
mod deploy;
mod functions;
mod invoke;
mod list;
mod logs;
mod oauth;
mod sessions;
mod speak;
mod status;
mod triggers;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any, get, post};
use beckon_core::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::SpaceTriggers;
use crate::gateway::{Gateway, Refusal, check_nesting, read_body};
use deploy::Deployments;
use sessions::Sessions;
pub(crate) use speak::speak;
pub(super) use status::Kept;

/// Whether a path is this dialect's, so that refusals are written as its error documents.
pub(crate) fn is_mine(path: &str) -> bool {
    path == "/spaces" || path.starts_with("/spaces/") || path.starts_with("/oauth2/")
}

/// What the routes share beside the gateway.
struct Desk {
    gateway: Gateway,
    sessions: Sessions,
    deployments: Deployments,
}

impl Desk {
    fn triggers(&self) -> &SpaceTriggers {
        &self.gateway.space_triggers
    }
}

/// The whole API at a glance.
pub(crate) fn routes(gateway: &Gateway) -> Router<Gateway> {
    let desk = Arc::new(Desk {
        gateway: gateway.clone(),
        sessions: Sessions::default(),
        deployments: Deployments::default(),
    });
    deploy::resume(&desk);
    let space = "/spaces/{space}";
    let function = "/spaces/{space}/functions/{function}";
    let own = get(functions::get)
        .put(functions::update)
        .delete(functions::delete);
    let trigger = get(triggers::get).put(triggers::update).delete(triggers::delete);
    let mut routes = Router::new()
        .route("/spaces", only("GET", get(list::spaces)))
        .route(
            &format!("{space}/functions"),
            only("GET, POST", get(list::functions).post(functions::create)),
        )
        .route(function, only("GET, PUT, DELETE", own))
        .route(&format!("{function}/code"), only("GET", get(code::get)))
        .route(&format!("{function}/logs"), only("GET", get(logs::logs)))
        .route(
            &format!("{space}/triggers"),
            only("GET, POST", get(triggers::list).post(triggers::create)),
        )
        .route(
            &format!("{space}/triggers/{{trigger}}"),
            only("GET, PUT, DELETE", trigger),
        );
    for rest in ["", "/", "/{*rest}"] {
        routes = routes
            .route(&format!("{function}/invoke{rest}"), any(invoke::call))
            .route(&format!("{function}/async-invoke{rest}"), any(invoke::accept));
    }
    routes
        .route_layer(from_fn_with_state(Arc::clone(&desk), caller::admit))
        .route("/oauth2/token", only("POST", post(oauth::token)))
        .route("/oauth2/revoke", only("POST", post(oauth::revoke)))
        .with_state(desk)
}

fn only(methods: &'static str, router: MethodRouter<Arc<Desk>>) -> MethodRouter<Arc<Desk>> {
    router.fallback(move || async move { wrong_method(methods) })
}

/// 405 with the methods that there are.
fn wrong_method(methods: &'static str) -> Response {
    let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    let mut response = refusal.into_response();
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(methods));
    response
}

/// What is said of a function that does not run (yet).
fn not_ready() -> Response {
    let text = r#"{"details":"function not ready"}"#;
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::ACCEPTED, kind, text).into_response()
}

/// A JSON document.
fn json(status: StatusCode, document: &impl Serialize) -> Result<Response, Refusal> {
    let text =
        serde_json::to_string(document).map_err(|e| Refusal::from(Error::internal("write a reply", e)))?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// Reads a document of at most `limit` bytes.
async fn read<T: DeserializeOwned>(headers: &HeaderMap, body: Body, limit: usize) -> Result<T, Refusal> {
    let text = read_body(headers, body, "Request", limit).await?;
    check_nesting(&text)?;
    serde_json::from_str(&text).map_err(|error| Refusal::bad_request(format!("invalid body: {error}")))
}

/// A refusal with everything that its reader may need.
fn told(error: Error) -> Refusal {
    let hint = error.hint.clone();
    let mut refusal = Refusal::from(error);
    if let Some(hint) =
        hint.filter(|hint| refusal.status.is_client_error() && !refusal.text.contains(hint.as_str()))
    {
        refusal.text = format!("{} {hint}", refusal.text).into();
    }
    refusal
}
