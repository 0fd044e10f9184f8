//! Memory, processes and disk of each worker, measured while something runs and now and then while nothing does.
//!
//! A thread of its own, because reading `/proc` blocks; asleep where there is nothing to measure. Runs pay one atomic
//! operation each for it ([`Pulse`]).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::Thread;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::{Pid, Signal};

use super::tree::{self, Member};
use super::{Bounds, Brand, scratch};
use crate::end::End;
use crate::pool::Measured;
use crate::process::MARK;
use crate::survivors;

/// Between two looks while something runs.
const PACE: Duration = Duration::from_millis(50);
/// Between two looks while nothing does: functions can have timers.
const IDLE_PACE: Duration = Duration::from_secs(2);
/// Looks without a run after which nothing is taken to run.
const CALM: u32 = 20;
/// Every how manieth look goes through scratch folders, and through all processes of the machine.
const DISK_EVERY: u32 = 2;
const STRAYS_EVERY: u32 = 10;
/// The watch is to get its turn among the many that a function may have started; most accounts may not ask for that.
const NICE: i32 = -20;
/// Longest sleep where there is nothing to measure; somebody wakes it before.
const FOREVER: Duration = Duration::from_secs(3600);

/// What a worker was ended for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breach {
    /// It took more memory than it may.
    Memory = 1,
    /// It started too many processes and threads.
    Tasks = 2,
    /// It wrote too much into its scratch folder.
    Disk = 3,
}

impl Breach {
    /// How a run ended that was in the worker.
    pub(crate) fn end(self) -> End {
        match self {
            Self::Memory => End::out_of_memory(),
            Self::Tasks => End::over_bound("The action started too many processes and was aborted."),
            Self::Disk => End::over_bound("The action exhausted its disk space and was aborted."),
        }
    }
}

/// Whether something runs; wakes the watch when that begins.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    running: AtomicU32,
    asleep: AtomicBool,
    watch: OnceLock<Thread>,
}

impl Pulse {
    pub(crate) fn begin(&self) {
        self.running.fetch_add(1, Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    pub(crate) fn end(&self) {
        self.running.fetch_sub(1, Ordering::SeqCst);
    }

    /// Runs in a worker, or in the start of one.
    pub(crate) fn running(&self) -> u32 {
        self.running.load(Ordering::Relaxed)
    }

    fn wake(&self) {
        if self.asleep.swap(false, Ordering::SeqCst)
            && let Some(watch) = self.watch.get()
        {
            watch.unpark();
        }
    }

    /// Sleeps, unless there is a reason not to; whether it slept to the end. The flag goes up before the last look for a
    /// reason, so that none is missed.
    fn sleep(&self, longest: Duration, reason: impl FnOnce() -> bool) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        let sleeps = self.running.load(Ordering::SeqCst) == 0 && !reason();
        if sleeps {
            std::thread::park_timeout(longest);
        }
        let woken = !self.asleep.swap(false, Ordering::SeqCst);
        sleeps && !woken
    }
}

/// A process with its descendants, and what was measured of them.
#[derive(Debug)]
pub(crate) struct Watched {
    pid: Pid,
    number: u64,
    /// Most bytes of memory.
    most: AtomicU64,
    scratch: PathBuf,
    memory: Measured,
    breach: AtomicU8,
    /// Whether its scratch folder could not be looked into the last time.
    hidden: AtomicBool,
}

impl Watched {
    pub(crate) fn new(pid: Pid, number: u64, most: u64, scratch: PathBuf, memory: Measured) -> Arc<Self> {
        Arc::new(Self {
            pid,
            number,
            most: most.into(),
            scratch,
            memory,
            breach: AtomicU8::new(0),
            hidden: AtomicBool::new(false),
        })
    }

    fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }

    /// Another bound of its memory, bytes, from the next look on.
    pub(crate) fn hold_to(&self, memory: u64) {
        self.most.store(memory, Ordering::Relaxed);
    }

    /// Bytes in memory when it was last measured; 0 before.
    pub(crate) fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }

    /// What it was over, and what it may be, for people.
    pub(crate) fn note(&self, breach: Breach, bounds: Bounds) -> String {
        let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
        match breach {
            Breach::Memory => format!(
                "the worker took {} MB of memory; it may take {} MB, the interpreter's own included",
                megabytes(self.memory()),
                megabytes(self.most())
            ),
            Breach::Tasks => format!("the worker had more than {} processes and threads", bounds.tasks),
            Breach::Disk => format!(
                "the worker kept more than {} MB or {} files in its scratch folder, or folders that stay \
                 closed or more than {} deep",
                megabytes(bounds.scratch),
                scratch::MOST_FILES,
                scratch::MOST_DEEP
            ),
        }
    }

    /// What it was ended for, if it was ended for something.
    pub(crate) fn breach(&self) -> Option<Breach> {
        match self.breach.load(Ordering::Acquire) {
            1 => Some(Breach::Memory),
            2 => Some(Breach::Tasks),
            3 => Some(Breach::Disk),
            _ => None,
        }
    }

    fn root(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }
}

