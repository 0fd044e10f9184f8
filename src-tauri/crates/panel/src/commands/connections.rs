use beckon_core::{
    Connection, ConnectionKind, ConnectionState, Error, ErrorCode, Event, LOCAL, Result, Secret,
};
use beckon_core::{hint_of, random_hex};
use beckon_macros::commands;
use beckon_store::{MadeKey, NewConnection};

use crate::{
    Panel, accounts, looks,
    remote_calls::is_here,
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
    ///
    /// A key that Beckon made is deleted at the provider, too, unless `revoke_key` says no: with the token of its
    /// account, where that is kept. When the provider refuses, or cannot be reached, the connection stays.
    pub async fn remove_connection(&self, id: String, revoke_key: Option<bool>) -> Result<()> {
        let _renewing = self.remotes.renewals.lock().await;
        if revoke_key.unwrap_or(true) {
            let connection = self.remote_connection(&id).await?;
            if connection.key_renews {
                self.revoke_key_of(&connection).await?;
            }
        }
        self.drop_connection(&id).await
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
                server: reach.server,
            },
            Err(error) => ConnectionState::Failing { error },
        };
        if matches!(state, ConnectionState::Connected { .. }) {
            self.remotes.looks.hurry(&id);
        }
        self.note_state(&id, state);
        self.remote_connection(&id).await
    }

    /// Reads the provider's newest activations into the journal now; answers how many were new.
    pub async fn sync_connection(&self, id: String) -> Result<u32> {
        let connection = self.remote_connection(&id).await?;
        looks::look(self, &connection).await
    }
}

