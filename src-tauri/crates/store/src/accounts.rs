use beckon_core::{Account, Error, Result};
use rusqlite::{Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::writer::Urgency;

impl Store {
    /// The accounts, oldest first.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        self.read(|reader| {
            let mut statement = reader
                .db
                .prepare_cached("SELECT * FROM accounts ORDER BY created, id")?;
            let mut rows = statement.query([])?;
            let mut accounts = Vec::new();
            while let Some(row) = rows.next()? {
                accounts.push(load(row)?);
            }
            Ok(accounts)
        })
        .await
    }

    /// One account.
    pub async fn account(&self, id: &str) -> Result<Option<Account>> {
        let all = self.accounts().await?;
        Ok(all.into_iter().find(|account| account.id == id))
    }

    /// Adds an account, or replaces the one with the same id, which keeps its age.
    pub async fn put_account(&self, account: Account) -> Result<()> {
        self.write(Urgency::Durable, 0, move |batch| {
            batch
                .db
                .prepare_cached(
                    "INSERT INTO accounts (id, name, base_url, hint, token_kept, created)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT (id) DO UPDATE SET name = ?2, base_url = ?3, hint = ?4, token_kept = ?5",
                )?
                .execute(params![
                    account.id,
                    account.name,
                    account.base_url,
                    account.hint,
                    account.token_kept,
                    account.created
                ])?;
            batch.connections_changed();
            Ok(())
        })
        .await
    }

    /// Removes an account; its connections stay, without one. `NotFound` when there is none.
    pub async fn remove_account(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.write(Urgency::Durable, 0, move |batch| {
            if batch.db.execute("DELETE FROM accounts WHERE id = ?1", [&id])? == 0 {
                return Err(Error::not_found("account with this id").into());
            }
            batch.connections_changed();
            Ok(())
        })
        .await
    }
}

fn load(row: &Row<'_>) -> Result<Account, Fault> {
    Ok(Account {
        id: row.get("id")?,
        name: row.get("name")?,
        base_url: row.get("base_url")?,
        hint: row.get("hint")?,
        token_kept: row.get("token_kept")?,
        created: row.get("created")?,
    })
}
