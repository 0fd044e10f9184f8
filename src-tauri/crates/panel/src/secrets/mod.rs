//! Where secrets are kept: the operating system's keychain, or an encrypted file that the user chose.
//!
//! There is no silent fallback. Without a usable keychain and without a file, [`SecretStore::set`] fails with
//! `SecretStoreUnavailable`, and the panel says so. All calls block (D-Bus, key derivation): use `spawn_blocking`.

mod file;
mod keychain;

use std::path::{Path, PathBuf};

use beckon_core::{Error, ErrorCode, NamespaceName, Result, Secret};
use beckon_engine::{Orphan, SecretSource};
use parking_lot::RwLock;

use crate::views::SecretStoreState;
use file::SecretFile;
use keychain::Keychain;

/// What the user chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretStoreChoice {
    /// The operating system's keychain.
    Keychain,
    /// The encrypted file in the data directory.
    File,
}

impl SecretStoreChoice {
    /// `keychain` or `file`, as the command line and the settings spell it.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "keychain" => Some(Self::Keychain),
            "file" => Some(Self::File),
            _ => None,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::File => "file",
        }
    }
}

/// The place where this installation's secrets are.
pub(crate) struct SecretStore {
    path: PathBuf,
    /// Tells the entries of several data directories in one keychain apart.
    installation: String,
    place: RwLock<Place>,
}

enum Place {
    Keychain(Keychain),
    File(SecretFile),
    FileLocked,
    Unavailable(String),
}

impl SecretStore {
    /// Opens what was chosen. With `File` and a passphrase the file is opened, or made where there is none.
    ///
    /// Fails only for a wrong passphrase or a damaged file; a missing keychain is a state, not an error.
    pub(crate) fn open(
        data_dir: &Path,
        installation: &str,
        choice: SecretStoreChoice,
        passphrase: Option<&Secret>,
    ) -> Result<Self> {
        let path = data_dir.join("secrets.beckon");
        let place = match (choice, passphrase) {
            (SecretStoreChoice::Keychain, _) => keychain_or_why(installation),
            (SecretStoreChoice::File, Some(passphrase)) => {
                Place::File(SecretFile::open_or_create(&path, passphrase)?)
            }
            (SecretStoreChoice::File, None) if path.exists() => Place::FileLocked,
            (SecretStoreChoice::File, None) => {
                Place::Unavailable("The encrypted file was chosen, and has no passphrase yet.".into())
            }
        };
        Ok(Self {
            path,
            installation: installation.to_owned(),
            place: RwLock::new(place),
        })
    }

    pub(crate) fn state(&self) -> SecretStoreState {
        match &*self.place.read() {
            Place::Keychain(_) => SecretStoreState::Keychain,
            Place::File(_) => SecretStoreState::FileUnlocked,
            Place::FileLocked => SecretStoreState::FileLocked,
            Place::Unavailable(reason) => SecretStoreState::Unavailable {
                reason: reason.clone(),
            },
        }
    }

    /// Whether a secret can be kept now.
    pub(crate) fn is_usable(&self) -> bool {
        matches!(*self.place.read(), Place::Keychain(_) | Place::File(_))
    }

    pub(crate) fn get(&self, name: &str) -> Result<Option<Secret>> {
        match &*self.place.read() {
            Place::Keychain(keychain) => keychain.get(name),
            Place::File(file) => Ok(file.get(name)),
            place => Err(not_usable(place)),
        }
    }

    pub(crate) fn set(&self, name: &str, secret: &Secret) -> Result<()> {
        match &mut *self.place.write() {
            Place::Keychain(keychain) => keychain.set(name, secret),
            Place::File(file) => file.set(name, secret),
            place => Err(not_usable(place)),
        }
    }

    /// Removes a secret; one that is not there is no error.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        match &mut *self.place.write() {
            Place::Keychain(keychain) => keychain.remove(name),
            Place::File(file) => file.remove(name),
            place => Err(not_usable(place)),
        }
    }

    /// Makes the encrypted file, or opens it, and keeps secrets there from now on.
    pub(crate) fn use_file(&self, passphrase: &Secret) -> Result<()> {
        if passphrase.expose().chars().count() < 8 {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "The passphrase needs at least 8 characters.",
            ));
        }
        let file = SecretFile::open_or_create(&self.path, passphrase)?;
        *self.place.write() = Place::File(file);
        Ok(())
    }

    /// Opens the file that was chosen.
    pub(crate) fn unlock(&self, passphrase: &Secret) -> Result<()> {
        if !self.path.exists() {
            return Err(
                Error::not_found("encrypted file to unlock").with_hint("Choose the encrypted file first.")
            );
        }
        let file = SecretFile::open_or_create(&self.path, passphrase)?;
        *self.place.write() = Place::File(file);
        Ok(())
    }

    /// Uses the keychain from now on; what an open file holds is copied there.
    pub(crate) fn use_keychain(&self) -> Result<()> {
        let keychain = Keychain::open(&self.installation)?;
        let mut place = self.place.write();
        if let Place::File(file) = &*place {
            for (name, secret) in file.entries() {
                keychain.set(name, secret)?;
            }
        }
        *place = Place::Keychain(keychain);
        Ok(())
    }
}

