//! What becomes nobody's when a function, a namespace or a token goes: values in the secret store.
//!
//! Here and not at a door, because things are deleted in the window, at the command line and by every provider's own
//! clients alike, and what is left behind would be there for ever.

use beckon_core::{Function, FunctionKey, NamespaceName, Result, Token, TokenScope};

use crate::Engine;

/// A value that nothing points at any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Orphan {
    /// The value of a function's secret variable.
    FunctionSecret {
        /// The function's id.
        function: String,
        /// The variable.
        name: String,
    },
    /// The secret half of a token that was kept.
    TokenSecret {
        /// The token's id.
        token: String,
    },
    /// The value of a secret that functions of a namespace find as a file.
    NamespaceSecret {
        /// The namespace.
        namespace: NamespaceName,
        /// The secret.
        name: String,
    },
    /// The credential of a trigger.
    TriggerSecret {
        /// The trigger's id.
        trigger: String,
    },
}

impl Engine {
    /// Deletes a namespace with its functions and tokens, and the values of their secrets; runs in flight finish.
    /// Schedules stay, as they do when their function goes. `NotFound` when there is no such namespace.
    pub async fn delete_namespace(&self, name: &NamespaceName) -> Result<()> {
        let store = &self.inner.store;
        for function in store.functions(Some(name)).await? {
            match self.delete_function(&function.key).await {
                // Somebody else was faster.
                Err(error) if error.code == beckon_core::ErrorCode::NotFound => {}
                other => drop(other?),
            }
        }
        let mut orphans = self.kept(|token| token.scope.namespace() == Some(name)).await?;
        let secrets = store.namespace_secrets(name).await?.into_iter();
        orphans.extend(secrets.map(|secret| Orphan::NamespaceSecret {
            namespace: name.clone(),
            name: secret,
        }));
        let triggers = store.spaces_triggers(name).await?.into_iter();
        orphans.extend(triggers.map(|trigger| Orphan::TriggerSecret { trigger: trigger.id }));
        store.delete_namespace(name).await?;
        self.inner.triggers.changed.notify_one();
        self.inner.triggers.left.notify_one();
        self.abandon(orphans).await;
        Ok(())
    }

    /// Ends a token at once, and forgets its secret where that was kept. `NotFound` when there is none with this id.
    pub async fn revoke_token(&self, id: &str) -> Result<Token> {
        let token = self.inner.store.revoke_token(id).await?;
        if token.kept {
            self.abandon(vec![Orphan::of_token(&token)]).await;
        }
        Ok(token)
    }

    /// What will be nobody's without this function.
    pub(crate) async fn orphans_of(&self, key: &FunctionKey) -> Result<Vec<Orphan>> {
        let of_it = |token: &Token| {
            matches!(&token.scope, TokenScope::Function { namespace, name }
                if *namespace == key.namespace && *name == key.name)
        };
        self.kept(of_it).await
    }

    /// Removes what nothing points at any more, but for what a broker is yet to be told with. A secret store that cannot be
    /// reached keeps it; that is noted, and what was deleted stays deleted.
    pub(crate) async fn abandon(&self, mut orphans: Vec<Orphan>) {
        let is_of_trigger = |orphan: &Orphan| matches!(orphan, Orphan::TriggerSecret { .. });
        if orphans.iter().any(is_of_trigger) {
            let left = self.inner.store.leftovers().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "what is left at brokers could not be read, and stays there");
                Vec::new()
            });
            let needed = |id: &str| {
                left.iter()
                    .any(|left| left.needs_credential() && left.trigger == id)
            };
            orphans.retain(|orphan| !matches!(orphan, Orphan::TriggerSecret { trigger } if needed(trigger)));
        }
        self.remove(orphans).await;
    }

    /// The same, whoever may need it. Answers whether it is removed.
    pub(crate) async fn remove(&self, orphans: Vec<Orphan>) -> bool {
        if orphans.is_empty() {
            return true;
        }
        let secrets = self.inner.secrets.clone();
        let removed = tokio::task::spawn_blocking(move || secrets.abandon(&orphans)).await;
        match removed {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "secrets of deleted things are still in the secret store");
            }
            Err(error) => {
                tracing::error!(%error, "secrets of deleted things are still in the secret store");
            }
        }
        false
    }

    async fn kept(&self, wanted: impl Fn(&Token) -> bool) -> Result<Vec<Orphan>> {
        let tokens = self.inner.store.tokens().await?;
        Ok(tokens
            .iter()
            .filter(|token| token.kept && wanted(token))
            .map(Orphan::of_token)
            .collect())
    }
}

impl Orphan {
    pub(crate) fn of_function(function: &Function) -> impl Iterator<Item = Self> {
        function.secret_names.iter().map(|name| Self::FunctionSecret {
            function: function.id.clone(),
            name: name.clone(),
        })
    }

    fn of_token(token: &Token) -> Self {
        Self::TokenSecret {
            token: token.id.clone(),
        }
    }
}
