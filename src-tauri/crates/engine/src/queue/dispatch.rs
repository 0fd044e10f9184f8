//! Who begins when: leases are taken from disk, slots from the pools, and a run begins when it has both.
//!
//! One task does all of it. While the leases of one transaction are on their way to the disk it begins what is leased
//! already, and the next transaction takes all that came together meanwhile. A function that is slow takes as many
//! leases as it has slots; one whose runs are shorter than an fsync takes some ahead (see [`Lines::ahead`]). Each
//! function has its own line, so a slow one is in nobody's way.
//!
//! [`Lines::ahead`]: super::lines::Lines::ahead

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{Activation, ActivationId, Function, FunctionKey, JsonText, Mode, Result, Status};
use beckon_store::{Claim, Ended};
use tokio_util::sync::CancellationToken;

use crate::attempt::{Progress, Request};
use crate::end::End;
use crate::logs::{RunLog, SharedLog};
use crate::pool::{Grant, Place};
use crate::queue::Kept;
use crate::queue::lease;
use crate::queue::lines::{Leased, Standing};
use crate::queue::settle::{self, Attempt};
use crate::run::{self, Registered, Run};
use crate::{Inner, Payload, composition};

/// Most runs leased at once for a function that cannot run them.
const REFUSED_AT_ONCE: usize = 256;
/// How long to leave a database alone that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How often leases are given back to a database that fails.
const GIVE_BACK_TRIES: u32 = 5;

/// A transaction that takes leases.
struct Leasing {
    answer: Pin<Box<dyn Future<Output = Result<Vec<Claim>>> + Send>>,
    asked: Vec<(FunctionKey, Vec<ActivationId>)>,
    since: Instant,
}

struct Dispatcher {
    inner: Arc<Inner>,
    /// Slots taken for runs that are being leased, with the function as it was then.
    held: HashMap<FunctionKey, (Arc<Function>, Vec<Grant>)>,
    leasing: Option<Leasing>,
    /// How long a transaction takes, the later ones counting more.
    takes: Duration,
    /// Not before then: the database failed.
    rest: Option<Instant>,
}

enum Refusal {
    Deleted,
    Missing(beckon_core::Error),
}

/// Runs what waits, as slots become free, until told to stop.
pub(crate) async fn dispatch(inner: Arc<Inner>, stop: CancellationToken) {
    let mut dispatcher = Dispatcher {
        inner: inner.clone(),
        held: HashMap::new(),
        leasing: None,
        takes: Duration::ZERO,
        rest: None,
    };
    let mut beat = tokio::time::interval(lease::pace(&inner));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        // First what became ready, so that this turn begins it.
        let due = inner.backlog.lines.wake();
        dispatcher.turn().await;
        let timer = [due, dispatcher.rest].into_iter().flatten().min();
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            claims = answer(&mut dispatcher.leasing) => dispatcher.land(claims),
            () = inner.pools.room.notified() => {}
            () = until(timer) => dispatcher.rest = dispatcher.rest.filter(|rest| *rest > Instant::now()),
            _ = beat.tick() => {
                inner.backlog.lines.check_clock(inner.clock.now());
                drop(inner.tasks.spawn(lease::beat(inner.clone())));
            }
        }
    }
    if dispatcher.leasing.is_some() {
        let claims = answer(&mut dispatcher.leasing).await;
        dispatcher.land(claims);
    }
    dispatcher.held.clear();
    give_back(&inner, inner.backlog.lines.put_back_all()).await;
}

/// Gives leases back that were taken ahead: the next start need not wonder what became of them.
pub(crate) async fn give_back(inner: &Inner, ids: Vec<ActivationId>) {
    if ids.is_empty() {
        return;
    }
    // A lease that is neither held nor given back runs out, and then its run counts as one that had begun.
    for _ in 0..GIVE_BACK_TRIES {
        match inner.store.release(ids.clone(), inner.backlog.owner).await {
            Ok(_) => return,
            Err(error) => tracing::error!(%error, "leases could not be given back"),
        }
        tokio::time::sleep(AFTER_FAILURE).await;
    }
}

async fn answer(leasing: &mut Option<Leasing>) -> Result<Vec<Claim>> {
    match leasing {
        Some(leasing) => (&mut leasing.answer).await,
        None => std::future::pending().await,
    }
}

