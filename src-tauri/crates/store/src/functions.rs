use std::collections::HashMap;
use std::sync::Arc;

use beckon_core::{
    CodePackage, Error, ErrorCode, FolderSource, Function, FunctionKey, FunctionSummary, LOCAL, Limits,
    NamespaceName, NewFunction, Result, Runtime, Settings, Version, random_hex,
};
use parking_lot::Mutex;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Store;
use crate::batch::Batch;
use crate::domains;
use crate::drafts;
use crate::entities;
use crate::fault::Fault;
use crate::namespaces;
use crate::spaces;
use crate::words::{column, word};
use crate::writer::Urgency;

/// What a save expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing: the function is new. Else `Conflict` "resource already exists".
    New,
    /// A function or nothing.
    Any,
    /// Exactly this version, so that nobody's save is overwritten. Else `Conflict`.
    Version(Version),
}

/// A function whose folder is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedFolder {
    /// The function.
    pub key: FunctionKey,
    /// Its id: a function that was deleted and made again is another one.
    pub id: String,
    /// Its folder.
    pub folder: FolderSource,
}

/// Code of all functions in memory, at most; beyond it, everything is read again.
const REMEMBERED: usize = 256 * 1024 * 1024;

/// Functions read before, as they are committed.
#[derive(Default)]
pub(crate) struct Known(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    functions: HashMap<FunctionKey, Arc<Function>>,
    bytes: usize,
    /// Counts changes: what was read before one must not be remembered after it.
    changes: u64,
}

impl Known {
    fn get(&self, key: &FunctionKey) -> (Option<Arc<Function>>, u64) {
        let known = self.0.lock();
        (known.functions.get(key).cloned(), known.changes)
    }

    /// Remembers what was read when there had been `changes` changes.
    fn remember(&self, function: &Arc<Function>, changes: u64) {
        let mut known = self.0.lock();
        if known.changes == changes {
            known.insert(Arc::clone(function));
        }
    }

    fn replace(&self, function: &Arc<Function>) {
        let mut known = self.0.lock();
        known.changes += 1;
        known.insert(Arc::clone(function));
    }

    /// Forgets the functions that are gone.
    pub(crate) fn forget(&self, gone: impl Fn(&FunctionKey) -> bool) {
        let mut known = self.0.lock();
        known.changes += 1;
        known.functions.retain(|key, _| !gone(key));
        known.bytes = known.functions.values().map(|f| f.code.len()).sum();
    }
}

impl Remembered {
    fn insert(&mut self, function: Arc<Function>) {
        if self.bytes + function.code.len() > REMEMBERED {
            self.functions.clear();
            self.bytes = 0;
        }
        self.bytes += function.code.len();
        if let Some(old) = self.functions.insert(function.key.clone(), function) {
            self.bytes -= old.code.len();
        }
    }
}

impl Store {
    /// Functions of a namespace, or of all, most recently updated first.
    pub async fn functions(&self, namespace: Option<&NamespaceName>) -> Result<Vec<FunctionSummary>> {
        let namespace = namespace.cloned();
        self.read(move |reader| {
            let mut statement = reader.db.prepare_cached(
                "SELECT namespace, name, version, kind, web, timeout_ms, memory_mb, logs_kb, concurrency, updated
                 FROM functions WHERE ?1 IS NULL OR namespace = ?1 ORDER BY updated DESC, namespace, name",
            )?;
            let mut rows = statement.query([namespace.as_ref().map(NamespaceName::as_str)])?;
            let mut functions = Vec::new();
            while let Some(row) = rows.next()? {
                functions.push(FunctionSummary {
                    key: key(row)?,
                    version: row.get("version")?,
                    kind: row.get("kind")?,
                    web: column(row, "web")?,
                    limits: limits(row)?,
                    updated: row.get("updated")?,
                    image_name: None,
                    readiness: None,
                });
            }
            Ok(functions)
        })
        .await
    }

    /// Functions of which some workers are to be kept ready ([`beckon_core::Settings::min_workers`], or what was wished).
    pub async fn functions_kept_ready(&self) -> Result<Vec<FunctionKey>> {
        self.read(|reader| {
            let mut statement = reader.db.prepare_cached(
                "SELECT namespace, name FROM functions WHERE coalesce(wished, settings ->> 'minWorkers', 0) > 0
                 ORDER BY namespace, name",
            )?;
            let rows = statement.query_and_then([], key)?;
            rows.collect()
        })
        .await
    }

