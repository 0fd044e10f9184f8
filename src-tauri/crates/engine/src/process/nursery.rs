//! Who starts processes, knows which are alive, and clears up after them.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use rustix::process::Pid;
use tokio::net::unix::pipe;
use tokio::process::Child;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::launch::{Pipes, Spec, Started, start};
use super::{Channels, MARK, Process, kill_group};
use crate::isolation::{Brand, Ground, Grounds, Isolation, Lent, Pulse, Watch, Watched};
use crate::removal::remove_folder;
use crate::survivors;

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
    next: AtomicU64,
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
        self.next.fetch_add(1, Ordering::Relaxed)
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

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::isolation::{Bounds, Confinement, Network};
    use crate::pool::Measured;

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
