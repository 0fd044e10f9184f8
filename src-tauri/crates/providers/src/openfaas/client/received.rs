//! What a gateway answers, read with patience: servers leave fields out, and write `null` for nothing.

use beckon_core::{
    DeployedImage, Deployment, FunctionKey, FunctionSummary, Limits, Millis, NamespaceName, Readiness,
    ReadyState, Texts, WebExport,
};
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::RemoteFunction;
use crate::null::or_default;
use crate::openfaas::wire::Kept;

/// The kind of every function: there is no other word for what runs in it.
const KIND: &str = "image";

/// `/system/info`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Info {
    provider: Option<Provider>,
    version: Option<Release>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Provider {
    provider: Option<String>,
    version: Option<Release>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Release {
    release: Option<String>,
}

impl Info {
    /// `faas-netes 0.18.6, gateway 0.27.9`.
    pub(super) fn said(self) -> Option<String> {
        let release =
            |version: Option<Release>| version.and_then(|version| version.release).unwrap_or_default();
        let provider = self.provider.unwrap_or_default();
        let parts = [
            (provider.provider.unwrap_or_default(), release(provider.version)),
            ("gateway".to_owned(), release(self.version)),
        ];
        let said: Vec<String> = parts
            .into_iter()
            .filter(|(name, release)| !name.is_empty() && !release.is_empty())
            .map(|(name, release)| shown(&format!("{name} {release}")))
            .collect();
        (!said.is_empty()).then(|| said.join(", "))
    }
}

/// A stranger's text, fit for one line.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// `FunctionStatus`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Function {
    #[serde(deserialize_with = "or_default")]
    name: String,
    image: Option<String>,
    namespace: Option<String>,
    env_process: Option<String>,
    env_vars: Option<Texts>,
    #[serde(flatten)]
    kept: Kept,
    invocation_count: Option<f64>,
    replicas: Option<u64>,
    available_replicas: Option<u64>,
    created_at: Option<String>,
    usage: Option<Usage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Usage {
    cpu: Option<f64>,
    total_memory_bytes: Option<f64>,
}

impl Function {
    /// How often it was called, which only a list says.
    pub(super) fn invocations(&self) -> Option<u64> {
        self.invocation_count.map(whole)
    }

    pub(super) fn is(&self, key: &FunctionKey) -> bool {
        self.name == key.name.as_str()
    }

    /// What lists show; `None` of a name that no later call could use.
    pub(super) fn summary(&self, asked: &NamespaceName) -> Option<FunctionSummary> {
        let namespace = self.namespace.as_deref().filter(|name| !name.is_empty());
        Some(FunctionSummary {
            key: FunctionKey::new(namespace.unwrap_or(asked.as_str()), &self.name).ok()?,
            version: String::new(),
            kind: KIND.to_owned(),
            web: WebExport::Private,
            limits: Limits::DEFAULT,
            updated: self.created(),
            image_name: Some(self.image.clone().unwrap_or_default()),
            readiness: Some(self.readiness()),
        })
    }

    /// Counts that are left out are 0.
    fn readiness(&self) -> Readiness {
        let count = |number: Option<u64>| u32::try_from(number.unwrap_or_default()).unwrap_or(u32::MAX);
        let (replicas, available_replicas) = (count(self.replicas), count(self.available_replicas));
        Readiness {
            state: match (replicas, available_replicas) {
                (0, 0) => ReadyState::Idle,
                (_, 0) => ReadyState::Pending,
                _ => ReadyState::Running,
            },
            replicas,
            available_replicas,
        }
    }

    fn created(&self) -> Millis {
        let text = self.created_at.as_deref().unwrap_or_default();
        DateTime::parse_from_rfc3339(text).map_or(0, |at| at.timestamp_millis().max(0))
    }

    /// The whole of it, reached under `origin`.
    pub(super) fn function(self, summary: FunctionSummary, async_url: String) -> RemoteFunction {
        let texts = |map: Option<Map<String, Value>>| -> Texts {
            let text = |value: Value| match value {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            };
            let pairs = map.unwrap_or_default().into_iter();
            pairs
                .map(|(name, value)| (name, text(value)))
                .filter(|(_, value)| !value.is_empty())
                .collect()
        };
        let usage = self.usage.unwrap_or_default();
        let image = DeployedImage {
            deployment: Deployment {
                image: self.image.unwrap_or_default(),
                process: self.env_process.unwrap_or_default(),
                env: self.env_vars.unwrap_or_default(),
                labels: self.kept.labels.unwrap_or_default(),
                annotations: self.kept.annotations.unwrap_or_default(),
                secrets: self.kept.secrets.unwrap_or_default(),
                constraints: self.kept.constraints.unwrap_or_default(),
                limits: texts(self.kept.limits),
                requests: texts(self.kept.requests),
                read_only_root_filesystem: self.kept.read_only_root_filesystem,
            },
            invocations: self.invocation_count.map(whole),
            cpu_millis: usage.cpu,
            memory_bytes: usage.total_memory_bytes.map(whole),
            async_url,
        };
        RemoteFunction {
            image: Some(image),
            ..RemoteFunction::new(summary)
        }
    }
}

/// Go writes counts as floating-point numbers.
fn whole(number: f64) -> u64 {
    // A cast saturates, and makes 0 of what is no number.
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_nothing() {
        let namespace = NamespaceName::new("openfaas-fn").unwrap();
        let function: Function = serde_json::from_str(
            r#"{"name":"a","labels":null,"annotations":null,"limits":{"memory":"1Mi","cpu":""},"invocationCount":3.0,"unknown":1}"#,
        )
        .unwrap();
        let summary = function.summary(&namespace).unwrap();
        assert_eq!(
            (summary.key.to_string().as_str(), summary.updated),
            ("/openfaas-fn/a", 0)
        );
        assert_eq!(summary.readiness.unwrap().state, ReadyState::Idle);
        let image = function.function(summary, String::new()).image.unwrap();
        assert_eq!(image.invocations, Some(3));
        assert_eq!(
            image.deployment.limits,
            [("memory".to_owned(), "1Mi".to_owned())].into()
        );
        let nameless: Function = serde_json::from_str("{}").unwrap();
        assert!(nameless.summary(&namespace).is_none());
    }

    #[test]
    fn a_server_is_said_in_one_line() {
        let info: Info = serde_json::from_str(
            r#"{"provider":{"provider":"faasd\u0007","version":{"release":"0.19"}},"version":{"release":"0.27"},"arch":"x"}"#,
        )
        .unwrap();
        assert_eq!(info.said().as_deref(), Some("faasd 0.19, gateway 0.27"));
        assert_eq!(serde_json::from_str::<Info>("{}").unwrap().said(), None);
    }
}
