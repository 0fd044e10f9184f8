//! Records of runs that are over, on their way into the journal when there is time for it.
//!
//! Handing one over costs a push; making it, and the statements that it takes, happen on this thread's account and the
//! writer's. Under a burst of calls the thread holds back, so that the calls get the processor and not their records: it
//! works at most a quarter of the time until half of its room is taken, and without a pause from then on.
//! Somebody who reads the journal ends the pauses: every query sees everything handed over before it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use beckon_core::{Activation, ActivationId, Error};
use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::batch::Batch;
use crate::fault::Fault;
use crate::journal::save::{self, Prepared};
use crate::niceness::yield_to_calls;
use crate::pending::Handed;
use crate::writer::{self, Queue, Urgency};

/// How long a record may wait for company.
const LINGER: Duration = Duration::from_millis(20);
/// Most records of one step.
const STEP: usize = 512;
/// What may wait, in KiB: the bound on the memory of a burst.
const ROOM_KIB: u32 = 256 * 1024;
/// Pauses are this many times as long as the work before them.
const REST: u32 = 3;
/// Longest pause.
const LONGEST_REST: Duration = Duration::from_millis(250);
/// After so many records in a row that could not be written, the rest of the step is given up: the disk is full, say.
const MOST_FAILURES: u32 = 8;

type Make = Box<dyn FnOnce() -> Activation + Send>;

struct Entry {
    id: ActivationId,
    make: Make,
    handed: Handed,
    room: OwnedSemaphorePermit,
}

#[derive(Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    /// How many records were handed over, and how many of them are done with.
    pushed: u64,
    done: u64,
    /// Told when so many are done with: all that were handed over by then.
    flushes: Vec<(u64, oneshot::Sender<()>)>,
    /// Whether the thread waits for something to do.
    asleep: bool,
    closed: bool,
}

struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    room: Arc<Semaphore>,
}

impl Shared {
    fn is_half_full(&self) -> bool {
        self.room.available_permits() <= ROOM_KIB as usize / 2
    }
}

/// The thread. Dropping it waits until everything handed over is with the writer.
pub(crate) struct Later {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Later {
    pub(crate) fn start(queue: Arc<Queue>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            wake: Condvar::new(),
            room: Arc::new(Semaphore::new(ROOM_KIB as usize)),
        });
        let own = shared.clone();
        let thread = std::thread::Builder::new()
            .name("beckon-journal".into())
            .spawn(move || {
                let guard = CloseOnExit(own);
                yield_to_calls();
                work(&guard.0, &queue);
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Hands a record over. Waits only when the room is full.
    pub(crate) async fn push(
        &self,
        id: ActivationId,
        weight: usize,
        handed: Handed,
        make: Make,
    ) -> Result<(), Error> {
        let kib = u32::try_from(weight / 1024 + 1)
            .unwrap_or(ROOM_KIB)
            .min(ROOM_KIB / 2);
        let room = Arc::clone(&self.shared.room)
            .acquire_many_owned(kib)
            .await
            .map_err(|_| writer::stopped())?;
        let mut waiting = self.shared.waiting.lock();
        if waiting.closed {
            return Err(writer::stopped());
        }
        waiting.entries.push_back(Entry {
            id,
            make,
            handed,
            room,
        });
        waiting.pushed += 1;
        // The thread lingers after each step: most records find it awake, and are spared the wake-up.
        let asleep = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if asleep || self.shared.is_half_full() {
            self.shared.wake.notify_one();
        }
        Ok(())
    }

    /// Waits until everything handed over so far is committed.
    pub(crate) async fn flush(&self) {
        let (tell, told) = oneshot::channel();
        {
            let mut waiting = self.shared.waiting.lock();
            if waiting.closed {
                return;
            }
            let all = waiting.pushed;
            waiting.flushes.push((all, tell));
        }
        self.shared.wake.notify_one();
        // Fails when the thread has ended, with everything done.
        let _ = told.await;
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        self.shared.waiting.lock().closed = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the journal's thread panicked");
        }
    }
}

/// If the thread panics, nobody waits for it for ever.
struct CloseOnExit(Arc<Shared>);

impl Drop for CloseOnExit {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting.lock();
        waiting.closed = true;
        waiting.flushes.clear();
        self.0.room.close();
    }
}

