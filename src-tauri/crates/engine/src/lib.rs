//! The local execution engine: finds runtimes, keeps workers warm, runs functions, and keeps its promises over a crash.
//!
//! The engine knows no dialect. A caller hands it an [`Invocation`] and gets an [`Activation`]; how that is spelled on
//! the wire is the business of the gateways.
//!
//! ```text
//! lib ─ what callers see; inner ─ what all of it stands on
//! in     source/ ─ folders and projects on disk; deploy, entry, package, build/ ─ code, made ready to run
//!        code ─ taken from there for workers; runtimes ─ the interpreters of this machine
//! made   composition/ ─ sequences and compositions: runs that are made of other runs
//! run    run ─ a run from request to record; queue/ ─ accepted runs, from disk
//!        attempt/, deadline ─ a run in a worker; payload, adapt, reply, end ─ what goes in and comes out
//!        inherited ─ what a package gives the environment
//!        pool/ ─ slots, warm workers, lines, memory, load; wish ─ as many as somebody wants; cells/ ─ interpreters that are up before their function
//! speak  worker, link, frame, pipes, shims/ ─ to interpreters; actionloop ─ to binaries; serving, upstream ─ to servers
//!        executable, watchdog ─ to a process per run; lane ─ the thread that calls are made on
//! hold   process/, survivors ─ processes, and their certain end; removal ─ of what they left
//!        isolation/ ─ what they can reach and take; machine ─ the memory that there is
//! cause  schedule/ ─ calls by the clock; trigger/ ─ calls by messages
//! tell   logs, status, metrics/ ─ what is known of it; delivery/ ─ callbacks, and the records of detached runs
//! ```

mod actionloop;
mod adapt;
mod attempt;
mod build;
mod cells;
mod code;
mod composition;
mod deadline;
pub mod delivery;
mod deploy;
mod end;
mod entry;
mod executable;
mod frame;
mod inherited;
mod inner;
mod isolation;
mod lane;
mod link;
mod live;
mod logs;
mod machine;
mod metrics;
mod orphans;
mod package;
mod payload;
mod pipes;
mod pool;
mod process;
mod queue;
mod removal;
mod reply;
mod run;
mod runtimes;
mod schedule;
mod secrets;
mod serving;
mod shims;
pub mod source;
mod status;
mod survivors;
mod trigger;
mod upstream;
mod watchdog;
pub mod web;
mod wish;
mod worker;

pub use build::{BuildLog, BuildProgress, BuildRecord, BuildState, BuildWatch};
pub use composition::SEQUENCE_LIMIT;
pub use delivery::Deliveries;
pub use deploy::{
    CODE_LIMIT, HTTP_LIMIT, PAYLOAD_LIMIT, SPACES_LIMIT, check_package_environment, check_zip, zip_files,
};
pub use end::Why;
pub(crate) use inner::Inner;
pub use isolation::GuardStatus;
pub use live::{LiveBody, LiveOutcome, is_stream};
pub use metrics::{Chart, Refused};
pub use orphans::Orphan;
pub use payload::{Payload, Reply, exchange, kept as kept_headers};
pub use queue::Accepted;
pub use run::Ended;
pub use secrets::SECRET_LIMIT;
pub use trigger::TopicTriggerStatus;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use beckon_core::{
    ActivationId, Cause, Clock, Error, ErrorCode, Function, FunctionKey, LogLine, Millis, Mode,
    NamespaceName, NewFunction, Result, RuntimeStatus, Secret, Status,
};
use beckon_store::{Expect, Store, Target};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::attempt::Request;
use crate::live::{Live, Opened};
use crate::run::{Asked, Attached, Registered, Run};

