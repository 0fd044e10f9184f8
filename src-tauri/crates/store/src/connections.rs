use beckon_core::{Connection, ConnectionKind, Environment, Millis, Result};

use crate::Store;

/// A remote connection to keep. Its key is in the secret store under the connection's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConnection {
    /// 32 hex characters.
    pub id: String,
    /// What a person called it.
    pub name: String,
    /// The system.
    pub kind: ConnectionKind,
    /// Its colour.
    pub environment: Environment,
    /// The base URL.
    pub api_host: String,
    /// The last four characters of the key.
    pub key_hint: String,
}

impl Store {
    /// The remote connections, oldest first, with `state` `Unknown`. The local one is not kept here.
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        todo!()
    }

    /// Adds one, or replaces the one with the same id.
    pub async fn put_connection(&self, connection: NewConnection) -> Result<Connection> {
        todo!()
    }

    /// Removes one; its activations stay until their retention ends. `NotFound` when there is none.
    pub async fn remove_connection(&self, id: &str) -> Result<()> {
        todo!()
    }

    /// Notes how far the provider's activations of a namespace were read.
    pub async fn set_last_sync(&self, id: &str, at: Millis) -> Result<()> {
        todo!()
    }
}
