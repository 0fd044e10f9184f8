use beckon_core::{Error, ErrorCode, NamespaceName, Result};
use rusqlite::params;

use crate::Store;
use crate::namespaces;
use crate::writer::Urgency;

impl Store {
    /// The names of a namespace's secrets. Their values are not here.
    pub async fn namespace_secrets(&self, namespace: &NamespaceName) -> Result<Vec<String>> {
        let namespace = namespace.clone();
        self.read(move |reader| {
            let sql = "SELECT name FROM namespace_secrets WHERE namespace = ?1 ORDER BY name";
            let mut statement = reader.db.prepare_cached(sql)?;
            let names = statement.query_map([namespace.as_str()], |row| row.get(0))?;
            Ok(names.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Notes that a namespace has a new secret. `Conflict` when it has one of that name, `NotFound` when there is no such
    /// namespace.
    pub async fn add_namespace_secret(&self, namespace: &NamespaceName, name: &str) -> Result<()> {
        let (namespace, name, now) = (namespace.clone(), name.to_owned(), self.inner.clock.now());
        self.write(Urgency::Durable, 0, move |batch| {
            namespaces::expect(batch.db, &namespace)?;
            let sql =
                "INSERT OR IGNORE INTO namespace_secrets (namespace, name, updated) VALUES (?1, ?2, ?3)";
            if batch.db.execute(sql, params![namespace.as_str(), name, now])? == 0 {
                let text = format!("The secret {name} exists already in {namespace}.");
                return Err(Error::new(ErrorCode::Conflict, text).into());
            }
            Ok(())
        })
        .await
    }

    /// Notes that a namespace has a secret, or that its value is another. `NotFound` when there is no such namespace.
    pub async fn note_namespace_secret(&self, namespace: &NamespaceName, name: &str) -> Result<()> {
        let (namespace, name, now) = (namespace.clone(), name.to_owned(), self.inner.clock.now());
        self.write(Urgency::Durable, 0, move |batch| {
            namespaces::expect(batch.db, &namespace)?;
            batch.db.execute(
                "INSERT OR REPLACE INTO namespace_secrets (namespace, name, updated) VALUES (?1, ?2, ?3)",
                params![namespace.as_str(), name, now],
            )?;
            Ok(())
        })
        .await
    }

    /// Forgets a secret. `NotFound` when there is none of that name.
    pub async fn forget_namespace_secret(&self, namespace: &NamespaceName, name: &str) -> Result<()> {
        let (namespace, name) = (namespace.clone(), name.to_owned());
        self.write(Urgency::Durable, 0, move |batch| {
            let sql = "DELETE FROM namespace_secrets WHERE namespace = ?1 AND name = ?2";
            if batch.db.execute(sql, params![namespace.as_str(), name])? == 0 {
                return Err(Error::not_found(format_args!("secret {name}")).into());
            }
            Ok(())
        })
        .await
    }
}
