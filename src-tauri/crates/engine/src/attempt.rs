//! One run in one worker, from the slot to the answer.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{
    Activation, ActivationId, Contract, EntityKey, Error, Guard, JsonText, Language, NamedJson, NamespaceName,
};
use beckon_store::Defaults;

use crate::actionloop;
use crate::adapt::Event;
use crate::cells::{self, Breed, Cell};
use crate::code::{Deployment, Prepared};
use crate::deadline::Deadline;
use crate::end::End;
use crate::executable::{self, Execution};
use crate::inherited::Inherited;
use crate::isolation::Lent;
use crate::link::{Answer, Fault};
use crate::live::{Live, Offer};
use crate::logs::{RunLog, SharedLog};
use crate::pool::{Grant, Permit, Place};
use crate::process::Spec;
use crate::serving::{self, Address};
use crate::status::Card;
use crate::upstream::{self, Plan};
use crate::watchdog::{self, Fork};
use crate::worker::{Adoption, Call, Launch, Service, Worker, with_places};
use crate::{Inner, Payload, WorkerState};

/// How long a late process of a watchdog may take to be gone, with what it wrote read.
const LAST_WORDS: Duration = Duration::from_secs(3);

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
    /// How long it took, ms, where that is not the time that passed: the sum of a sequence's components.
    pub(crate) summed: Option<i64>,
    /// What was in force around it.
    pub(crate) guards: Option<Arc<[Guard]>>,
}

/// What a run is told about its request.
pub(crate) struct Request {
    pub(crate) id: ActivationId,
    pub(crate) id_text: String,
    pub(crate) transaction: String,
    pub(crate) api_host: Option<String>,
    pub(crate) payload: Payload,
    /// Its deadline in ms, where that is not the function's own limit (detached runs).
    pub(crate) longest: Option<u32>,
    /// The arguments that the function's package, and the binding that it was called through, give it.
    pub(crate) defaults: Vec<NamedJson>,
    /// The variables that they give it.
    pub(crate) inherited: Arc<Inherited>,
    /// The namespace that called, where that is not the function's own.
    pub(crate) namespace: Option<NamespaceName>,
    /// Whoever takes the response while it is written.
    pub(crate) live: Option<Live>,
}

impl Request {
    /// A request without a transaction id gets the run's own.
    pub(crate) fn of(
        id: ActivationId,
        payload: Payload,
        transaction: Option<String>,
        api_host: Option<String>,
    ) -> Self {
        let id_text = id.to_string();
        let transaction = transaction.unwrap_or_else(|| id_text.clone());
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
            id_text,
            transaction: clean(transaction),
            api_host: api_host.map(clean),
            payload,
            longest: None,
            defaults: Vec::new(),
            inherited: Arc::default(),
            namespace: None,
            live: None,
        }
    }

    /// With what the function's package, and the binding that it was called through, give it.
    pub(crate) fn inherit(&mut self, defaults: Defaults, binding: Option<EntityKey>) {
        self.inherited = Arc::new(Inherited::of(&defaults, binding));
        self.defaults = defaults.arguments;
    }
}

/// Beckon shuts down and the run never began.
#[derive(Debug)]
pub(crate) struct NotBegun;

/// Runs `draft` to its end, its deadline included. Dropping the future takes the worker down.
pub(crate) async fn execute(
    inner: &Inner,
    draft: &Activation,
    request: &Request,
    place: Place,
    log: &SharedLog,
    progress: &mut Progress,
) -> Result<End, NotBegun> {
    let grant = match place {
        Place::Composed(composed) => return composed.run(draft, request, log, progress).await,
        Place::Now(grant) => grant,
        Place::Later(told) => told.await.map_err(|_| NotBegun)?,
    };
    let _running = inner.activity.running();
    let started = Instant::now();
    progress.started = Some(started);
    let contract = grant.deployment.function.contract;
    let function = &grant.deployment.function;
    let limit = Deadline::of(request, draft.limits.timeout_ms, function);
    let end = {
        let attempt = attempt(inner, (&limit, started), request, grant, log, progress);
        // A watchdog's process that is late is ended, and answered for, by its own keeper, which needs a moment.
        let slack = if watchdog::forks(contract) && !limit.silent {
            LAST_WORDS
        } else {
            Duration::ZERO
        };
        tokio::time::timeout_at((limit.from(started) + slack).into(), attempt).await
    };
    progress.ended.get_or_insert_with(Instant::now);
    let end = end.unwrap_or_else(|_| {
        log.lock()
            .note(format!("Beckon: the run was ended after {}.", limit.name()));
        limit.end(contract, progress.called.is_none())
    });
    Ok(end.spoken(contract))
}

