//! OpenWhisk's packages, triggers and rules: all of them in memory, for each call of a packaged function asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use beckon_core::{
    Collection, Content, Entity, EntityKey, Error, ErrorCode, Function, FunctionKey, FunctionName, NamedJson,
    NamespaceName, Result, Version,
};
use parking_lot::RwLock;
use rusqlite::{Connection, Row, params};

use crate::batch::Batch;
use crate::fault::Fault;
use crate::functions::{from_json, to_json};
use crate::writer::Urgency;
use crate::{Expect, Store, namespaces};

/// As they are committed. A std-like lock and not tokio's: it is held for a look-up, never over an await.
#[derive(Default)]
pub(crate) struct Entities(RwLock<BTreeMap<EntityKey, Arc<Entity>>>);

/// What a function's name stands for.
#[derive(Debug, Clone)]
pub struct Target {
    /// The function that runs.
    pub function: Arc<Function>,
    /// What its package, and the binding that it was called through, give it: below its own parameters.
    pub defaults: Defaults,
    /// The binding that it was called through.
    pub binding: Option<EntityKey>,
}

/// What a function has of its package. A name that the function itself gives a meaning to, as an argument or as a variable,
/// is in neither list: as upstream, the nearest of package, binding and function says what a name is
/// (`Parameters.++` in Apache OpenWhisk's `Parameter.scala`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Arguments.
    pub arguments: Vec<NamedJson>,
    /// Environment variables.
    pub environment: Vec<NamedJson>,
}

impl Defaults {
    /// What `above` gives wins, whatever each name was before.
    fn overlay(&mut self, above: &Content) {
        let (arguments, environment) = (above.parameters(), above.environment());
        self.without(|key| arguments.iter().chain(environment).any(|named| named.key == key));
        self.arguments.extend_from_slice(arguments);
        self.environment.extend_from_slice(environment);
    }

    fn without(&mut self, gone: impl Fn(&str) -> bool) {
        self.arguments.retain(|named| !gone(&named.key));
        self.environment.retain(|named| !gone(&named.key));
    }
}

impl Entities {
    pub(crate) fn load(db: &Connection) -> Result<Self, Fault> {
        let mut statement = db.prepare("SELECT * FROM entities")?;
        let mut rows = statement.query([])?;
        let mut all = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let entity = load(row)?;
            all.insert(entity.key.clone(), Arc::new(entity));
        }
        Ok(Self(RwLock::new(all)))
    }

    fn get(&self, key: &EntityKey) -> Option<Arc<Entity>> {
        self.0.read().get(key).cloned()
    }

    pub(crate) fn forget(&self, gone: impl Fn(&EntityKey) -> bool) {
        self.0.write().retain(|key, _| !gone(key));
    }
}

impl Store {
    /// A package, a trigger or a rule.
    #[must_use]
    pub fn entity(&self, key: &EntityKey) -> Option<Arc<Entity>> {
        self.inner.entities.get(key)
    }

