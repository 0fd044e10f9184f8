use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::caller::{Call, no_function};
use super::status::Known;
use super::{Desk, json, not_ready};
use crate::gateway::Refusal;

/// `GET …/code`: `{"code"}` in base64, of the version that runs; 202 where it does not.
pub(super) async fn get(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    let known = Known::find(&desk, &call.function()?).await?;
    let known = known.ok_or_else(no_function)?;
    match known.draft().source {
        Some(source) if known.deployment.is_none() => json(StatusCode::OK, &source),
        _ => Ok(not_ready()),
    }
}
