//! The end of an attempt: another one, the dead letters, or simply the record.

use std::sync::Arc;
use std::time::Duration;

use beckon_core::{Activation, ActivationId, Error, LogLine, LogStream, LostPolicy, Result, Retry, Status};
use beckon_store::{Ended as Verdict, NewDelivery, Owner, Store};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::attempt::Request;
use crate::queue::ledger::Ledger;
use crate::queue::{Kept, Lease, retry};
use crate::run::Ended;
use crate::{Deliveries, Inner};

/// Most characters of what an attempt said that are told of it.
const TOLD: usize = 200;
/// Most bytes of what earlier attempts left.
const REMEMBERED: usize = 64 * 1024;
/// The wait before a record that could not be written is written again; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// After this one it is given up: some minutes in all.
const LONGEST_PAUSE: Duration = Duration::from_secs(256);
/// How often it is tried when Beckon stops, and how long after one another: two seconds altogether.
const LAST_TRIES: u32 = 8;
const LAST_PAUSE: Duration = Duration::from_millis(250);

/// An accepted run in progress: what its end needs to know.
pub(crate) struct Attempt {
    pub(crate) lease: Lease,
    pub(crate) policy: LostPolicy,
    pub(crate) retry: Retry,
    /// What earlier attempts came to, a line each.
    pub(crate) history: Vec<LogLine>,
    /// What the next attempt is told beside its payload.
    pub(crate) transaction: String,
    pub(crate) api_host: Option<String>,
}

/// What becomes of a run after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is over; its record is the last word.
    Over,
    /// It waits, for another attempt or for the next start of Beckon.
    Again,
}

impl Attempt {
    /// Hands the record of an attempt that has ended to the journal, or puts the run back.
    pub(crate) async fn settle(self, inner: &Arc<Inner>, ended: &Arc<Ended>) -> Settled {
        let status = ended.summary().status;
        // A run that may be repeated keeps its row as it is: the next start finds it and queues it again.
        if status == Status::Lost && self.policy == LostPolicy::Retry {
            return Settled::Again;
        }
        let counted = (self.lease.attempts + 1).saturating_sub(self.lease.forgiven);
        let failed = retry::wanted(&self.retry, status, ended.reply());
        if failed && counted < self.retry.attempts {
            self.again(inner, ended, counted).await;
            return Settled::Again;
        }
        let verdict = if failed && self.retry.attempts > 1 {
            Verdict::Dead {
                at: inner.clock.now(),
                policy: self.policy,
            }
        } else {
            Verdict::Over
        };
        finish(inner, self.lease, ended.clone(), self.history, verdict).await;
        Settled::Over
    }

    async fn again(mut self, inner: &Arc<Inner>, ended: &Arc<Ended>, failures: u32) {
        let now = inner.clock.now();
        let asked = retry::retry_after(ended.reply(), now);
        let wait = retry::wait(&self.retry, failures, rand::random(), asked);
        let record = ended.activation();
        let code = retry::code_of(record.summary.status, ended.reply());
        self.history
            .push(told(&record, code, self.retry.attempts, failures, wait, now));
        let waiting = waiting(record, self.history);
        let key = waiting.target();
        let (id, queue) = (self.lease.id, &inner.backlog);
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        match inner
            .store
            .requeue(waiting.clone(), queue.owner, wait_ms, now)
            .await
        {
            Ok(Some(seq)) => {
                let payload = ended.payload().clone();
                let request = Request::of(id, payload, Some(self.transaction), self.api_host);
                let mut draft = waiting;
                draft.input = None; // the payload is the same once more
                let kept = Kept { draft, request };
                queue.lines.add_delayed(&key, seq, id, Some(kept), wait, now);
                if let (Some(ledger), Some(mark)) = (&queue.ledger, self.lease.mark) {
                    ledger.ended(mark);
                }
                inner.note_backlog();
                inner.pools.room.notify_one();
            }
            Ok(None) => tracing::warn!(%id, "a run lost its lease and is not tried again here"),
            // The lease runs out, and then the run is known as lost or waits again, by its policy.
            Err(error) => tracing::error!(%error, %id, "a run could not be put back"),
        }
    }
}

/// Writes the last word on a run: in the background, once the writer has it.
pub(crate) async fn finish(
    inner: &Inner,
    lease: Lease,
    ended: Arc<Ended>,
    history: Vec<LogLine>,
    verdict: Verdict,
) {
    let deliveries = inner.deliveries.on_finished(&ended).await;
    let last = Last {
        store: inner.store.clone(),
        deliveries: inner.deliveries.clone(),
        ledger: inner.backlog.ledger.clone(),
        owner: inner.backlog.owner,
        id: lease.id,
        lease: Arc::new(Mutex::new(Some(lease))),
        weight: ended.weight() + deliveries.iter().map(|new| new.body.len() + 1024).sum::<usize>(),
        content: Arc::new((ended, history, deliveries)),
        verdict,
    };
    match last.write().await {
        Ok(written) => {
            let stop = inner.stopping();
            inner.tasks.spawn(async move {
                if let Err(error) = written.await {
                    last.insist(error, &stop).await;
                }
            });
        }
        Err(error) => tracing::error!(%error, id = %last.id, "a record could not be written"),
    }
}

