//! One run from its request to its record.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use beckon_core::{
    Activation, ActivationId, ActivationSummary, Cause, Function, FunctionKey, FunctionName, LOCAL, LogLine,
    Millis, Mode, NamespaceName, Result, Status, Timing,
};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio_util::task::TaskTracker;

use crate::attempt::{self, NotBegun, Progress, Request};
use crate::end::{End, Why};
use crate::logs::{RunLog, SharedLog};
use crate::metrics::Tally;
use crate::pool::{self, Place};
use crate::{Inner, Outcome, Payload, Reply};

/// About what a run takes in memory whatever it brought: its record, and the heads of its request and its response.
const SMALLEST: usize = 2560;

/// A run that lasts longer than this is shown in the journal while it lasts.
const NOTE_AFTER: Duration = Duration::from_millis(250);

/// How others reach a run in progress.
pub(crate) struct Control {
    /// Whose run it is.
    namespace: NamespaceName,
    function: FunctionName,
    /// What it has written so far, once it runs.
    log: OnceLock<SharedLog>,
    stop: AtomicU8,
    promotion: Mutex<Option<oneshot::Sender<Result<Outcome>>>>,
    told: Notify,
}

/// Why a run is stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A person wants it so.
    Cancel = 1,
    /// Beckon shuts down.
    Shutdown = 2,
}

impl Control {
    fn of(draft: &Activation) -> Self {
        Self {
            namespace: draft.summary.namespace.clone(),
            function: draft.summary.function.clone(),
            log: OnceLock::new(),
            stop: AtomicU8::new(0),
            promotion: Mutex::default(),
            told: Notify::new(),
        }
    }

    /// The namespace that the run belongs to.
    pub(crate) fn namespace(&self) -> &NamespaceName {
        &self.namespace
    }

    /// The lines that a run of `function` has written, but for the first `known`.
    pub(crate) fn written(&self, function: &FunctionKey, known: usize) -> Vec<LogLine> {
        if self.namespace != function.namespace || self.function != function.name {
            return Vec::new();
        }
        self.log
            .get()
            .map_or_else(Vec::new, |log| log.lock().after(known))
    }

    /// Ends the run. The first reason counts.
    pub(crate) fn stop(&self, why: Stop) {
        let _ = self
            .stop
            .compare_exchange(0, why as u8, Ordering::AcqRel, Ordering::Acquire);
        self.told.notify_one();
    }

    /// Asks that the run becomes asynchronous. The answer is that, or its record if it is over already.
    pub(crate) fn promote(&self) -> oneshot::Receiver<Result<Outcome>> {
        let (tell, told) = oneshot::channel();
        *self.promotion.lock() = Some(tell);
        self.told.notify_one();
        told
    }

    fn stopped(&self) -> Option<Stop> {
        match self.stop.load(Ordering::Acquire) {
            1 => Some(Stop::Cancel),
            2 => Some(Stop::Shutdown),
            _ => None,
        }
    }
}

/// The place of a run in the list of runs in progress; left when dropped.
pub(crate) struct Registered {
    inner: Arc<Inner>,
    id: ActivationId,
    control: Arc<Control>,
}

impl Registered {
    pub(crate) fn new(inner: &Arc<Inner>, draft: &Activation) -> Self {
        let (id, control) = (draft.summary.id, Arc::new(Control::of(draft)));
        inner.runs.lock().insert(id, control.clone());
        Self {
            inner: inner.clone(),
            id,
            control,
        }
    }

    pub(crate) fn control(&self) -> &Arc<Control> {
        &self.control
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut runs = self.inner.runs.lock();
        runs.remove(&self.id);
        if runs.is_empty() {
            self.inner.quiet.notify_waiters();
        }
    }
}

/// A run that is to begin.
pub(crate) struct Run {
    /// Its record as far as it is known.
    pub(crate) draft: Activation,
    pub(crate) request: Request,
    pub(crate) registered: Registered,
    /// Where it is counted.
    pub(crate) tally: Arc<Tally>,
    /// Whether the journal has a row of it already.
    pub(crate) in_journal: bool,
    /// When the engine took it up.
    pub(crate) arrived: Instant,
    /// What it waited before that, ms.
    pub(crate) waited: f64,
}

