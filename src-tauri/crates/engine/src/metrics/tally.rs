//! What is counted of one function, in atomics: its runs find it once, and count without a lock or a look-up of labels.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use beckon_core::{ErrorCode, Function, Mode, Status};
use parking_lot::Mutex;

use super::history::{History, Point};
use super::spread::{Buckets, Spread};
use crate::attempt::Progress;
use crate::end::Why;
use crate::run::Ended;

/// Of OpenFaaS' gateway, in ms: 5 ms to 10 s.
pub(crate) const GATEWAY_MS: &[f64] = &[
    5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0,
];
/// Of everything else, in ms: a warm run takes less than one.
pub(crate) const FINE_MS: &[f64] = &[
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0,
    30_000.0, 60_000.0, 300_000.0, 900_000.0,
];
/// Most status codes of one function that are told apart; more are `other`.
const CODES: usize = 12;

/// OCI's dimension `InvokeType`, and its words.
pub(crate) const INVOKE_TYPES: [&str; 2] = ["sync", "detached"];

/// How a call ended: OCI's `responseType` and `errorCode`. The codes are those of its invoke API, and two of Beckon's
/// own for ends that it does not know (`Cancelled`, `Lost`).
pub(crate) const RESPONSES: [(&str, &str); 13] = [
    ("Success", ""),
    ("Error", "FunctionInvokeExecutionFailed"),
    ("Error", "FunctionInvokeExecutionError"),
    ("Error", "FunctionInvokeInvalidResponse"),
    ("Error", "FunctionInvokeResponseBodyTooLarge"),
    ("Error", "FunctionInvokeContainerInitFail"),
    ("Error", "FunctionInvokeContainerInitTimeout"),
    ("Error", "FunctionInvokeServiceUnavailable"),
    ("Error", "FunctionInvokeTimeout"),
    ("Error", "NotAuthorizedOrNotFound"),
    ("Error", "Cancelled"),
    ("Error", "Lost"),
    ("Throttled", "TooManyRequests"),
];
const SUCCESS: usize = 0;
const UNAVAILABLE: usize = 7;
const THROTTLED: usize = 12;

/// The place in [`RESPONSES`] of a run that ended.
fn response_of(status: Status, why: Why, called: bool) -> usize {
    if status == Status::Success {
        return SUCCESS;
    }
    match why {
        Why::Answered | Why::OutOfMemory => 1,
        Why::Crashed => 2,
        Why::Invalid => 3,
        Why::TooLarge => 4,
        Why::NotLoaded => 5,
        Why::TimedOut if !called => 6,
        Why::TimedOut => 8,
        Why::NotProvisioned => UNAVAILABLE,
        Why::Deleted => 9,
        Why::Cancelled => 10,
        Why::ShutDown => 11,
    }
}

/// Calls that ended with one status code.
pub(crate) struct Coded {
    /// 0 stands for all that have no place of their own.
    pub(crate) code: u16,
    pub(crate) seconds: Buckets,
}

/// Everything that is counted of one function.
pub(crate) struct Tally {
    /// The function's id; empty for the one that stands for many.
    pub(crate) id: String,
    /// `name`, or `other`.
    pub(crate) name: String,
    /// The namespace; empty for the one that stands for many.
    pub(crate) namespace: String,
    /// Calls, by invoke type.
    pub(crate) invoked: [AtomicU64; 2],
    /// Ends, by invoke type and response.
    pub(crate) responses: [[AtomicU64; RESPONSES.len()]; 2],
    /// Initialisation and run, by invoke type.
    pub(crate) execution: [Buckets; 2],
    codes: [OnceLock<Coded>; CODES],
    more_codes: OnceLock<Coded>,
    /// Runs in a warm worker, and runs that a process was started for.
    pub(crate) starts: [AtomicU64; 2],
    pub(crate) wait: Buckets,
    pub(crate) init: Buckets,
    pub(crate) run: Buckets,
    took: Spread,
    /// What there was when the history was last told, and the history. Runs never touch it.
    past: Mutex<Past>,
}

#[derive(Default)]
struct Past {
    ended: u64,
    failed: u64,
    throttled: u64,
    cold: u64,
    took: Vec<u64>,
    history: History,
}

/// What is true of a function at a moment, as opposed to what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Level {
    /// Callers that wait for a worker.
    pub(crate) waiting: u64,
    /// Accepted runs that have not begun.
    pub(crate) accepted: u64,
    /// Worker processes: spawning, ready, busy, draining.
    pub(crate) workers: [u32; 4],
    /// Memory of them together, bytes.
    pub(crate) memory: u64,
}

impl Tally {
    pub(crate) fn of(function: &Function) -> Self {
        Self::new(
            function.id.clone(),
            function.key.name.to_string(),
            function.key.namespace.to_string(),
        )
    }

    /// Stands for all functions that have none of their own.
    pub(crate) fn other() -> Self {
        Self::new(String::new(), "other".into(), String::new())
    }

