//! npm: what `package.json` asks for, into the build's `node_modules`.

use std::ffi::OsString;
use std::path::PathBuf;

use beckon_core::{Error, ErrorCode, Language, Result};
use serde_json::Value;

use crate::build::steps::Place;
use crate::deploy::invalid;

/// An installation by npm.
pub(crate) struct Install {
    npm: PathBuf,
    /// Whether a lock file says exactly what to install.
    locked: bool,
}

impl Install {
    /// What there is to install, if anything: not without dependencies, and not where the package brings them along.
    pub(crate) fn needed(place: &Place<'_>) -> Result<Option<Self>> {
        let Some(text) = place.text("package.json")? else {
            return Ok(None);
        };
        let manifest: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|e| invalid(format!("package.json is not valid JSON: {e}.")))?;
        let count = |key: &str| manifest[key].as_object().map_or(0, serde_json::Map::len);
        if count("dependencies") + count("optionalDependencies") == 0 {
            return Ok(None);
        }
        if place.has("node_modules") {
            place
                .log
                .note("The package has its own node_modules: nothing is installed.");
            return Ok(None);
        }
        check_places(&manifest)?;
        let locks = ["package-lock.json", "npm-shrinkwrap.json"];
        let mut locked = false;
        for lock in locks {
            if let Some(text) = place.text(lock)? {
                locked = true;
                let lock: Value = serde_json::from_str(&text)
                    .map_err(|e| invalid(format!("{lock} is not valid JSON: {e}.")))?;
                check_lock(&lock)?;
            }
        }
        let npm = find_npm(place).ok_or_else(|| {
            Error::new(
                ErrorCode::RuntimeMissing,
                "npm, which installs the packages of package.json, is not on this machine.",
            )
            .with_hint("Install it (`sudo apt-get install npm`), or put node_modules into the package.")
        })?;
        Ok(Some(Self { npm, locked }))
    }

    pub(crate) async fn run(self, place: &Place<'_>) -> Result<()> {
        let command = if self.locked { "ci" } else { "install" };
        let mut arguments: Vec<OsString> = vec![command.into(), "--omit=dev".into()];
        if place.new.settings.install_scripts {
            place
                .log
                .note("The packages' install scripts run, as the function's settings say.");
        } else {
            arguments.push("--ignore-scripts".into());
            place.log.note(
                "The packages' install scripts do not run: they are other people's programs. \
                 The function's settings can allow them.",
            );
        }
        for fixed in [
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--git=git",
            "--loglevel=http",
        ] {
            arguments.push(fixed.into());
        }
        arguments.push("--prefix".into());
        arguments.push(place.code.into());
        place
            .run(
                &format!("npm {command}"),
                &self.npm,
                &arguments,
                place.code,
                Vec::new(),
            )
            .await
    }
}

/// The npm that came with the node in use; else the first on PATH.
fn find_npm(place: &Place<'_>) -> Option<PathBuf> {
    let node = place.runtimes.interpreter(Language::Node).ok()?;
    let beside = node.parent()?.join("npm");
    if beside.exists() {
        return Some(beside);
    }
    which::which("npm").ok()
}

/// Refuses dependencies outside of the package: npm would link to any folder of this machine.
fn check_places(manifest: &Value) -> Result<()> {
    for key in [
        "dependencies",
        "optionalDependencies",
        "devDependencies",
        "overrides",
    ] {
        for (name, wanted) in manifest[key].as_object().into_iter().flatten() {
            if let Some(wanted) = wanted.as_str()
                && leaves(wanted)
            {
                return Err(outside(name, wanted));
            }
        }
    }
    Ok(())
}

fn check_lock(lock: &Value) -> Result<()> {
    for (name, package) in lock["packages"].as_object().into_iter().flatten() {
        let resolved = package["resolved"].as_str().unwrap_or_default();
        let linked = package["link"].as_bool().unwrap_or(false);
        if leaves(resolved) || (linked && is_outside(resolved)) || is_outside(name) {
            return Err(outside(name, resolved));
        }
    }
    for (name, package) in lock["dependencies"].as_object().into_iter().flatten() {
        let version = package["version"].as_str().unwrap_or_default();
        if leaves(version) {
            return Err(outside(name, version));
        }
    }
    Ok(())
}

/// Whether a specification names a place of this machine that is not below the package.
fn leaves(wanted: &str) -> bool {
    let wanted = wanted.trim();
    for scheme in ["file:", "link:", "git+file:"] {
        if let Some(path) = wanted.strip_prefix(scheme) {
            return is_outside(path);
        }
    }
    wanted.starts_with('/') || wanted.starts_with('~') || wanted.starts_with("..")
}

fn is_outside(path: &str) -> bool {
    path.starts_with('/') || path.starts_with('~') || path.split(['/', '\\']).any(|part| part == "..")
}

fn outside(name: &str, wanted: &str) -> Error {
    invalid(format!(
        "The dependency '{name}' is outside of the package: {wanted}."
    ))
    .with_hint("Only registries, and folders of the package itself, can be installed from.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dependencies_outside_of_the_package_are_refused() {
        for bad in [
            "file:/home/me",
            "file:../x",
            "link:~/x",
            "file:a/../../x",
            "/etc",
            "../x",
            "git+file:///home/me/x",
        ] {
            assert!(
                check_places(&json!({"dependencies": {"a": bad}})).is_err(),
                "{bad}"
            );
            let lock = json!({"packages": {"node_modules/a": {"resolved": bad, "link": true}}});
            assert!(check_lock(&lock).is_err(), "{bad}");
        }
        for good in [
            "^1.0.0",
            "file:lib/x",
            "https://example.org/x.tgz",
            "github:a/b",
            "latest",
            "npm:b@1",
        ] {
            check_places(&json!({"dependencies": {"a": good}})).unwrap();
            let lock = json!({"packages": {"": {}, "node_modules/a": {"resolved": good}}});
            check_lock(&lock).unwrap();
        }
        assert!(check_lock(&json!({"packages": {"../x": {}}})).is_err());
    }
}