async fn attempt(
    inner: &Inner,
    (limit, started): (&Deadline, Instant),
    request: &Request,
    grant: Grant,
    log: &SharedLog,
    progress: &mut Progress,
) -> End {
    let function = &grant.deployment.function;
    let event = Event::of(&request.payload, function)
        .and_then(|event| event.above(&request.defaults, &function.parameters, &request.payload));
    let event = match event {
        Ok(event) => event,
        Err(e) => return refused(&e, log),
    };
    let call = Call {
        id: request.id,
        id_text: &request.id_text,
        transaction: &request.transaction,
        api_host: request.api_host.as_deref(),
        namespace: request.namespace.as_ref().map(NamespaceName::as_str),
        inherited: &request.inherited,
        event: &event,
        live: request
            .live
            .as_ref()
            .map(|live| Offer::new(live, event.head.as_ref())),
        deadline: inner.clock.now() + i64::from(limit.ms),
    };
    if function.contract.keeps_worker(grant.deployment.language()) {
        warm(inner, &call, grant, log, progress).await
    } else if watchdog::forks(function.contract) {
        fork(inner, &call, grant, (limit, started), log, progress).await
    } else {
        once(inner, &call, grant, log, progress).await
    }
}

/// In a worker that stays.
async fn warm(
    inner: &Inner,
    call: &Call<'_>,
    mut grant: Grant,
    log: &SharedLog,
    progress: &mut Progress,
) -> End {
    loop {
        grant.suit(call.inherited);
        let worker = match grant.worker() {
            Some(worker) => worker,
            None => {
                progress.cold = true;
                match start(inner, call, &mut grant, log, progress).await {
                    Ok(worker) => {
                        grant.keep(worker.clone());
                        worker
                    }
                    Err(end) => return end,
                }
            }
        };
        progress.guards = Some(worker.guards.clone());
        progress.called = Some(Instant::now());
        match worker.call(call, log).await {
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
        .map_err(|e| match e.raw_os_error() {
            Some(2 | 8 | 13 | 20 | 40) => {
                log.lock().note(format!(
                    "Beckon: the function's process could not be started: {e}."
                ));
                End::crashed_in_init()
            }
            _ => refused(&Error::internal("start a process", e), log),
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
        .map_err(|e| match e.raw_os_error() {
            // An interpreter named after `#!` that is not here, or a binary of another machine.
            Some(2 | 8 | 13 | 20 | 40) if prepared.entry.is_some() => {
                log.lock()
                    .note(format!("Beckon: the function's file could not be executed: {e}."));
                End::crashed_in_init()
            }
            _ => refused(&Error::internal("start a worker", e), log),
        })
}

/// In a process of its own, as the watchdogs do it.
async fn fork(
    inner: &Inner,
    call: &Call<'_>,
    mut grant: Grant,
    (limit, started): (&Deadline, Instant),
    log: &SharedLog,
    progress: &mut Progress,
) -> End {
    let deployment = grant.deployment.clone();
    let contract = deployment.function.contract;
    if let Some(end) = watchdog::refused(contract, call.event) {
        return end;
    }
    progress.cold = true;
    let prepared = match prepare(inner, &deployment, log).await {
        Ok(prepared) => prepared,
        Err(end) => return end,
    };
    let (program, arguments) = match upstream::command(&deployment, prepared, &inner.runtimes) {
        Ok((program, arguments, _)) => (program, arguments),
        Err(e) => return refused(&e, log),
    };
    let permit = grant.take_permit();
    let (number, listing) = listed(inner);
    let (scratch, lent) = match ground(inner, prepared, number).await {
        Ok(found) => found,
        Err(e) => return refused(&Error::internal("start a process", e), log),
    };
    let env = match with_places(environment(inner, &deployment, prepared, call), &scratch) {
        Ok(mut env) => {
            env.extend(watchdog::environment(contract, call.event));
            env
        }
        Err(e) => return refused(&Error::internal("start a process", e), log),
    };
    let spec = Spec {
        program: program.clone(),
        arguments,
        env,
        scratch,
        directory: Some(prepared.code.path.clone()),
        framed: false,
        stdin: true,
        results: false,
        confinement: prepared.confinement(&deployment.function),
        measured: permit.measured(),
        own_code: false,
        lent,
    };
    let (process, channels) = match inner.nursery.spawn(number, spec, (permit, listing)).await {
        Ok(spawned) => spawned,
        Err(e) if matches!(e.raw_os_error(), Some(2 | 7 | 8 | 13 | 20 | 40)) => {
            log.lock().note(format!(
                "Beckon: the function's process could not be started: {e}."
            ));
            return watchdog::not_started(contract, &program, &e);
        }
        Err(e) => return refused(&Error::internal("start a process", e), log),
    };
    let card = Arc::new(Card::new(process.pid(), inner.clock.now()));
    card.set(WorkerState::Busy);
    inner.activity.enter(number, &deployment, &card);
    progress.guards = Some(process.guards().clone());
    let mut fork = Fork::new(process, channels, inner.nursery.clone());
    progress.called = Some(Instant::now());
    let most = inner.result_limit(&deployment.function);
    // The watchdog's own answer to its exec_timeout may have what was written so far; a write_timeout has none.
    let until = if limit.silent {
        None
    } else {
        Some(limit.from(started))
    };
    let name = limit.name();
    let deadline = (until, name.as_str());
    let mut end = fork.run(&deployment, call, most, deadline, log).await;
    if let Some((breach, note)) = fork.breach() {
        end = crash(Fault::Over(breach, note), log, end);
    }
    drop(fork);
    progress.ended = Some(Instant::now());
    grant.finish();
    end
}

/// In a process of its own.
async fn once(
    inner: &Inner,
    call: &Call<'_>,
    mut grant: Grant,
    log: &SharedLog,
    progress: &mut Progress,
) -> End {
    progress.cold = true;
    let deployment = grant.deployment.clone();
    let prepared = match prepare(inner, &deployment, log).await {
        Ok(prepared) => prepared,
        Err(end) => return end,
    };
    let Some(entry) = &prepared.entry else {
        return End::not_provisioned();
    };
    let permit = grant.take_permit();
    let given = JsonText::parse(String::from_utf8_lossy(&call.event.body).into_owned());
    let line = match given.and_then(|given| executable::arguments(&deployment.function.parameters, &given)) {
        Ok(line) => line,
        Err(e) => return refused(&e, log),
    };
    let mut arguments = Vec::new();
    let program = if entry.direct {
        entry.path.clone()
    } else {
        arguments.push(entry.path.clone().into());
        match inner.runtimes.interpreter(Language::Executable) {
            Ok(shell) => shell,
            Err(e) => return refused(&e, log),
        }
    };
    arguments.extend(executable::as_argument(&line));
    let (number, listing) = listed(inner);
    let (scratch, lent) = match ground(inner, prepared, number).await {
        Ok(found) => found,
        Err(e) => return refused(&Error::internal("start a process", e), log),
    };
    let spawned = match with_places(environment(inner, &deployment, prepared, call), &scratch) {
        Ok(env) => {
            let spec = Spec {
                program,
                arguments,
                env,
                scratch,
                directory: None,
                framed: false,
                stdin: true,
                results: false,
                confinement: prepared.confinement(&deployment.function),
                measured: permit.measured(),
                own_code: false,
                lent,
            };
            inner.nursery.spawn(number, spec, (permit, listing)).await
        }
        Err(e) => Err(e),
    };
    let (process, channels) = match spawned {
        Ok(spawned) => spawned,
        // An interpreter named after `#!` that is not here, or a binary of another machine: the code's own fault.
        Err(e) if matches!(e.raw_os_error(), Some(2 | 8 | 13 | 20 | 40)) => {
            log.lock()
                .note(format!("Beckon: the function's file could not be executed: {e}."));
            return End::crashed_in_init();
        }
        Err(e) => return refused(&Error::internal("start a process", e), log),
    };
    let card = Arc::new(Card::new(process.pid(), inner.clock.now()));
    card.set(WorkerState::Busy);
    inner.activity.enter(number, &deployment, &card);
    progress.guards = Some(process.guards().clone());
    let mut execution = Execution::new(process, channels, inner.nursery.clone());
    progress.called = Some(Instant::now());
    let limit = inner.result_limit(&deployment.function);
    let mut end = execution.run(&line, limit, log).await;
    if let Some((breach, note)) = execution.breach() {
        end = crash(Fault::Over(breach, note), log, end);
    }
    drop(execution);
    progress.ended = Some(Instant::now());
    grant.finish();
    end
}

fn listed(inner: &Inner) -> (u64, crate::status::Listing) {
    let number = inner.nursery.reserve();
    (number, inner.activity.list(number))
}

/// The folder that a run's own process has, and what it is lent from, if it may be kept after it.
async fn ground(inner: &Inner, prepared: &Prepared, number: u64) -> io::Result<(PathBuf, Option<Lent>)> {
    // What its secrets are shown by goes with the process.
    if !prepared.secrets.is_empty() {
        return Ok((inner.nursery.scratch_of(number), None));
    }
    let lent = inner.nursery.ground(number, &prepared.grounds).await?;
    Ok((lent.path().to_owned(), Some(lent)))
}

async fn prepare<'a>(
    inner: &Inner,
    deployment: &'a Deployment,
    log: &SharedLog,
) -> Result<&'a Prepared, End> {
    deployment
        .prepare(&inner.builds, &inner.runtimes, &inner.secrets)
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
    let usual = env.len();
    env.extend_from_slice(&call.inherited.variables);
    env.extend(
        prepared
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.expose().to_owned())),
    );
    // Ours would hold against it.
    if env[usual..].iter().any(|(name, _)| name == "LANG")
        && let Some(at) = env[..usual].iter().position(|(name, _)| name == "LC_CTYPE")
    {
        env.remove(at);
    }
    let waits = function.contract == Contract::ActionLoop && actionloop::acknowledges(&env);
    let mut set = |name: &str, value: String| env.push((name.to_owned(), value));
    set("__OW_NAMESPACE", function.key.namespace.to_string());
    set("__OW_ACTION_NAME", function.key.to_string());
    set("__OW_ACTION_VERSION", deployment.version.clone());
    set("__OW_API_HOST", call.api_host.unwrap_or_default().to_owned());
    set("__OW_ACTIVATION_ID", call.id_text.to_owned());
    set("__OW_TRANSACTION_ID", call.transaction.to_owned());
    set("__OW_DEADLINE", call.deadline.to_string());
    if waits {
        set(actionloop::TOLD, "1".to_owned());
    }
    if function.contract.is_openfaas() {
        set("OPENFAAS_NAME", function.key.name.to_string());
        set("OPENFAAS_NAMESPACE", function.key.namespace.to_string());
    }
    env
}

