//! What this machine and account can do, tried and not guessed.

use beckon_core::Guard;
use landlock::ABI;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::fence::Landlock;
use super::filter::{Filters, Modes};
use super::{Network, Sockets};

/// Whether a guard can be enforced here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GuardStatus {
    /// Which.
    pub guard: Guard,
    /// Whether runs get it on this machine. [`Guard::Network`] and [`Guard::Secrets`] only where the function asks for it;
    /// before Linux 7.1, [`Guard::Sockets`] for functions of Fn, which serve on such a socket, only where the network is
    /// closed to them.
    pub enforced: bool,
    /// Why not, or what is missing from it: a sentence.
    pub why: Option<String>,
}

/// What was found.
pub(crate) struct Found {
    pub(crate) landlock: Landlock,
    no_new_privileges: bool,
    filter: bool,
    proc: bool,
    /// Whether a process can be shown other files than everybody's.
    pub(crate) mounts: bool,
}

impl Found {
    /// Tries everything on a thread that ends.
    pub(crate) fn now(filters: &Filters) -> Self {
        let proc = std::fs::read_to_string("/proc/self/stat").is_ok();
        let nothing = Self {
            landlock: Landlock::Missing("Landlock could not be tried."),
            no_new_privileges: false,
            filter: false,
            proc,
            mounts: false,
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("beckon-probe".to_owned())
                .spawn_scoped(scope, || Self {
                    // First: it takes privileges, and is closed to whoever is fenced in.
                    mounts: super::secrets::try_here(),
                    no_new_privileges: super::give_up_privileges(),
                    landlock: Landlock::try_here(),
                    filter: filters.enter(Modes::Refused, Network::None, Sockets::None),
                    proc,
                });
            thread
                .ok()
                .and_then(|thread| thread.join().ok())
                .unwrap_or(nothing)
        })
    }

    /// The same for people, in the order that guards are shown.
    pub(crate) fn report(&self) -> Vec<GuardStatus> {
        Guard::ALL.iter().map(|guard| self.status(*guard)).collect()
    }

    fn status(&self, guard: Guard) -> GuardStatus {
        let why: Option<String> = match guard {
            Guard::Session | Guard::Environment | Guard::FileSize => None,
            Guard::NoNewPrivileges => self.unless(self.no_new_privileges, "The kernel refused it."),
            Guard::Files => self.landlock_since(ABI::V3, "the emptying of files (Linux 6.2)"),
            Guard::Signals => self.landlock_since(ABI::V6, "signals (Linux 6.12)"),
            Guard::Sockets if self.landlock.abi() >= ABI::V9 => None,
            Guard::Sockets | Guard::Network => self.unless(
                self.filter,
                "This kernel does not let an ordinary program filter system calls (seccomp).",
            ),
            Guard::Secrets => self.unless(
                self.mounts,
                "This account may not mount: secrets are files that only it can read, in a folder of the worker's in the data directory that secret_mount_path names.",
            ),
            Guard::Processes | Guard::Disk | Guard::Memory => self.unless(
                self.proc,
                "/proc cannot be read, so that nothing can be measured.",
            ),
        };
        GuardStatus {
            guard,
            enforced: why.is_none(),
            why,
        }
    }

    fn unless(&self, holds: bool, why: &str) -> Option<String> {
        (!holds).then(|| why.to_owned())
    }

    fn landlock_since(&self, wanted: ABI, what: &str) -> Option<String> {
        match self.landlock {
            Landlock::Missing(why) => Some(why.to_owned()),
            Landlock::Available(abi) if abi < wanted => Some(format!(
                "This kernel's Landlock (version {}) does not cover {what}.",
                abi as i32
            )),
            Landlock::Available(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(landlock: Landlock) -> Found {
        Found {
            landlock,
            no_new_privileges: true,
            filter: false,
            proc: true,
            mounts: false,
        }
    }

    #[test]
    fn what_is_missing_is_told_in_a_sentence() {
        let why = |landlock, guard| found(landlock).status(guard).why;
        assert_eq!(why(Landlock::Available(ABI::V7), Guard::Files), None);
        assert_eq!(why(Landlock::Available(ABI::V7), Guard::Signals), None);
        assert_eq!(
            why(Landlock::Available(ABI::V5), Guard::Signals).unwrap(),
            "This kernel's Landlock (version 5) does not cover signals (Linux 6.12)."
        );
        assert!(
            why(Landlock::Available(ABI::V2), Guard::Files)
                .unwrap()
                .contains("version 2")
        );
        assert_eq!(why(Landlock::Missing("None."), Guard::Files).unwrap(), "None.");
        assert!(
            why(Landlock::Available(ABI::V7), Guard::Network)
                .unwrap()
                .contains("seccomp")
        );
    }

    #[test]
    fn trying_it_leaves_this_thread_free() {
        let found = Found::now(&Filters::new());
        assert_eq!(found.report().len(), Guard::ALL.len());
        std::os::unix::net::UnixDatagram::unbound().unwrap();
        std::fs::read_dir("/").unwrap();
    }
}
