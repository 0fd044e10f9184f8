//! Schedules: functions called at the times of cron expressions, whatever happens to Beckon or the clock in between.
//!
//! A time fires exactly once. The id of its run is derived from the schedule and the time, so that accepting it again
//! (after a crash between the accepting and the noting of it) is refused as a run that exists. The order is: accept the
//! run, then note durably that everything up to its time is dealt with.
//!
//! Nothing here measures how long it slept: each look compares the wall clock with the last time that was dealt with,
//! so a suspended machine, a clock that jumped and a Beckon that was not running are all the same case. See [`due`].

mod cron;
mod due;

use std::time::Duration;

use beckon_core::{
    Activation, ActivationId, Cause, Contract, Error, ErrorCode, Firing, FiringOutcome, FunctionKey, Millis,
    NewSchedule, Noted, Result, Schedule, SchedulePreview, ScheduleState, label,
};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::schedule::cron::Times;
use crate::schedule::due::Due;
use crate::{Engine, Invocation, Payload};

/// How often the clock is looked at, at least, while there are schedules: a suspended machine's timers stand still.
const PACE: Duration = Duration::from_secs(1);
/// Largest arguments, bytes.
const ARGUMENTS: usize = 256 * 1024;

/// Tells the loop that schedules changed.
#[derive(Debug, Default)]
pub(crate) struct Board {
    changed: Notify,
}

impl Engine {
    /// The schedules of a function, or all, oldest first, each with its next time.
    pub async fn schedules(&self, function: Option<&FunctionKey>) -> Result<Vec<Schedule>> {
        let now = self.inner.clock.now();
        let stored = self.inner.store.schedules(function).await?;
        Ok(stored
            .into_iter()
            .map(|schedule| with_next(schedule, now))
            .collect())
    }

    /// One schedule. `NotFound` when there is none.
    pub async fn schedule(&self, id: &str) -> Result<Schedule> {
        let found = self.inner.store.schedule(id).await?;
        let found = found.ok_or_else(|| Error::not_found("schedule with this id"))?;
        Ok(with_next(found, self.inner.clock.now()))
    }

    /// Makes a schedule (`id` is `None`) or changes one, which keeps its history.
    ///
    /// `InvalidInput` names the field of the expression that is wrong, or says that the zone does not exist.
    pub async fn put_schedule(&self, id: Option<&str>, mut new: NewSchedule) -> Result<Schedule> {
        let times = Times::read(&new.expression, &new.zone)?;
        times.zone().clone_into(&mut new.zone);
        new.expression = new.expression.trim().to_owned();
        new.name = label(&new.name, new.function.name.as_str())?;
        if !new.arguments.is_object() {
            let text = "The arguments of a schedule must be a JSON object.";
            return Err(Error::new(ErrorCode::InvalidInput, text));
        }
        if new.arguments.as_str().len() > ARGUMENTS {
            let text = format!("The arguments are larger than {} KiB.", ARGUMENTS / 1024);
            return Err(Error::new(ErrorCode::LimitExceeded, text));
        }
        let saved = self.inner.store.put_schedule(id, new).await?;
        self.inner.schedules.changed.notify_one();
        Ok(with_next(saved, self.inner.clock.now()))
    }

    /// Deletes a schedule with its history. Its runs stay in the journal. `NotFound` when there is none.
    pub async fn delete_schedule(&self, id: &str) -> Result<()> {
        self.inner.store.delete_schedule(id).await?;
        self.inner.schedules.changed.notify_one();
        Ok(())
    }

    /// Starts a run of a schedule now, beside its times, whether it is switched on or not; it is on disk when this
    /// returns. A refusal is an error, and in the history.
    pub async fn run_schedule(&self, id: &str) -> Result<ActivationId> {
        let schedule = self.schedule(id).await?;
        let accepted = self.start_run(&schedule, ActivationId::new()).await;
        let outcome = match &accepted {
            Ok(activation) => FiringOutcome::Accepted {
                activation: *activation,
                late: false,
            },
            Err(error) => FiringOutcome::Refused {
                message: sentence(error),
            },
        };
        let firing = Firing {
            at: self.inner.clock.now(),
            due: None,
            outcome,
        };
        self.inner.store.note_firings(id, None, vec![firing]).await?;
        accepted
    }

