//! Rust: the function's crate and its worker compiled into one executable.
//!
//! The contract is Scaleway's: a library crate with `pub async fn handle(Request<Body>) -> Response<Body>`, in the types
//! of axum 0.7 or 0.8, or any other body of the crate `http` 1. The handler is the function's name, after the crate's
//! folder if it has one (Scaleway's serverless plugin, its examples, and its guide "handler is the path to the
//! package"). The worker is a crate of its own that depends on the function's, so that its manifest, its lock file and
//! its local crates are used as they are.
//!
//! What cargo fetched and compiled is shared by all functions, so that the second one takes seconds and not minutes.
//! Build scripts can write there: who deploys crates that they do not trust deploys all of their Rust functions with
//! them.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use beckon_core::{Error, ErrorCode, Language, Result};
use serde::Deserialize;

use crate::build::steps::Place;
use crate::build::{COMPILED, environment};
use crate::deploy::invalid;

pub(crate) const WORKER: &str = include_str!("templates/worker.rs");
const OWN: &str = "beckon-worker";
/// What compiled crates of all functions may take on disk; then they are compiled anew.
const TARGET_LIMIT: u64 = 3 * 1024 * 1024 * 1024;
/// What cargo says when it cannot reach a registry.
const UNREACHABLE: [&str; 7] = [
    "failed to download",
    "failed to fetch",
    "spurious network error",
    "Could not resolve host",
    "Could not connect",
    "Unable to update registry",
    "download of config.json failed",
];

/// A compilation by cargo.
pub(crate) struct Compile {
    cargo: PathBuf,
}

#[derive(Deserialize)]
struct Manifest {
    package: Option<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

impl Compile {
    /// # Errors
    /// `RuntimeMissing` without a toolchain.
    pub(crate) fn needed(place: &Place<'_>) -> Result<Self> {
        let cargo = place.runtimes.interpreter(Language::Rust)?;
        Ok(Self { cargo })
    }

    pub(crate) async fn run(self, place: &Place<'_>) -> Result<()> {
        let io = |e: std::io::Error| Error::internal("write a Rust worker", e);
        let (folder, function) = entry_of(place.new.main.as_deref(), |folder| {
            place.has(&format!("{folder}/Cargo.toml"))
        });
        let package = package_of(place, &folder)?;
        let worker = place.home.join("worker");
        fs::create_dir_all(&worker).map_err(io)?;
        let handler = format!("pub(crate) use function::{function} as handle;\n");
        for (name, text) in [
            ("Cargo.toml", manifest(&folder, &package)),
            ("main.rs", WORKER.to_owned()),
            ("handler.rs", handler),
        ] {
            fs::write(worker.join(name), text).map_err(io)?;
        }
        let crate_folder = place.code.join(&folder);
        let lock = crate_folder.join("Cargo.lock");
        if lock.is_file() {
            // The versions in it are kept, and those of the worker's own crates added.
            let text = fs::read(lock).map_err(io)?;
            fs::write(worker.join("Cargo.lock"), text).map_err(io)?;
        }
        // What cargo compiles for one function serves the next, and only one cargo can use it at a time.
        let _turn = match place.builds.compiling.try_lock() {
            Ok(turn) => turn,
            Err(_) => {
                place.log.note("Waiting for another build by cargo.");
                place.builds.compiling.lock().await
            }
        };
        let target = place.cache().join("cargo/target");
        forget_settings(&place.cache().join("cargo")).map_err(io)?;
        let built = self.build(place, &worker, &crate_folder, &target).await;
        let kept = built.and_then(|()| {
            take_out(&target, &place.code.join(COMPILED)).map_err(|e| {
                invalid("cargo made no executable for this machine.")
                    .with_hint("A .cargo/config.toml of the function may build for another target.")
                    .with_details(e.to_string())
            })
        });
        let cleaned = super::blocking(move || {
            tidy(&target, &[OWN, &package]);
            Ok(())
        });
        cleaned.await?;
        kept
    }

