//! The client of Spaces: a provider's, or another Beckon's.

mod call;
mod functions;
mod logs;
mod pages;
mod received;
mod session;
mod spaces;
mod triggers;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::Request;
use beckon_core::{
    Error, ErrorCode, FunctionKey, FunctionLogAsk, FunctionLogLine, FunctionSummary, Namespace,
    NamespaceName, NewSpaceTrigger, Result, Secret, SpaceTrigger,
};
use beckon_store::Expect;
use futures_util::stream::BoxStream;
use serde_json::Value;

use crate::transport::{Dialect, Http};
use crate::{FunctionChange, Reach, Remote, RemoteCode, RemoteFunction, RemoteResponse, SavedFunction};
use session::Session;

/// What the transport knows of Spaces.
pub(crate) const SPACES_API: Dialect = Dialect {
    name: "Spaces' API",
    address: "API host",
    root: "/",
    example: "https://api.swx.altairone.com/spaces/my-space",
    plain_http: false,
    error_text,
};

/// The message of `{"error": {"status", "message"}}`.
fn error_text(body: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    document["error"]["message"].as_str().map(str::to_owned)
}

/// A connection to one API host with one client's credential.
pub(crate) struct Client {
    session: Session,
    /// The only space, where the address names one.
    space: Option<NamespaceName>,
}

impl Client {
    /// See [`crate::connect`]. The address may go on with `/spaces/NAME`: Spaces' documents have no list of spaces.
    pub(crate) fn new(address: &str, key: Secret) -> Result<Self> {
        let (host, space) = divided(address)?;
        Ok(Self {
            session: Session::new(host, key)?,
            space,
        })
    }

    /// Asks, and where the server takes the access token for ended (it was restarted, or somebody revoked it), once more
    /// with another one: what was refused so has changed nothing.
    async fn asking<T, F>(&self, ask: impl Fn(Arc<Http>) -> F + Send) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let asked = ask(self.session.http().await?).await;
        match asked {
            Err(error) if error.code == ErrorCode::Unauthorized => ask(self.session.renewed().await?).await,
            asked => asked,
        }
    }
}

/// The API host of an address, and the space that it names.
fn divided(address: &str) -> Result<(&str, Option<NamespaceName>)> {
    let address = address.trim().trim_end_matches('/');
    match address.rsplit_once("/spaces/") {
        Some((host, space)) => Ok((host, Some(NamespaceName::new(space)?))),
        None => Ok((address, None)),
    }
}

/// The API host alone.
pub(super) fn host_of(address: &str) -> &str {
    divided(address).map_or(address, |(host, _)| host)
}

fn missing(key: &FunctionKey) -> Error {
    Error::not_found(format_args!("function {} in {}", key.name, key.namespace))
}

#[async_trait]
impl Remote for Client {
    async fn check(&self) -> Result<Reach> {
        let began = Instant::now();
        let http = self.session.renewed().await?;
        let namespaces = match &self.space {
            Some(space) => {
                functions::look(&http, space).await?;
                vec![space.clone()]
            }
            None => spaces::names(&http).await?,
        };
        Ok(Reach {
            latency_ms: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
            namespaces,
            server: None,
        })
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>> {
        let space = self.space.as_ref();
        self.asking(|http| async move { spaces::all(&http, space).await })
            .await
    }

    async fn functions(&self, namespace: &NamespaceName) -> Result<Vec<FunctionSummary>> {
        self.asking(|http| async move { functions::all(&http, namespace).await })
            .await
    }

    async fn function(&self, key: &FunctionKey) -> Result<RemoteFunction> {
        self.asking(|http| async move { functions::one(&http, key).await })
            .await
    }

    async fn delete_function(&self, key: &FunctionKey) -> Result<()> {
        self.asking(|http| async move { functions::delete(&http, key).await })
            .await
    }

    async fn code(&self, key: &FunctionKey) -> Result<RemoteCode> {
        self.asking(|http| async move { functions::code(&http, key).await })
            .await
    }

    async fn put_function(
        &self,
        key: &FunctionKey,
        change: &FunctionChange,
        expect: Expect,
    ) -> Result<SavedFunction> {
        self.asking(|http| async move { functions::put(&http, key, change, expect).await })
            .await
    }

    async fn logs(
        &self,
        key: &FunctionKey,
        ask: &FunctionLogAsk,
    ) -> Result<BoxStream<'static, Result<FunctionLogLine>>> {
        self.asking(|http| async move { logs::logs(&http, key, ask).await })
            .await
    }

    async fn space_triggers(&self, space: &NamespaceName) -> Result<Vec<SpaceTrigger>> {
        self.asking(|http| async move { triggers::all(&http, space).await })
            .await
    }

    async fn put_space_trigger(
        &self,
        space: &NamespaceName,
        id: Option<&str>,
        trigger: &NewSpaceTrigger,
        password: Option<&Secret>,
    ) -> Result<SpaceTrigger> {
        self.asking(|http| async move { triggers::put(&http, space, id, trigger, password).await })
            .await
    }

    async fn delete_space_trigger(&self, space: &NamespaceName, id: &str) -> Result<()> {
        self.asking(|http| async move { triggers::delete(&http, space, id).await })
            .await
    }

    async fn call(&self, key: &FunctionKey, request: Request<Bytes>, wait: bool) -> Result<RemoteResponse> {
        call::call(&self.session, key, request, wait).await
    }
}

/// What no function here has.
fn unsupported(what: &str) -> Error {
    Error::new(
        ErrorCode::NotSupported,
        format!("A function of a space has no {what}."),
    )
}
