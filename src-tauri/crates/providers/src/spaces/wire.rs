//! The documents of Spaces, as its own clients read and write them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::null::or_default;

/// Names with texts: environment variables.
pub(crate) type Texts = BTreeMap<String, String>;

/// The template of Python functions.
pub(crate) const PYTHON: &str = "python3-http";
/// The template of Go functions.
pub(crate) const GO: &str = "go";

/// What a client sends of a function. What is not said, or is `null`, stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) env: Option<Texts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) options: Option<Options>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Source>,
}

impl Draft {
    /// This, and what `older` says beside it.
    pub(crate) fn over(self, older: Self) -> Self {
        Self {
            name: self.name.or(older.name),
            description: self.description.or(older.description),
            template: self.template.or(older.template),
            env: self.env.or(older.env),
            options: self.options.or(older.options),
            source: self.source.or(older.source),
        }
    }
}

/// What calls a function beside its callers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Options {
    /// Topics of the space's message triggers, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topics: Option<String>,
    /// A cron expression, by which the space's cron trigger calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<String>,
    /// What else a server says, which stays as it is.
    #[serde(flatten)]
    pub(crate) others: serde_json::Map<String, serde_json::Value>,
}

/// A function's code in base64: a source file, or (beyond what Spaces takes) a zip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) code: String,
}

/// Where a function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Pending,
    Building,
    Running,
    Failed,
    /// What this does not know; never told.
    #[serde(other)]
    Other,
}

/// A function as it is told of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Function {
    pub(crate) id: String,
    pub(crate) space: String,
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) description: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) template: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) env: Texts,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) options: Options,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Source>,
    pub(crate) status: State,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) metrics: Metrics,
    /// Without a zone: UTC.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) created_at: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) updated_at: String,
    /// Why it is `Failed`. Spaces tells it of triggers alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error_message: Option<String>,
}

/// How much of a function there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Metrics {
    #[serde(deserialize_with = "or_default")]
    pub(crate) invocations: u64,
    #[serde(deserialize_with = "or_default")]
    pub(crate) replicas: u64,
    #[serde(deserialize_with = "or_default")]
    pub(crate) available_replicas: u64,
}

/// Part of a list.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Page<T> {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) data: Vec<T>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) paging: Paging,
}

/// Where the list goes on; empty where it does not.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Paging {
    #[serde(deserialize_with = "or_default")]
    pub(crate) next_cursor: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) previous_cursor: String,
}

/// A space in a list of them. Beckon's own: Spaces' documents have no such list.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Space {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
}

/// A line that a function wrote.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LogEntry {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) instance: String,
    /// RFC 3339.
    pub(crate) timestamp: String,
    pub(crate) text: String,
}

/// What calls the functions of a space that have options for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Trigger {
    #[serde(deserialize_with = "or_default")]
    pub(crate) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) description: String,
    /// `cron`, `mqtt` or `rabbitmq`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub(crate) kind: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "serde_json::Map::is_empty"
    )]
    pub(crate) config: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<TriggerState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callback_url: Option<String>,
}

/// Where a trigger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TriggerState {
    Pending,
    Running,
    Failed,
    /// What this does not know; never told.
    #[serde(other)]
    Other,
}

fn an_hour() -> u64 {
    3_600
}

/// The answer of `/oauth2/token` (RFC 6749, 5.1).
#[derive(Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) access_token: String,
    /// Seconds. A server need not say it.
    #[serde(default = "an_hour")]
    pub(crate) expires_in: u64,
    #[serde(default)]
    pub(crate) scope: String,
    pub(crate) token_type: String,
    /// Beckon's own, which other clients pass over (RFC 6749, 5.1): every answer that a function gave names its run in
    /// `X-Activation-Id`, so that a refusal at the door, which does not, cannot be taken for one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) names_runs: bool,
}
