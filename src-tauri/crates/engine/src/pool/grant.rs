//! The right to run, and the right to have a process.

use std::sync::Arc;

use super::ledger::Measured;
use super::state::Discarded;
use super::{Pools, State};
use crate::code::Deployment;
use crate::inherited::Inherited;
use crate::worker::Worker;

/// The right to run one call, with a warm worker or with the right to start a process. Given back when dropped.
pub(crate) struct Grant {
    pub(crate) deployment: Arc<Deployment>,
    seat: Seat,
    permit: Option<Permit>,
    pools: Arc<Pools>,
    /// The process that was started with this grant's permit: its number in the ledger, and its memory.
    process: Option<u64>,
    /// Whether it is for no call, but for a worker to be there before one.
    ahead: bool,
}

/// Where a run sits.
pub(super) enum Seat {
    /// In a warm worker.
    In(Arc<Worker>),
    /// In a process that is to be started.
    Starting,
}

/// The right to have one process. Kept until the process is gone.
pub(crate) struct Permit {
    pools: Arc<Pools>,
    number: u64,
    measured: Measured,
}

impl Permit {
    /// Enters a process of so many bytes into the ledger.
    pub(super) fn of(pools: &Arc<Pools>, state: &mut State, expected: u64) -> Self {
        let (number, measured) = state.ledger.enter(expected);
        Self {
            pools: pools.clone(),
            number,
            measured,
        }
    }

    /// The process is there already: this is where its memory is written.
    pub(crate) fn take_over(&mut self, measured: &Measured) {
        self.measured = measured.clone();
        self.pools.state.lock().ledger.measure(self.number, measured);
    }

    /// Where the memory of the process is to be written.
    pub(crate) fn measured(&self) -> Measured {
        self.measured.clone()
    }
}

impl Grant {
    pub(super) fn new(
        pools: &Arc<Pools>,
        deployment: &Arc<Deployment>,
        seat: Seat,
        permit: Option<Permit>,
    ) -> Self {
        Self {
            deployment: deployment.clone(),
            seat,
            permit,
            pools: pools.clone(),
            process: None,
            ahead: false,
        }
    }

    /// The same for no call, but for a worker to be there before one.
    pub(super) fn ahead(mut self) -> Self {
        self.ahead = true;
        self
    }

    /// The warm worker, if there is one.
    pub(crate) fn worker(&self) -> Option<Arc<Worker>> {
        match &self.seat {
            Seat::In(worker) => Some(worker.clone()),
            Seat::Starting => None,
        }
    }

    /// The right to start a process.
    pub(crate) fn take_permit(&mut self) -> Permit {
        let permit = self.permit.take().unwrap_or_else(|| {
            // Beside the bounds: the process whose right this run had is dead, and its own right dies with it.
            let mut state = self.pools.state.lock();
            let expected = state.expected(&self.deployment);
            Permit::of(&self.pools, &mut state, expected)
        });
        self.process = Some(permit.number);
        permit
    }

    /// The process is started and the function loaded: this run is in it, and others may join.
    pub(crate) fn keep(&mut self, worker: Arc<Worker>) {
        if let Some(number) = self.process.take() {
            self.pools.enter(&worker, number);
            self.seat = Seat::In(worker);
        }
    }

    /// The warm worker, if there is one, shall have this environment: another one that has takes its place, or is to be
    /// started. Where there may be no more of them, this one goes for it.
    pub(crate) fn suit(&mut self, inherited: &Inherited) {
        let Seat::In(worker) = &self.seat else { return };
        if worker.inherited.is_like(inherited) {
            return;
        }
        let worker = worker.clone();
        let gone;
        let mut state = self.pools.state.lock();
        let expected = state.expected(&self.deployment);
        let has_room = state.ledger.sum().has_room(expected, self.pools.bounds());
        let Some(pool) = state.pools.get_mut(&self.deployment.function.key) else {
            return; // There is one for as long as there is a grant.
        };
        if let Some(better) = pool.seat(&self.deployment, self.deployment.share(), Some(inherited)) {
            gone = pool.leave(&worker);
            self.seat = Seat::In(better);
        } else {
            self.seat = Seat::Starting;
            pool.starting += 1;
            if has_room && pool.workers() <= self.deployment.processes() as usize {
                gone = pool.leave(&worker);
                self.permit = Some(Permit::of(&self.pools, &mut state, expected));
            } else {
                // Those in it finish; the new one's right is its own, beside the bounds until then.
                worker.card.leave();
                gone = pool.leave(&worker);
            }
        }
        drop(state);
        drop((gone, worker));
        self.pools.activity.changed();
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
        self.pools.release(&self.deployment, &self.seat, self.ahead);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut discarded = Discarded::default();
        let mut state = self.pools.state.lock();
        state.ledger.strike(self.number);
        self.pools.serve(&mut state, &mut discarded);
        drop(state);
        self.pools.tell_queue();
        self.pools.activity.changed();
    }
}
