use beckon_core::{Connection, Result};
use beckon_macros::commands;

use crate::{
    Panel,
    views::{ConnectionDraft, ConnectionTest},
};

#[commands]
impl Panel {
    /// The local connection first, then the remote ones.
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        todo!()
    }

    /// Tries a connection without keeping it: reachable, authorised, latency. With `id`, an absent key is the stored one.
    pub async fn test_connection(&self, draft: ConnectionDraft, id: Option<String>) -> Result<ConnectionTest> {
        todo!()
    }

    /// Tests and keeps a connection; its key goes to the secret store.
    pub async fn add_connection(&self, draft: ConnectionDraft) -> Result<Connection> {
        todo!()
    }

    /// Tests and changes a connection.
    pub async fn edit_connection(&self, id: String, draft: ConnectionDraft) -> Result<Connection> {
        todo!()
    }

    /// Removes a connection and its key. Its records stay until their retention ends.
    pub async fn remove_connection(&self, id: String) -> Result<()> {
        todo!()
    }

    /// Tries a kept connection now and answers with its new state.
    pub async fn check_connection(&self, id: String) -> Result<Connection> {
        todo!()
    }

    /// Reads the provider's newest activations into the journal now; answers how many were new.
    pub async fn sync_connection(&self, id: String) -> Result<u32> {
        todo!()
    }
}