    /// What became of a schedule's times, newest first.
    pub async fn schedule_history(&self, id: &str, limit: u32) -> Result<Vec<Firing>> {
        self.inner.store.firings(id, limit).await
    }

    /// What an expression means in a zone (`UTC` when empty), with its next times, at most 100. Errors as for
    /// [`Engine::put_schedule`].
    pub fn preview_schedule(&self, expression: &str, zone: &str, count: u32) -> Result<SchedulePreview> {
        Ok(Times::read(expression, zone)?.preview(self.inner.clock.now(), count))
    }

    async fn start_run(&self, schedule: &Schedule, id: ActivationId) -> Result<ActivationId> {
        let function = self.inner.store.function(&schedule.function).await?;
        let contract = function.map_or(Contract::Openwhisk, |function| function.contract);
        self.accept(Invocation {
            id,
            function: schedule.function.clone(),
            payload: payload(schedule, contract)?,
            cause: Cause::Schedule,
            token_id: None,
            caller: None,
            rerun_of: None,
            transaction_id: None,
            api_host: None,
            received: self.inner.clock.now(),
        })
        .await
    }

    /// The run of this time, if there is one already.
    async fn run_of(&self, schedule: &Schedule, due: Millis) -> Result<Option<Activation>> {
        self.inner.store.activation(run_id(&schedule.id, due)).await
    }
}

/// The one id that the run of this time can have.
fn run_id(schedule: &str, due: Millis) -> ActivationId {
    let digest = Sha256::new()
        .chain_update(schedule)
        .chain_update(due.to_be_bytes())
        .finalize();
    let mut hash = [0; 16];
    hash.copy_from_slice(&digest[..16]);
    ActivationId::derived(due, hash)
}

/// Functions that speak HTTP get a POST of the arguments (Scaleway's crons), which OpenFaaS' cron-connector marks with
/// the topic `cron-function`.
fn payload(schedule: &Schedule, contract: Contract) -> Result<Payload> {
    if !contract.speaks_http() {
        return Ok(Payload::Args(schedule.arguments.clone()));
    }
    let body = Bytes::copy_from_slice(schedule.arguments.as_str().as_bytes());
    http::Request::post("/")
        .header(CONTENT_TYPE, "application/json")
        .header("x-topic", "cron-function")
        .body(body)
        .map(|request| Payload::Http(Box::new(request)))
        .map_err(|e| Error::internal("write a request", e))
}

fn with_next(mut schedule: Schedule, now: Millis) -> Schedule {
    if schedule.state == ScheduleState::Active {
        // What was not dealt with yet is next; the loop is about to.
        schedule.next = Times::read(&schedule.expression, &schedule.zone)
            .ok()
            .and_then(|times| times.after(schedule.handled_until.min(now)));
        if schedule.next.is_none() {
            schedule.state = ScheduleState::Over;
        }
    }
    schedule
}

fn sentence(error: &Error) -> String {
    match &error.hint {
        Some(hint) => format!("{} {hint}", error.message),
        None => error.message.clone(),
    }
}

/// Fires what is due, until told to stop.
pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    let mut entries = Vec::new();
    let mut stale = true;
    while !stop.is_cancelled() {
        if stale {
            match load(&engine).await {
                Ok(loaded) => {
                    entries = loaded;
                    stale = false;
                }
                Err(error) => tracing::error!(%error, "schedules could not be read"),
            }
        }
        for entry in &mut entries {
            entry.look(&engine, &stop).await;
        }
        let rest = if stale {
            Some(PACE)
        } else {
            rest(&entries, engine.inner.clock.now())
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = engine.inner.schedules.changed.notified() => stale = true,
            () = tokio::time::sleep(rest.unwrap_or_default()), if rest.is_some() => {}
        }
    }
}

/// How long to leave the clock alone: to the next time, at most [`PACE`]; `None` when there is nothing to wait for.
fn rest(entries: &[Entry], now: Millis) -> Option<Duration> {
    let next = entries.iter().filter_map(|entry| entry.next).min()?;
    let until = u64::try_from(next - now).unwrap_or_default();
    // A time that could not be fired is tried again at the usual pace.
    Some(if until == 0 {
        PACE
    } else {
        PACE.min(Duration::from_millis(until))
    })
}

/// A schedule that is switched on.
struct Entry {
    schedule: Schedule,
    times: Times,
    handled: Millis,
    next: Option<Millis>,
    /// What was noted last of a firing that is tried again.
    trouble: Option<String>,
}

