//! `beckon connect`: chooses where calls go, and makes connections: as `doctl serverless connect` does, from the token
//! of an account, or from a key, a copied command, what other tools have on this machine, and as `faas-cli login` does,
//! from a server's URL and password.
//!
//! Secrets come on standard input alone: an argument would be seen by everybody who can list processes.

mod account;
mod found;
mod key;
mod known;
mod server;

use std::io::{IsTerminal as _, Read as _};

use anyhow::{Context as _, Result, bail};
use beckon_core::{Connection, ConnectionKind, Environment, NamespaceName};
use beckon_panel::TerminalTarget;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};

use super::door::Door;
use super::target::{self, Target, TargetArgs};
use super::{Output, OutputArgs, print};

/// The most that is read of standard input.
const PASTED: u64 = 256 * 1024;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Command {
    #[command(subcommand)]
    action: Option<known::Action>,
    /// A namespace (name or label), a connection, or CONNECTION/NAMESPACE; without it, what is chosen is shown
    #[arg(value_name = "TARGET", group = "source")]
    target: Option<String>,
    /// Connect namespaces of a DigitalOcean account, whose token (dop_v1_…) is read from standard input
    #[arg(long, group = "source")]
    account_token_stdin: bool,
    /// The account's API: another Beckon's gateway, instead of https://api.digitalocean.com
    #[arg(long, value_name = "URL", requires = "account_token_stdin")]
    api_url: Option<String>,
    /// A namespace of what is connected, by its name or label: of an account one to connect (may be repeated), of a
    /// server the one to choose. Not needed where there is only one
    #[arg(long, value_name = "NS", conflicts_with_all = ["target", "auth_stdin", "from_curl_stdin"])]
    namespace: Vec<String>,
    /// Do not keep the account's token: the keys made with it end after 30 days
    #[arg(long, requires = "account_token_stdin")]
    forget_token: bool,
    /// Connect an API host of OpenWhisk or DigitalOcean, with --auth-stdin
    #[arg(long, value_name = "HOST", requires = "auth_stdin")]
    api_host: Option<String>,
    /// Read the key of the API host (user:password, or what the Authorization header has) from standard input
    #[arg(long, requires = "api_host", group = "source")]
    auth_stdin: bool,
    /// Connect with a curl command, as DigitalOcean's pages have it to copy, from standard input
    #[arg(long, group = "source")]
    from_curl_stdin: bool,
    /// Connect an OpenFaaS-compatible gateway. On a terminal its password is asked for
    #[arg(long, value_name = "URL", group = "source")]
    openfaas: Option<String>,
    /// The gateway's user
    #[arg(long, value_name = "USER", default_value = "admin", requires = "openfaas")]
    user: String,
    /// Read the gateway's password from standard input; without it and without a terminal there is none
    #[arg(long, requires = "openfaas")]
    password_stdin: bool,
    /// Connect a Spaces host; URL/spaces/NAME where it does not list its spaces. On a terminal the secret is asked for
    #[arg(long, value_name = "URL", group = "source")]
    spaces: Option<String>,
    /// The client's id; without it the secret is read as client_id:client_secret
    #[arg(long, value_name = "ID", requires = "spaces")]
    client_id: Option<String>,
    /// Read the client's secret from standard input
    #[arg(long, requires = "spaces")]
    client_secret_stdin: bool,
    /// List the credentials of wsk, doctl, nim and faas-cli on this machine
    #[arg(long, group = "source")]
    found: bool,
    /// Take one over of those that --found lists; may be repeated
    #[arg(long, value_name = "ID", requires = "found")]
    import: Vec<String>,
    /// What to call a new connection; unsaid, its namespace or its host
    #[arg(long, value_name = "NAME", conflicts_with_all = ["target", "account_token_stdin", "found"])]
    name: Option<String>,
    /// How careful the window is with the connection [unsaid: as it was, or development]
    #[arg(long, value_name = "WHICH")]
    environment: Option<Colour>,
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

impl Command {
    /// Of a new connection.
    fn environment(&self) -> Environment {
        match self.environment {
            None | Some(Colour::Development) => Environment::Development,
            Some(Colour::Staging) => Environment::Staging,
            Some(Colour::Production) => Environment::Production,
        }
    }
}

pub(super) async fn run(door: &Door, command: &Command) -> Result<()> {
    if let Some(action) = &command.action {
        return known::run(door, action).await;
    }
    let is_server = command.openfaas.is_some() || command.spaces.is_some();
    if !command.namespace.is_empty()
        && !command.account_token_stdin
        && !is_server
        && command.import.is_empty()
    {
        bail!("--namespace goes with --account-token-stdin, --openfaas or --spaces, or with --import");
    }
    if command.account_token_stdin {
        return account::connect(door, command).await;
    }
    if command.auth_stdin || command.from_curl_stdin {
        return key::connect(door, command).await;
    }
    if is_server {
        return server::connect(door, command).await;
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

/// What was found where a connection shall lead.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tried {
    api_host: String,
    namespaces: Vec<NamespaceName>,
    warning: Option<String>,
}

/// Tries a connection without keeping it.
async fn tried(door: &Door, draft: &Value) -> Result<Tried> {
    let tried: Tried = door.call("test_connection", json!({ "draft": draft })).await?;
    if let Some(warning) = &tried.warning {
        eprintln!("beckon: {warning}");
    }
    Ok(tried)
}

/// Keeps a connection that was tried. The same host and name again is the same connection with another key.
async fn keep(
    door: &Door,
    command: &Command,
    mut draft: Value,
    kind: ConnectionKind,
    name: &str,
    host: &str,
) -> Result<Connection> {
    let known: Vec<Connection> = door.call("connections", json!({})).await?;
    let same = known.iter().find(|known| known.name.eq_ignore_ascii_case(name));
    match same {
        None => door.call("add_connection", json!({ "draft": draft })).await,
        // An API host of DigitalOcean's may have been connected as one of OpenWhisk, which it is.
        Some(same) if same.api_host == host && same.capabilities == kind.capabilities() => {
            if command.environment.is_none() {
                draft["environment"] = json!(same.environment);
            }
            door.call("edit_connection", json!({ "id": same.id, "draft": draft }))
                .await
        }
        Some(_) => bail!("there is a connection '{name}' already: choose another name with --name"),
    }
}

/// The namespace that was asked for, or else the one that a connection's key opens.
async fn one_namespace(door: &Door, connection: Connection, asked: &[String]) -> Result<Target> {
    let all = target::namespaces(door, &connection.id).await?;
    let namespace = match asked {
        [] => target::only(all)?,
        [name] => target::namespace(all, name)?,
        _ => bail!("calls go to one namespace: name one with --namespace"),
    };
    Ok(Target {
        connection,
        namespace,
    })
}

/// What somebody pipes in, which must be something. On a terminal one line is asked for, and not shown.
fn standard_input(what: &str) -> Result<String> {
    let text = typed_or_piped(what)?;
    if text.trim().is_empty() {
        bail!("standard input is empty: {what} is needed there");
    }
    Ok(text)
}

fn typed_or_piped(what: &str) -> Result<String> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprint!("{what}: ");
        return rpassword::read_password().context("standard input cannot be read");
    }
    let mut text = String::new();
    stdin
        .lock()
        .take(PASTED)
        .read_to_string(&mut text)
        .context("standard input cannot be read")?;
    Ok(text)
}
