use beckon_core::{
    Connection, ConnectionKind, ConnectionState, Error, ErrorCode, Event, LOCAL, Result, Secret,
};
use beckon_core::{hint_of, random_hex};
use beckon_macros::commands;
use beckon_store::NewConnection;

use crate::{
    Panel, journal,
    secrets::connection_key,
    views::{ConnectionDraft, ConnectionTest},
};

#[commands]
impl Panel {
    /// The local connection first, then the remote ones.
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        self.all_connections().await
    }

    /// Tries a connection without keeping it: reachable, authorised, latency. With `id`, an absent key is the stored one.
    pub async fn test_connection(
        &self,
        draft: ConnectionDraft,
        id: Option<String>,
    ) -> Result<ConnectionTest> {
        Ok(self.try_draft(draft, id.as_deref()).await?.1)
    }

    /// Tests and keeps a connection; its key goes to the secret store.
    pub async fn add_connection(&self, draft: ConnectionDraft) -> Result<Connection> {
        self.keep_connection(random_hex(), draft, None).await
    }

    /// Tests and changes a connection.
    pub async fn edit_connection(&self, id: String, draft: ConnectionDraft) -> Result<Connection> {
        self.remote_connection(&id).await?;
        self.keep_connection(id.clone(), draft, Some(&id)).await
    }

    /// Removes a connection and its key. Its records stay until their retention ends.
    pub async fn remove_connection(&self, id: String) -> Result<()> {
        self.store.remove_connection(&id).await?;
        self.remotes.forget(&id);
        let (secrets, name) = (self.secrets.clone(), connection_key(&id));
        if let Err(error) = self.blocking(move || secrets.remove(&name)).await {
            tracing::warn!(%error, "the key of a removed connection is still in the secret store");
        }
        self.store.publish(Event::Connections);
        Ok(())
    }

    /// Tries a kept connection now and answers with its new state.
    pub async fn check_connection(&self, id: String) -> Result<Connection> {
        if id == LOCAL {
            return self.all_connections().await.map(|mut all| all.swap_remove(0));
        }
        let remote = self.remote(&id).await?;
        let state = match remote.check().await {
            Ok(reach) => ConnectionState::Connected {
                latency_ms: reach.latency_ms,
            },
            Err(error) => ConnectionState::Failing { error },
        };
        self.note_state(&id, state);
        self.remote_connection(&id).await
    }

    /// Reads the provider's newest activations into the journal now; answers how many were new.
    pub async fn sync_connection(&self, id: String) -> Result<u32> {
        let connection = self.remote_connection(&id).await?;
        let count = journal::sync(self, &connection).await?;
        self.store.publish(Event::Connections);
        Ok(count)
    }
}

impl Panel {
    /// Reads what was typed, and tries it.
    async fn try_draft(&self, draft: ConnectionDraft, id: Option<&str>) -> Result<(Secret, ConnectionTest)> {
        if draft.kind == ConnectionKind::Local {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "The local engine is always connected.",
            ));
        }
        let mut api_host = draft.api_host.trim().to_owned();
        let key = match (draft.key.as_deref().map(str::trim), id) {
            (Some(text), _) if !text.is_empty() => {
                let pasted = beckon_providers::read_pasted(text)?;
                if api_host.is_empty() {
                    api_host = pasted.api_host.unwrap_or_default();
                }
                pasted.key
            }
            (_, Some(id)) => self.stored_key(id).await?,
            _ => {
                return Err(Error::new(ErrorCode::InvalidInput, "A key is needed.")
                    .with_hint("Paste user:key, or a copied curl command."));
            }
        };
        if api_host.is_empty() {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "An API host is needed, for example faas-lon1-0123abcd.doserverless.co.",
            ));
        }
        if !api_host.contains("://") {
            api_host = format!("https://{api_host}");
        }
        api_host.truncate(api_host.trim_end_matches('/').len());
        let remote = beckon_providers::connect(draft.kind, &api_host, key.clone())?;
        let reach = remote.check().await?;
        Ok((
            key,
            ConnectionTest {
                api_host,
                latency_ms: reach.latency_ms,
                namespaces: reach.namespaces,
            },
        ))
    }

    async fn keep_connection(
        &self,
        id: String,
        draft: ConnectionDraft,
        old: Option<&str>,
    ) -> Result<Connection> {
        let name = draft.name.trim().to_owned();
        if name.is_empty() {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "The connection needs a name.",
            ));
        }
        let (kind, environment) = (draft.kind, draft.environment);
        let (key, test) = self.try_draft(draft, old).await?;
        let new = NewConnection {
            id: id.clone(),
            name,
            kind,
            environment,
            api_host: test.api_host,
            key_hint: hint_of(key.expose()),
        };
        // The key first: a connection without its key would be a broken promise, a key without a connection is not.
        let (secrets, entry) = (self.secrets.clone(), connection_key(&id));
        self.blocking(move || secrets.set(&entry, &key)).await?;
        let mut connection = self.store.put_connection(new).await?;
        self.remotes.forget(&id);
        self.note_state(
            &id,
            ConnectionState::Connected {
                latency_ms: test.latency_ms,
            },
        );
        connection.state = self.remotes.state(&id);
        Ok(connection)
    }
}
