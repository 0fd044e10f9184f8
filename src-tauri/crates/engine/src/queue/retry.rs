//! Whether an attempt that failed is followed by another, and when.

use std::time::Duration;

use beckon_core::{Jitter, Millis, Retry, Status};

use crate::Reply;

/// The longest that an answer may ask us to stay away: as long as the settings could.
const LONGEST: Duration = Duration::from_secs(86_400);

/// The status code by which an ended attempt is judged: its answer's, or what stands for one.
pub(crate) fn code_of(status: Status, reply: &Reply) -> u16 {
    if let Some(response) = answered(reply) {
        return response.status().as_u16();
    }
    match status {
        Status::Success => 200,
        Status::TimedOut => 504,
        _ => 500,
    }
}

fn answered(reply: &Reply) -> Option<&http::Response<bytes::Bytes>> {
    match reply {
        Reply::Http(response) => Some(response),
        Reply::Json(_) => None,
    }
}

/// Whether the settings want another attempt after one that ended like this. Never after an end that somebody wanted,
/// nor after one that nobody knows.
pub(crate) fn wanted(retry: &Retry, status: Status, reply: &Reply) -> bool {
    !matches!(status, Status::Cancelled | Status::Lost) && retry.codes.contains(&code_of(status, reply))
}

/// How long to wait after `failures` failed attempts (1 or more). `random` is in 0..1.
///
/// What an answer asks for counts instead, if it is longer than the shortest wait.
pub(crate) fn wait(retry: &Retry, failures: u32, random: f64, asked: Option<Duration>) -> Duration {
    let shortest = Duration::from_secs(retry.min_wait_s.into());
    let longest = Duration::from_secs(retry.max_wait_s.into()).max(shortest);
    if let Some(asked) = asked {
        return asked.clamp(shortest, LONGEST.max(shortest));
    }
    let doubled = 2_u32
        .checked_pow(failures.saturating_sub(1))
        .and_then(|times| shortest.checked_mul(times))
        .unwrap_or(longest);
    let whole = doubled.min(longest);
    let random = if random.is_finite() {
        random.clamp(0.0, 1.0)
    } else {
        1.0
    };
    let wait = match retry.jitter {
        Jitter::None => whole,
        Jitter::Full => shortest + (whole.saturating_sub(shortest)).mul_f64(random),
        Jitter::Equal => whole / 2 + (whole / 2).mul_f64(random),
    };
    wait.clamp(shortest, longest)
}

/// What the answer asks for in `Retry-After` (RFC 9110, 10.2.3: seconds, or a date), where its status gives that
/// meaning: 429 and 503.
pub(crate) fn retry_after(reply: &Reply, now: Millis) -> Option<Duration> {
    let response = answered(reply)?;
    if !matches!(response.status().as_u16(), 429 | 503) {
        return None;
    }
    let value = response
        .headers()
        .get(http::header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().map_or(LONGEST, Duration::from_secs));
    }
    let date = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    let left = date.timestamp_millis().saturating_sub(now);
    Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use beckon_core::JsonText;
    use proptest::prelude::*;

    use super::*;

    fn retry(min: u32, max: u32, jitter: Jitter) -> Retry {
        Retry {
            attempts: 10,
            min_wait_s: min,
            max_wait_s: max,
            jitter,
            ..Retry::default()
        }
    }

    fn answer(status: u16, retry_after: &str) -> Reply {
        let response = http::Response::builder()
            .status(status)
            .header("Retry-After", retry_after);
        Reply::Http(Box::new(response.body(bytes::Bytes::new()).unwrap()))
    }

    proptest! {
        #[test]
        fn every_wait_is_within_its_bounds(
            min in 0..86_400_u32,
            more in 0..86_400_u32,
            failures in 1..200_u32,
            random in 0.0..1.0_f64,
            jitter in prop::sample::select(vec![Jitter::None, Jitter::Full, Jitter::Equal]),
        ) {
            let retry = retry(min, min + more, jitter);
            let found = wait(&retry, failures, random, None);
            prop_assert!(found >= Duration::from_secs(min.into()));
            prop_assert!(found <= Duration::from_secs((min + more).into()));
            // Never longer than doubling gives.
            let whole = f64::from(min) * 2f64.powi(failures as i32 - 1);
            prop_assert!(found.as_secs_f64() <= whole.max(f64::from(min)) + 1e-6);
            let certain = wait(&Retry { jitter: Jitter::None, ..retry.clone() }, failures, random, None);
            let later = wait(&Retry { jitter: Jitter::None, ..retry }, failures + 1, random, None);
            prop_assert!(found <= certain && certain <= later);
        }

        #[test]
        fn what_an_answer_asks_for_is_bounded_too(min in 0..100_u32, asked in any::<u64>()) {
            let retry = retry(min, 120, Jitter::Full);
            let found = wait(&retry, 1, 0.5, Some(Duration::from_secs(asked)));
            prop_assert!(found >= Duration::from_secs(min.into()) && found <= LONGEST);
        }
    }

    #[test]
    fn waits_double_and_are_spread() {
        let exact = |failures| wait(&retry(10, 120, Jitter::None), failures, 0.3, None).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 99].map(exact), [10, 20, 40, 80, 120, 120]);
        let full = |random| wait(&retry(10, 120, Jitter::Full), 3, random, None).as_secs();
        assert_eq!([full(0.0), full(0.5), full(1.0)], [10, 25, 40]);
        let equal = |random| wait(&retry(10, 120, Jitter::Equal), 3, random, None).as_secs();
        assert_eq!([equal(0.0), equal(0.5), equal(1.0)], [20, 30, 40]);
    }

    #[test]
    fn retry_after_counts_where_it_means_something() {
        let now = 784_111_777_000; // Sun, 06 Nov 1994 08:49:37 GMT
        let asked = |status, value: &str| retry_after(&answer(status, value), now).map(|wait| wait.as_secs());
        assert_eq!(asked(503, "120"), Some(120));
        assert_eq!(asked(429, " 7 "), Some(7));
        assert_eq!(asked(500, "120"), None);
        assert_eq!(asked(429, "Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(asked(429, "Sun, 06 Nov 1994 08:40:37 GMT"), Some(0));
        assert_eq!(asked(429, "soon"), None);
        assert_eq!(asked(429, "99999999999999999999999"), Some(86_400));
        assert_eq!(asked(429, ""), None);
    }

    #[test]
    fn runs_without_a_status_stand_for_one() {
        let retry = Retry::default();
        for (status, code, again) in [
            (Status::Success, 200, false),
            (Status::ApplicationError, 500, true),
            (Status::DeveloperError, 500, true),
            (Status::InternalError, 500, true),
            (Status::TimedOut, 504, true),
            (Status::Cancelled, 500, false),
            (Status::Lost, 500, false),
        ] {
            let reply = Reply::Json(JsonText::empty_object());
            assert_eq!(
                (code_of(status, &reply), wanted(&retry, status, &reply)),
                (code, again),
                "{status}"
            );
        }
        let failed = Status::ApplicationError;
        assert!(wanted(&retry, failed, &answer(429, "")) && !wanted(&retry, failed, &answer(404, "")));
    }
}
