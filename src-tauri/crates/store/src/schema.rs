//! The file: whose it is, which version, and how it gets to the current one.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use beckon_core::{Error, ErrorCode};
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::fault::Fault;

/// "BECK" in ASCII, in the header of every file that is ours (SQLite's `application_id`).
pub(crate) const APPLICATION_ID: i32 = 0x4245_434B;

/// What takes a database from version i to i + 1. Entries are only ever appended.
const MIGRATIONS: [&str; 18] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
    include_str!("migrations/0012.sql"),
    include_str!("migrations/0013.sql"),
    include_str!("migrations/0014.sql"),
    include_str!("migrations/0015.sql"),
    include_str!("migrations/0016.sql"),
    include_str!("migrations/0017.sql"),
    include_str!("migrations/0018.sql"),
];

/// The version of the schema that this Beckon writes.
pub(crate) const VERSION: i32 = MIGRATIONS.len() as i32;

/// Opens the file for writing and brings it to [`VERSION`]. Refuses files that are not Beckon's, damaged, or newer,
/// without writing a byte.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, Error> {
    check_header(path)?;
    prepare(path).map_err(|fault| Error::from(fault).with_path(path))
}

/// Opens one more connection, which can only read.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.set_prepared_statement_cache_capacity(64);
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    db.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;")?;
    Ok(db)
}

fn prepare(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    // The header may be older than the log beside it (a crash): ask again through SQLite, and leave the log where it
    // is if the answer is no.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let version: i32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    check_version(version)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    if version == 0 {
        // Before the journal mode changes, so that the header says whose file it is whatever happens next.
        db.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Error::internal(
            "open its database",
            "the file system does not support SQLite's WAL mode",
        )
        .into());
    }
    db.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY;
         PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000;",
    )?;
    migrate(&mut db, version)?;
    db.set_prepared_statement_cache_capacity(128);
    Ok(db)
}

fn migrate(db: &mut Connection, from: i32) -> Result<(), Fault> {
    if from == VERSION {
        return Ok(());
    }
    let done = usize::try_from(from).unwrap_or(0);
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(done) {
        let transaction = db.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", step as i32 + 1)?;
        transaction.commit()?;
    }
    // An older Beckon looks at the header first: have it say the new version from here on.
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Reads the 100-byte header without SQLite (<https://www.sqlite.org/fileformat.html>, 1.3), so that a file which is
/// not ours stays as it is. A missing file is made, readable by its owner alone.
fn check_header(path: &Path) -> Result<(), Error> {
    let what = "open its database";
    let mut header = Vec::with_capacity(100);
    match File::open(path) {
        Ok(file) => file
            .take(100)
            .read_to_end(&mut header)
            .map_err(|e| Error::internal(what, e).with_path(path))?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            create(path).map_err(|e| Error::internal(what, e).with_path(path))?;
            0
        }
        Err(e) => return Err(Error::internal(what, e).with_path(path)),
    };
    if header.is_empty() {
        return Ok(());
    }
    if !header.starts_with(b"SQLite format 3\0") || header.len() < 100 {
        return Err(not_ours(path));
    }
    let number = |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if number(68) != APPLICATION_ID {
        return Err(not_ours(path));
    }
    check_version(number(60)).map_err(|e| e.with_path(path))
}

fn create(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn check_version(version: i32) -> Result<(), Error> {
    if (0..=VERSION).contains(&version) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::Internal,
        format!(
            "The database was written by a newer Beckon (schema {version}; this one knows up to {VERSION})."
        ),
    )
    .with_hint("Start the newer Beckon, or choose another data directory."))
}

fn not_ours(path: &Path) -> Error {
    Error::new(
        ErrorCode::Internal,
        "The file is not a Beckon database; it was left untouched.",
    )
    .with_hint("Move it away, or choose another data directory.")
    .with_path(path)
}

/// Where it happened belongs into the details: the sentence stays short.
trait AtPath {
    fn with_path(self, path: &Path) -> Self;
}

