//! Watched folders, deployed again and again.
//!
//! One task per watched function. It packs the folder, saves what differs, and waits for the next change. What makes
//! this safe under an editor's hands: changes are let settle first; a folder is listed after its watch is set, so that
//! nothing falls in between; the code is compared, so that touching a file makes no version; and a folder that another
//! has taken the place of (`mv`, a fresh checkout) is recognised by its inode.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{Error, ErrorCode, Event, FolderSource, Function, FunctionKey, LOCAL, NewFunction, Result};
use beckon_store::{Expect, WatchedFolder};
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::folders::{self, FolderStatus};
use super::pack;
use crate::{Engine, Inner};

/// How long a folder must be quiet before it is deployed.
const SETTLE: Duration = Duration::from_millis(200);
/// How long a folder that is never quiet waits.
const SETTLE_AT_MOST: Duration = Duration::from_secs(2);
/// How often the folder itself is looked for.
const LOOK: Duration = Duration::from_secs(1);
/// How long until what may pass by itself is tried again: a busy engine, a folder that could not be read or watched.
const AGAIN: Duration = Duration::from_secs(10);

/// Keeps one follower for every function with a watched folder, until the engine stops.
pub(crate) async fn supervise(inner: Arc<Inner>, stop: CancellationToken) {
    let mut followers = JoinSet::new();
    let mut running: HashMap<FunctionKey, (WatchedFolder, DropGuard)> = HashMap::new();
    let mut events = inner.store.events();
    let work = async {
        loop {
            match inner.store.watched_folders().await {
                Ok(wanted) => {
                    running.retain(|key, (running, _)| {
                        let keep = wanted.iter().any(|folder| folder == running);
                        if !keep && !wanted.iter().any(|folder| folder.key == *key) {
                            inner.folders.forget(&inner, key);
                        }
                        keep
                    });
                    for folder in wanted {
                        if running.contains_key(&folder.key) {
                            continue;
                        }
                        let token = CancellationToken::new();
                        let follower = Follower::new(&inner, &folder);
                        followers.spawn(token.clone().run_until_cancelled_owned(follower.run()));
                        running.insert(folder.key.clone(), (folder, token.drop_guard()));
                    }
                }
                Err(error) => tracing::warn!(%error, "the watched folders cannot be listed"),
            }
            while followers.try_join_next().is_some() {}
            loop {
                match events.recv().await {
                    Ok(Event::Functions { connection }) if connection == LOCAL => break,
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                    Ok(_) => {}
                }
            }
        }
    };
    stop.run_until_cancelled(work).await;
    followers.shutdown().await;
}

/// What follows one folder.
struct Follower {
    inner: Arc<Inner>,
    key: FunctionKey,
    folder: FolderSource,
    number: u64,
    ear: Arc<Notify>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.inner.folders.hub.forget(self.number);
    }
}

/// Why a folder was not deployed, and when to look again without a change.
struct Failure {
    error: Error,
    again: Option<Duration>,
}

impl Follower {
    fn new(inner: &Arc<Inner>, folder: &WatchedFolder) -> Self {
        Self {
            inner: inner.clone(),
            key: folder.key.clone(),
            folder: folder.folder.clone(),
            number: inner.folders.listener(),
            ear: Arc::default(),
        }
    }

    async fn run(self) {
        loop {
            let before = self.identity().await;
            let again = self.deploy().await;
            self.until_changed(before, again).await;
        }
    }

    /// Deploys what is there; answers when to try again if nothing changes.
    async fn deploy(&self) -> Option<Duration> {
        match self.try_deploy().await {
            Ok(()) => {
                self.note(FolderStatus::Watching);
                None
            }
            Err(Failure { error, .. })
                if error.code == ErrorCode::NotFound && self.identity().await.is_none() =>
            {
                self.note(FolderStatus::Missing);
                None
            }
            Err(Failure { error, again }) => {
                tracing::warn!(function = %self.key, %error, "a watched folder was not deployed");
                let folders = &self.inner.folders;
                folders.note(&self.inner, &self.key, &self.folder, |state| {
                    // The same failure again is no news.
                    if !matches!(&state.status, FolderStatus::Failed { error: old } if *old == error) {
                        state.failures += 1;
                    }
                    state.status = FolderStatus::Failed { error };
                });
                again
            }
        }
    }