    /// Those of a namespace, most recently updated first.
    #[must_use]
    pub fn entities(&self, namespace: &NamespaceName, collection: Collection) -> Vec<Arc<Entity>> {
        let all = self.inner.entities.0.read();
        let mut found: Vec<_> = all
            .values()
            .filter(|entity| entity.key.namespace == *namespace && entity.content.collection() == collection)
            .cloned()
            .collect();
        found.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.key.cmp(&b.key)));
        found
    }

    /// Saves a package, a trigger or a rule; its time is now. `NotFound`: no such namespace. `Conflict`: not what was
    /// expected, or the name is that of another kind.
    pub async fn put_entity(&self, mut entity: Entity, expect: Expect) -> Result<Arc<Entity>> {
        entity.updated = self.inner.clock.now();
        let entities = Arc::clone(&self.inner.entities);
        self.write(Urgency::Durable, 0, move |batch| {
            namespaces::expect(batch.db, &entity.key.namespace)?;
            let old = find(batch.db, &entity.key)?;
            check(expect, old.as_ref(), &entity)?;
            if old.is_none() && is_function(batch.db, &entity.key)? {
                return Err(other_collection());
            }
            write(batch, &entities, entity)
        })
        .await
    }

    /// Deletes a package, a trigger or a rule; returns what it was. `NotFound` when there is none; `Conflict` when it is
    /// a package that holds something, which is the caller's to delete before.
    pub async fn delete_entity(&self, key: &EntityKey) -> Result<Arc<Entity>> {
        let (key, entities) = (key.clone(), Arc::clone(&self.inner.entities));
        self.write(Urgency::Durable, 0, move |batch| {
            let old = find(batch.db, &key)?.ok_or_else(|| Error::not_found(format!("entity {key}")))?;
            if matches!(old.content, Content::Package { binding: None, .. }) {
                refuse_full(inside(batch.db, &key)?)?;
            }
            batch.db.execute(
                "DELETE FROM entities WHERE namespace = ?1 AND name = ?2",
                [key.namespace.as_str(), key.name.as_str()],
            )?;
            batch.functions_changed();
            batch.after_commit(move || entities.forget(|other| *other == key));
            Ok(Arc::new(old))
        })
        .await
    }

    /// What a function's name stands for: the function itself, or the one that a binding leads to. `None` when there is
    /// none, or when the package that is bound is not another namespace's to use any more.
    pub async fn target(&self, key: &FunctionKey) -> Result<Option<Target>> {
        let package = EntityKey::package_of(key).and_then(|package| self.entity(&package));
        let Some((package, bound)) = package.as_ref().and_then(|p| Some((p, p.content.binding()?))) else {
            return Ok(self.function(key).await?.map(|function| Target {
                defaults: self.defaults(&function, None),
                function,
                binding: None,
            }));
        };
        if self.lender(package).is_none() {
            return Ok(None);
        }
        let name = FunctionName::new(format!("{}/{}", bound.name, key.name.simple()))?;
        let real = FunctionKey {
            namespace: bound.namespace.clone(),
            name,
        };
        Ok(self.function(&real).await?.map(|function| Target {
            defaults: self.defaults(&function, Some(&package.key)),
            function,
            binding: Some(package.key.clone()),
        }))
    }

    /// The package that a binding leads to. `None` for what is no binding, and when there is no such package (any more)
    /// or it is not the namespace's of the binding to use.
    #[must_use]
    pub fn lender(&self, binding: &Entity) -> Option<Arc<Entity>> {
        let lender = self.entity(binding.content.binding()?)?;
        let is_package = matches!(lender.content, Content::Package { binding: None, .. });
        let usable = lender.publish || lender.key.namespace == binding.key.namespace;
        (is_package && usable).then_some(lender)
    }

    /// What a function's package gives it, and above that what the binding does that it is called through.
    #[must_use]
    pub fn defaults(&self, function: &Function, binding: Option<&EntityKey>) -> Defaults {
        let mut defaults = Defaults::default();
        let Some(package) = EntityKey::package_of(&function.key) else {
            return defaults;
        };
        for level in [Some(&package), binding].into_iter().flatten() {
            if let Some(entity) = self.entity(level) {
                defaults.overlay(&entity.content);
            }
        }
        defaults.without(|key| {
            function.parameters.iter().any(|own| own.key == key)
                || function.env.iter().any(|(own, _)| own == key)
                || function.secret_names.iter().any(|own| own == key)
        });
        defaults
    }

    /// What a binding gives together with the package that it is one of (`lender`).
    #[must_use]
    pub fn bound_defaults(lender: &Entity, binding: &Entity) -> Defaults {
        let mut defaults = Defaults::default();
        defaults.overlay(&lender.content);
        defaults.overlay(&binding.content);
        defaults
    }
}

/// Makes the package of a function that is saved, if there is none yet: only OpenWhisk's door asks for it to be there
/// before.
pub(crate) fn imply_package(
    batch: &mut Batch<'_>,
    entities: &Arc<Entities>,
    function: &FunctionKey,
    now: i64,
) -> Result<(), Fault> {
    let Some(key) = EntityKey::package_of(function) else {
        return Ok(());
    };
    match find(batch.db, &key)? {
        None => {
            let package = Entity {
                key,
                version: Version::FIRST,
                publish: false,
                annotations: Vec::new(),
                content: Content::Package {
                    parameters: Vec::new(),
                    environment: Vec::new(),
                    binding: None,
                },
                updated: now,
            };
            write(batch, entities, package).map(drop)
        }
        Some(there) => match there.content {
            Content::Package { binding: None, .. } => Ok(()),
            Content::Package { .. } => {
                let text = "Operation not permitted on package binding.";
                Err(Error::new(ErrorCode::InvalidInput, text).into())
            }
            _ => Err(other_collection()),
        },
    }
}

