//! Resource limits of a process, set from outside right after its start.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use super::{Bounds, tree};
use crate::machine;

/// Most open files of a process.
const OPEN_FILES: u64 = 4096;
/// Tasks that the rest of the account may start meanwhile without a function suffering from it.
const HEADROOM: u64 = 4096;

/// Largest file that a build may write, bytes.
const BUILT_FILE: u64 = 8 << 30;
/// Most tasks of a build beside the account's own.
const BUILD_TASKS: u64 = 2048;

/// Sets limits.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// The account's tasks when the engine started; `None` for root, to whom the limit does not apply.
    tasks: Option<u64>,
}

impl Limiter {
    pub(crate) fn new() -> Self {
        let user = rustix::process::geteuid();
        Self {
            tasks: (!user.is_root()).then(|| tree::tasks_of(user)),
        }
    }

    /// Whether the size of files, the number of open ones and core dumps are bounded now.
    ///
    /// Data and processes have a second line of defence here, far above the bounds that are watched: a process that
    /// runs into these sees an error of its own, and its record would not say why it ended.
    pub(crate) fn apply(&self, pid: Pid, memory: u64, bounds: Bounds) -> bool {
        let lower = |resource, limit| lower(pid, resource, limit);
        let files = lower(Resource::Fsize, bounds.scratch)
            && lower(Resource::Nofile, OPEN_FILES)
            && lower(Resource::Core, 0);
        // Not the address space: V8 reserves far more than it uses.
        lower(Resource::Data, memory.saturating_mul(4) + (2 << 30));
        if let Some(tasks) = self.tasks {
            lower(Resource::Nproc, tasks + u64::from(bounds.tasks) + HEADROOM);
        }
        files
    }

    /// The bounds of a tool that builds: no dumps of its memory, no file, no memory and no crowd that takes the machine
    /// down. Whether the size of files is bounded now.
    pub(crate) fn apply_to_build(&self, pid: Pid) -> bool {
        lower(pid, Resource::Core, 0);
        lower(pid, Resource::Data, machine::memory().max(2 << 30));
        if let Some(tasks) = self.tasks {
            lower(pid, Resource::Nproc, tasks + BUILD_TASKS + HEADROOM);
        }
        lower(pid, Resource::Fsize, BUILT_FILE)
    }
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
