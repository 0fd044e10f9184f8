//! Accepted runs: taken from disk when there is a slot for them, and never before.
//!
//! A run is claimed (marked running, durably) only once its slot is reserved, so that a crash finds as running what
//! really had begun. Each function is claimed for by itself, so that a slow one is in nobody's way.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use beckon_core::{
    Activation, ActivationId, ErrorCode, Function, FunctionKey, JsonText, LOCAL, Mode, Status, filter::Filter,
};
use beckon_store::Claim;
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::attempt::{Progress, Request};
use crate::end::End;
use crate::logs::RunLog;
use crate::pool::{Grant, Place};
use crate::run::{self, Registered, Run};
use crate::{Inner, Payload};

/// Most runs on disk that wait.
pub(crate) const MAX_QUEUED: u64 = 100_000;
/// Most runs claimed at once for a function that cannot run them.
const REFUSED_AT_ONCE: usize = 256;
/// How long to leave a database alone that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What waits on disk, by function; a hint of where to look, kept as exact as can be.
#[derive(Default)]
pub(crate) struct Backlog {
    by_function: Mutex<HashMap<FunctionKey, Waiting>>,
    /// What runs were told that has no place in their row.
    requests: Mutex<HashMap<ActivationId, Request>>,
}

#[derive(Default)]
struct Waiting {
    count: u64,
    /// How many were ever added; tells whether a count is out of date.
    added: u64,
    /// Being written to disk.
    arriving: u32,
}

impl Backlog {
    /// A run for `key` is about to be written: from now on nobody who claims for others gets it by mistake. `request`
    /// is what it will be told.
    pub(crate) fn announce(&self, key: &FunctionKey, id: ActivationId, request: Request) -> Arrival<'_> {
        self.by_function.lock().entry(key.clone()).or_default().arriving += 1;
        self.requests.lock().insert(id, request);
        Arrival {
            backlog: self,
            key: key.clone(),
            id,
            written: false,
        }
    }

    fn add(&self, key: &FunctionKey) {
        let mut all = self.by_function.lock();
        let waiting = all.entry(key.clone()).or_default();
        waiting.count += 1;
        waiting.added += 1;
    }

    /// One run less.
    pub(crate) fn removed(&self, key: &FunctionKey, id: ActivationId) {
        self.requests.lock().remove(&id);
        if let Some(waiting) = self.by_function.lock().get_mut(key) {
            waiting.count = waiting.count.saturating_sub(1);
        }
    }

    /// All that waits.
    pub(crate) fn depth(&self) -> u64 {
        self.by_function
            .lock()
            .values()
            .map(|waiting| waiting.count)
            .sum()
    }

    fn keys(&self) -> Vec<(FunctionKey, u64, u64)> {
        let mut all = self.by_function.lock();
        all.retain(|_, waiting| waiting.count > 0 || waiting.arriving > 0);
        all.iter()
            .filter(|(_, w)| w.count > 0)
            .map(|(key, w)| (key.clone(), w.count, w.added))
            .collect()
    }

    fn others(&self, than: &FunctionKey) -> Vec<FunctionKey> {
        self.by_function
            .lock()
            .keys()
            .filter(|key| *key != than)
            .cloned()
            .collect()
    }

    /// There was less than thought; true unless something was added since.
    fn exhausted(&self, key: &FunctionKey, added: u64) {
        if let Some(waiting) = self.by_function.lock().get_mut(key)
            && waiting.added == added
        {
            waiting.count = 0;
        }
    }
}

/// A run on its way to the disk. Dropped without [`Arrival::done`], it never got there, or nobody knows.
pub(crate) struct Arrival<'a> {
    backlog: &'a Backlog,
    key: FunctionKey,
    id: ActivationId,
    written: bool,
}

