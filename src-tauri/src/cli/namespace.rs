//! `beckon namespace create|list|delete`.

use anyhow::Result;
use beckon_core::Namespace;
use clap::Subcommand;
use serde_json::json;

use super::door::Door;
use super::{Output, OutputArgs, print};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a namespace
    Create {
        /// Its name, which is part of every URL
        name: String,
        /// What people call it
        #[arg(long, default_value = "")]
        label: String,
    },
    /// List namespaces
    List(OutputArgs),
    /// Delete a namespace with its functions and tokens
    Delete {
        /// Its name
        name: String,
    },
}

pub(super) async fn run(door: &Door, command: &Command) -> Result<()> {
    match command {
        Command::Create { name, label } => {
            let _: Namespace = door
                .call("create_namespace", json!({ "name": name, "label": label }))
                .await?;
            Ok(())
        }
        Command::Delete { name } => {
            door.call::<()>("delete_namespace", json!({ "name": name, "confirmation": name }))
                .await
        }
        Command::List(args) => list(door, args.output).await,
    }
}

async fn list(door: &Door, output: Output) -> Result<()> {
    let all: Vec<Namespace> = door
        .call("namespaces", json!({ "connection": beckon_core::LOCAL }))
        .await?;
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
