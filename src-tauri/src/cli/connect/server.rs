use std::io::IsTerminal as _;

use anyhow::{Context as _, Result, bail};
use beckon_core::{ConnectionKind, NamespaceName};
use serde_json::{Value, json};

use super::{Command, connected, keep, one_namespace, standard_input, tried, typed_or_piped};
use crate::cli::door::Door;
use crate::cli::target;

/// Connects a gateway of OpenFaaS' with a user's password, or a host of Spaces with a client's secret. It is tried, and
/// which namespace is meant is known, before anything is kept.
pub(super) async fn connect(door: &Door, command: &Command) -> Result<()> {
    let (kind, url, user, key) = match (&command.openfaas, &command.spaces) {
        (Some(url), _) => (
            ConnectionKind::Openfaas,
            url,
            Some(command.user.as_str()),
            password(command)?,
        ),
        (None, Some(url)) => (
            ConnectionKind::Spaces,
            url,
            command.client_id.as_deref(),
            client_secret(command)?,
        ),
        (None, None) => bail!("--openfaas or --spaces says which server"),
    };
    let mut draft = json!({
        "name": "",
        "kind": kind,
        "environment": command.environment(),
        "apiHost": url,
        "key": key.trim_end_matches(['\r', '\n']),
        "user": user,
    });
    let tried = tried(door, &draft).await.with_context(|| not_connected(url))?;
    let namespace = chosen(&tried.namespaces, &command.namespace)?;
    let name = match &command.name {
        Some(name) => name.trim(),
        None => named(&tried.api_host),
    };
    draft["name"] = Value::from(name);
    let connection = keep(door, command, draft, kind, name, &tried.api_host).await?;
    let made = one_namespace(door, connection, &[namespace]).await?;
    connected(door, command, &[made]).await
}

/// Says which server it was, unless its address has a password in it.
fn not_connected(url: &str) -> String {
    match url.contains('@') {
        true => "the server is not connected".to_owned(),
        false => format!("{url} is not connected"),
    }
}

/// A gateway may ask for no password.
fn password(command: &Command) -> Result<String> {
    match (command.password_stdin, std::io::stdin().is_terminal()) {
        (true, _) => standard_input("the gateway's password"),
        (false, true) => typed_or_piped("the gateway's password (empty where it asks for none)"),
        (false, false) => Ok(String::new()),
    }
}

fn client_secret(command: &Command) -> Result<String> {
    if !command.client_secret_stdin && !std::io::stdin().is_terminal() {
        bail!("the client's secret is needed: write it to --client-secret-stdin");
    }
    standard_input(match command.client_id {
        Some(_) => "the client's secret",
        None => "the client, as client_id:client_secret",
    })
}

/// The namespace that calls go to from now on.
fn chosen(known: &[NamespaceName], asked: &[String]) -> Result<String> {
    let name = match asked {
        [] => target::usual(known.iter().map(NamespaceName::as_str))?,
        [name] => name,
        _ => bail!("calls go to one namespace: name one with --namespace"),
    };
    if known.iter().all(|known| known.as_str() != name) {
        bail!(
            "there is no namespace '{name}' there, but {}",
            target::listed(known.iter().map(NamespaceName::as_str))
        );
    }
    Ok(name.to_owned())
}

/// A server's own name: of its address the space that it may lead to, or else the host.
fn named(address: &str) -> &str {
    let host = address.rsplit("//").next().unwrap_or(address);
    host.rsplit_once("/spaces/").map_or(host, |(_, space)| space)
}
