//! Bars over time: from the roll-ups where the filter allows it, with the ends of the range counted row by row, and
//! from the rows where it does not. Both give the same numbers.

use beckon_core::{Millis, Status, StatusGroup, filter::Filter};
use rusqlite::params_from_iter;

use crate::activations::{Bucket, Histogram};
use crate::fault::Fault;
use crate::journal::plan::{self, Order, Plan, bounds};
use crate::journal::rollup::{GROUPS, HOUR, MINUTE, SPANS, column};
use crate::journal::save::LATEST;
use crate::readers::Reader;

/// Lengths of bars that people can read off an axis, ms.
const STEPS: [Millis; 26] = [
    1,
    10,
    100,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    24 * HOUR,
    48 * HOUR,
    7 * 24 * HOUR,
    14 * 24 * HOUR,
    28 * 24 * HOUR,
    91 * 24 * HOUR,
];
/// Most bars of one histogram.
const BUCKETS: u32 = 2_000;

impl Bucket {
    fn add(&mut self, group: StatusGroup, count: i64) {
        let bar = match group {
            StatusGroup::Pending => &mut self.pending,
            StatusGroup::Success => &mut self.success,
            StatusGroup::ApplicationError => &mut self.application_error,
            StatusGroup::DeveloperError => &mut self.developer_error,
            StatusGroup::SystemError => &mut self.system_error,
        };
        *bar = bar.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }
}

/// What of a filter the roll-ups can answer: the groups and the places counted. `None` when they cannot.
struct Rolled {
    groups: Vec<StatusGroup>,
    places: Option<Vec<i64>>,
}

impl Rolled {
    fn new(reader: &Reader<'_>, filter: &Filter) -> Result<Option<Self>, Fault> {
        let Filter {
            functions: _,
            namespaces: _,
            connections: _,
            from: _,
            to: _,
            statuses,
            modes,
            longer_than,
            shorter_than,
            cold,
            pinned,
            callbacks,
            id,
            versions,
            words,
            not_words,
        } = filter;
        let plain = modes.is_empty()
            && callbacks.is_empty()
            && versions.is_empty()
            && words.is_empty()
            && not_words.is_empty();
        let narrow = longer_than.is_some() || shorter_than.is_some() || cold.is_some() || pinned.is_some();
        let Some(groups) = whole_groups(statuses).filter(|_| plain && !narrow && id.is_none()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            groups,
            places: plan::places(reader, filter)?,
        }))
    }

    fn condition(&self) -> String {
        let mut text: Vec<_> = self
            .groups
            .iter()
            .map(|group| format!("{} > 0", column(*group)))
            .collect();
        text = vec![format!("({})", text.join(" OR "))];
        text.extend(self.places.as_ref().map(|places| plan::among("place", places)));
        text.join(" AND ")
    }

    /// Adds the slots of `span` within [from, to), both multiples of it.
    fn add(&self, reader: &Reader<'_>, bars: &mut Bars, span: i64, from: i64, to: i64) -> Result<(), Fault> {
        if from >= to {
            return Ok(());
        }
        reader.check()?;
        let sums: Vec<_> = self
            .groups
            .iter()
            .map(|group| format!("sum({})", column(*group)))
            .collect();
        let sql = format!(
            "SELECT (slot * {span} - {first}) / {step} AS bar, {} FROM rollups
             WHERE span = {span} AND slot >= {} AND slot < {} AND {} GROUP BY bar",
            sums.join(", "),
            from / span,
            to / span,
            self.condition(),
            first = bars.first,
            step = bars.step,
        );
        let mut statement = reader.db.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let bar = row.get(0)?;
            for (at, group) in self.groups.iter().enumerate() {
                bars.add(bar, *group, row.get(at + 1)?);
            }
        }
        Ok(())
    }

    /// The start of the minute of the oldest run counted.
    fn oldest(&self, reader: &Reader<'_>) -> Result<Option<Millis>, Fault> {
        let mut from = 0;
        let mut found = None;
        for span in SPANS.into_iter().rev() {
            let sql = format!(
                "SELECT slot FROM rollups WHERE span = {span} AND slot >= {} AND {} ORDER BY slot LIMIT 1",
                from / span,
                self.condition()
            );
            let mut statement = reader.db.prepare(&sql)?;
            let mut rows = statement.query([])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            from = row.get::<_, i64>(0)? * span;
            found = Some(from);
        }
        Ok(found)
    }
}

