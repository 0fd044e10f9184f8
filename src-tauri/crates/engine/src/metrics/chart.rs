//! Series over time, for charts.

use beckon_core::{Error, ErrorCode, FunctionKey, FunctionRef, LOCAL, Millis, Result, filter::Filter};
use serde::Serialize;
use ts_rs::TS;

use super::history::{Point, STEPS};
use super::spread::percentile;
use super::tally::Tally;
use crate::Engine;

/// Lengths of steps, ms: those of the journal's bars that are multiples of the history's steps.
const LENGTHS: [Millis; 18] = [
    10_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    604_800_000,
    1_209_600_000,
    2_419_200_000,
];
/// Most steps of one chart.
const MOST: Millis = 1_000;

/// Series over time, of one function or of all. All lists have the same length: entry *i* tells of the time from
/// `from + i × step` until `from + (i + 1) × step`.
///
/// `null` means that it is not known: runs that took no time because there were none have no percentiles, and what the
/// journal does not keep (all from `throttled` on) is known of the local engine only, since its start, for the last
/// hour in steps of 10 s and for the last day in steps of a minute and more. A last step that is not over yet is there
/// too.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Chart {
    /// When the first step begins, ms since the epoch: a multiple of `step`.
    #[ts(type = "number")]
    pub from: Millis,
    /// How long each is, ms: what was asked for, or the next longer that there is.
    #[ts(type = "number")]
    pub step: Millis,
    /// Runs that started then, by the journal: exact, and over restarts. Those that are not over count too.
    pub runs: Vec<u32>,
    /// Of them, those that ended, and not well.
    pub failed: Vec<u32>,
    /// Of those, the ones whose function answered an error.
    pub application_errors: Vec<u32>,
    /// The ones whose function broke, or ran out of what it may use.
    pub developer_errors: Vec<u32>,
    /// The ones that failed by no fault of the function.
    pub system_errors: Vec<u32>,
    /// Callbacks and records of detached runs that were delivered then, by the journal.
    pub delivered: Vec<u32>,
    /// Those that were given up then.
    pub undelivered: Vec<u32>,
    /// Calls that were refused because too many waited (429). They are no runs.
    pub throttled: Vec<Option<u32>>,
    /// Half of the runs that ended then took at most this long, initialisation included, ms. Off by at most 6.25 %.
    pub p50: Vec<Option<f64>>,
    /// The same for 95 %.
    pub p95: Vec<Option<f64>>,
    /// The same for 99 %.
    pub p99: Vec<Option<f64>>,
    /// The share (0 to 1) of the runs that ended then for which a process was started. `null` also where none ended.
    pub cold_share: Vec<Option<f64>>,
    /// Most runs that waited at the same time, as seen every 10 s; of all functions, the sum of theirs.
    pub queue: Vec<Option<u32>>,
    /// Most worker processes, seen the same way.
    pub workers: Vec<Option<u32>>,
    /// Most memory (resident) of them together, bytes, seen the same way.
    pub memory: Vec<Option<f64>>,
}

/// Where the steps of a chart are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Axis {
    from: Millis,
    step: Millis,
    count: usize,
}

impl Axis {
    /// Covers [from, to) with steps of at least `step`.
    fn new(from: Millis, to: Millis, step: Millis) -> Result<Self> {
        let refused = |why: &str| Error::new(ErrorCode::InvalidInput, why.to_owned());
        if from < 0 || to <= from {
            return Err(refused("A chart must end after it begins."));
        }
        let steps = |step: Millis| (to - 1).div_euclid(step) - from.div_euclid(step) + 1;
        let step = LENGTHS
            .into_iter()
            .find(|length| *length >= step && steps(*length) <= MOST)
            .ok_or_else(|| refused("A chart cannot show so long a time."))?;
        Ok(Self {
            from: from.div_euclid(step) * step,
            step,
            count: usize::try_from(steps(step)).unwrap_or(0),
        })
    }

    fn at(&self, time: Millis) -> Option<usize> {
        usize::try_from((time - self.from).div_euclid(self.step))
            .ok()
            .filter(|at| *at < self.count)
    }
}

