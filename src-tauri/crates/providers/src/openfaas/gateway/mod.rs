//! OpenFaaS' invocation paths served by the local engine.

mod call;
mod invoke;

use axum::Router;
use axum::routing::{any, post};

use crate::gateway::Gateway;

/// The paths at a glance.
pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/function/{name}", any(invoke::invoke))
        .route("/function/{name}/", any(invoke::invoke))
        .route("/function/{name}/{*rest}", any(invoke::invoke))
        .route("/async-function/{name}", post(invoke::accept))
        .route("/async-function/{name}/", post(invoke::accept))
        .route("/async-function/{name}/{*rest}", post(invoke::accept))
}
