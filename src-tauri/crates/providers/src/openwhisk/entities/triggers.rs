//! What is particular to triggers.

use std::sync::Arc;

use beckon_core::{Collection, Content, Entity, EntityKey, FunctionName};

use super::change::Change;
use crate::gateway::{Gateway, Refusal};

/// What a trigger becomes. That it is a feed's is an annotation, which names the feed's function; what tells the feed of
/// it is the client's call of that function.
pub(super) fn content(change: &mut Change) -> Result<Content, Refusal> {
    let annotations = change.body.annotations.iter().flatten();
    for feed in annotations.filter(|pair| pair.key == "feed") {
        let name = serde_json::from_str::<String>(feed.value.get()).ok();
        if !name.is_some_and(|name| is_qualified(&name)) {
            return Err(Refusal::bad_request("Feed name is not valid"));
        }
    }
    Ok(Content::EventTrigger {
        parameters: change.parameters()?,
    })
}

/// The rules that a trigger sets off, the active and the inactive.
pub(crate) fn rules_of(gateway: &Gateway, key: &EntityKey) -> Vec<Arc<Entity>> {
    let mut rules = gateway.store.entities(&key.namespace, Collection::Rules);
    rules.retain(|rule| matches!(&rule.content, Content::Rule { trigger, .. } if trigger == key));
    rules
}

/// `[/namespace/][package/]name`.
fn is_qualified(text: &str) -> bool {
    let name = match text.strip_prefix('/') {
        Some(rest) => match rest.split_once('/') {
            Some((namespace, name)) if namespace == "_" || EntityKey::new(namespace, "x").is_ok() => name,
            _ => return false,
        },
        None => match text.splitn(3, '/').collect::<Vec<_>>()[..] {
            // namespace/package/name
            [_, package, name] => return FunctionName::new(format!("{package}/{name}")).is_ok(),
            _ => text,
        },
    };
    FunctionName::new(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_qualified;

    #[test]
    fn feeds_are_named_as_clients_do() {
        for good in [
            "/whisk.system/alarms/alarm",
            "/_/feed",
            "alarms/alarm",
            "ns/alarms/alarm",
            "feed",
        ] {
            assert!(is_qualified(good), "{good}");
        }
        for bad in ["", "/", "/ns", "/ns/a/b/c", "a/b/c/d", " x"] {
            assert!(!is_qualified(bad), "{bad}");
        }
    }
}
