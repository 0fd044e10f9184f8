//! Makes attempts: whatever is due, a few at a time for each receiver, so that a slow one is in nobody's way.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{Destination, Excerpt, Millis, Purpose};
use beckon_store::{Arrival, AttemptEnd, Claimed, Next, Outcome};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use parking_lot::Mutex;

use super::callback::{Answered, latin1, restored};
use super::http::{Sending, shown};
use super::reach::Refused;
use super::{Counted, Inner, follow, nats};

/// Attempts at a time.
const MOST: usize = 64;
/// Attempts at a time for one receiver.
const EACH: usize = 8;
/// How much of an answer is kept, bytes.
const EXCERPT: usize = 4096;
/// The wait before the second attempt; it doubles with each, up to [`LONGEST_WAIT`].
const FIRST_WAIT: Millis = 10_000;
const LONGEST_WAIT: Millis = 120_000;
/// How long to leave a database alone that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

type Busy = Arc<Mutex<HashMap<String, usize>>>;

/// Until the engine stops.
pub(super) async fn run(inner: Arc<Inner>) {
    let busy = Busy::default();
    loop {
        if inner.stop.is_cancelled() {
            return;
        }
        let pause = match pass(&inner, &busy).await {
            Ok(Some(pause)) => pause,
            Ok(None) => continue,
            Err(e) => {
                tracing::error!(error = %e, "deliveries could not be claimed");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = inner.stop.cancelled() => return,
            () = inner.store.deliveries_due() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Begins what is due. `None`: there may be more; else how long there is nothing to do, unless somebody says otherwise.
async fn pass(inner: &Arc<Inner>, busy: &Busy) -> beckon_core::Result<Option<Duration>> {
    let now = inner.clock.now();
    let counts = busy.lock().clone();
    let room = MOST.saturating_sub(counts.values().sum());
    if room == 0 {
        return Ok(Some(Duration::from_secs(60)));
    }
    let claims = inner.store.claim_deliveries(now, room, EACH, counts).await?;
    let more = !claims.is_empty();
    for claimed in claims {
        *busy.lock().entry(claimed.origin.clone()).or_default() += 1;
        let (inner, busy) = (inner.clone(), busy.clone());
        let tasks = inner.tasks.clone();
        tasks.spawn(async move {
            let origin = claimed.origin.clone();
            attempt(&inner, claimed).await;
            let mut busy = busy.lock();
            if let Some(count) = busy.get_mut(&origin) {
                *count -= 1;
                if *count == 0 {
                    busy.remove(&origin);
                }
            }
            inner.store.wake_deliveries();
        });
    }
    if more {
        return Ok(None);
    }
    let due = inner.store.next_delivery(now).await?;
    let wait = due.map_or(60_000, |due| (due - now).clamp(1, 60_000));
    Ok(Some(Duration::from_millis(wait.unsigned_abs())))
}

async fn attempt(inner: &Inner, claimed: Claimed) {
    let began = Instant::now();
    let mut outcome = Outcome::default();
    let mut message = None;
    let tried = tokio::select! {
        biased;
        tried = perform(inner, &claimed, &mut outcome, &mut message) => Some(tried),
        () = inner.cut.cancelled() => None,
    };
    outcome.ms = began.elapsed().as_secs_f64() * 1000.0;
    let now = inner.clock.now();
    let mut log = None;
    let next = match tried {
        None => {
            outcome.error = Some("Beckon was stopped during this attempt; it will be made again.".to_owned());
            message = None;
            Next::Interrupted
        }
        Some(Ok(())) => {
            count(inner, &claimed, None);
            Next::Delivered
        }
        Some(Err(refused)) => {
            if refused.again && claimed.attempt < claimed.allowed {
                let wait = FIRST_WAIT
                    .saturating_mul(1 << (claimed.attempt - 1).min(10))
                    .min(LONGEST_WAIT);
                fail(&mut outcome, refused);
                Next::Again(now + wait)
            } else {
                let class = match outcome.status {
                    Some(status) => format!("status {status}"),
                    None => refused.class.to_owned(),
                };
                count(inner, &claimed, Some(class));
                log = complaint(claimed.purpose, &refused.why);
                fail(&mut outcome, refused);
                Next::GaveUp
            }
        }
    };
    let end = AttemptEnd {
        n: claimed.n,
        attempt: claimed.attempt,
        outcome,
        next,
        log,
        message,
    };
    settle(inner, end).await;
}

fn fail(outcome: &mut Outcome, refused: Refused) {
    outcome.error = Some(refused.why);
    outcome.hint = refused.hint;
}

/// OCI's line in the log of a run whose record could not be delivered.
fn complaint(purpose: Purpose, why: &str) -> Option<String> {
    let which = match purpose {
        Purpose::Callback => return None,
        Purpose::Success => "success",
        Purpose::Failure => "failure",
    };
    Some(format!(
        "Invocation record delivery to {which} destination failed due to - {why}"
    ))
}

fn count(inner: &Inner, claimed: &Claimed, error: Option<String>) {
    let counted = Counted {
        function: claimed.function.clone(),
        purpose: claimed.purpose,
        destination: claimed.target.kind(),
        error,
    };
    *inner.counts.lock().entry(counted).or_default() += 1;
}

/// A full disk must not make a delivery out of one that has been made.
async fn settle(inner: &Inner, end: AttemptEnd) {
    for _ in 0..3 {
        match inner.store.settle_delivery(end.clone(), inner.clock.now()).await {
            Ok(()) => return,
            Err(e) => tracing::error!(error = %e, "the end of a delivery could not be written"),
        }
        tokio::time::sleep(AFTER_FAILURE).await;
    }
}

async fn perform(
    inner: &Inner,
    claimed: &Claimed,
    outcome: &mut Outcome,
    message: &mut Option<Arrival>,
) -> Result<(), Refused> {
    match &claimed.target {
        Destination::Http { url } => post(inner, claimed, url, outcome).await,
        Destination::Nats { server, subject } => {
            let rules = inner.wire.rules.read().clone();
            nats::publish(&rules, server, subject, claimed.body.clone()).await
        }
        Destination::Notification { .. } | Destination::Queue { .. } | Destination::Stream { .. } => {
            // Written when the attempt is settled, in the same transaction.
            *message = Some(Arrival {
                kind: claimed.target.kind(),
                name: claimed.target.masked(),
                run: claimed.run,
                headers: claimed.headers.clone(),
                body: claimed.body.clone(),
                at: inner.clock.now(),
            });
            Ok(())
        }
    }
}

async fn post(inner: &Inner, claimed: &Claimed, url: &str, outcome: &mut Outcome) -> Result<(), Refused> {
    let mut headers = restored(&claimed.headers);
    let mut body = Bytes::from(claimed.body.clone());
    if let Some(from) = &claimed.follow {
        (headers, body) = redirected(inner, claimed, from, headers, body).await;
    }
    let sending = Sending {
        method: Method::POST,
        url,
        headers,
        body,
        keep: EXCERPT,
    };
    let mut sent = HeaderMap::new();
    let answered = inner.wire.send(sending, &mut sent).await;
    outcome.request_headers = shown(&sent);
    let answer = answered?;
    outcome.status = Some(answer.status);
    outcome.response_headers = shown(&answer.headers);
    outcome.response = (!answer.body.is_empty()).then(|| Excerpt::of(&answer.body, EXCERPT, answer.more));
    match answer.status {
        200..300 => Ok(()),
        300..400 => Err(Refused::new(format!(
            "It answered {}; redirects are not followed.",
            answer.status
        ))),
        status => Err(Refused::new(format!("It answered {status}."))),
    }
}

/// What is called back with after the function's redirect was followed.
async fn redirected(
    inner: &Inner,
    claimed: &Claimed,
    from: &str,
    headers: HeaderMap,
    body: Bytes,
) -> (HeaderMap, Bytes) {
    let status = headers
        .get("x-function-status")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let own: Vec<_> = ["x-call-id", "x-duration-seconds", "x-function-name"]
        .into_iter()
        .filter_map(|name| Some((name, headers.get(name)?.clone())))
        .collect();
    let first = Answered {
        status: status.unwrap_or(503),
        headers,
        body,
    };
    let last = follow::follow(inner, claimed.run, from, first).await;
    let kept: Vec<(String, String)> = last
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), latin1(value.as_bytes())))
        .collect();
    let mut headers = restored(&kept); // without the headers of the connection
    headers.remove("x-function-status");
    for (name, value) in own {
        headers.insert(name, value);
    }
    headers.insert("x-function-status", HeaderValue::from(last.status));
    (headers, last.body)
}
