//! What a write job works with: the open transaction, and what is to be told and done once it is committed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use beckon_core::{ActivationSummary, Error, ErrorCode, Event, LOCAL, StatusGroup};
use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::{Notify, broadcast};

use crate::fault::Fault;
use crate::intake;
use crate::journal::plan::bounds;
use crate::journal::{index, rollup};

/// Most rows of one event, so that no listener gets a message of megabytes.
const ROWS_PER_EVENT: usize = 200;

/// Of so many milliseconds the last number is remembered.
const NUMBERS: usize = 256;

/// What the writer remembers between transactions.
pub(crate) struct Memory {
    /// Numbers of (connection, namespace, function).
    places: HashMap<(String, String, String), i64>,
    /// The newest number of a millisecond, of some of the last ones.
    numbers: HashMap<i64, i64>,
    /// How many callbacks are owed; `None` when that must be looked up. While none is, no run pays for the question.
    owing: Option<i64>,
    /// Told when there may be a delivery to make.
    pub(crate) due: Arc<Notify>,
    /// The next place in the order of arrival.
    seqs: Arc<AtomicI64>,
}

impl Memory {
    pub(crate) fn new(seqs: Arc<AtomicI64>) -> Self {
        Self {
            places: HashMap::new(),
            numbers: HashMap::new(),
            owing: None,
            due: Arc::default(),
            seqs,
        }
    }
}

type Effect = Box<dyn FnOnce() + Send>;

/// What changed, to be published after the commit.
#[derive(Default)]
pub(crate) struct Changes {
    rows: Vec<ActivationSummary>,
    effects: Vec<Effect>,
    functions: bool,
    tokens: bool,
    connections: bool,
    queues: bool,
    deliveries: bool,
    inboxes: bool,
}

impl Changes {
    /// Brings memory in step, then tells the listeners.
    pub(crate) fn publish(self, events: &broadcast::Sender<Event>) {
        self.effects.into_iter().for_each(|effect| effect());
        if events.receiver_count() == 0 {
            return;
        }
        let send = |event| {
            let _ = events.send(event); // fails only when the last listener has just gone
        };
        let mut rows = latest(self.rows);
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(ROWS_PER_EVENT));
            send(Event::Activations {
                rows: std::mem::replace(&mut rows, rest),
            });
        }
        if self.functions {
            send(Event::Functions {
                connection: LOCAL.to_owned(),
            });
        }
        if self.tokens {
            send(Event::Tokens);
        }
        if self.connections {
            send(Event::Connections);
        }
        if self.queues {
            send(Event::Queues);
        }
        if self.deliveries {
            send(Event::Deliveries);
        }
        if self.inboxes {
            send(Event::Inboxes);
        }
    }
}

/// Only the last state of each run, in the order of the last changes.
fn latest(rows: Vec<ActivationSummary>) -> Vec<ActivationSummary> {
    let mut seen = std::collections::HashSet::with_capacity(rows.len());
    let mut kept: Vec<_> = rows.into_iter().rev().filter(|row| seen.insert(row.id)).collect();
    kept.reverse();
    kept
}

/// Where a job began, to take back what it noted if it fails.
pub(crate) struct Mark {
    rows: usize,
    effects: usize,
    functions: bool,
    tokens: bool,
    connections: bool,
    queues: bool,
    deliveries: bool,
    inboxes: bool,
    words: usize,
}

