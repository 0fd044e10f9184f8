//! What a person, or a gateway for one, may do with queues.

use std::collections::HashSet;

use beckon_core::{
    Activation, ActivationId, BodyForm, Error, ErrorCode, FunctionKey, JsonText, LOCAL, Result,
};
use beckon_store::{DeadLetters, DeadPage, Ended, QueueState};

use crate::end::End;
use crate::logs::RunLog;
use crate::queue::lines::{Found, Leased};
use crate::queue::{dispatch, settle};
use crate::run::Stop;
use crate::{Engine, Inner, Invocation, Payload};

/// An accepted run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its identity.
    pub id: ActivationId,
    /// Whether this call put it into the queue; `false` when one before it did.
    pub fresh: bool,
}

/// What makes a request the same as another of the same name.
#[derive(PartialEq, Eq)]
struct Asked {
    line: Option<(String, String, String)>,
    input: Option<JsonText>,
}

impl Asked {
    fn of(payload: &Payload) -> Self {
        match payload {
            Payload::Args(json) => Self {
                line: None,
                input: Some(json.clone()),
            },
            Payload::Http(request) => Self {
                line: Some((
                    request.method().to_string(),
                    request.uri().path().to_owned(),
                    request.uri().query().unwrap_or_default().to_owned(),
                )),
                input: Some(BodyForm::keep(request.body()).1),
            },
        }
    }

    fn in_record(record: &Activation) -> Self {
        let request = record.http.clone().filter(|http| !http.method.is_empty());
        Self {
            line: request.map(|http| (http.method, http.path, http.query)),
            input: record.input.clone(),
        }
    }
}

impl Engine {
    /// Accepts a run once, however often it is asked for: when there is one with this id, of the same function and with
    /// the same input, nothing is queued. For gateways whose callers name their requests, with
    /// [`ActivationId::of_request`].
    ///
    /// Errors: as [`Engine::accept`]; `Conflict` when the run with this id is another.
    pub async fn accept_once(&self, invocation: Invocation) -> Result<Accepted> {
        let (id, function) = (invocation.id, invocation.function.clone());
        let asked = Asked::of(&invocation.payload);
        let error = match self.accept(invocation).await {
            Ok(id) => return Ok(Accepted { id, fresh: true }),
            Err(error) if error.code == ErrorCode::Conflict => error,
            Err(error) => return Err(error),
        };
        match self.inner.store.activation(id).await? {
            Some(there)
                if there.summary.connection == LOCAL
                    && there.summary.namespace == function.namespace
                    && there.summary.function == function.name
                    && asked == Asked::in_record(&there) =>
            {
                Ok(Accepted { id, fresh: false })
            }
            _ => Err(error),
        }
    }

    /// Stops the accepted runs that their caller gave this id ([`Invocation::transaction_id`]), wherever they are: queued,
    /// waiting for their next attempt or running. Returns how many there were to stop; 0 where there is none of that id
    /// that is not over.
    pub async fn cancel_called(&self, call_id: &str) -> Result<u64> {
        let mut stopped = 0;
        for id in self.inner.store.accepted_as(call_id).await? {
            stopped += u64::from(cancel(&self.inner, id).await?);
        }
        Ok(stopped)
    }

    /// The queues of all functions that have anything in them, or are paused.
    pub async fn queues(&self) -> Result<Vec<QueueState>> {
        self.inner.store.queues(self.inner.clock.now()).await
    }

    /// Holds back a function's accepted runs, over restarts too; those in progress go on, and new ones are accepted.
    /// `NotFound` when there is no such function.
    pub async fn pause_queue(&self, key: &FunctionKey) -> Result<()> {
        let inner = &self.inner;
        if inner.store.function(key).await?.is_none() {
            return Err(Error::not_found(format!("function {key}")));
        }
        let given_back = inner.backlog.lines.pause(key);
        let stored = inner.store.pause_queue(key, inner.clock.now()).await;
        dispatch::give_back(inner, given_back).await;
        if stored.is_err() {
            inner.backlog.lines.resume(key);
        }
        stored
    }

