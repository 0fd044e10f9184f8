//! Accepted runs: on disk before their caller is told, begun when there is a slot, tried again where the function says
//! so, and never begun by two.
//!
//! The queue is a table; what is kept in memory is an index of it, so that nothing is searched for on disk, and the
//! requests of the runs that wait, as far as there is room for them.
//!
//! ```text
//! lines ─ what waits, by function, in order       dispatch ─ leases and slots: who begins when
//! ledger ─ what had begun, for after a crash      lease ─ the right to run, kept alive      retry ─ whether and when again
//! settle ─ the end of an attempt                  control ─ what a person may do with a queue
//! ```

mod control;
mod dispatch;
mod lease;
mod ledger;
mod lines;
mod retry;
mod settle;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use beckon_core::{Activation, ActivationId, Clock, Error, ErrorCode, FunctionKey, Mode, Result, Status};
use beckon_store::{Owner, Store, Target};

pub use control::Accepted;
pub(crate) use control::cancel;
pub(crate) use dispatch::dispatch;
pub(crate) use lease::Lease;
pub(crate) use retry::code_of;

use crate::attempt::Request;
use crate::queue::lease::Leases;
use crate::queue::ledger::Ledger;
use crate::queue::lines::Lines;
use crate::{Inner, Invocation, Payload, composition, pool, run};

/// Most runs on disk that wait.
pub(crate) const MAX_QUEUED: u64 = 100_000;

/// The queue of an engine.
pub(crate) struct Backlog {
    /// This start of the engine.
    owner: Owner,
    lines: Lines,
    leases: Leases,
    /// Absent where the engine runs nothing of the queue.
    ledger: Option<Arc<Ledger>>,
}

/// What was found at the start.
pub(crate) struct Opening {
    backlog: Backlog,
    begun: Option<HashSet<ActivationId>>,
}

/// A run that waits, with all that is known of it.
struct Kept {
    draft: Activation,
    request: Request,
}

impl Opening {
    /// Takes the ledger of the data directory. `Conflict` when another engine works on it.
    pub(crate) fn new(data_dir: &std::path::Path, dispatch: bool) -> Result<Self> {
        let (ledger, begun) = match dispatch {
            true => {
                let (ledger, begun) = Ledger::open(data_dir)?;
                (Some(Arc::new(ledger)), begun)
            }
            false => (None, None),
        };
        Ok(Self {
            backlog: Backlog {
                owner: Owner::new(),
                lines: Lines::default(),
                leases: Leases::default(),
                ledger,
            },
            begun,
        })
    }

    /// Settles what a crash left, and reads what waits.
    /// Also returns the runs that are recorded as lost.
    pub(crate) async fn recover(self, store: &Store, clock: &Clock) -> Result<(Backlog, Vec<ActivationId>)> {
        let Self { backlog, begun } = self;
        let Some(ledger) = &backlog.ledger else {
            return Ok((backlog, Vec::new()));
        };
        let found = store.recover(begun, clock.now()).await?;
        if !found.requeued.is_empty() || !found.lost.is_empty() {
            tracing::info!(
                requeued = found.requeued.len(),
                lost = found.lost.len(),
                "recovered from a crash"
            );
        }
        // Only now: what it says was needed until the recovery is on disk.
        ledger
            .clear()
            .map_err(|e| Error::internal("prepare the queue", e))?;
        for key in store.paused_queues().await? {
            backlog.lines.pause(&key);
        }
        backlog.load(store, clock).await?;
        Ok((backlog, found.lost))
    }
}

impl Backlog {
    /// All that has not begun.
    pub(crate) fn depth(&self) -> u64 {
        self.lines.depth()
    }

    /// The same by function.
    pub(crate) fn depths(&self) -> Vec<(FunctionKey, usize)> {
        self.lines.depths()
    }

    /// Another engine may have the data directory.
    pub(crate) fn close(&self) {
        if let Some(ledger) = &self.ledger {
            ledger.unlock();
        }
    }

    /// Reads what waits from disk; what is known already stays as it is.
    async fn load(&self, store: &Store, clock: &Clock) -> Result<()> {
        let now = clock.now();
        let rows = store.waiting_after(0, now).await?;
        self.lines.merge(rows, now);
        Ok(())
    }
}

/// Puts a run into the queue; it is on disk when this returns.
pub(crate) async fn accept(
    inner: &Arc<Inner>,
    target: Target,
    invocation: Invocation,
) -> Result<ActivationId> {
    if inner.pools.is_closing() {
        return Err(pool::shutting_down());
    }
    if inner.backlog.depth() >= MAX_QUEUED {
        return Err(
            Error::new(ErrorCode::Busy, format!("{MAX_QUEUED} runs are queued already."))
                .with_hint("Wait until some of them have run."),
        );
    }
    let function = target.function.clone();
    // How a caller over HTTP names its request, by which it is cancelled without a token: where one was needed to make
    // it, that would be too little. What other callers give, such as OpenWhisk's transaction ids, names no run.
    let call_id = match &invocation.payload {
        Payload::Http(_) if invocation.token_id.is_none() => invocation.transaction_id.clone(),
        Payload::Http(_) | Payload::Args(_) => None,
    };
    let (called, caller) = (invocation.function.clone(), invocation.caller.clone());
    let (asked, mut request) = invocation.split();
    let id = asked.id;
    let mut draft = run::draft(&function, asked, Status::Queued, Mode::NonBlocking);
    composition::address(&mut draft, &mut request, &called, caller.as_ref(), target);
    draft.attempts = 0;
    let mut row = draft.clone();
    request.payload.note(&mut row);
    // What went over HTTP is known now; the body's text is not needed twice.
    draft.http.clone_from(&row.http);
    let (key, own) = (function.key.clone(), inner.clone());
    let kept = Kept { draft, request };
    // Told by the writer after the commit, whether or not the caller is still there.
    let arrived = move |seq| {
        own.backlog.lines.add(&key, seq, id, Some(kept));
        own.note_backlog();
        own.pools.room.notify_one();
    };
    let policy = composition::policy_of(&function);
    inner.store.accept_called(row, policy, call_id, arrived).await?;
    Ok(id)
}

impl Inner {
    /// Tells the pools how much waits, and the listeners that it may have changed.
    pub(crate) fn note_backlog(&self) {
        self.pools.backlog.store(self.backlog.depth(), Ordering::Release);
        self.activity.changed();
    }
}
