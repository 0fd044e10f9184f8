//! Resource limits of a process, set from outside right after its start; the number of its tasks before it, for a crowd
//! can be there first.

use parking_lot::Mutex;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

use super::{Bounds, tree};
use crate::machine;

/// Most open files of a process.
const OPEN_FILES: u64 = 4096;
/// Tasks that the rest of the account may start while a process lasts without the process suffering from it.
const HEADROOM: u64 = 2048;

/// Largest file that a build may write, bytes.
const BUILT_FILE: u64 = 8 << 30;
/// Most tasks of a build beside the account's own.
const BUILD_TASKS: u64 = 2048;

/// Processes that are being started now, and this process's own limit of tasks but for them.
struct Births {
    count: u32,
    own: Option<Rlimit>,
}

/// One for all engines: the limit is the process's.
static BIRTHS: Mutex<Births> = Mutex::new(Births { count: 0, own: None });

/// A process is being started: it is born with a bound on the number of tasks, until this is dropped.
pub(crate) struct Birth;

impl Drop for Birth {
    fn drop(&mut self) {
        let mut births = BIRTHS.lock();
        births.count -= 1;
        if births.count == 0
            && let Some(own) = births.own.take()
            && let Err(error) = setrlimit(Resource::Nproc, own)
        {
            tracing::error!(%error, "Beckon's own limit of tasks could not be set back");
        }
    }
}

/// The most tasks that the account may have for a process with so many of its own to start another; `None` where that
/// bounds nobody. All tasks of the machine stand for the account's, which are not told as quickly.
fn crowd(own: u64) -> Option<u64> {
    // Root has no such limit.
    if rustix::process::geteuid().is_root() {
        return None;
    }
    let now = Some(tree::tasks()).filter(|now| *now > 0)?;
    Some(now + own + HEADROOM)
}

/// Lowers this process's own limit of tasks for a moment: what it starts inherits it, and may be a crowd of thousands
/// before anybody could lower it from outside.
pub(crate) fn birth(bounds: Bounds) -> Birth {
    let mut births = BIRTHS.lock();
    births.count += 1;
    if let Some(limit) = crowd(u64::from(bounds.tasks)) {
        let own = *births.own.get_or_insert_with(|| getrlimit(Resource::Nproc));
        let lower = Rlimit {
            current: Some(limit.min(own.current.unwrap_or(u64::MAX))),
            ..own
        };
        if let Err(error) = setrlimit(Resource::Nproc, lower) {
            tracing::warn!(%error, "a process is born without a limit of tasks");
        }
    }
    Birth
}

/// Whether the size of files, the number of open ones and core dumps are bounded now.
///
/// Data and processes have a second line of defence here, far above the bounds that are watched: a process that
/// runs into these sees an error of its own, and its record would not say why it ended.
pub(crate) fn apply(pid: Pid, memory: u64, bounds: Bounds) -> bool {
    let lower = |resource, limit| lower(pid, resource, limit);
    let files = lower(Resource::Fsize, bounds.scratch)
        && lower(Resource::Nofile, OPEN_FILES)
        && lower(Resource::Core, 0);
    // Not the address space: V8 reserves far more than it uses.
    lower(Resource::Data, memory.saturating_mul(4) + (2 << 30));
    if let Some(limit) = crowd(u64::from(bounds.tasks)) {
        lower(Resource::Nproc, limit);
    }
    files
}

/// The bounds of a tool that builds: no dumps of its memory, no file, no memory and no crowd that takes the machine
/// down. Whether the size of files is bounded now.
pub(crate) fn apply_to_build(pid: Pid) -> bool {
    lower(pid, Resource::Core, 0);
    lower(pid, Resource::Data, machine::memory().max(2 << 30));
    if let Some(limit) = crowd(BUILD_TASKS) {
        lower(pid, Resource::Nproc, limit);
    }
    lower(pid, Resource::Fsize, BUILT_FILE)
}

fn lower(pid: Pid, resource: Resource, limit: u64) -> bool {
    let ceiling = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let limit = Some(limit.min(ceiling));
    let new = Rlimit {
        current: limit,
        maximum: limit,
    };
    prlimit(Some(pid), resource, new).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_tasks_is_there_at_a_birth_and_gone_after_the_last() {
        let own = || getrlimit(Resource::Nproc).current.unwrap_or(u64::MAX);
        let before = own();
        let bounds = Bounds {
            scratch: 1 << 20,
            tasks: 60,
        };
        let first = birth(bounds);
        let second = birth(bounds);
        drop(first);
        if rustix::process::geteuid().is_root() {
            eprintln!("root has no such limit");
            assert_eq!(own(), before);
        } else {
            assert!(own() < tree::tasks() + 60 + 2 * HEADROOM);
        }
        drop(second);
        assert_eq!(own(), before);
    }
}
