//! A call of `/function/<name>.<namespace>` as a command for a terminal, or as a program. No credential is in any of
//! them: these paths ask for none.

mod faas_cli;
mod python;

use axum::body::Bytes;
use axum::http::{Method, Request, header};
use base64::Engine as _;
use beckon_core::{Error, ErrorCode, FunctionKey};

use crate::openwhisk::copy_as::quote;
pub use faas_cli::faas_cli;
pub use python::python;
pub(crate) use python::python_to;

/// Linux takes at most 128 KiB in one argument of a program; above this the body travels on standard input.
const LONGEST_ARGUMENT: usize = 120_000;

/// The URL under which the gateway answers for a function that speaks HTTP. A package's `/` is `__` in it.
#[must_use]
pub fn function_url(host: &str, function: &FunctionKey) -> String {
    url(host, "function", function)
}

fn url(host: &str, door: &str, function: &FunctionKey) -> String {
    let written = format!(
        "{}.{}",
        function.name.as_str().replace('/', "__"),
        function.namespace
    );
    let mut escaped = String::with_capacity(written.len());
    for byte in written.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{}/{door}/{escaped}", host.trim_end_matches('/'))
}

/// The request as a `curl` command for sh, bash and zsh. `wait` is the function's own response, else its asynchronous
/// door, which answers 202 at once. Every value is within single quotes, where a shell changes nothing.
#[must_use]
pub fn curl(host: &str, function: &FunctionKey, request: &Request<Bytes>, wait: bool) -> String {
    curl_to(
        &target(host, function, request, wait),
        method(request, wait),
        request,
        "",
    )
}

/// The request to a URL. `more` is what goes between its headers and its body, as a shell reads it.
pub(crate) fn curl_to(target: &str, method: &Method, request: &Request<Bytes>, more: &str) -> String {
    let mut line = match *method {
        // `-X HEAD` would wait for a body that never comes.
        Method::HEAD => format!("curl -i --head {}", quote(target)),
        Method::GET if request.body().is_empty() => format!("curl -i {}", quote(target)),
        _ => format!("curl -i -X {} {}", quote(method.as_str()), quote(target)),
    };
    for (name, value) in headers(request) {
        // A header without a value is written with `;`, or curl would leave it out.
        let written = if value.is_empty() {
            format!("{name};")
        } else {
            format!("{name}: {value}")
        };
        line.push_str(&format!(" \\\n  -H {}", quote(&written)));
    }
    line.push_str(more);
    let body = request.body();
    if body.is_empty() {
        return line;
    }
    // curl would say that the body is a form.
    if !request.headers().contains_key(header::CONTENT_TYPE) {
        line.push_str(" \\\n  -H 'content-type:'");
    }
    match std::str::from_utf8(body) {
        Ok(text) if text.len() <= LONGEST_ARGUMENT && !text.contains('\0') => {
            format!("{line} \\\n  --data-raw {}", quote(text))
        }
        _ => piped(body, &format!("{line} \\\n  --data-binary @-")),
    }
}

/// The URL of the call with path and query.
fn target(host: &str, function: &FunctionKey, request: &Request<Bytes>, wait: bool) -> String {
    let door = url(host, if wait { "function" } else { "async-function" }, function);
    within(door, request)
}

/// What a request asks for below a function's URL.
pub(crate) fn within(mut target: String, request: &Request<Bytes>) -> String {
    let path = request.uri().path();
    if path != "/" {
        target.push_str(path);
    }
    if let Some(query) = request.uri().query() {
        target.push('?');
        target.push_str(query);
    }
    target
}

/// The asynchronous door takes nothing but POST.
pub(crate) fn method(request: &Request<Bytes>, wait: bool) -> &Method {
    if wait { request.method() } else { &Method::POST }
}

/// The headers that are not the connection's own.
fn headers(request: &Request<Bytes>) -> impl Iterator<Item = (&str, String)> {
    let own = [header::CONTENT_LENGTH, header::HOST, header::TRANSFER_ENCODING];
    let headers = request
        .headers()
        .iter()
        .filter(move |(name, _)| !own.contains(name));
    headers.map(|(name, value)| {
        (
            name.as_str(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    })
}

/// A command that reads these bytes.
fn piped(body: &[u8], command: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(body);
    format!("base64 -d <<'BODY' | {command}\n{encoded}\nBODY")
}

fn not_said(message: &str) -> Error {
    Error::new(ErrorCode::NotSupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> FunctionKey {
        FunctionKey::new("play", name).unwrap()
    }

    #[test]
    fn the_command_is_the_request() {
        let request = Request::put("/a%20b?x=1")
            .header("content-type", "text/plain")
            .header("x-empty", "")
            .body(Bytes::from_static(b"it's"))
            .unwrap();
        assert_eq!(
            curl("http://127.0.0.1:6464/", &key("pack/hi"), &request, true),
            "curl -i -X 'PUT' 'http://127.0.0.1:6464/function/pack__hi.play/a%20b?x=1' \\\n  \
             -H 'content-type: text/plain' \\\n  -H 'x-empty;' \\\n  --data-raw 'it'\\''s'"
        );
    }

    #[test]
    fn a_plain_get_is_short_and_async_is_a_post() {
        let request = Request::get("/").body(Bytes::new()).unwrap();
        assert_eq!(
            curl("http://h", &key("hi"), &request, true),
            "curl -i 'http://h/function/hi.play'"
        );
        assert!(
            curl("http://h", &key("hi"), &request, false)
                .starts_with("curl -i -X 'POST' 'http://h/async-function/hi.play'")
        );
    }

    #[test]
    fn bytes_travel_in_base64_and_names_are_escaped() {
        let request = Request::post("/").body(Bytes::from_static(b"\xff\x00")).unwrap();
        let line = curl("http://h", &key("a b&c"), &request, true);
        assert!(line.starts_with("base64 -d <<'BODY' | curl"), "{line}");
        assert!(line.contains("/function/a%20b%26c.play'"), "{line}");
        assert!(line.ends_with("--data-binary @-\n/wA=\nBODY"), "{line}");
    }
}
