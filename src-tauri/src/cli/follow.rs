//! `beckon activation logs --follow`: each run that ends from now on, until interrupted.
//!
//! The journal is sorted by when a run was asked for, and not by when it ended: a run of an hour ends far below the
//! newest rows, and one that its caller waits for has no row in its first moments. So two things are looked at again
//! and again: the rows of the last seconds, and those of runs that were not over when they were looked at last.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use beckon_core::{ActivationId, ActivationSummary, Error, ErrorCode, Millis};
use serde::Deserialize;
use serde_json::{Value, json};

use super::activation::{Detail, Logs, filter, print_record};
use super::door::Door;
use super::target;

/// How often the log is looked at.
const PACE: Duration = Duration::from_millis(500);

/// How much later than its beginning a run may be noted here, ms: a blocking one after a quarter of a second, all of
/// them late on a busy machine.
const LATE: Millis = 10_000;

/// The same where a provider keeps the records, which come when they are written there, ms.
const LATE_ELSEWHERE: Millis = 300_000;

/// Rows asked for at once: the most that one answer holds.
const PAGE: u32 = 500;

/// The words of the filter for what is not over.
const UNDER_WAY: &str = "status:queued status:running status:polling";

/// A row, as far as it matters here: a first look far back may be at very many.
#[derive(Debug, Clone, Copy)]
struct Row {
    id: ActivationId,
    start: Millis,
    is_over: bool,
}

impl From<ActivationSummary> for Row {
    fn from(run: ActivationSummary) -> Self {
        Self {
            id: run.id,
            start: run.start,
            is_over: run.status.is_final(),
        }
    }
}

/// What was shown and what is awaited.
struct Watch {
    /// How much later than its beginning a run may be noted, ms.
    late: Millis,
    /// The oldest start that is looked at again for rows not seen yet; none while there is no row.
    from: Option<Millis>,
    /// Runs that were not over, with their starts.
    awaited: HashMap<ActivationId, Millis>,
    /// Runs that are over and dealt with, as long as their rows are looked at.
    seen: HashMap<ActivationId, Millis>,
}

impl Watch {
    fn new(late: Millis, from: Option<Millis>) -> Self {
        Self {
            late,
            from,
            awaited: HashMap::new(),
            seen: HashMap::new(),
        }
    }

    /// Takes the rows of runs under way, and then those from [`Watch::from`] on; answers the runs that ended since the
    /// last time, oldest first. One whose row is nowhere any more is among them: only its record tells.
    fn look(&mut self, under_way: &[Row], recent: &[Row]) -> Vec<(ActivationId, Millis)> {
        let mut awaited: HashMap<_, _> = under_way.iter().map(|row| (row.id, row.start)).collect();
        let mut ended = std::mem::take(&mut self.awaited);
        for row in recent {
            if !row.is_over {
                awaited.insert(row.id, row.start);
            } else {
                // It may have ended between the two looks.
                awaited.remove(&row.id);
                ended.insert(row.id, row.start);
            }
        }
        ended.retain(|id, _| !awaited.contains_key(id) && !self.seen.contains_key(id));
        self.awaited = awaited;
        self.seen.extend(&ended);
        // By the rows and not by a clock: a provider's may be another one.
        if let Some(newest) = recent.iter().map(|row| row.start).max() {
            self.from = self.from.max(Some(newest - self.late));
        }
        let from = self.from;
        self.seen.retain(|_, start| Some(*start) >= from);
        let mut ended: Vec<_> = ended.into_iter().collect();
        ended.sort_unstable_by_key(|(id, start)| (*start, *id));
        ended
    }

    /// It is not over after all.
    fn await_again(&mut self, id: ActivationId, start: Millis) {
        self.seen.remove(&id);
        self.awaited.insert(id, start);
    }
}