    /// With the registry, or, if that cannot be reached, with what was fetched before.
    async fn build(&self, place: &Place<'_>, worker: &Path, folder: &Path, target: &Path) -> Result<()> {
        let mut arguments: Vec<OsString> = vec!["build".into(), "--release".into(), "--manifest-path".into()];
        arguments.push(worker.join("Cargo.toml").into());
        if let Some(config) = environment::cargo_config() {
            arguments.push("--config".into());
            arguments.push(config.into());
        }
        let more = || {
            vec![
                ("CARGO_TARGET_DIR".to_owned(), target.into()),
                ("CARGO_INCREMENTAL".to_owned(), "0".into()),
            ]
        };
        let run = place.run("cargo build", &self.cargo, &arguments, folder, more());
        let Err(error) = run.await else { return Ok(()) };
        if !is_unreachable(&error) {
            return Err(error);
        }
        place
            .log
            .note("The registry cannot be reached: trying with the crates that are here already.");
        arguments.push("--offline".into());
        let run = place.run("cargo build", &self.cargo, &arguments, folder, more());
        run.await.map_err(|offline| {
            Error::new(
                ErrorCode::InvalidInput,
                "The crates that the function needs could not be fetched, and those that were fetched before are not enough.",
            )
            .with_hint("Is this machine on the network, and the registry that cargo is configured with in reach?")
            .with_details(offline.details.unwrap_or_default())
        })
    }
}

fn is_unreachable(error: &Error) -> bool {
    let details = error.details.as_deref().unwrap_or_default();
    UNREACHABLE.iter().any(|words| details.contains(words))
}

/// The name of the function's package. Where there is only a source file, it gets a manifest with what handlers use.
fn package_of(place: &Place<'_>, folder: &str) -> Result<String> {
    let name = if folder.is_empty() {
        "Cargo.toml".to_owned()
    } else {
        format!("{folder}/Cargo.toml")
    };
    if let Some(text) = place.text(&name)? {
        let manifest: Manifest =
            toml::from_str(&text).map_err(|e| invalid(format!("{name} cannot be read: {}.", e.message())))?;
        let package = manifest.package.map(|package| package.name).unwrap_or_default();
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        if package.is_empty() || !package.chars().all(plain) {
            return Err(invalid(format!("{name} names no package.")));
        }
        return Ok(package);
    }
    let source = ["handler.rs", "src/lib.rs", "lib.rs"]
        .into_iter()
        .find(|source| place.has(source))
        .ok_or_else(|| invalid("The package has neither Cargo.toml nor handler.rs."))?;
    let manifest = format!(
        "[package]\nname = \"function\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[lib]\npath = \"{source}\"\n\n\
         [dependencies]\naxum = \"0.8\"\nhttp = \"1\"\nserde_json = \"1\"\n"
    );
    fs::write(place.code.join("Cargo.toml"), manifest)
        .map_err(|e| Error::internal("write a Rust manifest", e))?;
    Ok("function".to_owned())
}

/// The worker's own manifest: it is beside the code, as `home/worker` is beside `code`.
fn manifest(folder: &str, package: &str) -> String {
    format!(
        "[package]\nname = \"{OWN}\"\nversion = \"0.0.0\"\nedition = \"2021\"\npublish = false\n\n\
         [[bin]]\nname = \"{OWN}\"\npath = \"main.rs\"\n\n\
         [dependencies]\nfunction = {{ path = \"../../code/{folder}\", package = \"{package}\" }}\n\
         http = \"1\"\nhttp-body-util = \"0.1\"\nserde_json = \"1\"\n\
         tokio = {{ version = \"1\", features = [\"rt-multi-thread\", \"net\", \"time\"] }}\n\n\
         [profile.release]\nstrip = \"symbols\"\n\n[workspace]\n"
    )
}

/// The crate's folder and the function of a handler: `handle`, `folder/handle`, `folder` with a crate in it,
/// `handler.handle`. What is no name of a function means `handle`, Scaleway's default.
fn entry_of(main: Option<&str>, is_crate: impl Fn(&str) -> bool) -> (String, String) {
    let main = main.unwrap_or_default().trim_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    let (folder, last) = if !main.is_empty() && main.chars().all(plain) && is_crate(main) {
        (main, "")
    } else {
        main.rsplit_once('/').unwrap_or(("", main))
    };
    let name = last.rsplit('.').next().unwrap_or_default();
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name != "main"
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let folder = if folder.chars().all(plain) { folder } else { "" };
    let function = if named { name } else { "handle" };
    (folder.to_owned(), function.to_owned())
}

/// Removes from the shared folder what was compiled of these packages, which no other build can use, and all of it
/// once it has grown too large. A failure costs disk space only.
/// Takes the executable from where the build wrote it to where it is started from. The build could write in both
/// places, links included, and what is done here nothing confines: no link is followed, in or out.
fn take_out(target: &Path, executable: &Path) -> std::io::Result<()> {
    let made = target.join("release").join(OWN).canonicalize()?;
    if !made.starts_with(target.canonicalize()?) || !made.is_file() {
        return Err(std::io::Error::other("what was made lies elsewhere"));
    }
    if executable.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        crate::code::remove_tree(executable)?;
    } else if let Err(e) = fs::remove_file(executable)
        && e.kind() != std::io::ErrorKind::NotFound
    {
        return Err(e);
    }
    let mut from = fs::File::open(made)?;
    let mut to = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(executable)?;
    std::io::copy(&mut from, &mut to).map(drop)
}