/// One transaction.
pub(crate) struct Batch<'a> {
    /// The connection that the transaction is open on.
    pub(crate) db: &'a Connection,
    memory: &'a mut Memory,
    changes: Changes,
    /// The text index.
    pub(crate) words: index::Index,
    /// What the current job counted.
    rollups: HashMap<rollup::Key, i64>,
    /// What the jobs before it counted.
    totals: HashMap<rollup::Key, i64>,
    /// Whether accepted runs could not be taken in: what is not there may be one of them.
    pub(crate) behind: bool,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(db: &'a Connection, memory: &'a mut Memory) -> Self {
        Self {
            db,
            memory,
            changes: Changes::default(),
            words: index::Index::default(),
            rollups: HashMap::new(),
            totals: HashMap::new(),
            behind: false,
        }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            rows: self.changes.rows.len(),
            effects: self.changes.effects.len(),
            functions: self.changes.functions,
            tokens: self.changes.tokens,
            connections: self.changes.connections,
            queues: self.changes.queues,
            deliveries: self.changes.deliveries,
            inboxes: self.changes.inboxes,
            words: self.words.mark(),
        }
    }

    /// Forgets what was noted since `mark`.
    pub(crate) fn undo(&mut self, mark: &Mark) {
        self.changes.rows.truncate(mark.rows);
        self.changes.effects.truncate(mark.effects);
        self.changes.functions = mark.functions;
        self.changes.tokens = mark.tokens;
        self.changes.connections = mark.connections;
        self.changes.queues = mark.queues;
        self.changes.deliveries = mark.deliveries;
        self.changes.inboxes = mark.inboxes;
        self.words.undo(mark.words);
        self.rollups.clear();
        self.memory.places.clear();
        self.memory.numbers.clear();
        self.memory.owing = None;
    }

    /// The job is done, and what it counted stands.
    pub(crate) fn settle(&mut self) {
        for (key, by) in self.rollups.drain() {
            *self.totals.entry(key).or_default() += by;
        }
    }

    /// Writes what the jobs only noted so far: the text index, and one row for all that counted in the same minute. The
    /// last thing before the commit.
    pub(crate) fn close(&mut self) -> Result<(), Fault> {
        self.index()?;
        rollup::write(self.db, self.totals.drain())
    }

    /// Writes the text index. Where that fails the records stay, and are not found by their words.
    fn index(&mut self) -> Result<(), Fault> {
        if self.words.is_empty() {
            return Ok(());
        }
        self.db.execute_batch("SAVEPOINT words")?;
        if let Err(fault) = self.words.write(self.db) {
            // A full disk ends the transaction on SQLite's own account.
            if self.db.is_autocommit() {
                return Err(fault);
            }
            let error = Error::from(fault);
            tracing::error!(%error, details = error.details, "words could not be indexed");
            self.db.execute_batch("ROLLBACK TO words")?;
        }
        Ok(self.db.execute_batch("RELEASE words")?)
    }

    /// The transaction is committed.
    pub(crate) fn finish(self) -> Changes {
        self.changes
    }

    /// The transaction is lost, and with it the places that it may have added.
    pub(crate) fn abandon(self) {
        self.memory.places.clear();
        self.memory.numbers.clear();
        self.memory.owing = None;
    }

    /// A row of the journal changed.
    pub(crate) fn changed(&mut self, row: ActivationSummary) {
        self.changes.rows.push(row);
    }

    /// Functions or namespaces changed.
    pub(crate) fn functions_changed(&mut self) {
        self.changes.functions = true;
    }

    /// Tokens changed.
    pub(crate) fn tokens_changed(&mut self) {
        self.changes.tokens = true;
    }

    /// Connections changed.
    pub(crate) fn connections_changed(&mut self) {
        self.changes.connections = true;
    }

    /// Queues or dead letters changed in a way that no row of the journal tells.
    pub(crate) fn queues_changed(&mut self) {
        self.changes.queues = true;
    }

    /// Deliveries changed.
    pub(crate) fn deliveries_changed(&mut self) {
        self.changes.deliveries = true;
    }

    /// There is a delivery to make.
    pub(crate) fn deliveries_due(&mut self) {
        self.changes.deliveries = true;
        let due = Arc::clone(&self.memory.due);
        self.after_commit(move || due.notify_one());
    }

    /// Inboxes changed.
    pub(crate) fn inboxes_changed(&mut self) {
        self.changes.inboxes = true;
    }

    /// Whether any run owes a callback.
    pub(crate) fn owes(&mut self) -> Result<bool, Fault> {
        let owing = match self.memory.owing {
            Some(owing) => owing,
            None => {
                let sql = "SELECT count(*) FROM callbacks";
                self.db.prepare_cached(sql)?.query_row([], |row| row.get(0))?
            }
        };
        self.memory.owing = Some(owing);
        Ok(owing > 0)
    }

    /// More or fewer callbacks are owed. Called before the row is written.
    pub(crate) fn owe(&mut self, by: i64) -> Result<(), Fault> {
        self.owes()?;
        self.memory.owing = self.memory.owing.map(|owing| owing + by);
        Ok(())
    }

    /// Callbacks were removed.
    pub(crate) fn forget_owing(&mut self) {
        self.memory.owing = None;
    }

    /// Done after the commit, before anybody is told.
    pub(crate) fn after_commit(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.changes.effects.push(Box::new(effect));
    }

    /// Counts a run in or out of the roll-ups.
    pub(crate) fn count(&mut self, start: i64, place: i64, group: StatusGroup, by: i64) {
        for span in rollup::SPANS {
            *self
                .rollups
                .entry((span, start / span, place, group))
                .or_default() += by;
        }
    }

    /// The next number of a row that starts then. What was numbered and taken back leaves a gap.
    pub(crate) fn number(&mut self, start: i64) -> Result<i64, Fault> {
        let numbers = &mut self.memory.numbers;
        let (first, last) = bounds(Some(start), Some(start));
        let newest = match numbers.get(&start) {
            Some(newest) => Some(*newest),
            None => self
                .db
                .prepare_cached("SELECT max(n) FROM activations WHERE n BETWEEN ?1 AND ?2")?
                .query_row([first, last], |row| row.get(0))?,
        };
        let n = newest.map_or(first, |newest| newest + 1);
        if n > last {
            return Err(Error::new(
                ErrorCode::LimitExceeded,
                "More than 65,536 runs started in one millisecond.",
            )
            .into());
        }
        if numbers.len() == NUMBERS {
            numbers.clear();
        }
        numbers.insert(start, n);
        Ok(n)
    }

    /// Fails where accepted runs could not be taken in: for jobs that would take what is not there for gone.
    pub(crate) fn is_whole(&self) -> Result<(), Fault> {
        if !self.behind {
            return Ok(());
        }
        let text = "Accepted runs could not be written to the database yet.";
        let hint = "If its disk is full, free some space; they are kept meanwhile.";
        Err(Error::new(ErrorCode::Busy, text).with_hint(hint).into())
    }

    /// The next place in the order of arrival.
    pub(crate) fn arrive(&mut self) -> Result<i64, Fault> {
        // Another program may have this database open as well.
        self.memory
            .seqs
            .fetch_max(intake::highest(self.db)? + 1, Ordering::Relaxed);
        Ok(self.memory.seqs.fetch_add(1, Ordering::Relaxed))
    }

    /// The number of a place, made on first sight.
    pub(crate) fn place(&mut self, connection: &str, namespace: &str, function: &str) -> Result<i64, Fault> {
        let key = (connection.to_owned(), namespace.to_owned(), function.to_owned());
        if let Some(place) = self.memory.places.get(&key) {
            return Ok(*place);
        }
        let names = params![connection, namespace, function];
        let known = self
            .db
            .prepare_cached(
                "SELECT id FROM places WHERE connection = ?1 AND namespace = ?2 AND function = ?3",
            )?
            .query_row(names, |row| row.get(0))
            .optional()?;
        let place = match known {
            Some(place) => place,
            None => {
                self.db.execute(
                    "INSERT INTO places (connection, namespace, function) VALUES (?1, ?2, ?3)",
                    names,
                )?;
                self.db.last_insert_rowid()
            }
        };
        self.memory.places.insert(key, place);
        Ok(place)
    }
}
