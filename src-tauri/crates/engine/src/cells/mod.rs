//! Stem cells: interpreters that are up before there is a function for them (OpenWhisk's idea and word).
//!
//! A cold start is an interpreter's start (Node 50 ms, Python 15) and then a millisecond for the function's own code. A
//! cell has the first part behind it: a process as every other worker's, with our shim in it, held by the same domain,
//! filters and limits, whose folder of code is empty. It becomes a function's when the function's files are linked into
//! that folder and the frame that loads them brings the environment along.
//!
//! ```text
//! fit ─ whose start a cell can take the place of, and of which kind     tree ─ the function's files, linked
//! cell ─ one of them                                                    mod ─ how many there are, and when
//! ```
//!
//! Only what comes out the same is adopted: a function that asks for no network, whose variables an interpreter reads
//! when it starts, or with a large tree of files is started from scratch.
//!
//! Python has cells too, and no fork server. A fork of a warm interpreter takes 0.9 ms and an adoption about as much,
//! so that nothing would be won; and much lost. Landlock domains only ever narrow: the parent of the forks would need
//! to reach the code and scratch folders of all functions, and each child to shut itself in, from Python. The children
//! would be nobody's to wait for, so that exit codes and certain ends were gone. And they would share one hash seed and
//! one state of `random`.
//!
//! They cost memory, so there are few: one of each kind that was needed lately, none while memory is short, and they
//! are started when nothing else is.

mod cell;
mod fit;
mod tree;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

pub(crate) use cell::Cell;
pub(crate) use fit::{Breed, is_read_at_start};
pub(crate) use tree::Tree;

use crate::machine;
use crate::pool::Pools;
use crate::process::Nursery;
use crate::shims::Shims;
use crate::status::Activity;

/// How long a cell that is starting is waited for: an interpreter's usual start.
const NEARER: Duration = Duration::from_millis(300);
/// Between what makes a cell wanted and its start: the run that took the last one shall have the processor.
const CALM: Duration = Duration::from_millis(150);
/// How often it is looked whether cells are too old, or too many.
const LOOK: Duration = Duration::from_secs(5);
/// Age at which a cell is replaced: what it holds of the machine (name servers, time zone) may have changed.
const OLD: Duration = Duration::from_secs(3600);
/// How long a kind whose cell could not be started is left alone.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// Most kinds that there are cells of, the ones needed last.
const KINDS: usize = 4;
/// Share of the machine's memory that must be free for a cell to be there: a tenth.
const FREE: u64 = 10;

/// What starting a cell takes.
pub(crate) struct Ground {
    pub(crate) nursery: Arc<Nursery>,
    pub(crate) pools: Arc<Pools>,
    pub(crate) activity: Arc<Activity>,
    pub(crate) shims: Shims,
    pub(crate) base_env: Vec<(String, String)>,
    /// Where their folders of code are.
    pub(crate) folder: PathBuf,
}

/// The cells that there are.
pub(crate) struct Cells {
    ground: Ground,
    /// How many of each kind.
    each: usize,
    /// How long a kind is kept that nobody needs.
    patience: Duration,
    shelf: Mutex<Shelf>,
    wanted: Notify,
}

#[derive(Default)]
struct Shelf {
    stock: HashMap<Breed, Stock>,
    closed: bool,
}

struct Stock {
    ready: Vec<Cell>,
    starting: bool,
    /// A cold start that waits for the one that is starting: it is nearer than a start from scratch.
    claimant: Option<oneshot::Sender<Cell>>,
    /// When one was last needed.
    needed: Instant,
    failed: Option<Instant>,
}

