//! Cron expressions: reading them, saying what is wrong with them, and their times.
//!
//! What daylight saving does (croner follows the Open Cron Pattern Specification): a fixed time of day that falls into
//! the gap of spring fires right after it, and one that comes twice in autumn fires the first time only. Expressions
//! with wildcards or steps in hours, minutes or seconds go by the wall clock: nothing in the gap, both passes of the
//! repeated hour.

use beckon_core::{Error, ErrorCode, Millis, PreviewedTime, Result, SchedulePreview};
use chrono::{DateTime, SecondsFormat, TimeZone as _};
use chrono_tz::Tz;
use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Year};

/// Longest expression, in characters.
const LONGEST: usize = 1000;
/// Most expressions in one.
const MOST: usize = 20;
/// Most times of a preview.
const PREVIEWED: u32 = 100;
const FIELDS: [&str; 6] = [
    "second",
    "minute",
    "hour",
    "day of the month",
    "month",
    "day of the week",
];

/// A readable expression in its zone.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    crons: Vec<Cron>,
    zone: Tz,
}

impl Times {
    /// Reads one or more expressions separated by `;` (as OpenFaaS' cron-connector takes them) and a zone's name.
    pub(crate) fn read(expression: &str, zone: &str) -> Result<Self> {
        if expression.chars().count() > LONGEST {
            return Err(invalid(format!(
                "The expression is longer than {LONGEST} characters."
            )));
        }
        let zone = read_zone(zone)?;
        let parts: Vec<&str> = expression
            .split(';')
            .map(str::trim)
            .filter(|p| !p.is_empty())
            .collect();
        if parts.is_empty() {
            return Err(invalid("The expression is empty.").with_hint(HINT));
        }
        if parts.len() > MOST {
            return Err(invalid(format!("There are more than {MOST} expressions in one.")));
        }
        let crons = parts.into_iter().map(read).collect::<Result<_>>()?;
        Ok(Self { crons, zone })
    }

    /// The first time after `after`; `None` when there is none.
    pub(crate) fn after(&self, after: Millis) -> Option<Millis> {
        let start = self.local(after)?;
        let next = |cron: &Cron| {
            cron.find_next_occurrence(&start, false)
                .ok()
                .map(|t| t.timestamp_millis())
        };
        // Whole seconds: a start within a second must not find that second again.
        self.crons.iter().filter_map(next).filter(|at| *at > after).min()
    }

    /// The last time before `before`; `None` when there is none.
    pub(crate) fn before(&self, before: Millis) -> Option<Millis> {
        // From the next whole second down, so that the second `before` lies in counts.
        let start = self.local(before.div_euclid(1000).saturating_add(1).saturating_mul(1000))?;
        let mut found = None;
        for cron in &self.crons {
            let mut at = cron.find_previous_occurrence(&start, false).ok();
            while let Some(time) = at.filter(|time| time.timestamp_millis() >= before) {
                at = cron.find_previous_occurrence(&time, false).ok();
            }
            found = found.max(at.map(|time| time.timestamp_millis()));
        }
        found
    }

    /// The zone's name.
    pub(crate) fn zone(&self) -> &'static str {
        self.zone.name()
    }

    /// What it means, and its next times.
    pub(crate) fn preview(&self, now: Millis, count: u32) -> SchedulePreview {
        let words: Vec<String> = self.crons.iter().map(Cron::describe).collect();
        let times = std::iter::successors(self.after(now), |at| self.after(*at))
            .take(count.min(PREVIEWED) as usize)
            .filter_map(|at| {
                Some(PreviewedTime {
                    at,
                    local: self.local(at)?.to_rfc3339_opts(SecondsFormat::Secs, true),
                })
            })
            .collect();
        SchedulePreview {
            words: words.join(" Also: "),
            zone: self.zone().to_owned(),
            times,
        }
    }

    fn local(&self, at: Millis) -> Option<DateTime<Tz>> {
        self.zone.timestamp_millis_opt(at).single()
    }
}

