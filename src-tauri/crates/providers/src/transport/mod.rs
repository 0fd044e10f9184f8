//! One request, one bounded reply, and every way that the transport can fail as one of Beckon's errors.
//!
//! The clients of all systems share it: no redirects, a limit to every reply and every wait, and no credential in any
//! text. What differs between systems is a [`Dialect`] and a [`Credential`].

mod call;
mod credential;
mod dialect;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use beckon_core::{Error, ErrorCode, Result};
use futures_util::stream::{BoxStream, StreamExt as _};
use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Method, RequestBuilder};
use url::Url;

pub(crate) use call::Door;
pub(crate) use credential::Credential;
pub(crate) use dialect::Dialect;
use dialect::is_loopback;
pub(crate) use reply::Reply;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Reading, and everything else that answers at once.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest reply that is read.
const REPLY_LIMIT: usize = 16 * 1024 * 1024;
/// The longest reply that has a function's code in it: OpenWhisk's 48 MB in base64, and what else is said of it.
const CODE_REPLY_LIMIT: usize = 70 * 1024 * 1024;
/// Sending or fetching a function's code.
const CODE_TIMEOUT: Duration = Duration::from_secs(300);

/// The transport: a host, a credential, and a pool of connections.
pub(crate) struct Http {
    client: reqwest::Client,
    /// `https://host[:port]/root/`.
    base: Url,
    dialect: Dialect,
    credential: Arc<Credential>,
    authorization: HeaderValue,
    broken: Broken,
}

/// A reply's body as it comes.
pub(crate) type Body = BoxStream<'static, Result<Bytes>>;

