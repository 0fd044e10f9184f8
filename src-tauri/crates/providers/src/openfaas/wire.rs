//! The documents of OpenFaaS' `/system`, as its own clients read and write them.

pub(crate) use beckon_core::Texts;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::null::or_default;

/// What is deployed: an image's name and what it is run with, and never code. `null` is as good as nothing, and unknown
/// fields are passed over, as by OpenFaaS' own gateway.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FunctionDeployment {
    pub(crate) service: String,
    pub(crate) image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) env_process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) env_vars: Option<Texts>,
    #[serde(flatten)]
    pub(crate) kept: Kept,
}

/// The part of a deployment that has no place of its own in a function, and that is told again as it was said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) constraints: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secrets: Option<Vec<String>>,
    pub(crate) labels: Option<Texts>,
    pub(crate) annotations: Option<Texts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limits: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) requests: Option<Map<String, Value>>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) read_only_root_filesystem: bool,
}

/// A function as it is told of. Labels and annotations are always objects: clients look into them without asking.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FunctionStatus {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) namespace: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) env_process: String,
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub(crate) env_vars: Texts,
    #[serde(flatten)]
    pub(crate) kept: Kept,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) invocation_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) replicas: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) available_replicas: u64,
    pub(crate) created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<Usage>,
}

/// What a function's replicas take together. The processor's share is not measured here, and left out.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    pub(crate) total_memory_bytes: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// `DELETE /system/functions`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DeleteFunctionRequest {
    pub(crate) function_name: String,
    pub(crate) namespace: Option<String>,
}

/// `POST /system/scale-function/{name}`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ScaleServiceRequest {
    pub(crate) service_name: String,
    pub(crate) replicas: u64,
    pub(crate) namespace: Option<String>,
}

/// A secret as it is made or changed: `value` is a text, `rawValue` bytes in base64 that count where there is no text.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Secret {
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) raw_value: Option<String>,
}

/// A secret as it is told of: never with its value.
#[derive(Debug, Serialize)]
pub(crate) struct SecretName<'a> {
    pub(crate) name: &'a str,
    pub(crate) namespace: &'a str,
}

/// A namespace with its labels and annotations.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FunctionNamespace {
    pub(crate) name: String,
    pub(crate) labels: Option<Texts>,
    pub(crate) annotations: Option<Texts>,
}

/// A line of `/system/logs`.
#[derive(Debug, Serialize)]
pub(crate) struct Message<'a> {
    pub(crate) name: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) instance: &'a str,
    /// RFC 3339.
    pub(crate) timestamp: String,
    pub(crate) text: &'a str,
}

/// What Alertmanager posts.
#[derive(Debug, Deserialize)]
pub(crate) struct PrometheusAlert {
    #[serde(default)]
    pub(crate) status: String,
    pub(crate) alerts: Vec<InnerAlert>,
}

/// One alert of it.
#[derive(Debug, Deserialize)]
pub(crate) struct InnerAlert {
    pub(crate) status: String,
    pub(crate) labels: AlertLabels,
}

/// Whose alert it is: `name` or `name.namespace`.
#[derive(Debug, Deserialize)]
pub(crate) struct AlertLabels {
    pub(crate) function_name: String,
}