impl Run {
    /// Runs it and hands its record to the journal.
    ///
    /// # Errors
    /// `ShuttingDown` when it never began and nobody has heard of it.
    pub(crate) async fn drive(self, place: Place) -> Result<Arc<Ended>> {
        let Self {
            draft,
            request,
            registered,
            tally,
            mut in_journal,
            arrived,
            waited,
        } = self;
        let (inner, control) = (&registered.inner, &registered.control);
        inner.lane.call();
        let limit = draft.limits.logs_kb as usize * 1024;
        let log = RunLog::shared(limit, inner.clock.now());
        let _ = control.log.set(log.clone());
        let mut progress = Progress::default();
        let mut mode = draft.summary.mode;
        let (began, accepted) = (mode, mode == Mode::NonBlocking);
        tally.begun(began);
        let end = {
            let work = attempt::execute(inner, &draft, &request, place, &log, &mut progress);
            let note = tokio::time::sleep(NOTE_AFTER);
            tokio::pin!(work, note);
            loop {
                tokio::select! {
                    biased;
                    end = &mut work => break end,
                    () = control.told.notified() => {
                        match control.stopped() {
                            Some(Stop::Cancel) => break Ok(End::cancelled()),
                            Some(Stop::Shutdown) => break Ok(End::shut_down()),
                            None => {}
                        }
                        let promotion = control.promotion.lock().take();
                        if let Some(tell) = promotion {
                            mode = Mode::Promoted;
                            in_journal = true;
                            let written = write_running(inner, &draft, &request.payload, mode, true).await;
                            let _ = tell.send(written.map(|()| Outcome::Promoted(draft.summary.id)));
                        }
                    }
                    () = &mut note, if !in_journal => {
                        in_journal = true;
                        if let Err(e) = write_running(inner, &draft, &request.payload, mode, false).await {
                            tracing::error!(error = %e, "a run in progress could not be noted");
                        }
                    }
                }
            }
        };
        let end = match end {
            Ok(end) => end,
            Err(NotBegun) if !in_journal => {
                return Err(answer_promotion(control, Err(pool::shutting_down())));
            }
            Err(NotBegun) => End::shut_down(),
        };
        let end = match &request.live {
            Some(live) => live.cut(end),
            None => end,
        };
        let ended = finish(
            draft,
            request.payload,
            mode,
            end,
            &log,
            &progress,
            arrived,
            waited,
        );
        tally.ended(began, &ended, &progress);
        inner.activity.count(ended.record.summary.cold == Some(true));
        // What becomes of an accepted run is the queue's business: it may be tried again.
        if !accepted && let Err(e) = write_ended(inner, &ended).await {
            tracing::error!(error = %e, id = %ended.record.summary.id, "a record could not be written");
        }
        let promotion = control.promotion.lock().take();
        if let Some(tell) = promotion {
            let _ = tell.send(Ok(Outcome::Finished(ended.clone())));
        }
        Ok(ended)
    }
}

fn answer_promotion(control: &Control, result: Result<Outcome>) -> beckon_core::Error {
    let promotion = control.promotion.lock().take();
    if let Some(tell) = promotion {
        let _ = tell.send(result);
    }
    pool::shutting_down()
}

pub(crate) async fn write_running(
    inner: &Inner,
    draft: &Activation,
    payload: &Payload,
    mode: Mode,
    durable: bool,
) -> Result<()> {
    let mut row = draft.clone();
    payload.note(&mut row);
    row.summary.mode = mode;
    row.summary.status = Status::Running;
    inner.store.record(row).await?;
    if durable {
        inner.store.flush().await
    } else {
        Ok(())
    }
}

