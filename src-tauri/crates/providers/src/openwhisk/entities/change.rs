//! Putting and deleting, as far as all collections have it in common.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::StatusCode;
use beckon_core::{
    Collection, Content, Entity, EntityKey, Error, ErrorCode, NamedJson, NamespaceName, Version,
};
use beckon_store::Expect;

use super::{find, gone, packages, rules, triggers};
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::gateway::{malformed, unique, within};
use crate::openwhisk::wire::{Pair, PutEntity};

/// Makes an entity or, with `overwrite`, changes the one that is there. `caller` is the namespace whose names may be
/// used in it.
pub(crate) async fn put(
    gateway: &Gateway,
    caller: &NamespaceName,
    key: EntityKey,
    collection: Collection,
    body: PutEntity,
    overwrite: bool,
) -> Result<Arc<Entity>, Refusal> {
    let old = match find(gateway, &key, collection).await {
        Ok(old) => Some(old),
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => None,
        Err(refusal) => return Err(refusal),
    };
    if old.is_some() && !overwrite {
        return Err(Refusal::new(StatusCode::CONFLICT, "resource already exists"));
    }
    let mut change = Change { key, old, body };
    let content = match collection {
        Collection::Packages => packages::content(gateway, caller, &mut change).await?,
        Collection::Triggers => triggers::content(&mut change)?,
        Collection::Rules => rules::content(gateway, caller, &mut change).await?,
    };
    change.save(gateway, content).await
}

/// Deletes an entity: a package that holds something only with `force`, and then with all of it.
pub(crate) async fn delete(
    gateway: &Gateway,
    key: &EntityKey,
    collection: Collection,
    force: bool,
) -> Result<Arc<Entity>, Refusal> {
    let found = find(gateway, key, collection).await?;
    match collection {
        Collection::Packages => packages::delete(gateway, &found, force).await,
        Collection::Triggers | Collection::Rules => gateway.store.delete_entity(key).await.map_err(gone),
    }
}

/// What cannot be in an environment, as upstream refuses what it cannot read.
fn refused(error: Error) -> Refusal {
    match error.code {
        ErrorCode::InvalidInput => malformed(&error.message),
        _ => error.into(),
    }
}

/// A PUT under way.
pub(super) struct Change {
    pub(super) key: EntityKey,
    /// What is there; overwriting is wanted then.
    pub(super) old: Option<Arc<Entity>>,
    pub(super) body: PutEntity,
}

impl Change {
    /// The parameters that it will have: replaced as a whole if given.
    pub(super) fn parameters(&mut self) -> Result<Vec<NamedJson>, Refusal> {
        match self.body.parameters.take() {
            Some(given) => {
                within("parameters", &given)?;
                Ok(unique(given))
            }
            None => Ok(self
                .old
                .as_ref()
                .map_or_else(Vec::new, |old| old.content.parameters().to_vec())),
        }
    }

    /// The same of a package: its arguments, and the variables of the environment (`init`). The last of several with one
    /// key counts, whichever it is.
    pub(super) fn package_parameters(&mut self) -> Result<(Vec<NamedJson>, Vec<NamedJson>), Refusal> {
        let Some(given) = &self.body.parameters else {
            let old = self.old.as_ref().map(|old| &old.content);
            let environment = old.map_or_else(Vec::new, |old| old.environment().to_vec());
            return Ok((self.parameters()?, environment));
        };
        let mut variables: HashMap<String, bool> = HashMap::new();
        for pair in given {
            variables.insert(pair.key.clone(), pair.init);
        }
        let (environment, arguments): (Vec<_>, Vec<_>) = self
            .parameters()?
            .into_iter()
            .partition(|named| variables.get(&named.key) == Some(&true));
        let texts: Vec<_> = environment
            .iter()
            .map(|named| (named.key.clone(), named.as_variable()))
            .collect();
        beckon_engine::check_package_environment(&texts).map_err(refused)?;
        Ok((arguments, environment))
    }

    /// The annotations that it will have: those given are merged with the old ones, by key.
    fn annotations(&mut self) -> Result<Vec<NamedJson>, Refusal> {
        let given = self.body.annotations.take().unwrap_or_default();
        within("annotations", &given)?;
        let gone = self.body.del_annotations.take().unwrap_or_default();
        let old = self.old.iter().flat_map(|old| &old.annotations);
        let kept = old.filter(|named| !gone.contains(&named.key)).map(Pair::from);
        Ok(unique(kept.chain(given).collect()))
    }

    /// Saves it with this content, and returns it.
    async fn save(mut self, gateway: &Gateway, content: Content) -> Result<Arc<Entity>, Refusal> {
        let annotations = self.annotations()?;
        let following = self.old.as_ref().map_or(Version::FIRST, |old| old.version.next());
        let version = self.body.version.map(|version| version.parse::<Version>());
        let version = version.transpose().map_err(|error| malformed(&error.message))?;
        let expect = self
            .old
            .as_ref()
            .map_or(Expect::New, |old| Expect::Version(old.version));
        let entity = Entity {
            key: self.key,
            version: version.unwrap_or(following),
            publish: self
                .body
                .publish
                .unwrap_or_else(|| self.old.as_ref().is_some_and(|old| old.publish)),
            annotations,
            content,
            updated: 0,
        };
        gateway.store.put_entity(entity, expect).await.map_err(gone)
    }
}
