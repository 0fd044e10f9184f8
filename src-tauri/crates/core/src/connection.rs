use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Millis;

/// The id of the connection that is this machine's engine.
pub const LOCAL: &str = "local";

/// The system behind a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionKind {
    /// This machine's engine.
    Local,
    /// Any Apache OpenWhisk, by API host and key.
    Openwhisk,
    /// DigitalOcean Functions, by API host and namespace access key.
    Digitalocean,
}

/// How dangerous a mistake is; decides the colour of the connection in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// This machine.
    Local,
    /// A playground of one's own.
    Development,
    /// Shared, not yet public.
    Staging,
    /// Real users. The window marks it in red.
    Production,
}

/// What is known about reaching a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ConnectionState {
    /// Not tried since Beckon started.
    Unknown,
    /// Reached and authorised.
    Connected {
        /// The round trip of the last check.
        latency_ms: u32,
    },
    /// Something is wrong.
    Failing {
        /// What, without secrets.
        error: crate::Error,
    },
}

/// A system that the panel works over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// [`LOCAL`], or 32 hex characters.
    pub id: String,
    /// What a person called it.
    pub name: String,
    /// The system.
    pub kind: ConnectionKind,
    /// Its colour.
    pub environment: Environment,
    /// The base URL, for example `https://faas-lon1-0123abcd.doserverless.co`.
    pub api_host: String,
    /// The last four characters of the key.
    pub key_hint: String,
    /// When it was added.
    pub created: Millis,
    /// When the provider's activations were last read into the journal.
    pub last_sync: Option<Millis>,
    /// Reachability.
    pub state: ConnectionState,
}