/// Measures processes and ends those that are over a bound.
pub(crate) struct Watch {
    pulse: Arc<Pulse>,
    bounds: Bounds,
    /// The value of [`MARK`], less the process's number.
    mark: String,
    brand: Brand,
    watched: Mutex<BTreeMap<u64, Arc<Watched>>>,
    /// Processes that have not ended, those that are being started among them. Whoever is branded with another number
    /// was left behind.
    alive: Mutex<HashSet<u64>>,
    /// When this Beckon started, in clock ticks since boot: nothing older is one of ours.
    eldest: u64,
    /// Whether one ended since strays were last looked for.
    unswept: AtomicBool,
    /// How many tasks the machine had when strays were last looked for.
    crowd: AtomicU64,
    /// Groups that stand still until the next look: of processes that nobody has told the watch of yet.
    newborn: Mutex<Vec<Pid>>,
    living: Arc<Mutex<HashMap<u64, Pid>>>,
}

impl Watch {
    pub(crate) fn new(
        pulse: Arc<Pulse>,
        bounds: Bounds,
        mark: String,
        brand: Brand,
        living: Arc<Mutex<HashMap<u64, Pid>>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            pulse,
            bounds,
            mark,
            brand,
            watched: Mutex::default(),
            alive: Mutex::default(),
            eldest: tree::stat(rustix::process::getpid().as_raw_nonzero().get()).map_or(0, |stat| stat.start),
            unswept: AtomicBool::new(false),
            crowd: AtomicU64::new(tree::tasks()),
            newborn: Mutex::default(),
            living,
        })
    }

    /// There will be a process with this number. Before it is branded; until [`Watch::forget`].
    pub(crate) fn expect(&self, number: u64) {
        self.alive.lock().insert(number);
    }

    /// Watches a process until [`Watch::forget`].
    pub(crate) fn add(self: &Arc<Self>, watched: Arc<Watched>) {
        self.watched.lock().insert(watched.number, watched);
        self.pulse.watch.get_or_init(|| {
            let (watch, pulse) = (Arc::downgrade(self), self.pulse.clone());
            let thread = std::thread::Builder::new()
                .name("beckon-watch".to_owned())
                .spawn(move || {
                    let own = Some(rustix::thread::gettid());
                    let _ = rustix::process::setpriority_process(own, NICE);
                    keep(&watch, &pulse);
                });
            match thread {
                Ok(thread) => thread.thread().clone(),
                Err(e) => {
                    tracing::error!(error = %e, "memory, processes and disk are not watched");
                    std::thread::current()
                }
            }
        });
        self.pulse.wake();
    }

    pub(crate) fn forget(&self, number: u64) {
        self.watched.lock().remove(&number);
        self.alive.lock().remove(&number);
        self.unswept.store(true, Ordering::SeqCst);
    }

    /// Whether there is nothing to look at.
    fn is_settled(&self) -> bool {
        self.watched.lock().is_empty()
            && !self.unswept.load(Ordering::SeqCst)
            && self.newborn.lock().is_empty()
    }

    /// The process with this id, if it is watched.
    pub(crate) fn memory_of(&self, pid: u32) -> u64 {
        let watched = self.watched.lock();
        let found = watched.values().find(|w| w.root().unsigned_abs() == pid);
        found.map_or(0, |watched| watched.memory())
    }

    fn look(&self, round: u32) {
        let watched: Vec<Arc<Watched>> = self.watched.lock().values().cloned().collect();
        let crowded = self.is_crowded();
        // A crowd that grows by thousands a second leaves nobody the time to count it.
        let held = crowded.then(|| Held::new(self, &watched));
        let still = std::mem::take(&mut *self.newborn.lock());
        if crowded {
            self.hold_newborn();
        }
        let mut strays = if crowded || !still.is_empty() || round.is_multiple_of(STRAYS_EVERY) {
            self.strays(&watched)
        } else {
            HashMap::new()
        };
        let mut families = Vec::with_capacity(watched.len());
        for one in &watched {
            if one.breach().is_some() {
                continue; // being ended; what it was ended for stays as it was measured
            }
            let mut members = tree::family(one.root());
            for stray in strays.remove(&one.number).unwrap_or_default() {
                if !members.iter().any(|member| member.pid == stray.pid) {
                    members.push(stray);
                }
            }
            // First: many take much memory as well, and to share that out takes longer than they take to become more.
            let tasks: u64 = members.iter().map(|member| u64::from(member.stat.threads)).sum();
            if tasks > u64::from(self.bounds.tasks) {
                self.end(one, Breach::Tasks, &members);
            } else {
                families.push((one, members));
            }
        }
        drop(held);
        for group in still {
            let _ = rustix::process::kill_process_group(group, Signal::CONT);
        }
        for (one, members) in families {
            if let Some(breach) = self.judge(one, &members, round) {
                self.end(one, breach, &members);
            }
        }
    }

    /// Stops what Beckon has just started, and whoever did has not had a turn since to say so: the crowd may be its. It
    /// goes on after the next look, which knows it.
    fn hold_newborn(&self) {
        let mut children = Vec::new();
        tree::children_of(rustix::process::getpid().as_raw_nonzero().get(), &mut children);
        let leads = |pid: &i32| tree::stat(*pid).is_some_and(|stat| stat.group == *pid && !stat.dead);
        children.retain(leads);
        let living = self.living.lock();
        for pid in children.into_iter().filter_map(Pid::from_raw) {
            if living.values().all(|known| *known != pid)
                && rustix::process::kill_process_group(pid, Signal::STOP).is_ok()
            {
                self.newborn.lock().push(pid);
            }
        }
    }

    /// Sends a signal to the groups of all these workers.
    fn signal(&self, watched: &[Arc<Watched>], signal: Signal) {
        // While a process is in the map nobody has reaped it, so that its group's number cannot be another's.
        let living = self.living.lock();
        for pid in watched.iter().filter_map(|one| living.get(&one.number)) {
            let _ = rustix::process::kill_process_group(*pid, signal);
        }
    }

    /// Whether the machine has so many more tasks than at the last look at all of them that a function may be over its
    /// bound: those whose parents end at once are in no family.
    fn is_crowded(&self) -> bool {
        let now = tree::tasks();
        let before = self.crowd.fetch_min(now, Ordering::Relaxed);
        let more = now > before.saturating_add(u64::from(self.bounds.tasks) / 2);
        if more {
            self.crowd.store(now, Ordering::Relaxed);
        }
        more
    }

    fn judge(&self, one: &Watched, members: &[Member], round: u32) -> Option<Breach> {
        let mut memory: u64 = members.iter().map(|member| member.stat.resident).sum();
        if memory > one.most() && members.len() > 1 {
            // What they share was counted for each. Twice, because it is counted anew while one of them ends.
            memory = fair_share(members).min(fair_share(members));
        }
        one.memory.store(memory, Ordering::Relaxed);
        if memory > one.most() {
            return Some(Breach::Memory);
        }
        if round.is_multiple_of(DISK_EVERY) {
            let measured = scratch::measure(&one.scratch, self.bounds.scratch);
            // A folder may be closed for a moment; one that stays closed hides what is in it.
            let before = one.hidden.swap(measured.is_none(), Ordering::Relaxed);
            let mut disk = measured.unwrap_or(if before { u64::MAX } else { 0 });
            if round.is_multiple_of(STRAYS_EVERY) {
                let held = members.iter().map(|member| tree::unlinked(member.pid)).sum();
                disk = disk.saturating_add(held);
            }
            if disk > self.bounds.scratch {
                return Some(Breach::Disk);
            }
        }
        None
    }

    /// Processes that left their family: by their group, and by their brand. Those whose worker is gone are ended.
    fn strays(&self, watched: &[Arc<Watched>]) -> HashMap<u64, Vec<Member>> {
        let mut strays: HashMap<u64, Vec<Member>> = HashMap::new();
        self.unswept.store(false, Ordering::SeqCst);
        let groups: HashMap<i32, u64> = watched.iter().map(|one| (one.root(), one.number)).collect();
        for (pid, stat) in tree::everybody() {
            let member = Member { pid, stat };
            if stat.start < self.eldest {
                continue;
            }
            let Some(brand) = Brand::read(pid).filter(|brand| brand.is_sibling(self.brand)) else {
                // Where nobody can be branded.
                if let Some(number) = groups.get(&stat.group) {
                    strays.entry(*number).or_default().push(member);
                }
                continue;
            };
            // Asked for after the brand was read: a number is in there before anybody is branded with it.
            if self.alive.lock().contains(&brand.number) {
                strays.entry(brand.number).or_default().push(member);
            } else {
                tree::kill(member);
                // It may have started others meanwhile.
                self.unswept.store(true, Ordering::SeqCst);
            }
        }
        strays
    }

    fn end(&self, one: &Watched, breach: Breach, members: &[Member]) {
        one.breach.store(breach as u8, Ordering::Release);
        tracing::info!(
            ?breach,
            pid = one.root(),
            "ended a worker that was over its bounds"
        );
        // While the process is in the map nobody has reaped it, so that its group's number cannot be another's.
        if let Some(pid) = self.living.lock().get(&one.number) {
            let _ = rustix::process::kill_process_group(*pid, Signal::KILL);
        }
        for member in members {
            tree::kill(*member);
        }
        // Again and again until none is left; others are not to go unwatched meanwhile.
        let mark = format!("{MARK}={}.{}\0", self.mark, one.number);
        let ours = self.brand.of_process(one.number);
        let sweep = std::thread::Builder::new().name("beckon-sweep".to_owned());
        let _ = sweep.spawn(move || survivors::kill_all(&mark, &|brand| brand == ours));
    }
}

