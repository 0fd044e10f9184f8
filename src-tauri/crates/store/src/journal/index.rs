//! The text index, as a transaction changes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, params};

use crate::fault::Fault;
use crate::journal::text::EVERY;

/// Text of a record's log, result and input.
pub(crate) type Texts = [String; 3];

/// What the jobs of one transaction change. Written once, before the commit and outside of all savepoints: FTS5 writes
/// what it has gathered to disk at the end of each savepoint, and whenever a row comes before the last one, as a piece
/// that is to be merged with others later.
#[derive(Default)]
pub(crate) struct Index {
    changes: Vec<Change>,
}

struct Change {
    n: i64,
    /// Whether the row is in the index before this.
    known: bool,
    /// What is in it afterwards.
    texts: Option<Arc<Texts>>,
}

impl Index {
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many changes were noted, to come back to.
    pub(crate) fn mark(&self) -> usize {
        self.changes.len()
    }

    /// Forgets the changes since a mark.
    pub(crate) fn undo(&mut self, mark: usize) {
        self.changes.truncate(mark);
    }

    /// A row gets its texts, instead of others if it is known.
    pub(crate) fn put(&mut self, n: i64, known: bool, texts: Arc<Texts>) {
        let texts = Some(texts);
        self.changes.push(Change { n, known, texts });
    }

    /// A row goes.
    pub(crate) fn remove(&mut self, n: i64) {
        let (known, texts) = (true, None);
        self.changes.push(Change { n, known, texts });
    }

    /// Writes what all changes come to, in the order of rows.
    pub(crate) fn write(&mut self, db: &Connection) -> Result<(), Fault> {
        let mut rows: BTreeMap<i64, (bool, Option<Arc<Texts>>)> = BTreeMap::new();
        for Change { n, known, texts } in self.changes.drain(..) {
            rows.entry(n).or_insert((known, None)).1 = texts;
        }
        let mut delete = db.prepare_cached("DELETE FROM words WHERE rowid = ?1")?;
        let mut insert = db.prepare_cached(
            "INSERT INTO words (rowid, logs, result, input, every) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (n, (known, texts)) in rows {
            if known {
                delete.execute([n])?;
            }
            if let Some(texts) = texts {
                let [logs, result, input] = &*texts;
                insert.execute(params![n, logs, result, input, EVERY])?;
            }
        }
        Ok(())
    }
}