    /// Remembers how many workers of a function are to be ready, in place of what it says itself, until it is saved
    /// again. It stays the version that it is. `NotFound` when there is none.
    pub async fn wish_workers(&self, key: &FunctionKey, count: u32) -> Result<()> {
        let key = key.clone();
        self.write(Urgency::Durable, 0, move |batch| {
            let names = params![key.namespace.as_str(), key.name.as_str(), count];
            let changed = batch
                .db
                .prepare_cached("UPDATE functions SET wished = ?3 WHERE namespace = ?1 AND name = ?2")?
                .execute(names)?;
            if changed == 0 {
                return Err(Error::not_found(format!("function {key}")).into());
            }
            Ok(())
        })
        .await
    }

    /// How many workers of each function are to be ready, of all for whom somebody wished it.
    pub async fn wished_workers(&self) -> Result<HashMap<FunctionKey, u32>> {
        self.read(|reader| {
            let mut statement = reader
                .db
                .prepare_cached("SELECT namespace, name, wished FROM functions WHERE wished IS NOT NULL")?;
            let rows = statement.query_and_then([], |row| Ok((key(row)?, row.get("wished")?)))?;
            rows.collect()
        })
        .await
    }

    /// One function with its code. Answered from memory when it was read before and has not changed.
    pub async fn function(&self, key: &FunctionKey) -> Result<Option<Arc<Function>>> {
        let (known, changes) = self.inner.functions.get(key);
        if known.is_some() {
            return Ok(known);
        }
        let key = key.clone();
        let function = self
            .read(move |reader| find(reader.db, &key))
            .await?
            .map(Arc::new);
        if let Some(function) = &function {
            self.inner.functions.remember(function, changes);
        }
        Ok(function)
    }

    /// The functions whose folders are watched.
    pub async fn watched_folders(&self) -> Result<Vec<WatchedFolder>> {
        self.read(|reader| {
            let mut statement = reader.db.prepare_cached(
                "SELECT id, namespace, name, settings FROM functions WHERE json_extract(settings, '$.folder.watch')
                 ORDER BY namespace, name",
            )?;
            let mut rows = statement.query([])?;
            let mut folders = Vec::new();
            while let Some(row) = rows.next()? {
                let settings: Settings = from_json(row, "settings")?;
                if let Some(folder) = settings.folder {
                    folders.push(WatchedFolder {
                        key: key(row)?,
                        id: row.get("id")?,
                        folder,
                    });
                }
            }
            Ok(folders)
        })
        .await
    }

    /// Says now what [`Store::put_function`] would refuse: no such namespace, or not the version expected.
    pub async fn expect_function(&self, key: &FunctionKey, expect: Expect) -> Result<()> {
        let key = key.clone();
        self.read(move |reader| {
            namespaces::expect(reader.db, &key.namespace)?;
            check_expected(expect, identity(reader.db, &key)?.as_ref())
        })
        .await
    }

    /// Saves a function. The namespace must exist (`NotFound`); a package that does not is made.
    pub async fn put_function(
        &self,
        key: &FunctionKey,
        new: NewFunction,
        expect: Expect,
    ) -> Result<Arc<Function>> {
        let (key, now) = (key.clone(), self.inner.clock.now());
        let (known, domains) = (Arc::clone(&self.inner.functions), Arc::clone(&self.inner.domains));
        let all_entities = Arc::clone(&self.inner.entities);
        self.write(Urgency::Durable, new.code.len(), move |batch| {
            namespaces::expect(batch.db, &key.namespace)?;
            let old = identity(batch.db, &key)?;
            check_expected(expect, old.as_ref())?;
            if old.is_none() {
                entities::refuse_name(batch.db, &key)?;
            }
            entities::imply_package(batch, &all_entities, &key, now)?;
            let function = Arc::new(next(key, new, old, now));
            write_function(batch.db, &function)?;
            // What was sent before, and not built, is out of date.
            spaces::forget_deployment(batch.db, &function.key)?;
            let hosts = domains::write(batch.db, &function)?;
            batch.functions_changed();
            let committed = Arc::clone(&function);
            batch.after_commit(move || {
                known.replace(&committed);
                domains.replace(&committed.key, hosts);
            });
            Ok(function)
        })
        .await
    }

