//! Who may run where: slots of a function, processes altogether and the memory that they take, warm workers kept for
//! the next call, and the lines of those who wait.
//!
//! ```text
//! state ─ what is known of each function         grant ─ the right to run, the right to have a process
//! ledger ─ processes and what they take          room ─ who goes so that somebody else can start
//! scaler ─ how many workers a load is for        scaling ─ workers that follow it
//! ```
//!
//! One lock guards all of it. Nothing that is done under it takes longer than a few map look-ups, it is never held
//! over an `await`, and what is dropped (workers, grants) is dropped after it is released, because dropping comes back
//! here. A std-like lock and not an async one, for the same reason.

mod grant;
mod ledger;
mod room;
mod scaler;
mod scaling;
mod state;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use beckon_core::{EntityKey, Error, ErrorCode, Function, FunctionKey, Result};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

pub(crate) use grant::{Grant, Permit};
pub(crate) use ledger::Measured;
pub(crate) use scaling::follow_load;

use crate::code::Deployment;
use crate::inherited::Inherited;
use crate::status::Activity;
use crate::worker::Worker;
use grant::Seat;
use ledger::Bounds;
use state::{Discarded, State, Waiter, Warm};

/// Where a run stands when it asks for a slot.
pub(crate) enum Place {
    /// It may begin.
    Now(Grant),
    /// It waits in line.
    Later(oneshot::Receiver<Grant>),
    /// It needs none: its components do.
    Composed(Box<crate::composition::Composed>),
}

pub(crate) struct Pools {
    state: Mutex<State>,
    max_processes: usize,
    /// Most bytes that all processes together may take.
    max_memory: AtomicU64,
    max_waiting: usize,
    /// Told when a slot may have become free, and there is a backlog on disk.
    pub(crate) room: Notify,
    /// How many runs wait on disk.
    pub(crate) backlog: AtomicU64,
    /// Told when a function that follows its load is called, and nobody looks.
    loaded: Notify,
    activity: Arc<Activity>,
}