impl AtPath for Error {
    fn with_path(self, path: &Path) -> Self {
        let details = match &self.details {
            Some(details) => format!("{}: {details}", path.display()),
            None => path.display().to_string(),
        };
        self.with_details(details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(db: &Connection, pragma: &str) -> i32 {
        db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn a_commit_of_the_writer_is_an_fsync() {
        let directory = tempfile::tempdir().unwrap();
        let db = open_writer(&directory.path().join("beckon.db")).unwrap();
        assert_eq!(number(&db, "synchronous"), 2); // FULL
        let mode: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    #[test]
    fn an_interrupted_creation_is_completed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        std::fs::write(&path, "").unwrap(); // created, and nothing more
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "application_id", APPLICATION_ID).unwrap(); // named, and nothing more
        drop(db);
        let db = open_writer(&path).unwrap();
        assert_eq!(number(&db, "user_version"), VERSION);
        assert_eq!(number(&db, "application_id"), APPLICATION_ID);
        drop(db);
        assert_eq!(number(&open_writer(&path).unwrap(), "user_version"), VERSION);
    }

    #[test]
    fn functions_of_an_older_beckon_get_their_packages() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        for sql in &MIGRATIONS[..6] {
            db.execute_batch(sql).unwrap();
        }
        db.pragma_update(None, "user_version", 6).unwrap();
        db.execute_batch("INSERT INTO namespaces (name, label, created, updated) VALUES ('n', 'n', 1, 1)")
            .unwrap();
        for (at, name) in ["a", "p/a", "p/b", "my pkg/c"].into_iter().enumerate() {
            db.execute(
                "INSERT INTO functions (id, namespace, name, version, kind, contract, web, lost_policy, publish,
                 timeout_ms, memory_mb, logs_kb, concurrency, parameters, env, secrets, annotations, created, updated)
                 VALUES (?1, 'n', ?2, '0.0.1', 'nodejs:20', 'openwhisk', 'private', 'record', 0, 1, 1, 1, 1, '[]',
                 '[]', '[]', '[]', ?1, ?1)",
                rusqlite::params![at as i64, name],
            )
            .unwrap();
        }
        drop(db);
        let db = open_writer(&path).unwrap();
        let mut packages = db
            .prepare("SELECT name, updated FROM entities ORDER BY name")
            .unwrap();
        let packages: Vec<(String, i64)> = packages
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        assert_eq!(packages, [("my pkg".to_owned(), 3), ("p".to_owned(), 2)]);
        assert!(crate::entities::Entities::load(&db).is_ok(), "they can be read");
    }

    #[test]
    fn tokens_of_an_older_beckon_stay() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beckon.db");
        std::fs::write(&path, "").unwrap();
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        for sql in &MIGRATIONS[..5] {
            db.execute_batch(sql).unwrap();
        }
        db.pragma_update(None, "user_version", 5).unwrap();
        db.execute_batch(
            "INSERT INTO namespaces (name, label, created) VALUES ('shop', 'Shop', 7);
             INSERT INTO tokens VALUES ('id', 'ci', 'openwhisk', 'shop', 'f', 'hint', x'01', 8, 9, 10, NULL, 1);",
        )
        .unwrap();
        drop(db);
        let db = open_writer(&path).unwrap();
        let sql =
            "SELECT t.name || kind || namespace || function || hint || hex(hash) || t.created || t.updated
             || expires || last_used || ifnull(revoked, '-') || kept || region || n.updated
             FROM tokens t JOIN namespaces n ON n.name = namespace WHERE id = 'id'";
        let row: String = db.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(row, "ciopenwhiskshopfhint0188910-17");
        db.execute("DELETE FROM namespaces", []).unwrap();
        let left: i64 = db
            .query_row("SELECT count(*) FROM tokens", [], |row| row.get(0))
            .unwrap();
        assert_eq!(left, 0, "they still end with their namespace");
    }

    #[test]
    fn a_directory_that_is_missing_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let error = open_writer(&directory.path().join("nowhere/beckon.db")).unwrap_err();
        assert!(error.details.unwrap().contains("nowhere"));
    }
}
