use std::collections::HashMap;

use beckon_core::{Error, ErrorCode, Function, FunctionKey};
use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension as _};

use crate::Store;
use crate::fault::Fault;
use crate::functions::key_of;

/// Whose each host name is, in memory: the gateway asks on every request that does not name loopback.
///
/// A std-like lock and not tokio's: it is held for a look-up, never over an await.
#[derive(Default)]
pub(crate) struct Domains(RwLock<HashMap<String, FunctionKey>>);

impl Domains {
    pub(crate) fn load(db: &Connection) -> Result<Self, Fault> {
        let mut statement = db.prepare(
            "SELECT host, namespace, name FROM domains JOIN functions ON functions.id = domains.function",
        )?;
        let mut rows = statement.query([])?;
        let mut hosts = HashMap::new();
        while let Some(row) = rows.next()? {
            hosts.insert(row.get("host")?, key_of(row, "namespace", "name")?);
        }
        Ok(Self(RwLock::new(hosts)))
    }

    /// These are a function's host names now, and no others.
    pub(crate) fn replace(&self, function: &FunctionKey, hosts: Vec<String>) {
        let mut all = self.0.write();
        all.retain(|_, key| key != function);
        all.extend(hosts.into_iter().map(|host| (host, function.clone())));
    }

    pub(crate) fn forget(&self, gone: impl Fn(&FunctionKey) -> bool) {
        self.0.write().retain(|_, key| !gone(key));
    }
}

impl Store {
    /// The function that answers to a host name (lower case, without port or final dot).
    #[must_use]
    pub fn function_of_domain(&self, host: &str) -> Option<FunctionKey> {
        self.inner.domains.0.read().get(host).cloned()
    }
}

/// Gives a function the host names of its settings. `Conflict` when one of them is another function's.
pub(crate) fn write(db: &Connection, function: &Function) -> Result<Vec<String>, Fault> {
    db.prepare_cached("DELETE FROM domains WHERE function = ?1")?
        .execute([&function.id])?;
    let mut hosts: Vec<String> = function
        .settings
        .domains
        .iter()
        .map(|host| host.to_ascii_lowercase())
        .collect();
    hosts.sort();
    hosts.dedup();
    for host in &hosts {
        let owner = db
            .prepare_cached(
                "SELECT namespace, name FROM domains JOIN functions ON functions.id = domains.function
                 WHERE host = ?1",
            )?
            .query_row([host], |row| Ok(key_of(row, "namespace", "name")))
            .optional()?
            .transpose()?;
        if let Some(owner) = owner {
            let text = format!("The domain '{host}' belongs to function {owner}.");
            return Err(Error::new(ErrorCode::Conflict, text)
                .with_hint("Take it from that function first, or choose another.")
                .into());
        }
        db.prepare_cached("INSERT INTO domains (host, function) VALUES (?1, ?2)")?
            .execute([host, &function.id])?;
    }
    Ok(hosts)
}
