//! Triggers at a provider that call functions by the clock. Those of the local engine are its schedules.

use beckon_core::{JsonText, Result};
use beckon_macros::commands;
use beckon_providers::digitalocean::client::TriggerDraft;

use crate::{
    Panel,
    accounts::{ScheduledTriggerDraft, ScheduledTriggerView},
};

#[commands]
impl Panel {
    /// The triggers that call functions of a connection's namespace by the clock, by name. Like `access_keys`, these
    /// commands need an account whose token is kept.
    pub async fn scheduled_triggers(&self, connection: String) -> Result<Vec<ScheduledTriggerView>> {
        let (namespace, _, client) = self.keys_of(&connection).await?;
        let triggers = client.triggers(&namespace).await?;
        Ok(triggers.into_iter().map(ScheduledTriggerView::from).collect())
    }

    /// Makes a scheduled trigger (`Conflict` when the name is taken), or with `replace` changes the one that is there.
    pub async fn put_scheduled_trigger(
        &self,
        connection: String,
        name: String,
        draft: ScheduledTriggerDraft,
        replace: bool,
    ) -> Result<ScheduledTriggerView> {
        let draft = TriggerDraft {
            function: draft.function,
            enabled: draft.enabled,
            cron: draft.cron.trim().to_owned(),
            body: JsonText::parse_object(draft.body)?,
        };
        let (namespace, _, client) = self.keys_of(&connection).await?;
        let saved = if replace {
            client.change_trigger(&namespace, &name, &draft).await?
        } else {
            client.create_trigger(&namespace, name.trim(), &draft).await?
        };
        Ok(saved.into())
    }

    /// Lets a scheduled trigger fire, or not any more.
    pub async fn enable_scheduled_trigger(
        &self,
        connection: String,
        name: String,
        enabled: bool,
    ) -> Result<ScheduledTriggerView> {
        let (namespace, _, client) = self.keys_of(&connection).await?;
        Ok(client.enable_trigger(&namespace, &name, enabled).await?.into())
    }

    /// Deletes a scheduled trigger.
    pub async fn delete_scheduled_trigger(&self, connection: String, name: String) -> Result<()> {
        let (namespace, _, client) = self.keys_of(&connection).await?;
        client.delete_trigger(&namespace, &name).await
    }
}