impl Engine {
    /// Series of one function, local or not, or of everything, over [from, to) in steps of `step` ms or a little longer:
    /// 10 s, 30 s, 1, 2, 5, 10, 15 and 30 min, 1, 2, 3, 6, 12 and 24 h, 2 days, 1, 2 and 4 weeks, of which there are at
    /// most 1,000.
    ///
    /// `InvalidInput` where `to` is not after `from`.
    pub async fn chart(
        &self,
        function: Option<&FunctionRef>,
        from: Millis,
        to: Millis,
        step: Millis,
    ) -> Result<Chart> {
        let axis = Axis::new(from, to, step)?;
        let mut chart = Chart::empty(axis);
        let mut filter = Filter {
            from: Some(axis.from),
            to: Some(axis.from + axis.step * axis.count as i64 - 1),
            ..Filter::default()
        };
        if let Some(function) = function {
            filter.connections = vec![function.connection.clone()];
            filter.namespaces = vec![function.namespace.to_string()];
            filter.functions = vec![function.name.to_string()];
        }
        let bars = self
            .inner
            .store
            .histogram(&filter, u32::try_from(axis.count).unwrap_or(1))
            .await?;
        for (at, bar) in bars.buckets.iter().enumerate() {
            let Some(at) = axis.at(bars.from + bars.step * at as i64) else {
                continue;
            };
            let failed = bar.application_error + bar.developer_error + bar.system_error;
            chart.runs[at] += bar.pending + bar.success + failed;
            chart.failed[at] += failed;
            chart.application_errors[at] += bar.application_error;
            chart.developer_errors[at] += bar.developer_error;
            chart.system_errors[at] += bar.system_error;
        }
        let key = match function {
            Some(function) if function.connection != LOCAL => return Ok(chart),
            Some(function) => Some(function.key()),
            None => None,
        };
        let store = &self.inner.store;
        let ends = store
            .delivery_ends(key.as_ref(), axis.from, axis.step, axis.count)
            .await?;
        (chart.delivered, chart.undelivered) = ends.into_iter().unzip();
        self.inner.remember().await;
        let since = self.inner.metrics.known_since(axis.step);
        let points = self.inner.metrics.collect(key.as_ref(), axis);
        chart.fill(axis, since, self.inner.clock.now(), &points);
        Ok(chart)
    }
}

impl Chart {
    fn empty(axis: Axis) -> Self {
        let count = axis.count;
        Self {
            from: axis.from,
            step: axis.step,
            runs: vec![0; count],
            failed: vec![0; count],
            application_errors: vec![0; count],
            developer_errors: vec![0; count],
            system_errors: vec![0; count],
            delivered: vec![0; count],
            undelivered: vec![0; count],
            throttled: vec![None; count],
            p50: vec![None; count],
            p95: vec![None; count],
            p99: vec![None; count],
            cold_share: vec![None; count],
            queue: vec![None; count],
            workers: vec![None; count],
            memory: vec![None; count],
        }
    }

    /// Tells what is known: the steps that end after `since` and begin before `now`.
    fn fill(&mut self, axis: Axis, since: Millis, now: Millis, points: &[Point]) {
        for (at, point) in points.iter().enumerate() {
            let begins = axis.from + axis.step * at as i64;
            if begins + axis.step <= since || begins > now {
                continue;
            }
            self.throttled[at] = Some(point.throttled);
            self.p50[at] = percentile(&point.took, 0.5);
            self.p95[at] = percentile(&point.took, 0.95);
            self.p99[at] = percentile(&point.took, 0.99);
            let runs: u32 = point.took.iter().map(|(_, count)| count).sum();
            self.cold_share[at] = (runs > 0).then(|| (f64::from(point.cold) / f64::from(runs)).min(1.0));
            self.queue[at] = Some(point.queue);
            self.workers[at] = Some(point.workers);
            self.memory[at] = Some(point.memory as f64);
        }
    }
}

impl super::Metrics {
    /// The history of one function, or of all together, by the steps of `axis`.
    fn collect(&self, key: Option<&FunctionKey>, axis: Axis) -> Vec<Point> {
        let mut all = vec![Point::default(); axis.count];
        for tally in self.tallies(key) {
            let own = steps_of(&tally, axis);
            for (sum, own) in all.iter_mut().zip(own) {
                let levels = (
                    sum.queue.saturating_add(own.queue),
                    sum.workers.saturating_add(own.workers),
                    sum.memory.saturating_add(own.memory),
                );
                sum.add(&own);
                (sum.queue, sum.workers, sum.memory) = levels;
            }
        }
        all
    }

    /// Since when there is a history for charts with this step.
    fn known_since(&self, step: Millis) -> Millis {
        let (length, most) = STEPS[usize::from(step % STEPS[1].0 == 0)];
        let oldest = self.last_look() - length * most as i64;
        self.started().max(oldest)
    }
}

fn steps_of(tally: &Tally, axis: Axis) -> Vec<Point> {
    let mut steps = vec![Point::default(); axis.count];
    tally.history(|history| {
        let (length, points) = history.points(axis.step);
        for point in points {
            if let Some(at) = axis.at(point.slot * length) {
                steps[at].add(point);
            }
        }
    });
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_long_enough_and_few_enough() {
        let axis = Axis::new(1_005_000, 1_060_001, 0).unwrap();
        assert_eq!((axis.from, axis.step, axis.count), (1_000_000, 10_000, 7));
        assert_eq!(Axis::new(0, 3_600_000, 11_000).unwrap().step, 30_000);
        assert_eq!(Axis::new(0, 86_400_000, 10_000).unwrap().step, 120_000);
        assert!(Axis::new(5, 5, 10_000).is_err());
        assert!(Axis::new(-5, 5, 10_000).is_err());
        assert!(Axis::new(0, i64::MAX, 10_000).is_err());
        for length in LENGTHS {
            assert!(length % STEPS[1].0 == 0 || STEPS[1].0 % length == 0 && length % STEPS[0].0 == 0);
        }
    }
}