    /// Deletes a function with the tokens scoped to it and its draft; returns what it was. `NotFound` when there is none.
    pub async fn delete_function(&self, key: &FunctionKey) -> Result<Arc<Function>> {
        let key = key.clone();
        let (known, tokens) = (Arc::clone(&self.inner.functions), Arc::clone(&self.inner.tokens));
        let domains = Arc::clone(&self.inner.domains);
        self.write(Urgency::Durable, 0, move |batch| {
            let function = find(batch.db, &key)?.map(Arc::new);
            let function = function.ok_or_else(|| Error::not_found(format!("function {key}")))?;
            delete_rows(batch, &function)?;
            batch.after_commit(move || {
                known.forget(|other| *other == key);
                domains.forget(|other| *other == key);
                tokens.forget(|scope| crate::tokens::is_of(scope, &key));
            });
            Ok(function)
        })
        .await
    }
}

fn delete_rows(batch: &mut Batch<'_>, function: &Function) -> Result<(), Fault> {
    let (namespace, name) = (function.key.namespace.as_str(), function.key.name.as_str());
    batch
        .db
        .execute("DELETE FROM functions WHERE id = ?1", [&function.id])?;
    let tokens = batch.db.execute(
        "DELETE FROM tokens WHERE namespace = ?1 AND function = ?2",
        [namespace, name],
    )?;
    drafts::forget_function(batch.db, LOCAL, namespace, name)?;
    spaces::forget_deployment(batch.db, &function.key)?;
    batch.functions_changed();
    if tokens > 0 {
        batch.tokens_changed();
    }
    Ok(())
}

/// What stays the same over versions, and the version that comes before.
struct Identity {
    id: String,
    version: Version,
    created: i64,
}