fn work(shared: &Shared, queue: &Queue) {
    let mut rest = Duration::ZERO;
    loop {
        let mut waiting = shared.waiting.lock();
        while waiting.entries.is_empty() && waiting.flushes.is_empty() && !waiting.closed {
            waiting.asleep = true;
            shared.wake.wait(&mut waiting);
        }
        waiting.asleep = false;
        let until = Instant::now() + rest.max(LINGER);
        while waiting.flushes.is_empty()
            && !waiting.closed
            && !shared.is_half_full()
            && !shared.wake.wait_until(&mut waiting, until).timed_out()
        {}
        let count = waiting.entries.len().min(STEP);
        let step: Vec<Entry> = waiting.entries.drain(..count).collect();
        let over = waiting.closed && waiting.entries.is_empty();
        drop(waiting);
        let began = Instant::now();
        hand_over(step, queue);
        let mut waiting = shared.waiting.lock();
        waiting.done += count as u64;
        let done = waiting.done;
        for (_, tell) in waiting.flushes.extract_if(.., |(all, _)| *all <= done) {
            let _ = tell.send(());
        }
        drop(waiting);
        if over {
            return;
        }
        rest = (began.elapsed() * REST).min(LONGEST_REST);
    }
}

/// Makes the records and waits until they are committed. All of them are one job, with one savepoint; if that fails, each
/// is tried on its own, so that one which cannot be written takes no other along.
fn hand_over(step: Vec<Entry>, queue: &Queue) {
    let mut records = Vec::with_capacity(step.len());
    // Given back at the end.
    let mut held = Vec::with_capacity(step.len());
    for Entry {
        id,
        make,
        handed,
        room,
    } in step
    {
        match Prepared::new(make()) {
            Ok(prepared) => records.push(Arc::new(prepared)),
            Err(fault) => tracing::error!(%id, error = %Error::from(fault), "a record could not be made"),
        }
        held.push((handed, room));
    }
    if records.is_empty() {
        return;
    }
    let all = records.clone();
    let written = write(queue, move |batch| {
        all.iter().try_for_each(|prepared| save::put(batch, prepared))
    });
    if written.is_ok() {
        return;
    }
    let mut failures = 0;
    for prepared in records {
        let id = prepared.activation.summary.id;
        if failures == MOST_FAILURES {
            tracing::error!(%id, "a record was not written, like those before it");
            continue;
        }
        match write(queue, move |batch| save::put(batch, &prepared)) {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                tracing::error!(%id, %error, "a record could not be written");
            }
        }
    }
}

/// Returns once it is committed.
fn write(
    queue: &Queue,
    work: impl FnOnce(&mut Batch<'_>) -> Result<(), Fault> + Send + 'static,
) -> Result<(), Error> {
    let answer = queue.push(Urgency::Lazy, None, work)?;
    queue.hurry();
    answer.blocking_recv().map_err(|_| writer::stopped())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pending::Pending;
    use crate::writer::Writer;
    use tokio::sync::broadcast;

    #[tokio::test]
    async fn one_that_cannot_be_written_takes_no_other_along() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        let db = crate::schema::open_writer(&path).unwrap();
        db.execute_batch(
            "CREATE TEMP TRIGGER refused BEFORE INSERT ON bodies WHEN NEW.subject = 'refused'
             BEGIN SELECT RAISE (ABORT, 'refused'); END",
        )
        .unwrap();
        let writer =
            Writer::start(db, &path, broadcast::channel(8).0, Arc::default(), Arc::default()).unwrap();
        let later = Later::start(Arc::clone(&writer.queue)).unwrap();
        let pending = Pending::default();
        let mut runs: Vec<_> = crate::seed::runs(1, 5, 1_795_237_633_000).unwrap().collect();
        runs[2].subject = "refused".into();
        let refused = runs[2].summary.id;
        for run in runs {
            let id = run.summary.id;
            let make = Box::new(move || run);
            later.push(id, 0, pending.note(id), make).await.unwrap();
        }
        later.flush().await;
        assert!(pending.is_empty());
        drop((later, writer));
        let db = crate::schema::open_reader(&path).unwrap();
        let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM activations"), 4);
        assert_eq!(count("SELECT count(*) FROM bodies"), 4);
        assert_eq!(count("SELECT count(*) FROM words"), 4);
        let known = save::known(&db, refused);
        assert!(known.unwrap().is_none());
    }
}
