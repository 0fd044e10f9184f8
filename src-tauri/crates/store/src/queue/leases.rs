//! Leases kept while a run lasts, and what becomes of those that nobody keeps.

use std::collections::HashSet;

use beckon_core::{ActivationId, LOCAL, LostPolicy, Millis, Result, Status};
use rusqlite::{Connection, params};

use super::{Owner, end, id_of};
use crate::Store;
use crate::batch::Batch;
use crate::fault::Fault;
use crate::journal::save::{self, id_bytes};
use crate::words::from_word;
use crate::writer::Urgency;

/// What became of runs that nobody runs any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Runs that wait again: never begun, or begun with the policy `Retry`.
    pub requeued: Vec<ActivationId>,
    /// Runs recorded as lost.
    pub lost: Vec<ActivationId>,
}

/// How often a run with the policy `Retry` may take Beckon down with it.
const MOST_CRASHES: u32 = 5;

const BEGUN: &str = "Beckon stopped while this run was in progress; it is not known how far it got.";
const NOT_BEGUN: &str = "Beckon stopped before this run began, and nobody waits for it any more.";

struct Leased {
    id: ActivationId,
    policy: LostPolicy,
    attempts: u32,
}

impl Store {
    /// Keeps the leases of `ids` until `until`. Then looks for leases that ran out, whosever they are: those runs wait
    /// again or are lost, by their policy. A lease that ends much later than `until` was given by a clock that was wrong,
    /// and counts as run out.
    pub async fn renew(
        &self,
        ids: Vec<ActivationId>,
        owner: Owner,
        now: Millis,
        until: Millis,
    ) -> Result<Recovery> {
        self.write(Urgency::Lazy, 0, move |batch| {
            let mut own = HashSet::with_capacity(ids.len());
            for id in ids {
                batch
                    .db
                    .prepare_cached("UPDATE queue SET until = ?3 WHERE id = ?1 AND owner = ?2")?
                    .execute(params![id_bytes(id), owner.bytes(), until])?;
                own.insert(id);
            }
            let mut expired = leased(
                batch.db,
                "SELECT id, policy, attempts FROM queue WHERE owner IS NOT NULL AND (until < ?1 OR until > ?2)
                 ORDER BY seq",
                // What was given a moment ago may end a moment later.
                params![now, until.saturating_add(until.saturating_sub(now))],
            )?;
            expired.retain(|row| !own.contains(&row.id));
            give_up(batch, expired, None, now)
        })
        .await
    }

    /// Called once at start, before anything else runs: whoever had a lease is gone. A run that had begun waits again or
    /// is recorded as `Lost`, by its policy; `begun` are those that had, and without it all that were leased may have.
    /// Runs that were promoted or blocking are always recorded as lost. Runs that wait at a remote system (`Polling`)
    /// stay as they are.
    pub async fn recover(&self, begun: Option<HashSet<ActivationId>>, now: Millis) -> Result<Recovery> {
        self.write(Urgency::Durable, 0, move |batch| {
            batch.is_whole()?;
            let held = leased(
                batch.db,
                "SELECT id, policy, attempts FROM queue WHERE owner IS NOT NULL ORDER BY seq",
                [],
            )?;
            let mut recovery = give_up(batch, held, begun.as_ref(), now)?;
            for (id, status) in unqueued(batch.db)? {
                let why = if status == Status::Queued {
                    NOT_BEGUN
                } else {
                    BEGUN
                };
                end(batch, id, Status::Lost, why, now, None)?;
                recovery.lost.push(id);
            }
            Ok(recovery)
        })
        .await
    }
}

fn leased(db: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<Vec<Leased>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Leased {
            id: id_of(row.get(0)?),
            policy: from_word(&row.get::<_, String>(1)?, "policy")?,
            attempts: row.get(2)?,
        });
    }
    Ok(found)
}

fn give_up(
    batch: &mut Batch<'_>,
    held: Vec<Leased>,
    begun: Option<&HashSet<ActivationId>>,
    now: Millis,
) -> Result<Recovery, Fault> {
    let mut recovery = Recovery::default();
    for Leased { id, policy, attempts } in held {
        let had_begun = begun.is_none_or(|begun| begun.contains(&id));
        let again = policy == LostPolicy::Retry && attempts < MOST_CRASHES;
        if had_begun && !again {
            batch
                .db
                .prepare_cached("DELETE FROM queue WHERE id = ?1")?
                .execute([id_bytes(id)])?;
            end(batch, id, Status::Lost, BEGUN, now, None)?;
            recovery.lost.push(id);
            continue;
        }
        batch
            .db
            .prepare_cached(
                "UPDATE queue SET owner = NULL, until = NULL, attempts = attempts + ?2, not_before = NULL
                 WHERE id = ?1",
            )?
            .execute(params![id_bytes(id), had_begun])?;
        if let Some(known) = save::known(batch.db, id)?
            && known.status != Status::Queued
        {
            save::set_status(batch, &known, Status::Queued)?;
        }
        recovery.requeued.push(id);
    }
    Ok(recovery)
}

/// Local runs that are not over and not in the queue: somebody waited for them.
fn unqueued(db: &Connection) -> Result<Vec<(ActivationId, Status)>, Fault> {
    let mut statement = db.prepare(
        "SELECT a.id, a.status FROM activations AS a JOIN places ON places.id = a.place
         WHERE a.status IN ('queued', 'running') AND a.status <> 'success' AND places.connection = ?1
         AND NOT EXISTS (SELECT 1 FROM queue WHERE queue.id = a.id) ORDER BY a.n",
    )?;
    let mut rows = statement.query([LOCAL])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((id_of(row.get(0)?), crate::words::column(row, "status")?));
    }
    Ok(found)
}
