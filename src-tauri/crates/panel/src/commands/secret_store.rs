use beckon_core::{Event, Result, Secret};
use beckon_macros::commands;

use crate::panel::SECRET_STORE;
use crate::{Panel, SecretStoreChoice, views::SecretStoreState};

#[commands]
impl Panel {
    /// Where secrets are kept.
    pub async fn secret_store(&self) -> Result<SecretStoreState> {
        Ok(self.secrets.state())
    }

    /// Keeps secrets in an encrypted file from now on; makes the file with this passphrase (at least 8 characters).
    pub async fn use_secret_file(&self, passphrase: String) -> Result<SecretStoreState> {
        let (secrets, passphrase) = (self.secrets.clone(), Secret::new(passphrase));
        self.blocking(move || secrets.use_file(&passphrase)).await?;
        self.chosen(SecretStoreChoice::File).await
    }

    /// Opens the encrypted file for this session.
    pub async fn unlock_secret_file(&self, passphrase: String) -> Result<SecretStoreState> {
        let (secrets, passphrase) = (self.secrets.clone(), Secret::new(passphrase));
        self.blocking(move || secrets.unlock(&passphrase)).await?;
        self.chosen(SecretStoreChoice::File).await
    }

    /// Tries the operating system's keychain again, and uses it from now on if it works. A file that was chosen stays.
    pub async fn use_keychain(&self) -> Result<SecretStoreState> {
        let secrets = self.secrets.clone();
        self.blocking(move || secrets.use_keychain()).await?;
        self.chosen(SecretStoreChoice::Keychain).await
    }
}

impl Panel {
    async fn chosen(&self, choice: SecretStoreChoice) -> Result<SecretStoreState> {
        self.store.set_setting(SECRET_STORE, choice.as_str()).await?;
        // Connections that failed for want of their keys can be tried again.
        self.store.publish(Event::Connections);
        Ok(self.secrets.state())
    }
}