/// Removes what would change how cargo builds: its folder is shared by all functions, and a build script of one may
/// have left a wrapper there for the compiler of the others.
fn forget_settings(home: &Path) -> std::io::Result<()> {
    for name in [
        "config",
        "config.toml",
        "credentials",
        "credentials.toml",
        "env",
        "bin",
    ] {
        let path = home.join(name);
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => crate::code::remove_tree(&path)?,
            Ok(_) => fs::remove_file(&path)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn tidy(target: &Path, packages: &[&str]) {
    for folder in ["deps", ".fingerprint", "build"] {
        let entries = fs::read_dir(target.join("release").join(folder));
        for entry in entries.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_own = |package: &&str| {
                let underscored = package.replace('-', "_");
                let bare = name.strip_prefix("lib").unwrap_or(&name);
                [&**package, &underscored].iter().any(|own| {
                    [bare, &*name].iter().any(|name| {
                        name.strip_prefix(own)
                            .and_then(|rest| rest.strip_prefix('-'))
                            .is_some_and(|rest| rest.get(..16).is_some_and(is_hex))
                    })
                })
            };
            if packages.iter().any(is_own) {
                let path = entry.path();
                let _ = if path.is_dir() {
                    crate::code::remove_tree(&path)
                } else {
                    fs::remove_file(path)
                };
            }
        }
    }
    if size_of(target) > TARGET_LIMIT {
        let _ = crate::code::remove_tree(target);
    }
}

fn is_hex(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_hexdigit())
}

fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_link_of_a_build_is_followed() {
        let place = tempfile::tempdir().unwrap();
        let (target, code) = (place.path().join("target"), place.path().join("code"));
        let (victim, made) = (place.path().join("victim"), target.join("release").join(OWN));
        fs::create_dir_all(made.parent().unwrap()).unwrap();
        fs::create_dir(&code).unwrap();
        fs::write(&victim, "mine").unwrap();
        fs::write(&made, "program").unwrap();
        // To where it goes.
        let executable = code.join(COMPILED);
        symlink(&victim, &executable).unwrap();
        take_out(&target, &executable).unwrap();
        assert_eq!(fs::read_to_string(&executable).unwrap(), "program");
        assert!(executable.symlink_metadata().unwrap().is_file());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
        // From where it comes.
        fs::remove_file(&made).unwrap();
        symlink(&victim, &made).unwrap();
        assert!(take_out(&target, &executable).is_err());
    }

    #[test]
    fn what_a_build_script_left_for_other_builds_goes() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("config.toml"), "[build]\nrustc-wrapper = 'evil'").unwrap();
        fs::create_dir_all(home.path().join("bin/x")).unwrap();
        fs::create_dir(home.path().join("registry")).unwrap();
        forget_settings(home.path()).unwrap();
        forget_settings(home.path()).unwrap();
        let left: Vec<_> = fs::read_dir(home.path())
            .unwrap()
            .flatten()
            .map(|e| e.file_name())
            .collect();
        assert_eq!(left, ["registry"]);
    }

    #[test]
    fn handlers_are_read_as_the_provider_reads_them() {
        for (main, folder, function) in [
            (None, "", "handle"),
            (Some("main"), "", "handle"),
            (Some("handler.handle"), "", "handle"),
            (Some("my_handler"), "", "my_handler"),
            (Some("api"), "api", "handle"),
            (Some("api/my_handler"), "api", "my_handler"),
            (Some("crates/api"), "crates/api", "handle"),
            (Some("9lives"), "", "handle"),
        ] {
            assert_eq!(
                entry_of(main, |folder| folder.ends_with("api")),
                (folder.to_owned(), function.to_owned()),
                "{main:?}"
            );
        }
    }

    #[test]
    fn only_the_functions_own_crates_are_removed() {
        let target = tempfile::tempdir().unwrap();
        let deps = target.path().join("release/deps");
        fs::create_dir_all(&deps).unwrap();
        let own = ["my_fn-0123456789abcdef.d", "libmy_fn-0123456789abcdef.rlib"];
        let others = [
            "my_fn_other-0123456789abcdef.d",
            "libserde-0123456789abcdef.rlib",
            "my_fn-x.d",
        ];
        for name in own.iter().chain(&others) {
            fs::write(deps.join(name), "").unwrap();
        }
        tidy(target.path(), &["my-fn"]);
        for name in own {
            assert!(!deps.join(name).exists(), "{name}");
        }
        for name in others {
            assert!(deps.join(name).exists(), "{name}");
        }
    }
}
