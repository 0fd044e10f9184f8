//! Packages, triggers and rules of the local engine, by OpenWhisk's rules: what the gateway's routes and the panel's
//! commands have in common. In here refusals have upstream's status and text; [`put`], [`delete`], [`set_rule_active`]
//! and [`fire`] say the same as Beckon's errors.

pub(crate) mod change;
pub(crate) mod firing;
pub(crate) mod names;
mod packages;
mod rules;
mod triggers;

use std::sync::Arc;

use axum::http::StatusCode;
use beckon_core::{
    ActivationId, Cause, Collection, Content, Entity, EntityKey, Error, ErrorCode, FunctionKey, FunctionName,
    JoinedRule, JsonText, KnownEntity, NamedJson, NamespaceName, PackagedFunction, Result,
};

use super::environment;
use super::gateway::NO_SUCH;
use super::wire::{Pair, PutBinding, PutEntity};
use crate::gateway::{Gateway, Refusal};
use crate::remote::EnvChange;
use firing::Firing;
pub(crate) use packages::functions as functions_in;
pub(crate) use rules::switch;
pub(crate) use triggers::rules_of;

/// Upstream's text for a name that another collection has.
pub(crate) const NOT_HERE: &str = "Resource by this name exists but is not in this collection.";

/// What a package, a trigger or a rule shall be.
#[derive(Debug, Clone)]
pub struct EntityChange {
    /// What is particular to its kind: parameters are replaced as a whole. Whether a rule is active is not a part of a
    /// change: a new one is, another stays what it is.
    pub content: Content,
    /// What becomes of the environment variables that it gives (the content's own are not looked at): values that are
    /// not known here stay as they are.
    pub environment: EnvChange,
    /// Whether other namespaces may use it; `None` leaves it.
    pub publish: Option<bool>,
    /// All of its annotations; `None` leaves them.
    pub annotations: Option<Vec<NamedJson>>,
}

impl EntityChange {
    /// The body of the PUT that makes it so of something with these annotations and, of its own, these parameters.
    /// Upstream replaces annotations as a whole, Beckon merges them: one body for both names those that go.
    pub(crate) fn document(&self, old: &[NamedJson], parameters: &[Pair]) -> Result<PutEntity> {
        let variables = environment::variables(&self.environment, parameters)?;
        let mut put = PutEntity {
            publish: self.publish,
            ..PutEntity::default()
        };
        if let Some(annotations) = &self.annotations {
            let gone = old.iter().map(|named| &named.key);
            let gone = gone.filter(|key| annotations.iter().all(|named| named.key != **key));
            put.del_annotations = Some(gone.cloned().collect());
            put.annotations = Some(annotations.iter().map(Pair::from).collect());
        }
        match &self.content {
            Content::Package {
                parameters, binding, ..
            } => {
                let kept = variables
                    .into_iter()
                    .filter(|pair| parameters.iter().all(|named| named.key != pair.key));
                put.parameters = Some(parameters.iter().map(Pair::from).chain(kept).collect());
                put.binding = binding.as_ref().map(|bound| PutBinding {
                    namespace: Some(bound.namespace.to_string()),
                    name: Some(bound.name.to_string()),
                });
            }
            Content::EventTrigger { parameters } => {
                let arguments = parameters.iter().map(Pair::from);
                put.parameters = Some(arguments.chain(variables).collect());
            }
            Content::Rule { trigger, action, .. } => {
                put.trigger = Some(trigger.to_string());
                put.action = Some(action.to_string());
            }
        }
        Ok(put)
    }
}

/// The packages, triggers and rules of a namespace of the local engine, most recently updated first within each
/// collection. `NotFound` without the namespace.
pub async fn all(gateway: &Gateway, namespace: &NamespaceName) -> Result<Vec<KnownEntity>> {
    if gateway.store.namespace(namespace).await?.is_none() {
        return Err(Error::not_found(format_args!("namespace {namespace}")));
    }
    let mut found = Vec::new();
    for collection in [Collection::Packages, Collection::Triggers, Collection::Rules] {
        for entity in gateway.store.entities(namespace, collection) {
            found.push(known(gateway, &entity).await?);
        }
    }
    Ok(found)
}

