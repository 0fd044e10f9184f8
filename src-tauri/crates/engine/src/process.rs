//! Operating system processes: started in their own group with nothing inherited, watched, and ended for certain.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Weak};
use std::time::Duration;

use beckon_core::Guard;
use command_fds::{CommandFdExt, FdMapping};
use parking_lot::Mutex;
use process_wrap::tokio::{CommandWrap, CommandWrapper as _, ProcessSession};
use rustix::process::{Pid, Signal};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::isolation::{
    Bounds, Brand, Breach, Confinement, Ground, Grounds, Isolation, Lent, Pulse, Watch, Watched,
};
use crate::pool::Measured;
use crate::removal::remove_folder;
use crate::survivors;

/// The name of the environment variable by which processes are known as ours, whatever group they moved to.
pub(crate) const MARK: &str = "BECKON_WORKER";

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

/// Starts processes and remembers which are alive.
pub(crate) struct Nursery {
    /// Where scratch folders are.
    scratch: PathBuf,
    /// Where a living process has a record, for the Beckon after a crash, if it has no brand.
    records: PathBuf,
    /// The value of [`MARK`], less the process's number: the data directory's name and this engine's.
    mark: String,
    /// Tells the processes of this engine from those of another on the same data directory.
    nonce: String,
    /// The same where a process cannot change it.
    brand: Brand,
    next: std::sync::atomic::AtomicU64,
    living: Arc<Mutex<HashMap<u64, Pid>>>,
    tasks: TaskTracker,
    isolation: Arc<Isolation>,
    watch: Arc<Watch>,
    /// Grounds that are kept, to be removed at the end.
    grounds: Mutex<Vec<Weak<Grounds>>>,
    /// Where the engine's ends of processes are read and written.
    lane: Handle,
}

impl Nursery {
    pub(crate) fn new(
        data_dir: &Path,
        instance: &str,
        isolation: Arc<Isolation>,
        pulse: Arc<Pulse>,
        lane: Handle,
    ) -> Self {
        let nonce = beckon_core::random_hex()[..8].to_owned();
        let mark = format!("{instance}.{nonce}");
        let brand = Brand::of_engine(instance, &nonce);
        let living = Arc::<Mutex<_>>::default();
        Self {
            scratch: data_dir.join("scratch"),
            records: data_dir.join("workers"),
            watch: Watch::new(pulse, isolation.bounds, mark.clone(), brand, living.clone()),
            mark,
            nonce,
            brand,
            next: 1.into(),
            living,
            tasks: TaskTracker::new(),
            isolation,
            grounds: Mutex::default(),
            lane,
        }
    }

