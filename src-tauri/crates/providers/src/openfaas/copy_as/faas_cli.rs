use axum::body::Bytes;
use axum::http::{Method, Request};
use beckon_core::{FunctionKey, Result};

use super::{LONGEST_ARGUMENT, headers, method, not_said, piped};
use crate::openwhisk::copy_as::quote;

/// The methods that faas-cli takes.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// The request as a `faas-cli invoke` for sh, bash and zsh; its body is on standard input.
///
/// # Errors
/// `NotSupported` for what faas-cli has no words for: a path below the function, other methods, an empty value in a query
/// or a header.
pub fn faas_cli(host: &str, function: &FunctionKey, request: &Request<Bytes>, wait: bool) -> Result<String> {
    let uri = request.uri();
    if uri.path() != "/" {
        return Err(not_said(
            "faas-cli calls a function without a path of its own; curl says it.",
        ));
    }
    let method = method(request, wait);
    if !METHODS.contains(method) {
        return Err(not_said("faas-cli does not know this method; curl does."));
    }
    let name = function.name.as_str().replace('/', "__");
    let mut line = format!(
        "faas-cli invoke {} \\\n  --gateway {} \\\n  --namespace {}",
        quote(&name),
        quote(host.trim_end_matches('/')),
        quote(function.namespace.as_str())
    );
    let mut option = |name: &str, value: &str| line.push_str(&format!(" \\\n  {name} {}", quote(value)));
    if method != Method::POST {
        option("--method", method.as_str());
    }
    for pair in uri.query().into_iter().flat_map(|query| query.split('&')) {
        match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() && !value.ends_with('=') => {
                option("--query", pair);
            }
            _ => {
                return Err(not_said(
                    "faas-cli takes a query of names with values alone; curl takes any.",
                ));
            }
        }
    }
    for (name, value) in headers(request) {
        match name {
            "content-type" => option("--content-type", &value),
            _ if value.is_empty() => {
                return Err(not_said("faas-cli sends no header without a value; curl does."));
            }
            _ => option("--header", &format!("{name}={value}")),
        }
    }
    if !wait {
        line.push_str(" \\\n  --async");
    }
    let body = request.body();
    Ok(match std::str::from_utf8(body) {
        Ok(text) if text.len() <= LONGEST_ARGUMENT && !text.contains('\0') => {
            format!("printf %s {} | {line}", quote(text))
        }
        _ => piped(body, &line),
    })
}
