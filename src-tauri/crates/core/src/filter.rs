//! The filter of the activation log: one grammar for the window, the URL and the command line.
//!
//! ```text
//! fn:sample/hello status:error from:-24h dur:>500ms cold:true "free text" word -word
//! ```
//!
//! Terms are joined by *and*; several values of one key are joined by *or* (`status:success status:lost`).
//! A term that is not understood is reported with its place and otherwise ignored: a list is never empty without
//! saying why.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ActivationId, CallbackState, Millis, Mode, Status};

/// What a filter text means at a given time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Any of these functions: `name` or `package/name`; a trailing `*` matches any ending.
    pub functions: Vec<String>,
    /// Any of these namespaces.
    pub namespaces: Vec<String>,
    /// Any of these connections, by id.
    pub connections: Vec<String>,
    /// Any of these statuses.
    pub statuses: Vec<Status>,
    /// Any of these modes.
    pub modes: Vec<Mode>,
    /// Started at or after.
    pub from: Option<Millis>,
    /// Started at or before.
    pub to: Option<Millis>,
    /// Took longer than this many milliseconds.
    pub longer_than: Option<i64>,
    /// Took less than this many milliseconds.
    pub shorter_than: Option<i64>,
    /// Cold or warm.
    pub cold: Option<bool>,
    /// Pinned or not.
    pub pinned: Option<bool>,
    /// What became of the callback: any of these.
    pub callbacks: Vec<CallbackState>,
    /// This very run.
    pub id: Option<ActivationId>,
    /// Versions.
    pub versions: Vec<String>,
    /// Words and phrases that must occur in logs, result or input.
    pub words: Vec<String>,
    /// Words and phrases that must not occur.
    pub not_words: Vec<String>,
}

/// One term of a filter text, for highlighting, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Term {
    /// Where it starts, in UTF-16 code units (what a browser counts).
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// The key before the colon, if there is one.
    pub key: Option<String>,
    /// The value without quotes.
    pub value: String,
    /// Why it is ignored.
    pub problem: Option<String>,
}

/// Reads a filter text. `now` anchors relative times (`from:-1h`).
///
/// Also returns every term with its place, in order; those with a `problem` had no effect.
#[must_use]
pub fn parse(text: &str, now: Millis) -> (Filter, Vec<Term>) {
    let mut filter = Filter::default();
    let mut terms = Vec::new();
    for mut term in split(text) {
        if let Err(problem) = apply(&mut filter, &term, now) {
            term.term.problem = Some(problem.to_string());
        }
        terms.push(term.term);
    }
    (filter, terms)
}

/// Why a term is ignored; its words are for the one who wrote the filter.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Flaw {
    #[error("There is nothing here to look for.")]
    Empty,
    #[error("Only words can be excluded with '-'; '-{0}:' is ignored.")]
    ExcludedKey(String),
    #[error("'{0}:' needs a value.")]
    NoValue(String),
    #[error(
        "'{0}:' is not a filter. There are fn, ns, conn, status, mode, from, to, dur, cold, pinned, callback, version, id."
    )]
    UnknownKey(String),
    #[error(
        "'{0}' is not a status. There are ok, error, app, dev, system, timeout, cancelled, lost, pending, queued, running."
    )]
    Status(String),
    #[error("'{0}' is not a mode. There are sync, async, promoted.")]
    Mode(String),
    #[error("'{0}' is nothing that a callback is. There are pending, delivered, failed.")]
    Callback(String),
    #[error("'{0}' is neither true nor false.")]
    Flag(String),
    #[error("Write dur:>500ms or dur:<2s.")]
    Bound,
    #[error("Write a length like 500ms, 2s, 1m.")]
    Length,
    #[error("'{0}' is not a time back, like -15m, -24h, -3d.")]
    Back(String),
    #[error("'{0}' is not a time.")]
    Epoch(String),
    #[error("'{0}' is not a time. Write -24h, now, 2026-11-21 or 2026-11-21T05:00Z (UTC).")]
    Time(String),
    #[error("{}", .0.message)]
    Id(crate::Error),
}

struct RawTerm {
    term: Term,
    negated: bool,
}

