use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::caller::Caller;
use super::deploy::{is_scheduled, unschedule};
use super::status::{self, Deployed, Replicas};
use super::{accepted, json, read, told};
use crate::gateway::{Gateway, Refusal};
use crate::openfaas::wire::DeleteFunctionRequest;

/// `GET /system/functions?namespace=`: the functions of a namespace, by name.
pub(super) async fn list(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, Refusal> {
    let namespace = caller.namespace(&gateway, None).await?;
    let replicas = Replicas::count(&gateway).await?;
    let mut all = Vec::new();
    for summary in gateway.store.functions(Some(&namespace)).await? {
        // One may be gone since.
        let Some(function) = gateway.store.function(&summary.key).await? else {
            continue;
        };
        let count = replicas.get(&function.key).copied().unwrap_or_default();
        let mut status = status::of(&function, count);
        status.invocation_count = gateway.engine.calls(&function.key);
        all.push(status);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    json(StatusCode::OK, &all)
}

/// `GET /system/function/{name}?namespace=&usage=1`; an empty 404 when there is none.
pub(super) async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let key = caller.function(&gateway, &name, None).await?;
    let function = gateway.store.function(&key).await?;
    let function = function.ok_or_else(|| Refusal::not_found(""))?;
    let replicas = Replicas::count(&gateway).await?;
    let count = replicas.get(&key).copied().unwrap_or_default();
    let status = status::of(&function, count);
    let wants_usage = caller
        .parameter("usage")
        .is_some_and(|usage| matches!(usage, "1" | "true"));
    json(
        StatusCode::OK,
        &if wants_usage {
            status.with_usage(count)
        } else {
            status
        },
    )
}

/// `DELETE /system/functions`: `{"functionName", "namespace"?}`. Runs in flight finish.
pub(super) async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let asked: DeleteFunctionRequest = read(&headers, body).await?;
    if asked.function_name.is_empty() {
        return Err(Refusal::bad_request("functionName: is required"));
    }
    let key = caller
        .function(&gateway, &asked.function_name, asked.namespace.as_deref())
        .await?;
    let function = gateway.store.function(&key).await?;
    if function
        .as_deref()
        .and_then(Deployed::of)
        .is_some_and(|deployed| is_scheduled(&deployed))
    {
        unschedule(&gateway.engine, &key).await?;
    }
    gateway.engine.delete_function(&key).await.map_err(told)?;
    Ok(accepted())
}
