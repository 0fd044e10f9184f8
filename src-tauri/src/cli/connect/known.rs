//! `beckon connect list|remove`.

use anyhow::{Result, bail};
use beckon_core::{Connection, ConnectionState, LOCAL};
use beckon_panel::TerminalTarget;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::door::Door;
use crate::cli::{Output, OutputArgs, print, target};

#[derive(Subcommand)]
pub(super) enum Action {
    /// List connections, this machine's engine first; * is what is chosen
    List {
        /// Try each of them now
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Remove a connection and its key. Its records stay
    Remove {
        /// Its name or id
        #[arg(value_name = "NAME")]
        name: String,
        /// Do not delete a key that Beckon made at the provider, for one that cannot be reached any more
        #[arg(long)]
        keep_key: bool,
    },
}

pub(super) async fn run(door: &Door, action: &Action) -> Result<()> {
    match action {
        Action::List { check, output } => list(door, *check, output.output).await,
        Action::Remove { name, keep_key } => {
            let connection = target::connection_named(door, name).await?;
            if connection.id == LOCAL {
                bail!("this machine's engine is always connected");
            }
            let arguments = json!({ "id": connection.id, "revokeKey": !keep_key });
            door.call::<()>("remove_connection", arguments).await
        }
    }
}

async fn list(door: &Door, check: bool, output: Output) -> Result<()> {
    let mut all: Vec<Connection> = door.call("connections", json!({})).await?;
    if check {
        for connection in &mut all {
            *connection = door
                .call("check_connection", json!({ "id": connection.id }))
                .await?;
        }
    }
    let chosen: Option<TerminalTarget> = door.call("terminal_target", json!({})).await?;
    let chosen = chosen.map_or_else(|| LOCAL.to_owned(), |chosen| chosen.connection);
    if output == Output::Json {
        let documents = all.iter().map(|connection| {
            let mut document = serde_json::to_value(connection)?;
            document["chosen"] = Value::from(connection.id == chosen);
            Ok(document)
        });
        return print::json(&documents.collect::<Result<Vec<Value>>>()?);
    }
    let rows: Vec<[String; 6]> = all.into_iter().map(|one| row(one, &chosen)).collect();
    print::table(["", "NAME", "KIND", "HOST", "KEY", "STATE"], &rows)
}

fn row(connection: Connection, chosen: &str) -> [String; 6] {
    let kind = serde_json::to_value(connection.kind).unwrap_or_default();
    let key = match connection.key_hint.as_str() {
        "" => String::new(),
        hint => format!("…{hint}"),
    };
    let state = match connection.state {
        ConnectionState::Unknown => "not tried".to_owned(),
        ConnectionState::Connected {
            server: Some(server), ..
        } => format!("connected ({server})"),
        ConnectionState::Connected { server: None, .. } => "connected".to_owned(),
        ConnectionState::Failing { error } => error.message,
    };
    [
        if connection.id == chosen { "*" } else { "" }.to_owned(),
        connection.name,
        kind.as_str().unwrap_or_default().to_owned(),
        connection.api_host,
        key,
        state,
    ]
}