/// Where and how an engine works.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Builds and scratch directories live below it (`builds/`, `scratch/`).
    pub data_dir: PathBuf,
    /// How long a blocking caller waits before its run becomes asynchronous. Default 30 s.
    pub blocking_limit: Duration,
    /// How long an idle worker is kept. Default 10 min.
    pub idle_timeout: Duration,
    /// Most worker processes altogether. Default 4 × cores, at least 16.
    pub max_workers: usize,
    /// Most bytes of memory that all worker processes together may take. Idle workers go, the least recently used first,
    /// so that another can start; where none is idle, runs wait. Default [`Engine::usual_memory_cap`].
    pub memory_cap: u64,
    /// Interpreters of each kind in use that are kept started for functions to come (stem cells); 0 is none. Default 1.
    pub stem_cells: usize,
    /// Most runs that wait for one function; beyond it the caller gets `Busy`. Default 256.
    /// Accepted runs wait on disk instead, 100,000 of them altogether.
    pub max_waiting: usize,
    /// Most bytes of a result. Default 1 MiB (1,048,576).
    pub result_limit: usize,
    /// Most bytes of a request's body at the door of Spaces, and of the answer of a function of Spaces. Default 10 MiB
    /// (10,485,760). Of other functions that take requests it is [`HTTP_LIMIT`].
    pub spaces_limit: usize,
    /// Longest that the tools of one build (npm, pip, go, cargo) may take. Default 10 min.
    pub build_timeout: Duration,
    /// Most builds that use tools at the same time. Default half the cores, at least 1.
    pub builds_at_once: usize,
    /// Most bytes that a worker may keep in its scratch folder, and in any one file. Default 512 MiB.
    pub scratch_limit: u64,
    /// Most processes and threads of one worker. Default 512.
    pub task_limit: u32,
    /// How long an accepted run that was begun is left to whoever began it, where nobody says that it goes on. It is
    /// said three times as often while the run lasts, however long that is. Default 30 s.
    pub lease: Duration,
    /// Whether to recover what a crash left and to run what is queued. A command line that only reads or changes
    /// something leaves both to the next real start.
    pub dispatch: bool,
}

impl EngineConfig {
    /// The defaults, on this data directory; `dispatch` is on.
    #[must_use]
    pub fn new(data_dir: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            data_dir,
            blocking_limit: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(600),
            max_workers: (4 * cores).max(16),
            memory_cap: Engine::usual_memory_cap(),
            stem_cells: 1,
            max_waiting: 256,
            result_limit: PAYLOAD_LIMIT,
            spaces_limit: SPACES_LIMIT,
            build_timeout: Duration::from_secs(600),
            builds_at_once: (cores / 2).max(1),
            scratch_limit: 512 * 1024 * 1024,
            task_limit: 512,
            lease: Duration::from_secs(30),
            dispatch: true,
        }
    }
}

impl Inner {
    /// Most bytes of a function's answer.
    pub(crate) fn result_limit(&self, function: &Function) -> usize {
        if !function.contract.speaks_http() {
            self.config.result_limit
        } else if function.is_of_spaces() {
            self.config.spaces_limit
        } else {
            HTTP_LIMIT
        }
    }
}

/// Gives the values of secrets when they are needed: a function's variables, a trigger's credential.
pub trait SecretSource: Send + Sync {
    /// The value of `name` for the function with this id. May block; called off the async threads.
    fn function_secret(&self, function_id: &str, name: &str) -> Result<Secret>;

    /// The credential that the trigger with this id logs in with; `None` when none is kept. May block.
    fn trigger_secret(&self, _trigger_id: &str) -> Result<Option<Secret>> {
        Ok(None)
    }

    /// Keeps such a credential. May block.
    fn keep_trigger_secret(&self, _trigger_id: &str, _value: &Secret) -> Result<()> {
        Err(no_place())
    }

    /// The value of a secret that a namespace's functions find as a file: its bytes in base64. May block.
    fn namespace_secret(&self, _namespace: &NamespaceName, name: &str) -> Result<Secret> {
        Err(Error::not_found(format_args!("value for the secret {name}")))
    }

    /// Keeps such a value, in base64. May block.
    fn keep_namespace_secret(&self, _namespace: &NamespaceName, _name: &str, _value: &Secret) -> Result<()> {
        Err(no_place())
    }

    /// Forgets values that nothing points at any more; one that is not there is no error. May block.
    fn abandon(&self, _orphans: &[Orphan]) -> Result<()> {
        Ok(())
    }
}

fn no_place() -> Error {
    Error::new(
        ErrorCode::SecretStoreUnavailable,
        "There is no place to keep secrets in.",
    )
}

