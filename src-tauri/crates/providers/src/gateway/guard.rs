//! Who may speak to the gateway at all.
//!
//! It listens on loopback, but every web page that a person opens can send requests there, and a name that its owner
//! points to 127.0.0.1 (DNS rebinding) makes them look like the page's own. Therefore both the name that the client
//! used (`Host`) and, where a browser says it, the page's origin (`Origin`) must be loopback themselves. For the same
//! reason CORS is granted to loopback origins only, where upstream answers `*`.
//!
//! The domains that a user gave to functions are let in beside them, exactly as they are in the settings: an owner of
//! another name cannot make one of these. As an origin, such a domain is good for its own function only: the same name
//! may belong to pages on the public network as well.
//!
//! Browsers send no `Origin` with an image or a frame that another site's page asks for. They say `Sec-Fetch-Site`
//! instead (W3C Fetch Metadata), and then only a link that a person follows is let in.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, HOST, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use beckon_core::FunctionKey;

use super::{Gateway, Refusal, domains};

/// Upstream's list, and the header that names a transaction.
const ALLOWED_HEADERS: &str =
    "Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent, X-Request-ID";
const ALLOWED_METHODS: &str = "GET, DELETE, POST, PUT, HEAD";
const WEB_METHODS: &str = "OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH";
const EXPOSED_HEADERS: &str = "x-openwhisk-activation-id, X-Request-ID";

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// A request that may come in.
pub(super) struct Visitor {
    /// The function whose own host the request names.
    pub(super) function: Option<FunctionKey>,
    /// The page that makes it, if a browser said so.
    origin: Option<HeaderValue>,
}

/// Refuses what does not come from this machine.
pub(super) async fn check(gateway: &Gateway, uri: &Uri, headers: &HeaderMap) -> Result<Visitor, Refusal> {
    check_host(uri, headers, |host| {
        is_loopback(host) || domains::owner(gateway, host).is_some()
    })?;
    let function = match domains::host_of(uri, headers) {
        Some(host) => domains::find(gateway, &host).await?,
        None => None,
    };
    let origin = check_origin(headers, |host| {
        is_loopback(host) || (function.is_some() && domains::owner(gateway, host) == function)
    })?;
    if origin.is_none() {
        check_fetch(headers)?;
    }
    Ok(Visitor { function, origin })
}

impl Visitor {
    /// What the answer of the gateway itself says of who may read it.
    pub(super) fn see_off(self, headers: &mut HeaderMap) {
        if let Some(origin) = self.origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(EXPOSED_HEADERS),
            );
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        headers.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(ALLOWED_HEADERS),
        );
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(ALLOWED_METHODS),
        );
    }

    /// The answer to a preflight for a web action that does not answer it itself: every method, and whatever headers the
    /// page wants to send, as upstream.
    pub(super) fn see_off_web(self, headers: &mut HeaderMap, wanted: Option<HeaderValue>) {
        self.see_off(headers);
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(WEB_METHODS),
        );
        if let Some(wanted) = wanted {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted);
        }
    }

    /// The same for a function's answer. It answers for itself, preflights and all; where it says nothing of CORS,
    /// this machine's pages may read it.
    pub(super) fn see_off_function(self, headers: &mut HeaderMap) {
        if let Some(origin) = self.origin
            && !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN)
        {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers
                .entry(ACCESS_CONTROL_EXPOSE_HEADERS)
                .or_insert(HeaderValue::from_static(EXPOSED_HEADERS));
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
    }
}

/// All names that the request gives to this server: the header, and the authority of an absolute URI.
fn check_host(uri: &Uri, headers: &HeaderMap, is_known: impl Fn(&str) -> bool) -> Result<(), Refusal> {
    let named = headers
        .get_all(HOST)
        .iter()
        .map(|host| host.to_str().unwrap_or("?"));
    let mut some = false;
    for host in named.chain(uri.authority().map(axum::http::uri::Authority::as_str)) {
        some = true;
        if !is_known(host) {
            return Err(Refusal::forbidden(format!(
                "The Host '{}' is not an address of this machine's loopback interface.",
                shown(host)
            )));
        }
    }
    if some {
        Ok(())
    } else {
        Err(Refusal::forbidden("The request has no Host header."))
    }
}

