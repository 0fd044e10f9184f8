use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ActivationId, Error, ErrorCode, FunctionKey, JsonText, Millis};

/// Longest name of a schedule or trigger, in characters.
pub const LABEL_LIMIT: usize = 200;

/// Something that calls a function at the times of a cron expression, always asynchronously.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// 32 hex characters; the same over edits.
    pub id: String,
    /// What a person calls it; need not be unique.
    pub name: String,
    /// What it calls. The function may be gone: see `state`.
    pub function: FunctionKey,
    /// Cron expressions, separated by `;`.
    pub expression: String,
    /// The IANA time zone that the expression is read in, for example `Europe/Berlin`.
    pub zone: String,
    /// What the function is called with: a JSON object, or for functions that speak HTTP the JSON body of a POST.
    pub arguments: JsonText,
    /// What happens to times that passed while Beckon did not run or the machine slept.
    pub missed: MissedPolicy,
    /// Whether it fires at all.
    pub enabled: bool,
    /// Whether it can fire.
    pub state: ScheduleState,
    /// When it fires next; `None` while it does not, and where the expression has no more times.
    pub next: Option<Millis>,
    /// The last time that it was due and fired.
    pub last_due: Option<Millis>,
    /// The last run that it started, by its time or by hand.
    pub last_run: Option<ActivationId>,
    /// When that was.
    pub last_run_at: Option<Millis>,
    /// Why the last firing did not become a run; `None` once one did.
    pub last_error: Option<Noted>,
    /// Runs that it started, ever.
    pub runs: u64,
    /// When it was made.
    pub created: Millis,
    /// When it was last edited.
    pub updated: Millis,
    /// Every time up to this one was dealt with. Never goes back, except when the machine's clock did.
    pub handled_until: Millis,
}

/// What a schedule is made of, as a person (or a gateway's client) gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewSchedule {
    /// What to call it; the function's name when empty.
    pub name: String,
    /// What to call.
    pub function: FunctionKey,
    /// Cron expressions, separated by `;`: five fields, or six with seconds first, or a nickname such as `@daily`.
    pub expression: String,
    /// The IANA time zone; `UTC` when empty.
    pub zone: String,
    /// A JSON object.
    pub arguments: JsonText,
    /// What happens to missed times.
    pub missed: MissedPolicy,
    /// Whether it fires.
    pub enabled: bool,
}

/// What happens to times that passed while nobody could fire them. A time counts as missed when it is found more than
/// 30 seconds late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MissedPolicy {
    /// They are noted in the history, and nothing runs.
    #[default]
    Skip,
    /// One run makes up for all of them (the newest).
    Once,
    /// Each is made up for, oldest first; of more than 100 the newest 100.
    All,
}

/// Whether a schedule can fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleState {
    /// It fires at `next`.
    Active,
    /// It is switched off.
    Disabled,
    /// Its function was deleted. It is kept, and fires again when a function has that name.
    Orphaned,
    /// The expression has no more times.
    Over,
}

/// Something that happened to a schedule or trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Noted {
    /// When.
    pub at: Millis,
    /// What, in one sentence or two. Holds no secret.
    pub message: String,
}

/// One line of a schedule's history: the newest 200 are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Firing {
    /// When it was dealt with.
    pub at: Millis,
    /// The time of the expression that it is about; for missed times the newest; `None`: started by hand.
    pub due: Option<Millis>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: FiringOutcome,
}

/// What came of a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum FiringOutcome {
    /// A run was accepted; its record says the rest.
    Accepted {
        /// The run.
        activation: ActivationId,
        /// Whether it makes up for a time that was missed.
        late: bool,
    },
    /// The run was refused; nothing ran.
    Refused {
        /// Why.
        message: String,
    },
    /// Times passed while nobody could fire them.
    Missed {
        /// The oldest of them that was counted.
        since: Millis,
        /// How many; at most 1000 are counted.
        count: u32,
        /// Of these, how many the policy makes up for; their runs have lines of their own.
        made_up: u32,
    },
    /// The machine's clock was set back; the schedule goes on from the new time. No time fires twice.
    ClockSetBack {
        /// How far ahead the schedule was, ms.
        by: Millis,
    },
}

/// What an expression means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SchedulePreview {
    /// In words, for example `At 08:00, on Monday.`
    pub words: String,
    /// The zone's name, as it is stored.
    pub zone: String,
    /// The next times.
    pub times: Vec<PreviewedTime>,
}

/// One of the next times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PreviewedTime {
    /// The moment.
    pub at: Millis,
    /// On the zone's own clock, with its offset: `2026-11-21T08:00:00+01:00`.
    pub local: String,
}

/// A name for people: trimmed, short enough, one line; `fallback` when there is none.
pub fn label(text: &str, fallback: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.chars().count() > LABEL_LIMIT || text.chars().any(char::is_control) {
        return Err(Error::new(
            ErrorCode::InvalidInput,
            format!("The name must be one line of at most {LABEL_LIMIT} characters."),
        ));
    }
    Ok(if text.is_empty() { fallback } else { text }.to_owned())
}
