//! Runs in workers that stay: the one there is, a stem cell, or a new one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{ActivationId, Error, JsonText};

use super::{Progress, Request, crash, environment, listed, prepare, refused};
use crate::adapt::Event;
use crate::cells::{self, Breed, Cell};
use crate::code::{Deployment, Prepared};
use crate::deadline::Deadline;
use crate::end::End;
use crate::link::{Answer, Fault};
use crate::logs::{RunLog, SharedLog};
use crate::pool::{Grant, Permit};
use crate::process::cannot_run;
use crate::serving::{self, Address};
use crate::status::Card;
use crate::upstream::{self, Plan};
use crate::worker::{Adoption, Call, Launch, Service, Worker};
use crate::{Inner, Payload, WorkerState};

/// In the worker there is, or a new one; in another where nothing of the run had reached the first.
pub(super) async fn run(
    inner: &Inner,
    call: &Call<'_>,
    mut grant: Grant,
    limit: &Deadline,
    log: &SharedLog,
    progress: &mut Progress,
) -> End {
    let contract = grant.deployment.function.contract;
    loop {
        grant.suit(call.inherited);
        let worker = match grant.worker() {
            Some(worker) => worker,
            None => {
                progress.cold = true;
                let limit = limit.of_start();
                let started = within(limit.as_ref(), start(inner, call, &mut grant, log, progress)).await;
                match started {
                    Ok(Ok(worker)) => {
                        grant.keep(worker.clone());
                        worker
                    }
                    Ok(Err(end)) => return end,
                    Err(limit) => return limit.end(contract, true, log),
                }
            }
        };
        progress.guards = Some(worker.guards.clone());
        progress.called = Some(Instant::now());
        let answered = match within(limit.of_call(), worker.call(call, log)).await {
            Ok(answered) => answered,
            Err(limit) => return limit.end(contract, false, log),
        };
        match answered {
            Ok(Answer::Done(end)) => {
                progress.ended = Some(Instant::now());
                grant.finish();
                return end;
            }
            // Nothing of this run has reached it: another may try.
            Err(Fault::Stale) if !progress.cold => {
                progress.called = None;
                grant.replace();
            }
            Ok(Answer::Ready | Answer::NotLoaded(_)) => {
                let fault = Fault::Broken("the worker answered another question and was replaced".to_owned());
                return crash(fault, log, End::crashed());
            }
            Err(Fault::Stale) => return crash(worker.fate(log).await, log, End::crashed()),
            Err(fault) => return crash(fault, log, End::crashed()),
        }
    }
}

/// What comes of `work`, unless the limit passes before.
async fn within<T>(limit: Option<&Deadline>, work: impl Future<Output = T>) -> Result<T, &Deadline> {
    match limit {
        None => Ok(work.await),
        Some(limit) => {
            let passed = tokio::time::timeout(Duration::from_millis(limit.ms.into()), work).await;
            passed.map_err(|_| limit)
        }
    }
}

/// Starts a worker that nobody waits for. What it prints, and why it could not be started, is in Beckon's own log.
/// `false` when it could not be started.
pub(crate) async fn prewarm(inner: &Inner, mut grant: Grant) -> bool {
    let (id, function) = (ActivationId::new(), grant.deployment.function.clone());
    let mut request = Request::of(id, Payload::Args(JsonText::empty_object()), None, None);
    request.inherit(inner.store.defaults(&function, None), None);
    let event = Event {
        head: None,
        body: bytes::Bytes::new(),
    };
    let call = Call {
        id,
        id_text: &request.id_text,
        transaction: &request.transaction,
        api_host: None,
        namespace: None,
        inherited: &request.inherited,
        event: &event,
        live: None,
        deadline: inner.clock.now() + i64::from(function.limits.timeout_ms),
    };
    let log = RunLog::shared(4096, inner.clock.now());
    let limit = Duration::from_millis(function.limits.timeout_ms.into());
    let mut progress = Progress::default();
    let started = tokio::time::timeout(limit, start(inner, &call, &mut grant, &log, &mut progress)).await;
    match started {
        Ok(Ok(worker)) => {
            grant.keep(worker);
            true
        }
        Ok(Err(_)) | Err(_) => {
            let lines = log.lock().take().finish().0;
            let last = lines.last().map(|line| line.text.as_str()).unwrap_or_default();
            tracing::warn!(function = %function.key, last, "a worker to be kept ready could not be started");
            false
        }
    }
}

/// Starts a worker and loads the function.
async fn start(
    inner: &Inner,
    call: &Call<'_>,
    grant: &mut Grant,
    log: &SharedLog,
    progress: &mut Progress,
) -> Result<Arc<Worker>, End> {
    let deployment = grant.deployment.clone();
    let prepared = prepare(inner, &deployment, log).await?;
    let mut cell = claim(inner, &deployment, prepared, call).await;
    loop {
        let permit = grant.take_permit();
        let (worker, adopted) = match cell.take() {
            Some(cell) => match adopt(inner, call, &deployment, prepared, cell, permit) {
                Some(worker) => (worker, true),
                None => continue,
            },
            None if upstream::serves(deployment.function.contract) => (
                serve(inner, call, &deployment, prepared, permit, log).await?,
                false,
            ),
            None => (
                shimmed(inner, call, &deployment, prepared, permit, log).await?,
                false,
            ),
        };
        progress.guards = Some(worker.guards.clone());
        return match worker.load(&prepared.code.path, call, log).await {
            Ok(Answer::Ready) => {
                worker.card.set(WorkerState::Busy);
                Ok(worker)
            }
            Ok(Answer::NotLoaded(message)) => Err(End::not_loaded(&message)),
            Ok(Answer::Done(_)) => Err(crash(
                Fault::Broken("the worker answered before it was asked and was replaced".to_owned()),
                log,
                End::crashed_in_init(),
            )),
            // The cell died in the meantime, and nothing of the function has reached it.
            Err(Fault::Stale) if adopted => continue,
            // Or while that was on its way. If it was the function that ended it, without a word, it does so again.
            Err(Fault::Gone(_)) if adopted && log.lock().is_empty() => continue,
            Err(Fault::Stale) => Err(crash(worker.fate(log).await, log, End::crashed_in_init())),
            Err(fault) => Err(crash(fault, log, End::crashed_in_init())),
        };
    }
}

