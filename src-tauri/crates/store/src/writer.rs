//! The one writer: a thread that takes everything waiting, commits it as one transaction, and only then answers.
//!
//! A durable commit is an fsync, which takes far longer than the writes in it; callers that arrive during one share the
//! next. Where nobody waits for the disk, the commit is left to the operating system for up to a second: the process may
//! be killed without harm meanwhile, and a power cut takes no more than that second. A durable commit makes all before it
//! durable too, for there is one log.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use beckon_core::{Error, ErrorCode, Event};
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast, oneshot};

use crate::batch::{Batch, Memory};
use crate::fault::Fault;
use crate::intake::{Logged, Shelf, Taken};
use crate::niceness::yield_to_calls;

/// How long a lazy job may wait for company.
const LINGER: Duration = Duration::from_millis(20);
/// How long a durable job may wait for company that nobody outside waits for. An fsync takes about as long.
const SOON: Duration = Duration::from_millis(2);
/// When to take in again what the database had no room for.
const RETRY: Duration = Duration::from_secs(1);
/// How long a commit may be without an fsync.
const UNSYNCED: Duration = Duration::from_secs(1);
/// How many lazy jobs are enough company.
const ENOUGH: usize = 256;
/// Most jobs of one transaction, so that nobody waits long for its commit.
const MOST: usize = 2048;
/// What may wait to be written, in KiB: the bound on the memory of the queue.
const ROOM_KIB: u32 = 64 * 1024;

/// When a job's transaction must be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// At once, and with an fsync: somebody waits for it.
    Durable,
    /// Within [`SOON`], and with an fsync: what comes next may share it.
    Soon,
    /// Within [`LINGER`], and on disk within [`UNSYNCED`].
    Lazy,
}

/// Tells a job's owner, after the commit. Carries the reason when the transaction failed as a whole.
type Answer = Box<dyn FnOnce(Option<Error>) + Send>;
/// Does the job in a transaction, or is told why there is none.
type Run = Box<dyn FnOnce(Result<&mut Batch<'_>, Error>) -> (Result<(), Error>, Answer) + Send>;

impl Urgency {
    fn linger(self) -> Duration {
        match self {
            Self::Durable => Duration::ZERO,
            Self::Soon => SOON,
            Self::Lazy => LINGER,
        }
    }
}

struct Job {
    run: Run,
    urgency: Urgency,
    /// Its share of the room, given back when the job is done.
    room: Option<OwnedSemaphorePermit>,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// When the jobs are taken, whatever comes in between; `None` when there are none.
    until: Option<Instant>,
    closed: bool,
}

/// Where jobs wait. A std-like mutex and not tokio's: it is held for a push or a swap, never over an await.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    room: Arc<Semaphore>,
}

impl Queue {
    fn new() -> Self {
        Self {
            waiting: Mutex::new(Waiting::default()),
            wake: Condvar::new(),
            room: Arc::new(Semaphore::new(ROOM_KIB as usize)),
        }
    }

