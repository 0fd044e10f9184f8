use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use beckon_core::filter::Filter;
use beckon_core::{ActivationId, Contract, Event, FunctionKey, LOCAL, Millis};
use chrono::DateTime;
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior};

use super::caller::Caller;
use super::{lines, status};
use crate::gateway::{Gateway, Refusal};

/// Most records that are looked through for lines that were written already, and most of them read at a time.
const MOST: usize = 2_000;
/// So many bytes of the newest lines are enough.
const MOST_BYTES: usize = 16 * 1024 * 1024;
const PAGE: u32 = 200;
/// The longest run, ms: one that began this much before a time may have written since.
const LONGEST: Millis = 900_000;
/// How many ids of runs that were told a follower remembers.
const REMEMBERED: usize = 10_000;

/// How often it is looked what runs in progress have written since.
const PACE: Duration = Duration::from_millis(250);

/// `GET /system/logs?name=&namespace=&instance=&tail=&since=&follow=`: what the function wrote, oldest first, a JSON object
/// on each line. With `follow` it goes on, also with what runs in progress write, until the client goes away or Beckon
/// stops. Of a repeated parameter the last
/// counts; a function that there is not has written nothing.
pub(super) async fn logs(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, Refusal> {
    let unreadable = || {
        Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "could not parse the log request",
        )
    };
    let name = caller
        .parameter("name")
        .filter(|name| !name.is_empty())
        .ok_or_else(unreadable)?;
    let function = caller.function(&gateway, name, None).await?;
    let tail: i64 = match caller.parameter("tail").filter(|tail| !tail.is_empty()) {
        Some(tail) => tail.parse().map_err(|_| unreadable())?,
        None => 0,
    };
    let since = match caller.parameter("since").filter(|since| !since.is_empty()) {
        Some(since) => Some(
            DateTime::parse_from_rfc3339(since)
                .map_err(|_| unreadable())?
                .timestamp_micros(),
        ),
        None => None,
    };
    let follow = matches!(
        caller.parameter("follow"),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True")
    );
    let contract = gateway
        .store
        .function(&function)
        .await?
        .map(|function| function.contract);
    let wanted = Wanted {
        written: status::written(&function),
        function,
        contract,
        instance: caller
            .parameter("instance")
            .filter(|id| !id.is_empty())
            .map(str::to_owned),
        since_us: since.unwrap_or(i64::MIN),
        tail: usize::try_from(tail).ok().filter(|tail| *tail > 0),
        began: gateway.clock.now(),
    };
    // Before what there is is read, so that nothing falls between the two.
    let events = follow.then(|| gateway.store.events());
    let mut told = Told::default();
    let first = wanted
        .written_already(&gateway, &mut told, wanted.tail, Millis::MIN)
        .await?;
    let mut response = Response::new(body(gateway, wanted, first, events, told));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    Ok(response)
}

/// What a client asks for.
struct Wanted {
    function: FunctionKey,
    /// Its name as it is told.
    written: String,
    contract: Option<Contract>,
    instance: Option<String>,
    since_us: i64,
    tail: Option<usize>,
    /// When it was asked for.
    began: Millis,
}

/// Runs whose lines were sent, the latest of them.
#[derive(Default)]
struct Told {
    ids: HashSet<ActivationId>,
    order: VecDeque<ActivationId>,
    /// How many lines were sent of runs that are not over.
    begun: HashMap<ActivationId, usize>,
}

impl Told {
    /// `false` when it is known already.
    fn note(&mut self, id: ActivationId) -> bool {
        let fresh = self.ids.insert(id);
        if fresh {
            self.order.push_back(id);
            if self.order.len() > REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.ids.remove(&oldest);
            }
        }
        fresh
    }
}

impl Wanted {
    fn is_of(&self, id: ActivationId) -> bool {
        self.instance
            .as_deref()
            .is_none_or(|wanted| wanted == id.to_string())
    }

