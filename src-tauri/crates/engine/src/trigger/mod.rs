//! Triggers: functions called by messages of NATS, MQTT and RabbitMQ servers.
//!
//! ```text
//! mod ─ what callers see, and the one task that starts and stops the others    check ─ what may be asked for
//! topics ─ triggers that call whoever asks for a topic                         route ─ who that is
//! session ─ one connection to one server, tried again when it ends             broker/ ─ the protocols
//! message ─ what they all bring                                                call ─ a message, until its run is over
//! tidy ─ what those that listen no more left at their brokers
//! ```

mod broker;
mod call;
mod check;
mod message;
mod route;
mod session;
mod tidy;
mod topics;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{
    CredentialKind, Error, Event, FunctionKey, NamespaceName, NewTrigger, Noted, Result, Secret,
    Subscription, TopicTrigger, Trigger, TriggerCounts, TriggerState, label,
};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::Engine;
use broker::keys;
use route::Target;
pub use topics::TopicTriggerStatus;

/// Shortest time between two events.
const EVENTS: Duration = Duration::from_millis(500);
/// How long to leave a database alone that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The triggers at work.
#[derive(Debug, Default)]
pub(crate) struct Board {
    live: Mutex<HashMap<String, Arc<Live>>>,
    /// A trigger was made, changed or deleted.
    pub(crate) changed: Notify,
    /// Something may be left at a broker by one that was changed or deleted.
    pub(crate) left: Notify,
    /// A state or a count is different now.
    told: Arc<Notify>,
}

/// A trigger at work, or one that was.
#[derive(Debug)]
struct Live {
    /// As it was when its session started; a change starts another one.
    definition: Definition,
    state: Mutex<TriggerState>,
    record: Arc<Record>,
    stop: CancellationToken,
    /// What its broker is to forget because the trigger is another one now or gone.
    forgotten: Mutex<Vec<String>>,
}

/// What a session is to do.
#[derive(Debug, Clone, PartialEq)]
struct Definition {
    id: String,
    name: String,
    server: String,
    subscription: Subscription,
    credential: CredentialKind,
    target: Target,
}

impl Definition {
    /// Whether a broker keeps a session that nobody can end once the credential is another server's.
    fn keeps_session(&self) -> bool {
        self.credential != CredentialKind::None
            && matches!(self.subscription, Subscription::Mqtt { qos: 1.., .. })
    }

    /// What a broker holds for this that is of no use to what comes after it. The bindings of a queue stay when its trigger
    /// goes, as the queue does.
    fn not_in(&self, next: Option<(&str, &Subscription)>) -> Vec<String> {
        let next = next.filter(|(server, _)| *server == self.server);
        no_longer(&self.subscription, next.map(|(_, subscription)| subscription))
    }
}

/// The topics or keys of a subscription that are of no use to the one that comes after it at the same broker.
fn no_longer(old: &Subscription, next: Option<&Subscription>) -> Vec<String> {
    let (old, new) = match (old, next) {
        (Subscription::Mqtt { topics: old, .. }, Some(Subscription::Mqtt { topics, .. })) => {
            (old.clone(), topics.clone())
        }
        (Subscription::Mqtt { topics: old, .. }, _) => (old.clone(), Vec::new()),
        (
            Subscription::Rabbitmq {
                queue,
                exchange,
                topics,
            },
            Some(Subscription::Rabbitmq {
                queue: next,
                exchange: by,
                topics: others,
            }),
        ) if queue == next && exchange.is_some() => {
            let new = if by == exchange { keys(others) } else { Vec::new() };
            (keys(topics), new)
        }
        _ => return Vec::new(),
    };
    old.into_iter().filter(|topic| !new.contains(topic)).collect()
}

impl From<Trigger> for Definition {
    fn from(trigger: Trigger) -> Self {
        Self {
            id: trigger.id,
            name: trigger.name,
            server: trigger.server,
            subscription: trigger.subscription,
            credential: trigger.credential,
            target: Target::Function(trigger.function),
        }
    }
}

impl From<(String, NamespaceName, TopicTrigger)> for Definition {
    fn from((id, namespace, trigger): (String, NamespaceName, TopicTrigger)) -> Self {
        Self {
            id,
            name: trigger.subscription.summary(),
            server: trigger.server,
            subscription: trigger.subscription,
            credential: trigger.credential,
            target: Target::Topics {
                namespace,
                callback_url: trigger.callback_url,
            },
        }
    }
}

