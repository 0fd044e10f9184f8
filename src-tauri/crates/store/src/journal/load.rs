//! Reading records back.

use std::collections::HashMap;

use beckon_core::{Activation, ActivationId, ActivationSummary, FunctionName, Limits, NamespaceName, Timing};
use rusqlite::{Connection, Row};

use crate::fault::Fault;
use crate::journal::body;
use crate::journal::save::id_bytes;
use crate::words::{column, optional};

/// The columns of `activations` that [`Loader::summary`] reads.
pub(crate) const NARROW: &str = "a.n, a.id, a.place, a.status, a.start, a.\"end\", a.duration, a.mode, a.cause, a.cold, a.pinned, a.version, \
     a.kind, a.preview, a.http_status, a.callback";

/// A row of the journal with its number.
pub(crate) type Numbered = (i64, ActivationSummary);

#[derive(Clone)]
struct Place {
    connection: String,
    namespace: NamespaceName,
    function: FunctionName,
}

/// Turns rows into records; looks each place up once.
pub(crate) struct Loader<'a> {
    db: &'a Connection,
    places: HashMap<i64, Place>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(db: &'a Connection) -> Self {
        Self {
            db,
            places: HashMap::new(),
        }
    }

    /// A row with the columns [`NARROW`].
    pub(crate) fn summary(&mut self, row: &Row<'_>) -> Result<Numbered, Fault> {
        let place = self.place(row.get("place")?)?.clone();
        let summary = ActivationSummary {
            id: ActivationId::from_u128(u128::from_be_bytes(row.get("id")?)),
            connection: place.connection,
            namespace: place.namespace,
            function: place.function,
            version: row.get("version")?,
            kind: row.get("kind")?,
            status: column(row, "status")?,
            mode: column(row, "mode")?,
            cause: column(row, "cause")?,
            start: row.get("start")?,
            end: row.get("end")?,
            duration_ms: row.get("duration")?,
            cold: row.get("cold")?,
            http_status: row.get("http_status")?,
            callback: optional(row, "callback")?,
            pinned: row.get("pinned")?,
            preview: row.get("preview")?,
        };
        Ok((row.get("n")?, summary))
    }

    fn place(&mut self, id: i64) -> Result<&Place, Fault> {
        use std::collections::hash_map::Entry;
        match self.places.entry(id) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(slot) => {
                let (connection, namespace, function): (_, String, String) = self
                    .db
                    .prepare_cached("SELECT connection, namespace, function FROM places WHERE id = ?1")?
                    .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                Ok(slot.insert(Place {
                    connection,
                    namespace: namespace.parse().map_err(|e| Fault::unreadable("namespace", e))?,
                    function: function
                        .parse()
                        .map_err(|e| Fault::unreadable("function name", e))?,
                }))
            }
        }
    }

    /// The whole record of a row.
    pub(crate) fn whole(&mut self, (n, summary): Numbered) -> Result<Activation, Fault> {
        let mut statement = self.db.prepare_cached("SELECT * FROM bodies WHERE n = ?1")?;
        let mut rows = statement.query([n])?;
        let Some(row) = rows.next()? else {
            return Err(Fault::unreadable(
                "record",
                format!("run {} has no body", summary.id),
            ));
        };
        let id = |column: &str| -> rusqlite::Result<Option<ActivationId>> {
            Ok(row
                .get::<_, Option<[u8; 16]>>(column)?
                .map(|id| ActivationId::from_u128(u128::from_be_bytes(id))))
        };
        Ok(Activation {
            summary,
            subject: row.get("subject")?,
            input: body::json(row.get("input")?, "input")?,
            result: body::json(row.get("result")?, "result")?,
            result_bytes: row.get::<_, i64>("result_bytes")?.unsigned_abs(),
            result_truncated: row.get("result_truncated")?,
            logs: body::logs(row.get("logs")?)?,
            logs_truncated: row.get("logs_truncated")?,
            limits: Limits {
                timeout_ms: row.get("timeout_ms")?,
                memory_mb: row.get("memory_mb")?,
                logs_kb: row.get("logs_kb")?,
                concurrency: row.get("concurrency")?,
            },
            timing: Timing {
                wait_ms: row.get("wait_ms")?,
                init_ms: row.get("init_ms")?,
                run_ms: row.get("run_ms")?,
                network_ms: row.get("network_ms")?,
            },
            rerun_of: id("rerun_of")?,
            token_id: row.get("token_id")?,
            parent: id("parent")?,
            http: body::value(row.get("http")?, "record")?,
            attempts: row.get("attempts")?,
            guards: body::value(row.get("guards")?, "record")?.unwrap_or_default(),
            annotations: body::value(row.get("annotations")?, "record")?.unwrap_or_default(),
        })
    }
}

/// The narrow row of a run.
pub(crate) fn summary(db: &Connection, id: ActivationId) -> Result<Option<Numbered>, Fault> {
    let mut loader = Loader::new(db);
    let mut statement =
        db.prepare_cached(&format!("SELECT {NARROW} FROM activations AS a WHERE a.id = ?1"))?;
    let mut rows = statement.query([id_bytes(id)])?;
    rows.next()?.map(|row| loader.summary(row)).transpose()
}

/// The whole record of a run.
pub(crate) fn activation(db: &Connection, id: ActivationId) -> Result<Option<Activation>, Fault> {
    summary(db, id)?.map(|row| Loader::new(db).whole(row)).transpose()
}