async fn until(timer: Option<Instant>) {
    match timer {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

impl Dispatcher {
    /// Begins what can begin and asks for what could begin next.
    async fn turn(&mut self) {
        let inner = self.inner.clone();
        let mut wanted = Vec::new();
        let mut asked = Vec::new();
        for standing in inner.backlog.lines.standing() {
            let key = standing.key.clone();
            let most = match inner.store.function(&key).await {
                Ok(None) => self.refuse(&standing, &Refusal::Deleted),
                Ok(Some(function)) => match inner.runtimes.can_run(&function.runtime) {
                    Ok(_) => self.fill(&standing, function),
                    Err(e) => self.refuse(&standing, &Refusal::Missing(e)),
                },
                Err(error) => {
                    tracing::error!(%error, "a queued function could not be read");
                    self.rest = Some(Instant::now() + AFTER_FAILURE);
                    continue;
                }
            };
            if most == 0 || self.leasing.is_some() || self.rest.is_some() {
                continue;
            }
            let runs = inner.backlog.lines.ask(&key, most);
            asked.push((key, runs.iter().map(|(id, _)| *id).collect::<Vec<_>>()));
            wanted.extend(runs);
        }
        if !wanted.is_empty() {
            // Before they are taken: no heartbeat may find them without a holder.
            inner.backlog.leases.expect(wanted.iter().map(|(id, _)| *id));
            let (store, owner) = (inner.store.clone(), inner.backlog.owner);
            let until = lease::until(&inner, inner.clock.now());
            self.leasing = Some(Leasing {
                answer: Box::pin(async move { store.claim(wanted, owner, until).await }),
                asked,
                since: Instant::now(),
            });
        }
        inner.note_backlog();
    }

    /// Begins leased runs of a function in the slots there are. Returns how many more leases to take.
    fn fill(&mut self, standing: &Standing, function: Arc<Function>) -> usize {
        if composition::of(&function).is_some() {
            return self.compose(standing, &function);
        }
        let key = &standing.key;
        let lines = &self.inner.backlog.lines;
        let (_, mut slots) = match self.held.remove(key) {
            Some(held) if Arc::ptr_eq(&held.0, &function) => held,
            // Another version, or none: slots of the one before are of no use.
            _ => (function.clone(), Vec::new()),
        };
        let could = (standing.leased + standing.asked + standing.ready).saturating_sub(slots.len());
        slots.extend(self.inner.pools.try_acquire(&function, could));
        while let Some(slot) = slots.pop() {
            match lines.next(key) {
                Some(leased) => begin(&self.inner, &function, leased, Place::Now(slot)),
                None => {
                    slots.push(slot);
                    break;
                }
            }
        }
        let ahead = lines.ahead(key, self.takes);
        let enough = standing.asked + standing.leased.min(ahead);
        let most = (slots.len() + ahead).saturating_sub(enough).min(standing.ready);
        // Slots are kept only for what is on its way: they belong to those who call now as well.
        slots.truncate(standing.asked + most);
        if !slots.is_empty() {
            self.held.insert(key.clone(), (function, slots));
        }
        most
    }

    /// Begins leased runs of a sequence, which need no slot of their own. Returns how many more leases to take.
    fn compose(&mut self, standing: &Standing, function: &Arc<Function>) -> usize {
        self.held.remove(&standing.key);
        let mut begun = 0;
        while begun < standing.leased
            && let Some(place) = composition::queued_place(&self.inner, function)
            && let Some(leased) = self.inner.backlog.lines.next(&standing.key)
        {
            begin(&self.inner, function, leased, place);
            begun += 1;
        }
        let room = self.inner.compositions.available_permits();
        let enough = standing.asked + standing.leased - begun;
        room.saturating_sub(enough).min(standing.ready)
    }

    /// Ends leased runs of a function that cannot be run. Returns how many more leases to take for that.
    fn refuse(&mut self, standing: &Standing, refusal: &Refusal) -> usize {
        self.held.remove(&standing.key);
        while let Some(Leased { lease, mut kept, .. }) = self.inner.backlog.lines.next(&standing.key) {
            self.inner.backlog.lines.ended(&standing.key, None);
            let history = settle::history(&mut kept.draft);
            kept.draft.attempts = lease.attempts;
            let ended = refused(&self.inner, kept, refusal);
            let inner = self.inner.clone();
            drop(self.inner.tasks.spawn(async move {
                settle::finish(&inner, lease, ended, history, Ended::Over).await;
            }));
        }
        standing.ready.min(REFUSED_AT_ONCE)
    }

    /// The transaction is over.
    fn land(&mut self, claims: Result<Vec<Claim>>) {
        let Some(leasing) = self.leasing.take() else {
            return;
        };
        let took = leasing.since.elapsed();
        self.takes = match self.takes.is_zero() {
            true => took,
            false => self.takes.mul_f64(0.8) + took.mul_f64(0.2),
        };
        let backlog = &self.inner.backlog;
        let claims = match claims {
            Ok(claims) => claims,
            Err(error) => {
                tracing::error!(%error, "queued runs could not be leased");
                for (key, ids) in &leasing.asked {
                    backlog.lines.refused(key, ids);
                    backlog.leases.forget(ids);
                }
                self.held.clear();
                self.rest = Some(Instant::now() + AFTER_FAILURE);
                return;
            }
        };
        let mut claims: HashMap<ActivationId, Claim> =
            claims.into_iter().map(|claim| (claim.id, claim)).collect();
        let mut gone = HashSet::new();
        for (key, ids) in &leasing.asked {
            for id in ids {
                let claim = claims.remove(id);
                let (lease, record) = match claim {
                    Some(mut claim) => (Some(backlog.leases.hold(&claim)), claim.activation.take()),
                    None => {
                        gone.insert(*id);
                        (None, None)
                    }
                };
                let kept = || record.map(|record| Kept::restored(*record));
                backlog.lines.leased(key, *id, lease, kept);
            }
        }
        backlog.leases.forget(&gone);
    }
}

impl Kept {
    /// A run as its row tells of it: what was only in memory (the values of secret headers) is gone.
    fn restored(mut draft: Activation) -> Self {
        let id = draft.summary.id;
        let payload = Payload::of_record(&draft).unwrap_or_else(|error| {
            tracing::error!(%error, %id, "a kept request cannot be read");
            Payload::Args(draft.input.clone().unwrap_or_else(JsonText::empty_object))
        });
        draft.input = None;
        let request = Request::of(id, payload, None, None);
        Self { draft, request }
    }
}

/// Lets a leased run begin.
fn begin(inner: &Arc<Inner>, function: &Function, leased: Leased, place: Place) {
    let Leased {
        mut lease,
        kept,
        seq: _,
    } = leased;
    let Kept {
        mut draft,
        mut request,
    } = kept;
    let (id, key) = (lease.id, function.key.clone());
    // After a crash it must be known that it began; if that cannot be written, all that is leased counts as begun.
    if let Some(ledger) = &inner.backlog.ledger {
        match ledger.begin(id) {
            Ok(mark) => lease.mark = Some(mark),
            Err(error) => tracing::error!(%error, "the queue's ledger could not be written"),
        }
    }
    draft.summary.version = function.version.to_string();
    draft.summary.kind = function.runtime.to_string();
    draft.summary.status = Status::Running;
    draft.limits = function.limits;
    draft.attempts = lease.attempts + 1;
    composition::mark(&mut draft, function);
    let binding = composition::binding_of(&draft);
    let defaults = inner.store.defaults(function, binding.as_ref());
    request.inherit(defaults, binding);
    if draft.summary.namespace != function.key.namespace {
        request.namespace = Some(draft.summary.namespace.clone());
    }
    request.longest = detached_limit(function);
    let attempt = Attempt {
        lease,
        policy: composition::policy_of(function),
        retry: function.settings.retry.clone(),
        history: settle::history(&mut draft),
        transaction: request.transaction.clone(),
        api_host: request.api_host.clone(),
    };
    let waited = (inner.clock.now() - draft.summary.start).max(0) as f64;
    let registered = Registered::new(inner, &draft);
    let run = Run {
        draft,
        request,
        registered,
        tally: inner.metrics.of(function),
        // Its row says that it waits, until it has lasted long enough to be shown as running.
        in_journal: false,
        arrived: Instant::now(),
        waited,
    };
    let own = inner.clone();
    drop(inner.tasks.spawn(async move {
        let began = Instant::now();
        let ended = run.drive(place).await;
        own.backlog.lines.ended(&key, Some(began.elapsed()));
        if let Ok(ended) = ended {
            attempt.settle(&own, &ended).await;
        }
    }));
}

/// The longest that a detached run of a function may take, ms (OCI's detached timeout), where it is not as long as any
/// other.
fn detached_limit(function: &Function) -> Option<u32> {
    let seconds = function.settings.detached_timeout_s?;
    Some(seconds.saturating_mul(1000))
}

/// The end of a run that cannot be run.
fn refused(inner: &Inner, kept: Kept, refusal: &Refusal) -> Arc<run::Ended> {
    let log = RunLog::shared(0, inner.clock.now());
    let end = match refusal {
        Refusal::Deleted => End::deleted(),
        Refusal::Missing(error) => {
            let hint = error.hint.as_deref().unwrap_or_default();
            log.lock().note(format!("Beckon: {} {hint}", error.message));
            End::not_provisioned()
        }
    };
    over(inner, kept, end, &log)
}

/// The end of a run that never began, or not again.
pub(crate) fn over(inner: &Inner, kept: Kept, end: End, log: &SharedLog) -> Arc<run::Ended> {
    let Kept { draft, request } = kept;
    let waited = (inner.clock.now() - draft.summary.start).max(0) as f64;
    let (progress, now) = (Progress::default(), Instant::now());
    run::finish(
        draft,
        request.payload,
        Mode::NonBlocking,
        end,
        log,
        &progress,
        now,
        waited,
    )
}
