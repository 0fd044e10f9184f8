//! Calls that were refused before there was a run of them, by why.

use std::collections::BTreeMap;

use beckon_core::{ErrorCode, Mode, NamespaceName};
use parking_lot::Mutex;

/// Most namespaces that are counted each for itself.
const MOST: usize = 300;

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// The namespace's quota of invocations in a minute is used up.
    InvocationsPerMinute,
    /// As many runs of the namespace are in flight as its quota allows.
    ConcurrentInvocations,
    /// The namespace's quota of fired triggers in a minute is used up.
    FiresPerMinute,
    /// As many callers wait for the function as may, or as many runs of it are in flight as its own settings allow.
    LineFull,
    /// As many accepted runs wait on disk as may.
    QueueFull,
    /// There is no runtime for the function on this machine.
    RuntimeMissing,
    /// Beckon is shutting down.
    ShuttingDown,
    /// Anything else, which its error text says.
    Other,
}

impl Refused {
    /// What the engine's error says of it.
    pub(super) fn of(mode: Mode, error: ErrorCode) -> Self {
        match (error, mode) {
            (ErrorCode::Busy, Mode::NonBlocking) => Self::QueueFull,
            (ErrorCode::Busy, _) => Self::LineFull,
            (ErrorCode::RuntimeMissing, _) => Self::RuntimeMissing,
            (ErrorCode::ShuttingDown, _) => Self::ShuttingDown,
            _ => Self::Other,
        }
    }

    /// The label.
    fn as_str(self) -> &'static str {
        match self {
            Self::InvocationsPerMinute => "quota_invocations_per_minute",
            Self::ConcurrentInvocations => "quota_concurrent_invocations",
            Self::FiresPerMinute => "quota_fires_per_minute",
            Self::LineFull => "line_full",
            Self::QueueFull => "queue_full",
            Self::RuntimeMissing => "runtime_missing",
            Self::ShuttingDown => "shutting_down",
            Self::Other => "other",
        }
    }
}

/// The counters. A refusal is rare or, under a quota, as cheap as a look-up: one lock is enough.
#[derive(Default)]
pub(super) struct Refusals(Mutex<BTreeMap<String, BTreeMap<Refused, u64>>>);

impl Refusals {
    pub(super) fn add(&self, namespace: &NamespaceName, why: Refused) {
        let mut all = self.0.lock();
        let known = all.len() < MOST || all.contains_key(namespace.as_str());
        let name = if known { namespace.as_str() } else { "" };
        *all.entry(name.to_owned()).or_default().entry(why).or_default() += 1;
    }

    /// Namespace (empty for those that are counted together), reason, number.
    pub(super) fn counts(&self) -> Vec<(String, &'static str, u64)> {
        let all = self.0.lock();
        let each = all.iter().flat_map(|(namespace, by)| {
            by.iter()
                .map(|(why, count)| (namespace.clone(), why.as_str(), *count))
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_beyond_the_most_are_counted_together() {
        let refusals = Refusals::default();
        for n in 0..MOST + 5 {
            let namespace = format!("n{n}").parse().unwrap();
            refusals.add(&namespace, Refused::FiresPerMinute);
            refusals.add(&namespace, Refused::FiresPerMinute);
        }
        let counts = refusals.counts();
        assert_eq!(counts.len(), MOST + 1);
        assert_eq!(counts[0], (String::new(), "quota_fires_per_minute", 10));
    }
}