/// The last word on a run.
struct Last {
    store: Store,
    deliveries: Deliveries,
    ledger: Option<Arc<Ledger>>,
    owner: Owner,
    id: ActivationId,
    /// Held until the record is on disk: nobody may think meanwhile that it ran out.
    lease: Arc<Mutex<Option<Lease>>>,
    weight: usize,
    content: Arc<(Arc<Ended>, Vec<LogLine>, Vec<NewDelivery>)>,
    verdict: Verdict,
}

impl Last {
    async fn write(&self) -> Result<impl Future<Output = Result<()>> + Send + 'static> {
        let content = self.content.clone();
        let make = move || {
            let (ended, history, deliveries) = &*content;
            let mut record = ended.activation();
            record.logs.splice(0..0, history.iter().cloned());
            (record, deliveries.clone())
        };
        let (id, lease) = (self.id, self.lease.clone());
        let (ledger, deliveries) = (self.ledger.clone(), self.deliveries.clone());
        let done = move |ours: bool| {
            if ours {
                deliveries.no_longer_owed(id);
            }
            let mark = lease.lock().take().and_then(|lease| lease.mark);
            if let (Some(ledger), Some(mark)) = (ledger, mark) {
                ledger.ended(mark);
            }
        };
        self.store
            .settle(id, self.weight, make, self.owner, self.verdict, done)
            .await
    }

    /// A full disk must not make a lost run out of one that is over: what it came to is kept until there is room.
    async fn insist(&self, mut error: Error, stop: &CancellationToken) {
        let (mut pause, mut last_tries) = (FIRST_PAUSE, LAST_TRIES);
        while pause <= LONGEST_PAUSE && last_tries > 0 {
            tracing::error!(%error, id = %self.id, "a record could not be written");
            match stop.run_until_cancelled(tokio::time::sleep(pause)).await {
                Some(()) => pause *= 2,
                None => {
                    last_tries -= 1;
                    tokio::time::sleep(LAST_PAUSE).await;
                }
            }
            error = match self.write().await {
                Ok(written) => match written.await {
                    Ok(()) => return,
                    Err(error) => error,
                },
                Err(error) => error,
            };
        }
    }
}

/// The line that remains of an attempt.
fn told(record: &Activation, code: u16, of: u32, failures: u32, wait: Duration, now: i64) -> LogLine {
    let said: String = record.summary.preview.chars().take(TOLD).collect();
    let text = format!(
        "Beckon: attempt {failures} of {of} ended as {} ({code}) after {} ms, tried again after {:.1} s: {said}",
        record.summary.status,
        record.summary.duration_ms.unwrap_or(0),
        wait.as_secs_f64(),
    );
    LogLine {
        at_us: now.saturating_mul(1000),
        stream: LogStream::Stderr,
        text,
    }
}

/// The record of a run between two attempts.
fn waiting(mut record: Activation, logs: Vec<LogLine>) -> Activation {
    let summary = &mut record.summary;
    summary.status = Status::Queued;
    (summary.end, summary.duration_ms, summary.cold) = (None, None, None);
    summary.preview = String::new();
    record.result = None;
    record.result_bytes = 0;
    record.result_truncated = false;
    record.timing = beckon_core::Timing::default();
    // What was called with arguments has an exchange only for its answer.
    record.http = record.http.filter(|http| !http.method.is_empty());
    if let Some(http) = &mut record.http {
        http.status = None;
        http.response_headers = Vec::new();
        http.response_body = beckon_core::BodyForm::Empty;
    }
    record.logs = logs;
    record.logs_truncated = false;
    record
}

/// Takes what earlier attempts left out of a waiting run's record: the last of it, if it is much.
pub(crate) fn history(draft: &mut Activation) -> Vec<LogLine> {
    let mut lines = std::mem::take(&mut draft.logs);
    let mut room = REMEMBERED;
    let kept = lines.iter().rev().take_while(|line| {
        room = room.saturating_sub(line.text.len() + 1);
        room > 0
    });
    let first = lines.len() - kept.count();
    lines.drain(..first);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_leaves_a_line() {
        let mut record = crate::run::tests::record();
        record.summary.status = Status::TimedOut;
        record.summary.duration_ms = Some(12);
        record.summary.preview = "it broke".into();
        let line = told(&record, 504, 3, 1, Duration::from_millis(10_240), 5);
        assert_eq!(
            line.text,
            "Beckon: attempt 1 of 3 ended as timed_out (504) after 12 ms, tried again after 10.2 s: it broke"
        );
        let mut between = waiting(record, vec![line.clone()]);
        assert_eq!(
            (between.summary.status, between.summary.end),
            (Status::Queued, None)
        );
        assert_eq!(history(&mut between), vec![line.clone()]);
        between.logs = vec![line; 10_000];
        let kept = history(&mut between);
        assert!(kept.len() > 500 && kept.len() < 1000, "{}", kept.len());
    }
}