    /// Runs what reads and writes for a process, where its callers are served; it is over when [`Nursery::end_all`]
    /// returns.
    pub(crate) fn tend(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.tasks.spawn_on(work, &self.lane));
    }

    /// Bytes in memory of the process with this id and its descendants, when it was last measured.
    pub(crate) fn memory_of(&self, pid: u32) -> u64 {
        self.watch.memory_of(pid)
    }

    /// A number for the next process.
    pub(crate) fn reserve(&self) -> u64 {
        self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    /// The working directory of the process with this number.
    pub(crate) fn scratch_of(&self, number: u64) -> PathBuf {
        self.scratch.join(self.name_of(number))
    }

    /// A ground for a run with this number: one that was kept, or a new one. None is kept of a version that finds secrets
    /// as files.
    pub(crate) async fn ground(&self, number: u64, home: &Arc<Grounds>) -> io::Result<Lent> {
        let home = home.clone();
        if let Some(ground) = home.take() {
            return Ok(Lent::new(ground, home));
        }
        {
            let mut known = self.grounds.lock();
            known.retain(|grounds| grounds.strong_count() > 0);
            if !known.iter().any(|grounds| grounds.as_ptr() == Arc::as_ptr(&home)) {
                known.push(Arc::downgrade(&home));
            }
        }
        let path = self.scratch_of(number);
        // Where it belongs is known before this hears of it: who asked may be gone by then.
        let made = self
            .tasks
            .spawn_blocking(move || Ok(Lent::new(Ground::make(path)?, home)));
        made.await.map_err(io::Error::other)?
    }

    /// The name of folders and files of the process with this number.
    pub(crate) fn name_of(&self, number: u64) -> String {
        format!("{}-{number}", self.nonce)
    }

    /// The variable by which the process with this number, and what it starts, is known.
    pub(crate) fn mark_of(&self, number: u64) -> (String, String) {
        (MARK.to_owned(), format!("{}.{number}", self.mark))
    }

    /// Holds a process to less memory than it was started with, in bytes.
    pub(crate) fn tighten(&self, process: &Process, memory: u64) {
        process.watched.hold_to(memory);
        // The lock is held meanwhile: until it is taken out of the map nobody has reaped it.
        if let Some(pid) = self.living.lock().get(&process.number) {
            self.isolation.limit_memory(*pid, memory);
        }
    }

    /// Starts a process. `on_end` is kept until it is gone, with all of its group, and then dropped.
    pub(crate) async fn spawn<T: Send + 'static>(
        &self,
        number: u64,
        mut spec: Spec,
        on_end: T,
    ) -> io::Result<(Process, Channels)> {
        spec.env.push(self.mark_of(number));
        self.isolation.name_secrets(&mut spec);
        let birth = Birth {
            number,
            record: self.records.join(self.name_of(number)),
            brand: self.brand.of_process(number),
            isolation: self.isolation.clone(),
            watch: self.watch.clone(),
            living: self.living.clone(),
            tasks: self.tasks.clone(),
        };
        // The process is known before this hears of it: who asked may be gone by then.
        let born = self.tasks.spawn_blocking(move || birth.give(spec, on_end));
        let (mut unclaimed, pipes) = born.await.map_err(io::Error::other)??;
        let Pipes {
            frames,
            stdin,
            results,
            stdout,
            stderr,
        } = pipes;
        let channels: io::Result<Channels> = (|| {
            let _lane = self.lane.enter();
            Ok(Channels {
                frames: frames.map(ends_of).transpose()?,
                stdin: stdin.map(pipe::Sender::from_owned_fd).transpose()?,
                results: results.map(pipe::Receiver::from_owned_fd).transpose()?,
                stdout: pipe::Receiver::from_owned_fd(stdout)?,
                stderr: pipe::Receiver::from_owned_fd(stderr)?,
            })
        })();
        let channels = channels?;
        let process = unclaimed.0.take();
        let process = process.ok_or_else(|| io::Error::other("the process is gone"))?;
        Ok((process, channels))
    }

    /// Kills every process there is and waits until all are gone, descendants that left their group included.
    pub(crate) async fn end_all(&self) {
        // First: who is born from now on ends at once.
        self.tasks.close();
        for pid in self.living.lock().values() {
            kill_group(*pid);
        }
        self.tasks.wait().await;
        let (prefix, ours) = (format!("{MARK}={}.", self.mark), self.brand);
        let sweep = move || survivors::kill_all(&prefix, &|brand| brand.is_sibling(ours));
        let _ = tokio::task::spawn_blocking(sweep).await;
        let kept = std::mem::take(&mut *self.grounds.lock());
        let close = move || {
            for grounds in kept.iter().filter_map(Weak::upgrade) {
                grounds.close();
            }
        };
        let _ = tokio::task::spawn_blocking(close).await;
    }

    /// Ends a process and its whole group at once. `false` when there is none with this number.
    pub(crate) fn kill(&self, number: u64) -> bool {
        // The lock is held meanwhile: until it is taken out of the map nobody has reaped it.
        self.living
            .lock()
            .get(&number)
            .map(|pid| kill_group(*pid))
            .is_some()
    }

    /// Kills, in the background, what a process left behind outside of its group.
    pub(crate) fn sweep(&self, number: u64) {
        let mark = format!("{MARK}={}.{number}\0", self.mark);
        let ours = self.brand.of_process(number);
        // Without a runtime (it is being taken down) there is nobody to do it: the next start does.
        if let Ok(handle) = tokio::runtime::Handle::try_current() {
            self.tasks.spawn_blocking_on(
                move || survivors::kill_all(&mark, &|brand| brand == ours),
                &handle,
            );
        }
    }
}

