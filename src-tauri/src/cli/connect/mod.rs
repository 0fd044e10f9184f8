//! `beckon connect`: chooses where calls go, and makes connections: as `doctl serverless connect` does, from the token
//! of an account, or from a key, a copied command, and what other tools have on this machine.
//!
//! Secrets come on standard input alone: an argument would be seen by everybody who can list processes.

mod account;
mod found;
mod key;

use std::io::{IsTerminal as _, Read as _};

use anyhow::{Context as _, Result, bail};
use beckon_core::{Connection, Environment, Namespace};
use beckon_panel::TerminalTarget;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::door::Door;
use super::target::{self, Target, TargetArgs};
use super::{Output, OutputArgs, print};

/// The most that is read of standard input.
const PASTED: u64 = 256 * 1024;

#[derive(Args)]
pub(crate) struct Command {
    /// A namespace (name or label), a connection, or CONNECTION/NAMESPACE; without it, what is chosen is shown
    #[arg(value_name = "TARGET", conflicts_with_all = ["account_token_stdin", "auth_stdin", "from_curl_stdin", "found"])]
    target: Option<String>,
    /// Connect namespaces of a DigitalOcean account, whose token (dop_v1_…) is read from standard input
    #[arg(long, conflicts_with_all = ["auth_stdin", "from_curl_stdin", "found"])]
    account_token_stdin: bool,
    /// The account's API: another Beckon's gateway, instead of https://api.digitalocean.com
    #[arg(long, value_name = "URL", requires = "account_token_stdin")]
    api_url: Option<String>,
    /// A namespace of the account, by its name or label; may be repeated. Not needed where there is only one
    #[arg(long, value_name = "NS", conflicts_with_all = ["target", "auth_stdin", "from_curl_stdin"])]
    namespace: Vec<String>,
    /// Do not keep the account's token: the keys made with it end after 30 days
    #[arg(long, requires = "account_token_stdin")]
    forget_token: bool,
    /// Connect an API host of OpenWhisk or DigitalOcean, with --auth-stdin
    #[arg(long, value_name = "HOST", requires = "auth_stdin")]
    api_host: Option<String>,
    /// Read the key of the API host (user:password, or what the Authorization header has) from standard input
    #[arg(long, requires = "api_host", conflicts_with_all = ["from_curl_stdin", "found"])]
    auth_stdin: bool,
    /// Connect with a curl command, as DigitalOcean's pages have it to copy, from standard input
    #[arg(long, conflicts_with = "found")]
    from_curl_stdin: bool,
    /// List the credentials of wsk, doctl and nim on this machine
    #[arg(long)]
    found: bool,
    /// Take one over of those that --found lists; may be repeated
    #[arg(long, value_name = "ID", requires = "found")]
    import: Vec<String>,
    /// What to call a new connection; unsaid, its namespace
    #[arg(long, value_name = "NAME", conflicts_with_all = ["target", "account_token_stdin", "found"])]
    name: Option<String>,
    /// How careful the window is with a new connection
    #[arg(long, value_name = "WHICH", default_value = "development")]
    environment: Colour,
    #[command(flatten)]
    output: OutputArgs,
}

/// The environments of a remote connection.
#[derive(Clone, Copy, ValueEnum)]
enum Colour {
    /// A playground of one's own
    Development,
    /// Shared, not yet public
    Staging,
    /// Real users: marked in red
    Production,
}

impl Colour {
    fn environment(self) -> Environment {
        match self {
            Self::Development => Environment::Development,
            Self::Staging => Environment::Staging,
            Self::Production => Environment::Production,
        }
    }
}

pub(super) async fn run(door: &Door, command: &Command) -> Result<()> {
    if !command.namespace.is_empty() && !command.account_token_stdin && command.import.is_empty() {
        bail!("--namespace goes with --account-token-stdin, or with --import of an account");
    }
    if command.account_token_stdin {
        return account::connect(door, command).await;
    }
    if command.auth_stdin || command.from_curl_stdin {
        return key::connect(door, command).await;
    }
    if command.found {
        return found::run(door, command).await;
    }
    let found = match &command.target {
        Some(text) => {
            let found = target::read(door, text).await?;
            choose(door, &found).await?;
            found
        }
        None => {
            let unsaid = TargetArgs {
                connection: None,
                namespace: None,
            };
            target::find(door, &unsaid).await?
        }
    };
    match command.output.output {
        Output::Json => print::json(&document(&found)),
        Output::Table => say(&found),
    }
}

/// What was connected just now: printed, and where it is one, chosen.
async fn connected(door: &Door, command: &Command, made: &[Target]) -> Result<()> {
    if let [one] = made {
        choose(door, one).await?;
    }
    match command.output.output {
        Output::Json => print::json(&made.iter().map(document).collect::<Vec<_>>()),
        Output::Table => made.iter().try_for_each(say),
    }
}

/// From now on calls go here.
async fn choose(door: &Door, target: &Target) -> Result<()> {
    let chosen = TerminalTarget {
        connection: target.connection.id.clone(),
        namespace: target.namespace.name.clone(),
    };
    door.call("set_terminal_target", json!({ "target": chosen }))
        .await
}

fn document(target: &Target) -> Value {
    let Target {
        connection,
        namespace,
    } = target;
    json!({
        "connection": connection.id,
        "connectionName": connection.name,
        "apiHost": connection.api_host,
        "namespace": namespace.name,
        "label": namespace.label,
        "keyExpires": connection.key_expires,
        "keyRenews": connection.key_renews,
    })
}

/// doctl's words.
fn say(target: &Target) -> Result<()> {
    let Target {
        connection,
        namespace,
    } = target;
    let host = match connection.api_host.as_str() {
        // Nobody serves it now.
        "" => String::new(),
        host => format!(" on API host '{host}'"),
    };
    let label = match namespace.label.as_str() {
        "" => String::new(),
        label => format!(" (label={label})"),
    };
    print::line(&format!(
        "Connected to functions namespace '{}'{host}{label}",
        namespace.name
    ))
}

/// The namespace that a connection's key opens.
async fn only_namespace(door: &Door, connection: Connection) -> Result<Target> {
    let all = target::namespaces(door, &connection.id).await?;
    let namespace: Namespace = target::only(all)?;
    Ok(Target {
        connection,
        namespace,
    })
}

/// What somebody pipes in. On a terminal one line is asked for, and not shown.
fn standard_input(what: &str) -> Result<String> {
    let stdin = std::io::stdin();
    let text = if stdin.is_terminal() {
        eprint!("{what}: ");
        rpassword::read_password().context("standard input cannot be read")?
    } else {
        let mut text = String::new();
        stdin
            .lock()
            .take(PASTED)
            .read_to_string(&mut text)
            .context("standard input cannot be read")?;
        text
    };
    if text.trim().is_empty() {
        bail!("standard input is empty: {what} is needed there");
    }
    Ok(text)
}
