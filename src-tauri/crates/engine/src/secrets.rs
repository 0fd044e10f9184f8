//! Secrets of a namespace, which its functions find as files: names in the database, values in the secret store.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{Error, NamespaceName, Result, Secret};

use crate::deploy::{invalid, too_large};
use crate::{Engine, Orphan};

/// Most bytes of one secret: those of Kubernetes.
pub const SECRET_LIMIT: usize = 1024 * 1024;
/// Longest name, as of a file.
const NAME_LIMIT: usize = 253;

/// Refuses what can be no file's name, or would be hidden or above the folder.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends = |c: char| c.is_ascii_alphanumeric();
    let fits = name.len() <= NAME_LIMIT && name.chars().all(is_inner);
    if fits && name.starts_with(ends) && name.ends_with(ends) && !name.contains("..") {
        return Ok(());
    }
    let shown: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    Err(invalid(format!("'{shown}' is not a name for a secret."))
        .with_hint("Use letters, digits, '-', '_' and '.', and begin and end with a letter or a digit."))
}

impl Engine {
    /// Keeps a new secret of a namespace. `Conflict` when it has one of that name; `InvalidInput` for a name that can be
    /// no file's; `LimitExceeded` for more than [`SECRET_LIMIT`]; `NotFound` when there is no such namespace.
    pub async fn add_namespace_secret(
        &self,
        namespace: &NamespaceName,
        name: &str,
        value: &[u8],
    ) -> Result<()> {
        check(name, value)?;
        let store = &self.inner.store;
        store.add_namespace_secret(namespace, name).await?;
        let kept = self.keep_value(namespace, name, value).await;
        if kept.is_err() {
            store.forget_namespace_secret(namespace, name).await?;
            return kept;
        }
        self.retire(namespace, name).await
    }

    /// Gives a secret another value: the workers that have the old one go, each after its run. `NotFound` when there is
    /// none of that name.
    pub async fn set_namespace_secret(
        &self,
        namespace: &NamespaceName,
        name: &str,
        value: &[u8],
    ) -> Result<()> {
        check(name, value)?;
        let store = &self.inner.store;
        if !store
            .namespace_secrets(namespace)
            .await?
            .iter()
            .any(|there| there == name)
        {
            return Err(Error::not_found(format_args!("secret {name}")));
        }
        self.keep_value(namespace, name, value).await?;
        store.note_namespace_secret(namespace, name).await?;
        self.retire(namespace, name).await
    }

    /// Forgets a secret and its value. Workers that have it go; a function that names it cannot be started any more.
    /// `NotFound` when there is none of that name.
    pub async fn remove_namespace_secret(&self, namespace: &NamespaceName, name: &str) -> Result<()> {
        self.inner.store.forget_namespace_secret(namespace, name).await?;
        let orphan = Orphan::NamespaceSecret {
            namespace: namespace.clone(),
            name: name.to_owned(),
        };
        self.abandon(vec![orphan]).await;
        self.retire(namespace, name).await
    }

    async fn keep_value(&self, namespace: &NamespaceName, name: &str, value: &[u8]) -> Result<()> {
        let (namespace, name) = (namespace.clone(), name.to_owned());
        let (secrets, value) = (self.inner.secrets.clone(), Secret::new(STANDARD.encode(value)));
        tokio::task::spawn_blocking(move || secrets.keep_namespace_secret(&namespace, &name, &value))
            .await
            .map_err(|e| Error::internal("keep a secret", e))?
    }

    /// Lets the workers go of all functions that name a secret: what they were started with is out of date.
    async fn retire(&self, namespace: &NamespaceName, name: &str) -> Result<()> {
        for summary in self.inner.store.functions(Some(namespace)).await? {
            let Some(function) = self.inner.store.function(&summary.key).await? else {
                continue;
            };
            if function.settings.secrets.iter().any(|named| named == name) {
                self.inner.pools.deploy(&function);
                self.inner.activity.drain(&function.key, None);
                self.inner.deployed.notify_one();
            }
        }
        Ok(())
    }
}

fn check(name: &str, value: &[u8]) -> Result<()> {
    check_name(name)?;
    if value.len() > SECRET_LIMIT {
        return Err(too_large("Secret", value.len(), SECRET_LIMIT));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_of_files() {
        for name in ["a", "api-key", "tls.crt", "A_1"] {
            check_name(name).unwrap();
        }
        let long = "a".repeat(NAME_LIMIT + 1);
        for name in [
            "", ".", "..", "a..b", "../a", "a/b", ".a", "a.", "-a", "a b", "a\n", "\u{e4}", &long,
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
