use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{FunctionKey, Millis, Noted};

/// Something that calls a function for each message of a broker: NATS, MQTT or RabbitMQ.
///
/// The body is the event: arguments for functions that take JSON (`{"message": …}` when it is not an object), the
/// body of a POST for those that speak HTTP, with the message's headers and `X-Topic`. A call that ends with a status
/// of 300 or more is made at most three times; at most 10 calls of a trigger are under way (Scaleway's rules). A broker
/// that waits for an acknowledgement gets it once the first call is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    /// 32 hex characters; the same over edits.
    pub id: String,
    /// What a person calls it; need not be unique.
    pub name: String,
    /// What it calls. The function may be gone: see `state`.
    pub function: FunctionKey,
    /// The server, without credentials: `nats://host:port` or `tls://host:port`; `mqtt://` or `mqtts://`; `amqp://` or
    /// `amqps://`, with the virtual host after the port where that is not `/`.
    pub server: String,
    /// Which of the server's messages.
    pub subscription: Subscription,
    /// What kind of credential it logs in with; the credential itself is in the secret store.
    pub credential: CredentialKind,
    /// Whether a person paused it.
    pub paused: bool,
    /// What it is doing.
    pub state: TriggerState,
    /// What it did since Beckon started.
    pub counts: TriggerCounts,
    /// The last thing that went wrong, also long after.
    pub last_error: Option<Noted>,
    /// When it was made.
    pub created: Millis,
    /// When it was last edited, paused or resumed.
    pub updated: Millis,
}

/// What a trigger is made of, as a person gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewTrigger {
    /// What to call it; what it listens to when empty.
    pub name: String,
    /// What to call.
    pub function: FunctionKey,
    /// The server, as in [`Trigger::server`]; the scheme and the port may be left out.
    pub server: String,
    /// Which of the server's messages.
    pub subscription: Subscription,
    /// What kind of credential it logs in with.
    pub credential: CredentialKind,
    /// Whether it starts paused.
    pub paused: bool,
}

/// Which messages of a server a trigger takes, in the words of its broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "broker", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Subscription {
    /// Of a NATS server. Nothing is acknowledged.
    Nats {
        /// The subject, with `*` and `>` as NATS has them.
        subject: String,
        /// The queue group: its members share the messages.
        queue_group: Option<String>,
    },
    /// Of an MQTT 3.1.1 server.
    Mqtt {
        /// Topic filters, with `+` and `#` as MQTT has them. At least one.
        topics: Vec<String>,
        /// 0, 1 or 2. Above 0 the server keeps what comes while nobody listens, until the trigger is deleted.
        qos: u8,
    },
    /// Of a RabbitMQ server, over AMQP 0-9-1.
    Rabbitmq {
        /// The queue; made (durable) when there is none, and never deleted: others may use it. Without one: a queue of
        /// its own, for as long as it listens.
        queue: Option<String>,
        /// The exchange that the queue is bound to; without one it is taken as it is.
        exchange: Option<String>,
        /// Routing keys, with `*` and `#` as topic exchanges have them, that it is bound with. None: `#`.
        topics: Vec<String>,
    },
}

impl Subscription {
    /// What it listens to, in a few words.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Nats { subject, .. } => subject.clone(),
            Self::Rabbitmq {
                queue: Some(queue), ..
            } => queue.clone(),
            Self::Mqtt { topics, .. } => topics.join(", "),
            Self::Rabbitmq { exchange, topics, .. } => {
                let parts = exchange.iter().chain(topics).map(String::as_str);
                parts.collect::<Vec<_>>().join(" ")
            }
        }
    }
}

/// Something that calls, for each message of a broker, every function of a namespace that asks for the message's topic
/// ([`Function::topics`](crate::Function::topics)). Calls are asynchronous and made once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TopicTrigger {
    /// As in [`Trigger::server`].
    pub server: String,
    /// Which of the server's messages.
    pub subscription: Subscription,
    /// How it logs in; the credential itself is in the secret store.
    pub credential: CredentialKind,
    /// Who is told how each call ended.
    pub callback_url: Option<String>,
}

/// How a trigger logs in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// Not at all.
    #[default]
    None,
    /// With a token.
    Token,
    /// With `user:password`.
    Password,
    /// With an NKey seed (`SU…`).
    Nkey,
    /// With the text of a `.creds` file (JWT and seed).
    Creds,
}

/// What a trigger is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TriggerState {
    /// A person paused it.
    Paused,
    /// Its function was deleted. Messages are not taken until a function has that name.
    Orphaned,
    /// This Beckon runs nothing in the background (a visit of the command line).
    Idle,
    /// The server is being asked for the first time.
    Connecting,
    /// Subscribed.
    Running {
        /// Since when.
        since: Millis,
    },
    /// The connection was lost or could not be made; it is tried again.
    Reconnecting {
        /// Why.
        message: String,
        /// When it is tried again.
        retry_at: Millis,
        /// How often in a row it was tried in vain.
        attempts: u32,
    },
    /// The server refuses it, or the credential cannot be read: likely to stay so until somebody does something. It is
    /// tried again all the same, less often.
    Failed {
        /// Why.
        message: String,
        /// When it is tried again.
        retry_at: Millis,
    },
}

/// What a trigger did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TriggerCounts {
    /// Messages taken.
    pub received: u64,
    /// Messages whose call ended with a status below 300.
    pub succeeded: u64,
    /// Messages given up after their last try.
    pub failed: u64,
    /// Calls beyond a message's first.
    pub retried: u64,
    /// Messages that the client had to throw away because too many waited.
    pub dropped: u64,
    /// Messages being handled now.
    pub in_flight: u32,
    /// When the last one was taken.
    pub last_message: Option<Millis>,
}
