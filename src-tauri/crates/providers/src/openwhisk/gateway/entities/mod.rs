//! The routes of packages, triggers and rules; what they do is in [`crate::openwhisk::entities`].

mod fire;
mod packages;
mod rules;
mod triggers;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use beckon_core::{Collection, Entity};

use super::call::Call;
use super::{ENTITY, GET, malformed, only};
use crate::gateway::{Gateway, Refusal, read_body, require_json};
use crate::openwhisk::BODY_LIMIT;
use crate::openwhisk::entities::change;
use crate::openwhisk::wire::{EntityDocument, PutEntity, counted};

/// Parameters and annotations have their own limits, this is both of them and some room.
const PUT_LIMIT: usize = 2 * BODY_LIMIT + 64 * 1024;

/// The routes of the three collections.
pub(super) fn routes() -> Router<Gateway> {
    let namespace = "/api/v1/namespaces/{namespace}";
    let list = |collection: &str| format!("{namespace}/{collection}");
    let one = |collection: &str| format!("{namespace}/{collection}/{{entity}}");
    let firing = "GET, PUT, POST, DELETE";
    Router::new()
        .route(&list("packages"), only(get(packages::list), GET))
        .route(&list("packages/"), only(get(packages::list), GET))
        .route(
            &one("packages"),
            only(
                get(packages::get).put(packages::put).delete(packages::delete),
                ENTITY,
            ),
        )
        .route(&list("triggers"), only(get(triggers::list), GET))
        .route(&list("triggers/"), only(get(triggers::list), GET))
        .route(
            &one("triggers"),
            only(
                get(triggers::get)
                    .put(triggers::put)
                    .post(fire::fire)
                    .delete(triggers::delete),
                firing,
            ),
        )
        .route(&list("rules"), only(get(rules::list), GET))
        .route(&list("rules/"), only(get(rules::list), GET))
        .route(
            &one("rules"),
            only(
                get(rules::get)
                    .put(rules::put)
                    .post(rules::switch)
                    .delete(rules::delete),
                firing,
            ),
        )
}

/// A page of a list, or its number.
fn page(call: &Call, collection: Collection, all: &[Arc<Entity>]) -> Result<Response, Refusal> {
    let word = collection.as_str();
    let (limit, skip) = (call.query.limit(word)? as usize, call.query.skip(word)? as usize);
    if call.query.flag("count", false)? {
        return super::json(&counted(collection, all.len().saturating_sub(skip)));
    }
    let items = all.iter().skip(skip).take(limit);
    super::json(
        &items
            .map(|entity| EntityDocument::item(entity))
            .collect::<Vec<_>>(),
    )
}

/// Does what a PUT asks for.
async fn put_from(
    gateway: &Gateway,
    call: &Call,
    collection: Collection,
    headers: &HeaderMap,
    body: Body,
) -> Result<Arc<Entity>, Refusal> {
    let overwrite = call.query.flag("overwrite", false)?;
    let key = call.entity()?;
    call.whole_namespace()?;
    let text = read_body(headers, body, "Request", PUT_LIMIT).await?;
    let mut wanted = PutEntity::default();
    if !text.trim().is_empty() {
        require_json(headers)?;
        wanted = serde_json::from_str(&text).map_err(|error| malformed(&error.to_string()))?;
    }
    change::put(gateway, &call.namespace, key, collection, wanted, overwrite).await
}
