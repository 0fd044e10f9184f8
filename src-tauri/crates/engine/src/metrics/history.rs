//! What the journal does not have, over the last day: percentiles, cold starts, refusals, queues and memory.

use std::collections::VecDeque;

use beckon_core::Millis;

use super::spread::{Bin, merge};

/// The short memory: steps of 10 s over an hour, and the long one: of 1 min over a day.
pub(crate) const STEPS: [(Millis, usize); 2] = [(10_000, 360), (60_000, 1440)];

/// One step of one function.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Point {
    /// When it begins divided by its length.
    pub(crate) slot: i64,
    /// Runs that ended.
    pub(crate) ended: u32,
    /// Of them, not well.
    pub(crate) failed: u32,
    /// Calls refused because too many waited.
    pub(crate) throttled: u32,
    /// Runs that a process was started for.
    pub(crate) cold: u32,
    /// Most that waited.
    pub(crate) queue: u32,
    /// Most worker processes.
    pub(crate) workers: u32,
    /// Most memory of them together, bytes.
    pub(crate) memory: u64,
    /// How long the runs took.
    pub(crate) took: Vec<Bin>,
}

impl Point {
    fn is_empty(&self) -> bool {
        *self
            == Self {
                slot: self.slot,
                ..Self::default()
            }
    }

    /// What it takes, in bytes.
    fn size(&self) -> usize {
        size_of::<Self>() + self.took.capacity() * size_of::<Bin>()
    }

    /// Adds what happened later in the same time.
    pub(crate) fn add(&mut self, more: &Self) {
        self.ended = self.ended.saturating_add(more.ended);
        self.failed = self.failed.saturating_add(more.failed);
        self.throttled = self.throttled.saturating_add(more.throttled);
        self.cold = self.cold.saturating_add(more.cold);
        self.queue = self.queue.max(more.queue);
        self.workers = self.workers.max(more.workers);
        self.memory = self.memory.max(more.memory);
        merge(&mut self.took, &more.took);
    }
}

/// The steps of one function in which anything happened.
#[derive(Debug, Default)]
pub(crate) struct History {
    rings: [VecDeque<Point>; 2],
}

impl History {
    /// Adds what happened about `at`, and forgets what is too old.
    pub(crate) fn add(&mut self, at: Millis, what: &Point) {
        for (ring, (step, most)) in self.rings.iter_mut().zip(STEPS) {
            let slot = at.div_euclid(step);
            while ring.front().is_some_and(|point| point.slot <= slot - most as i64) {
                ring.pop_front();
            }
            if what.is_empty() {
                continue;
            }
            match ring.back_mut() {
                // A clock that was set back goes on where it was.
                Some(last) if last.slot >= slot => last.add(what),
                _ => ring.push_back(Point { slot, ..what.clone() }),
            }
        }
    }

    /// The points of the ring that is fine enough for `step`, with the length of its steps.
    pub(crate) fn points(&self, step: Millis) -> (Millis, impl Iterator<Item = &Point>) {
        let which = usize::from(step % STEPS[1].0 == 0);
        (STEPS[which].0, self.rings[which].iter())
    }

    /// What it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.rings.iter().flatten().map(Point::size).sum()
    }

    /// Forgets the older half.
    pub(crate) fn halve(&mut self) {
        for ring in &mut self.rings {
            ring.drain(..ring.len().div_ceil(2));
            ring.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(ended: u32) -> Point {
        Point {
            ended,
            took: vec![(3, ended)],
            ..Point::default()
        }
    }

    #[test]
    fn steps_are_merged_and_forgotten() {
        let mut history = History::default();
        history.add(10_000, &point(1));
        history.add(19_999, &point(2));
        history.add(20_000, &point(4));
        history.add(30_000, &Point::default());
        let ended = |history: &History, step| -> Vec<(i64, u32)> {
            history.points(step).1.map(|p| (p.slot, p.ended)).collect()
        };
        assert_eq!(ended(&history, 10_000), [(1, 3), (2, 4)]);
        assert_eq!(ended(&history, 300_000), [(0, 7)]);
        history.add(10_000 + 3_600_000, &point(8));
        assert_eq!(ended(&history, 30_000), [(2, 4), (361, 8)]);
        assert_eq!(ended(&history, 60_000), [(0, 7), (60, 8)]);
        history.add(26 * 3_600_000, &Point::default());
        assert_eq!(history.size(), 0);
    }
}
