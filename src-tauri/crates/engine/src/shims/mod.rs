//! The programs that interpreters run for us, each written to one file: they take frames, and call the function.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

const NODE: &str = include_str!("node.cjs");
const PHP: &str = include_str!("php.php");
const RUBY: &str = include_str!("ruby.rb");
/// One file as well, for a worker has only that to read; in this order.
const PYTHON: [&str; 15] = [
    include_str!("python/start.py"),
    include_str!("python/output.py"),
    include_str!("python/environment.py"),
    include_str!("python/load.py"),
    include_str!("python/answer.py"),
    include_str!("python/openwhisk.py"),
    include_str!("python/scaleway.py"),
    include_str!("python/openfaas.py"),
    include_str!("python/flask.py"),
    include_str!("python/spaces.py"),
    include_str!("python/run.py"),
    include_str!("python/read.py"),
    include_str!("python/threads.py"),
    include_str!("python/loop.py"),
    include_str!("python/main.py"),
];

/// Where the shims were written.
#[derive(Debug, Clone)]
pub(crate) struct Shims {
    pub(crate) node: PathBuf,
    pub(crate) python: PathBuf,
    pub(crate) php: PathBuf,
    pub(crate) ruby: PathBuf,
}

impl Shims {
    /// The name of the folder that these very shims belong in.
    pub(crate) fn folder() -> String {
        let mut hasher = DefaultHasher::new();
        (NODE, PYTHON, PHP, RUBY).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Writes them, unless they are there.
    pub(crate) fn write(folder: &Path) -> io::Result<Self> {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            write_shim(&path, text).map(|()| path)
        };
        Ok(Self {
            node: write("node.cjs", NODE)?,
            python: write("python.py", &PYTHON.join("\n\n"))?,
            php: write("php.php", PHP)?,
            ruby: write("ruby.rb", RUBY)?,
        })
    }
}

/// Writes a shim in one step: a worker of another engine may be reading the one that is there.
fn write_shim(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let fresh = path.with_extension(beckon_core::random_hex());
    fs::write(&fresh, text)?;
    fs::rename(&fresh, path)
}
