//! Where a command goes: a connection and one of its namespaces.

use anyhow::{Result, bail};
use beckon_core::{Connection, LOCAL, Namespace, NamespaceName};
use beckon_panel::TerminalTarget;
use clap::Args;
use serde_json::json;

use super::door::Door;

/// Namespaces that are there where nobody made any: OpenFaaS', and Beckon's.
const USUAL: [&str; 2] = ["openfaas-fn", beckon_panel::PLAYGROUND];
/// Most names in one sentence.
const SHOWN: usize = 20;

/// What says so on the command line. Without a word: what `beckon connect` chose.
#[derive(Args)]
pub(crate) struct TargetArgs {
    /// The connection, by its name or id; `local` is this machine's engine
    #[arg(long, value_name = "NAME")]
    pub(super) connection: Option<String>,
    /// The namespace, by its name or label
    #[arg(long, value_name = "NS")]
    pub(super) namespace: Option<String>,
}

/// A connection and one of its namespaces.
pub(super) struct Target {
    pub(super) connection: Connection,
    pub(super) namespace: Namespace,
}

impl Target {
    /// What a filter of the journal confines itself to this with.
    pub(super) fn filter(&self) -> String {
        format!("conn:\"{}\" ns:\"{}\"", self.connection.id, self.namespace.name)
    }

    pub(super) fn is_local(&self) -> bool {
        self.connection.id == LOCAL
    }
}

/// Reads what a provider has that the journal has not.
pub(super) async fn refresh(door: &Door, target: &Target) -> Result<()> {
    if target.is_local() {
        return Ok(());
    }
    let _new: u32 = door
        .call("sync_connection", json!({ "id": target.connection.id }))
        .await?;
    Ok(())
}

/// Finds what the arguments, or else `beckon connect`, name.
pub(super) async fn find(door: &Door, args: &TargetArgs) -> Result<Target> {
    let chosen: Option<TerminalTarget> = door.call("terminal_target", json!({})).await?;
    let connections = connections(door).await?;
    let chosen_connection = chosen.as_ref().map(|chosen| chosen.connection.as_str());
    let asked = args.connection.as_deref();
    let connection = connection(connections, asked.or(chosen_connection).unwrap_or(LOCAL))?;
    let namespaces = namespaces(door, &connection.id).await?;
    let kept = chosen
        .filter(|chosen| chosen.connection == connection.id)
        .map(|chosen| chosen.namespace.to_string());
    let namespace = match args.namespace.as_deref().or(kept.as_deref()) {
        Some(name) => namespace(namespaces, name)?,
        None => only(namespaces)?,
    };
    Ok(Target {
        connection,
        namespace,
    })
}

/// What a person wrote after `beckon connect`: `NAMESPACE`, `CONNECTION` or `CONNECTION/NAMESPACE`.
pub(super) async fn read(door: &Door, text: &str) -> Result<Target> {
    let all = connections(door).await?;
    if let Some((left, right)) = text.split_once('/') {
        let connection = connection(all, left)?;
        let namespace = namespace(namespaces(door, &connection.id).await?, right)?;
        return Ok(Target {
            connection,
            namespace,
        });
    }
    let here = namespaces(door, LOCAL).await?;
    if let Ok(namespace) = namespace(here, text) {
        let connection = connection(all, LOCAL)?;
        return Ok(Target {
            connection,
            namespace,
        });
    }
    let Ok(connection) = connection(all, text) else {
        bail!(
            "there is no namespace and no connection '{text}': `beckon namespace list` shows what there is"
        );
    };
    let namespace = only(namespaces(door, &connection.id).await?)?;
    Ok(Target {
        connection,
        namespace,
    })
}

async fn connections(door: &Door) -> Result<Vec<Connection>> {
    door.call("connections", json!({})).await
}

/// The namespaces of a connection, by its id.
pub(super) async fn namespaces(door: &Door, connection: &str) -> Result<Vec<Namespace>> {
    door.call("namespaces", json!({ "connection": connection })).await
}

/// The connection of this id or name.
pub(super) async fn connection_named(door: &Door, name: &str) -> Result<Connection> {
    connection(connections(door).await?, name)
}

fn connection(all: Vec<Connection>, name: &str) -> Result<Connection> {
    let same = |known: &Connection| known.name.eq_ignore_ascii_case(name);
    let found = match all.iter().position(|known| known.id == name) {
        Some(at) => Some(at),
        None => {
            let named: Vec<_> = (0..all.len()).filter(|at| same(&all[*at])).collect();
            if named.len() > 1 {
                bail!("several connections are called '{name}': say which by its id");
            }
            named.first().copied()
        }
    };
    match found.and_then(|at| all.into_iter().nth(at)) {
        Some(connection) => Ok(connection),
        None => bail!("there is no connection '{name}'"),
    }
}

/// The namespace of this name or label.
pub(super) fn namespace(all: Vec<Namespace>, name: &str) -> Result<Namespace> {
    if let Some(found) = all.iter().find(|known| known.name.as_str() == name) {
        return Ok(found.clone());
    }
    let mut named = all
        .into_iter()
        .filter(|known| known.label.eq_ignore_ascii_case(name));
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => bail!("several namespaces are called '{name}': say which by its name"),
        (None, _) => bail!("there is no namespace '{name}'"),
    }
}

/// The namespace where nobody named one.
pub(super) fn only(all: Vec<Namespace>) -> Result<Namespace> {
    let name = usual(all.iter().map(|known| known.name.as_str()))?.to_owned();
    namespace(all, &name)
}

/// The name that is meant where nobody names one: OpenFaaS' own, Beckon's own, or the only one.
pub(super) fn usual<'a>(names: impl Iterator<Item = &'a str>) -> Result<&'a str> {
    // What belongs to OpenWhisk itself is no place for one's own.
    let names: Vec<&str> = names
        .filter(|name| NamespaceName::new(*name).is_ok_and(|name| !name.is_system()))
        .collect();
    let own = USUAL.into_iter().find(|usual| names.contains(usual));
    match (own, names.as_slice()) {
        (Some(own), _) => Ok(own),
        (None, [one]) => Ok(one),
        (None, []) => bail!("there is no namespace yet: make one with `beckon namespace create NAME`"),
        (None, several) => bail!(
            "there are several namespaces: choose one with --namespace among {}",
            listed(several.iter().copied())
        ),
    }
}

/// Names for people: not so many that nobody reads them.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = &names[..names.len().min(SHOWN)];
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
