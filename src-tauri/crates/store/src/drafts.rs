use beckon_core::{FunctionRef, Result};
use rusqlite::{OptionalExtension as _, params};

use crate::Store;
use crate::writer::Urgency;

impl Store {
    /// The input that was last typed for a function, as typed (it need not be valid JSON).
    pub async fn draft(&self, function: &FunctionRef) -> Result<Option<String>> {
        let function = function.clone();
        self.read(move |reader| {
            let key = params![
                function.connection,
                function.namespace.as_str(),
                function.name.as_str()
            ];
            Ok(reader
                .db
                .prepare_cached(
                    "SELECT text FROM drafts WHERE connection = ?1 AND namespace = ?2 AND function = ?3",
                )?
                .query_row(key, |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// Remembers it.
    pub async fn save_draft(&self, function: &FunctionRef, text: &str) -> Result<()> {
        let (function, text) = (function.clone(), text.to_owned());
        self.write(Urgency::Durable, text.len(), move |batch| {
            let values = params![function.connection, function.namespace.as_str(), function.name.as_str(), text];
            batch
                .db
                .prepare_cached(
                    "INSERT OR REPLACE INTO drafts (connection, namespace, function, text) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(values)?;
            Ok(())
        })
        .await
    }
}
