use axum::extract::State;
use axum::response::Response;

use super::call::Call;
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::wire::Action;

/// Upstream's text for an entity that is not there.
pub(super) const NO_SUCH: &str = "The requested resource does not exist.";

/// `GET P/actions/[{package}/]{name}`, with its code unless `code=false`.
pub(super) async fn get(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    let with_code = call.query.flag("code", true)?;
    let key = call.function()?;
    call.may_use(&key)?;
    let function = gateway
        .store
        .function(&key)
        .await?
        .ok_or_else(|| Refusal::not_found(NO_SUCH))?;
    super::json(&Action::of(&function, with_code))
}