    async fn try_deploy(&self) -> Result<(), Failure> {
        let passing = |error| Failure {
            error,
            again: Some(AGAIN),
        };
        let mut watched = self.listen().await.map_err(passing)?;
        // A folder that was made while we looked has files in it that nobody would hear of.
        for _ in 0..5 {
            let now = self.listen().await.map_err(passing)?;
            if std::mem::replace(&mut watched, now.clone()) == now {
                break;
            }
        }
        for _ in 0..3 {
            match self.save(watched.len()).await {
                // Somebody else saved it meanwhile: look at what it is now.
                Err(Failure { error, .. }) if error.code == ErrorCode::Conflict => {}
                other => return other,
            }
        }
        Err(passing(Error::new(
            ErrorCode::Conflict,
            "The function is being changed all the time.",
        )))
    }

    /// Watches everything that the code is made of.
    async fn listen(&self) -> Result<BTreeSet<PathBuf>> {
        let (inner, path) = (self.inner.clone(), PathBuf::from(&self.folder.path));
        let (number, ear) = (self.number, self.ear.clone());
        tokio::task::spawn_blocking(move || {
            let folders = pack::watched(&path)?;
            inner.folders.hub.listen(number, &folders, &ear)?;
            Ok(folders)
        })
        .await
        .map_err(|e| Error::internal("watch a folder", e))?
    }

    async fn save(&self, watched: usize) -> Result<(), Failure> {
        let passing = |error| Failure {
            error,
            again: Some(AGAIN),
        };
        let engine = Engine {
            inner: self.inner.clone(),
        };
        let function = self.inner.store.function(&self.key).await.map_err(passing)?;
        // Gone: the supervisor is about to hear of it.
        let Some(function) = function.filter(|f| f.settings.folder.as_ref() == Some(&self.folder)) else {
            return Ok(());
        };
        let (language, contract) = (function.runtime.language(), function.contract);
        let packed = folders::take(&self.folder.path, language, contract, |_| {})
            .await
            .map_err(passing)?;
        let (files, bytes) = (packed.files, packed.bytes);
        let changed = !folders::same_code(&function, &packed.code);
        if changed {
            self.note(FolderStatus::Deploying);
            let mut new = NewFunction::from(Function::clone(&function));
            new.code = packed.code;
            let saved = engine
                .save_function(&self.key, new, Expect::Version(function.version))
                .await;
            saved.map_err(|error| Failure {
                // What is wrong with the code is mended by a change of the code.
                again: error.retryable.then_some(AGAIN),
                error,
            })?;
        }
        let now = self.inner.clock.now();
        let all = &self.inner.folders;
        all.note(&self.inner, &self.key, &self.folder, |state| {
            (state.files, state.bytes) = (files, bytes);
            state.watched = u32::try_from(watched).unwrap_or(u32::MAX);
            if changed {
                state.deploys += 1;
                state.last_deploy = Some(now);
            }
        });
        Ok(())
    }

    /// Returns when there is something new to look at, and it has settled.
    async fn until_changed(&self, before: Option<(u64, u64)>, again: Option<Duration>) {
        let looked = async {
            loop {
                tokio::time::sleep(LOOK).await;
                if self.identity().await != before {
                    return;
                }
            }
        };
        tokio::select! {
            () = self.ear.notified() => {}
            () = looked => {}
            () = tokio::time::sleep(again.unwrap_or(Duration::MAX)) => return,
        }
        let settled = async { while tokio::time::timeout(SETTLE, self.ear.notified()).await.is_ok() {} };
        let _ = tokio::time::timeout(SETTLE_AT_MOST, settled).await;
    }

    /// Which folder (or file's folder) is at the path now.
    async fn identity(&self) -> Option<(u64, u64)> {
        let path = PathBuf::from(&self.folder.path);
        let meta = tokio::fs::metadata(&path).await.ok()?;
        // A file is replaced on every save; its folder tells of that.
        let meta = if meta.is_dir() {
            meta
        } else {
            tokio::fs::metadata(path.parent()?).await.ok()?
        };
        Some((meta.dev(), meta.ino()))
    }

    fn note(&self, status: FolderStatus) {
        let folders = &self.inner.folders;
        folders.note(&self.inner, &self.key, &self.folder, |state| {
            state.status = status;
        });
    }
}
