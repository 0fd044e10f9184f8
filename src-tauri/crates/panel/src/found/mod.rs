//! Credentials that other tools keep on this machine: OpenWhisk's `wsk`, DigitalOcean's `doctl`, Nimbella's `nim` and
//! OpenFaaS' `faas-cli`.
//!
//! Nothing is read before somebody asks, nothing is taken over before somebody says which, and what is shown has no
//! secret in it. A file that cannot be read is a line with a problem: those beside it are still of use.

mod doctl;
mod faas_cli;
mod file;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use beckon_core::{Account, Connection, Secret, hint_of};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use ts_rs::TS;

use crate::accounts::host;

/// More than this many are not a person's own.
const MOST: usize = 200;

/// Whose credential it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FoundSource {
    /// OpenWhisk's command line: `~/.wskprops`, or the file that `WSK_CONFIG_FILE` names.
    Wskprops,
    /// A namespace that `doctl serverless connect` chose.
    Doctl,
    /// The token of an account in doctl's configuration.
    DoctlAccount,
    /// A namespace in `~/.nimbella/credentials.json`.
    Nimbella,
    /// A gateway that `faas-cli login` knows.
    FaasCli,
}

/// A credential of another tool, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundCredential {
    /// What `import_found` calls it; the same as long as the entry stands where it stands.
    pub id: String,
    /// Whose it is.
    pub source: FoundSource,
    /// The file.
    pub path: String,
    /// What the tool calls it: doctl's context, or the namespace's label.
    pub label: Option<String>,
    /// Where it leads: the API host, or the base URL of an account's API.
    pub api_host: Option<String>,
    /// The namespace; `None` for an account, and where the file does not say.
    pub namespace: Option<String>,
    /// The last four characters of the key or token.
    pub key_hint: String,
    /// Why it cannot be taken over.
    pub problem: Option<String>,
    /// Whether Beckon has it already.
    pub connected: bool,
}

/// What became of an import.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// A connection for each key; one that was there already is here, too.
    pub connections: Vec<Connection>,
    /// The accounts whose tokens were taken over. Their namespaces are still to be chosen: `account_namespaces` and
    /// `connect_namespaces`.
    pub accounts: Vec<Account>,
}

/// A credential with its secret, on its way into the secret store.
pub(crate) struct Entry {
    pub(crate) shown: FoundCredential,
    /// Absent where there is a problem.
    pub(crate) secret: Option<Secret>,
}

/// Where the other tools keep things.
pub(crate) struct Places {
    pub(crate) home: PathBuf,
    /// The file that the user told `wsk` to use.
    pub(crate) wsk: Option<PathBuf>,
    /// Folders that hold doctl's.
    pub(crate) config: Vec<PathBuf>,
    /// The folder that the user told `faas-cli` to use.
    pub(crate) openfaas: Option<PathBuf>,
}

