use beckon_core::{Connection, ConnectionKind, Environment, Error, ErrorCode, Result};
use beckon_macros::commands;

use crate::{
    Panel,
    found::{Entry, FoundCredential, FoundSource, Imported, Places},
    views::ConnectionDraft,
};

#[commands]
impl Panel {
    /// Credentials of `wsk`, `doctl`, `nim` and `faas-cli` on this machine: of the user whom Beckon runs for. Their files are read
    /// now, and nothing is kept or sent. One that cannot be taken over has a `problem`.
    pub async fn found_credentials(&self) -> Result<Vec<FoundCredential>> {
        let (connections, accounts) = (self.store.connections().await?, self.store.accounts().await?);
        let shown = self.entries().await?.into_iter().map(|entry| {
            let mut shown = entry.shown;
            shown.connected = match shown.source {
                FoundSource::DoctlAccount => shown.account(&accounts).is_some(),
                _ => shown.connection(&connections).is_some(),
            };
            shown
        });
        Ok(shown.collect())
    }

    /// Takes over what the user chose: a key becomes a connection that was tried, the token of an account an account
    /// whose namespaces are to be chosen next (`account_namespaces`, `connect_namespaces`). The tools' own files stay as
    /// they are. When one fails, those before it stay.
    ///
    /// `NotFound` for an id whose entry is not there any more, `InvalidInput` for one with a problem.
    pub async fn import_found(&self, ids: Vec<String>, environment: Environment) -> Result<Imported> {
        let mut entries = self.entries().await?;
        let mut chosen = Vec::new();
        for id in &ids {
            let at = entries.iter().position(|entry| entry.shown.id == *id);
            let at = at.ok_or_else(|| {
                Error::not_found("credential with this id any more")
                    .with_hint("Look again: the file has changed.")
            })?;
            chosen.push(entries.swap_remove(at));
        }
        let mut imported = Imported {
            connections: Vec::new(),
            accounts: Vec::new(),
        };
        for entry in chosen {
            match entry.shown.source {
                FoundSource::DoctlAccount => imported.accounts.push(self.import_account(entry).await?),
                _ => imported
                    .connections
                    .push(self.import_key(entry, environment).await?),
            }
        }
        Ok(imported)
    }
}

impl Panel {
    async fn entries(&self) -> Result<Vec<Entry>> {
        self.blocking(|| Ok(Places::here().map(|places| places.look()).unwrap_or_default()))
            .await
    }

    async fn import_account(&self, entry: Entry) -> Result<beckon_core::Account> {
        let Entry { shown, secret } = entry;
        let Some(token) = secret else {
            return Err(unfit(shown.problem));
        };
        if let Some(known) = shown.account(&self.store.accounts().await?) {
            return Ok(known.clone());
        }
        self.take_account(token.expose(), shown.api_host.as_deref()).await
    }

    async fn import_key(&self, entry: Entry, environment: Environment) -> Result<Connection> {
        let Entry { shown, secret } = entry;
        let Some(key) = secret else {
            return Err(unfit(shown.problem));
        };
        if let Some(known) = shown.connection(&self.store.connections().await?) {
            return self.remote_connection(&known.id).await;
        }
        let api_host = shown.api_host.clone().unwrap_or_default();
        let name = shown.label.or(shown.namespace).unwrap_or_else(|| {
            let host = api_host.rsplit("//").next().unwrap_or_default();
            host.trim_end_matches('/').to_owned()
        });
        let kind = match shown.source {
            FoundSource::FaasCli => ConnectionKind::Openfaas,
            FoundSource::Wskprops if !is_digitaloceans(&api_host) => ConnectionKind::Openwhisk,
            _ => ConnectionKind::Digitalocean,
        };
        // What faas-cli keeps is a user with a password.
        let user = match kind {
            ConnectionKind::Openfaas => key.expose().split_once(':'),
            _ => None,
        };
        self.add_connection(ConnectionDraft {
            name: self.free_name(&name).await?,
            kind,
            environment,
            api_host,
            key: Some(match &user {
                Some((_, password)) => (*password).to_owned(),
                None => key.expose().to_owned(),
            }),
            user: user.map(|(user, _)| user.to_owned()),
        })
        .await
    }
}

/// DigitalOcean's functions are at `faas-<region>-<hex>.doserverless.co`, and `.io` with client certificates.
fn is_digitaloceans(api_host: &str) -> bool {
    let host = api_host.trim_end_matches('/').to_ascii_lowercase();
    host.ends_with(".doserverless.co") || host.ends_with(".doserverless.io")
}

fn unfit(problem: Option<String>) -> Error {
    Error::new(
        ErrorCode::InvalidInput,
        format!(
            "The credential cannot be taken over. {}",
            problem.unwrap_or_default()
        ),
    )
}
