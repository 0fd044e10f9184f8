//! Callback URLs as Go reads them: OpenFaaS' gateway refuses at submission exactly what Go's `url.Parse` refuses, and
//! accepts the rest, `not a url` included. The rules are those of Go's net/url (1.19).

use beckon_core::{Error, ErrorCode};

/// A URL in its parts, none of them decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parsed<'a> {
    /// Lower case; empty when there is none.
    pub(crate) scheme: String,
    /// User and password, encoded.
    pub(crate) user: Option<&'a str>,
    /// With brackets around an IPv6 address; empty when there is none.
    pub(crate) host: &'a str,
    /// The digits after the host's colon.
    pub(crate) port: Option<&'a str>,
    /// As it is.
    pub(crate) path: &'a str,
    /// As it is, without `?`.
    pub(crate) query: Option<&'a str>,
}

/// Checks that a callback URL is one that OpenFaaS' gateway takes.
///
/// # Errors
/// `InvalidInput` with Go's reason; the URL itself, which may hold a credential, is not in it.
pub fn check_callback_url(url: &str) -> Result<(), Error> {
    parse(url).map(drop).map_err(|why| {
        Error::new(
            ErrorCode::InvalidInput,
            format!("The callback URL is not a URL: {why}."),
        )
    })
}

/// Checks more than [`check_callback_url`]: that something could be sent there.
///
/// # Errors
/// `InvalidInput` when it is not a URL, not `http` or `https`, or names no host.
pub fn check_http_url(url: &str) -> Result<(), Error> {
    check_callback_url(url)?;
    let sendable = parse(url)
        .is_ok_and(|parsed| matches!(parsed.scheme.as_str(), "http" | "https") && !parsed.host.is_empty());
    if sendable {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::InvalidInput,
        "The callback URL must begin with http:// or https:// and name a host.",
    ))
}

/// Reads a URL. The error is Go's reason.
pub(crate) fn parse(url: &str) -> Result<Parsed<'_>, &'static str> {
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    if url.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return Err("invalid control character in URL");
    }
    let mut parsed = Parsed {
        scheme: String::new(),
        user: None,
        host: "",
        port: None,
        path: "",
        query: None,
    };
    if url == "*" {
        parsed.path = "*";
        return Ok(parsed);
    }
    let (scheme, rest) = split_scheme(url)?;
    parsed.scheme = scheme.to_ascii_lowercase();
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    parsed.query = query;
    escapes(fragment)?;
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Ok(parsed); // opaque: `mailto:a`
        }
        if rest.split('/').next().is_some_and(|first| first.contains(':')) {
            return Err("first path segment in URL cannot contain colon");
        }
    }
    parsed.path = rest;
    if (!scheme.is_empty() || !rest.starts_with("///"))
        && let Some(after) = rest.strip_prefix("//")
    {
        let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
        parsed.path = path;
        let host = match authority.rsplit_once('@') {
            Some((user, host)) => {
                check_user(user)?;
                parsed.user = Some(user);
                host
            }
            None => authority,
        };
        (parsed.host, parsed.port) = split_host(host)?;
    }
    escapes(parsed.path)?;
    Ok(parsed)
}

fn split_scheme(url: &str) -> Result<(&str, &str), &'static str> {
    for (at, byte) in url.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme"),
            b':' => return Ok((&url[..at], &url[at + 1..])),
            _ => return Ok(("", url)),
        }
    }
    Ok(("", url))
}

fn check_user(user: &str) -> Result<(), &'static str> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !user.bytes().all(good) {
        return Err("invalid userinfo");
    }
    escapes(user)
}

fn split_host(host: &str) -> Result<(&str, Option<&str>), &'static str> {
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if host.starts_with('[') {
        let end = host.rfind(']').ok_or("missing ']' in host")?;
        let (address, rest) = host.split_at(end + 1);
        let port = match rest.strip_prefix(':') {
            Some(port) if digits(port) => Some(port),
            None if rest.is_empty() => None,
            _ => return Err("invalid port after host"),
        };
        match address.find("%25") {
            Some(zone) => {
                host_characters(&address[..zone])?;
                escapes(&address[zone..])?;
            }
            None => host_characters(address)?,
        }
        return Ok((address, port));
    }
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if digits(port) => (name, Some(port)),
        Some(_) => return Err("invalid port after host"),
        None => (host, None),
    };
    host_characters(name)?;
    Ok((name, port))
}

