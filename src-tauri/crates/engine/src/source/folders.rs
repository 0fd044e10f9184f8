//! What the engine offers for functions that come from folders.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use beckon_core::{
    CodePackage, Contract, Error, Event, FolderSource, Function, FunctionKey, Language, Millis, NewFunction,
    Result,
};
use beckon_store::Expect;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::watch::Hub;
use super::{PackProgress, Packed, pack};
use crate::{Engine, Inner};

/// A function's folder, and how it is getting on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FolderState {
    /// The function.
    pub function: FunctionKey,
    /// Its folder, or its file.
    pub folder: FolderSource,
    /// What is happening.
    pub status: FolderStatus,
    /// How many files the code was last made of; 0 when this Beckon has not looked yet.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// How many folders are watched.
    pub watched: u32,
    /// How often a change became a new version since Beckon started.
    pub deploys: u64,
    /// How often a change could not be deployed since Beckon started.
    pub failures: u64,
    /// When the folder last became a new version.
    pub last_deploy: Option<Millis>,
}

/// What is happening with a folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum FolderStatus {
    /// Changes are not watched; the folder is deployed when somebody asks for it.
    Unwatched,
    /// The watch is about to begin: Beckon has just started, or only a running Beckon watches.
    Waiting,
    /// The function is what is in the folder, and the next change will be noticed.
    Watching,
    /// A change is being deployed.
    Deploying,
    /// The last change could not be deployed: the version before it goes on serving. The next change tries again.
    Failed {
        /// Why.
        error: Error,
    },
    /// There is no such folder now. It is looked for every second.
    Missing,
}

/// The folders of an engine's functions.
#[derive(Default)]
pub(crate) struct Folders {
    pub(super) hub: Hub,
    states: Mutex<HashMap<FunctionKey, FolderState>>,
    listeners: AtomicU64,
}

impl Folders {
    /// A number for a new listener.
    pub(super) fn listener(&self) -> u64 {
        self.listeners.fetch_add(1, Ordering::Relaxed)
    }

    /// Changes what is known of a function's folder, and tells the window when it is something new.
    pub(super) fn note(
        &self,
        inner: &Inner,
        key: &FunctionKey,
        folder: &FolderSource,
        change: impl FnOnce(&mut FolderState),
    ) {
        let changed = {
            let mut states = self.states.lock();
            let state = states.entry(key.clone()).or_insert_with(|| fresh(key, folder));
            if state.folder.path != folder.path {
                *state = fresh(key, folder);
            }
            let before = state.clone();
            state.folder = folder.clone();
            change(state);
            *state != before
        };
        if changed {
            inner.store.publish(Event::Folders);
        }
    }

    pub(super) fn forget(&self, inner: &Inner, key: &FunctionKey) {
        if self.states.lock().remove(key).is_some() {
            inner.store.publish(Event::Folders);
        }
    }
}

fn fresh(key: &FunctionKey, folder: &FolderSource) -> FolderState {
    FolderState {
        function: key.clone(),
        folder: folder.clone(),
        status: if folder.watch {
            FolderStatus::Waiting
        } else {
            FolderStatus::Unwatched
        },
        files: 0,
        bytes: 0,
        watched: 0,
        deploys: 0,
        failures: 0,
        last_deploy: None,
    }
}

/// Code that somebody gives by hand ends the tie to the folder: the next saved file must not take it back.
pub(crate) async fn detach(inner: &Inner, key: &FunctionKey, new: &mut NewFunction) -> Result<()> {
    if new.settings.folder.is_none() {
        return Ok(());
    }
    if let Some(old) = inner.store.function(key).await?
        && old.settings.folder == new.settings.folder
        && old.code != new.code
    {
        new.settings.folder = None;
    }
    Ok(())
}

/// What a deploy from a folder came to.
#[derive(Debug, Clone)]
pub struct FolderDeploy {
    /// The function as it is now.
    pub function: Arc<Function>,
    /// Whether there is a new version; what is the same already stays as it is.
    pub changed: bool,
}

