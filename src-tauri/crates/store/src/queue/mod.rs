//! Accepted runs until they are over: one row each, from the 202 to the record.
//!
//! A row that nobody has a lease of waits. Its lease says which start of an engine runs it and until when; it is
//! renewed while the run lasts, so that what a dead engine leaves is found. Only the holder of the lease may end the
//! run or put it back: see [`Store::settle`] and [`Store::requeue`].

mod claim;
mod dead;
mod leases;
mod listing;

use beckon_core::{
    Activation, ActivationId, Error, ErrorCode, FunctionKey, JsonText, LOCAL, LostPolicy, Millis, Result,
    Status,
};
use rusqlite::{OptionalExtension as _, params};
use tokio::sync::OwnedSemaphorePermit;

pub use claim::{Claim, Ended};
pub use dead::{DeadLetter, DeadLetters, DeadPage, Revived};
pub use leases::Recovery;
pub use listing::QueueState;

use crate::Store;
use crate::batch::Batch;
use crate::fault::Fault;
use crate::intake::{self, Arrived, Ask, Slip};
use crate::journal::load;
use crate::journal::save::{self, Prepared, id_bytes};
use crate::writer::Urgency;

/// Most rows that one transaction takes off the queue, so that nobody waits long for it.
const CHUNK: usize = 1000;

const CANCELLED: &str = "The run was cancelled before it began.";

/// One start of an engine: whose lease it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner(u128);

impl Owner {
    /// A new one, like no other.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "each is another, which a default should not be"
    )]
    pub fn new() -> Self {
        Self(ActivationId::new().as_u128())
    }

    fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

/// A row that waits, as far as a dispatcher needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its place in the order of arrival.
    pub seq: i64,
    /// The run.
    pub id: ActivationId,
    /// Whose it is.
    pub function: FunctionKey,
    /// How long it must not begin yet, ms; 0 when it may.
    pub due_in_ms: u64,
}

impl Store {
    /// Puts a run (status `Queued`) into the journal and the queue, and returns when both are on disk (fsync), so that a
    /// 202 sent afterwards is a promise. Its place in the order of arrival is its `seq`. `Conflict`, which changes nothing, when the
    /// journal has a run with this id.
    /// `arrived` is called with that place after the commit, before the caller is told and even if the caller is gone.
    pub async fn accept(
        &self,
        activation: Activation,
        policy: LostPolicy,
        arrived: impl FnOnce(i64) + Send + 'static,
    ) -> Result<()> {
        self.accept_called(activation, policy, None, arrived).await
    }

