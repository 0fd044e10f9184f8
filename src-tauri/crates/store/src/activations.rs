//! The journal's public face; the folder `journal` has how it works.

use std::cmp::Reverse;

use beckon_core::{
    Activation, ActivationId, ActivationSummary, FunctionName, LOCAL, Millis, NamespaceName, Result, Status,
    filter::Filter,
};
use rusqlite::{OptionalExtension as _, params, params_from_iter};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Store;
use crate::fault::Fault;
use crate::journal::load::{self, Loader, NARROW};
use crate::journal::plan::{Order, Plan, bounds};
use crate::journal::save::{self, Known, Prepared};
use crate::journal::{histogram, merge};
use crate::readers::Reader;
use crate::words::column;
use crate::writer::Urgency;

/// Records of one job of [`Store::record_all`].
const CHUNK: usize = 500;
/// Most rows of one page.
const PAGE: u32 = 10_000;
/// Records above this size are prepared off the async threads: compressing them takes milliseconds.
const LARGE: usize = 64 * 1024;

/// Where a page ends, and the next one starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    /// Start of the last row.
    pub start: Millis,
    /// Its id, which decides between rows of the same millisecond.
    pub id: ActivationId,
}

/// Some rows, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The rows.
    pub rows: Vec<ActivationSummary>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// Counts of runs over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Histogram {
    /// Start of the first bucket.
    pub from: Millis,
    /// End of the last one.
    pub to: Millis,
    /// Length of each bucket, ms.
    pub step: Millis,
    /// All buckets, empty ones included.
    pub buckets: Vec<Bucket>,
}

/// One bar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// Ended well.
    pub success: u32,
    /// Application errors.
    pub application_error: u32,
    /// Developer errors, time-outs, cancelled.
    pub developer_error: u32,
    /// Internal errors, lost.
    pub system_error: u32,
    /// Not over yet.
    pub pending: u32,
}

/// OpenWhisk's list of one namespace's local activations that are over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// The namespace.
    pub namespace: NamespaceName,
    /// Only this function (exact: `name` is the default package only).
    pub function: Option<FunctionName>,
    /// Started at or after.
    pub since: Option<Millis>,
    /// Started at or before.
    pub upto: Option<Millis>,
    /// Rows to pass over.
    pub skip: u32,
    /// Most rows to return.
    pub limit: u32,
}

impl Store {
    /// Hands a record over to be written (inserted, or replaced as a whole) with the next group commit. Waits only when
    /// the writer is far behind.
    ///
    /// A pin stays; an empty preview is filled in. `InvalidInput` when its start is not a time.
    pub async fn record(&self, activation: Activation) -> Result<()> {
        let id = activation.summary.id;
        let pending = self.inner.pending.note(id);
        let prepared = prepare(activation).await?;
        let bytes = prepared.weight();
        let written = self
            .inner
            .queue()
            .submit(Urgency::Lazy, bytes, move |batch| {
                // Dropped with the job's answer, that is after the commit.
                let outcome = save::put(batch, &prepared);
                batch.after_commit(move || drop(pending));
                outcome
            })
            .await?;
        drop(written); // the writer logs what fails
        Ok(())
    }

    /// Like [`Store::record`], for a run that nobody will ask for at once: it is made and written when there is time,
    /// within seconds under load, and before any query that comes after it. `weight` is about how many bytes wait in
    /// memory until then.
    pub async fn record_later(
        &self,
        id: ActivationId,
        weight: usize,
        make: impl FnOnce() -> Activation + Send + 'static,
    ) -> Result<()> {
        let handed = self.inner.pending.note(id);
        self.inner.later.push(id, weight, handed, Box::new(make)).await
    }

