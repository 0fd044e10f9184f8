//! The interpreters of this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{Error, ErrorCode, Language, Result, Runtime, RuntimeStatus};
use parking_lot::RwLock;

/// How long an interpreter may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was found, at start or since.
#[derive(Debug)]
pub(crate) struct Runtimes {
    found: RwLock<Arc<Vec<RuntimeStatus>>>,
}

impl Runtimes {
    /// Looks on `PATH` and asks each interpreter for its version. Blocks for some 100 ms.
    pub(crate) fn find() -> Self {
        Self {
            found: RwLock::new(Arc::new(search())),
        }
    }

    /// Looks again. Blocks.
    pub(crate) fn rescan(&self) {
        let found = Arc::new(search());
        *self.found.write() = found;
    }

    /// All of them, found or not; several of a language if there are, the one on `PATH` first.
    pub(crate) fn all(&self) -> Arc<Vec<RuntimeStatus>> {
        self.found.read().clone()
    }

    /// The interpreter of a language: the one on `PATH`.
    ///
    /// # Errors
    /// `RuntimeMissing`, with how to install it.
    pub(crate) fn interpreter(&self, language: Language) -> Result<PathBuf> {
        usable(
            language,
            self.all().iter().find(|status| status.language == language),
        )
    }

    /// The interpreter for a kind: the one of that version, or else the language's.
    ///
    /// # Errors
    /// `RuntimeMissing`, with how to install it.
    pub(crate) fn interpreter_of(&self, kind: &Runtime) -> Result<PathBuf> {
        let all = self.all();
        usable(kind.language(), self.status_of(&all, kind))
    }

    /// Whether a function of this kind can run here. What was compiled needs its toolchain no more.
    ///
    /// # Errors
    /// `RuntimeMissing`, with how to install it.
    pub(crate) fn can_run(&self, kind: &Runtime) -> Result<()> {
        match kind.language() {
            _ if kind.is_sequence() => Ok(()),
            Language::Go | Language::Rust => Ok(()),
            _ => self.interpreter_of(kind).map(drop),
        }
    }

