//! Go: the function and its worker compiled into one executable.
//!
//! The worker's source goes into the function's own module, so that its `go.mod`, its vendored and its internal
//! packages are used as they are. Sources: Scaleway's Go runtime and OpenFaaS' golang-middleware
//! (`func Handle(http.ResponseWriter, *http.Request)` in any package but `main`), OpenWhisk's Go runtime
//! (`func Main(map[string]interface{}) map[string]interface{}` in package `main`).

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use beckon_core::{Contract, Error, Language, Result};

use crate::build::COMPILED;
use crate::build::steps::Place;
use crate::deploy::invalid;

pub(crate) const WORKER: &str = include_str!("templates/worker.go");
const MODULE: &str = "handler/function";
const OWN: &str = "beckon_worker";

/// A compilation by go.
pub(crate) struct Compile {
    go: PathBuf,
}

impl Compile {
    /// # Errors
    /// `RuntimeMissing` without a toolchain.
    pub(crate) fn needed(place: &Place<'_>) -> Result<Self> {
        let go = place.runtimes.interpreter(Language::Go)?;
        Ok(Self { go })
    }

    pub(crate) async fn run(self, place: &Place<'_>) -> Result<()> {
        let io = |e: std::io::Error| Error::internal("write a Go worker", e);
        let module = match place.text("go.mod")? {
            Some(text) => module_of(&text).ok_or_else(|| invalid("go.mod names no module."))?,
            None => {
                fs::write(place.code.join("go.mod"), format!("module {MODULE}\n")).map_err(io)?;
                MODULE.to_owned()
            }
        };
        for name in ["go.mod", "go.sum"] {
            let path = place.code.join(name);
            if path.is_file() {
                // go adds what is missing.
                fs::set_permissions(path, fs::Permissions::from_mode(0o644)).map_err(io)?;
            }
        }
        let (folder, function) = place_of(place.new.main.as_deref());
        let (worker, call) = if place.new.contract == Contract::ActionLoop {
            (
                place.code.join(&folder),
                "beckonInvoke(Main, header, body)".to_owned(),
            )
        } else {
            let call = format!("go beckonServe(function.{function}, header, body)");
            (place.code.join(OWN), call)
        };
        fs::create_dir_all(&worker).map_err(io)?;
        let import = match (place.new.contract, folder.as_str()) {
            (Contract::ActionLoop, _) => String::new(),
            (_, "") => format!("import function \"{module}\"\n"),
            (_, folder) => format!("import function \"{module}/{folder}\"\n"),
        };
        let glue = format!(
            "package main\n\n{import}\nfunc beckonCall(header beckonHeader, body []byte) {{\n\t{call}\n}}\n"
        );
        let files = [("beckon_worker.go", WORKER), ("beckon_call.go", glue.as_str())];
        for (name, text) in files {
            fs::write(worker.join(name), text).map_err(io)?;
        }
        let mut arguments: Vec<OsString> = vec!["build".into(), "-trimpath".into(), "-ldflags=-s -w".into()];
        if !place.has("vendor") {
            arguments.push("-mod=mod".into());
        }
        arguments.push("-o".into());
        arguments.push(place.code.join(COMPILED).into());
        arguments.push(".".into());
        let more = vec![
            ("CGO_ENABLED".to_owned(), "0".into()),
            ("GOTOOLCHAIN".to_owned(), "local".into()),
            ("GO111MODULE".to_owned(), "on".into()),
            ("GOWORK".to_owned(), "off".into()),
        ];
        place.run("go build", &self.go, &arguments, &worker, more).await?;
        for (name, _) in files {
            fs::remove_file(worker.join(name)).map_err(io)?;
        }
        if place.new.contract != Contract::ActionLoop {
            fs::remove_dir(&worker).map_err(io)?;
        }
        Ok(())
    }
}

/// The module that `go.mod` is of. Only what can stand in an import is taken.
fn module_of(text: &str) -> Option<String> {
    let line = text
        .lines()
        .map(str::trim)
        .find_map(|line| line.strip_prefix("module"))?;
    let name = line
        .split("//")
        .next()
        .unwrap_or_default()
        .trim()
        .trim_matches('"');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '~');
    (!name.is_empty() && name.chars().all(plain)).then(|| name.to_owned())
}

/// The folder and the function of an entry point: `Handle`, `folder/Handle`, `folder`. What is no exported name is the
/// provider's default and means `Handle`.
fn place_of(main: Option<&str>) -> (String, String) {
    let main = main.unwrap_or_default().trim_matches('/');
    let (folder, last) = main.rsplit_once('/').unwrap_or(("", main));
    let name = last.rsplit('.').next().unwrap_or_default();
    let exported = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    let folder = if folder.chars().all(plain) { folder } else { "" };
    let function = if exported { name } else { "Handle" };
    (folder.to_owned(), function.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_points_are_read_as_the_provider_reads_them() {
        for (main, folder, function) in [
            (None, "", "Handle"),
            (Some("handler.handle"), "", "Handle"),
            (Some("Hello"), "", "Hello"),
            (Some("pkg/api/Hello"), "pkg/api", "Hello"),
            (Some("main"), "", "Handle"),
        ] {
            assert_eq!(
                place_of(main),
                (folder.to_owned(), function.to_owned()),
                "{main:?}"
            );
        }
    }

    #[test]
    fn modules_are_named_as_go_names_them() {
        assert_eq!(
            module_of("// x\nmodule example.org/a-b\n\ngo 1.19\n").unwrap(),
            "example.org/a-b"
        );
        assert!(module_of("go 1.19").is_none());
        assert!(module_of("module \"a\\\"; import\"").is_none());
    }
}
