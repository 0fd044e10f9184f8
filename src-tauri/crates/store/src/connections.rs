use beckon_core::{
    Connection, ConnectionKind, ConnectionState, Environment, Error, Millis, NamespaceName, Result,
};
use rusqlite::{OptionalExtension as _, Row, params};

use crate::Store;
use crate::drafts;
use crate::fault::Fault;
use crate::words::{column, word};
use crate::writer::Urgency;

/// A remote connection to keep. Its key is in the secret store under the connection's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConnection {
    /// 32 hex characters.
    pub id: String,
    /// What a person called it.
    pub name: String,
    /// The system.
    pub kind: ConnectionKind,
    /// Its colour.
    pub environment: Environment,
    /// The base URL.
    pub api_host: String,
    /// The last four characters of the key.
    pub key_hint: String,
    /// Where the key is from, if Beckon made it.
    pub made_key: Option<MadeKey>,
}

/// An access key that Beckon made for a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeKey {
    /// The account whose token made it, while that is known.
    pub account: Option<String>,
    /// The namespace that it opens.
    pub namespace: NamespaceName,
    /// Its public half.
    pub id: String,
    /// When it ends.
    pub expires: Option<Millis>,
}

const COLUMNS: &str = "id, name, kind, environment, api_host, key_hint, created, last_sync, account,
     account_namespace, key_id, key_expires,
     EXISTS (SELECT 1 FROM accounts WHERE accounts.id = account AND token_kept) AS key_renews";

impl Store {
    /// The remote connections, oldest first, with `state` `Unknown`. The local one is not kept here.
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        self.read(|reader| {
            let sql = format!("SELECT {COLUMNS} FROM connections ORDER BY created, id");
            let mut statement = reader.db.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            let mut connections = Vec::new();
            while let Some(row) = rows.next()? {
                connections.push(load(row)?);
            }
            Ok(connections)
        })
        .await
    }

    /// Adds one, or replaces the one with the same id, which keeps its age and how far it was read.
    pub async fn put_connection(&self, connection: NewConnection) -> Result<Connection> {
        let now = self.inner.clock.now();
        self.write(Urgency::Durable, 0, move |batch| {
            let new = &connection;
            let made = new.made_key.as_ref();
            batch
                .db
                .prepare_cached(
                    "INSERT INTO connections (id, name, kind, environment, api_host, key_hint, created, account,
                     account_namespace, key_id, key_expires)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                     ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind,
                     environment = excluded.environment, api_host = excluded.api_host, key_hint = excluded.key_hint,
                     account = excluded.account, account_namespace = excluded.account_namespace,
                     key_id = excluded.key_id, key_expires = excluded.key_expires",
                )?
                .execute(params![
                    new.id,
                    new.name,
                    word(new.kind)?,
                    word(new.environment)?,
                    new.api_host,
                    new.key_hint,
                    now,
                    made.and_then(|made| made.account.as_deref()),
                    made.map(|made| made.namespace.as_str()),
                    made.map(|made| made.id.as_str()),
                    made.and_then(|made| made.expires),
                ])?;
            batch.connections_changed();
            let sql = format!("SELECT {COLUMNS} FROM connections WHERE id = ?1");
            batch.db.prepare_cached(&sql)?.query_row([&new.id], |row| Ok(load(row)))?
        })
        .await
    }

    /// Notes that a connection has another key of Beckon's making. `NotFound` when the connection is gone.
    pub async fn set_connection_key(&self, id: &str, hint: &str, key: MadeKey) -> Result<()> {
        let (id, hint) = (id.to_owned(), hint.to_owned());
        self.write(Urgency::Durable, 0, move |batch| {
            let changed = batch.db.execute(
                "UPDATE connections SET key_hint = ?2, account = ?3, account_namespace = ?4, key_id = ?5,
                 key_expires = ?6 WHERE id = ?1",
                params![id, hint, key.account, key.namespace.as_str(), key.id, key.expires],
            )?;
            if changed == 0 {
                return Err(Error::not_found("connection with this id").into());
            }
            batch.connections_changed();
            Ok(())
        })
        .await
    }

    /// Removes one with its drafts and saved requests; its activations stay until their retention ends. `NotFound` when there is none.
    pub async fn remove_connection(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.write(Urgency::Durable, 0, move |batch| {
            let removed: Option<i64> = batch
                .db
                .query_row(
                    "DELETE FROM connections WHERE id = ?1 RETURNING created",
                    [&id],
                    |row| row.get(0),
                )
                .optional()?;
            if removed.is_none() {
                return Err(Error::not_found("connection with this id").into());
            }
            drafts::forget_connection(batch.db, &id)?;
            batch.connections_changed();
            Ok(())
        })
        .await
    }

    /// Notes how far the provider's activations of a namespace were read. Of no effect when the connection is gone.
    pub async fn set_last_sync(&self, id: &str, at: Millis) -> Result<()> {
        let id = id.to_owned();
        self.write(Urgency::Durable, 0, move |batch| {
            let changed = batch.db.execute(
                "UPDATE connections SET last_sync = ?2 WHERE id = ?1",
                params![id, at],
            )?;
            if changed > 0 {
                batch.connections_changed();
            }
            Ok(())
        })
        .await
    }
}

fn load(row: &Row<'_>) -> Result<Connection, Fault> {
    let kind: ConnectionKind = column(row, "kind")?;
    Ok(Connection {
        id: row.get("id")?,
        name: row.get("name")?,
        kind,
        capabilities: kind.capabilities(),
        environment: column(row, "environment")?,
        api_host: row.get("api_host")?,
        key_hint: row.get("key_hint")?,
        created: row.get("created")?,
        last_sync: row.get("last_sync")?,
        state: ConnectionState::Unknown,
        looks: None,
        account: row.get("account")?,
        // Written from a name that was one.
        account_namespace: row
            .get::<_, Option<String>>("account_namespace")?
            .and_then(|name| NamespaceName::new(name).ok()),
        key_id: row.get("key_id")?,
        key_expires: row.get("key_expires")?,
        key_renews: row.get("key_renews")?,
    })
}
