//! Makes attempts: whatever is due, a few at a time for each receiver, so that a slow one is in nobody's way.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use beckon_core::{Destination, Excerpt, Millis, Purpose};
use beckon_store::{Arrival, AttemptEnd, Claimed, Followed, Next, Outcome};
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
    let mut carried = Carried::default();
    let tried = tokio::select! {
        biased;
        tried = perform(inner, &claimed, &mut outcome, &mut carried) => Some(tried),
        () = inner.cut.cancelled() => None,
    };
    outcome.ms = began.elapsed().as_secs_f64() * 1000.0;
    let now = inner.clock.now();
    let (mut log, mut counted) = (None, None);
    let next = match tried {
        None => {
            outcome.error = Some("Beckon was stopped during this attempt; it will be made again.".to_owned());
            carried.message = None;
            Next::Interrupted
        }
        Some(Ok(())) => {
            counted = Some(None);
            Next::Delivered
        }
        Some(Err(refused)) => {
            if refused.again && claimed.attempt < claimed.allowed {
                let wait = wait_after(claimed.attempt, rand::random());
                fail(&mut outcome, refused);
                Next::Again(now + wait)
            } else {
                let class = match outcome.status {
                    Some(status) => format!("status {status}"),
                    None => refused.class.to_owned(),
                };
                counted = Some(Some(class));
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
        message: carried.message,
        followed: carried.followed,
    };
    match settle(inner, end.clone()).await {
        true => counted
            .into_iter()
            .for_each(|error| count(inner, &claimed, error)),
        false => {
            // A row that nobody works on must not say that somebody does: a person can deliver it again.
            let why = "What came of this attempt could not be written.";
            let mut end = AttemptEnd {
                next: Next::GaveUp,
                message: None,
                log: None,
                followed: None,
                ..end
            };
            end.outcome.error = Some(why.to_owned());
            if settle(inner, end).await {
                count(inner, &claimed, Some("unwritten".to_owned()));
            }
        }
    }
}

/// What an attempt leaves beside its outcome.
#[derive(Default)]
struct Carried {
    /// Written into an inbox when the attempt is settled, in the same transaction.
    message: Option<Arrival>,
    /// Headers and body that a followed redirect led to: the next attempt need not follow it again.
    followed: Option<Followed>,
}

/// The wait after an attempt, ms. `spread` (0 to 1) keeps deliveries that failed together from returning together.
fn wait_after(attempt: u32, spread: f64) -> Millis {
    let wait = FIRST_WAIT
        .saturating_mul(1 << attempt.saturating_sub(1).min(10))
        .min(LONGEST_WAIT);
    wait + (wait as f64 * 0.1 * spread) as Millis
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

/// A full disk must not make a delivery out of one that has been made. Whether it could be written.
async fn settle(inner: &Inner, end: AttemptEnd) -> bool {
    for _ in 0..3 {
        match inner.store.settle_delivery(end.clone(), inner.clock.now()).await {
            Ok(()) => return true,
            Err(e) => tracing::error!(error = %e, "the end of a delivery could not be written"),
        }
        tokio::time::sleep(AFTER_FAILURE).await;
    }
    false
}

async fn perform(
    inner: &Inner,
    claimed: &Claimed,
    outcome: &mut Outcome,
    carried: &mut Carried,
) -> Result<(), Refused> {
    match &claimed.target {
        Destination::Http { url } => post(inner, claimed, url, outcome, &mut carried.followed).await,
        Destination::Nats { server, subject } => {
            let rules = inner.wire.rules.read().clone();
            nats::publish(&rules, server, subject, claimed.body.clone()).await
        }
        Destination::Notification { .. } | Destination::Queue { .. } | Destination::Stream { .. } => {
            carried.message = Some(Arrival {
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

async fn post(
    inner: &Inner,
    claimed: &Claimed,
    url: &str,
    outcome: &mut Outcome,
    followed: &mut Option<Followed>,
) -> Result<(), Refused> {
    let mut headers = restored(&claimed.headers);
    let mut body = Bytes::from(claimed.body.clone());
    if let Some(from) = &claimed.follow {
        (headers, body) = redirected(inner, claimed, from, headers, body).await;
        *followed = Some(Followed {
            headers: kept(&headers),
            body: body.to_vec(),
        });
    }
    let sending = Sending {
        method: Method::POST,
        url,
        headers,
        body,
        keep: EXCERPT,
        abroad: false,
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
    let mut headers = restored(&kept(&last.headers)); // without the headers of the connection
    headers.remove("x-function-status");
    for (name, value) in own {
        headers.insert(name, value);
    }
    headers.insert("x-function-status", HeaderValue::from(last.status));
    (headers, last.body)
}

/// Headers as they are stored.
fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), latin1(value.as_bytes())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_two_minutes_and_spread() {
        let waits: Vec<_> = (1..=6).map(|attempt| wait_after(attempt, 0.0)).collect();
        assert_eq!(waits, [10_000, 20_000, 40_000, 80_000, 120_000, 120_000]);
        assert_eq!((wait_after(1, 1.0), wait_after(40, 1.0)), (11_000, 132_000));
    }
}
