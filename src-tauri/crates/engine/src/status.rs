//! What the engine is doing, for the window.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use beckon_core::{Event, FunctionKey, Millis};
use beckon_store::Store;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::code::Deployment;
use crate::isolation::Pulse;
use crate::{EngineStatus, WorkerState, WorkerStatus};

/// Shortest time between two events.
const PACE: Duration = Duration::from_millis(250);

/// What others may see of a worker.
#[derive(Debug)]
pub(crate) struct Card {
    pub(crate) pid: u32,
    pub(crate) started: Millis,
    pub(crate) state: AtomicU8,
    pub(crate) runs: AtomicU64,
    /// Whether it was a stem cell.
    pub(crate) stem: bool,
    /// Somebody wants it gone: it takes no more runs.
    leaving: AtomicBool,
}

impl Card {
    pub(crate) fn new(pid: u32, started: Millis) -> Self {
        Self {
            pid,
            started,
            state: AtomicU8::new(0),
            runs: AtomicU64::new(0),
            stem: false,
            leaving: AtomicBool::new(false),
        }
    }

    /// That of a worker that was a stem cell, and became the function's at this time.
    pub(crate) fn of_cell(pid: u32, adopted: Millis) -> Self {
        Self {
            stem: true,
            ..Self::new(pid, adopted)
        }
    }

    /// Takes no more runs from now on, whatever state it comes to.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    pub(crate) fn set(&self, state: WorkerState) {
        let number = match state {
            WorkerState::Spawning => 0,
            WorkerState::Ready => 1,
            WorkerState::Busy => 2,
            WorkerState::Draining => 3,
        };
        self.state.store(number, Ordering::Relaxed);
    }

    pub(crate) fn state(&self) -> WorkerState {
        if self.is_leaving() {
            return WorkerState::Draining;
        }
        match self.state.load(Ordering::Relaxed) {
            0 => WorkerState::Spawning,
            1 => WorkerState::Ready,
            2 => WorkerState::Busy,
            _ => WorkerState::Draining,
        }
    }
}

/// Counters, and the list of workers.
#[derive(Default)]
pub(crate) struct Activity {
    dirty: AtomicBool,
    told: Notify,
    pulse: Arc<Pulse>,
    total: AtomicU64,
    cold: AtomicU64,
    /// Places by the workers' numbers; one is empty until its worker is there.
    workers: Mutex<BTreeMap<u64, Option<Listed>>>,
}

struct Listed {
    function: FunctionKey,
    version: String,
    card: Arc<Card>,
}

/// A place in the list of workers; taken out when dropped.
pub(crate) struct Listing {
    activity: Arc<Activity>,
    number: u64,
}

/// A run in a worker; counted until dropped.
pub(crate) struct Running<'a>(&'a Activity);

impl Activity {
    /// Whether something runs, for those who look only then.
    pub(crate) fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    /// Something is different now. Cheap: most calls find that this is known already.
    pub(crate) fn changed(&self) {
        if !self.dirty.swap(true, Ordering::AcqRel) {
            self.told.notify_one();
        }
    }

    /// Counts a run while it lasts.
    pub(crate) fn running(&self) -> Running<'_> {
        self.pulse.begin();
        self.changed();
        Running(self)
    }

    /// Counts a run that is over.
    pub(crate) fn count(&self, cold: bool) {
        self.total.fetch_add(1, Ordering::Relaxed);
        if cold {
            self.cold.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A place in the list for a process to come.
    pub(crate) fn list(self: &Arc<Self>, number: u64) -> Listing {
        self.workers.lock().insert(number, None);
        Listing {
            activity: self.clone(),
            number,
        }
    }

    /// Puts a worker on its place in the list, unless it is gone already: a process may end before anybody has had the
    /// time to say that it began.
    pub(crate) fn enter(&self, number: u64, deployment: &Deployment, card: &Arc<Card>) {
        let listed = Listed {
            function: deployment.function.key.clone(),
            version: deployment.version.clone(),
            card: card.clone(),
        };
        if let Some(place) = self.workers.lock().get_mut(&number) {
            *place = Some(listed);
        }
        self.changed();
    }

    /// Marks the workers that are in a run of another version than `current`: they go after it.
    pub(crate) fn drain(&self, function: &FunctionKey, current: Option<&str>) {
        for listed in self.workers.lock().values().flatten() {
            if listed.function == *function && Some(listed.version.as_str()) != current {
                listed.card.set(WorkerState::Draining);
            }
        }
        self.changed();
    }

    /// Marks one worker: it takes no more runs. `false` when there is none with this number.
    pub(crate) fn leave(&self, number: u64) -> bool {
        let workers = self.workers.lock();
        let Some(Some(listed)) = workers.get(&number) else {
            return false;
        };
        listed.card.leave();
        drop(workers);
        self.changed();
        true
    }

    /// Marks all workers: the engine stops.
    pub(crate) fn drain_all(&self) {
        for listed in self.workers.lock().values().flatten() {
            listed.card.set(WorkerState::Draining);
        }
        self.changed();
    }

    /// What there is to say; `queued` and memory are known elsewhere.
    pub(crate) fn status(&self, queued: u64) -> EngineStatus {
        let workers = self.workers.lock();
        EngineStatus {
            workers: workers
                .iter()
                .filter_map(|(number, listed)| Some(listed.as_ref()?.status(*number)))
                .collect(),
            queued,
            running: self.pulse.running(),
            total: self.total.load(Ordering::Relaxed),
            cold: self.cold.load(Ordering::Relaxed),
            memory: 0,
            memory_cap: 0,
            stem_cells: 0,
        }
    }

    /// Tells the listeners, at most four times a second, until cancelled.
    pub(crate) async fn publish(&self, store: &Store) {
        loop {
            self.told.notified().await;
            self.dirty.store(false, Ordering::Release);
            store.publish(Event::Engine);
            tokio::time::sleep(PACE).await;
        }
    }
}

impl Listed {
    fn status(&self, number: u64) -> WorkerStatus {
        WorkerStatus {
            number,
            pid: self.card.pid,
            function: self.function.clone(),
            version: self.version.clone(),
            state: self.card.state(),
            started: self.card.started,
            runs: self.card.runs.load(Ordering::Relaxed),
            memory: 0,
            stem: self.card.stem,
        }
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        self.activity.workers.lock().remove(&self.number);
        self.activity.changed();
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.pulse.end();
        self.0.changed();
    }
}
