//! `beckon image map|list|unmap`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use beckon_core::Image;
use clap::{Args, Subcommand};
use serde_json::json;

use super::door::Door;
use super::{Output, OutputArgs, print};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say what an image's name stands for on this machine
    Map(MapArgs),
    /// List what images stand for
    List(OutputArgs),
    /// Have an image's name stand for nothing any more
    Unmap {
        /// The name, as `list` shows it
        name: String,
    },
}

#[derive(Args)]
pub(crate) struct MapArgs {
    /// The name as the client writes it; without a tag it stands for every tag
    name: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// The folder with its code
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The process that each deployment names (fprocess)
    #[arg(long)]
    process: bool,
}

pub(super) async fn run(door: &Door, command: &Command) -> Result<()> {
    match command {
        Command::Map(args) => map(door, args).await,
        Command::List(args) => list(door, args.output).await,
        Command::Unmap { name } => door.call::<()>("unmap_image", json!({ "name": name })).await,
    }
}

async fn map(door: &Door, args: &MapArgs) -> Result<()> {
    let folder = match &args.place.folder {
        // From where the command line is, which is not where the running Beckon is.
        Some(folder) => {
            let whole = std::fs::canonicalize(folder)
                .with_context(|| format!("{} cannot be found", folder.display()))?;
            Some(
                whole
                    .to_str()
                    .context("the folder's path is not UTF-8")?
                    .to_owned(),
            )
        }
        None => None,
    };
    let _: Image = door
        .call("map_image", json!({ "name": args.name, "folder": folder }))
        .await?;
    Ok(())
}

async fn list(door: &Door, output: Output) -> Result<()> {
    let images: Vec<Image> = door.call("images", json!({})).await?;
    if output == Output::Json {
        return print::json(&images);
    }
    let rows: Vec<[String; 3]> = images
        .into_iter()
        .map(|image| {
            let stands_for = image
                .folder
                .unwrap_or_else(|| "the deployment's process".to_owned());
            [image.name, stands_for, print::time(image.created)]
        })
        .collect();
    print::table(["IMAGE", "STANDS FOR", "CREATED"], &rows)
}
