use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{
    Activation, ActivationId, ActivationSummary, Error, FunctionKey, FunctionRef, LOCAL, Result, Status,
    filter::Term,
};
use beckon_macros::commands;
use beckon_store::{Cursor, Histogram, Page};

use crate::{
    Panel, journal,
    views::{ActivationDetail, Count, RecordOf},
};

/// Counting further tells a person nothing that scrolling would not.
const MOST_COUNTED: u32 = 10_000;
/// How long a window waits in one go.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How often a waiting window looks.
const PACE: Duration = Duration::from_millis(200);

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
        let of = RecordOf::read(&activation);
        let called = FunctionKey {
            namespace: activation.summary.namespace.clone(),
            name: activation.summary.function.clone(),
        };
        let ran = activation.target();
        Ok(ActivationDetail {
            raw,
            of,
            page: self.page_of(&activation, of, &called, &ran).await?,
            target: Some(ran).filter(|ran| *ran != called),
            activation,
        })
    }

    /// Waits for the end of a run, at most a minute, and answers its record as it is then. A provider that keeps the record
    /// is asked at once, and often at first.
    pub async fn wait_for(self: &Arc<Self>, id: ActivationId) -> Result<ActivationDetail> {
        let until = Instant::now() + LONGEST_WAIT;
        let mut asked = false;
        loop {
            let found = self.activation(id).await?;
            if found.activation.summary.status.is_final() || Instant::now() >= until {
                return Ok(found);
            }
            if !asked && found.activation.summary.status == Status::Polling {
                asked = true;
                journal::follow(self, id);
            }
            tokio::time::sleep(PACE).await;
        }
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
    /// The function whose page belongs to a record.
    async fn page_of(
        &self,
        activation: &Activation,
        of: RecordOf,
        called: &FunctionKey,
        ran: &FunctionKey,
    ) -> Result<Option<FunctionRef>> {
        if matches!(of, RecordOf::Trigger | RecordOf::Rule) {
            return Ok(None);
        }
        let connection = &activation.summary.connection;
        let page = |key: &FunctionKey| FunctionRef {
            connection: connection.clone(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
        };
        if connection == LOCAL {
            return Ok(self.store.function(ran).await?.map(|_| page(ran)));
        }
        let connections = self.store.connections().await?;
        let is_there = connections.iter().any(|known| known.id == *connection);
        // A provider shows what is called through a binding as if it were there.
        let is_reached = ran.namespace == called.namespace || activation.annotation("binding").is_some();
        Ok((is_there && is_reached).then(|| page(called)))
    }

    fn filter(&self, text: &str) -> beckon_core::filter::Filter {
        beckon_core::filter::parse(text, self.clock.now()).0
    }
}