    /// Like [`Store::record`] for many, and returns once they are committed. Rows that are final in the journal stay
    /// as they are where the new one adds nothing (a provider's record read again); where the new one leaves
    /// something out that is known (input, logs, who asked), it is kept.
    pub async fn record_all(&self, activations: Vec<Activation>) -> Result<()> {
        let mut rest = activations.into_iter().peekable();
        while rest.peek().is_some() {
            let chunk: Vec<_> = rest.by_ref().take(CHUNK).collect();
            let prepared = tokio::task::spawn_blocking(move || {
                chunk
                    .into_iter()
                    .map(Prepared::new)
                    .collect::<Result<Vec<_>, Fault>>()
            });
            let prepared = prepared
                .await
                .map_err(|e| beckon_core::Error::internal("prepare records", e))??;
            let bytes = prepared.iter().map(Prepared::weight).sum();
            self.write(Urgency::Durable, bytes, move |batch| {
                for new in prepared {
                    let old = load::activation(batch.db, new.activation.summary.id)?;
                    let new = match old {
                        None => new,
                        Some(old) => match merge::merge(&old, new.unpack()?) {
                            None => continue,
                            Some(merged) => Prepared::new(merged)?,
                        },
                    };
                    save::put(batch, &new)?;
                }
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// One record. Sees everything handed over before the call.
    pub async fn activation(&self, id: ActivationId) -> Result<Option<Activation>> {
        if self.inner.pending.holds(id) {
            self.flush().await?;
        }
        self.read(move |reader| load::activation(reader.db, id)).await
    }

    /// A page of the log, newest first, by keyset: rows that arrive between two calls neither repeat nor hide others.
    /// At most 10,000 rows.
    ///
    /// A first page sees everything handed over before the call. Dropping the future stops the query.
    pub async fn page(&self, filter: &Filter, after: Option<Cursor>, limit: u32) -> Result<Page> {
        if after.is_none() {
            self.flush_pending().await?;
        }
        let filter = filter.clone();
        self.read(move |reader| page(reader, &filter, after, limit.min(PAGE)))
            .await
    }

    /// How many rows match, counted up to `cap` (the second value says whether it was reached). Dropping the future
    /// stops the query.
    pub async fn count(&self, filter: &Filter, cap: u32) -> Result<(u32, bool)> {
        let filter = filter.clone();
        self.read(move |reader| {
            let count = match histogram::rolled_count(reader, &filter)? {
                Some(count) => count,
                None => count_rows(reader, &filter, cap)?,
            };
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            Ok((count.min(cap), count >= cap))
        })
        .await
    }

    /// Bars between the filter's `from` and `to`; with no `from`, since the oldest match, and with no `to`, until now.
    ///
    /// There are at most `buckets` of them (itself at most 2,000). Their length is a round one (1, 5, 15 min, 1, 6, 24 h …) and
    /// they start at its multiples since the epoch, so the first and the last may reach beyond the filter; runs there are
    /// not counted. Dropping the future stops the query.
    pub async fn histogram(&self, filter: &Filter, buckets: u32) -> Result<Histogram> {
        let filter = filter.clone();
        let now = self.inner.clock.now();
        self.read(move |reader| histogram::histogram(reader, &filter, buckets, now))
            .await
    }

    /// OpenWhisk's list, newest first by `start`: full records.
    pub async fn list(&self, query: &ListQuery) -> Result<Vec<Activation>> {
        self.flush_pending().await?;
        let query = query.clone();
        self.read(move |reader| {
            let plan = Plan::new(reader, &query.filter())?;
            if plan.is_empty() {
                return Ok(Vec::new());
            }
            let sql = format!(
                "{} LIMIT {} OFFSET {}",
                plan.sql(NARROW, Order::Newest),
                query.limit,
                query.skip
            );
            let mut loader = Loader::new(reader.db);
            let rows = load_rows(reader, &mut loader, &sql, &plan)?;
            rows.into_iter().map(|row| loader.whole(row)).collect()
        })
        .await
    }

    /// How many rows OpenWhisk's list would return without its limit (after `skip`).
    pub async fn list_count(&self, query: &ListQuery) -> Result<u64> {
        self.flush_pending().await?;
        let query = query.clone();
        self.read(move |reader| {
            let count = histogram::rolled_count(reader, &query.filter())?
                .unwrap_or(0)
                .unsigned_abs();
            Ok(count.saturating_sub(u64::from(query.skip)))
        })
        .await
    }

    /// Remote runs whose end is not known yet, newest first.
    pub async fn polling(&self) -> Result<Vec<Activation>> {
        self.whole_with(Status::Polling).await
    }

    /// Remote runs whose answer is being waited for, newest first.
    pub async fn waited_for(&self) -> Result<Vec<Activation>> {
        let mut running = self.whole_with(Status::Running).await?;
        running.retain(|run| run.summary.connection != LOCAL);
        Ok(running)
    }

    async fn whole_with(&self, status: Status) -> Result<Vec<Activation>> {
        self.flush_pending().await?;
        let filter = Filter {
            statuses: vec![status],
            ..Filter::default()
        };
        self.read(move |reader| {
            let plan = Plan::new(reader, &filter)?;
            let mut loader = Loader::new(reader.db);
            let rows = load_rows(reader, &mut loader, &plan.sql(NARROW, Order::Newest), &plan)?;
            rows.into_iter().map(|row| loader.whole(row)).collect()
        })
        .await
    }

    /// Keeps a record beyond the retention period, or not any more. `NotFound` when there is none.
    pub async fn pin(&self, id: ActivationId, pinned: bool) -> Result<ActivationSummary> {
        self.write(Urgency::Durable, 0, move |batch| {
            batch
                .db
                .prepare_cached("UPDATE activations SET pinned = ?2 WHERE id = ?1")?
                .execute(params![save::id_bytes(id), pinned])?;
            let Some((_, row)) = load::summary(batch.db, id)? else {
                return Err(beckon_core::Error::not_found(format!("activation {id}")).into());
            };
            batch.changed(row.clone());
            Ok(row)
        })
        .await
    }

    /// Removes up to `limit` records that ended before `before` and are not pinned; returns how many it removed. Call
    /// again until it returns 0, with pauses: each call is one short transaction.
    pub async fn prune(&self, before: Millis, limit: u32) -> Result<u32> {
        self.write(Urgency::Durable, 0, move |batch| {
            // A run starts before it ends, so the table's own order gives them, oldest first.
            let (first, last) = bounds(None, Some(before));
            let mut old = Vec::new();
            {
                let mut statement = batch.db.prepare_cached(
                    "SELECT n, place, start, status, pinned FROM activations NOT INDEXED
                     WHERE n BETWEEN ?1 AND ?2 AND pinned = 0 AND status NOT IN ('queued', 'running', 'polling')
                     AND coalesce(\"end\", start) < ?3 ORDER BY n LIMIT ?4",
                )?;
                let mut rows = statement.query(params![first, last, before, limit])?;
                while let Some(row) = rows.next()? {
                    let status = column(row, "status")?;
                    old.push(Known { n: row.get(0)?, place: row.get(1)?, start: row.get(2)?, status, pinned: false, callback: None });
                }
            }
            for row in &old {
                save::remove(batch, row.n)?;
                batch.count(row.start, row.place, row.status.group(), -1);
            }
            Ok(u32::try_from(old.len()).unwrap_or(u32::MAX))
        })
        .await
    }
}

impl ListQuery {
    fn filter(&self) -> Filter {
        Filter {
            connections: vec![LOCAL.to_owned()],
            namespaces: vec![self.namespace.to_string()],
            functions: self.function.iter().map(ToString::to_string).collect(),
            statuses: Status::ALL
                .into_iter()
                .filter(|status| status.is_final())
                .collect(),
            from: self.since,
            to: self.upto,
            ..Filter::default()
        }
    }
}

pub(crate) async fn prepare(activation: Activation) -> Result<Prepared> {
    if save::size_of_activation(&activation) < LARGE {
        return Ok(Prepared::new(activation)?);
    }
    let task = tokio::task::spawn_blocking(move || Prepared::new(activation));
    Ok(task
        .await
        .map_err(|e| beckon_core::Error::internal("prepare a record", e))??)
}

fn load_rows(
    reader: &Reader<'_>,
    loader: &mut Loader<'_>,
    sql: &str,
    plan: &Plan,
) -> Result<Vec<load::Numbered>, Fault> {
    reader.check()?;
    let mut statement = reader.db.prepare(sql)?;
    let mut rows = statement.query(params_from_iter(plan.values()))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(loader.summary(row)?);
    }
    Ok(found)
}

fn page(reader: &Reader<'_>, filter: &Filter, after: Option<Cursor>, limit: u32) -> Result<Page, Fault> {
    let mut plan = Plan::new(reader, filter)?;
    if let Some(Cursor { start, id }) = after {
        plan = plan.after(start, id);
    }
    if plan.is_empty() || limit == 0 {
        return Ok(Page {
            rows: Vec::new(),
            next: None,
        });
    }
    let limit = limit as usize;
    let mut loader = Loader::new(reader.db);
    let sql = format!("{} LIMIT {}", plan.sql(NARROW, Order::Newest), limit + 1);
    let mut rows = load_rows(reader, &mut loader, &sql, &plan)?;
    let more = rows.len() > limit;
    if more && let Some(last) = rows.last().map(|(_, row)| row.start) {
        // Within a millisecond the numbers are in the order of arrival and the page is in the order of ids: all of the
        // last millisecond must be seen to know which of its rows come first.
        rows.retain(|(_, row)| row.start != last);
        let ties = plan.within(bounds(Some(last), Some(last)));
        rows.extend(load_rows(
            reader,
            &mut loader,
            &ties.sql(NARROW, Order::Newest),
            &ties,
        )?);
    }
    let mut rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    rows.sort_by_key(|row| Reverse((row.start, row.id)));
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Cursor {
        start: row.start,
        id: row.id,
    });
    Ok(Page { rows, next })
}

fn count_rows(reader: &Reader<'_>, filter: &Filter, cap: u32) -> Result<i64, Fault> {
    let plan = Plan::new(reader, filter)?;
    if plan.is_empty() {
        return Ok(0);
    }
    let sql = format!("SELECT count(*) FROM ({} LIMIT {cap})", plan.sql("1", Order::Any));
    let mut statement = reader.db.prepare(&sql)?;
    let count = statement
        .query_row(params_from_iter(plan.values()), |row| row.get(0))
        .optional()?;
    Ok(count.unwrap_or(0))
}
