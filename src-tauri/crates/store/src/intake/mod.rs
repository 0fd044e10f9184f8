//! Accepted runs on their way into the database: on disk before their caller is told, in a file of their own, and in
//! SQLite soon after.
//!
//! A run is some twenty pages of the database, in half a dozen tables and indexes. To write them for each run on its own,
//! while a caller waits, takes three times as long as the disk does. So a caller waits for a line in a file, which is all
//! that a promise needs; the pages follow in a transaction with those of the runs around it.
//!
//! ```text
//! accept ─▶ log (fdatasync) ─▶ logged ─▶ the writer's next transaction, whatever that is for
//!              └▶ the caller, the queue
//! ```
//!
//! Every transaction takes in what is logged before its own jobs, so whoever writes, or reads after a flush, finds the
//! run there. The last one's `seq` is kept in the same transaction: after a crash the file's later entries are taken in,
//! and no earlier one is, though its record may have been removed meanwhile.

pub(crate) mod log;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;

use beckon_core::{Activation, ActivationId, Error, FunctionKey, LOCAL, LostPolicy};
use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::batch::Batch;
use crate::fault::Fault;
use crate::journal::save::{self, Prepared, id_bytes};
use crate::pending::{Handed, Pending};
use crate::words::word;
use crate::writer::{self, Queue, Urgency};
use log::{Entry, Log};

/// Added to the database's name.
const SUFFIX: &str = "-accepted";
/// Longest text of an entry, in bytes; a larger run goes into the database at once.
pub(crate) const LARGEST: usize = 256 * 1024;
/// Most runs that are logged together.
const MOST: usize = 512;

/// A run as it is in the file.
#[derive(Serialize, Deserialize)]
struct Line<A> {
    activation: A,
    policy: LostPolicy,
    call_id: Option<String>,
}

/// An accepted run.
pub(crate) struct Slip {
    pub(crate) prepared: Prepared,
    /// Whose line it waits in: the function that runs, whatever name that was called by.
    pub(crate) target: FunctionKey,
    pub(crate) policy: LostPolicy,
    pub(crate) call_id: Option<String>,
}

/// A run as the text of its entry.
pub(crate) fn text(
    activation: &Activation,
    policy: LostPolicy,
    call_id: Option<&str>,
) -> Result<Vec<u8>, Error> {
    let line = Line {
        activation,
        policy,
        call_id: call_id.map(str::to_owned),
    };
    serde_json::to_vec(&line).map_err(|e| Error::internal("log an accepted run", e))
}

impl Slip {
    /// Puts the run into the journal and the queue, at that place in the order of arrival. `Conflict` when the journal has
    /// a run with this id.
    pub(crate) fn put(&self, batch: &mut Batch<'_>, seq: i64) -> Result<(), Fault> {
        let (row, _) = save::insert(batch, &self.prepared)?;
        let place = batch.place(LOCAL, self.target.namespace.as_str(), self.target.name.as_str())?;
        batch
            .db
            .prepare_cached(
                "INSERT INTO queue (seq, id, place, policy, call_id) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                seq,
                id_bytes(row),
                place,
                word(self.policy)?,
                self.call_id
            ])?;
        Ok(())
    }
}

/// A run that is logged, and in no transaction yet.
pub(crate) struct Logged {
    seq: i64,
    slip: Slip,
    /// Both are given back when it is in the database.
    _handed: Handed,
    _room: Option<OwnedSemaphorePermit>,
}

/// What the file has and the database has not, in the order of arrival.
#[derive(Default)]
pub(crate) struct Shelf {
    logged: Mutex<VecDeque<Logged>>,
    /// The file, where this program has it.
    log: Mutex<Option<Log>>,
    /// Whether an fsync of the database failed: what is in the file may be nowhere else.
    doubtful: AtomicBool,
}

/// Runs in a transaction that is not committed yet.
#[derive(Default)]
pub(crate) struct Taken(VecDeque<Logged>);

impl Shelf {
    pub(crate) fn is_empty(&self) -> bool {
        self.logged.lock().is_empty()
    }

    /// Takes what is logged, to be put into a transaction.
    pub(crate) fn take(&self) -> Taken {
        Taken(std::mem::take(&mut *self.logged.lock()))
    }

