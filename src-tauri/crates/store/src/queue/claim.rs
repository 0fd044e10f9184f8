//! From waiting to running, and from running to over, or back to waiting.

use beckon_core::{Activation, ActivationId, LOCAL, LostPolicy, Millis, Result};
use rusqlite::{OptionalExtension as _, params};

use super::{Owner, id_of};
use crate::Store;
use crate::deliveries::{self, NewDelivery};
use crate::journal::load;
use crate::journal::save::{self, Prepared, id_bytes};
use crate::words::word;
use crate::writer::Urgency;

/// So many leases are company enough.
const MANY: usize = 8;

/// A run that the caller has the lease of.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Which.
    pub id: ActivationId,
    /// How often it was begun before.
    pub attempts: u32,
    /// How many of those count no more.
    pub forgiven: u32,
    /// Its record as it is in the journal, where it was asked for.
    pub activation: Option<Box<Activation>>,
}

/// How a leased run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As its record says.
    Over,
    /// It failed as often as it may: its record says how, and it is among the dead letters from `at` on.
    Dead {
        /// When.
        at: Millis,
        /// What retrying it after a crash may do.
        policy: LostPolicy,
    },
}

impl Store {
    /// Takes leases, durably, of those of `wanted` that wait; the rest is left out. The record comes with the claim
    /// where the second value asks for it. A few leases may wait some milliseconds for company: a caller who has one run
    /// accepted after the other would find the disk busy with the lease of the one before.
    ///
    /// That it waits long enough is the caller's business, for clocks may be changed.
    pub async fn claim(
        &self,
        wanted: Vec<(ActivationId, bool)>,
        owner: Owner,
        until: Millis,
    ) -> Result<Vec<Claim>> {
        let urgency = if wanted.len() < MANY {
            Urgency::Soon
        } else {
            Urgency::Durable
        };
        self.write(urgency, 0, move |batch| {
            batch.is_whole()?;
            let mut claims = Vec::with_capacity(wanted.len());
            for (id, load) in wanted {
                let taken = batch
                    .db
                    .prepare_cached(
                        "UPDATE queue SET owner = ?2, until = ?3 WHERE id = ?1 AND owner IS NULL
                         RETURNING attempts, forgiven",
                    )?
                    .query_row(params![id_bytes(id), owner.bytes(), until], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })
                    .optional()?;
                let Some((attempts, forgiven)) = taken else {
                    continue;
                };
                let activation = match load {
                    true => match load::activation(batch.db, id)? {
                        Some(activation) => Some(Box::new(activation)),
                        None => {
                            tracing::error!(%id, "a queued run has no record");
                            batch
                                .db
                                .prepare_cached("DELETE FROM queue WHERE id = ?1")?
                                .execute([id_bytes(id)])?;
                            continue;
                        }
                    },
                    false => None,
                };
                claims.push(Claim {
                    id,
                    attempts,
                    forgiven,
                    activation,
                });
            }
            Ok(claims)
        })
        .await
    }

    /// Gives leases back unused.
    pub async fn release(&self, ids: Vec<ActivationId>, owner: Owner) -> Result<()> {
        self.write(Urgency::Durable, 0, move |batch| {
            for id in ids {
                batch
                    .db
                    .prepare_cached(
                        "UPDATE queue SET owner = NULL, until = NULL WHERE id = ?1 AND owner = ?2",
                    )?
                    .execute(params![id_bytes(id), owner.bytes()])?;
            }
            Ok(())
        })
        .await
    }

    /// Hands over the record of a leased run that is over, to be written with the next group commit; the run leaves the
    /// queue. Nothing is written when the lease is somebody else's by now. `done` is called after the commit, and told
    /// whether the record is this one. Returns as soon as the writer has it; the future tells what came of it.
    ///
    /// The record, and what is to be delivered because of it, are made by the writer's own thread; `weight` is about how many bytes wait in memory until then.
    pub async fn settle(
        &self,
        id: ActivationId,
        weight: usize,
        make: impl FnOnce() -> (Activation, Vec<NewDelivery>) + Send + 'static,
        owner: Owner,
        ended: Ended,
        done: impl FnOnce(bool) + Send + 'static,
    ) -> Result<impl Future<Output = Result<()>> + Send + 'static> {
        let pending = self.inner.pending.note(id);
        let written = self
            .inner
            .queue()
            .submit(Urgency::Lazy, weight, move |batch| {
                let left = batch
                    .db
                    .prepare_cached("DELETE FROM queue WHERE id = ?1 AND owner = ?2")?
                    .execute(params![id_bytes(id), owner.bytes()])?;
                // Dropped with the job's answer, that is after the commit.
                batch.after_commit(move || {
                    drop(pending);
                    done(left > 0);
                });
                if left == 0 {
                    tracing::warn!(%id, "a run lost its lease; its record is left to its new owner");
                    return Ok(());
                }
                let (record, deliveries) = make();
                let prepared = Prepared::new(record)?;
                let attempts = prepared.activation.attempts;
                let target = prepared.activation.target();
                let owed = deliveries::put_over(batch, &prepared, &deliveries)?;
                if let Ended::Dead { at, policy } = ended {
                    let place = batch.place(LOCAL, target.namespace.as_str(), target.name.as_str())?;
                    batch
                        .db
                        .prepare_cached(
                            "INSERT OR REPLACE INTO dead_letters (n, place, policy, attempts, at, callback)
                             SELECT n, ?5, ?2, ?3, ?4, ?6 FROM activations WHERE id = ?1",
                        )?
                        .execute(params![id_bytes(id), word(policy)?, attempts, at, place, owed])?;
                    batch.queues_changed();
                }
                Ok(())
            })
            .await?;
        Ok(async move { written.await.unwrap_or_else(|_| Err(crate::writer::stopped())) })
    }

    /// Puts a leased run back, to wait for `wait_ms`; `activation` is its record meanwhile (status `Queued`). Durable.
    /// Returns its place in the order of arrival; `None`, which changes nothing, when the lease is somebody else's by
    /// now.
    pub async fn requeue(
        &self,
        activation: Activation,
        owner: Owner,
        wait_ms: u64,
        now: Millis,
    ) -> Result<Option<i64>> {
        let id = activation.summary.id;
        let prepared = crate::activations::prepare(activation).await?;
        let wait_ms = i64::try_from(wait_ms).unwrap_or(i64::MAX);
        self.write(Urgency::Durable, prepared.weight(), move |batch| {
            let seq = batch
                .db
                .prepare_cached(
                    "UPDATE queue SET owner = NULL, until = NULL, attempts = attempts + 1, not_before = ?3,
                     wait_ms = ?4 WHERE id = ?1 AND owner = ?2 RETURNING seq",
                )?
                .query_row(
                    params![id_bytes(id), owner.bytes(), now.saturating_add(wait_ms), wait_ms],
                    |row| row.get(0),
                )
                .optional()?;
            if seq.is_some() {
                save::put(batch, &prepared)?;
            }
            Ok(seq)
        })
        .await
    }

    /// Rows that wait and arrived after `seq`, in the order of arrival.
    pub async fn waiting_after(&self, seq: i64, now: Millis) -> Result<Vec<super::Waiting>> {
        if !self.inner.pending.is_empty() {
            self.write(Urgency::Durable, 0, |batch| batch.is_whole()).await?;
        }
        self.read(move |reader| {
            let mut statement = reader.db.prepare_cached(
                "SELECT seq, queue.id, namespace, function, not_before, wait_ms FROM queue
                 JOIN places ON places.id = queue.place WHERE seq > ?1 AND owner IS NULL ORDER BY seq",
            )?;
            let mut rows = statement.query([seq])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let not_before: Option<i64> = row.get("not_before")?;
                let wait: i64 = row.get("wait_ms")?;
                let left = not_before.map_or(0, |at| at.saturating_sub(now).clamp(0, wait.max(0)));
                found.push(super::Waiting {
                    seq: row.get("seq")?,
                    id: id_of(row.get("id")?),
                    function: super::key_in(row)?,
                    due_in_ms: left.unsigned_abs(),
                });
            }
            Ok(found)
        })
        .await
    }
}
