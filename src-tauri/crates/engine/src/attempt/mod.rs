//! One run in one worker, from the slot to the answer.

mod own;
mod warm;

use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{Activation, ActivationId, Contract, EntityKey, Error, Guard, NamedJson, NamespaceName};
use beckon_store::Defaults;

use crate::actionloop;
use crate::adapt::Event;
use crate::code::{Deployment, Prepared};
use crate::deadline::Deadline;
use crate::end::End;
use crate::inherited::Inherited;
use crate::link::Fault;
use crate::live::{Live, Offer};
use crate::logs::SharedLog;
use crate::pool::{Grant, Place};
use crate::status::Listing;
use crate::watchdog;
use crate::worker::Call;
use crate::{Inner, Payload};

pub(crate) use warm::prewarm;

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
        match limit.of_start() {
            None => tokio::time::timeout_at((limit.from(started) + slack).into(), attempt).await,
            // The start and the call are bounded each by itself.
            Some(_) => Ok(attempt.await),
        }
    };
    progress.ended.get_or_insert_with(Instant::now);
    let end = end.unwrap_or_else(|_| limit.end(contract, progress.called.is_none(), log));
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
        warm::run(inner, &call, grant, limit, log, progress).await
    } else if watchdog::forks(function.contract) {
        own::fork(inner, &call, grant, (limit, started), log, progress).await
    } else {
        own::once(inner, &call, grant, log, progress).await
    }
}

fn listed(inner: &Inner) -> (u64, Listing) {
    let number = inner.nursery.reserve();
    (number, inner.activity.list(number))
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
