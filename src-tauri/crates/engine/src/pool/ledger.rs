//! The processes that there are and what each takes: measured, or expected until it has been measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use beckon_core::Language;

use crate::isolation::allowance;

/// Bytes that a process takes with its descendants, written by the watch; 0 before the first look.
pub(crate) type Measured = Arc<AtomicU64>;

/// Every process of a function, from the moment that somebody has the right to start it until it is gone.
#[derive(Default)]
pub(super) struct Ledger {
    next: u64,
    entries: BTreeMap<u64, Entry>,
}

struct Entry {
    expected: u64,
    measured: Measured,
    /// It was told to go so that somebody else can have what it takes.
    leaving: bool,
}

impl Entry {
    fn bytes(&self) -> u64 {
        match self.measured.load(Ordering::Relaxed) {
            0 => self.expected,
            measured => measured,
        }
    }
}

/// How much there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) processes: usize,
    /// Bytes, of all together.
    pub(super) memory: u64,
}

/// A sum over processes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) processes: usize,
    pub(super) memory: u64,
}

impl Sum {
    /// Whether a process of `expected` bytes may be added. The first may whatever it takes: a cap that is smaller than
    /// one worker would else stop everything.
    pub(super) fn has_room(self, expected: u64, bounds: Bounds) -> bool {
        self.processes == 0
            || (self.processes < bounds.processes && self.memory.saturating_add(expected) <= bounds.memory)
    }

    pub(super) fn less(self, memory: u64) -> Self {
        Self {
            processes: self.processes.saturating_sub(1),
            memory: self.memory.saturating_sub(memory),
        }
    }
}

impl Ledger {
    /// Enters a process to come. Returns its number here.
    pub(super) fn enter(&mut self, expected: u64) -> (u64, Measured) {
        let number = self.next;
        self.next += 1;
        let measured = Measured::default();
        let entry = Entry {
            expected,
            measured: measured.clone(),
            leaving: false,
        };
        self.entries.insert(number, entry);
        (number, measured)
    }

    /// The process is measured here.
    pub(super) fn measure(&mut self, number: u64, measured: &Measured) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.measured = measured.clone();
        }
    }

    /// Where the process is measured.
    pub(super) fn measured(&self, number: u64) -> Option<Measured> {
        self.entries.get(&number).map(|entry| entry.measured.clone())
    }

    /// The process is gone.
    pub(super) fn strike(&mut self, number: u64) {
        self.entries.remove(&number);
    }

    /// The process is on its way out. Its bytes are no hindrance any more to those that may wait for its end.
    pub(super) fn leaves(&mut self, number: u64) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.leaving = true;
        }
    }

    pub(super) fn bytes(&self, number: u64) -> u64 {
        self.entries.get(&number).map_or(0, Entry::bytes)
    }

    /// What there is now.
    pub(super) fn sum(&self) -> Sum {
        self.sum_of(|_| true)
    }

    /// What there is when those that were told to go are gone.
    pub(super) fn sum_staying(&self) -> Sum {
        self.sum_of(|entry| !entry.leaving)
    }

    fn sum_of(&self, which: impl Fn(&Entry) -> bool) -> Sum {
        let entries = self.entries.values().filter(|entry| which(entry));
        entries.fold(Sum::default(), |sum, entry| Sum {
            processes: sum.processes + 1,
            memory: sum.memory.saturating_add(entry.bytes()),
        })
    }
}

/// What a worker is taken to need before one of its function has been measured, in bytes.
pub(super) fn usual(language: Language) -> u64 {
    allowance(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        processes: 3,
        memory: 100,
    };

    #[test]
    fn what_is_expected_counts_until_it_is_measured() {
        let mut ledger = Ledger::default();
        let (first, measured) = ledger.enter(60);
        assert!(ledger.sum().has_room(40, BOUNDS));
        assert!(!ledger.sum().has_room(41, BOUNDS));
        measured.store(70, Ordering::Relaxed);
        assert_eq!((ledger.bytes(first), ledger.sum().memory), (70, 70));
        assert!(!ledger.sum().has_room(40, BOUNDS));
        ledger.leaves(first);
        assert_eq!(ledger.sum_staying(), Sum::default());
        assert!(!ledger.sum().has_room(40, BOUNDS), "it is still there");
        ledger.strike(first);
        assert!(ledger.sum().has_room(1000, BOUNDS), "the first has room always");
        for _ in 0..3 {
            ledger.enter(1);
        }
        assert!(!ledger.sum().has_room(1, BOUNDS), "no more than three");
    }
}
