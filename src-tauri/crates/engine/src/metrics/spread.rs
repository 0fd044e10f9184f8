//! How durations are spread: fixed buckets for Prometheus, fine ones for percentiles.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of durations up to given bounds, as Prometheus' histograms have them.
#[derive(Debug)]
pub(crate) struct Buckets {
    /// Upper bounds, ms, inclusive, rising.
    bounds: &'static [f64],
    /// One for each bound, and one for what is above the last. Not cumulative.
    counts: Box<[AtomicU64]>,
    /// All of them together, µs.
    sum_us: AtomicU64,
}

/// What [`Buckets`] held at a moment.
pub(crate) struct Snapshot {
    /// Upper bound in ms, and how many were at most that.
    pub(crate) cumulative: Vec<(f64, u64)>,
    pub(crate) count: u64,
    pub(crate) sum_ms: f64,
}

impl Buckets {
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum_us: AtomicU64::new(0),
        }
    }

    /// Counts a duration in ms.
    pub(crate) fn add(&self, ms: f64) {
        let at = self.bounds.partition_point(|bound| *bound < ms);
        self.counts[at].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(micros(ms), Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut count = 0;
        let mut up_to = |at: usize| {
            count += self.counts[at].load(Ordering::Relaxed);
            count
        };
        let cumulative = self.bounds.iter().enumerate();
        let cumulative = cumulative.map(|(at, bound)| (*bound, up_to(at))).collect();
        let count = up_to(self.bounds.len());
        Snapshot {
            cumulative,
            count,
            sum_ms: self.sum_us.load(Ordering::Relaxed) as f64 / 1000.0,
        }
    }
}

fn micros(ms: f64) -> u64 {
    // Saturates; what is not a number is 0.
    (ms.max(0.0) * 1000.0).round() as u64
}

/// Parts of each power of two.
const PARTS: u64 = 8;
/// Up to 2^32 µs, which is more than an hour; what is longer counts as that.
const BINS: usize = 30 * PARTS as usize;

/// Counts of durations in bins so fine that a percentile read from them is at most 1/16 (6.25 %) off, and below 8 µs at
/// most 0.5 µs: eight bins of the same width in each power of two of microseconds, up to 71 minutes.
#[derive(Debug)]
pub(crate) struct Spread {
    bins: Box<[AtomicU64]>,
}

/// A bin and how many are in it.
pub(crate) type Bin = (u16, u32);

impl Spread {
    pub(crate) fn new() -> Self {
        Self {
            bins: (0..BINS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    pub(crate) fn add(&self, ms: f64) {
        self.bins[bin_of(micros(ms))].fetch_add(1, Ordering::Relaxed);
    }

    /// What was added since the last call, which left its counts in `seen`.
    pub(crate) fn since(&self, seen: &mut Vec<u64>) -> Vec<Bin> {
        seen.resize(BINS, 0);
        let mut fresh = Vec::new();
        for (at, (bin, seen)) in self.bins.iter().zip(seen).enumerate() {
            let now = bin.load(Ordering::Relaxed);
            if now > *seen {
                fresh.push((at as u16, u32::try_from(now - *seen).unwrap_or(u32::MAX)));
                *seen = now;
            }
        }
        fresh
    }
}

fn bin_of(us: u64) -> usize {
    if us < PARTS {
        return us as usize;
    }
    let power = 63 - u64::from(us.leading_zeros());
    let part = (us >> (power - 3)) & (PARTS - 1);
    (((power - 2) * PARTS + part) as usize).min(BINS - 1)
}

/// The middle of a bin, ms.
fn middle(bin: u16) -> f64 {
    let bin = u64::from(bin);
    if bin < PARTS {
        return bin as f64 / 1000.0;
    }
    let (power, part) = (bin / PARTS + 2, bin % PARTS);
    let width = 1_u64 << (power - 3);
    ((PARTS + part) * width) as f64 / 1000.0 + width as f64 / 2000.0
}

/// Adds bins to bins; both are in order.
pub(crate) fn merge(into: &mut Vec<Bin>, more: &[Bin]) {
    for (bin, count) in more {
        match into.binary_search_by_key(bin, |(bin, _)| *bin) {
            Ok(at) => into[at].1 = into[at].1.saturating_add(*count),
            Err(at) => into.insert(at, (*bin, *count)),
        }
    }
}

/// The duration in ms that a share (0 to 1) of all in `bins` did not exceed; `None` of nothing.
pub(crate) fn percentile(bins: &[Bin], share: f64) -> Option<f64> {
    let count: u64 = bins.iter().map(|(_, count)| u64::from(*count)).sum();
    let rank = ((share * count as f64).ceil() as u64).max(1);
    let mut passed = 0;
    bins.iter().find_map(|(bin, count)| {
        passed += u64::from(*count);
        (passed >= rank).then(|| middle(*bin))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_near_the_exact_ones() {
        let (spread, mut exact, mut state) = (Spread::new(), Vec::new(), 1_u64);
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // From microseconds to minutes, evenly over the powers.
            let ms = 10_f64.powf((state >> 11) as f64 / (1_u64 << 53) as f64 * 7.5 - 2.0);
            spread.add(ms);
            exact.push(ms);
        }
        exact.sort_by(f64::total_cmp);
        let bins = spread.since(&mut Vec::new());
        for share in [0.01, 0.5, 0.9, 0.95, 0.99, 1.0] {
            let truth = exact[((share * 20_000.0_f64).ceil() as usize).max(1) - 1];
            let read = percentile(&bins, share).unwrap();
            assert!(
                (read - truth).abs() <= truth / 16.0 + 0.0006,
                "{share}: {read}, not {truth}"
            );
        }
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn every_duration_has_its_bin() {
        for us in (0..5000).chain([u64::MAX, 1 << 31, 1 << 32]) {
            let bin = bin_of(us);
            assert!(bin < BINS);
            if us < 1 << 32 {
                let off = (middle(bin as u16) * 1000.0 - us as f64).abs();
                assert!(off <= us as f64 / 16.0 + 0.001, "{us} is {off} off");
            }
        }
        assert_eq!(bin_of(micros(f64::NAN)), 0);
        assert_eq!(bin_of(micros(-1.0)), 0);
    }

    #[test]
    fn only_what_is_new_is_told_again() {
        let (spread, mut seen) = (Spread::new(), Vec::new());
        spread.add(1.0);
        spread.add(1.0);
        let first = spread.since(&mut seen);
        assert_eq!(first.iter().map(|(_, count)| count).sum::<u32>(), 2);
        assert!(spread.since(&mut seen).is_empty());
        spread.add(1.0);
        let mut all = spread.since(&mut seen);
        merge(&mut all, &first);
        assert_eq!(all, vec![(first[0].0, 3)]);
    }

    #[test]
    fn bounds_are_inclusive() {
        let buckets = Buckets::new(&[5.0, 10.0]);
        for ms in [5.0, 5.1, 10.0, 11.0] {
            buckets.add(ms);
        }
        let told = buckets.snapshot();
        assert_eq!(told.cumulative, vec![(5.0, 1), (10.0, 3)]);
        assert_eq!((told.count, told.sum_ms), (4, 31.1));
    }
}
