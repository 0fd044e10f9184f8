//! The remote connections in use: one client each, made when first needed, and what is known about reaching it.

use std::collections::HashMap;
use std::sync::Arc;

use beckon_core::{
    Connection, ConnectionKind, ConnectionState, Environment, Error, Event, LOCAL, Result, Secret,
};
use beckon_providers::Remote;
use parking_lot::Mutex;

use crate::Panel;
use crate::secrets::connection_key;

#[derive(Default)]
pub(crate) struct Remotes {
    clients: Mutex<HashMap<String, Arc<dyn Remote>>>,
    states: Mutex<HashMap<String, ConnectionState>>,
}

impl Remotes {
    /// Forgets a client (its key or host changed, or the connection is gone).
    pub(crate) fn forget(&self, id: &str) {
        self.clients.lock().remove(id);
        self.states.lock().remove(id);
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
            connection.state = self.remotes.state(&connection.id);
            all.push(connection);
        }
        Ok(all)
    }

    /// One remote connection.
    pub(crate) async fn remote_connection(&self, id: &str) -> Result<Connection> {
        let found = self.store.connections().await?.into_iter().find(|c| c.id == id);
        let mut connection = found.ok_or_else(|| Error::not_found("connection with this id"))?;
        connection.state = self.remotes.state(id);
        Ok(connection)
    }

    /// The client of a remote connection.
    pub(crate) async fn remote(&self, id: &str) -> Result<Arc<dyn Remote>> {
        if let Some(client) = self.remotes.clients.lock().get(id) {
            return Ok(client.clone());
        }
        let connection = self.remote_connection(id).await?;
        let key = self.stored_key(id).await?;
        let client = beckon_providers::connect(connection.kind, &connection.api_host, key)?;
        Ok(self
            .remotes
            .clients
            .lock()
            .entry(id.to_owned())
            .or_insert(client)
            .clone())
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
            environment: Environment::Local,
            api_host: self.gateway_url.read().clone().unwrap_or_default(),
            key_hint: String::new(),
            created: 0,
            last_sync: None,
            state: ConnectionState::Connected { latency_ms: 0 },
        }
    }
}
