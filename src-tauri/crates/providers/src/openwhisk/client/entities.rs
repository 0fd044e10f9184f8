//! Packages, triggers and rules of a provider.

use std::collections::HashSet;

use beckon_core::{
    ActivationId, Collection, Content, Entity, EntityKey, Error, ErrorCode, FunctionKey, JoinedRule,
    JsonText, KnownEntity, NamedJson, NamespaceName, PackagedFunction, Result, Version,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::Value;

use super::read;
use crate::openwhisk::entities::EntityChange;
use crate::openwhisk::path_segment;
use crate::openwhisk::wire::{Pair, ReceivedEntity, ReceivedPath};
use crate::transport::{CALL_TIMEOUT, Http};

/// The most that one page of a list may have.
const PAGE: usize = 200;
/// A server whose pages never end is not believed beyond this.
const MOST: usize = 2_000;
/// How many are read at a time: lists have neither parameters nor a rule's status.
const AT_A_TIME: usize = 8;

/// All of a namespace.
pub(super) async fn all(http: &Http, namespace: &NamespaceName) -> Result<Vec<KnownEntity>> {
    let mut found = whole(http, namespace, Collection::Packages).await?;
    for collection in [Collection::Triggers, Collection::Rules] {
        match whole(http, namespace, collection).await {
            Ok(entities) => found.extend(entities),
            // DigitalOcean has triggers of another kind, and no rules. That the key is good, the packages have shown.
            Err(error) if matches!(error.code, ErrorCode::NotFound | ErrorCode::Forbidden) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// A collection, each of it whole.
async fn whole(http: &Http, namespace: &NamespaceName, collection: Collection) -> Result<Vec<KnownEntity>> {
    let reading = listed(http, namespace, collection)
        .await?
        .into_iter()
        .map(|item| async move {
            let key = item.entity.key.clone();
            match one(http, &key, collection).await {
                Ok(known) => Ok(known),
                // A binding to what is not there any more: the list still tells of it.
                Err(error) if error.code == ErrorCode::NotFound => Ok(item),
                Err(error) => Err(error),
            }
        });
    stream::iter(reading).buffered(AT_A_TIME).try_collect().await
}

/// A collection as its list shows it.
async fn listed(http: &Http, namespace: &NamespaceName, collection: Collection) -> Result<Vec<KnownEntity>> {
    let (mut found, mut seen, mut skip) = (Vec::new(), HashSet::new(), 0);
    while skip < MOST {
        let path = format!(
            "namespaces/{}/{}?limit={PAGE}&skip={skip}",
            path_segment(namespace.as_str()),
            collection.as_str()
        );
        let page: Vec<ReceivedEntity> = http.get(&path).await?.ok()?.json()?;
        let count = page.len();
        for item in page {
            // What has a name that breaks OpenWhisk's own rule could not be used in any later call.
            if let Some(known) = known(item, namespace, collection)
                && seen.insert(known.entity.key.clone())
            {
                found.push(known);
            }
        }
        if count < PAGE {
            break;
        }
        skip += PAGE;
    }
    Ok(found)
}

/// One, whole.
pub(super) async fn one(http: &Http, key: &EntityKey, collection: Collection) -> Result<KnownEntity> {
    let mut found = get(http, key, collection).await?;
    if let Content::Package {
        parameters,
        environment,
        binding: Some(bound),
    } = &mut found.entity.content
    {
        // A binding is answered with what it is bound to gives it; what it adds itself is the rest.
        match get(http, bound, collection).await {
            Ok(lender) => {
                let given = lender.entity.content.parameters();
                parameters.retain(|own| !given.contains(own));
                let given = lender.entity.content.environment();
                environment.retain(|own| !given.contains(own));
            }
            Err(error) => tracing::debug!(%error, binding = %key, "the bound package cannot be read"),
        }
    }
    Ok(found)
}

/// What one gives to what is in it or called by it, variables of the environment (`init`) included.
pub(super) async fn given(http: &Http, key: &EntityKey, collection: Collection) -> Result<Vec<Pair>> {
    let received = received(http, key, collection).await?;
    Ok(received.parameters.unwrap_or_default())
}

/// Whether two parameters are the same in everything.
pub(super) fn is_same_pair(one: &Pair, other: &Pair) -> bool {
    one.key == other.key && one.init == other.init && one.value.get() == other.value.get()
}

async fn received(http: &Http, key: &EntityKey, collection: Collection) -> Result<ReceivedEntity> {
    http.get(&path(key, collection)).await?.ok()?.json()
}

/// One, as it is answered: a binding with what it is bound to gives it.
async fn get(http: &Http, key: &EntityKey, collection: Collection) -> Result<KnownEntity> {
    let received = received(http, key, collection).await?;
    known(received, &key.namespace, collection).ok_or_else(|| {
        Error::new(
            ErrorCode::BadReply,
            format!("The provider described {key} in a way that Beckon cannot read."),
        )
    })
}

/// Makes one, or with `replace` changes the one that is there. A PUT replaces parameters as a whole: variables of the
/// environment, whose values stay at the provider, are sent again as they are there.
pub(super) async fn put(
    http: &Http,
    key: &EntityKey,
    change: &EntityChange,
    replace: bool,
) -> Result<KnownEntity> {
    let collection = change.content.collection();
    let old = match replace {
        true => match received(http, key, collection).await {
            Ok(old) => Some(old),
            Err(error) if error.code == ErrorCode::NotFound => None,
            Err(error) => return Err(error),
        },
        false => None,
    };
    let mut variables = Vec::new();
    let mut annotations = Vec::new();
    if let Some(old) = old {
        variables = old.parameters.unwrap_or_default();
        variables.retain(|pair| pair.init);
        if let Some(lender) = old.binding.as_ref().and_then(bound)
            && !variables.is_empty()
        {
            let given = given(http, &lender, collection).await?;
            variables.retain(|own| !given.iter().any(|given| is_same_pair(given, own)));
        }
        annotations = old.annotations.map(named).unwrap_or_default();
    }
    let document = change.document(&annotations, &variables)?;
    let path = format!("{}?overwrite={replace}", path(key, collection));
    let body = serde_json::to_string(&document).map_err(|e| Error::internal("write a request", e))?;
    http.put(&path, body, CALL_TIMEOUT).await?.ok()?;
    one(http, key, collection).await
}

/// Activates or deactivates a rule.
pub(super) async fn set_rule_active(http: &Http, key: &EntityKey, active: bool) -> Result<()> {
    let status = if active { "active" } else { "inactive" };
    let body = serde_json::json!({ "status": status }).to_string();
    let path = path(key, Collection::Rules);
    http.post(&path, body, CALL_TIMEOUT).await?.ok().map(drop)
}

/// Deletes one.
pub(super) async fn delete(http: &Http, key: &EntityKey, collection: Collection, force: bool) -> Result<()> {
    let mut path = path(key, collection);
    if force && collection == Collection::Packages {
        path.push_str("?force=true");
    }
    http.delete(&path).await?.ok().map(drop)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fired {
    activation_id: String,
}

/// Fires a trigger. 204 is the answer when no rule is active.
pub(super) async fn fire(http: &Http, key: &EntityKey, payload: &JsonText) -> Result<Option<ActivationId>> {
    let path = path(key, Collection::Triggers);
    let reply = http
        .post(&path, payload.as_str().to_owned(), CALL_TIMEOUT)
        .await?
        .ok()?;
    if reply.status.as_u16() == 204 || reply.body.is_empty() {
        return Ok(None);
    }
    let fired: Fired = reply.json()?;
    fired.activation_id.parse().map(Some).map_err(|error: Error| {
        let text = "The provider fired the trigger with an activation id that is none.";
        Error::new(ErrorCode::BadReply, text).with_details(error.message)
    })
}

fn path(key: &EntityKey, collection: Collection) -> String {
    format!(
        "namespaces/{}/{}/{}",
        path_segment(key.namespace.as_str()),
        collection.as_str(),
        path_segment(key.name.as_str())
    )
}

/// A received document; `None` when it has a name that Beckon cannot use, or lacks what it cannot be without.
fn known(received: ReceivedEntity, namespace: &NamespaceName, collection: Collection) -> Option<KnownEntity> {
    // Variables of the environment (`init`) are no arguments, and their values are nobody's to see in the window.
    let pairs = received.parameters.unwrap_or_default();
    let (environment, parameters): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(|pair| pair.init);
    let content = match collection {
        Collection::Packages => Content::Package {
            parameters: named(parameters),
            environment: named(environment),
            binding: received.binding.as_ref().and_then(bound),
        },
        Collection::Triggers => Content::EventTrigger {
            parameters: named(parameters),
        },
        Collection::Rules => {
            let trigger = received.trigger?;
            Content::Rule {
                trigger: EntityKey::new(&trigger.path, &trigger.name).ok()?,
                action: function(&received.action?)?,
                active: is_active(received.status.as_deref()),
            }
        }
    };
    let packaged = received.actions.into_iter().chain(received.feeds).flatten();
    let mut functions: Vec<_> = packaged
        .map(|function| PackagedFunction {
            name: function.name,
            kind: read::kind(function.annotations.as_deref().unwrap_or_default()).unwrap_or_default(),
        })
        .collect();
    functions.sort_by(|a, b| a.name.cmp(&b.name));
    let rules = received.rules.unwrap_or_default().into_iter();
    let rules = rules.filter_map(|(name, rule)| {
        Some(JoinedRule {
            // `namespace/rule`.
            name: name.rsplit('/').next()?.parse().ok()?,
            action: function(&rule.action)?,
            active: is_active(rule.status.as_deref()),
        })
    });
    Some(KnownEntity {
        rules: rules.collect(),
        functions,
        entity: Entity {
            key: EntityKey {
                namespace: namespace.clone(),
                name: received.name.parse().ok()?,
            },
            version: received
                .version
                .and_then(|version| version.parse().ok())
                .unwrap_or(Version::FIRST),
            publish: received.publish.unwrap_or_default(),
            annotations: received.annotations.map(named).unwrap_or_default(),
            content,
            updated: received.updated.unwrap_or_default(),
        },
    })
}

fn named(pairs: Vec<Pair>) -> Vec<NamedJson> {
    pairs.into_iter().map(NamedJson::from).collect()
}

/// `false` and `{}` are no binding.
fn bound(binding: &Value) -> Option<EntityKey> {
    EntityKey::new(binding["namespace"].as_str()?, binding["name"].as_str()?).ok()
}

/// A function as rules name it.
fn function(path: &ReceivedPath) -> Option<FunctionKey> {
    match path.path.split_once('/') {
        Some((namespace, package)) => FunctionKey::new(namespace, &format!("{package}/{}", path.name)).ok(),
        None => FunctionKey::new(&path.path, &path.name).ok(),
    }
}

fn is_active(status: Option<&str>) -> bool {
    status == Some("active")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(collection: Collection, json: &str) -> Option<KnownEntity> {
        known(
            serde_json::from_str(json).unwrap(),
            &"ns".parse().unwrap(),
            collection,
        )
    }

    #[test]
    fn every_form_of_a_binding_is_read() {
        for (binding, expected) in [
            ("false", None),
            ("{}", None),
            (
                r#"{"namespace":"whisk.system","name":"utils"}"#,
                Some("/whisk.system/utils"),
            ),
        ] {
            let json = format!(r#"{{"namespace":"ns","name":"p","binding":{binding}}}"#);
            let found = read(Collection::Packages, &json).unwrap();
            let binding = found.entity.content.binding().map(ToString::to_string);
            assert_eq!(binding.as_deref(), expected);
        }
    }

    #[test]
    fn a_rule_names_a_packaged_function() {
        let json = r#"{"name":"r","status":"inactive","trigger":{"path":"ns","name":"t"},"action":{"path":"ns/p","name":"f"}}"#;
        let found = read(Collection::Rules, json).unwrap();
        assert!(matches!(
            found.entity.content,
            Content::Rule { action, active: false, .. } if action.to_string() == "/ns/p/f"
        ));
        assert!(read(Collection::Rules, r#"{"name":"r"}"#).is_none());
        assert!(read(Collection::Packages, r#"{"name":"a/b"}"#).is_none());
    }
}
