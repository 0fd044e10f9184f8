//! The steps from a package to a folder that can run.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use beckon_core::{CodePackage, Error, ErrorCode, Language, NewFunction, Result};

use crate::build::command::{self, Tool};
use crate::build::log::Log;
use crate::build::{Builds, blocking, environment, go, node, python, rust};
use crate::isolation::Workplace;
use crate::runtimes::Runtimes;
use crate::{code, deploy, package};

/// Where a build happens, and what it has at hand.
pub(crate) struct Place<'a> {
    pub(crate) builds: &'a Builds,
    /// Becomes the build.
    pub(crate) code: &'a Path,
    /// The tools' home directory.
    pub(crate) home: &'a Path,
    pub(crate) log: &'a Log,
    pub(crate) runtimes: &'a Runtimes,
    pub(crate) new: &'a std::sync::Arc<NewFunction>,
    pub(crate) started: Instant,
}

/// What takes tools, and time.
pub(crate) enum Job {
    Npm(node::Install),
    Pip(python::Install),
    Go(go::Compile),
    Rust(rust::Compile),
}

/// Builds in `place`. `slow` is called before tools are started.
pub(crate) async fn build(place: &Place<'_>, slow: impl FnOnce()) -> Result<()> {
    let (new, target) = (place.new.clone(), place.code.to_owned());
    blocking(move || unpack(&new, &target)).await?;
    let jobs = jobs(place)?;
    if jobs.is_empty() {
        place
            .log
            .note("Unpacked; there is nothing to install or to compile.");
        return Ok(());
    }
    slow();
    let slot = match place.builds.slots.try_acquire() {
        Ok(slot) => slot,
        Err(_) => {
            place.log.note("Waiting for other builds.");
            let slot = place.builds.slots.acquire().await;
            slot.map_err(|_| crate::pool::shutting_down())?
        }
    };
    fs::create_dir_all(place.home.join("tmp"))
        .map_err(|e| Error::internal("make a folder for a build", e))?;
    let work = async {
        for job in jobs {
            match job {
                Job::Npm(install) => install.run(place).await?,
                Job::Pip(install) => install.run(place).await?,
                Job::Go(compile) => compile.run(place).await?,
                Job::Rust(compile) => compile.run(place).await?,
            }
        }
        Ok(())
    };
    let limit = place.builds.limit;
    let result = tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        Err(Error::new(
            ErrorCode::Timeout,
            format!(
                "The build took longer than {} seconds and was stopped.",
                limit.as_secs()
            ),
        )
        .with_hint("What was downloaded is kept: the next try begins where this one ended."))
    });
    drop(slot);
    match &result {
        Ok(()) => place.log.note(format!(
            "Ready after {:.1} s.",
            place.started.elapsed().as_secs_f64()
        )),
        Err(_) => place.log.note(format!(
            "Failed after {:.1} s.",
            place.started.elapsed().as_secs_f64()
        )),
    }
    result.map_err(|error| match error.details {
        Some(_) => error,
        None => error.with_details(place.log.tail()),
    })
}

fn jobs(place: &Place<'_>) -> Result<Vec<Job>> {
    let zip = matches!(place.new.code, CodePackage::Zip(_));
    let mut jobs = Vec::new();
    match place.new.runtime.language() {
        Language::Node if zip => jobs.extend(node::Install::needed(place)?.map(Job::Npm)),
        Language::Python if zip => jobs.extend(python::Install::needed(place)?.map(Job::Pip)),
        Language::Go => jobs.push(Job::Go(go::Compile::needed(place)?)),
        Language::Rust => jobs.push(Job::Rust(rust::Compile::needed(place)?)),
        Language::Php => note_if(place, "composer.json", "vendor", "composer install"),
        Language::Ruby => note_if(place, "Gemfile", "vendor", "bundle install --path vendor/bundle"),
        _ => {}
    }
    Ok(jobs)
}

/// Says in the log that a list of dependencies is not acted on.
fn note_if(place: &Place<'_>, list: &str, brought: &str, command: &str) {
    if place.has(list) && !place.has(brought) {
        place.log.note(format!(
            "The packages of {list} are not installed by Beckon: run `{command}` and pack the folder {brought} along."
        ));
    }
}

/// Writes the code as it is run.
fn unpack(new: &NewFunction, target: &Path) -> Result<()> {
    let io = |e: std::io::Error| Error::internal("write a function's code", e);
    match &new.code {
        CodePackage::Source(text) => {
            for name in deploy::source_files(new.runtime.language()) {
                code::write(&target.join(name), text, 0o444).map_err(io)?;
            }
            if new.runtime.language() == Language::Executable {
                make_executable(&target.join("exec")).map_err(io)?;
            }
        }
        CodePackage::Sequence(_) => {}
        CodePackage::Zip(bytes) => {
            let entries = package::unpack(bytes, target)?;
            if new.runtime.language() == Language::Executable {
                let has = |name: &str| entries.iter().any(|entry| !entry.directory && entry.name == name);
                if let Some(name) = deploy::entry_file(new.main.as_deref(), has) {
                    make_executable(&target.join(name)).map_err(io)?;
                }
            }
        }
    }
    Ok(())
}

