//! From saved code to a folder that can run.
//!
//! Every version of a function is built before it is stored: its code is unpacked, its dependencies are installed, and
//! what must be compiled is compiled. What comes out is named by a hash of everything that went in, so that the same
//! code is built once, survives a restart, and needs no network to run again. A build that fails changes nothing.
//!
//! ```text
//! <data>/builds/ready/<key>/     the folder that workers are started on; never changed once it has this name
//! <data>/builds/logs/<name>      what the tools printed, 1 MiB at most
//! <data>/builds/functions/       the attempts of each function
//! <data>/builds/cache/           what npm, pip, go and cargo download and compile, shared by all builds
//! <data>/builds/tmp/             builds under way, with a home directory of their own
//! ```

pub(crate) mod command;
mod environment;
mod go;
mod keep;
mod key;
mod log;
mod node;
mod python;
pub(crate) mod record;
mod rust;
mod steps;
mod view;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use beckon_core::{Clock, Error, ErrorCode, FunctionKey, Language, NewFunction, Result, Version};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

pub(crate) use keep::Lease;
pub(crate) use key::Ingredients;
pub use record::{BuildRecord, BuildState};
pub use view::{BuildLog, BuildProgress, BuildWatch};

use crate::isolation::{Brand, Isolation};
use crate::runtimes::Runtimes;
use log::Log;
use record::Records;

/// The executable that a compiled function becomes, in its build's folder.
pub(crate) const COMPILED: &str = ".beckon-exec";

/// The source text that a compiled function is built with.
pub(crate) fn template(language: Language) -> Option<&'static str> {
    match language {
        Language::Go => Some(go::WORKER),
        Language::Rust => Some(rust::WORKER),
        _ => None,
    }
}

/// The builds of one data directory.
pub(crate) struct Builds {
    root: PathBuf,
    /// Where living processes are recorded.
    processes: PathBuf,
    /// What marks the processes of this engine's builds.
    mark: String,
    /// What begins it: the data directory's name.
    instance: String,
    clock: Clock,
    isolation: Arc<Isolation>,
    /// How many builds may use tools at a time.
    slots: Semaphore,
    /// Held by the one that uses what cargo compiled for others.
    compiling: tokio::sync::Mutex<()>,
    /// Longest that the tools of one build may take.
    limit: Duration,
    shared: Mutex<Shared>,
    stop: CancellationToken,
    /// Told when something may have become useless.
    useless: Arc<Notify>,
    next: AtomicU64,
    /// How many attempts there were; told to those who watch.
    begun: watch::Sender<u64>,
}

#[derive(Default)]
struct Shared {
    /// Folders in use.
    leases: HashMap<String, Weak<Folder>>,
    /// Whose turn it is to make a build.
    turns: HashMap<String, Weak<tokio::sync::Mutex<()>>>,
    /// Attempts under way.
    attempts: Vec<Arc<Attempt>>,
}

/// A finished build. It stays as long as somebody holds this, or a stored function needs it.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    useless: Arc<Notify>,
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.useless.notify_one();
    }
}

/// An attempt under way, or just over.
pub(crate) struct Attempt {
    pub(crate) function: FunctionKey,
    pub(crate) record: Mutex<BuildRecord>,
    pub(crate) log: Log,
    cancel: CancellationToken,
    over: watch::Sender<bool>,
}

/// What [`Builds::make`] made.
pub(crate) struct Built {
    /// Held until the version is stored, so that nobody takes it away meanwhile.
    _folder: Arc<Folder>,
    attempt: Arc<Attempt>,
}

impl Builds {
    /// `mark` begins what the processes are known by; `processes` is the folder of their records.
    pub(crate) fn new(
        data_dir: &Path,
        instance: &str,
        clock: Clock,
        isolation: Arc<Isolation>,
        limit: Duration,
        at_once: usize,
    ) -> std::io::Result<Arc<Self>> {
        let root = data_dir.join("builds");
        for name in ["ready", "logs", "functions", "cache", "tmp"] {
            keep::private_folder(&root.join(name))?;
        }
        Ok(Arc::new(Self {
            root,
            processes: data_dir.join("workers"),
            mark: format!("{instance}.build-{}", &beckon_core::random_hex()[..8]),
            instance: instance.to_owned(),
            clock,
            isolation,
            slots: Semaphore::new(at_once.max(1)),
            compiling: tokio::sync::Mutex::default(),
            limit,
            shared: Mutex::default(),
            stop: CancellationToken::new(),
            useless: Arc::default(),
            next: AtomicU64::new(1),
            begun: watch::Sender::new(0),
        }))
    }