    /// That transaction is lost.
    pub(crate) fn put_back(&self, taken: Taken) {
        let mut logged = self.logged.lock();
        let later = std::mem::replace(&mut *logged, taken.0);
        logged.extend(later);
    }

    /// What the database says to have may not be on disk.
    pub(crate) fn distrust(&self) {
        self.doubtful.store(true, Ordering::Relaxed);
    }

    /// Everything is in the database, and durable there: the file is not needed any more.
    pub(crate) fn close(&self) {
        if self.doubtful.load(Ordering::Relaxed) {
            return;
        }
        if let Some(log) = self.log.lock().take()
            && let Err(error) = log.remove()
        {
            tracing::warn!(%error, "the file of accepted runs could not be removed");
        }
    }
}

impl Taken {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The runs, oldest first.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &Logged> {
        self.0.iter()
    }

    /// Says, in the same transaction, how far the file is known to the database.
    pub(crate) fn note(&self, batch: &Batch<'_>) -> Result<(), Fault> {
        let last = self.0.back().map(|logged| logged.seq);
        batch
            .db
            .prepare_cached("UPDATE intake SET last = ?1")?
            .execute([last])?;
        Ok(())
    }
}

impl Logged {
    pub(crate) fn put(&self, batch: &mut Batch<'_>) -> Result<(), Fault> {
        self.slip.put(batch, self.seq)
    }

    /// The same behind all others: another program, which has the database open as well, gave its place to another run.
    pub(crate) fn put_behind(&self, batch: &mut Batch<'_>) -> Result<(), Fault> {
        let seq = batch.arrive()?;
        self.slip.put(batch, seq)
    }

    pub(crate) fn id(&self) -> ActivationId {
        self.slip.prepared.activation.summary.id
    }
}

/// Told the place in the order of arrival as soon as the run is on disk, whether or not the caller is still there.
pub(crate) type Arrived = Box<dyn FnOnce(i64) + Send>;

/// What a caller waits for.
pub(crate) struct Ask {
    pub(crate) slip: Slip,
    /// The run as its entry's text.
    pub(crate) text: Vec<u8>,
    pub(crate) arrived: Arrived,
    pub(crate) handed: Handed,
    pub(crate) room: OwnedSemaphorePermit,
}

type Answer = oneshot::Sender<Result<(), Box<Ask>>>;

#[derive(Default)]
struct Waiting {
    asks: Vec<(Ask, Answer)>,
    closed: bool,
}

struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    shelf: Arc<Shelf>,
    queue: Arc<Queue>,
    /// The next place in the order of arrival.
    seqs: Arc<AtomicI64>,
    /// Whether runs are logged at all.
    open: AtomicBool,
}

/// The thread that logs. Dropping it waits until all that were handed over are logged.
pub(crate) struct Intake {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What was found of the runs accepted before.
pub(crate) struct Found {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) seqs: Arc<AtomicI64>,
}

/// Opens the file that belongs to the database at `path`, and takes up what a crash left in it.
pub(crate) fn find(db: &Connection, path: &Path, pending: &Pending) -> Result<Found, Fault> {
    let failed = |error| Fault::from(Error::internal("open its accepted runs", error));
    let mut name = path.as_os_str().to_owned();
    name.push(SUFFIX);
    let known: i64 = db.query_row("SELECT last FROM intake", [], |row| row.get(0))?;
    let mut next = highest(db)?.max(known) + 1;
    let mut shelf = Shelf::default();
    match Log::open(Path::new(&name)).map_err(failed)? {
        None => tracing::info!("another program has this database open as well"),
        Some((log, entries)) => {
            next = entries.last().map_or(next, |entry| next.max(entry.seq + 1));
            let new = entries.iter().filter(|entry| entry.seq > known);
            shelf.logged = Mutex::new(new.filter_map(|entry| restored(entry, pending)).collect());
            shelf.log = Mutex::new(Some(log));
        }
    }
    Ok(Found {
        shelf: Arc::new(shelf),
        seqs: Arc::new(AtomicI64::new(next)),
    })
}

