//! The labels `com.openfaas.scale.*` but for the bounds (<https://docs.openfaas.com/architecture/autoscaling/>).

use std::collections::BTreeMap;

use beckon_core::{Scaling, ScalingLoad};

use super::PlannedFunction;
use super::fields::Fields;
use super::openfaas::duration_ms;
use crate::source::yaml::Node;

/// What the labels' names begin with.
pub(super) const PREFIX: &str = "com.openfaas.scale.";
/// How long a function that may be scaled to zero is idle before it is, ms, where no label says so (15 min).
const DEFAULT_ZERO_MS: f64 = 900_000.0;
/// Most that `down.window` may be, ms (5 min).
const LONGEST_WINDOW_MS: f64 = 300_000.0;
/// Labels that say that load is to be answered with more workers.
const BY_LOAD: [&str; 6] = ["min", "max", "type", "target", "target-proportion", "down.window"];

/// The labels by what comes after [`PREFIX`]: their texts, and where they are.
pub(super) type Labels<'n> = BTreeMap<String, (String, &'n Node)>;

/// Has the labels their effect on the plan, whose bounds are there already.
pub(super) fn scaling(fields: &mut Fields<'_>, at: &str, labels: &Labels<'_>, planned: &mut PlannedFunction) {
    let is_zero = labels.get("zero").is_some_and(|(text, _)| text == "true");
    let least = planned.settings.min_workers.max(1);
    if is_zero {
        planned.settings.min_workers = 0;
        let ms = labels
            .get("zero-duration")
            .map_or(Some(DEFAULT_ZERO_MS), |(text, _)| duration_ms(text));
        let place = format!("{at}.{PREFIX}zero-duration");
        match ms {
            Some(ms) => {
                let seconds = fields.within(&place, None, ms / 1000.0, 1.0, 86_400.0, "s");
                planned.settings.idle_timeout_s = Some(seconds);
            }
            None => fields.error(&place, None, "The duration is not a time like 15m."),
        }
    }
    if BY_LOAD.iter().any(|label| labels.contains_key(*label)) {
        let scaling = by_load(fields, at, labels, least);
        if scaling.by == ScalingLoad::Capacity && labels.contains_key("target") {
            // What one worker is for is what it may have.
            let most = scaling.target.min(100);
            planned.settings.runs_per_worker = most;
        }
        planned.settings.scaling = Some(scaling);
    }
    // "min" alone may be more than the engine's usual most.
    planned.limits.concurrency = planned.limits.concurrency.max(least);
}

fn by_load(fields: &mut Fields<'_>, at: &str, labels: &Labels<'_>, least: u32) -> Scaling {
    let mut scaling = Scaling {
        least,
        ..Scaling::default()
    };
    let place = |aspect: &str| format!("{at}.{PREFIX}{aspect}");
    match labels.get("type").map(|(text, node)| (text.trim(), *node)) {
        None | Some(("rps" | "", _)) => {}
        Some(("capacity", _)) => scaling.by = ScalingLoad::Capacity,
        Some(("cpu", _)) => scaling.by = ScalingLoad::Cpu,
        Some((other, node)) => {
            let other: String = other.chars().filter(|c| !c.is_control()).take(60).collect();
            let text = format!(
                "Load is not counted by '{other}' here: between its bounds there are as many workers as calls need."
            );
            fields.warn(&place("type"), Some(node), text);
            scaling.by = ScalingLoad::Other(other);
        }
    }
    if let Some((_, node)) = labels.get("target")
        && let Some(target) = number(fields, &place("target"), labels, "target")
    {
        scaling.target = fields.within(&place("target"), Some(node), target, 1.0, 1e6, "");
    }
    if let Some((_, node)) = labels.get("target-proportion")
        && let Some(part) = number(fields, &place("target-proportion"), labels, "target-proportion")
    {
        let percent = part * 100.0;
        scaling.proportion = fields.within(&place("target-proportion"), Some(node), percent, 1.0, 100.0, "%");
    }
    if let Some((text, node)) = labels.get("down.window") {
        match duration_ms(text) {
            // A part of a second is one: none would let go at once.
            Some(ms) if ms <= LONGEST_WINDOW_MS => scaling.down_window_s = (ms / 1000.0).ceil() as u32,
            Some(_) => {
                fields.warn(
                    &place("down.window"),
                    Some(node),
                    "A window is 5 minutes at most; it is that.",
                );
                scaling.down_window_s = (LONGEST_WINDOW_MS / 1000.0) as u32;
            }
            None => {
                let text = "The duration is not a time like 2m.";
                fields.error(&place("down.window"), Some(node), text);
            }
        }
    }
    scaling
}

fn number(fields: &mut Fields<'_>, place: &str, labels: &Labels<'_>, aspect: &str) -> Option<f64> {
    let (text, node) = labels.get(aspect)?;
    let number = text
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite());
    if number.is_none() {
        fields.error(place, Some(node), format!("The {aspect} is not a number."));
    }
    number
}
