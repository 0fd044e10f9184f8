//! The right to run an accepted run, kept alive while it lasts.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{ActivationId, Millis};
use parking_lot::Mutex;

use crate::Inner;
use crate::queue::ledger::Mark;

/// Leases are renewed so often while they last: one renewal that fails leaves time for two more.
const BEATS: u32 = 3;

/// How often leases are renewed.
pub(crate) fn pace(inner: &Inner) -> Duration {
    (inner.config.lease / BEATS).max(Duration::from_millis(1))
}

/// When a lease that is given now ends.
pub(crate) fn until(inner: &Inner, now: Millis) -> Millis {
    now.saturating_add(i64::try_from(inner.config.lease.as_millis()).unwrap_or(i64::MAX))
}

/// The runs that this engine has leases of.
#[derive(Default)]
pub(crate) struct Leases(Arc<Mutex<HashSet<ActivationId>>>);

/// One lease. Dropped without an end on disk (a task that panicked), it is not renewed any more and runs out.
pub(crate) struct Lease {
    held: Arc<Mutex<HashSet<ActivationId>>>,
    pub(crate) id: ActivationId,
    /// How often the run was begun before.
    pub(crate) attempts: u32,
    /// How many of those count no more.
    pub(crate) forgiven: u32,
    /// Its place in the ledger, once it has begun.
    pub(crate) mark: Option<Mark>,
}

impl Leases {
    /// Leases of these are being taken.
    pub(crate) fn expect(&self, ids: impl Iterator<Item = ActivationId>) {
        self.0.lock().extend(ids);
    }

    /// They were not to be had.
    pub(crate) fn forget<'a>(&self, ids: impl IntoIterator<Item = &'a ActivationId>) {
        let mut held = self.0.lock();
        for id in ids {
            held.remove(id);
        }
    }

    pub(crate) fn hold(&self, claim: &beckon_store::Claim) -> Lease {
        self.0.lock().insert(claim.id);
        Lease {
            held: self.0.clone(),
            id: claim.id,
            attempts: claim.attempts,
            forgiven: claim.forgiven,
            mark: None,
        }
    }

    fn all(&self) -> Vec<ActivationId> {
        self.0.lock().iter().copied().collect()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.held.lock().remove(&self.id);
    }
}

/// Renews all leases at once, and takes up what nobody holds any more.
pub(crate) async fn beat(inner: Arc<Inner>) {
    let now = inner.clock.now();
    let renewed = inner
        .store
        .renew(
            inner.backlog.leases.all(),
            inner.backlog.owner,
            now,
            until(&inner, now),
        )
        .await;
    match renewed {
        Ok(found) if found.requeued.is_empty() && found.lost.is_empty() => {}
        Ok(found) => {
            tracing::warn!(
                requeued = found.requeued.len(),
                lost = found.lost.len(),
                "found runs that nobody ran any more"
            );
            if let Err(error) = inner.backlog.load(&inner.store, &inner.clock).await {
                tracing::error!(%error, "what waits could not be read");
            }
            inner.note_backlog();
            inner.pools.room.notify_one();
            inner.deliveries.on_given_up(found.lost).await;
        }
        Err(error) => tracing::error!(%error, "leases could not be renewed"),
    }
}
