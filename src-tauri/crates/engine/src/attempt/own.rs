//! Runs that have a process of their own: a watchdog's, and an executable's.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use beckon_core::{Error, JsonText, Language};

use super::{Progress, crash, environment, listed, prepare, refused};
use crate::code::Prepared;
use crate::deadline::Deadline;
use crate::end::End;
use crate::executable::{self, Execution};
use crate::isolation::{Breach, Lent};
use crate::link::Fault;
use crate::logs::SharedLog;
use crate::pool::Grant;
use crate::process::{Channels, Process, Spec, cannot_run};
use crate::status::Card;
use crate::upstream;
use crate::watchdog::{self, Fork};
use crate::worker::{Call, with_places};
use crate::{Inner, WorkerState};

/// What a run's own process is.
struct Command {
    program: PathBuf,
    arguments: Vec<OsString>,
    /// What it finds in its environment beside what every process of the function does.
    env: Vec<(String, String)>,
    /// The working directory, where that is not the folder of its own.
    directory: Option<PathBuf>,
}

/// As the watchdogs do it.
pub(super) async fn fork(
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
    let command = Command {
        program: program.clone(),
        arguments,
        env: watchdog::environment(contract, call.event),
        directory: Some(prepared.code.path.clone()),
    };
    let (process, channels) = match begin(inner, call, &mut grant, prepared, command, progress).await {
        Ok(Ok(begun)) => begun,
        // Or what the request brings does not fit into an environment.
        Ok(Err(e)) if cannot_run(&e) || e.kind() == io::ErrorKind::ArgumentListTooLong => {
            log.lock().note(format!(
                "Beckon: the function's process could not be started: {e}."
            ));
            return watchdog::not_started(contract, &program, &e);
        }
        Ok(Err(e)) | Err(e) => return refused(&Error::internal("start a process", e), log),
    };
    let mut fork = Fork::new(process, channels, inner.nursery.clone());
    let most = inner.result_limit(&deployment.function);
    // The watchdog's own answer to its exec_timeout may have what was written so far; a write_timeout has none.
    let until = (!limit.silent).then(|| limit.from(started));
    let name = limit.name();
    let deadline = (until, name.as_str());
    let end = fork.run(&deployment, call, most, deadline, log).await;
    let breach = fork.breach();
    drop(fork);
    over(end, breach, grant, log, progress)
}

/// As OpenWhisk's native actions are run.
pub(super) async fn once(
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
    let command = Command {
        program,
        arguments,
        env: Vec::new(),
        directory: None,
    };
    let (process, channels) = match begin(inner, call, &mut grant, prepared, command, progress).await {
        Ok(Ok(begun)) => begun,
        Ok(Err(e)) if cannot_run(&e) => {
            log.lock()
                .note(format!("Beckon: the function's file could not be executed: {e}."));
            return End::crashed_in_init();
        }
        Ok(Err(e)) | Err(e) => return refused(&Error::internal("start a process", e), log),
    };
    let mut execution = Execution::new(process, channels, inner.nursery.clone());
    let limit = inner.result_limit(&deployment.function);
    let end = execution.run(&line, limit, log).await;
    let breach = execution.breach();
    drop(execution);
    over(end, breach, grant, log, progress)
}

/// Starts the run's process: the outer error is ours, the inner one that of the command.
async fn begin(
    inner: &Inner,
    call: &Call<'_>,
    grant: &mut Grant,
    prepared: &Prepared,
    command: Command,
    progress: &mut Progress,
) -> io::Result<io::Result<(Process, Channels)>> {
    let deployment = grant.deployment.clone();
    let permit = grant.take_permit();
    let (number, listing) = listed(inner);
    let (scratch, lent) = ground(inner, prepared, number).await?;
    let mut env = with_places(environment(inner, &deployment, prepared, call), &scratch)?;
    env.extend(command.env);
    let spec = Spec {
        program: command.program,
        arguments: command.arguments,
        env,
        scratch,
        directory: command.directory,
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
        Err(e) => return Ok(Err(e)),
    };
    let card = Arc::new(Card::new(process.pid(), inner.clock.now()));
    card.set(WorkerState::Busy);
    inner.activity.enter(number, &deployment, &card);
    progress.guards = Some(process.guards().clone());
    progress.called = Some(Instant::now());
    Ok(Ok((process, channels)))
}

/// The run's end, its process gone.
fn over(
    end: End,
    breach: Option<(Breach, String)>,
    grant: Grant,
    log: &SharedLog,
    progress: &mut Progress,
) -> End {
    let end = match breach {
        Some((breach, note)) => crash(Fault::Over(breach, note), log, end),
        None => end,
    };
    progress.ended = Some(Instant::now());
    grant.finish();
    end
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
