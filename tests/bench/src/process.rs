//! Programs under measurement: started, pinned, weighed, and ended by id.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A command that runs on the core `pin`, or on any.
pub(crate) fn command(program: &Path, pin: Option<usize>) -> Command {
    let mut command = match pin {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.arg("--cpu-list").arg(core.to_string()).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.kill_on_drop(true);
    command
}

/// The core for what is measured on one core: the last one, which has the fewest interrupts. `None` where programs
/// cannot be pinned.
pub(crate) fn core() -> Option<usize> {
    which::which("taskset").ok()?;
    let allowed = rustix::thread::sched_getaffinity(None).ok()?;
    (0..rustix::thread::CpuSet::MAX_CPU)
        .rev()
        .find(|core| allowed.is_set(*core))
}

/// A program with a process group of its own; the group is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    pid: u32,
    name: String,
}

impl Program {
    /// Starts it with a pipe to each of its standard input (open as long as this lives) and output.
    pub(crate) fn start(name: &str, mut command: Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        let pid = child.id().context("it has ended")?;
        Ok(Self {
            child,
            pid,
            name: name.to_owned(),
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The first line that it prints; from then on what it prints goes nowhere.
    pub(crate) async fn first_line(&mut self) -> Result<String> {
        let stdout = self.child.stdout.take().context("no stdout")?;
        let mut lines = BufReader::new(stdout);
        let mut line = String::new();
        let read = tokio::time::timeout(Duration::from_secs(60), lines.read_line(&mut line));
        read.await
            .with_context(|| format!("{} said nothing for a minute", self.name))??;
        ensure!(!line.is_empty(), "{} ended without a word", self.name);
        // Not dropped: a full or closed pipe would stop or kill a server that prints a line per request.
        tokio::spawn(async move {
            let mut lines = lines;
            let _ = tokio::io::copy(&mut lines, &mut tokio::io::sink()).await;
        });
        Ok(line)
    }

    /// Waits until somebody accepts connections on this port of the loopback.
    pub(crate) async fn listens(&mut self, port: u16) -> Result<()> {
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended: {status}", self.name);
            }
            ensure!(
                started.elapsed() < Duration::from_secs(60),
                "{} never listened",
                self.name
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Asks it to stop with a signal, and waits for that.
    pub(crate) async fn stop(mut self, signal: Signal) -> Result<std::process::ExitStatus> {
        if let Some(pid) = Pid::from_raw(i32::try_from(self.pid)?) {
            rustix::process::kill_process(pid, signal)?;
        }
        let status = tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await;
        Ok(status.with_context(|| format!("{} did not stop", self.name))??)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The group outlives its leader as long as somebody is in it, and then so does its number.
        if let Some(group) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A process and all below it.
pub(crate) fn tree(root: u32) -> Vec<u32> {
    let mut all = vec![root];
    let mut at = 0;
    while let Some(pid) = all.get(at).copied() {
        at += 1;
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for task in tasks.flatten() {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            all.extend(
                children
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
    }
    all
}

/// Ends what still runs in `place` (a directory that nobody else has), and says what it was: nothing
/// is left behind unseen. A process that lost its parent cannot be found from here in any other way.
pub(crate) fn sweep(place: &Path) {
    // What was just killed may take a moment to be gone.
    let started = Instant::now();
    let mut left = inside(place);
    while !left.is_empty() && started.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(20));
        left = inside(place);
    }
    for pid in left {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        eprintln!("process {pid} ({}) was left behind and is ended now", name.trim());
        if let Some(pid) = Pid::from_raw(pid) {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
    }
}

fn inside(place: &Path) -> Vec<i32> {
    let Ok(all) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    all.flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let at = std::fs::read_link(format!("/proc/{pid}/cwd"));
            at.is_ok_and(|at| at.starts_with(place))
        })
        .collect()
}

/// Proportional set size of a process, MiB.
pub(crate) fn pss(pid: u32) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find(|l| l.starts_with("Pss:"));
    let kib = line.and_then(|l| l.split_whitespace().nth(1));
    Ok(kib.context("no Pss")?.parse::<f64>()? / 1024.0)
}

/// Proportional set size of a process and all below it, MiB.
pub(crate) fn pss_of_tree(pid: u32) -> f64 {
    tree(pid).into_iter().filter_map(|pid| pss(pid).ok()).sum()
}

/// Processor time that a process has used, in user and kernel, its own threads only.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may contain anything.
    let (_, rest) = text.rsplit_once(')').context("no name in stat")?;
    let ticks = rest.split_whitespace().skip(11).take(2);
    let ticks = ticks.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_secs_f64(
        ticks as f64 / rustix::param::clock_ticks_per_second() as f64,
    ))
}

/// The real interpreter behind `python3`, which may be a version manager's shim.
pub(crate) fn python() -> Result<std::path::PathBuf> {
    let told = std::process::Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()?;
    ensure!(told.status.success(), "python3 does not run");
    Ok(String::from_utf8(told.stdout)?.trim().into())
}

/// The program of this name.
pub(crate) fn find(name: impl AsRef<OsStr>) -> Result<std::path::PathBuf> {
    let name = name.as_ref();
    which::which(name).with_context(|| format!("{} is not here", name.display()))
}
