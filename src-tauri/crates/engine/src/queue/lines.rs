//! What waits, by function, in the order of arrival: the index in memory of the table on disk.
//!
//! One lock guards it; nothing under it takes longer than a few look-ups, but for what a person asks for (clear,
//! cancel) and the check of the clock.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use beckon_core::{ActivationId, FunctionKey, Millis};
use beckon_store::Waiting;
use parking_lot::Mutex;

use crate::queue::Kept;
use crate::queue::lease::Lease;

/// Memory for the requests of runs that wait, in bytes; beyond it they are read from disk when their turn comes.
const ROOM: usize = 32 * 1024 * 1024;
/// Most leases of a function that are taken ahead of its slots.
const MOST_AHEAD: f64 = 64.0;

#[derive(Default)]
pub(crate) struct Lines(Mutex<State>);

#[derive(Default)]
struct State {
    by_function: HashMap<FunctionKey, Line>,
    /// What waits for a time, in the order of the times.
    timers: BTreeMap<(Instant, i64), FunctionKey>,
    paused: HashSet<FunctionKey>,
    /// Runs that have not begun.
    depth: u64,
    /// Bytes of what is kept.
    kept: usize,
}

#[derive(Default)]
struct Line {
    ready: BTreeMap<i64, Entry>,
    delayed: BTreeMap<i64, Delayed>,
    /// Being leased.
    asked: HashMap<ActivationId, (i64, Option<Kept>)>,
    /// Leased, and waiting for a slot.
    leased: VecDeque<Leased>,
    /// In a worker.
    running: usize,
    /// How long a run takes, seconds, the later ones counting more.
    takes: Option<f64>,
}

struct Entry {
    id: ActivationId,
    kept: Option<Kept>,
}

struct Delayed {
    at: Instant,
    /// The same by the clock, for a machine that slept.
    not_before: Millis,
    entry: Entry,
}

/// A run that this engine has the lease of and that has not begun.
pub(crate) struct Leased {
    pub(crate) lease: Lease,
    pub(crate) seq: i64,
    pub(crate) kept: Kept,
}

/// What was found of a run that is to be cancelled.
pub(crate) enum Found {
    /// It waits on disk.
    Waiting,
    /// It was leased and had not begun; nobody else will begin it.
    Leased(Box<Leased>),
    /// It is not here, or is being leased this moment.
    Nowhere,
}

/// How a function's line stands.
pub(crate) struct Standing {
    pub(crate) key: FunctionKey,
    pub(crate) ready: usize,
    pub(crate) leased: usize,
    pub(crate) asked: usize,
}

impl Line {
    fn is_empty(&self) -> bool {
        self.ready.is_empty()
            && self.delayed.is_empty()
            && self.asked.is_empty()
            && self.leased.is_empty()
            && self.running == 0
    }

    fn knows(&self, seq: i64) -> bool {
        self.ready.contains_key(&seq)
            || self.delayed.contains_key(&seq)
            || self.asked.values().any(|(asked, _)| *asked == seq)
            || self.leased.iter().any(|leased| leased.seq == seq)
    }
}

/// What a kept request takes, in bytes, roughly.
fn size(kept: &Kept) -> usize {
    1024 + kept.request.payload.len()
}

impl State {
    fn entry(&mut self, id: ActivationId, kept: Option<Kept>) -> Entry {
        self.depth += 1;
        let kept = kept.filter(|kept| self.kept + size(kept) <= ROOM);
        self.kept += kept.as_ref().map_or(0, size);
        Entry { id, kept }
    }

    fn left(&mut self, entry: Entry) -> (ActivationId, Option<Kept>) {
        self.depth -= 1;
        self.kept -= entry.kept.as_ref().map_or(0, size);
        (entry.id, entry.kept)
    }

    fn line(&mut self, key: &FunctionKey) -> &mut Line {
        if !self.by_function.contains_key(key) {
            self.by_function.insert(key.clone(), Line::default());
        }
        self.by_function.entry(key.clone()).or_default()
    }

    fn delay(&mut self, key: &FunctionKey, seq: i64, entry: Entry, wait: Duration, now: Millis) {
        let at = Instant::now() + wait;
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let not_before = now.saturating_add(wait);
        self.timers.insert((at, seq), key.clone());
        let delayed = Delayed {
            at,
            not_before,
            entry,
        };
        self.line(key).delayed.insert(seq, delayed);
    }

    fn due(&mut self, key: &FunctionKey, seq: i64) {
        if let Some(line) = self.by_function.get_mut(key)
            && let Some(delayed) = line.delayed.remove(&seq)
        {
            line.ready.insert(seq, delayed.entry);
        }
    }
}

impl Lines {
    /// A run that waits.
    pub(crate) fn add(&self, key: &FunctionKey, seq: i64, id: ActivationId, kept: Option<Kept>) {
        let mut state = self.0.lock();
        let entry = state.entry(id, kept);
        state.line(key).ready.insert(seq, entry);
    }

