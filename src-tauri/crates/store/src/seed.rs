//! Made-up runs for demonstrations, tests and measurements: the same ones for the same seed number, count and time.
//!
//! They look like three days of a small shop: functions of different speed and reliability, quieter nights, an hour in
//! which payments fail, a few runs that are slow, cold, cancelled or lost.

use beckon_core::{
    Activation, ActivationId, ActivationSummary, Cause, FunctionName, JsonText, LOCAL, Limits, LogLine,
    LogStream, Millis, Mode, NamespaceName, Result, Status, Timing,
};
use serde_json::json;

use crate::Store;

/// The runs are spread over this long before the time given: 72 hours, in milliseconds.
pub const SPAN: Millis = 72 * 3_600_000;

/// Runs handed to [`Store::record_all`] at once.
const CHUNK: usize = 2_000;

/// A kind of made-up run.
struct Kind {
    namespace: &'static str,
    function: &'static str,
    kind: &'static str,
    /// Share of all runs, in percent.
    share: u64,
    /// Typical run time, ms.
    typical: u64,
    /// Runs in 1,000 that fail.
    failing: u64,
}

#[rustfmt::skip]
const KINDS: [Kind; 8] = [
    Kind { namespace: "playground", function: "hello", kind: "nodejs:20", share: 34, typical: 3, failing: 4 },
    Kind { namespace: "playground", function: "hello-python", kind: "python:3.11", share: 18, typical: 6, failing: 8 },
    Kind { namespace: "playground", function: "hello-shell", kind: "shell:default", share: 10, typical: 12, failing: 10 },
    Kind { namespace: "playground", function: "sample/resize", kind: "nodejs:20", share: 12, typical: 240, failing: 25 },
    Kind { namespace: "shop", function: "orders/charge", kind: "python:3.11", share: 9, typical: 420, failing: 40 },
    Kind { namespace: "shop", function: "orders/confirm", kind: "nodejs:20", share: 8, typical: 35, failing: 12 },
    Kind { namespace: "shop", function: "stock/sync", kind: "python:3.11", share: 6, typical: 1_800, failing: 30 },
    Kind { namespace: "shop", function: "report", kind: "shell:default", share: 3, typical: 6_500, failing: 60 },
];

const PEOPLE: [&str; 8] = [
    "Ada", "Grace", "Linus", "Margaret", "Ken", "Barbara", "Edsger", "Zoë",
];
const FAILURES: [&str; 5] = [
    "card declined",
    "connection reset by peer",
    "out of stock",
    "upstream answered 503 Service Unavailable",
    "unexpected token < in JSON at position 0",
];

/// Fills a journal with `count` runs that end before `now`; `progress` is told how many are written.
pub async fn fill(
    store: &Store,
    seed: u64,
    count: usize,
    now: Millis,
    mut progress: impl FnMut(usize),
) -> Result<()> {
    let mut runs = runs(seed, count, now)?;
    let mut written = 0;
    loop {
        let chunk: Vec<_> = runs.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        written += chunk.len();
        store.record_all(chunk).await?;
        progress(written);
    }
}

/// The runs themselves, oldest first.
pub fn runs(seed: u64, count: usize, now: Millis) -> Result<impl Iterator<Item = Activation>> {
    let mut names = Vec::with_capacity(KINDS.len());
    for kind in &KINDS {
        names.push((
            NamespaceName::new(kind.namespace)?,
            FunctionName::new(kind.function)?,
        ));
    }
    let mut chance = Chance(seed);
    let gap = SPAN as f64 / count.max(1) as f64;
    Ok((0..count).map(move |i| {
        let slot = SPAN - (i as f64 * gap) as Millis;
        let jitter = chance.below((gap as u64).max(1)) as Millis;
        let start = quieter_nights(&mut chance, now - slot + jitter, now);
        let at = pick(&mut chance);
        run(&mut chance, &KINDS[at], &names[at], start, now)
    }))
}

/// Two of three runs of the night (0 to 6 h UTC) are moved six hours on, if that is not in the future.
fn quieter_nights(chance: &mut Chance, start: Millis, now: Millis) -> Millis {
    let hour = start.div_euclid(3_600_000).rem_euclid(24);
    let moved = start + 6 * 3_600_000;
    if hour < 6 && chance.below(3) > 0 && moved < now - 60_000 {
        moved
    } else {
        start
    }
}

fn pick(chance: &mut Chance) -> usize {
    let mut left = chance.below(100);
    for (at, kind) in KINDS.iter().enumerate() {
        if left < kind.share {
            return at;
        }
        left -= kind.share;
    }
    0
}