    /// Hands a job over and returns when it is in the queue. The receiver answers after the commit.
    pub(crate) async fn submit<T: Send + 'static>(
        &self,
        urgency: Urgency,
        bytes: usize,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        let room = self.room(bytes).await?;
        self.push(urgency, Some(room), work)
    }

    /// Hands over a job from where nothing can wait; its owner bounds how much such jobs hold.
    pub(crate) fn push<T: Send + 'static>(
        &self,
        urgency: Urgency,
        room: Option<OwnedSemaphorePermit>,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        let (sender, receiver) = oneshot::channel();
        let run: Run = Box::new(move |batch| {
            let outcome = batch.and_then(|batch| {
                let value = work(batch).map_err(Error::from)?;
                batch.settle();
                Ok(value)
            });
            let state = outcome.as_ref().map(|_| ()).map_err(Error::clone);
            let answer: Answer = Box::new(move |failed| {
                // Nobody may be waiting any more; the write stands all the same.
                let _ = sender.send(failed.map_or(outcome, Err));
            });
            (state, answer)
        });
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            return Err(stopped());
        }
        waiting.jobs.push_back(Job { run, urgency, room });
        let until = Instant::now() + urgency.linger();
        let earlier = waiting.until.is_none_or(|known| until < known);
        if earlier {
            waiting.until = Some(until);
        }
        if earlier || waiting.jobs.len() >= ENOUGH {
            self.wake.notify_one();
        }
        Ok(receiver)
    }

    /// A run was logged: a transaction is to take it in, within [`LINGER`] at the latest.
    pub(crate) fn nudge(&self) {
        let mut waiting = self.waiting.lock();
        if waiting.until.is_none() {
            waiting.until = Some(Instant::now() + LINGER);
            self.wake.notify_one();
        }
    }

    /// Waits until there is room for a job of so many bytes.
    pub(crate) async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Error> {
        let kib = u32::try_from(bytes / 1024 + 1)
            .unwrap_or(ROOM_KIB)
            .min(ROOM_KIB / 2);
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await;
        room.map_err(|_| stopped())
    }

    /// What waits is to be committed now: enough has come together.
    pub(crate) fn hurry(&self) {
        let mut waiting = self.waiting.lock();
        if waiting.until.is_some() {
            waiting.until = Some(Instant::now());
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// No more jobs; those handed over are still done.
    fn close(&self) {
        self.waiting.lock().closed = true;
        self.room.close();
        self.wake.notify_one();
    }

    /// Waits for work, until `rest` at the most, and takes it.
    fn take(&self, rest: Option<Instant>) -> Next {
        let mut waiting = self.waiting.lock();
        loop {
            let Some(until) = waiting.until else {
                if waiting.closed {
                    return Next::Over;
                }
                match rest {
                    None => self.wake.wait(&mut waiting),
                    Some(rest) => {
                        if self.wake.wait_until(&mut waiting, rest).timed_out() {
                            return Next::Rest;
                        }
                    }
                }
                continue;
            };
            let full = waiting.jobs.len() >= ENOUGH;
            if waiting.closed || full || Instant::now() >= until {
                break;
            }
            self.wake.wait_until(&mut waiting, until);
        }
        let count = waiting.jobs.len().min(MOST);
        let jobs: VecDeque<Job> = waiting.jobs.drain(..count).collect();
        if waiting.jobs.is_empty() {
            waiting.until = None;
        }
        Next::Jobs(jobs)
    }
}

/// What the thread is to do.
enum Next {
    Jobs(VecDeque<Job>),
    /// Nothing came until then.
    Rest,
    /// Closed and empty.
    Over,
}

pub(crate) fn stopped() -> Error {
    Error::new(ErrorCode::ShuttingDown, "Beckon's database is closed.")
}

/// The thread. Dropping it waits until everything handed over is on disk.
pub(crate) struct Writer {
    pub(crate) queue: Arc<Queue>,
    /// Told after a commit that left a delivery to make.
    pub(crate) due: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// `path` is the database's; `shelf` has what is to be taken in beside the jobs, and `seqs` the next place in the
    /// order of arrival.
    pub(crate) fn start(
        db: Connection,
        path: &Path,
        events: broadcast::Sender<Event>,
        shelf: Arc<Shelf>,
        seqs: Arc<AtomicI64>,
    ) -> std::io::Result<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        // Not there where nothing was written yet: then every commit is durable.
        let wal = File::open(log)
            .inspect_err(|error| tracing::warn!(%error, "the database's log could not be opened"));
        let wal = wal.ok();
        let queue = Arc::new(Queue::new());
        let own = Arc::clone(&queue);
        let memory = Memory::new(seqs);
        let due = Arc::clone(&memory.due);
        let thread = std::thread::Builder::new()
            .name("beckon-store".into())
            .spawn(move || {
                yield_to_calls();
                let guard = CloseOnExit(own);
                let thread = Thread {
                    db,
                    events,
                    memory,
                    wal,
                    shelf,
                    durable: true,
                    // A Beckon that was killed may have left commits without one.
                    unsynced: Some(Instant::now()),
                    behind: None,
                };
                thread.work(&guard.0);
            })?;
        Ok(Self {
            queue,
            due,
            thread: Some(thread),
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the database's writer panicked");
        }
    }
}

/// If the writer panics, callers get an error instead of waiting for ever.
struct CloseOnExit(Arc<Queue>);

impl Drop for CloseOnExit {
    fn drop(&mut self) {
        self.0.close();
        let left = std::mem::take(&mut self.0.waiting.lock().jobs);
        drop(left);
    }
}

struct Thread {
    db: Connection,
    events: broadcast::Sender<Event>,
    memory: Memory,
    /// SQLite's log.
    wal: Option<File>,
    shelf: Arc<Shelf>,
    /// Whether commits are made with an fsync now.
    durable: bool,
    /// Since when there are commits without one.
    unsynced: Option<Instant>,
    /// Since when there are logged runs that could not be taken in.
    behind: Option<Instant>,
}

impl Thread {
    fn work(mut self, queue: &Queue) {
        loop {
            let rest = [
                self.unsynced.map(|since| since + UNSYNCED),
                self.behind.map(|since| since + RETRY),
            ];
            match queue.take(rest.into_iter().flatten().min()) {
                Next::Jobs(jobs) => self.transactions(jobs),
                Next::Rest => {
                    if self.behind.is_some() {
                        self.transactions(VecDeque::new());
                    }
                    // What cannot be synced is said, and is tried again.
                    let _ = self.sync();
                }
                Next::Over => break,
            }
        }
        if !self.shelf.is_empty() {
            self.behind = None;
            self.transactions(VecDeque::new());
        }
        if self.sync().is_ok() && self.shelf.is_empty() {
            self.shelf.close();
        }
        if let Err(error) = self
            .db
            .execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(PASSIVE);")
        {
            tracing::warn!(%error, "the database could not be tidied up");
        }
    }

    fn transactions(&mut self, mut jobs: VecDeque<Job>) {
        loop {
            self.transaction(&mut jobs);
            if jobs.is_empty() {
                return;
            }
        }
    }

    /// Says whether the next commit is to be durable. Not in a transaction: SQLite ignores it there.
    fn set_durable(&mut self, durable: bool) -> rusqlite::Result<()> {
        if self.durable != durable {
            let word = if durable { "FULL" } else { "NORMAL" };
            self.db.execute_batch(&format!("PRAGMA synchronous = {word}"))?;
            self.durable = durable;
        }
        Ok(())
    }

    /// Makes durable what was committed so far. Where that fails it is tried again, by the next durable commit at the
    /// latest.
    fn sync(&mut self) -> Result<(), Error> {
        if self.unsynced.is_none() {
            return Ok(());
        }
        // The log is there as long as its connection is.
        let synced = self.wal.as_ref().map_or(Ok(()), File::sync_data);
        self.unsynced = synced.is_err().then(Instant::now);
        synced.map_err(|error| {
            // The next one may be told that all is well though it is not.
            self.shelf.distrust();
            tracing::error!(%error, "the database's log could not be synced");
            Error::internal("write to the disk", error)
        })
    }

    /// Takes in what is logged, runs jobs from the front until there are none or SQLite gave the transaction up, then
    /// commits and answers.
    fn transaction(&mut self, jobs: &mut VecDeque<Job>) {
        // Without its log, nothing could be made durable later.
        let late = self.wal.is_none() || self.unsynced.is_some_and(|since| since.elapsed() >= UNSYNCED);
        let durable = late || jobs.iter().any(|job| job.urgency != Urgency::Lazy);
        let begun = self
            .set_durable(durable)
            .and_then(|()| self.db.execute_batch("BEGIN IMMEDIATE"));
        if let Err(cause) = begun {
            let error = Error::from(Fault::from(cause));
            tracing::error!(%error, details = error.details, "no transaction could be started");
            for job in jobs.drain(..) {
                let (_, answer) = (job.run)(Err(error.clone()));
                answer(None);
            }
            self.behind = (!self.shelf.is_empty()).then(Instant::now);
            return;
        }
        let before = self.db.total_changes();
        let mut answers = Vec::with_capacity(jobs.len());
        let mut rooms = Vec::with_capacity(jobs.len());
        let mut batch = Batch::new(&self.db, &mut self.memory);
        batch.behind = self.behind.is_some_and(|since| since.elapsed() < RETRY);
        let taken = match batch.behind {
            true => Taken::default(),
            false => self.shelf.take(),
        };
        let mut outcome = take_in(&self.db, &mut batch, &taken);
        let mut whole = true;
        while outcome.is_ok()
            && let Some(job) = jobs.pop_front()
        {
            rooms.extend(job.room);
            outcome = step(&self.db, &mut batch, job.run, &mut answers).map(|kept| whole &= kept);
        }
        let behind = batch.behind;
        let committed = outcome.and_then(|()| {
            batch.close()?;
            self.db.execute_batch("COMMIT").map_err(|e| Fault::from(e).into())
        });
        match committed {
            Ok(()) => {
                let changes = batch.finish();
                if !behind {
                    self.behind = None;
                }
                let wrote = self.db.total_changes() != before;
                let synced = match durable {
                    // What a failed job did and took back is no change.
                    true if wrote && whole => {
                        self.unsynced = None;
                        Ok(())
                    }
                    // A commit without changes has no fsync of its own.
                    true => self.sync(),
                    false => {
                        self.unsynced.get_or_insert_with(Instant::now);
                        Ok(())
                    }
                };
                changes.publish(&self.events);
                let failed = synced.err();
                answers.into_iter().for_each(|answer| answer(failed.clone()));
            }
            Err(error) => {
                batch.abandon();
                if !taken.is_empty() {
                    self.behind = Some(Instant::now());
                    self.shelf.put_back(taken);
                }
                if !self.db.is_autocommit()
                    && let Err(cause) = self.db.execute_batch("ROLLBACK")
                {
                    tracing::error!(%cause, "a failed transaction could not be rolled back");
                }
                tracing::error!(%error, details = error.details, jobs = answers.len(), "a transaction failed");
                answers.into_iter().for_each(|answer| answer(Some(error.clone())));
            }
        }
    }
}

/// One job in its savepoint; whether it is kept. Fails only when the whole transaction is lost.
fn step(db: &Connection, batch: &mut Batch<'_>, run: Run, answers: &mut Vec<Answer>) -> Result<bool, Error> {
    within(db, batch, |batch| {
        let (state, answer) = run(batch);
        answers.push(answer);
        state
    })
}

/// Puts logged runs into the journal and the queue. Fails only when the whole transaction is to be given up; no job was
/// begun then, and all of them are tried again later.
fn take_in(db: &Connection, batch: &mut Batch<'_>, taken: &Taken) -> Result<(), Error> {
    if taken.is_empty() {
        return Ok(());
    }
    for run in taken.runs() {
        let mut try_now = |put: fn(&Logged, &mut Batch<'_>) -> Result<(), Fault>| {
            let mut passing = None;
            let kept = within(db, batch, |batch| {
                let batch = batch?;
                put(run, batch).map(|()| batch.settle()).map_err(|fault| {
                    let is_final = fault.is_final();
                    let error = Error::from(fault);
                    passing = (!is_final).then(|| error.clone());
                    error
                })
            })?;
            passing.map_or(Ok(kept), Err)
        };
        if !try_now(Logged::put)? && !try_now(Logged::put_behind)? {
            tracing::error!(id = %run.id(), "an accepted run could not be kept");
        }
    }
    taken.note(batch).map_err(Error::from)
}

/// Runs `work` in a savepoint, which is taken back where it fails.
fn within(
    db: &Connection,
    batch: &mut Batch<'_>,
    work: impl FnOnce(Result<&mut Batch<'_>, Error>) -> Result<(), Error>,
) -> Result<bool, Error> {
    // Compiled once: this is done for every job.
    let sql = |text: &str| {
        let done = db
            .prepare_cached(text)
            .and_then(|mut statement| statement.execute([]));
        done.map(drop).map_err(|e| Error::from(Fault::from(e)))
    };
    let mark = batch.mark();
    let opened = sql("SAVEPOINT job");
    let failed = opened.is_err();
    match work(opened.map(|()| &mut *batch)) {
        Ok(()) => sql("RELEASE job").map(|()| true),
        // A full disk or an I/O error ends the transaction on SQLite's own account: nothing of this batch is kept.
        Err(error) if failed || db.is_autocommit() => Err(error),
        Err(error) => {
            if error.code == ErrorCode::Internal {
                tracing::error!(%error, details = error.details, "a write failed");
            }
            batch.undo(&mark);
            sql("ROLLBACK TO job")
                .and_then(|()| sql("RELEASE job"))
                .map(|()| false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_core::StatusGroup;

    fn start(db: Connection, path: &Path, events: broadcast::Sender<Event>) -> std::io::Result<Writer> {
        Writer::start(db, path, events, Arc::default(), Arc::default())
    }

    fn keep(batch: &mut Batch<'_>, key: &str) -> Result<(), Fault> {
        batch
            .db
            .execute("INSERT INTO settings (key, value) VALUES (?1, '1')", [key])?;
        batch.functions_changed();
        batch.count(60_000, 1, StatusGroup::Success, 1);
        Ok(())
    }

    #[test]
    fn a_job_that_fails_leaves_nothing_and_spoils_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        let (events, mut listener) = broadcast::channel(8);
        let writer = start(crate::schema::open_writer(&path).unwrap(), &path, events).unwrap();
        let first = writer
            .queue
            .push(Urgency::Lazy, None, |batch| keep(batch, "first"))
            .unwrap();
        let ran = Arc::new(Mutex::new(false));
        let seen = Arc::clone(&ran);
        let failing = writer.queue.push(Urgency::Lazy, None, move |batch| {
            keep(batch, "second")?;
            batch.tokens_changed();
            batch.words.put(7, false, Arc::default());
            batch.after_commit(move || *seen.lock() = true);
            Err::<(), _>(Error::not_found("reason").into())
        });
        let third = writer
            .queue
            .push(Urgency::Durable, None, |batch| keep(batch, "third"))
            .unwrap();
        assert!(first.blocking_recv().unwrap().is_ok() && third.blocking_recv().unwrap().is_ok());
        assert_eq!(
            failing.unwrap().blocking_recv().unwrap().unwrap_err().code,
            ErrorCode::NotFound
        );
        drop(writer);
        let db = crate::schema::open_reader(&path).unwrap();
        let ask = |sql: &str| db.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(ask("SELECT group_concat(key) FROM settings"), "first,third");
        assert_eq!(ask("SELECT group_concat(success) FROM rollups"), "2,2");
        assert_eq!(ask("SELECT CAST(count(*) AS TEXT) FROM words"), "0");
        assert!(!*ran.lock());
        let mut heard = Vec::new();
        while let Ok(event) = listener.try_recv() {
            heard.push(event);
        }
        assert!(!heard.is_empty() && heard.iter().all(|event| matches!(event, Event::Functions { .. })));
    }

    #[test]
    fn a_broken_text_index_costs_no_record() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        let (events, _) = broadcast::channel(8);
        let db = crate::schema::open_writer(&path).unwrap();
        db.execute_batch("DROP TABLE words_data").unwrap();
        let writer = start(db, &path, events).unwrap();
        let run = crate::seed::runs(1, 1, 1_795_237_633_000)
            .unwrap()
            .next()
            .unwrap();
        let prepared = crate::journal::save::Prepared::new(run).unwrap();
        let record = writer.queue.push(Urgency::Lazy, None, move |batch| {
            crate::journal::save::put(batch, &prepared)
        });
        let other = writer
            .queue
            .push(Urgency::Durable, None, |batch| keep(batch, "other"));
        assert!(record.unwrap().blocking_recv().unwrap().is_ok());
        assert!(other.unwrap().blocking_recv().unwrap().is_ok());
        drop(writer);
        let db = crate::schema::open_reader(&path).unwrap();
        let ask = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(ask("SELECT count(*) FROM activations"), 1);
        assert_eq!(ask("SELECT count(*) FROM settings WHERE key = 'other'"), 1);
    }

    #[test]
    fn a_panic_is_an_error_for_everyone_and_no_hang() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        let (events, _) = broadcast::channel(8);
        let writer = start(crate::schema::open_writer(&path).unwrap(), &path, events).unwrap();
        let bad = writer
            .queue
            .push(Urgency::Durable, None, |_| -> Result<(), Fault> {
                panic!("in a job")
            })
            .unwrap();
        assert!(bad.blocking_recv().is_err());
        while !writer.queue.waiting.lock().closed {
            std::thread::yield_now();
        }
        let late = writer
            .queue
            .push(Urgency::Durable, None, |batch| keep(batch, "late"));
        assert_eq!(late.unwrap_err().code, ErrorCode::ShuttingDown);
    }

    #[test]
    fn a_full_disk_is_told_and_the_writer_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        let db = crate::schema::open_writer(&path).unwrap();
        let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        // SQLite's own limit gives the very error that a full disk gives.
        db.query_row(&format!("PRAGMA max_page_count = {}", pages + 4), [], |_| Ok(()))
            .unwrap();
        let (events, _) = broadcast::channel(8);
        let writer = start(db, &path, events).unwrap();
        let small = writer
            .queue
            .push(Urgency::Lazy, None, |batch| keep(batch, "small"))
            .unwrap();
        let large = writer
            .queue
            .push(Urgency::Durable, None, |batch| keep(batch, &"x".repeat(1 << 20)))
            .unwrap();
        let told = large.blocking_recv().unwrap().unwrap_err();
        assert!(told.message.contains("no space left"), "{told:?}");
        // The other was in the same transaction or not: it is told what became of it.
        let kept = small.blocking_recv().unwrap().is_ok();
        let after = writer
            .queue
            .push(Urgency::Durable, None, |batch| keep(batch, "after"))
            .unwrap();
        assert!(after.blocking_recv().unwrap().is_ok());
        drop(writer);
        let db = crate::schema::open_reader(&path).unwrap();
        let keys: String = db
            .query_row("SELECT group_concat(key) FROM settings", [], |row| row.get(0))
            .unwrap();
        assert_eq!(keys, if kept { "after,small" } else { "after" });
    }
}
