//! What the lock guards: for each function its warm workers and its line.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use beckon_core::{Function, FunctionKey};
use tokio::sync::oneshot;

use super::Grant;
use super::ledger::{self, Ledger, Measured};
use super::scaler::Scaler;
use crate::WorkerState;
use crate::code::Deployment;
use crate::inherited::Inherited;
use crate::worker::Worker;

#[derive(Default)]
pub(super) struct State {
    pub(super) pools: HashMap<FunctionKey, Pool>,
    pub(super) ledger: Ledger,
    pub(super) waiting: usize,
    pub(super) ticket: u64,
    pub(super) closing: bool,
    /// Whether somebody looks after the load of those that follow it.
    pub(super) watches_load: bool,
    /// How many workers of a function somebody wished to be ready, in place of what it says itself.
    pub(super) wishes: HashMap<FunctionKey, u32>,
}

pub(super) struct Pool {
    pub(super) current: Arc<Deployment>,
    /// Whether the function exists no more.
    pub(super) deleted: bool,
    /// Calls that have a slot.
    pub(super) active: usize,
    /// Those of them that start a worker ahead of any call.
    pub(super) ahead: usize,
    /// Processes that are being started for one of them.
    pub(super) starting: usize,
    /// Warm workers of the current version.
    pub(super) warm: Vec<Warm>,
    pub(super) line: VecDeque<Waiter>,
    /// Bytes that a worker of it took when a run had left it; 0 before there was one.
    typical: u64,
    /// How many workers somebody wished to be ready.
    pub(super) wish: Option<u32>,
    /// How many workers its load is for, where they follow it.
    pub(super) advised: usize,
    pub(super) scaler: Scaler,
    /// Runs that came, ever.
    pub(super) arrived: u64,
    /// What workers took of processors since their load is looked at, microseconds, ever; and what each had then.
    pub(super) cpu_us: u64,
    pub(super) times: HashMap<u64, u64>,
}

pub(super) struct Warm {
    pub(super) worker: Arc<Worker>,
    /// Its number in the ledger.
    pub(super) process: u64,
    measured: Measured,
    /// Runs in it.
    pub(super) busy: u32,
    /// When it last began or ended one.
    pub(super) used: Instant,
}

pub(super) struct Waiter {
    pub(super) ticket: u64,
    pub(super) deployment: Arc<Deployment>,
    pub(super) tell: oneshot::Sender<Grant>,
}

/// What must be dropped only after the lock is released.
#[derive(Default)]
pub(super) struct Discarded {
    pub(super) workers: Vec<Warm>,
    pub(super) grants: Vec<Grant>,
}

impl Warm {
    /// With the run that it was started for.
    pub(super) fn new(worker: Arc<Worker>, process: u64, measured: Measured) -> Self {
        Self {
            worker,
            process,
            measured,
            busy: 1,
            used: Instant::now(),
        }
    }
}

impl Pool {
    fn of(current: Arc<Deployment>, wish: Option<u32>) -> Self {
        Self {
            current,
            wish,
            advised: 0,
            scaler: Scaler::default(),
            arrived: 0,
            cpu_us: 0,
            times: HashMap::new(),
            deleted: false,
            active: 0,
            ahead: 0,
            starting: 0,
            warm: Vec::new(),
            line: VecDeque::new(),
            typical: 0,
        }
    }

    /// Processes that it has or will have.
    pub(super) fn workers(&self) -> usize {
        self.warm.len() + self.starting
    }

    /// How many workers are to be ready though nobody calls.
    pub(super) fn least(&self) -> usize {
        let least = self.wish.unwrap_or(self.current.function.settings.min_workers);
        least.min(self.current.processes()) as usize
    }

    /// How many workers are to be ready. What its load was for counts only as long as it follows it.
    pub(super) fn kept(&self) -> usize {
        let advised = match self.follows() {
            Some(_) => self.advised.min(self.current.processes() as usize),
            None => 0,
        };
        self.least().max(advised)
    }