fn make_executable(path: &Path) -> std::io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o555))
}

impl Place<'_> {
    /// A file of the code, if it is there and not too large to be a list of dependencies.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        const LARGEST: u64 = 64 * 1024 * 1024;
        let path = self.code.join(name);
        match fs::metadata(&path) {
            Ok(file) if file.is_file() && file.len() <= LARGEST => {}
            Ok(file) if file.is_file() => return Err(deploy::invalid(format!("{name} is too large."))),
            _ => return Ok(None),
        }
        let text = fs::read(&path).map_err(|e| Error::internal("read a function's code", e))?;
        String::from_utf8(text)
            .map(Some)
            .map_err(|_| deploy::invalid(format!("{name} is not UTF-8.")))
    }

    /// Whether the code has this file or folder.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.code.join(name).exists()
    }

    /// The folder for what is shared by all builds.
    pub(crate) fn cache(&self) -> PathBuf {
        self.builds.root.join("cache")
    }

    /// The folder that has a folder for each tool's downloads, and the tool's own in it. They are shared by all builds
    /// of the language, but not where packages' scripts run, which could leave something there for another's.
    fn caches(&self) -> (PathBuf, PathBuf) {
        let language = self.new.runtime.language();
        let (tool, runs_scripts) = match language {
            Language::Node => ("npm", self.new.settings.install_scripts),
            Language::Python => ("pip", self.new.settings.install_scripts),
            Language::Go => ("go", false),
            // What cargo compiled for others is the point of its folder.
            _ => ("cargo", false),
        };
        let all = if runs_scripts {
            self.home.join("cache")
        } else {
            self.cache()
        };
        let own = all.join(tool);
        (all, own)
    }

    /// Runs a tool in `folder` with `more` in its environment; its output is the log. `what` begins the sentence
    /// that says that it failed: "npm ci failed: …".
    pub(crate) async fn run(
        &self,
        what: &str,
        program: &Path,
        arguments: &[OsString],
        folder: &Path,
        more: Vec<(String, OsString)>,
    ) -> Result<()> {
        let shown: Vec<String> = arguments.iter().map(|a| self.shown(a)).collect();
        self.log
            .note(format!("$ {} {}", program.display(), shown.join(" ")));
        let (cache, own_cache) = self.caches();
        fs::create_dir_all(&own_cache).map_err(|e| Error::internal("make a folder for a build", e))?;
        let mut env = environment::common(self.home, &cache);
        for (name, value) in more {
            env.retain(|(known, _)| *known != name);
            env.push((name, value));
        }
        if let Some(bin) = program.parent() {
            // Tools are scripts that look for their interpreter on PATH: it must be the one beside them.
            for (_, value) in env.iter_mut().filter(|(name, _)| name == "PATH") {
                let mut path = bin.as_os_str().to_owned();
                path.push(":");
                path.push(&*value);
                *value = path;
            }
        }
        let readable = environment::readable(self.new.runtime.language(), &env, program, self.code);
        let (mark, brand, record) = self.builds.next_process();
        let tool = Tool {
            program,
            arguments: arguments.to_vec(),
            folder,
            env,
            mark: &mark,
            brand,
            record,
            workplace: Workplace {
                writable: vec![self.code.to_owned(), self.home.to_owned(), own_cache],
                readable,
            },
            isolation: self.builds.isolation.clone(),
        };
        let status = command::run(tool, self.log)
            .await
            .map_err(|e| Error::internal(&format!("start {}", program.display()), e))?;
        if status.success() {
            return Ok(());
        }
        let how = command::describe(status);
        let mut message = format!("{what} failed: it {how}.");
        if let Some(line) = self.telling_line() {
            message = format!("{what} failed: {line}");
        }
        Err(deploy::invalid(message)
            .with_hint("The version before it, if there is one, goes on serving. The build log has all that was printed.")
            .with_details(self.log.tail()))
    }

    /// An argument as the log shows it: without the path of the temporary folder.
    fn shown(&self, argument: &OsString) -> String {
        let text = argument.to_string_lossy();
        let code = self.code.to_string_lossy();
        let text = text.replace(&*code, ".");
        if text.contains(|c: char| c.is_whitespace()) {
            format!("'{text}'")
        } else {
            text
        }
    }

    /// The line of the log that best tells what went wrong.
    fn telling_line(&self) -> Option<String> {
        let tail = self.log.tail();
        let lines: Vec<&str> = tail
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let is_error = |line: &&&str| {
            let lower = line.to_ascii_lowercase();
            (lower.starts_with("error") || lower.starts_with("npm error"))
                && !lower.contains("complete log of this run")
                && !lower.starts_with("npm error code")
        };
        // go says where: "./handler.go:5:2: undefined: x"
        let is_place = |line: &&&str| line.contains(".go:");
        let line = lines
            .iter()
            .find(is_error)
            .or_else(|| lines.iter().find(is_place))
            .or(lines.last())?;
        Some(line.chars().take(300).collect())
    }
}
