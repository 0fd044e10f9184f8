//! The control plane's rate limits: 5000 requests an hour and 250 a minute for each token (DigitalOcean's OpenAPI
//! document, `ratelimit-limit`).

use std::collections::{HashMap, VecDeque};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use beckon_core::Millis;
use parking_lot::Mutex;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const PER_HOUR: usize = 5000;
const PER_MINUTE: usize = 250;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// When each token's requests of the last hour were, oldest first.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<HashMap<String, VecDeque<Millis>>>);

/// What a token has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether this request is within the limits.
    pub(super) granted: bool,
    remaining: usize,
    /// When the oldest request is forgotten, Unix seconds.
    reset: i64,
}

impl Meter {
    /// Counts a request, unless it is one too many.
    pub(super) fn count(&self, token: &str, now: Millis) -> Standing {
        let mut all = self.0.lock();
        if !all.contains_key(token) {
            // Tokens come and go; those that nobody used for an hour are as good as new.
            all.retain(|_, times| times.back().is_some_and(|last| last + HOUR > now));
        }
        let times = all.entry(token.to_owned()).or_default();
        while times.front().is_some_and(|at| at + HOUR <= now) {
            times.pop_front();
        }
        // The clock was set back: what has not been yet does not count.
        while times.back().is_some_and(|at| *at > now) {
            times.pop_back();
        }
        let minute = times.len() - times.partition_point(|at| at + MINUTE <= now);
        let granted = times.len() < PER_HOUR && minute < PER_MINUTE;
        if granted {
            times.push_back(now);
        }
        Standing {
            granted,
            remaining: PER_HOUR - times.len(),
            reset: (times.front().copied().unwrap_or(now) + HOUR) / 1000,
        }
    }
}

impl Standing {
    /// Of somebody who is not known: nothing is counted.
    pub(super) fn of_nobody(now: Millis) -> Self {
        Self {
            granted: true,
            remaining: PER_HOUR,
            reset: (now + HOUR) / 1000,
        }
    }

    /// The headers that every answer carries.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(PER_HOUR));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(self.reset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_minute_and_so_many_an_hour() {
        let meter = Meter::default();
        for n in 0..PER_MINUTE {
            let standing = meter.count("a", 1000);
            assert_eq!((standing.granted, standing.remaining), (true, PER_HOUR - 1 - n));
            assert_eq!(standing.reset, 3601);
        }
        assert!(!meter.count("a", 60_999).granted);
        // What was refused is not counted, and nobody else is refused.
        assert_eq!(meter.count("a", 61_000).remaining, PER_HOUR - PER_MINUTE - 1);
        assert!(meter.count("b", 1000).granted);

        let last = (1..PER_HOUR / PER_MINUTE).flat_map(|n| std::iter::repeat_n(n as Millis, PER_MINUTE));
        let granted = last
            .filter(|n| meter.count("a", 100_000 + n * MINUTE).granted)
            .count();
        assert_eq!(granted, PER_HOUR - PER_MINUTE - 1);
        assert!(!meter.count("a", 50 * MINUTE).granted);
        assert_eq!(meter.count("a", HOUR + 1000).remaining, PER_MINUTE - 1);
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let meter = Meter::default();
        for _ in 0..PER_MINUTE {
            meter.count("a", 10 * HOUR);
        }
        assert!(meter.count("a", HOUR).granted);
    }
}
