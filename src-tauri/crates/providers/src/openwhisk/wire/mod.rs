//! The documents of the OpenWhisk API: those that the gateway writes borrow from Beckon's types, those that a client
//! or a provider sent are lenient about what is missing.

mod action;
mod activation;
mod entity;
mod logs;

pub(crate) use action::{
    Action, ActionItem, PutAction, PutExec, PutLimits, ReceivedAction, ReceivedExec, WireLimits, is_truthy,
    web_export,
};
pub(crate) use activation::{ActivationItem, RULE, ReceivedActivation, Record, Response, TRIGGER, status_of};
pub(crate) use entity::{EntityDocument, PutBinding, PutEntity, ReceivedEntity, ReceivedPath, counted};
pub(crate) use logs::{format_logs, parse_logs};

use beckon_core::{JsonText, NamedJson};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A parameter or an annotation. OpenWhisk writes both as an array of pairs, not as a map.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pair {
    /// The name.
    pub(crate) key: String,
    /// Its value; absent is null.
    #[serde(default = "null")]
    pub(crate) value: Box<RawValue>,
    /// For parameters: an environment variable of the function, instead of an argument.
    #[serde(
        default,
        skip_serializing_if = "std::ops::Not::not",
        deserialize_with = "null_is_false"
    )]
    pub(crate) init: bool,
}

impl Pair {
    /// A pair with a value made here.
    pub(crate) fn new(key: impl Into<String>, value: impl Serialize) -> Self {
        let value = serde_json::value::to_raw_value(&value).unwrap_or_else(|_| null());
        Self {
            key: key.into(),
            value,
            init: false,
        }
    }

    /// Another one like it.
    pub(crate) fn copy(&self) -> Self {
        Self {
            key: self.key.clone(),
            value: self.value.clone(),
            init: self.init,
        }
    }

    /// A parameter that is an environment variable.
    pub(crate) fn variable(named: &NamedJson) -> Self {
        Self {
            init: true,
            ..Self::from(named)
        }
    }
}

impl From<&NamedJson> for Pair {
    fn from(named: &NamedJson) -> Self {
        let value = RawValue::from_string(named.value.as_str().to_owned()).unwrap_or_else(|_| null());
        Self {
            key: named.key.clone(),
            value,
            init: false,
        }
    }
}

impl From<Pair> for NamedJson {
    fn from(pair: Pair) -> Self {
        Self {
            key: pair.key,
            value: json_text(&pair.value),
        }
    }
}

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

fn null_is_false<'de, D: serde::Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(Option::<bool>::deserialize(input)?.unwrap_or_default())
}

/// The text of a value that was parsed before.
pub(crate) fn json_text(raw: &RawValue) -> JsonText {
    JsonText::parse(raw.get()).unwrap_or_else(|_| JsonText::from_value(&serde_json::Value::Null))
}

/// The value to splice into a document: the text is not built into a tree.
pub(crate) fn raw(json: &JsonText) -> &RawValue {
    serde_json::from_str(json.as_str()).unwrap_or(RawValue::NULL)
}