impl Places {
    /// Those of the user whom Beckon runs for; `None` where nobody has a home.
    pub(crate) fn here() -> Option<Self> {
        let variable = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let home = variable("HOME").or_else(|| variable("USERPROFILE"))?;
        let own = variable("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
        Some(Self {
            wsk: variable("WSK_CONFIG_FILE"),
            openfaas: variable("OPENFAAS_CONFIG"),
            config: vec![
                own,
                home.join("Library/Application Support"),
                home.join("snap/doctl/current/.config"),
            ],
            home,
        })
    }

    /// Everything there is, in a fixed order. Blocks.
    pub(crate) fn look(&self) -> Vec<Entry> {
        let mut found = Vec::new();
        if let Some(path) = &self.wsk {
            // The user named the file: it may be anywhere.
            wskprops(&mut found, path, None);
        }
        wskprops(&mut found, &self.home.join(".wskprops"), Some(&self.home));
        for config in &self.config {
            let fence = if config.starts_with(&self.home) {
                &self.home
            } else {
                config
            };
            doctl::look(&mut found, &config.join("doctl"), fence);
        }
        let nimbella = self.home.join(".nimbella/credentials.json");
        doctl::credentials(&mut found, FoundSource::Nimbella, &nimbella, &self.home);
        if let Some(folder) = &self.openfaas {
            faas_cli::look(&mut found, &folder.join("config.yml"), None);
        }
        faas_cli::look(
            &mut found,
            &self.home.join(".openfaas/config.yml"),
            Some(&self.home),
        );
        let mut seen = HashSet::new();
        found.retain(|entry| seen.insert(entry.shown.id.clone()));
        found.truncate(MOST);
        found
    }
}

/// `APIHOST`, `AUTH` and `NAMESPACE`, a line each, as `wsk property set` writes them.
fn wskprops(found: &mut Vec<Entry>, path: &Path, fence: Option<&Path>) {
    let mut entry = New::at(FoundSource::Wskprops, path);
    let text = match file::read(path, fence) {
        Ok(None) => return,
        Err(problem) => return found.push(entry.refused(problem)),
        Ok(Some(text)) => text,
    };
    if !text.lines().any(|line| line.trim_start().starts_with("AUTH")) {
        return found.push(entry.refused("It has no AUTH line.".into()));
    }
    let pasted = match beckon_providers::read_pasted(&text) {
        Ok(pasted) => pasted,
        Err(error) => return found.push(entry.refused(error.message)),
    };
    entry.api_host = pasted.api_host.filter(|host| !host.is_empty());
    entry.namespace = pasted.namespace;
    found.push(match entry.api_host {
        Some(_) => entry.with(pasted.key),
        None => entry.refused("It has no APIHOST line.".into()),
    });
}

/// Where a file is not YAML. The parser's own words may repeat a token.
fn no_yaml(error: &serde_saphyr::Error) -> String {
    let line = error
        .location()
        .map(|at| format!(", line {}", at.line()))
        .unwrap_or_default();
    format!("It is not YAML that can be read{line}.")
}

/// An entry that is being read.
struct New<'a> {
    source: FoundSource,
    path: &'a Path,
    label: Option<String>,
    api_host: Option<String>,
    namespace: Option<String>,
}

impl<'a> New<'a> {
    fn at(source: FoundSource, path: &'a Path) -> Self {
        Self {
            source,
            path,
            label: None,
            api_host: None,
            namespace: None,
        }
    }

    fn refused(self, problem: String) -> Entry {
        self.entry(None, Some(problem))
    }

    fn with(self, secret: Secret) -> Entry {
        self.entry(Some(secret), None)
    }

    fn entry(self, secret: Option<Secret>, problem: Option<String>) -> Entry {
        let path = self.path.display().to_string();
        let parts = [
            path.as_str(),
            self.label.as_deref().unwrap_or_default(),
            self.api_host.as_deref().unwrap_or_default(),
            self.namespace.as_deref().unwrap_or_default(),
        ];
        let mut hash = Sha256::new();
        hash.update([self.source as u8]);
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let id = hash
            .finalize()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Entry {
            shown: FoundCredential {
                id,
                source: self.source,
                path,
                label: self.label,
                api_host: self.api_host,
                namespace: self.namespace,
                key_hint: secret
                    .as_ref()
                    .map(|secret| match (self.source, secret.expose().split_once(':')) {
                        (FoundSource::FaasCli, Some((_, password))) => hint_of(password),
                        _ => hint_of(secret.expose()),
                    })
                    .unwrap_or_default(),
                problem,
                connected: false,
            },
            secret,
        }
    }
}

impl FoundCredential {
    /// The connection that this is, if there is one: the same host, and the same namespace or key.
    pub(crate) fn connection<'a>(&self, connections: &'a [Connection]) -> Option<&'a Connection> {
        let at = host(self.api_host.as_deref()?);
        connections.iter().find(|known| {
            let namespace = known.account_namespace.as_ref().map(|name| name.as_str());
            host(&known.api_host) == at
                && ((namespace.is_some() && namespace == self.namespace.as_deref())
                    || (!self.key_hint.is_empty() && known.key_hint == self.key_hint))
        })
    }

    /// The account that this is, if there is one.
    pub(crate) fn account<'a>(&self, accounts: &'a [Account]) -> Option<&'a Account> {
        let at = host(self.api_host.as_deref()?);
        let same =
            |known: &&Account| known.token_kept && host(&known.base_url) == at && known.hint == self.key_hint;
        accounts.iter().find(same)
    }
}

#[cfg(test)]
mod tests;
