use beckon_core::{
    ActivationId, Delivery, DeliveryCounts, DeliveryFilter, DeliveryRules, DeliverySummary, Error, Inbox,
    InboxKind, InboxMessage, Result,
};
use beckon_macros::commands;
use beckon_store::{DeliveryPage, MessagePage};

use crate::{Panel, views::InboxView};

#[commands]
impl Panel {
    /// A page of deliveries (callbacks and records of detached runs), newest first; `after` is the `next` of the page
    /// before; `limit` at most 500. The event `deliveries` says that something changed.
    pub async fn deliveries(
        &self,
        filter: DeliveryFilter,
        after: Option<i64>,
        limit: u32,
    ) -> Result<DeliveryPage> {
        self.store.deliveries(&filter, after, limit).await
    }

    /// One delivery with every attempt. Credentials in it are `***`.
    pub async fn delivery(&self, id: String) -> Result<Delivery> {
        let found = self.store.delivery(&id).await?;
        found.ok_or_else(|| {
            Error::not_found("such delivery").with_hint("The retention of its run may have passed.")
        })
    }

    /// What the end of a run caused, oldest first; empty for most runs.
    pub async fn deliveries_of(&self, run: ActivationId) -> Result<Vec<DeliverySummary>> {
        self.store.deliveries_of(run).await
    }

    /// Makes another attempt now, also of one that was delivered. `NotFound`; `Conflict` while one is in progress.
    pub async fn retry_delivery(&self, id: String) -> Result<()> {
        self.engine.deliveries().retry(&id).await
    }

    /// Makes another attempt now of every delivery that failed or was given up; answers how many.
    pub async fn retry_failed_deliveries(&self) -> Result<u32> {
        self.engine.deliveries().retry_failed().await
    }

    /// How many deliveries are in which state.
    pub async fn delivery_counts(&self) -> Result<DeliveryCounts> {
        self.store.delivery_counts().await
    }

    /// What deliveries are allowed to do.
    pub async fn delivery_rules(&self) -> Result<DeliveryRules> {
        Ok(self.engine.deliveries().rules())
    }

    /// Changes it, from the next attempt on; answers it as it is kept. `InvalidInput` for what is no host, for a number
    /// of attempts other than 1 to 10, and for certificates that are not PEM.
    pub async fn save_delivery_rules(&self, rules: DeliveryRules) -> Result<DeliveryRules> {
        self.engine.deliveries().set_rules(rules).await
    }

    /// Every inbox, newest first: callback inboxes, and the topics, queues and streams that records were delivered to.
    /// The event `inboxes` says that something changed.
    pub async fn inboxes(&self) -> Result<Vec<InboxView>> {
        let inboxes = self.store.inboxes().await?;
        Ok(inboxes.into_iter().map(|inbox| self.inbox_view(inbox)).collect())
    }

    /// Makes a callback inbox, whose URL (and any path below it) can be given to any provider. `answer` is the status that
    /// senders get, 200 unless given. With `run`, all that arrives in it belongs to that run.
    pub async fn create_inbox(
        &self,
        label: String,
        answer: Option<u16>,
        run: Option<ActivationId>,
    ) -> Result<InboxView> {
        let inbox = self
            .store
            .create_inbox(&label, answer.unwrap_or(200), run)
            .await?;
        Ok(self.inbox_view(inbox))
    }

    /// Changes the label of a callback inbox and what its senders are answered. `NotFound`.
    pub async fn change_inbox(&self, id: String, label: String, answer: u16) -> Result<()> {
        self.store.change_inbox(&id, &label, answer).await
    }

    /// Deletes an inbox with all that is in it. Nothing happens when there is none.
    pub async fn delete_inbox(&self, id: String) -> Result<()> {
        self.store.delete_inbox(&id).await.map(drop)
    }

    /// Deletes what is in an inbox.
    pub async fn clear_inbox(&self, id: String) -> Result<()> {
        self.store.clear_inbox(&id).await.map(drop)
    }

    /// A page of what arrived in an inbox, newest first; `after` is the `next` of the page before; `limit` at most 200.
    pub async fn inbox_messages(&self, id: String, after: Option<i64>, limit: u32) -> Result<MessagePage> {
        self.store.inbox_messages(&id, after, limit).await
    }

    /// What arrived in any inbox for a run, oldest first.
    pub async fn messages_of(&self, run: ActivationId) -> Result<Vec<InboxMessage>> {
        self.store.messages_of(run).await
    }
}

impl Panel {
    fn inbox_view(&self, inbox: Inbox) -> InboxView {
        let gateway = self.gateway_url.read().clone();
        let url = gateway
            .filter(|_| inbox.kind == InboxKind::Callback)
            .map(|gateway| format!("{}/callbacks/{}", gateway.trim_end_matches('/'), inbox.id));
        InboxView { inbox, url }
    }
}
