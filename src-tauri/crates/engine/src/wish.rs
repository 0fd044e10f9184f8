//! So many workers of a function, because somebody wishes it: no new version of it, and forgotten with the next.

use beckon_core::{Error, FunctionKey, Result};

use crate::{Engine, WorkerState};

impl Engine {
    /// Has this many workers of a function be ready from now on, at most its concurrency, until it is saved again; also
    /// after a restart. Those that are too many go, in a run after it; with 0 the next call starts one. A contract that
    /// starts a process per run has nothing to keep ready: the wish is remembered, and nothing follows from it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn wish_workers(&self, key: &FunctionKey, count: u32) -> Result<()> {
        let inner = &self.inner;
        let function = inner.store.function(key).await?;
        let function = function.ok_or_else(|| Error::not_found(format!("function {key}")))?;
        let count = count.min(function.limits.concurrency);
        inner.store.wish_workers(key, count).await?;
        inner.pools.set_wishes(inner.store.wished_workers().await?);
        inner.deployed.notify_one();
        let version = function.version.to_string();
        let mut workers = self.status().workers;
        // One that is being started may be one of those that are wished, and it would be taken for one that cannot start.
        workers.retain(|worker| {
            worker.function == *key
                && worker.version == version
                && matches!(worker.state, WorkerState::Ready | WorkerState::Busy)
        });
        // Those in a run stay where there are others to go.
        workers.sort_by_key(|worker| worker.state != WorkerState::Busy);
        for worker in workers.iter().skip(count as usize) {
            self.stop_worker(worker.number, false);
        }
        Ok(())
    }
}