    /// Lets a function's accepted runs go on.
    pub async fn resume_queue(&self, key: &FunctionKey) -> Result<()> {
        let inner = &self.inner;
        inner.store.resume_queue(key).await?;
        inner.backlog.lines.resume(key);
        inner.pools.room.notify_one();
        Ok(())
    }

    /// Cancels all runs of a function that wait, for a slot or for their next attempt; each gets its record. Returns how
    /// many. Those in progress go on.
    pub async fn clear_queue(&self, key: &FunctionKey) -> Result<u64> {
        let inner = &self.inner;
        // What is leased ahead waits as well; it comes back by itself if the next turn takes it again.
        let given_back = inner.backlog.lines.give_up_leases(key);
        dispatch::give_back(inner, given_back).await;
        let gone = inner.store.clear_queue(key, inner.clock.now()).await?;
        let gone: HashSet<_> = gone.into_iter().collect();
        inner.backlog.lines.remove(key, &gone);
        inner.note_backlog();
        inner.deliveries.on_given_up(gone.iter().copied()).await;
        Ok(gone.len() as u64)
    }

    /// A page of the runs that failed as often as they may, of a function or of all.
    pub async fn dead_letters(
        &self,
        function: Option<&FunctionKey>,
        after: Option<ActivationId>,
        limit: u32,
    ) -> Result<DeadPage> {
        self.inner.store.dead_letters(function, after, limit).await
    }

    /// Puts dead letters back into the queue, with all attempts before them. Returns how many.
    pub async fn retry_dead_letters(&self, which: DeadLetters) -> Result<u64> {
        let inner = &self.inner;
        let mut count = 0;
        // Those that fail again meanwhile are for the next time: this ends.
        let before = inner.clock.now();
        loop {
            let revived = inner.store.retry_dead_letters(which.clone(), before).await?;
            if revived.is_empty() {
                return Ok(count);
            }
            count += revived.len() as u64;
            let mut waiting = Vec::with_capacity(revived.len());
            for one in revived {
                if let Some(callback) = one.callback {
                    inner.deliveries.owes_again(one.waiting.id, callback);
                }
                waiting.push(one.waiting);
            }
            inner.backlog.lines.merge(waiting, inner.clock.now());
            inner.note_backlog();
            inner.pools.room.notify_one();
            // Those that fail again at once are dead letters of their own time.
            if matches!(which, DeadLetters::One(_)) {
                return Ok(count);
            }
        }
    }

    /// Takes dead letters off the list; their records stay. Returns how many.
    pub async fn dismiss_dead_letters(&self, which: DeadLetters) -> Result<u64> {
        self.inner.store.dismiss_dead_letters(which).await
    }
}

/// Stops a queued, delayed or running local run; `false` when it is over already or unknown.
pub(crate) async fn cancel(inner: &Inner, id: ActivationId) -> Result<bool> {
    // A run that is just being leased is neither queued nor running for an instant: look again.
    for _ in 0..20 {
        let control = inner.runs.lock().get(&id).cloned();
        if let Some(control) = control {
            control.stop(Stop::Cancel);
            return Ok(true);
        }
        let Some(row) = inner.store.activation(id).await? else {
            return Ok(false);
        };
        if row.summary.status.is_final() || row.summary.connection != LOCAL {
            return Ok(false);
        }
        let key = row.target();
        match inner.backlog.lines.take_out(&key, id) {
            Found::Leased(leased) => {
                let Leased { lease, mut kept, .. } = *leased;
                kept.draft.attempts = lease.attempts;
                let history = settle::history(&mut kept.draft);
                let log = RunLog::shared(0, inner.clock.now());
                let ended = dispatch::over(inner, kept, End::cancelled(), &log);
                settle::finish(inner, lease, ended, history, Ended::Over).await;
                inner.note_backlog();
                return Ok(true);
            }
            Found::Waiting if inner.store.cancel_queued(id, inner.clock.now()).await? => {
                inner.backlog.lines.remove(&key, &[id].into());
                inner.note_backlog();
                inner.deliveries.on_given_up([id]).await;
                return Ok(true);
            }
            Found::Waiting | Found::Nowhere => {}
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(false)
}
