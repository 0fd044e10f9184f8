//! `/v2/functions` served by the local engine: namespaces of the engine are an account's, its schedules are the scheduled
//! triggers, and its tokens the access keys. Everything made here shows in the window and the other way round.
//!
//! What differs from DigitalOcean on purpose: a namespace has no legacy key (`key` is empty), and there is no limit on the
//! number of namespaces, triggers and keys.

mod caller;
mod keys;
mod meter;
mod namespaces;
mod speak;
mod triggers;

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post, put};
use serde::Serialize;
use tokio::sync::Mutex;

use crate::gateway::{Gateway, Refusal};
use meter::Meter;
pub(crate) use speak::speak;

/// What all paths of this dialect begin with.
const PREFIX: &str = "/v2/functions/";

/// Whether a path is this dialect's, so that refusals are written as its error documents.
pub(crate) fn is_mine(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// What the routes share beside the gateway.
struct Desk {
    gateway: Gateway,
    meter: Meter,
    /// Held while something with a name of its own is made or renamed: two of one name must not both find it free.
    naming: Mutex<()>,
}

/// The whole API at a glance.
pub(crate) fn routes(gateway: &Gateway) -> Router<Gateway> {
    let desk = Arc::new(Desk {
        gateway: gateway.clone(),
        meter: Meter::default(),
        naming: Mutex::default(),
    });
    let namespace = "/v2/functions/namespaces/{namespace}";
    Router::new()
        .route(
            "/v2/functions/namespaces",
            only(get(namespaces::list).post(namespaces::create)),
        )
        .route(namespace, only(get(namespaces::get).delete(namespaces::delete)))
        .route(
            &format!("{namespace}/triggers"),
            only(get(triggers::list).post(triggers::create)),
        )
        .route(
            &format!("{namespace}/triggers/{{trigger}}"),
            only(get(triggers::get).put(triggers::change).delete(triggers::delete)),
        )
        .route(
            &format!("{namespace}/keys"),
            only(get(keys::list).post(keys::create)),
        )
        .route(
            &format!("{namespace}/keys/{{key}}"),
            only(put(keys::rename).delete(keys::delete)),
        )
        .route("/v2/functions/sandbox", only(post(namespaces::sandbox)))
        .route_layer(from_fn_with_state(Arc::clone(&desk), caller::admit))
        .with_state(desk)
}

fn only(router: MethodRouter<Arc<Desk>>) -> MethodRouter<Arc<Desk>> {
    router.fallback(|| async {
        Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "The method is not allowed for this resource.",
        )
    })
}

/// A JSON document.
fn json(status: StatusCode, document: &impl Serialize) -> Result<Response, Refusal> {
    let text = serde_json::to_string(document)
        .map_err(|e| Refusal::from(beckon_core::Error::internal("write a reply", e)))?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], text).into_response())
}
