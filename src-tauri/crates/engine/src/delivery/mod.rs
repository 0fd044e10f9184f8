//! What others are told when a run is over: callbacks, and the records of detached runs.
//!
//! A delivery is a row from the transaction that writes the end of its run ([`beckon_store::NewDelivery`]); here it is
//! made, attempted and settled. At least once: an attempt that Beckon's end cut short is made again at the next start.
//!
//! ```text
//! callback, record ─ what is said      dispatch ─ what is due, a few at a time for each receiver
//! target ─ URLs as Go reads them       reach ─ where it may go       http, nats ─ the ways       follow ─ redirects
//! ```

mod callback;
mod dispatch;
mod follow;
mod http;
mod nats;
mod reach;
mod record;
mod target;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{
    Activation, ActivationId, ActivationSummary, Callback, Clock, DeliveryRules, Destination,
    DestinationKind, Error, FunctionKey, LOCAL, Mode, Purpose, Result, Status,
};
use beckon_store::{NewDelivery, Store};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::callback::Answered;
use self::http::Wire;
use crate::{Ended, Engine, Invocation};

pub(crate) use http::{Wired, percent_decoded};
pub use record::{InvokeFailure, application_ocid, compartment_ocid, failure, function_ocid, ulid};
pub use target::{check_callback_url, check_http_url};

/// The header by which the gateway knows a delivery of its own Beckon, see [`Deliveries::is_own`]. In lower case.
pub const MARK: &str = "x-beckon-delivery";
/// Who deliveries say they are from, unless the function says otherwise.
const AGENT: &str = concat!("beckon/", env!("CARGO_PKG_VERSION"));
/// The setting that holds the user's [`DeliveryRules`].
const RULES: &str = "delivery_rules";

/// Deliveries of one engine. Cheap to clone.
#[derive(Clone)]
pub struct Deliveries {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    wire: Wire,
    /// Callbacks of runs that are not over. The database has them too; this spares a look at it for each run.
    owed: Mutex<HashMap<ActivationId, Callback>>,
    counts: Mutex<BTreeMap<Counted, u64>>,
    stop: CancellationToken,
    /// Cuts attempts short.
    cut: CancellationToken,
    tasks: TaskTracker,
}

/// What deliveries are counted by: the dimensions of OCI's metric `FunctionDetachedDeliveries`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Counted {
    /// The run's function.
    pub function: FunctionKey,
    /// Why it was delivered; OCI counts the two that are not callbacks.
    pub purpose: Purpose,
    /// Where it went.
    pub destination: DestinationKind,
    /// What went wrong in the last attempt, one of a few words (`status 500`, `timeout`, `unreachable`, `refused`);
    /// `None`: it was delivered.
    pub error: Option<String>,
}

impl Counted {
    /// OCI's `responseType`.
    #[must_use]
    pub fn response_type(&self) -> &'static str {
        if self.error.is_none() { "Success" } else { "Error" }
    }
}

impl Deliveries {
    /// Reads what is owed and, with `dispatch`, makes what an earlier Beckon left and goes on with what comes. To be
    /// called after [`Store::recover`].
    pub(crate) async fn start(store: Store, clock: Clock, dispatch: bool) -> Result<Self> {
        let rules = stored_rules(&store).await?;
        if dispatch {
            let waiting = store.recover_deliveries(clock.now()).await?;
            if waiting > 0 {
                tracing::info!(waiting, "deliveries go on");
            }
        }
        let owed = store.owed_callbacks().await?.into_iter().collect();
        let inner = Arc::new(Inner {
            wire: Wire::new(rules),
            owed: Mutex::new(owed),
            counts: Mutex::default(),
            stop: CancellationToken::new(),
            cut: CancellationToken::new(),
            tasks: TaskTracker::new(),
            store,
            clock,
        });
        if dispatch {
            inner.tasks.spawn(dispatch::run(inner.clone()));
        }
        Ok(Self { inner })
    }

    /// What the user allows.
    #[must_use]
    pub fn rules(&self) -> DeliveryRules {
        self.inner.wire.rules.read().as_ref().clone()
    }

    /// A connection to where deliveries may go.
    pub(crate) async fn dial(
        &self,
        host: &str,
        port: u16,
        secure: bool,
    ) -> Result<Box<dyn Wired>, reach::Refused> {
        self.inner.wire.dial(host, port, secure).await
    }

