//! What calls a space's functions beside their callers: its cron trigger those with `options.schedule`, by schedules of the
//! engine, and its message triggers those with `options.topics`.
//!
//! A schedule calls while the space has a cron trigger. A message trigger listens to its broker for the topics of its own
//! configuration, and calls every function of the space with a topic among `options.topics` that is the message's, wildcards
//! included (the vendor's guide, "Triggers"). Which broker that is is the trigger's to say: a function with topics and no
//! trigger is called by nobody.

pub(super) mod document;
mod listener;

use beckon_core::{
    Clock, Error, ErrorCode, Event, FunctionKey, JsonText, LABEL_LIMIT, MissedPolicy, NamespaceName,
    NewSchedule, NewSpaceTrigger, Result, Schedule, Secret, SpaceTrigger,
};
use beckon_engine::Engine;
use beckon_store::{SpacesTrigger, Store};

use super::gateway::Kept;
use super::ulid;
use super::wire::{Trigger, TriggerState};
use document::{CRON, MQTT, RABBITMQ, invalid};

/// What a function's schedule is called.
const SCHEDULE: &str = "options.schedule";

/// The triggers of the local engine's spaces, for Spaces' clients and for the window.
pub struct SpaceTriggers {
    engine: Engine,
    store: Store,
    clock: Clock,
    /// Held while a function's schedule is looked for and made: it has one at most.
    scheduling: tokio::sync::Mutex<()>,
}

impl SpaceTriggers {
    /// Of an engine and its store.
    #[must_use]
    pub fn new(engine: Engine, store: Store, clock: Clock) -> Self {
        Self {
            engine,
            store,
            clock,
            scheduling: tokio::sync::Mutex::default(),
        }
    }

    /// The triggers of a space, oldest first, with what they are doing.
    pub async fn all(&self, space: &NamespaceName) -> Result<Vec<SpaceTrigger>> {
        let documents = self.documents(space).await?;
        Ok(documents.iter().map(document::told).collect())
    }

    /// Makes a trigger (no `id`) or changes one. Without a password the one that is kept stays, as long as it is for the
    /// same user of the same broker.
    ///
    /// # Errors
    /// `InvalidInput` for what cannot be one; `NotFound` when there is no such trigger or space.
    pub async fn put(
        &self,
        space: &NamespaceName,
        id: Option<&str>,
        new: &NewSpaceTrigger,
        password: Option<&Secret>,
    ) -> Result<SpaceTrigger> {
        let old = match id {
            Some(id) => Some(self.find(space, id).await?.ok_or_else(|| missing(space))?),
            None => None,
        };
        let before = old.as_ref().map(read).transpose()?;
        let trigger = document::written(new, before.as_ref(), password)?;
        let kept = self.keep(space, trigger, old).await?;
        Ok(document::told(&kept))
    }

    /// Deletes a trigger and its password. `NotFound` when there is none with this id in the space.
    pub async fn delete(&self, space: &NamespaceName, id: &str) -> Result<()> {
        self.engine.delete_spaces_trigger(space, id).await?;
        self.follow_schedules(space).await?;
        self.store.publish(Event::Triggers);
        Ok(())
    }

    /// The triggers of a space as its clients are told of them.
    pub(super) async fn documents(&self, space: &NamespaceName) -> Result<Vec<Trigger>> {
        let all = self.store.spaces_triggers(space).await?;
        all.into_iter().map(|kept| self.told(kept)).collect()
    }

    pub(super) async fn find(&self, space: &NamespaceName, id: &str) -> Result<Option<SpacesTrigger>> {
        let all = self.store.spaces_triggers(space).await?;
        Ok(all.into_iter().find(|trigger| trigger.id == id))
    }

    /// A trigger as it is told, with what it is doing.
    pub(super) fn told(&self, kept: SpacesTrigger) -> Result<Trigger> {
        let mut trigger = read(&kept)?;
        (trigger.status, trigger.error_message) = if trigger.kind == CRON {
            (Some(TriggerState::Running), None)
        } else if kept.listener.is_some() {
            let (state, why) = listener::state(self.engine.topic_trigger_status(&kept.id));
            (Some(state), why)
        } else {
            let text =
                "It was kept before this engine listened to brokers. Send it again, with its password.";
            (Some(TriggerState::Failed), Some(text.to_owned()))
        };
        trigger.id = kept.id;
        Ok(trigger)
    }

