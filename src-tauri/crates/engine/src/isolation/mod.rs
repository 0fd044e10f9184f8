//! What keeps a function in its place, as far as this machine lets an ordinary account do it.
//!
//! ```text
//! probe ─ what this machine can do             places ─ the paths that everybody may read
//! fence ─ files and signals (Landlock)         filter ─ system calls and the network (seccomp)
//! ground ─ a fenced folder, kept from run to run
//! brand ─ whose a process is, whatever it does
//! secrets ─ files that only one function's processes see
//! limits ─ resource limits of a process        watch, tree, scratch ─ memory, processes and disk, measured
//! ```
//!
//! Landlock domains, seccomp filters and `no_new_privs` belong to threads and are inherited by what a thread starts.
//! So each process is started from a thread of its own, which first confines itself and ends afterwards: no second
//! `exec`, and no code between `fork` and `exec`, which Rust could only write with `unsafe`.
//!
//! Memory that programs share by name (`/dev/shm`) is closed: it is counted for nobody, outlives its maker, and holds
//! what other programs of the account share. Named semaphores are files there; Python's process pools, which are built
//! on them, do not work, as on hosts that have no such folder.
//!
//! What stays possible, because nothing without privileges prevents it: `stat`, `chmod` and `utime` of files of the
//! same account (Landlock does not cover them), and reading other processes' command lines in `/proc`. Their
//! environment, memory and descriptors are out of reach: the kernel asks for the right to trace, which ends at the
//! domain.

mod brand;
mod fence;
mod filter;
mod ground;
mod limits;
mod places;
mod probe;
mod scratch;
mod secrets;
mod tree;
mod watch;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use beckon_core::{Contract, Function, Guard, Language, RuntimeStatus};
use rustix::process::Pid;
use rustix::thread::{CapabilitiesSecureBits, set_capabilities_secure_bits, set_no_new_privs};

pub(crate) use brand::Brand;
pub(crate) use ground::{Ground, Grounds, Lent};
pub use probe::GuardStatus;
pub(crate) use secrets::SecretFiles;
pub(crate) use tree::{cpu_us, family, listens};
pub(crate) use watch::{Breach, Pulse, Watch, Watched};

use fence::Fence;
use filter::{Filters, Modes};

/// What one process is held to.
#[derive(Debug, Clone)]
pub(crate) struct Confinement {
    /// The folder with its code: read and executed, not written.
    pub(crate) code: PathBuf,
    /// Most memory, bytes: the function's own limit and [`allowance`].
    pub(crate) memory: u64,
    pub(crate) network: Network,
    /// Whether it may make Unix sockets, because its contract has it serve on one.
    pub(crate) unix_sockets: bool,
    /// The secrets that it finds as files.
    pub(crate) secrets: SecretFiles,
}

/// What a process may do on the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Network {
    /// Whatever the account may.
    Open,
    /// Answer on a port, because its contract has it serve there; begin nothing.
    Listen,
    /// Nothing.
    None,
}

/// Which Unix sockets a process may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sockets {
    /// None but pairs.
    None,
    /// To answer on. Where it may also begin connections, no filter of calls can tell which lead to other programs.
    Served,
    /// Whatever it likes: it reaches no other program's.
    Fenced,
}

/// What a tool that builds is held to: it may use the network, for it downloads.
#[derive(Debug, Clone)]
pub(crate) struct Workplace {
    /// Folders in which it may do anything.
    pub(crate) writable: Vec<PathBuf>,
    /// Files and folders that it may read and execute, beside what every function may.
    pub(crate) readable: Vec<PathBuf>,
}

/// Bounds that are the same for every function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Most bytes in a scratch folder, and in any one file.
    pub(crate) scratch: u64,
    /// Most processes and threads of one worker.
    pub(crate) tasks: u32,
}

