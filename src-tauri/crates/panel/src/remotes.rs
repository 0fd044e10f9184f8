//! The remote connections in use: one client each, made when first needed, and what is known about reaching it.

use std::collections::HashMap;
use std::sync::Arc;

use beckon_core::{
    Connection, ConnectionKind, ConnectionState, Environment, Error, Event, LOCAL, Millis, Result, Secret,
};
use beckon_providers::Remote;
use parking_lot::Mutex;

use crate::accounts::{Renewals, SLACK};
use crate::looks::Schedule;
use crate::remote_calls::Running;
use crate::secrets::connection_key;
use crate::unpacked::Unpacked;
use crate::{FunctionKind, Panel};

#[derive(Default)]
pub(crate) struct Remotes {
    clients: Mutex<HashMap<String, Opened>>,
    states: Mutex<HashMap<String, ConnectionState>>,
    pub(crate) renewals: Renewals,
    pub(crate) looks: Schedule,
    /// What kinds of functions there are, by connection.
    pub(crate) kinds: Mutex<HashMap<String, Vec<FunctionKind>>>,
    /// What is in packages.
    pub(crate) unpacked: Unpacked,
    /// Held while what pasted keys open is noted.
    pub(crate) notes: tokio::sync::Mutex<()>,
    /// Calls that are waited for now.
    pub(crate) running: Running,
    /// Held while a namespace is made.
    pub(crate) making: tokio::sync::Mutex<()>,
}

/// A client, and when the key that it has ends.
struct Opened {
    client: Arc<dyn Remote>,
    ends: Option<Millis>,
}

impl Remotes {
    /// Forgets a client (its key or host changed, or the connection is gone).
    pub(crate) fn forget(&self, id: &str) {
        self.forget_client(id);
        self.states.lock().remove(id);
        self.renewals.forget(id);
        self.looks.forget(id);
        self.kinds.lock().remove(id);
        self.unpacked.forget(id);
    }

    /// Forgets a client whose key was replaced by another.
    pub(crate) fn forget_client(&self, id: &str) {
        self.clients.lock().remove(id);
    }

    /// The client, unless its key is about to end.
    fn opened(&self, id: &str, now: Millis) -> Option<Arc<dyn Remote>> {
        let clients = self.clients.lock();
        let opened = clients.get(id)?;
        let lasts = opened.ends.is_none_or(|end| now + SLACK < end);
        lasts.then(|| opened.client.clone())
    }

    /// Adds to a connection what is known only here.
    pub(crate) fn describe(&self, connection: &mut Connection) {
        connection.state = self.state(&connection.id);
        let reads = connection.capabilities.records;
        connection.looks = reads.then(|| self.looks.of(&connection.id));
    }

    pub(crate) fn state(&self, id: &str) -> ConnectionState {
        self.states
            .lock()
            .get(id)
            .cloned()
            .unwrap_or(ConnectionState::Unknown)
    }
}

impl Panel {
    /// All connections with their states, the local one first.
    pub(crate) async fn all_connections(&self) -> Result<Vec<Connection>> {
        let mut all = vec![self.local_connection()];
        for mut connection in self.store.connections().await? {
            self.remotes.describe(&mut connection);
            all.push(connection);
        }
        Ok(all)
    }

    /// One remote connection.
    pub(crate) async fn remote_connection(&self, id: &str) -> Result<Connection> {
        let found = self.store.connections().await?.into_iter().find(|c| c.id == id);
        let mut connection = found.ok_or_else(|| Error::not_found("connection with this id"))?;
        self.remotes.describe(&mut connection);
        Ok(connection)
    }

    /// The client of a remote connection. A key that is at its end is renewed first, where there is an account to do
    /// it with.
    pub(crate) async fn remote(&self, id: &str) -> Result<Arc<dyn Remote>> {
        if let Some(client) = self.remotes.opened(id, self.clock.now()) {
            return Ok(client);
        }
        let connection = self.remote_connection(id).await?;
        let connection = match self.with_live_key(connection).await {
            Ok(connection) => connection,
            Err(error) => return self.noting(id, Err(error)),
        };
        let key = self.stored_key(id).await?;
        let client = beckon_providers::connect(connection.kind, &connection.api_host, key)?;
        let opened = Opened {
            client: client.clone(),
            ends: connection.key_expires,
        };
        self.remotes.clients.lock().insert(id.to_owned(), opened);
        Ok(client)
    }

    /// The key of a remote connection, renewed first where it is at its end.
    pub(crate) async fn live_key(&self, id: &str) -> Result<Secret> {
        let connection = self.remote_connection(id).await?;
        self.with_live_key(connection).await?;
        self.stored_key(id).await
    }

    /// The key of a remote connection, from the secret store.
    pub(crate) async fn stored_key(&self, id: &str) -> Result<Secret> {
        let (secrets, name) = (self.secrets.clone(), connection_key(id));
        self.blocking(move || secrets.get(&name)).await?.ok_or_else(|| {
            Error::not_found("key for this connection in the secret store")
                .with_hint("Edit the connection and enter its key again.")
        })
    }

    /// Notes what a call taught about a connection, and tells the window when that is news.
    pub(crate) fn note_state(&self, id: &str, state: ConnectionState) {
        let mut states = self.remotes.states.lock();
        let same = match (states.get(id), &state) {
            (Some(ConnectionState::Connected { .. }), ConnectionState::Connected { .. }) => true,
            (old, new) => old == Some(new),
        };
        states.insert(id.to_owned(), state);
        drop(states);
        if !same {
            self.store.publish(Event::Connections);
        }
    }

    /// Passes a reply on, and notes failures that concern the connection rather than the call.
    pub(crate) fn noting<T>(&self, id: &str, reply: Result<T>) -> Result<T> {
        use beckon_core::ErrorCode::{Unauthorized, Unreachable};
        match &reply {
            Err(error) if matches!(error.code, Unauthorized | Unreachable) => {
                // Another key may be kept by now: the next call opens the connection anew.
                self.remotes.clients.lock().remove(id);
                self.note_state(id, ConnectionState::Failing { error: error.clone() });
            }
            Ok(_) if matches!(self.remotes.state(id), ConnectionState::Failing { .. }) => {
                self.note_state(id, ConnectionState::Unknown);
            }
            _ => {}
        }
        reply
    }

    fn local_connection(&self) -> Connection {
        Connection {
            id: LOCAL.into(),
            name: "This machine".into(),
            kind: ConnectionKind::Local,
            capabilities: ConnectionKind::Local.capabilities(),
            environment: Environment::Local,
            api_host: self.gateway_url.read().clone().unwrap_or_default(),
            key_hint: String::new(),
            created: 0,
            last_sync: None,
            state: ConnectionState::Connected {
                latency_ms: 0,
                server: None,
            },
            looks: None,
            account: None,
            account_namespace: None,
            key_id: None,
            key_expires: None,
            key_renews: false,
        }
    }
}
