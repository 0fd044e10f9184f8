use beckon_core::{FunctionRef, NamespaceName, Result};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::Store;
use crate::fault::Fault;
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

    /// Forgets what was typed for a function, drafts and saved requests, when it is gone. What was typed for one of the
    /// local engine goes with it by itself.
    pub async fn forget_typed(&self, function: &FunctionRef) -> Result<()> {
        let function = function.clone();
        self.write(Urgency::Durable, 0, move |batch| {
            let (namespace, name) = (function.namespace.as_str(), function.name.as_str());
            forget_function(batch.db, &function.connection, namespace, name)
        })
        .await
    }

    /// The same for all functions of a namespace at a provider.
    pub async fn forget_typed_in(&self, connection: &str, namespace: &NamespaceName) -> Result<()> {
        let (connection, namespace) = (connection.to_owned(), namespace.clone());
        self.write(Urgency::Durable, 0, move |batch| {
            forget_namespace(batch.db, &connection, namespace.as_str())
        })
        .await
    }
}

/// Where what a person typed for functions is kept.
const TYPED: [&str; 2] = ["drafts", "saved_requests"];

/// What was typed for a function goes with it.
pub(crate) fn forget_function(
    db: &Connection,
    connection: &str,
    namespace: &str,
    name: &str,
) -> Result<(), Fault> {
    for table in TYPED {
        let sql = format!("DELETE FROM {table} WHERE connection = ?1 AND namespace = ?2 AND function = ?3");
        db.execute(&sql, [connection, namespace, name])?;
    }
    Ok(())
}

/// What was typed for a namespace's functions goes with it.
pub(crate) fn forget_namespace(db: &Connection, connection: &str, namespace: &str) -> Result<(), Fault> {
    for table in TYPED {
        let sql = format!("DELETE FROM {table} WHERE connection = ?1 AND namespace = ?2");
        db.execute(&sql, [connection, namespace])?;
    }
    Ok(())
}

/// What was typed for a connection's functions goes with it.
pub(crate) fn forget_connection(db: &Connection, connection: &str) -> Result<(), Fault> {
    for table in TYPED {
        db.execute(
            &format!("DELETE FROM {table} WHERE connection = ?1"),
            [connection],
        )?;
    }
    Ok(())
}
