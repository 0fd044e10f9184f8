//! The operating system's keychain: the Secret Service on Linux.

use std::sync::Arc;

use beckon_core::{Error, ErrorCode, Result, Secret};
use keyring_core::{CredentialStore, Entry, Error as KeyringError};

const SERVICE: &str = "beckon";

pub(super) struct Keychain {
    store: Arc<CredentialStore>,
    installation: String,
}

impl Keychain {
    /// Connects, and proves by writing that secrets can be kept: a locked keyring with nobody to unlock it connects
    /// and reads like an empty one, and only a write tells.
    pub(super) fn open(installation: &str) -> Result<Self> {
        let keychain = Self {
            store: connect()?,
            installation: installation.to_owned(),
        };
        keychain.set("probe", &Secret::new("probe"))?;
        keychain.remove("probe")?;
        Ok(keychain)
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<Secret>> {
        match self.entry(name)?.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    pub(super) fn set(&self, name: &str, secret: &Secret) -> Result<()> {
        self.entry(name)?
            .set_password(secret.expose())
            .map_err(|e| unavailable(&e))
    }

    pub(super) fn remove(&self, name: &str) -> Result<()> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(KeyringError::NoEntry) => Ok(()),
            Err(error) => Err(unavailable(&error)),
        }
    }

    fn entry(&self, name: &str) -> Result<Entry> {
        let user = format!("{}/{name}", self.installation);
        self.store
            .build(SERVICE, &user, None)
            .map_err(|e| unavailable(&e))
    }
}

#[cfg(target_os = "linux")]
fn connect() -> Result<Arc<CredentialStore>> {
    match zbus_secret_service_keyring_store::Store::new() {
        Ok(store) => Ok(store),
        Err(error) => Err(unavailable(&error)),
    }
}

#[cfg(not(target_os = "linux"))]
fn connect() -> Result<Arc<CredentialStore>> {
    Err(Error::new(
        ErrorCode::SecretStoreUnavailable,
        "Beckon does not use this system's keychain yet.",
    ))
}

/// The keyring's errors never contain a secret; they name D-Bus faults.
fn unavailable(error: &KeyringError) -> Error {
    let reason = match error {
        KeyringError::NoStorageAccess(_) => "The keychain is locked, and nothing here can unlock it.",
        _ => "This machine has no keychain that Beckon can use (no Secret Service on D-Bus).",
    };
    Error::new(ErrorCode::SecretStoreUnavailable, reason)
        .with_hint("Choose the encrypted file, or start a keychain and try again.")
        .with_details(error.to_string())
}
