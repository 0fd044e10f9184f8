//! Programs in JavaScript and Python.

use beckon_core::{Error, JsonText, Result};

use super::curl;
use super::{Ask, Call, LISTED, TokenForm, identifier};

/// A script for Node with the npm package `openwhisk`.
pub(super) fn npm(call: &Call<'_>) -> String {
    let key = match call.token {
        TokenForm::Masked { hint } => json(&format!("********{hint}")),
        TokenForm::Env { variable } => format!("process.env.{}", identifier(variable)),
        TokenForm::Real { key } => json(key.expose()),
    };
    let head = format!(
        "const openwhisk = require(\"openwhisk\");\n\n\
         const ow = openwhisk({{\n  apihost: {},\n  api_key: {key},\n  namespace: {},\n}});\n\n",
        json(call.api_host.trim_end_matches('/')),
        json(call.function.namespace.as_str())
    );
    let name = json(call.function.name.as_str());
    let invoke = |options: &str| {
        format!(
            "ow.actions\n  .invoke({{ name: {name}, params: {}{options} }})",
            script_value(call.input)
        )
    };
    let asked = match call.ask {
        Ask::Blocking => invoke(", blocking: true"),
        Ask::Result => invoke(", blocking: true, result: true"),
        Ask::NonBlocking => invoke(""),
        Ask::Record(id) => format!("ow.activations\n  .get({{ name: \"{id}\" }})"),
        Ask::List => format!("ow.activations\n  .list({{ name: {name}, limit: {LISTED} }})"),
    };
    format!(
        "{head}{asked}\n  .then((answer) => console.log(JSON.stringify(answer, null, 2)))\n  \
         .catch((error) => {{\n    console.error(error.message);\n    process.exitCode = 1;\n  }});"
    )
}

/// A script for Python 3 with the package `requests`.
pub(super) fn python(call: &Call<'_>) -> Result<String> {
    let (imports, key) = match call.token {
        TokenForm::Masked { hint } => ("", literal(&format!("********:{hint}"))?),
        TokenForm::Env { variable } => (
            "import os\n\n",
            format!("os.environ[\"{}\"]", identifier(variable)),
        ),
        TokenForm::Real { key } => ("", literal(key.expose())?),
    };
    let url = literal(&curl::url(call))?;
    let request = match call.ask {
        Ask::Record(_) | Ask::List => format!("requests.get(\n    {url},\n    auth=(user, password),\n)"),
        Ask::Blocking | Ask::Result | Ask::NonBlocking => format!(
            "requests.post(\n    {url},\n    auth=(user, password),\n    json={},\n)",
            python_value(call.input)?
        ),
    };
    Ok(format!(
        "{imports}import requests\n\nuser, password = {key}.split(\":\", 1)\nreply = {request}\n\
         print(reply.status_code, reply.text)"
    ))
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// JSON is JavaScript, but for one key: in a literal it would set the object's prototype.
fn script_value(value: &JsonText) -> String {
    let text = value.as_str();
    // Also where the key is written with escapes.
    match text.contains("__proto__") || text.contains("\\u") {
        true => format!("JSON.parse({})", json(text)),
        false => text.to_owned(),
    }
}

/// A document of JSON as an expression of Python: other words for three values, and strings without what only one of the
/// two languages knows. Numbers stay as they are written.
fn python_value(value: &JsonText) -> Result<String> {
    let text = value.as_str();
    let mut python = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if next == '"' {
            let end = string_end(rest);
            let decoded: String =
                serde_json::from_str(&rest[..end]).map_err(|e| Error::internal("read a string", e))?;
            python.push_str(&literal(&decoded)?);
            rest = &rest[end..];
            continue;
        }
        let (word, replaced) = match rest {
            _ if rest.starts_with("true") => (4, "True"),
            _ if rest.starts_with("false") => (5, "False"),
            _ if rest.starts_with("null") => (4, "None"),
            _ => {
                python.push(next);
                rest = &rest[next.len_utf8()..];
                continue;
            }
        };
        python.push_str(replaced);
        rest = &rest[word..];
    }
    Ok(python)
}

/// Where the string that `text` begins with ends.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A string of Python. JSON's escapes mean the same there, once pairs of surrogates and `\/` are not among them; and
/// what an editor could change (line separators, other control characters) is escaped.
pub(crate) fn literal(text: &str) -> Result<String> {
    let quoted = serde_json::to_string(text).map_err(|e| Error::internal("write a string", e))?;
    let mut python = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        match c {
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{7f}'..='\u{9f}' => {
                python.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => python.push(c),
        }
    }
    Ok(python)
}
