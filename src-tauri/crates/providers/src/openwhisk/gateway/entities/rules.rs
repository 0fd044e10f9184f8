use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use beckon_core::Collection;
use serde::Deserialize;

use super::super::call::Call;
use super::super::{json, malformed};
use super::{page, put_from};
use crate::gateway::{Gateway, Refusal, read_body, require_json};
use crate::openwhisk::BODY_LIMIT;
use crate::openwhisk::entities::{change, find, switch as switch_to};
use crate::openwhisk::wire::EntityDocument;

const RULES: Collection = Collection::Rules;

/// `GET P/rules`.
pub(super) async fn list(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    call.whole_namespace()?;
    page(&call, RULES, &gateway.store.entities(&call.namespace, RULES))
}

/// `GET P/rules/{rule}`.
pub(super) async fn get(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    call.whole_namespace()?;
    json(&EntityDocument::of(
        &*find(&gateway, &call.entity()?, RULES).await?,
    ))
}

/// `PUT P/rules/{rule}`: its trigger and its action must exist. A new rule is active.
pub(super) async fn put(
    State(gateway): State<Gateway>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let saved = put_from(&gateway, &call, RULES, &headers, body).await?;
    json(&EntityDocument::of(&saved))
}

/// The body of a POST. What else a client sends (wsk sends a whole rule of nulls) is ignored.
#[derive(Deserialize)]
struct Switch {
    status: String,
}

/// `POST P/rules/{rule}`: activates or deactivates it.
pub(super) async fn switch(
    State(gateway): State<Gateway>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let key = call.entity()?;
    call.whole_namespace()?;
    let text = read_body(&headers, body, "Request", BODY_LIMIT).await?;
    require_json(&headers)?;
    let wanted: Switch = serde_json::from_str(&text).map_err(|error| malformed(&error.to_string()))?;
    let wanted = match wanted.status.as_str() {
        "active" => true,
        "inactive" => false,
        other => {
            let other: String = other.chars().take(100).collect();
            return Err(malformed(&format!("'{other}' is not a recognized rule state")));
        }
    };
    switch_to(&gateway, &key, wanted).await?;
    Ok(StatusCode::OK.into_response())
}

/// `DELETE P/rules/{rule}`, whether it is active or not.
pub(super) async fn delete(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    let key = call.entity()?;
    call.whole_namespace()?;
    let deleted = change::delete(&gateway, &key, RULES, false).await?;
    json(&EntityDocument::of(&deleted))
}
