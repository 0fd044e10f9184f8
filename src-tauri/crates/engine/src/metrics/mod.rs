//! What is counted of the functions: for Prometheus, and for the window's charts.
//!
//! ```text
//! tally ─ the counters of a function, counted by its runs     spread ─ how durations are spread
//! history ─ the last day of a function, in steps              chart ─ series over time, with the journal's counts
//! refused ─ calls that were refused, by why                   text ─ what Prometheus reads
//! ```
//!
//! # Names
//!
//! The names are those of the systems that a function would run on, so that their dashboards and alerts work here. The
//! text format is Prometheus' own (0.0.4) and not OpenMetrics, which would rename OpenFaaS' counters (`…_total`).
//!
//! - Oracle's (namespace `oci_faas`), spelled as there: `FunctionInvocationCount`, `FunctionExecutionDuration` (ms),
//!   `FunctionResponseCount` (`responseType` `Success`, `Error`, `Throttled`; `errorCode`, empty on success), each with
//!   its dimensions as labels in camel case: `functionId`, `resourceName` (the function's name), `namespace`,
//!   `invokeType` (`sync`, `detached`); and `FunctionDetachedDeliveries`, records of detached runs delivered to a
//!   `destination` (`responseType` `Success`, `Error`; `errorMessage`, empty on success, else one of a few words).
//! - OpenFaaS' gateway's: `gateway_function_invocation_total` and `gateway_functions_seconds` by `function_name`
//!   (`name.namespace`) and `code`, `gateway_function_invocation_started`, `gateway_service_count` (worker processes).
//!   The time is the caller's: it includes the wait for a worker. A run whose contract is not HTTP counts as 200, 504
//!   or 500, and a refused call as 429, 413 or 503.
//! - Beckon's own, by `function_name`: `beckon_function_starts_total` (`start` `warm`, `cold`), `beckon_wait_seconds`,
//!   `beckon_init_seconds`, `beckon_run_seconds`, `beckon_queue_depth` (`queue` `callers`, `accepted`),
//!   `beckon_workers` (`state`), `beckon_worker_memory_bytes`, `beckon_callbacks_total` (`X-Callback-Url`'s;
//!   `response_type` and `error` as above).
//! - By `namespace` and `reason`: `beckon_refused_calls_total`, calls that were refused before there was a run of them:
//!   `quota_invocations_per_minute`, `quota_concurrent_invocations`, `quota_fires_per_minute` (the namespace's quota,
//!   answered 429; such a call is in no function's counters), `line_full`, `queue_full` (429), `runtime_missing`,
//!   `shutting_down`, `other`. A reason is there once it has occurred.
//!
//! Every attempt of a run that is retried is an invocation. What has been counted is gone after a restart of Beckon, as
//! Prometheus expects of counters. A function that is deleted drops out; of more than [`MOST`] functions the later ones
//! are counted together, as `other`.

mod chart;
mod history;
mod refused;
mod spread;
mod tally;
mod text;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use beckon_core::{ErrorCode, Function, FunctionKey, Millis, Mode, NamespaceName};
use parking_lot::{Mutex, RwLock};
use tokio_util::sync::CancellationToken;

pub use chart::Chart;
pub use refused::Refused;
pub(crate) use tally::Tally;

use crate::{Engine, Inner, WorkerState};
use refused::Refusals;
use tally::Level;

/// Most functions that are counted each for itself.
const MOST: usize = 300;
/// Most memory for the history of all functions, bytes.
const HISTORY: usize = 16 * 1024 * 1024;
/// How often levels are looked at, ms: the shortest step of the history.
const LOOK: Millis = history::STEPS[0].0;

/// The counters of all functions.
pub(crate) struct Metrics {
    tallies: RwLock<HashMap<FunctionKey, Arc<Tally>>>,
    other: Arc<Tally>,
    refusals: Refusals,
    started: Millis,
    last: AtomicI64,
    /// Held while the history is written.
    looking: Mutex<()>,
}

impl Metrics {
    pub(crate) fn new(now: Millis) -> Self {
        Self {
            tallies: RwLock::default(),
            other: Arc::new(Tally::other()),
            refusals: Refusals::default(),
            started: now,
            last: AtomicI64::new(now),
            looking: Mutex::default(),
        }
    }

    /// The counters of a function.
    pub(crate) fn of(&self, function: &Function) -> Arc<Tally> {
        if let Some(tally) = self.tallies.read().get(&function.key)
            && tally.id == function.id
        {
            return tally.clone();
        }
        let mut tallies = self.tallies.write();
        match tallies.get(&function.key) {
            Some(tally) if tally.id == function.id => tally.clone(),
            // Another function of this name was deleted.
            there if there.is_some() || tallies.len() < MOST => {
                let tally = Arc::new(Tally::of(function));
                tallies.insert(function.key.clone(), tally.clone());
                tally
            }
            _ => self.other.clone(),
        }
    }

    /// Counts a call that was refused.
    pub(crate) fn refused(&self, function: &Function, mode: Mode, error: ErrorCode) {
        self.of(function).refused(mode, error);
        self.refusals
            .add(&function.key.namespace, Refused::of(mode, error));
    }