    /// Makes `new` ready to run, or finds that it is. Dropping the future ends the build.
    ///
    /// # Errors
    /// `InvalidInput` with the log's last lines when it fails, `Timeout`, `Cancelled`, `RuntimeMissing`,
    /// `ShuttingDown`.
    pub(crate) async fn make(
        &self,
        function: &FunctionKey,
        new: &Arc<NewFunction>,
        runtimes: &Runtimes,
    ) -> Result<Built> {
        let key = key_of(new, runtimes).await?;
        let (folder, attempt) = self.attempt(function, key, new, runtimes).await?;
        Ok(Built {
            _folder: folder,
            attempt,
        })
    }

    /// The build of a function as stored: the one that is there, or, if it was lost, one made now.
    pub(crate) async fn of(
        &self,
        function: &Arc<beckon_core::Function>,
        runtimes: &Runtimes,
    ) -> Result<Arc<Folder>> {
        let (stored, abi) = (function.clone(), runtimes.abi(&function.runtime));
        let key = blocking(move || Ok(ingredients_of(&stored, &abi).key())).await?;
        if let Some(folder) = self.find(&key) {
            return Ok(folder);
        }
        let new = Arc::new(NewFunction::from(beckon_core::Function::clone(function)));
        let (folder, attempt) = self.attempt(&function.key, key, &new, runtimes).await?;
        self.saved(&attempt, function.version).await;
        Ok(folder)
    }

    /// Notes that a build serves a version now.
    pub(crate) async fn stored(&self, built: Built, version: Version) {
        self.saved(&built.attempt, version).await;
        self.useless.notify_one();
    }

    async fn saved(&self, attempt: &Arc<Attempt>, version: Version) {
        attempt.record.lock().version = Some(version.to_string());
        let (folder, attempt) = (self.root.join("functions"), attempt.clone());
        let _ = tokio::task::spawn_blocking(move || keep::write(&folder, &attempt)).await;
    }

    async fn attempt(
        &self,
        function: &FunctionKey,
        key: String,
        new: &Arc<NewFunction>,
        runtimes: &Runtimes,
    ) -> Result<(Arc<Folder>, Arc<Attempt>)> {
        let under_way = UnderWay::begin(self, function, &key);
        let attempt = &under_way.attempt;
        let result = tokio::select! {
            biased;
            () = attempt.cancel.cancelled() => Err(cancelled()),
            () = self.stop.cancelled() => Err(crate::pool::shutting_down()),
            result = self.find_or_make(&key, new, runtimes, attempt) => result,
        };
        let state = match &result {
            Ok(_) => BuildState::Ready,
            Err(e) if matches!(e.code, ErrorCode::Cancelled | ErrorCode::ShuttingDown) => {
                BuildState::Cancelled
            }
            Err(e) => {
                attempt.log.note(format!("Beckon: {}", e.message));
                BuildState::Failed
            }
        };
        let attempt = under_way.end(state).await;
        result.map(|folder| (folder, attempt))
    }

    async fn find_or_make(
        &self,
        key: &str,
        new: &Arc<NewFunction>,
        runtimes: &Runtimes,
        attempt: &Arc<Attempt>,
    ) -> Result<Arc<Folder>> {
        if let Some(folder) = self.reuse(key, attempt) {
            return Ok(folder);
        }
        let turn = self.turn(key);
        let _turn = match turn.try_lock() {
            Ok(turn) => turn,
            Err(_) => {
                attempt.log.note("The same code is being built just now.");
                turn.lock().await
            }
        };
        if let Some(folder) = self.reuse(key, attempt) {
            return Ok(folder);
        }
        let workshop = keep::Workshop::open(&self.root.join("tmp"))?;
        let place = steps::Place {
            builds: self,
            code: workshop.code(),
            home: workshop.home(),
            log: &attempt.log,
            runtimes,
            new,
            started: Instant::now(),
        };
        steps::build(&place, || self.write_down(attempt)).await?;
        let target = self.root.join("ready").join(key);
        blocking(move || workshop.finish(&target)).await?;
        self.find(key)
            .ok_or_else(|| Error::internal("find the build that was just made", key))
    }

    fn reuse(&self, key: &str, attempt: &Attempt) -> Option<Arc<Folder>> {
        let folder = self.find(key)?;
        let mut record = attempt.record.lock();
        record.reused = true;
        record.log = key.to_owned();
        Some(folder)
    }

    /// The finished build with this name, held.
    fn find(&self, key: &str) -> Option<Arc<Folder>> {
        let mut shared = self.shared.lock();
        if let Some(folder) = shared.leases.get(key).and_then(Weak::upgrade) {
            return Some(folder);
        }
        let path = self.root.join("ready").join(key);
        if !path.is_dir() {
            return None;
        }
        let useless = self.useless.clone();
        let folder = Arc::new(Folder { path, useless });
        shared.leases.insert(key.to_owned(), Arc::downgrade(&folder));
        Some(folder)
    }

    fn turn(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut shared = self.shared.lock();
        shared.turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = shared.turns.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        shared.turns.insert(key.to_owned(), Arc::downgrade(&turn));
        turn
    }