    /// The lines of runs that ended at `ended` or later and are not told yet, oldest first; of them the last `tail`.
    async fn written_already(
        &self,
        gateway: &Gateway,
        told: &mut Told,
        tail: Option<usize>,
        ended: Millis,
    ) -> Result<Vec<String>, Refusal> {
        let filter = Filter {
            functions: vec![self.function.name.to_string()],
            namespaces: vec![self.function.namespace.to_string()],
            connections: vec![LOCAL.to_owned()],
            from: Some(self.since_us / 1000)
                .max(Some(ended))
                .filter(|from| *from > Millis::MIN / 1000)
                .map(|from| from - LONGEST),
            ..Filter::default()
        };
        let (mut runs, mut count, mut bytes, mut looked, mut after) = (Vec::new(), 0, 0, 0, None);
        'pages: loop {
            let page = gateway.store.page(&filter, after, PAGE).await?;
            for row in &page.rows {
                looked += 1;
                let is_over = row.status.is_final() && row.end.is_some_and(|end| end >= ended);
                if is_over && self.is_of(row.id) && told.note(row.id) {
                    let lines = self.lines_of(gateway, told, row.id).await?;
                    count += lines.len();
                    bytes += lines.iter().map(String::len).sum::<usize>();
                    runs.push(lines);
                }
                if looked >= MOST || bytes >= MOST_BYTES || tail.is_some_and(|tail| count >= tail) {
                    break 'pages;
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut lines: Vec<String> = runs.into_iter().rev().flatten().collect();
        if let Some(tail) = tail {
            lines.drain(..lines.len().saturating_sub(tail));
        }
        Ok(lines)
    }

    async fn lines_of(
        &self,
        gateway: &Gateway,
        told: &mut Told,
        id: ActivationId,
    ) -> Result<Vec<String>, Refusal> {
        let known = told.begun.remove(&id).unwrap_or(0);
        // It may have been pruned since.
        let record = gateway.store.activation(id).await?;
        Ok(record.map_or_else(Vec::new, |record| {
            // Each attempt begins with an empty log; rather twice than not at all.
            let known = if record.attempts > 1 { 0 } else { known };
            lines::of(&record, &self.written, self.contract, self.since_us, known)
        }))
    }

    /// What runs in progress have written since.
    fn lines_so_far(&self, gateway: &Gateway, told: &mut Told) -> Vec<String> {
        let written = gateway
            .engine
            .lines_so_far(&self.function, |id| told.begun.get(&id).copied().unwrap_or(0));
        let mut all = Vec::new();
        for (id, lines) in written {
            if told.ids.contains(&id) || !self.is_of(id) {
                continue;
            }
            let known = told.begun.entry(id).or_default();
            let first = *known == 0;
            *known += lines.len();
            let run = lines::Run {
                written: &self.written,
                namespace: &self.function.namespace,
                id,
            };
            all.extend(lines::so_far(&run, lines, first, self.contract, self.since_us));
        }
        all
    }

    /// The next lines; `None` when there will be no more.
    async fn next(
        &self,
        gateway: &Gateway,
        events: &mut Receiver<Event>,
        told: &mut Told,
    ) -> Option<Vec<String>> {
        // Not put off by events, which are of all functions.
        let mut pace = tokio::time::interval_at(Instant::now() + PACE, PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                biased;
                () = gateway.engine.stopping() => return None,
                _ = pace.tick() => {
                    let lines = self.lines_so_far(gateway, told);
                    if lines.is_empty() {
                        continue;
                    }
                    return Some(lines);
                }
                event = events.recv() => event,
            };
            let lines = match event {
                Ok(Event::Activations { rows }) => {
                    let mut lines = Vec::new();
                    for row in rows {
                        let is_its = row.connection == LOCAL
                            && row.namespace == self.function.namespace
                            && row.function == self.function.name;
                        if is_its && row.status.is_final() && self.is_of(row.id) && told.note(row.id) {
                            lines.extend(self.lines_of(gateway, told, row.id).await.ok()?);
                        }
                    }
                    lines
                }
                Ok(_) => continue,
                // Too slow for what is written: what was missed is in the journal.
                Err(RecvError::Lagged(_)) => {
                    self.written_already(gateway, told, None, self.began).await.ok()?
                }
                Err(RecvError::Closed) => return None,
            };
            if !lines.is_empty() {
                return Some(lines);
            }
        }
    }
}

/// The lines as they come. Whoever stops reading drops all of this.
fn body(
    gateway: Gateway,
    wanted: Wanted,
    first: Vec<String>,
    events: Option<Receiver<Event>>,
    told: Told,
) -> Body {
    let state = (gateway, wanted, Some(first), events, told);
    Body::from_stream(stream::unfold(state, |mut state| async move {
        let (gateway, wanted, first, events, told) = &mut state;
        let lines = match (first.take(), events) {
            (Some(lines), None) => lines,
            // So that the client sees an answer at once, also where nothing was written yet.
            (Some(lines), Some(_)) => lines,
            (None, Some(events)) => wanted.next(gateway, events, told).await?,
            (None, None) => return None,
        };
        let bytes = Bytes::from(lines.concat());
        Some((Ok::<_, std::convert::Infallible>(bytes), state))
    }))
}
