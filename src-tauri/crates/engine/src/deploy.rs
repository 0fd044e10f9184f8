//! What a function must be before it is stored.

use std::collections::HashSet;

use beckon_core::{CodePackage, Contract, Error, ErrorCode, Language, NewFunction, Result};

use crate::package::{self, Entry};
use crate::{entry, runtimes};

/// Most bytes of code, packed (OpenWhisk's limit).
pub const CODE_LIMIT: usize = 48 * 1024 * 1024;
/// Most bytes of an input, of a result, and of all default parameters together (OpenWhisk's limit).
pub const PAYLOAD_LIMIT: usize = 1024 * 1024;
/// Most bytes of a request's or a response's body (Scaleway and OCI: 6 MiB).
pub const HTTP_LIMIT: usize = 6 * 1024 * 1024;
/// The same at the door of Spaces, and of a function of Spaces, unless it is configured: its documents have 413 and no
/// number, so 10 MB is a choice.
pub const SPACES_LIMIT: usize = 10 * 1024 * 1024;
/// Most bytes of one environment variable; Linux takes 128 KiB for name and value.
const ENV_VALUE_LIMIT: usize = 100 * 1024;
/// Most bytes of a function's plain environment variables together.
const ENV_LIMIT: usize = 1024 * 1024;
/// The same of a package or of a binding: with both above the function's own, a process must still start.
const PACKAGE_ENV_LIMIT: usize = 256 * 1024;

/// Checks a zip before anything is unpacked: sizes, counts and ratio (read, not believed), paths, links, names.
///
/// # Errors
/// `LimitExceeded` when it is over 48 MiB, `InvalidInput` with the reason otherwise.
pub fn check_zip(bytes: &[u8]) -> Result<()> {
    package::inspect(bytes).map(drop)
}

/// The files of a zip with their unpacked sizes in bytes, checked as [`check_zip`] does.
///
/// # Errors
/// As [`check_zip`].
pub fn zip_files(bytes: &[u8]) -> Result<Vec<(String, u64)>> {
    let entries = package::inspect(bytes)?;
    Ok(entries
        .into_iter()
        .filter(|entry| !entry.directory)
        .map(|entry| (entry.name, entry.size))
        .collect())
}

/// Checks everything about a function but its runtime's presence. Blocks while a package is read.
pub(crate) fn check(new: &NewFunction) -> Result<()> {
    new.limits.check()?;
    new.settings.check()?;
    check_contract(new)?;
    check_main(new)?;
    check_environment(new)?;
    let parameters: usize = new
        .parameters
        .iter()
        .map(|p| p.key.len() + p.value.as_str().len() + 4)
        .sum();
    if parameters > PAYLOAD_LIMIT {
        return Err(too_large("parameters", parameters, PAYLOAD_LIMIT));
    }
    if new.runtime.is_sequence() != matches!(new.code, CodePackage::Sequence(_)) {
        return Err(invalid("A sequence has components, and anything else has code."));
    }
    if new.code.is_empty() {
        return Err(invalid("The function has no code."));
    }
    if new.code.len() > CODE_LIMIT {
        return Err(too_large("exec", new.code.len(), CODE_LIMIT));
    }
    match &new.code {
        CodePackage::Source(_) | CodePackage::Sequence(_) => Ok(()),
        CodePackage::Zip(bytes) => check_entry(new, &package::inspect(bytes)?),
    }
}

/// OpenWhisk's sentence for something over its size.
pub(crate) fn too_large(what: &str, size: usize, limit: usize) -> Error {
    Error::new(
        ErrorCode::LimitExceeded,
        format!("{what} larger than allowed: {size} > {limit} bytes."),
    )
}

pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidInput, message)
}

fn check_main(new: &NewFunction) -> Result<()> {
    let Some(main) = &new.main else { return Ok(()) };
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '/' | '-');
    if main.is_empty()
        || main.len() > 256
        || !main.chars().all(allowed)
        || main.split('/').any(|part| part == "..")
    {
        return Err(invalid(format!("'{main}' is not an entry point."))
            .with_hint("Name a function of the code, for example main, or file.function in a package."));
    }
    Ok(())
}

fn check_environment(new: &NewFunction) -> Result<()> {
    for name in &new.settings.secrets {
        crate::secrets::check_name(name)?;
    }
    check_variables(&new.env, &new.secret_names, ENV_LIMIT)
}

/// Refuses what cannot be in the environment of a package's functions, with `InvalidInput`, and more than 256 KiB of it,
/// with `LimitExceeded`.
pub fn check_package_environment(variables: &[(String, String)]) -> Result<()> {
    check_variables(variables, &[], PACKAGE_ENV_LIMIT)
}

