//! `beckon namespace create|list|delete`, on this machine or on a connection whose system lets one do it.

use anyhow::Result;
use beckon_core::Namespace;
use clap::Subcommand;
use serde_json::json;

use super::door::Door;
use super::{Output, OutputArgs, print, target};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a namespace
    Create {
        /// Its name, which is part of every URL
        name: String,
        /// What people call it
        #[arg(long, default_value = "")]
        label: String,
        /// On a connection, by its name or id, instead of this machine
        #[arg(long, value_name = "NAME", default_value = beckon_core::LOCAL)]
        connection: String,
    },
    /// List namespaces
    List {
        /// Those of a connection, by its name or id, instead of this machine's
        #[arg(long, value_name = "NAME", default_value = beckon_core::LOCAL)]
        connection: String,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Delete a namespace with its functions and tokens
    Delete {
        /// Its name
        name: String,
        /// That of a connection, by its name or id, instead of this machine's
        #[arg(long, value_name = "NAME", default_value = beckon_core::LOCAL)]
        connection: String,
    },
}

pub(super) async fn run(door: &Door, command: &Command) -> Result<()> {
    match command {
        Command::Create {
            name,
            label,
            connection,
        } => {
            let connection = target::connection_named(door, connection).await?.id;
            let arguments = json!({ "name": name, "label": label, "connection": connection });
            door.call::<Namespace>("create_namespace", arguments)
                .await
                .map(drop)
        }
        Command::Delete { name, connection } => {
            let connection = target::connection_named(door, connection).await?.id;
            let arguments = json!({ "name": name, "confirmation": name, "connection": connection });
            door.call::<()>("delete_namespace", arguments).await
        }
        Command::List { connection, output } => list(door, connection, output.output).await,
    }
}

async fn list(door: &Door, connection: &str, output: Output) -> Result<()> {
    let connection = target::connection_named(door, connection).await?;
    let all = target::namespaces(door, &connection.id).await?;
    if output == Output::Json {
        return print::json(&all);
    }
    let rows: Vec<[String; 4]> = all
        .iter()
        .map(|n| {
            [
                n.name.to_string(),
                n.label.clone(),
                n.functions.to_string(),
                print::time(n.created),
            ]
        })
        .collect();
    print::table(["NAME", "LABEL", "FUNCTIONS", "CREATED"], &rows)
}
