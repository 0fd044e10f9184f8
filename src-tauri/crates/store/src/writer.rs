//! The one writer: a thread that takes everything waiting, commits it as one transaction, and only then answers.
//!
//! A commit is an fsync, which takes far longer than the writes in it; callers that arrive during one share the next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use beckon_core::{Error, ErrorCode, Event};
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast, oneshot};

use crate::batch::{Batch, Memory};
use crate::fault::Fault;

/// How long a lazy job may wait for company.
const LINGER: Duration = Duration::from_millis(20);
/// How many lazy jobs are enough company.
const ENOUGH: usize = 256;
/// Most jobs of one transaction, so that nobody waits long for its commit.
const MOST: usize = 2048;
/// What may wait to be written, in KiB: the bound on the memory of the queue.
const ROOM_KIB: u32 = 64 * 1024;

/// When a job's transaction must be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// At once: somebody waits for the fsync.
    Durable,
    /// Within [`LINGER`].
    Lazy,
}

/// Tells a job's owner, after the commit. Carries the reason when the transaction failed as a whole.
type Answer = Box<dyn FnOnce(Option<Error>) + Send>;
/// Does the job in a transaction, or is told why there is none.
type Run = Box<dyn FnOnce(Result<&mut Batch<'_>, Error>) -> (Result<(), Error>, Answer) + Send>;

struct Job {
    run: Run,
    /// Its share of the room, given back when the job is done.
    room: Option<OwnedSemaphorePermit>,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    urgent: bool,
    since: Option<Instant>,
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
        let kib = u32::try_from(bytes / 1024 + 1)
            .unwrap_or(ROOM_KIB)
            .min(ROOM_KIB / 2);
        let room = Arc::clone(&self.room)
            .acquire_many_owned(kib)
            .await
            .map_err(|_| stopped())?;
        self.push(urgency, Some(room), work)
    }

    /// Hands over a small job from where nothing can wait; its owner keeps such jobs rare.
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
        waiting.jobs.push_back(Job { run, room });
        waiting.urgent |= urgency == Urgency::Durable;
        let first = waiting.since.is_none();
        waiting.since.get_or_insert_with(Instant::now);
        if first || waiting.urgent || waiting.jobs.len() >= ENOUGH {
            self.wake.notify_one();
        }
        Ok(receiver)
    }

    /// What waits is to be committed now: enough has come together.
    pub(crate) fn hurry(&self) {
        self.waiting.lock().urgent = true;
        self.wake.notify_one();
    }

    /// No more jobs; those handed over are still done.
    fn close(&self) {
        self.waiting.lock().closed = true;
        self.room.close();
        self.wake.notify_one();
    }

    /// Waits for work and takes it. `None` when closed and empty.
    fn take(&self) -> Option<VecDeque<Job>> {
        let mut waiting = self.waiting.lock();
        loop {
            let Some(since) = waiting.since else {
                if waiting.closed {
                    return None;
                }
                self.wake.wait(&mut waiting);
                continue;
            };
            let full = waiting.jobs.len() >= ENOUGH;
            if waiting.urgent || waiting.closed || full || since.elapsed() >= LINGER {
                break;
            }
            self.wake.wait_until(&mut waiting, since + LINGER);
        }
        let count = waiting.jobs.len().min(MOST);
        let jobs: VecDeque<Job> = waiting.jobs.drain(..count).collect();
        if waiting.jobs.is_empty() {
            waiting.since = None;
            waiting.urgent = false;
        }
        Some(jobs)
    }
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
    pub(crate) fn start(db: Connection, events: broadcast::Sender<Event>) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new());
        let own = Arc::clone(&queue);
        let memory = Memory::default();
        let due = Arc::clone(&memory.due);
        let thread = std::thread::Builder::new()
            .name("beckon-store".into())
            .spawn(move || {
                let guard = CloseOnExit(own);
                Thread { db, events, memory }.work(&guard.0);
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
}

impl Thread {
    fn work(mut self, queue: &Queue) {
        while let Some(mut jobs) = queue.take() {
            while !jobs.is_empty() {
                self.transaction(&mut jobs);
            }
        }
        if let Err(error) = self
            .db
            .execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(PASSIVE);")
        {
            tracing::warn!(%error, "the database could not be tidied up");
        }
    }

    /// Runs jobs from the front until there are none or SQLite gave the transaction up, then commits and answers.
    fn transaction(&mut self, jobs: &mut VecDeque<Job>) {
        if let Err(cause) = self.db.execute_batch("BEGIN IMMEDIATE") {
            let error = Error::from(Fault::from(cause));
            tracing::error!(%error, details = error.details, "no transaction could be started");
            for job in jobs.drain(..) {
                let (_, answer) = (job.run)(Err(error.clone()));
                answer(None);
            }
            return;
        }
        let mut answers = Vec::with_capacity(jobs.len());
        let mut rooms = Vec::with_capacity(jobs.len());
        let mut batch = Batch::new(&self.db, &mut self.memory);
        let mut outcome = Ok(());
        while let Some(job) = jobs.pop_front() {
            rooms.extend(job.room);
            outcome = step(&self.db, &mut batch, job.run, &mut answers);
            if outcome.is_err() {
                break;
            }
        }
        let committed = outcome.and_then(|()| {
            batch.close()?;
            self.db.execute_batch("COMMIT").map_err(|e| Fault::from(e).into())
        });
        match committed {
            Ok(()) => {
                batch.finish().publish(&self.events);
                answers.into_iter().for_each(|answer| answer(None));
            }
            Err(error) => {
                batch.abandon();
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

/// One job in its savepoint. Fails only when the whole transaction is lost.
fn step(db: &Connection, batch: &mut Batch<'_>, run: Run, answers: &mut Vec<Answer>) -> Result<(), Error> {
    let sql = |text: &str| db.execute_batch(text).map_err(|e| Error::from(Fault::from(e)));
    let mark = batch.mark();
    let opened = sql("SAVEPOINT job");
    let failed = opened.is_err();
    let (state, answer) = run(opened.map(|()| &mut *batch));
    answers.push(answer);
    match state {
        Ok(()) => sql("RELEASE job"),
        // A full disk or an I/O error ends the transaction on SQLite's own account: nothing of this batch is kept.
        Err(error) if failed || db.is_autocommit() => Err(error),
        Err(error) => {
            if error.code == ErrorCode::Internal {
                tracing::error!(%error, details = error.details, "a write failed");
            }
            batch.undo(&mark);
            sql("ROLLBACK TO job; RELEASE job")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_core::StatusGroup;

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
        let writer = Writer::start(crate::schema::open_writer(&path).unwrap(), events).unwrap();
        let first = writer
            .queue
            .push(Urgency::Lazy, None, |batch| keep(batch, "first"))
            .unwrap();
        let ran = Arc::new(Mutex::new(false));
        let seen = Arc::clone(&ran);
        let failing = writer.queue.push(Urgency::Lazy, None, move |batch| {
            keep(batch, "second")?;
            batch.tokens_changed();
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
        assert!(!*ran.lock());
        let mut heard = Vec::new();
        while let Ok(event) = listener.try_recv() {
            heard.push(event);
        }
        assert!(!heard.is_empty() && heard.iter().all(|event| matches!(event, Event::Functions { .. })));
    }

    #[test]
    fn a_panic_is_an_error_for_everyone_and_no_hang() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        let (events, _) = broadcast::channel(8);
        let writer = Writer::start(crate::schema::open_writer(&path).unwrap(), events).unwrap();
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
        let writer = Writer::start(db, events).unwrap();
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