/// Hands a record over. What it takes to make one of a run (reading bodies, a preview) is left to the journal's thread:
/// a caller waits for none of it. A run from the queue is in the queue until its record is written, so that one goes at
/// once.
pub(crate) async fn write_ended(inner: &Inner, ended: &Arc<Ended>) -> Result<()> {
    if ended.record.summary.mode != Mode::Blocking {
        return inner.store.record(ended.activation()).await;
    }
    let (id, weight) = (ended.record.summary.id, ended.weight());
    let ended = ended.clone();
    inner
        .store
        .record_later(id, weight, move || ended.into_activation())
        .await
}

/// What is known of a run before it begins; its input and what went over HTTP follow from the payload, when a record is
/// made.
pub(crate) fn draft(function: &Function, asked: Asked, status: Status, mode: Mode) -> Activation {
    Activation {
        summary: ActivationSummary {
            id: asked.id,
            connection: LOCAL.to_owned(),
            namespace: function.key.namespace.clone(),
            function: function.key.name.clone(),
            version: function.version.to_string(),
            kind: function.runtime.to_string(),
            status,
            mode,
            cause: asked.cause,
            start: asked.received,
            end: None,
            duration_ms: None,
            cold: None,
            http_status: None,
            callback: None,
            pinned: false,
            preview: String::new(),
        },
        subject: function.key.namespace.to_string(),
        input: None,
        result: None,
        result_bytes: 0,
        result_truncated: false,
        logs: Vec::new(),
        logs_truncated: false,
        limits: function.limits,
        timing: Timing::default(),
        rerun_of: asked.rerun_of,
        token_id: asked.token_id,
        parent: None,
        http: None,
        attempts: 1,
        guards: Vec::new(),
        annotations: Vec::new(),
    }
}

/// A run that is over, with everything that a record of it is made of.
#[derive(Debug)]
pub struct Ended {
    /// All of the record but input and result.
    record: Activation,
    payload: Payload,
    reply: Reply,
    why: Why,
}

impl Ended {
    /// What lists show of it.
    pub fn summary(&self) -> &ActivationSummary {
        &self.record.summary
    }

    /// All of the record but input and result.
    pub(crate) fn record(&self) -> &Activation {
        &self.record
    }

    /// What the caller gets, in the kind that the function's contract speaks.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// What the caller brought.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// Where the time went.
    pub(crate) fn timing(&self) -> &Timing {
        &self.record.timing
    }

    /// Why it ended as it did.
    pub fn why(&self) -> Why {
        self.why
    }

    /// The whole record.
    pub fn activation(&self) -> Activation {
        complete(self.record.clone(), &self.payload, &self.reply)
    }

    /// The whole record, without a copy where nobody else holds the run any more.
    fn into_activation(self: Arc<Self>) -> Activation {
        match Arc::try_unwrap(self) {
            Ok(own) => complete(own.record, &own.payload, &own.reply),
            Err(shared) => shared.activation(),
        }
    }

    /// The JSON that OpenWhisk's doors answer.
    pub fn json(&self) -> beckon_core::JsonText {
        match &self.reply {
            Reply::Json(json) => json.clone(),
            Reply::Http(response) => crate::adapt::json_of(response),
        }
    }

    pub(crate) fn weight(&self) -> usize {
        let logs: usize = self.record.logs.iter().map(|line| line.text.len() + 32).sum();
        SMALLEST + logs + self.payload.len() + self.reply.len()
    }
}

/// Adds what follows from what the caller brought and got.
fn complete(mut record: Activation, payload: &Payload, reply: &Reply) -> Activation {
    payload.note(&mut record);
    reply.note(&mut record);
    record.summary.http_status = record.http.as_ref().and_then(|http| http.status);
    record.summary.preview = beckon_store::preview(&record);
    record
}

