//! pip: what `requirements.txt` asks for, where the worker looks for a virtual environment's packages.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use beckon_core::{Error, Language, Result};

use crate::build::steps::Place;
use crate::deploy::invalid;

const LIST: &str = "requirements.txt";

/// An installation by pip.
pub(crate) struct Install {
    python: PathBuf,
    lists: Lists,
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
        let mut lists = Lists::default();
        lists.read(place, LIST)?;
        let python = place.runtimes.interpreter(Language::Python)?;
        let version = place.runtimes.abi(&place.new.runtime);
        Ok(Some(Self {
            python,
            lists,
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
        arguments.push(self.lists.write(place)?.into());
        // Compiled along: the finished folder cannot be written to.
        arguments.push("--compile".into());
        place
            .run("pip install", &self.python, &arguments, place.code, Vec::new())
            .await
    }
}

/// The lines that say something, as pip reads them: first the comments go, whose last backslash continues nothing, and
/// then continued lines are joined without anything between.
fn lines(text: &str) -> impl Iterator<Item = String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut all = Vec::new();
    let mut open = String::new();
    for line in text.split(is_end) {
        let comment = line.trim_start().starts_with('#');
        if !comment && let Some(line) = line.strip_suffix('\\') {
            open.push_str(line);
            continue;
        }
        if !comment {
            open.push_str(line);
        }
        all.push(std::mem::take(&mut open));
    }
    all.push(open);
    let said = |line: String| {
        let mut end = line.len();
        for (at, _) in line.match_indices('#') {
            if at == 0 || line[..at].ends_with(char::is_whitespace) {
                end = at;
                break;
            }
        }
        let line = line[..end].trim();
        (!line.is_empty()).then(|| line.to_owned())
    };
    all.into_iter().filter_map(said)
}

/// What Python takes for the end of a line.
fn is_end(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Lists that have been checked: pip is given these, and reads no other. It would find more in the package's own than
/// is looked for here, such as another encoding.
#[derive(Debug, Default)]
struct Lists {
    /// The text of each; the first is the package's own.
    texts: Vec<String>,
    /// Which is which.
    seen: HashMap<String, usize>,
}

impl Lists {
    fn name(number: usize) -> String {
        match number {
            0 => LIST.to_owned(),
            _ => format!("requirements-{number}.txt"),
        }
    }

    /// Reads a list and those that it refers to, and refuses what would read files of this machine, or run programs
    /// though they are not allowed. Returns its number.
    fn read(&mut self, place: &Place<'_>, list: &str) -> Result<usize> {
        if let Some(number) = self.seen.get(list) {
            return Ok(*number);
        }
        let Some(text) = place.text(list)? else {
            return Err(invalid(format!(
                "{LIST} refers to '{list}', which is not in the package."
            )));
        };
        let number = self.texts.len();
        self.seen.insert(list.to_owned(), number);
        self.texts.push(String::new());
        let folder = list.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut checked = String::new();
        for line in lines(&text) {
            let other = verdict(&line, place.new.settings.install_scripts)
                .map_err(|why| invalid(format!("{list}: '{}' {why}.", shorten(&line))))?;
            match other {
                Some((option, other)) => {
                    let path = if folder.is_empty() {
                        other
                    } else {
                        format!("{folder}/{other}")
                    };
                    let number = self.read(place, &path)?;
                    checked.push_str(&format!("{option} {}\n", Self::name(number)));
                }
                None => {
                    checked.push_str(&line);
                    checked.push('\n');
                }
            }
        }
        self.texts[number] = checked;
        Ok(number)
    }

    /// Writes them into a folder of the build's; returns the path of the first.
    fn write(&self, place: &Place<'_>) -> Result<PathBuf> {
        let folder = place.home.join("lists");
        let write = || {
            fs::create_dir_all(&folder)?;
            for (number, text) in self.texts.iter().enumerate() {
                fs::write(folder.join(Self::name(number)), text)?;
            }
            Ok(())
        };
        write().map_err(|e: std::io::Error| Error::internal("write a list of dependencies", e))?;
        Ok(folder.join(LIST))
    }
}

/// The option and the file that a line refers to, if it does; or why it is refused.
fn verdict(line: &str, scripts: bool) -> std::result::Result<Option<(&'static str, String)>, &'static str> {
    if line.chars().any(char::is_control) {
        return Err("has characters that are no text");
    }
    let (word, rest) = line
        .split_once(|c: char| c.is_whitespace() || c == '=')
        .unwrap_or((line, ""));
    let argument = rest.trim().trim_start_matches('=').trim();
    // pip reads several options from one line, and takes quotation marks and backslashes off.
    if word.starts_with('-') && argument.contains(|c: char| c.is_whitespace() || "'\"\\".contains(c)) {
        return Err("is more than one option; write each on a line of its own");
    }
    match word {
        "-r" | "--requirement" | "-c" | "--constraint" => {
            if argument.is_empty() || argument.contains("://") || is_outside(argument) {
                return Err("is outside of the package");
            }
            let option = if matches!(word, "-r" | "--requirement") {
                "-r"
            } else {
                "-c"
            };
            return Ok(Some((option, argument.to_owned())));
        }
        "-i" | "--index-url" | "--extra-index-url" | "-f" | "--find-links" => {
            return if argument.starts_with("https://") || argument.starts_with("http://") {
                Ok(None)
            } else {
                Err("is not an http or https address")
            };
        }
        "--only-binary" if !scripts && argument.contains(":none:") => {
            return Err("would build packages from source, which the settings do not allow");
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
        assert_eq!(all[2], "long   --hash=sha256:0");
        assert!(lines("\n# nothing\n").next().is_none());
        // Continued is what pip continues, and ended what it ends.
        for (text, expected) in [
            ("# more \\\n-r x.txt\n", vec!["-r x.txt"]),
            ("file:\\\n///home/x.whl", vec!["file:///home/x.whl"]),
            ("six\\\n# a comment\n", vec!["six"]),
            (
                "# a\u{2028}-r x.txt\x0b-c y.txt\r\nsix\\",
                vec!["-r x.txt", "-c y.txt", "six"],
            ),
            ("six\t# tab", vec!["six"]),
            ("a#b", vec!["a#b"]),
        ] {
            assert_eq!(lines(text).collect::<Vec<_>>(), expected, "{text:?}");
        }
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
        assert_eq!(verdict("-r more.txt", false), Ok(Some(("-r", "more.txt".into()))));
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
            "--pre -r /etc/passwd",
            "-i https://pypi.example/simple -r /etc/passwd",
            "-r 'x y'",
            "--only-binary :none:",
            "six\u{1}",
        ] {
            assert!(verdict(bad, false).is_err(), "{bad}");
        }
        for allowed in ["git+https://example.org/x", "./vendor/x", "--no-binary :all:"] {
            assert!(verdict(allowed, true).is_ok(), "{allowed}");
        }
    }
}