    fn status_of<'a>(&self, all: &'a [RuntimeStatus], kind: &Runtime) -> Option<&'a RuntimeStatus> {
        all.iter()
            .find(|status| status.kind == *kind && status.available)
            .or_else(|| all.iter().find(|status| status.language == kind.language()))
    }

    /// The version of the interpreter for a kind as far as compiled extensions care: Node's first number, Python's
    /// first two. Empty for languages whose builds do not depend on it any more once they are made.
    pub(crate) fn abi(&self, kind: &Runtime) -> String {
        if !matches!(kind.language(), Language::Node | Language::Python) {
            return String::new();
        }
        let all = self.all();
        self.status_of(&all, kind)
            .map(|status| status.kind.version().to_owned())
            .unwrap_or_default()
    }

    /// The kind to store a function with: `default`, and a version that the one found begins with, become the one
    /// found.
    ///
    /// # Errors
    /// `RuntimeMissing`; `InvalidInput` with OpenWhisk's own sentence for a version that is not here.
    pub(crate) fn resolve(&self, wanted: &Runtime) -> Result<Runtime> {
        if wanted.is_sequence() {
            return Ok(wanted.clone());
        }
        self.interpreter(wanted.language())?;
        let all = self.all();
        let version = wanted.version();
        let fits = |status: &&RuntimeStatus| {
            let rest = status.kind.version().strip_prefix(version);
            status.language == wanted.language()
                && status.available
                && (version == "default" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
        };
        if let Some(found) = all.iter().find(fits) {
            return Ok(found.kind.clone());
        }
        let here = all.iter().filter(|status| status.available);
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

fn usable(language: Language, status: Option<&RuntimeStatus>) -> Result<PathBuf> {
    match status {
        Some(RuntimeStatus {
            available: true,
            path: Some(path),
            ..
        }) => Ok(PathBuf::from(path)),
        other => {
            let title = other.map_or_else(|| title(language).to_owned(), |status| status.title.clone());
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

/// Every language, each with all its versions.
fn search() -> Vec<RuntimeStatus> {
    std::thread::scope(|scope| {
        let searches: Vec<_> = Language::ALL
            .map(|language| scope.spawn(move || look_for(language)))
            .into();
        let languages = Language::ALL.into_iter();
        searches
            .into_iter()
            .zip(languages)
            .flat_map(|(search, l)| search.join().unwrap_or_else(|_| vec![missing(l)]))
            .collect()
    })
}

/// A language's name, for people.
pub(crate) fn title(language: Language) -> &'static str {
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
            "Install Node.js 18 or newer: `sudo apt-get install nodejs`, or from https://nodejs.org."
        }
        Language::Python => {
            "Install Python 3.8 or newer: `sudo apt-get install python3`, or from https://www.python.org."
        }
        Language::Php => "Install PHP 8: `sudo apt-get install php-cli`.",
        Language::Ruby => "Install Ruby 3: `sudo apt-get install ruby`.",
        Language::Go => "Install Go: `sudo apt-get install golang-go`, or from https://go.dev.",
        Language::Rust => "Install Rust from https://rustup.rs.",
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

fn look_for(language: Language) -> Vec<RuntimeStatus> {
    let first = match which::which(program(language)) {
        Err(_) => missing(language),
        Ok(on_path) if language == Language::Executable => {
            found(language, default_kind(language), None, &on_path)
        }
        Ok(on_path) => ask(language, &on_path).unwrap_or_else(|| {
            // The list of runtimes tells the user; a command that has nothing to do with it must not.
            tracing::debug!(path = %on_path.display(), "an interpreter on PATH does not answer");
            RuntimeStatus {
                path: Some(on_path.display().to_string()),
                install_hint: Some(format!(
                    "{} does not answer. {}",
                    on_path.display(),
                    install_hint(language)
                )),
                ..missing(language)
            }
        }),
    };
    let mut all = vec![first];
    for (version, path) in others(language) {
        let kind = version.as_deref().map(|version| kind_for(language, version));
        let known = |kind: &Runtime| all.iter().any(|status| status.available && status.kind == *kind);
        if kind.as_ref().is_some_and(known) {
            continue;
        }
        let status = match (kind, version) {
            // All three numbers are known without asking.
            (Some(kind), Some(version)) if version.matches('.').count() == 2 => {
                Some(found(language, kind, Some(version), &path))
            }
            _ => ask(language, &path),
        };
        if let Some(status) = status
            && !all
                .iter()
                .any(|other| other.available && other.kind == status.kind)
        {
            match all.first_mut() {
                // What is not on PATH under its usual name is still there.
                Some(first) if !first.available => *first = status,
                _ => all.push(status),
            }
        }
    }
    all
}

/// What is asked first.
fn program(language: Language) -> &'static str {
    match language {
        Language::Node => "node",
        Language::Python => "python3",
        Language::Php => "php",
        Language::Ruby => "ruby",
        Language::Go => "go",
        Language::Rust => "cargo",
        Language::Executable => "sh",
    }
}

/// Other versions: names with a version on PATH (`python3.12`, `php8.3`), and what version managers keep. With the
/// kind's version where the name tells it, newest first.
fn others(language: Language) -> Vec<(Option<String>, PathBuf)> {
    let numbered = |name: &str, major: u32, minors: std::ops::RangeInclusive<u32>| -> Vec<_> {
        minors
            .rev()
            .filter_map(|minor| {
                let version = format!("{major}.{minor}");
                let path = which::which(format!("{name}{version}")).ok()?;
                // A version manager's script answers for versions that are not there, slowly.
                (!is_script(&path)).then_some((Some(version), path))
            })
            .collect()
    };
    // Version managers name a folder by the version in it, so that nobody has to be asked.
    let kept = |folder: Option<PathBuf>, program: &str| -> Vec<_> {
        let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
        let mut versions: Vec<(Vec<u32>, String, PathBuf)> = entries
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let version = entry.file_name().to_str()?.trim_start_matches('v').to_owned();
                let numbers: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
                let path = entry.path().join("bin").join(program);
                (numbers.len() == 3 && numbers >= oldest(language) && path.is_file())
                    .then_some((numbers, version, path))
            })
            .collect();
        versions.sort();
        let newest_first = versions.into_iter().rev();
        newest_first
            .map(|(_, version, path)| (Some(version), path))
            .collect()
    };
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let below = |name: &str| home.as_ref().map(|home| home.join(name));
    match language {
        Language::Node => kept(below(".nvm/versions/node"), "node"),
        Language::Python => {
            let mut all = numbered("python", 3, 8..=20);
            all.extend(kept(below(".pyenv/versions"), "python3"));
            all
        }
        Language::Php => numbered("php", 8, 0..=9),
        Language::Ruby => {
            let mut all = numbered("ruby", 3, 0..=9);
            all.extend(kept(below(".rbenv/versions"), "ruby"));
            all
        }
        Language::Go | Language::Rust | Language::Executable => Vec::new(),
    }
}

/// The oldest version that the workers' programs run on.
fn oldest(language: Language) -> Vec<u32> {
    match language {
        Language::Node => vec![18],
        Language::Python => vec![3, 8],
        Language::Php => vec![8],
        Language::Ruby => vec![3],
        Language::Go | Language::Rust | Language::Executable => Vec::new(),
    }
}

/// The kind of a version: Node's first number, everybody else's first two.
fn kind_for(language: Language, version: &str) -> Runtime {
    let parts: Vec<&str> = version.split('.').collect();
    match (language, parts.as_slice()) {
        (Language::Node, [major, ..]) => kind_of(language, major),
        (_, [major, minor, ..]) => kind_of(language, &format!("{major}.{minor}")),
        _ => default_kind(language),
    }
}

fn is_script(path: &Path) -> bool {
    let mut first = [0; 2];
    std::fs::File::open(path)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut first))
        .is_ok_and(|()| first == *b"#!")
}

