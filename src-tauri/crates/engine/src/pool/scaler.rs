//! How many workers a load is for: counters in, a number out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use beckon_core::{Scaling, ScalingLoad};

/// How long load is averaged over.
pub(super) const WINDOW: Duration = Duration::from_secs(5);
/// Between two samples.
pub(super) const PACE: Duration = Duration::from_secs(1);

/// A function's counters at one moment. Those that say *ever* only grow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) at: Instant,
    /// Runs that came, ever.
    pub(super) arrived: u64,
    /// Runs that have a worker or wait for one.
    pub(super) in_flight: usize,
    /// Processor time of its workers, microseconds, ever.
    pub(super) cpu_us: u64,
}

/// The last samples of a function, and what followed from those before.
#[derive(Debug, Default)]
pub(super) struct Scaler {
    samples: VecDeque<Sample>,
    /// What was asked for when, as long as its window for fewer workers says.
    asked: VecDeque<(Instant, u32)>,
    /// Runs that had come when it was last at rest.
    rested: u64,
}

impl Scaler {
    /// Takes a sample in. Returns how many workers there are to be, at most `most`: as many as load is for, or was
    /// within the window after which there may be fewer.
    pub(super) fn advise(&mut self, scaling: &Scaling, sample: Sample, most: u32) -> u32 {
        // The first after a rest would have none to be compared with: what came since then came just before it.
        if self.samples.is_empty() && sample.arrived > self.rested {
            let before = sample.at.checked_sub(PACE).unwrap_or(sample.at);
            self.samples.push_back(Sample {
                at: before,
                arrived: self.rested,
                ..sample
            });
        }
        self.samples.push_back(sample);
        // The last one before the window stays: what is counted is what came since.
        while self
            .samples
            .get(1)
            .is_some_and(|next| sample.at.duration_since(next.at) >= WINDOW)
        {
            self.samples.pop_front();
        }
        let samples = self.samples.make_contiguous();
        let least = if is_called(samples) { scaling.least } else { 0 };
        let now = desired(scaling, load(&scaling.by, samples), least, most);
        self.asked.push_back((sample.at, now));
        let window = Duration::from_secs(scaling.down_window_s.into());
        while self
            .asked
            .front()
            .is_some_and(|(at, _)| sample.at.duration_since(*at) > window)
        {
            self.asked.pop_front();
        }
        self.asked.iter().map(|(_, count)| *count).max().unwrap_or(now)
    }

    /// Whether nothing came within the window.
    pub(super) fn is_quiet(&mut self) -> bool {
        !is_called(self.samples.make_contiguous())
    }

    /// Forgets what was, at a time when so many runs had come: from here on samples come again after a pause.
    pub(super) fn rest(&mut self, arrived: u64) {
        self.samples.clear();
        self.asked.clear();
        self.rested = arrived;
    }
}

fn is_called(samples: &[Sample]) -> bool {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return false;
    };
    last.arrived > first.arrived || samples.iter().any(|sample| sample.in_flight > 0)
}

/// The mean load of a function over samples, all its workers together, in the unit of its target.
fn load(by: &ScalingLoad, samples: &[Sample]) -> f64 {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return 0.0;
    };
    let seconds = last.at.duration_since(first.at).as_secs_f64();
    let per_second = |grown: u64| {
        if seconds > 0.0 {
            grown as f64 / seconds
        } else {
            0.0
        }
    };
    match by {
        ScalingLoad::Rps => per_second(last.arrived.saturating_sub(first.arrived)),
        ScalingLoad::Capacity => {
            let sum: usize = samples.iter().map(|sample| sample.in_flight).sum();
            sum as f64 / samples.len() as f64
        }
        // Microseconds per second are millionths of a processor.
        ScalingLoad::Cpu => per_second(last.cpu_us.saturating_sub(first.cpu_us)) / 1000.0,
        ScalingLoad::Other(_) => 0.0,
    }
}

