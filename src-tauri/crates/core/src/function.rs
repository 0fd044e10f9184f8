use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    Contract, Error, ErrorCode, FunctionKey, JsonText, Millis, NamespaceName, Readiness, Runtime, Settings,
    Watchdog,
};

/// A namespace of the local engine, or one seen at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Namespace {
    /// Its name, which never changes and is part of every URL.
    pub name: NamespaceName,
    /// What people call it; may be changed at will.
    pub label: String,
    /// When it was made; 0 where a provider does not say.
    pub created: Millis,
    /// How many functions are in it.
    pub functions: u32,
}

/// `major.minor.patch`. The first version is 0.0.1 and each save adds one to the patch, as OpenWhisk does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// 0.0.1.
    pub const FIRST: Self = Self(0, 0, 1);

    /// The next patch.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0, self.1, self.2.saturating_add(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl FromStr for Version {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('.').map(str::parse::<u32>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch)), None) => Ok(Self(major, minor, patch)),
            _ => Err(Error::new(
                ErrorCode::InvalidInput,
                format!("'{text}' is not a version like 0.0.1."),
            )),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

/// A function's code as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodePackage {
    /// One source file.
    Source(String),
    /// A zip with several files.
    Zip(Vec<u8>),
    /// No code: functions that are called one after the other, each with what the one before returned.
    Sequence(Vec<FunctionKey>),
}

impl CodePackage {
    /// Its size in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Source(text) => text.len(),
            Self::Zip(bytes) => bytes.len(),
            Self::Sequence(components) => components.iter().map(|key| key.name.as_str().len() + 64).sum(),
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How a function is reachable without a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WebExport {
    /// Not at all.
    Private,
    /// As a web function: parsed parameters. Cannot be invoked asynchronously.
    Web,
    /// As a raw web function: the body is passed on unparsed. Cannot be invoked asynchronously.
    Raw,
}

/// What to do with an accepted run that had begun when Beckon died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LostPolicy {
    /// Record it as lost: running it twice would do harm.
    Record,
    /// Run it again, as queues do: what is accepted is run at least once. The default of new functions.
    Retry,
}

/// What a function may use. Defaults and ranges follow OpenWhisk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Longest run, milliseconds, 100 to 900,000. Past it the process group is killed.
    pub timeout_ms: u32,
    /// Memory in MB, 32 to 4096. Recorded; enforced by the engine where the platform allows.
    pub memory_mb: u32,
    /// Most log bytes kept per run, in KB, 0 to 10,240.
    pub logs_kb: u32,
    /// Most workers of the function at the same time, 1 to 64. A worker takes one run at a time unless
    /// [`Settings::runs_per_worker`] says more.
    pub concurrency: u32,
}

impl Limits {
    /// OpenWhisk's own defaults; 8 runs at a time.
    pub const DEFAULT: Self = Self {
        timeout_ms: 60_000,
        memory_mb: 256,
        logs_kb: 10_240,
        concurrency: 8,
    };

    /// Refuses values outside the ranges, with OpenWhisk's sentences.
    pub fn check(self) -> Result<Self, Error> {
        let range = |what: &str, unit: &str, value: u32, min: u32, max: u32| {
            let side = match value {
                v if v > max => format!("exceeds allowed threshold of {max}"),
                v if v < min => format!("below allowed threshold of {min}"),
                _ => return Ok(()),
            };
            Err(Error::new(
                ErrorCode::LimitExceeded,
                format!("{what} {value}{unit} {side}{unit}"),
            ))
        };
        range("duration", " milliseconds", self.timeout_ms, 100, 900_000)?;
        range("memory size", " MB", self.memory_mb, 32, 4096)?;
        range("log size", " KB", self.logs_kb, 0, 10_240)?;
        range("concurrency", "", self.concurrency, 1, 64)?;
        Ok(self)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A name with a JSON value: a default parameter or an annotation. Order is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NamedJson {
    /// The name.
    pub key: String,
    /// Its value.
    pub value: JsonText,
}

impl NamedJson {
    /// The value as an environment variable has it: a text is itself, anything else its JSON, as OpenWhisk's runtimes
    /// write it.
    #[must_use]
    pub fn as_variable(&self) -> String {
        let json = self.value.as_str();
        serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
    }
}

/// A function of the local engine, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// 32 hex characters; stays the same over versions, and goes with the function when it is deleted.
    pub id: String,
    /// Where it is.
    pub key: FunctionKey,
    /// Its current version.
    pub version: Version,
    /// What it runs on.
    pub runtime: Runtime,
    /// How its handler is called.
    pub contract: Contract,
    /// The entry point: a function name in the code (`main` by default), or a file within a zip for executables.
    pub main: Option<String>,
    /// Its code.
    pub code: CodePackage,
    /// Arguments that every call gets unless it overrides them.
    pub parameters: Vec<NamedJson>,
    /// Environment variables (plain ones), name and text.
    pub env: Vec<(String, String)>,
    /// Names of the environment variables whose values are in the secret store.
    pub secret_names: Vec<String>,
    /// OpenWhisk annotations that have no field of their own here.
    pub annotations: Vec<NamedJson>,
    /// What it may use.
    pub limits: Limits,
    /// How it is kept, retried and reached.
    pub settings: Settings,
    /// Web or private.
    pub web: WebExport,
    /// What happens to a run cut short by a crash of Beckon.
    pub lost_policy: LostPolicy,
    /// OpenWhisk's `publish` flag; kept, and of no effect here.
    pub publish: bool,
    /// When it was first made.
    pub created: Millis,
    /// When this version was saved.
    pub updated: Millis,
}

impl Function {
    /// The annotation of [`topics`](Self::topics).
    pub const TOPICS: &str = "topics";
    /// The annotation of what Spaces keeps of a function; its `options.topics` are the topics where there is no other
    /// annotation of them.
    pub const SPACES: &str = "spaces";

