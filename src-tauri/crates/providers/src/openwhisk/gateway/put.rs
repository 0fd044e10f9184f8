use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use beckon_core::{ErrorCode, Function, FunctionKey, NewFunction};
use beckon_store::Expect;

use super::call::Call;
use super::get::no_action;
use super::merge::merged;
use super::{NO_SUCH, malformed};
use crate::gateway::{Gateway, Refusal, read_body, require_json};
use crate::openwhisk::entities;
use crate::openwhisk::wire::{Action, PutAction};

/// 48 MB of code in base64, and its parameters and annotations.
const PUT_LIMIT: usize = 68 * 1024 * 1024;

/// `PUT P/actions/[{package}/]{name}`: makes a function or, with `overwrite=true`, changes one.
///
/// Its package must be there, and must not be a binding. `limits.concurrency` other than 1 is refused,
/// since it means runs per container (a worker of Beckon takes one at a time); how many workers a function may have is
/// kept as it is, and is Beckon's default for a new one.
pub(super) async fn put(
    State(gateway): State<Gateway>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let overwrite = call.query.flag("overwrite", false)?;
    let key = call.function()?;
    call.may_change(&key)?;
    let text = read_body(&headers, body, "exec", PUT_LIMIT).await?;
    require_json(&headers)?;
    let wanted: PutAction = serde_json::from_str(&text).map_err(|error| malformed(&error.to_string()))?;
    drop(text);
    entities::own_package(&gateway, &key)?;
    let old = gateway.store.function(&key).await?;
    if let (None, Refusal { status, text }) = (&old, no_action(&gateway, &key))
        && status == StatusCode::CONFLICT
    {
        return Err(Refusal::new(status, text));
    }
    if old.is_some() && !overwrite {
        return Err(Refusal::new(StatusCode::CONFLICT, "resource already exists"));
    }
    let expect = old
        .as_ref()
        .map_or(Expect::New, |old| Expect::Version(old.version));
    let new = merged(wanted, old, &key, &call, &gateway).await?;
    let function = save(&gateway, &key, new, expect).await?;
    super::json(&Action::of(&function, true))
}

async fn save(
    gateway: &Gateway,
    key: &FunctionKey,
    new: NewFunction,
    expect: Expect,
) -> Result<Arc<Function>, Refusal> {
    gateway
        .engine
        .put_function(key, new, expect)
        .await
        .map_err(|error| match (error.code, expect) {
            (ErrorCode::Conflict, Expect::Version(_)) => Refusal::new(
                StatusCode::CONFLICT,
                "Concurrent modification to resource detected.",
            ),
            (ErrorCode::Conflict, _) => Refusal::new(StatusCode::CONFLICT, "resource already exists"),
            (ErrorCode::NotFound, _) => Refusal::not_found(NO_SUCH),
            (ErrorCode::InvalidInput, _) => malformed(&error.message),
            (ErrorCode::RuntimeMissing, _) => {
                malformed(&format!("{} {}", error.message, error.hint.unwrap_or_default()))
            }
            _ => error.into(),
        })
}