    fn new(id: String, name: String, namespace: String) -> Self {
        Self {
            id,
            name,
            namespace,
            invoked: Default::default(),
            responses: Default::default(),
            execution: [Buckets::new(FINE_MS), Buckets::new(FINE_MS)],
            codes: Default::default(),
            more_codes: OnceLock::new(),
            starts: Default::default(),
            wait: Buckets::new(FINE_MS),
            init: Buckets::new(FINE_MS),
            run: Buckets::new(FINE_MS),
            took: Spread::new(),
            past: Mutex::default(),
        }
    }

    /// A call has begun: it has a worker or waits for one.
    pub(crate) fn begun(&self, mode: Mode) {
        self.invoked[invoke_type(mode)].fetch_add(1, Ordering::Relaxed);
    }

    /// A run is over. `mode` is the one that it began in: a caller that stopped waiting called synchronously.
    pub(crate) fn ended(&self, mode: Mode, ended: &Ended, progress: &Progress) {
        let (timing, status) = (ended.timing(), ended.summary().status);
        let kind = invoke_type(mode);
        let response = response_of(status, ended.why(), progress.called.is_some());
        self.responses[kind][response].fetch_add(1, Ordering::Relaxed);
        let wait = timing.wait_ms.unwrap_or(0.0);
        let took = timing.init_ms.unwrap_or(0.0) + timing.run_ms.unwrap_or(0.0);
        self.code(crate::queue::code_of(status, ended.reply()))
            .seconds
            .add(wait + took);
        self.wait.add(wait);
        if progress.started.is_none() {
            return; // it never had a worker: there is no duration of it
        }
        self.starts[usize::from(progress.cold)].fetch_add(1, Ordering::Relaxed);
        self.execution[kind].add(took);
        self.took.add(took);
        if let Some(init) = timing.init_ms {
            self.init.add(init);
        }
        if let Some(run) = timing.run_ms {
            self.run.add(run);
        }
    }

    /// A call was refused before there was a run of it.
    pub(crate) fn refused(&self, mode: Mode, error: ErrorCode) {
        let (response, code) = match error {
            ErrorCode::Busy => (THROTTLED, 429),
            ErrorCode::LimitExceeded => (UNAVAILABLE, 413),
            _ => (UNAVAILABLE, 503),
        };
        self.begun(mode);
        self.responses[invoke_type(mode)][response].fetch_add(1, Ordering::Relaxed);
        self.code(code).seconds.add(0.0);
    }

    fn code(&self, code: u16) -> &Coded {
        let own = |code| Coded {
            code,
            seconds: Buckets::new(GATEWAY_MS),
        };
        let place = self.codes.iter().find_map(|place| {
            let coded = place.get_or_init(|| own(code));
            (coded.code == code).then_some(coded)
        });
        place.unwrap_or_else(|| self.more_codes.get_or_init(|| own(0)))
    }

    /// Every code that there was.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &Coded> {
        self.codes
            .iter()
            .chain([&self.more_codes])
            .filter_map(OnceLock::get)
    }

    /// Writes into the history what happened since the last call, as of about `at`. Answers what the history takes, bytes.
    pub(crate) fn remember(&self, at: beckon_core::Millis, level: &Level) -> usize {
        let sum = |which: &dyn Fn(&str) -> bool| -> u64 {
            let both = self.responses.iter().flat_map(|by| by.iter().zip(RESPONSES));
            both.filter(|(_, (kind, _))| which(kind))
                .map(|(count, _)| count.load(Ordering::Relaxed))
                .sum()
        };
        let mut past = self.past.lock();
        let past = &mut *past;
        let fresh = |now: u64, before: &mut u64| {
            let fresh = u32::try_from(now.saturating_sub(*before)).unwrap_or(u32::MAX);
            *before = now;
            fresh
        };
        let narrow = |wide: u64| u32::try_from(wide).unwrap_or(u32::MAX);
        let point = Point {
            slot: 0,
            ended: fresh(sum(&|kind| kind != "Throttled"), &mut past.ended),
            failed: fresh(sum(&|kind| kind == "Error"), &mut past.failed),
            throttled: fresh(sum(&|kind| kind == "Throttled"), &mut past.throttled),
            cold: fresh(self.starts[1].load(Ordering::Relaxed), &mut past.cold),
            queue: narrow(level.waiting + level.accepted),
            workers: level.workers.iter().sum(),
            memory: level.memory,
            took: self.took.since(&mut past.took),
        };
        past.history.add(at, &point);
        past.history.size()
    }

    /// Lets `read` look at the history.
    pub(crate) fn history<T>(&self, read: impl FnOnce(&mut History) -> T) -> T {
        read(&mut self.past.lock().history)
    }
}

fn invoke_type(mode: Mode) -> usize {
    usize::from(mode == Mode::NonBlocking)
}
