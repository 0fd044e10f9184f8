//! Failures inside the store, and how they leave it.

use beckon_core::{Error, ErrorCode};
use rusqlite::ffi::ErrorCode as Sqlite;

/// What can go wrong in a job or a query, before it is told to a caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// An answer for the caller: not found, conflict, invalid.
    #[error(transparent)]
    Refused(#[from] Error),
    /// SQLite's own.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A row holds something that this version cannot read.
    #[error("a stored {what} is not readable: {cause}")]
    Unreadable { what: &'static str, cause: String },
    /// The caller went away.
    #[error("the query was cancelled")]
    Cancelled,
}

impl Fault {
    pub(crate) fn unreadable(what: &'static str, cause: impl std::fmt::Display) -> Self {
        Self::Unreadable {
            what,
            cause: cause.to_string(),
        }
    }
}

impl Fault {
    /// Whether the same job would fail for ever, on whatever disk.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Unreadable { .. } => true,
            Self::Sqlite(cause) => matches!(
                cause.sqlite_error_code(),
                Some(Sqlite::ConstraintViolation | Sqlite::TooBig | Sqlite::TypeMismatch)
            ),
            Self::Cancelled => false,
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(error) => error,
            Fault::Cancelled => Self::new(ErrorCode::Cancelled, "The query was cancelled."),
            Fault::Unreadable { .. } => Self::internal("read its database", fault),
            Fault::Sqlite(cause) => from_sqlite(&cause),
        }
    }
}

fn from_sqlite(cause: &rusqlite::Error) -> Error {
    match cause.sqlite_error_code() {
        Some(Sqlite::OperationInterrupted) => Fault::Cancelled.into(),
        Some(Sqlite::DiskFull) => Error::new(
            ErrorCode::Internal,
            "There is no space left on the disk of Beckon's database.",
        )
        .with_hint("Free some space; nothing that was confirmed is lost.")
        .with_details(cause.to_string()),
        Some(Sqlite::DatabaseCorrupt | Sqlite::NotADatabase) => {
            Error::new(ErrorCode::Internal, "Beckon's database is damaged.")
                .with_hint("Put a backup in its place, or move it away to start with an empty one; the files beside it whose names begin the same go with it.")
                .with_details(cause.to_string())
        }
        Some(Sqlite::DatabaseBusy | Sqlite::DatabaseLocked) => {
            Error::new(ErrorCode::Busy, "Beckon's database is in use by another program.")
                .with_hint("Close other programs that have the file open.")
                .with_details(cause.to_string())
        }
        _ => Error::internal("use its database", cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_called_so() {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        let error = Error::from(Fault::from(rusqlite::Error::SqliteFailure(code, None)));
        assert_eq!(error.message, "Beckon's database is damaged.");
        assert!(error.hint.is_some());
    }
}
