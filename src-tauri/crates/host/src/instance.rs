//! One Beckon per data directory, and how the command line finds it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use beckon_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// A running Beckon, as it wrote itself down in `run.json` (readable by its user only).
#[derive(Serialize, Deserialize)]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    /// Where its panel answers.
    pub panel: String,
    /// Where its gateway answers.
    pub gateway: String,
    /// The token for this user's command line.
    pub token: String,
    /// Its version.
    pub version: String,
}

/// The claim on a data directory; ends when dropped, and with the process however it ends.
pub struct Instance {
    // The operating system holds the lock as long as the file is open.
    _lock: File,
    run_file: PathBuf,
}

impl Instance {
    /// Claims the directory. `None` when another Beckon has it.
    pub fn claim(data_dir: &Path) -> Result<Option<Self>> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(data_dir)
            .map_err(|e| failed("make the data directory", data_dir, &e))?;
        let path = data_dir.join("beckon.lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let lock = lock.map_err(|e| failed("open its lock file", &path, &e))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self {
                _lock: lock,
                run_file: run_file(data_dir),
            })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(e)) => Err(failed("lock its data directory", &path, &e)),
        }
    }

    /// Writes down how to talk to this Beckon.
    pub fn announce(&self, running: &Running) -> Result<()> {
        let json = serde_json::to_vec(running).map_err(|e| Error::internal("encode run.json", e))?;
        let beside = self.run_file.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&beside)
            .and_then(|mut file| std::io::Write::write_all(&mut file, &json))
            .and_then(|()| fs::rename(&beside, &self.run_file))
            .map_err(|e| failed("write run.json", &self.run_file, &e))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.run_file);
    }
}

impl Running {
    /// The Beckon that runs on this directory, if it has announced itself.
    pub fn find(data_dir: &Path) -> Result<Option<Self>> {
        match fs::read(run_file(data_dir)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(failed("read run.json", data_dir, &e)),
        }
    }
}

fn run_file(data_dir: &Path) -> PathBuf {
    data_dir.join("run.json")
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::internal(what, error).with_hint(format!("Is {} writable?", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_beckon() {
        let dir = tempfile::tempdir().unwrap();
        let first = Instance::claim(dir.path()).unwrap().unwrap();
        assert!(Instance::claim(dir.path()).unwrap().is_none());
        let running = Running {
            pid: 1,
            panel: "http://127.0.0.1:1".into(),
            gateway: "http://127.0.0.1:2".into(),
            token: "t".into(),
            version: "0".into(),
        };
        first.announce(&running).unwrap();
        assert_eq!(Running::find(dir.path()).unwrap().unwrap().token, "t");
        drop(first);
        assert!(Running::find(dir.path()).unwrap().is_none());
        assert!(Instance::claim(dir.path()).unwrap().is_some());
    }
}