    /// Changes it, from the next attempt on. Errors: [`DeliveryRules::check`]'s.
    pub async fn set_rules(&self, rules: DeliveryRules) -> Result<DeliveryRules> {
        let rules = rules.check()?;
        http::check_certificates(&rules.certificates)?;
        let text = serde_json::to_string(&rules).map_err(|e| Error::internal("keep the rules", e))?;
        self.inner.store.set_setting(RULES, &text).await?;
        self.inner.wire.set_rules(rules.clone());
        Ok(rules)
    }

    /// Tells where this Beckon's own gateway listens, so that it knows deliveries to its functions.
    pub fn set_gateway(&self, address: SocketAddr) {
        *self.inner.wire.gateway.write() = Some(address);
    }

    /// Whether a request with this value of the header [`MARK`] is a delivery of this very Beckon; its runs have the
    /// cause [`beckon_core::Cause::Callback`].
    #[must_use]
    pub fn is_own(&self, mark: &[u8]) -> bool {
        let own = self.inner.wire.mark.as_bytes();
        // Every byte is looked at, whatever the first ones are.
        own.len() == mark.len()
            && own
                .iter()
                .zip(mark)
                .fold(0, |differing, (a, b)| differing | (a ^ b))
                == 0
    }

    /// Makes another attempt now. `NotFound`; `Conflict` while one is in progress.
    pub async fn retry(&self, id: &str) -> Result<()> {
        self.inner.store.retry_delivery(id, self.inner.clock.now()).await
    }

    /// Makes another attempt now of every delivery that failed or was given up; returns how many.
    pub async fn retry_failed(&self) -> Result<u32> {
        self.inner
            .store
            .retry_failed_deliveries(self.inner.clock.now())
            .await
    }

    /// How many deliveries ended how, since the engine started.
    #[must_use]
    pub fn counts(&self) -> Vec<(Counted, u64)> {
        let counts = self.inner.counts.lock();
        counts
            .iter()
            .map(|(counted, count)| (counted.clone(), *count))
            .collect()
    }

    /// Promises a callback for a run that is about to be accepted; on disk when it returns. [`Deliveries::disown`] it
    /// when the run is not accepted after all.
    pub(crate) async fn owe(&self, run: ActivationId, callback: Callback) -> Result<()> {
        self.inner.store.owe_callback(run, &callback).await?;
        self.inner.owed.lock().insert(run, callback);
        Ok(())
    }

    /// A run that was over waits again, and its promise with it: on disk it is there.
    pub(crate) fn owes_again(&self, run: ActivationId, callback: Callback) {
        self.inner.owed.lock().insert(run, callback);
    }

    /// Takes a promise back.
    pub(crate) async fn disown(&self, run: ActivationId) {
        self.inner.owed.lock().remove(&run);
        if let Err(e) = self.inner.store.disown_callback(run).await {
            tracing::error!(error = %e, "a callback could not be taken back");
        }
    }

    /// What is to be delivered because a run is over; to be written in the transaction that writes its record.
    pub(crate) async fn on_finished(&self, ended: &Ended) -> Vec<NewDelivery> {
        let summary = ended.summary();
        if summary.mode != Mode::NonBlocking || summary.connection != LOCAL {
            return Vec::new();
        }
        let mut new = Vec::new();
        let callback = self.inner.owed.lock().get(&summary.id).cloned();
        if let Some(callback) = callback {
            new.push(self.callback(ended, callback));
        }
        match self.destination(ended.record(), failure(ended)).await {
            Ok(delivery) => new.extend(delivery),
            Err(e) => tracing::error!(error = %e, "the record of a run could not be made"),
        }
        new
    }

    /// The record of a run, with its deliveries, is being written.
    pub(crate) fn no_longer_owed(&self, run: ActivationId) {
        self.inner.owed.lock().remove(&run);
    }

    fn callback(&self, ended: &Ended, callback: Callback) -> NewDelivery {
        let answered = Answered::of(ended);
        NewDelivery {
            headers: answered.kept_headers(ended.record(), &callback),
            follow: callback
                .follow_from
                .filter(|_| follow::is_redirect(answered.status)),
            body: answered.body.into(),
            target: Destination::Http { url: callback.url },
            call_id: Some(callback.call_id),
            ..self.new_delivery(ended.summary())
        }
    }

