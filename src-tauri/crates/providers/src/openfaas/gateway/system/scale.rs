use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use beckon_core::{ErrorCode, FunctionKey};

use super::caller::Caller;
use super::{accepted, read, told};
use crate::gateway::{Gateway, Refusal};
use crate::openfaas::wire::ScaleServiceRequest;

/// `POST /system/scale-function/{name}`: so many workers are kept ready from now on, within what the function may have,
/// until it is deployed again. 0 lets them go; the next call starts one.
pub(super) async fn scale(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let asked: ScaleServiceRequest = read(&headers, body).await?;
    let written = if asked.service_name.is_empty() {
        &name
    } else {
        &asked.service_name
    };
    let key = caller
        .function(&gateway, written, asked.namespace.as_deref())
        .await?;
    to(&gateway, &key, asked.replicas).await?;
    Ok(accepted())
}

/// Has this many workers of a function be there. 404 when there is no such function.
pub(super) async fn to(gateway: &Gateway, key: &FunctionKey, replicas: u64) -> Result<(), Refusal> {
    let wanted = u32::try_from(replicas).unwrap_or(u32::MAX);
    match gateway.engine.wish_workers(key, wanted).await {
        Err(error) if error.code == ErrorCode::NotFound => Err(Refusal::not_found(format!(
            "unable to find function: {}",
            key.name
        ))),
        wished => wished.map_err(told),
    }
}
