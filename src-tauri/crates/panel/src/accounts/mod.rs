//! Accounts at DigitalOcean (or another Beckon): a connection for each chosen namespace, with an access key that Beckon
//! makes, keeps, renews and revokes.
//!
//! The token of the account opens everything that its owner has. It is used for the control plane alone and kept only
//! with consent; what calls functions is a key of one namespace that ends after [`keys::LIFE`].

mod identity;
mod keys;
mod link;
mod opened;
mod renewal;
mod unconnected;
mod views;

use beckon_core::{Account, Error, ErrorCode, LOCAL, NamespaceName, Result, Secret};
use beckon_providers::digitalocean::client as digitalocean;

pub(crate) use keys::discard;
pub(crate) use link::host;
pub(crate) use renewal::{Renewals, SLACK, start};
pub use views::{
    AccessKeyView, AccountLook, AccountNamespaceView, AddedAccount, NamespaceOutcome, NewAccessKeyView,
    ScheduledTriggerDraft, ScheduledTriggerView,
};

use crate::Panel;
use crate::secrets::account_token;

impl Panel {
    /// The account, and its client with the stored token. `NotFound`; `NotSupported` when the token is not kept.
    pub(crate) async fn account(&self, id: &str) -> Result<(Account, digitalocean::Account)> {
        let account = self.store.account(id).await?;
        let account = account.ok_or_else(|| Error::not_found("account with this id"))?;
        let missing = || {
            Error::new(
                ErrorCode::NotSupported,
                format!("The token of the account {} is not kept.", account.name),
            )
            .with_hint("Connect the account again and let Beckon keep its token.")
        };
        if !account.token_kept {
            return Err(missing());
        }
        let (secrets, name) = (self.secrets.clone(), account_token(id));
        let token = self
            .blocking(move || secrets.get(&name))
            .await?
            .ok_or_else(missing)?;
        let client = digitalocean::Account::new(&account.base_url, token)?;
        Ok((account, client))
    }

    /// What a connection's keys are managed with: its namespace, the public half of its own key, and the account.
    /// `NotSupported` with the reason where there is nothing to do it with.
    pub(crate) async fn keys_of(
        &self,
        connection: &str,
    ) -> Result<(NamespaceName, Option<String>, digitalocean::Account)> {
        let no = |message: &str, hint: &str| {
            Err(Error::new(ErrorCode::NotSupported, message.to_owned()).with_hint(hint.to_owned()))
        };
        if connection == LOCAL {
            return no(
                "The keys of this machine's engine are its tokens.",
                "They are on the Tokens page.",
            );
        }
        let connection = self.remote_connection(connection).await?;
        let (Some(account), Some(namespace)) = (connection.account, connection.account_namespace) else {
            return no(
                "This connection has a key that somebody pasted, and no account: keys of a namespace are listed, made \
                 and revoked with the token of its account.",
                "Connect the account and choose this namespace. The connection stays, and gets a key of its own.",
            );
        };
        let (_, client) = self.account(&account).await?;
        Ok((namespace, connection.key_id, client))
    }

    /// Keeps the token of an account, or says why it cannot.
    pub(crate) async fn keep_token(&self, account: &str, token: Secret) -> Result<()> {
        let (secrets, name) = (self.secrets.clone(), account_token(account));
        self.blocking(move || secrets.set(&name, &token)).await
    }
}
