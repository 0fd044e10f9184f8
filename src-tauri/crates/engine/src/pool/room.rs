//! Room for those who need a process: idle workers go, the least recently used first, whosever they are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::FunctionKey;

use super::state::Discarded;
use super::{Pools, State};

/// An idle worker.
struct Idle {
    used: Instant,
    key: FunctionKey,
    /// Its number in the ledger.
    process: u64,
    /// How many of its function's idle workers were used later.
    later: usize,
}

impl Pools {
    /// Makes room for those at the front of their lines who wait for a process.
    pub(super) fn make_room(&self, state: &mut State, discarded: &mut Discarded) {
        if state.waiting == 0 {
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
            self.make_room_for(state, key, discarded);
        }
    }

    /// Lets go of as many idle workers as it takes for `key` to have one more; of none when that would not be enough.
    pub(super) fn make_room_for(&self, state: &mut State, key: &FunctionKey, discarded: &mut Discarded) {
        let Some(pool) = state.pools.get(key) else { return };
        let could = pool.workers() < pool.current.function.limits.concurrency as usize
            && pool.warm.iter().all(|warm| warm.busy > 0);
        if could {
            self.evict_for(state, key, |_, _| true, discarded);
        }
    }

    /// The same for a worker that is to be ready before anybody calls: for that only those go that are more than their
    /// own functions want to have ready.
    pub(super) fn make_room_ahead(&self, state: &mut State, key: &FunctionKey, discarded: &mut Discarded) {
        self.evict_for(state, key, State::is_spare, discarded);
    }

    fn evict_for(
        &self,
        state: &mut State,
        key: &FunctionKey,
        may_go: impl Fn(&State, &Idle) -> bool,
        discarded: &mut Discarded,
    ) {
        let Some(pool) = state.pools.get(key) else { return };
        let (expected, bounds) = (state.expected(&pool.current), self.bounds());
        let mut left = state.ledger.sum_staying();
        if left.has_room(expected, bounds) {
            return; // there is, or will be when those that go are gone
        }
        let mut idle = idle(state);
        idle.retain(|one| may_go(state, one));
        let enough = idle.iter().position(|one| {
            left = left.less(state.ledger.bytes(one.process));
            left.has_room(expected, bounds)
        });
        for one in enough.map_or(&[][..], |last| &idle[..=last]) {
            state.evict(one, discarded);
        }
    }

    /// Lets go of idle workers while all together take more than they may: what they took has grown. As many as a
    /// function wants to have ready stay until somebody needs their room.
    fn shrink(&self, state: &mut State, discarded: &mut Discarded) {
        let most = self.bounds().memory;
        for one in idle(state) {
            if state.ledger.sum_staying().memory <= most {
                break;
            }
            if state.is_spare(&one) {
                state.evict(&one, discarded);
            }
        }
    }

    /// Ends workers that have been idle for `timeout` (or the function's own), but for as many as the function wants to
    /// have ready; then those that there is no memory for. Forgets what is empty.
    pub(crate) fn expire(self: &Arc<Self>, timeout: Duration) {
        let mut discarded = Discarded::default();
        let mut state = self.state.lock();
        for pool in state.pools.values_mut() {
            let settings = &pool.current.function.settings;
            let timeout = settings
                .idle_timeout_s
                .map_or(timeout, |seconds| Duration::from_secs(seconds.into()));
            let mut spare = pool.warm.len().saturating_sub(pool.kept());
            for at in (0..pool.warm.len()).rev() {
                let warm = &pool.warm[at];
                let late = warm.busy == 0 && warm.used.elapsed() >= timeout;
                if !warm.worker.is_open() || (late && spare > 0) {
                    discarded.workers.push(pool.warm.swap_remove(at));
                    spare = spare.saturating_sub(1);
                }
            }
        }
        self.shrink(&mut state, &mut discarded);
        // Workers give memory back without anybody being told.
        self.serve(&mut state, &mut discarded);
        state.tidy();
        drop(state);
        if !discarded.workers.is_empty() {
            self.activity.changed();
        }
    }
}

impl State {
    /// Whether its function has as many ready without it as it wants to.
    fn is_spare(&self, one: &Idle) -> bool {
        let wanted = self.pools.get(&one.key).map_or(0, |pool| {
            let busy = pool.warm.iter().filter(|warm| warm.busy > 0).count();
            pool.kept().saturating_sub(busy)
        });
        one.later >= wanted
    }

    fn evict(&mut self, one: &Idle, discarded: &mut Discarded) {
        let Some(pool) = self.pools.get_mut(&one.key) else {
            return;
        };
        if let Some(at) = pool.warm.iter().position(|warm| warm.process == one.process) {
            tracing::debug!(function = %one.key, "an idle worker makes room");
            discarded.workers.push(pool.warm.swap_remove(at));
            self.ledger.leaves(one.process);
        }
    }
}

/// The idle workers, the least recently used first.
fn idle(state: &State) -> Vec<Idle> {
    let mut all = Vec::new();
    for (key, pool) in &state.pools {
        let idle = || pool.warm.iter().filter(|warm| warm.busy == 0);
        all.extend(idle().map(|warm| Idle {
            used: warm.used,
            key: key.clone(),
            process: warm.process,
            later: idle().filter(|other| other.used > warm.used).count(),
        }));
    }
    all.sort_unstable_by_key(|one| one.used);
    all
}
