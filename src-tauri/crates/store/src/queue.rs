use beckon_core::{Activation, ActivationId, LostPolicy, Millis, Result};

use crate::Store;

/// A queued run that the caller may now execute.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The run; its status is `Running` in the database from this moment.
    pub activation: Activation,
    /// How often it was begun before.
    pub attempts: u32,
}

/// What was found when Beckon started after a crash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Runs put back into the queue: never begun, or begun with the policy `Retry`.
    pub requeued: Vec<ActivationId>,
    /// Runs recorded as lost.
    pub lost: Vec<ActivationId>,
}

impl Store {
    /// Puts a run (status `Queued`) into the journal and the queue. Returns when both are on disk (fsync), so that a
    /// 202 sent afterwards is a promise.
    pub async fn accept(&self, activation: Activation, policy: LostPolicy) -> Result<()> {
        todo!()
    }

    /// Takes up to `limit` queued runs, oldest first, skipping functions (namespace/name) in `busy`; marks them
    /// running, durably, before it returns.
    pub async fn claim(&self, limit: usize, busy: &[beckon_core::FunctionKey], now: Millis) -> Result<Vec<Claim>> {
        todo!()
    }

    /// How many runs wait.
    pub async fn queue_depth(&self) -> Result<u64> {
        todo!()
    }

    /// Takes a run out of the queue and records it as cancelled. `false` when it is no longer queued.
    pub async fn cancel_queued(&self, id: ActivationId, now: Millis) -> Result<bool> {
        todo!()
    }

    /// Called once at start, before anything else runs: every local run that was running when Beckon died is requeued or
    /// recorded as `Lost`, by its policy. Runs that were promoted or blocking are always recorded as lost.
    pub async fn recover(&self, now: Millis) -> Result<Recovery> {
        todo!()
    }
}
