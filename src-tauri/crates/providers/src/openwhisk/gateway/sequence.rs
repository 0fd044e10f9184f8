//! The components of a sequence that is PUT.

use std::pin::Pin;

use beckon_core::{CodePackage, FunctionKey};
use beckon_engine::SEQUENCE_LIMIT;

use super::call::Call;
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::entities::names::reference;

const TOO_MANY: &str = "Too many actions in the sequence.";

/// The functions that a sequence named `key` is to call: they exist, are the caller's to use, and do not lead back to
/// it. Sequences among them count as what they are made of.
pub(super) async fn components(
    names: Option<Vec<String>>,
    key: &FunctionKey,
    call: &Call,
    gateway: &Gateway,
) -> Result<Vec<FunctionKey>, Refusal> {
    let names = names.unwrap_or_default();
    if names.is_empty() {
        return Err(Refusal::bad_request("No component specified for the sequence."));
    }
    if names.len() > SEQUENCE_LIMIT {
        return Err(Refusal::bad_request(TOO_MANY));
    }
    let mut components = Vec::with_capacity(names.len());
    let mut count = 0;
    for name in names {
        let component = reference(gateway, &call.namespace, &name).await?;
        count += size(gateway, key, &component, 1).await?;
        if count > SEQUENCE_LIMIT {
            return Err(Refusal::bad_request(TOO_MANY));
        }
        components.push(component);
    }
    Ok(components)
}

/// How many functions a component is in the end.
fn size<'a>(
    gateway: &'a Gateway,
    whole: &'a FunctionKey,
    component: &'a FunctionKey,
    depth: usize,
) -> Pin<Box<dyn Future<Output = Result<usize, Refusal>> + Send + 'a>> {
    Box::pin(async move {
        if component == whole {
            return Err(Refusal::bad_request("Sequence may not refer to itself."));
        }
        if depth > SEQUENCE_LIMIT {
            return Err(Refusal::bad_request(TOO_MANY));
        }
        let target = gateway.store.target(component).await?;
        let Some(target) = target else {
            return Err(Refusal::bad_request("Sequence component does not exist."));
        };
        if target.function.key == *whole {
            return Err(Refusal::bad_request("Sequence may not refer to itself."));
        }
        let CodePackage::Sequence(inner) = &target.function.code else {
            return Ok(1);
        };
        let mut count = 0;
        for next in inner {
            // What has gone from a sequence that is there already is found out when it runs.
            count += match size(gateway, whole, next, depth + 1).await {
                Ok(size) => size,
                Err(refusal) if refusal.text.starts_with("Sequence component") => 1,
                Err(refusal) => return Err(refusal),
            };
            if count > SEQUENCE_LIMIT {
                return Err(Refusal::bad_request(TOO_MANY));
            }
        }
        Ok(count)
    })
}
