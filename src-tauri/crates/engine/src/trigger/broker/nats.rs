//! NATS, with its own client. Nothing is acknowledged: what waits when a connection ends is handed over all the same.

use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerError, Subscriber};
use beckon_core::{CredentialKind, Error, Result, Secret, Subscription, TriggerState};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc;

use super::wire::nonsense;
use crate::trigger::message::Message;
use crate::trigger::session::{End, Session};

/// Messages that wait for a place; beyond it the client throws them away, and it is counted.
const WAITING: usize = 8192;
const CONNECT: Duration = Duration::from_secs(5);
const PING: Duration = Duration::from_secs(20);
/// How long the last messages of a connection that is left may take to come out of it.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Listens while the connection lasts.
pub(in crate::trigger) async fn listen(session: &mut Session<'_>) -> End {
    let (tell, mut events) = mpsc::unbounded_channel();
    let connecting = connect(session, tell);
    let connected = tokio::select! {
        () = session.live.stop.cancelled() => return End::Stopped,
        connected = connecting => connected,
    };
    let (client, mut subscriber) = match connected {
        Ok(connected) => connected,
        Err(end) => return end,
    };
    session.running();
    let end = take(session, &mut subscriber, &mut events).await;
    // What has arrived already is not lost with the connection.
    if subscriber.drain().await.is_ok() {
        let rest = async {
            while let Some(message) = subscriber.next().await {
                session.handle(neutral(&message)).await;
            }
        };
        if tokio::time::timeout(LAST_WORDS, rest).await.is_err() {
            throw_away(session, &mut subscriber);
        }
    }
    drop(client);
    end
}

/// Counts what waits and can wait no longer.
fn throw_away(session: &Session<'_>, subscriber: &mut Subscriber) {
    let mut dropped = 0;
    while let Some(Some(_)) = subscriber.next().now_or_never() {
        dropped += 1;
    }
    if dropped > 0 {
        session.live.record.count(|counts| counts.dropped += dropped);
        let text = format!("{dropped} messages waited when the subscription ended, and were thrown away.");
        session.live.record.blame(session.engine, text);
    }
}

async fn connect(
    session: &Session<'_>,
    tell: mpsc::UnboundedSender<Event>,
) -> Result<(Client, Subscriber), End> {
    let trigger = &session.live.definition;
    let refused = |error: Error| End::Refused(error.message);
    let secret = session.secret().await.map_err(refused)?;
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
                End::unwelcome(trigger.credential)
            }
            ConnectErrorKind::Tls => End::Refused(format!("No TLS connection to the server: {error}.")),
            _ => End::Lost(format!(
                "The server {} cannot be reached: {error}.",
                trigger.server
            )),
        })?;
    let Subscription::Nats { subject, queue_group } = &trigger.subscription else {
        return Err(nonsense("NATS"));
    };
    let subscriber = match queue_group {
        Some(group) => client.queue_subscribe(subject.clone(), group.clone()).await,
        None => client.subscribe(subject.clone()).await,
    };
    let subscriber =
        subscriber.map_err(|error| End::Refused(format!("The subscription failed: {error}.")))?;
    client
        .flush()
        .await
        .map_err(|error| End::Lost(format!("The connection was lost: {error}.")))?;
    Ok((client, subscriber))
}

/// Takes messages while the connection lasts.
async fn take(
    session: &mut Session<'_>,
    subscriber: &mut Subscriber,
    events: &mut mpsc::UnboundedReceiver<Event>,
) -> End {
    let mut trouble = "The connection was lost.".to_owned();
    loop {
        let free = session.places.available_permits() > 0;
        tokio::select! {
            biased;
            () = session.live.stop.cancelled() => return End::Stopped,
            Some(event) = events.recv() => match event {
                Event::Connected => session.running(),
                Event::Disconnected => {
                    let (message, retry_at) = (trouble.clone(), session.engine.inner.clock.now());
                    session.live.set(TriggerState::Reconnecting { message, retry_at, attempts: 1 });
                }
                Event::SlowConsumer(_) => {
                    session.live.record.count(|counts| counts.dropped += 1);
                    let text = "Messages came faster than the function takes them, and some were thrown away.";
                    session.live.record.blame(session.engine, text.to_owned());
                }
                Event::ServerError(ServerError::AuthorizationViolation) => {
                    return End::unwelcome(session.live.definition.credential);
                }
                Event::ServerError(ServerError::Other(text)) if is_permission(&text) => {
                    return End::Refused(format!("The server refuses the subscription: {text}."));
                }
                Event::ServerError(error) => trouble = format!("The server ended the connection: {error}."),
                Event::ClientError(async_nats::ClientError::Other(text)) => {
                    trouble = format!("The server {} cannot be reached: {text}.", session.live.definition.server);
                }
                Event::Closed => return End::Lost(trouble),
                _ => {}
            },
            message = subscriber.next(), if free => match message {
                Some(message) => session.handle(neutral(&message)).await,
                None => return End::Lost(trouble),
            },
            // A place was freed.
            place = session.places.acquire(), if !free => drop(place),
        }
    }
}

fn neutral(message: &async_nats::Message) -> Message {
    let all = message.headers.iter().flat_map(async_nats::HeaderMap::iter);
    let headers = all.flat_map(|(name, values)| {
        let name: &str = name.as_ref();
        values
            .iter()
            .map(move |value| (name.to_owned(), value.as_str().to_owned()))
    });
    Message {
        topic: message.subject.to_string(),
        headers: headers.collect(),
        body: message.payload.clone(),
        receipt: None,
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
    let text = match kind {
        // It may begin or end with white space that is its own.
        CredentialKind::Password => secret.expose().to_owned(),
        _ => secret.expose().trim().to_owned(),
    };
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
