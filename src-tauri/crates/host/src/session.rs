//! Who may use the panel over HTTP: a browser that opened a one-time link, or this user's own command line.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use subtle::ConstantTimeEq as _;

/// Links that were printed and not opened yet; older ones stop working when there are more.
const MOST_LINKS: usize = 16;
/// Browsers at the same time.
const MOST_SESSIONS: usize = 64;

pub(crate) struct Sessions {
    address: SocketAddr,
    /// Cookies are shared by all ports of a host, so each panel has a name of its own.
    cookie: String,
    control: String,
    links: Mutex<Vec<String>>,
    sessions: Mutex<Vec<String>>,
    hosts: HashSet<String>,
}

impl Sessions {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let port = address.port();
        let hosts = ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .map(|host| format!("{host}:{port}"))
            .collect();
        Self {
            address,
            cookie: format!("beckon_{port}"),
            control: random_token(),
            links: Mutex::default(),
            sessions: Mutex::default(),
            hosts,
        }
    }

    pub(crate) fn control_token(&self) -> &str {
        &self.control
    }

    pub(crate) fn new_link(&self) -> String {
        let token = random_token();
        let link = format!("http://{}/?token={token}", self.address);
        push_bounded(&mut self.links.lock(), token, MOST_LINKS);
        link
    }

    /// Takes a link's token, once, for the `Set-Cookie` of a new session.
    pub(crate) fn open(&self, token: &str) -> Option<String> {
        let mut links = self.links.lock();
        let at = links.iter().position(|link| same(link, token))?;
        links.swap_remove(at);
        let session = random_token();
        let cookie = format!("{}={session}; Path=/; HttpOnly; SameSite=Strict", self.cookie);
        push_bounded(&mut self.sessions.lock(), session, MOST_SESSIONS);
        Some(cookie)
    }

    /// Whether the request comes with a session's cookie or the control token.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        self.is_control(headers)
            || self
                .session_of(headers)
                .is_some_and(|s| self.sessions.lock().iter().any(|k| same(k, s)))
    }

    /// Whether the request comes with the control token.
    pub(crate) fn is_control(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        value
            .and_then(|v| v.strip_prefix("Bearer "))
            .is_some_and(|token| same(token, &self.control))
    }

    fn session_of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let cookies = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(';'));
        cookies
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == self.cookie)
            .map(|(_, value)| value)
    }

    /// Why a request must not go further, if so: a foreign name for this machine (DNS rebinding) or another page.
    fn refusal(&self, headers: &HeaderMap) -> Option<&'static str> {
        let text = |name: header::HeaderName| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
        if !text(header::HOST).is_some_and(|host| self.hosts.contains(host)) {
            return Some("This panel answers only as 127.0.0.1 or localhost.");
        }
        let own = |origin: &str| {
            origin
                .strip_prefix("http://")
                .is_some_and(|host| self.hosts.contains(host))
        };
        if text(header::ORIGIN).is_some_and(|origin| !own(origin)) {
            return Some("This panel does not answer pages of other origins.");
        }
        None
    }
}

/// Refuses foreign hosts and origins, and gives every answer the headers of a page that trusts nobody.
pub(crate) async fn guard(State(sessions): State<Arc<Sessions>>, request: Request, next: Next) -> Response {
    let mut response = match sessions.refusal(request.headers()) {
        Some(reason) => (StatusCode::FORBIDDEN, format!("{reason}\n")).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, axum::http::HeaderValue::from_static(value));
    }
    response
}

/// Inline styles only: the code editor and the positioned pop-ups set them. No inline script, nothing remote.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn push_bounded(list: &mut Vec<String>, item: String, most: usize) {
    if list.len() == most {
        list.remove(0);
    }
    list.push(item);
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// 256 random bits in hexadecimal.
fn random_token() -> String {
    rand::random::<[u8; 32]>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| (n.parse::<header::HeaderName>().unwrap(), v.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_link_opens_one_session_once() {
        let sessions = Sessions::new("127.0.0.1:4000".parse().unwrap());
        let link = sessions.new_link();
        let token = link.split_once("token=").unwrap().1;
        assert!(sessions.open("wrong").is_none());
        let cookie = sessions.open(token).unwrap();
        assert!(sessions.open(token).is_none());
        let pair = cookie.split(';').next().unwrap();
        assert!(sessions.is_known(&headers(&[("cookie", &format!("other=1; {pair}"))])));
        assert!(!sessions.is_known(&headers(&[("cookie", "beckon_4000=x")])));
    }

    #[test]
    fn foreign_hosts_and_origins_are_refused() {
        let sessions = Sessions::new("127.0.0.1:4000".parse().unwrap());
        assert!(
            sessions
                .refusal(&headers(&[("host", "127.0.0.1:4000")]))
                .is_none()
        );
        assert!(
            sessions
                .refusal(&headers(&[
                    ("host", "localhost:4000"),
                    ("origin", "http://localhost:4000")
                ]))
                .is_none()
        );
        for bad in [
            headers(&[]),
            headers(&[("host", "evil.example:4000")]),
            headers(&[("host", "127.0.0.1:5000")]),
            headers(&[("host", "127.0.0.1:4000"), ("origin", "http://evil.example")]),
            headers(&[("host", "127.0.0.1:4000"), ("origin", "http://127.0.0.1:5000")]),
            headers(&[("host", "127.0.0.1:4000"), ("origin", "null")]),
        ] {
            assert!(sessions.refusal(&bad).is_some(), "{bad:?}");
        }
    }
}