impl Confinement {
    /// As the function's settings and its contract want it.
    pub(crate) fn of(function: &Function, code: &Path, secrets: &SecretFiles) -> Self {
        let network = match (function.settings.no_network, function.contract) {
            (false, _) => Network::Open,
            (true, Contract::WatchdogHttp) => Network::Listen,
            (true, _) => Network::None,
        };
        let own = u64::from(function.limits.memory_mb) * 1024 * 1024;
        Self {
            code: code.to_owned(),
            memory: own + allowance(function.runtime.language()),
            network,
            unix_sockets: function.contract == Contract::Fn,
            secrets: secrets.clone(),
        }
    }
}

/// What an interpreter with the shim loaded takes before the function has done anything, in bytes, with some room:
/// limits are about the function. Measured on x86-64: Node 20 46 MB, Python 3.11 14 MB.
pub(crate) fn allowance(language: Language) -> u64 {
    let megabytes = match language {
        Language::Node => 64,
        Language::Python | Language::Php | Language::Ruby => 32,
        Language::Go | Language::Rust | Language::Executable => 8,
    };
    megabytes * 1024 * 1024
}

/// Sees to it that what this thread starts has no privileges and can gain none. Root's go with `exec`: with them it
/// could read the memory of every process, whatever the domain says.
fn give_up_privileges() -> bool {
    let rootless = CapabilitiesSecureBits::NO_ROOT | CapabilitiesSecureBits::NO_ROOT_LOCKED;
    let stripped = !rustix::process::geteuid().is_root() || set_capabilities_secure_bits(rootless).is_ok();
    set_no_new_privs(true).is_ok() && stripped
}

/// Confines threads and processes. One per engine.
pub(crate) struct Isolation {
    fence: Fence,
    filters: Filters,
    /// Whether Beckon was started in a terminal, which what it starts inherits but in a session of its own.
    in_terminal: bool,
    /// Whether a process can be shown other files than everybody's.
    mounts: bool,
    pub(crate) bounds: Bounds,
    status: Vec<GuardStatus>,
}

impl Isolation {
    /// Finds out what this machine can do. Blocks for a few ms.
    pub(crate) fn new(data_dir: &Path, runtimes: &[RuntimeStatus], bounds: Bounds) -> Self {
        let filters = Filters::new();
        let found = probe::Found::now(&filters);
        for status in found.report().iter().filter(|status| !status.enforced) {
            tracing::info!(guard = ?status.guard, why = status.why.as_deref(), "not enforced here");
        }
        Self {
            fence: Fence::new(places::Places::new(data_dir, runtimes), found.landlock),
            filters,
            in_terminal: tree::stat(rustix::process::getpid().as_raw_nonzero().get())
                .is_some_and(|stat| stat.terminal != 0),
            mounts: found.mounts,
            bounds,
            status: found.report(),
        }
    }

    /// For each guard, whether it can be enforced here.
    pub(crate) fn status(&self) -> &[GuardStatus] {
        &self.status
    }

    /// Whether nothing but a session of its own keeps a process from Beckon's terminal.
    pub(crate) fn needs_session(&self) -> bool {
        self.in_terminal && !self.fence.holds_files()
    }

    /// Takes notice of interpreters that were found since.
    pub(crate) fn renew(&self, runtimes: &[RuntimeStatus]) {
        self.fence.renew(runtimes);
    }

    /// The folders of `path` in which a confined process can execute anything, the interpreters' own first: what a
    /// version manager put on `PATH` lies in the home directory and would only be found and refused.
    pub(crate) fn search_path(&self, path: &str) -> OsString {
        self.fence.search_path(path)
    }

    /// Where the process with this scratch folder finds its secrets; `None` when it has none.
    pub(crate) fn secrets_of(&self, confinement: &Confinement, scratch: &Path) -> Option<PathBuf> {
        let place = || match self.mounts {
            true => secrets::PLACE.into(),
            false => secrets::folder_beside(scratch),
        };
        (!confinement.secrets.is_empty()).then(place)
    }

    /// Tells the process where that is.
    pub(crate) fn name_secrets(&self, spec: &mut crate::process::Spec) {
        if let Some(folder) = self.secrets_of(&spec.confinement, &spec.scratch) {
            secrets::name_place(&folder, &mut spec.env, &mut spec.arguments);
        }
    }