/// What a trigger did; it goes on over changes and pauses.
#[derive(Debug, Default)]
struct Record {
    counts: Mutex<TriggerCounts>,
    last_error: Mutex<Option<Noted>>,
    told: Arc<Notify>,
}

impl Record {
    fn count(&self, change: impl FnOnce(&mut TriggerCounts)) {
        change(&mut self.counts.lock());
        self.told.notify_one();
    }

    fn blame(&self, engine: &Engine, message: String) {
        let at = engine.inner.clock.now();
        *self.last_error.lock() = Some(Noted { at, message });
        self.told.notify_one();
    }
}

impl Live {
    fn set(&self, state: TriggerState) {
        *self.state.lock() = state;
        self.record.told.notify_one();
    }

    /// Stops it, and has the broker keep nothing of what is not asked for any more: a server and a subscription, or
    /// nothing.
    fn leave(&self, next: Option<(&str, &Subscription)>) {
        // Once: who stops it first knows what comes next.
        if !self.stop.is_cancelled() {
            *self.forgotten.lock() = self.definition.not_in(next);
            self.stop.cancel();
        }
    }

    fn forgotten(&self) -> Vec<String> {
        self.forgotten.lock().clone()
    }
}

impl Engine {
    /// The triggers of a function, or all, oldest first, with what they are doing.
    pub async fn triggers(&self, function: Option<&FunctionKey>) -> Result<Vec<Trigger>> {
        let stored = self.inner.store.triggers(function).await?;
        Ok(stored.into_iter().map(|trigger| self.alive(trigger)).collect())
    }

    /// One trigger. `NotFound` when there is none.
    pub async fn trigger(&self, id: &str) -> Result<Trigger> {
        let found = self.inner.store.trigger(id).await?;
        found
            .map(|trigger| self.alive(trigger))
            .ok_or_else(|| Error::not_found("trigger with this id"))
    }

    /// Makes a trigger under `id` ([`beckon_core::random_hex`]), or changes the one that has it. The credential that it
    /// names must be where [`crate::SecretSource::trigger_secret`] finds it; call this after changing it, too.
    ///
    /// `InvalidInput` for a server or subscription that cannot be one.
    pub async fn put_trigger(&self, id: &str, new: NewTrigger) -> Result<Trigger> {
        let new = Self::check_trigger(new)?;
        let saved = self.inner.store.put_trigger(id, new).await?;
        self.begin_anew(id, Some((&saved.server, &saved.subscription)));
        Ok(self.alive(saved))
    }

    /// Takes no more messages until it is resumed; what is under way is finished. `NotFound` when there is none.
    pub async fn pause_trigger(&self, id: &str) -> Result<Trigger> {
        self.set_trigger_paused(id, true).await
    }

    /// Takes messages again, or tries again at once where it waits to. `NotFound` when there is none.
    pub async fn resume_trigger(&self, id: &str) -> Result<Trigger> {
        self.set_trigger_paused(id, false).await
    }

    /// Deletes a trigger and its credential; what is under way is finished. An MQTT broker is told to forget it, for a day
    /// at most if it cannot be reached, and the credential is kept until then; a named queue of RabbitMQ stays as it is.
    /// `NotFound` when there is none.
    pub async fn delete_trigger(&self, id: &str) -> Result<()> {
        self.inner.store.delete_trigger(id).await?;
        self.begin_anew(id, None);
        self.abandon_trigger_secret(id).await;
        Ok(())
    }

    /// A trigger was changed: its credential may be another one now, too.
    fn begin_anew(&self, id: &str, next: Option<(&str, &Subscription)>) {
        let live = self.inner.triggers.live.lock().get(id).cloned();
        if let Some(live) = live {
            live.leave(next);
            if let Some((server, _)) = next
                && live.definition.keeps_session()
                && live.definition.server != server
            {
                let left = &live.definition.server;
                let text = format!(
                    "{left} may keep a session of this trigger: it cannot be told without its credential."
                );
                live.record.blame(self, text);
            }
        }
        self.inner.triggers.changed.notify_one();
        self.inner.triggers.left.notify_one();
    }

