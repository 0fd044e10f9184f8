use std::sync::Arc;

use beckon_core::{Error, ErrorCode, LOCAL, Namespace, NamespaceName, Result};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::writer::Urgency;

const SELECT: &str = "SELECT name, label, created,
     (SELECT count(*) FROM functions WHERE namespace = namespaces.name) AS functions FROM namespaces";

impl Store {
    /// All namespaces of the local engine, by label.
    pub async fn namespaces(&self) -> Result<Vec<Namespace>> {
        self.read(|reader| {
            let sql = format!("{SELECT} ORDER BY label COLLATE NOCASE, name");
            let mut statement = reader.db.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            let mut namespaces = Vec::new();
            while let Some(row) = rows.next()? {
                namespaces.push(load(row)?);
            }
            Ok(namespaces)
        })
        .await
    }

    /// One namespace.
    pub async fn namespace(&self, name: &NamespaceName) -> Result<Option<Namespace>> {
        let name = name.clone();
        self.read(move |reader| find(reader.db, &name)).await
    }

    /// Makes a namespace. `Conflict` when the name is taken.
    pub async fn create_namespace(&self, name: &NamespaceName, label: &str) -> Result<Namespace> {
        let (name, label, now) = (name.clone(), label.to_owned(), self.inner.clock.now());
        self.write(Urgency::Durable, 0, move |batch| {
            let added = batch.db.execute(
                "INSERT INTO namespaces (name, label, created) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![name.as_str(), label, now],
            )?;
            if added == 0 {
                let text = format!("There is a namespace '{name}' already.");
                return Err(Error::new(ErrorCode::Conflict, text)
                    .with_hint("Choose another name.")
                    .into());
            }
            batch.functions_changed();
            expect(batch.db, &name)
        })
        .await
    }

    /// Changes the label. `NotFound` when there is no such namespace.
    pub async fn rename_namespace(&self, name: &NamespaceName, label: &str) -> Result<Namespace> {
        let (name, label) = (name.clone(), label.to_owned());
        self.write(Urgency::Durable, 0, move |batch| {
            batch.db.execute(
                "UPDATE namespaces SET label = ?2 WHERE name = ?1",
                [name.as_str(), label.as_str()],
            )?;
            batch.functions_changed();
            expect(batch.db, &name)
        })
        .await
    }

    /// Deletes a namespace with its functions, tokens and drafts; its activations stay until their retention ends.
    /// `NotFound` when there is no such namespace.
    pub async fn delete_namespace(&self, name: &NamespaceName) -> Result<()> {
        let name = name.clone();
        let (functions, tokens) = (Arc::clone(&self.inner.functions), Arc::clone(&self.inner.tokens));
        let domains = Arc::clone(&self.inner.domains);
        self.write(Urgency::Durable, 0, move |batch| {
            // Its functions, their code and its tokens go with it by their foreign keys.
            if batch
                .db
                .execute("DELETE FROM namespaces WHERE name = ?1", [name.as_str()])?
                == 0
            {
                return Err(missing(&name));
            }
            let key = params![LOCAL, name.as_str()];
            batch
                .db
                .execute("DELETE FROM drafts WHERE connection = ?1 AND namespace = ?2", key)?;
            batch.functions_changed();
            batch.tokens_changed();
            batch.after_commit(move || {
                functions.forget(|key| key.namespace == name);
                domains.forget(|key| key.namespace == name);
                tokens.forget(|scope| *scope.namespace() == name);
            });
            Ok(())
        })
        .await
    }
}

/// The namespace, or `NotFound`.
pub(crate) fn expect(db: &Connection, name: &NamespaceName) -> Result<Namespace, Fault> {
    find(db, name)?.ok_or_else(|| missing(name))
}

fn missing(name: &NamespaceName) -> Fault {
    Error::not_found(format!("namespace '{name}'")).into()
}

fn find(db: &Connection, name: &NamespaceName) -> Result<Option<Namespace>, Fault> {
    let sql = format!("{SELECT} WHERE name = ?1");
    db.prepare_cached(&sql)?
        .query_row([name.as_str()], |row| Ok(load(row)))
        .optional()?
        .transpose()
}

fn load(row: &Row<'_>) -> Result<Namespace, Fault> {
    Ok(Namespace {
        name: row
            .get::<_, String>("name")?
            .parse()
            .map_err(|e| Fault::unreadable("namespace", e))?,
        label: row.get("label")?,
        created: row.get("created")?,
        functions: row.get("functions")?,
    })
}
