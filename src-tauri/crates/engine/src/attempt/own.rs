//! Runs that have a process of their own: a watchdog's, and an executable's.

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
use crate::isolation::Lent;
use crate::link::Fault;
use crate::logs::SharedLog;
use crate::pool::Grant;
use crate::process::Spec;
use crate::status::Card;
use crate::upstream;
use crate::watchdog::{self, Fork};
use crate::worker::{Call, with_places};
use crate::{Inner, WorkerState};

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

/// The folder that a run's own process has, and what it is lent from, if it may be kept after it.
async fn ground(inner: &Inner, prepared: &Prepared, number: u64) -> io::Result<(PathBuf, Option<Lent>)> {
    // What its secrets are shown by goes with the process.
    if !prepared.secrets.is_empty() {
        return Ok((inner.nursery.scratch_of(number), None));
    }
    let lent = inner.nursery.ground(number, &prepared.grounds).await?;
    Ok((lent.path().to_owned(), Some(lent)))
}
