//! The local execution engine: finds runtimes, keeps workers warm, runs functions, and keeps its promises over a crash.
//!
//! The engine knows no dialect. A caller hands it an [`Invocation`] and gets an [`Activation`]; how that is spelled on
//! the wire is the business of the gateways.

mod deploy;

pub use deploy::check_zip;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{
    Activation, ActivationId, Cause, Clock, Function, FunctionKey, JsonText, Millis, NewFunction, Result, RuntimeStatus, Secret,
};
use beckon_store::{Expect, Store};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where and how an engine works.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Unpacked code and scratch directories live below it (`code/`, `scratch/`).
    pub data_dir: PathBuf,
    /// How long a blocking caller waits before its run becomes asynchronous. Default 30 s.
    pub blocking_limit: Duration,
    /// How long an idle worker is kept. Default 10 min.
    pub idle_timeout: Duration,
    /// Most worker processes altogether. Default 4 × cores, at least 16.
    pub max_workers: usize,
    /// Most runs that wait for one function; beyond it the caller gets `Busy`. Default 10,000 queued, 256 blocking.
    pub max_waiting: usize,
    /// Most bytes of a result. Default 1 MiB (1,048,576).
    pub result_limit: usize,
}

/// Gives the values of a function's secret environment variables when a worker starts.
pub trait SecretSource: Send + Sync {
    /// The value of `name` for the function with this id. May block; called off the async threads.
    fn function_secret(&self, function_id: &str, name: &str) -> Result<Secret>;
}

/// One call of one function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The run's identity, chosen by the caller ([`ActivationId::new`]).
    pub id: ActivationId,
    /// What to call.
    pub function: FunctionKey,
    /// The caller's arguments, an object; default parameters are merged below it by the engine.
    pub input: JsonText,
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
    Finished(Box<Activation>),
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
}

/// One worker process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WorkerStatus {
    /// The operating system's process id.
    pub pid: u32,
    /// The function it is warm for.
    pub function: FunctionKey,
    /// The function's version in it.
    pub version: String,
    /// `spawning`, `ready`, `busy`, `draining`.
    pub state: WorkerState,
    /// When it was started.
    pub started: Millis,
    /// Runs it has finished.
    pub runs: u64,
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

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {}

impl Engine {
    /// Finds the runtimes, recovers what a crash left (see [`Store::recover`]) and starts the queue.
    pub async fn start(config: EngineConfig, store: Store, secrets: Arc<dyn SecretSource>, clock: Clock) -> Result<Self> {
        todo!()
    }

    /// Changes what may be changed while running.
    pub fn set_blocking_limit(&self, limit: Duration) {
        todo!()
    }

    /// The longest that a blocking caller waits.
    pub fn blocking_limit(&self) -> Duration {
        todo!()
    }

    /// The runtimes of this machine, found or not, best version of each language first.
    pub fn runtimes(&self) -> Vec<RuntimeStatus> {
        todo!()
    }

    /// Saves a function: resolves `family:default`, checks the runtime, the limits and the package (a zip with `..`, a
    /// bomb, a missing entry point are `InvalidInput` with a clear text), stores it, and drains workers of older versions.
    pub async fn put_function(&self, key: &FunctionKey, new: NewFunction, expect: Expect) -> Result<Arc<Function>> {
        todo!()
    }

    /// Deletes a function; runs in flight finish.
    pub async fn delete_function(&self, key: &FunctionKey) -> Result<Arc<Function>> {
        todo!()
    }

    /// Runs a function and waits for its end, at most `wait` (capped by the blocking limit, which is also the default).
    ///
    /// Failures of the function are records, not errors. Errors: `NotFound`, `Busy`, `RuntimeMissing`, `LimitExceeded`
    /// (input over 1 MiB), `ShuttingDown`.
    pub async fn invoke(&self, invocation: Invocation, wait: Option<Duration>) -> Result<Outcome> {
        todo!()
    }

    /// Accepts a run; it is on disk when this returns. `NotSupported` for web functions.
    pub async fn accept(&self, invocation: Invocation) -> Result<ActivationId> {
        todo!()
    }

    /// Stops a queued or running local run; `false` when it is over already or unknown.
    pub async fn cancel(&self, id: ActivationId) -> Result<bool> {
        todo!()
    }

    /// What it is doing now.
    pub fn status(&self) -> EngineStatus {
        todo!()
    }

    /// Takes no more calls, gives running ones `grace` to finish, kills the rest (their records say so) and leaves no
    /// process behind. Queued runs stay queued on disk.
    pub async fn shutdown(&self, grace: Duration) {
        todo!()
    }
}
