use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{EntityName, Error, FunctionKey, Millis, NamedJson, NamespaceName, Version};

/// Where a package, a trigger or a rule is: its namespace and its name. Written `/namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct EntityKey {
    /// The namespace that it belongs to.
    pub namespace: NamespaceName,
    /// Its name there. Packages, triggers and rules share one set of names, as OpenWhisk has it.
    pub name: EntityName,
}

impl EntityKey {
    /// Checks both parts.
    pub fn new(namespace: &str, name: &str) -> Result<Self, Error> {
        Ok(Self {
            namespace: namespace.parse()?,
            name: name.parse()?,
        })
    }

    /// The package that a function is in, if it is in one.
    #[must_use]
    pub fn package_of(function: &FunctionKey) -> Option<Self> {
        let name = EntityName::new(function.name.package()?).ok()?;
        Some(Self {
            namespace: function.namespace.clone(),
            name,
        })
    }
}

impl fmt::Display for EntityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}", self.namespace, self.name)
    }
}

/// One of OpenWhisk's collections, beside its actions (which are functions here) and activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Collection {
    /// Packages and bindings.
    Packages,
    /// OpenWhisk's triggers, which are fired over its API. Beckon's own [`crate::Trigger`] is another thing.
    Triggers,
    /// What joins a trigger to a function.
    Rules,
}

impl Collection {
    /// The word in URLs and error texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Triggers => "triggers",
            Self::Rules => "rules",
        }
    }
}

/// A package, a trigger or a rule of the local engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Where it is.
    pub key: EntityKey,
    /// Its version; a change adds one to the patch.
    pub version: Version,
    /// For packages: whether other namespaces may use it. Kept for the others.
    pub publish: bool,
    /// OpenWhisk's annotations, in order.
    pub annotations: Vec<NamedJson>,
    /// What is particular to its kind.
    pub content: Content,
    /// When it was saved last.
    pub updated: Millis,
}

/// What is particular to each kind of entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A package of functions, or a view of another one.
    Package {
        /// Arguments that each of its functions gets, unless it or its caller says otherwise.
        parameters: Vec<NamedJson>,
        /// Environment variables of each of its functions (OpenWhisk's parameters with `init`), unless it says otherwise;
        /// [`NamedJson::as_variable`] is their text.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        environment: Vec<NamedJson>,
        /// The package that this one is a binding of.
        binding: Option<EntityKey>,
    },
    /// Something that happens; fired by whoever knows that it did.
    EventTrigger {
        /// Arguments of what its rules call, below those of the firing.
        parameters: Vec<NamedJson>,
    },
    /// When the trigger is fired, the function is called.
    Rule {
        /// What happens.
        trigger: EntityKey,
        /// What is called then; it may be reached through a binding.
        action: FunctionKey,
        /// Whether it is.
        active: bool,
    },
}

impl Content {
    /// The collection that it belongs to.
    #[must_use]
    pub fn collection(&self) -> Collection {
        match self {
            Self::Package { .. } => Collection::Packages,
            Self::EventTrigger { .. } => Collection::Triggers,
            Self::Rule { .. } => Collection::Rules,
        }
    }

    /// The parameters; rules have none.
    #[must_use]
    pub fn parameters(&self) -> &[NamedJson] {
        match self {
            Self::Package { parameters, .. } | Self::EventTrigger { parameters } => parameters,
            Self::Rule { .. } => &[],
        }
    }

    /// The environment variables that it gives; only packages do.
    #[must_use]
    pub fn environment(&self) -> &[NamedJson] {
        match self {
            Self::Package { environment, .. } => environment,
            _ => &[],
        }
    }

    /// The package that this is a binding of.
    #[must_use]
    pub fn binding(&self) -> Option<&EntityKey> {
        match self {
            Self::Package { binding, .. } => binding.as_ref(),
            _ => None,
        }
    }
}

/// A function within a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PackagedFunction {
    /// Its name within the package.
    pub name: String,
    /// Its kind, as its system writes it.
    pub kind: String,
}

/// A rule as its trigger knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct JoinedRule {
    /// Its name, in the trigger's namespace.
    pub name: EntityName,
    /// What it calls.
    pub action: FunctionKey,
    /// Whether it does.
    pub active: bool,
}

/// A package, a trigger or a rule with what stands in others and belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntity {
    /// Itself. A binding's parameters are its own.
    pub entity: Entity,
    /// What is in a package, or in the one that a binding leads to; by name.
    pub functions: Vec<PackagedFunction>,
    /// What a trigger sets off, the active and the inactive; by name.
    pub rules: Vec<JoinedRule>,
}