/// The groups that `statuses` are made of, if they are whole groups. None at all means every group.
fn whole_groups(statuses: &[Status]) -> Option<Vec<StatusGroup>> {
    if statuses.is_empty() {
        return Some(GROUPS.to_vec());
    }
    let of = |group| Status::ALL.into_iter().filter(move |s| s.group() == group);
    let groups: Vec<_> = GROUPS
        .into_iter()
        .filter(|group| of(*group).all(|status| statuses.contains(&status)))
        .collect();
    statuses
        .iter()
        .all(|status| groups.contains(&status.group()))
        .then_some(groups)
}

/// Bars being filled.
struct Bars {
    first: Millis,
    step: Millis,
    buckets: Vec<Bucket>,
}

impl Bars {
    fn add(&mut self, bar: i64, group: StatusGroup, count: i64) {
        if let Some(bucket) = usize::try_from(bar)
            .ok()
            .and_then(|bar| self.buckets.get_mut(bar))
        {
            bucket.add(group, count);
        }
    }

    /// Adds the rows that start in [from, to), one by one.
    fn scan(&mut self, reader: &Reader<'_>, filter: &Filter, from: i64, to: i64) -> Result<(), Fault> {
        if from >= to {
            return Ok(());
        }
        reader.check()?;
        let filter = Filter {
            from: Some(from),
            to: Some(to - 1),
            ..filter.clone()
        };
        let plan = Plan::new(reader, &filter)?;
        if plan.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "SELECT (start - {}) / {} AS bar, status, count(*) FROM ({}) GROUP BY bar, status",
            self.first,
            self.step,
            plan.sql("a.start AS start, a.status AS status", Order::Any)
        );
        let mut statement = reader.db.prepare(&sql)?;
        let mut rows = statement.query(params_from_iter(plan.values()))?;
        while let Some(row) = rows.next()? {
            let status: Status = crate::words::column(row, "status")?;
            self.add(row.get(0)?, status.group(), row.get(2)?);
        }
        Ok(())
    }
}

/// The shortest step that covers [from, to) with at most `most` bars that start at its multiples.
fn step(from: Millis, to: Millis, most: i64) -> Millis {
    let fits = |step: Millis| (to - 1).div_euclid(step) - from.div_euclid(step) < most;
    if let Some(step) = STEPS.into_iter().find(|step| fits(*step)) {
        return step;
    }
    let day = 24 * HOUR;
    let mut step = ((to - from) / most / day + 1) * day;
    while !fits(step) {
        step += day;
    }
    step
}

/// See [`crate::Store::histogram`].
pub(crate) fn histogram(
    reader: &Reader<'_>,
    filter: &Filter,
    buckets: u32,
    now: Millis,
) -> Result<Histogram, Fault> {
    let most = i64::from(buckets.clamp(1, BUCKETS));
    let rolled = Rolled::new(reader, filter)?;
    let to = filter.to.unwrap_or(now).clamp(0, LATEST) + 1;
    let from = match filter.from {
        Some(from) => from.clamp(0, LATEST),
        // Nothing at all: an empty hour is easier to draw than no axis.
        None => oldest(reader, filter, rolled.as_ref())?
            .unwrap_or(to - HOUR)
            .clamp(0, to - 1),
    };
    if from >= to || filter.to.is_some_and(|to| to < 0) {
        return Ok(Histogram {
            from,
            to: from,
            step: 1,
            buckets: Vec::new(),
        });
    }
    let step = step(from, to, most);
    let first = from / step * step;
    let count = usize::try_from((to - 1 - first) / step + 1).unwrap_or(0);
    let mut bars = Bars {
        first,
        step,
        buckets: vec![Bucket::default(); count],
    };
    match rolled {
        None => bars.scan(reader, filter, from, to)?,
        Some(rolled) => cover(reader, filter, &rolled, &mut bars, (from, to), SPANS.len())?,
    }
    Ok(Histogram {
        from: first,
        to: first + step * count as i64,
        step,
        buckets: bars.buckets,
    })
}