/// Prints each run that ends, until interrupted; with `--since`, first those that began then and are over.
pub(super) async fn follow(door: &Door, args: &Logs) -> Result<()> {
    let target = target::find(door, &args.target).await?;
    let function = args.function.as_deref();
    let scope = filter(&target, function, None, None)?;
    // Read once: "an hour ago" must not move on.
    let since = match args.since.as_deref() {
        None => None,
        Some(text) => {
            let text = filter(&target, function, Some(text), None)?;
            beckon_core::filter::parse(&text, chrono::Utc::now().timestamp_millis())
                .0
                .from
        }
    };
    let from = |text: &str, from: Option<Millis>| match from {
        Some(from) => format!("{text} from:{from}"),
        None => text.to_owned(),
    };
    target::refresh(door, &target).await?;
    let late = if target.is_local() { LATE } else { LATE_ELSEWHERE };
    let mut watch = Watch::new(late, since);
    let mut is_first = since.is_none();
    if is_first {
        let newest = page(door, &scope, &Value::Null, 1).await?.rows.pop();
        watch.from = newest.map(|run| run.start - late);
    }
    loop {
        let began = Instant::now();
        let under_way = rows(door, &from(&format!("{scope} {UNDER_WAY}"), since)).await?;
        let recent = rows(door, &from(&scope, watch.from)).await?;
        let ended = watch.look(&under_way, &recent);
        // What was over before is not of those that end from now on.
        if !std::mem::take(&mut is_first) {
            for (id, start) in ended {
                if !show(door, id, args).await? {
                    watch.await_again(id, start);
                }
            }
        }
        // A long backlog must not keep the engine busy with being looked at.
        tokio::time::sleep(PACE.max(began.elapsed())).await;
        target::refresh(door, &target).await?;
    }
}

/// Prints a run; `false` when it is not over. One without a record any more is passed over.
async fn show(door: &Door, id: ActivationId, args: &Logs) -> Result<bool> {
    let found: Result<Detail> = door.call("activation", json!({ "id": id })).await;
    match found {
        Ok(detail) => print_record(&detail, args),
        Err(error) => match error.downcast_ref::<Error>() {
            Some(error) if error.code == ErrorCode::NotFound => Ok(true),
            _ => Err(error),
        },
    }
}

#[derive(Deserialize)]
struct Page {
    rows: Vec<ActivationSummary>,
    /// Where the next one begins, as the log wants to be asked for it.
    next: Option<Value>,
}

async fn page(door: &Door, filter: &str, after: &Value, limit: u32) -> Result<Page> {
    let asked = json!({ "filter": filter, "after": after, "limit": limit });
    door.call("activations", asked).await
}

/// All rows that match.
async fn rows(door: &Door, filter: &str) -> Result<Vec<Row>> {
    let mut all = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = page(door, filter, &after, PAGE).await?;
        all.extend(page.rows.into_iter().map(Row::from));
        match page.next {
            Some(next) => after = next,
            None => return Ok(all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u8, start: Millis, is_over: bool) -> Row {
        let id = format!("{id:032x}").parse().unwrap();
        Row { id, start, is_over }
    }

    fn ids(ended: &[(ActivationId, Millis)]) -> Vec<u8> {
        let number = |id: &ActivationId| u8::from_str_radix(&id.to_string()[30..], 16).unwrap();
        ended.iter().map(|(id, _)| number(id)).collect()
    }

    #[test]
    fn a_run_is_shown_once_when_it_ends_however_long_ago_it_began() {
        let mut watch = Watch::new(LATE, None);
        let old = row(1, 1_000, false);
        assert!(watch.look(&[old], &[row(2, 500_000, true)]).len() == 1);
        assert_eq!(watch.from, Some(490_000));
        // Still under way, then over; its row is far below those that are looked at.
        assert!(watch.look(&[old], &[row(2, 500_000, true)]).is_empty());
        assert_eq!(ids(&watch.look(&[], &[row(2, 500_000, true)])), [1]);
        assert!(watch.look(&[], &[row(2, 500_000, true)]).is_empty());
    }

    #[test]
    fn a_run_that_is_noted_late_is_shown_in_its_turn() {
        let mut watch = Watch::new(LATE, Some(0));
        let newest = row(9, 100_000, true);
        assert_eq!(ids(&watch.look(&[], &[newest])), [9]);
        let late = [newest, row(8, 99_000, true), row(7, 91_000, true)];
        assert_eq!(ids(&watch.look(&[], &late)), [7, 8]);
        assert!(watch.look(&[], &late).is_empty());
        // It ended between the two looks.
        let both = [row(10, 101_000, true), newest];
        assert_eq!(ids(&watch.look(&[row(10, 101_000, false)], &both)), [10]);
        assert!(watch.look(&[], &both).is_empty());
        // What is looked at no more is not remembered.
        watch.look(&[], &[row(11, 900_000, true)]);
        assert_eq!(watch.seen.len(), 1);
    }

    #[test]
    fn a_run_that_only_seemed_over_is_awaited_again() {
        let mut watch = Watch::new(LATE, Some(0));
        let run = row(3, 50_000, false);
        assert!(watch.look(&[run], &[run]).is_empty());
        let ended = watch.look(&[], &[]);
        assert_eq!(ids(&ended), [3]);
        watch.await_again(run.id, run.start);
        assert_eq!(ids(&watch.look(&[], &[row(3, 50_000, true)])), [3]);
    }
}
