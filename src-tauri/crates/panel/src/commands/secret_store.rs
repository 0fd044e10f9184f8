use beckon_core::Result;
use beckon_macros::commands;

use crate::{Panel, views::SecretStoreState};

#[commands]
impl Panel {
    /// Where secrets are kept.
    pub async fn secret_store(&self) -> Result<SecretStoreState> {
        todo!()
    }

    /// Keeps secrets in an encrypted file from now on; makes the file with this passphrase (at least 8 characters).
    pub async fn use_secret_file(&self, passphrase: String) -> Result<SecretStoreState> {
        todo!()
    }

    /// Opens the encrypted file for this session.
    pub async fn unlock_secret_file(&self, passphrase: String) -> Result<SecretStoreState> {
        todo!()
    }

    /// Tries the operating system's keychain again, and uses it from now on if it works. A file that was chosen stays.
    pub async fn use_keychain(&self) -> Result<SecretStoreState> {
        todo!()
    }
}
