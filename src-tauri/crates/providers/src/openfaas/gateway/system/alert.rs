use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::caller::Caller;
use super::read;
use super::scale;
use super::status::{self, Deployed, Replicas};
use crate::gateway::{Gateway, Refusal};
use crate::openfaas::wire::{InnerAlert, PrometheusAlert, Texts};

/// Percent of the most that one alert adds (OpenFaaS CE, `com.openfaas.scale.factor`).
const FACTOR: u64 = 10;

/// `POST /system/alert`: what Alertmanager calls when a function is under load, and when it is not any more.
pub(super) async fn alert(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let alert: PrometheusAlert = read(&headers, body)
        .await
        .map_err(|_| Refusal::bad_request("Unable to parse alert, bad format."))?;
    let mut wrong = Vec::new();
    for (at, inner) in alert.alerts.iter().enumerate() {
        if let Err(refusal) = heed(&gateway, &caller, inner, &alert.status).await {
            wrong.push(format!("[{at}] {}", refusal.text));
        }
    }
    if wrong.is_empty() {
        return Ok(StatusCode::OK.into_response());
    }
    Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, wrong.join("\n")))
}

async fn heed(gateway: &Gateway, caller: &Caller, alert: &InnerAlert, status: &str) -> Result<(), Refusal> {
    let name = &alert.labels.function_name;
    let key = caller.function(gateway, name, None).await?;
    let function = gateway.store.function(&key).await?;
    let function = function.ok_or_else(|| Refusal::not_found(format!("unable to find function: {name}")))?;
    let labels = Deployed::of(&function).and_then(|deployed| deployed.kept.labels);
    let number = |label: &str, usual: u64| number(labels.as_ref(), label, usual);
    let most = u64::from(function.limits.concurrency);
    let least = number("com.openfaas.scale.min", 1).min(most);
    let factor = number("com.openfaas.scale.factor", FACTOR).min(100);
    if least == most || factor == 0 {
        return Ok(()); // it is not to be scaled
    }
    let replicas = Replicas::count(gateway).await?;
    let now = status::of(&function, replicas.get(&key).copied().unwrap_or_default()).replicas;
    let status = if alert.status.is_empty() {
        status
    } else {
        &alert.status
    };
    let wanted = match status {
        "firing" => (now + (most * factor).div_ceil(100)).min(most),
        _ => least,
    };
    scale::to(gateway, &key, wanted).await
}

fn number(labels: Option<&Texts>, label: &str, usual: u64) -> u64 {
    let text = labels.and_then(|labels| labels.get(label));
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(usual)
}
