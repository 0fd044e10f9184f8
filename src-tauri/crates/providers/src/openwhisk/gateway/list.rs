use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use beckon_core::Function;
use serde_json::json;

use super::call::Call;
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::wire::ActionItem;

/// `GET P/actions` and `GET P/actions/{package}/`: most recently updated first. A token for one function sees that one.
pub(super) async fn list(State(gateway): State<Gateway>, call: Call) -> Result<Response, Refusal> {
    let (limit, skip) = (
        call.query.limit("actions")? as usize,
        call.query.skip("actions")? as usize,
    );
    let count = call.query.flag("count", false)?;
    let mut found = gateway.store.functions(Some(&call.namespace)).await?;
    found.retain(|summary| {
        call.token.scope.allows(&call.namespace, &summary.key.name)
            && call
                .package()
                .is_none_or(|package| summary.key.name.package() == Some(package))
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
