//! Which files of a folder belong to a function, and which are left out, with the reason.
//!
//! What comes first decides:
//! 1. what is never code: version control, `.DS_Store`;
//! 2. `.funcignore`, which is for this and nothing else, so that it may also bring something back;
//! 3. installed dependencies and build results: `node_modules` beside a `package.json` that lists dependencies and
//!    `target` beside a `Cargo.toml` are left out, because a deploy installs and builds them. A `node_modules` that no
//!    `package.json` accounts for is kept, whatever `.gitignore` says: nobody could make it again;
//! 4. `.slsignore`, `.ignore`, `.dockerignore`, `.gitignore`, the deeper folder first; those of parent folders up to the
//!    repository's root count too;
//! 5. what is not meant to leave a developer's machine: `.env`, `.venv`, `__pycache__`, editors' leavings.

use std::path::{Path, PathBuf};

use beckon_core::{Error, ErrorCode, Result};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Never part of a function.
const NEVER: [&str; 5] = [".git", ".hg", ".svn", ".jj", ".DS_Store"];

/// Left out unless an ignore file says `!`.
const DEFAULTS: [&str; 15] = [
    ".env",
    ".env.*",
    ".venv/",
    "venv/",
    "__pycache__/",
    "*.pyc",
    ".pytest_cache/",
    ".mypy_cache/",
    ".idea/",
    ".vscode/",
    "*.swp",
    "*.swx",
    "*~",
    ".#*",
    "4913", // Vim asks with this name whether it may write
];

/// Ignore files that share a rank, the stronger last.
const SHARED: [&str; 4] = [".gitignore", ".dockerignore", ".ignore", ".slsignore"];

/// Most bytes of an ignore file that are read.
const RULES_LIMIT: u64 = 256 * 1024;

/// What the ignore files of one folder say.
struct Level {
    own: Option<Gitignore>,
    shared: Vec<Gitignore>,
    /// Docker's rules, which can bring back a file from a folder that they leave out.
    docker: Option<Gitignore>,
    node_modules: Option<bool>,
    cargo: bool,
}

/// The rules that hold in a folder and, through its parents, above it.
pub(super) struct Rules {
    levels: Vec<Level>,
    defaults: Gitignore,
}

/// What becomes of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is part of the function.
    Keep,
    /// It is not, for this reason.
    Leave(String),
    /// The folder is not, and something in it may be.
    Look,
}

impl Rules {
    /// The rules above `root`: ignore files of parent folders up to the repository's root, unless they leave out `root`
    /// itself, which somebody asked for by name.
    pub(super) fn above(root: &Path) -> Result<Self> {
        let mut defaults = GitignoreBuilder::new("");
        for line in DEFAULTS {
            defaults.add_line(None, line).map_err(|e| unreadable(root, &e))?;
        }
        let defaults = defaults.build().map_err(|e| unreadable(root, &e))?;
        let mut rules = Self {
            levels: Vec::new(),
            defaults,
        };
        let repository = root
            .ancestors()
            .skip(1)
            .find(|folder| folder.join(".git").exists());
        if let Some(repository) = repository.filter(|_| !root.join(".git").exists()) {
            let mut parents: Vec<&Path> = root
                .ancestors()
                .skip(1)
                .take_while(|folder| folder.starts_with(repository))
                .collect();
            parents.reverse();
            for parent in parents {
                let git = read(parent, ".gitignore")?;
                rules.levels.push(Level {
                    own: None,
                    shared: git.into_iter().collect(),
                    docker: None,
                    node_modules: None,
                    cargo: false,
                });
            }
            let left_out = root
                .ancestors()
                .take_while(|folder| folder.starts_with(repository) && *folder != repository)
                .any(|folder| !matches!(rules.verdict(folder, true), Verdict::Keep));
            if left_out {
                rules.levels.clear();
            }
        }
        Ok(rules)
    }

    /// Goes into a folder: its ignore files count until [`Rules::leave`].
    pub(super) fn enter(&mut self, folder: &Path) -> Result<()> {
        let mut shared = Vec::new();
        let mut docker = None;
        for name in SHARED {
            if name == ".dockerignore" {
                docker = read_docker(folder)?;
            } else if let Some(found) = read(folder, name)? {
                shared.push(found);
            }
        }
        shared.reverse();
        self.levels.push(Level {
            own: read(folder, ".funcignore")?,
            shared,
            docker,
            node_modules: node_modules_needed(folder),
            cargo: folder.join("Cargo.toml").is_file(),
        });
        Ok(())
    }

    /// Leaves the folder that was entered last.
    pub(super) fn leave(&mut self) {
        self.levels.pop();
    }