fn ends_of((to, from): (OwnedFd, OwnedFd)) -> io::Result<(pipe::Sender, pipe::Receiver)> {
    Ok((
        pipe::Sender::from_owned_fd(to)?,
        pipe::Receiver::from_owned_fd(from)?,
    ))
}

/// What a new process is entered into.
struct Birth {
    number: u64,
    record: PathBuf,
    brand: Brand,
    isolation: Arc<Isolation>,
    watch: Arc<Watch>,
    living: Arc<Mutex<HashMap<u64, Pid>>>,
    tasks: TaskTracker,
}

/// The engine's ends, not yet of the runtime.
struct Pipes {
    frames: Option<(OwnedFd, OwnedFd)>,
    stdin: Option<OwnedFd>,
    results: Option<OwnedFd>,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

/// A process that nobody may come for: who asked for it can be gone. Then it ends.
struct Unclaimed(Option<Process>);

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some(process) = &self.0 {
            process.kill();
        }
    }
}

impl Birth {
    /// Starts a process and has it attended to its end.
    fn give<T: Send + 'static>(self, mut spec: Spec, on_end: T) -> io::Result<(Unclaimed, Pipes)> {
        let handle = tokio::runtime::Handle::current();
        let number = self.number;
        let (scratch, most, measured) = (
            spec.scratch.clone(),
            spec.confinement.memory,
            spec.measured.clone(),
        );
        self.watch.expect(number);
        let started = start(&spec, &self.record, self.brand, &self.isolation);
        let code = spec.own_code.then(|| spec.confinement.code.clone());
        let secrets = self.isolation.left_of_secrets(&spec.confinement, &scratch);
        let mut files = Files {
            record: Some(self.record),
            folders: secrets.into_iter().chain(code).collect(),
            lent: spec.lent.take(),
        };
        if files.lent.is_none() {
            files.folders.push(scratch.clone());
        }
        let (started, pipes) = match started {
            Ok(started) => started,
            Err(e) => {
                self.watch.forget(number);
                files.remove();
                return Err(e);
            }
        };
        files.record = files.record.filter(|_| started.noted);
        if started.noted
            && let Some(lent) = &mut files.lent
        {
            lent.forbid();
        }
        let Started {
            child,
            pid,
            mut guards,
            ..
        } = started;
        let (tell, ended) = watch::channel(None);
        self.living.lock().insert(number, pid);
        let watched = Watched::new(pid, number, most, scratch, measured);
        self.watch.add(watched.clone());
        guards.extend(self.isolation.measured());
        guards.sort_unstable();
        let process = Process {
            pid,
            number,
            living: self.living.clone(),
            ended,
            guards: guards.into(),
            watched,
            bounds: self.isolation.bounds,
        };
        let place = Place {
            number,
            living: self.living,
            watch: self.watch,
        };
        self.tasks
            .spawn_on(attend(child, place, tell, on_end, files), &handle);
        if self.tasks.is_closed() {
            process.kill();
        }
        Ok((Unclaimed(Some(process)), pipes))
    }
}

