use std::time::Duration;

use beckon_core::{ConnectionKind, Error, ErrorCode, NamespaceName, Result};
use beckon_providers::digitalocean::client as digitalocean;

/// How long a key lives that Beckon makes for itself.
pub(super) const LIFE: digitalocean::Hours = digitalocean::Hours::days(30);
/// So many names are tried before one is found that is free.
const NAMES: u32 = 20;
/// A key may be known to the functions' host a moment later than to the account.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(700);

/// A key that Beckon made for itself, and that works.
pub(super) struct Tried {
    pub(super) made: digitalocean::NewAccessKey,
    pub(super) latency_ms: u32,
}

/// Makes a key of a namespace for this machine, and tries it at the namespace's host. One that does not work is deleted
/// again.
pub(super) async fn make(
    account: &digitalocean::Account,
    namespace: &NamespaceName,
    api_host: &str,
) -> Result<Tried> {
    let made = named(account, namespace).await?;
    match works(api_host, &made).await {
        Ok(latency_ms) => Ok(Tried { made, latency_ms }),
        Err(error) => {
            discard(account, namespace, &made.key.id).await;
            Err(error)
        }
    }
}

/// Deletes a key that nobody uses any more. One that stays ends by itself.
pub(crate) async fn discard(account: &digitalocean::Account, namespace: &NamespaceName, id: &str) {
    match account.delete_key(namespace, id).await {
        Ok(()) => {}
        Err(error) if error.code == ErrorCode::NotFound => {}
        Err(error) => {
            tracing::warn!(key = id, %error, "an access key that is not used any more is still there");
        }
    }
}

/// Names are unique in a namespace: another Beckon of this machine, or the key before, may have the first.
async fn named(
    account: &digitalocean::Account,
    namespace: &NamespaceName,
) -> Result<digitalocean::NewAccessKey> {
    let name = format!("Beckon on {}", machine());
    let mut attempt = 1;
    loop {
        let name = match attempt {
            1 => name.clone(),
            n => format!("{name} ({n})"),
        };
        match account.create_key(namespace, &name, Some(LIFE)).await {
            Err(error) if error.code == ErrorCode::Conflict && attempt < NAMES => attempt += 1,
            made => return made,
        }
    }
}

async fn works(api_host: &str, made: &digitalocean::NewAccessKey) -> Result<u32> {
    let remote = beckon_providers::connect(ConnectionKind::Digitalocean, api_host, made.secret.clone())?;
    let mut tries = 1;
    loop {
        match remote.check().await {
            Ok(reach) => return Ok(reach.latency_ms),
            Err(error) if error.code == ErrorCode::Unauthorized && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(unusable(error)),
        }
    }
}

fn unusable(mut error: Error) -> Error {
    error.message = format!("The new access key does not work: {}", error.message);
    error
}

/// What this machine is called, so that its owner knows the key in DigitalOcean's list.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .unwrap_or_default();
    let name: String = name
        .trim()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
        .take(40)
        .collect();
    if name.is_empty() {
        "this machine".into()
    } else {
        name
    }
}