impl Cells {
    /// `each` of a kind; with 0 there are none at all.
    pub(crate) fn new(ground: Ground, each: usize, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            ground,
            each,
            patience,
            shelf: Mutex::default(),
            wanted: Notify::new(),
        })
    }

    /// A cell to adopt, if there is one or one is on its way.
    pub(crate) async fn claim(&self, breed: &Breed) -> Option<Cell> {
        if self.each == 0 {
            return None;
        }
        let mut unfit = Vec::new();
        let told = {
            let mut shelf = self.shelf.lock();
            if shelf.closed {
                return None;
            }
            let stock = shelf.need(breed);
            let mut found = None;
            while let Some(cell) = stock.ready.pop() {
                if cell.is_fit(OLD) {
                    found = Some(cell);
                    break;
                }
                unfit.push(cell);
            }
            match found {
                Some(cell) => Err(cell),
                None if stock.starting && stock.claimant.is_none() => {
                    let (tell, told) = oneshot::channel();
                    stock.claimant = Some(tell);
                    Ok(Some(told))
                }
                None => Ok(None),
            }
        };
        drop(unfit);
        self.wanted.notify_one();
        match told {
            Err(cell) => Some(cell),
            Ok(Some(told)) => tokio::time::timeout(NEARER, told).await.ok()?.ok(),
            Ok(None) => None,
        }
    }

    /// A cell that was claimed and does not suit its function.
    pub(crate) fn give_back(&self, breed: &Breed, cell: Cell) {
        let left = {
            let mut shelf = self.shelf.lock();
            if shelf.closed {
                Some(cell)
            } else {
                shelf.need(breed).ready.push(cell);
                None
            }
        };
        drop(left);
    }

    /// A function of this kind was saved: it will be called.
    pub(crate) fn expect(&self, breed: &Breed) {
        if self.each > 0 {
            self.shelf.lock().need(breed);
            self.wanted.notify_one();
        }
    }

    /// How many wait for a function.
    pub(crate) fn ready(&self) -> usize {
        let shelf = self.shelf.lock();
        shelf.stock.values().map(|stock| stock.ready.len()).sum()
    }

    /// Ends them all, and starts no more.
    pub(crate) fn close(&self) {
        let stock = {
            let mut shelf = self.shelf.lock();
            shelf.closed = true;
            std::mem::take(&mut shelf.stock)
        };
        drop(stock);
    }

    /// Keeps as many as are wanted, until stopped.
    pub(crate) async fn keep(self: Arc<Self>, stop: CancellationToken) {
        if self.each == 0 {
            return;
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wanted.notified() => {}
                () = tokio::time::sleep(LOOK), if self.is_stocked() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(CALM) => {}
            }
            self.tidy();
            while let Some(breed) = self.missing() {
                // Not dropped in the middle: what it began must be taken down in order.
                let started = Cell::start(&self.ground, &breed, &stop).await;
                if let Err(error) = &started {
                    if stop.is_cancelled() {
                        return;
                    }
                    tracing::warn!(%error, program = %breed.program().display(), "a stem cell could not be started");
                }
                let left = self.shelf.lock().add(&breed, started.ok());
                drop(left);
                self.ground.activity.changed();
            }
        }
    }

    fn is_stocked(&self) -> bool {
        !self.shelf.lock().stock.is_empty()
    }

    /// Lets go of cells that are dead, old, or of no more use, and of all of them while memory is short.
    fn tidy(&self) {
        let mut unfit = Vec::new();
        let mut shelf = self.shelf.lock();
        let before: usize = shelf.stock.values().map(|stock| stock.ready.len()).sum();
        let short = self.is_short(0, before > 0, &shelf);
        let mut needed: Vec<Instant> = shelf.stock.values().map(|stock| stock.needed).collect();
        needed.sort_unstable_by(|a, b| b.cmp(a));
        let newest = needed.get(KINDS - 1).copied();
        for stock in shelf.stock.values_mut() {
            let useless =
                stock.needed.elapsed() > self.patience || newest.is_some_and(|at| stock.needed < at);
            for at in (0..stock.ready.len()).rev() {
                if short || useless || !stock.ready[at].is_fit(OLD) {
                    unfit.push(stock.ready.swap_remove(at));
                }
            }
        }
        let patience = self.patience;
        let idle = |stock: &Stock| !stock.starting && stock.needed.elapsed() > patience;
        shelf.stock.retain(|_, stock| !idle(stock));
        drop(shelf);
        if !unfit.is_empty() {
            drop(unfit);
            self.ground.activity.changed();
        }
    }

    /// A kind that one more is wanted of; it counts as starting from now on.
    fn missing(&self) -> Option<Breed> {
        let mut shelf = self.shelf.lock();
        if shelf.closed {
            return None;
        }
        let wants = |stock: &Stock| {
            let left_alone = stock.failed.is_some_and(|at| at.elapsed() < AFTER_FAILURE);
            !stock.starting && !left_alone && stock.ready.len() < self.each
        };
        let mut kinds: Vec<(&Breed, &Stock)> = shelf.stock.iter().collect();
        kinds.sort_unstable_by_key(|(_, stock)| std::cmp::Reverse(stock.needed));
        let (breed, _) = kinds.into_iter().take(KINDS).find(|(_, stock)| wants(stock))?;
        let breed = breed.clone();
        if self.is_short(breed.usual_memory(), true, &shelf) {
            return None;
        }
        shelf.stock.get_mut(&breed)?.starting = true;
        Some(breed)
    }

    /// Whether there is no memory for so many bytes more: on the machine, or under the cap of all workers.
    fn is_short(&self, more: u64, look: bool, shelf: &Shelf) -> bool {
        if !look {
            return false;
        }
        let cells = shelf.stock.values().flat_map(|stock| &stock.ready);
        let own: u64 = cells.map(Cell::memory).sum();
        let pools = &self.ground.pools;
        pools.memory() + own + more > pools.max_memory()
            || machine::available() < machine::memory() / FREE + more
    }
}

impl Shelf {
    /// The stock of a kind that is needed now.
    fn need(&mut self, breed: &Breed) -> &mut Stock {
        let stock = self.stock.entry(breed.clone()).or_insert_with(|| Stock {
            ready: Vec::new(),
            starting: false,
            claimant: None,
            needed: Instant::now(),
            failed: None,
        });
        stock.needed = Instant::now();
        stock
    }

    /// Takes in what became of a start. What comes back has no place here.
    fn add(&mut self, breed: &Breed, cell: Option<Cell>) -> Option<Cell> {
        if self.closed {
            return cell;
        }
        let Some(stock) = self.stock.get_mut(breed) else {
            return cell;
        };
        stock.starting = false;
        let claimant = stock.claimant.take();
        stock.failed = cell.is_none().then(Instant::now);
        let cell = cell?;
        let left = match claimant {
            Some(claimant) => claimant.send(cell).err(),
            None => Some(cell),
        };
        stock.ready.extend(left);
        None
    }
}