impl Panel {
    /// Deletes a connection's own access key at the provider. One that is not there any more is no error.
    pub(super) async fn revoke_key_of(&self, connection: &Connection) -> Result<()> {
        let (namespace, ours, account) = self.keys_of(&connection.id).await?;
        let Some(key) = ours else { return Ok(()) };
        match account.delete_key(&namespace, &key).await {
            Err(mut error) if error.code != ErrorCode::NotFound => {
                error.message = format!(
                    "The access key of {} was not revoked: {}",
                    connection.name, error.message
                );
                error.hint =
                    Some("Try again, or remove it without revoking the key, which ends by itself.".into());
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// Forgets a connection and its key.
    pub(super) async fn drop_connection(&self, id: &str) -> Result<()> {
        self.store.remove_connection(id).await?;
        self.remotes.forget(id);
        let (secrets, name) = (self.secrets.clone(), connection_key(id));
        if let Err(error) = self.blocking(move || secrets.remove(&name)).await {
            tracing::warn!(%error, "the key of a removed connection is still in the secret store");
        }
        self.store.publish(Event::Connections);
        Ok(())
    }

    /// Reads what was typed, and tries it.
    async fn try_draft(&self, draft: ConnectionDraft, id: Option<&str>) -> Result<(Secret, ConnectionTest)> {
        if draft.kind == ConnectionKind::Local {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "The local engine is always connected.",
            ));
        }
        let mut api_host = draft.api_host.trim().to_owned();
        let key = match draft.kind {
            ConnectionKind::Openfaas => self.password_of(&draft, id).await?,
            ConnectionKind::Spaces => self.client_of(&draft, id).await?,
            _ => self.pasted_key(&draft, id, &mut api_host).await?,
        };
        if api_host.is_empty() {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                match draft.kind {
                    ConnectionKind::Openfaas => {
                        "The gateway's URL is needed, for example http://127.0.0.1:8080."
                    }
                    ConnectionKind::Spaces => {
                        "The API host is needed, for example https://api.swx.altairone.com/spaces/my-space."
                    }
                    _ => "An API host is needed, for example faas-lon1-0123abcd.doserverless.co.",
                },
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
                warning: plain(&api_host),
                api_host,
                latency_ms: reach.latency_ms,
                namespaces: reach.namespaces,
                server: reach.server,
            },
        ))
    }

    /// What a person typed as an OpenFaaS gateway's user and password.
    async fn password_of(&self, draft: &ConnectionDraft, id: Option<&str>) -> Result<Secret> {
        let typed = draft
            .user
            .as_deref()
            .map(str::trim)
            .filter(|user| !user.is_empty());
        match (&draft.key, id) {
            (Some(password), None) => named(typed, password),
            (Some(password), Some(_)) if !password.is_empty() => named(typed, password),
            (_, Some(id)) => {
                let kept = self.live_key(id).await?;
                let user = kept.expose().split_once(':').map_or("", |(user, _)| user);
                match typed {
                    Some(typed) if typed != user => Err(Error::new(
                        ErrorCode::InvalidInput,
                        "Another user needs the password again.",
                    )),
                    _ => Ok(kept),
                }
            }
            (None, None) => Err(Error::new(
                ErrorCode::InvalidInput,
                "The gateway's password is needed; it is empty where the gateway asks for none.",
            )),
        }
    }

    /// What a person typed as a client of Spaces: its id and its secret, or both as `client_id:client_secret`.
    async fn client_of(&self, draft: &ConnectionDraft, id: Option<&str>) -> Result<Secret> {
        let given = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        match (given(&draft.user), given(&draft.key), id) {
            (Some(client), Some(secret), _) => Ok(Secret::new(format!("{client}:{secret}"))),
            (None, Some(both), _) => Ok(Secret::new(both)),
            (client, None, Some(id)) => {
                let kept = self.live_key(id).await?;
                let known = kept.expose().split_once(':').map(|(known, _)| known);
                match client {
                    Some(client) if known != Some(client.as_str()) => Err(Error::new(
                        ErrorCode::InvalidInput,
                        "Another client needs its own secret.",
                    )),
                    _ => Ok(kept),
                }
            }
            (_, None, None) => Err(Error::new(
                ErrorCode::InvalidInput,
                "The client's id and secret are needed.",
            )
            .with_hint("They are shown where the client is made: client_id:client_secret.")),
        }
    }

    /// What a person pasted as a key, with the host that may be in it.
    async fn pasted_key(
        &self,
        draft: &ConnectionDraft,
        id: Option<&str>,
        api_host: &mut String,
    ) -> Result<Secret> {
        Ok(match (draft.key.as_deref().map(str::trim), id) {
            (Some(text), _) if !text.is_empty() => {
                let pasted = beckon_providers::read_pasted(text)?;
                if api_host.is_empty() {
                    *api_host = pasted.api_host.unwrap_or_default();
                }
                pasted.key
            }
            (_, Some(id)) => self.live_key(id).await?,
            _ => {
                return Err(Error::new(ErrorCode::InvalidInput, "A key is needed.")
                    .with_hint("Paste user:key, or a copied curl command."));
            }
        })
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
        let another_key = draft.key.as_deref().is_some_and(|key| !key.trim().is_empty());
        let (key, test) = self.try_draft(draft, old).await?;
        let _renewing = self.remotes.renewals.lock().await;
        let before = match old {
            Some(id) => Some(self.remote_connection(id).await?),
            None => None,
        };
        let kept = before.as_ref().filter(|_| !another_key);
        // A key that Beckon made stays its own only while it is used where it was made for.
        let made_key = kept
            .filter(|before| before.api_host == test.api_host)
            .cloned()
            .and_then(made_key);
        let replaced = match &before {
            Some(before) if another_key => self.keys_of(&before.id).await.ok(),
            _ => None,
        };
        let new = NewConnection {
            id: id.clone(),
            name,
            kind,
            environment,
            api_host: test.api_host,
            key_hint: kept.map_or_else(|| hint(kind, &key), |kept| kept.key_hint.clone()),
            made_key,
        };
        // The key first: a connection without its key would be a broken promise, a key without a connection is not.
        if kept.is_none() {
            let (secrets, entry) = (self.secrets.clone(), connection_key(&id));
            self.blocking(move || secrets.set(&entry, &key)).await?;
        }
        let mut connection = self.store.put_connection(new).await?;
        if let Err(error) = self.note_opened(&id, &test.namespaces).await {
            tracing::warn!(%error, "what a key opens was not noted; the next look at its runs does that");
        }
        self.remotes.forget(&id);
        self.note_state(
            &id,
            ConnectionState::Connected {
                latency_ms: test.latency_ms,
                server: test.server,
            },
        );
        self.remotes.describe(&mut connection);
        // The key that Beckon made for it opens the namespace still, and nobody has it any more.
        if let Some((namespace, Some(key), account)) = replaced {
            accounts::discard(&account, &namespace, &key).await;
        }
        Ok(connection)
    }
}

fn made_key(connection: Connection) -> Option<MadeKey> {
    Some(MadeKey {
        account: connection.account,
        namespace: connection.account_namespace?,
        id: connection.key_id?,
        expires: connection.key_expires,
    })
}

/// `user:password`.
fn named(user: Option<&str>, password: &str) -> Result<Secret> {
    let user = user.unwrap_or("admin");
    if user.contains(':') {
        return Err(Error::new(ErrorCode::InvalidInput, "A user's name has no colon."));
    }
    Ok(Secret::new(format!("{user}:{password}")))
}

/// The last characters of the key: of OpenFaaS' of the password alone, which may be short.
fn hint(kind: ConnectionKind, key: &Secret) -> String {
    let key = key.expose();
    hint_of(match kind {
        ConnectionKind::Openfaas => key.split_once(':').map_or(key, |(_, password)| password),
        _ => key,
    })
}

/// What is to be said of a key that travels without TLS.
fn plain(api_host: &str) -> Option<String> {
    let is_plain = api_host.to_ascii_lowercase().starts_with("http://");
    (is_plain && !is_here(api_host)).then(|| {
        "The key travels without TLS: everybody on the way can read it. Use https where the server has it.".into()
    })
}
