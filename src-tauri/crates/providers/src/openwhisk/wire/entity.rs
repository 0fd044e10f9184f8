use beckon_core::{Collection, Content, Entity, Function, NamedJson};
use beckon_store::Defaults;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Pair, is_truthy};

/// A package, a trigger or a rule; each has some of the fields.
#[derive(Debug, Serialize)]
pub(crate) struct EntityDocument {
    namespace: String,
    name: String,
    version: String,
    publish: bool,
    annotations: Vec<Pair>,
    updated: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Vec<Pair>>,
    /// In lists `false` where there is none, else `{}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    binding: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<Packaged>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feeds: Option<Vec<Packaged>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Value>,
}

/// A function within a package.
#[derive(Debug, Serialize)]
struct Packaged {
    name: String,
    version: String,
    annotations: Vec<Pair>,
}

impl EntityDocument {
    /// The whole document.
    pub(crate) fn of(entity: &Entity) -> Self {
        let mut document = Self {
            parameters: Some(parameters(
                entity.content.parameters(),
                entity.content.environment(),
            )),
            ..Self::item(entity)
        };
        match &entity.content {
            Content::Package { binding, .. } => {
                document.binding = Some(match binding {
                    None => json!({}),
                    Some(bound) => json!({ "namespace": bound.namespace, "name": bound.name }),
                });
            }
            Content::EventTrigger { .. } => document.limits = Some(json!({})),
            Content::Rule { active, .. } => {
                document.parameters = None;
                document.status = Some(status(*active));
            }
        }
        document
    }

    /// The list's view of it.
    pub(crate) fn item(entity: &Entity) -> Self {
        let (mut binding, mut trigger_of, mut action_of) = (None, None, None);
        match &entity.content {
            Content::Package { binding: bound, .. } => {
                binding = Some(match bound {
                    None => json!(false),
                    Some(bound) => json!({ "namespace": bound.namespace, "name": bound.name }),
                });
            }
            Content::EventTrigger { .. } => {}
            Content::Rule { trigger, action, .. } => {
                trigger_of = Some(json!({ "path": trigger.namespace, "name": trigger.name }));
                action_of = Some(path_of(action));
            }
        }
        Self {
            namespace: entity.key.namespace.to_string(),
            name: entity.key.name.to_string(),
            version: entity.version.to_string(),
            publish: entity.publish,
            annotations: entity.annotations.iter().map(Pair::from).collect(),
            updated: entity.updated,
            parameters: None,
            binding,
            actions: None,
            feeds: None,
            limits: None,
            rules: None,
            status: None,
            trigger: trigger_of,
            action: action_of,
        }
    }

    /// With what is in the package: feeds are the functions that say so in an annotation.
    pub(crate) fn holding(mut self, functions: &[std::sync::Arc<Function>]) -> Self {
        let (mut actions, mut feeds) = (Vec::new(), Vec::new());
        for function in functions {
            let annotations = super::action::annotations(function);
            let is_feed = annotations
                .iter()
                .any(|pair| pair.key == "feed" && is_truthy(&pair.value));
            let packaged = Packaged {
                name: function.key.name.simple().to_owned(),
                version: function.version.to_string(),
                annotations,
            };
            if is_feed { &mut feeds } else { &mut actions }.push(packaged);
        }
        (self.actions, self.feeds) = (Some(actions), Some(feeds));
        self
    }

    /// With what a binding adds to the package that it is one of.
    pub(crate) fn with_defaults(mut self, defaults: &Defaults) -> Self {
        self.parameters = Some(parameters(&defaults.arguments, &defaults.environment));
        self
    }

    /// With the rules of a trigger; left out where there is none.
    pub(crate) fn ruled_by(mut self, rules: &[std::sync::Arc<Entity>]) -> Self {
        let mut all = Map::new();
        for rule in rules {
            if let Content::Rule { action, active, .. } = &rule.content {
                let name = format!("{}/{}", rule.key.namespace, rule.key.name);
                all.insert(
                    name,
                    json!({ "action": path_of(action), "status": status(*active) }),
                );
            }
        }
        self.rules = (!all.is_empty()).then_some(all);
        self
    }
}

/// Arguments, then environment variables.
fn parameters(arguments: &[NamedJson], environment: &[NamedJson]) -> Vec<Pair> {
    let variables = environment.iter().map(Pair::variable);
    arguments.iter().map(Pair::from).chain(variables).collect()
}

fn status(active: bool) -> &'static str {
    if active { "active" } else { "inactive" }
}

/// A function as rules name it: its namespace and package are a path.
fn path_of(function: &beckon_core::FunctionKey) -> Value {
    let path = match function.name.package() {
        Some(package) => format!("{}/{package}", function.namespace),
        None => function.namespace.to_string(),
    };
    json!({ "path": path, "name": function.name.simple() })
}

/// The body of a PUT: any subset. What is unknown is ignored, null is absent.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutEntity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<Vec<Pair>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<Vec<Pair>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) del_annotations: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) publish: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// Of a package; `{}` is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) binding: Option<PutBinding>,
    /// Of a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trigger: Option<String>,
    /// Of a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
}

/// The package that a binding is one of.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct PutBinding {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// The word for a collection's number (`count=true`).
pub(crate) fn counted(collection: Collection, number: usize) -> Value {
    json!({ collection.as_str(): number })
}

/// A package, a trigger or a rule as a provider sends it, whole or in a list.
#[derive(Debug, Deserialize)]
pub(crate) struct ReceivedEntity {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) publish: Option<bool>,
    pub(crate) annotations: Option<Vec<Pair>>,
    pub(crate) updated: Option<i64>,
    pub(crate) parameters: Option<Vec<Pair>>,
    /// `false`, `{}` or the bound package.
    pub(crate) binding: Option<Value>,
    /// In a package.
    pub(crate) actions: Option<Vec<ReceivedPackaged>>,
    /// In a package, those that are feeds.
    pub(crate) feeds: Option<Vec<ReceivedPackaged>>,
    /// Of a trigger.
    pub(crate) rules: Option<std::collections::BTreeMap<String, ReceivedJoin>>,
    /// Of a rule.
    pub(crate) status: Option<String>,
    /// Of a rule.
    pub(crate) trigger: Option<ReceivedPath>,
    /// Of a rule.
    pub(crate) action: Option<ReceivedPath>,
}

/// A function within a received package.
#[derive(Debug, Deserialize)]
pub(crate) struct ReceivedPackaged {
    pub(crate) name: String,
    pub(crate) annotations: Option<Vec<Pair>>,
}

/// A rule within a received trigger.
#[derive(Debug, Deserialize)]
pub(crate) struct ReceivedJoin {
    pub(crate) action: ReceivedPath,
    pub(crate) status: Option<String>,
}

/// What a rule joins: `path` is the namespace, for a packaged function with the package.
#[derive(Debug, Deserialize)]
pub(crate) struct ReceivedPath {
    pub(crate) path: String,
    pub(crate) name: String,
}
