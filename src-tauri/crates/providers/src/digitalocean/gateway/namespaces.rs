use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use beckon_core::{ErrorCode, NamespaceName, label};
use beckon_store::PlacedNamespace;
use serde_json::json;
use uuid::Uuid;

use super::caller::{Call, Caller};
use super::{Desk, json};
use crate::digitalocean::wire::{Fields, Namespace, invalid, region};
use crate::gateway::Refusal;

/// `GET namespaces`.
pub(super) async fn list(State(desk): State<Arc<Desk>>, caller: Caller) -> Result<Response, Refusal> {
    let all = desk.gateway.store.placed_namespaces().await?;
    let reached = |placed: &PlacedNamespace| caller.reaches(&placed.namespace.name);
    let documents: Vec<_> = all
        .into_iter()
        .filter(reached)
        .map(|placed| Namespace::of(placed, &caller.api_host))
        .collect();
    json(StatusCode::OK, &json!({ "namespaces": documents }))
}

/// `POST namespaces`: `{"region", "label"}`, or as doctl sends it `{"namespace": {"label", "Region"}}`.
pub(super) async fn create(
    State(desk): State<Arc<Desk>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    if caller.only_namespace().is_some() {
        return Err(Refusal::forbidden("not allowed to create namespace"));
    }
    let mut fields = Fields::read(&headers, body).await?;
    if let Some(inner) = fields.object("namespace")? {
        fields = inner;
    }
    let text = fields
        .text("label")?
        .ok_or_else(|| invalid("missing label field"))?;
    let label = label(text, "").map_err(|error| invalid(&error.message))?;
    let asked = fields
        .text("region")?
        .ok_or_else(|| invalid("missing region field"))?;
    let region = region(asked).ok_or_else(|| invalid("there is no such region"))?;
    let placed = make(&desk, &label, region).await?;
    one(&caller, placed)
}

/// `GET namespaces/{id}`.
pub(super) async fn get(call: Call) -> Result<Response, Refusal> {
    one(&call.caller, call.placed)
}

/// `DELETE namespaces/{id}`, with its functions, triggers and keys.
pub(super) async fn delete(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    let (engine, name) = (&desk.gateway.engine, call.namespace());
    let gone = |result: beckon_core::Result<()>| match result {
        Err(error) if error.code != ErrorCode::NotFound => Err(error),
        _ => Ok(()),
    };
    for schedule in engine.schedules(None).await? {
        if schedule.function.namespace == *name {
            gone(engine.delete_schedule(&schedule.id).await)?;
        }
    }
    engine
        .delete_namespace(name)
        .await
        .map_err(|error| match error.code {
            ErrorCode::NotFound => Refusal::not_found("namespace not found"),
            _ => error.into(),
        })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST sandbox`: the one namespace of those who never made one.
pub(super) async fn sandbox(State(desk): State<Arc<Desk>>, caller: Caller) -> Result<Response, Refusal> {
    let _naming = desk.naming.lock().await;
    let all = desk.gateway.store.placed_namespaces().await?;
    let reached = |placed: &PlacedNamespace| caller.reaches(&placed.namespace.name);
    let placed = match all.into_iter().find(reached) {
        Some(placed) => placed,
        None => make(&desk, "sandbox", "").await?,
    };
    one(&caller, placed)
}

async fn make(desk: &Desk, label: &str, region: &str) -> Result<PlacedNamespace, Refusal> {
    let name = NamespaceName::new(format!("fn-{}", Uuid::new_v4()))?;
    let store = &desk.gateway.store;
    store.create_namespace_in(&name, label, region).await?;
    let made = store.placed_namespace(&name).await?;
    made.ok_or_else(|| Refusal::not_found("namespace not found"))
}

fn one(caller: &Caller, placed: PlacedNamespace) -> Result<Response, Refusal> {
    let document = Namespace::of(placed, &caller.api_host);
    json(StatusCode::OK, &json!({ "namespace": document }))
}
