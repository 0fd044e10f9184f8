use axum::body::Bytes;
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{FunctionKey, Result};

use super::{headers, method, not_said, target};
use crate::openwhisk::copy_as::python_literal;

/// The request as a script for Python 3 with the package `requests`.
///
/// # Errors
/// `NotSupported` for a header that is sent more than once: `requests` has one value of each.
pub fn python(host: &str, function: &FunctionKey, request: &Request<Bytes>, wait: bool) -> Result<String> {
    let target = target(host, function, request, wait);
    python_to(&target, method(request, wait), request, ("", "", ""))
}

/// The request to a URL. `more`: what is imported beside `requests`, what goes before the request, and headers beside its
/// own, all in Python's words.
pub(crate) fn python_to(
    target: &str,
    method: &Method,
    request: &Request<Bytes>,
    (imported, before, header): (&str, &str, &str),
) -> Result<String> {
    let mut written = header.to_owned();
    let mut seen = Vec::new();
    for (name, value) in headers(request) {
        if seen.contains(&name) {
            return Err(not_said(
                "Python's requests sends each header once; curl sends it as often as you like.",
            ));
        }
        seen.push(name);
        written.push_str(&format!(
            "        {}: {},\n",
            python_literal(name)?,
            python_literal(&value)?
        ));
    }
    let (imports, body) = match std::str::from_utf8(request.body()) {
        Ok("") => ("", None),
        Ok(text) => ("", Some(format!("{}.encode()", python_literal(text)?))),
        Err(_) => (
            "import base64\n",
            Some(format!(
                "base64.b64decode(\"{}\")",
                STANDARD.encode(request.body())
            )),
        ),
    };
    let headers = match written.is_empty() {
        true => String::new(),
        false => format!("    headers={{\n{written}    }},\n"),
    };
    let body = body.map(|body| format!("    data={body},\n")).unwrap_or_default();
    Ok(format!(
        "{imported}{imports}import requests\n\n{before}reply = requests.request(\n    {},\n    {},\n{headers}{body}    \
         allow_redirects=False,\n)\nprint(reply.status_code)\nprint(reply.text)",
        python_literal(method.as_str())?,
        python_literal(target)?,
    ))
}
