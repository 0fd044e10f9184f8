//! Which account a token is of. DigitalOcean says its owner and team where the token may ask, another Beckon never does;
//! what tells accounts apart for certain is their namespaces, which belong to one account each.

use std::collections::HashSet;

use beckon_core::{Account, Error, ErrorCode, NamespaceName, Result, Secret, hint_of, random_hex};
use beckon_providers::digitalocean::client as digitalocean;

use crate::Panel;

impl Panel {
    /// The account of a client, made or found again, and whether it is new. `seen` is what its token sees.
    pub(crate) async fn put_account(
        &self,
        client: &digitalocean::Account,
        token: Secret,
        keep: bool,
        seen: &[digitalocean::AccountNamespace],
    ) -> Result<(Account, bool)> {
        let (base_url, hint) = (client.address(), hint_of(token.expose()));
        let owner = client.owner().await?;
        let mut known = None;
        for account in self.store.accounts().await? {
            if account.base_url != base_url {
                continue;
            }
            let ours = self.namespaces_of(&account.id).await?;
            let sees_ours = seen.iter().any(|seen| ours.contains(&seen.name));
            let says_so = owner
                .as_ref()
                .map_or(account.hint == hint, |owner| *owner == account.name);
            if sees_ours || says_so {
                known = Some(account);
                break;
            }
        }
        let new = known.is_none();
        let mut account = known.unwrap_or_else(|| Account {
            id: random_hex(),
            name: owner.clone().unwrap_or_else(|| client.host()),
            base_url,
            hint: hint.clone(),
            token_kept: false,
            created: self.clock.now(),
        });
        if keep {
            // The token first, as with a connection's key.
            self.keep_token(&account.id, token).await?;
            account.token_kept = true;
            account.hint = hint;
        }
        self.store.put_account(account.clone()).await?;
        Ok((account, new))
    }

    /// Keeps another token of an account, once it is sure that it is of that account.
    pub(crate) async fn exchange_token(
        &self,
        account: Account,
        client: &digitalocean::Account,
        token: Secret,
    ) -> Result<Account> {
        // It may be removed meanwhile, and must not come back.
        let _one = self.remotes.renewals.lock().await;
        let account = self.store.account(&account.id).await?;
        let mut account = account.ok_or_else(|| Error::not_found("account with this id"))?;
        let seen: HashSet<NamespaceName> = client
            .namespaces()
            .await?
            .into_iter()
            .map(|seen| seen.name)
            .collect();
        let owner = client.owner().await?;
        let mut ours = self.namespaces_of(&account.id).await?;
        if !ours.is_subset(&seen)
            && let Some(before) = self.seen_before(&account.id).await
        {
            // What was deleted at the provider no token sees.
            ours.retain(|namespace| before.contains(namespace));
        }
        let mut missing: Vec<&str> = ours.difference(&seen).map(NamespaceName::as_str).collect();
        missing.sort_unstable();
        if !missing.is_empty() {
            let text = format!(
                "This token does not see {}: it is another account's.",
                missing.join(", ")
            );
            return Err(Error::new(ErrorCode::Conflict, text).with_hint(format!(
                "Paste a token of {}, with access to functions. If the namespace was deleted, remove its connection first.",
                account.name
            )));
        }
        if let Some(owner) = owner {
            let other = account.name != owner && account.name != client.host();
            if other && ours.is_empty() {
                let text = format!("This token is of the account {owner}, not of {}.", account.name);
                return Err(
                    Error::new(ErrorCode::Conflict, text).with_hint("Add it as an account of its own.")
                );
            }
            account.name = owner;
        }
        account.hint = hint_of(token.expose());
        account.token_kept = true;
        self.keep_token(&account.id, token).await?;
        self.store.put_account(account.clone()).await?;
        Ok(account)
    }

    /// The namespaces that connections were made for with an account's token.
    async fn namespaces_of(&self, account: &str) -> Result<HashSet<NamespaceName>> {
        let connections = self.store.connections().await?;
        Ok(connections
            .into_iter()
            .filter(|connection| connection.account.as_deref() == Some(account))
            .filter_map(|connection| connection.account_namespace)
            .collect())
    }

    /// What the token that is kept sees, if it sees anything still.
    async fn seen_before(&self, account: &str) -> Option<HashSet<NamespaceName>> {
        let (_, client) = self.account(account).await.ok()?;
        let namespaces = client.namespaces().await.ok()?;
        Some(namespaces.into_iter().map(|seen| seen.name).collect())
    }
}
