//! The client of an OpenWhisk API: a provider's, or another Beckon's gateway.

mod change;
mod entities;
mod functions;
mod invoke;
mod kinds;
mod lists;
mod pasted;
mod read;

use std::time::Instant;

use async_trait::async_trait;
use beckon_core::{
    Activation, ActivationId, Collection, EntityKey, FunctionKey, FunctionSummary, JsonText, KnownEntity,
    Millis, Mode, Namespace, NamespaceName, Result, Secret,
};
use beckon_store::Expect;
use serde::Deserialize;

use super::entities::EntityChange;
use super::{function_path, path_segment, wire};
use crate::transport::{Credential, Dialect, Http, Reply};
use crate::{
    FunctionChange, Reach, RecordPage, Remote, RemoteCode, RemoteFunction, RemoteKind, RemoteOutcome,
    SavedFunction,
};
pub use pasted::{PastedCredential, read_pasted};

/// What the transport knows of OpenWhisk.
pub(crate) const OPENWHISK_API: Dialect = Dialect {
    name: "OpenWhisk's API",
    address: "API host",
    root: "/api/v1/",
    example: "https://faas-lon1-0123abcd.doserverless.co or http://127.0.0.1:6464",
    plain_http: true,
    error_text,
};

/// The API's own error document. `code` is a text, and was a number once.
fn error_text(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct ErrorDocument {
        error: String,
        #[serde(default)]
        code: Option<serde_json::Value>,
    }
    let document: ErrorDocument = serde_json::from_slice(body).ok()?;
    document.code.map(|_| document.error)
}

/// A connection to one API host with one key. Connections to the host are kept open and shared.
pub(crate) struct Client {
    http: Http,
}

impl Client {
    /// See [`crate::connect`].
    pub(crate) fn new(api_host: &str, key: Secret) -> Result<Self> {
        pasted::check_key(key.expose())?;
        Ok(Self {
            http: Http::new(OPENWHISK_API, api_host, Credential::Basic(key))?,
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
            server: None,
        })
    }

    async fn kinds(&self) -> Result<Vec<RemoteKind>> {
        kinds::kinds(&self.http).await
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
        functions::get(&self.http, key).await
    }

    async fn code(&self, key: &FunctionKey) -> Result<RemoteCode> {
        functions::code(&self.http, key).await
    }

    async fn put_function(
        &self,
        key: &FunctionKey,
        change: &FunctionChange,
        expect: Expect,
    ) -> Result<SavedFunction> {
        functions::put(&self.http, key, change, expect).await
    }

    async fn delete_function(&self, key: &FunctionKey) -> Result<()> {
        functions::delete(&self.http, key).await
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
        skip: u32,
        limit: u32,
    ) -> Result<RecordPage> {
        lists::activations(&self.http, namespace, since, skip, limit).await
    }

    async fn entities(&self, namespace: &NamespaceName) -> Result<Vec<KnownEntity>> {
        entities::all(&self.http, namespace).await
    }

    async fn entity(&self, key: &EntityKey, collection: Collection) -> Result<KnownEntity> {
        entities::one(&self.http, key, collection).await
    }

    async fn put_entity(&self, key: &EntityKey, change: &EntityChange, replace: bool) -> Result<KnownEntity> {
        entities::put(&self.http, key, change, replace).await
    }

    async fn set_rule_active(&self, key: &EntityKey, active: bool) -> Result<()> {
        entities::set_rule_active(&self.http, key, active).await
    }

    async fn delete_entity(&self, key: &EntityKey, collection: Collection, force: bool) -> Result<()> {
        entities::delete(&self.http, key, collection, force).await
    }

    async fn fire(&self, key: &EntityKey, payload: &JsonText) -> Result<Option<ActivationId>> {
        entities::fire(&self.http, key, payload).await
    }
}

/// A 404 means "no record yet" only when it is the API's own document; a proxy's 404 page means a wrong host.
fn is_no_record(reply: &Reply) -> bool {
    reply.status == 404 && reply.error_text().is_some()
}
