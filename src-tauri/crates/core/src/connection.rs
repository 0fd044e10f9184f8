use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Capabilities, Millis, NamespaceName};

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
    /// Any OpenFaaS-compatible gateway, by its URL and password.
    Openfaas,
    /// Spaces (Altair IoT Studio Functions), by API host and a client's credential. The host may be followed by
    /// `/spaces/NAME`, for a server that does not list its spaces.
    Spaces,
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
        /// What answers there, where it says so: its name and version.
        #[serde(default)]
        #[ts(optional = nullable)]
        server: Option<String>,
    },
    /// Something is wrong.
    Failing {
        /// What, without secrets.
        error: crate::Error,
    },
}

/// How Beckon keeps up with the runs at a provider, since it started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Looks {
    /// Whether it reads them now.
    pub looking: bool,
    /// When it last did, with or without success.
    pub last: Option<Millis>,
    /// When it does next, a minute more or less; `None` where nothing is read by itself.
    pub next: Option<Millis>,
    /// How often in a row it failed. With each time the next one is further off, a quarter of an hour at most.
    pub failures: u32,
    /// Why it failed the last time; `None` when it did not.
    pub error: Option<crate::Error>,
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
    /// What the system has.
    pub capabilities: Capabilities,
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
    /// How Beckon keeps up with the runs there; `None` of the local engine, whose runs are in the journal at once, and of
    /// a system that keeps no records.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub looks: Option<Looks>,
    /// The account that the connection was made from, while Beckon knows it.
    pub account: Option<String>,
    /// The one namespace that the key opens, where Beckon made the key.
    pub account_namespace: Option<NamespaceName>,
    /// The public half of the key that Beckon made.
    pub key_id: Option<String>,
    /// When that key ends; `None` for a key that Beckon did not make, and for one that never ends.
    pub key_expires: Option<Millis>,
    /// Whether Beckon makes a new key before that: it keeps the account's token.
    pub key_renews: bool,
}

/// An account at a provider, which connections are made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// 32 hex characters.
    pub id: String,
    /// The address of its owner where the provider says one, or else the provider's host.
    pub name: String,
    /// The base URL of its API, for example `https://api.digitalocean.com`.
    pub base_url: String,
    /// The last four characters of its token.
    pub hint: String,
    /// Whether its token is in the secret store. Without it nothing can be renewed, listed or revoked.
    pub token_kept: bool,
    /// When it was added.
    pub created: Millis,
}
