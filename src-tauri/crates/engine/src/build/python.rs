//! pip: what `requirements.txt` asks for, where the worker looks for a virtual environment's packages.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::PathBuf;

use beckon_core::{Language, Result};

use crate::build::steps::Place;
use crate::deploy::invalid;

const LIST: &str = "requirements.txt";

/// An installation by pip.
pub(crate) struct Install {
    python: PathBuf,
    /// Where to, below the code.
    target: String,
}

impl Install {
    /// What there is to install, if anything: not without requirements, and not where the package brings them along.
    pub(crate) fn needed(place: &Place<'_>) -> Result<Option<Self>> {
        let Some(text) = place.text(LIST)? else {
            return Ok(None);
        };
        if lines(&text).next().is_none() {
            return Ok(None);
        }
        for own in ["virtualenv", "package"] {
            if place.has(own) {
                place
                    .log
                    .note(format!("The package has its own {own}: nothing is installed."));
                return Ok(None);
            }
        }
        check(place, LIST, &mut HashSet::new())?;
        let python = place.runtimes.interpreter(Language::Python)?;
        let version = place.runtimes.abi(&place.new.runtime);
        Ok(Some(Self {
            python,
            target: format!("virtualenv/lib/python{version}/site-packages"),
        }))
    }

    pub(crate) async fn run(self, place: &Place<'_>) -> Result<()> {
        let mut arguments: Vec<OsString> =
            ["-m", "pip", "install", "--no-warn-script-location", "--no-input"]
                .map(OsString::from)
                .into();
        if place.new.settings.install_scripts {
            place
                .log
                .note("Packages may be built from source, as the function's settings say.");
        } else {
            arguments.push("--only-binary=:all:".into());
            place.log.note(
                "Only wheels are installed: building a package from source runs other people's programs. \
                 The function's settings can allow it.",
            );
        }
        arguments.push("--target".into());
        arguments.push(place.code.join(&self.target).into());
        arguments.push("-r".into());
        arguments.push(place.code.join(LIST).into());
        // Compiled along: the finished folder cannot be written to.
        arguments.push("--compile".into());
        place
            .run("pip install", &self.python, &arguments, place.code, Vec::new())
            .await
    }
}

/// The lines that say something, continued ones joined.
fn lines(text: &str) -> impl Iterator<Item = String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let lines: Vec<String> = joined
        .lines()
        .map(|line| match line.find(" #") {
            Some(comment) => line[..comment].trim().to_owned(),
            None => line.trim().to_owned(),
        })
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    lines.into_iter()
}

/// Refuses what would read files of this machine, or run programs though they are not allowed.
fn check(place: &Place<'_>, list: &str, seen: &mut HashSet<String>) -> Result<()> {
    if !seen.insert(list.to_owned()) {
        return Ok(());
    }
    let Some(text) = place.text(list)? else {
        return Err(invalid(format!(
            "{LIST} refers to '{list}', which is not in the package."
        )));
    };
    for line in lines(&text) {
        if let Some(other) = verdict(&line, place.new.settings.install_scripts)
            .map_err(|why| invalid(format!("{list}: '{}' {why}.", shorten(&line))))?
        {
            let folder = list.rsplit_once('/').map_or("", |(folder, _)| folder);
            let other = if folder.is_empty() {
                other
            } else {
                format!("{folder}/{other}")
            };
            check(place, &other, seen)?;
        }
    }
    Ok(())
}

