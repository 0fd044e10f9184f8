//! Records of runs that are over, on their way into the journal when there is time for it.
//!
//! Handing one over costs a push; making it, and the dozen statements that it takes, happen on this thread's account and
//! the writer's. Under a burst of calls the thread holds back, so that the calls get the processor and not their
//! records: it works at most a quarter of the time until half of its room is taken, and without a pause from then on.
//! Somebody who reads the journal ends the pauses: every query sees everything handed over before it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use beckon_core::{Activation, ActivationId, Error};
use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::journal::save::{self, Prepared};
use crate::pending::Handed;
use crate::writer::{self, Queue, Urgency};

/// How long a record may wait for company.
const LINGER: Duration = Duration::from_millis(20);
/// Most records of one step.
const STEP: usize = 512;
/// What may wait, in KiB: the bound on the memory of a burst.
const ROOM_KIB: u32 = 128 * 1024;
/// Pauses are this many times as long as the work before them.
const REST: u32 = 3;
/// Longest pause.
const LONGEST_REST: Duration = Duration::from_millis(250);

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
    /// Told when everything that was there has been committed.
    flushes: Vec<oneshot::Sender<()>>,
    /// Whether the thread waits for something to do.
    asleep: bool,
    closed: bool,
}

struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    room: Arc<Semaphore>,
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
            .spawn(move || work(&own, &queue))?;
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
        // The thread lingers after each step: most records find it awake, and are spared the wake-up.
        if waiting.asleep {
            waiting.asleep = false;
            drop(waiting);
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
            waiting.flushes.push(tell);
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
            && shared.room.available_permits() > ROOM_KIB as usize / 2
            && !shared.wake.wait_until(&mut waiting, until).timed_out()
        {}
        let count = waiting.entries.len().min(STEP);
        let step: Vec<Entry> = waiting.entries.drain(..count).collect();
        let flushes = if waiting.entries.is_empty() {
            std::mem::take(&mut waiting.flushes)
        } else {
            Vec::new()
        };
        let over = waiting.closed && waiting.entries.is_empty();
        drop(waiting);
        let began = Instant::now();
        hand_over(step, queue);
        for tell in flushes {
            let _ = tell.send(());
        }
        if over {
            return;
        }
        rest = (began.elapsed() * REST).min(LONGEST_REST);
    }
}

/// Makes the records and waits until they are committed.
fn hand_over(step: Vec<Entry>, queue: &Queue) {
    let mut last = None;
    for Entry {
        id,
        make,
        handed,
        room,
    } in step
    {
        let prepared = match Prepared::new(make()) {
            Ok(prepared) => prepared,
            Err(fault) => {
                tracing::error!(%id, error = %Error::from(fault), "a record could not be made");
                continue;
            }
        };
        let written = queue.push(Urgency::Lazy, Some(room), move |batch| {
            // Dropped with the job's answer, that is after the commit.
            let outcome = save::put(batch, prepared);
            batch.after_commit(move || drop(handed));
            outcome.map(drop)
        });
        last = written.ok().or(last);
    }
    if let Some(last) = last {
        queue.hurry();
        let _ = last.blocking_recv();
    }
}