    /// Keeps a trigger as a client sends it, in the place of `old` or as a new one.
    ///
    /// # Errors
    /// `InvalidInput` with the name of what is missing or is not what it should be.
    pub(super) async fn keep(
        &self,
        space: &NamespaceName,
        mut trigger: Trigger,
        old: Option<SpacesTrigger>,
    ) -> Result<Trigger> {
        let id = match &old {
            Some(old) => old.id.clone(),
            None => ulid::new(self.clock.now()),
        };
        if trigger.description.chars().count() > 5 * LABEL_LIMIT {
            return Err(invalid("description is longer than 1000 characters"));
        }
        // What the one before left at its broker is told with its own credential, which another type would take away.
        if let Some(old) = &old
            && read(old)?.kind != trigger.kind
        {
            return Err(invalid(
                "type cannot be changed; delete the trigger, and make another one",
            ));
        }
        trigger.callback_url = trigger.callback_url.filter(|url| !url.is_empty());
        if let Some(url) = &trigger.callback_url {
            beckon_engine::delivery::check_http_url(url)?;
        }
        // Not among what is kept, whatever the type: a database is no place for it.
        let password = listener::take_password(&mut trigger);
        let (listener, secret) = match trigger.kind.as_str() {
            CRON if trigger.callback_url.is_some() => {
                return Err(invalid(
                    "callback_url: nobody is called back for a run by the clock here; give the function a destination",
                ));
            }
            CRON => (None, None),
            MQTT | RABBITMQ => {
                let listener = listener::of(&trigger)?;
                let before = old.as_ref().map(read).transpose()?;
                let old = before
                    .as_ref()
                    .zip(old.as_ref().and_then(|old| old.listener.as_ref()));
                let secret = listener::credential(&trigger, &listener, password, old)?;
                (Some(listener), secret)
            }
            _ => return Err(invalid("type must be cron, mqtt or rabbitmq")),
        };
        (trigger.status, trigger.error_message) = (None, None);
        trigger.id.clone_from(&id);
        let document = serde_json::to_string(&trigger).map_err(|e| Error::internal("keep a trigger", e))?;
        let kept = SpacesTrigger {
            id,
            document,
            listener,
        };
        self.engine
            .put_spaces_trigger(space, kept.clone(), secret)
            .await?;
        self.follow_schedules(space).await?;
        self.store.publish(Event::Triggers);
        self.told(kept)
    }

    /// Has every function of a space be called by the clock as its options and the space's triggers say.
    async fn follow_schedules(&self, space: &NamespaceName) -> Result<()> {
        for function in self.store.functions(Some(space)).await? {
            self.follow_schedule(&function.key).await?;
        }
        Ok(())
    }

    /// The same for one function.
    pub(super) async fn follow_schedule(&self, key: &FunctionKey) -> Result<()> {
        let Some(function) = self.store.function(key).await? else {
            return Ok(());
        };
        let wanted = Kept::of(&function).options.schedule;
        let _scheduling = self.scheduling.lock().await;
        let Some(expression) = wanted.filter(|text| !text.trim().is_empty()) else {
            return self.remove_schedule(key).await;
        };
        let triggers = self.documents(&key.namespace).await?;
        let new = NewSchedule {
            name: SCHEDULE.to_owned(),
            function: key.clone(),
            expression,
            zone: String::new(),
            arguments: JsonText::empty_object(),
            missed: MissedPolicy::default(),
            enabled: triggers.iter().any(|trigger| trigger.kind == CRON),
        };
        let old = self.schedule(key).await?;
        if old
            .as_ref()
            .is_some_and(|old| (&old.expression, old.enabled) == (&new.expression, new.enabled))
        {
            return Ok(());
        }
        let id = old.map(|old| old.id);
        self.engine.put_schedule(id.as_deref(), new).await.map(drop)
    }

    /// Takes away what [`follow_schedule`](Self::follow_schedule) made.
    pub(super) async fn unschedule(&self, key: &FunctionKey) -> Result<()> {
        let _scheduling = self.scheduling.lock().await;
        self.remove_schedule(key).await
    }

    async fn remove_schedule(&self, key: &FunctionKey) -> Result<()> {
        let Some(old) = self.schedule(key).await? else {
            return Ok(());
        };
        match self.engine.delete_schedule(&old.id).await {
            Err(error) if error.code != ErrorCode::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    async fn schedule(&self, key: &FunctionKey) -> Result<Option<Schedule>> {
        let all = self.engine.schedules(Some(key)).await?;
        Ok(all.into_iter().find(|schedule| schedule.name == SCHEDULE))
    }
}

fn read(kept: &SpacesTrigger) -> Result<Trigger> {
    serde_json::from_str(&kept.document).map_err(|e| Error::internal("read a trigger", e))
}

pub(super) fn missing(space: &NamespaceName) -> Error {
    Error::not_found(format_args!("trigger with this id in {space}"))
}
