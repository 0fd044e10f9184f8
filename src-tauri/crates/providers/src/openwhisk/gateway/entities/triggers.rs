use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use beckon_core::{Collection, Entity};

use super::super::call::Call;
use super::super::json;
use super::{page, put_from};
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::entities::{change, find, rules_of};
use crate::openwhisk::wire::EntityDocument;

const TRIGGERS: Collection = Collection::Triggers;

/// `GET P/triggers`.
pub(super) async fn list(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    call.whole_namespace()?;
    page(
        &call,
        TRIGGERS,
        &gateway.store.entities(&call.namespace, TRIGGERS),
    )
}

/// `GET P/triggers/{trigger}`, with its rules.
pub(super) async fn get(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    call.whole_namespace()?;
    let trigger = find(&gateway, &call.entity()?, TRIGGERS).await?;
    json(&whole(&gateway, &trigger))
}

/// `PUT P/triggers/{trigger}`.
pub(super) async fn put(
    State(gateway): State<Gateway>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let saved = put_from(&gateway, &call, TRIGGERS, &headers, body).await?;
    json(&whole(&gateway, &saved))
}

/// `DELETE P/triggers/{trigger}`. Its rules stay and do nothing, as upstream has it.
pub(super) async fn delete(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    let key = call.entity()?;
    call.whole_namespace()?;
    let deleted = change::delete(&gateway, &key, TRIGGERS, false).await?;
    json(&whole(&gateway, &deleted))
}

fn whole(gateway: &Gateway, trigger: &Entity) -> EntityDocument {
    EntityDocument::of(trigger).ruled_by(&rules_of(gateway, &trigger.key))
}
