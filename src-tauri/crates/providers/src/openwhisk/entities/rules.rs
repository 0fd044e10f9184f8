//! What is particular to rules.

use beckon_core::{Collection, Content, Entity, EntityKey, FunctionKey, NamespaceName};
use beckon_store::Expect;

use super::change::Change;
use super::{find, gone, names};
use crate::gateway::{Gateway, Refusal};

/// What a rule becomes: its trigger and its function must exist. A new rule is active.
pub(super) async fn content(
    gateway: &Gateway,
    caller: &NamespaceName,
    change: &mut Change,
) -> Result<Content, Refusal> {
    let old = change.old.as_ref().map(|old| old.content.clone());
    let (old_trigger, old_action, active) = match old {
        Some(Content::Rule {
            trigger,
            action,
            active,
        }) => (Some(trigger), Some(action), active),
        _ => (None, None, true),
    };
    let trigger = match change.body.trigger.take() {
        Some(text) => Some(names::trigger(caller, &text)?),
        None => old_trigger,
    };
    let action = match change.body.action.take() {
        Some(text) => Some(names::reference(gateway, caller, &text).await?),
        None => old_action,
    };
    let (Some(trigger), Some(action)) = (trigger, action) else {
        return Err(Refusal::bad_request(
            "rule requires a valid trigger and a valid action",
        ));
    };
    present(gateway, caller, &trigger, &action).await?;
    Ok(Content::Rule {
        trigger,
        action,
        active,
    })
}

async fn present(
    gateway: &Gateway,
    caller: &NamespaceName,
    trigger: &EntityKey,
    action: &FunctionKey,
) -> Result<(), Refusal> {
    let found = gateway.store.entity(trigger);
    let is_trigger = found.is_some_and(|found| found.content.collection() == Collection::Triggers);
    // Another namespace's triggers are nobody else's to follow, nor to know of.
    if !is_trigger || trigger.namespace != *caller {
        return Err(Refusal::bad_request(format!("trigger {trigger} does not exist")));
    }
    if gateway.store.target(action).await?.is_none() {
        return Err(Refusal::bad_request(format!("action {action} does not exist")));
    }
    Ok(())
}

/// Activates or deactivates a rule; one that is so already gets no new version.
pub(crate) async fn switch(gateway: &Gateway, key: &EntityKey, wanted: bool) -> Result<(), Refusal> {
    let old = find(gateway, key, Collection::Rules).await?;
    if let Content::Rule {
        trigger,
        action,
        active,
    } = &old.content
        && *active != wanted
    {
        let changed = Entity {
            content: Content::Rule {
                trigger: trigger.clone(),
                action: action.clone(),
                active: wanted,
            },
            ..Entity::clone(&old)
        };
        let saved = gateway.store.put_entity(changed, Expect::Version(old.version));
        saved.await.map_err(gone)?;
    }
    Ok(())
}