impl SecretSource for SecretStore {
    fn function_secret(&self, function_id: &str, name: &str) -> Result<Secret> {
        self.get(&function_secret(function_id, name))?.ok_or_else(|| {
            Error::not_found(format_args!("value for the secret {name}"))
                .with_hint("Set it again under Settings › Secrets.")
        })
    }

    fn trigger_secret(&self, trigger_id: &str) -> Result<Option<Secret>> {
        self.get(&trigger_secret(trigger_id))
    }

    fn keep_trigger_secret(&self, trigger_id: &str, value: &Secret) -> Result<()> {
        self.set(&trigger_secret(trigger_id), value)
    }

    fn namespace_secret(&self, namespace: &NamespaceName, name: &str) -> Result<Secret> {
        self.get(&namespace_secret(namespace, name))?.ok_or_else(|| {
            Error::not_found(format_args!("value for the secret {name} of {namespace}"))
                .with_hint("Set it again, for example with faas-cli secret update.")
        })
    }

    fn keep_namespace_secret(&self, namespace: &NamespaceName, name: &str, value: &Secret) -> Result<()> {
        self.set(&namespace_secret(namespace, name), value)
    }

    fn abandon(&self, orphans: &[Orphan]) -> Result<()> {
        let mut result = Ok(());
        for orphan in orphans {
            let removed = self.remove(&match orphan {
                Orphan::FunctionSecret { function, name } => function_secret(function, name),
                Orphan::TokenSecret { token } => token_secret(token),
                Orphan::NamespaceSecret { namespace, name } => namespace_secret(namespace, name),
                Orphan::TriggerSecret { trigger } => trigger_secret(trigger),
            });
            // One that fails keeps no other.
            result = result.and(removed);
        }
        result
    }
}

/// Where the value of a function's secret variable is.
pub(crate) fn function_secret(function_id: &str, name: &str) -> String {
    format!("function/{function_id}/{name}")
}

/// Where the value of a secret is that functions of a namespace find as a file, in base64.
pub(crate) fn namespace_secret(namespace: &NamespaceName, name: &str) -> String {
    format!("namespace/{namespace}/{name}")
}

/// Where the secret half of a local token is.
pub(crate) fn token_secret(id: &str) -> String {
    format!("token/{id}")
}

/// Where the credential of a trigger is.
pub(crate) fn trigger_secret(id: &str) -> String {
    format!("trigger/{id}")
}

/// Where the key of a remote connection is.
pub(crate) fn connection_key(id: &str) -> String {
    format!("connection/{id}")
}

/// Where the token of an account is.
pub(crate) fn account_token(id: &str) -> String {
    format!("account/{id}")
}

fn keychain_or_why(installation: &str) -> Place {
    match Keychain::open(installation) {
        Ok(keychain) => Place::Keychain(keychain),
        Err(error) => Place::Unavailable(error.message),
    }
}

fn not_usable(place: &Place) -> Error {
    match place {
        Place::FileLocked => Error::new(
            ErrorCode::SecretStoreLocked,
            "The encrypted secret file is locked.",
        )
        .with_hint("Unlock it with its passphrase."),
        Place::Unavailable(reason) => Error::new(ErrorCode::SecretStoreUnavailable, reason.clone())
            .with_hint("Choose the encrypted file, or start a keychain and try again."),
        Place::Keychain(_) | Place::File(_) => Error::internal("use the secret store", "it is usable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_that_works_nothing_is_kept_and_it_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let store = SecretStore::open(dir.path(), "test", SecretStoreChoice::File, None).unwrap();
        assert!(matches!(store.state(), SecretStoreState::Unavailable { .. }));
        assert_eq!(
            store.set("a", &Secret::new("x")).unwrap_err().code,
            ErrorCode::SecretStoreUnavailable
        );
        assert_eq!(
            store.use_file(&Secret::new("short")).unwrap_err().code,
            ErrorCode::InvalidInput
        );
        store.use_file(&Secret::new("long enough")).unwrap();
        store.set("a", &Secret::new("x")).unwrap();

        let again = SecretStore::open(dir.path(), "test", SecretStoreChoice::File, None).unwrap();
        assert_eq!(again.state(), SecretStoreState::FileLocked);
        assert_eq!(again.get("a").unwrap_err().code, ErrorCode::SecretStoreLocked);
        assert_eq!(
            again.unlock(&Secret::new("not it, sorry")).unwrap_err().code,
            ErrorCode::WrongPassphrase
        );
        again.unlock(&Secret::new("long enough")).unwrap();
        assert_eq!(again.get("a").unwrap().unwrap().expose(), "x");
    }
}