    /// Forgets idle workers that have died: their seats are nobody's.
    pub(super) fn bury(&mut self, discarded: &mut Discarded) {
        let is_dead = |warm: &mut Warm| warm.busy == 0 && !warm.worker.is_open();
        discarded.workers.extend(self.warm.extract_if(.., is_dead));
    }

    /// A seat in a warm worker of `deployment`: in the one with the fewest runs, so that what shares a process shares it
    /// evenly; of several in the one used last, so that the others can fall idle. If told, only in one that was started
    /// with this environment.
    pub(super) fn seat(
        &mut self,
        deployment: &Arc<Deployment>,
        share: u32,
        inherited: Option<&Inherited>,
    ) -> Option<Arc<Worker>> {
        let free = |warm: &&mut Warm| {
            warm.busy < share
                && Arc::ptr_eq(&warm.worker.deployment, deployment)
                && inherited.is_none_or(|inherited| warm.worker.inherited.is_like(inherited))
                && warm.worker.is_open()
        };
        let best = self
            .warm
            .iter_mut()
            .filter(free)
            .max_by_key(|warm| (std::cmp::Reverse(warm.busy), warm.used))?;
        best.busy += 1;
        best.worker.card.set(WorkerState::Busy);
        Some(best.worker.clone())
    }

    /// A run has left `worker`. What comes back is of no more use.
    pub(super) fn leave(&mut self, worker: &Arc<Worker>) -> Option<Warm> {
        let at = self
            .warm
            .iter()
            .position(|warm| Arc::ptr_eq(&warm.worker, worker))?;
        let warm = &mut self.warm[at];
        warm.busy -= 1;
        match warm.measured.load(Ordering::Relaxed) {
            0 => {}
            measured => self.typical = measured,
        }
        if !worker.is_open() {
            return Some(self.warm.swap_remove(at));
        }
        warm.used = Instant::now();
        if warm.busy == 0 {
            worker.card.set(WorkerState::Ready);
        }
        None
    }
}

impl State {
    /// The deployment for `function`, which becomes the current one unless a later one is there.
    pub(super) fn deployment_of(
        &mut self,
        function: &Arc<Function>,
        discarded: &mut Discarded,
    ) -> Arc<Deployment> {
        match self.pools.get_mut(&function.key) {
            Some(pool) if pool.current.is_of(function) => pool.current.clone(),
            Some(pool) if function.updated < pool.current.function.updated => {
                Deployment::new(function.clone())
            }
            Some(pool) => {
                pool.current = Deployment::new(function.clone());
                pool.deleted = false;
                pool.forget_load();
                discarded.workers.append(&mut pool.warm);
                pool.current.clone()
            }
            None => {
                let current = Deployment::new(function.clone());
                let wish = self.wishes.get(&function.key).copied();
                let pool = Pool::of(current.clone(), wish);
                self.pools.insert(function.key.clone(), pool);
                current
            }
        }
    }

    /// Bytes that one more worker of it is expected to take.
    pub(super) fn expected(&self, deployment: &Deployment) -> u64 {
        match self
            .pools
            .get(&deployment.function.key)
            .map_or(0, |pool| pool.typical)
        {
            0 => ledger::usual(deployment.language()),
            typical => typical,
        }
    }

    /// Forgets functions that nobody runs, waits for, or keeps warm: their unpacked code goes with them.
    pub(super) fn tidy(&mut self) {
        self.pools.retain(|_, pool| {
            // Where there is no worker to keep it for, the code stays until the function changes.
            let function = &pool.current.function;
            let keeps = function.contract.keeps_worker(function.runtime.language());
            let stays = (!keeps || pool.least() > 0) && !pool.deleted;
            stays || pool.active > 0 || !pool.warm.is_empty() || !pool.line.is_empty()
        });
    }
}