/// The highest place that the queue ever gave.
pub(crate) fn highest(db: &Connection) -> Result<i64, Fault> {
    Ok(db
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'queue'")?
        .query_row([], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

fn restored(entry: &Entry, pending: &Pending) -> Option<Logged> {
    let read = serde_json::from_slice(&entry.text)
        .map_err(|error| Fault::unreadable("accepted run", error))
        .and_then(|line: Line<Activation>| {
            Ok(Slip {
                target: line.activation.target(),
                prepared: Prepared::new(line.activation)?,
                policy: line.policy,
                call_id: line.call_id,
            })
        });
    match read {
        Ok(slip) => Some(Logged {
            seq: entry.seq,
            _handed: pending.note(slip.prepared.activation.summary.id),
            _room: None,
            slip,
        }),
        Err(error) => {
            tracing::error!(%error, seq = entry.seq, "an accepted run is lost");
            None
        }
    }
}

impl Intake {
    pub(crate) fn start(found: Found, queue: Arc<Queue>) -> std::io::Result<Self> {
        let Found { shelf, seqs } = found;
        let open = shelf.log.lock().is_some();
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            wake: Condvar::new(),
            shelf,
            queue,
            seqs,
            open: AtomicBool::new(open),
        });
        let own = shared.clone();
        let thread = std::thread::Builder::new()
            .name("beckon-intake".into())
            .spawn(move || {
                let guard = CloseOnExit(own);
                guard.0.work();
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Whether [`Intake::accept`] is worth a try.
    pub(crate) fn is_open(&self) -> bool {
        self.shared.open.load(Ordering::Relaxed)
    }

    /// Returns when the run is on disk; gives it back where that cannot be done here.
    pub(crate) async fn accept(&self, ask: Ask) -> Result<Result<(), Box<Ask>>, Error> {
        let (answer, answered) = oneshot::channel();
        {
            let mut waiting = self.shared.waiting.lock();
            if waiting.closed {
                return Err(writer::stopped());
            }
            waiting.asks.push((ask, answer));
        }
        self.shared.wake.notify_one();
        answered.await.map_err(|_| writer::stopped())
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.shared.waiting.lock().closed = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the thread that logs accepted runs panicked");
        }
    }
}

/// If the thread panics, nobody waits for it for ever.
struct CloseOnExit(Arc<Shared>);

impl Drop for CloseOnExit {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting.lock();
        waiting.closed = true;
        waiting.asks.clear();
    }
}

impl Shared {
    fn work(&self) {
        let mut bytes = Vec::new();
        loop {
            let asks: Vec<_> = {
                let mut waiting = self.waiting.lock();
                while waiting.asks.is_empty() {
                    if waiting.closed {
                        return;
                    }
                    self.wake.wait(&mut waiting);
                }
                let count = waiting.asks.len().min(MOST);
                waiting.asks.drain(..count).collect()
            };
            match self.log(&mut bytes, &asks) {
                Some(seqs) => self.logged(seqs, asks),
                None => asks.into_iter().for_each(|(ask, answer)| {
                    let _ = answer.send(Err(Box::new(ask)));
                }),
            }
        }
    }

    /// Puts them on disk; returns their places. `None` where that cannot be done.
    fn log(&self, bytes: &mut Vec<u8>, asks: &[(Ask, Answer)]) -> Option<std::ops::Range<i64>> {
        let mut log = self.shelf.log.lock();
        let log = log.as_mut().filter(|_| self.is_open())?;
        if log.is_full() {
            self.make_room(log)?;
        }
        let length = asks.iter().map(|(ask, _)| log::length(&ask.text)).sum();
        if let Err(error) = log.reserve(length) {
            tracing::warn!(%error, "the file of accepted runs cannot grow");
            return None;
        }
        let first = self.seqs.fetch_add(asks.len() as i64, Ordering::Relaxed);
        bytes.clear();
        for (seq, (ask, _)) in (first..).zip(asks) {
            log::entry(bytes, seq, &ask.text);
        }
        if let Err(error) = log.append(bytes) {
            // What a failed fsync left on disk nobody knows: nothing more is entrusted to this file.
            tracing::error!(%error, "accepted runs cannot be logged; they are written to the database at once");
            self.open.store(false, Ordering::Relaxed);
            return None;
        }
        Some(first..first + asks.len() as i64)
    }

    /// Waits until the database has, for good, what the file has.
    fn make_room(&self, log: &mut Log) -> Option<()> {
        let flushed = self.queue.push(Urgency::Durable, None, |_| Ok(()));
        let flushed = flushed.and_then(|answer| answer.blocking_recv().map_err(|_| writer::stopped())?);
        // A full disk: the caller is told by the database.
        if flushed.is_err() || !self.shelf.is_empty() || self.shelf.doubtful.load(Ordering::Relaxed) {
            return None;
        }
        log.begin_again();
        Some(())
    }

    /// They are on disk: now it may be told.
    fn logged(&self, seqs: std::ops::Range<i64>, asks: Vec<(Ask, Answer)>) {
        let mut told = Vec::with_capacity(asks.len());
        {
            let mut logged = self.shelf.logged.lock();
            for (seq, (ask, answer)) in seqs.zip(asks) {
                logged.push_back(Logged {
                    seq,
                    slip: ask.slip,
                    _handed: ask.handed,
                    _room: Some(ask.room),
                });
                told.push((seq, ask.arrived, answer));
            }
        }
        for (seq, arrived, answer) in told {
            arrived(seq);
            let _ = answer.send(Ok(()));
        }
        self.queue.nudge();
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::journal::load;
    use crate::writer::Writer;
    use beckon_core::{Clock, JsonText, Mode, Status};
    use tokio::sync::broadcast;

    fn run() -> Activation {
        let mut run = crate::seed::runs(1, 1, 1_795_237_633_000)
            .unwrap()
            .next()
            .unwrap();
        run.summary.id = ActivationId::new();
        run.summary.status = Status::Queued;
        run.summary.mode = Mode::NonBlocking;
        run
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_is_no_reason_to_refuse() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        let store = Store::open(&path, Clock::system()).await.unwrap();
        let read_only = Log::read_only(&directory.path().join("beckon.db-accepted"));
        *store.inner.intake.shared.shelf.log.lock() = Some(read_only);
        for open in [true, false] {
            assert_eq!(store.inner.intake.is_open(), open);
            let run = run();
            let id = run.summary.id;
            store.accept(run, LostPolicy::Record, drop).await.unwrap();
            assert!(store.activation(id).await.unwrap().is_some());
        }
        assert_eq!(store.queue_depth().await.unwrap(), 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_the_database_has_no_room_for_is_taken_in_when_it_has() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        let db = crate::schema::open_writer(&path).unwrap();
        let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        // SQLite's own limit gives the very error that a full disk gives.
        let limit = |db: &Connection, pages: i64| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            db.query_row(&sql, [], |_| Ok(())).unwrap();
        };
        limit(&db, pages + 2);
        let pending = Pending::default();
        let found = find(&db, &path, &pending).unwrap();
        let (shelf, seqs) = (found.shelf.clone(), found.seqs.clone());
        let writer = Writer::start(db, &path, broadcast::channel(8).0, shelf, seqs).unwrap();
        let intake = Intake::start(found, writer.queue.clone()).unwrap();
        let mut run = run();
        let noise: String = (0..40_000)
            .map(|n: u32| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26))
            .collect();
        run.input = Some(JsonText::from_value(&noise.into()));
        let id = run.summary.id;
        let ask = Ask {
            text: text(&run, LostPolicy::Retry, None).unwrap(),
            slip: Slip {
                target: run.target(),
                prepared: Prepared::new(run).unwrap(),
                policy: LostPolicy::Retry,
                call_id: None,
            },
            arrived: Box::new(drop),
            handed: pending.note(id),
            room: writer.queue.room(0).await.unwrap(),
        };
        assert!(intake.accept(ask).await.unwrap().is_ok());
        let ask = |raise: bool| {
            let asked = writer.queue.push(Urgency::Durable, None, move |batch| {
                if raise {
                    limit(batch.db, pages + 1000);
                }
                Ok((batch.behind, load::activation(batch.db, id)?.is_some()))
            });
            tokio::task::block_in_place(|| asked.unwrap().blocking_recv().unwrap())
        };
        // Whoever is in the transaction that fails is told.
        if let Err(error) = ask(false) {
            assert!(error.message.contains("no space left"), "{error:?}");
        }
        assert_eq!(ask(true).unwrap(), (true, false));
        assert!(pending.holds(id));
        while pending.holds(id) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(ask(false).unwrap(), (false, true));
    }
}