fn check_origin(
    headers: &HeaderMap,
    is_known: impl Fn(&str) -> bool,
) -> Result<Option<HeaderValue>, Refusal> {
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(None);
    };
    let text = origin.to_str().unwrap_or("?");
    // `null` (a sandboxed frame, a local file) is no origin that could be trusted.
    let known = text.split_once("://").is_some_and(|(_, host)| is_known(host));
    if known && headers.get_all(ORIGIN).iter().count() == 1 {
        return Ok(Some(origin.clone()));
    }
    Err(Refusal::forbidden(format!(
        "Pages from the origin '{}' may not call this machine's functions.",
        shown(text)
    )))
}

/// Lets another site's page link here, but not make requests behind its reader's back.
fn check_fetch(headers: &HeaderMap) -> Result<(), Refusal> {
    let is = |name: &HeaderName, value: &str| {
        headers
            .get(name)
            .is_some_and(|given| given.as_bytes() == value.as_bytes())
    };
    if is(&FETCH_SITE, "cross-site") && !(is(&FETCH_MODE, "navigate") && is(&FETCH_DEST, "document")) {
        return Err(Refusal::forbidden(
            "Pages of other sites may not call this machine's functions.",
        ));
    }
    Ok(())
}

/// Whether a page in a browser asks, whatever its origin, and not a person or a program.
pub(crate) fn is_of_page(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.get(FETCH_SITE).is_some_and(|site| site != "none")
}

/// The refused name, short and printable.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// `127.0.0.0/8`, `[::1]`, `localhost` and names below it, each with or without a port.
fn is_loopback(authority: &str) -> bool {
    if let Some(rest) = authority.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return false;
        };
        return (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
            && address.parse::<Ipv6Addr>().is_ok_and(|ip| {
                ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|mapped| mapped.is_loopback())
            });
    }
    let host = match authority.split_once(':') {
        Some((host, port)) if is_port(port) => host,
        Some(_) => return false,
        None => authority,
    };
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return ip.is_loopback();
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    name == "localhost"
        || name.strip_suffix(".localhost").is_some_and(|sub| {
            !sub.is_empty()
                && sub
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        })
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_and_nothing_else() {
        for good in [
            "127.0.0.1",
            "127.0.0.1:6464",
            "127.9.9.9:1",
            "localhost",
            "LOCALHOST:80",
            "localhost.",
            "[::1]",
            "[::1]:6464",
            "a.b.localhost:1",
            "tauri.localhost",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evillocalhost",
            ".localhost",
            "10.0.0.1",
            "0.0.0.0",
            "[::2]",
            "[::1",
            "[::1]x",
            "127.0.0.1:x",
            "user@localhost",
            "localhost:80:80",
            "2130706433",
            "evil.example#.localhost",
            "127.1",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }

    #[test]
    fn every_name_must_be_loopback() {
        let mut headers = HeaderMap::new();
        assert!(check_host(&Uri::from_static("/"), &headers, is_loopback).is_err());
        headers.insert(HOST, HeaderValue::from_static("127.0.0.1:6464"));
        assert!(check_host(&Uri::from_static("/"), &headers, is_loopback).is_ok());
        assert!(check_host(&Uri::from_static("http://evil.example/"), &headers, is_loopback).is_err());
        headers.append(HOST, HeaderValue::from_static("evil.example"));
        let refusal = check_host(&Uri::from_static("/"), &headers, is_loopback).unwrap_err();
        assert!(refusal.text.contains("'evil.example'"));
    }

    #[test]
    fn origins() {
        let check = |origin: &'static str| {
            let headers = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))]);
            check_origin(&headers, is_loopback).map(|o| o.is_some())
        };
        assert!(matches!(check("http://localhost:5173"), Ok(true)));
        assert!(matches!(check("tauri://localhost"), Ok(true)));
        assert!(check("https://evil.example").is_err());
        assert!(check("null").is_err());
        assert!(matches!(check_origin(&HeaderMap::new(), is_loopback), Ok(None)));
    }

    #[test]
    fn other_sites_may_link_and_no_more() {
        let check = |site: &'static str, mode: &'static str, dest: &'static str| {
            let headers = HeaderMap::from_iter([
                (FETCH_SITE, HeaderValue::from_static(site)),
                (FETCH_MODE, HeaderValue::from_static(mode)),
                (FETCH_DEST, HeaderValue::from_static(dest)),
            ]);
            check_fetch(&headers).is_ok()
        };
        assert!(check("cross-site", "navigate", "document"));
        assert!(check("none", "navigate", "document"));
        assert!(check("same-site", "no-cors", "image"));
        assert!(!check("cross-site", "navigate", "iframe"));
        assert!(!check("cross-site", "no-cors", "image"));
        assert!(check_fetch(&HeaderMap::new()).is_ok());
    }
}
