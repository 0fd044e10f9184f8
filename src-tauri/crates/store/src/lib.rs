//! Everything that Beckon keeps, in one SQLite database, and the only SQL in the house.
//!
//! One writer thread commits in groups; a small pool of readers serves queries, which can be interrupted. All
//! methods of [`Store`] are grouped by what they keep, one file each.
//!
//! A run that is accepted is on disk in a file beside the database before it is in it: see `intake`.
//!
//! A method that changes something returns when the change is on disk (fsync), except [`Store::record`] and
//! [`Store::touch_token`], which hand it over to be written within some 20 ms. Listeners of [`Store::events`] are told
//! after the commit.

mod accounts;
mod activations;
mod batch;
mod components;
mod connections;
mod deliveries;
mod domains;
mod drafts;
mod entities;
mod fault;
mod functions;
mod images;
mod inbox;
mod intake;
mod journal;
mod later;
mod leftovers;
mod namespaces;
mod niceness;
mod notes;
mod pending;
mod queue;
mod readers;
mod saved_requests;
mod schedules;
mod schema;
mod secrets;
pub mod seed;
mod settings;
mod spaces;
mod tokens;
mod triggers;
mod words;
mod writer;

pub use activations::{Bucket, Cursor, Histogram, ListQuery, Page};
pub use connections::{MadeKey, NewConnection};
pub use deliveries::{AttemptEnd, Claimed, DeliveryPage, Followed, NewDelivery, Next, Outcome};
pub use entities::{Defaults, Target};
pub use functions::{Expect, WatchedFolder};
pub use inbox::{Arrival, MessagePage, NewMessage};
pub use journal::text::preview;
pub use leftovers::Leftover;
pub use namespaces::PlacedNamespace;
pub use notes::NamespaceNotes;
pub use queue::{
    Claim, DeadLetter, DeadLetters, DeadPage, Ended, Owner, QueueState, Recovery, Revived, Waiting,
};
pub use spaces::{SpacesDeployment, SpacesTrigger};

use std::path::Path;
use std::sync::Arc;

use beckon_core::{Clock, Error, Event, Result};
use tokio::sync::broadcast;

use crate::batch::Batch;
use crate::domains::Domains;
use crate::entities::Entities;
use crate::fault::Fault;
use crate::functions::Known;
use crate::intake::Intake;
use crate::later::Later;
use crate::pending::Pending;
use crate::readers::{Reader, Readers};
use crate::tokens::Tokens;
use crate::writer::{Queue, Urgency, Writer};

/// How many events a slow listener may be behind before it has to read everything again.
const EVENTS: usize = 1024;

/// The database. Cheap to clone; all clones share one writer, one pool of readers and one stream of events.
///
/// Dropping the last clone waits until everything handed over is on disk, and closes the file.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    // These two first, so that they are dropped first, and hand over to the writer what they still have; then the
    // writer: the readers' connections close after its last commit.
    later: Later,
    intake: Intake,
    writer: Writer,
    readers: Readers,
    events: broadcast::Sender<Event>,
    clock: Clock,
    pending: Pending,
    functions: Arc<Known>,
    tokens: Arc<Tokens>,
    domains: Arc<Domains>,
    entities: Arc<Entities>,
    home: Arc<namespaces::Home>,
}

impl Inner {
    fn queue(&self) -> &Arc<Queue> {
        &self.writer.queue
    }
}

impl Store {
    /// Opens the database at `path`, creating and migrating it as needed.
    ///
    /// Fails with `Internal` when the file is damaged, not a Beckon database, or from a newer Beckon; it is left
    /// untouched.
    pub async fn open(path: &Path, clock: Clock) -> Result<Self> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::open_now(&path, clock));
        opened
            .await
            .map_err(|e| Error::internal("open its database", e))?
    }

    fn open_now(path: &Path, clock: Clock) -> Result<Self> {
        let db = schema::open_writer(path)?;
        let tokens = Arc::new(Tokens::load(&db)?);
        let domains = Arc::new(Domains::load(&db)?);
        let entities = Arc::new(Entities::load(&db)?);
        let readers = Readers::open(path)?;
        let (events, _) = broadcast::channel(EVENTS);
        let (pending, functions) = (Pending::default(), Arc::default());
        let failed = |e| Error::internal("open its database", e);
        let found = intake::find(&db, path, &pending)?;
        let (shelf, seqs) = (Arc::clone(&found.shelf), Arc::clone(&found.seqs));
        let writer = Writer::start(db, path, events.clone(), shelf, seqs).map_err(failed)?;
        let later = Later::start(Arc::clone(&writer.queue)).map_err(failed)?;
        let intake = Intake::start(found, Arc::clone(&writer.queue)).map_err(failed)?;
        Ok(Self {
            inner: Arc::new(Inner {
                later,
                intake,
                writer,
                readers,
                events,
                clock,
                pending,
                functions,
                tokens,
                domains,
                entities,
                home: Arc::default(),
            }),
        })
    }

    /// What changes from now on, after it was committed.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// Tells the listeners of something that is not kept here (engine, connection states).
    pub fn publish(&self, event: Event) {
        // Fails when nobody listens, which is nobody's loss.
        let _ = self.inner.events.send(event);
    }

    /// Waits until everything handed over so far is on disk.
    pub async fn flush(&self) -> Result<()> {
        self.inner.later.flush().await;
        self.write(Urgency::Durable, 0, |_| Ok(())).await
    }

    /// Waits until the journal has everything handed over so far; returns at once when nothing waits.
    async fn flush_pending(&self) -> Result<()> {
        if self.inner.pending.is_empty() {
            Ok(())
        } else {
            self.flush().await
        }
    }

    /// Runs a job on the writer and returns its answer, after the commit.
    async fn write<T: Send + 'static>(
        &self,
        urgency: Urgency,
        bytes: usize,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let answer = self.inner.queue().submit(urgency, bytes, work).await?;
        answer.await.map_err(|_| writer::stopped())?
    }

    /// Runs a query on a reader.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Reader<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        self.inner.readers.read(query).await
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}
