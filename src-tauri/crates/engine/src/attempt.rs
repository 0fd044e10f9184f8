//! One run in one worker, from the slot to the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{Activation, ActivationId, Error, Language, Status};

use crate::Inner;
use crate::WorkerState;
use crate::code::{Deployment, Prepared};
use crate::end::End;
use crate::executable::{self, Execution};
use crate::logs::RunLog;
use crate::pool::{Grant, Permit, Place};
use crate::process::Spec;
use crate::status::Card;
use crate::worker::{Call, Fault, Launch, Loaded, Worker, with_places};

/// When things happened. Filled in on the way, so that a run that is cut short has them too.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// It was handed to a worker, or to the start of one.
    pub(crate) started: Option<Instant>,
    /// The function was called.
    pub(crate) called: Option<Instant>,
    /// It was answered.
    pub(crate) ended: Option<Instant>,
    /// A process was started for it.
    pub(crate) cold: bool,
}

/// What a run is told about its request.
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) transaction: String,
    pub(crate) api_host: Option<String>,
}

impl Request {
    /// A request without a transaction id gets the run's own.
    pub(crate) fn of(id: ActivationId, transaction: Option<String>, api_host: Option<String>) -> Self {
        let id = id.to_string();
        let transaction = transaction.unwrap_or_else(|| id.clone());
        // A NUL cannot be in an environment; these come from outside.
        let clean = |text: String| {
            if text.contains('\0') {
                text.replace('\0', "")
            } else {
                text
            }
        };
        Self {
            id,
            transaction: clean(transaction),
            api_host: api_host.map(clean),
        }
    }
}

/// Beckon shuts down and the run never began.
#[derive(Debug)]
pub(crate) struct NotBegun;

/// Runs `draft` to its end, its deadline included. Dropping the future kills the worker.
pub(crate) async fn execute(
    inner: &Inner,
    draft: &Activation,
    request: &Request,
    place: Place,
    log: &mut RunLog,
    progress: &mut Progress,
) -> Result<End, NotBegun> {
    let grant = match place {
        Place::Now(grant) => grant,
        Place::Later(told) => told.await.map_err(|_| NotBegun)?,
    };
    let _running = inner.activity.running();
    let started = Instant::now();
    progress.started = Some(started);
    let limit = draft.limits.timeout_ms;
    let deadline = started + Duration::from_millis(limit.into());
    let end = {
        let attempt = attempt(inner, draft, request, grant, log, progress);
        tokio::time::timeout_at(deadline.into(), attempt).await
    };
    progress.ended.get_or_insert_with(Instant::now);
    Ok(end.unwrap_or_else(|_| End::timed_out(limit, progress.called.is_none())))
}

async fn attempt(
    inner: &Inner,
    draft: &Activation,
    request: &Request,
    grant: Grant,
    log: &mut RunLog,
    progress: &mut Progress,
) -> End {
    let Some(input) = &draft.input else {
        return End::not_provisioned();
    };
    let call = Call {
        id: &request.id,
        transaction: &request.transaction,
        api_host: request.api_host.as_deref(),
        input,
        deadline: inner.clock.now() + i64::from(draft.limits.timeout_ms),
    };
    match grant.deployment.language() {
        Language::Executable => once(inner, &call, grant, log, progress).await,
        _ => warm(inner, &call, grant, log, progress).await,
    }
}

/// In a worker that stays.
async fn warm(
    inner: &Inner,
    call: &Call<'_>,
    mut grant: Grant,
    log: &mut RunLog,
    progress: &mut Progress,
) -> End {
    loop {
        let mut worker = match grant.take_worker() {
            Some(worker) => worker,
            None => {
                progress.cold = true;
                let permit = grant.take_permit().unwrap_or_else(|| grant.replacement_permit());
                match start(inner, call, &grant.deployment, permit, log).await {
                    Ok(worker) => worker,
                    Err(end) => return end,
                }
            }
        };
        progress.called = Some(Instant::now());
        match worker.call(call, log).await {
            Ok(answer) => {
                progress.ended = Some(Instant::now());
                grant.finish(answer.reusable.then_some(worker));
                return answer.end;
            }
            // It died while it was idle, and nothing of this run has reached it: another may try.
            Err(Fault::Stale) if !progress.cold => progress.called = None,
            Err(fault) => return crash(worker, fault, log, End::crashed()).await,
        }
    }
}

/// Starts a worker and loads the function.
async fn start(
    inner: &Inner,
    call: &Call<'_>,
    deployment: &Arc<Deployment>,
    permit: Permit,
    log: &mut RunLog,
) -> Result<Box<Worker>, End> {
    let prepared = prepare(inner, deployment, log).await?;
    let interpreter = inner
        .runtimes
        .interpreter(deployment.language())
        .map_err(|e| refused(&e, log))?;
    let launch = Launch {
        nursery: &inner.nursery,
        shims: &inner.shims,
        interpreter,
        env: environment(inner, deployment, prepared, call),
        result_limit: inner.config.result_limit,
        now: inner.clock.now(),
    };
    let (number, listing) = listed(inner);
    let announce = |card: &Arc<Card>| inner.activity.enter(number, deployment, card);
    let mut worker = Worker::spawn(deployment.clone(), number, launch, (permit, listing), announce)
        .await
        .map_err(|e| refused(&Error::internal("start a worker", e), log))?;
    match worker.load(&prepared.code.path, call, log).await {
        Ok(Loaded::Ready) => {
            worker.card.set(WorkerState::Busy);
            Ok(worker)
        }
        Ok(Loaded::Failed(message)) => Err(End::error(Status::DeveloperError, &message)),
        Err(fault) => Err(crash(worker, fault, log, End::crashed_in_init()).await),
    }
}

