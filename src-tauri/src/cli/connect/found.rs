use anyhow::Result;
use beckon_core::{Account, Connection};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::account::{Known, Outcome, chosen, sort};
use super::{Command, connected, one_namespace};
use crate::cli::door::Door;
use crate::cli::{Output, print};

/// A credential of another tool, as it is shown.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    id: String,
    source: String,
    path: String,
    label: Option<String>,
    api_host: Option<String>,
    namespace: Option<String>,
    key_hint: String,
    problem: Option<String>,
    connected: bool,
}

#[derive(Deserialize)]
struct Imported {
    connections: Vec<Connection>,
    accounts: Vec<Account>,
}

pub(super) async fn run(door: &Door, command: &Command) -> Result<()> {
    if !command.import.is_empty() {
        return import(door, command).await;
    }
    let found: Vec<Found> = door.call("found_credentials", json!({})).await?;
    if command.output.output == Output::Json {
        return print::json(&found);
    }
    let rows: Vec<[String; 7]> = found.into_iter().map(row).collect();
    print::table(
        ["ID", "SOURCE", "NAME", "API HOST", "KEY", "STATE", "FILE"],
        &rows,
    )
}

fn row(found: Found) -> [String; 7] {
    let name = match (found.label, found.namespace) {
        (Some(label), Some(namespace)) => format!("{namespace} ({label})"),
        (label, namespace) => label.or(namespace).unwrap_or_default(),
    };
    let key = match found.key_hint.as_str() {
        "" => String::new(),
        hint => format!("…{hint}"),
    };
    let state = match (found.problem, found.connected) {
        (Some(problem), _) => problem,
        (None, true) => "connected".into(),
        (None, false) => "not connected".into(),
    };
    [
        found.id,
        found.source.replace('_', " "),
        name,
        found.api_host.unwrap_or_default(),
        key,
        state,
        found.path,
    ]
}

/// Takes over what was chosen; of an account the namespaces that were named, or the only one.
async fn import(door: &Door, command: &Command) -> Result<()> {
    let environment = command.environment();
    let imported: Imported = door
        .call(
            "import_found",
            json!({ "ids": command.import, "environment": environment }),
        )
        .await?;
    let (mut made, mut refused) = (Vec::new(), Ok(()));
    for connection in imported.connections {
        // Where there is an account, a name is one of its namespaces.
        let asked = match imported.accounts.is_empty() {
            true => command.namespace.as_slice(),
            false => &[],
        };
        made.push(one_namespace(door, connection, asked).await?);
    }
    for account in imported.accounts {
        let known: Vec<Known> = door
            .call("account_namespaces", json!({ "account": account.id }))
            .await?;
        let names = chosen(&known, &command.namespace)?;
        let outcomes: Vec<Outcome> = door
            .call(
                "connect_namespaces",
                json!({ "account": account.id, "namespaces": names, "environment": environment }),
            )
            .await?;
        let (connections, not) = sort(outcomes, &known);
        made.extend(connections);
        refused = refused.and(not);
    }
    connected(door, command, &made).await?;
    refused
}
