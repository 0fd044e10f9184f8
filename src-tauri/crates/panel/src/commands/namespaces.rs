use beckon_core::{Error, ErrorCode, LOCAL, Namespace, NamespaceName, Result};
use beckon_macros::commands;

use crate::Panel;

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

    /// Makes a namespace, on the local engine unless `connection` says where (`capabilities.namespaces`). A provider
    /// gives no labels; one that lets nobody make namespaces is `NotSupported`.
    pub async fn create_namespace(
        &self,
        name: NamespaceName,
        label: String,
        connection: Option<String>,
    ) -> Result<Namespace> {
        if let Some(connection) = connection.filter(|connection| connection != LOCAL) {
            let remote = self.remote(&connection).await?;
            self.noting(&connection, remote.create_namespace(&name).await)?;
            self.tell_of_functions(connection);
            return Ok(Namespace {
                label: name.to_string(),
                name,
                created: 0,
                functions: 0,
            });
        }
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

    /// Deletes a namespace with its functions and (here) tokens; on the local engine unless `connection` says where.
    /// `confirmation` must be its name, typed by the user.
    pub async fn delete_namespace(
        &self,
        name: NamespaceName,
        confirmation: String,
        connection: Option<String>,
    ) -> Result<()> {
        confirm(name.as_str(), &confirmation)?;
        if let Some(connection) = connection.filter(|connection| connection != LOCAL) {
            let remote = self.remote(&connection).await?;
            self.noting(&connection, remote.delete_namespace(&name).await)?;
            self.store.forget_typed_in(&connection, &name).await?;
            self.tell_of_functions(connection);
            return Ok(());
        }
        self.engine.delete_namespace(&name).await
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use beckon_core::{
        Clock, CodePackage, FunctionKey, FunctionName, NewFunction, Runtime, Secret, TokenKind, TokenScope,
    };

    use beckon_store::Expect;

    use super::*;
    use crate::secrets::{function_secret, token_secret};
    use crate::views::TokenDraft;
    use crate::{PanelConfig, SecretStoreChoice};

    /// A function in `namespace` with a value for its secret `KEY`; answers where that is.
    async fn function_with_secret(panel: &Panel, namespace: &NamespaceName, name: &str) -> String {
        let key = FunctionKey {
            namespace: namespace.clone(),
            name: name.parse::<FunctionName>().unwrap(),
        };
        let code = CodePackage::Source("function main() { return {} }".into());
        let mut new = NewFunction::new(Runtime::new("nodejs").unwrap(), code);
        new.secret_names = vec!["KEY".into()];
        let stored = panel.engine.put_function(&key, new, Expect::New).await.unwrap();
        let entry = function_secret(&stored.id, "KEY");
        panel.secrets.set(&entry, &Secret::new("value")).unwrap();
        entry
    }

    async fn token(panel: &Panel, kind: TokenKind, scope: TokenScope) -> (String, String) {
        let draft = TokenDraft {
            name: "t".into(),
            kind,
            scope,
            expires_in_seconds: None,
        };
        let made = panel.create_token(draft).await.unwrap();
        (token_secret(&made.token.id), made.credential)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_secret_outlives_what_a_providers_client_deletes() {
        let dir = tempfile::tempdir().unwrap();
        let config = PanelConfig {
            data_dir: dir.path().to_owned(),
            examples: false,
            secret_store: Some(SecretStoreChoice::File),
            passphrase: Some(Secret::new("correct horse battery")),
            desktop: None,
            background: true,
            stem_cells: false,
            clock: Clock::system(),
        };
        let panel = Panel::start(config).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = format!("http://{}", listener.local_addr().unwrap());
        let router = beckon_providers::gateway::router(panel.gateway());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let curl = |arguments: &[&str], path: &str| {
            let url = format!("{gateway}{path}");
            let done = Command::new("curl")
                .args(["-sf", "-X", "DELETE"])
                .args(arguments)
                .arg(url)
                .status();
            assert!(done.unwrap().success(), "{path}");
        };
        let is_kept = |entry: &str| panel.secrets.get(entry).unwrap().is_some();

        let namespace = NamespaceName::new("shop").unwrap();
        panel.store.create_namespace(&namespace, "Shop").await.unwrap();
        let scope = TokenScope::Namespace {
            namespace: namespace.clone(),
        };
        let one = function_with_secret(&panel, &namespace, "one").await;
        let two = function_with_secret(&panel, &namespace, "two").await;
        let of_one = TokenScope::Function {
            namespace: namespace.clone(),
            name: "one".parse().unwrap(),
        };
        let (of_one, _) = token(&panel, TokenKind::Openwhisk, of_one).await;
        let (owner, credential) = token(&panel, TokenKind::Openwhisk, scope.clone()).await;
        let (access, _) = token(&panel, TokenKind::DigitaloceanKey, scope).await;
        let (_, account) = token(&panel, TokenKind::Digitalocean, TokenScope::Account).await;
        let all = [&one, &two, &of_one, &owner, &access];
        assert!(all.iter().all(|entry| is_kept(entry)));

        curl(&["-u", &credential], "/api/v1/namespaces/_/actions/one");
        assert_eq!(
            all.map(|entry| is_kept(entry)),
            [false, true, false, true, true],
            "without the function"
        );
        let bearer = format!("Authorization: Bearer {account}");
        let key = access.trim_start_matches("token/");
        let path = format!("/v2/functions/namespaces/{namespace}/keys/{key}");
        curl(&["-H", &bearer], &path);
        assert_eq!(
            all.map(|entry| is_kept(entry)),
            [false, true, false, true, false],
            "without the access key"
        );
        curl(&["-H", &bearer], &format!("/v2/functions/namespaces/{namespace}"));
        assert!(!all.iter().any(|entry| is_kept(entry)), "without the namespace");
        panel.shutdown(std::time::Duration::ZERO).await;
    }
}
