use std::collections::HashMap;
use std::time::Duration;

use beckon_core::{
    Account, Connection, ConnectionKind, ConnectionState, Environment, Error, ErrorCode, NamespaceName,
    Result, hint_of, random_hex,
};
use beckon_providers::digitalocean::client as digitalocean;
use beckon_store::{MadeKey, NewConnection};
use futures_util::future::join_all;

use super::{AccountNamespaceView, NamespaceOutcome, keys};
use crate::Panel;

/// A pasted key's namespace is asked for this long before it counts as another's.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that a namespace has already.
pub(crate) struct Link {
    pub(crate) connection: Connection,
    /// Whether the provider refuses its key, which somebody pasted.
    pub(crate) refused: bool,
}

/// Which connection there is for a namespace, by its host and name.
#[derive(Default)]
pub(crate) struct Linked(HashMap<(String, NamespaceName), Link>);

impl Linked {
    pub(crate) fn get(&self, namespace: &digitalocean::AccountNamespace) -> Option<&Link> {
        self.0.get(&(host(&namespace.api_host), namespace.name.clone()))
    }
}

impl Panel {
    /// The connections that some of these namespaces have already. What a pasted key opens, the key is asked, and only
    /// at hosts that are among these; of one that does not work any more it is known what it opened.
    pub(crate) async fn linked(&self, namespaces: &[digitalocean::AccountNamespace]) -> Result<Linked> {
        let hosts: Vec<String> = namespaces.iter().map(|known| host(&known.api_host)).collect();
        let (mut linked, mut unknown) = (Linked::default(), Vec::new());
        for connection in self.store.connections().await? {
            let at = host(&connection.api_host);
            match &connection.account_namespace {
                Some(name) => {
                    let key = (at, name.clone());
                    let link = Link {
                        connection,
                        refused: false,
                    };
                    linked.0.insert(key, link);
                }
                None if hosts.contains(&at) => unknown.push((at, connection)),
                None => {}
            }
        }
        if unknown.is_empty() {
            return Ok(linked);
        }
        let opened = self.opened().await?;
        let asked = unknown.into_iter().map(|(at, connection)| {
            let opened = opened.get(&connection.id).cloned();
            async move {
                let reach = async { self.remote(&connection.id).await?.check().await };
                let reach = tokio::time::timeout(PATIENCE, reach).await;
                let refused = match &reach {
                    Ok(Err(error)) => matches!(error.code, ErrorCode::Unauthorized | ErrorCode::Forbidden),
                    _ => false,
                };
                let now = reach.ok().and_then(Result::ok);
                let name = now
                    .and_then(|reach| reach.namespaces.into_iter().next())
                    .or(opened)?;
                Some(((at, name), Link { connection, refused }))
            }
        });
        for (key, link) in join_all(asked).await.into_iter().flatten() {
            // Of two, the one that works.
            let better = linked.0.get(&key).is_none_or(|known| known.refused);
            if better {
                linked.0.insert(key, link);
            }
        }
        Ok(linked)
    }

    /// A list of namespaces as the window shows it.
    pub(crate) async fn account_view(
        &self,
        namespaces: Vec<digitalocean::AccountNamespace>,
    ) -> Result<Vec<AccountNamespaceView>> {
        let linked = self.linked(&namespaces).await?;
        let view = |known: digitalocean::AccountNamespace| {
            let link = linked.get(&known);
            AccountNamespaceView {
                connected: link.is_some(),
                connection: link.map(|link| link.connection.id.clone()),
                key_refused: link.is_some_and(|link| link.refused),
                namespace: known.name,
                label: known.label,
                region: known.region,
                api_host: known.api_host,
            }
        };
        Ok(namespaces.into_iter().map(view).collect())
    }

    /// Connects the named namespaces of an account, one after the other, and says of each what came of it. With `mend`
    /// those, too, whose connection has a pasted key that the provider refuses.
    pub(crate) async fn link_all(
        &self,
        account: &Account,
        client: &digitalocean::Account,
        known: &[digitalocean::AccountNamespace],
        wanted: &[NamespaceName],
        environment: Environment,
        mend: bool,
    ) -> Result<Vec<NamespaceOutcome>> {
        let linked = self.linked(known).await?;
        let mut outcomes: Vec<NamespaceOutcome> = Vec::new();
        let refused = known
            .iter()
            .filter(|known| mend && linked.get(known).is_some_and(|link| link.refused))
            .map(|known| &known.name);
        for name in wanted.iter().chain(refused) {
            if outcomes.iter().any(|outcome| outcome.namespace == *name) {
                continue;
            }
            let Some(namespace) = known.iter().find(|known| known.name == *name) else {
                let text = format!("The account has no namespace {name}.");
                let error = Error::new(ErrorCode::NotFound, text);
                outcomes.push(NamespaceOutcome::failed(name, name.as_str(), error));
                continue;
            };
            // Without a place for its key none can be connected: no keys are made for nothing.
            let hopeless = outcomes.iter().find_map(|outcome| {
                let error = outcome.error.as_ref()?;
                is_the_stores(error.code).then(|| error.clone())
            });
            outcomes.push(match hopeless {
                Some(error) => NamespaceOutcome::failed(name, &namespace.label, error),
                None => {
                    let old = linked.get(namespace).map(|link| &link.connection);
                    self.link(account, client, namespace, old, environment).await
                }
            });
        }
        Ok(outcomes)
    }

