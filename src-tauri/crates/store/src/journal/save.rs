//! Writing one record: the narrow row, the wide one, the text index, the roll-ups, the queue.

use beckon_core::{
    Activation, ActivationId, ActivationSummary, CallbackState, Error, ErrorCode, Mode, Status, StatusGroup,
};
use rusqlite::{Connection, OptionalExtension as _, ToSql, params};

use crate::batch::Batch;
use crate::deliveries;
use crate::fault::Fault;
use crate::journal::body::Packed;
use crate::journal::text;
use crate::words::{column, optional, word};

/// Bits of `n` below the start: how many runs can start in the same millisecond.
pub(crate) const TIES: u32 = 16;
/// The latest start that `n` can hold: the year 6429.
pub(crate) const LATEST: i64 = i64::MAX >> TIES;

/// An id in the database: 16 bytes, the most significant first, so that they sort like the text.
pub(crate) fn id_bytes(id: ActivationId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

/// A record with everything about it computed that does not need the database.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) activation: Activation,
    input: Option<Packed>,
    result: Option<Packed>,
    logs: Option<Packed>,
    http: Option<Packed>,
    words: [String; 3],
}

impl Prepared {
    /// Fills the preview, compresses, and picks the text to index. Takes some milliseconds for the largest records.
    pub(crate) fn new(mut activation: Activation) -> Result<Self, Fault> {
        let summary = &mut activation.summary;
        if !(0..=LATEST).contains(&summary.start) {
            let text = format!(
                "The start of run {} is not a time: {}.",
                summary.id, summary.start
            );
            return Err(Error::new(ErrorCode::InvalidInput, text).into());
        }
        summary.http_status = activation.http.as_ref().and_then(|http| http.status);
        if summary.preview.is_empty() {
            activation.summary.preview = text::preview(&activation);
        }
        let pack = |json: &Option<beckon_core::JsonText>| {
            json.as_ref().map(|json| Packed::new(json.as_str().into()))
        };
        let words = |json: &Option<beckon_core::JsonText>| {
            json.as_ref()
                .map(|json| text::of_json(json.as_str()))
                .unwrap_or_default()
        };
        Ok(Self {
            input: pack(&activation.input),
            result: pack(&activation.result),
            logs: Packed::logs(&activation.logs)?,
            http: Packed::json(activation.http.as_ref())?,
            words: [
                text::of_logs(&activation.logs),
                words(&activation.result),
                words(&activation.input),
            ],
            activation,
        })
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let parts = [&self.input, &self.result, &self.logs]
            .into_iter()
            .flatten()
            .map(Packed::len)
            .sum::<usize>();
        parts + self.words.iter().map(String::len).sum::<usize>() + size_of_activation(&self.activation)
    }
}

/// About how much memory a record takes, in bytes.
pub(crate) fn size_of_activation(activation: &Activation) -> usize {
    let logs: usize = activation.logs.iter().map(|line| line.text.len() + 40).sum();
    let json = [&activation.input, &activation.result];
    512 + logs
        + json
            .into_iter()
            .flatten()
            .map(|json| json.as_str().len())
            .sum::<usize>()
}

/// What is known of a row before it is written again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) n: i64,
    pub(crate) place: i64,
    pub(crate) start: i64,
    pub(crate) status: Status,
    pub(crate) pinned: bool,
    pub(crate) callback: Option<CallbackState>,
}

/// The row of a run, if there is one.
pub(crate) fn known(db: &Connection, id: ActivationId) -> Result<Option<Known>, Fault> {
    db.prepare_cached("SELECT n, place, start, status, pinned, callback FROM activations WHERE id = ?1")?
        .query_row([id_bytes(id)], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                column(row, "status"),
                row.get(4)?,
                optional(row, "callback"),
            ))
        })
        .optional()?
        .map(|(n, place, start, status, pinned, callback)| {
            Ok(Known {
                n,
                place,
                start,
                status: status?,
                pinned,
                callback: callback?,
            })
        })
        .transpose()
}

/// Inserts a run, or replaces it as a whole; a pin stays. A run that is over leaves the queue.
pub(crate) fn put(batch: &mut Batch<'_>, prepared: Prepared) -> Result<ActivationSummary, Fault> {
    let summary = &prepared.activation.summary;
    let place = batch.place(
        &summary.connection,
        summary.namespace.as_str(),
        summary.function.as_str(),
    )?;
    let old = known(batch.db, summary.id)?;
    write(batch, prepared, place, old)
}

/// Inserts a run; returns its id and the number of its place. `Conflict` when there is one with this id.
pub(crate) fn insert(batch: &mut Batch<'_>, prepared: Prepared) -> Result<(ActivationId, i64), Fault> {
    let summary = &prepared.activation.summary;
    let id = summary.id;
    if known(batch.db, id)?.is_some() {
        return Err(Error::new(ErrorCode::Conflict, "There is a run with this id already.").into());
    }
    let place = batch.place(
        &summary.connection,
        summary.namespace.as_str(),
        summary.function.as_str(),
    )?;
    write(batch, prepared, place, None)?;
    Ok((id, place))
}