async fn load(engine: &Engine) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for schedule in engine.inner.store.schedules(None).await? {
        if !schedule.enabled {
            continue;
        }
        match Times::read(&schedule.expression, &schedule.zone) {
            Ok(times) => entries.push(Entry::new(engine, schedule, times).await?),
            Err(error) => {
                tracing::warn!(schedule = schedule.id, %error, "a stored expression is not readable");
            }
        }
    }
    Ok(entries)
}

impl Entry {
    async fn new(engine: &Engine, schedule: Schedule, times: Times) -> Result<Self> {
        let mut entry = Self {
            handled: schedule.handled_until,
            schedule,
            times,
            next: None,
            trouble: None,
        };
        // A crash between accepting a run and noting it: it was not missed.
        let now = engine.inner.clock.now();
        if let Some(due) = entry.times.after(entry.handled).filter(|due| *due <= now)
            && let Some(run) = engine.run_of(&entry.schedule, due).await?
        {
            let outcome = FiringOutcome::Accepted {
                activation: run.summary.id,
                late: false,
            };
            entry
                .note(
                    engine,
                    due,
                    vec![Firing {
                        at: run.summary.start,
                        due: Some(due),
                        outcome,
                    }],
                )
                .await?;
        }
        entry.next = entry.times.after(entry.handled);
        Ok(entry)
    }

    /// Fires what has come due.
    async fn look(&mut self, engine: &Engine, stop: &CancellationToken) {
        let now = engine.inner.clock.now();
        let Some(plan) = due::plan(&self.times, self.schedule.missed, self.handled, now) else {
            return;
        };
        let mut lines: Vec<Firing> = plan.note.into_iter().collect();
        for due in plan.fire {
            if stop.is_cancelled() {
                return;
            }
            match self.fire(engine, due).await {
                Ok(firing) => lines.push(firing),
                Err(error) => return self.tell(engine, &error).await,
            }
            if let Err(error) = self.note(engine, due.at, std::mem::take(&mut lines)).await {
                return tracing::error!(%error, "a firing could not be noted; it is tried again");
            }
        }
        if (plan.until != self.handled || !lines.is_empty())
            && let Err(error) = self.note(engine, plan.until, lines).await
        {
            tracing::error!(%error, "missed times could not be noted; it is tried again");
        }
        self.trouble = None;
    }

    /// Starts the run of a time. An error means that it can be tried again; what cannot is a line of the history.
    async fn fire(&self, engine: &Engine, due: Due) -> Result<Firing> {
        let id = run_id(&self.schedule.id, due.at);
        let outcome = match engine.start_run(&self.schedule, id).await {
            Ok(activation) => FiringOutcome::Accepted {
                activation,
                late: due.late,
            },
            Err(error)
                if error.code == ErrorCode::Conflict
                    && engine.run_of(&self.schedule, due.at).await?.is_some() =>
            {
                FiringOutcome::Accepted {
                    activation: id,
                    late: due.late,
                }
            }
            Err(error) if error.retryable || error.code == ErrorCode::Internal => return Err(error),
            Err(error) => FiringOutcome::Refused {
                message: sentence(&error),
            },
        };
        Ok(Firing {
            at: engine.inner.clock.now(),
            due: Some(due.at),
            outcome,
        })
    }

    /// Notes lines, and that everything up to `until` is dealt with: on disk, then here.
    async fn note(&mut self, engine: &Engine, until: Millis, lines: Vec<Firing>) -> Result<()> {
        engine
            .inner
            .store
            .note_firings(&self.schedule.id, Some(until), lines)
            .await?;
        self.handled = until;
        self.next = self.times.after(until);
        Ok(())
    }

    /// Says on the schedule, once, why it cannot fire just now. Within [`due::LATE`] it is on time still; later its
    /// policy decides.
    async fn tell(&mut self, engine: &Engine, error: &Error) {
        if error.code == ErrorCode::ShuttingDown || self.trouble.as_ref() == Some(&error.message) {
            return;
        }
        self.trouble = Some(error.message.clone());
        let noted = Noted {
            at: engine.inner.clock.now(),
            message: format!("{} It is tried again.", error.message),
        };
        if let Err(error) = engine
            .inner
            .store
            .note_schedule_error(&self.schedule.id, noted)
            .await
        {
            tracing::error!(%error, "a schedule's trouble could not be noted");
        }
    }
}