    /// The record of a detached run, if it goes anywhere.
    async fn destination(
        &self,
        run: &Activation,
        failure: Option<InvokeFailure>,
    ) -> Result<Option<NewDelivery>> {
        let summary = &run.summary;
        let key = FunctionKey {
            namespace: summary.namespace.clone(),
            name: summary.function.clone(),
        };
        let Some(function) = self.inner.store.function(&key).await? else {
            return Ok(None);
        };
        let settings = &function.settings;
        let (purpose, target) = if summary.status == Status::Success {
            (Purpose::Success, &settings.on_success)
        } else {
            (Purpose::Failure, &settings.on_failure)
        };
        let Some(target) = target.clone() else {
            return Ok(None);
        };
        Ok(Some(NewDelivery {
            purpose,
            target,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: record::invocation_record(run, failure, ActivationId::new().as_u128())?,
            ..self.new_delivery(summary)
        }))
    }

    /// Tells of runs that Beckon itself ended, without an answer: lost in a crash, cancelled while they waited. Their
    /// callers' callbacks are in the database with their ends.
    pub(crate) async fn on_given_up(&self, runs: impl IntoIterator<Item = ActivationId>) {
        for run in runs {
            if let Err(e) = self.tell_of(run).await {
                tracing::error!(error = %e, %run, "the record of a run could not be delivered");
            }
        }
    }

    async fn tell_of(&self, run: ActivationId) -> Result<()> {
        self.no_longer_owed(run);
        let Some(record) = self.inner.store.activation(run).await? else {
            return Ok(());
        };
        if record.summary.mode != Mode::NonBlocking || record.summary.connection != LOCAL {
            return Ok(());
        }
        match self.destination(&record, Some(record::FAILED)).await? {
            Some(delivery) => self.inner.store.add_deliveries(vec![delivery]).await,
            None => Ok(()),
        }
    }

    fn new_delivery(&self, summary: &ActivationSummary) -> NewDelivery {
        NewDelivery {
            run: summary.id,
            function: FunctionKey {
                namespace: summary.namespace.clone(),
                name: summary.function.clone(),
            },
            purpose: Purpose::Callback,
            target: Destination::Http { url: String::new() },
            call_id: None,
            headers: Vec::new(),
            follow: None,
            body: Vec::new(),
            attempts: self.inner.wire.rules.read().attempts,
            created: self.inner.clock.now(),
        }
    }

    /// Begins no more attempts, and cuts those short that do not end within `grace`: the next start makes them again.
    pub(crate) async fn shutdown(&self, grace: Duration) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        if tokio::time::timeout(grace, self.inner.tasks.wait())
            .await
            .is_err()
        {
            self.inner.cut.cancel();
            self.inner.tasks.wait().await;
        }
    }
}

impl Engine {
    /// What is delivered to others when runs are over.
    #[must_use]
    pub fn deliveries(&self) -> &Deliveries {
        &self.inner.deliveries
    }

    /// Like [`Engine::accept`], and promises that somebody is called back when the run is over. The promise is on disk
    /// with the run.
    ///
    /// # Errors
    /// Those of `accept`, and `InvalidInput` for a URL that Go would not take ([`check_callback_url`]). One that merely
    /// cannot be reached is a delivery that fails.
    pub async fn accept_calling_back(
        &self,
        invocation: Invocation,
        callback: Callback,
    ) -> Result<ActivationId> {
        check_callback_url(&callback.url)?;
        let (id, deliveries) = (invocation.id, self.deliveries());
        deliveries.owe(id, callback).await?;
        let accepted = self.accept(invocation).await;
        if accepted.is_err() {
            deliveries.disown(id).await;
        }
        accepted
    }
}

impl std::fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Deliveries")
    }
}

async fn stored_rules(store: &Store) -> Result<DeliveryRules> {
    let Some(text) = store.setting(RULES).await? else {
        return Ok(DeliveryRules::default());
    };
    Ok(serde_json::from_str(&text).unwrap_or_else(|error| {
        tracing::warn!(%error, "the rules of deliveries could not be read; nothing but this machine is allowed");
        DeliveryRules::default()
    }))
}
