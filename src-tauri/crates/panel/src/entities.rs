//! Packages, triggers and rules as the window shows them, of the local engine and of providers alike, and as it sends
//! them.

use beckon_core::{
    Content, EntityKey, EntityName, FunctionKey, JoinedRule, KnownEntity, Millis, NamedJson, NamespaceName,
    PackagedFunction,
};
use beckon_providers::EnvChange;
use beckon_providers::openwhisk::entities::EntityChange;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a namespace has besides its functions; most recently updated first.
#[derive(Debug, Clone, Default, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Entities {
    /// Packages and bindings.
    pub packages: Vec<PackageView>,
    /// OpenWhisk's triggers, which are fired. (The `Trigger`s of `triggers` listen to messages.)
    pub triggers: Vec<EventTriggerView>,
    /// What joins them to functions.
    pub rules: Vec<RuleView>,
}

/// What packages, triggers and rules have in common.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EntityHead {
    /// The namespace that it belongs to.
    pub namespace: NamespaceName,
    /// Its name there.
    pub name: EntityName,
    /// Its version; a change adds one to the patch.
    pub version: String,
    /// Whether other namespaces may use it; of a trigger and a rule OpenWhisk's flag, which has no effect.
    pub publish: bool,
    /// Its annotations; of a trigger `feed` among them.
    pub annotations: Vec<NamedJson>,
    /// When it was last changed.
    pub updated: Millis,
}

/// A package of functions, or a binding: another package under a name and with parameters of one's own.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PackageView {
    /// What it has as all of them.
    #[serde(flatten)]
    pub head: EntityHead,
    /// Arguments of all of its functions, below their own. Of a binding those that it adds.
    pub parameters: Vec<NamedJson>,
    /// Names of the environment variables that it gives its functions, below their own. Their values are not shown, and
    /// stay what they are when the package is changed. Of a binding those that it adds.
    pub environment: Vec<String>,
    /// The package that it is a binding of.
    pub binding: Option<EntityKey>,
    /// What is in it, or in the package that it is a binding of; by name.
    pub functions: Vec<PackagedFunction>,
}

/// Something that happens: firing it calls the functions that active rules join to it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EventTriggerView {
    /// What it has as all of them.
    #[serde(flatten)]
    pub head: EntityHead,
    /// Arguments of what it calls, below what it is fired with.
    pub parameters: Vec<NamedJson>,
    /// The function that fires it when something happens elsewhere, `/namespace/package/name`, where it has one.
    pub feed: Option<String>,
    /// The rules that join it, the active and the inactive; by name.
    pub rules: Vec<JoinedRule>,
}

/// When the trigger is fired, the function is called.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// What it has as all of them.
    #[serde(flatten)]
    pub head: EntityHead,
    /// What happens.
    pub trigger: EntityKey,
    /// What is called then.
    pub action: FunctionKey,
    /// Whether it is.
    pub active: bool,
}

/// What a package shall be.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PackageDraft {
    /// All of its parameters.
    pub parameters: Vec<NamedJson>,
    /// All of its annotations; absent leaves them.
    #[ts(optional = nullable)]
    pub annotations: Option<Vec<NamedJson>>,
    /// Whether other namespaces may use it; absent leaves it, and a new one is private.
    #[ts(optional = nullable)]
    pub publish: Option<bool>,
    /// Makes it a binding of that package. A package cannot become a binding; a binding stays one.
    #[ts(optional = nullable)]
    pub binding: Option<EntityKey>,
}

/// What a trigger shall be.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EventTriggerDraft {
    /// All of its parameters.
    pub parameters: Vec<NamedJson>,
    /// All of its annotations; absent leaves them. The annotation `feed` names a feed's function, which is not told of
    /// the trigger by this.
    #[ts(optional = nullable)]
    pub annotations: Option<Vec<NamedJson>>,
}

/// What a rule shall be. Whether it is active is `set_rule_active`'s to say: a new one is.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleDraft {
    /// What happens: a trigger of the rule's namespace.
    pub trigger: EntityKey,
    /// What is called then.
    pub action: FunctionKey,
    /// All of its annotations; absent leaves them.
    #[ts(optional = nullable)]
    pub annotations: Option<Vec<NamedJson>>,
}

impl From<PackageDraft> for EntityChange {
    fn from(draft: PackageDraft) -> Self {
        let content = Content::Package {
            parameters: draft.parameters,
            environment: Vec::new(),
            binding: draft.binding,
        };
        change(content, draft.publish, draft.annotations)
    }
}

impl From<EventTriggerDraft> for EntityChange {
    fn from(draft: EventTriggerDraft) -> Self {
        let content = Content::EventTrigger {
            parameters: draft.parameters,
        };
        change(content, None, draft.annotations)
    }
}

impl From<RuleDraft> for EntityChange {
    fn from(draft: RuleDraft) -> Self {
        let content = Content::Rule {
            trigger: draft.trigger,
            action: draft.action,
            active: true,
        };
        change(content, None, draft.annotations)
    }
}

fn change(content: Content, publish: Option<bool>, annotations: Option<Vec<NamedJson>>) -> EntityChange {
    EntityChange {
        content,
        environment: EnvChange::default(),
        publish,
        annotations,
    }
}

impl Entities {
    /// Sorts them into their lists.
    pub(crate) fn of(all: Vec<KnownEntity>) -> Self {
        let mut entities = Self::default();
        for known in all {
            match View::of(known) {
                View::Package(view) => entities.packages.push(view),
                View::EventTrigger(view) => entities.triggers.push(view),
                View::Rule(view) => entities.rules.push(view),
            }
        }
        entities
    }
}

/// One of the three.
pub(crate) enum View {
    Package(PackageView),
    EventTrigger(EventTriggerView),
    Rule(RuleView),
}

impl View {
    pub(crate) fn of(known: KnownEntity) -> Self {
        let KnownEntity {
            entity,
            functions,
            rules,
        } = known;
        let EntityKey { namespace, name } = entity.key;
        let head = EntityHead {
            namespace,
            name,
            version: entity.version.to_string(),
            publish: entity.publish,
            annotations: entity.annotations,
            updated: entity.updated,
        };
        match entity.content {
            Content::Package {
                parameters,
                environment,
                binding,
            } => Self::Package(PackageView {
                head,
                parameters,
                environment: environment.into_iter().map(|named| named.key).collect(),
                binding,
                functions,
            }),
            Content::EventTrigger { parameters } => Self::EventTrigger(EventTriggerView {
                feed: head
                    .annotations
                    .iter()
                    .find(|named| named.key == "feed")
                    .and_then(|named| serde_json::from_str(named.value.as_str()).ok()),
                head,
                parameters,
                rules,
            }),
            Content::Rule {
                trigger,
                action,
                active,
            } => Self::Rule(RuleView {
                head,
                trigger,
                action,
                active,
            }),
        }
    }
}
