//! `beckon token create|list|revoke`.

use anyhow::{Result, bail};
use beckon_core::{Token, TokenKind, TokenScope};
use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::json;

use super::door::Door;
use super::{Output, OutputArgs, print, target};

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
    /// The namespace it reaches. For openwhisk not needed where there is only one, or a `playground`; for digitalocean,
    /// openfaas and spaces not needed at all: they reach every namespace
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
    /// A token for Bearer authentication at /v2/functions, where namespaces, access keys and triggers are made
    Digitalocean,
    /// The password of user admin at OpenFaaS' /system, for faas-cli login
    Openfaas,
    /// client_id:client_secret for OAuth 2.0's client credentials at /oauth2/token, whose tokens call /spaces
    Spaces,
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
    let namespace = match (&args.namespace, args.kind) {
        (Some(namespace), _) => Some(namespace.clone()),
        (None, Kind::Openwhisk) => {
            let all = target::namespaces(door, beckon_core::LOCAL).await?;
            Some(target::only(all)?.name.to_string())
        }
        (None, Kind::Digitalocean | Kind::Openfaas | Kind::Spaces) => None,
    };
    let scope = match (namespace, &args.function) {
        (None, None) => json!({ "type": "account" }),
        (Some(namespace), None) => json!({ "type": "namespace", "namespace": namespace }),
        (Some(namespace), Some(function)) => {
            json!({ "type": "function", "namespace": namespace, "name": function })
        }
        (None, Some(_)) if matches!(args.kind, Kind::Spaces) => {
            bail!("name the function's namespace with --namespace, or leave --function out")
        }
        (None, Some(_)) => bail!("such a token is for namespaces and calls no function"),
    };
    let draft = json!({
        "name": args.name,
        "kind": match args.kind {
            Kind::Openwhisk => "openwhisk",
            Kind::Digitalocean => "digitalocean",
            Kind::Openfaas => "openfaas",
            Kind::Spaces => "spaces",
        },
        "scope": scope,
        "expiresInSeconds": args.expires.0,
    });
    let made: Made = door.call("create_token", json!({ "draft": draft })).await?;
    print::line(&made.credential)
}

async fn list(door: &Door, output: Output) -> Result<()> {
    let tokens: Vec<Token> = door.call("tokens", json!({})).await?;
    if output == Output::Json {
        return print::json(&tokens);
    }
    let time = |at: Option<i64>, none: &str| at.map_or_else(|| none.to_owned(), print::time);
    let rows: Vec<[String; 7]> = tokens
        .iter()
        .map(|token| {
            let scope = match &token.scope {
                TokenScope::Namespace { namespace } => namespace.to_string(),
                TokenScope::Function { namespace, name } => format!("{namespace}/{name}"),
                TokenScope::Account => "every namespace".to_owned(),
            };
            let ends = match token.revoked {
                Some(at) => format!("revoked {}", print::time(at)),
                None => time(token.expires, "never"),
            };
            [
                token.id.clone(),
                token.name.clone(),
                match token.kind {
                    TokenKind::Openwhisk => "openwhisk",
                    TokenKind::DigitaloceanKey => "digitalocean key",
                    TokenKind::Digitalocean => "digitalocean",
                    TokenKind::Openfaas => "openfaas",
                    TokenKind::Spaces => "spaces",
                }
                .to_owned(),
                scope,
                format!("…{}", token.hint),
                time(token.last_used, "never"),
                ends,
            ]
        })
        .collect();
    print::table(
        ["ID", "NAME", "FOR", "SCOPE", "KEY", "LAST USED", "EXPIRES"],
        &rows,
    )
}
