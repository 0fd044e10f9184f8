//! Saved files, noticed: one watcher of the operating system for all folders of all functions.
//!
//! Every folder is watched on its own and not recursively, so that `node_modules` and `.git`, which no function is made
//! of, cost nothing. Linux bounds watchers (`max_user_instances`, 128) and watched folders (`max_user_watches`).

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use beckon_core::{Error, ErrorCode, Result};
use notify::event::{AccessKind, AccessMode};
use notify::{ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Who wants to hear of which folder.
#[derive(Default)]
struct Ears {
    by_folder: Mutex<HashMap<PathBuf, Vec<Ear>>>,
}

/// A listener's number, and how it is woken.
type Ear = (u64, Arc<Notify>);

/// The watcher; the operating system's part of it is made when it is first needed.
#[derive(Default)]
pub(super) struct Hub {
    ears: Arc<Ears>,
    // Held while folders are added and removed; the watcher's own thread never takes it.
    watcher: Mutex<Option<RecommendedWatcher>>,
}

impl Hub {
    /// Has `ear` hear of changes in exactly these folders from now on. Blocks shortly.
    ///
    /// # Errors
    /// `LimitExceeded` when the operating system watches no more, with the setting to change; `NotFound` when a folder
    /// is gone.
    pub(super) fn listen(&self, who: u64, folders: &BTreeSet<PathBuf>, ear: &Arc<Notify>) -> Result<()> {
        let mut slot = self.watcher.lock();
        if slot.is_none() {
            let ears = self.ears.clone();
            let made = notify::recommended_watcher(move |event| ears.hear(event));
            *slot = Some(made.map_err(|e| failed(&e))?);
        }
        let Some(watcher) = slot.as_mut() else {
            return Ok(());
        };
        // First the ear, then the watch: nothing that happens in between is missed.
        for unwanted in self.ears.set(who, folders, ear) {
            // Fails when the folder is gone, and the watch with it.
            let _ = watcher.unwatch(&unwanted);
        }
        for folder in folders {
            // Again for those that are watched already: another folder may have taken the place of the one that was.
            watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .map_err(|e| failed(&e))?;
        }
        Ok(())
    }

    /// Lets go of all folders of one listener.
    pub(super) fn forget(&self, who: u64) {
        let mut slot = self.watcher.lock();
        let unwanted = self.ears.set(who, &BTreeSet::new(), &Arc::default());
        if let Some(watcher) = slot.as_mut() {
            for folder in unwanted {
                let _ = watcher.unwatch(&folder);
            }
        }
        if self.ears.by_folder.lock().is_empty() {
            *slot = None;
        }
    }
}

impl Ears {
    /// Replaces one listener's folders; answers those that nobody listens to any more.
    fn set(&self, who: u64, folders: &BTreeSet<PathBuf>, ear: &Arc<Notify>) -> Vec<PathBuf> {
        let mut by_folder = self.by_folder.lock();
        let mut unwanted = Vec::new();
        by_folder.retain(|folder, ears| {
            ears.retain(|(other, _)| *other != who);
            let keep = !ears.is_empty() || folders.contains(folder);
            if !keep {
                unwanted.push(folder.clone());
            }
            keep
        });
        for folder in folders {
            let ears = by_folder.entry(folder.clone()).or_default();
            ears.push((who, ear.clone()));
        }
        unwanted
    }

    fn hear(&self, event: notify::Result<notify::Event>) {
        let by_folder = self.by_folder.lock();
        let wake = |folder: &Path| {
            for (_, ear) in by_folder.get(folder).into_iter().flatten() {
                ear.notify_one();
            }
        };
        match event {
            // Reading is no change, and Beckon reads the folder after each.
            Ok(event) if !is_change(event.kind) => {}
            Ok(event) if !event.need_rescan() => {
                for path in &event.paths {
                    wake(path);
                    if let Some(parent) = path.parent() {
                        wake(parent);
                    }
                }
            }
            // Events were lost: everybody looks.
            Ok(_) | Err(_) => by_folder.values().flatten().for_each(|(_, ear)| ear.notify_one()),
        }
    }
}

fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

fn failed(error: &notify::Error) -> Error {
    let open_files = |e: &std::io::Error| e.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error());
    match &error.kind {
        ErrorKind::MaxFilesWatch => Error::new(
            ErrorCode::LimitExceeded,
            "This machine does not watch any more folders.",
        )
        .with_hint("Raise the limit, for example: sudo sysctl fs.inotify.max_user_watches=524288"),
        ErrorKind::Io(e) if open_files(e) => Error::new(
            ErrorCode::LimitExceeded,
            "This machine has no more file watchers for this account.",
        )
        .with_hint("Raise the limit, for example: sudo sysctl fs.inotify.max_user_instances=512"),
        ErrorKind::PathNotFound => Error::new(
            ErrorCode::NotFound,
            "A folder went away while it was looked through.",
        ),
        _ => Error::internal("watch a folder", error),
    }
}