/// Splits at spaces outside double quotes, and takes `key:` and `-` off the front.
fn split(text: &str) -> Vec<RawTerm> {
    let mut terms = Vec::new();
    let mut chars = text.chars().peekable();
    let mut at: u32 = 0; // UTF-16 units read so far
    while let Some(&c) = chars.peek() {
        if c.is_whitespace() {
            at += c.len_utf16() as u32;
            chars.next();
            continue;
        }
        let start = at;
        let (mut raw, mut quoted, mut was_quoted, mut key) = (String::new(), false, false, None);
        let mut negated = false;
        while let Some(&c) = chars.peek() {
            if c.is_whitespace() && !quoted {
                break;
            }
            at += c.len_utf16() as u32;
            chars.next();
            match c {
                '"' => {
                    quoted = !quoted;
                    was_quoted = true;
                }
                '-' if raw.is_empty() && key.is_none() && !was_quoted && !negated => negated = true,
                ':' if key.is_none()
                    && !was_quoted
                    && !raw.is_empty()
                    && raw.chars().all(|c| c.is_ascii_alphabetic()) =>
                {
                    key = Some(std::mem::take(&mut raw));
                }
                c => raw.push(c),
            }
        }
        let term = Term {
            start,
            end: at,
            key,
            value: raw,
            problem: None,
        };
        terms.push(RawTerm { term, negated });
    }
    terms
}

fn apply(filter: &mut Filter, raw: &RawTerm, now: Millis) -> Result<(), Flaw> {
    let value = raw.term.value.as_str();
    let Some(key) = raw.term.key.as_deref() else {
        return word(filter, value, raw.negated);
    };
    if raw.negated {
        return Err(Flaw::ExcludedKey(key.to_owned()));
    }
    if value.is_empty() {
        return Err(Flaw::NoValue(key.to_owned()));
    }
    match key {
        "fn" | "function" => filter.functions.push(value.into()),
        "ns" | "namespace" => filter.namespaces.push(value.into()),
        "conn" | "connection" => filter.connections.push(value.into()),
        "version" => filter.versions.push(value.into()),
        "status" => filter.statuses.extend(statuses(value)?),
        "mode" => filter.modes.extend(modes(value)?),
        "from" | "since" => filter.from = Some(instant(value, now)?),
        "to" | "upto" => filter.to = Some(instant(value, now)?),
        "dur" | "duration" => duration_bound(filter, value)?,
        "cold" => filter.cold = Some(boolean(value)?),
        "pinned" => filter.pinned = Some(boolean(value)?),
        "callback" => filter
            .callbacks
            .push(CallbackState::from_word(value).ok_or_else(|| Flaw::Callback(value.to_owned()))?),
        "id" => filter.id = Some(value.parse().map_err(Flaw::Id)?),
        _ => return Err(Flaw::UnknownKey(key.to_owned())),
    }
    Ok(())
}

fn word(filter: &mut Filter, value: &str, negated: bool) -> Result<(), Flaw> {
    if value.is_empty() {
        return Err(Flaw::Empty);
    }
    let words = if negated {
        &mut filter.not_words
    } else {
        &mut filter.words
    };
    words.push(value.into());
    Ok(())
}

fn statuses(value: &str) -> Result<Vec<Status>, Flaw> {
    use Status::{
        ApplicationError, Cancelled, DeveloperError, InternalError, Lost, Polling, Queued, Running, Success,
        TimedOut,
    };
    Ok(match value {
        "ok" | "success" => vec![Success],
        "error" | "failed" => vec![
            ApplicationError,
            DeveloperError,
            InternalError,
            TimedOut,
            Cancelled,
            Lost,
        ],
        "app" | "application_error" => vec![ApplicationError],
        "dev" => vec![DeveloperError, TimedOut, Cancelled],
        "system" => vec![InternalError, Lost],
        "timeout" => vec![TimedOut],
        "pending" => vec![Queued, Running, Polling],
        word => vec![Status::from_word(word).ok_or_else(|| Flaw::Status(word.to_owned()))?],
    })
}

fn modes(value: &str) -> Result<Vec<Mode>, Flaw> {
    match value {
        "sync" | "blocking" => Ok(vec![Mode::Blocking]),
        "async" => Ok(vec![Mode::NonBlocking, Mode::Promoted]),
        "non_blocking" => Ok(vec![Mode::NonBlocking]),
        "promoted" => Ok(vec![Mode::Promoted]),
        other => Err(Flaw::Mode(other.to_owned())),
    }
}

fn boolean(value: &str) -> Result<bool, Flaw> {
    match value {
        "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        other => Err(Flaw::Flag(other.to_owned())),
    }
}