/// A stem cell with the function's files in its folder, where there is one that can take the place of a start.
async fn claim(inner: &Inner, deployment: &Deployment, prepared: &Prepared, call: &Call<'_>) -> Option<Cell> {
    let tree = prepared.tree.clone()?;
    let mut inherited = call.inherited.variables.iter();
    if inherited.any(|(name, _)| cells::is_read_at_start(name)) {
        return None;
    }
    let breed = Breed::of(&deployment.function, &inner.runtimes)?;
    let cell = inner.cells.claim(&breed).await?;
    if !cell.suits(&tree) {
        inner.cells.give_back(&breed, cell);
        return None;
    }
    let (from, to) = (prepared.code.path.clone(), cell.code()?);
    let linked = tokio::task::spawn_blocking(move || tree.link(&from, &to)).await;
    match linked {
        Ok(Ok(())) => Some(cell),
        failed => {
            tracing::warn!(?failed, "a function's files could not be linked into a stem cell");
            None
        }
    }
}

/// Makes a stem cell the function's.
fn adopt(
    inner: &Inner,
    call: &Call<'_>,
    deployment: &Arc<Deployment>,
    prepared: &Prepared,
    cell: Cell,
    permit: Permit,
) -> Option<Arc<Worker>> {
    let number = cell.number();
    let adoption = Adoption {
        nursery: &inner.nursery,
        env: environment(inner, deployment, prepared, call),
        inherited: call.inherited.clone(),
        memory: prepared.confinement(&deployment.function).memory,
        result_limit: inner.result_limit(&deployment.function),
        now: inner.clock.now(),
    };
    let announce = |card: &Arc<Card>| inner.activity.enter(number, deployment, card);
    let owned = (permit, inner.activity.list(number));
    Worker::adopt(deployment.clone(), cell, adoption, owned, announce)
}

/// Starts a process that serves HTTP itself.
async fn serve(
    inner: &Inner,
    call: &Call<'_>,
    deployment: &Arc<Deployment>,
    prepared: &Prepared,
    permit: Permit,
    log: &SharedLog,
) -> Result<Arc<Worker>, End> {
    let (number, listing) = listed(inner);
    let scratch = inner.nursery.scratch_of(number);
    let plan = Plan::of(deployment, prepared, &inner.runtimes, &scratch).map_err(|e| refused(&e, log))?;
    if let Address::Port(port) = plan.address {
        serving::vacant(port).await;
    }
    let service = Service {
        nursery: &inner.nursery,
        plan,
        env: environment(inner, deployment, prepared, call),
        inherited: call.inherited.clone(),
        directory: prepared.code.path.clone(),
        confinement: prepared.confinement(&deployment.function),
        measured: permit.measured(),
        result_limit: inner.result_limit(&deployment.function),
        now: inner.clock.now(),
    };
    let announce = |card: &Arc<Card>| inner.activity.enter(number, deployment, card);
    Worker::serve(deployment.clone(), number, service, (permit, listing), announce)
        .await
        .map_err(|e| {
            if !cannot_run(&e) {
                return refused(&Error::internal("start a process", e), log);
            }
            log.lock().note(format!(
                "Beckon: the function's process could not be started: {e}."
            ));
            End::crashed_in_init()
        })
}

/// Starts an interpreter with our shim, a compiled function with its worker in it, or an action loop.
async fn shimmed(
    inner: &Inner,
    call: &Call<'_>,
    deployment: &Arc<Deployment>,
    prepared: &Prepared,
    permit: Permit,
    log: &SharedLog,
) -> Result<Arc<Worker>, End> {
    let program = match &prepared.entry {
        Some(entry) if !entry.direct => {
            log.lock().note(
                "Beckon: the function's file is neither a program nor a script that begins with #! and its interpreter.",
            );
            return Err(End::crashed_in_init());
        }
        // Compiled, with its worker in it, or an action loop of its own.
        Some(entry) => Ok(entry.path.clone()),
        None => inner.runtimes.interpreter_of(&deployment.function.runtime),
    };
    let program = program.map_err(|e| refused(&e, log))?;
    let launch = Launch {
        nursery: &inner.nursery,
        shims: &inner.shims,
        program: &program,
        env: environment(inner, deployment, prepared, call),
        inherited: call.inherited.clone(),
        confinement: prepared.confinement(&deployment.function),
        measured: permit.measured(),
        result_limit: inner.result_limit(&deployment.function),
        now: inner.clock.now(),
    };
    let (number, listing) = listed(inner);
    let announce = |card: &Arc<Card>| inner.activity.enter(number, deployment, card);
    Worker::spawn(deployment.clone(), number, launch, (permit, listing), announce)
        .await
        .map_err(|e| {
            // An interpreter of ours that does not start is not the function's fault.
            if prepared.entry.is_none() || !cannot_run(&e) {
                return refused(&Error::internal("start a worker", e), log);
            }
            log.lock()
                .note(format!("Beckon: the function's file could not be executed: {e}."));
            End::crashed_in_init()
        })
}