    /// A trigger as it will be stored, or why it cannot be: `InvalidInput`.
    pub fn check_trigger(mut new: NewTrigger) -> Result<NewTrigger> {
        (new.server, new.subscription) = check::source(&new.server, new.subscription, new.credential)?;
        new.name = label(&new.name, &check::short(&new.subscription.summary()))?;
        Ok(new)
    }

    /// Refuses a credential that cannot be one of its kind; whether a server takes it shows when it is used.
    pub fn check_trigger_secret(kind: beckon_core::CredentialKind, secret: &Secret) -> Result<()> {
        check::credential(kind, secret)
    }

    async fn set_trigger_paused(&self, id: &str, paused: bool) -> Result<Trigger> {
        let saved = self.inner.store.set_trigger_paused(id, paused).await?;
        if let Some(live) = self.inner.triggers.live.lock().get(id) {
            live.stop.cancel();
        }
        self.inner.triggers.changed.notify_one();
        Ok(self.alive(saved))
    }

    fn alive(&self, mut trigger: Trigger) -> Trigger {
        let live = self.inner.triggers.live.lock().get(&trigger.id).cloned();
        if let Some(live) = &live {
            trigger.counts = *live.record.counts.lock();
            trigger.last_error = live.record.last_error.lock().clone();
        }
        if trigger.state == TriggerState::Idle && self.inner.config.dispatch {
            trigger.state = match live {
                Some(live) if !live.stop.is_cancelled() => live.state.lock().clone(),
                _ => TriggerState::Connecting,
            };
        }
        trigger
    }
}

/// Keeps a session for every trigger that should have one, until told to stop.
pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = supervise(&engine, &stop) => {}
        () = publish(&engine) => {}
        () = tidy::run(&engine) => {}
    }
    for live in engine.inner.triggers.live.lock().values() {
        live.stop.cancel();
    }
}

async fn supervise(engine: &Engine, stop: &CancellationToken) {
    let mut events = engine.inner.store.events();
    loop {
        if let Err(error) = reconcile(engine, stop).await {
            tracing::error!(%error, "triggers could not be read");
            tokio::time::sleep(AFTER_FAILURE).await;
            continue;
        }
        loop {
            let event = tokio::select! {
                () = engine.inner.triggers.changed.notified() => break,
                event = events.recv() => event,
            };
            match event {
                // A function that was deleted takes no messages; one that came back does.
                Ok(Event::Functions { .. }) | Err(RecvError::Lagged(_)) => break,
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }
}

async fn reconcile(engine: &Engine, stop: &CancellationToken) -> Result<()> {
    let board = &engine.inner.triggers;
    let stored = engine.inner.store.triggers(None).await?;
    let topics = engine.inner.store.topic_triggers().await?;
    let of_function = stored.into_iter().map(|trigger| {
        let idle = trigger.state == TriggerState::Idle;
        (Definition::from(trigger), idle)
    });
    let of_topics = topics
        .into_iter()
        .map(|trigger| (Definition::from(trigger), true));
    let wanted: Vec<(Definition, bool)> = of_function.chain(of_topics).collect();
    let mut live = board.live.lock();
    live.retain(|id, live| {
        let kept = wanted.iter().any(|(trigger, _)| trigger.id == *id);
        if !kept {
            live.leave(None);
        }
        kept
    });
    for (trigger, listens) in wanted {
        let old = live.get(&trigger.id);
        if !listens {
            // Paused or orphaned; its record stays.
            if let Some(old) = old {
                old.stop.cancel();
            }
            continue;
        }
        if old.is_some_and(|old| old.definition == trigger && !old.stop.is_cancelled()) {
            continue;
        }
        let record = match old {
            Some(old) => {
                old.leave(Some((&trigger.server, &trigger.subscription)));
                old.record.clone()
            }
            None => Arc::new(Record {
                told: board.told.clone(),
                ..Record::default()
            }),
        };
        let id = trigger.id.clone();
        let fresh = Arc::new(Live {
            definition: trigger,
            state: Mutex::new(TriggerState::Connecting),
            record,
            stop: stop.child_token(),
            forgotten: Mutex::default(),
        });
        live.insert(id, fresh.clone());
        engine
            .inner
            .help(|stop| session::keep(engine.clone(), fresh, stop));
    }
    Ok(())
}

async fn publish(engine: &Engine) {
    loop {
        engine.inner.triggers.told.notified().await;
        engine.inner.store.publish(Event::Triggers);
        tokio::time::sleep(EVENTS).await;
    }
}
