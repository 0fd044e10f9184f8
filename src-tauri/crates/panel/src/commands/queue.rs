use beckon_core::{ActivationId, FunctionRef, Result};
use beckon_macros::commands;
use beckon_store::{DeadLetters, DeadPage, QueueState};

use super::functions::only_local;
use crate::Panel;

/// Most dead letters of a page.
const PAGE: u32 = 200;

#[commands]
impl Panel {
    /// The queues of all local functions that have anything in them, dead letters included, or are paused; by name.
    ///
    /// Refresh on the events `engine` (depths) and `queues` (paused, cleared, dead letters).
    pub async fn queues(&self) -> Result<Vec<QueueState>> {
        self.engine.queues().await
    }

    /// Holds back a function's accepted runs, over restarts too. Those in progress go on, and new ones are accepted.
    pub async fn pause_queue(&self, function: FunctionRef) -> Result<()> {
        only_local(&function)?;
        self.engine.pause_queue(&function.key()).await
    }

    /// Lets a function's accepted runs go on.
    pub async fn resume_queue(&self, function: FunctionRef) -> Result<()> {
        only_local(&function)?;
        self.engine.resume_queue(&function.key()).await
    }

    /// Cancels every run of a function that waits, for a worker or for its next attempt; each keeps its record. Answers
    /// how many. To be confirmed by the user.
    pub async fn clear_queue(&self, function: FunctionRef) -> Result<u64> {
        only_local(&function)?;
        self.engine.clear_queue(&function.key()).await
    }

    /// A page of the runs that failed as often as their function's retry settings allow, of one function or of all, the
    /// last started first; at most 200. `after` is `next` of the page before.
    pub async fn dead_letters(
        &self,
        function: Option<FunctionRef>,
        after: Option<ActivationId>,
        limit: Option<u32>,
    ) -> Result<DeadPage> {
        if let Some(function) = &function {
            only_local(function)?;
        }
        let key = function.map(|function| function.key());
        let limit = limit.unwrap_or(PAGE).clamp(1, PAGE);
        self.engine.dead_letters(key.as_ref(), after, limit).await
    }

    /// Puts a dead letter back into the queue, with all attempts before it: the same run, under the same id. `false` when
    /// it is none any more. Values of secret headers of its request are kept in memory only: after a restart of Beckon
    /// the function sees `***` for them.
    pub async fn retry_dead_letter(&self, id: ActivationId) -> Result<bool> {
        let count = self.engine.retry_dead_letters(DeadLetters::One(id)).await?;
        Ok(count > 0)
    }

    /// The same for all of a function. Answers how many.
    pub async fn retry_dead_letters(&self, function: FunctionRef) -> Result<u64> {
        only_local(&function)?;
        self.engine
            .retry_dead_letters(DeadLetters::Of(function.key()))
            .await
    }

    /// Takes a dead letter off the list; its record stays. `false` when it is none any more.
    pub async fn dismiss_dead_letter(&self, id: ActivationId) -> Result<bool> {
        let count = self.engine.dismiss_dead_letters(DeadLetters::One(id)).await?;
        Ok(count > 0)
    }

    /// The same for all of a function. Answers how many.
    pub async fn dismiss_dead_letters(&self, function: FunctionRef) -> Result<u64> {
        only_local(&function)?;
        self.engine
            .dismiss_dead_letters(DeadLetters::Of(function.key()))
            .await
    }
}
