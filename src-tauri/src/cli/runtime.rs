//! `beckon runtime list`.

use anyhow::Result;
use beckon_core::RuntimeStatus;
use clap::Subcommand;
use serde_json::json;

use super::door::Door;
use super::{Output, OutputArgs, print};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the runtimes found, and how to install the missing ones
    List(OutputArgs),
}

pub(super) async fn run(door: &Door, command: &Command) -> Result<()> {
    let Command::List(OutputArgs { output }) = command;
    let all: Vec<RuntimeStatus> = door.call("runtimes", json!({})).await?;
    if *output == Output::Json {
        return print::json(&all);
    }
    let rows: Vec<[String; 4]> = all
        .iter()
        .map(|r| {
            let state = if r.available {
                r.path.clone()
            } else {
                r.install_hint.clone().map(|h| format!("missing: {h}"))
            };
            [
                r.kind.to_string(),
                r.title.clone(),
                r.version.clone().unwrap_or_default(),
                state.unwrap_or_default(),
            ]
        })
        .collect();
    print::table(["KIND", "RUNTIME", "VERSION", "WHERE"], &rows)
}