impl Pools {
    pub(crate) fn new(
        max_processes: usize,
        max_memory: u64,
        max_waiting: usize,
        activity: Arc<Activity>,
    ) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            max_processes: max_processes.max(1),
            max_memory: max_memory.into(),
            max_waiting,
            room: Notify::new(),
            backlog: AtomicU64::new(0),
            loaded: Notify::new(),
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
        self.note_arrival(&mut state, key, 1);
        if state.pools.get(key).is_none_or(|pool| pool.line.is_empty())
            && let Some(grant) = self.try_grant(&mut state, &deployment, &mut discarded)
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
            return Err(self.line_is_full(&state, &deployment));
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
                && let Some(grant) = self.try_grant(&mut state, &deployment, &mut discarded)
            {
                grants.push(grant);
            }
        }
        if grants.is_empty() {
            // The queue has no place in line, but an idle worker of somebody else is in its way all the same.
            self.make_room_for(&mut state, &deployment.function.key, &mut discarded);
        }
        self.note_arrival(&mut state, &deployment.function.key, grants.len());
        drop(state);
        grants
    }

    /// The right to start a worker for nobody in particular, if the function has fewer than it wants to have ready, and
    /// there is room.
    pub(crate) fn prewarm(self: &Arc<Self>, function: &Arc<Function>) -> Option<Grant> {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        if state.closing {
            return None;
        }
        let deployment = state.deployment_of(function, &mut discarded);
        let expected = state.expected(&deployment);
        let full = !state.ledger.sum().has_room(expected, self.bounds());
        let pool = state.pools.get_mut(&function.key)?;
        pool.bury(&mut discarded);
        let seats = function.limits.concurrency as usize * deployment.share() as usize;
        if pool.workers() >= pool.kept() || pool.active >= seats {
            return None;
        }
        if full {
            // For the next time that it is asked for.
            self.make_room_ahead(&mut state, &function.key, &mut discarded);
            return None;
        }
        pool.active += 1;
        pool.ahead += 1;
        pool.starting += 1;
        let permit = Permit::of(self, &mut state, expected);
        drop(state);
        Some(Grant::new(self, &deployment, Seat::Starting, Some(permit)).ahead())
    }

    /// Makes `function` the current version: idle workers of others go now, busy ones after their run.
    pub(crate) fn deploy(&self, function: &Arc<Function>) {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        if let Some(pool) = state.pools.get_mut(&function.key) {
            pool.current = Deployment::new(function.clone());
            pool.forget_load();
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

    /// How many workers of each function somebody wished to be ready, of all for whom somebody did.
    pub(crate) fn set_wishes(&self, wishes: HashMap<FunctionKey, u32>) {
        let mut state = self.state.lock();
        for (key, pool) in &mut state.pools {
            let wish = wishes.get(key).copied();
            if wish != pool.wish {
                pool.wish = wish;
                pool.forget_load();
            }
        }
        state.wishes = wishes;
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

    /// Lets workers go whose functions would be given another environment by now.
    pub(crate) fn renew(self: &Arc<Self>, now: impl Fn(&Function, Option<&EntityKey>) -> Inherited) {
        let state = self.state.lock();
        let warm = state.pools.values().flat_map(|pool| &pool.warm);
        let packaged = warm.filter(|warm| warm.worker.deployment.function.key.name.package().is_some());
        let workers: Vec<_> = packaged.map(|warm| warm.worker.clone()).collect();
        drop(state);
        for worker in workers {
            let has = &worker.inherited;
            if !has.is_like(&now(&worker.deployment.function, has.binding.as_ref())) {
                worker.card.leave();
                self.dismiss(worker.number());
            }
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

    /// Bytes that all processes together may take from now on. Those that take more already lose idle workers at the
    /// next look.
    pub(crate) fn set_max_memory(&self, bytes: u64) {
        self.max_memory.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn max_memory(&self) -> u64 {
        self.max_memory.load(Ordering::Relaxed)
    }

    /// Bytes that all processes together take, or are expected to.
    pub(crate) fn memory(&self) -> u64 {
        self.state.lock().ledger.sum().memory
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            processes: self.max_processes,
            memory: self.max_memory(),
        }
    }

    fn try_grant(
        self: &Arc<Self>,
        state: &mut State,
        deployment: &Arc<Deployment>,
        discarded: &mut Discarded,
    ) -> Option<Grant> {
        let function = &deployment.function;
        let (most, processes) = (
            function.limits.concurrency as usize,
            deployment.processes() as usize,
        );
        let share = deployment.share();
        let pool = state.pools.get_mut(&function.key)?;
        pool.bury(discarded);
        if pool.active >= most * share as usize {
            return None;
        }
        if let Some(worker) = pool.seat(deployment, share, None) {
            pool.active += 1;
            return Some(Grant::new(self, deployment, Seat::In(worker), None));
        }
        // Those that are starting will have room for some of the line: no process is started for these.
        let coming = pool.starting * (share as usize - 1);
        if pool.workers() >= processes || (coming > 0 && pool.line.len() < coming) {
            return None;
        }
        let expected = state.expected(deployment);
        if !state.ledger.sum().has_room(expected, self.bounds()) {
            return None;
        }
        let pool = state.pools.get_mut(&function.key)?;
        pool.starting += 1;
        pool.active += 1;
        let permit = Permit::of(self, state, expected);
        Some(Grant::new(self, deployment, Seat::Starting, Some(permit)))
    }

    /// What the caller is told whom there is no place in line for: what ran out, and what helps.
    fn line_is_full(&self, state: &State, deployment: &Deployment) -> Error {
        let key = &deployment.function.key;
        let full = Error::new(
            ErrorCode::Busy,
            format!("{} runs of {key} are waiting already.", self.max_waiting),
        );
        let (sum, bounds) = (state.ledger.sum(), self.bounds());
        let expected = state.expected(deployment);
        if sum.processes > 0 && sum.memory.saturating_add(expected) > bounds.memory {
            let megabytes = bounds.memory >> 20;
            return full.with_hint(format!(
                "Workers may take {megabytes} MB of memory together, and there is none left for another: try again in a moment, or raise the limit in the settings."
            ));
        }
        full.with_hint(
            "Try again in a moment, invoke it asynchronously, or raise the function's concurrency.",
        )
    }

    /// Gives free slots to those in line, the longest waiting first.
    fn serve(self: &Arc<Self>, state: &mut State, discarded: &mut Discarded) {
        // The ticket looked at last. Whoever is at the front of a line with a lower one was passed over.
        let mut last = None;
        while state.waiting > 0 {
            let fronts = state.pools.values().filter_map(|pool| pool.line.front());
            let Some(front) = fronts
                .filter(|front| last.is_none_or(|last| front.ticket > last))
                .min_by_key(|front| front.ticket)
            else {
                break;
            };
            last = Some(front.ticket);
            let deployment = front.deployment.clone();
            let grant = if front.tell.is_closed() {
                None
            } else {
                let grant = self.try_grant(state, &deployment, discarded);
                if grant.is_none() {
                    continue;
                }
                grant
            };
            let line = state.pools.get_mut(&deployment.function.key);
            let waiter = line.and_then(|pool| pool.line.pop_front());
            state.waiting -= 1;
            if let (Some(waiter), Some(grant)) = (waiter, grant)
                && let Err(grant) = waiter.tell.send(grant)
            {
                discarded.grants.push(grant);
            }
        }
        self.make_room(state, discarded);
    }

    fn tell_queue(&self) {
        if self.backlog.load(Ordering::Acquire) > 0 {
            self.room.notify_one();
        }
    }

    fn release(self: &Arc<Self>, deployment: &Arc<Deployment>, seat: &Seat, ahead: bool) {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        let waiting = state.waiting;
        if let Some(pool) = state.pools.get_mut(&deployment.function.key) {
            pool.active -= 1;
            pool.ahead -= usize::from(ahead);
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
    fn enter(self: &Arc<Self>, worker: &Arc<Worker>, process: u64) {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        // A stem cell is measured where it was before it was a worker.
        let measured = state.ledger.measured(process).unwrap_or_default();
        let closing = state.closing;
        if let Some(pool) = state.pools.get_mut(&worker.deployment.function.key) {
            pool.starting -= 1;
            if !closing && Arc::ptr_eq(&pool.current, &worker.deployment) {
                pool.warm.push(Warm::new(worker.clone(), process, measured));
            }
        }
        if state.waiting > 0 && worker.deployment.share() > 1 {
            self.serve(&mut state, &mut discarded);
        }
        drop(state);
        self.tell_queue();
    }
}

/// The watchdogs' answer to one request more than `max_inflight`, which is less than what the line could hold.
fn over_inflight(state: &State, function: &Function) -> Option<Error> {
    let most = function.watchdog()?.max_inflight as usize;
    let pool = state.pools.get(&function.key)?;
    (most > 0 && pool.active - pool.ahead + pool.line.len() >= most).then(|| {
        Error::new(
            ErrorCode::Busy,
            format!("Concurrent request limit exceeded. Max concurrent requests: {most}"),
        )
    })
}

pub(crate) fn shutting_down() -> Error {
    Error::new(ErrorCode::ShuttingDown, "Beckon is shutting down.")
}