fn check_variables(env: &[(String, String)], secret_names: &[String], limit: usize) -> Result<()> {
    let mut seen = HashSet::new();
    let names = env.iter().map(|(name, _)| name).chain(secret_names);
    for name in names {
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts || name.len() > 256 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(
                invalid(format!("'{name}' is not a name for an environment variable."))
                    .with_hint("Use letters, digits and _, and do not begin with a digit."),
            );
        }
        if name.starts_with("__OW_") || name.starts_with("BECKON_") {
            return Err(invalid(format!("The environment variable '{name}' is reserved."))
                .with_hint("Names that begin with __OW_ or BECKON_ are set by the engine."));
        }
        if !seen.insert(name) {
            return Err(invalid(format!(
                "The environment variable '{name}' is given twice."
            )));
        }
    }
    for (name, value) in env {
        if value.contains('\0') {
            return Err(invalid(format!(
                "The environment variable '{name}' contains a NUL character."
            )));
        }
        if value.len() > ENV_VALUE_LIMIT {
            return Err(too_large(
                &format!("environment variable '{name}'"),
                value.len(),
                ENV_VALUE_LIMIT,
            ));
        }
    }
    let total: usize = env.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    if total > limit {
        return Err(too_large("environment", total, limit));
    }
    Ok(())
}

/// A package must have a place to begin.
fn check_entry(new: &NewFunction, entries: &[Entry]) -> Result<()> {
    let language = new.runtime.language();
    if language == Language::Executable
        && new.contract.speaks_http()
        && new.settings.watchdog.process.is_some()
    {
        return Ok(()); // the command says what is run; it need not be in the package
    }
    let candidates = entry::candidates(language, new.contract, new.main.as_deref());
    let mut files = entries
        .iter()
        .filter(|entry| !entry.directory)
        .map(|entry| &entry.name);
    if files.any(|name| candidates.iter().any(|candidate| is_like(name, candidate))) {
        return Ok(());
    }
    let error = match (new.contract, language) {
        (Contract::Openwhisk, Language::Node) => {
            invalid("Zipped actions must contain either package.json or index.js at the root.")
        }
        (Contract::Openwhisk, Language::Python) => {
            invalid("Zipped Python actions must contain __main__.py at the root.")
        }
        (_, Language::Executable) => match &new.main {
            Some(main) if main != "main" => invalid(format!("The package has no file '{main}' to execute.")),
            _ => invalid("The package has no file 'exec' or 'main' at the root to execute."),
        },
        (_, Language::Go) => invalid("The package has no Go source file (*.go)."),
        _ => {
            let entry = new
                .main
                .as_deref()
                .map_or_else(String::new, |main| format!(" for the entry point '{main}'"));
            invalid(format!(
                "The package has no place to begin{entry}: looked for {}.",
                listed(&candidates)
            ))
        }
    };
    let mut tops = entries
        .iter()
        .map(|entry| entry.name.split('/').next().unwrap_or_default());
    let first = tops.next().unwrap_or_default();
    if entries
        .iter()
        .all(|entry| entry.directory || entry.name.contains('/'))
        && tops.all(|top| top == first)
    {
        let hint =
            format!("Everything is inside the folder '{first}': zip the folder's contents, not the folder.");
        return Err(error.with_hint(hint));
    }
    Err(error)
}

/// Whether a file is what a candidate asks for: the same name, or, for `*.go`, one like it in any folder.
fn is_like(name: &str, candidate: &str) -> bool {
    match candidate.strip_prefix('*') {
        Some(end) => name.ends_with(end),
        None => name == candidate,
    }
}

/// "a.js, a.mjs or a.cjs"
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The names under which a single source file is kept.
pub(crate) fn source_files(language: Language) -> &'static [&'static str] {
    match language {
        // The same text where Node reads it as an ES module.
        Language::Node => &["index.js", "index.mjs"],
        Language::Python => &["main__.py"],
        Language::Php => &["index.php"],
        Language::Ruby => &["main.rb"],
        Language::Go => &["handler.go"],
        Language::Rust => &["handler.rs"],
        Language::Executable => &["exec"],
    }
}

/// Refuses a contract that the language has no way to follow.
fn check_contract(new: &NewFunction) -> Result<()> {
    let language = new.runtime.language();
    if new.contract.fits(language) {
        return Ok(());
    }
    let title = runtimes::title(language);
    let fitting: Vec<String> = Contract::ALL
        .iter()
        .filter(|contract| contract.fits(language))
        .map(|contract| word(*contract))
        .collect();
    Err(invalid(format!(
        "{title} functions cannot follow the handler contract '{}'.",
        word(new.contract)
    ))
    .with_hint(format!("{title} functions can follow: {}.", listed(&fitting))))
}