/// Refuses a function outside of packages whose name is an entity's.
pub(crate) fn refuse_name(db: &Connection, function: &FunctionKey) -> Result<(), Fault> {
    if function.name.package().is_some() {
        return Ok(());
    }
    let sql = "SELECT 1 FROM entities WHERE namespace = ?1 AND name = ?2";
    let taken = db
        .prepare_cached(sql)?
        .exists([function.namespace.as_str(), function.name.as_str()])?;
    if taken { Err(other_collection()) } else { Ok(()) }
}

/// Whether a function outside of packages has the entity's name.
fn is_function(db: &Connection, key: &EntityKey) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM functions WHERE namespace = ?1 AND name = ?2";
    Ok(db
        .prepare_cached(sql)?
        .exists([key.namespace.as_str(), key.name.as_str()])?)
}

/// How many functions are in a package.
fn inside(db: &Connection, package: &EntityKey) -> Result<u32, Fault> {
    // All names that begin with it and a slash: `0` is what follows that.
    let (from, to) = (format!("{}/", package.name), format!("{}0", package.name));
    let sql = "SELECT count(*) FROM functions WHERE namespace = ?1 AND name > ?2 AND name < ?3";
    let names = params![package.namespace.as_str(), from, to];
    Ok(db.prepare_cached(sql)?.query_row(names, |row| row.get(0))?)
}

/// OpenWhisk's sentence for a package that is not empty.
fn refuse_full(inside: u32) -> Result<(), Fault> {
    let entities = match inside {
        0 => return Ok(()),
        1 => "entity",
        _ => "entities",
    };
    let text = format!(
        "Package not empty (contains {inside} {entities}). Set force param or delete package contents."
    );
    Err(Error::new(ErrorCode::Conflict, text).into())
}

/// OpenWhisk's sentence for a name that another kind of entity has.
fn other_collection() -> Fault {
    let text = "Resource by this name exists but is not in this collection.";
    Error::new(ErrorCode::Conflict, text).into()
}

fn check(expect: Expect, old: Option<&Entity>, new: &Entity) -> Result<(), Fault> {
    if let Some(old) = old
        && old.content.collection() != new.content.collection()
    {
        return Err(other_collection());
    }
    match (expect, old) {
        (Expect::New, Some(_)) => Err(Error::new(ErrorCode::Conflict, "resource already exists").into()),
        (Expect::Version(wanted), old) if old.map(|old| old.version) != Some(wanted) => {
            let text = "Concurrent modification to resource detected.";
            Err(Error::new(ErrorCode::Conflict, text).into())
        }
        _ => Ok(()),
    }
}

fn write(batch: &mut Batch<'_>, entities: &Arc<Entities>, entity: Entity) -> Result<Arc<Entity>, Fault> {
    batch
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO entities (namespace, name, version, publish, annotations, content, updated)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            entity.key.namespace.as_str(),
            entity.key.name.as_str(),
            entity.version.to_string(),
            entity.publish,
            to_json(&entity.annotations)?,
            to_json(&entity.content)?,
            entity.updated,
        ])?;
    batch.functions_changed();
    let (entity, entities) = (Arc::new(entity), Arc::clone(entities));
    let committed = Arc::clone(&entity);
    batch.after_commit(move || {
        entities.0.write().insert(committed.key.clone(), committed);
    });
    Ok(entity)
}

fn find(db: &Connection, key: &EntityKey) -> Result<Option<Entity>, Fault> {
    let mut statement = db.prepare_cached("SELECT * FROM entities WHERE namespace = ?1 AND name = ?2")?;
    let mut rows = statement.query([key.namespace.as_str(), key.name.as_str()])?;
    rows.next()?.map(load).transpose()
}

fn load(row: &Row<'_>) -> Result<Entity, Fault> {
    let (namespace, name): (String, String) = (row.get("namespace")?, row.get("name")?);
    Ok(Entity {
        key: EntityKey::new(&namespace, &name).map_err(|e| Fault::unreadable("entity name", e))?,
        version: row
            .get::<_, String>("version")?
            .parse()
            .map_err(|e| Fault::unreadable("version", e))?,
        publish: row.get("publish")?,
        annotations: from_json(row, "annotations")?,
        content: from_json(row, "content")?,
        updated: row.get("updated")?,
    })
}
