use std::collections::BTreeMap;

use beckon_core::{NamespaceName, Result};
use rusqlite::{OptionalExtension as _, params};

use crate::Store;
use crate::fault::Fault;
use crate::namespaces;
use crate::writer::Urgency;

/// Labels and annotations of a namespace, for clients that ask for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespaceNotes {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Store {
    /// What was noted of a namespace; nothing where nobody noted anything.
    pub async fn namespace_notes(&self, name: &NamespaceName) -> Result<NamespaceNotes> {
        let name = name.clone();
        self.read(move |reader| {
            let sql = "SELECT labels, annotations FROM namespace_notes WHERE namespace = ?1";
            let row: Option<(String, String)> = reader
                .db
                .prepare_cached(sql)?
                .query_row([name.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((labels, annotations)) = row else {
                return Ok(NamespaceNotes::default());
            };
            let read = |text: &str| {
                serde_json::from_str(text).map_err(|e| Fault::unreadable("namespace's notes", e))
            };
            Ok(NamespaceNotes {
                labels: read(&labels)?,
                annotations: read(&annotations)?,
            })
        })
        .await
    }

    /// Notes them instead of what was noted before. `NotFound` when there is no such namespace.
    pub async fn note_namespace(&self, name: &NamespaceName, notes: &NamespaceNotes) -> Result<()> {
        let write = |texts| {
            serde_json::to_string(texts).map_err(|e| beckon_core::Error::internal("note a namespace", e))
        };
        let (labels, annotations) = (write(&notes.labels)?, write(&notes.annotations)?);
        let name = name.clone();
        self.write(Urgency::Durable, 0, move |batch| {
            namespaces::expect(batch.db, &name)?;
            batch.db.execute(
                "INSERT OR REPLACE INTO namespace_notes (namespace, labels, annotations) VALUES (?1, ?2, ?3)",
                params![name.as_str(), labels, annotations],
            )?;
            Ok(())
        })
        .await
    }
}
