use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use beckon_core::{Collection, Entity};
use beckon_store::Store;

use super::super::call::{Call, Shared};
use super::super::json;
use super::{page, put_from};
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::entities::{change, find, functions_in};
use crate::openwhisk::wire::EntityDocument;

const PACKAGES: Collection = Collection::Packages;

/// `GET P/packages`: all of the caller's own, the public ones of another namespace.
pub(super) async fn list(State(gateway): State<Gateway>, Shared(call): Shared) -> Result<Response, Refusal> {
    call.whole_namespace()?;
    let mut all = gateway.store.entities(&call.target, PACKAGES);
    all.retain(|package| package.publish || !call.is_foreign());
    page(&call, PACKAGES, &all)
}

/// `GET P/packages/{package}`, with the actions and feeds in it; a binding shows those of the package it is one of.
pub(super) async fn get(State(gateway): State<Gateway>, Shared(call): Shared) -> Result<Response, Refusal> {
    call.whole_namespace()?;
    let package = find(&gateway, &call.entity()?, PACKAGES).await?;
    json(&whole(&gateway, &package).await?)
}

/// `PUT P/packages/{package}`: makes a package or a binding or, with `overwrite=true`, changes one.
pub(super) async fn put(
    State(gateway): State<Gateway>,
    call: Call,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let saved = put_from(&gateway, &call, PACKAGES, &headers, body).await?;
    json(&EntityDocument::of(&saved))
}

/// `DELETE P/packages/{package}`: one that holds something only with `force=true`, and then with all of it.
pub(super) async fn delete(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    let force = call.query.flag("force", false)?;
    let key = call.entity()?;
    call.whole_namespace()?;
    let deleted = change::delete(&gateway, &key, PACKAGES, force).await?;
    json(&EntityDocument::of(&deleted))
}

async fn whole(gateway: &Gateway, package: &Entity) -> Result<EntityDocument, Refusal> {
    let document = EntityDocument::of(package);
    // What is not the binder's to use (any more) is not to be seen through the binding, either.
    let Some(lender) = gateway.store.lender(package) else {
        return Ok(document.holding(&functions_in(gateway, &package.key).await?));
    };
    Ok(document
        .with_defaults(&Store::bound_defaults(&lender, package))
        .holding(&functions_in(gateway, &lender.key).await?))
}
