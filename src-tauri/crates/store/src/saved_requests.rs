use beckon_core::{Error, ErrorCode, FunctionRef, Result, SavedRequest, random_hex};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::writer::Urgency;

/// Requests that may be kept of a function.
const MOST: i64 = 100;

impl Store {
    /// The requests that are kept of a function, by name.
    pub async fn saved_requests(&self, function: &FunctionRef) -> Result<Vec<SavedRequest>> {
        let function = function.clone();
        self.read(move |reader| {
            let sql = "SELECT id, name, preview, updated FROM saved_requests
                 WHERE connection = ?1 AND namespace = ?2 AND function = ?3 ORDER BY name";
            let place = params![
                function.connection,
                function.namespace.as_str(),
                function.name.as_str()
            ];
            let mut statement = reader.db.prepare_cached(sql)?;
            let rows = statement.query_map(place, load)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// One of them, and what it sends. `NotFound`.
    pub async fn saved_request(&self, id: &str) -> Result<(SavedRequest, String)> {
        let id = id.to_owned();
        self.read(move |reader| {
            let sql = "SELECT id, name, preview, updated, content FROM saved_requests WHERE id = ?1";
            let found = reader
                .db
                .prepare_cached(sql)?
                .query_row([id], |row| Ok((load(row)?, row.get("content")?)))
                .optional()?;
            found.ok_or_else(missing)
        })
        .await
    }

    /// Keeps a request under a name; with `replace`, in the place of the one that is called so. `Conflict` when there
    /// is one and it is not to be replaced, `LimitExceeded` for the 101st of a function.
    pub async fn save_request(
        &self,
        function: &FunctionRef,
        name: &str,
        preview: &str,
        content: String,
        replace: bool,
    ) -> Result<SavedRequest> {
        let (function, name, preview) = (function.clone(), name.to_owned(), preview.to_owned());
        let now = self.inner.clock.now();
        self.write(Urgency::Durable, content.len(), move |batch| {
            let (namespace, called) = (function.namespace.as_str(), function.name.as_str());
            let place = params![function.connection, namespace, called];
            let sql = "SELECT count(*) FROM saved_requests
                 WHERE connection = ?1 AND namespace = ?2 AND function = ?3";
            let kept: i64 = batch.db.query_row(sql, place, |row| row.get(0))?;
            let place = params![function.connection, namespace, called, name];
            let sql = "SELECT id FROM saved_requests
                 WHERE connection = ?1 AND namespace = ?2 AND function = ?3 AND name = ?4";
            let old: Option<String> = batch.db.query_row(sql, place, |row| row.get(0)).optional()?;
            if old.is_some() && !replace {
                return Err(taken(&name));
            }
            if old.is_none() && kept >= MOST {
                let text =
                    format!("{MOST} requests are saved of this function, which is as many as there can be.");
                return Err(Error::new(ErrorCode::LimitExceeded, text)
                    .with_hint("Delete one first.")
                    .into());
            }
            let id = old.unwrap_or_else(random_hex);
            batch.db.execute(
                "INSERT OR REPLACE INTO saved_requests
                 (id, connection, namespace, function, name, preview, content, updated)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    id,
                    function.connection,
                    namespace,
                    called,
                    name,
                    preview,
                    content,
                    now
                ],
            )?;
            expect(batch.db, &id)
        })
        .await
    }

    /// Calls one by another name. `NotFound`; `Conflict` when another request of the function is called so.
    pub async fn rename_saved_request(&self, id: &str, name: &str) -> Result<SavedRequest> {
        let (id, name) = (id.to_owned(), name.to_owned());
        self.write(Urgency::Durable, 0, move |batch| {
            let sql = "UPDATE OR IGNORE saved_requests SET name = ?2 WHERE id = ?1";
            let renamed = batch.db.execute(sql, params![id, name])?;
            let found = expect(batch.db, &id)?;
            if renamed == 0 {
                Err(taken(&name))
            } else {
                Ok(found)
            }
        })
        .await
    }

    /// Deletes one. `NotFound`.
    pub async fn delete_saved_request(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.write(Urgency::Durable, 0, move |batch| {
            match batch
                .db
                .execute("DELETE FROM saved_requests WHERE id = ?1", [&id])?
            {
                0 => Err(missing()),
                _ => Ok(()),
            }
        })
        .await
    }
}

fn expect(db: &Connection, id: &str) -> Result<SavedRequest, Fault> {
    let sql = "SELECT id, name, preview, updated FROM saved_requests WHERE id = ?1";
    db.query_row(sql, [id], load).optional()?.ok_or_else(missing)
}

fn load(row: &Row<'_>) -> rusqlite::Result<SavedRequest> {
    Ok(SavedRequest {
        id: row.get("id")?,
        name: row.get("name")?,
        preview: row.get("preview")?,
        updated: row.get("updated")?,
    })
}

fn missing() -> Fault {
    Error::not_found("saved request with this id").into()
}

fn taken(name: &str) -> Fault {
    let text = format!("Another saved request of this function is called '{name}'.");
    Error::new(ErrorCode::Conflict, text).into()
}
