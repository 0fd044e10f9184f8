//! doctl's configuration and the credentials of its serverless part (digitalocean/doctl, `do/serverless.go`): beside
//! `config.yaml`, one `sandbox/creds/<hash of the token>/credentials.json` for each account.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use beckon_core::Secret;
use beckon_providers::digitalocean::client::DIGITALOCEAN;
use serde::Deserialize;
use serde_json::Value;

use super::file::read;
use super::{Entry, FoundSource, New};

/// One folder for each token that was ever used with doctl.
const MOST_FOLDERS: usize = 64;

/// `credentials.json`, which doctl has from Nimbella.
#[derive(Deserialize)]
struct Credentials {
    #[serde(rename = "currentHost")]
    current_host: Option<String>,
    #[serde(rename = "currentNamespace")]
    current_namespace: Option<String>,
    label: Option<String>,
    credentials: Option<BTreeMap<String, BTreeMap<String, Credential>>>,
}

#[derive(Deserialize)]
struct Credential {
    api_key: Option<String>,
}

pub(super) fn look(found: &mut Vec<Entry>, folder: &Path, fence: &Path) {
    configuration(found, &folder.join("config.yaml"), fence);
    for path in credential_files(&folder.join("sandbox/creds")) {
        credentials(found, FoundSource::Doctl, &path, fence);
    }
}

/// The tokens of accounts: `access-token` is that of the context `default`, `auth-contexts` has the others.
fn configuration(found: &mut Vec<Entry>, path: &Path, fence: &Path) {
    let new = || New::at(FoundSource::DoctlAccount, path);
    let text = match read(path, Some(fence)) {
        Ok(None) => return,
        Err(problem) => return found.push(new().refused(problem)),
        Ok(Some(text)) => text,
    };
    // What is wrong may be the token: only the place is said.
    let tree: Value = match serde_saphyr::from_str(&text) {
        Ok(tree) => tree,
        Err(error) => return found.push(new().refused(super::no_yaml(&error))),
    };
    let base_url = tree["api-url"]
        .as_str()
        .map(str::trim)
        .filter(|url| !url.is_empty());
    let others = tree["auth-contexts"].as_object().into_iter().flatten();
    let tokens = std::iter::once(("default", &tree["access-token"]))
        .chain(others.map(|(context, token)| (context.as_str(), token)));
    for (context, token) in tokens {
        // A context that was signed out of has an empty token.
        let Some(token) = token.as_str().map(str::trim).filter(|token| !token.is_empty()) else {
            continue;
        };
        let mut entry = new();
        entry.label = Some(context.to_owned());
        entry.api_host = Some(base_url.unwrap_or(DIGITALOCEAN).to_owned());
        found.push(entry.with(Secret::new(token)));
    }
}

fn credential_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = folder.read_dir() else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .take(MOST_FOLDERS)
        .filter_map(|entry| Some(entry.ok()?.path().join("credentials.json")))
        .collect();
    files.sort();
    files
}

/// The keys of namespaces, by host and name.
pub(super) fn credentials(found: &mut Vec<Entry>, source: FoundSource, path: &Path, fence: &Path) {
    let new = || New::at(source, path);
    let text = match read(path, Some(fence)) {
        Ok(None) => return,
        Err(problem) => return found.push(new().refused(problem)),
        Ok(Some(text)) => text,
    };
    let known: Credentials = match serde_json::from_str(&text) {
        Ok(known) => known,
        Err(error) => {
            let problem = format!("It is not JSON that can be read, line {}.", error.line());
            return found.push(new().refused(problem));
        }
    };
    for (host, namespaces) in known.credentials.unwrap_or_default() {
        for (namespace, credential) in namespaces {
            let current = known.current_host.as_ref() == Some(&host)
                && known.current_namespace.as_ref() == Some(&namespace);
            let mut entry = new();
            entry.label = known.label.clone().filter(|label| current && !label.is_empty());
            entry.api_host = Some(host.clone());
            entry.namespace = Some(namespace);
            let key = credential.api_key.unwrap_or_default();
            found.push(match beckon_providers::read_pasted(&key) {
                Ok(pasted) => entry.with(pasted.key),
                Err(error) => entry.refused(error.message),
            });
        }
    }
}
