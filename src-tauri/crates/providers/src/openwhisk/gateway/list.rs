use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use beckon_core::{Collection, EntityKey, Function, NamespaceName};
use serde_json::json;

use super::call::{Call, Shared};
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::entities;
use crate::openwhisk::wire::ActionItem;

/// `GET P/actions/{package}/`: what is in a package, or in the one that a binding leads to.
pub(super) async fn in_package(
    State(gateway): State<Gateway>,
    Shared(call): Shared,
) -> Result<Response, Refusal> {
    let name = call.package().unwrap_or_default();
    let key = EntityKey::new(call.target.as_str(), name)?;
    let package = entities::find(&gateway, &key, Collection::Packages).await?;
    // A binding that leads nowhere (any more) holds nothing itself.
    let holder = gateway.store.lender(&package).unwrap_or(package);
    answer(
        &gateway,
        &call,
        &holder.key.namespace,
        Some(holder.key.name.as_str()),
    )
    .await
}

/// `GET P/actions`: most recently updated first. A token for one function sees that one.
pub(super) async fn list(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    answer(&gateway, &call, &call.namespace, None).await
}

async fn answer(
    gateway: &Gateway,
    call: &Call,
    namespace: &NamespaceName,
    package: Option<&str>,
) -> Result<Response, Refusal> {
    let (limit, skip) = (
        call.query.limit("actions")? as usize,
        call.query.skip("actions")? as usize,
    );
    let count = call.query.flag("count", false)?;
    let mut found = gateway.store.functions(Some(namespace)).await?;
    found.retain(|summary| {
        let visible = match call.only_function() {
            Some(only) => *only == summary.key.name && *namespace == call.namespace,
            None => true,
        };
        visible && package.is_none_or(|package| summary.key.name.package() == Some(package))
    });
    if count {
        return super::json(&json!({ "actions": found.len().saturating_sub(skip) }));
    }
    let mut functions: Vec<Arc<Function>> = Vec::new();
    for summary in found.iter().skip(skip).take(limit) {
        // One that is deleted meanwhile is not listed.
        functions.extend(gateway.store.function(&summary.key).await?);
    }
    super::json(
        &functions
            .iter()
            .map(|function| ActionItem::of(function))
            .collect::<Vec<_>>(),
    )
}
