//! What is particular to packages and bindings.

use std::sync::Arc;

use axum::http::StatusCode;
use beckon_core::{Content, Entity, EntityKey, ErrorCode, Function, NamespaceName};

use super::change::Change;
use super::{gone, is_shared};
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::gateway::utils;
use crate::openwhisk::wire::PutBinding;

/// How often a package is emptied while others save functions in it, before it is not deleted.
const EMPTYINGS: u32 = 5;

/// What a package becomes.
pub(super) async fn content(
    gateway: &Gateway,
    caller: &NamespaceName,
    change: &mut Change,
) -> Result<Content, Refusal> {
    if change.key.name.as_str() == "default" {
        return Err(Refusal::bad_request("Package name 'default' is reserved."));
    }
    let wanted = match change.body.binding.take() {
        None => None,
        Some(wanted) => bound(gateway, caller, wanted).await?,
    };
    let old = change.old.as_ref().map(|old| old.content.binding().cloned());
    let binding = match (old, wanted) {
        (Some(None), Some(_)) => {
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "Resource is a package and cannot be converted into a binding.",
            ));
        }
        (_, Some(wanted)) => Some(wanted),
        (old, None) => old.flatten(),
    };
    let (parameters, environment) = change.package_parameters()?;
    Ok(Content::Package {
        parameters,
        environment,
        binding,
    })
}

/// The package of a binding that is asked for; `{}` asks for none.
async fn bound(
    gateway: &Gateway,
    caller: &NamespaceName,
    wanted: PutBinding,
) -> Result<Option<EntityKey>, Refusal> {
    let Some(name) = wanted.name.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let namespace = match wanted.namespace.as_deref() {
        None | Some("_" | "") => caller.clone(),
        Some(other) => NamespaceName::new(other)?,
    };
    let key = EntityKey {
        namespace,
        name: name.parse()?,
    };
    if key.namespace != *caller {
        utils::ensure(gateway, &key.namespace).await?;
        if !is_shared(gateway, &key) {
            return Err(Refusal::forbidden(format!(
                "The supplied authentication is not authorized to access '{}/packages/{}'.",
                key.namespace, key.name
            )));
        }
    }
    match gateway.store.entity(&key).map(|entity| entity.content.clone()) {
        Some(Content::Package { binding: None, .. }) => Ok(Some(key)),
        Some(Content::Package { .. }) => Err(Refusal::bad_request("Cannot bind to another package binding.")),
        _ => Err(Refusal::bad_request(
            "Binding references a package that does not exist.",
        )),
    }
}

/// Deletes a package; with `force`, with all that is in it.
pub(super) async fn delete(gateway: &Gateway, package: &Entity, force: bool) -> Result<Arc<Entity>, Refusal> {
    let mut tries = if force { EMPTYINGS } else { 0 };
    loop {
        if tries > 0 && package.content.binding().is_none() {
            empty(gateway, &package.key).await?;
        }
        match gateway.store.delete_entity(&package.key).await {
            // Somebody saved a function meanwhile.
            Err(error) if error.code == ErrorCode::Conflict && tries > 1 => tries -= 1,
            done => return done.map_err(gone),
        }
    }
}

/// Deletes what is in a package.
async fn empty(gateway: &Gateway, package: &EntityKey) -> Result<(), Refusal> {
    for function in functions(gateway, package).await? {
        match gateway.engine.delete_function(&function.key).await {
            Ok(_) => {}
            Err(error) if error.code == ErrorCode::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// What is in a package.
pub(crate) async fn functions(gateway: &Gateway, package: &EntityKey) -> Result<Vec<Arc<Function>>, Refusal> {
    let mut found = Vec::new();
    for summary in gateway.store.functions(Some(&package.namespace)).await? {
        if summary.key.name.package() == Some(package.name.as_str()) {
            found.extend(gateway.store.function(&summary.key).await?);
        }
    }
    Ok(found)
}
