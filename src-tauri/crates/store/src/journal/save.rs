//! Writing one record: the narrow row, the wide one, the text index, the roll-ups, the queue.

use std::sync::Arc;

use beckon_core::{
    Activation, ActivationId, ActivationSummary, BodyForm, CallbackState, Error, ErrorCode, Exchange,
    JsonText, Mode, Status, StatusGroup,
};
use rusqlite::{Connection, OptionalExtension as _, ToSql, params};

use crate::batch::Batch;
use crate::deliveries;
use crate::fault::Fault;
use crate::journal::body::Packed;
use crate::journal::index::Texts;
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
    /// All of it but its input and result, which are packed.
    pub(crate) activation: Activation,
    input: Option<Packed>,
    result: Option<Packed>,
    logs: Option<Packed>,
    http: Option<Packed>,
    texts: Arc<Texts>,
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
        // Base64 has no words in it.
        let words = |json: &Option<JsonText>, form: fn(&Exchange) -> BodyForm| match json {
            Some(json) if activation.http.as_ref().map(form) != Some(BodyForm::Base64) => {
                text::of_json(json.as_str())
            }
            _ => String::new(),
        };
        let texts = [
            text::of_logs(&activation.logs),
            words(&activation.result, |http| http.response_body),
            words(&activation.input, |http| http.body),
        ];
        let pack = |json: JsonText| Packed::new(json.into_string());
        Ok(Self {
            input: activation.input.take().map(pack),
            result: activation.result.take().map(pack),
            logs: Packed::logs(&activation.logs)?,
            http: Packed::json(activation.http.as_ref())?,
            texts: Arc::new(texts),
            activation,
        })
    }

    /// The record again.
    pub(crate) fn unpack(self) -> Result<Activation, Fault> {
        let json = |packed: Option<Packed>, what| packed.map_or(Ok(None), |packed| packed.unpack(what));
        let mut activation = self.activation;
        activation.input = json(self.input, "input")?;
        activation.result = json(self.result, "result")?;
        Ok(activation)
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let parts = [&self.input, &self.result, &self.logs]
            .into_iter()
            .flatten()
            .map(Packed::len)
            .sum::<usize>();
        parts + self.texts.iter().map(String::len).sum::<usize>() + size_of_activation(&self.activation)
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
pub(crate) fn put(batch: &mut Batch<'_>, prepared: &Prepared) -> Result<(), Fault> {
    let place = place_of(batch, prepared)?;
    let mut summary = prepared.activation.summary.clone();
    // Most runs that are waited for are written once, at their end.
    let once = summary.status.is_final() && summary.mode == Mode::Blocking;
    if once && let Some(n) = add(batch, place, &summary)? {
        return complete(batch, prepared, summary, n, false);
    }
    let Some(old) = known(batch.db, summary.id)? else {
        let n = add(batch, place, &summary)?.ok_or_else(exists)?;
        return complete(batch, prepared, summary, n, false);
    };
    summary.pinned |= old.pinned;
    summary.callback = old.callback;
    if summary.status.is_final() && summary.mode == Mode::NonBlocking {
        batch
            .db
            .prepare_cached("DELETE FROM queue WHERE id = ?1")?
            .execute([id_bytes(summary.id)])?;
    }
    batch.count(old.start, old.place, old.status.group(), -1);
    if old.start == summary.start {
        update(batch, old.n, place, &summary)?;
        return complete(batch, prepared, summary, old.n, true);
    }
    let id = summary.id;
    remove(batch, old.n)?;
    let n = add(batch, place, &summary)?.ok_or_else(exists)?;
    complete(batch, prepared, summary, n, false)?;
    deliveries::note(batch, id)
}

/// Inserts a run; returns its id and the number of its place. `Conflict` when there is one with this id.
pub(crate) fn insert(batch: &mut Batch<'_>, prepared: &Prepared) -> Result<(ActivationId, i64), Fault> {
    let place = place_of(batch, prepared)?;
    let summary = prepared.activation.summary.clone();
    let id = summary.id;
    let n = add(batch, place, &summary)?.ok_or_else(exists)?;
    complete(batch, prepared, summary, n, false)?;
    Ok((id, place))
}

fn exists() -> Error {
    Error::new(ErrorCode::Conflict, "There is a run with this id already.")
}

fn place_of(batch: &mut Batch<'_>, prepared: &Prepared) -> Result<i64, Fault> {
    let summary = &prepared.activation.summary;
    batch.place(
        &summary.connection,
        summary.namespace.as_str(),
        summary.function.as_str(),
    )
}

/// All of a record but the narrow row, which is there already. `known`: so is the rest, of an earlier state.
fn complete(
    batch: &mut Batch<'_>,
    prepared: &Prepared,
    summary: ActivationSummary,
    n: i64,
    known: bool,
) -> Result<(), Fault> {
    write_wide(batch.db, n, prepared, known)?;
    batch.words.put(n, known, Arc::clone(&prepared.texts));
    // What settling changes of the row is told after this.
    if summary.status.is_final() && batch.owes()? {
        batch.changed(summary.clone());
        return deliveries::settle_owed(batch, &summary);
    }
    batch.changed(summary);
    Ok(())
}

/// Takes a run's rows away; its roll-up and queue rows are the caller's business.
pub(crate) fn remove(batch: &mut Batch<'_>, n: i64) -> Result<(), Fault> {
    batch.words.remove(n);
    let db = batch.db;
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

/// Inserts the narrow row and counts the run. `None` when there is one with this id.
fn add(batch: &mut Batch<'_>, place: i64, summary: &ActivationSummary) -> Result<Option<i64>, Fault> {
    let n = batch.number(summary.start)?;
    let sql = "INSERT OR IGNORE INTO activations
         (n, id, place, status, start, \"end\", duration, mode, cause, cold, pinned, version, kind, preview,
          http_status)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    let added = write_narrow(batch, sql, n, place, summary)?;
    Ok(added.then_some(n))
}

/// Overwrites the narrow row of a run that started when it does now, and counts the run.
fn update(batch: &mut Batch<'_>, n: i64, place: i64, summary: &ActivationSummary) -> Result<(), Fault> {
    let sql = "UPDATE activations SET place = ?3, status = ?4, \"end\" = ?6, duration = ?7,
         mode = ?8, cause = ?9, cold = ?10, pinned = ?11, version = ?12, kind = ?13, preview = ?14, http_status = ?15
         WHERE n = ?1";
    write_narrow(batch, sql, n, place, summary).map(drop)
}

fn write_narrow(
    batch: &mut Batch<'_>,
    sql: &str,
    n: i64,
    place: i64,
    summary: &ActivationSummary,
) -> Result<bool, Fault> {
    let rows = batch.db.prepare_cached(sql)?.execute(params![
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
    if rows > 0 {
        batch.count(summary.start, place, summary.status.group(), 1);
    }
    Ok(rows > 0)
}

fn write_wide(db: &Connection, n: i64, prepared: &Prepared, known: bool) -> Result<(), Fault> {
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
    if known {
        db.prepare_cached("DELETE FROM bodies WHERE n = ?1")?
            .execute([n])?;
    }
    db.prepare_cached(
        "INSERT INTO bodies (n, subject, token_id, rerun_of, parent, timeout_ms, memory_mb, logs_kb, concurrency, wait_ms,
         init_ms, run_ms, network_ms, result_bytes, result_truncated, logs_truncated, input, result, logs, http,
         attempts, guards, annotations)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
         ?22, ?23)",
    )?
    .execute(values)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_prepared_can_be_had_again() {
        let mut run = crate::seed::runs(1, 1, 1_795_237_633_000)
            .unwrap()
            .next()
            .unwrap();
        run.summary.preview = "seen".into();
        run.result = Some(JsonText::parse(format!("\"{}\"", "long ".repeat(20_000))).unwrap());
        assert!(run.input.is_some());
        assert_eq!(Prepared::new(run.clone()).unwrap().unpack().unwrap(), run);
    }
}