    /// A run that waits for a time.
    pub(crate) fn add_delayed(
        &self,
        key: &FunctionKey,
        seq: i64,
        id: ActivationId,
        kept: Option<Kept>,
        wait: Duration,
        now: Millis,
    ) {
        let mut state = self.0.lock();
        let entry = state.entry(id, kept);
        state.delay(key, seq, entry, wait, now);
    }

    /// What waits on disk; rows that are known stay as they are.
    pub(crate) fn merge(&self, rows: Vec<Waiting>, now: Millis) {
        let mut state = self.0.lock();
        for row in rows {
            let known = state.by_function.get(&row.function);
            if known.is_some_and(|line| line.knows(row.seq)) {
                continue;
            }
            let entry = state.entry(row.id, None);
            match row.due_in_ms {
                0 => drop(state.line(&row.function).ready.insert(row.seq, entry)),
                wait => state.delay(&row.function, row.seq, entry, Duration::from_millis(wait), now),
            }
        }
    }

    /// Runs that have not begun.
    pub(crate) fn depth(&self) -> u64 {
        self.0.lock().depth
    }

    /// Holds a function's runs back; what was leased ahead is given out, to be given back.
    pub(crate) fn pause(&self, key: &FunctionKey) -> Vec<ActivationId> {
        self.0.lock().paused.insert(key.clone());
        self.give_up_leases(key)
    }

    /// Leases of a function that were taken ahead are given out, to be given back; the runs wait again.
    pub(crate) fn give_up_leases(&self, key: &FunctionKey) -> Vec<ActivationId> {
        let mut state = self.0.lock();
        let Some(line) = state.by_function.get_mut(key) else {
            return Vec::new();
        };
        let leased: Vec<_> = line.leased.drain(..).collect();
        leased
            .into_iter()
            .map(|leased| state.put_back(key, leased))
            .collect()
    }

    /// Lets a function's runs go on. `false` when they were not held back.
    pub(crate) fn resume(&self, key: &FunctionKey) -> bool {
        self.0.lock().paused.remove(key)
    }

    /// Leases that were taken ahead and are not used, of all functions; the runs wait again.
    pub(crate) fn put_back_all(&self) -> Vec<ActivationId> {
        let mut state = self.0.lock();
        let mut all = Vec::new();
        for (key, line) in &mut state.by_function {
            all.extend(line.leased.drain(..).map(|leased| (key.clone(), leased)));
        }
        all.into_iter()
            .map(|(key, leased)| state.put_back(&key, leased))
            .collect()
    }

    /// Makes ready what is due. Returns when to look again.
    pub(crate) fn wake(&self) -> Option<Instant> {
        let mut state = self.0.lock();
        let now = Instant::now();
        loop {
            let (at, seq) = *state.timers.first_key_value()?.0;
            if at > now {
                return Some(at);
            }
            if let Some((_, key)) = state.timers.pop_first() {
                state.due(&key, seq);
            }
        }
    }

    /// Makes ready what is due by the clock, though not by the timer: the machine slept.
    pub(crate) fn check_clock(&self, now: Millis) {
        let mut state = self.0.lock();
        let mut due = Vec::new();
        for (key, line) in &state.by_function {
            let over = line
                .delayed
                .iter()
                .filter(|(_, delayed)| delayed.not_before <= now);
            due.extend(over.map(|(seq, delayed)| (key.clone(), *seq, delayed.at)));
        }
        for (key, seq, at) in due {
            state.timers.remove(&(at, seq));
            state.due(&key, seq);
        }
    }

    /// How many runs have not begun, by function.
    pub(crate) fn depths(&self) -> Vec<(FunctionKey, usize)> {
        let state = self.0.lock();
        let depth =
            |line: &Line| line.ready.len() + line.delayed.len() + line.asked.len() + line.leased.len();
        let depths = state.by_function.iter().map(|(key, line)| (key, depth(line)));
        depths
            .filter(|(_, depth)| *depth > 0)
            .map(|(key, depth)| (key.clone(), depth))
            .collect()
    }

    /// The functions that have something to begin and may.
    pub(crate) fn standing(&self) -> Vec<Standing> {
        let mut state = self.0.lock();
        state.by_function.retain(|_, line| !line.is_empty());
        let State {
            by_function, paused, ..
        } = &*state;
        by_function
            .iter()
            .filter(|(key, line)| {
                (!line.ready.is_empty() || !line.leased.is_empty()) && !paused.contains(key)
            })
            .map(|(key, line)| Standing {
                key: key.clone(),
                ready: line.ready.len(),
                leased: line.leased.len(),
                asked: line.asked.len(),
            })
            .collect()
    }

