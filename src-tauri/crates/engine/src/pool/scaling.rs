//! Functions whose workers follow their load: looked at once a second while there is any, and not at all while there
//! is none.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use beckon_core::{FunctionKey, Scaling, ScalingLoad};

use super::scaler::{PACE, Sample, WINDOW};
use super::state::{Discarded, Pool, Warm};
use super::{Pools, State};
use crate::isolation;

/// A worker whose processor time is asked for: its function, its number and its process.
type Asked = (FunctionKey, u64, u32);

/// What follows from a look.
struct Outlook {
    /// Whether a function has fewer workers than it is to have.
    short: bool,
    /// Whether to look again.
    goes_on: bool,
}

/// Has workers follow the load, until cancelled; `short` is told when some are to be started.
pub(crate) async fn follow_load(pools: Arc<Pools>, short: impl Fn()) {
    loop {
        pools.loaded.notified().await;
        loop {
            let asked = pools.timed();
            let times = if asked.is_empty() {
                Vec::new()
            } else {
                let read = move || {
                    let read = |(key, number, pid)| Some((key, number, isolation::cpu_us(pid)?));
                    asked.into_iter().filter_map(read).collect()
                };
                tokio::task::spawn_blocking(read).await.unwrap_or_default()
            };
            let outlook = pools.rescale(times);
            if outlook.short {
                short();
            }
            if !outlook.goes_on {
                break;
            }
            tokio::time::sleep(PACE).await;
        }
    }
}

impl Pools {
    /// The workers whose processor time is their function's load.
    fn timed(&self) -> Vec<Asked> {
        let state = self.state.lock();
        let by_time = |pool: &&Pool| {
            pool.follows()
                .is_some_and(|scaling| scaling.by == ScalingLoad::Cpu)
        };
        let mut all = Vec::new();
        for pool in state.pools.values().filter(by_time) {
            let key = &pool.current.function.key;
            let one = |warm: &Warm| (key.clone(), warm.worker.number(), warm.worker.card.pid);
            all.extend(pool.warm.iter().map(one));
        }
        all
    }

    /// Takes the counters of every function that follows its load, lets workers go that it is not for any more, and says
    /// what is to be done.
    fn rescale(&self, times: Vec<(FunctionKey, u64, u64)>) -> Outlook {
        let mut of: HashMap<FunctionKey, Vec<(u64, u64)>> = HashMap::new();
        for (key, number, us) in times {
            of.entry(key).or_default().push((number, us));
        }
        let mut discarded = Discarded::default();
        let mut outlook = Outlook {
            short: false,
            goes_on: false,
        };
        let now = Instant::now();
        let mut state = self.state.lock();
        for (key, pool) in &mut state.pools {
            let Some(scaling) = pool.follows().cloned() else {
                continue;
            };
            pool.note_time(of.remove(key).unwrap_or_default());
            let goes_on = pool.follow(&scaling, now, &mut discarded);
            outlook.short |= pool.workers() < pool.kept();
            outlook.goes_on |= goes_on;
        }
        // Under the lock: whoever comes after this finds that nobody looks, and says so.
        state.watches_load = outlook.goes_on;
        drop(state);
        if !discarded.workers.is_empty() {
            self.activity.changed();
        }
        outlook
    }

    /// The functions that have fewer workers than their load is for.
    pub(crate) fn short_of_workers(&self) -> Vec<FunctionKey> {
        let state = self.state.lock();
        let short = |(_, pool): &(&FunctionKey, &Pool)| {
            !pool.deleted && pool.follows().is_some() && pool.workers() < pool.kept()
        };
        state
            .pools
            .iter()
            .filter(short)
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// A run of a function has come. Wakes whoever looks after its load.
    pub(super) fn note_arrival(&self, state: &mut State, key: &FunctionKey, count: usize) {
        let Some(pool) = state.pools.get_mut(key) else {
            return;
        };
        pool.arrived += count as u64;
        if !state.watches_load && pool.follows().is_some() {
            state.watches_load = true;
            self.loaded.notify_one();
        }
    }
}

impl Pool {
    /// How its workers follow its load, if they do and there is a choice.
    pub(super) fn follows(&self) -> Option<&Scaling> {
        let function = &self.current.function;
        let scaling = function.settings.scaling.as_ref()?;
        let keeps = function.contract.keeps_worker(function.runtime.language());
        let has_choice = self.least() < self.current.processes() as usize;
        (scaling.is_acted_upon() && keeps && has_choice).then_some(scaling)
    }

    /// Adds what its workers took of processors since the last look. A worker that is seen for the first time took its
    /// time for its start.
    fn note_time(&mut self, times: Vec<(u64, u64)>) {
        for (number, us) in &times {
            if let Some(before) = self.times.get(number) {
                self.cpu_us += us.saturating_sub(*before);
            }
        }
        self.times = times.into_iter().collect();
    }

    /// Looks at its load. Returns whether there is something to look at again.
    fn follow(&mut self, scaling: &Scaling, now: Instant, discarded: &mut Discarded) -> bool {
        let in_flight = self.active - self.ahead + self.line.len();
        let sample = Sample {
            at: now,
            arrived: self.arrived,
            in_flight,
            cpu_us: self.cpu_us,
        };
        let most = self.current.processes();
        self.advised = self.scaler.advise(scaling, sample, most) as usize;
        // The last one stays for as long as an idle worker does.
        let mut spare = self.workers().saturating_sub(self.kept().max(1));
        let is_idle = |warm: &Warm| warm.busy == 0 && now.duration_since(warm.used) >= WINDOW;
        for at in (0..self.warm.len()).rev() {
            if spare > 0 && is_idle(&self.warm[at]) {
                discarded.workers.push(self.warm.swap_remove(at));
                spare -= 1;
            }
        }
        let goes_on = !self.scaler.is_quiet() || spare > 0 || self.advised > self.least();
        if !goes_on {
            self.forget_load();
        }
        goes_on
    }

    /// What was advised so far says nothing of what comes: it is quiet, or another number was asked for.
    pub(super) fn forget_load(&mut self) {
        self.scaler.rest(self.arrived);
        self.advised = 0;
        self.times.clear();
    }
}