    /// What becomes of a path in the folder that was entered last.
    pub(super) fn verdict(&self, path: &Path, directory: bool) -> Verdict {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default();
        if NEVER.contains(&name.as_ref()) {
            return Verdict::Leave("never part of a function".into());
        }
        for level in self.levels.iter().rev() {
            if let Some(verdict) = level.own.as_ref().and_then(|rules| ask(rules, path, directory)) {
                return verdict;
            }
        }
        if let Some(here) = self.levels.last().filter(|_| directory) {
            match (name.as_ref(), here.node_modules) {
                ("node_modules", Some(true)) => return Verdict::Keep,
                ("node_modules", Some(false)) => {
                    return Verdict::Leave(
                        "installed when the function is deployed, from package.json".into(),
                    );
                }
                ("target", _) if here.cargo => {
                    return Verdict::Leave("built when the function is deployed".into());
                }
                _ => {}
            }
        }
        for level in self.levels.iter().rev() {
            for rules in &level.shared {
                if let Some(verdict) = ask(rules, path, directory) {
                    return verdict;
                }
            }
            if let Some(verdict) = level
                .docker
                .as_ref()
                .and_then(|rules| ask_docker(rules, path, directory))
            {
                return verdict;
            }
        }
        ask(&self.defaults, path, directory).unwrap_or(Verdict::Keep)
    }
}

fn ask(rules: &Gitignore, path: &Path, directory: bool) -> Option<Verdict> {
    match rules.matched(path, directory) {
        Match::None => None,
        Match::Whitelist(_) => Some(Verdict::Keep),
        Match::Ignore(glob) => Some(Verdict::Leave(reason(glob))),
    }
}

/// As Docker reads it: a pattern also covers what is below a folder that it names, and a later `!` brings back from there.
fn ask_docker(rules: &Gitignore, path: &Path, directory: bool) -> Option<Verdict> {
    if !path.starts_with(rules.path()) {
        return None;
    }
    match rules.matched_path_or_any_parents(path, directory) {
        Match::None => None,
        Match::Whitelist(_) => Some(Verdict::Keep),
        Match::Ignore(_) if directory && rules.num_whitelists() > 0 => Some(Verdict::Look),
        Match::Ignore(glob) => Some(Verdict::Leave(reason(glob))),
    }
}

fn reason(glob: &ignore::gitignore::Glob) -> String {
    let pattern = glob.original();
    match glob.from().and_then(Path::file_name) {
        Some(file) => format!("{}: {pattern}", file.to_string_lossy()),
        None => format!("usually not part of a function: {pattern}"),
    }
}

/// The text of an ignore file; `None` when there is none.
fn text(folder: &Path, name: &str) -> Result<Option<(PathBuf, String)>> {
    use std::io::Read as _;
    let path = folder.join(name);
    // Anything but a plain file (a folder of that name, a pipe) is no ignore file.
    if !path.metadata().is_ok_and(|meta| meta.is_file()) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    std::fs::File::open(&path)
        .and_then(|file| file.take(RULES_LIMIT).read_to_end(&mut bytes))
        .map_err(|e| unreadable(&path, &e))?;
    Ok(Some((path, String::from_utf8_lossy(&bytes).into_owned())))
}

/// A pattern that cannot be read is left out, as git does.
fn build(folder: &Path, lines: impl Iterator<Item = (PathBuf, String)>) -> Result<Option<Gitignore>> {
    let mut builder = GitignoreBuilder::new(folder);
    for (from, line) in lines {
        let _ = builder.add_line(Some(from), &line);
    }
    let rules = builder.build().map_err(|e| unreadable(folder, &e))?;
    Ok((!rules.is_empty()).then_some(rules))
}

fn read(folder: &Path, name: &str) -> Result<Option<Gitignore>> {
    let Some((path, text)) = text(folder, name)? else {
        return Ok(None);
    };
    build(folder, text.lines().map(|line| (path.clone(), line.to_owned())))
}

/// Docker's patterns are paths from the folder, where git's match at any depth.
fn read_docker(folder: &Path) -> Result<Option<Gitignore>> {
    let Some((path, text)) = text(folder, ".dockerignore")? else {
        return Ok(None);
    };
    let lines = text.lines().filter_map(|line| {
        let line = line.trim();
        let (mark, pattern) = line
            .strip_prefix('!')
            .map_or(("", line), |rest| ("!", rest.trim()));
        let pattern = pattern.trim_start_matches("./").trim_start_matches('/');
        if pattern.is_empty() || line.starts_with('#') {
            return None;
        }
        let anchor = if pattern.starts_with("**") { "" } else { "/" };
        Some((path.clone(), format!("{mark}{anchor}{pattern}")))
    });
    build(folder, lines)
}

/// Whether `node_modules` must come along (`false`: a deploy installs it); `None` where there is none.
fn node_modules_needed(folder: &Path) -> Option<bool> {
    if !folder.join("node_modules").is_dir() {
        return None;
    }
    let listed = text(folder, "package.json")
        .ok()
        .flatten()
        .and_then(|(_, text)| serde_json::from_str::<serde_json::Value>(&text).ok())
        .is_some_and(|package| {
            ["dependencies", "optionalDependencies"].iter().any(|key| {
                package
                    .get(key)
                    .and_then(serde_json::Value::as_object)
                    .is_some_and(|all| !all.is_empty())
            })
        });
    Some(!listed)
}

fn unreadable(path: &Path, cause: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::InvalidInput,
        format!("{} cannot be read.", path.display()),
    )
    .with_details(cause.to_string())
}
