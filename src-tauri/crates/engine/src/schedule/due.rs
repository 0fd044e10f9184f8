//! What is to be done about a schedule at a given moment. Arithmetic only: no clock, no disk.

use beckon_core::{Firing, FiringOutcome, Millis, MissedPolicy};

use crate::schedule::cron::Times;

/// How late a time may be found and still counts as on time, ms.
pub(crate) const LATE: Millis = 30_000;
/// Most times that are made up for at once.
pub(crate) const MADE_UP: usize = 100;
/// Most missed times that are counted.
const COUNTED: usize = 1000;
/// How far a schedule may be ahead of the clock before the clock must have been set back, ms.
const AHEAD: Millis = 60_000;

/// What a look at the clock asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What to note first, when there is something to say.
    pub(crate) note: Option<Firing>,
    /// The runs to start, oldest first.
    pub(crate) fire: Vec<Due>,
    /// Everything up to here is dealt with, once that is done.
    pub(crate) until: Millis,
}

/// A time that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at: Millis,
    /// Whether it makes up for a missed time.
    pub(crate) late: bool,
}

/// What to do now about times after `handled`. `None`: nothing.
pub(crate) fn plan(times: &Times, policy: MissedPolicy, handled: Millis, now: Millis) -> Option<Plan> {
    if handled > now + AHEAD {
        let outcome = FiringOutcome::ClockSetBack { by: handled - now };
        let note = Firing {
            at: now,
            due: None,
            outcome,
        };
        return Some(Plan {
            note: Some(note),
            fire: Vec::new(),
            until: now,
        });
    }
    let first = times.after(handled).filter(|first| *first <= now)?;
    let deadline = now - LATE;
    // From the newest down: there may be millions, and only the newest matter one by one.
    let mut missed = Vec::new();
    if first < deadline {
        let mut before = deadline;
        while let Some(at) = times.before(before).filter(|at| *at > handled) {
            if missed.len() == COUNTED {
                break;
            }
            missed.push(at);
            before = at;
        }
    }
    let wanted = match policy {
        MissedPolicy::Skip => 0,
        MissedPolicy::Once => 1,
        MissedPolicy::All => MADE_UP,
    };
    let made_up = missed.len().min(wanted);
    let mut fire: Vec<Due> = missed[..made_up]
        .iter()
        .rev()
        .map(|at| Due { at: *at, late: true })
        .collect();
    let on_time_after = handled.max(deadline - 1);
    fire.extend(
        std::iter::successors(times.after(on_time_after), |at| times.after(*at))
            .take_while(|at| *at <= now)
            .map(|at| Due { at, late: false }),
    );
    let note = missed.first().zip(missed.last()).map(|(newest, oldest)| Firing {
        at: now,
        due: Some(*newest),
        outcome: FiringOutcome::Missed {
            since: *oldest,
            count: u32::try_from(missed.len()).unwrap_or(u32::MAX),
            made_up: u32::try_from(made_up).unwrap_or(u32::MAX),
        },
    });
    let until = fire
        .last()
        .map(|due| due.at)
        .max(note.as_ref().and_then(|note| note.due));
    Some(Plan {
        note,
        fire,
        until: until?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Millis = 60_000;

    fn minutely() -> Times {
        Times::read("* * * * *", "UTC").unwrap()
    }

    fn due(at: Millis, late: bool) -> Due {
        Due { at, late }
    }

    #[test]
    fn nothing_before_its_time_and_once_at_it() {
        let times = minutely();
        assert_eq!(plan(&times, MissedPolicy::Skip, 0, MINUTE - 1), None);
        let now = plan(&times, MissedPolicy::Skip, 0, MINUTE + 5).unwrap();
        assert_eq!(
            (now.fire, now.note, now.until),
            (vec![due(MINUTE, false)], None, MINUTE)
        );
        assert_eq!(plan(&times, MissedPolicy::Skip, MINUTE, MINUTE + 5), None);
    }

    #[test]
    fn what_was_missed_is_skipped_made_up_for_once_or_all() {
        // Slept from minute 1 to 10 s past minute 5: that one is still on time.
        let (handled, now) = (MINUTE, 5 * MINUTE + 10_000);
        let missed = |made_up| Firing {
            at: now,
            due: Some(4 * MINUTE),
            outcome: FiringOutcome::Missed {
                since: 2 * MINUTE,
                count: 3,
                made_up,
            },
        };
        for (policy, made_up, late) in [
            (MissedPolicy::Skip, 0, vec![]),
            (MissedPolicy::Once, 1, vec![4]),
            (MissedPolicy::All, 3, vec![2, 3, 4]),
        ] {
            let plan = plan(&minutely(), policy, handled, now).unwrap();
            let mut fire: Vec<Due> = late.iter().map(|n| due(n * MINUTE, true)).collect();
            fire.push(due(5 * MINUTE, false));
            assert_eq!(
                (plan.fire, plan.note, plan.until),
                (fire, Some(missed(made_up)), 5 * MINUTE)
            );
        }
    }

    #[test]
    fn a_month_of_seconds_is_bounded() {
        let times = Times::read("* * * * * *", "UTC").unwrap();
        let now = 30 * 24 * 60 * MINUTE;
        let all = plan(&times, MissedPolicy::All, 0, now).unwrap();
        let late = all.fire.iter().filter(|due| due.late).count();
        assert_eq!((late, all.fire.len() - late, all.until), (MADE_UP, 31, now));
        assert!(matches!(
            all.note.unwrap().outcome,
            FiringOutcome::Missed {
                count: 1000,
                made_up: 100,
                ..
            }
        ));
    }

    #[test]
    fn skipping_ends_where_the_missed_times_end() {
        let plan = plan(&minutely(), MissedPolicy::Skip, 0, 3 * MINUTE + 45_000).unwrap();
        assert_eq!((plan.fire.len(), plan.until), (0, 3 * MINUTE));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_stop_it() {
        let back = plan(&minutely(), MissedPolicy::All, 10 * MINUTE, MINUTE).unwrap();
        assert_eq!((back.fire.len(), back.until), (0, MINUTE));
        assert!(matches!(
            back.note.unwrap().outcome,
            FiringOutcome::ClockSetBack { by } if by == 9 * MINUTE
        ));
        // A little ahead is nothing.
        assert_eq!(plan(&minutely(), MissedPolicy::All, MINUTE + 5, MINUTE), None);
    }
}
