use beckon_core::{
    Activation, ActivationId, Error, ErrorCode, FunctionKey, JsonText, LOCAL, LostPolicy, Millis, Result,
    Status,
};
use rusqlite::{Connection, params};

use crate::Store;
use crate::batch::Batch;
use crate::fault::Fault;
use crate::journal::load;
use crate::journal::save::{self, Known, Prepared, id_bytes};
use crate::words::{from_word, word};
use crate::writer::Urgency;

/// A queued run that the caller may now execute.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The run; its status is `Running` in the database from this moment.
    pub activation: Activation,
    /// How often it was begun before.
    pub attempts: u32,
}

/// What was found when Beckon started after a crash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Runs put back into the queue: never begun, or begun with the policy `Retry`.
    pub requeued: Vec<ActivationId>,
    /// Runs recorded as lost.
    pub lost: Vec<ActivationId>,
}

const BEGUN: &str = "Beckon stopped while this run was in progress; it is not known how far it got.";
const NOT_BEGUN: &str = "Beckon stopped before this run began, and nobody waits for it any more.";
const CANCELLED: &str = "The run was cancelled before it began.";

impl Store {
    /// Puts a run (status `Queued`) into the journal and the queue. Returns when both are on disk (fsync), so that a
    /// 202 sent afterwards is a promise. `Conflict` when the journal has a run with this id.
    pub async fn accept(&self, activation: Activation, policy: LostPolicy) -> Result<()> {
        if activation.summary.status != Status::Queued {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "Only a run that has not begun can be queued.",
            ));
        }
        let prepared = crate::activations::prepare(activation).await?;
        self.write(Urgency::Durable, prepared.weight(), move |batch| {
            if save::known(batch.db, prepared.activation.summary.id)?.is_some() {
                return Err(Error::new(ErrorCode::Conflict, "There is a run with this id already.").into());
            }
            let row = save::put(batch, prepared)?;
            let place = batch.place(&row.connection, row.namespace.as_str(), row.function.as_str())?;
            batch
                .db
                .prepare_cached("INSERT INTO queue (id, place, policy) VALUES (?1, ?2, ?3)")?
                .execute(params![id_bytes(row.id), place, word(policy)?])?;
            Ok(())
        })
        .await
    }

    /// Takes up to `limit` queued runs, oldest first, skipping functions (namespace/name) in `busy`; marks them
    /// running, durably, before it returns.
    pub async fn claim(&self, limit: usize, busy: &[FunctionKey], now: Millis) -> Result<Vec<Claim>> {
        let busy = busy.to_vec();
        self.write(Urgency::Durable, 0, move |batch| {
            let mut claims = Vec::new();
            for (id, attempts) in waiting(batch, limit, &busy)? {
                batch
                    .db
                    .prepare_cached("UPDATE queue SET begun = 1 WHERE id = ?1")?
                    .execute([id])?;
                let id = ActivationId::from_u128(u128::from_be_bytes(id));
                let Some(old) = save::known(batch.db, id)? else {
                    return Err(Fault::unreadable("queue", format!("run {id} has no record")));
                };
                save::set_status(batch, &old, Status::Running)?;
                // As much of the timing as is known now; the run's own record replaces it.
                let waited = now.saturating_sub(old.start).max(0) as f64;
                batch
                    .db
                    .prepare_cached("UPDATE bodies SET wait_ms = ?2 WHERE n = ?1")?
                    .execute(params![old.n, waited])?;
                let activation = load::activation(batch.db, id)?;
                let activation =
                    activation.ok_or_else(|| Fault::unreadable("queue", "a record disappeared"))?;
                batch.changed(activation.summary.clone());
                claims.push(Claim { activation, attempts });
            }
            Ok(claims)
        })
        .await
    }

    /// How many runs wait.
    pub async fn queue_depth(&self) -> Result<u64> {
        self.read(|reader| {
            let mut statement = reader
                .db
                .prepare_cached("SELECT count(*) FROM queue WHERE begun = 0")?;
            Ok(statement
                .query_row([], |row| row.get::<_, i64>(0))?
                .unsigned_abs())
        })
        .await
    }

    /// Takes a run out of the queue and records it as cancelled. `false` when it is no longer queued.
    pub async fn cancel_queued(&self, id: ActivationId, now: Millis) -> Result<bool> {
        self.write(Urgency::Durable, 0, move |batch| {
            let sql = "DELETE FROM queue WHERE id = ?1 AND begun = 0";
            if batch.db.prepare_cached(sql)?.execute([id_bytes(id)])? == 0 {
                return Ok(false);
            }
            end(batch, id, Status::Cancelled, CANCELLED, now, Some(0))?;
            Ok(true)
        })
        .await
    }

    /// Called once at start, before anything else runs: every local run that was running when Beckon died is requeued or
    /// recorded as `Lost`, by its policy. Runs that were promoted or blocking are always recorded as lost. Runs that
    /// wait at a remote system (`Polling`) stay as they are.
    pub async fn recover(&self, now: Millis) -> Result<Recovery> {
        self.write(Urgency::Durable, 0, move |batch| {
            let mut recovery = Recovery::default();
            for (id, old, queued) in unfinished(batch.db)? {
                match queued {
                    Some(Queued { begun: false, .. }) => recovery.requeued.push(id),
                    Some(Queued { policy: LostPolicy::Retry, .. }) => {
                        let sql = "UPDATE queue SET begun = 0, attempts = attempts + 1 WHERE id = ?1";
                        batch.db.execute(sql, [id_bytes(id)])?;
                        save::set_status(batch, &old, Status::Queued)?;
                        if let Some((_, row)) = load::summary(batch.db, id)? {
                            batch.changed(row);
                        }
                        recovery.requeued.push(id);
                    }
                    _ => {
                        let text = if old.status == Status::Running { BEGUN } else { NOT_BEGUN };
                        end(batch, id, Status::Lost, text, now, None)?;
                        recovery.lost.push(id);
                    }
                }
            }
            // What is left has no unfinished run behind it.
            batch.db.execute(
                "DELETE FROM queue WHERE id NOT IN (SELECT id FROM activations WHERE status IN ('queued', 'running'))",
                [],
            )?;
            Ok(recovery)
        })
        .await
    }
}

