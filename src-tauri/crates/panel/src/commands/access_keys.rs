use beckon_core::{Connection, Error, ErrorCode, Result};
use beckon_macros::commands;
use beckon_providers::digitalocean::client as digitalocean;

use crate::{
    Panel,
    accounts::{AccessKeyView, NewAccessKeyView},
};

#[commands]
impl Panel {
    /// All access keys of a connection's namespace, newest first, whoever made them.
    ///
    /// `NotSupported`, with the reason, for a connection that was not made from an account whose token is kept; so for
    /// the commands below.
    pub async fn access_keys(&self, connection: String) -> Result<Vec<AccessKeyView>> {
        let (namespace, ours, client) = self.keys_of(&connection).await?;
        let keys = client.keys(&namespace).await?;
        let view = |key| AccessKeyView::of(key, ours.as_deref());
        Ok(keys.into_iter().map(view).collect())
    }

    /// Makes an access key for somebody else: a script, a colleague. Its secret is in the answer, once.
    /// `expires_in_hours` is one at least; unsaid, the key never ends. `Conflict` when the name is taken.
    pub async fn create_access_key(
        &self,
        connection: String,
        name: String,
        expires_in_hours: Option<u32>,
    ) -> Result<NewAccessKeyView> {
        let name = name.trim();
        if name.is_empty() {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "The access key needs a name.",
            ));
        }
        if expires_in_hours == Some(0) {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "An access key lives for an hour at least.",
            ));
        }
        let (namespace, ours, client) = self.keys_of(&connection).await?;
        let life = expires_in_hours.map(digitalocean::Hours::new);
        let made = client.create_key(&namespace, name, life).await?;
        Ok(NewAccessKeyView {
            key: AccessKeyView::of(made.key, ours.as_deref()),
            credential: made.secret.expose().to_owned(),
        })
    }

    /// Deletes an access key at the provider: from then on it opens nothing. `Conflict` for the one that this connection
    /// uses: renew it, or remove the connection.
    pub async fn revoke_access_key(&self, connection: String, id: String) -> Result<()> {
        let (namespace, ours, client) = self.keys_of(&connection).await?;
        if ours.as_deref() == Some(id.as_str()) {
            return Err(
                Error::new(ErrorCode::Conflict, "This connection uses the access key.")
                    .with_hint("Renew the key, which deletes this one, or remove the connection."),
            );
        }
        client.delete_key(&namespace, &id).await
    }

    /// Gives a connection a new access key now, and deletes the one before at the provider.
    pub async fn renew_access_key(&self, connection: String) -> Result<Connection> {
        self.renew_at_once(&connection).await
    }
}
