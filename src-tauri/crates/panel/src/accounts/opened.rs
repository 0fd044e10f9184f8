//! Which namespace a pasted key opened when it last worked. Only the key itself could say so, and one that was revoked
//! says nothing: without this note its connection would be a stranger to the account of its namespace.

use std::collections::BTreeMap;

use beckon_core::{Error, NamespaceName, Result};

use crate::Panel;

/// The setting with the notes: namespaces by connection, JSON.
const KEY: &str = "opened_namespaces";

/// Namespaces by connection.
pub(crate) type Opened = BTreeMap<String, NamespaceName>;

impl Panel {
    /// Notes what a connection's pasted key opens. OpenWhisk's keys open one namespace; one that opens more is not noted.
    pub(crate) async fn note_opened(&self, connection: &str, namespaces: &[NamespaceName]) -> Result<()> {
        let [namespace] = namespaces else { return Ok(()) };
        let _one = self.remotes.notes.lock().await;
        let mut opened = self.opened().await?;
        if opened.get(connection) == Some(namespace) {
            return Ok(());
        }
        opened.insert(connection.to_owned(), namespace.clone());
        let known = self.store.connections().await?;
        opened.retain(|id, _| known.iter().any(|known| known.id == *id));
        let text = serde_json::to_string(&opened).map_err(|e| Error::internal("write a note", e))?;
        self.store.set_setting(KEY, &text).await
    }

    /// What pasted keys opened.
    pub(crate) async fn opened(&self) -> Result<Opened> {
        let text = self.store.setting(KEY).await?;
        // A note that cannot be read is made again when the key works.
        Ok(text
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default())
    }
}
