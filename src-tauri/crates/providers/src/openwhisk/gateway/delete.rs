use axum::extract::State;
use axum::response::Response;
use beckon_core::ErrorCode;

use super::call::Call;
use super::get::no_action;
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::entities;
use crate::openwhisk::wire::Action;

/// `DELETE P/actions/[{package}/]{name}`: answers what was deleted.
pub(super) async fn delete(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    let key = call.function()?;
    call.may_change(&key)?;
    entities::own_package(&gateway, &key)?;
    let function = gateway
        .engine
        .delete_function(&key)
        .await
        .map_err(|error| match error.code {
            ErrorCode::NotFound => no_action(&gateway, &key),
            _ => error.into(),
        })?;
    super::json(&Action::of(&function, true))
}
