//! A panel on a directory of its own, with the encrypted file as secret store, called by command name as every door does.

pub(crate) mod stream;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use beckon_core::{Clock, Error, Secret};
use beckon_panel::{Panel, PanelConfig, SecretStoreChoice};
use serde_json::{Value, json};

pub(crate) const PASSPHRASE: &str = "correct horse battery";

pub(crate) async fn start(dir: &Path) -> Result<Arc<Panel>> {
    start_with(dir, SecretStoreChoice::File).await
}

pub(crate) async fn start_with(dir: &Path, choice: SecretStoreChoice) -> Result<Arc<Panel>> {
    start_at(dir, choice, Clock::system()).await
}

/// A panel that believes another clock.
pub(crate) async fn start_at(dir: &Path, choice: SecretStoreChoice, clock: Clock) -> Result<Arc<Panel>> {
    let config = PanelConfig {
        data_dir: dir.to_owned(),
        examples: true,
        secret_store: Some(choice),
        passphrase: (choice == SecretStoreChoice::File).then(|| Secret::new(PASSPHRASE)),
        desktop: None,
        background: true,
        stem_cells: true,
        clock,
    };
    Ok(Panel::start(config).await?)
}

/// Serves the panel's gateway on a free loopback port; answers its URL.
pub(crate) async fn serve_gateway(panel: &Panel) -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    panel.set_gateway_url(&url);
    let router = beckon_providers::gateway::router(panel.gateway());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

/// Calls a command; its error as the doors pass it on.
pub(crate) async fn call(panel: &Arc<Panel>, name: &str, arguments: Value) -> Result<Value, Error> {
    let command = beckon_panel::command(name).unwrap_or_else(|| panic!("no command {name}"));
    let json = (command.call)(panel.clone(), arguments, Arc::new(|_| beckon_panel::Sent::Gone)).await?;
    Ok(serde_json::from_str(&json).expect("commands answer JSON"))
}

pub(crate) fn function(connection: &str, name: &str) -> Value {
    json!({ "connection": connection, "namespace": "playground", "name": name })
}

/// Asks for a record until its status is `wanted`.
pub(crate) async fn until(panel: &Arc<Panel>, id: &Value, wanted: &str) -> Result<Value> {
    for _ in 0..600 {
        let found = call(panel, "activation", json!({ "id": id })).await?;
        if found["activation"]["status"] == wanted {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the run {id} never became {wanted}")
}

/// A second Beckon with a token; answers it with its gateway's URL and the credential.
pub(crate) async fn other(dir: &Path) -> Result<(Arc<Panel>, String, String)> {
    let panel = start(dir).await?;
    let gateway = serve_gateway(&panel).await?;
    let draft = json!({ "name": "remote", "kind": "openwhisk", "scope": { "type": "namespace", "namespace": "playground" }, "expiresInSeconds": null });
    let made = call(&panel, "create_token", json!({ "draft": draft })).await?;
    Ok((
        panel,
        gateway,
        made["credential"].as_str().unwrap_or_default().to_owned(),
    ))
}

/// That other Beckon as a connection.
pub(crate) fn connection_draft(api_host: &str, key: &str) -> Value {
    json!({ "name": "other", "kind": "openwhisk", "environment": "staging", "apiHost": api_host, "key": key })
}
