//! Triggers of a namespace that call the functions which ask for them in their options: Spaces' way. Here they are what
//! Spaces' clients make at the gateway.

use beckon_core::{LOCAL, NamespaceName, NewSpaceTrigger, Result, Secret, SpaceTrigger};
use beckon_macros::commands;

use crate::Panel;

#[commands]
impl Panel {
    /// The triggers of a connection's namespace (`capabilities.spaceTriggers`), with what they are doing.
    ///
    /// Those of the local engine change with the event `triggers`; a provider tells of no change.
    pub async fn space_triggers(
        &self,
        connection: String,
        namespace: NamespaceName,
    ) -> Result<Vec<SpaceTrigger>> {
        if connection == LOCAL {
            return self.space_triggers.all(&namespace).await;
        }
        let remote = self.remote(&connection).await?;
        self.noting(&connection, remote.space_triggers(&namespace).await)
    }

    /// Makes a trigger of a namespace (no `id`) or changes one, which keeps its type.
    ///
    /// `password` is the broker's, for the user that the trigger names. It goes to the provider, here to the secret
    /// store, and never comes back; `null` or an empty one keeps that which is there, if the broker and the user are the
    /// same. `InvalidInput` for what cannot be a trigger; `NotFound`: no such trigger or namespace.
    pub async fn put_space_trigger(
        &self,
        connection: String,
        namespace: NamespaceName,
        id: Option<String>,
        trigger: NewSpaceTrigger,
        password: Option<String>,
    ) -> Result<SpaceTrigger> {
        let password = password.filter(|text| !text.is_empty()).map(Secret::new);
        let (trigger, id, password) = (trigger.checked()?, id.as_deref(), password.as_ref());
        if connection == LOCAL {
            return self.space_triggers.put(&namespace, id, &trigger, password).await;
        }
        let remote = self.remote(&connection).await?;
        let putting = remote.put_space_trigger(&namespace, id, &trigger, password).await;
        self.noting(&connection, putting)
    }

    /// Deletes a trigger of a namespace; what it called already is still run.
    pub async fn delete_space_trigger(
        &self,
        connection: String,
        namespace: NamespaceName,
        id: String,
    ) -> Result<()> {
        if connection == LOCAL {
            return self.space_triggers.delete(&namespace, &id).await;
        }
        let remote = self.remote(&connection).await?;
        self.noting(&connection, remote.delete_space_trigger(&namespace, &id).await)
    }
}
