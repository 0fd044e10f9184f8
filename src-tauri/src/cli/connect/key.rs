use anyhow::{Result, bail};
use beckon_core::ConnectionKind;
use serde_json::json;

use super::{Command, connected, keep, one_namespace, standard_input, tried};
use crate::cli::door::Door;

/// Connects with a key or a whole curl command. The same host and name again is the same connection with another key.
pub(super) async fn connect(door: &Door, command: &Command) -> Result<()> {
    let pasted = match command.from_curl_stdin {
        true => standard_input("a curl command")?,
        false => standard_input("the key of the API host")?,
    };
    let mut draft = json!({
        "name": "",
        "kind": ConnectionKind::Openwhisk,
        "environment": command.environment(),
        "apiHost": command.api_host.as_deref().unwrap_or_default(),
        "key": pasted,
    });
    let tried = tried(door, &draft).await?;
    let name = match (&command.name, tried.namespaces.first()) {
        (Some(name), _) => name.trim().to_owned(),
        (None, Some(namespace)) => namespace.to_string(),
        (None, None) => bail!("the key opens no namespace of {}", tried.api_host),
    };
    draft["name"] = name.as_str().into();
    let kind = match is_digitaloceans(&tried.api_host) {
        true => ConnectionKind::Digitalocean,
        false => ConnectionKind::Openwhisk,
    };
    draft["kind"] = json!(kind);
    let connection = keep(door, command, draft, kind, &name, &tried.api_host).await?;
    let made = one_namespace(door, connection, &[]).await?;
    connected(door, command, &[made]).await
}

/// `https://faas-<region>-<hex>.doserverless.co`.
fn is_digitaloceans(api_host: &str) -> bool {
    api_host.ends_with(".doserverless.co") || api_host.ends_with(".doserverless.io")
}
