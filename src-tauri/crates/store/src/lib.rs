//! Everything that Beckon keeps, in one SQLite database, and the only SQL in the house.
//!
//! One writer thread commits in groups; a small pool of readers serves queries, which can be interrupted. All
//! methods of [`Store`] are grouped by what they keep, one file each.

mod activations;
mod connections;
mod drafts;
mod functions;
mod namespaces;
mod queue;
mod settings;
mod tokens;

pub use activations::{Bucket, Cursor, Histogram, ListQuery, Page};
pub use connections::NewConnection;
pub use functions::Expect;
pub use queue::{Claim, Recovery};

use std::path::Path;

use beckon_core::{Clock, Event, Result};

/// The database. Cheap to clone; all clones share one writer, one pool of readers and one stream of events.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens the database at `path`, creating and migrating it as needed.
    ///
    /// Fails with `Internal` when the file is not a Beckon database or comes from a newer Beckon; it is left untouched.
    pub async fn open(path: &Path, clock: Clock) -> Result<Self> {
        todo!()
    }

    /// What changes from now on, after it was committed.
    pub fn events(&self) -> tokio::sync::broadcast::Receiver<Event> {
        todo!()
    }

    /// Tells the listeners of something that is not kept here (engine, connection states).
    pub fn publish(&self, event: Event) {
        todo!()
    }

    /// Waits until everything handed over so far is on disk.
    pub async fn flush(&self) -> Result<()> {
        todo!()
    }
}