/// The file that a line refers to, if it does; or why it is refused.
fn verdict(line: &str, scripts: bool) -> std::result::Result<Option<String>, &'static str> {
    let (word, rest) = line
        .split_once(|c: char| c.is_whitespace() || c == '=')
        .unwrap_or((line, ""));
    let argument = rest.trim().trim_start_matches('=').trim();
    match word {
        "-r" | "--requirement" | "-c" | "--constraint" => {
            if argument.is_empty() || argument.contains("://") || is_outside(argument) {
                return Err("is outside of the package");
            }
            return Ok(Some(argument.to_owned()));
        }
        "-i" | "--index-url" | "--extra-index-url" | "-f" | "--find-links" => {
            return if argument.starts_with("https://") || argument.starts_with("http://") {
                Ok(None)
            } else {
                Err("is not an http or https address")
            };
        }
        "--no-index" | "--pre" | "--prefer-binary" | "--only-binary" | "--require-hashes"
        | "--trusted-host" => {
            return Ok(None);
        }
        "--no-binary" if scripts => return Ok(None),
        "--no-binary" => return Err("would build packages from source, which the settings do not allow"),
        _ if word.starts_with("-e") || word.starts_with("--editable") => {
            return Err("is an editable install, which a finished build cannot hold");
        }
        // pip reads `-rname` and `-cname` as well.
        _ if word.starts_with("-") => return Err("is an option that Beckon does not pass on"),
        _ => {}
    }
    let requirement = line.split(';').next().unwrap_or_default();
    let place = match requirement.split_once('@') {
        // `name @ https://…`
        Some((_, place)) if !requirement.contains("://") || place.contains("://") => Some(place.trim()),
        _ if requirement.contains("://") => Some(requirement.trim()),
        _ => None,
    };
    if let Some(place) = place {
        let address = place.split(['#', '?', ' ']).next().unwrap_or_default();
        if !(address.starts_with("https://")
            || address.starts_with("http://")
            || address.starts_with("git+http"))
        {
            return Err("is not an http or https address");
        }
        if !scripts && !address.ends_with(".whl") {
            return Err("would build a package from source, which the settings do not allow");
        }
        return Ok(None);
    }
    if requirement.starts_with(['/', '.', '~', '\\']) || requirement.contains('/') {
        return if is_outside(requirement) {
            Err("is outside of the package")
        } else if requirement.trim().ends_with(".whl") || scripts {
            Ok(None)
        } else {
            Err("would build a package from source, which the settings do not allow")
        };
    }
    Ok(None)
}

fn is_outside(path: &str) -> bool {
    path.starts_with('/')
        || path.starts_with('~')
        || path.contains('$')
        || path.split(['/', '\\']).any(|part| part == "..")
}

fn shorten(line: &str) -> String {
    line.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read_as_pip_reads_them() {
        let text =
            "# all\nrequests==2.32.0 # why\n\n  six>=1 ; python_version<'4'\nlong \\\n  --hash=sha256:0\n";
        let all: Vec<String> = lines(text).collect();
        assert_eq!(all.len(), 3);
        assert_eq!(all[0], "requests==2.32.0");
        assert!(lines("\n# nothing\n").next().is_none());
    }

    #[test]
    fn what_reads_files_or_runs_programs_is_refused() {
        for good in [
            "requests",
            "requests[socks]==2.32.0",
            "six>=1,<2 ; python_version < '4'",
            "x @ https://example.org/x-1-py3-none-any.whl",
            "https://example.org/x-1-py3-none-any.whl#sha256=0",
            "-i https://pypi.example/simple",
            "--extra-index-url=https://pypi.example/simple",
            "./vendor/x-1-py3-none-any.whl",
            "--only-binary :all:",
        ] {
            assert_eq!(verdict(good, false), Ok(None), "{good}");
        }
        assert_eq!(verdict("-r more.txt", false), Ok(Some("more.txt".into())));
        for bad in [
            "-r /etc/passwd",
            "-r ../x",
            "-r ~/x",
            "-r${HOME}/x",
            "-c file:///etc/passwd",
            "-e .",
            "--editable=.",
            "x @ file:///home/me/x.whl",
            "file:///home/me/x.whl",
            "/home/me/x.whl",
            "../x.whl",
            "-f /home/me",
            "-r https://example.org/list.txt",
            "x @ https://example.org/x.tar.gz",
            "git+https://example.org/x",
            "--no-binary :all:",
            "./vendor/x",
            "--config-settings=x",
        ] {
            assert!(verdict(bad, false).is_err(), "{bad}");
        }
        for allowed in ["git+https://example.org/x", "./vendor/x", "--no-binary :all:"] {
            assert!(verdict(allowed, true).is_ok(), "{allowed}");
        }
    }
}
