use beckon_core::{
    Activation, ActivationId, ActivationSummary, FunctionName, Millis, NamespaceName, Result, filter::Filter,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Store;

/// Where a page ends, and the next one starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    /// Start of the last row.
    pub start: Millis,
    /// Its id, which decides between rows of the same millisecond.
    pub id: ActivationId,
}

/// Some rows, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The rows.
    pub rows: Vec<ActivationSummary>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// Counts of runs over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Histogram {
    /// Start of the first bucket.
    pub from: Millis,
    /// End of the last one.
    pub to: Millis,
    /// Length of each bucket, ms.
    pub step: Millis,
    /// All buckets, empty ones included.
    pub buckets: Vec<Bucket>,
}

/// One bar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// Ended well.
    pub success: u32,
    /// Application errors.
    pub application_error: u32,
    /// Developer errors, time-outs, cancelled.
    pub developer_error: u32,
    /// Internal errors, lost.
    pub system_error: u32,
    /// Not over yet.
    pub pending: u32,
}

/// OpenWhisk's list of one namespace's local activations that are over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// The namespace.
    pub namespace: NamespaceName,
    /// Only this function (exact: `name` is the default package only).
    pub function: Option<FunctionName>,
    /// Started at or after.
    pub since: Option<Millis>,
    /// Started at or before.
    pub upto: Option<Millis>,
    /// Rows to pass over.
    pub skip: u32,
    /// Most rows to return.
    pub limit: u32,
}

impl Store {
    /// Hands a record over to be written (inserted, or replaced as a whole) with the next group commit. Waits only when
    /// the writer is far behind.
    pub async fn record(&self, activation: Activation) -> Result<()> {
        todo!()
    }

    /// Like [`Store::record`] for many, and returns once they are committed. Rows that are final in the journal stay
    /// as they are where the new one adds nothing (a provider's record read again).
    pub async fn record_all(&self, activations: Vec<Activation>) -> Result<()> {
        todo!()
    }

    /// One record. Sees everything handed over before the call.
    pub async fn activation(&self, id: ActivationId) -> Result<Option<Activation>> {
        todo!()
    }

    /// A page of the log, newest first, by keyset.
    pub async fn page(&self, filter: &Filter, after: Option<Cursor>, limit: u32) -> Result<Page> {
        todo!()
    }

    /// How many rows match, counted up to `cap` (the second value says whether it was reached).
    pub async fn count(&self, filter: &Filter, cap: u32) -> Result<(u32, bool)> {
        todo!()
    }

    /// Bars between the filter's `from` and `to`; with no `from`, since the oldest match, and with no `to`, until now.
    pub async fn histogram(&self, filter: &Filter, buckets: u32) -> Result<Histogram> {
        todo!()
    }

    /// OpenWhisk's list, newest first by `start`: full records.
    pub async fn list(&self, query: &ListQuery) -> Result<Vec<Activation>> {
        todo!()
    }

    /// How many rows OpenWhisk's list would return without its limit (after `skip`).
    pub async fn list_count(&self, query: &ListQuery) -> Result<u64> {
        todo!()
    }

    /// Remote runs whose end is not known yet.
    pub async fn polling(&self) -> Result<Vec<Activation>> {
        todo!()
    }

    /// Keeps a record beyond the retention period, or not any more.
    pub async fn pin(&self, id: ActivationId, pinned: bool) -> Result<ActivationSummary> {
        todo!()
    }

    /// Removes up to `limit` records that ended before `before` and are not pinned; returns how many it removed. Call
    /// again until it returns 0, with pauses: each call is one short transaction.
    pub async fn prune(&self, before: Millis, limit: u32) -> Result<u32> {
        todo!()
    }
}