fn duration_bound(filter: &mut Filter, value: &str) -> Result<(), Flaw> {
    let (bound, rest) = match value.split_at_checked(1) {
        Some((">", rest)) => (&mut filter.longer_than, rest),
        Some(("<", rest)) => (&mut filter.shorter_than, rest),
        _ => return Err(Flaw::Bound),
    };
    *bound = Some(span(rest.trim_start_matches('=')).ok_or(Flaw::Length)?);
    Ok(())
}

/// `500ms`, `2s`, `15m`, `24h`, `3d` in milliseconds; a bare number is milliseconds.
#[must_use]
pub fn span(text: &str) -> Option<i64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

/// `now`, `-24h`, epoch milliseconds, or ISO 8601 in UTC (`2026-11-21`, `2026-11-21T05:00`, with seconds and `Z` at will).
fn instant(value: &str, now: Millis) -> Result<Millis, Flaw> {
    if value == "now" {
        return Ok(now);
    }
    if let Some(back) = value.strip_prefix('-') {
        return span(back)
            .and_then(|back| now.checked_sub(back))
            .ok_or_else(|| Flaw::Back(value.to_owned()));
    }
    if value.len() >= 11 && value.bytes().all(|b| b.is_ascii_digit()) {
        return value.parse().map_err(|_| Flaw::Epoch(value.to_owned()));
    }
    iso(value).ok_or_else(|| Flaw::Time(value.to_owned()))
}

fn iso(text: &str) -> Option<Millis> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00"));
    let mut parts = date.split('-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if parts.next().is_some()
        || !(1970..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
    {
        return None;
    }
    let mut parts = time.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let second: f64 = parts.next().map_or(Some(0.0), |s| s.parse().ok())?;
    if parts.next().is_some()
        || !(0..24).contains(&hour)
        || !(0..60).contains(&minute)
        || !(0.0..61.0).contains(&second)
    {
        return None;
    }
    Some(((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + (second * 1000.0) as i64)
}

/// Days since 1970-01-01 of a Gregorian date (Howard Hinnant's algorithm).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Millis = 1_800_000_000_000;

    #[test]
    fn a_full_line_is_understood() {
        let (f, terms) = parse(
            r#"fn:sample/hello status:error from:-24h to:now dur:>500ms cold:true "free text" -noise"#,
            NOW,
        );
        assert!(terms.iter().all(|t| t.problem.is_none()), "{terms:?}");
        assert_eq!(f.functions, ["sample/hello"]);
        assert_eq!(f.statuses.len(), 6);
        assert_eq!((f.from, f.to), (Some(NOW - 86_400_000), Some(NOW)));
        assert_eq!((f.longer_than, f.cold), (Some(500), Some(true)));
        assert_eq!(
            (f.words, f.not_words),
            (vec!["free text".to_owned()], vec!["noise".to_owned()])
        );
    }

    #[test]
    fn a_wrong_term_is_marked_and_ignored() {
        let (f, terms) = parse("status:grün hello", NOW);
        assert_eq!(
            f,
            Filter {
                words: vec!["hello".into()],
                ..Filter::default()
            }
        );
        assert!(terms[0].problem.as_ref().unwrap().contains("not a status"));
        assert_eq!((terms[0].start, terms[0].end), (0, 11));
        assert_eq!((terms[1].start, terms[1].end), (12, 17));
    }

    #[test]
    fn callbacks_are_found_by_what_became_of_them() {
        let (f, terms) = parse("callback:failed callback:pending callback:gone", NOW);
        assert_eq!(f.callbacks, [CallbackState::Failed, CallbackState::Pending]);
        assert!(
            terms[2]
                .problem
                .as_ref()
                .unwrap()
                .contains("pending, delivered, failed")
        );
    }

    #[test]
    fn times_are_read_in_utc() {
        assert_eq!(instant("1970-01-02", NOW), Ok(86_400_000));
        assert_eq!(instant("2026-11-21T05:07:13Z", NOW), Ok(1_795_237_633_000));
        assert_eq!(instant("1692623022053", NOW), Ok(1_692_623_022_053));
        assert!(instant("yesterday", NOW).is_err());
        assert!(instant("2026-13-01", NOW).is_err());
    }

    #[test]
    fn a_url_in_quotes_is_a_phrase() {
        let (f, _) = parse(r#""http://x:80/" https://y"#, NOW);
        assert_eq!(f.words, ["http://x:80/"]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,80}") {
            let (_, terms) = parse(&text, NOW);
            let length = text.encode_utf16().count() as u32;
            prop_assert!(terms.iter().all(|t| t.start < t.end && t.end <= length));
        }
    }
}
