//! Namespaces that were made here for an account and are not connected yet: to ask for one again is to go on with it.

use beckon_core::{Environment, Error, ErrorCode, NamespaceName, Result};
use beckon_providers::digitalocean::client as digitalocean;
use serde::{Deserialize, Serialize};

use super::NamespaceOutcome;
use crate::Panel;

/// The setting with the notes, JSON.
const KEY: &str = "unconnected_namespaces";

/// A namespace that was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Unconnected {
    account: String,
    label: String,
    region: String,
    /// Its name; `None` when the provider's answer never came, and it may have been made or not.
    name: Option<NamespaceName>,
    /// Those that were there before it was asked for.
    before: Vec<NamespaceName>,
}

impl Unconnected {
    fn is(&self, namespace: &digitalocean::AccountNamespace) -> bool {
        match &self.name {
            Some(name) => namespace.name == *name,
            // The region may be spelled otherwise than it was asked for: `lon1` for `lon`.
            None => {
                namespace.label == self.label
                    && (namespace.region.is_empty() || namespace.region.starts_with(&self.region))
                    && !self.before.contains(&namespace.name)
            }
        }
    }
}

impl Panel {
    /// Makes a namespace in an account and connects it, or connects the one that was made before by the same wish.
    pub(crate) async fn make_namespace(
        &self,
        account: &beckon_core::Account,
        client: &digitalocean::Account,
        label: &str,
        region: &str,
        environment: Environment,
    ) -> Result<NamespaceOutcome> {
        // Pressed twice at once, the second waits and finds what the first has made.
        let _one = self.remotes.making.lock().await;
        let all = client.namespaces().await?;
        let linked = self.linked(&all).await?;
        let mut notes = self.unconnected().await?;
        // Notes of namespaces that are connected or deleted by now have done their service.
        notes.retain(|note| {
            note.account != account.id
                || all
                    .iter()
                    .any(|known| note.is(known) && linked.get(known).is_none())
                || (note.name.is_none() && note.label == label && note.region == region)
        });
        let same =
            |note: &Unconnected| note.account == account.id && note.label == label && note.region == region;
        let found = notes.iter().filter(|note| same(note)).find_map(|note| {
            all.iter()
                .find(|known| note.is(known) && linked.get(known).is_none())
        });
        let namespace = match found {
            Some(found) => found.clone(),
            None => {
                notes.retain(|note| !same(note));
                let note = Unconnected {
                    account: account.id.clone(),
                    label: label.to_owned(),
                    region: region.to_owned(),
                    name: None,
                    before: all.into_iter().map(|known| known.name).collect(),
                };
                notes.push(note);
                self.note_unconnected(&notes).await?;
                let made = client.create_namespace(label, region).await;
                match &made {
                    Ok(made) => {
                        if let Some(note) = notes.last_mut() {
                            note.name = Some(made.name.clone());
                        }
                    }
                    // Whether it was made nobody knows here.
                    Err(error) if is_uncertain(error.code) => {}
                    Err(_) => drop(notes.pop()),
                }
                self.note_unconnected(&notes).await?;
                made?
            }
        };
        let outcome = self.link(account, client, &namespace, None, environment).await;
        if outcome.error.is_none() {
            notes.retain(|note| !same(note));
            self.note_unconnected(&notes).await?;
        }
        Ok(outcome)
    }

    async fn unconnected(&self) -> Result<Vec<Unconnected>> {
        let text = self.store.setting(KEY).await?;
        Ok(text
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default())
    }

    async fn note_unconnected(&self, notes: &[Unconnected]) -> Result<()> {
        let text = serde_json::to_string(notes).map_err(|e| Error::internal("write a note", e))?;
        self.store.set_setting(KEY, &text).await
    }
}

/// Whether a request that failed so may have been carried out.
fn is_uncertain(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Timeout | ErrorCode::Unreachable | ErrorCode::BadReply
    )
}