/// Asks an interpreter what it is; `None` when it does not answer.
fn ask(language: Language, program: &Path) -> Option<RuntimeStatus> {
    // The interpreter names itself: what is on PATH may be a version manager's script, which costs 100 ms a start.
    let question: &[&str] = match language {
        Language::Node => &["-p", "process.version.slice(1) + '\\n' + process.execPath"],
        Language::Python => &[
            "-c",
            "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)",
        ],
        Language::Php => &["-r", "echo PHP_VERSION, \"\\n\", PHP_BINARY, \"\\n\";"],
        Language::Ruby => &["-rrbconfig", "-e", "puts RUBY_VERSION, RbConfig.ruby"],
        Language::Go => &["env", "GOVERSION"],
        Language::Rust => &["--version"],
        Language::Executable => return None,
    };
    let answer = ask_version(program, question)?;
    let mut lines = answer.lines();
    // Go says `go1.24.4`, cargo `cargo 1.95.0 (…)`.
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
        .unwrap_or_else(|| program.to_owned());
    let kind = kind_for(language, &version);
    Some(found(language, kind, Some(version), &path))
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
            found: RwLock::new(Arc::new(vec![
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
                found(
                    Language::Node,
                    kind_of(Language::Node, "22"),
                    Some("22.1.0".into()),
                    Path::new("/opt/node22/bin/node"),
                ),
            ])),
        }
    }

    #[test]
    fn default_becomes_the_version_found() {
        let here = runtimes();
        for (wanted, kind) in [
            ("nodejs:default", "nodejs:20"),
            ("nodejs", "nodejs:20"),
            ("nodejs:20", "nodejs:20"),
            ("nodejs:22", "nodejs:22"),
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
            "The specified runtime 'nodejs:2' is not supported by this platform. Valid values are: 'nodejs:20', 'shell:default', 'nodejs:22'."
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
    fn each_version_has_its_own_interpreter() {
        let here = runtimes();
        let of = |kind: &str| here.interpreter_of(&Runtime::new(kind).unwrap()).unwrap();
        assert_eq!(of("nodejs:22"), Path::new("/opt/node22/bin/node"));
        assert_eq!(of("nodejs:20"), Path::new("/usr/bin/node"));
        // A version that was removed from the machine: what is there is tried.
        assert_eq!(of("nodejs:18"), Path::new("/usr/bin/node"));
        assert_eq!(here.abi(&Runtime::new("nodejs:18").unwrap()), "20");
    }

    #[test]
    fn this_machine_has_a_shell() {
        let here = Runtimes::find();
        assert!(here.interpreter(Language::Executable).unwrap().is_absolute());
        for language in Language::ALL {
            assert!(here.all().iter().any(|status| status.language == language));
        }
    }
}
