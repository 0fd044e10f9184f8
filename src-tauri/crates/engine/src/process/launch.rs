//! The start of a process: its command, its descriptors, and the thread that confines itself before it.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use beckon_core::Guard;
use command_fds::{CommandFdExt, FdMapping};
use process_wrap::tokio::{CommandWrap, CommandWrapper as _, ProcessSession};
use rustix::process::Pid;
use tokio::process::{Child, Command};

use super::kill_group;
use crate::isolation::{Brand, Confinement, Isolation, Lent};
use crate::pool::Measured;
use crate::survivors;

/// What to start.
pub(crate) struct Spec {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<std::ffi::OsString>,
    /// All of it; nothing is inherited.
    pub(crate) env: Vec<(String, String)>,
    /// Its own folder, made for this process and removed after it.
    pub(crate) scratch: PathBuf,
    /// The working directory, where that is not its own folder.
    pub(crate) directory: Option<PathBuf>,
    /// Whether the process speaks frames on descriptors 3 and 4.
    pub(crate) framed: bool,
    /// Whether it gets a pipe as standard input.
    pub(crate) stdin: bool,
    /// Whether it writes its results on descriptor 3.
    pub(crate) results: bool,
    /// What it is held to.
    pub(crate) confinement: Confinement,
    /// Where its memory is written when it is measured.
    pub(crate) measured: Measured,
    /// Whether the folder with its code is its own, too: made for it and removed after it.
    pub(crate) own_code: bool,
    /// What its own folder is part of, where that is there already and may be kept after it.
    pub(crate) lent: Option<Lent>,
}

/// The engine's ends, not yet of the runtime.
pub(super) struct Pipes {
    pub(super) frames: Option<(OwnedFd, OwnedFd)>,
    pub(super) stdin: Option<OwnedFd>,
    pub(super) results: Option<OwnedFd>,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// What was started.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) pid: Pid,
    pub(super) guards: Vec<Guard>,
    /// Whether it has a record on disk.
    pub(super) noted: bool,
}

/// The program that a mere name means: the first on the process's own `PATH`, by its whole path. Given one, the standard
/// library starts processes with `posix_spawn`, which shares this process's memory until `exec`; to look for a name it
/// forks, and copying the tables of all that memory takes longer than all the rest of a small start.
fn whole_path(spec: &Spec) -> Option<PathBuf> {
    if spec.program.as_os_str().as_bytes().contains(&b'/') {
        return None;
    }
    // The last value of a variable is the one that counts.
    let path = spec.env.iter().rfind(|(name, _)| name == "PATH")?;
    let runs = |program: &PathBuf| {
        program.is_absolute()
            && program
                .metadata()
                .is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0)
    };
    std::env::split_paths(&path.1)
        .map(|folder| folder.join(&spec.program))
        .find(runs)
}

/// Makes the process's folders and starts it. Blocks.
pub(super) fn start(
    spec: &Spec,
    record: &Path,
    brand: Brand,
    isolation: &Isolation,
) -> io::Result<(Started, Pipes)> {
    if spec.lent.is_none() {
        fs::create_dir(&spec.scratch)?;
    }
    if spec.own_code {
        fs::create_dir(&spec.confinement.code)?;
    }
    if let Some(program) = whole_path(spec) {
        match launch(&program, spec, record, brand, isolation) {
            // It is there and may not be executed: then the next on the `PATH` is meant.
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {}
            result => return result,
        }
    }
    launch(&spec.program, spec, record, brand, isolation)
}

fn launch(
    program: &Path,
    spec: &Spec,
    record: &Path,
    brand: Brand,
    isolation: &Isolation,
) -> io::Result<(Started, Pipes)> {
    let mut command = std::process::Command::new(program);
    // By the name that it was called by, as some programs go by that.
    command.arg0(&spec.program);
    let mut command = Command::from(command);
    command
        .args(&spec.arguments)
        .env_clear()
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .current_dir(spec.directory.as_ref().unwrap_or(&spec.scratch))
        .kill_on_drop(true)
        .stdin(if spec.stdin { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // One that has nothing of a run on its standard input is there for many.
    let stays = spec.framed || spec.results || !spec.stdin;
    if stays || isolation.needs_session() {
        // A wrapper may look at others around the same command; this one does not.
        ProcessSession.pre_spawn(&mut command, &CommandWrap::from(Command::new("")))?;
    } else {
        // Making a session takes a fork, which a short run feels.
        command.process_group(0);
    }
    let mut frames = None;
    if spec.framed {
        // Pipes and not a pair of sockets: the writer of a socket is woken whenever its reader has read, in the middle of
        // every call, though nobody waits for that.
        let (theirs_in, to) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let (from, theirs_out) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        command
            .fd_mappings(vec![
                FdMapping {
                    parent_fd: theirs_in,
                    child_fd: 3,
                },
                FdMapping {
                    parent_fd: theirs_out,
                    child_fd: 4,
                },
            ])
            .map_err(io::Error::other)?;
        frames = Some((to, from));
    }
    let mut results = None;
    if spec.results {
        let (ours, theirs) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let mapping = FdMapping {
            parent_fd: theirs,
            child_fd: 3,
        };
        command.fd_mappings(vec![mapping]).map_err(io::Error::other)?;
        results = Some(ours);
    }
    let birth = isolation.birth();
    let (mut child, mut guards) = confined(&mut command, || {
        let ground = spec.lent.as_ref().and_then(Lent::ground);
        isolation.enter(&spec.confinement, &spec.program, &spec.scratch, ground)
    })?;
    drop(birth);
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("the process is gone"))?;
    // The brand is what the Beckon after a crash knows it by; where there can be none, a record is.
    let noted = !brand.put(pid);
    guards.extend(isolation.limit(pid, &spec.confinement));
    let rest = || {
        if noted {
            survivors::note(record, pid)?;
        }
        let missing = || io::Error::other("a pipe is missing");
        let stdin = child.stdin.take().map(|pipe| pipe.into_owned_fd()).transpose()?;
        let stdout = child.stdout.take().ok_or_else(missing)?.into_owned_fd()?;
        let stderr = child.stderr.take().ok_or_else(missing)?.into_owned_fd()?;
        Ok(Pipes {
            frames,
            stdin,
            results,
            stdout,
            stderr,
        })
    };
    match rest() {
        Ok(pipes) => {
            let started = Started {
                child,
                pid,
                guards,
                noted,
            };
            Ok((started, pipes))
        }
        Err(e) => {
            // The machine is out of everything. Nobody has reaped it yet, so that the group is its own.
            kill_group(pid);
            Err(e)
        }
    }
}

/// Starts the command from a thread that confines itself and then ends: what it inherits holds from its first
/// instruction. Nothing else may happen on that thread, which can reach no more than the process will. Blocks.
pub(crate) fn confined<T: Send>(
    command: &mut Command,
    confine: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<(Child, T)> {
    let runtime = tokio::runtime::Handle::current();
    let start = || {
        let _inside = runtime.enter();
        let confined = confine()?;
        let mut tries = 0;
        loop {
            match command.spawn() {
                // Another thread's fork can hold a just-written script open for an instant.
                Err(e) if e.kind() == io::ErrorKind::ExecutableFileBusy && tries < 50 => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(2));
                }
                result => return result.map(|child| (child, confined)),
            }
        }
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("beckon-spawn".to_owned())
            .stack_size(256 * 1024);
        thread
            .spawn_scoped(scope, start)?
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread that starts processes panicked")))
    })
}
