use beckon_core::Result;
use rusqlite::OptionalExtension as _;

use crate::Store;
use crate::writer::Urgency;

impl Store {
    /// A setting, as JSON text.
    pub async fn setting(&self, key: &str) -> Result<Option<String>> {
        let key = key.to_owned();
        self.read(move |reader| {
            let mut statement = reader
                .db
                .prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
            Ok(statement.query_row([key], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// Keeps a setting.
    pub async fn set_setting(&self, key: &str, value: &str) -> Result<()> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.write(Urgency::Durable, value.len(), move |batch| {
            batch
                .db
                .prepare_cached("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)")?
                .execute([key, value])?;
            Ok(())
        })
        .await
    }
}
