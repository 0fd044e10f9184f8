use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use beckon_core::FunctionKey;

use crate::gateway::Gateway;
use crate::openwhisk::percent_decoded;

pub(super) const CALL_ID: HeaderName = HeaderName::from_static("x-call-id");
const START_TIME: HeaderName = HeaderName::from_static("x-start-time");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The namespace that OpenFaaS' clients name when a user names none.
pub(super) const USUAL: &str = "openfaas-fn";

/// What a path names: `/function/NAME[/rest]`.
pub(super) struct Target {
    /// The name as it was written, with or without a namespace.
    pub(super) written: String,
    /// What the function sees as its path, percent-encoded.
    pub(super) rest: String,
}

impl Target {
    /// Reads the path behind `prefix` (`/function/`).
    pub(super) fn of(uri: &Uri, prefix: &str) -> Self {
        let path = uri.path().strip_prefix(prefix).unwrap_or_default();
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        // One with an encoded slash is looked up as it was written, and not found.
        let decoded = percent_decoded(name);
        Self {
            written: if decoded.contains('/') {
                name.to_owned()
            } else {
                decoded
            },
            rest: format!("/{rest}"),
        }
    }

    /// Whether it is for a function at all: other names have no route.
    pub(super) fn is_route(&self) -> bool {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !self.written.is_empty()
            && self
                .written
                .replace("%2F", "")
                .replace("%2f", "")
                .chars()
                .all(allowed)
    }

    /// The function: the namespace is what follows the last dot. Without one it is `openfaas-fn`, or where there is no
    /// such namespace the first one, so that a name alone is enough on a machine with one namespace.
    pub(super) async fn function(&self, gateway: &Gateway) -> Option<FunctionKey> {
        let (name, namespace) = match self.written.rsplit_once('.') {
            Some((name, namespace)) => (name, Some(namespace)),
            None => (self.written.as_str(), None),
        };
        let name = name.replace("__", "/");
        match namespace {
            Some(namespace) if namespace != USUAL => FunctionKey::new(namespace, &name).ok(),
            _ => {
                let namespace = gateway.store.home_namespace(USUAL).await.ok()??;
                FunctionKey::new(namespace.as_str(), &name).ok()
            }
        }
    }
}

/// Who called when, as OpenFaaS' gateway tells function and caller.
pub(super) struct Stamp {
    pub(super) call_id: String,
    start: String,
}

impl Stamp {
    /// Takes the caller's id or makes one, and adds the headers that the function sees.
    pub(super) fn on(request: &mut Request) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or_else(|| "127.0.0.1".to_owned(), |ConnectInfo(peer)| peer.to_string());
        let headers = request.headers_mut();
        let given = headers
            .get(CALL_ID)
            .and_then(|id| id.to_str().ok())
            .filter(|id| !id.is_empty());
        // From this process's own generator: asking the kernel for each id is a system call for each.
        let fresh = || {
            uuid::Builder::from_random_bytes(rand::random())
                .into_uuid()
                .to_string()
        };
        let call_id = given.map_or_else(fresh, str::to_owned);
        let nanos = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos());
        let stamp = Self {
            call_id,
            start: nanos.to_string(),
        };
        // A caller's own time stays before it, as Go adds it.
        let earlier = headers.remove(START_TIME);
        stamp.tell(headers);
        if let Some(earlier) = earlier
            && let Some(own) = headers.insert(START_TIME, earlier)
        {
            headers.append(START_TIME, own);
        }
        if !headers.contains_key(FORWARDED_HOST)
            && let Some(host) = headers.get(axum::http::header::HOST).cloned()
        {
            headers.insert(FORWARDED_HOST, host);
        }
        if !headers.contains_key(FORWARDED_FOR)
            && let Ok(peer) = HeaderValue::from_str(&peer)
        {
            headers.insert(FORWARDED_FOR, peer);
        }
        stamp
    }

    /// Puts both into headers. OpenFaaS returns a caller's own id only sometimes; always is a superset.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        for (name, value) in [(CALL_ID, &self.call_id), (START_TIME, &self.start)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
    }
}
