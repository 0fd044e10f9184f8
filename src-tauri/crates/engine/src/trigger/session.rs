//! One trigger's connection to its server, made again when it ends.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerError, Subscriber};
use beckon_core::{CredentialKind, Error, Result, Secret, TriggerState};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::Engine;
use crate::trigger::{Live, call};

/// Calls of one trigger at a time (Scaleway's rule).
const IN_FLIGHT: usize = 10;
/// Messages that wait for a place; beyond it the client throws them away, and it is counted.
const WAITING: usize = 8192;
const CONNECT: Duration = Duration::from_secs(5);
const PING: Duration = Duration::from_secs(20);
/// How long until the next try, doubling.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long the last messages of a connection that is left may take to come out of it.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Why a session is over.
enum End {
    /// It was told to.
    Stopped,
    /// The connection was lost, or could not be made.
    Lost(String),
    /// The server, or the secret store, refuses it.
    Refused(String),
}

/// Connects, and does it again, until the trigger is stopped.
pub(super) async fn keep(engine: Engine, live: Arc<Live>, engine_stops: CancellationToken) {
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut attempts = 0;
    while !live.stop.is_cancelled() {
        let mut session = Session {
            engine: &engine,
            live: &live,
            places: &places,
            stop: &engine_stops,
            ran: false,
        };
        let end = session.hold().await;
        attempts = if session.ran { 1 } else { attempts + 1 };
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

struct Session<'a> {
    engine: &'a Engine,
    live: &'a Arc<Live>,
    places: &'a Arc<Semaphore>,
    stop: &'a CancellationToken,
    /// Whether it was subscribed.
    ran: bool,
}

impl Session<'_> {
    async fn hold(&mut self) -> End {
        let (tell, mut events) = mpsc::unbounded_channel();
        let connecting = self.connect(tell);
        let connected = tokio::select! {
            () = self.live.stop.cancelled() => return End::Stopped,
            connected = connecting => connected,
        };
        let (client, mut subscriber) = match connected {
            Ok(connected) => connected,
            Err(end) => return end,
        };
        self.running();
        self.ran = true;
        let end = self.take(&mut subscriber, &mut events).await;
        // What has arrived already is not lost with the connection.
        if subscriber.drain().await.is_ok() {
            let rest = async {
                while let Some(message) = subscriber.next().await {
                    self.handle(message).await;
                }
            };
            if tokio::time::timeout(LAST_WORDS, rest).await.is_err() {
                self.throw_away(&mut subscriber);
            }
        }
        drop(client);
        end
    }

    /// Counts what waits and can wait no longer.
    fn throw_away(&self, subscriber: &mut Subscriber) {
        let mut dropped = 0;
        while let Some(Some(_)) = subscriber.next().now_or_never() {
            dropped += 1;
        }
        if dropped > 0 {
            self.live.record.count(|counts| counts.dropped += dropped);
            let text =
                format!("{dropped} messages waited when the subscription ended, and were thrown away.");
            self.live.record.blame(self.engine, text);
        }
    }

    async fn connect(&self, tell: mpsc::UnboundedSender<Event>) -> Result<(Client, Subscriber), End> {
        let trigger = &self.live.definition;
        let refused = |error: Error| End::Refused(error.message);
        let secret = self.secret().await.map_err(refused)?;
        let options = log_in(trigger.credential, secret).map_err(refused)?;
        let client = options
            .name(format!("Beckon: {}", trigger.name))
            .connection_timeout(CONNECT)
            .ping_interval(PING)
            .subscription_capacity(WAITING)
            // A server's word alone leads nowhere else.
            .ignore_discovered_servers()
            // Once at once; then here, where it is told.
            .max_reconnects(1)
            .event_callback(move |event| {
                let _ = tell.send(event);
                async {}
            })
            .connect(&trigger.server)
            .await
            .map_err(|error| match error.kind() {
                ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                    End::Refused("The server refuses the credential.".to_owned())
                }
                ConnectErrorKind::Tls => End::Refused(format!("No TLS connection to the server: {error}.")),
                _ => End::Lost(format!(
                    "The server {} cannot be reached: {error}.",
                    trigger.server
                )),
            })?;
        let subject = trigger.subject.clone();
        let subscriber = match &trigger.queue_group {
            Some(group) => client.queue_subscribe(subject, group.clone()).await,
            None => client.subscribe(subject).await,
        };
        let subscriber =
            subscriber.map_err(|error| End::Refused(format!("The subscription failed: {error}.")))?;
        client
            .flush()
            .await
            .map_err(|error| End::Lost(format!("The connection was lost: {error}.")))?;
        Ok((client, subscriber))
    }

    async fn secret(&self) -> Result<Option<Secret>> {
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

    fn running(&self) {
        let since = self.engine.inner.clock.now();
        self.live.set(TriggerState::Running { since });
    }

    /// Takes messages while the connection lasts.
    async fn take(&self, subscriber: &mut Subscriber, events: &mut mpsc::UnboundedReceiver<Event>) -> End {
        let mut trouble = "The connection was lost.".to_owned();
        loop {
            let free = self.places.available_permits() > 0;
            tokio::select! {
                biased;
                () = self.live.stop.cancelled() => return End::Stopped,
                Some(event) = events.recv() => match event {
                    Event::Connected => self.running(),
                    Event::Disconnected => {
                        let (message, retry_at) = (trouble.clone(), self.engine.inner.clock.now());
                        self.live.set(TriggerState::Reconnecting { message, retry_at, attempts: 1 });
                    }
                    Event::SlowConsumer(_) => {
                        self.live.record.count(|counts| counts.dropped += 1);
                        let text = "Messages came faster than the function takes them, and some were thrown away.";
                        self.live.record.blame(self.engine, text.to_owned());
                    }
                    Event::ServerError(ServerError::AuthorizationViolation) => {
                        return End::Refused("The server refuses the credential.".to_owned());
                    }
                    Event::ServerError(ServerError::Other(text)) if is_permission(&text) => {
                        return End::Refused(format!("The server refuses the subscription: {text}."));
                    }
                    Event::ServerError(error) => trouble = format!("The server ended the connection: {error}."),
                    Event::ClientError(async_nats::ClientError::Other(text)) => {
                        trouble = format!("The server {} cannot be reached: {text}.", self.live.definition.server);
                    }
                    Event::Closed => return End::Lost(trouble),
                    _ => {}
                },
                message = subscriber.next(), if free => match message {
                    Some(message) => self.handle(message).await,
                    None => return End::Lost(trouble),
                },
                // A place was freed.
                place = self.places.acquire(), if !free => drop(place),
            }
        }
    }

    /// Hands a message to its calls, which go on by themselves. Waits for a place.
    async fn handle(&self, message: async_nats::Message) {
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

/// `Permissions Violation for Subscription to "orders.>"`.
fn is_permission(text: &str) -> bool {
    text.to_ascii_lowercase().contains("permissions violation")
}

fn log_in(kind: CredentialKind, secret: Option<Secret>) -> Result<ConnectOptions> {
    let options = ConnectOptions::new();
    let Some(secret) = secret else {
        return Ok(options);
    };
    let text = secret.expose().trim().to_owned();
    Ok(match kind {
        CredentialKind::None => options,
        CredentialKind::Token => options.token(text),
        CredentialKind::Password => {
            let (user, password) = text.split_once(':').unwrap_or((&text, ""));
            options.user_and_password(user.to_owned(), password.to_owned())
        }
        CredentialKind::Nkey => options.nkey(text),
        // The cause could quote the credential.
        CredentialKind::Creds => options.credentials(&text).map_err(|_| {
            Error::new(
                beckon_core::ErrorCode::InvalidInput,
                "The credential is not a .creds text.",
            )
        })?,
    })
}
