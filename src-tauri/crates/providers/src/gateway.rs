//! The gateway: what clients of a provider find on this machine instead of the provider.
//!
//! All dialects live at the root of one port; their paths do not collide. Around them stands what has nothing to do
//! with a dialect ([`front`]): the guard against pages and names from elsewhere, functions' own host names, and orderly
//! treatment of bodies that nobody reads. What Prometheus scrapes is on the same port, at `/metrics`: one port is what a
//! user can be expected to know, and the guard keeps it to this machine. It needs no token, for it tells names and
//! numbers and no content.

mod asked;
mod body;
mod domains;
mod front;
mod guard;
pub(crate) mod http;
mod inbox;
mod mark;
mod metrics;
mod refusal;

use std::sync::Arc;

use axum::Router;
use beckon_core::Clock;
use beckon_engine::Engine;
use beckon_store::Store;

pub use crate::openwhisk::gateway::throttle::Throttle;
use crate::{digitalocean, openfaas, openwhisk, spaces};
pub(crate) use asked::{PathNames, bearer};
pub use body::drain;
pub(crate) use body::{check_nesting, read_body, read_bytes, require_json};
pub use front::Front;
pub(crate) use guard::is_of_page;
pub(crate) use mark::cause;
pub(crate) use refusal::Refusal;

/// What the dialects serve from.
#[derive(Clone)]
pub struct Gateway {
    /// Runs the functions.
    pub engine: Engine,
    /// Keeps functions, tokens and activations.
    pub store: Store,
    /// The time that tokens are judged by.
    pub clock: Clock,
    /// How much each namespace may ask of OpenWhisk's API.
    pub throttle: Arc<Throttle>,
    /// The triggers of Spaces' spaces.
    pub space_triggers: Arc<spaces::SpaceTriggers>,
}

/// Every dialect, to be served on a loopback address.
///
/// A request whose `Host` is neither loopback nor a domain of a function, or that a page of another origin makes, is
/// refused with 403 before any dialect sees it.
///
/// To be called in the runtime where long work is to be done, which may be another than the one that it is served in.
pub fn front(gateway: Gateway) -> Front {
    openwhisk::gateway::utils::provide(&gateway);
    let dialects = Router::new()
        .merge(openwhisk::gateway::routes())
        .merge(openfaas::gateway::routes(&gateway))
        .merge(digitalocean::gateway::routes(&gateway))
        .merge(spaces::gateway::routes(&gateway))
        .merge(metrics::routes())
        .merge(inbox::routes())
        .fallback(|| async { Refusal::not_found("The requested resource could not be found.") })
        .with_state(gateway.clone());
    Front::new(gateway, dialects)
}

/// The same as a router of its own.
pub fn router(gateway: Gateway) -> Router {
    Router::new().fallback_service(front(gateway))
}
