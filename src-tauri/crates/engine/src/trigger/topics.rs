//! Triggers that call every function of a namespace that asks for a message's topic: Spaces' message triggers.

use beckon_core::{
    CredentialKind, Error, NamespaceName, Noted, Result, Secret, TopicTrigger, TriggerCounts, TriggerState,
};
use beckon_store::SpacesTrigger;

use super::check;
use crate::Engine;
use crate::orphans::Orphan;

/// What a trigger is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicTriggerStatus {
    /// Now.
    pub state: TriggerState,
    /// Since the engine started.
    pub counts: TriggerCounts,
    /// The last thing that went wrong, also long after.
    pub last_error: Option<Noted>,
}

impl Engine {
    /// A trigger as it will be stored, or why it cannot be: `InvalidInput`.
    pub fn check_topic_trigger(mut trigger: TopicTrigger) -> Result<TopicTrigger> {
        (trigger.server, trigger.subscription) =
            check::source(&trigger.server, trigger.subscription, trigger.credential)?;
        if let Some(url) = &trigger.callback_url {
            crate::delivery::check_http_url(url)?;
        }
        Ok(trigger)
    }

    /// Makes a space's trigger, or changes the one with its id, which must be nobody else's. `secret`, where there is
    /// one, is the credential from now on; without one that which is kept stays.
    pub async fn put_spaces_trigger(
        &self,
        space: &NamespaceName,
        mut trigger: SpacesTrigger,
        secret: Option<Secret>,
    ) -> Result<()> {
        trigger.listener = trigger.listener.map(Self::check_topic_trigger).transpose()?;
        let (id, listener) = (trigger.id.clone(), trigger.listener.clone());
        let store = &self.inner.store;
        let logs_in = |listener: Option<&TopicTrigger>| {
            listener.is_some_and(|listener| listener.credential != CredentialKind::None)
        };
        let before = store.spaces_triggers(space).await?;
        let before = before.iter().find(|old| old.id == id);
        let logged_in = logs_in(before.and_then(|old| old.listener.as_ref()));
        let kept = match secret {
            Some(secret) => Some(self.replace_trigger_secret(&id, secret).await?),
            None => None,
        };
        if let Err(error) = store.put_spaces_trigger(space, trigger).await {
            // What was there goes on with what it had.
            match kept {
                Some(Some(old)) => drop(self.replace_trigger_secret(&id, old).await?),
                Some(None) => self.abandon_trigger_secret(&id).await,
                None => {}
            }
            return Err(error);
        }
        if logged_in && !logs_in(listener.as_ref()) {
            self.abandon_trigger_secret(&id).await;
        }
        let next = listener.as_ref();
        self.begin_anew(&id, next.map(|next| (next.server.as_str(), &next.subscription)));
        Ok(())
    }

    /// Keeps a credential; the one before it, if there was one.
    async fn replace_trigger_secret(&self, id: &str, secret: Secret) -> Result<Option<Secret>> {
        let (secrets, id) = (self.inner.secrets.clone(), id.to_owned());
        tokio::task::spawn_blocking(move || {
            let old = secrets.trigger_secret(&id)?;
            secrets.keep_trigger_secret(&id, &secret).map(|()| old)
        })
        .await
        .map_err(|e| Error::internal("keep a credential", e))?
    }

    pub(super) async fn abandon_trigger_secret(&self, id: &str) {
        let trigger = id.to_owned();
        self.abandon(vec![Orphan::TriggerSecret { trigger }]).await;
    }

    /// Deletes a trigger of a space and its credential; what is under way is finished. `NotFound` when there is none with
    /// this id in it.
    pub async fn delete_spaces_trigger(&self, space: &NamespaceName, id: &str) -> Result<()> {
        self.inner.store.delete_spaces_trigger(space, id).await?;
        self.begin_anew(id, None);
        self.abandon_trigger_secret(id).await;
        Ok(())
    }

    /// What a space's message trigger is doing.
    pub fn topic_trigger_status(&self, id: &str) -> TopicTriggerStatus {
        let live = self.inner.triggers.live.lock().get(id).cloned();
        let state = match &live {
            _ if !self.inner.config.dispatch => TriggerState::Idle,
            Some(live) if !live.stop.is_cancelled() => live.state.lock().clone(),
            _ => TriggerState::Connecting,
        };
        TopicTriggerStatus {
            state,
            counts: live
                .as_ref()
                .map(|live| *live.record.counts.lock())
                .unwrap_or_default(),
            last_error: live.and_then(|live| live.record.last_error.lock().clone()),
        }
    }
}
