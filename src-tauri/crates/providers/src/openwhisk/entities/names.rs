//! Names of functions and packages within documents: `/namespace/[package/]name`, `_` being the caller's namespace.

use beckon_core::{EntityKey, FunctionKey, FunctionName, NamespaceName};

use super::is_shared;
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::gateway::utils;

/// Splits a qualified name. Upstream takes `namespace/name` without the first slash, too; a single name is the caller's
/// own.
fn split<'a>(text: &'a str, caller: &NamespaceName) -> Result<(NamespaceName, &'a str), Refusal> {
    let rest = text.strip_prefix('/').unwrap_or(text);
    let Some((namespace, name)) = rest.split_once('/') else {
        return Ok((caller.clone(), rest));
    };
    let namespace = match namespace {
        "_" => caller.clone(),
        other => NamespaceName::new(other)?,
    };
    Ok((namespace, name))
}

/// The function that a qualified name names, which need not exist. 403 where it is another namespace's and not public.
pub(crate) async fn reference(
    gateway: &Gateway,
    caller: &NamespaceName,
    text: &str,
) -> Result<FunctionKey, Refusal> {
    let (namespace, name) = split(text, caller)?;
    let key = FunctionKey {
        namespace,
        name: FunctionName::new(name)?,
    };
    if key.namespace != *caller {
        utils::ensure(gateway, &key.namespace).await?;
        if !EntityKey::package_of(&key).is_some_and(|package| is_shared(gateway, &package)) {
            return Err(not_yours(&key));
        }
    }
    Ok(key)
}

/// The trigger that a qualified name names.
pub(super) fn trigger(caller: &NamespaceName, text: &str) -> Result<EntityKey, Refusal> {
    let (namespace, name) = split(text, caller)?;
    Ok(EntityKey {
        namespace,
        name: name.parse()?,
    })
}

fn not_yours(key: &FunctionKey) -> Refusal {
    Refusal::forbidden(format!(
        "The supplied authentication is not authorized to access '{}/actions/{}'.",
        key.namespace, key.name
    ))
}