/// One with what belongs to it.
pub async fn known(gateway: &Gateway, entity: &Entity) -> Result<KnownEntity> {
    let (mut functions, mut rules) = (Vec::new(), Vec::new());
    match entity.content {
        Content::Package { .. } => {
            let lender = gateway.store.lender(entity);
            let key = lender.as_ref().map_or(&entity.key, |lender| &lender.key);
            for summary in gateway.store.functions(Some(&key.namespace)).await? {
                if summary.key.name.package() == Some(key.name.as_str()) {
                    functions.push(PackagedFunction {
                        name: summary.key.name.simple().to_owned(),
                        kind: summary.kind,
                    });
                }
            }
            functions.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Content::EventTrigger { .. } => {
            for rule in rules_of(gateway, &entity.key) {
                if let Content::Rule { action, active, .. } = &rule.content {
                    rules.push(JoinedRule {
                        name: rule.key.name.clone(),
                        action: action.clone(),
                        active: *active,
                    });
                }
            }
            rules.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Content::Rule { .. } => {}
    }
    Ok(KnownEntity {
        entity: entity.clone(),
        functions,
        rules,
    })
}

/// Makes a package, a trigger or a rule of the local engine; with `replace`, changes the one that is there.
///
/// Errors: `Conflict` when it is there and not to be replaced, when the name is another kind's, and when somebody
/// else changed it meanwhile; `InvalidInput` for what it cannot refer to; `NotFound` without its namespace.
pub async fn put(
    gateway: &Gateway,
    key: &EntityKey,
    wanted: &EntityChange,
    replace: bool,
) -> Result<KnownEntity> {
    let old = gateway.store.entity(key);
    let environment = old.iter().flat_map(|old| old.content.environment());
    let environment: Vec<Pair> = environment.map(Pair::variable).collect();
    let annotations = old.as_ref().map_or(&[][..], |old| &old.annotations);
    let document = wanted.document(annotations, &environment)?;
    let collection = wanted.content.collection();
    let (caller, key) = (&key.namespace, key.clone());
    let saved = change::put(gateway, caller, key, collection, document, replace).await;
    known(gateway, &*saved.map_err(told)?).await
}

/// Deletes one; a package that holds something only with `force`, and then with all of it.
///
/// Errors: `NotFound`; `Conflict` for a package that is not empty and a name that is another kind's.
pub async fn delete(
    gateway: &Gateway,
    key: &EntityKey,
    collection: Collection,
    force: bool,
) -> Result<Arc<Entity>> {
    change::delete(gateway, key, collection, force)
        .await
        .map_err(told)
}

/// Activates or deactivates a rule.
///
/// Errors: `NotFound`; `Conflict` when somebody else changed it meanwhile.
pub async fn set_rule_active(gateway: &Gateway, key: &EntityKey, active: bool) -> Result<()> {
    rules::switch(gateway, key, active).await.map_err(told)
}

/// Fires a trigger, from the window: each active rule's function becomes a run. Answers the record of the firing; `None`
/// when no rule was active, which leaves no record.
///
/// Errors: `NotFound`; `LimitExceeded` for too large a payload.
pub async fn fire(
    gateway: &Gateway,
    key: &EntityKey,
    payload: JsonText,
    api_host: Option<String>,
) -> Result<Option<ActivationId>> {
    if payload.as_str().len() > super::BODY_LIMIT {
        let text = format!("A trigger takes at most {} bytes.", super::BODY_LIMIT);
        return Err(Error::new(ErrorCode::LimitExceeded, text));
    }
    let firing = Firing {
        caller: key.namespace.clone(),
        cause: Cause::Panel,
        token_id: None,
        transaction: None,
        api_host,
        headers: serde_json::Map::new(),
        received: gateway.clock.now(),
    };
    firing::fire(gateway, key, payload, &firing).await.map_err(told)
}

/// Has the system's functions be there, if the namespace is theirs: they are made when they are first asked for.
pub async fn ensure_system(gateway: &Gateway, namespace: &NamespaceName) -> Result<()> {
    super::gateway::utils::ensure(gateway, namespace)
        .await
        .map_err(told)
}

/// A refusal as an error.
fn told(refusal: Refusal) -> Error {
    let code = match refusal.status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => ErrorCode::InvalidInput,
        StatusCode::UNAUTHORIZED => ErrorCode::Unauthorized,
        StatusCode::FORBIDDEN => ErrorCode::Forbidden,
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::CONFLICT => ErrorCode::Conflict,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::LimitExceeded,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => ErrorCode::Busy,
        _ => ErrorCode::Internal,
    };
    Error::new(code, refusal.text)
}

/// An entity of the collection: 404 where there is none, 409 where the name is another kind's.
pub(crate) async fn find(
    gateway: &Gateway,
    key: &EntityKey,
    collection: Collection,
) -> Result<Arc<Entity>, Refusal> {
    match gateway.store.entity(key) {
        Some(entity) if entity.content.collection() == collection => Ok(entity),
        Some(_) => Err(Refusal::new(StatusCode::CONFLICT, NOT_HERE)),
        None if is_action(gateway, key).await? => Err(Refusal::new(StatusCode::CONFLICT, NOT_HERE)),
        None => Err(Refusal::not_found(NO_SUCH)),
    }
}

/// Whether a function outside of packages has the name.
async fn is_action(gateway: &Gateway, key: &EntityKey) -> Result<bool, Refusal> {
    let name = FunctionName::new(key.name.as_str())?;
    let key = FunctionKey {
        namespace: key.namespace.clone(),
        name,
    };
    Ok(gateway.store.function(&key).await?.is_some())
}

/// Refuses what cannot be in a package that is not there (404), or in a binding (400).
pub(crate) fn own_package(gateway: &Gateway, function: &FunctionKey) -> Result<(), Refusal> {
    let Some(key) = EntityKey::package_of(function) else {
        return Ok(());
    };
    match gateway.store.entity(&key).map(|entity| entity.content.clone()) {
        Some(Content::Package { binding: None, .. }) => Ok(()),
        Some(Content::Package { .. }) => Err(Refusal::bad_request(
            "Operation not permitted on package binding.",
        )),
        Some(_) => Err(Refusal::new(StatusCode::CONFLICT, NOT_HERE)),
        None => Err(Refusal::not_found(NO_SUCH)),
    }
}

/// Whether a package is there for every namespace.
pub(crate) fn is_shared(gateway: &Gateway, package: &EntityKey) -> bool {
    gateway
        .store
        .entity(package)
        .is_some_and(|found| found.publish && found.content.collection() == Collection::Packages)
}

/// A namespace that is gone is nothing that an entity can be in.
pub(crate) fn gone(error: Error) -> Refusal {
    match error.code {
        ErrorCode::NotFound => Refusal::not_found(NO_SUCH),
        _ => error.into(),
    }
}
