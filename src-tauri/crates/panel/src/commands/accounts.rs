use beckon_core::{Account, Connection, Environment, Error, ErrorCode, Event, NamespaceName, Result, Secret};
use beckon_macros::commands;
use beckon_providers::digitalocean::client as digitalocean;

use crate::{
    Panel,
    accounts::{AccountLook, AccountNamespaceView, AddedAccount, NamespaceOutcome},
    commands::namespaces::confirm,
    secrets::account_token,
};

#[commands]
impl Panel {
    /// The accounts that connections were made from, oldest first. Tokens are never shown.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        self.store.accounts().await
    }

    /// What there is in an account, for a choice; nothing is kept, at the provider or here. `base_url` is
    /// DigitalOcean's where it is not said; another Beckon's gateway will do.
    ///
    /// `InvalidInput` for a text that is no account's token, `Unauthorized` for one that is not known.
    pub async fn look_at_account(&self, token: String, base_url: Option<String>) -> Result<AccountLook> {
        let (_, client) = open(&token, base_url.as_deref())?;
        let namespaces = client.namespaces().await?;
        Ok(AccountLook {
            base_url: client.address(),
            owner: client.owner().await?,
            namespaces: self.account_view(namespaces).await?,
        })
    }

    /// Keeps an account, and makes a connection for each of these namespaces, with an access key of its own that lives for
    /// 30 days. Without namespaces the account alone is kept: some can be made in it, or connected, later.
    ///
    /// With `keep_token` (unsaid: yes) the token goes to the secret store, and the keys are renewed a day before they
    /// end, as long as Beckon runs then or later; without it each connection's `keyExpires` is its end. An account that
    /// is known, by its owner or by a namespace of it that is connected, gets this token from now on.
    ///
    /// A namespace that is connected keeps its connection, which gets a new key; `environment` is for new ones. So do
    /// connections with a pasted key that the provider refuses, whether their namespaces are named or not; pasted keys
    /// that work stay unless their namespace is named.
    ///
    /// The answer says of each namespace what came of it, and one that fails keeps no other from being connected. Errors
    /// of the call itself (the token is wrong, there is no secret store) come before anything was done. `InvalidInput`
    /// with neither a namespace nor a token to keep.
    pub async fn add_account(
        &self,
        token: String,
        base_url: Option<String>,
        keep_token: Option<bool>,
        namespaces: Vec<NamespaceName>,
        environment: Environment,
    ) -> Result<AddedAccount> {
        let keep = keep_token.unwrap_or(true);
        if namespaces.is_empty() && !keep {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "Choose a namespace, or have the token kept: there is nothing to do otherwise.",
            ));
        }
        let (token, client) = open(&token, base_url.as_deref())?;
        let known = client.namespaces().await?;
        let (account, new) = self.put_account(&client, token, keep, &known).await?;
        let outcomes = self
            .link_all(&account, &client, &known, &namespaces, environment, true)
            .await?;
        let empty = outcomes.iter().all(|outcome| outcome.connection.is_none());
        let account = match new && !keep && empty {
            true => {
                self.store.remove_account(&account.id).await?;
                None
            }
            false => Some(account),
        };
        self.store.publish(Event::Connections);
        Ok(AddedAccount {
            account,
            namespaces: outcomes,
        })
    }

    /// Puts another token in place of an account's, and keeps it: when the one before was revoked, is about to end, or was
    /// not kept. Connections, their records and keys stay, and keys that could not be renewed are renewed again.
    ///
    /// `Conflict` when the token does not see a namespace of the account that is connected here, or is another owner's;
    /// `Unauthorized` when it is not known. Then all stays as it was.
    pub async fn replace_account_token(&self, account: String, token: String) -> Result<Account> {
        let known = self.store.account(&account).await?;
        let known = known.ok_or_else(|| Error::not_found("account with this id"))?;
        let (token, client) = open(&token, Some(&known.base_url))?;
        let account = self.exchange_token(known, &client, token).await?;
        for connection in self.store.connections().await? {
            if connection.account.as_deref() == Some(account.id.as_str()) {
                // What the token before could not do is tried anew.
                self.remotes.renewals.forget(&connection.id);
                self.remotes.looks.hurry(&connection.id);
            }
        }
        self.store.publish(Event::Connections);
        Ok(account)
    }

    /// The namespaces of a known account, and which of them are connected. `NotSupported` when its token is not kept.
    pub async fn account_namespaces(&self, account: String) -> Result<Vec<AccountNamespaceView>> {
        let (_, client) = self.account(&account).await?;
        let namespaces = client.namespaces().await?;
        self.account_view(namespaces).await
    }

    /// Connects namespaces of a known account, and says of each what came of it; see `add_account`.
    pub async fn connect_namespaces(
        &self,
        account: String,
        namespaces: Vec<NamespaceName>,
        environment: Environment,
    ) -> Result<Vec<NamespaceOutcome>> {
        let (account, client) = self.account(&account).await?;
        let known = client.namespaces().await?;
        self.link_all(&account, &client, &known, &namespaces, environment, false)
            .await
    }

    /// Forgets an account and its token.
    ///
    /// With `revoke_keys` the keys that Beckon made with it are deleted at the provider, and the connections that used
    /// them go, too; their records stay. Without it the connections stay until their keys end. When a key cannot be
    /// revoked the account stays, with the connections that are left.
    pub async fn remove_account(&self, id: String, revoke_keys: bool) -> Result<()> {
        if self.store.account(&id).await?.is_none() {
            return Err(Error::not_found("account with this id"));
        }
        let _renewing = self.remotes.renewals.lock().await;
        if revoke_keys {
            for connection in self.store.connections().await? {
                if connection.account.as_deref() == Some(id.as_str()) {
                    self.revoke_key_of(&connection).await?;
                    self.drop_connection(&connection.id).await?;
                }
            }
        }
        self.store.remove_account(&id).await?;
        self.remove_secrets(vec![account_token(&id)]).await;
        self.store.publish(Event::Connections);
        Ok(())
    }

    /// Makes a namespace in a known account, and connects it. `region` is `lon1` or another of the provider's.
    ///
    /// When it was made and could not be connected, the error says so, and the same call again goes on with that
    /// namespace: it does not make a second one.
    pub async fn create_account_namespace(
        &self,
        account: String,
        label: String,
        region: String,
        environment: Environment,
    ) -> Result<Connection> {
        let label = label.trim();
        if label.is_empty() {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "The namespace needs a label.",
            ));
        }
        let (account, client) = self.account(&account).await?;
        let made = self
            .make_namespace(&account, &client, label, region.trim(), environment)
            .await?;
        match (made.connection, made.error) {
            (Some(connection), _) => Ok(connection),
            (None, Some(mut error)) => {
                error.message = format!(
                    "The namespace {} is made, and was not connected: {}",
                    made.namespace, error.message
                );
                Err(error
                    .with_hint("Try again: the same namespace is connected then, and no second one made."))
            }
            (None, None) => Err(Error::internal("connect a namespace", made.namespace)),
        }
    }

    /// Deletes a namespace of a known account at the provider, with all that is in it, and its connection here; its
    /// records stay. `confirmation` must be the namespace's name, typed by the user.
    pub async fn delete_account_namespace(
        &self,
        account: String,
        namespace: NamespaceName,
        confirmation: String,
    ) -> Result<()> {
        confirm(namespace.as_str(), &confirmation)?;
        let _renewing = self.remotes.renewals.lock().await;
        let (account, client) = self.account(&account).await?;
        client.delete_namespace(&namespace).await?;
        for connection in self.store.connections().await? {
            let of_it = connection.account_namespace.as_ref() == Some(&namespace);
            if of_it && connection.account.as_deref() == Some(account.id.as_str()) {
                self.drop_connection(&connection.id).await?;
            }
        }
        Ok(())
    }
}

impl Panel {
    /// Keeps an account and its token, once the token was seen to be right.
    pub(super) async fn take_account(&self, token: &str, base_url: Option<&str>) -> Result<Account> {
        let (token, client) = open(token, base_url)?;
        let known = client.namespaces().await?;
        let (account, _) = self.put_account(&client, token, true, &known).await?;
        self.store.publish(Event::Connections);
        Ok(account)
    }
}

/// Reads what was pasted as an account's token.
fn open(token: &str, base_url: Option<&str>) -> Result<(Secret, digitalocean::Account)> {
    let token = token.trim();
    let token = token.strip_prefix("Bearer ").map_or(token, str::trim);
    let token = Secret::new(token);
    let address = base_url.map(str::trim).filter(|text| !text.is_empty());
    let client = digitalocean::Account::new(address.unwrap_or(digitalocean::DIGITALOCEAN), token.clone())?;
    Ok((token, client))
}
