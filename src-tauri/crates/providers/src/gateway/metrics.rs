//! `GET /metrics`: what Prometheus scrapes, in its text format 0.0.4.

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Gateway;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn routes() -> Router<Gateway> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(gateway): State<Gateway>) -> Response {
    let text = gateway.engine.prometheus().await;
    ([(CONTENT_TYPE, TEXT), (CACHE_CONTROL, "no-store")], text).into_response()
}