    /// The same for a run that its caller has a name for: by that it is found until it is over
    /// ([`Store::accepted_as`]).
    pub async fn accept_called(
        &self,
        activation: Activation,
        policy: LostPolicy,
        call_id: Option<String>,
        arrived: impl FnOnce(i64) + Send + 'static,
    ) -> Result<()> {
        if activation.summary.status != Status::Queued {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "Only a run that has not begun can be queued.",
            ));
        }
        let text = self.log_text(&activation, policy, call_id.as_deref())?;
        let (id, target) = (activation.summary.id, activation.target());
        let slip = Slip {
            prepared: crate::activations::prepare(activation).await?,
            target,
            policy,
            call_id,
        };
        let room = self.inner.queue().room(slip.prepared.weight()).await?;
        let arrived = Box::new(arrived);
        let Some(text) = text else {
            return self.accept_unlogged(slip, arrived, room).await;
        };
        let ask = Ask {
            slip,
            text,
            arrived,
            handed: self.inner.pending.note(id),
            room,
        };
        match self.inner.intake.accept(ask).await? {
            Ok(()) => Ok(()),
            Err(ask) => self.accept_unlogged(ask.slip, ask.arrived, ask.room).await,
        }
    }

    /// A run as an entry of the log of accepted runs; `None` where it goes into the database at once.
    fn log_text(
        &self,
        run: &Activation,
        policy: LostPolicy,
        call_id: Option<&str>,
    ) -> Result<Option<Vec<u8>>> {
        let id = run.summary.id;
        // What others may have named is looked for in the journal first; nobody else has an id that was made here.
        let logged = id.is_fresh()
            && self.inner.intake.is_open()
            && !self.inner.pending.holds(id)
            && save::size_of_activation(run) <= intake::LARGEST;
        if !logged {
            return Ok(None);
        }
        Ok(Some(intake::text(run, policy, call_id)?).filter(|text| text.len() <= intake::LARGEST))
    }

    /// Puts a run into the database before it is answered for.
    async fn accept_unlogged(&self, slip: Slip, arrived: Arrived, room: OwnedSemaphorePermit) -> Result<()> {
        let written = self
            .inner
            .queue()
            .push(Urgency::Durable, Some(room), move |batch| {
                let seq = batch.arrive()?;
                slip.put(batch, seq)?;
                batch.after_commit(move || arrived(seq));
                Ok(())
            })?;
        written.await.map_err(|_| crate::writer::stopped())?
    }

    /// The accepted runs with this call id that are not over, the latest 1,000 of them.
    pub async fn accepted_as(&self, call_id: &str) -> Result<Vec<ActivationId>> {
        self.flush_pending().await?;
        let call_id = call_id.to_owned();
        self.read(move |reader| {
            let sql = "SELECT id FROM queue WHERE call_id = ?1 ORDER BY seq DESC LIMIT 1000";
            let mut statement = reader.db.prepare_cached(sql)?;
            let ids = statement.query_map([call_id], |row| row.get(0).map(id_of))?;
            Ok(ids.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// How many runs wait.
    pub async fn queue_depth(&self) -> Result<u64> {
        self.flush_pending().await?;
        self.read(|reader| {
            let mut statement = reader
                .db
                .prepare_cached("SELECT count(*) FROM queue WHERE owner IS NULL")?;
            Ok(statement
                .query_row([], |row| row.get::<_, i64>(0))?
                .unsigned_abs())
        })
        .await
    }

    /// Takes a run that waits (delayed ones too) out of the queue and records it as cancelled. `false` when it is no
    /// longer there.
    pub async fn cancel_queued(&self, id: ActivationId, now: Millis) -> Result<bool> {
        self.write(Urgency::Durable, 0, move |batch| {
            batch.is_whole()?;
            let sql = "DELETE FROM queue WHERE id = ?1 AND owner IS NULL";
            if batch.db.prepare_cached(sql)?.execute([id_bytes(id)])? == 0 {
                return Ok(false);
            }
            end(batch, id, Status::Cancelled, CANCELLED, now, Some(0))?;
            Ok(true)
        })
        .await
    }

    /// Cancels what waits of a function, each with its record; returns which. What runs goes on.
    pub async fn clear_queue(&self, key: &FunctionKey, now: Millis) -> Result<Vec<ActivationId>> {
        let mut all = Vec::new();
        loop {
            let key = key.clone();
            let some = self
                .write(Urgency::Durable, 0, move |batch| {
                    batch.is_whole()?;
                    let Some(place) = place_of(batch.db, &key)? else {
                        return Ok(Vec::new());
                    };
                    let ids: Vec<[u8; 16]> = batch
                        .db
                        .prepare_cached(
                            "DELETE FROM queue WHERE seq IN (SELECT seq FROM queue WHERE place = ?1
                             AND owner IS NULL ORDER BY seq LIMIT ?2) RETURNING id",
                        )?
                        .query_map(params![place, CHUNK as i64], |row| row.get(0))?
                        .collect::<rusqlite::Result<_>>()?;
                    let ids: Vec<_> = ids.into_iter().map(id_of).collect();
                    for id in &ids {
                        end(batch, *id, Status::Cancelled, CANCELLED, now, Some(0))?;
                    }
                    batch.queues_changed();
                    Ok(ids)
                })
                .await?;
            let last = some.len() < CHUNK;
            all.extend(some);
            if last {
                return Ok(all);
            }
        }
    }
}

fn id_of(bytes: [u8; 16]) -> ActivationId {
    ActivationId::from_u128(u128::from_be_bytes(bytes))
}

/// The number of a local function's place, if it ever had a run.
fn place_of(db: &rusqlite::Connection, key: &FunctionKey) -> Result<Option<i64>, Fault> {
    Ok(db
        .prepare_cached("SELECT id FROM places WHERE connection = ?1 AND namespace = ?2 AND function = ?3")?
        .query_row([LOCAL, key.namespace.as_str(), key.name.as_str()], |row| {
            row.get(0)
        })
        .optional()?)
}

/// The function of a row with the columns `namespace` and `function`.
fn key_in(row: &rusqlite::Row<'_>) -> Result<FunctionKey, Fault> {
    let (namespace, function): (String, String) = (row.get("namespace")?, row.get("function")?);
    FunctionKey::new(&namespace, &function).map_err(|e| Fault::unreadable("function name", e))
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
    save::put(batch, &Prepared::new(activation)?)?;
    Ok(())
}
