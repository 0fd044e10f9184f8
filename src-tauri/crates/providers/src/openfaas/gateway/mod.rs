//! OpenFaaS' gateway served by the local engine: calls of functions, and the control plane `/system`.

mod call;
mod invoke;
mod speak;
mod system;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};

use crate::gateway::Gateway;

pub(crate) use invoke::{call, called, is_call};
pub(crate) use speak::speak;

/// Whether a path is this dialect's, so that refusals are written as its texts.
pub(crate) fn is_mine(path: &str) -> bool {
    is_control(path) || path == "/healthz" || path.starts_with("/async-function/")
}

/// Whether a path is of the control plane.
pub(crate) fn is_control(path: &str) -> bool {
    path.starts_with("/system/")
}

/// The paths at a glance, but for `/function/{name}[/{rest}]`, which [`call`] answers.
pub(crate) fn routes(gateway: &Gateway) -> Router<Gateway> {
    Router::new()
        .route(
            "/async-function/{name}",
            post(invoke::accept).delete(invoke::cancel),
        )
        .route("/async-function/{name}/", post(invoke::accept))
        .route("/async-function/{name}/{*rest}", post(invoke::accept))
        .route("/healthz", get(|| async { (StatusCode::OK, "OK") }))
        .merge(system::routes(gateway))
}