/// One call of one function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The run's identity, chosen by the caller ([`ActivationId::new`]).
    pub id: ActivationId,
    /// What to call; it may be reached through a binding.
    pub function: FunctionKey,
    /// The namespace that calls, where that is not the function's own: the record is filed there. Whether it may is the
    /// door's to judge.
    pub caller: Option<NamespaceName>,
    /// What the caller sent; default parameters are merged below arguments by the engine.
    pub payload: Payload,
    /// Who asked.
    pub cause: Cause,
    /// The token used, by id.
    pub token_id: Option<String>,
    /// The run that this repeats.
    pub rerun_of: Option<ActivationId>,
    /// The request's transaction id, handed to the function as `__OW_TRANSACTION_ID`.
    pub transaction_id: Option<String>,
    /// The gateway's own base URL as the caller reached it, handed to the function as `__OW_API_HOST`.
    pub api_host: Option<String>,
    /// When the request arrived.
    pub received: Millis,
}

/// What became of a blocking call.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is over; this is its record.
    Finished(Arc<Ended>),
    /// It outlived the wait and goes on: the caller has its id.
    Promoted(ActivationId),
}

/// What the engine is doing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EngineStatus {
    /// Every worker process.
    pub workers: Vec<WorkerStatus>,
    /// Accepted runs that have not begun.
    pub queued: u64,
    /// Runs in a worker.
    pub running: u32,
    /// Runs since the engine started.
    pub total: u64,
    /// How many of them needed a new worker.
    pub cold: u64,
    /// Bytes in memory of all workers together, as last measured; of those not measured yet, what is expected.
    pub memory: u64,
    /// Most bytes that they may take: beyond it idle workers go, and runs wait where none is idle.
    pub memory_cap: u64,
    /// Interpreters that are started, hold no function and wait for one (stem cells). They take memory beside `memory`,
    /// and are the first to go when it is short.
    pub stem_cells: u32,
}

/// One worker process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WorkerStatus {
    /// The engine's own number for it, never given again while it runs. [`Engine::stop_worker`] takes it.
    pub number: u64,
    /// The operating system's process id.
    pub pid: u32,
    /// The function it is warm for.
    pub function: FunctionKey,
    /// The function's version in it.
    pub version: String,
    /// `spawning`, `ready`, `busy`, `draining`.
    pub state: WorkerState,
    /// When it was started; a stem cell, when it became the function's.
    pub started: Millis,
    /// Runs it has finished.
    pub runs: u64,
    /// Bytes in memory, descendants included, when it was last measured: every 50 ms while something runs.
    pub memory: u64,
    /// Whether it began as a stem cell: its interpreter was up before there was a run for it.
    pub stem: bool,
}

/// The life of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Process started, code being loaded.
    Spawning,
    /// Waiting for a run.
    Ready,
    /// In a run.
    Busy,
    /// Finishing its last run; its code is out of date or the engine stops.
    Draining,
}

/// Has the functions of a system namespace be there. Quick when they are.
pub type SystemFunctions = Box<
    dyn Fn(Engine, beckon_core::NamespaceName) -> Pin<Box<dyn Future<Output = Result<()>> + Send>>
        + Send
        + Sync,
>;

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

impl Engine {
    /// Finds the runtimes, ends what a crash left running, recovers its runs (see [`Store::recover`]) and starts the
    /// queue. Only one engine may use a data directory.
    pub async fn start(
        config: EngineConfig,
        store: Store,
        secrets: Arc<dyn SecretSource>,
        clock: Clock,
    ) -> Result<Self> {
        let background = config.dispatch;
        let engine = Self {
            inner: Inner::start(config, store, secrets, clock).await?,
        };
        if background {
            engine.inner.help(|stop| schedule::run(engine.clone(), stop));
            engine.inner.help(|stop| trigger::run(engine.clone(), stop));
        }
        Ok(engine)
    }

    /// Has `make` called whenever a component of a sequence or a composition is the system's, see
    /// [`NamespaceName::is_system`](beckon_core::NamespaceName::is_system). The first one given stays.
    pub fn set_system_functions(&self, make: SystemFunctions) {
        let _ = self.inner.system.set(make);
    }

    /// Changes what may be changed while running.
    pub fn set_blocking_limit(&self, limit: Duration) {
        let ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self.inner.blocking_limit_ms.store(ms, Ordering::Relaxed);
    }

    /// The longest that a blocking caller waits.
    pub fn blocking_limit(&self) -> Duration {
        Duration::from_millis(self.inner.blocking_limit_ms.load(Ordering::Relaxed))
    }

    /// Half of this machine's memory, or of the container's that Beckon is in, in bytes.
    #[must_use]
    pub fn usual_memory_cap() -> u64 {
        machine::memory() / 2
    }

