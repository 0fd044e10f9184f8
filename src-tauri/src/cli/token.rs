//! `beckon token create|list|revoke`.

use anyhow::{Result, bail};
use beckon_core::{Namespace, Token, TokenScope};
use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::json;

use super::door::Door;
use super::{Output, OutputArgs, print};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a credential and print it, once
    Create(CreateArgs),
    /// List credentials, without their secrets
    List(OutputArgs),
    /// End a credential at once
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
}

#[derive(Args)]
pub(crate) struct CreateArgs {
    /// Whose clients the credential is for
    #[arg(long = "for", value_name = "KIND")]
    kind: Kind,
    /// The namespace it reaches; not needed where there is only one, or a `playground`
    #[arg(long, value_name = "NS")]
    namespace: Option<String>,
    /// The only function it reaches
    #[arg(long, value_name = "FN")]
    function: Option<String>,
    /// What to call it
    #[arg(long, value_name = "TEXT", default_value = "Command line")]
    name: String,
    /// When it ends: 24h, 30d, 90m, or never
    #[arg(long, value_name = "TIME", default_value = "never", value_parser = seconds)]
    expires: Lifetime,
}

/// The credential forms that this Beckon's gateway accepts.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// user:key for Basic authentication
    Openwhisk,
}

/// Seconds; `None` is for ever.
#[derive(Clone, Copy)]
struct Lifetime(Option<u32>);

fn seconds(text: &str) -> Result<Lifetime, String> {
    if text == "never" {
        return Ok(Lifetime(None));
    }
    let millis = beckon_core::filter::span(text).filter(|_| !text.bytes().all(|b| b.is_ascii_digit()));
    match millis.map(|ms| u32::try_from(ms / 1000)) {
        Some(Ok(seconds)) if seconds > 0 => Ok(Lifetime(Some(seconds))),
        _ => Err("write a time like 24h, 30d, 90m, or never".into()),
    }
}

#[derive(Deserialize)]
struct Made {
    credential: String,
}

pub(super) async fn run(door: &Door, command: &Command) -> Result<()> {
    match command {
        Command::Create(args) => create(door, args).await,
        Command::List(args) => list(door, args.output).await,
        Command::Revoke { id } => {
            let _: Token = door.call("revoke_token", json!({ "id": id })).await?;
            Ok(())
        }
    }
}

async fn create(door: &Door, args: &CreateArgs) -> Result<()> {
    let Kind::Openwhisk = args.kind;
    let namespace = match &args.namespace {
        Some(namespace) => namespace.clone(),
        None => only_namespace(door).await?,
    };
    let scope = match &args.function {
        Some(function) => json!({ "type": "function", "namespace": namespace, "name": function }),
        None => json!({ "type": "namespace", "namespace": namespace }),
    };
    let draft = json!({
        "name": args.name,
        "kind": "openwhisk",
        "scope": scope,
        "expiresInSeconds": args.expires.0,
    });
    let made: Made = door.call("create_token", json!({ "draft": draft })).await?;
    print::line(&made.credential)
}

async fn only_namespace(door: &Door) -> Result<String> {
    let all: Vec<Namespace> = door
        .call("namespaces", json!({ "connection": beckon_core::LOCAL }))
        .await?;
    let playground = all.iter().find(|n| n.name.as_str() == beckon_panel::PLAYGROUND);
    match (playground, all.as_slice()) {
        (Some(one), _) | (None, [one]) => Ok(one.name.to_string()),
        (None, []) => bail!("there is no namespace yet: make one with `beckon namespace create NAME`"),
        (None, _) => bail!("there are several namespaces: choose one with --namespace"),
    }
}

async fn list(door: &Door, output: Output) -> Result<()> {
    let tokens: Vec<Token> = door.call("tokens", json!({})).await?;
    if output == Output::Json {
        return print::json(&tokens);
    }
    let time = |at: Option<i64>, none: &str| at.map_or_else(|| none.to_owned(), print::time);
    let rows: Vec<[String; 6]> = tokens
        .iter()
        .map(|token| {
            let scope = match &token.scope {
                TokenScope::Namespace { namespace } => namespace.to_string(),
                TokenScope::Function { namespace, name } => format!("{namespace}/{name}"),
            };
            let ends = match token.revoked {
                Some(at) => format!("revoked {}", print::time(at)),
                None => time(token.expires, "never"),
            };
            [
                token.id.clone(),
                token.name.clone(),
                scope,
                format!("…{}", token.hint),
                time(token.last_used, "never"),
                ends,
            ]
        })
        .collect();
    print::table(["ID", "NAME", "SCOPE", "KEY", "LAST USED", "EXPIRES"], &rows)
}