const HINT: &str = "Write five fields: minute, hour, day of the month, month, day of the week; for example '0 8 * * MON-FRI'. \
     A sixth in front is the second.";

fn read_zone(zone: &str) -> Result<Tz> {
    let zone = zone.trim();
    if zone.is_empty() {
        return Ok(Tz::UTC);
    }
    zone.parse().map_err(|_| {
        let shown: String = zone.chars().filter(|c| !c.is_control()).take(60).collect();
        invalid(format!("There is no time zone '{shown}'."))
            .with_hint("Use a name like Europe/Berlin, America/New_York or UTC.")
    })
}

fn read(expression: &str) -> Result<Cron> {
    let shown: String = expression.chars().filter(|c| !c.is_control()).take(100).collect();
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let nickname = fields.len() == 1 && expression.starts_with('@');
    if !nickname && !matches!(fields.len(), 5 | 6) {
        let count = match fields.len() {
            1 => "1 field".to_owned(),
            n => format!("{n} fields"),
        };
        return Err(invalid(format!("'{shown}' has {count} instead of 5 or 6.")).with_hint(HINT));
    }
    let cron = parse(expression).map_err(|cause| {
        let error = match wrong_field(&fields) {
            _ if nickname => invalid(format!("'{shown}' is not a known nickname."))
                .with_hint("There are @yearly, @monthly, @weekly, @daily and @hourly."),
            Some((name, text)) => invalid(format!("The {name} '{text}' in '{shown}' is not valid.")),
            None => invalid(format!("'{shown}' is not a cron expression.")).with_hint(HINT),
        };
        error.with_details(cause.to_string())
    })?;
    // The 30th of February never comes.
    let epoch = Tz::UTC.timestamp_millis_opt(0).single();
    if epoch.is_some_and(|start| cron.find_next_occurrence(&start, true).is_err()) {
        return Err(invalid(format!("There is no day on which '{shown}' comes true.")));
    }
    Ok(cron)
}

fn parse(expression: &str) -> Result<Cron, CronError> {
    CronParser::builder()
        .year(Year::Optional)
        .build()
        .parse(expression)
}