    /// Most bytes of a request's body at the door of Spaces, and of the answer of a function of Spaces.
    pub fn spaces_limit(&self) -> usize {
        self.inner.config.spaces_limit
    }

    /// Most bytes of any body that is taken from a caller.
    pub fn body_limit(&self) -> usize {
        HTTP_LIMIT.max(self.spaces_limit())
    }

    /// Changes how much memory all workers together may take, in bytes; `None` is the usual share. Where they take more
    /// already, idle ones go within seconds.
    pub fn set_memory_cap(&self, bytes: Option<u64>) {
        let bytes = bytes.unwrap_or_else(Self::usual_memory_cap);
        self.inner.pools.set_max_memory(bytes);
        self.inner.activity.changed();
    }

    /// The runtimes of this machine, found or not; several of a language if there are, the one on `PATH` first.
    pub fn runtimes(&self) -> Vec<RuntimeStatus> {
        self.inner.runtimes.all().to_vec()
    }

    /// Looks for the runtimes again: something may have been installed since. Takes some 100 ms.
    pub async fn rescan_runtimes(&self) -> Result<Vec<RuntimeStatus>> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            inner.runtimes.rescan();
            inner.isolation.renew(&inner.runtimes.all());
            inner.runtimes.all().to_vec()
        })
        .await
        .map_err(|e| Error::internal("look for the runtimes", e))
    }

    /// Saves a function: resolves `family:default`, checks the runtime, the contract, the limits and the package (a zip
    /// with `..`, a bomb, a missing entry point are `InvalidInput` with a clear text), builds it (see [`Engine::build_log`]),
    /// stores it, and drains workers of older versions.
    ///
    /// A build that fails is `InvalidInput` with the last lines of its log as details; nothing is changed then, and the
    /// version before goes on serving. Dropping the future before it is stored ends the build.
    ///
    /// A function whose code came from a folder and is given other code here does not come from the folder any more.
    pub async fn put_function(
        &self,
        key: &FunctionKey,
        mut new: NewFunction,
        expect: Expect,
    ) -> Result<Arc<Function>> {
        source::detach(&self.inner, key, &mut new).await?;
        self.save_function(key, new, expect).await
    }

    /// As [`Engine::put_function`], for code that may come from the function's folder.
    pub(crate) async fn save_function(
        &self,
        key: &FunctionKey,
        mut new: NewFunction,
        expect: Expect,
    ) -> Result<Arc<Function>> {
        let inner = &self.inner;
        new.runtime = inner.runtimes.resolve(&new.runtime)?;
        if new.runtime.is_sequence() {
            return self.save_sequence(key, new, expect).await;
        }
        let new = tokio::task::spawn_blocking(move || deploy::check(&new).map(|()| new))
            .await
            .map_err(|e| Error::internal("check a function", e))??;
        // Before minutes are spent on a build that could not be stored. The store looks again.
        inner.store.expect_function(key, expect).await?;
        let new = Arc::new(new);
        let built = inner.builds.make(key, &new, &inner.runtimes).await?;
        let function = inner
            .store
            .put_function(key, Arc::unwrap_or_clone(new), expect)
            .await?;
        inner.pools.deploy(&function);
        inner.deployed.notify_one();
        inner.activity.drain(key, Some(&function.version.to_string()));
        inner.builds.stored(built, function.version).await;
        if let Some(breed) = cells::Breed::of(&function, &inner.runtimes) {
            inner.cells.expect(&breed);
        }
        Ok(function)
    }

    /// Deletes a function, and the values of its secrets; runs in flight finish.
    pub async fn delete_function(&self, key: &FunctionKey) -> Result<Arc<Function>> {
        let mut orphans = self.orphans_of(key).await?;
        let function = self.inner.store.delete_function(key).await?;
        self.inner.pools.undeploy(key);
        self.inner.metrics.forget(key);
        self.inner.activity.drain(key, None);
        self.inner.builds.forget(key).await;
        orphans.extend(Orphan::of_function(&function));
        self.abandon(orphans).await;
        Ok(function)
    }

    /// Runs a function and waits for its end, at most `wait` (capped by the blocking limit, which is also the default).
    ///
    /// Dropping the future does not stop the run. Failures of the function are records, not errors. Errors: `NotFound`,
    /// `Busy`, `RuntimeMissing`, `LimitExceeded` (arguments over 1 MiB, a request's body over [`Engine::body_limit`]),
    /// `ShuttingDown`.
    pub async fn invoke(&self, invocation: Invocation, wait: Option<Duration>) -> Result<Outcome> {
        match self.call(invocation, wait, None).await? {
            LiveOutcome::Whole(outcome) => Ok(outcome),
            LiveOutcome::Live(_) => Err(Error::internal("take a response", "nobody asked for a live one")),
        }
    }

    /// The same for a caller who can take the response while the function is writing it. It is live where the function
    /// has a process that can write bit by bit (of-watchdog's `http` and `streaming`), and the request's `Accept` or the
    /// response's type is `text/event-stream` or `application/x-ndjson`. A response that has begun is not promoted.
    pub async fn invoke_live(&self, invocation: Invocation, wait: Option<Duration>) -> Result<LiveOutcome> {
        self.call(invocation, wait, Some(Live::new())).await
    }

    async fn call(
        &self,
        invocation: Invocation,
        wait: Option<Duration>,
        live: Option<(Live, Opened)>,
    ) -> Result<LiveOutcome> {
        let arrived = Instant::now();
        let inner = &self.inner;
        let target = self.callable(&invocation, Mode::Blocking).await?;
        let function = target.function.clone();
        let tally = inner.metrics.of(&function);
        let place = composition::place(inner, &function, 0)
            .map_or_else(|| inner.pools.acquire(&function), Ok)
            .inspect_err(|e| inner.metrics.refused(&function, Mode::Blocking, e.code))?;
        let waited = (inner.clock.now() - invocation.received).max(0) as f64;
        let (called, caller) = (invocation.function.clone(), invocation.caller.clone());
        let (asked, mut request) = invocation.split();
        let (live, mut opened) = live.unzip();
        request.live = live;
        let mut draft = run::draft(&function, asked, Status::Running, Mode::Blocking);
        composition::address(&mut draft, &mut request, &called, caller.as_ref(), target);
        let registered = Registered::new(inner, &draft);
        let control = registered.control().clone();
        let run = Run {
            draft,
            request,
            registered,
            tally,
            in_journal: false,
            arrived,
            waited,
        };
        let limit = self.blocking_limit();
        let mut attached = Attached::new(run.drive(place), &inner.tasks);
        let passed = tokio::time::sleep(wait.map_or(limit, |wait| wait.min(limit)));
        tokio::select! {
            biased;
            Some(response) = live::begun(&mut opened) => return Ok(LiveOutcome::Live(response)),
            record = &mut attached => {
                // It may be over by now, and what is kept of it is not all of it.
                if let Some(Ok(response)) = opened.as_mut().map(Opened::try_recv) {
                    return Ok(LiveOutcome::Live(response));
                }
                return record.map(Outcome::Finished).map(LiveOutcome::Whole);
            }
            () = passed => {}
        }
        // One that begins only now has nobody who reads it.
        if let Some(mut opened) = opened {
            opened.close();
            if let Ok(response) = opened.try_recv() {
                return Ok(LiveOutcome::Live(response));
            }
        }
        let promoted = control.promote();
        drop(attached); // goes on by itself
        let promoted = promoted.await.unwrap_or_else(|_| Err(pool::shutting_down()));
        promoted.map(LiveOutcome::Whole)
    }

    /// How many runs of a namespace are in progress or wait for a slot, for a turn or for their next attempt.
    pub fn in_flight(&self, namespace: &NamespaceName) -> u64 {
        let inner = &self.inner;
        let runs = inner.runs.lock();
        let begun = runs.values().filter(|run| run.namespace() == namespace).count();
        drop(runs);
        let queued = inner.backlog.depths().into_iter();
        let queued = queued.filter(|(key, _)| key.namespace == *namespace);
        (begun + queued.map(|(_, depth)| depth).sum::<usize>()) as u64
    }

    /// Accepts a run; it is on disk when this returns. `Busy` when 100,000 wait; `Conflict`, which changes nothing, when
    /// there is a run with this id (see [`Engine::accept_once`]).
    pub async fn accept(&self, invocation: Invocation) -> Result<ActivationId> {
        let target = self.callable(&invocation, Mode::NonBlocking).await?;
        let function = target.function.clone();
        queue::accept(&self.inner, target, invocation)
            .await
            .inspect_err(|e| {
                if e.code != ErrorCode::Conflict {
                    self.inner.metrics.refused(&function, Mode::NonBlocking, e.code);
                }
            })
    }

    /// Stops a queued, delayed or running local run; `false` when it is over already or unknown.
    pub async fn cancel(&self, id: ActivationId) -> Result<bool> {
        queue::cancel(&self.inner, id).await
    }

    /// What it is doing now.
    pub fn status(&self) -> EngineStatus {
        let queued = self.inner.backlog.depth() + self.inner.pools.waiting() as u64;
        let mut status = self.inner.activity.status(queued);
        for worker in &mut status.workers {
            worker.memory = self.inner.nursery.memory_of(worker.pid);
        }
        status.memory = self.inner.pools.memory();
        status.memory_cap = self.inner.pools.max_memory();
        status.stem_cells = u32::try_from(self.inner.cells.ready()).unwrap_or(u32::MAX);
        status
    }

    /// The thread that calls are made on: whoever serves callers does it there, so that a call need not change threads.
    pub fn lane(&self) -> &tokio::runtime::Handle {
        self.inner.lane.handle()
    }

    /// For each guard, whether runs on this machine get it, and if not, why. Does not change while the engine lives;
    /// what a run really had is in its record.
    pub fn guards(&self) -> Vec<GuardStatus> {
        self.inner.isolation.status().to_vec()
    }

    /// Lets a worker go: it takes no more runs, and its process ends with the last one that it has; `now` ends it at
    /// once, and what runs in it ends as crashed. The next run starts another. `false` when there is none with this
    /// number any more.
    pub fn stop_worker(&self, number: u64, now: bool) -> bool {
        let known = self.inner.activity.leave(number);
        self.inner.pools.dismiss(number);
        if now && known {
            self.inner.nursery.kill(number)
        } else {
            known
        }
    }

    /// What runs of a function that are not over have written: the lines of each but for its first `known(id)`. They are
    /// those of its record, in the same order.
    pub fn lines_so_far(
        &self,
        function: &FunctionKey,
        known: impl Fn(ActivationId) -> usize,
    ) -> Vec<(ActivationId, Vec<LogLine>)> {
        let runs: Vec<_> = {
            let runs = self.inner.runs.lock();
            runs.iter().map(|(id, control)| (*id, control.clone())).collect()
        };
        let mut written: Vec<_> = runs
            .into_iter()
            .map(|(id, control)| (id, control.written(function, known(id))))
            .filter(|(_, lines)| !lines.is_empty())
            .collect();
        written.sort_unstable_by_key(|(id, _)| *id);
        written
    }

    /// Returns when the engine begins to stop: who waits for what it may yet do need not wait longer.
    pub async fn stopping(&self) {
        self.inner.stopping().cancelled().await;
    }

    /// Takes no more calls, gives running ones `grace` to finish, kills the rest (their records say so) and leaves no
    /// process behind. Queued runs stay queued on disk, and so do interrupted ones whose function may be repeated.
    pub async fn shutdown(&self, grace: Duration) {
        self.inner.shutdown(grace).await;
    }

    /// What every call needs: the function, its runtime, an input of the right size and shape.
    async fn callable(&self, invocation: &Invocation, mode: Mode) -> Result<Target> {
        let size = invocation.payload.len();
        let most = match &invocation.payload {
            Payload::Args(_) => PAYLOAD_LIMIT,
            // How much less it may be is the door's to say.
            Payload::Http(_) => self.body_limit(),
        };
        if size > most {
            return Err(deploy::too_large("Request", size, most));
        }
        if let Payload::Args(input) = &invocation.payload
            && !input.is_object()
        {
            return Err(deploy::invalid("The input must be a JSON object."));
        }
        let target = self.inner.store.target(&invocation.function).await?;
        let target = target.ok_or_else(|| Error::not_found(format!("function {}", invocation.function)))?;
        self.inner
            .runtimes
            .can_run(&target.function.runtime)
            .inspect_err(|e| self.inner.metrics.refused(&target.function, mode, e.code))?;
        Ok(target)
    }
}

impl Invocation {
    fn split(self) -> (Asked, Request) {
        let Self {
            id,
            mut payload,
            cause,
            token_id,
            rerun_of,
            received,
            transaction_id,
            api_host,
            ..
        } = self;
        payload.detach();
        let request = Request::of(id, payload, transaction_id, api_host);
        (
            Asked {
                id,
                cause,
                token_id,
                rerun_of,
                received,
            },
            request,
        )
    }
}
