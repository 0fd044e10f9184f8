//! Operating system processes: started in their own group with nothing inherited, watched, and ended for certain.

mod launch;
mod nursery;

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::Arc;

use beckon_core::Guard;
use parking_lot::Mutex;
use rustix::process::{Pid, Signal};
use tokio::net::unix::pipe;
use tokio::sync::watch;

use crate::isolation::{Bounds, Breach, Watched};

pub(crate) use launch::{Spec, confined};
pub(crate) use nursery::Nursery;
#[cfg(test)]
pub(crate) use nursery::tests;

/// The name of the environment variable by which processes are known as ours, whatever group they moved to.
pub(crate) const MARK: &str = "BECKON_WORKER";

/// The engine's ends of a process's descriptors.
pub(crate) struct Channels {
    /// Frames to descriptor 3, frames from descriptor 4.
    pub(crate) frames: Option<(pipe::Sender, pipe::Receiver)>,
    pub(crate) stdin: Option<pipe::Sender>,
    /// From descriptor 3.
    pub(crate) results: Option<pipe::Receiver>,
    pub(crate) stdout: pipe::Receiver,
    pub(crate) stderr: pipe::Receiver,
}

/// Whether a process did not start for what it was to run: a program or an interpreter named after `#!` that is not
/// there or may not be executed, or a binary of another machine.
pub(crate) fn cannot_run(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let known = [
        Errno::NOENT,
        Errno::NOEXEC,
        Errno::ACCESS,
        Errno::NOTDIR,
        Errno::LOOP,
    ];
    Errno::from_io_error(error).is_some_and(|error| known.contains(&error))
}

/// A started process. Dropping it does not end it: see [`Process::kill`].
pub(crate) struct Process {
    pid: Pid,
    number: u64,
    living: Arc<Mutex<HashMap<u64, Pid>>>,
    ended: watch::Receiver<Option<ExitStatus>>,
    guards: Arc<[Guard]>,
    watched: Arc<Watched>,
    bounds: Bounds,
}

impl Process {
    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// The engine's own number for it.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Ends the process and its whole group at once.
    pub(crate) fn kill(&self) {
        // While the process is in the map nobody has reaped it, so that its group's number cannot be another's.
        if let Some(pid) = self.living.lock().get(&self.number) {
            kill_group(*pid);
        }
    }

    /// Whether it is gone.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// What was in force when it started.
    pub(crate) fn guards(&self) -> &Arc<[Guard]> {
        &self.guards
    }

    /// What it was ended for, if it was over one of its bounds, and the words for the log.
    pub(crate) fn breach(&self) -> Option<(Breach, String)> {
        let breach = self.watched.breach()?;
        Some((breach, self.watched.note(breach, self.bounds)))
    }

    /// Waits until it is gone.
    pub(crate) async fn wait(&mut self) -> Option<ExitStatus> {
        self.ended
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|status| *status)
    }
}

fn kill_group(pid: Pid) {
    let _ = rustix::process::kill_process_group(pid, Signal::KILL);
}

/// How a process ended, for people.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}{}", signal_name(signal)),
        (None, None) => "ended".to_owned(),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        25 => " (SIGXFSZ: a file grew over its limit)",
        31 => " (SIGSYS)",
        _ => "",
    }
}
