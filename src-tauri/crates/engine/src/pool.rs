//! Who may run where: slots of a function, processes altogether, warm workers kept for the next call, and the lines
//! of those who wait.
//!
//! One lock guards all of it. Nothing that is done under it takes longer than a few map look-ups, it is never held
//! over an `await`, and what is dropped (workers, grants) is dropped after it is released, because dropping comes back
//! here. A std-like lock and not an async one, for the same reason.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use beckon_core::{Error, ErrorCode, Function, FunctionKey, Result};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::WorkerState;
use crate::code::Deployment;
use crate::status::Activity;
use crate::worker::Worker;

/// The right to run one call, with a warm worker or with the right to start a process. Given back when dropped.
pub(crate) struct Grant {
    pub(crate) deployment: Arc<Deployment>,
    seat: Seat,
    permit: Option<Permit>,
    pools: Arc<Pools>,
}

/// Where a run sits.
enum Seat {
    /// In a warm worker.
    In(Arc<Worker>),
    /// In a process that is to be started.
    Starting,
}

/// The right to have one process. Kept until the process is gone.
pub(crate) struct Permit {
    pools: Arc<Pools>,
}

/// Where a run stands when it asks for a slot.
pub(crate) enum Place {
    /// It may begin.
    Now(Grant),
    /// It waits in line.
    Later(oneshot::Receiver<Grant>),
}

pub(crate) struct Pools {
    state: Mutex<State>,
    max_processes: usize,
    max_waiting: usize,
    /// Told when a slot may have become free, and there is a backlog on disk.
    pub(crate) room: Notify,
    /// How many runs wait on disk.
    pub(crate) backlog: AtomicU64,
    activity: Arc<Activity>,
}

#[derive(Default)]
struct State {
    pools: HashMap<FunctionKey, Pool>,
    processes: usize,
    /// Idle workers that were told to go so that somebody else can have their process.
    evicting: usize,
    waiting: usize,
    ticket: u64,
    closing: bool,
}

struct Pool {
    current: Arc<Deployment>,
    /// Whether the function exists no more.
    deleted: bool,
    /// Calls that have a slot.
    active: usize,
    /// Processes that are being started for one of them.
    starting: usize,
    /// Warm workers of the current version.
    warm: Vec<Warm>,
    line: VecDeque<Waiter>,
}

struct Warm {
    worker: Arc<Worker>,
    /// Runs in it.
    busy: u32,
    /// When it last began or ended one.
    used: Instant,
}

struct Waiter {
    ticket: u64,
    deployment: Arc<Deployment>,
    tell: oneshot::Sender<Grant>,
}

/// What must be dropped only after the lock is released.
#[derive(Default)]
struct Discarded {
    workers: Vec<Warm>,
    grants: Vec<Grant>,
}

