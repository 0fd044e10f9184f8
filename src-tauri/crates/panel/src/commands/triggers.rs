use beckon_core::{
    CredentialKind, Error, ErrorCode, FunctionRef, NewTrigger, Result, Secret, Trigger, random_hex,
};
use beckon_engine::Engine;
use beckon_macros::commands;

use super::functions::only_local;
use crate::{Panel, secrets::trigger_secret};

#[commands]
impl Panel {
    /// The message triggers of a local function, or all of them, oldest first, with what they are doing.
    ///
    /// Refresh on the event `triggers` (states and counts, at most twice a second) and on `functions` (a deleted
    /// function orphans its triggers).
    pub async fn triggers(&self, function: Option<FunctionRef>) -> Result<Vec<Trigger>> {
        let key = match &function {
            Some(function) => {
                only_local(function)?;
                Some(function.key())
            }
            None => None,
        };
        self.engine.triggers(key.as_ref()).await
    }

    /// Makes a trigger (no `id`) or changes one.
    ///
    /// `secret` is the credential that `trigger.credential` speaks of: a token, `user:password`, an NKey seed, or the
    /// text of a `.creds` file. It is kept in the secret store and never comes back; `null` keeps the one that is there.
    /// `InvalidInput` for a server, subscription or credential that cannot be one; `NotFound`: no such trigger or function.
    pub async fn save_trigger(
        &self,
        id: Option<String>,
        trigger: NewTrigger,
        secret: Option<String>,
    ) -> Result<Trigger> {
        // Before the secret store is touched.
        let trigger = Engine::check_trigger(trigger)?;
        let old = match &id {
            Some(id) => Some(self.engine.trigger(id).await?),
            None => None,
        };
        let secret = secret.filter(|text| !text.is_empty()).map(Secret::new);
        let kept = old
            .as_ref()
            .is_some_and(|old| old.credential == trigger.credential);
        let id = id.unwrap_or_else(random_hex);
        let wanted = trigger.credential != CredentialKind::None;
        match secret {
            Some(secret) if wanted => {
                Engine::check_trigger_secret(trigger.credential, &secret)?;
                let (secrets, entry) = (self.secrets.clone(), trigger_secret(&id));
                self.blocking(move || secrets.set(&entry, &secret)).await?;
            }
            _ if wanted && !kept => {
                return Err(Error::new(
                    ErrorCode::InvalidInput,
                    "The trigger needs its credential.",
                ));
            }
            _ => {}
        }
        let saved = self.engine.put_trigger(&id, trigger).await;
        // Nobody may find a credential that no trigger has.
        let unused = if saved.is_ok() {
            !wanted && old.is_some()
        } else {
            old.is_none()
        };
        if unused {
            self.remove_secrets(vec![trigger_secret(&id)]).await;
        }
        saved
    }

    /// Deletes a trigger and its credential; messages that it took already are still dealt with. An MQTT broker is told to
    /// forget it; while it cannot be reached the credential is kept for that, a day at most.
    pub async fn delete_trigger(&self, id: String) -> Result<()> {
        self.engine.delete_trigger(&id).await
    }

    /// Takes no more messages until it is resumed, over restarts too.
    pub async fn pause_trigger(&self, id: String) -> Result<Trigger> {
        self.engine.pause_trigger(&id).await
    }

    /// Takes messages again; a trigger that waits to try again does so at once.
    pub async fn resume_trigger(&self, id: String) -> Result<Trigger> {
        self.engine.resume_trigger(&id).await
    }
}