/// The part of an invocation that goes into its record.
pub(crate) struct Asked {
    pub(crate) id: ActivationId,
    pub(crate) cause: Cause,
    pub(crate) token_id: Option<String>,
    pub(crate) rerun_of: Option<ActivationId>,
    pub(crate) received: Millis,
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The record of a run that is over.
#[expect(
    clippy::too_many_arguments,
    reason = "everything that a record is made of, from as many hands"
)]
pub(crate) fn finish(
    mut draft: Activation,
    payload: Payload,
    mode: Mode,
    end: End,
    log: &SharedLog,
    progress: &Progress,
    arrived: Instant,
    waited: f64,
) -> Arc<Ended> {
    let now = Instant::now();
    let started = progress.started.unwrap_or(now);
    let ended = progress.ended.unwrap_or(now);
    let wait = waited + ms(started.saturating_duration_since(arrived));
    let called = progress.called.unwrap_or(ended);
    let init = progress
        .cold
        .then(|| ms(called.saturating_duration_since(started)));
    let run = progress
        .called
        .map(|called| ms(ended.saturating_duration_since(called)));
    let passed = init.unwrap_or(0.0) + run.unwrap_or(0.0);
    let duration = progress.summed.map_or(passed, |sum| sum as f64);
    let (logs, logs_truncated) = log.lock().take().finish();
    draft.timing = Timing {
        wait_ms: Some(wait),
        init_ms: init,
        run_ms: run,
        network_ms: None,
    };
    draft.summary.mode = mode;
    draft.summary.status = end.status;
    draft.summary.duration_ms = Some(duration.round() as i64);
    draft.summary.end = Some(draft.summary.start + (wait + passed).round() as i64);
    draft.summary.cold = progress.started.is_some().then_some(progress.cold);
    draft.guards = progress
        .guards
        .as_ref()
        .map_or_else(Vec::new, |held| held.to_vec());
    draft.input = None;
    draft.result_bytes = end.bytes;
    draft.result_truncated = end.truncated;
    draft.logs = logs;
    draft.logs_truncated = logs_truncated;
    Arc::new(Ended {
        record: draft,
        payload,
        reply: end.reply,
        why: end.why,
    })
}

type Driven = Pin<Box<dyn Future<Output = Result<Arc<Ended>>> + Send>>;

/// A run driven by its caller, without a task of its own; one that is left alone goes on by itself.
///
/// The caller's task is the cheapest place for a short run: no hand-over, and no wake-up on another core. A client
/// that disconnects, and a wait that passes, drop this, and that must not cancel the run.
pub(crate) struct Attached {
    run: Option<Driven>,
    tasks: TaskTracker,
}

impl Attached {
    pub(crate) fn new(
        run: impl Future<Output = Result<Arc<Ended>>> + Send + 'static,
        tasks: &TaskTracker,
    ) -> Self {
        Self {
            run: Some(Box::pin(run)),
            tasks: tasks.clone(),
        }
    }
}

impl Future for Attached {
    type Output = Result<Arc<Ended>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(run) = &mut self.run else {
            return Poll::Pending;
        };
        let polled = run.as_mut().poll(context);
        if polled.is_ready() {
            self.run = None;
        }
        polled
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if let Some(run) = self.run.take()
            && let Ok(handle) = tokio::runtime::Handle::try_current()
        {
            drop(self.tasks.spawn_on(run, &handle));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use beckon_core::{CodePackage, FunctionKey, NewFunction, Runtime, Version};

    use super::*;

    /// A record of a run that has not begun.
    pub(crate) fn record() -> Activation {
        let new = NewFunction::new(
            Runtime::new("nodejs:20").unwrap(),
            CodePackage::Source("x".into()),
        );
        let function = Function {
            id: "f".into(),
            key: FunctionKey::new("playground", "f").unwrap(),
            version: Version::FIRST,
            runtime: new.runtime,
            contract: new.contract,
            main: None,
            code: new.code,
            parameters: Vec::new(),
            env: Vec::new(),
            secret_names: Vec::new(),
            annotations: Vec::new(),
            limits: new.limits,
            settings: new.settings,
            web: new.web,
            lost_policy: new.lost_policy,
            publish: false,
            created: 0,
            updated: 0,
        };
        let asked = Asked {
            id: ActivationId::from_u128(1),
            cause: Cause::Panel,
            token_id: None,
            rerun_of: None,
            received: 0,
        };
        draft(&function, asked, Status::Running, Mode::Blocking)
    }
}