/// The platform's fault: the caller learns OpenWhisk's sentence, the log the reason.
fn refused(error: &Error, log: &SharedLog) -> End {
    tracing::warn!(error = %error, details = error.details.as_deref(), "a run could not be started");
    let more = error
        .hint
        .as_deref()
        .or(error.details.as_deref())
        .unwrap_or_default();
    log.lock()
        .note(format!("Beckon: {} {more}", error.message).trim_end());
    End::not_provisioned()
}

/// Whether a process ended as V8 ends its own, itself or below a shell.
fn aborted(how: &str) -> bool {
    how.contains("signal") || how.ends_with("code 134")
}

fn crash(fault: Fault, log: &SharedLog, end: End) -> End {
    let mut log = log.lock();
    // V8 says so before it aborts.
    let last_words = [
        "JavaScript heap out of memory",
        "Fatal process out of memory",
        "Fatal JavaScript out of memory",
    ];
    let end = match &fault {
        Fault::Over(breach, _) => breach.end(),
        Fault::Gone(how) if aborted(how) && last_words.iter().any(|words| log.mentions(words)) => {
            End::out_of_memory()
        }
        _ => end,
    };
    log.note(match fault {
        Fault::Stale => "Beckon: the worker was gone.".to_owned(),
        Fault::Gone(how) => format!("Beckon: the worker {how}."),
        Fault::Over(_, how) | Fault::Broken(how) => format!("Beckon: {how}."),
    });
    end
}
