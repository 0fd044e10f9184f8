//! How each function's queue stands, and which are paused.

use std::collections::HashMap;

use beckon_core::{FunctionKey, LOCAL, Millis, Result};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{key_in, place_of};
use crate::Store;
use crate::fault::Fault;
use crate::writer::Urgency;

/// The queue of one function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QueueState {
    /// Whose.
    pub function: FunctionKey,
    /// Accepted runs that may begin as soon as there is room.
    pub waiting: u64,
    /// Accepted runs that wait for their next attempt.
    pub delayed: u64,
    /// Accepted runs in progress.
    pub running: u64,
    /// Runs that failed as often as they may.
    pub dead: u64,
    /// Since when its runs are held back; `None`: they are not.
    pub paused: Option<Millis>,
    /// When the longest waiting run was asked for.
    pub oldest: Option<Millis>,
    /// When the next attempt is due.
    pub next_attempt: Option<Millis>,
}

impl QueueState {
    fn of(function: FunctionKey) -> Self {
        Self {
            function,
            waiting: 0,
            delayed: 0,
            running: 0,
            dead: 0,
            paused: None,
            oldest: None,
            next_attempt: None,
        }
    }
}

impl Store {
    /// The queues of all functions that have anything in them, or are paused, by name.
    pub async fn queues(&self, now: Millis) -> Result<Vec<QueueState>> {
        self.flush_pending().await?;
        self.read(move |reader| {
            let mut all = HashMap::new();
            // One pass over the queue; the start of the oldest is looked up, not joined for every row.
            let sql = "SELECT namespace, function, waiting, delayed, running, next,
                 (SELECT start FROM activations JOIN queue USING (id) WHERE seq = oldest) AS start
                 FROM (SELECT place, count(*) FILTER (WHERE owner IS NULL AND coalesce(not_before, 0) <= ?1) AS waiting,
                       count(*) FILTER (WHERE owner IS NULL AND not_before > ?1) AS delayed,
                       count(owner) AS running, min(not_before) FILTER (WHERE owner IS NULL AND not_before > ?1) AS next,
                       min(seq) FILTER (WHERE owner IS NULL) AS oldest
                       FROM queue GROUP BY place) JOIN places ON places.id = place";
            let mut statement = reader.db.prepare_cached(sql)?;
            let mut rows = statement.query([now])?;
            while let Some(row) = rows.next()? {
                let count = |column| Ok::<_, Fault>(row.get::<_, i64>(column)?.unsigned_abs());
                let state: &mut QueueState = entry(&mut all, key_in(row)?);
                state.waiting = count("waiting")?;
                state.delayed = count("delayed")?;
                state.running = count("running")?;
                state.next_attempt = row.get("next")?;
                state.oldest = row.get("start")?;
            }
            let sql = "SELECT namespace, function, dead FROM (SELECT place, count(*) AS dead FROM dead_letters
                       GROUP BY place) JOIN places ON places.id = place";
            let mut statement = reader.db.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                entry(&mut all, key_in(row)?).dead = row.get::<_, i64>("dead")?.unsigned_abs();
            }
            for (function, since) in paused(reader.db)? {
                entry(&mut all, function).paused = Some(since);
            }
            let mut all: Vec<_> = all.into_values().collect();
            all.sort_by(|a, b| {
                let name = |state: &QueueState| state.function.to_string();
                name(a).cmp(&name(b))
            });
            Ok(all)
        })
        .await
    }

    /// Holds back a function's accepted runs; those in progress go on.
    pub async fn pause_queue(&self, key: &FunctionKey, now: Millis) -> Result<()> {
        let key = key.clone();
        self.write(Urgency::Durable, 0, move |batch| {
            let place = batch.place(LOCAL, key.namespace.as_str(), key.name.as_str())?;
            batch
                .db
                .prepare_cached(
                    "INSERT INTO paused_queues (place, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                )?
                .execute(params![place, now])?;
            batch.queues_changed();
            Ok(())
        })
        .await
    }

    /// Lets a function's accepted runs go on.
    pub async fn resume_queue(&self, key: &FunctionKey) -> Result<()> {
        let key = key.clone();
        self.write(Urgency::Durable, 0, move |batch| {
            if let Some(place) = place_of(batch.db, &key)? {
                batch
                    .db
                    .prepare_cached("DELETE FROM paused_queues WHERE place = ?1")?
                    .execute([place])?;
            }
            batch.queues_changed();
            Ok(())
        })
        .await
    }

    /// The functions whose accepted runs are held back.
    pub async fn paused_queues(&self) -> Result<Vec<FunctionKey>> {
        self.read(|reader| Ok(paused(reader.db)?.into_iter().map(|(key, _)| key).collect()))
            .await
    }
}

fn entry(all: &mut HashMap<FunctionKey, QueueState>, key: FunctionKey) -> &mut QueueState {
    all.entry(key.clone()).or_insert_with(|| QueueState::of(key))
}

fn paused(db: &rusqlite::Connection) -> Result<Vec<(FunctionKey, Millis)>, Fault> {
    let mut statement = db.prepare_cached(
        "SELECT namespace, function, since FROM paused_queues JOIN places ON places.id = place",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((key_in(row)?, row.get("since")?));
    }
    Ok(found)
}
