//! Deliveries of this very Beckon to its own functions: the run that one causes says so.

use axum::extract::Request;
use axum::http::Extensions;
use beckon_core::Cause;
use beckon_engine::delivery::MARK;

use super::Gateway;

/// A request that is a delivery.
#[derive(Clone, Copy)]
struct Delivered;

/// Takes the mark off a request, so that no function sees it, and remembers whether it was the right one.
pub(super) fn unmark(gateway: &Gateway, request: &mut Request) {
    if let Some(mark) = request.headers_mut().remove(MARK)
        && gateway.engine.deliveries().is_own(mark.as_bytes())
    {
        request.extensions_mut().insert(Delivered);
    }
}

/// Who asked for the run that a request causes.
pub(crate) fn cause(extensions: &Extensions) -> Cause {
    match extensions.get::<Delivered>() {
        Some(_) => Cause::Callback,
        None => Cause::Gateway,
    }
}