fn run(
    chance: &mut Chance,
    kind: &Kind,
    (namespace, function): &(NamespaceName, FunctionName),
    start: Millis,
    now: Millis,
) -> Activation {
    let status = status(chance, kind, start, now);
    let cold = chance.below(40) == 0;
    let wait_ms = chance.below(30) as f64 / 10.0;
    let init_ms = cold.then(|| 40.0 + chance.below(900) as f64 / 10.0);
    let slow = if chance.below(50) == 0 { 12 } else { 1 };
    let run_ms = match status {
        Status::TimedOut => 60_000.0,
        Status::Cancelled => 0.0,
        _ => (kind.typical * slow) as f64 * (0.6 + chance.below(1_000) as f64 / 1_000.0),
    };
    let duration = (run_ms + init_ms.unwrap_or_default()).round() as i64;
    let lost = status == Status::Lost;
    let person = PEOPLE[chance.below(PEOPLE.len() as u64) as usize];
    let order = 10_000 + chance.below(90_000);
    let error = (status != Status::Success).then(|| failure(chance, status));
    let input = json!({ "name": person, "order": order });
    let result = match &error {
        Some(error) => json!({ "error": error }),
        None => json!({ "greeting": format!("Hello {person}!"), "order": order, "items": chance.below(9) }),
    };
    let (input, result) = (JsonText::from_value(&input), JsonText::from_value(&result));
    Activation {
        summary: ActivationSummary {
            id: chance.id(start),
            connection: LOCAL.to_owned(),
            namespace: namespace.clone(),
            function: function.clone(),
            version: format!("0.0.{}", 1 + chance.below(4)),
            kind: kind.kind.to_owned(),
            status,
            mode: if chance.below(4) == 0 {
                Mode::NonBlocking
            } else {
                Mode::Blocking
            },
            cause: [Cause::Gateway, Cause::Gateway, Cause::Panel, Cause::Cli][chance.below(4) as usize],
            start,
            end: Some(start + duration),
            duration_ms: (!lost).then_some(duration),
            cold: Some(cold),
            http_status: None,
            callback: None,
            pinned: chance.below(5_000) == 0,
            preview: String::new(),
        },
        subject: namespace.to_string(),
        result_bytes: result.as_str().len() as u64,
        input: Some(input),
        result: Some(result),
        result_truncated: false,
        logs: logs(chance, start, kind.function, person, order, error.as_deref()),
        logs_truncated: false,
        limits: Limits::DEFAULT,
        timing: Timing {
            wait_ms: Some(wait_ms),
            init_ms,
            run_ms: Some(run_ms),
            network_ms: None,
        },
        rerun_of: None,
        token_id: None,
        parent: None,
        http: None,
        attempts: 1,
        guards: Vec::new(),
        annotations: Vec::new(),
    }
}

/// Payments fail in one hour of the second day, and now and then everything does something.
fn status(chance: &mut Chance, kind: &Kind, start: Millis, now: Millis) -> Status {
    let ago = now - start;
    let incident = kind.function == "orders/charge" && (30 * 3_600_000..31 * 3_600_000).contains(&ago);
    if chance.below(1_000) >= if incident { 700 } else { kind.failing } {
        return Status::Success;
    }
    match chance.below(20) {
        0..=12 => Status::ApplicationError,
        13..=15 => Status::DeveloperError,
        16 | 17 => Status::TimedOut,
        18 => [Status::Cancelled, Status::InternalError][chance.below(2) as usize],
        _ => Status::Lost,
    }
}

fn failure(chance: &mut Chance, status: Status) -> String {
    match status {
        Status::TimedOut => "The action exceeded its time limits of 60000 milliseconds.".into(),
        Status::Cancelled => "The run was cancelled.".into(),
        Status::Lost => {
            "Beckon stopped while this run was in progress; it is not known how far it got.".into()
        }
        Status::InternalError => "The worker could not be started.".into(),
        _ => FAILURES[chance.below(FAILURES.len() as u64) as usize].into(),
    }
}

fn logs(
    chance: &mut Chance,
    start: Millis,
    function: &str,
    person: &str,
    order: u64,
    error: Option<&str>,
) -> Vec<LogLine> {
    let mut logs = Vec::new();
    let mut at_us = start * 1_000;
    let mut line = |stream, text: String| {
        at_us += 350;
        logs.push(LogLine { at_us, stream, text });
    };
    line(
        LogStream::Stdout,
        format!("{function}: request from {person}, order {order}"),
    );
    for step in 0..chance.below(4) {
        line(
            LogStream::Stdout,
            format!(
                "step {step}: {} rows in {} ms",
                chance.below(500),
                chance.below(90)
            ),
        );
    }
    if let Some(error) = error {
        line(LogStream::Stderr, format!("Error: {error}"));
        line(
            LogStream::Stderr,
            format!(
                "    at main (index.js:{}:{})",
                1 + chance.below(80),
                1 + chance.below(40)
            ),
        );
    }
    logs
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine and with every version of every library.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A UUID v7 of that time (RFC 9562, 5.7).
    fn id(&mut self, at: Millis) -> ActivationId {
        let random = u128::from(self.next()) << 64 | u128::from(self.next());
        let time = (at.unsigned_abs() as u128 & 0xFFFF_FFFF_FFFF) << 80;
        let low = random & 0x0000_0000_0000_0FFF_3FFF_FFFF_FFFF_FFFF;
        ActivationId::from_u128(time | low | 0x7000_8000_0000_0000_0000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_runs() {
        let now = 1_795_000_000_000;
        let make = |seed| runs(seed, 50, now).unwrap().collect::<Vec<_>>();
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
        assert!(
            make(7)
                .iter()
                .all(|run| (now - SPAN..now).contains(&run.summary.start))
        );
        assert_eq!(KINDS.iter().map(|kind| kind.share).sum::<u64>(), 100);
    }
}
