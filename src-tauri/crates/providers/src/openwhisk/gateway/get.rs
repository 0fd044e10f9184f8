use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use beckon_core::{EntityKey, FunctionKey};

use super::NO_SUCH;
use super::call::Shared;
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::entities::NOT_HERE;
use crate::openwhisk::wire::Action;

/// What to answer where there is no such function: names are shared with packages, triggers and rules.
pub(super) fn no_action(gateway: &Gateway, key: &FunctionKey) -> Refusal {
    let entity = EntityKey::new(key.namespace.as_str(), key.name.as_str()).ok();
    match entity.and_then(|entity| gateway.store.entity(&entity)) {
        Some(_) => Refusal::new(StatusCode::CONFLICT, NOT_HERE),
        None => Refusal::not_found(NO_SUCH),
    }
}

/// `GET P/actions/[{package}/]{name}`, with its code unless `code=false`. Through a binding it is the function that the
/// binding leads to; its parameters are those of package, binding and function together.
pub(super) async fn get(State(gateway): State<Gateway>, Shared(call): Shared) -> Result<Response, Refusal> {
    let with_code = call.query.flag("code", true)?;
    let key = call.function()?;
    call.may_use(&key)?;
    let target = gateway.store.target(&key).await?;
    let target = target.ok_or_else(|| no_action(&gateway, &key))?;
    super::json(&Action::of(&target.function, with_code).above(&target.defaults))
}
