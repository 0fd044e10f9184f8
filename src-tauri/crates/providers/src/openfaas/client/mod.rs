//! The client of an OpenFaaS-compatible gateway: a provider's, or another Beckon's.

mod call;
mod functions;
mod logs;
mod namespaces;
mod received;
mod secrets;

use std::time::Instant;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use beckon_core::{
    Deployment, Error, ErrorCode, FunctionKey, FunctionLogAsk, FunctionLogLine, FunctionSummary, Namespace,
    NamespaceMetadata, NamespaceName, Result, Secret,
};
use futures_util::stream::BoxStream;

use crate::openwhisk::path_segment;
use crate::transport::{Credential, Dialect, Http, Reply};
use crate::{Reach, Remote, RemoteFunction, RemoteResponse};

/// What the transport knows of OpenFaaS.
pub(crate) const OPENFAAS_API: Dialect = Dialect {
    name: "OpenFaaS' API",
    address: "gateway's URL",
    root: "/",
    example: "https://openfaas.example.com or http://127.0.0.1:8080",
    plain_http: true,
    error_text,
};

/// Errors are plain texts. A page of HTML is a proxy's.
fn error_text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    (!text.is_empty() && !text.starts_with('<')).then(|| text.to_owned())
}

/// A connection to one gateway with one password.
pub(crate) struct Client {
    http: Http,
}

impl Client {
    /// See [`crate::connect`].
    pub(crate) fn new(gateway: &str, key: Secret) -> Result<Self> {
        let refuse = |text: &str| Err(Error::new(ErrorCode::InvalidInput, text));
        match key.expose().split_once(':') {
            None | Some(("", _)) => {
                return refuse("The gateway's user is missing; it is admin nearly always.");
            }
            Some(_) => {}
        }
        if key.expose().chars().any(char::is_control) {
            return refuse("The user or the password holds characters that no header can carry.");
        }
        Ok(Self {
            http: Http::new(OPENFAAS_API, gateway, Credential::Basic(key))?,
        })
    }
}

/// `name.namespace`, a segment of a path.
fn written(key: &FunctionKey) -> Result<String> {
    let name = name(key)?;
    Ok(path_segment(&format!("{name}.{}", key.namespace)))
}

/// The name of a function, of which OpenFaaS knows no packages.
fn name(key: &FunctionKey) -> Result<&str> {
    match key.name.package() {
        None => Ok(key.name.as_str()),
        Some(_) => Err(Error::new(
            ErrorCode::InvalidInput,
            "OpenFaaS has no packages: a function's name has no slash.",
        )),
    }
}

fn missing(key: &FunctionKey) -> Error {
    Error::not_found(format_args!("function {} in {}", key.name, key.namespace))
}

/// The reply of a change to one function; a 404 is that there is none.
fn of_function(reply: Reply, key: &FunctionKey) -> Result<Reply> {
    match reply.status {
        StatusCode::NOT_FOUND => Err(missing(key)),
        _ => reply.ok(),
    }
}

/// The reply of a gateway that is looked at for the first time.
fn admitted(reply: Reply) -> Result<Reply> {
    match reply.status {
        StatusCode::UNAUTHORIZED => Err(reply.refusing("this user with this password")),
        _ => reply.of_such_a_server(),
    }
}

/// A document to send.
fn document(document: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(document).map_err(|e| Error::internal("write a request", e))
}

#[async_trait]
impl Remote for Client {
    async fn check(&self) -> Result<Reach> {
        let begin = Instant::now();
        let info: received::Info = admitted(self.http.get("system/info").await?)?.json()?;
        let latency_ms = u32::try_from(begin.elapsed().as_millis()).unwrap_or(u32::MAX);
        // What tells a password that may look from one that may not.
        let _: Option<Vec<received::Function>> =
            admitted(self.http.get("system/functions").await?)?.json()?;
        Ok(Reach {
            latency_ms,
            namespaces: namespaces::names(&self.http).await?,
            server: info.said(),
        })
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>> {
        namespaces::all(&self.http).await
    }

    async fn create_namespace(&self, name: &NamespaceName) -> Result<()> {
        namespaces::create(&self.http, name).await
    }

    async fn delete_namespace(&self, name: &NamespaceName) -> Result<()> {
        namespaces::delete(&self.http, name).await
    }

    async fn namespace_metadata(&self, name: &NamespaceName) -> Result<NamespaceMetadata> {
        namespaces::metadata(&self.http, name).await
    }

    async fn put_namespace_metadata(&self, name: &NamespaceName, metadata: &NamespaceMetadata) -> Result<()> {
        namespaces::put_metadata(&self.http, name, metadata).await
    }

    async fn functions(&self, namespace: &NamespaceName) -> Result<Vec<FunctionSummary>> {
        functions::all(&self.http, namespace).await
    }

    async fn function(&self, key: &FunctionKey) -> Result<RemoteFunction> {
        functions::one(&self.http, key).await
    }

    async fn deploy(&self, key: &FunctionKey, deployment: &Deployment, new: bool) -> Result<()> {
        functions::deploy(&self.http, key, deployment, new).await
    }

    async fn delete_function(&self, key: &FunctionKey) -> Result<()> {
        functions::delete(&self.http, key).await
    }

    async fn scale(&self, key: &FunctionKey, replicas: u32) -> Result<()> {
        functions::scale(&self.http, key, replicas).await
    }

    async fn secrets(&self, namespace: &NamespaceName) -> Result<Vec<String>> {
        secrets::names(&self.http, namespace).await
    }

    async fn put_secret(
        &self,
        namespace: &NamespaceName,
        name: &str,
        value: &Secret,
        replace: bool,
    ) -> Result<()> {
        secrets::put(&self.http, namespace, name, value, replace).await
    }

    async fn delete_secret(&self, namespace: &NamespaceName, name: &str) -> Result<()> {
        secrets::delete(&self.http, namespace, name).await
    }

    async fn logs(
        &self,
        key: &FunctionKey,
        ask: &FunctionLogAsk,
    ) -> Result<BoxStream<'static, Result<FunctionLogLine>>> {
        logs::logs(&self.http, key, ask).await
    }

    async fn call(&self, key: &FunctionKey, request: Request<Bytes>, wait: bool) -> Result<RemoteResponse> {
        call::call(&self.http, key, request, wait).await
    }

    async fn cancel(&self, call_id: &str) -> Result<bool> {
        call::cancel(&self.http, call_id).await
    }
}