    /// What there is of secrets on disk because of the process with this scratch folder.
    pub(crate) fn left_of_secrets(&self, confinement: &Confinement, scratch: &Path) -> Option<PathBuf> {
        self.secrets_of(confinement, scratch).filter(|_| !self.mounts)
    }

    /// Confines the calling thread, for good, and with it what it starts; `ground` is what `scratch` is part of, where
    /// that is kept. Tells what holds.
    pub(crate) fn enter(
        &self,
        confinement: &Confinement,
        program: &Path,
        scratch: &Path,
        ground: Option<&Ground>,
    ) -> std::io::Result<Vec<Guard>> {
        // Group or session are made and the environment cleared where the process is started.
        let mut held = vec![Guard::Session, Guard::Environment];
        let folder = self.secrets_of(confinement, scratch);
        // First: mounting takes privileges, and is closed to whoever is fenced in.
        if let Some(folder) = &folder {
            if self.mounts {
                secrets::mounted(&confinement.secrets)?;
                held.push(Guard::Secrets);
            } else {
                secrets::written(&confinement.secrets, folder)?;
            }
        }
        if give_up_privileges() {
            held.push(Guard::NoNewPrivileges);
        }
        let own = fence::Own {
            confinement,
            program,
            scratch,
            secrets: folder.as_deref(),
        };
        held.extend(self.fence.enter(&own, ground.map(Ground::rules)));
        // After the fence: making that one takes calls which no function needs.
        let sockets = if held.contains(&Guard::Sockets) {
            Sockets::Fenced
        } else if confinement.unix_sockets {
            Sockets::Served
        } else {
            Sockets::None
        };
        let modes = match confinement.unix_sockets {
            true => Modes::Ignored,
            false => Modes::Refused,
        };
        if self.filters.enter(modes, confinement.network, sockets) {
            if confinement.network != Network::Open {
                held.push(Guard::Network);
            }
            if sockets == Sockets::None
                || (sockets == Sockets::Served && confinement.network != Network::Open)
            {
                held.push(Guard::Sockets);
            }
        }
        Ok(held)
    }

    /// Confines the calling thread, for good, and with it the tool that it starts, and what strangers' packages have
    /// the tool run. Tells what holds.
    pub(crate) fn enter_build(&self, workplace: &Workplace, program: &Path) -> Vec<Guard> {
        let mut held = vec![Guard::Session, Guard::Environment];
        if give_up_privileges() {
            held.push(Guard::NoNewPrivileges);
        }
        held.extend(self.fence.enter_build(workplace, program));
        let fenced = held.contains(&Guard::Sockets);
        let sockets = if fenced { Sockets::Fenced } else { Sockets::None };
        if self.filters.enter(Modes::Changed, Network::Open, sockets) && !fenced {
            held.push(Guard::Sockets);
        }
        held
    }

    /// Sets the limits of a tool that builds. Tells what holds.
    pub(crate) fn limit_build(&self, pid: Pid) -> Option<Guard> {
        limits::apply_to_build(pid).then_some(Guard::FileSize)
    }

    /// What is in force for every process that is watched.
    pub(crate) fn measured(&self) -> impl Iterator<Item = Guard> {
        let measured = [Guard::Processes, Guard::Disk, Guard::Memory];
        self.status
            .iter()
            .filter(move |status| status.enforced && measured.contains(&status.guard))
            .map(|status| status.guard)
    }

    /// While a process is being started.
    pub(crate) fn birth(&self) -> limits::Birth {
        limits::birth(self.bounds)
    }

    /// Sets the limits of a process that has just been started. Tells what holds.
    pub(crate) fn limit(&self, pid: Pid, confinement: &Confinement) -> Option<Guard> {
        limits::apply(pid, confinement.memory, self.bounds).then_some(Guard::FileSize)
    }

    /// Lowers the limit that has to do with memory of a process that has limits already.
    pub(crate) fn limit_memory(&self, pid: Pid, memory: u64) {
        limits::apply(pid, memory, self.bounds);
    }
}