/// OpenFaaS' rule: `ready × (mean load per worker / (target × proportion))`, rounded up, between the bounds. The number
/// of those that are ready cancels out against the mean, and it also holds where none is.
fn desired(scaling: &Scaling, load: f64, least: u32, most: u32) -> u32 {
    let share = f64::from(scaling.target) * f64::from(scaling.proportion) / 100.0;
    // A billionth less, so that what is a whole number stays it.
    let count = (load / share - 1e-9).ceil().clamp(0.0, f64::from(most));
    (count as u32).max(least).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In one second: runs that came, runs in flight at its end, and processor time (ms).
    type Second = (u64, usize, u64);

    /// Samples a second apart.
    fn samples(seconds: &[Second]) -> Vec<Sample> {
        let begin = Instant::now();
        let (mut arrived, mut cpu_us) = (0, 0);
        let mut all = vec![Sample {
            at: begin,
            arrived,
            in_flight: seconds.first().map_or(0, |first| first.1),
            cpu_us,
        }];
        for (second, (came, in_flight, cpu_ms)) in (1..).zip(seconds) {
            arrived += came;
            cpu_us += cpu_ms * 1000;
            all.push(Sample {
                at: begin + Duration::from_secs(second),
                arrived,
                in_flight: *in_flight,
                cpu_us,
            });
        }
        all
    }

    fn scaling(by: ScalingLoad, target: u32, proportion: u32) -> Scaling {
        Scaling {
            by,
            target,
            proportion,
            ..Scaling::default()
        }
    }

    #[test]
    fn load_becomes_workers_by_openfaas_rule() {
        let rps = || scaling(ScalingLoad::Rps, 50, 90);
        let steady = |came, in_flight, cpu_ms| -> [Second; 4] { [(came, in_flight, cpu_ms); 4] };
        let table = [
            ("nothing", rps(), steady(0, 0, 0), 0),
            (
                "one now and then",
                rps(),
                [(1, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)],
                1,
            ),
            ("just within one", rps(), steady(45, 0, 0), 1),
            ("one more than that", rps(), steady(46, 0, 0), 2),
            (
                "the mean counts",
                rps(),
                [(180, 0, 0), (0, 0, 0), (180, 0, 0), (0, 0, 0)],
                2,
            ),
            (
                "whole target",
                scaling(ScalingLoad::Rps, 50, 100),
                steady(100, 0, 0),
                2,
            ),
            ("the most", rps(), steady(100_000, 0, 0), 5),
            (
                "in flight",
                scaling(ScalingLoad::Capacity, 10, 90),
                steady(0, 19, 0),
                3,
            ),
            (
                "in flight, whole",
                scaling(ScalingLoad::Capacity, 10, 100),
                steady(0, 20, 0),
                2,
            ),
            (
                "half a processor",
                scaling(ScalingLoad::Cpu, 500, 100),
                steady(0, 1, 500),
                1,
            ),
            (
                "two processors",
                scaling(ScalingLoad::Cpu, 500, 90),
                steady(0, 1, 2000),
                5,
            ),
            (
                "a target of one tenth",
                scaling(ScalingLoad::Cpu, 100, 50),
                steady(0, 1, 120),
                3,
            ),
            (
                "not counted here",
                scaling(ScalingLoad::Other("queue".into()), 1, 90),
                steady(900, 900, 900),
                1,
            ),
        ];
        for (what, scaling, seconds, wanted) in &table {
            let mut scaler = Scaler::default();
            let last = samples(seconds)
                .into_iter()
                .map(|sample| scaler.advise(scaling, sample, 5))
                .last();
            assert_eq!(last, Some(*wanted), "{what}");
        }
    }

    #[test]
    fn there_are_fewer_when_the_load_is_gone_and_its_window_is_over() {
        let mut load = vec![(200, 0, 0); 3];
        load.extend([(0, 0, 0); 12]);
        let advice = |down_window_s| -> Vec<u32> {
            let scaling = Scaling {
                down_window_s,
                ..scaling(ScalingLoad::Rps, 50, 100)
            };
            let mut scaler = Scaler::default();
            let advice = samples(&load)
                .into_iter()
                .map(|sample| scaler.advise(&scaling, sample, 20))
                .collect();
            assert!(scaler.is_quiet());
            advice
        };
        assert_eq!(
            advice(0),
            [0, 4, 4, 4, 3, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            "the mean of five seconds"
        );
        let late = advice(5);
        assert_eq!(late[8..], [4, 3, 3, 2, 1, 0, 0, 0], "{late:?}");
    }

    #[test]
    fn as_many_as_its_least_while_it_is_called() {
        let scaling = Scaling {
            least: 3,
            ..Scaling::default()
        };
        let mut scaler = Scaler::default();
        let mut advice = samples(&[(1, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)])
            .into_iter()
            .map(|sample| scaler.advise(&scaling, sample, 20));
        assert_eq!(advice.nth(1), Some(3));
        assert_eq!(advice.last(), Some(0));
    }

    #[test]
    fn what_came_while_it_was_at_rest_is_load_and_what_was_known_is_not() {
        let scaling = scaling(ScalingLoad::Rps, 50, 100);
        let sample = |arrived| Sample {
            at: Instant::now(),
            arrived,
            in_flight: 0,
            cpu_us: 0,
        };
        let mut scaler = Scaler::default();
        assert_eq!(scaler.advise(&scaling, sample(150), 20), 3, "within one pace");
        scaler.rest(150);
        assert_eq!(scaler.advise(&scaling, sample(150), 20), 0);
        assert!(scaler.is_quiet());
        scaler.rest(150);
        assert_eq!(
            scaler.advise(&scaling, sample(151), 20),
            1,
            "over before it was looked at"
        );
        assert!(!scaler.is_quiet());
    }
}
