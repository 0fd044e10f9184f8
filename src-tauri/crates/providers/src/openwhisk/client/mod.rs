//! The client of an OpenWhisk API: a provider's, or another Beckon's gateway.

mod http;
mod invoke;
mod lists;
mod pasted;
mod read;
mod reply;

use std::time::Instant;

use async_trait::async_trait;
use beckon_core::{
    Activation, ActivationId, Error, ErrorCode, FunctionKey, FunctionSummary, JsonText, Millis, Mode,
    NamedJson, Namespace, NamespaceName, Result, Secret,
};

use super::{function_path, path_segment, wire};
use crate::{Reach, Remote, RemoteFunction, RemoteOutcome};
use http::Http;
pub use pasted::{PastedCredential, read_pasted};
use reply::Reply;

/// A connection to one API host with one key. Connections to the host are kept open and shared.
pub(crate) struct Client {
    http: Http,
}

impl Client {
    /// See [`crate::connect`].
    pub(crate) fn new(api_host: &str, key: Secret) -> Result<Self> {
        pasted::check_key(key.expose())?;
        Ok(Self {
            http: Http::new(api_host, key)?,
        })
    }

    async fn namespace_names(&self) -> Result<Vec<NamespaceName>> {
        let names: Vec<String> = self.http.get("namespaces").await?.ok()?.json()?;
        // A name that breaks OpenWhisk's own rule could not be used in any later call.
        Ok(names
            .into_iter()
            .filter_map(|name| NamespaceName::new(name).ok())
            .collect())
    }

    /// How many functions a namespace has. Servers that do not know `count` answer a list.
    async fn count(&self, namespace: &NamespaceName) -> Result<u32> {
        let path = format!(
            "namespaces/{}/actions?count=true&limit=0",
            path_segment(namespace.as_str())
        );
        let answer: serde_json::Value = self.http.get(&path).await?.ok()?.json()?;
        let count = match &answer {
            serde_json::Value::Array(list) => list.len() as u64,
            other => other["actions"].as_u64().unwrap_or_default(),
        };
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    async fn action(&self, key: &FunctionKey, with_code: bool) -> Result<wire::ReceivedAction> {
        let path = format!("{}?code={with_code}", action_path(key));
        self.http.get(&path).await?.ok()?.json()
    }
}

fn action_path(key: &FunctionKey) -> String {
    format!(
        "namespaces/{}/actions/{}",
        path_segment(key.namespace.as_str()),
        function_path(&key.name)
    )
}

#[async_trait]
impl Remote for Client {
    async fn check(&self) -> Result<Reach> {
        let begin = Instant::now();
        let namespaces = self.namespace_names().await?;
        let latency_ms = u32::try_from(begin.elapsed().as_millis()).unwrap_or(u32::MAX);
        Ok(Reach {
            latency_ms,
            namespaces,
        })
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>> {
        let mut namespaces = Vec::new();
        for name in self.namespace_names().await? {
            let functions = self.count(&name).await?;
            namespaces.push(Namespace {
                label: name.to_string(),
                name,
                created: 0,
                functions,
            });
        }
        Ok(namespaces)
    }

    async fn functions(&self, namespace: &NamespaceName) -> Result<Vec<FunctionSummary>> {
        lists::functions(&self.http, namespace).await
    }

    async fn function(&self, key: &FunctionKey) -> Result<RemoteFunction> {
        // The description first: the code of a zip package may have 64 MiB, and is not wanted.
        let mut action = self.action(key, false).await?;
        let is_text = action.exec.as_ref().is_some_and(|exec| {
            exec.binary != Some(true) && exec.kind.as_deref().is_some_and(read::has_source)
        });
        if is_text {
            action = self.action(key, true).await?;
        }
        let summary = read::summary(&action).ok_or_else(|| {
            Error::new(
                ErrorCode::BadReply,
                "The provider described a function whose name Beckon cannot use.",
            )
        })?;
        let (env, parameters): (Vec<_>, Vec<_>) = action
            .parameters
            .unwrap_or_default()
            .into_iter()
            .partition(|pair| pair.init);
        let exec = action.exec;
        Ok(RemoteFunction {
            summary,
            main: exec.as_ref().and_then(|exec| exec.main.clone()),
            code: exec
                .filter(|_| is_text)
                .and_then(|exec| exec.code?.as_str().map(str::to_owned)),
            parameters: parameters.into_iter().map(NamedJson::from).collect(),
            env_names: env.into_iter().map(|pair| pair.key).collect(),
            annotations: action
                .annotations
                .unwrap_or_default()
                .into_iter()
                .map(NamedJson::from)
                .collect(),
        })
    }

    async fn invoke(&self, key: &FunctionKey, input: &JsonText, mode: Mode) -> Result<RemoteOutcome> {
        invoke::invoke(&self.http, key, input, mode).await
    }

    async fn activation(&self, namespace: &NamespaceName, id: ActivationId) -> Result<Option<Activation>> {
        let path = format!("namespaces/{}/activations/{id}", path_segment(namespace.as_str()));
        let reply = self.http.get(&path).await?;
        if is_no_record(&reply) {
            return Ok(None);
        }
        let record: wire::ReceivedActivation = reply.ok()?.json()?;
        read::activation(&record, namespace, Mode::NonBlocking).map(Some)
    }

    async fn activations(
        &self,
        namespace: &NamespaceName,
        since: Option<Millis>,
        limit: u32,
    ) -> Result<Vec<Activation>> {
        lists::activations(&self.http, namespace, since, limit).await
    }
}

/// A 404 means "no record yet" only when it is the API's own document; a proxy's 404 page means a wrong host.
fn is_no_record(reply: &Reply) -> bool {
    reply.status == 404 && reply.error_text().is_some()
}
