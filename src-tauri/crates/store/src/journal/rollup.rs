//! Roll-ups: how many runs of each status group started in each minute and hour, per function. Kept exact in the same
//! transaction as the rows that they count.

use beckon_core::StatusGroup;
use rusqlite::{Connection, params};

use crate::fault::Fault;

/// One minute, in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;
/// One hour, in milliseconds.
pub(crate) const HOUR: i64 = 3_600_000;
/// The lengths of slots, finest first.
pub(crate) const SPANS: [i64; 2] = [MINUTE, HOUR];

/// Span, slot (start / span), place, group.
pub(crate) type Key = (i64, i64, i64, StatusGroup);

/// All groups, in the order of their columns.
pub(crate) const GROUPS: [StatusGroup; 5] = [
    StatusGroup::Pending,
    StatusGroup::Success,
    StatusGroup::ApplicationError,
    StatusGroup::DeveloperError,
    StatusGroup::SystemError,
];

/// The column that counts a group.
pub(crate) fn column(group: StatusGroup) -> &'static str {
    match group {
        StatusGroup::Pending => "pending",
        StatusGroup::Success => "success",
        StatusGroup::ApplicationError => "application_error",
        StatusGroup::DeveloperError => "developer_error",
        StatusGroup::SystemError => "system_error",
    }
}

/// Adds `changes` to the table; rows that count nothing any more go.
pub(crate) fn write(db: &Connection, changes: impl Iterator<Item = (Key, i64)>) -> Result<(), Fault> {
    for ((span, slot, place, group), by) in changes.filter(|(_, by)| *by != 0) {
        let column = column(group);
        db.prepare_cached(&format!(
            "INSERT INTO rollups (span, slot, place, {column}) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET {column} = {column} + ?4"
        ))?
        .execute(params![span, slot, place, by])?;
        if by < 0 {
            db.prepare_cached(
                "DELETE FROM rollups WHERE span = ?1 AND slot = ?2 AND place = ?3 AND pending = 0 AND success = 0
                 AND application_error = 0 AND developer_error = 0 AND system_error = 0",
            )?
            .execute(params![span, slot, place])?;
        }
    }
    Ok(())
}
