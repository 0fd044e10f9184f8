//! Runs that failed as often as they may, until a person retries or dismisses them.

use beckon_core::{
    Activation, ActivationId, ActivationSummary, Callback, Error, FunctionKey, LogLine, LogStream, Millis,
    Result, Status, Timing,
};
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{CHUNK, Waiting, id_of, place_of};
use crate::Store;
use crate::batch::Batch;
use crate::deliveries;
use crate::fault::Fault;
use crate::journal::load;
use crate::journal::save::{self, Prepared, id_bytes};
use crate::writer::Urgency;

/// A run that failed as often as it may.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The run, as a list shows it.
    pub run: ActivationSummary,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was given up.
    pub at: Millis,
}

/// A page of dead letters, those asked for last first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeadPage {
    /// The dead letters.
    pub rows: Vec<DeadLetter>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<ActivationId>,
}

/// A dead letter that waits again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revived {
    /// Its row in the queue.
    pub waiting: Waiting,
    /// The callback that it owes again, as it did at first.
    pub callback: Option<Callback>,
}

impl Store {
    /// A page of the dead letters of a function, or of all; `after` is the last run of the page before.
    pub async fn dead_letters(
        &self,
        function: Option<&FunctionKey>,
        after: Option<ActivationId>,
        limit: u32,
    ) -> Result<DeadPage> {
        self.flush_pending().await?;
        let function = function.cloned();
        self.read(move |reader| {
            let place = match &function {
                None => None,
                Some(key) => match place_of(reader.db, key)? {
                    None => return Ok(DeadPage::default()),
                    place => place,
                },
            };
            let before: Option<i64> = match after {
                None => None,
                Some(id) => reader
                    .db
                    .prepare_cached("SELECT n FROM activations WHERE id = ?1")?
                    .query_row([id_bytes(id)], |row| row.get(0))
                    .optional()?,
            };
            let sql = format!(
                "SELECT {}, d.attempts AS dead_attempts, d.at AS dead_at FROM dead_letters AS d
                 JOIN activations AS a ON a.n = d.n WHERE (?1 IS NULL OR d.place = ?1) AND (?2 IS NULL OR d.n < ?2)
                 ORDER BY d.n DESC LIMIT ?3",
                load::NARROW
            );
            let mut statement = reader.db.prepare_cached(&sql)?;
            let mut rows = statement.query(params![place, before, i64::from(limit) + 1])?;
            let mut loader = load::Loader::new(reader.db);
            let mut page = DeadPage::default();
            while let Some(row) = rows.next()? {
                if page.rows.len() == limit as usize {
                    page.next = page.rows.last().map(|letter| letter.run.id);
                    break;
                }
                let (_, run) = loader.summary(row)?;
                page.rows.push(DeadLetter {
                    run,
                    attempts: row.get("dead_attempts")?,
                    at: row.get("dead_at")?,
                });
            }
            Ok(page)
        })
        .await
    }

    /// Puts dead letters back into the queue, at its end, with all attempts before them: one run, or up to 1,000 of a
    /// function that were dead `before` then. Returns what waits now, with the callbacks that it
    /// owes again; call again until nothing does.
    pub async fn retry_dead_letters(&self, which: DeadLetters, before: Millis) -> Result<Vec<Revived>> {
        self.flush_pending().await?;
        let now = self.inner.clock.now();
        self.write(Urgency::Durable, 0, move |batch| {
            let mut revived = Vec::new();
            for id in chosen(batch, &which, before)? {
                revived.push(revive(batch, id, now)?);
            }
            batch.queues_changed();
            Ok(revived)
        })
        .await
    }

