//! What a run's record says of its callbacks, kept beside it so that a list and its filter need not look for them.

use beckon_core::{ActivationId, Purpose};
use rusqlite::params;

use crate::batch::Batch;
use crate::fault::Fault;
use crate::journal::load;
use crate::journal::save::id_bytes;
use crate::words::word;

/// Notes in the run's record what became of its callbacks, if that is something else now, and tells those who watch.
/// To be called in the transaction that changes one of them.
pub(crate) fn note(batch: &mut Batch<'_>, run: ActivationId) -> Result<(), Fault> {
    let sql = "WITH now (callback) AS (
             SELECT CASE WHEN count(*) = 0 THEN NULL WHEN max(state = 'gave_up') THEN 'failed'
                    WHEN max(state <> 'delivered') THEN 'pending' ELSE 'delivered' END
             FROM deliveries WHERE run = ?1 AND purpose = ?2)
         UPDATE activations SET callback = now.callback FROM now
         WHERE id = ?1 AND now.callback IS NOT NULL AND activations.callback IS NOT now.callback";
    let changed = batch
        .db
        .prepare_cached(sql)?
        .execute(params![id_bytes(run), word(Purpose::Callback)?])?;
    if changed > 0
        && let Some((_, summary)) = load::summary(batch.db, run)?
    {
        batch.changed(summary);
    }
    Ok(())
}

/// The run of a delivery that a statement has changed.
pub(super) fn run_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<ActivationId> {
    Ok(ActivationId::from_u128(u128::from_be_bytes(row.get("run")?)))
}