/// A contract's word, as it is stored and shown.
fn word(contract: Contract) -> String {
    serde_json::to_value(contract)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// The file of an executable package that is run.
pub(crate) fn entry_file(main: Option<&str>, has: impl Fn(&str) -> bool) -> Option<String> {
    match main {
        Some(main) if has(main) => Some(main.to_owned()),
        // `main` is also what clients send when nobody chose an entry point.
        None | Some("main") => ["exec", "main"]
            .into_iter()
            .find(|name| has(name))
            .map(str::to_owned),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use beckon_core::{Limits, Runtime};

    use super::*;
    use crate::package::tests::zip;

    fn function(kind: &str, code: CodePackage) -> NewFunction {
        NewFunction::new(Runtime::new(kind).unwrap(), code)
    }

    fn source() -> NewFunction {
        function("nodejs:20", CodePackage::Source("x".into()))
    }

    #[test]
    fn packages_need_a_place_to_begin() {
        let cases = [
            ("nodejs:20", "index.js", true),
            ("nodejs:20", "package.json", true),
            ("nodejs:20", "main.js", false),
            ("python:3.11", "__main__.py", true),
            ("python:3.11", "main.py", false),
            ("shell:default", "exec", true),
            ("shell:default", "main", true),
            ("shell:default", "run.sh", false),
        ];
        for (kind, file, good) in cases {
            let result = check(&function(kind, CodePackage::Zip(zip(&[(file, b"x")]))));
            assert_eq!(result.is_ok(), good, "{kind} {file}");
        }
        let contracts = [
            ("nodejs:20", Contract::Scaleway, None, "handler.js", true),
            (
                "nodejs:20",
                Contract::Scaleway,
                Some("src/a.hello"),
                "src/a.mjs",
                true,
            ),
            ("nodejs:20", Contract::Scaleway, None, "index.js", false),
            ("python:3.11", Contract::Openfaas, None, "handler.py", true),
            ("python:3.11", Contract::Fn, None, "func.py", true),
            ("python:3.11", Contract::Fn, None, "handler.py", false),
            ("php:8.2", Contract::Openfaas, None, "src/Handler.php", true),
            ("ruby:3.1", Contract::Openwhisk, None, "main.rb", true),
            ("go:1.19", Contract::Scaleway, None, "handler.go", true),
            ("go:1.19", Contract::Scaleway, None, "go.mod", false),
            ("rust:1.95", Contract::Scaleway, None, "Cargo.toml", true),
        ];
        for (kind, contract, main, file, good) in contracts {
            let mut new = function(kind, CodePackage::Zip(zip(&[(file, b"x")])));
            (new.contract, new.main) = (contract, main.map(str::to_owned));
            let result = check(&new);
            assert_eq!(result.is_ok(), good, "{kind} {contract:?} {file}: {result:?}");
        }
        let mut named = function("shell:default", CodePackage::Zip(zip(&[("bin/run.sh", b"x")])));
        named.main = Some("bin/run.sh".into());
        assert!(check(&named).is_ok());
    }

    #[test]
    fn a_contract_must_fit_its_language() {
        let mut new = source();
        new.contract = Contract::Spaces;
        let error = check(&new).unwrap_err();
        assert_eq!(
            error.message,
            "Node.js functions cannot follow the handler contract 'spaces'."
        );
        assert!(
            error
                .hint
                .unwrap()
                .contains("openwhisk, scaleway, openfaas or fn")
        );
    }

    #[test]
    fn what_was_looked_for_is_said() {
        let mut new = function("python:3.11", CodePackage::Zip(zip(&[("a.py", b"x")])));
        (new.contract, new.main) = (Contract::Scaleway, Some("src/app.hello".into()));
        assert_eq!(
            check(&new).unwrap_err().message,
            "The package has no place to begin for the entry point 'src/app.hello': looked for src/app.py."
        );
    }

    #[test]
    fn a_zipped_folder_is_explained() {
        let packed = zip(&[("hello/index.js", b"x"), ("hello/lib/a.js", b"y")]);
        let error = check(&function("nodejs:20", CodePackage::Zip(packed))).unwrap_err();
        assert!(error.hint.unwrap().contains("'hello'"), "{}", error.message);
    }

    #[test]
    fn environment_names_are_checked() {
        for bad in [
            "",
            "1A",
            "A-B",
            "A=B",
            "A\0",
            "__OW_NAMESPACE",
            "BECKON_WORKER",
            "Ä",
        ] {
            let mut new = source();
            new.env = vec![(bad.into(), "x".into())];
            assert_eq!(check(&new).unwrap_err().code, ErrorCode::InvalidInput, "{bad:?}");
            new.env.clear();
            new.secret_names = vec![bad.into()];
            assert!(check(&new).is_err(), "{bad:?}");
        }
        let mut twice = source();
        twice.env = vec![("A".into(), "x".into())];
        twice.secret_names = vec!["A".into()];
        assert!(check(&twice).unwrap_err().message.contains("twice"));
        let mut nul = source();
        nul.env = vec![("A".into(), "x\0y".into())];
        assert!(check(&nul).is_err());
    }

    #[test]
    fn limits_and_entry_points_are_checked() {
        let mut new = source();
        new.limits = Limits {
            concurrency: 65,
            ..Limits::DEFAULT
        };
        assert_eq!(
            check(&new).unwrap_err().message,
            "concurrency 65 exceeds allowed threshold of 64"
        );
        for bad in ["", "a b", "x;y", "../x"] {
            let mut new = source();
            new.main = Some(bad.into());
            assert!(check(&new).is_err(), "{bad:?}");
        }
        assert!(check(&function("nodejs:20", CodePackage::Source(String::new()))).is_err());
        let large = "x".repeat(CODE_LIMIT + 1);
        let error = check(&function("nodejs:20", CodePackage::Source(large))).unwrap_err();
        assert_eq!(
            error.message,
            "exec larger than allowed: 50331649 > 50331648 bytes."
        );
    }
}
