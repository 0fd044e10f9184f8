//! When a run must be over, and by which of its limits.

use std::time::{Duration, Instant};

use beckon_core::{Contract, Function, Watchdog};

use crate::Payload;
use crate::attempt::Request;
use crate::end::End;
use crate::logs::SharedLog;

/// The deadline of a run: the first of those that it has, by the name that people know it by.
pub(crate) struct Deadline {
    /// From the run's start, ms.
    pub(crate) ms: u32,
    /// For example "exec_timeout".
    title: &'static str,
    /// Whether the watchdog hangs up instead of answering.
    pub(crate) silent: bool,
    /// What the start of a worker may take, ms, where that does not count: an OpenFaaS function is there before its
    /// requests, and the watchdog's limits are theirs.
    start: Option<(u32, &'static str)>,
}

impl Deadline {
    /// `own` is the limit that the run was begun with, ms.
    pub(crate) fn of(request: &Request, own: u32, function: &Function) -> Self {
        let outer = match request.longest {
            Some(ms) => (ms, "the detached timeout"),
            None => (own, "the function's limit"),
        };
        let inner = match function.watchdog() {
            None => [None; 3],
            Some(watchdog) => [
                (watchdog.exec_timeout_ms, "exec_timeout"),
                (watchdog.write_timeout_ms, "write_timeout"),
                (shorter(function.contract, watchdog, request), "X-Timeout"),
            ]
            .map(|(ms, title)| Some((ms.filter(|ms| *ms > 0)?, title))),
        };
        // Of equal ones the inner has the word: a project's long exec_timeout is the function's limit as well.
        let all = inner.into_iter().flatten().chain([outer]);
        let (ms, title) = all.min_by_key(|(ms, _)| *ms).unwrap_or(outer);
        let stays = function.contract.keeps_worker(function.runtime.language());
        Self {
            ms,
            title,
            silent: title == "write_timeout",
            start: (stays && function.watchdog().is_some()).then_some(outer),
        }
    }

    /// That of the start, where this one counts from the call only.
    pub(crate) fn of_start(&self) -> Option<Self> {
        let (ms, title) = self.start?;
        Some(Self {
            ms,
            title,
            silent: false,
            start: None,
        })
    }

    /// This one, where it counts from the call only.
    pub(crate) fn of_call(&self) -> Option<&Self> {
        self.start.map(|_| self)
    }

    /// For example "exec_timeout of 5 s".
    pub(crate) fn name(&self) -> String {
        let Self { ms, title, .. } = self;
        if ms % 1000 == 0 {
            format!("{title} of {} s", ms / 1000)
        } else {
            format!("{title} of {ms} ms")
        }
    }

    pub(crate) fn from(&self, started: Instant) -> Instant {
        started + Duration::from_millis(self.ms.into())
    }

    /// What the record and the caller learn when it has passed.
    pub(crate) fn end(&self, contract: Contract, in_init: bool, log: &SharedLog) -> End {
        log.lock()
            .note(format!("Beckon: the run was ended after {}.", self.name()));
        if self.silent {
            End::no_answer()
        } else if contract == Contract::Fn && in_init {
            End::not_initialized_in_time()
        } else if contract.speaks_http() {
            End::ran_out(&self.name())
        } else {
            End::timed_out(self.ms, in_init)
        }
    }
}

/// The exec_timeout that of-watchdog takes from a caller, ms; where there is none, there is none to shorten.
fn shorter(contract: Contract, watchdog: &Watchdog, request: &Request) -> Option<u32> {
    let listens = contract != Contract::WatchdogClassic && watchdog.exec_timeout_ms != Some(0);
    listens.then(|| asked(&request.payload)).flatten()
}

/// The request's header `X-Timeout`, ms. What is no duration is passed over, as of-watchdog does.
fn asked(payload: &Payload) -> Option<u32> {
    let Payload::Http(request) = payload else {
        return None;
    };
    let text = request.headers().get("x-timeout")?.to_str().ok()?;
    let ms = go_duration_ms(text).filter(|ms| *ms >= 1.0)?;
    // Durations beyond a month are beyond every limit.
    Some(ms.min(f64::from(u32::MAX)) as u32)
}

/// A duration as Go writes it (`1m30s`, `500ms`), in milliseconds.
pub(crate) fn go_duration_ms(text: &str) -> Option<f64> {
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3_600_000.0,
                "m" => 60_000.0,
                "s" => 1000.0,
                "ms" => 1.0,
                "us" | "µs" => 0.001,
                "ns" => 0.000_001,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_go() {
        for (text, ms) in [
            ("1m30s", Some(90_000.0)),
            ("500ms", Some(500.0)),
            ("1.5s", Some(1500.0)),
            ("2h", Some(7_200_000.0)),
            ("10", None),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("1d", None),
        ] {
            assert_eq!(go_duration_ms(text), ms, "{text}");
        }
    }
}
