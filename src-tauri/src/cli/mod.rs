//! The command line. Each command is one call of the panel's command table, through whichever door is open: the
//! Beckon that runs on the data directory, or else a panel of this process's own.

mod activation;
mod connect;
mod door;
mod follow;
mod image;
mod invoke;
mod namespace;
mod print;
mod runtime;
mod target;
mod token;

use std::path::PathBuf;

use anyhow::Result;
use beckon_panel::SecretStoreChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};

use door::Door;

/// A desktop control panel for serverless functions, with a local engine.
#[derive(Parser)]
#[command(name = "beckon", version, about, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command takes.
#[derive(Args, Clone)]
pub(crate) struct Options {
    /// Where everything is kept
    #[arg(long, global = true, env = "BECKON_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Where secrets are kept from now on (a passphrase for the file comes from BECKON_PASSPHRASE, or is asked)
    #[arg(long, global = true, value_name = "STORE")]
    pub(crate) secret_store: Option<StoreWord>,
}

/// `keychain` or `file`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreWord {
    /// The operating system's keychain
    Keychain,
    /// An encrypted file in the data directory
    File,
}

impl From<StoreWord> for SecretStoreChoice {
    fn from(word: StoreWord) -> Self {
        match word {
            StoreWord::Keychain => Self::Keychain,
            StoreWord::File => Self::File,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve engine, gateway and panel on 127.0.0.1, without a window
    Serve(ServeArgs),
    /// Print a new one-time link to the running panel
    Url,
    /// Credentials of the local engine
    #[command(subcommand)]
    Token(token::Command),
    /// Namespaces of the local engine, and of connections
    #[command(subcommand, visible_alias = "namespaces")]
    Namespace(namespace::Command),
    /// What container images stand for on this machine, which runs none
    #[command(subcommand)]
    Image(image::Command),
    /// Run a function and print what it answers
    Invoke(invoke::Command),
    /// Records of runs
    #[command(subcommand, visible_alias = "activations")]
    Activation(activation::Command),
    /// Connections, and the namespace that invoke and activation are about
    Connect(connect::Command),
    /// Language runtimes of this machine
    #[command(subcommand)]
    Runtime(runtime::Command),
}

#[derive(Args, Default)]
pub(crate) struct ServeArgs {
    /// The gateway's port; 0 picks a free one
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// Do not add the example functions on the first start
    #[arg(long)]
    pub(crate) no_examples: bool,
    /// Do not keep interpreters started for functions to come: less memory, slower first runs
    #[arg(long)]
    pub(crate) no_stem_cells: bool,
}

/// How a list is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Table,
    /// For programs
    Json,
}

#[derive(Args)]
pub(crate) struct OutputArgs {
    /// How to print
    #[arg(short, long, default_value = "table", value_name = "FORMAT")]
    pub(crate) output: Output,
}

/// Runs one command that is not `serve`.
pub(crate) fn run(options: &Options, command: &Command) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(async {
            let door = Door::open(options).await?;
            let done = match command {
                Command::Serve(_) => unreachable!("served in main"),
                Command::Url => print::line(&door.new_link().await?),
                Command::Token(command) => token::run(&door, command).await,
                Command::Namespace(command) => namespace::run(&door, command).await,
                Command::Image(command) => image::run(&door, command).await,
                Command::Invoke(command) => invoke::run(&door, command).await,
                Command::Activation(command) => activation::run(&door, command).await,
                Command::Connect(command) => connect::run(&door, command).await,
                Command::Runtime(command) => runtime::run(&door, command).await,
            };
            door.close().await;
            done
        })
}
