//! One trigger's connection to its server, made again when it ends.

use std::sync::Arc;
use std::time::Duration;

use beckon_core::{CredentialKind, Error, Result, Secret, Subscription, TriggerState};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::broker::{Amqp, Memory, Mqtt, acknowledged, nats};
use super::message::Message;
use super::{Live, call};
use crate::Engine;

/// Calls of one trigger at a time (Scaleway's rule).
const IN_FLIGHT: usize = 10;
/// How long until the next try, doubling.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How long a session must last before the end of one is a first try again.
const LASTING: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why a session is over.
pub(super) enum End {
    /// It was told to.
    Stopped,
    /// The connection was lost, or could not be made.
    Lost(String),
    /// The server, or the secret store, refuses it.
    Refused(String),
}

impl End {
    /// The server does not let it in, with the credential that it has or without one.
    pub(super) fn unwelcome(credential: CredentialKind) -> Self {
        let text = match credential {
            CredentialKind::None => "The server wants a credential, and the trigger has none.",
            _ => "The server refuses the credential.",
        };
        Self::Refused(text.to_owned())
    }
}

/// Connects, and does it again, until the trigger is stopped.
pub(super) async fn keep(engine: Engine, live: Arc<Live>, engine_stops: CancellationToken) {
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut memory = Memory::default();
    let mut attempts = 0;
    while !live.stop.is_cancelled() {
        let mut session = Session {
            engine: &engine,
            live: &live,
            places: &places,
            stop: &engine_stops,
            memory: &mut memory,
            since: None,
            left: Vec::new(),
        };
        let end = session.hold().await;
        let lasted = session.since.is_some_and(|since| since.elapsed() >= LASTING);
        attempts = if lasted { 1 } else { attempts + 1 };
        let pause = match end {
            End::Stopped => return,
            End::Lost(_) => FIRST_PAUSE
                .saturating_mul(1 << (attempts - 1).min(10))
                .min(LONGEST_PAUSE),
            End::Refused(_) => LONGEST_PAUSE,
        };
        let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let retry_at = engine.inner.clock.now().saturating_add(pause_ms);
        let state = match end {
            End::Stopped => return,
            End::Lost(message) => TriggerState::Reconnecting {
                message,
                retry_at,
                attempts,
            },
            End::Refused(message) => TriggerState::Failed { message, retry_at },
        };
        if let TriggerState::Reconnecting { message, .. } | TriggerState::Failed { message, .. } = &state {
            tracing::warn!(
                trigger = live.definition.id,
                message,
                "a trigger is not connected"
            );
            live.record.blame(&engine, message.clone());
        }
        live.set(state);
        tokio::select! {
            () = live.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What a broker's part needs of a trigger at work.
pub(super) struct Session<'a> {
    pub(super) engine: &'a Engine,
    pub(super) live: &'a Arc<Live>,
    pub(super) places: &'a Arc<Semaphore>,
    stop: &'a CancellationToken,
    pub(super) memory: &'a mut Memory,
    /// When it was subscribed.
    since: Option<Instant>,
    /// The numbers of what the broker is told to forget while it is subscribed.
    left: Vec<i64>,
}

impl Session<'_> {
    async fn hold(&mut self) -> End {
        let live = self.live.clone();
        match &live.definition.subscription {
            Subscription::Nats { .. } => nats::listen(self).await,
            Subscription::Mqtt { .. } => acknowledged::listen::<Mqtt>(self).await,
            Subscription::Rabbitmq { .. } => acknowledged::listen::<Amqp>(self).await,
        }
    }

    /// The credential that the trigger logs in with.
    pub(super) async fn secret(&self) -> Result<Option<Secret>> {
        let trigger = &self.live.definition;
        if trigger.credential == CredentialKind::None {
            return Ok(None);
        }
        let (secrets, id) = (self.engine.inner.secrets.clone(), trigger.id.clone());
        let found = tokio::task::spawn_blocking(move || secrets.trigger_secret(&id))
            .await
            .map_err(|e| Error::internal("read a credential", e))??;
        found
            .map(Some)
            .ok_or_else(|| Error::not_found("credential kept for this trigger"))
    }

    /// A user and a password, if the trigger logs in with them.
    pub(super) async fn user(&self) -> Result<Option<(String, Secret)>> {
        let secret = self.secret().await?;
        Ok(secret.as_ref().map(divided))
    }

    /// What the trigger listened to at this broker before, and the broker may not know that it does no more.
    pub(super) async fn left(&mut self) -> Result<Vec<Subscription>> {
        let trigger = &self.live.definition;
        let left = self
            .engine
            .inner
            .store
            .leftovers_at(&trigger.id, &trigger.server)
            .await?;
        self.left = left.iter().map(|left| left.n).collect();
        Ok(left.into_iter().map(|left| left.subscription).collect())
    }

    /// The broker was told.
    pub(super) async fn tidied(&mut self) {
        let left = std::mem::take(&mut self.left);
        if left.is_empty() {
            return;
        }
        // It is told again where this could not be noted.
        if let Err(error) = self.engine.inner.store.drop_leftovers(left).await {
            tracing::warn!(%error, "what a broker was told to forget was not noted");
        }
    }

    /// It is subscribed.
    pub(super) fn running(&mut self) {
        self.since.get_or_insert_with(Instant::now);
        let since = self.engine.inner.clock.now();
        self.live.set(TriggerState::Running { since });
    }

    /// Hands a message to its calls, which go on by themselves. Waits for a place.
    pub(super) async fn handle(&self, message: Message) {
        let Ok(place) = self.places.clone().acquire_owned().await else {
            return;
        };
        let now = self.engine.inner.clock.now();
        self.live.record.count(|counts| {
            counts.received += 1;
            counts.in_flight += 1;
            counts.last_message = Some(now);
        });
        let (engine, live, stop) = (self.engine.clone(), self.live.clone(), self.stop.clone());
        self.engine.inner.help(|_| async move {
            call::deliver(&engine, &live, message, &stop).await;
            drop(place);
        });
    }
}

/// The user and the password of a credential.
pub(super) fn divided(secret: &Secret) -> (String, Secret) {
    let text = secret.expose();
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    (user.to_owned(), Secret::new(password))
}