impl Arrival<'_> {
    /// It is on disk.
    pub(crate) fn done(mut self) {
        self.written = true;
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        // A caller who left while the row was being written does not know whether it was: look for it. A count that
        // is too high is corrected by the next claim.
        self.backlog.add(&self.key);
        if !self.written {
            self.backlog.requests.lock().remove(&self.id);
        }
        if let Some(waiting) = self.backlog.by_function.lock().get_mut(&self.key) {
            waiting.arriving = waiting.arriving.saturating_sub(1);
        }
    }
}

/// Reads from the journal what waits, at start.
pub(crate) async fn count(inner: &Inner) -> beckon_core::Result<()> {
    let filter = Filter {
        connections: vec![LOCAL.to_owned()],
        statuses: vec![Status::Queued],
        ..Filter::default()
    };
    let mut after = None;
    loop {
        let page = inner.store.page(&filter, after, 1000).await?;
        for row in page.rows {
            inner.backlog.add(&FunctionKey {
                namespace: row.namespace,
                name: row.function,
            });
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    inner.note_backlog();
    Ok(())
}

/// Runs what waits, as slots become free, until told to stop.
pub(crate) async fn dispatch(inner: Arc<Inner>, stop: CancellationToken) {
    loop {
        while !stop.is_cancelled() && pass(&inner).await {}
        tokio::select! {
            () = stop.cancelled() => return,
            () = inner.pools.room.notified() => {}
        }
    }
}

struct Turn {
    key: FunctionKey,
    added: u64,
    work: Work,
}

enum Work {
    /// Slots to fill.
    Run(Arc<Function>, Vec<Grant>),
    /// It cannot be run: this many are told so.
    Refuse(usize, Refusal),
}

enum Refusal {
    Deleted,
    Missing(beckon_core::Error),
    Unreadable(beckon_core::Error),
}

/// Looks at every function that has something waiting. `false` when nothing could be done.
async fn pass(inner: &Arc<Inner>) -> bool {
    let mut turns = Vec::new();
    for (key, count, added) in inner.backlog.keys() {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let work = match inner.store.function(&key).await {
            Ok(None) => Work::Refuse(count.min(REFUSED_AT_ONCE), Refusal::Deleted),
            Ok(Some(function)) => match inner.runtimes.interpreter(function.runtime.language()) {
                Ok(_) => {
                    let grants = inner.pools.try_acquire(&function, count);
                    if grants.is_empty() {
                        continue;
                    }
                    Work::Run(function, grants)
                }
                Err(e) => Work::Refuse(count.min(REFUSED_AT_ONCE), Refusal::Missing(e)),
            },
            Err(e) => {
                tracing::error!(error = %e, "a queued function could not be read");
                tokio::time::sleep(AFTER_FAILURE).await;
                continue;
            }
        };
        turns.push(Turn { key, added, work });
    }
    join_all(turns.into_iter().map(|turn| take(inner, turn)))
        .await
        .into_iter()
        .any(|done| done)
}

async fn take(inner: &Arc<Inner>, turn: Turn) -> bool {
    let Turn { key, added, work } = turn;
    let most = match &work {
        Work::Run(_, grants) => grants.len(),
        Work::Refuse(most, _) => *most,
    };
    let claims = match inner
        .store
        .claim(most, &inner.backlog.others(&key), inner.clock.now())
        .await
    {
        Ok(claims) => claims,
        Err(e) => {
            tracing::error!(error = %e, "queued runs could not be claimed");
            drop(work);
            tokio::time::sleep(AFTER_FAILURE).await;
            return true;
        }
    };
    let short = claims.len() < most;
    let mut grants = Vec::new();
    for Claim { activation, .. } in claims {
        let own = FunctionKey {
            namespace: activation.summary.namespace.clone(),
            name: activation.summary.function.clone(),
        };
        let request = inner.backlog.requests.lock().remove(&activation.summary.id);
        inner.backlog.removed(&own, activation.summary.id);
        grants.push((own, request, activation));
    }
    inner.note_backlog();
    match work {
        Work::Run(function, mut slots) => {
            for (own, request, activation) in grants {
                match if own == key { slots.pop() } else { None } {
                    Some(slot) => begin(inner, &function, activation, request, Place::Now(slot)),
                    // It was accepted at this very moment, for a function unheard of before.
                    None => drop(inner.tasks.spawn(adopt(inner.clone(), own, activation, request))),
                }
            }
        }
        Work::Refuse(_, refusal) => {
            for (own, request, activation) in grants {
                if own == key {
                    refuse(inner, activation, &refusal).await;
                } else {
                    drop(inner.tasks.spawn(adopt(inner.clone(), own, activation, request)));
                }
            }
        }
    }
    if short {
        inner.backlog.exhausted(&key, added);
        inner.note_backlog();
    }
    true
}

fn begin(
    inner: &Arc<Inner>,
    function: &Function,
    activation: Activation,
    request: Option<Request>,
    place: Place,
) {
    let mut draft = activation;
    draft.summary.version = function.version.to_string();
    draft.summary.kind = function.runtime.to_string();
    draft.summary.status = Status::Running;
    draft.limits = function.limits;
    let id = draft.summary.id;
    let waited = (inner.clock.now() - draft.summary.start).max(0) as f64;
    let request = match request {
        Some(request) => request,
        None => match Payload::of_record(&draft) {
            Ok(payload) => Request::of(id, payload, None, None),
            Err(error) => {
                let (inner, refusal) = (inner.clone(), Refusal::Unreadable(error));
                drop(
                    inner
                        .tasks
                        .clone()
                        .spawn(async move { refuse(&inner, draft, &refusal).await }),
                );
                return;
            }
        },
    };
    let run = Run {
        draft,
        request,
        registered: Registered::new(inner, id),
        policy: function.lost_policy,
        in_journal: true,
        arrived: Instant::now(),
        waited,
    };
    drop(inner.tasks.spawn(run.drive(place)));
}

/// A run that was claimed without a slot: it stands in line like a caller.
async fn adopt(inner: Arc<Inner>, key: FunctionKey, activation: Activation, request: Option<Request>) {
    loop {
        match inner.store.function(&key).await {
            Ok(None) => return refuse(&inner, activation, &Refusal::Deleted).await,
            Ok(Some(function)) => match inner.pools.acquire(&function) {
                Ok(place) => return begin(&inner, &function, activation, request, place),
                Err(e) if e.code == ErrorCode::ShuttingDown => return,
                Err(_) => {}
            },
            Err(e) => tracing::error!(error = %e, "a queued function could not be read"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn refuse(inner: &Inner, activation: Activation, refusal: &Refusal) {
    let log = RunLog::shared(0, inner.clock.now());
    let end = match refusal {
        Refusal::Deleted => End::deleted(),
        Refusal::Missing(error) | Refusal::Unreadable(error) => {
            log.lock().note(format!(
                "Beckon: {} {}",
                error.message,
                error.hint.as_deref().unwrap_or_default()
            ));
            End::not_provisioned()
        }
    };
    let payload = Payload::of_record(&activation)
        .unwrap_or_else(|_| Payload::Args(activation.input.clone().unwrap_or_else(JsonText::empty_object)));
    let waited = (inner.clock.now() - activation.summary.start).max(0) as f64;
    let ended = run::finish(
        activation,
        payload,
        Mode::NonBlocking,
        end,
        &log,
        &Progress::default(),
        Instant::now(),
        waited,
    );
    if let Err(e) = run::write_ended(inner, &ended).await {
        tracing::error!(error = %e, "a record could not be written");
    }
}

impl Inner {
    /// Tells the pools how much waits on disk, and the dispatcher that it might have something to do.
    pub(crate) fn note_backlog(&self) {
        self.pools.backlog.store(self.backlog.depth(), Ordering::Release);
        self.activity.changed();
    }
}