/// The next runs to begin, with how often each was begun before.
fn waiting(batch: &mut Batch<'_>, limit: usize, busy: &[FunctionKey]) -> Result<Vec<([u8; 16], u32)>, Fault> {
    let mut places = Vec::with_capacity(busy.len());
    for key in busy {
        places.push(
            batch
                .place(LOCAL, key.namespace.as_str(), key.name.as_str())?
                .to_string(),
        );
    }
    let sql = format!(
        "SELECT id, attempts FROM queue WHERE begun = 0 AND place NOT IN ({}) ORDER BY seq LIMIT ?1",
        places.join(", ")
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = batch.db.prepare(&sql)?;
    let rows = statement.query_map([limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

struct Queued {
    policy: LostPolicy,
    begun: bool,
}

/// Local runs that are queued or running, in the order of the queue.
fn unfinished(db: &Connection) -> Result<Vec<(ActivationId, Known, Option<Queued>)>, Fault> {
    let mut statement = db.prepare(
        "SELECT a.id, queue.policy, queue.begun FROM activations AS a JOIN places ON places.id = a.place
         LEFT JOIN queue ON queue.id = a.id
         WHERE a.status IN ('queued', 'running') AND a.status <> 'success' AND places.connection = ?1
         ORDER BY queue.seq, a.n",
    )?;
    let mut rows = statement.query([LOCAL])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = ActivationId::from_u128(u128::from_be_bytes(row.get(0)?));
        let queued = match row.get::<_, Option<String>>(1)? {
            None => None,
            Some(policy) => Some(Queued {
                policy: from_word(&policy, "policy")?,
                begun: row.get(2)?,
            }),
        };
        if let Some(known) = save::known(db, id)? {
            found.push((id, known, queued));
        }
    }
    Ok(found)
}

/// Records the end of a run that Beckon itself decided.
fn end(
    batch: &mut Batch<'_>,
    id: ActivationId,
    status: Status,
    why: &str,
    now: Millis,
    duration_ms: Option<i64>,
) -> Result<(), Fault> {
    let Some(mut activation) = load::activation(batch.db, id)? else {
        return Err(Fault::unreadable("queue", format!("run {id} has no record")));
    };
    let result = JsonText::from_value(&serde_json::json!({ "error": why }));
    activation.summary.status = status;
    activation.summary.end = Some(now.max(activation.summary.start));
    activation.summary.duration_ms = duration_ms;
    activation.summary.preview = String::new();
    activation.result_bytes = result.as_str().len() as u64;
    activation.result_truncated = false;
    activation.result = Some(result);
    save::put(batch, Prepared::new(activation)?)?;
    Ok(())
}