/// What a host may consist of: no encoded ASCII, and of the rest what RFC 3986 and Go's leniency allow.
fn host_characters(host: &str) -> Result<(), &'static str> {
    let bytes = host.as_bytes();
    escapes(host)?;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'%' if bytes.get(at + 1).is_some_and(|high| (b'0'..b'8').contains(high)) => {
                return Err("invalid URL escape in host");
            }
            b'%' => {}
            _ if byte.is_ascii_alphanumeric() || !byte.is_ascii() => {}
            _ if b"-_.~!$&'()*+,;=:[]<>\"".contains(byte) => {}
            _ => return Err("invalid character in host name"),
        }
    }
    Ok(())
}

fn escapes(text: &str) -> Result<(), &'static str> {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let digit = |offset: usize| bytes.get(at + offset).is_some_and(u8::is_ascii_hexdigit);
        if *byte == b'%' && !(digit(1) && digit(2)) {
            return Err("invalid URL escape");
        }
    }
    Ok(())
}

/// What goes into the request line: path and query as they are, except for bytes that no request line can hold.
pub(crate) fn request_target(parsed: &Parsed<'_>) -> String {
    let mut target = String::with_capacity(parsed.path.len() + 64);
    encode(
        &mut target,
        if parsed.path.is_empty() { "/" } else { parsed.path },
    );
    if let Some(query) = parsed.query {
        target.push('?');
        encode(&mut target, query);
    }
    target
}

fn encode(target: &mut String, text: &str) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            target.push(char::from(byte));
        } else {
            let _infallible = write!(target, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_and_beckon_refuse_the_same() {
        // What `go1.19 url.Parse` says of each.
        for bad in [
            "http://[::1",
            "%zz://x",
            "http://127.0.0.1:bad/",
            "http://h/%zz",
            "http://h/%2",
            "http://h/#%zz",
            "://x",
            ":",
            "1a:b",
            "http://h:80x",
            "http://[::1]x",
            "http://[fe80::1%en0]/",
            "http://u p@h/",
            "http://u%zz@h/",
            "http://h h/",
            "http://h%20/",
            "http://h%41/",
            "http://h\\x/",
            "http://h^/",
            "///x%zz",
            "//h:bad",
            "http://h/\x01",
            "http://h/\x7f",
            "http://h?x\n",
            "http://h|x/",
            "http://h{x/",
            "ht%tp://h",
            " http://h",
            "http://h:+80/",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
            let error = check_callback_url(bad).unwrap_err();
            assert!(error.message.starts_with("The callback URL is not a URL: "));
        }
        for good in [
            "not a url",
            "",
            "*",
            "http://h/?%zz",
            "http://h/#ok%20",
            "a:b",
            "a/b:c",
            "a:b/c",
            "http://h:",
            "http://[::1]:80",
            "http://[fe80::1%25en0]/",
            "http://u:p@h/",
            "http://h%C3%A9/",
            "http://h<x>/",
            "http://a@b@c/",
            "http:/x",
            "http:x%zz",
            "mailto:a%zz",
            "///h:bad",
            "/a b",
            "http://é/",
            "http://h/ é",
            "http://[1.2.3.4]/",
            "http://[::1]]/",
            "http://h\"/",
            "HTTP://h",
            "http://:80/",
            "http://",
            "?a:b",
            "http://h:80:90/",
            "http://u:p:q@h",
            "http://u/p@h:x",
            "http://h]/",
            "http://h[/",
        ] {
            assert!(parse(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn the_parts_are_found() {
        let parsed = parse("HTTP://u:p@[::1]:80/a%20b?x='y'&x=2#f").unwrap();
        assert_eq!(parsed.scheme, "http");
        assert_eq!(
            (parsed.user, parsed.host, parsed.port),
            (Some("u:p"), "[::1]", Some("80"))
        );
        assert_eq!(request_target(&parsed), "/a%20b?x='y'&x=2");
        assert_eq!(request_target(&parse("http://h").unwrap()), "/");
        assert_eq!(request_target(&parse("http://h?").unwrap()), "/?");
        assert_eq!(
            request_target(&parse("http://h/é x?é|").unwrap()),
            "/%C3%A9%20x?%C3%A9%7C"
        );
    }

    #[test]
    fn what_can_be_sent_to_names_a_host() {
        check_http_url("https://h/x").unwrap();
        for bad in ["not a url", "", "ftp://h/", "http:///x", "http:x", "//h/x"] {
            assert!(check_http_url(bad).is_err(), "{bad:?}");
        }
    }
}
