use anyhow::{Result, bail};
use beckon_core::{Connection, ConnectionKind, NamespaceName};
use serde::Deserialize;
use serde_json::json;

use super::{Command, connected, only_namespace, standard_input};
use crate::cli::door::Door;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tried {
    api_host: String,
    namespaces: Vec<NamespaceName>,
}

/// Connects with a key or a whole curl command. The same host and name again is the same connection with another key.
pub(super) async fn connect(door: &Door, command: &Command) -> Result<()> {
    let pasted = match command.from_curl_stdin {
        true => standard_input("a curl command")?,
        false => standard_input("the key of the API host")?,
    };
    let mut draft = json!({
        "name": "",
        "kind": ConnectionKind::Openwhisk,
        "environment": command.environment.environment(),
        "apiHost": command.api_host.as_deref().unwrap_or_default(),
        "key": pasted,
    });
    let tried: Tried = door.call("test_connection", json!({ "draft": draft })).await?;
    let name = match (&command.name, tried.namespaces.first()) {
        (Some(name), _) => name.trim().to_owned(),
        (None, Some(namespace)) => namespace.to_string(),
        (None, None) => bail!("the key opens no namespace of {}", tried.api_host),
    };
    draft["name"] = name.as_str().into();
    if is_digitaloceans(&tried.api_host) {
        draft["kind"] = json!(ConnectionKind::Digitalocean);
    }
    let known: Vec<Connection> = door.call("connections", json!({})).await?;
    let same = known.iter().find(|known| known.name.eq_ignore_ascii_case(&name));
    let connection: Connection = match same {
        None => door.call("add_connection", json!({ "draft": draft })).await?,
        Some(same) if same.api_host == tried.api_host && same.kind != ConnectionKind::Local => {
            door.call("edit_connection", json!({ "id": same.id, "draft": draft }))
                .await?
        }
        Some(_) => bail!("there is a connection '{name}' already: choose another name with --name"),
    };
    let made = only_namespace(door, connection).await?;
    connected(door, command, &[made]).await
}

/// `https://faas-<region>-<hex>.doserverless.co`.
fn is_digitaloceans(api_host: &str) -> bool {
    api_host.ends_with(".doserverless.co") || api_host.ends_with(".doserverless.io")
}