    /// Connects a namespace, and says what came of it. One that was connected stays what it is, but for its key.
    pub(crate) async fn link(
        &self,
        account: &Account,
        client: &digitalocean::Account,
        namespace: &digitalocean::AccountNamespace,
        old: Option<&Connection>,
        environment: Environment,
    ) -> NamespaceOutcome {
        match self
            .connect_to(account, client, namespace, old, environment)
            .await
        {
            Ok(connection) => NamespaceOutcome {
                namespace: namespace.name.clone(),
                label: namespace.label.clone(),
                connection: Some(connection),
                existed: old.is_some(),
                error: None,
            },
            Err(error) => NamespaceOutcome::failed(&namespace.name, &namespace.label, error),
        }
    }

    /// Makes a key of a namespace and the connection that uses it. One that was there stays what it is, but for its key.
    async fn connect_to(
        &self,
        account: &Account,
        client: &digitalocean::Account,
        namespace: &digitalocean::AccountNamespace,
        old: Option<&Connection>,
        environment: Environment,
    ) -> Result<Connection> {
        let _renewing = self.remotes.renewals.lock().await;
        let api_host = with_scheme(&namespace.api_host);
        let tried = keys::make(client, &namespace.name, &api_host).await?;
        let key = tried.made.key;
        let new = NewConnection {
            id: old.map_or_else(random_hex, |old| old.id.clone()),
            name: match old {
                Some(old) => old.name.clone(),
                None => self.free_name(&namespace.label).await?,
            },
            kind: ConnectionKind::Digitalocean,
            environment: old.map_or(environment, |old| old.environment),
            api_host,
            key_hint: hint_of(tried.made.secret.expose()),
            made_key: Some(MadeKey {
                account: Some(account.id.clone()),
                namespace: namespace.name.clone(),
                id: key.id.clone(),
                expires: key.expires,
            }),
        };
        let id = new.id.clone();
        // The key first: a connection without its key would be a broken promise, a key without a connection is not.
        let put = match self.exchange_key(&id, Some(tried.made.secret)).await {
            Ok(before) => match self.store.put_connection(new).await {
                Ok(connection) => Ok(connection),
                Err(error) => {
                    if let Err(error) = self.exchange_key(&id, before).await {
                        tracing::error!(%error, "the key of a connection could not be put back");
                    }
                    Err(error)
                }
            },
            Err(error) => Err(error),
        };
        let mut connection = match put {
            Ok(connection) => connection,
            Err(error) => {
                keys::discard(client, &namespace.name, &key.id).await;
                return Err(error);
            }
        };
        self.remotes.forget(&id);
        self.note_state(
            &id,
            ConnectionState::Connected {
                latency_ms: tried.latency_ms,
                server: None,
            },
        );
        self.remotes.describe(&mut connection);
        if let Some(before) = old
            .and_then(|old| old.key_id.as_deref())
            .filter(|before| *before != key.id)
        {
            keys::discard(client, &namespace.name, before).await;
        }
        Ok(connection)
    }

    /// A name that no other connection has: on the command line it says which is meant.
    pub(crate) async fn free_name(&self, wanted: &str) -> Result<String> {
        let taken: Vec<String> = self
            .all_connections()
            .await?
            .into_iter()
            .map(|connection| connection.name.to_lowercase())
            .collect();
        let mut name = wanted.to_owned();
        let mut n = 1;
        while taken.contains(&name.to_lowercase()) {
            n += 1;
            name = format!("{wanted} {n}");
        }
        Ok(name)
    }
}

fn is_the_stores(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::SecretStoreUnavailable | ErrorCode::SecretStoreLocked | ErrorCode::ShuttingDown
    )
}

fn with_scheme(api_host: &str) -> String {
    let api_host = api_host.trim_end_matches('/');
    if api_host.contains("://") {
        api_host.to_owned()
    } else {
        format!("https://{api_host}")
    }
}

/// A host as others are compared with it.
pub(crate) fn host(api_host: &str) -> String {
    with_scheme(api_host.trim()).to_ascii_lowercase()
}
