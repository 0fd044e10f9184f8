use std::sync::Arc;

use beckon_core::{
    ActivationId, Collection, EntityKey, EntityName, Error, Event, JsonText, KnownEntity, LOCAL,
    NamespaceName, Result,
};
use beckon_macros::commands;
use beckon_providers::openwhisk::entities::{self, EntityChange};
use serde::Serialize;
use ts_rs::TS;

use crate::{
    Panel,
    entities::{
        Entities, EventTriggerDraft, EventTriggerView, PackageDraft, PackageView, RuleDraft, RuleView, View,
    },
    firings,
};

/// What came of firing a trigger.
#[derive(Debug, Clone, Copy, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Fired {
    /// The record of the firing, whose log has a line (JSON) for each rule; `null` when no rule was active: then nothing
    /// was called, and there is no record. A provider's record is fetched into the journal within seconds, if the provider
    /// has one: until then `activation` answers `not_found`.
    pub activation: Option<ActivationId>,
}

#[commands]
impl Panel {
    /// The packages, triggers and rules of a namespace. `connection` is "local" or the id of a remote one, here and in
    /// the other commands about them.
    ///
    /// Refresh on the event `functions`: it comes with every change of them, by whatever client of the local engine,
    /// and with those that are made here at a provider. What others change at a provider is only seen by asking again.
    pub async fn entities(&self, connection: String, namespace: NamespaceName) -> Result<Entities> {
        let all = match connection == LOCAL {
            true => entities::all(&self.gateway(), &namespace).await?,
            false => {
                let remote = self.remote(&connection).await?;
                self.noting(&connection, remote.entities(&namespace).await)?
            }
        };
        Ok(Entities::of(all))
    }

    /// Makes a package or a binding; with `replace`, changes the one that is there.
    ///
    /// `Conflict` when the name is taken (by a package without `replace`, or by anything else: packages, triggers, rules
    /// and functions outside of packages share one set of names). `InvalidInput` for a binding to what is not there, or
    /// to a binding. The system package `/whisk.system/utils` can be bound.
    pub async fn put_package(
        &self,
        connection: String,
        namespace: NamespaceName,
        name: EntityName,
        draft: PackageDraft,
        replace: bool,
    ) -> Result<PackageView> {
        let key = EntityKey { namespace, name };
        match View::of(self.put_entity(&connection, &key, draft.into(), replace).await?) {
            View::Package(view) => Ok(view),
            _ => Err(mistaken()),
        }
    }

    /// Makes a trigger; with `replace`, changes the one that is there. `Conflict` as for `put_package`.
    pub async fn put_event_trigger(
        &self,
        connection: String,
        namespace: NamespaceName,
        name: EntityName,
        draft: EventTriggerDraft,
        replace: bool,
    ) -> Result<EventTriggerView> {
        let key = EntityKey { namespace, name };
        match View::of(self.put_entity(&connection, &key, draft.into(), replace).await?) {
            View::EventTrigger(view) => Ok(view),
            _ => Err(mistaken()),
        }
    }

    /// Makes a rule, which is active; with `replace`, changes the one that is there, which stays as active as it was.
    ///
    /// `Conflict` as for `put_package`; `InvalidInput` when its trigger or its function is not there.
    pub async fn put_rule(
        &self,
        connection: String,
        namespace: NamespaceName,
        name: EntityName,
        draft: RuleDraft,
        replace: bool,
    ) -> Result<RuleView> {
        let key = EntityKey { namespace, name };
        match View::of(self.put_entity(&connection, &key, draft.into(), replace).await?) {
            View::Rule(view) => Ok(view),
            _ => Err(mistaken()),
        }
    }

    /// Activates or deactivates a rule. `NotFound` when there is none.
    pub async fn set_rule_active(
        &self,
        connection: String,
        namespace: NamespaceName,
        name: EntityName,
        active: bool,
    ) -> Result<()> {
        let key = EntityKey { namespace, name };
        if connection == LOCAL {
            return entities::set_rule_active(&self.gateway(), &key, active).await;
        }
        let remote = self.remote(&connection).await?;
        self.noting(&connection, remote.set_rule_active(&key, active).await)?;
        self.tell_of_functions(connection);
        Ok(())
    }

    /// Deletes a package, a trigger or a rule. A package that holds functions is refused (`Conflict`, its text says how
    /// many) unless `force` is set, which deletes them as well. The rules of a trigger stay, and do nothing.
    pub async fn delete_entity(
        &self,
        connection: String,
        namespace: NamespaceName,
        collection: Collection,
        name: EntityName,
        force: bool,
    ) -> Result<()> {
        let key = EntityKey { namespace, name };
        if connection == LOCAL {
            entities::delete(&self.gateway(), &key, collection, force).await?;
            return Ok(());
        }
        let remote = self.remote(&connection).await?;
        let deleting = remote.delete_entity(&key, collection, force).await;
        self.noting(&connection, deleting)?;
        self.tell_of_functions(connection);
        Ok(())
    }

    /// Fires a trigger: every function that an active rule joins to it is called, asynchronously. `input` is the text of a
    /// JSON object; empty is `{}`.
    pub async fn fire_trigger(
        self: &Arc<Self>,
        connection: String,
        namespace: NamespaceName,
        name: EntityName,
        input: String,
    ) -> Result<Fired> {
        let key = EntityKey { namespace, name };
        let input = JsonText::parse_object(input)?;
        let activation = match connection == LOCAL {
            true => {
                let api_host = self.gateway_url.read().clone();
                entities::fire(&self.gateway(), &key, input, api_host).await?
            }
            false => {
                let remote = self.remote(&connection).await?;
                let fired = self.noting(&connection, remote.fire(&key, &input).await)?;
                if let Some(id) = fired {
                    firings::fetch(self, connection, key.namespace, id);
                }
                fired
            }
        };
        Ok(Fired { activation })
    }
}

impl Panel {
    async fn put_entity(
        &self,
        connection: &str,
        key: &EntityKey,
        change: EntityChange,
        replace: bool,
    ) -> Result<KnownEntity> {
        if connection == LOCAL {
            return entities::put(&self.gateway(), key, &change, replace).await;
        }
        let remote = self.remote(connection).await?;
        let saved = self.noting(connection, remote.put_entity(key, &change, replace).await)?;
        self.tell_of_functions(connection.to_owned());
        Ok(saved)
    }

    /// Tells the window that something changed at a provider.
    pub(crate) fn tell_of_functions(&self, connection: String) {
        self.store.publish(Event::Functions { connection });
    }
}

/// What was put is not what came back: a provider's doing.
fn mistaken() -> Error {
    Error::new(
        beckon_core::ErrorCode::BadReply,
        "The provider answered with another kind of thing than was asked for.",
    )
}
