//! Host names of functions: whatever is sent to one goes to its function, whatever the method and the path.
//!
//! A function answers to the domains in its settings and to `<function>.<namespace>.localhost`. Who may call it there
//! is the same as at every other door ([`http::admit`]).

use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use beckon_core::{Error, FunctionKey};

use super::http::{self, Called};
use super::{Gateway, Refusal};

/// Hands a request that names a function's host to that function.
pub(super) async fn answer(gateway: &Gateway, function: FunctionKey, request: Request) -> Response {
    // Whoever called speaks to a function, not to an API: a line of text is all that Beckon can say.
    call(gateway, function, request)
        .await
        .unwrap_or_else(|refusal| http::text(refusal.status, refusal.text))
}

/// The function that has a host name (as a header has it) for one of its domains.
pub(super) fn owner(gateway: &Gateway, host: &str) -> Option<FunctionKey> {
    gateway.store.function_of_domain(&name_of(host)?)
}

/// The host of a request, in lower case, without port and final dot; `None` for addresses and `localhost` itself.
pub(super) fn host_of(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    // The authority of an absolute URI counts more than the header (RFC 9112, 3.2.2).
    let host = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers.get(HOST)?.to_str().ok()?,
    };
    name_of(host)
}

fn name_of(host: &str) -> Option<String> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        Some(_) => return None,
        None => host,
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let address = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (!address && name != "localhost" && !name.contains([':', '[', '@'])).then_some(name)
}

/// The function that a host (see [`host_of`]) belongs to.
pub(super) async fn find(gateway: &Gateway, host: &str) -> Result<Option<FunctionKey>, Error> {
    if let Some(function) = gateway.store.function_of_domain(host) {
        return Ok(Some(function));
    }
    let Some(name) = host.strip_suffix(".localhost") else {
        return Ok(None);
    };
    // Both halves may have dots of their own.
    for (at, _) in name.match_indices('.').take(8) {
        let Ok(key) = FunctionKey::new(&name[at + 1..], &name[..at]) else {
            continue;
        };
        if gateway.store.function(&key).await?.is_some() {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

async fn call(gateway: &Gateway, key: FunctionKey, request: Request) -> Result<Response, Refusal> {
    let gone = || Refusal::not_found("There is no function here any more.");
    let admitted = http::admit(gateway, &key, request.headers())
        .await?
        .ok_or_else(gone)?;
    let path = request.uri().path().to_owned();
    let event = http::event(request, &path, &admitted).await?;
    let invocation = http::invocation(gateway, key, event, admitted, None);
    Ok(match http::call(gateway, invocation).await? {
        Called::Ended(ended) => http::answer(&ended),
        Called::Live(response) => response,
        Called::TooLong(id) => {
            let text = "The function takes longer than the gateway waits. It goes on.";
            let mut response = http::text(StatusCode::GATEWAY_TIMEOUT, text);
            http::name_run(response.headers_mut(), id);
            response
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_hosts() {
        for (host, name) in [
            ("Shop.Test:6464", Some("shop.test")),
            ("shop.test.", Some("shop.test")),
            ("f.ns.localhost", Some("f.ns.localhost")),
            ("localhost:6464", None),
            ("127.0.0.1:6464", None),
            ("[::1]:6464", None),
            ("shop.test:x", None),
            ("a@shop.test", None),
        ] {
            assert_eq!(name_of(host).as_deref(), name, "{host}");
        }
    }
}
