//! The readers: a few connections that only read, used off the async threads, each query interruptible.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use beckon_core::{Error, Result};
use parking_lot::Mutex;
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::Semaphore;

use crate::fault::Fault;
use crate::schema;
use crate::writer::stopped;

/// How many queries run at the same time.
const READERS: usize = 4;

/// The pool. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let idle = (0..READERS)
            .map(|_| schema::open_reader(path))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            idle: Arc::new(Mutex::new(idle)),
            turns: Arc::new(Semaphore::new(READERS)),
        })
    }

    /// Runs `query` over one state of the database. Dropping the future interrupts it.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Reader<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| stopped())?;
        let run = Arc::new(Run::default());
        let guard = Interrupt(Arc::clone(&run));
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn; // given back after the connection
            let lease = Lease::take(idle);
            lease
                .db
                .as_ref()
                .map_or(Err(Fault::Cancelled), |db| run.over(db, query))
        });
        let outcome = task.await;
        drop(guard);
        outcome
            .map_err(|e| Error::internal("read its database", e))?
            .map_err(Error::from)
    }
}

/// A connection out of the pool; goes back even when a query panics.
struct Lease {
    db: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Lease {
    fn take(idle: Arc<Mutex<Vec<Connection>>>) -> Self {
        // On its own line: the lock is not held while the query runs.
        let db = idle.lock().pop();
        Self { db, idle }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.idle.lock().extend(self.db.take());
    }
}

/// A query in progress.
#[derive(Default)]
struct Run {
    cancelled: AtomicBool,
    /// Present only while the connection is this query's: an interrupt can never hit the next one.
    handle: Mutex<Option<InterruptHandle>>,
}

impl Run {
    fn over<T>(
        &self,
        db: &Connection,
        query: impl FnOnce(&Reader<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        *self.handle.lock() = Some(db.get_interrupt_handle());
        let outcome = self.in_transaction(db, query);
        *self.handle.lock() = None;
        outcome
    }

    fn in_transaction<T>(
        &self,
        db: &Connection,
        query: impl FnOnce(&Reader<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let reader = Reader {
            db,
            cancelled: &self.cancelled,
        };
        reader.check()?;
        let transaction = db.unchecked_transaction()?;
        let outcome = query(&reader);
        transaction.finish()?;
        outcome
    }
}

struct Interrupt(Arc<Run>);

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.cancelled.store(true, Ordering::Release);
        if let Some(handle) = &*self.0.handle.lock() {
            handle.interrupt();
        }
    }
}

/// What a query works with.
pub(crate) struct Reader<'a> {
    /// The connection, in a transaction.
    pub(crate) db: &'a Connection,
    cancelled: &'a AtomicBool,
}

impl Reader<'_> {
    /// Fails when the caller went away; asked between statements, which an interrupt does not reach.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.cancelled.load(Ordering::Acquire) {
            Err(Fault::Cancelled)
        } else {
            Ok(())
        }
    }
}
