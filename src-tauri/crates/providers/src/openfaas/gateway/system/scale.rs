use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use beckon_core::{FunctionKey, NewFunction};
use beckon_engine::WorkerState;
use beckon_store::Expect;

use super::caller::Caller;
use super::{accepted, read, told};
use crate::gateway::{Gateway, Refusal};
use crate::openfaas::wire::ScaleServiceRequest;

/// `POST /system/scale-function/{name}`: so many workers are kept ready from now on, within what the function may have.
/// 0 lets them go; the next call starts one.
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
    let function = gateway.store.function(key).await?;
    let function =
        function.ok_or_else(|| Refusal::not_found(format!("unable to find function: {}", key.name)))?;
    if !function.contract.keeps_worker(function.runtime.language()) {
        // A process per request: there is nothing to keep.
        return Ok(());
    }
    let most = function.limits.concurrency;
    let wanted = u32::try_from(replicas).unwrap_or(most).min(most);
    if wanted != function.settings.min_workers {
        let mut new = NewFunction::from((*function).clone());
        new.settings.min_workers = wanted;
        let expect = Expect::Version(function.version);
        // Workers of the version before go by themselves, and those of the new one are as many as are wanted.
        gateway
            .engine
            .put_function(key, new, expect)
            .await
            .map_err(told)?;
        return Ok(());
    }
    let version = function.version.to_string();
    let mut workers = gateway.engine.status().workers;
    // One that is being started may be one of those that are kept ready, and it would be taken for one that cannot start.
    workers.retain(|worker| {
        worker.function == *key
            && worker.version == version
            && matches!(worker.state, WorkerState::Ready | WorkerState::Busy)
    });
    // Those in a run stay where there are others to go.
    workers.sort_by_key(|worker| worker.state != WorkerState::Busy);
    for worker in workers.iter().skip(wanted as usize) {
        gateway.engine.stop_worker(worker.number, false);
    }
    Ok(())
}
