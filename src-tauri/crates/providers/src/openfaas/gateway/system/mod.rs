//! The control plane: what is deployed, how much of it runs, and what it wrote.
//!
//! Namespaces, functions and tokens are the engine's: what is made here shows in the window, and the other way round. A
//! function that is in a package is `package__name`, as in the paths that call it.

mod alert;
mod caller;
mod deploy;
mod functions;
mod info;
mod lines;
mod logs;
mod namespaces;
mod scale;
mod secrets;
mod status;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use beckon_core::{Error, ErrorCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::gateway::{Gateway, Refusal, check_nesting, read_body};

/// Most bytes of a request. A deployment is names and numbers.
const LIMIT: usize = 2 * 1024 * 1024;

/// The whole control plane at a glance.
pub(super) fn routes(gateway: &Gateway) -> Router<Gateway> {
    let functions = get(functions::list)
        .post(deploy::create)
        .put(deploy::update)
        .delete(functions::delete);
    let secrets = get(secrets::list)
        .post(secrets::write)
        .put(secrets::write)
        .delete(secrets::delete);
    let namespace = get(namespaces::get)
        .put(namespaces::update)
        .delete(namespaces::delete);
    let unknown = || async { Refusal::not_found("404 page not found") };
    Router::new()
        .route("/system/{*rest}", any(unknown))
        .route("/system/info", get(info::get))
        .route("/system/functions", functions)
        .route("/system/function/{name}", get(functions::get))
        .route("/system/secrets", secrets)
        .route("/system/scale-function/{name}", post(scale::scale))
        .route("/system/alert", post(alert::alert))
        .route("/system/logs", get(logs::logs))
        .route("/system/namespaces", get(namespaces::list))
        .route("/system/namespace/", post(namespaces::create))
        .route("/system/namespace/{namespace}", namespace)
        .route_layer(from_fn_with_state(gateway.clone(), caller::admit))
}

/// An empty 202, which is what success is here.
fn accepted() -> Response {
    StatusCode::ACCEPTED.into_response()
}

/// A refusal with everything that its reader may need: nothing but this text is shown on a command line.
fn told(error: Error) -> Refusal {
    let parts = [error.hint.clone(), error.details.clone()];
    let is_callers = matches!(
        error.code,
        ErrorCode::InvalidInput | ErrorCode::NotFound | ErrorCode::Conflict | ErrorCode::RuntimeMissing
    );
    let mut refusal = Refusal::from(error);
    if is_callers {
        let mut text = refusal.text.into_owned();
        for part in parts
            .into_iter()
            .flatten()
            .filter(|part| !text.contains(part.as_str()))
            .collect::<Vec<_>>()
        {
            text.push('\n');
            text.push_str(&part);
        }
        refusal.text = text.into();
    }
    refusal
}

/// A JSON document.
fn json(status: StatusCode, document: &impl Serialize) -> Result<Response, Refusal> {
    let text =
        serde_json::to_string(document).map_err(|e| Refusal::from(Error::internal("write a reply", e)))?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// Reads a document. Its media type does not matter: OpenFaaS' gateway never asks for it, and clients leave it out.
async fn read<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Refusal> {
    let text = read_body(headers, body, "Request", LIMIT).await?;
    check_nesting(&text)?;
    serde_json::from_str(&text)
        .map_err(|error| Refusal::bad_request(format!("unable to parse the request: {error}")))
}