fn identity(db: &Connection, key: &FunctionKey) -> Result<Option<Identity>, Fault> {
    let sql = "SELECT id, version, created FROM functions WHERE namespace = ?1 AND name = ?2";
    let names = params![key.namespace.as_str(), key.name.as_str()];
    let row: Option<(String, String, i64)> = db
        .prepare_cached(sql)?
        .query_row(names, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    row.map(|(id, version, created)| {
        let version = version.parse().map_err(|e| Fault::unreadable("version", e))?;
        Ok(Identity { id, version, created })
    })
    .transpose()
}

/// `NotFound` when there is no such function.
pub(crate) fn must_exist(db: &Connection, key: &FunctionKey) -> Result<(), Fault> {
    match identity(db, key)? {
        Some(_) => Ok(()),
        None => Err(Error::not_found(format!("function {key}")).into()),
    }
}

fn check_expected(expect: Expect, old: Option<&Identity>) -> Result<(), Fault> {
    match (expect, old) {
        (Expect::New, Some(_)) => Err(Error::new(ErrorCode::Conflict, "resource already exists").into()),
        (Expect::Version(wanted), old) if old.map(|old| old.version) != Some(wanted) => {
            // OpenWhisk's own text.
            let text = "Concurrent modification to resource detected.";
            let hint = "It was changed since you read it. Reload it and make your change again.";
            Err(Error::new(ErrorCode::Conflict, text).with_hint(hint).into())
        }
        _ => Ok(()),
    }
}

fn next(key: FunctionKey, new: NewFunction, old: Option<Identity>, now: i64) -> Function {
    let following = old.as_ref().map_or(Version::FIRST, |old| old.version.next());
    let (id, created) = old.map_or_else(|| (random_hex(), now), |old| (old.id, old.created));
    Function {
        id,
        key,
        version: new.version.unwrap_or(following),
        runtime: new.runtime,
        contract: new.contract,
        main: new.main,
        code: new.code,
        parameters: new.parameters,
        env: new.env,
        secret_names: new.secret_names,
        annotations: new.annotations,
        limits: new.limits,
        settings: new.settings,
        web: new.web,
        lost_policy: new.lost_policy,
        publish: new.publish,
        created,
        updated: now,
    }
}

fn write_function(db: &Connection, f: &Function) -> Result<(), Fault> {
    let values: [&dyn ToSql; 21] = [
        &f.id,
        &f.key.namespace.as_str(),
        &f.key.name.as_str(),
        &f.version.to_string(),
        &f.runtime.as_str(),
        &word(f.contract)?,
        &f.main,
        &word(f.web)?,
        &word(f.lost_policy)?,
        &f.publish,
        &f.limits.timeout_ms,
        &f.limits.memory_mb,
        &f.limits.logs_kb,
        &f.limits.concurrency,
        &to_json(&f.parameters)?,
        &to_json(&f.env)?,
        &to_json(&f.secret_names)?,
        &to_json(&f.annotations)?,
        &to_json(&f.settings)?,
        &f.created,
        &f.updated,
    ];
    // REPLACE takes the old row's code with it (foreign key), and the new code follows.
    db.prepare_cached(
        "INSERT OR REPLACE INTO functions (id, namespace, name, version, kind, contract, main, web, lost_policy,
         publish, timeout_ms, memory_mb, logs_kb, concurrency, parameters, env, secrets, annotations, settings, created,
         updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
    )?
    .execute(values)?;
    let components;
    let code: &dyn ToSql = match &f.code {
        CodePackage::Source(text) => text,
        CodePackage::Zip(bytes) => bytes,
        CodePackage::Sequence(keys) => {
            components = to_json(keys)?;
            &components
        }
    };
    db.prepare_cached("INSERT OR REPLACE INTO codes (function, code) VALUES (?1, ?2)")?
        .execute([&f.id as &dyn ToSql, code])?;
    Ok(())
}

fn find(db: &Connection, wanted: &FunctionKey) -> Result<Option<Function>, Fault> {
    let mut statement = db.prepare_cached(
        "SELECT functions.*, codes.code FROM functions JOIN codes ON codes.function = functions.id
         WHERE namespace = ?1 AND name = ?2",
    )?;
    let mut rows = statement.query([wanted.namespace.as_str(), wanted.name.as_str()])?;
    rows.next()?.map(load).transpose()
}

fn load(row: &Row<'_>) -> Result<Function, Fault> {
    let runtime: Runtime = column(row, "kind")?;
    let code = match row.get("code")? {
        Value::Text(_) if runtime.is_sequence() => CodePackage::Sequence(from_json(row, "code")?),
        Value::Text(text) => CodePackage::Source(text),
        Value::Blob(bytes) => CodePackage::Zip(bytes),
        other => return Err(Fault::unreadable("code", format!("it is {}", other.data_type()))),
    };
    Ok(Function {
        id: row.get("id")?,
        key: key(row)?,
        version: row
            .get::<_, String>("version")?
            .parse()
            .map_err(|e| Fault::unreadable("version", e))?,
        runtime,
        contract: column(row, "contract")?,
        main: row.get("main")?,
        code,
        parameters: from_json(row, "parameters")?,
        env: from_json(row, "env")?,
        secret_names: from_json(row, "secrets")?,
        annotations: from_json(row, "annotations")?,
        limits: limits(row)?,
        settings: from_json(row, "settings")?,
        web: column(row, "web")?,
        lost_policy: column(row, "lost_policy")?,
        publish: row.get("publish")?,
        created: row.get("created")?,
        updated: row.get("updated")?,
    })
}

fn key(row: &Row<'_>) -> Result<FunctionKey, Fault> {
    key_of(row, "namespace", "name")
}

/// The function that two columns name.
pub(crate) fn key_of(row: &Row<'_>, namespace: &str, name: &str) -> Result<FunctionKey, Fault> {
    let (namespace, name): (String, String) = (row.get(namespace)?, row.get(name)?);
    FunctionKey::new(&namespace, &name).map_err(|e| Fault::unreadable("function name", e))
}

fn limits(row: &Row<'_>) -> Result<Limits, Fault> {
    Ok(Limits {
        timeout_ms: row.get("timeout_ms")?,
        memory_mb: row.get("memory_mb")?,
        logs_kb: row.get("logs_kb")?,
        concurrency: row.get("concurrency")?,
    })
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|e| Fault::unreadable("list", e))
}

pub(crate) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: &'static str) -> Result<T, Fault> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|e| Fault::unreadable(column, e))
}
