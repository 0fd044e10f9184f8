//! What builds leave on disk, and when it goes.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{Error, FunctionKey, Result};

use crate::build::record::{BuildState, Records};
use crate::build::{Attempt, Builds, Folder};
use crate::code::{for_each_dir, remove_tree};

/// So many files are brought to disk one by one; more of them with all else that waits to be written.
const FEW: usize = 8;

/// How often, and after which pause, a temporary folder is removed that something still writes to.
const MOST_REMOVALS: u32 = 20;
const BETWEEN_REMOVALS: Duration = Duration::from_millis(50);

/// Makes a folder that is nobody else's business.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A build under way: removed with this, unless it is finished.
pub(crate) struct Workshop {
    folder: PathBuf,
    code: PathBuf,
    home: PathBuf,
}

impl Workshop {
    pub(crate) fn open(tmp: &Path) -> Result<Self> {
        let folder = tmp.join(beckon_core::random_hex());
        let (code, home) = (folder.join("code"), folder.join("home"));
        for path in [&code, &home] {
            private_folder(path).map_err(|e| Error::internal("make a folder for a build", e))?;
        }
        Ok(Self { folder, code, home })
    }

    /// What becomes the finished build.
    pub(crate) fn code(&self) -> &Path {
        &self.code
    }

    /// The home directory and temporary files of the tools.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Takes the right to write from all of it, brings it to disk and gives it its name, in one step.
    pub(crate) fn finish(self, target: &Path) -> Result<()> {
        let finish = || {
            let files = seal(&self.code)?;
            if files.len() <= FEW {
                for file in &files {
                    File::open(file)?.sync_all()?;
                }
            } else {
                rustix::fs::syncfs(File::open(&self.code)?)?;
            }
            fs::set_permissions(&self.code, fs::Permissions::from_mode(0o755))?;
            match fs::rename(&self.code, target) {
                // Another Beckon on the same data directory made the same.
                Err(_) if target.is_dir() => return Ok(()),
                result => result?,
            }
            fs::set_permissions(target, fs::Permissions::from_mode(0o555))
        };
        finish().map_err(|e: io::Error| Error::internal("keep a build", e))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let folder = std::mem::take(&mut self.folder);
        // A tool that was just killed may still be making a file.
        let remove = move || {
            for attempt in 1.. {
                match remove_tree(&folder) {
                    Ok(()) => break,
                    Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty && attempt < MOST_REMOVALS => {
                        std::thread::sleep(BETWEEN_REMOVALS);
                    }
                    Err(e) => {
                        tracing::warn!(error = %e, "a build's temporary folder could not be removed");
                        break;
                    }
                }
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(handle) => drop(handle.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

/// Makes every file and folder read-only, and lists the files. Links are left alone.
fn seal(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for_each_dir(root, &mut |folder| {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let mode = entry.metadata()?.permissions().mode();
                // Group and others too: what runs the function may be somebody else.
                let sealed = 0o444 | (mode & 0o111);
                if mode & 0o7777 != sealed {
                    fs::set_permissions(entry.path(), fs::Permissions::from_mode(sealed))?;
                }
                files.push(entry.path());
            }
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o555))
    })?;
    Ok(files)
}

/// Writes an attempt's log, unless the log is that of the build it found ready.
pub(crate) fn write_log(folder: &Path, attempt: &Attempt) {
    let record = attempt.record.lock().clone();
    if record.reused {
        return;
    }
    if let Err(e) = fs::write(folder.join(&record.log), attempt.log.whole()) {
        tracing::warn!(error = %e, "a build's log could not be written");
    }
}

/// Writes an attempt's record.
pub(crate) fn write(folder: &Path, attempt: &Attempt) {
    let record = attempt.record.lock().clone();
    if let Err(e) = Records::put(folder, &attempt.function, &record) {
        tracing::warn!(error = %e, "a build could not be noted");
    }
}

impl Builds {
    /// Ends what a crash left half done. Before anything else.
    pub(crate) fn recover(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.root.join("tmp"))?.flatten() {
            if let Err(e) = remove_tree(&entry.path()) {
                tracing::warn!(error = %e, "what an earlier build left could not be removed");
            }
        }
        for path in self.record_files() {
            let mut records = Records::read(&path);
            let Some(function) = records.function.take() else {
                let _ = fs::remove_file(path);
                continue;
            };
            for mut attempt in records.attempts {
                if attempt.state == BuildState::Building {
                    attempt.state = BuildState::Cancelled;
                    Records::put(&self.root.join("functions"), &function, &attempt)?;
                }
            }
        }
        Ok(())
    }

    /// Removes what no function needs: builds, logs, and the records of functions that are gone. `functions` are
    /// those that are stored, with their versions.
    pub(crate) fn prune(&self, functions: &[(FunctionKey, String)]) {
        let mut builds = HashSet::new();
        let mut logs = HashSet::new();
        for path in self.record_files() {
            let records = Records::read(&path);
            let stored = functions
                .iter()
                .find(|(key, _)| Some(key) == records.function.as_ref());
            let busy = records
                .attempts
                .last()
                .is_some_and(|last| last.state == BuildState::Building);
            match stored {
                Some((_, version)) => {
                    builds.extend(records.serving(version).map(|attempt| attempt.build.clone()));
                    // It may be about to be stored.
                    builds.extend(records.attempts.last().map(|attempt| attempt.build.clone()));
                }
                // Never stored, and tried within the last day: its log is what tells why.
                None if busy
                    || records
                        .attempts
                        .last()
                        .is_some_and(|last| self.is_recent(last.started)) => {}
                None => {
                    let _ = fs::remove_file(&path);
                    continue;
                }
            }
            logs.extend(records.attempts.into_iter().map(|attempt| attempt.log));
        }
        self.remove_others("logs", |name| logs.contains(name));
        let mut shared = self.shared.lock();
        shared.leases.retain(|_, lease| lease.strong_count() > 0);
        let turns = &shared.turns;
        let leases = &shared.leases;
        let kept = |name: &str| {
            builds.contains(name)
                || leases.contains_key(name)
                || turns.get(name).is_some_and(|turn| turn.strong_count() > 0)
        };
        // Out of the way while nobody can take hold of it; that it takes long to remove is nobody's concern then.
        let mut gone = Vec::new();
        for name in names(&self.root.join("ready")).filter(|name| !kept(name)) {
            let aside = self.root.join("tmp").join(beckon_core::random_hex());
            let path = self.root.join("ready").join(&name);
            let _ = fs::set_permissions(&path, fs::Permissions::from_mode(0o755));
            if fs::rename(&path, &aside).is_ok() {
                gone.push(aside);
            }
        }
        drop(shared);
        for folder in gone {
            if let Err(e) = remove_tree(&folder) {
                tracing::warn!(error = %e, "an old build could not be removed");
            }
        }
    }

    /// Forgets what is known of a function that was deleted.
    pub(crate) async fn forget(&self, function: &FunctionKey) {
        let path = Records::path(&self.root.join("functions"), function);
        let _ = tokio::task::spawn_blocking(move || fs::remove_file(path)).await;
        self.useless.notify_one();
    }

    fn is_recent(&self, at: beckon_core::Millis) -> bool {
        self.clock.now() - at < 24 * 3600 * 1000
    }

    fn record_files(&self) -> Vec<PathBuf> {
        let folder = self.root.join("functions");
        names(&folder)
            .filter(|name| name.ends_with(".json"))
            .map(|name| folder.join(name))
            .collect()
    }

    fn remove_others(&self, folder: &str, kept: impl Fn(&str) -> bool) {
        let folder = self.root.join(folder);
        for name in names(&folder).filter(|name| !kept(name)) {
            // One under way writes its log just before its record.
            let young = fs::metadata(folder.join(&name))
                .and_then(|file| file.modified())
                .is_ok_and(|at| at.elapsed().is_ok_and(|age| age.as_secs() < 60));
            if !young {
                let _ = fs::remove_file(folder.join(name));
            }
        }
    }

    /// Waits until something may have become useless.
    pub(crate) async fn useless(&self) {
        self.useless.notified().await;
    }
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
}

/// Says where a folder is.
impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// Shared folders are what deployments hold.
pub(crate) type Lease = Arc<Folder>;
