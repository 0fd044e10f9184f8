use beckon_core::{ActivationId, ActivationSummary, Result, filter::Term};
use beckon_macros::commands;
use beckon_store::{Cursor, Histogram, Page};

use crate::{
    Panel,
    views::{ActivationDetail, Count},
};

#[commands]
impl Panel {
    /// A page of the log, newest first. `filter` is a text of the filter grammar; `limit` at most 500.
    pub async fn activations(&self, filter: String, after: Option<Cursor>, limit: u32) -> Result<Page> {
        todo!()
    }

    /// One record. Where it is not here and `connection` is remote, the provider is asked.
    pub async fn activation(&self, id: ActivationId) -> Result<ActivationDetail> {
        todo!()
    }

    /// How many records match, counted up to 10,000.
    pub async fn count_activations(&self, filter: String) -> Result<Count> {
        todo!()
    }

    /// Counts over time for the filter, in at most 240 buckets.
    pub async fn histogram(&self, filter: String, buckets: u32) -> Result<Histogram> {
        todo!()
    }

    /// The terms of a filter text with their places and problems.
    pub async fn parse_filter(&self, text: String) -> Result<Vec<Term>> {
        todo!()
    }

    /// Keeps a record beyond the retention period, or not any more.
    pub async fn pin_activation(&self, id: ActivationId, pinned: bool) -> Result<ActivationSummary> {
        todo!()
    }
}