    /// Takes dead letters off the list; their records stay. Returns how many there were.
    pub async fn dismiss_dead_letters(&self, which: DeadLetters) -> Result<u64> {
        self.flush_pending().await?;
        self.write(Urgency::Durable, 0, move |batch| {
            let gone = match &which {
                DeadLetters::One(id) => batch.db.execute(
                    "DELETE FROM dead_letters WHERE n = (SELECT n FROM activations WHERE id = ?1)",
                    [id_bytes(*id)],
                )?,
                DeadLetters::Of(key) => match place_of(batch.db, key)? {
                    Some(place) => batch
                        .db
                        .execute("DELETE FROM dead_letters WHERE place = ?1", [place])?,
                    None => 0,
                },
            };
            batch.queues_changed();
            Ok(gone as u64)
        })
        .await
    }
}

/// Which dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeadLetters {
    /// This run's.
    One(ActivationId),
    /// All of this function's.
    Of(FunctionKey),
}

fn chosen(batch: &Batch<'_>, which: &DeadLetters, before: Millis) -> Result<Vec<ActivationId>, Fault> {
    let sql = |condition: &str| {
        format!(
            "SELECT a.id FROM dead_letters AS d JOIN activations AS a ON a.n = d.n WHERE {condition} ORDER BY d.n LIMIT {CHUNK}"
        )
    };
    let ids: Vec<[u8; 16]> = match which {
        DeadLetters::One(id) => batch
            .db
            .prepare_cached(&sql("a.id = ?1"))?
            .query_map([id_bytes(*id)], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?,
        DeadLetters::Of(key) => match place_of(batch.db, key)? {
            None => Vec::new(),
            Some(place) => batch
                .db
                .prepare_cached(&sql("d.place = ?1 AND d.at <= ?2"))?
                .query_map(params![place, before], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?,
        },
    };
    Ok(ids.into_iter().map(id_of).collect())
}

fn revive(batch: &mut Batch<'_>, id: ActivationId, now: Millis) -> Result<Revived, Fault> {
    let missing = || Fault::from(Error::not_found(format!("dead letter {id}")));
    let activation = load::activation(batch.db, id)?.ok_or_else(missing)?;
    let function = activation.target();
    save::put(batch, &Prepared::new(waiting_again(activation, now))?)?;
    let seq = batch.arrive()?;
    batch
        .db
        .prepare_cached(
            "INSERT INTO queue (seq, id, place, policy, attempts, forgiven)
             SELECT ?2, a.id, d.place, d.policy, d.attempts, d.attempts FROM dead_letters AS d
             JOIN activations AS a ON a.n = d.n WHERE a.id = ?1",
        )?
        .execute(params![id_bytes(id), seq])?;
    let callback: Option<String> = batch
        .db
        .prepare_cached(
            "DELETE FROM dead_letters WHERE n = (SELECT n FROM activations WHERE id = ?1) RETURNING callback",
        )?
        .query_row([id_bytes(id)], |row| row.get(0))?;
    if let Some(callback) = &callback {
        deliveries::owe(batch, id, callback)?;
    }
    Ok(Revived {
        waiting: Waiting {
            seq,
            id,
            function,
            due_in_ms: 0,
        },
        callback: callback.as_deref().map(deliveries::read_callback).transpose()?,
    })
}

/// The record of a run that ended, as that of one that waits. Its logs stay: they say what happened before.
fn waiting_again(mut activation: Activation, now: Millis) -> Activation {
    activation.logs.push(LogLine {
        at_us: now.saturating_mul(1000),
        stream: LogStream::Stderr,
        text: format!(
            "Beckon: ended as {} after {} attempts, and was taken back from the dead letters.",
            activation.summary.status, activation.attempts
        ),
    });
    let summary = &mut activation.summary;
    summary.status = Status::Queued;
    (summary.end, summary.duration_ms, summary.cold) = (None, None, None);
    activation.result = None;
    activation.result_bytes = 0;
    activation.result_truncated = false;
    activation.timing = Timing::default();
    if let Some(http) = &mut activation.http {
        http.status = None;
        http.response_headers.clear();
        http.response_body = beckon_core::BodyForm::Empty;
    }
    activation
}
