//! A run's record as the lines that its watchdog and the function wrote.

use beckon_core::{Activation, ActivationId, BodyForm, Contract, LogLine, NamespaceName, Status};
use chrono::{DateTime, SecondsFormat};

use crate::openfaas::wire::Message;

/// A line with its time, microseconds since the Unix epoch.
struct Line {
    at_us: i64,
    text: String,
}

/// Whose lines they are. What stands in for a replica is the run: each is told by its id.
pub(super) struct Run<'a> {
    /// The function's name as it is told.
    pub(super) written: &'a str,
    pub(super) namespace: &'a NamespaceName,
    pub(super) id: ActivationId,
}

impl Run<'_> {
    /// Those from a moment on, each a JSON object with a newline.
    fn told(&self, lines: impl Iterator<Item = Line>, since_us: i64) -> Vec<String> {
        let instance = self.id.to_string();
        let lines = lines.filter(|line| line.at_us >= since_us);
        let documents = lines.filter_map(|line| {
            let time = DateTime::from_timestamp_micros(line.at_us).unwrap_or_default();
            let message = Message {
                name: self.written,
                namespace: self.namespace.as_str(),
                instance: &instance,
                timestamp: time.to_rfc3339_opts(SecondsFormat::Nanos, true),
                text: &line.text,
            };
            serde_json::to_string(&message).ok().map(|json| json + "\n")
        });
        documents.collect()
    }
}

/// The lines of a run that is over, but for the first `known` that the function wrote and what was told with them.
pub(super) fn of(
    record: &Activation,
    written: &str,
    contract: Option<Contract>,
    since_us: i64,
    known: usize,
) -> Vec<String> {
    let run = Run {
        written,
        namespace: &record.summary.namespace,
        id: record.summary.id,
    };
    let begun = usize::from(known > 0 && forks(contract));
    run.told(all(record, contract).into_iter().skip(known + begun), since_us)
}

/// The next lines of a run that is not over; the `first` ones begin as its record will.
pub(super) fn so_far(
    run: &Run<'_>,
    lines: Vec<LogLine>,
    first: bool,
    contract: Option<Contract>,
    since_us: i64,
) -> Vec<String> {
    let began = lines.first().filter(|_| first && forks(contract));
    let began = began.map(|line| Line {
        at_us: line.at_us,
        text: FORKING.into(),
    });
    let lines = lines.into_iter().map(|line| Line {
        at_us: line.at_us,
        text: line.text,
    });
    run.told(began.into_iter().chain(lines), since_us)
}

/// What the classic watchdog says of each request.
const FORKING: &str = "Forking fprocess.";

fn forks(contract: Option<Contract>) -> bool {
    contract == Some(Contract::WatchdogClassic)
}

fn all(record: &Activation, contract: Option<Contract>) -> Vec<Line> {
    let mut lines = Vec::with_capacity(record.logs.len() + 2);
    let start_us = record.summary.start * 1000;
    let began = record.attempts > 0 && record.timing.run_ms.is_some();
    if began && forks(contract) {
        lines.push(Line {
            at_us: start_us,
            text: FORKING.into(),
        });
    }
    lines.extend(record.logs.iter().map(|line| Line {
        at_us: line.at_us,
        text: line.text.clone(),
    }));
    if let Some(text) = contract
        .filter(|_| began)
        .and_then(|contract| last(record, contract))
    {
        let end_us = record.summary.end.map_or(start_us, |end| end * 1000);
        let at_us = lines.last().map_or(end_us, |line| end_us.max(line.at_us));
        lines.push(Line { at_us, text });
    }
    lines
}

/// What the watchdog says at the end of a request: classic-watchdog 0.3, of-watchdog 0.11.
fn last(record: &Activation, contract: Contract) -> Option<String> {
    let http = record.http.as_ref()?;
    let seconds = record.timing.run_ms.unwrap_or_default() / 1000.0;
    let bytes = match http.response_body {
        BodyForm::Empty => 0,
        _ => record.result_bytes,
    };
    if contract == Contract::WatchdogClassic {
        let wrote = record.summary.status == Status::Success;
        return wrote.then(|| format!("Wrote {bytes} Bytes - Duration: {seconds:.6}s"));
    }
    let status = http.status?;
    let reason = axum::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    contract.speaks_http().then(|| {
        format!(
            "{} {} - {status} {reason} - ContentLength: {bytes}B ({seconds:.4}s)",
            http.method, http.path
        )
    })
}