fn write(
    batch: &mut Batch<'_>,
    mut prepared: Prepared,
    place: i64,
    old: Option<Known>,
) -> Result<ActivationSummary, Fault> {
    let summary = &mut prepared.activation.summary;
    if let Some(old) = old {
        summary.pinned |= old.pinned;
        summary.callback = old.callback;
        batch.count(old.start, old.place, old.status.group(), -1);
    }
    batch.count(summary.start, place, summary.status.group(), 1);
    if summary.status.is_final() && summary.mode == Mode::NonBlocking && old.is_some() {
        batch
            .db
            .prepare_cached("DELETE FROM queue WHERE id = ?1")?
            .execute([id_bytes(summary.id)])?;
    }
    let mut moved = false;
    let n = match old {
        Some(old) if old.start == summary.start => {
            batch
                .db
                .prepare_cached("DELETE FROM words WHERE rowid = ?1")?
                .execute([old.n])?;
            old.n
        }
        Some(old) => {
            moved = true;
            remove(batch.db, old.n)?;
            free_number(batch.db, summary.start)?
        }
        None => free_number(batch.db, summary.start)?,
    };
    write_narrow(batch.db, n, place, &prepared.activation.summary)?;
    write_wide(batch.db, n, &prepared)?;
    let [logs, result, input] = &prepared.words;
    batch
        .db
        .prepare_cached("INSERT INTO words (rowid, logs, result, input, every) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![n, logs, result, input, text::EVERY])?;
    let summary = prepared.activation.summary;
    if summary.status.is_final() {
        deliveries::settle_owed(batch, &summary)?;
    }
    if moved {
        deliveries::note(batch, summary.id)?;
    }
    batch.changed(summary.clone());
    Ok(summary)
}

/// Takes a run's rows away; its roll-up and queue rows are the caller's business.
pub(crate) fn remove(db: &Connection, n: i64) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM words WHERE rowid = ?1")?
        .execute([n])?;
    db.prepare_cached("DELETE FROM bodies WHERE n = ?1")?
        .execute([n])?;
    db.prepare_cached("DELETE FROM activations WHERE n = ?1")?
        .execute([n])?;
    Ok(())
}

/// Moves a run to another status that ends nothing; the group it counts in is kept right.
pub(crate) fn set_status(batch: &mut Batch<'_>, old: &Known, status: Status) -> Result<(), Fault> {
    batch
        .db
        .prepare_cached("UPDATE activations SET status = ?2 WHERE n = ?1")?
        .execute(params![old.n, status.as_str()])?;
    move_group(batch, old, status.group());
    Ok(())
}

fn move_group(batch: &mut Batch<'_>, old: &Known, group: StatusGroup) {
    if old.status.group() != group {
        batch.count(old.start, old.place, old.status.group(), -1);
        batch.count(old.start, old.place, group, 1);
    }
}

/// The next number of a millisecond.
fn free_number(db: &Connection, start: i64) -> Result<i64, Fault> {
    let (first, last) = (start << TIES, ((start + 1) << TIES).wrapping_sub(1) & i64::MAX);
    let newest: Option<i64> = db
        .prepare_cached("SELECT max(n) FROM activations WHERE n BETWEEN ?1 AND ?2")?
        .query_row([first, last], |row| row.get(0))?;
    match newest {
        None => Ok(first),
        Some(newest) if newest < last => Ok(newest + 1),
        Some(_) => Err(Error::new(
            ErrorCode::LimitExceeded,
            "More than 65,536 runs started in one millisecond.",
        )
        .into()),
    }
}

fn write_narrow(db: &Connection, n: i64, place: i64, summary: &ActivationSummary) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO activations
         (n, id, place, status, start, \"end\", duration, mode, cause, cold, pinned, version, kind, preview,
          http_status)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (n) DO UPDATE SET place = excluded.place, status = excluded.status, \"end\" = excluded.\"end\",
         duration = excluded.duration, mode = excluded.mode, cause = excluded.cause, cold = excluded.cold,
         pinned = excluded.pinned, version = excluded.version, kind = excluded.kind, preview = excluded.preview,
         http_status = excluded.http_status",
    )?
    .execute(params![
        n,
        id_bytes(summary.id),
        place,
        summary.status.as_str(),
        summary.start,
        summary.end,
        summary.duration_ms,
        word(summary.mode)?,
        word(summary.cause)?,
        summary.cold,
        summary.pinned,
        summary.version,
        summary.kind,
        summary.preview,
        summary.http_status,
    ])?;
    Ok(())
}

fn write_wide(db: &Connection, n: i64, prepared: &Prepared) -> Result<(), Fault> {
    let a = &prepared.activation;
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let guards = serde_json::to_string(&a.guards).map_err(|e| Fault::unreadable("record", e))?;
    let bytes = i64::try_from(a.result_bytes).unwrap_or(i64::MAX);
    let annotations = Packed::json((!a.annotations.is_empty()).then_some(&a.annotations))?;
    let values: [&dyn ToSql; 23] = [
        &n,
        &a.subject,
        &a.token_id,
        &a.rerun_of.map(id_bytes),
        &a.parent.map(id_bytes),
        &a.limits.timeout_ms,
        &a.limits.memory_mb,
        &a.limits.logs_kb,
        &a.limits.concurrency,
        &finite(a.timing.wait_ms),
        &finite(a.timing.init_ms),
        &finite(a.timing.run_ms),
        &finite(a.timing.network_ms),
        &bytes,
        &a.result_truncated,
        &a.logs_truncated,
        &prepared.input,
        &prepared.result,
        &prepared.logs,
        &prepared.http,
        &a.attempts,
        &guards,
        &annotations,
    ];
    db.prepare_cached(
        "INSERT OR REPLACE INTO bodies (n, subject, token_id, rerun_of, parent, timeout_ms, memory_mb, logs_kb,
         concurrency, wait_ms, init_ms, run_ms, network_ms, result_bytes, result_truncated, logs_truncated, input,
         result, logs, http, attempts, guards, annotations)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
         ?22, ?23)",
    )?
    .execute(values)?;
    Ok(())
}
