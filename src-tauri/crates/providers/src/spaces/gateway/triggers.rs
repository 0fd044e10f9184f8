//! The triggers of a space, over HTTP.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use beckon_store::SpacesTrigger;

use super::caller::Call;
use super::list::window;
use super::{Desk, json, read};
use crate::gateway::Refusal;
use crate::spaces::SpaceTriggers;
use crate::spaces::wire::{Page, Trigger};

/// Most bytes of a trigger's document.
const LIMIT: usize = 256 * 1024;

/// `GET /spaces/{space}/triggers?type=`: oldest first.
pub(super) async fn list(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    call.whole_space()?;
    let mut all = desk.triggers().documents(&call.space).await?;
    if let Some(kind) = call.caller.parameter("type") {
        all.retain(|trigger| trigger.kind == kind);
    }
    // Ids sort by the time that they were made.
    all.sort_by(|a, b| a.id.cmp(&b.id));
    let ids: Vec<_> = all.iter().map(|trigger| trigger.id.clone()).collect();
    let (range, paging) = window(&call.caller, &ids)?;
    let data = all.drain(range).collect();
    json(StatusCode::OK, &Page { data, paging })
}

/// `POST /spaces/{space}/triggers`.
pub(super) async fn create(
    State(desk): State<Arc<Desk>>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    call.whole_space()?;
    let trigger: Trigger = read(&headers, body, LIMIT).await?;
    let kept = desk.triggers().keep(&call.space, trigger, None).await?;
    json(StatusCode::CREATED, &kept)
}

/// `GET /spaces/{space}/triggers/{trigger}`.
pub(super) async fn get(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    call.whole_space()?;
    let kept = find(desk.triggers(), &call).await?;
    json(StatusCode::OK, &desk.triggers().told(kept)?)
}

/// `PUT /spaces/{space}/triggers/{trigger}`: another in its place, of the same id.
pub(super) async fn update(
    State(desk): State<Arc<Desk>>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    call.whole_space()?;
    let trigger: Trigger = read(&headers, body, LIMIT).await?;
    let old = find(desk.triggers(), &call).await?;
    let kept = desk.triggers().keep(&call.space, trigger, Some(old)).await?;
    json(StatusCode::OK, &kept)
}

/// `DELETE /spaces/{space}/triggers/{trigger}`.
pub(super) async fn delete(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    call.whole_space()?;
    let old = find(desk.triggers(), &call).await?;
    desk.triggers().delete(&call.space, &old.id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn find(triggers: &SpaceTriggers, call: &Call) -> Result<SpacesTrigger, Refusal> {
    let found = triggers.find(&call.space, call.trigger()).await?;
    found.ok_or_else(|| Refusal::not_found("trigger not found"))
}