    /// The topics of messages that it asks for, by its annotation `topics`: a text, separated by commas. A trigger of its
    /// namespace that listens for all ([`TopicTrigger`](crate::TopicTrigger)) calls it for messages on them.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        let text = self.topics_as_written().unwrap_or_default();
        let topics = text.split(',').map(str::trim);
        topics
            .filter(|topic| !topic.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// What the watchdog before it reads from its environment: OpenFaaS puts one before its templates too (of-watchdog's
    /// `http`). Settings left over from another contract bound nothing.
    #[must_use]
    pub fn watchdog(&self) -> Option<&Watchdog> {
        self.contract.is_openfaas().then_some(&self.settings.watchdog)
    }

    /// Whether it was made for Spaces: by its contract, or through its API (a Go function has another contract).
    #[must_use]
    pub fn is_of_spaces(&self) -> bool {
        self.contract == Contract::Spaces || self.annotations.iter().any(|named| named.key == Self::SPACES)
    }

    /// The text of [`topics`](Self::topics).
    #[must_use]
    pub fn topics_as_written(&self) -> Option<String> {
        let annotation = |key| self.annotations.iter().find(|named| named.key == key);
        if let Some(own) = annotation(Self::TOPICS) {
            return Some(own.as_variable());
        }
        let kept = annotation(Self::SPACES)?.value.to_value();
        kept["options"]["topics"].as_str().map(str::to_owned)
    }
}

/// What is needed to make a function, or to replace everything about one but its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFunction {
    /// What it runs on; `family:default` is resolved by the engine.
    pub runtime: Runtime,
    /// How its handler is called.
    pub contract: Contract,
    /// Entry point.
    pub main: Option<String>,
    /// Its code.
    pub code: CodePackage,
    /// Default parameters.
    pub parameters: Vec<NamedJson>,
    /// Plain environment variables.
    pub env: Vec<(String, String)>,
    /// Names of the secret ones.
    pub secret_names: Vec<String>,
    /// Other annotations.
    pub annotations: Vec<NamedJson>,
    /// Limits.
    pub limits: Limits,
    /// How it is kept, retried and reached.
    pub settings: Settings,
    /// Web or private.
    pub web: WebExport,
    /// After a crash.
    pub lost_policy: LostPolicy,
    /// OpenWhisk's flag.
    pub publish: bool,
    /// The version to store it as; `None` is 0.0.1 for a new function and the next patch for a changed one.
    pub version: Option<Version>,
}

impl NewFunction {
    /// A private function with default limits.
    #[must_use]
    pub fn new(runtime: Runtime, code: CodePackage) -> Self {
        Self {
            runtime,
            contract: Contract::Openwhisk,
            main: None,
            code,
            parameters: Vec::new(),
            env: Vec::new(),
            secret_names: Vec::new(),
            annotations: Vec::new(),
            limits: Limits::DEFAULT,
            settings: Settings::default(),
            web: WebExport::Private,
            lost_policy: LostPolicy::Retry,
            publish: false,
            version: None,
        }
    }
}

impl From<Function> for NewFunction {
    /// The same function, to be changed and saved again.
    fn from(f: Function) -> Self {
        Self {
            runtime: f.runtime,
            contract: f.contract,
            main: f.main,
            code: f.code,
            parameters: f.parameters,
            env: f.env,
            secret_names: f.secret_names,
            annotations: f.annotations,
            limits: f.limits,
            settings: f.settings,
            web: f.web,
            lost_policy: f.lost_policy,
            publish: f.publish,
            version: None,
        }
    }
}

/// A function as a list shows it, local or remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FunctionSummary {
    /// Where it is.
    #[serde(flatten)]
    pub key: FunctionKey,
    /// Its version, as its system writes it.
    pub version: String,
    /// Its kind, as its system writes it, for example `nodejs:20`, `sequence`.
    pub kind: String,
    /// Web or private.
    pub web: WebExport,
    /// Its limits.
    pub limits: Limits,
    /// When it was last changed.
    pub updated: Millis,
    /// Its container image, where functions are images.
    pub image_name: Option<String>,
    /// How it is, where functions are started before they are called.
    pub readiness: Option<Readiness>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_patches() {
        assert_eq!(Version::FIRST.next().to_string(), "0.0.2");
        assert!("1.2".parse::<Version>().is_err());
        assert!("1.2.3.4".parse::<Version>().is_err());
    }

    #[test]
    fn limits_speak_openwhisk() {
        let too_long = Limits {
            timeout_ms: 900_001,
            ..Limits::DEFAULT
        }
        .check()
        .unwrap_err();
        assert_eq!(
            too_long.message,
            "duration 900001 milliseconds exceeds allowed threshold of 900000 milliseconds"
        );
        let too_small = Limits {
            memory_mb: 1,
            ..Limits::DEFAULT
        }
        .check()
        .unwrap_err();
        assert_eq!(
            too_small.message,
            "memory size 1 MB below allowed threshold of 32 MB"
        );
    }
}
