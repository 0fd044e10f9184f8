//! OpenFaaS' invocation paths served by the local engine.

mod call;
mod invoke;

use axum::Router;
use axum::routing::post;

use crate::gateway::Gateway;

pub(crate) use invoke::{call, called, is_call};

/// The paths at a glance, but for `/function/{name}[/{rest}]`, which [`call`] answers.
pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/async-function/{name}", post(invoke::accept))
        .route("/async-function/{name}/", post(invoke::accept))
        .route("/async-function/{name}/{*rest}", post(invoke::accept))
}
