//! One request, one bounded reply, and every way that the transport can fail as one of Beckon's errors.

use std::net::IpAddr;
use std::time::Duration;

use beckon_core::{Error, ErrorCode, Result, Secret};
use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Method, RequestBuilder};
use url::{Host, Url};

use super::reply::{Reply, redact};
use crate::openwhisk::{ACTIVATION_HEADER, basic};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Reading, and everything but a blocking call.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// A blocking call: upstream waits up to 60 s before it answers 202.
pub(super) const BLOCKING_TIMEOUT: Duration = Duration::from_secs(70);
/// The longest reply that is read.
const REPLY_LIMIT: usize = 16 * 1024 * 1024;

/// The transport: a host, a key, and a pool of connections.
pub(super) struct Http {
    client: reqwest::Client,
    /// `https://host[:port]/api/v1/`.
    base: Url,
    key: Secret,
    authorization: HeaderValue,
}

impl Http {
    pub(super) fn new(api_host: &str, key: Secret) -> Result<Self> {
        let base = base_url(api_host)?;
        let mut authorization =
            HeaderValue::from_str(&format!("Basic {}", basic(&key).expose())).map_err(|_| {
                Error::new(
                    ErrorCode::InvalidInput,
                    "The key holds characters that no header can carry.",
                )
            })?;
        authorization.set_sensitive(true);
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
        Ok(Self {
            client,
            base,
            key,
            authorization,
        })
    }

    /// GET below `/api/v1/`; `path` is encoded already and may have a query.
    pub(super) async fn get(&self, path: &str) -> Result<Reply> {
        self.send(self.request(Method::GET, path)?.timeout(CALL_TIMEOUT))
            .await
    }

    /// POST a JSON document below `/api/v1/`.
    pub(super) async fn post(&self, path: &str, body: String, timeout: Duration) -> Result<Reply> {
        let request = self.request(Method::POST, path)?;
        self.send(
            request
                .header("content-type", "application/json")
                .body(body)
                .timeout(timeout),
        )
        .await
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        let url = self
            .base
            .join(path)
            .map_err(|e| Error::internal("build a URL", e))?;
        Ok(self
            .client
            .request(method, url)
            .header(AUTHORIZATION, self.authorization.clone()))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Reply> {
        let mut response = request.send().await.map_err(|error| self.failure(&error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(self.redirected(response.headers().get(LOCATION)));
        }
        let text = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let activation = text(ACTIVATION_HEADER);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(&error))? {
            if body.len() + chunk.len() > REPLY_LIMIT {
                let message = format!("{} sent a reply of more than {REPLY_LIMIT} bytes.", self.host());
                return Err(Error::new(ErrorCode::LimitExceeded, message));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status,
            activation,
            body,
            key: self.key.clone(),
            host: self.host(),
        })
    }

    fn host(&self) -> String {
        authority(&self.base)
    }

    fn failure(&self, error: &reqwest::Error) -> Error {
        let host = self.host();
        if error.is_timeout() && !error.is_connect() {
            return Error::new(ErrorCode::Timeout, format!("{host} did not answer in time."));
        }
        let message = if error.is_connect() {
            format!("{host} cannot be reached.")
        } else {
            format!("The connection to {host} broke before the reply was complete.")
        };
        Error::new(ErrorCode::Unreachable, message).with_details(redact(&self.key, &chain(error)))
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
                format!("{host} redirects to {target}; the key was not sent there."),
            )
            .with_hint(format!("If you trust {target}, use it as the API host.")),
            None => Error::new(
                ErrorCode::BadReply,
                format!("{host} answered with a redirect to nowhere."),
            ),
        }
    }
}

/// `host`, `host:port`, `https://host`, with or without `/api/v1`, as the URL that all paths are below.
fn base_url(api_host: &str) -> Result<Url> {
    let refuse = |message: &str| {
        Error::new(ErrorCode::InvalidInput, message.to_owned())
            .with_hint("For example https://faas-lon1-0123abcd.doserverless.co or http://127.0.0.1:6464.")
    };
    let text = api_host.trim();
    if text.is_empty() {
        return Err(refuse("The API host is empty."));
    }
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let mut url = Url::parse(&text).map_err(|_| refuse("The API host is not a host name or URL."))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(refuse("The API host must be an http or https URL."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("The API host must not hold a credential."));
    }
    if !matches!(url.path().trim_end_matches('/'), "" | "/api" | "/api/v1") || url.query().is_some() {
        return Err(refuse("The API host must be a host, without a path."));
    }
    url.set_fragment(None);
    url.set_path("/api/v1/");
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_understood() {
        for (text, base) in [
            (
                "faas-lon1-1.doserverless.co",
                "https://faas-lon1-1.doserverless.co/api/v1/",
            ),
            (" https://h.example/ ", "https://h.example/api/v1/"),
            ("http://127.0.0.1:6464", "http://127.0.0.1:6464/api/v1/"),
            ("https://h.example/api/v1/", "https://h.example/api/v1/"),
            ("localhost:3233", "https://localhost:3233/api/v1/"),
        ] {
            assert_eq!(base_url(text).unwrap().as_str(), base);
        }
        for text in [
            "",
            "ftp://h",
            "https://u:p@h",
            "https://h/x",
            "https://h/?q",
            "a b",
            "https://",
        ] {
            assert_eq!(
                base_url(text).unwrap_err().code,
                ErrorCode::InvalidInput,
                "{text}"
            );
        }
    }
}