    /// Leaves a trace on disk of a build that takes its time.
    fn write_down(&self, attempt: &Attempt) {
        if let Err(e) = Records::put(
            &self.root.join("functions"),
            &attempt.function,
            &attempt.record.lock().clone(),
        ) {
            tracing::warn!(error = %e, "a build could not be noted");
        }
    }

    /// The attempt under way for a function, the latest if there are several.
    pub(crate) fn under_way(&self, function: &FunctionKey) -> Option<Arc<Attempt>> {
        let shared = self.shared.lock();
        shared
            .attempts
            .iter()
            .rev()
            .find(|a| a.function == *function)
            .cloned()
    }

    /// Stops the builds of a function that are under way. Says whether there were any.
    pub(crate) fn cancel(&self, function: &FunctionKey) -> bool {
        let shared = self.shared.lock();
        let mut any = false;
        for attempt in shared.attempts.iter().filter(|a| a.function == *function) {
            attempt.cancel.cancel();
            any = true;
        }
        any
    }

    /// Takes no more builds and stops those under way.
    pub(crate) fn close(&self) {
        self.stop.cancel();
    }

    /// A name for the next process: its mark, and where it is recorded.
    fn next_process(&self) -> (String, Brand, PathBuf) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}.{number}", self.mark);
        let name = mark
            .rsplit_once(".build-")
            .map_or(mark.as_str(), |(_, name)| name);
        let record = self.processes.join(format!("build-{name}"));
        (mark, Brand::of_build(&self.instance, number), record)
    }
}

/// An attempt while its future lives. Dropped before its end, it was cancelled.
struct UnderWay<'a> {
    builds: &'a Builds,
    attempt: Arc<Attempt>,
    started: Instant,
    ended: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(builds: &'a Builds, function: &FunctionKey, key: &str) -> Self {
        let id = beckon_core::random_hex();
        let attempt = Arc::new(Attempt {
            function: function.clone(),
            record: Mutex::new(BuildRecord {
                log: id.clone(),
                id,
                version: None,
                state: BuildState::Building,
                started: builds.clock.now(),
                duration_ms: None,
                reused: false,
                build: key.to_owned(),
            }),
            log: Log::default(),
            cancel: CancellationToken::new(),
            over: watch::Sender::new(false),
        });
        builds.shared.lock().attempts.push(attempt.clone());
        builds.begun.send_modify(|count| *count += 1);
        Self {
            builds,
            attempt,
            started: Instant::now(),
            ended: false,
        }
    }

    /// Writes down how it ended.
    async fn end(mut self, state: BuildState) -> Arc<Attempt> {
        self.ended = true;
        let attempt = self.attempt.clone();
        let write = self.close(state);
        let _ = tokio::task::spawn_blocking(write).await;
        attempt.over.send_replace(true);
        attempt
    }

    fn close(&self, state: BuildState) -> impl FnOnce() + Send + 'static {
        let attempt = self.attempt.clone();
        {
            let mut record = attempt.record.lock();
            record.state = state;
            record.duration_ms = u64::try_from(self.started.elapsed().as_millis()).ok();
            if state == BuildState::Ready {
                // All versions of the same code share its log.
                record.log = record.build.clone();
            }
        }
        let mut shared = self.builds.shared.lock();
        shared.attempts.retain(|other| !Arc::ptr_eq(other, &attempt));
        drop(shared);
        let root = self.builds.root.clone();
        move || {
            keep::write_log(&root.join("logs"), &attempt);
            keep::write(&root.join("functions"), &attempt);
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.attempt
            .log
            .note("Beckon: nobody waits for this build any more; it was stopped.");
        let write = self.close(BuildState::Cancelled);
        match tokio::runtime::Handle::try_current() {
            Ok(handle) => drop(handle.spawn_blocking(write)),
            Err(_) => write(),
        }
        self.attempt.over.send_replace(true);
    }
}

fn ingredients_of<'a>(function: &'a beckon_core::Function, abi: &'a str) -> Ingredients<'a> {
    Ingredients {
        code: &function.code,
        runtime: &function.runtime,
        contract: function.contract,
        main: function.main.as_deref(),
        scripts: function.settings.install_scripts,
        abi,
    }
}

async fn key_of(new: &Arc<NewFunction>, runtimes: &Runtimes) -> Result<String> {
    let (new, abi) = (new.clone(), runtimes.abi(&new.runtime));
    blocking(move || {
        Ok(Ingredients {
            code: &new.code,
            runtime: &new.runtime,
            contract: new.contract,
            main: new.main.as_deref(),
            scripts: new.settings.install_scripts,
            abi: &abi,
        }
        .key())
    })
    .await
}

fn cancelled() -> Error {
    Error::new(ErrorCode::Cancelled, "The build was stopped.").with_hint("Nothing was changed.")
}

/// Runs `work` where it may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("build a function", e))?
}