impl Http {
    /// Nothing is sent yet.
    ///
    /// Errors: `InvalidInput` for an address or a credential that cannot be one; `Internal` when TLS cannot be set up
    /// on this machine (no CA certificates).
    pub(crate) fn new(dialect: Dialect, address: &str, credential: Credential) -> Result<Self> {
        let base = dialect.base_url(address)?;
        let authorization = credential.header()?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("beckon/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // A redirect could carry the credential to another host; see `redirected`.
            .redirect(reqwest::redirect::Policy::none());
        if base.scheme() == "http" {
            // Without TLS no certificate is looked for, so that a machine without any can still use a plain host.
            builder = builder.tls_certs_only(std::iter::empty());
        }
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            Error::internal("set up TLS", chain(&error))
                .with_hint("Install the system's CA certificates (Debian: the package ca-certificates).")
        })?;
        let credential = Arc::new(credential);
        let broken = Broken {
            host: authority(&base),
            credential: Arc::clone(&credential),
        };
        Ok(Self {
            client,
            base,
            dialect,
            credential,
            authorization,
            broken,
        })
    }

    /// GET below the root; `path` is encoded already and may have a query.
    pub(crate) async fn get(&self, path: &str) -> Result<Reply> {
        self.send(self.request(Method::GET, path)?.timeout(CALL_TIMEOUT))
            .await
    }

    /// GET of a document with a function's code in it.
    pub(crate) async fn get_code(&self, path: &str) -> Result<Reply> {
        let request = self.request(Method::GET, path)?.timeout(CODE_TIMEOUT);
        self.send_for(request, CODE_REPLY_LIMIT).await
    }

    /// PUT of a document with a function's code in it, which may be in the reply as well.
    pub(crate) async fn put_code(&self, path: &str, body: String) -> Result<Reply> {
        self.send_code(Method::PUT, path, body).await
    }

    /// POST a JSON document below the root.
    pub(crate) async fn post(&self, path: &str, body: String, timeout: Duration) -> Result<Reply> {
        self.send_json(Method::POST, path, body, timeout).await
    }

    /// PUT a JSON document below the root.
    pub(crate) async fn put(&self, path: &str, body: String, timeout: Duration) -> Result<Reply> {
        self.send_json(Method::PUT, path, body, timeout).await
    }

    /// POST of a document with a function's code in it, which may be in the reply as well.
    pub(crate) async fn post_code(&self, path: &str, body: String) -> Result<Reply> {
        self.send_code(Method::POST, path, body).await
    }

    async fn send_code(&self, method: Method, path: &str, body: String) -> Result<Reply> {
        let request = self.request(method, path)?.timeout(CODE_TIMEOUT);
        let request = request.header("content-type", "application/json").body(body);
        self.send_for(request, CODE_REPLY_LIMIT).await
    }

    /// POST of a form with the credential among its fields, which are encoded already, and not in a header as well.
    pub(crate) async fn post_form(&self, path: &str, fields: String) -> Result<Reply> {
        let request = self
            .client
            .request(Method::POST, self.url(path)?)
            .timeout(CALL_TIMEOUT);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(fields)).await
    }

    /// DELETE below the root.
    pub(crate) async fn delete(&self, path: &str) -> Result<Reply> {
        self.send(self.request(Method::DELETE, path)?.timeout(CALL_TIMEOUT))
            .await
    }

    /// DELETE with a JSON document, as OpenFaaS wants it.
    pub(crate) async fn delete_with(&self, path: &str, body: String) -> Result<Reply> {
        self.send_json(Method::DELETE, path, body, CALL_TIMEOUT).await
    }

    /// GET of a body that is read as it comes, for as long as it comes. What is no success is its error.
    pub(crate) async fn follow(&self, path: &str) -> Result<Body> {
        let request = self.request(Method::GET, path)?.send();
        let sent = tokio::time::timeout(CALL_TIMEOUT, request).await;
        let response = sent
            .map_err(|_| self.broken.late())?
            .map_err(|error| self.failure(&error))?;
        if response.status().is_success() {
            return Ok(self.body(response));
        }
        self.read(response, REPLY_LIMIT).await?.ok()?;
        Err(Error::new(
            ErrorCode::BadReply,
            format!("{} sent no log.", self.host()),
        ))
    }

    fn body(&self, response: reqwest::Response) -> Body {
        let broken = self.broken.clone();
        response
            .bytes_stream()
            .map(move |chunk| chunk.map_err(|error| broken.failure(&error)))
            .boxed()
    }

    async fn send_json(&self, method: Method, path: &str, body: String, timeout: Duration) -> Result<Reply> {
        let request = self.request(method, path)?;
        self.send(
            request
                .header("content-type", "application/json")
                .body(body)
                .timeout(timeout),
        )
        .await
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        Ok(self
            .client
            .request(method, self.url(path)?)
            .header(AUTHORIZATION, self.authorization.clone()))
    }

    fn url(&self, path: &str) -> Result<Url> {
        self.base
            .join(path)
            .map_err(|e| Error::internal("build a URL", e))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Reply> {
        self.send_for(request, REPLY_LIMIT).await
    }

    /// Sends a request, for a reply of at most `limit` bytes.
    async fn send_for(&self, request: RequestBuilder, limit: usize) -> Result<Reply> {
        let response = request.send().await.map_err(|error| self.failure(&error))?;
        self.read(response, limit).await
    }

    async fn read(&self, mut response: reqwest::Response, limit: usize) -> Result<Reply> {
        let status = response.status();
        if status.is_redirection() {
            return Err(self.redirected(response.headers().get(LOCATION)));
        }
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(&error))? {
            if body.len() + chunk.len() > limit {
                let message = format!("{} sent a reply of more than {limit} bytes.", self.host());
                return Err(Error::new(ErrorCode::LimitExceeded, message));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status,
            headers,
            body,
            dialect: self.dialect,
            credential: Arc::clone(&self.credential),
            hidden: None,
            host: self.host(),
        })
    }

    /// `https://host[:port]`.
    pub(crate) fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// `host` or `host:port`, for an error's text.
    pub(crate) fn host(&self) -> String {
        authority(&self.base)
    }

    fn failure(&self, error: &reqwest::Error) -> Error {
        self.broken.failure(error)
    }

    fn redirected(&self, location: Option<&HeaderValue>) -> Error {
        let target = location
            .and_then(|location| location.to_str().ok())
            .and_then(|location| self.base.join(location).ok())
            .filter(Url::has_host)
            .map(|url| authority(&url));
        let host = self.host();
        match target {
            Some(target) => Error::new(
                ErrorCode::BadReply,
                format!("{host} redirects to {target}; the credential was not sent there."),
            )
            .with_hint(format!(
                "If you trust {target}, use it as the {}.",
                self.dialect.address
            )),
            None => Error::new(
                ErrorCode::BadReply,
                format!("{host} answered with a redirect to nowhere."),
            ),
        }
    }
}

/// What is said when a connection fails, for as long as anything comes over it.
#[derive(Clone)]
struct Broken {
    host: String,
    credential: Arc<Credential>,
}

impl Broken {
    fn late(&self) -> Error {
        Error::new(
            ErrorCode::Timeout,
            format!("{} did not answer in time.", self.host),
        )
    }

    fn failure(&self, error: &reqwest::Error) -> Error {
        if error.is_timeout() && !error.is_connect() {
            return self.late();
        }
        let host = &self.host;
        let message = if error.is_connect() {
            format!("{host} cannot be reached.")
        } else {
            format!("The connection to {host} broke before the reply was complete.")
        };
        Error::new(ErrorCode::Unreachable, message).with_details(self.credential.redact(&chain(error)))
    }
}

/// `host` or `host:port`.
fn authority(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

/// An error and its causes in one line; reqwest's own text names only the URL.
fn chain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}
