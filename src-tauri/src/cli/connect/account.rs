use anyhow::{Result, anyhow, bail};
use beckon_core::{Connection, Error, Namespace, NamespaceName};
use serde::Deserialize;
use serde_json::json;

use super::{Command, connected, standard_input};
use crate::cli::door::Door;
use crate::cli::target::Target;

#[derive(Deserialize)]
struct Look {
    namespaces: Vec<Known>,
}

#[derive(Deserialize)]
struct Added {
    namespaces: Vec<Outcome>,
}

/// What came of connecting a namespace.
#[derive(Deserialize)]
pub(super) struct Outcome {
    label: String,
    connection: Option<Connection>,
    error: Option<Error>,
}

/// A namespace of an account.
#[derive(Deserialize)]
pub(super) struct Known {
    namespace: NamespaceName,
    label: String,
}

pub(super) async fn connect(door: &Door, command: &Command) -> Result<()> {
    let token = standard_input("the token of an account")?;
    let look: Look = door
        .call(
            "look_at_account",
            json!({ "token": token, "baseUrl": command.api_url }),
        )
        .await?;
    let chosen = chosen(&look.namespaces, &command.namespace)?;
    let added: Added = door
        .call(
            "add_account",
            json!({
                "token": token,
                "baseUrl": command.api_url,
                "keepToken": !command.forget_token,
                "namespaces": chosen,
                "environment": command.environment(),
            }),
        )
        .await?;
    let (made, refused) = sort(added.namespaces, &look.namespaces);
    connected(door, command, &made).await?;
    refused
}

/// The names of the namespaces that a person means: by name or label, or the only one.
pub(super) fn chosen(known: &[Known], wanted: &[String]) -> Result<Vec<NamespaceName>> {
    if wanted.is_empty() {
        return match known {
            [] => bail!("the account has no namespace yet: make one in DigitalOcean's control panel"),
            [one] => Ok(vec![one.namespace.clone()]),
            several => {
                let names: Vec<_> = several
                    .iter()
                    .map(|known| format!("{} ({})", known.namespace, known.label))
                    .collect();
                bail!(
                    "the account has several namespaces: choose with --namespace among {}",
                    names.join(", ")
                )
            }
        };
    }
    let find = |wanted: &String| {
        if let Some(named) = known.iter().find(|known| known.namespace.as_str() == wanted) {
            return Ok(named.namespace.clone());
        }
        let mut labelled = known
            .iter()
            .filter(|known| known.label.eq_ignore_ascii_case(wanted));
        match (labelled.next(), labelled.next()) {
            (Some(one), None) => Ok(one.namespace.clone()),
            (Some(_), Some(_)) => bail!("several namespaces are called '{wanted}': say which by its name"),
            (None, _) => bail!("the account has no namespace '{wanted}'"),
        }
    };
    wanted.iter().map(find).collect()
}

/// New connections with the namespaces that they were made for, and what is to be said of those that were not made.
pub(super) fn sort(outcomes: Vec<Outcome>, known: &[Known]) -> (Vec<Target>, Result<()>) {
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        if let Some(connection) = outcome.connection {
            made.extend(target(connection, known));
        } else if let Some(error) = outcome.error {
            let hint = error.hint.map(|hint| format!(" {hint}")).unwrap_or_default();
            refused.push(format!(
                "{} is not connected: {}{hint}",
                outcome.label, error.message
            ));
        }
    }
    let refused = match refused.is_empty() {
        true => Ok(()),
        false => Err(anyhow!(refused.join("\n"))),
    };
    (made, refused)
}

fn target(connection: Connection, known: &[Known]) -> Option<Target> {
    let name = connection.account_namespace.clone()?;
    let label = known.iter().find(|known| known.namespace == name);
    Some(Target {
        namespace: Namespace {
            label: label.map(|known| known.label.clone()).unwrap_or_default(),
            name,
            created: 0,
            functions: 0,
        },
        connection,
    })
}
