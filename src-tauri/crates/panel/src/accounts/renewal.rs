use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{Connection, Error, ErrorCode, Millis, Result, Secret, hint_of};
use beckon_store::MadeKey;
use parking_lot::Mutex;
use tokio::sync::MutexGuard;

use super::keys;
use crate::Panel;
use crate::secrets::connection_key;

/// A key is renewed this long before it ends.
const BEFORE: Millis = 24 * 3_600_000;
/// A key this near to its end is not used for another call: the clocks of two machines differ.
pub(crate) const SLACK: Millis = 5 * 60_000;
/// How often the keys are looked over.
const ROUND: Duration = Duration::from_secs(10 * 60);
/// After a failure the account is left alone for so long.
const REST: Millis = 60_000;

/// What is known about renewals, and the lock that keeps two from happening at once.
#[derive(Default)]
pub(crate) struct Renewals {
    one: tokio::sync::Mutex<()>,
    failed: Mutex<HashMap<String, (Millis, Error)>>,
}

impl Renewals {
    /// Held while what a connection's key is changes, or the connection goes: neither a renewal nor another window comes
    /// in between.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, ()> {
        self.one.lock().await
    }

    pub(crate) fn forget(&self, id: &str) {
        self.failed.lock().remove(id);
    }

    fn recent(&self, id: &str, now: Millis) -> Option<Error> {
        let failed = self.failed.lock();
        let (at, error) = failed.get(id)?;
        (*at..*at + REST).contains(&now).then(|| error.clone())
    }
}

/// Starts to look after the keys: at once, and from time to time.
pub(crate) fn start(panel: &Arc<Panel>) {
    let (weak, stop) = (Arc::downgrade(panel), panel.stop.clone());
    panel.tasks.spawn(stop.run_until_cancelled_owned(async move {
        while let Some(panel) = weak.upgrade() {
            if let Err(error) = round(&panel).await {
                tracing::warn!(%error, "connections could not be read");
            }
            drop(panel);
            tokio::time::sleep(ROUND).await;
        }
    }));
}

async fn round(panel: &Panel) -> Result<()> {
    for connection in panel.store.connections().await? {
        if !connection.key_renews || !ends_by(&connection, panel.clock.now() + BEFORE) {
            continue;
        }
        if let Err(error) = panel.renew(&connection.id, BEFORE).await {
            tracing::warn!(connection = connection.name, %error, "the access key was not renewed; trying again later");
        }
    }
    Ok(())
}

fn ends_by(connection: &Connection, at: Millis) -> bool {
    connection.key_expires.is_some_and(|end| end <= at)
}

impl Panel {
    /// The connection with a key that is fit for use: one whose key is at its end gets another first.
    ///
    /// `Unauthorized` when it has ended and there is nothing to renew it with, or the account's own error.
    pub(crate) async fn with_live_key(&self, connection: Connection) -> Result<Connection> {
        let now = self.clock.now();
        if !ends_by(&connection, now + SLACK) {
            return Ok(connection);
        }
        let ended = ends_by(&connection, now);
        if !connection.key_renews {
            if !ended {
                return Ok(connection);
            }
            return Err(Error::new(
                ErrorCode::Unauthorized,
                "The access key of this connection has ended.",
            )
            .with_hint(
                "Connect its account again, and let Beckon keep the token so that it can renew the key.",
            ));
        }
        match self.renew(&connection.id, SLACK).await {
            Ok(renewed) => Ok(renewed),
            Err(error) if !ended => {
                tracing::warn!(connection = connection.name, %error, "the access key was not renewed; it ends soon");
                Ok(connection)
            }
            Err(mut error) => {
                error.message = format!(
                    "The access key of this connection has ended and could not be renewed: {}",
                    error.message
                );
                Err(error)
            }
        }
    }

    /// Gives a connection a new key, if its key ends within `before` from now. The old one is deleted at the provider
    /// once the new one works and is kept.
    pub(crate) async fn renew(&self, id: &str, before: Millis) -> Result<Connection> {
        let _one = self.remotes.renewals.lock().await;
        let connection = self.remote_connection(id).await?;
        let now = self.clock.now();
        // Somebody else was faster.
        if !ends_by(&connection, now.saturating_add(before)) {
            return Ok(connection);
        }
        if let Some(error) = self.remotes.renewals.recent(id, now) {
            return Err(error);
        }
        let renewed = self.renew_now(connection).await;
        let mut failed = self.remotes.renewals.failed.lock();
        match &renewed {
            Ok(_) => failed.remove(id),
            Err(error) => failed.insert(id.to_owned(), (now, error.clone())),
        };
        renewed
    }

    /// As [`Self::renew`], whenever the key ends, because the user wants it.
    pub(crate) async fn renew_at_once(&self, id: &str) -> Result<Connection> {
        let _one = self.remotes.renewals.lock().await;
        let connection = self.remote_connection(id).await?;
        self.renew_now(connection).await
    }

    async fn renew_now(&self, connection: Connection) -> Result<Connection> {
        let id = connection.id;
        let (namespace, old, account) = self.keys_of(&id).await?;
        let tried = keys::make(&account, &namespace, &connection.api_host).await?;
        let (key, secret) = (tried.made.key, tried.made.secret);
        let hint = hint_of(secret.expose());
        let before = match self.exchange_key(&id, Some(secret)).await {
            Ok(before) => before,
            Err(error) => {
                keys::discard(&account, &namespace, &key.id).await;
                return Err(error);
            }
        };
        let made = MadeKey {
            account: connection.account,
            namespace: namespace.clone(),
            id: key.id.clone(),
            expires: key.expires,
        };
        if let Err(error) = self.store.set_connection_key(&id, &hint, made).await {
            // It goes on with the key that it had.
            if let Err(error) = self.exchange_key(&id, before).await {
                tracing::error!(%error, "the key of a connection could not be put back");
            }
            keys::discard(&account, &namespace, &key.id).await;
            return Err(error);
        }
        self.remotes.forget_client(&id);
        if let Some(old) = old {
            keys::discard(&account, &namespace, &old).await;
        }
        tracing::info!(connection = connection.name, "a new access key is in use");
        self.remote_connection(&id).await
    }

    /// Puts a connection's key in place of the one that is kept, which it answers.
    pub(super) async fn exchange_key(&self, id: &str, key: Option<Secret>) -> Result<Option<Secret>> {
        let (secrets, entry) = (self.secrets.clone(), connection_key(id));
        self.blocking(move || {
            let before = secrets.get(&entry)?;
            match key {
                Some(key) => secrets.set(&entry, &key)?,
                None => secrets.remove(&entry)?,
            }
            Ok(before)
        })
        .await
    }
}
