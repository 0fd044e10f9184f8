use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use beckon_core::{Error, ErrorCode, FunctionKey, LABEL_LIMIT};
use beckon_engine::CODE_LIMIT;
use beckon_store::SpacesDeployment;

use super::caller::{Call, key, no_function};
use super::status::{Known, written};
use super::{Desk, deploy, json, read, told};
use crate::gateway::Refusal;
use crate::spaces::ulid;
use crate::spaces::wire::Draft;

/// Most bytes of a function's document: the largest code in base64, and room for the rest.
const LIMIT: usize = CODE_LIMIT / 3 * 4 + 2 * 1024 * 1024;
/// Longest name: a label of RFC 1123.
const LONGEST: usize = 63;

/// `GET /spaces/{space}/functions/{function}`.
pub(super) async fn get(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    let known = Known::find(&desk, &call.function()?).await?;
    let known = known.ok_or_else(no_function)?;
    json(StatusCode::OK, &known.document(&desk, true).await?)
}

/// `POST /spaces/{space}/functions`: 201 at once, and built after that; 409 where there is a function of this name.
pub(super) async fn create(
    State(desk): State<Arc<Desk>>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    call.whole_space()?;
    let draft = sent(&headers, body).await?;
    let name = draft.name.as_deref().unwrap_or_default();
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let key = key(&call.space, name)
        .filter(|_| name.len() <= LONGEST && name.bytes().all(is_name) && !name.starts_with('-'))
        .ok_or_else(|| {
            Refusal::bad_request("name must be lower case letters, digits and hyphens, at most 63")
        })?;
    let _sending = desk.deployments.sending.lock().await;
    if Known::find(&desk, &key).await?.is_some() {
        return Err(Refusal::new(StatusCode::CONFLICT, "This function already exists"));
    }
    check(&desk, &draft)?;
    deploy::plan(&draft, "", None).map_err(told)?;
    let id = ulid::new(desk.gateway.clock.now());
    let known = send(&desk, &key, &id, draft, None).await?;
    json(StatusCode::CREATED, &known.document(&desk, true).await?)
}

/// `PUT /spaces/{space}/functions/{function}`. What is not said stays.
pub(super) async fn update(
    State(desk): State<Arc<Desk>>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    call.whole_space()?;
    let key = call.function()?;
    let draft = sent(&headers, body).await?;
    let _sending = desk.deployments.sending.lock().await;
    let known = Known::find(&desk, &key).await?.ok_or_else(no_function)?;
    if draft.name.as_deref().is_some_and(|name| name != written(&key)) {
        return Err(Refusal::bad_request("the name of a function cannot be changed"));
    }
    check(&desk, &draft)?;
    // What was sent before and is not built is sent again with this.
    let sent = known.deployment.as_ref();
    let before = sent.and_then(|sent| serde_json::from_str(&sent.document).ok());
    let draft = draft.over(before.unwrap_or_default());
    deploy::plan(&draft, "", known.function.as_deref()).map_err(told)?;
    let created = match (sent, &known.function) {
        (Some(sent), _) => Some(sent.created),
        (None, function) => function.as_ref().map(|function| function.created),
    };
    let known = send(&desk, &key, &known.id(), draft, created).await?;
    json(StatusCode::OK, &known.document(&desk, true).await?)
}

/// `DELETE /spaces/{space}/functions/{function}`. Runs in flight finish.
pub(super) async fn delete(State(desk): State<Arc<Desk>>, call: Call) -> Result<Response, Refusal> {
    call.whole_space()?;
    let key = call.function()?;
    let _sending = desk.deployments.sending.lock().await;
    Known::find(&desk, &key).await?.ok_or_else(no_function)?;
    deploy::stop(&desk, &key).await;
    if let Some(sent) = desk.gateway.store.spaces_deployment(&key).await? {
        desk.gateway.store.drop_spaces_deployment(&sent.revision).await?;
    }
    desk.triggers().unschedule(&key).await?;
    match desk.gateway.engine.delete_function(&key).await {
        Err(error) if error.code != ErrorCode::NotFound => return Err(error.into()),
        _ => {}
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What a client sends of a function. Options that Spaces has not are of no effect here, and not kept.
async fn sent(headers: &HeaderMap, body: Body) -> Result<Draft, Refusal> {
    let mut draft: Draft = read(headers, body, LIMIT).await?;
    if let Some(options) = &mut draft.options {
        options.others.clear();
    }
    Ok(draft)
}

/// Keeps what was sent and begins to build it, in place of what was being built.
async fn send(
    desk: &Arc<Desk>,
    key: &FunctionKey,
    id: &str,
    draft: Draft,
    created: Option<i64>,
) -> Result<Known, Refusal> {
    deploy::stop(desk, key).await;
    let document = serde_json::to_string(&draft).map_err(|e| Error::internal("keep a deployment", e))?;
    let store = &desk.gateway.store;
    let deployment: SpacesDeployment = store.put_spaces_deployment(key, id, document, created).await?;
    deploy::begin(desk, deployment.clone());
    Ok(Known {
        key: key.clone(),
        function: store.function(key).await?,
        deployment: Some(deployment),
    })
}

/// What can be refused before anything is built.
fn check(desk: &Desk, draft: &Draft) -> Result<(), Refusal> {
    let long = |text: &Option<String>| {
        text.as_ref()
            .is_some_and(|text| text.chars().count() > 5 * LABEL_LIMIT)
    };
    if long(&draft.description) {
        return Err(Refusal::bad_request("description is longer than 1000 characters"));
    }
    let options = draft.options.clone().unwrap_or_default();
    if long(&options.topics) {
        return Err(Refusal::bad_request(
            "options.topics is longer than 1000 characters",
        ));
    }
    if let Some(expression) = options.schedule.filter(|text| !text.trim().is_empty()) {
        let read = desk.gateway.engine.preview_schedule(&expression, "", 1);
        read.map_err(|error| Refusal::bad_request(format!("options.schedule: {}", error.message)))?;
    }
    Ok(())
}
