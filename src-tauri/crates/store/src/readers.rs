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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Takes seconds, so that a query that is not interrupted fails the test instead of hanging it.
    const LONG: &str =
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 20000000)
         SELECT max(n) FROM numbers";

    fn readers() -> (tempfile::TempDir, Readers) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        drop(schema::open_writer(&path).unwrap());
        (directory, Readers::open(&path).unwrap())
    }

    #[tokio::test]
    async fn a_dropped_query_stops_and_the_next_one_is_not_hit() {
        let (_directory, readers) = readers();
        let (sender, mut stopped) = tokio::sync::mpsc::unbounded_channel();
        for _ in 0..3 * READERS {
            let sender = sender.clone();
            let long = readers.read(move |reader| {
                let outcome = reader.db.query_row(LONG, [], |row| row.get::<_, i64>(0));
                let _ = sender.send(outcome.is_err());
                Ok(outcome?)
            });
            assert!(
                tokio::time::timeout(Duration::from_millis(20), long)
                    .await
                    .is_err()
            );
            let next =
                readers.read(|reader| Ok(reader.db.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?));
            assert_eq!(next.await.unwrap(), 1);
        }
        drop(sender);
        while let Some(interrupted) = stopped.recv().await {
            assert!(interrupted);
        }
    }

    #[tokio::test]
    async fn a_reader_cannot_write_and_survives_a_panic() {
        let (_directory, readers) = readers();
        for _ in 0..2 * READERS {
            let panicked = readers
                .read(|_| -> Result<(), Fault> { panic!("in a query") })
                .await;
            assert_eq!(panicked.unwrap_err().code, beckon_core::ErrorCode::Internal);
            let written = readers
                .read(|reader| Ok(reader.db.execute("DELETE FROM settings", [])?))
                .await;
            assert!(written.unwrap_err().details.unwrap().contains("readonly"));
        }
    }
}
