//! One component's run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{
    Activation, ActivationId, EntityKey, ErrorCode, Function, FunctionKey, JsonText, Mode, NamespaceName,
    Status,
};
use beckon_store::Target;

use super::{Composed, address, place};
use crate::attempt::{NotBegun, Request};
use crate::end::{End, Why};
use crate::logs::SharedLog;
use crate::run::{self, Asked, Attached, Control, Ended, Registered, Run, Stop};
use crate::{Engine, Inner, Payload};

/// How long to wait for a function whose line is full.
const PAUSE: Duration = Duration::from_millis(50);

/// The components' runs of one run.
pub(super) struct Steps<'a> {
    pub(super) inner: &'a Arc<Inner>,
    /// The whole run's record, as far as it is known.
    pub(super) draft: &'a Activation,
    request: &'a Request,
    log: &'a SharedLog,
    summed: &'a mut Option<i64>,
    depth: usize,
    /// Whether components are on disk before and after they run.
    pub(super) durable: bool,
}

/// What became of a component.
pub(super) enum Stepped {
    /// It is over.
    Over(Arc<Ended>),
    /// There is no such function, or not for this caller.
    Missing,
    /// It cannot be run here.
    Refused(End),
}

/// Stops a component's run when whoever waits for it is gone.
struct Leash<'a>(&'a Inner, Option<Arc<Control>>);

impl Drop for Leash<'_> {
    fn drop(&mut self) {
        if let Some(control) = self.1.take() {
            let closing = self.0.pools.is_closing();
            control.stop(if closing { Stop::Shutdown } else { Stop::Cancel });
        }
    }
}

impl<'a> Steps<'a> {
    pub(super) fn new(
        composed: &'a Composed,
        draft: &'a Activation,
        request: &'a Request,
        log: &'a SharedLog,
        summed: &'a mut Option<i64>,
    ) -> Self {
        *summed = Some(0);
        Self {
            inner: &composed.inner,
            draft,
            request,
            log,
            summed,
            depth: composed.depth,
            durable: draft.summary.mode == Mode::NonBlocking
                && matches!(composed.what, super::Composition::Sequence(_)),
        }
    }

    /// The namespace on whose behalf it runs.
    pub(super) fn caller(&self) -> &NamespaceName {
        &self.draft.summary.namespace
    }

    /// OpenWhisk's end of what would never end.
    pub(super) fn too_long(&self) -> End {
        let text = "Too many actions in the sequence.";
        End::error(Status::ApplicationError, Why::Answered, text)
    }

    /// The function of a component, if this caller may use it.
    pub(super) async fn find(&self, key: &FunctionKey) -> Result<Option<Target>, End> {
        if key.namespace.is_system()
            && let Some(make) = self.inner.system.get()
        {
            let engine = Engine {
                inner: self.inner.clone(),
            };
            if let Err(error) = make(engine, key.namespace.clone()).await {
                tracing::error!(%error, "the system's functions could not be made");
            }
        }
        if key.namespace != *self.caller() {
            let package = EntityKey::package_of(key).and_then(|package| self.inner.store.entity(&package));
            // What is in no package is nobody else's; a sequence's own neighbours are its maker's choice.
            let shared = package.is_some_and(|package| package.publish);
            if !shared && key.namespace != self.draft.target().namespace {
                return Ok(None);
            }
        }
        self.inner.store.target(key).await.map_err(|error| {
            tracing::error!(%error, "a component could not be read");
            End::not_provisioned()
        })
    }

    /// Runs a component and waits for its end; `plain` runs a conductor's own code.
    pub(super) async fn step(
        &mut self,
        key: &FunctionKey,
        input: JsonText,
        plain: bool,
    ) -> Result<Stepped, NotBegun> {
        let target = match self.find(key).await {
            Ok(Some(target)) => target,
            Ok(None) => return Ok(Stepped::Missing),
            Err(end) => return Ok(Stepped::Refused(end)),
        };
        let function = target.function.clone();
        if let Err(error) = self.inner.runtimes.can_run(&function.runtime) {
            self.log.lock().note(format!("Beckon: {}", error.message));
            return Ok(Stepped::Refused(End::not_provisioned()));
        }
        let ended = self.run(key, target, &function, input, plain).await?;
        self.count(&ended.summary().id, ended.summary().duration_ms);
        Ok(Stepped::Over(ended))
    }

    /// Notes that a component has run.
    pub(super) fn count(&mut self, id: &ActivationId, duration_ms: Option<i64>) {
        self.log.lock().entry(id.to_string());
        let sum = self.summed.get_or_insert(0);
        *sum = sum.saturating_add(duration_ms.unwrap_or(0));
    }

    async fn run(
        &self,
        key: &FunctionKey,
        target: Target,
        function: &Arc<Function>,
        input: JsonText,
        plain: bool,
    ) -> Result<Arc<Ended>, NotBegun> {
        let (inner, id) = (self.inner, ActivationId::new());
        let asked = Asked {
            id,
            cause: self.draft.summary.cause,
            token_id: self.draft.token_id.clone(),
            rerun_of: None,
            received: inner.clock.now(),
        };
        let transaction = Some(self.request.transaction.clone());
        let mut request = Request::of(
            id,
            Payload::Args(input),
            transaction,
            self.request.api_host.clone(),
        );
        let mut draft = run::draft(function, asked, Status::Running, Mode::Blocking);
        draft.parent = Some(self.draft.summary.id);
        address(&mut draft, &mut request, key, Some(self.caller()), target);
        if plain {
            draft.summary.kind = function.runtime.to_string();
            draft
                .annotations
                .retain(|named| !matches!(named.key.as_str(), "topmost" | "conductor"));
        }
        let arrived = Instant::now();
        let composed = if plain {
            None
        } else {
            place(inner, function, self.depth + 1)
        };
        let place = match composed {
            Some(place) => place,
            None => loop {
                match inner.pools.acquire(function) {
                    Ok(place) => break place,
                    Err(e) if e.code == ErrorCode::Busy => tokio::time::sleep(PAUSE).await,
                    Err(_) => return Err(NotBegun),
                }
            },
        };
        if self.durable {
            self.on_disk(run::write_running(
                inner,
                &draft,
                &request.payload,
                Mode::Blocking,
                true,
            ))
            .await;
        }
        let registered = Registered::new(inner, &draft);
        let mut leash = Leash(inner, Some(registered.control().clone()));
        let run = Run {
            draft,
            request,
            registered,
            tally: inner.metrics.of(function),
            in_journal: self.durable,
            arrived,
            waited: 0.0,
        };
        let ended = Attached::new(run.drive(place), &inner.tasks).await;
        leash.1 = None;
        let ended = ended.map_err(|_| NotBegun)?;
        if self.durable {
            self.on_disk(inner.store.flush()).await;
        }
        Ok(ended)
    }

    /// A disk that is full stops nothing that runs: only the account of it is worse then.
    async fn on_disk(&self, written: impl Future<Output = beckon_core::Result<()>>) {
        if let Err(error) = written.await {
            tracing::error!(%error, "a component's record could not be written");
        }
    }
}