    /// How many leases of a function to have beyond its slots: what ends while a lease is taken.
    pub(crate) fn ahead(&self, key: &FunctionKey, lease_takes: Duration) -> usize {
        let state = self.0.lock();
        let Some(line) = state.by_function.get(key) else {
            return 0;
        };
        let Some(takes) = line.takes else { return 0 };
        let ends = line.running.max(1) as f64 * lease_takes.as_secs_f64() / takes.max(1e-6);
        ends.min(MOST_AHEAD) as usize
    }

    /// Takes up to `most` runs that are ready, oldest first, to be leased. The second value says whether the record
    /// must be read.
    pub(crate) fn ask(&self, key: &FunctionKey, most: usize) -> Vec<(ActivationId, bool)> {
        let mut state = self.0.lock();
        let mut wanted = Vec::new();
        while wanted.len() < most
            && let Some(line) = state.by_function.get_mut(key)
            && let Some((seq, entry)) = line.ready.pop_first()
        {
            let (id, kept) = state.left(entry);
            state.depth += 1; // it has not begun yet
            wanted.push((id, kept.is_none()));
            state.line(key).asked.insert(id, (seq, kept));
        }
        wanted
    }

    /// What became of [`Lines::ask`]: a lease, or nothing (somebody else has it, or it is gone). `record` is what was
    /// read of it, where that was asked for.
    pub(crate) fn leased(
        &self,
        key: &FunctionKey,
        id: ActivationId,
        lease: Option<Lease>,
        record: impl FnOnce() -> Option<Kept>,
    ) {
        let mut state = self.0.lock();
        let Some((seq, kept)) = state.line(key).asked.remove(&id) else {
            return;
        };
        match (lease, kept.or_else(record)) {
            (Some(lease), Some(kept)) => state.line(key).leased.push_back(Leased { lease, seq, kept }),
            _ => state.depth -= 1,
        }
    }

    /// The leases could not be taken: all of it waits again.
    pub(crate) fn refused(&self, key: &FunctionKey, ids: &[ActivationId]) {
        let mut state = self.0.lock();
        for id in ids {
            if let Some((seq, kept)) = state.line(key).asked.remove(id) {
                state.depth -= 1;
                let entry = state.entry(*id, kept);
                state.line(key).ready.insert(seq, entry);
            }
        }
    }

    /// The next leased run of a function, to begin now.
    pub(crate) fn next(&self, key: &FunctionKey) -> Option<Leased> {
        let mut state = self.0.lock();
        let line = state.by_function.get_mut(key)?;
        let leased = line.leased.pop_front()?;
        line.running += 1;
        state.depth -= 1;
        Some(leased)
    }

    /// A run has left its worker after `took`; `None` when it never was in one.
    pub(crate) fn ended(&self, key: &FunctionKey, took: Option<Duration>) {
        let mut state = self.0.lock();
        if let Some(line) = state.by_function.get_mut(key) {
            line.running = line.running.saturating_sub(1);
            if let Some(took) = took.map(|took| took.as_secs_f64()) {
                line.takes = Some(line.takes.map_or(took, |before| before * 0.9 + took * 0.1));
            }
        }
    }

    /// Takes a run out; one that is [`Found::Waiting`] is out when its row is.
    pub(crate) fn take_out(&self, key: &FunctionKey, id: ActivationId) -> Found {
        let mut state = self.0.lock();
        let Some(line) = state.by_function.get_mut(key) else {
            return Found::Nowhere;
        };
        if let Some(at) = line.leased.iter().position(|leased| leased.lease.id == id)
            && let Some(leased) = line.leased.remove(at)
        {
            state.depth -= 1;
            return Found::Leased(Box::new(leased));
        }
        if line.asked.contains_key(&id) {
            return Found::Nowhere;
        }
        Found::Waiting
    }

    /// Rows that are no longer there.
    pub(crate) fn remove(&self, key: &FunctionKey, gone: &HashSet<ActivationId>) {
        let mut state = self.0.lock();
        let Some(line) = state.by_function.get_mut(key) else {
            return;
        };
        let ready: Vec<_> = line
            .ready
            .extract_if(.., |_, entry| gone.contains(&entry.id))
            .collect();
        let delayed: Vec<_> = line
            .delayed
            .extract_if(.., |_, delayed| gone.contains(&delayed.entry.id))
            .collect();
        for (_, entry) in ready {
            state.left(entry);
        }
        for (seq, delayed) in delayed {
            state.timers.remove(&(delayed.at, seq));
            state.left(delayed.entry);
        }
    }
}

impl State {
    fn put_back(&mut self, key: &FunctionKey, leased: Leased) -> ActivationId {
        let Leased { lease, seq, kept } = leased;
        self.depth -= 1;
        let entry = self.entry(lease.id, Some(kept));
        self.line(key).ready.insert(seq, entry);
        lease.id
    }
}
