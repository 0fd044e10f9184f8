//! The interpreters of this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use beckon_core::{Error, ErrorCode, Language, Result, Runtime, RuntimeStatus};

/// How long an interpreter may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was found at start; does not change while the engine lives.
#[derive(Debug, Clone)]
pub(crate) struct Runtimes {
    found: Vec<RuntimeStatus>,
}

impl Runtimes {
    /// Looks on `PATH` and asks each interpreter for its version. Blocks for some 100 ms.
    pub(crate) fn find() -> Self {
        let found = std::thread::scope(|scope| {
            let searches: Vec<_> = Language::ALL
                .map(|language| scope.spawn(move || look_for(language)))
                .into();
            let languages = Language::ALL.into_iter();
            searches
                .into_iter()
                .zip(languages)
                .map(|(search, l)| search.join().unwrap_or_else(|_| missing(l)))
                .collect()
        });
        Self { found }
    }

    /// All of them, found or not.
    pub(crate) fn all(&self) -> &[RuntimeStatus] {
        &self.found
    }

    /// The interpreter of a language.
    ///
    /// # Errors
    /// `RuntimeMissing`, with how to install it.
    pub(crate) fn interpreter(&self, language: Language) -> Result<&Path> {
        let status = self.found.iter().find(|status| status.language == language);
        match status {
            Some(RuntimeStatus {
                available: true,
                path: Some(path),
                ..
            }) => Ok(Path::new(path)),
            other => {
                let title = other.map_or_else(|| language.family().to_owned(), |status| status.title.clone());
                let error = Error::new(
                    ErrorCode::RuntimeMissing,
                    format!("{title} is not installed on this machine."),
                );
                Err(match other.and_then(|status| status.install_hint.clone()) {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                })
            }
        }
    }

    /// The kind to store a function with: `default`, and a version that the one found begins with, become the one
    /// found.
    ///
    /// # Errors
    /// `RuntimeMissing`; `InvalidInput` with OpenWhisk's own sentence for a version that is not here.
    pub(crate) fn resolve(&self, wanted: &Runtime) -> Result<Runtime> {
        self.interpreter(wanted.language())?;
        let found = self
            .found
            .iter()
            .find(|status| status.language == wanted.language());
        if let Some(found) = found {
            let version = wanted.version();
            let prefix = found
                .kind
                .version()
                .strip_prefix(version)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            if version == "default" || prefix {
                return Ok(found.kind.clone());
            }
        }
        let here = self.found.iter().filter(|status| status.available);
        let kinds: Vec<String> = here.map(|status| format!("'{}'", status.kind)).collect();
        Err(Error::new(
            ErrorCode::InvalidInput,
            format!(
                "The specified runtime '{wanted}' is not supported by this platform. Valid values are: {}.",
                kinds.join(", ")
            ),
        ))
    }
}

fn title(language: Language) -> &'static str {
    match language {
        Language::Node => "Node.js",
        Language::Python => "Python",
        Language::Php => "PHP",
        Language::Ruby => "Ruby",
        Language::Go => "Go",
        Language::Rust => "Rust",
        Language::Executable => "Shell / executable",
    }
}

fn install_hint(language: Language) -> &'static str {
    match language {
        Language::Node => {
            "Install Node.js 18 or newer: `sudo apt-get install nodejs`, or from https://nodejs.org. Then restart Beckon."
        }
        Language::Python => {
            "Install Python 3.8 or newer: `sudo apt-get install python3`, or from https://www.python.org. Then restart Beckon."
        }
        Language::Php => "Install PHP 8: `sudo apt-get install php-cli`. Then restart Beckon.",
        Language::Ruby => "Install Ruby 3: `sudo apt-get install ruby`. Then restart Beckon.",
        Language::Go => {
            "Install Go: `sudo apt-get install golang-go`, or from https://go.dev. Then restart Beckon."
        }
        Language::Rust => "Install Rust from https://rustup.rs. Then restart Beckon.",
        Language::Executable => {
            "There is no `sh` on PATH. Install a POSIX shell: `sudo apt-get install dash`."
        }
    }
}

fn missing(language: Language) -> RuntimeStatus {
    RuntimeStatus {
        kind: default_kind(language),
        language,
        title: title(language).to_owned(),
        version: None,
        path: None,
        available: false,
        install_hint: Some(install_hint(language).to_owned()),
    }
}

fn default_kind(language: Language) -> Runtime {
    kind_of(language, "default")
}

fn kind_of(language: Language, version: &str) -> Runtime {
    // `Runtime::new` refuses unknown families only, and these are `Language`'s own.
    Runtime::new(format!("{}:{version}", language.family()))
        .unwrap_or_else(|_| unreachable!("{} is a family", language.family()))
}