fn oldest(reader: &Reader<'_>, filter: &Filter, rolled: Option<&Rolled>) -> Result<Option<Millis>, Fault> {
    if let Some(rolled) = rolled {
        return rolled.oldest(reader);
    }
    let plan = Plan::new(reader, filter)?;
    if plan.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "{} LIMIT 1",
        plan.sql("a.n AS n, a.start AS start", Order::Oldest)
    );
    let mut statement = reader.db.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(plan.values()))?;
    rows.next()?.map(|row| Ok(row.get(1)?)).transpose()
}

/// Covers [from, to) with the longest slots that fit into both the range and the bars, and what is left at both ends
/// with shorter ones, in the end row by row.
fn cover(
    reader: &Reader<'_>,
    filter: &Filter,
    rolled: &Rolled,
    bars: &mut Bars,
    (from, to): (Millis, Millis),
    spans: usize,
) -> Result<(), Fault> {
    let Some(span) = spans.checked_sub(1).map(|at| SPANS[at]) else {
        return bars.scan(reader, filter, from, to);
    };
    let (inner, outer) = ((from + span - 1) / span * span, to / span * span);
    if bars.step % span != 0 || inner >= outer {
        return cover(reader, filter, rolled, bars, (from, to), spans - 1);
    }
    rolled.add(reader, bars, span, inner, outer)?;
    cover(reader, filter, rolled, bars, (from, inner), spans - 1)?;
    cover(reader, filter, rolled, bars, (outer, to), spans - 1)
}

/// How many rows match, exactly, where the roll-ups can tell; `None` where they cannot.
pub(crate) fn rolled_count(reader: &Reader<'_>, filter: &Filter) -> Result<Option<i64>, Fault> {
    let Some(rolled) = Rolled::new(reader, filter)? else {
        return Ok(None);
    };
    let (first, last) = bounds(filter.from, filter.to);
    if first > last {
        return Ok(Some(0));
    }
    let from = filter.from.unwrap_or(0).clamp(0, LATEST);
    let to = filter.to.unwrap_or(LATEST).clamp(0, LATEST) + 1;
    // One bar over everything, of a length that every slot divides.
    let step = (LATEST / HOUR + 1) * HOUR;
    let mut bars = Bars {
        first: 0,
        step,
        buckets: vec![Bucket::default()],
    };
    cover(reader, filter, &rolled, &mut bars, (from, to), SPANS.len())?;
    let sum = bars.buckets.iter().map(|b| {
        [
            b.pending,
            b.success,
            b.application_error,
            b.developer_error,
            b.system_error,
        ]
        .map(i64::from)
        .iter()
        .sum::<i64>()
    });
    Ok(Some(sum.sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_few_enough_and_cover_the_range() {
        for (from, to, most) in [
            (0, 1, 1),
            (5, 3_600_000, 60),
            (1, 72 * HOUR, 100),
            (7, LATEST, 3),
            (59_999, 60_001, 1),
        ] {
            let step = step(from, to, most);
            let first = from / step * step;
            let count = (to - 1 - first) / step + 1;
            assert!(
                count <= most && first <= from && first + count * step >= to,
                "{from}..{to}: {step}"
            );
        }
    }

    #[test]
    fn only_whole_groups_are_rolled_up() {
        use Status::{Cancelled, DeveloperError, Success, TimedOut};
        assert_eq!(whole_groups(&[]).unwrap().len(), 5);
        assert_eq!(whole_groups(&[Success]), Some(vec![StatusGroup::Success]));
        assert_eq!(whole_groups(&[DeveloperError]), None);
        let developer = [DeveloperError, TimedOut, Cancelled, Success];
        assert_eq!(
            whole_groups(&developer),
            Some(vec![StatusGroup::Success, StatusGroup::DeveloperError])
        );
    }
}
