//! An OpenWhisk call as a command for a terminal or as a program, and a record as the API serves it.
//!
//! ```text
//! curl ─ curl, for every shell      clis ─ wsk and doctl      programs ─ the openwhisk npm package, Python's requests
//! ```

mod clis;
mod curl;
mod programs;

use beckon_core::{Activation, ActivationId, Error, ErrorCode, FunctionKey, JsonText, Result, Secret};

use super::wire;
pub(crate) use programs::literal as python_literal;

/// How the credential appears in the text.
#[derive(Debug, Clone, Copy)]
pub enum TokenForm<'a> {
    /// Stars and the hint (the last four characters of the key): for showing, not for running.
    Masked {
        /// The last characters of the secret.
        hint: &'a str,
    },
    /// A variable of the environment that holds `user:password`.
    Env {
        /// Its name; what is not a letter, digit or `_` becomes `_`.
        variable: &'a str,
    },
    /// The credential itself.
    Real {
        /// `user:password`.
        key: &'a Secret,
    },
}

/// What the text asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// A run, and its whole record when it is over.
    Blocking,
    /// A run, and its bare result when it is over.
    Result,
    /// A run, and its activation id at once.
    NonBlocking,
    /// The record of a run that was made.
    Record(ActivationId),
    /// The newest runs of the function.
    List,
}

/// Who is to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `curl` in sh, bash and zsh.
    Curl,
    /// DigitalOcean's `doctl serverless`, which has its own credentials.
    Doctl,
    /// OpenWhisk's `wsk`.
    Wsk,
    /// JavaScript with the npm package `openwhisk`.
    Npm,
    /// Python with the package `requests`.
    Python,
}

/// One call to write down.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The base URL, `http://127.0.0.1:6464` for the local gateway.
    pub api_host: &'a str,
    /// What to call.
    pub function: &'a FunctionKey,
    /// The arguments.
    pub input: &'a JsonText,
    /// What to ask for.
    pub ask: Ask,
    /// How the credential appears.
    pub token: TokenForm<'a>,
}

/// How many runs a list asks for.
const LISTED: u32 = 30;

/// The call in a form.
///
/// # Errors
/// `NotSupported` where the form has no way to say it.
pub fn write(form: Form, call: &Call<'_>) -> Result<String> {
    match form {
        Form::Curl => Ok(curl::curl(call)),
        Form::Doctl => clis::doctl(call),
        Form::Wsk => clis::wsk(call),
        Form::Npm => Ok(programs::npm(call)),
        Form::Python => programs::python(call),
    }
}

/// The record exactly as the gateway serves it (`GET …/activations/{id}`), as JSON text.
#[must_use]
pub fn record(activation: &Activation) -> String {
    wire::Record::of(activation).to_json()
}

/// Within single quotes a shell interprets nothing; a single quote itself is put outside of them.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The same, but for what every shell takes as it is.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    match !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        true => text.to_owned(),
        false => quote(text),
    }
}

pub(crate) fn identifier(text: &str) -> String {
    let mut name: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// A here-document of `text`. The newline that it adds is white space after a JSON document.
fn here(text: &str) -> String {
    let mut end = String::from("JSON");
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    format!("<<'{end}'\n{text}\n{end}")
}

fn without_arguments(input: &JsonText) -> bool {
    let text = input.as_str().trim();
    text.strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|inner| inner.trim().is_empty())
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorCode::NotSupported, message)
}

#[cfg(test)]
mod tests;