impl Pools {
    pub(crate) fn new(max_processes: usize, max_waiting: usize, activity: Arc<Activity>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            max_processes: max_processes.max(1),
            max_waiting,
            room: Notify::new(),
            backlog: AtomicU64::new(0),
            activity,
        })
    }

    /// A slot, or a place in line.
    ///
    /// # Errors
    /// `Busy` when the line is full, `ShuttingDown`.
    pub(crate) fn acquire(self: &Arc<Self>, function: &Arc<Function>) -> Result<Place> {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        if state.closing {
            return Err(shutting_down());
        }
        let deployment = state.deployment_of(function, &mut discarded);
        if let Some(busy) = over_inflight(&state, &deployment.function) {
            return Err(busy);
        }
        let key = &deployment.function.key;
        if state.pools.get(key).is_none_or(|pool| pool.line.is_empty())
            && let Some(grant) = self.try_grant(&mut state, &deployment)
        {
            return Ok(Place::Now(grant));
        }
        let ticket = state.ticket;
        let Some(pool) = state.pools.get_mut(key) else {
            return Err(shutting_down());
        };
        // Those who gave up meanwhile do not count.
        let before = pool.line.len();
        if before >= self.max_waiting {
            pool.line.retain(|waiter| !waiter.tell.is_closed());
        }
        let gone = before - pool.line.len();
        let full = pool.line.len() >= self.max_waiting;
        let (tell, told) = oneshot::channel();
        if !full {
            pool.line.push_back(Waiter {
                ticket,
                deployment: deployment.clone(),
                tell,
            });
        }
        state.waiting -= gone;
        if full {
            return Err(Error::new(
                ErrorCode::Busy,
                format!("{} runs of {key} are waiting already.", self.max_waiting),
            )
            .with_hint(
                "Try again in a moment, invoke it asynchronously, or raise the function's concurrency.",
            ));
        }
        state.ticket += 1;
        state.waiting += 1;
        self.make_room(&mut state, &mut discarded);
        drop(state);
        self.activity.changed();
        Ok(Place::Later(told))
    }

    /// Up to `most` slots that are free now; for the queue, which has its own line on disk.
    pub(crate) fn try_acquire(self: &Arc<Self>, function: &Arc<Function>, most: usize) -> Vec<Grant> {
        let mut discarded = Discarded::default();
        let mut grants = Vec::new();
        let mut state = self.state.lock();
        if state.closing {
            return grants;
        }
        let deployment = state.deployment_of(function, &mut discarded);
        if state
            .pools
            .get(&deployment.function.key)
            .is_some_and(|pool| pool.line.is_empty())
        {
            while grants.len() < most
                && let Some(grant) = self.try_grant(&mut state, &deployment)
            {
                grants.push(grant);
            }
        }
        if grants.is_empty() {
            // The queue has no place in line, but an idle worker of somebody else is in its way all the same.
            self.evict_one(&mut state, &deployment.function.key, &mut discarded);
        }
        drop(state);
        grants
    }

    /// The right to start a worker for nobody in particular, if the function has fewer than it wants to have ready.
    pub(crate) fn prewarm(self: &Arc<Self>, function: &Arc<Function>) -> Option<Grant> {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        if state.closing {
            return None;
        }
        let deployment = state.deployment_of(function, &mut discarded);
        let wanted = function.settings.min_workers.min(function.limits.concurrency) as usize;
        let full = state.processes >= self.max_processes;
        let pool = state.pools.get_mut(&function.key)?;
        if full || pool.workers() >= wanted || pool.active >= function.limits.concurrency as usize {
            return None;
        }
        pool.active += 1;
        pool.starting += 1;
        state.processes += 1;
        drop(state);
        Some(Grant {
            deployment,
            seat: Seat::Starting,
            permit: Some(Permit { pools: self.clone() }),
            pools: self.clone(),
        })
    }

    /// Makes `function` the current version: idle workers of others go now, busy ones after their run.
    pub(crate) fn deploy(&self, function: &Arc<Function>) {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        if let Some(pool) = state.pools.get_mut(&function.key) {
            pool.current = Deployment::new(function.clone());
            discarded.workers.append(&mut pool.warm);
        }
        drop(state);
    }

    /// Forgets a function; workers in a run finish it.
    pub(crate) fn undeploy(&self, key: &FunctionKey) {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        if let Some(pool) = state.pools.get_mut(key) {
            // What is in a run compares itself with this and finds that it is not it.
            pool.current = Deployment::new(pool.current.function.clone());
            pool.deleted = true;
            discarded.workers.append(&mut pool.warm);
        }
        state.tidy();
        drop(state);
    }

    /// The functions that there are workers, lines or code for.
    pub(crate) fn keys(&self) -> Vec<FunctionKey> {
        self.state
            .lock()
            .pools
            .iter()
            .filter(|(_, pool)| !pool.deleted)
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Ends workers that have been idle for `timeout` (or the function's own), but for as many as the function wants to
    /// have ready, and forgets what is empty.
    pub(crate) fn expire(&self, timeout: Duration) {
        let mut expired = Vec::new();
        let mut state = self.state.lock();
        for pool in state.pools.values_mut() {
            let settings = &pool.current.function.settings;
            let timeout = settings
                .idle_timeout_s
                .map_or(timeout, |seconds| Duration::from_secs(seconds.into()));
            let mut spare = pool.warm.len().saturating_sub(settings.min_workers as usize);
            for at in (0..pool.warm.len()).rev() {
                let warm = &pool.warm[at];
                let late = warm.busy == 0 && warm.used.elapsed() >= timeout;
                if !warm.worker.is_open() || (late && spare > 0) {
                    expired.push(pool.warm.swap_remove(at));
                    spare = spare.saturating_sub(1);
                }
            }
        }
        state.tidy();
        drop(state);
        if !expired.is_empty() {
            self.activity.changed();
        }
    }

    /// Lets a worker go: at once when it is idle, else after its last run.
    pub(crate) fn dismiss(self: &Arc<Self>, number: u64) {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        for pool in state.pools.values_mut() {
            if let Some(at) = pool.warm.iter().position(|warm| warm.worker.number() == number) {
                discarded.workers.push(pool.warm.swap_remove(at));
                break;
            }
        }
        // Its place is free for those in line, though its last run still goes on.
        self.serve(&mut state, &mut discarded);
        drop(state);
        self.activity.changed();
    }

    /// Takes no more calls, sends those in line away, and lets idle workers go.
    pub(crate) fn close(&self) {
        let mut discarded = Discarded::default();
        let mut lines = Vec::new();
        let mut state = self.state.lock();
        state.closing = true;
        state.waiting = 0;
        for pool in state.pools.values_mut() {
            lines.push(std::mem::take(&mut pool.line));
            discarded.workers.append(&mut pool.warm);
        }
        drop(state);
    }

    /// Whether it takes no more calls.
    pub(crate) fn is_closing(&self) -> bool {
        self.state.lock().closing
    }

    /// How many stand in line.
    pub(crate) fn waiting(&self) -> usize {
        self.state.lock().waiting
    }

    /// How many stand in line, by function.
    pub(crate) fn lines(&self) -> Vec<(FunctionKey, usize)> {
        let state = self.state.lock();
        let lines = state.pools.iter().filter(|(_, pool)| !pool.line.is_empty());
        lines.map(|(key, pool)| (key.clone(), pool.line.len())).collect()
    }

    fn try_grant(self: &Arc<Self>, state: &mut State, deployment: &Arc<Deployment>) -> Option<Grant> {
        let function = &deployment.function;
        let most = function.limits.concurrency as usize;
        let share = deployment.share();
        let pool = state.pools.get_mut(&function.key)?;
        if pool.active >= most * share as usize {
            return None;
        }
        // The one with the fewest runs, so that what shares a process shares it evenly; of several the one used last,
        // so that the others can fall idle.
        let free = |warm: &&mut Warm| {
            warm.busy < share && Arc::ptr_eq(&warm.worker.deployment, deployment) && warm.worker.is_open()
        };
        let best = pool
            .warm
            .iter_mut()
            .filter(free)
            .max_by_key(|warm| (std::cmp::Reverse(warm.busy), warm.used));
        let (seat, permit) = match best {
            Some(warm) => {
                warm.busy += 1;
                warm.worker.card.set(WorkerState::Busy);
                (Seat::In(warm.worker.clone()), None)
            }
            None => {
                // Those that are starting will have room for some of the line: no process is started for these.
                let coming = pool.starting * (share as usize - 1);
                if pool.warm.len() + pool.starting >= most
                    || state.processes >= self.max_processes
                    || (coming > 0 && pool.line.len() < coming)
                {
                    return None;
                }
                pool.starting += 1;
                state.processes += 1;
                (Seat::Starting, Some(Permit { pools: self.clone() }))
            }
        };
        pool.active += 1;
        Some(Grant {
            deployment: deployment.clone(),
            seat,
            permit,
            pools: self.clone(),
        })
    }

    /// Lets go of the least recently used idle workers, as many as there are runs that wait for a process.
    fn make_room(&self, state: &mut State, discarded: &mut Discarded) {
        if state.processes < self.max_processes {
            return;
        }
        let starving: Vec<FunctionKey> = state
            .pools
            .iter()
            .filter(|(_, pool)| {
                pool.line
                    .front()
                    .is_some_and(|w| pool.workers() < w.deployment.function.limits.concurrency as usize)
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in &starving {
            self.evict_one(state, key, discarded);
        }
    }

    /// Lets go of the least recently used idle worker, if processes are short and `key` could have one more.
    fn evict_one(&self, state: &mut State, key: &FunctionKey, discarded: &mut Discarded) {
        let could = state.pools.get(key).is_some_and(|pool| {
            pool.workers() < pool.current.function.limits.concurrency as usize
                && pool.warm.iter().all(|warm| warm.busy > 0)
        });
        if !could || state.processes < self.max_processes || state.evicting > 0 {
            return;
        }
        let oldest = state
            .pools
            .values_mut()
            .filter_map(|pool| pool.longest_idle().map(|(at, used)| (used, at, pool)))
            .min_by_key(|(used, ..)| *used);
        if let Some((_, at, pool)) = oldest {
            discarded.workers.push(pool.warm.swap_remove(at));
            state.evicting += 1;
        }
    }

    /// Gives free slots to those in line, the longest waiting first.
    fn serve(self: &Arc<Self>, state: &mut State, discarded: &mut Discarded) {
        while state.waiting > 0 {
            let mut fronts: Vec<(u64, FunctionKey)> = state
                .pools
                .iter()
                .filter_map(|(key, pool)| pool.line.front().map(|waiter| (waiter.ticket, key.clone())))
                .collect();
            fronts.sort_unstable_by_key(|(ticket, _)| *ticket);
            let mut served = false;
            for (_, key) in fronts {
                let Some(pool) = state.pools.get_mut(&key) else {
                    continue;
                };
                let Some(front) = pool.line.front() else { continue };
                let deployment = front.deployment.clone();
                let abandoned = front.tell.is_closed();
                let grant = if abandoned {
                    None
                } else {
                    self.try_grant(state, &deployment)
                };
                if !abandoned && grant.is_none() {
                    continue;
                }
                let waiter = state.pools.get_mut(&key).and_then(|pool| pool.line.pop_front());
                state.waiting -= 1;
                if let (Some(waiter), Some(grant)) = (waiter, grant)
                    && let Err(grant) = waiter.tell.send(grant)
                {
                    discarded.grants.push(grant);
                }
                served = true;
                break;
            }
            if !served {
                break;
            }
        }
        self.make_room(state, discarded);
    }

    fn tell_queue(&self) {
        if self.backlog.load(Ordering::Acquire) > 0 {
            self.room.notify_one();
        }
    }

    fn release(self: &Arc<Self>, deployment: &Arc<Deployment>, seat: &Seat) {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        let waiting = state.waiting;
        if let Some(pool) = state.pools.get_mut(&deployment.function.key) {
            pool.active -= 1;
            match seat {
                Seat::Starting => pool.starting -= 1,
                Seat::In(worker) => discarded.workers.extend(pool.leave(worker)),
            }
        }
        if waiting > 0 {
            self.serve(&mut state, &mut discarded);
        }
        drop(state);
        self.tell_queue();
        self.activity.changed();
    }

    /// A worker that was started for a run is ready, and others may share it.
    fn enter(self: &Arc<Self>, worker: &Arc<Worker>) {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        let closing = state.closing;
        if let Some(pool) = state.pools.get_mut(&worker.deployment.function.key) {
            pool.starting -= 1;
            if !closing && Arc::ptr_eq(&pool.current, &worker.deployment) {
                pool.warm.push(Warm {
                    worker: worker.clone(),
                    busy: 1,
                    used: Instant::now(),
                });
            }
        }
        if state.waiting > 0 && worker.deployment.share() > 1 {
            self.serve(&mut state, &mut discarded);
        }
        drop(state);
        self.tell_queue();
    }
}

impl Pool {
    /// Processes that it has or will have.
    fn workers(&self) -> usize {
        self.warm.len() + self.starting
    }

    /// A run has left `worker`. What comes back is of no more use.
    fn leave(&mut self, worker: &Arc<Worker>) -> Option<Warm> {
        let at = self
            .warm
            .iter()
            .position(|warm| Arc::ptr_eq(&warm.worker, worker))?;
        let warm = &mut self.warm[at];
        warm.busy -= 1;
        if !worker.is_open() {
            return Some(self.warm.swap_remove(at));
        }
        warm.used = Instant::now();
        if warm.busy == 0 {
            worker.card.set(WorkerState::Ready);
        }
        None
    }

    fn longest_idle(&self) -> Option<(usize, Instant)> {
        let idle = self.warm.iter().enumerate().filter(|(_, warm)| warm.busy == 0);
        idle.map(|(at, warm)| (at, warm.used))
            .min_by_key(|(_, used)| *used)
    }
}

impl State {
    /// The deployment for `function`, which becomes the current one unless a later one is there.
    fn deployment_of(&mut self, function: &Arc<Function>, discarded: &mut Discarded) -> Arc<Deployment> {
        match self.pools.get_mut(&function.key) {
            Some(pool) if pool.current.is_of(function) => pool.current.clone(),
            Some(pool) if function.updated < pool.current.function.updated => {
                Deployment::new(function.clone())
            }
            Some(pool) => {
                pool.current = Deployment::new(function.clone());
                pool.deleted = false;
                discarded.workers.append(&mut pool.warm);
                pool.current.clone()
            }
            None => {
                let current = Deployment::new(function.clone());
                let pool = Pool {
                    current: current.clone(),
                    deleted: false,
                    active: 0,
                    starting: 0,
                    warm: Vec::new(),
                    line: VecDeque::new(),
                };
                self.pools.insert(function.key.clone(), pool);
                current
            }
        }
    }

    /// Forgets functions that nobody runs, waits for, or keeps warm: their unpacked code goes with them.
    fn tidy(&mut self) {
        self.pools.retain(|_, pool| {
            // Where there is no worker to keep it for, the code stays until the function changes.
            let function = &pool.current.function;
            let keeps = function.contract.keeps_worker(function.runtime.language());
            let stays = (!keeps || function.settings.min_workers > 0) && !pool.deleted;
            stays || pool.active > 0 || !pool.warm.is_empty() || !pool.line.is_empty()
        });
    }
}

impl Grant {
    /// The warm worker, if there is one.
    pub(crate) fn worker(&self) -> Option<Arc<Worker>> {
        match &self.seat {
            Seat::In(worker) => Some(worker.clone()),
            Seat::Starting => None,
        }
    }

    /// The right to start a process.
    pub(crate) fn take_permit(&mut self) -> Permit {
        self.permit.take().unwrap_or_else(|| {
            // Beside the bound: the process whose right this run had is dead, and its own right dies with it.
            self.pools.state.lock().processes += 1;
            Permit {
                pools: self.pools.clone(),
            }
        })
    }

    /// The process is started and the function loaded: this run is in it, and others may join.
    pub(crate) fn keep(&mut self, worker: Arc<Worker>) {
        self.pools.enter(&worker);
        self.seat = Seat::In(worker);
    }

    /// The warm worker proved dead: another is to be started.
    pub(crate) fn replace(&mut self) {
        let Seat::In(worker) = std::mem::replace(&mut self.seat, Seat::Starting) else {
            return;
        };
        let mut state = self.pools.state.lock();
        let gone = state
            .pools
            .get_mut(&self.deployment.function.key)
            .and_then(|pool| {
                pool.starting += 1;
                pool.leave(&worker)
            });
        drop(state);
        drop((gone, worker));
    }

    /// Gives the slot back.
    pub(crate) fn finish(self) {}
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.pools.release(&self.deployment, &self.seat);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut discarded = Discarded::default();
        let mut state = self.pools.state.lock();
        state.processes -= 1;
        state.evicting = state.evicting.saturating_sub(1);
        self.pools.serve(&mut state, &mut discarded);
        drop(state);
        self.pools.tell_queue();
        self.pools.activity.changed();
    }
}

/// The watchdogs' answer to one request more than `max_inflight`, which is less than what the line could hold.
fn over_inflight(state: &State, function: &Function) -> Option<Error> {
    let most = function.settings.watchdog.max_inflight as usize;
    let pool = state.pools.get(&function.key)?;
    (most > 0 && pool.active + pool.line.len() >= most).then(|| {
        Error::new(
            ErrorCode::Busy,
            format!("Concurrent request limit exceeded. Max concurrent requests: {most}"),
        )
    })
}

pub(crate) fn shutting_down() -> Error {
    Error::new(ErrorCode::ShuttingDown, "Beckon is shutting down.")
}