fn look_for(language: Language) -> RuntimeStatus {
    // The interpreter names itself: what is on PATH may be a version manager's script, which costs 100 ms a start.
    let (program, ask): (&str, &[&str]) = match language {
        Language::Node => (
            "node",
            &["-p", "process.version.slice(1) + '\\n' + process.execPath"],
        ),
        Language::Python => (
            "python3",
            &[
                "-c",
                "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)",
            ],
        ),
        Language::Php => ("php", &["-r", "echo PHP_VERSION, \"\\n\", PHP_BINARY, \"\\n\";"]),
        Language::Ruby => ("ruby", &["-rrbconfig", "-e", "puts RUBY_VERSION, RbConfig.ruby"]),
        Language::Go => ("go", &["env", "GOVERSION"]),
        Language::Rust => ("rustc", &["--version"]),
        Language::Executable => ("sh", &[]),
    };
    let Ok(on_path) = which::which(program) else {
        return missing(language);
    };
    if language == Language::Executable {
        return found(language, default_kind(language), None, &on_path);
    }
    let Some(answer) = ask_version(&on_path, ask) else {
        tracing::warn!(path = %on_path.display(), "an interpreter on PATH does not answer");
        return RuntimeStatus {
            path: Some(on_path.display().to_string()),
            install_hint: Some(format!(
                "{} does not answer. {}",
                on_path.display(),
                install_hint(language)
            )),
            ..missing(language)
        };
    };
    let mut lines = answer.lines();
    // Go says `go1.24.4`, rustc `rustc 1.95.0 (…)`.
    let first = lines.next().unwrap_or_default().trim();
    let word = first
        .split_whitespace()
        .find(|word| word.contains('.'))
        .unwrap_or(first);
    let version = word.trim_start_matches("go").to_owned();
    let path = lines
        .next()
        .map(|line| PathBuf::from(line.trim()))
        .filter(|path| path.is_file())
        .unwrap_or(on_path);
    let parts: Vec<&str> = version.split('.').collect();
    let kind = match (language, parts.as_slice()) {
        (Language::Node, [major, ..]) => kind_of(language, major),
        (_, [major, minor, ..]) => kind_of(language, &format!("{major}.{minor}")),
        _ => default_kind(language),
    };
    found(language, kind, Some(version), &path)
}

fn found(language: Language, kind: Runtime, version: Option<String>, path: &Path) -> RuntimeStatus {
    RuntimeStatus {
        kind,
        language,
        title: title(language).to_owned(),
        version,
        path: Some(path.display().to_string()),
        available: true,
        install_hint: None,
    }
}

/// Runs `program` and returns what it prints; `None` when it fails, or takes too long and is killed.
fn ask_version(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => break,
            Ok(None) if started.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(2)),
            Ok(Some(_)) => return None,
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
    // Two short lines fit the pipe, so that the child never waited for a reader.
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::Read::take(child.stdout.take()?, 4096), &mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtimes() -> Runtimes {
        Runtimes {
            found: vec![
                found(
                    Language::Node,
                    kind_of(Language::Node, "20"),
                    Some("20.20.2".into()),
                    Path::new("/usr/bin/node"),
                ),
                missing(Language::Python),
                found(
                    Language::Executable,
                    default_kind(Language::Executable),
                    None,
                    Path::new("/bin/sh"),
                ),
            ],
        }
    }

    #[test]
    fn default_becomes_the_version_found() {
        let here = runtimes();
        for (wanted, kind) in [
            ("nodejs:default", "nodejs:20"),
            ("nodejs", "nodejs:20"),
            ("nodejs:20", "nodejs:20"),
            ("native:default", "shell:default"),
        ] {
            assert_eq!(
                here.resolve(&Runtime::new(wanted).unwrap()).unwrap().as_str(),
                kind
            );
        }
    }

    #[test]
    fn another_version_is_refused_in_openwhisks_words() {
        let error = runtimes()
            .resolve(&Runtime::new("nodejs:2").unwrap())
            .unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidInput);
        assert_eq!(
            error.message,
            "The specified runtime 'nodejs:2' is not supported by this platform. Valid values are: 'nodejs:20', 'shell:default'."
        );
    }

    #[test]
    fn a_missing_interpreter_says_how_to_get_it() {
        let error = runtimes()
            .resolve(&Runtime::new("python:3.11").unwrap())
            .unwrap_err();
        assert_eq!(error.code, ErrorCode::RuntimeMissing);
        assert!(error.hint.unwrap().contains("apt-get install python3"));
    }

    #[test]
    fn this_machine_has_a_shell() {
        let here = Runtimes::find();
        assert!(here.interpreter(Language::Executable).unwrap().is_absolute());
        assert_eq!(here.all().len(), Language::ALL.len());
    }
}
