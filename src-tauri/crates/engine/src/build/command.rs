//! A tool that builds: started in a group of its own with nothing of Beckon's in its environment, fenced in (it runs what
//! strangers wrote: install scripts, build scripts, macros), and ended for certain with all that it started.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use beckon_core::Guard;
use rustix::process::{Pid, Signal};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::build::log::Log;
use crate::isolation::{Brand, Isolation, Workplace};
use crate::process::{self, MARK};
use crate::survivors;

/// What to run.
pub(crate) struct Tool<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<OsString>,
    /// The working directory.
    pub(crate) folder: &'a Path,
    /// All of its environment but the mark.
    pub(crate) env: Vec<(String, OsString)>,
    /// The value of the mark by which it is found, whatever group it moves to.
    pub(crate) mark: &'a str,
    /// The same where it cannot be changed.
    pub(crate) brand: Brand,
    /// Where it is recorded while it lives, for the Beckon after a crash.
    pub(crate) record: PathBuf,
    /// What it may reach.
    pub(crate) workplace: Workplace,
    pub(crate) isolation: Arc<Isolation>,
}

/// Ends the group when the build is dropped, and whatever left it.
struct Group {
    pid: Option<Pid>,
    /// What sweeps up; `None` once that was done.
    sweep: Option<Sweep>,
}

struct Sweep {
    mark: String,
    brand: Brand,
    record: PathBuf,
}

impl Sweep {
    /// Blocks until nothing is left.
    fn run(self) {
        let mark = format!("{MARK}={}\0", self.mark);
        survivors::kill_all(&mark, &|brand| brand == self.brand);
        let _ = std::fs::remove_file(self.record);
    }
}

impl Group {
    fn kill(&self) {
        if let Some(pid) = self.pid {
            let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        }
    }

    /// Ends what the tool left behind: what is built is nobody's to change from here on.
    async fn end(mut self) {
        self.kill();
        if let Some(sweep) = self.sweep.take() {
            let _ = tokio::task::spawn_blocking(move || sweep.run()).await;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(sweep) = self.sweep.take() else { return };
        self.kill();
        match tokio::runtime::Handle::try_current() {
            Ok(handle) => drop(handle.spawn_blocking(move || sweep.run())),
            Err(_) => sweep.run(),
        }
    }
}

/// A tool that has been started, and what it is held to. Dropped before somebody waited for it, it ends.
struct Started {
    child: Child,
    group: Group,
    guards: Vec<Guard>,
}

/// Blocks.
fn start(
    mut command: Command,
    program: &Path,
    workplace: &Workplace,
    isolation: &Isolation,
    sweep: Sweep,
) -> io::Result<Started> {
    let confine = || Ok(isolation.enter_build(workplace, program));
    let (child, mut guards) = process::confined(&mut command, confine)?;
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        sweep.brand.put(pid);
        guards.extend(isolation.limit_build(pid));
        // It may be over by now; then there is nothing to record.
        let _ = survivors::note(&sweep.record, pid);
    }
    let group = Group {
        pid,
        sweep: Some(sweep),
    };
    Ok(Started { child, group, guards })
}

/// What a build is held to, for its log.
fn told(guards: &[Guard]) -> String {
    let sentences = [
        (
            Guard::Files,
            "reads the system, its toolchain and its own configuration and writes its own folders",
        ),
        (Guard::Signals, "signals nobody"),
        (Guard::Sockets, "reaches no program's socket"),
        (Guard::NoNewPrivileges, "gains no privileges"),
        (Guard::FileSize, "writes no file without bounds"),
    ];
    let (held, missing): (Vec<_>, Vec<_>) = sentences.iter().partition(|(guard, _)| guards.contains(guard));
    let list = |of: &[&(Guard, &str)]| of.iter().map(|(_, text)| *text).collect::<Vec<_>>().join(", ");
    let mut text = match held.as_slice() {
        [] => "Not confined: this machine has nothing to confine it with.".to_owned(),
        held => format!("Confined: it {}.", list(held)),
    };
    if !held.is_empty() && !missing.is_empty() {
        text.push_str(&format!(" Not enforced on this machine: it {}.", list(&missing)));
    }
    text
}

/// Runs it to its end; every line that it prints goes to `log`. Dropping the future ends it with all that it started.
pub(crate) async fn run(tool: Tool<'_>, log: &Log) -> io::Result<ExitStatus> {
    let mut command = Command::new(tool.program);
    command
        .args(tool.arguments)
        .current_dir(tool.folder)
        .env_clear()
        .envs(tool.env)
        .env(MARK, tool.mark)
        .process_group(0)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let (program, workplace, isolation) = (tool.program.to_owned(), tool.workplace, tool.isolation);
    let sweep = Sweep {
        mark: tool.mark.to_owned(),
        brand: tool.brand,
        record: tool.record,
    };
    let starting =
        tokio::task::spawn_blocking(move || start(command, &program, &workplace, &isolation, sweep));
    let Started {
        mut child,
        group,
        guards,
    } = starting.await.map_err(io::Error::other)??;
    log.note(told(&guards));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let both = async { tokio::join!(copy(stdout, log), copy(stderr, log)) };
    tokio::pin!(both);
    let status = tokio::select! {
        _ = &mut both => child.wait().await?,
        status = child.wait() => {
            // What it left running may hold the pipes open: what was written until now is all that is waited for.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(500), &mut both).await;
            status?
        }
    };
    // Until it was reaped the group's number was its own; now it is only if somebody of it is left.
    group.end().await;
    Ok(status)
}

async fn copy(from: Option<impl AsyncRead + Unpin>, log: &Log) {
    let Some(from) = from else { return };
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        let chunk = match reader.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(chunk) => chunk,
        };
        let used = match chunk.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                push(&mut line, &chunk[..end]);
                log.push(&line);
                line.clear();
                end + 1
            }
            None => {
                push(&mut line, chunk);
                chunk.len()
            }
        };
        reader.consume(used);
    }
    if !line.is_empty() {
        log.push(&line);
    }
}

/// A line without an end must not fill the memory.
fn push(line: &mut Vec<u8>, bytes: &[u8]) {
    let room = (64 * 1024usize).saturating_sub(line.len());
    line.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// "exited with code 1"
pub(crate) fn describe(status: ExitStatus) -> String {
    process::describe(status)
}
