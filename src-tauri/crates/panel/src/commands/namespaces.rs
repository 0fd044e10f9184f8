use beckon_core::{Error, ErrorCode, LOCAL, Namespace, NamespaceName, Result};
use beckon_macros::commands;

use crate::Panel;
use crate::secrets::{function_secret, token_secret};

#[commands]
impl Panel {
    /// The namespaces of a connection.
    pub async fn namespaces(&self, connection: String) -> Result<Vec<Namespace>> {
        if connection == LOCAL {
            return self.store.namespaces().await;
        }
        let remote = self.remote(&connection).await?;
        self.noting(&connection, remote.namespaces().await)
    }

    /// Makes a namespace on the local engine.
    pub async fn create_namespace(&self, name: NamespaceName, label: String) -> Result<Namespace> {
        let label = if label.trim().is_empty() {
            name.as_str()
        } else {
            label.trim()
        };
        self.store.create_namespace(&name, label).await
    }

    /// Changes the label of a local namespace; its name is part of URLs and stays.
    pub async fn rename_namespace(&self, name: NamespaceName, label: String) -> Result<Namespace> {
        if label.trim().is_empty() {
            return Err(Error::new(ErrorCode::InvalidInput, "The label cannot be empty."));
        }
        self.store.rename_namespace(&name, label.trim()).await
    }

    /// Deletes a local namespace with its functions and tokens. `confirmation` must be its name, typed by the user.
    pub async fn delete_namespace(&self, name: NamespaceName, confirmation: String) -> Result<()> {
        confirm(name.as_str(), &confirmation)?;
        let mut secrets = Vec::new();
        for summary in self.store.functions(Some(&name)).await? {
            let function = self.engine.delete_function(&summary.key).await?;
            secrets.extend(
                function
                    .secret_names
                    .iter()
                    .map(|secret| function_secret(&function.id, secret)),
            );
        }
        let tokens = self.store.tokens().await?;
        secrets.extend(
            tokens
                .iter()
                .filter(|t| t.kept && *t.scope.namespace() == name)
                .map(|t| token_secret(&t.id)),
        );
        self.store.delete_namespace(&name).await?;
        self.remove_secrets(secrets).await;
        Ok(())
    }
}

impl Panel {
    /// Removes what nothing points at any more. A store that cannot be reached keeps them; that is noted, not fatal.
    pub(crate) async fn remove_secrets(&self, names: Vec<String>) {
        if names.is_empty() {
            return;
        }
        let secrets = self.secrets.clone();
        let removed = self
            .blocking(move || names.iter().try_for_each(|name| secrets.remove(name)))
            .await;
        if let Err(error) = removed {
            tracing::warn!(%error, "secrets of deleted things are still in the secret store");
        }
    }
}

/// Refuses unless the user typed the name.
pub(super) fn confirm(name: &str, typed: &str) -> Result<()> {
    if name == typed {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::InvalidInput,
        format!("To delete it, type its name: {name}"),
    ))
}