    /// A function exists no more.
    pub(crate) fn forget(&self, key: &FunctionKey) {
        self.tallies.write().remove(key);
    }

    fn keys(&self) -> Vec<FunctionKey> {
        self.tallies.read().keys().cloned().collect()
    }

    /// The counters of one function, or of all.
    fn tallies(&self, key: Option<&FunctionKey>) -> Vec<Arc<Tally>> {
        let tallies = self.tallies.read();
        match key {
            Some(key) => tallies.get(key).cloned().into_iter().collect(),
            None => tallies.values().chain([&self.other]).cloned().collect(),
        }
    }

    fn started(&self) -> Millis {
        self.started
    }

    fn last_look(&self) -> Millis {
        self.last.load(Ordering::Relaxed)
    }

    /// Writes into the history what happened since the last look.
    fn remember(&self, levels: &HashMap<FunctionKey, Level>, now: Millis) {
        let _looking = self.looking.lock();
        let last = self.last.swap(now, Ordering::Relaxed);
        // A look comes a moment after a step ends and tells of that step.
        let at = if (0..=LOOK).contains(&(now - last)) {
            last
        } else {
            now
        };
        let mut size = 0;
        let (mut rest, tallies) = (Level::default(), self.tallies.read().clone());
        for (key, tally) in &tallies {
            size += tally.remember(at, levels.get(key).unwrap_or(&Level::default()));
        }
        for (_, level) in levels.iter().filter(|(key, _)| !tallies.contains_key(*key)) {
            rest.add(level);
        }
        size += self.other.remember(at, &rest);
        if size > HISTORY {
            for tally in tallies.values().chain([&self.other]) {
                tally.history(history::History::halve);
            }
        }
    }
}

impl Level {
    fn add(&mut self, more: &Self) {
        self.waiting += more.waiting;
        self.accepted += more.accepted;
        self.memory += more.memory;
        for (sum, more) in self.workers.iter_mut().zip(more.workers) {
            *sum += more;
        }
    }
}

impl Inner {
    /// How things stand, by function.
    async fn levels(&self) -> HashMap<FunctionKey, Level> {
        let mut levels: HashMap<FunctionKey, Level> = HashMap::new();
        for (key, waiting) in self.pools.lines() {
            levels.entry(key).or_default().waiting = waiting as u64;
        }
        for (key, accepted) in self.backlog.depths() {
            levels.entry(key).or_default().accepted = accepted as u64;
        }
        let workers = self.activity.status(0).workers;
        let memory = {
            let pids: Vec<u32> = workers.iter().map(|worker| worker.pid).collect();
            let read =
                tokio::task::spawn_blocking(move || -> Vec<u64> { pids.into_iter().map(resident).collect() });
            read.await.unwrap_or_default()
        };
        for (worker, memory) in workers.into_iter().zip(memory) {
            let level = levels.entry(worker.function).or_default();
            level.memory += memory;
            level.workers[match worker.state {
                WorkerState::Spawning => 0,
                WorkerState::Ready => 1,
                WorkerState::Busy => 2,
                WorkerState::Draining => 3,
            }] += 1;
        }
        levels
    }

    /// Brings the history up to now.
    async fn remember(&self) {
        let levels = self.levels().await;
        self.metrics.remember(&levels, self.clock.now());
    }
}

/// The resident memory of a process, bytes; 0 when it is gone. proc_pid_status(5): `VmRSS:  1234 kB`.
fn resident(pid: u32) -> u64 {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else {
        return 0;
    };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Looks at the levels at the end of every step, and forgets functions that exist no more, until the engine stops.
pub(crate) async fn watch(inner: Arc<Inner>, stop: CancellationToken) {
    loop {
        let rest = LOOK - inner.clock.now().rem_euclid(LOOK) + 5;
        let pause = Duration::from_millis(u64::try_from(rest).unwrap_or(10_000));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        inner.remember().await;
        for key in inner.metrics.keys() {
            if matches!(inner.store.function(&key).await, Ok(None)) {
                inner.metrics.forget(&key);
            }
        }
    }
}

impl Engine {
    /// The state of everything that is counted, in Prometheus' text format 0.0.4.
    pub async fn prometheus(&self) -> String {
        let levels = self.inner.levels().await;
        let deliveries = self.inner.deliveries.counts();
        let refused = self.inner.metrics.refusals.counts();
        text::write(&self.inner.metrics.tallies(None), &levels, &deliveries, &refused)
    }

    /// Counts a call that a door refused before the engine heard of it: under a quota, which is the door's to keep.
    pub fn count_refused(&self, namespace: &NamespaceName, why: Refused) {
        self.inner.metrics.refusals.add(namespace, why);
    }

    /// How many calls of a function came to an end since this engine started, refused ones included.
    pub fn calls(&self, key: &FunctionKey) -> u64 {
        let tallies = self.inner.metrics.tallies(Some(key));
        let codes = tallies.iter().flat_map(|tally| tally.codes());
        codes.map(|coded| coded.seconds.snapshot().count).sum()
    }
}
