//! OpenFaaS' gateway served by the local engine: calls of functions, and the control plane `/system`.

mod call;
mod clean;
mod invoke;
mod speak;
mod system;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get, post};

use crate::gateway::{Gateway, Refusal};

pub(crate) use clean::cleaned;
pub(crate) use invoke::{call, called, is_call};
pub(crate) use speak::speak;

/// Whether a path is this dialect's, so that refusals are written as its texts.
pub(crate) fn is_mine(path: &str) -> bool {
    let is_call = |prefix| {
        path.strip_prefix(prefix)
            .is_some_and(|rest: &str| rest.is_empty() || rest.starts_with('/'))
    };
    is_control(path)
        || path == "/healthz"
        || is_call("/async-function")
        || (is_call("/function") && !invoke::is_call(path))
}

/// Whether a path is of the control plane.
pub(crate) fn is_control(path: &str) -> bool {
    path.starts_with("/system/")
}

/// The paths at a glance, but for `/function/{name}[/{rest}]`, which [`call`] answers.
pub(crate) fn routes(gateway: &Gateway) -> Router<Gateway> {
    let unknown = || any(|| async { Refusal::not_found("404 page not found") });
    Router::new()
        .route("/function", unknown())
        .route("/function/", unknown())
        .route("/async-function", unknown())
        .route("/async-function/", unknown())
        .route(
            "/async-function/{name}",
            post(invoke::accept).delete(invoke::cancel),
        )
        .route("/async-function/{name}/", post(invoke::accept))
        .route("/async-function/{name}/{*rest}", post(invoke::accept))
        .route("/healthz", get(|| async { (StatusCode::OK, "OK") }))
        .merge(system::routes(gateway))
}