/// Workers whose groups stand still, until this is dropped.
struct Held<'a> {
    watch: &'a Watch,
    watched: &'a [Arc<Watched>],
}

impl<'a> Held<'a> {
    fn new(watch: &'a Watch, watched: &'a [Arc<Watched>]) -> Self {
        watch.signal(watched, Signal::STOP);
        Self { watch, watched }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.watch.signal(self.watched, Signal::CONT);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.pulse.asleep.store(true, Ordering::SeqCst);
        self.pulse.wake();
    }
}

/// The memory of processes, with what they share counted once.
fn fair_share(members: &[Member]) -> u64 {
    let share = |member: &Member| {
        let now = || tree::stat(member.pid).map_or(0, |stat| stat.resident);
        tree::proportional(member.pid).unwrap_or_else(now)
    };
    members.iter().map(share).sum()
}

fn keep(watch: &Weak<Watch>, pulse: &Pulse) {
    let is_settled = || watch.upgrade().is_none_or(|watch| watch.is_settled());
    let is_unswept = || {
        watch
            .upgrade()
            .is_some_and(|watch| watch.unswept.load(Ordering::SeqCst))
    };
    let mut calm = 0;
    for round in 0_u32.. {
        match watch.upgrade() {
            Some(watch) => watch.look(round),
            None => return,
        }
        calm = if pulse.running() > 0 { 0 } else { calm + 1 };
        let longest = if is_settled() {
            Some(FOREVER)
        } else if calm > CALM && !is_unswept() {
            Some(IDLE_PACE)
        } else {
            None
        };
        if let Some(longest) = longest {
            if pulse.sleep(longest, || longest == FOREVER && !is_settled()) {
                continue;
            }
            // Of what has just begun there is nothing to see yet. It may be over soon, and the next is near: to sleep
            // until that one would cost it more than to go on looking does.
            calm = 0;
        }
        std::thread::sleep(PACE);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// How often the thread of a watch has gone to sleep.
    fn sleeps() -> u64 {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let read = |file: PathBuf| std::fs::read_to_string(file).unwrap_or_default();
        tasks
            .flatten()
            .filter(|task| read(task.path().join("comm")).trim() == "beckon-watch")
            .filter_map(|task| {
                let status = read(task.path().join("status"));
                let line = status
                    .lines()
                    .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
                line.trim().parse::<u64>().ok()
            })
            .sum()
    }

    #[test]
    fn the_watch_keeps_its_pace_while_something_is_about_to_start() {
        let (pulse, folder) = (Arc::<Pulse>::default(), tempfile::tempdir().unwrap());
        let bounds = Bounds {
            scratch: 1 << 20,
            tasks: 100,
        };
        let brand = Brand::of_engine("test", "abcdef12");
        let watch = Watch::new(
            pulse.clone(),
            bounds,
            "test.abcdef12".to_owned(),
            brand,
            Arc::default(),
        );
        // One that is over: whatever a slow machine makes of it, nobody is ended.
        let mut over = std::process::Command::new("true").spawn().unwrap();
        over.wait().unwrap();
        let over = Pid::from_raw(over.id().cast_signed()).unwrap();
        watch.add(Watched::new(
            over,
            1,
            u64::MAX,
            folder.path().into(),
            Arc::default(),
        ));
        pulse.begin();
        watch.forget(1);
        let until = Instant::now() + Duration::from_secs(20);
        let wait = |reason: &dyn Fn() -> bool| {
            while !reason() {
                assert!(Instant::now() < until, "it does not sleep");
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        wait(&|| watch.is_settled());
        let before = sleeps();
        wait(&|| sleeps() > before + 3);
    }
}