struct Started {
    child: Child,
    pid: Pid,
    guards: Vec<Guard>,
    /// Whether it has a record on disk.
    noted: bool,
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

fn start(spec: &Spec, record: &Path, brand: Brand, isolation: &Isolation) -> io::Result<(Started, Pipes)> {
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

/// Where a living process is known.
struct Place {
    number: u64,
    living: Arc<Mutex<HashMap<u64, Pid>>>,
    watch: Arc<Watch>,
}

/// Watches one process to its end, and then removes what there was of it.
async fn attend<T>(
    mut child: Child,
    place: Place,
    tell: watch::Sender<Option<ExitStatus>>,
    on_end: T,
    files: Files,
) {
    let status = child.wait().await;
    place.watch.forget(place.number);
    if let Some(pid) = place.living.lock().remove(&place.number) {
        // What it started and left behind. As long as one of its group lives, the group's number is nobody else's; if
        // none does, the kernel would have to give out all other numbers between the line above and this one.
        kill_group(pid);
    }
    // Before anybody hears of the end: the next call finds what was kept.
    let forced = status.as_ref().map_or(true, |status| status.signal().is_some());
    let files = files.left(forced);
    let _ = tell.send(Some(status.unwrap_or_else(|_| ExitStatus::from_raw(0))));
    drop(on_end);
    if let Some(files) = files {
        let _ = tokio::task::spawn_blocking(move || files.remove()).await;
    }
}

/// What exists on disk because of a process.
struct Files {
    record: Option<PathBuf>,
    /// Its own: scratch, and code and secrets where they are.
    folders: Vec<PathBuf>,
    /// The folder that the next one may have.
    lent: Option<Lent>,
}

impl Files {
    /// What is to be removed of them, once what may be kept is where it belongs. `forced` is an end by a signal.
    fn left(mut self, forced: bool) -> Option<Self> {
        if let Some(lent) = &mut self.lent
            && forced
        {
            lent.forbid();
        }
        if let Some(ground) = self.lent.take().and_then(Lent::end) {
            self.folders.push(ground.path().to_owned());
        }
        (self.record.is_some() || !self.folders.is_empty()).then_some(self)
    }

    fn remove(&self) {
        if let Some(record) = &self.record {
            let _ = fs::remove_file(record);
        }
        self.folders.iter().for_each(|folder| remove_folder(folder));
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::isolation::Network;

    /// A nursery on its own data directory.
    pub(crate) struct Rig {
        pub(crate) data: tempfile::TempDir,
        pub(crate) nursery: Arc<Nursery>,
    }

    impl Rig {
        pub(crate) fn new() -> Self {
            let data = tempfile::tempdir().unwrap();
            for folder in ["scratch", "workers", "code"] {
                fs::create_dir(data.path().join(folder)).unwrap();
            }
            let bounds = Bounds {
                scratch: 1 << 20,
                tasks: 100,
            };
            let isolation = Arc::new(Isolation::new(data.path(), &[], bounds));
            let instance = beckon_core::random_hex();
            let lane = Handle::current();
            let nursery = Nursery::new(data.path(), &instance, isolation, Arc::default(), lane);
            Self {
                data,
                nursery: Arc::new(nursery),
            }
        }

        /// A shell's commands, with frames.
        pub(crate) fn script(&self, number: u64, commands: &str) -> Spec {
            Spec {
                program: "/bin/sh".into(),
                arguments: vec!["-c".into(), commands.into()],
                env: Vec::new(),
                scratch: self.nursery.scratch_of(number),
                directory: None,
                framed: true,
                stdin: false,
                results: false,
                confinement: Confinement {
                    code: self.data.path().join("code"),
                    memory: 1 << 30,
                    network: Network::Open,
                    unix_sockets: false,
                    secrets: Default::default(),
                },
                measured: Measured::default(),
                own_code: false,
                lent: None,
            }
        }

        /// A process that has ended before anybody spoke to it.
        pub(crate) async fn ended(&self, commands: &str) -> (Process, Channels) {
            let number = self.nursery.reserve();
            let spec = self.script(number, commands);
            let (mut process, channels) = self.nursery.spawn(number, spec, ()).await.unwrap();
            process.wait().await.unwrap();
            (process, channels)
        }

        fn is_empty(&self) -> bool {
            let nothing = |folder: &str| {
                let mut list = fs::read_dir(self.data.path().join(folder)).unwrap();
                list.next().is_none()
            };
            nothing("scratch") && nothing("workers") && self.nursery.living.lock().is_empty()
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_asked_for_a_process_may_be_gone_when_it_starts() {
        let rig = Rig::new();
        for _ in 0..5 {
            let number = rig.nursery.reserve();
            let spec = rig.script(number, "sleep 1000");
            let (held, dropped) = tokio::sync::oneshot::channel::<()>();
            let mut spawning = Box::pin(rig.nursery.spawn(number, spec, held));
            // Asked for, and given up at once.
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(spawning.as_mut().poll(context).is_pending())
            });
            assert!(polled.await);
            drop(spawning);
            assert!(dropped.await.is_err());
            while !rig.is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        rig.nursery.end_all().await;
    }
}
