use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::caller::{Call, no_function};
use super::status::{Known, code_of};
use super::{Desk, json, not_ready};
use crate::gateway::Refusal;
use crate::spaces::wire::Source;

/// `GET …/code`: `{"code"}` in base64, of the version that runs, whatever was sent since; 202 while none does.
pub(super) async fn get(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    let known = Known::find(&desk, &call.function()?).await?;
    match known.ok_or_else(no_function)?.function {
        Some(function) => {
            let code = code_of(&function);
            json(StatusCode::OK, &Source { code })
        }
        None => Ok(not_ready()),
    }
}