/// In a process of its own.
async fn once(
    inner: &Inner,
    call: &Call<'_>,
    mut grant: Grant,
    log: &mut RunLog,
    progress: &mut Progress,
) -> End {
    progress.cold = true;
    let deployment = grant.deployment.clone();
    let prepared = match prepare(inner, &deployment, log).await {
        Ok(prepared) => prepared,
        Err(end) => return end,
    };
    let (Some(permit), Some(entry)) = (grant.take_permit(), &prepared.entry) else {
        return End::not_provisioned();
    };
    let line = match executable::arguments(&deployment.function.parameters, call.input) {
        Ok(line) => line,
        Err(e) => return refused(&e, log),
    };
    let mut arguments = Vec::new();
    let program = if entry.direct {
        entry.path.clone()
    } else {
        arguments.push(entry.path.clone().into());
        match inner.runtimes.interpreter(Language::Executable) {
            Ok(shell) => shell.to_owned(),
            Err(e) => return refused(&e, log),
        }
    };
    arguments.extend(executable::as_argument(&line));
    let (number, listing) = listed(inner);
    let scratch = inner.nursery.scratch_of(number);
    let spawned = match with_places(environment(inner, &deployment, prepared, call), &scratch) {
        Ok(env) => {
            let spec = Spec {
                program,
                arguments,
                env,
                scratch,
                framed: false,
                stdin: true,
            };
            inner.nursery.spawn(number, spec, (permit, listing)).await
        }
        Err(e) => Err(e),
    };
    let (process, channels) = match spawned {
        Ok(spawned) => spawned,
        // An interpreter named after `#!` that is not here, or a binary of another machine: the code's own fault.
        Err(e) if matches!(e.raw_os_error(), Some(2 | 8 | 13 | 20 | 40)) => {
            log.note(format!("Beckon: the function's file could not be executed: {e}."));
            return End::crashed_in_init();
        }
        Err(e) => return refused(&Error::internal("start a process", e), log),
    };
    let card = Arc::new(Card::new(process.pid(), inner.clock.now()));
    card.set(WorkerState::Busy);
    inner.activity.enter(number, &deployment, &card);
    let mut execution = Execution::new(process, channels, inner.nursery.clone());
    progress.called = Some(Instant::now());
    let end = execution.run(&line, inner.config.result_limit, log).await;
    drop(execution);
    progress.ended = Some(Instant::now());
    grant.finish(None);
    end
}

fn listed(inner: &Inner) -> (u64, crate::status::Listing) {
    let number = inner.nursery.reserve();
    (number, inner.activity.list(number))
}

async fn prepare<'a>(
    inner: &Inner,
    deployment: &'a Deployment,
    log: &mut RunLog,
) -> Result<&'a Prepared, End> {
    let root = inner.config.data_dir.join("code");
    deployment
        .prepare(&root, &inner.secrets)
        .await
        .map_err(|e| refused(&e, log))
}

/// Everything that the process finds in its environment but its places.
fn environment(
    inner: &Inner,
    deployment: &Deployment,
    prepared: &Prepared,
    call: &Call<'_>,
) -> Vec<(String, String)> {
    let function = &deployment.function;
    let mut env = inner.base_env.clone();
    env.extend(
        prepared
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.expose().to_owned())),
    );
    let mut set = |name: &str, value: String| env.push((name.to_owned(), value));
    set("__OW_NAMESPACE", function.key.namespace.to_string());
    set("__OW_ACTION_NAME", function.key.to_string());
    set("__OW_ACTION_VERSION", deployment.version.clone());
    set("__OW_API_HOST", call.api_host.unwrap_or_default().to_owned());
    set("__OW_ACTIVATION_ID", call.id.to_owned());
    set("__OW_TRANSACTION_ID", call.transaction.to_owned());
    set("__OW_DEADLINE", call.deadline.to_string());
    env
}

/// The platform's fault: the caller learns OpenWhisk's sentence, the log the reason.
fn refused(error: &Error, log: &mut RunLog) -> End {
    tracing::warn!(error = %error, details = error.details.as_deref(), "a run could not be started");
    let more = error
        .hint
        .as_deref()
        .or(error.details.as_deref())
        .unwrap_or_default();
    log.note(format!("Beckon: {} {more}", error.message).trim_end());
    End::not_provisioned()
}

async fn crash(mut worker: Box<Worker>, fault: Fault, log: &mut RunLog, end: End) -> End {
    let note = match fault {
        Fault::Gone | Fault::Stale => {
            worker.settle().await;
            format!("Beckon: the worker {}.", worker.autopsy(log).await)
        }
        Fault::Violation(violation) => {
            worker.autopsy(log).await;
            format!("Beckon: the worker broke the protocol ({violation}) and was replaced.")
        }
        Fault::Io(e) => {
            worker.autopsy(log).await;
            format!("Beckon: the worker could not be reached ({e}) and was replaced.")
        }
    };
    // V8 says so before it aborts.
    let end = if log.mentions("JavaScript heap out of memory") {
        End::out_of_memory()
    } else {
        end
    };
    log.note(note);
    end
}
