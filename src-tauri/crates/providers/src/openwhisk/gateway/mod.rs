//! The OpenWhisk API served by the local engine. One file per verb or small group.

mod activations;
mod call;
mod code;
mod delete;
mod docs;
mod entities;
mod get;
mod host;
mod invoke;
mod limits;
mod list;
mod merge;
mod namespaces;
mod put;
mod query;
mod sequence;
mod speak;
pub(crate) mod throttle;
pub(crate) mod utils;
pub(crate) mod web;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use serde::Serialize;

use crate::gateway::{Gateway, Refusal};
pub(crate) use call::authorize;
pub(in crate::openwhisk) use merge::{unique, within};
pub(crate) use speak::{name_transaction, speak, transaction};

/// Upstream's text for an entity that is not there.
pub(in crate::openwhisk) const NO_SUCH: &str = "The requested resource does not exist.";

const GET: &str = "GET";
const ACTION: &str = "GET, PUT, POST, DELETE";

/// The whole API at a glance.
pub(crate) fn routes() -> Router<Gateway> {
    let namespace = "/api/v1/namespaces/{namespace}";
    let action = || {
        get(get::get)
            .put(put::put)
            .post(invoke::invoke)
            .delete(delete::delete)
    };
    Router::new()
        .route("/", only(get(host::host), GET))
        .route("/ping", only(get(host::ping), GET))
        .route("/api/v1", only(get(host::api), GET))
        .route("/api/v1/", only(get(host::api), GET))
        .route("/api/v1/api-docs", only(get(docs::api_docs), GET))
        .route("/api/v1/namespaces", only(get(namespaces::namespaces), GET))
        .route("/api/v1/namespaces/", only(get(namespaces::namespaces), GET))
        .route(&format!("{namespace}/actions"), only(get(list::list), GET))
        .route(&format!("{namespace}/actions/"), only(get(list::list), GET))
        .route(&format!("{namespace}/actions/{{name}}"), only(action(), ACTION))
        // With a trailing slash the name is a package's, and its actions are listed.
        .route(
            &format!("{namespace}/actions/{{package}}/"),
            only(get(list::in_package), GET),
        )
        .route(
            &format!("{namespace}/actions/{{package}}/{{name}}"),
            only(action(), ACTION),
        )
        .route(
            &format!("{namespace}/activations"),
            only(get(activations::list), GET),
        )
        .route(
            &format!("{namespace}/activations/"),
            only(get(activations::list), GET),
        )
        .route(
            &format!("{namespace}/activations/{{id}}"),
            only(get(activations::get), GET),
        )
        .route(
            &format!("{namespace}/activations/{{id}}/logs"),
            only(get(activations::logs), GET),
        )
        .route(
            &format!("{namespace}/activations/{{id}}/result"),
            only(get(activations::result), GET),
        )
        .route(&format!("{namespace}/limits"), only(get(limits::limits), GET))
        .merge(entities::routes())
}

const ENTITY: &str = "GET, PUT, DELETE";

/// Answers the other methods with upstream's 405.
fn only(router: MethodRouter<Gateway>, methods: &'static str) -> MethodRouter<Gateway> {
    router.fallback(move || async move {
        let text = format!("HTTP method not allowed, supported methods: {methods}");
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, text)
    })
}

/// Upstream's 400 for a body that cannot be understood.
pub(in crate::openwhisk) fn malformed(detail: &str) -> Refusal {
    Refusal::bad_request(format!("The request content was malformed:\n{detail}"))
}

/// A JSON document whose text exists already.
fn json_text(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// A JSON document.
fn json(document: &impl Serialize) -> Result<Response, Refusal> {
    let text = serde_json::to_string(document)
        .map_err(|e| Refusal::from(beckon_core::Error::internal("write a reply", e)))?;
    Ok(json_text(StatusCode::OK, text))
}
