use beckon_core::{ActivationId, ActivationSummary, Error, Result, filter::Term};
use beckon_macros::commands;
use beckon_store::{Cursor, Histogram, Page};

use crate::{
    Panel,
    views::{ActivationDetail, Count},
};

/// Counting further tells a person nothing that scrolling would not.
const MOST_COUNTED: u32 = 10_000;

#[commands]
impl Panel {
    /// A page of the log, newest first. `filter` is a text of the filter grammar; `limit` at most 500.
    pub async fn activations(&self, filter: String, after: Option<Cursor>, limit: u32) -> Result<Page> {
        self.store
            .page(&self.filter(&filter), after, limit.clamp(1, 500))
            .await
    }

    /// One record.
    pub async fn activation(&self, id: ActivationId) -> Result<ActivationDetail> {
        let found = self.store.activation(id).await?;
        let activation = found.ok_or_else(|| {
            Error::not_found(format_args!("record of the run {id}"))
                .with_hint("Its retention may have passed.")
        })?;
        let raw = activation
            .summary
            .status
            .is_final()
            .then(|| beckon_providers::openwhisk::record(&activation));
        Ok(ActivationDetail { activation, raw })
    }

    /// How many records match, counted up to 10,000.
    pub async fn count_activations(&self, filter: String) -> Result<Count> {
        let (count, capped) = self.store.count(&self.filter(&filter), MOST_COUNTED).await?;
        Ok(Count { count, capped })
    }

    /// Counts over time for the filter, in at most 240 buckets.
    pub async fn histogram(&self, filter: String, buckets: u32) -> Result<Histogram> {
        self.store
            .histogram(&self.filter(&filter), buckets.clamp(1, 240))
            .await
    }

    /// The terms of a filter text with their places and problems.
    pub async fn parse_filter(&self, text: String) -> Result<Vec<Term>> {
        Ok(beckon_core::filter::parse(&text, self.clock.now()).1)
    }

    /// Keeps a record beyond the retention period, or not any more.
    pub async fn pin_activation(&self, id: ActivationId, pinned: bool) -> Result<ActivationSummary> {
        self.store.pin(id, pinned).await
    }
}

impl Panel {
    fn filter(&self, text: &str) -> beckon_core::filter::Filter {
        beckon_core::filter::parse(text, self.clock.now()).0
    }
}