impl Engine {
    /// Makes or changes a function from a folder (or a source file, or a zip): `new` with the code that is there.
    /// Nothing is saved when the function is the same already. With [`FolderSource::watch`], every change in the folder
    /// becomes a new version from now on, while this engine runs and after every start; runs in flight finish on the
    /// code that they began with.
    ///
    /// # Errors
    /// As [`super::pack`] and [`Engine::put_function`].
    pub async fn deploy_folder(
        &self,
        key: &FunctionKey,
        mut new: NewFunction,
        folder: FolderSource,
        expect: Expect,
        progress: impl FnMut(PackProgress) + Send + 'static,
    ) -> Result<FolderDeploy> {
        let inner = &self.inner;
        new.runtime = inner.runtimes.resolve(&new.runtime)?;
        let packed = take(&folder.path, new.runtime.language(), new.contract, progress).await?;
        let (files, bytes) = (packed.files, packed.bytes);
        new.code = packed.code;
        new.settings.folder = Some(folder.clone());
        let deployed = self.save_if_changed(key, new, expect).await?;
        let now = inner.clock.now();
        inner.folders.note(inner, key, &folder, |state| {
            (state.files, state.bytes) = (files, bytes);
            if deployed.changed {
                state.deploys += 1;
                state.last_deploy = Some(now);
            }
            if !folder.watch {
                state.status = FolderStatus::Unwatched;
            }
        });
        Ok(deployed)
    }

    /// Takes a function's code from this folder from now on, or from no folder any more; a new version when that
    /// changes anything.
    ///
    /// # Errors
    /// `NotFound`; as [`Engine::deploy_folder`].
    pub async fn set_folder(&self, key: &FunctionKey, folder: Option<FolderSource>) -> Result<FolderDeploy> {
        let function = self.known(key).await?;
        let expect = Expect::Version(function.version);
        let mut new = NewFunction::from(Function::clone(&function));
        match folder {
            Some(folder) => self.deploy_folder(key, new, folder, expect, |_| {}).await,
            None => {
                new.settings.folder = None;
                let deployed = self.save_if_changed(key, new, expect).await?;
                self.inner.folders.forget(&self.inner, key);
                Ok(deployed)
            }
        }
    }

    /// Deploys a function's folder now, watched or not.
    ///
    /// # Errors
    /// `NotFound` when the function has no folder; as [`Engine::deploy_folder`].
    pub async fn sync_folder(&self, key: &FunctionKey) -> Result<FolderDeploy> {
        let folder = self.known(key).await?.settings.folder.clone();
        let folder = folder.ok_or_else(|| Error::not_found(format_args!("folder of function {key}")))?;
        self.set_folder(key, Some(folder)).await
    }

    /// How a function's folder is getting on; `None` when it has none.
    ///
    /// # Errors
    /// `NotFound` when there is no such function.
    pub async fn folder_state(&self, key: &FunctionKey) -> Result<Option<FolderState>> {
        let Some(folder) = self.known(key).await?.settings.folder.clone() else {
            return Ok(None);
        };
        let noted = self.inner.folders.states.lock().get(key).cloned();
        let mut state = match noted {
            Some(state) if state.folder == folder => state,
            _ => fresh(key, &folder),
        };
        if state.status == FolderStatus::Unwatched {
            let path = folder.path;
            let there = tokio::task::spawn_blocking(move || Path::new(&path).exists()).await;
            if !there.unwrap_or(false) {
                state.status = FolderStatus::Missing;
            }
        }
        Ok(Some(state))
    }

    /// The folders that this engine has dealt with since it started, by function.
    pub fn folder_states(&self) -> Vec<FolderState> {
        let mut states: Vec<_> = self.inner.folders.states.lock().values().cloned().collect();
        states.sort_by(|a, b| a.function.cmp(&b.function));
        states
    }

    /// Saves what differs from the function that is there.
    pub(super) async fn save_if_changed(
        &self,
        key: &FunctionKey,
        new: NewFunction,
        expect: Expect,
    ) -> Result<FolderDeploy> {
        if expect != Expect::New
            && let Some(function) = self.inner.store.function(key).await?
            && NewFunction::from(Function::clone(&function)) == new
        {
            return Ok(FolderDeploy {
                function,
                changed: false,
            });
        }
        let function = self.save_function(key, new, expect).await?;
        Ok(FolderDeploy {
            function,
            changed: true,
        })
    }

    async fn known(&self, key: &FunctionKey) -> Result<Arc<Function>> {
        let function = self.inner.store.function(key).await?;
        function.ok_or_else(|| Error::not_found(format_args!("function {key}")))
    }
}

/// Packs off the async threads.
pub(super) async fn take(
    path: &str,
    language: Language,
    contract: Contract,
    mut progress: impl FnMut(PackProgress) + Send + 'static,
) -> Result<Packed> {
    let path = std::path::PathBuf::from(path);
    tokio::task::spawn_blocking(move || pack(&path, language, contract, &mut progress))
        .await
        .map_err(|e| Error::internal("pack a folder", e))?
}

/// Whether a save would change anything about the code.
pub(super) fn same_code(function: &Function, code: &CodePackage) -> bool {
    function.code == *code
}