/// The first field that is wrong by itself: with all others `*` it is still refused.
fn wrong_field(fields: &[&str]) -> Option<(&'static str, String)> {
    let names = FIELDS.get(FIELDS.len().checked_sub(fields.len())?..)?;
    names
        .iter()
        .zip(fields)
        .enumerate()
        .find_map(|(at, (name, text))| {
            let mut alone = vec!["*"; fields.len()];
            alone[at] = text;
            let wrong = parse(&alone.join(" ")).is_err();
            wrong.then(|| (*name, text.chars().filter(|c| !c.is_control()).take(60).collect()))
        })
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Millis {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    fn next(expression: &str, zone: &str, after: &str, count: u32) -> Vec<String> {
        let preview = Times::read(expression, zone).unwrap().preview(at(after), count);
        preview.times.into_iter().map(|time| time.local).collect()
    }

    #[test]
    fn five_fields_six_and_several() {
        assert_eq!(
            next("0 8 * * MON-FRI", "Europe/Berlin", "2026-11-20T12:00:00Z", 2),
            ["2026-11-23T08:00:00+01:00", "2026-11-24T08:00:00+01:00"]
        );
        assert_eq!(
            next("*/20 * * * * *", "UTC", "2026-11-20T12:00:20Z", 2),
            ["2026-11-20T12:00:40Z", "2026-11-20T12:01:00Z"]
        );
        // The same time in two expressions is one time.
        assert_eq!(
            next("0 6 * * *; 0 */6 * * * ;", "", "2026-11-20T05:00:00Z", 3),
            [
                "2026-11-20T06:00:00Z",
                "2026-11-20T12:00:00Z",
                "2026-11-20T18:00:00Z"
            ]
        );
        assert_eq!(
            next("@daily", "UTC", "2026-11-20T05:00:00Z", 1),
            ["2026-11-21T00:00:00Z"]
        );
    }

    #[test]
    fn within_a_second_the_next_one_is_found() {
        let times = Times::read("* * * * * *", "UTC").unwrap();
        assert_eq!(times.after(1_999), Some(2_000));
        assert_eq!(times.after(2_000), Some(3_000));
        assert_eq!(times.before(2_000), Some(1_000));
        assert_eq!(times.before(2_001), Some(2_000));
    }

    #[test]
    fn a_time_in_the_gap_of_spring_comes_right_after_it_once() {
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
        );
        // By the hour: nothing at the hour that is not there.
        assert_eq!(
            next("0 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
            ["2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"]
        );
    }

    #[test]
    fn a_time_in_the_repeated_hour_of_autumn_comes_once() {
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
        );
        assert_eq!(
            next("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 3),
            [
                "2026-10-25T02:00:00+02:00",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T03:00:00+01:00"
            ]
        );
    }

    #[test]
    fn the_wrong_field_is_named() {
        let refusal = |text: &str, zone: &str| Times::read(text, zone).unwrap_err().message;
        assert_eq!(
            refusal("0 25 * * *", "UTC"),
            "The hour '25' in '0 25 * * *' is not valid."
        );
        assert_eq!(
            refusal("0 0 * * FUN", "UTC"),
            "The day of the week 'FUN' in '0 0 * * FUN' is not valid."
        );
        assert_eq!(
            refusal("x 0 0 * * *", "UTC"),
            "The second 'x' in 'x 0 0 * * *' is not valid."
        );
        assert_eq!(
            refusal("0 0 * * *; 61 * * * *", "UTC"),
            "The minute '61' in '61 * * * *' is not valid."
        );
        assert_eq!(refusal("* * *", "UTC"), "'* * *' has 3 fields instead of 5 or 6.");
        assert_eq!(
            refusal("@fortnightly", "UTC"),
            "'@fortnightly' is not a known nickname."
        );
        assert_eq!(
            refusal("0 0 30 2 *", "UTC"),
            "There is no day on which '0 0 30 2 *' comes true."
        );
        assert_eq!(refusal(" ; ", "UTC"), "The expression is empty.");
        assert_eq!(
            refusal("0 0 * * *", "Mars/Olympus"),
            "There is no time zone 'Mars/Olympus'."
        );
    }

    #[test]
    fn words() {
        let words = |text: &str| Times::read(text, "UTC").unwrap().preview(0, 1).words;
        assert_eq!(words("30 8 * * 1"), "At 08:30, on Monday.");
        assert_eq!(
            words("0 8 * * *;0 9 1 * *"),
            "At 08:00. Also: At 09:00, on day 1."
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(expression in "\\PC{0,40}", zone in "\\PC{0,20}") {
            let _ = Times::read(&expression, &zone);
        }

        /// Looking back finds the times that looking ahead found, over changes of the clock too.
        #[test]
        fn back_and_forth_agree(
            start in 1_760_000_000_i64..1_800_000_000,
            which in 0..6_usize,
            zone in 0..4_usize,
        ) {
            let expression = ["*/7 * * * *", "30 2 * * *", "0 */3 * * *", "15,45 1-3 * * SUN", "0 0 1 * *", "0 2 29 3 *;5 * * * *"];
            let zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"];
            let times = Times::read(expression[which], zones[zone]).unwrap();
            let mut at = start * 1000;
            for _ in 0..30 {
                let next = times.after(at).unwrap();
                prop_assert!(next > at);
                prop_assert_eq!(times.before(next + 1), Some(next));
                if let Some(before) = times.before(next) {
                    prop_assert!(before <= at);
                }
                at = next;
            }
        }
    }
}
