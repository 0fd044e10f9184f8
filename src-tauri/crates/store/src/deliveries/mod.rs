//! Deliveries: what is owed to others when a run is over. Each is a row from the transaction that ends the run.
//!
//! ```text
//! owe_callback ─ with the accepted run        put_over ─ the run's end and its deliveries, in one transaction
//! work ─ claim, settle, recover, retry        read ─ lists, and one with its history
//! note ─ what the run's record says of it
//! ```

mod note;
mod read;
mod work;

pub(crate) use note::note;
pub use read::DeliveryPage;
pub use work::{AttemptEnd, Claimed, Followed, Next, Outcome};

use beckon_core::{
    ActivationId, ActivationSummary, Callback, Destination, FunctionKey, LOCAL, Millis, Purpose, Result,
    random_hex,
};
use rusqlite::{OptionalExtension as _, params};

use crate::Store;
use crate::batch::Batch;
use crate::fault::Fault;
use crate::journal::save::{self, Prepared, id_bytes};
use crate::words::word;
use crate::writer::Urgency;

/// Bodies longer than this are compressed.
const COMPRESS_ABOVE: usize = 4096;

/// A delivery that is to be made.
#[derive(Clone)]
pub struct NewDelivery {
    /// The run that it tells of.
    pub run: ActivationId,
    /// The run's function.
    pub function: FunctionKey,
    /// Why.
    pub purpose: Purpose,
    /// Where to.
    pub target: Destination,
    /// The submission's id, by which an answer can be matched.
    pub call_id: Option<String>,
    /// The headers to send, in order; each character of a value is one byte (Latin-1).
    pub headers: Vec<(String, String)>,
    /// Where the function was called, if a redirect among its answers is to be followed first.
    pub follow: Option<String>,
    /// The body to send.
    pub body: Vec<u8>,
    /// How often it is tried by itself, at least 1.
    pub attempts: u32,
    /// When the run was over.
    pub created: Millis,
}

impl Store {
    /// Adds deliveries of runs whose records are written already.
    pub async fn add_deliveries(&self, deliveries: Vec<NewDelivery>) -> Result<()> {
        self.write(Urgency::Durable, 0, move |batch| {
            deliveries.iter().try_for_each(|new| insert(batch, new))
        })
        .await
    }

    /// Remembers that somebody is to be called back when a run is over. On disk when it returns; meant to be called
    /// together with [`Store::accept`], and before it.
    pub async fn owe_callback(&self, run: ActivationId, callback: &Callback) -> Result<()> {
        let text = serde_json::to_string(callback)
            .map_err(|e| beckon_core::Error::internal("keep a callback", e))?;
        self.write(Urgency::Durable, text.len(), move |batch| owe(batch, run, &text))
            .await
    }

    /// Forgets a callback, because its run was not accepted.
    pub async fn disown_callback(&self, run: ActivationId) -> Result<()> {
        self.write(Urgency::Durable, 0, move |batch| take_owed(batch, run).map(drop))
            .await
    }

    /// The callbacks that are owed, by run.
    pub async fn owed_callbacks(&self) -> Result<Vec<(ActivationId, Callback)>> {
        self.read(|reader| {
            let mut statement = reader.db.prepare("SELECT run, callback FROM callbacks")?;
            let mut rows = statement.query([])?;
            let mut owed = Vec::new();
            while let Some(row) = rows.next()? {
                let run = ActivationId::from_u128(u128::from_be_bytes(row.get(0)?));
                owed.push((run, read_callback(&row.get::<_, String>(1)?)?));
            }
            Ok(owed)
        })
        .await
    }
}

/// Writes a run that is over and what is to be delivered because of it. Returns the callback that it owed until now, as
/// [`owe`] takes it.
pub(crate) fn put_over(
    batch: &mut Batch<'_>,
    prepared: &Prepared,
    deliveries: &[NewDelivery],
) -> Result<Option<String>, Fault> {
    let owed = match deliveries.iter().any(|new| new.purpose == Purpose::Callback) {
        true => take_owed(batch, prepared.activation.summary.id)?,
        false => None,
    };
    save::put(batch, prepared)?;
    deliveries.iter().try_for_each(|new| insert(batch, new))?;
    Ok(owed)
}

/// From now on the run owes this callback (its JSON).
pub(crate) fn owe(batch: &mut Batch<'_>, run: ActivationId, callback: &str) -> Result<(), Fault> {
    batch.owe(1)?;
    batch
        .db
        .prepare_cached("INSERT INTO callbacks (run, callback) VALUES (?1, ?2)")?
        .execute(params![id_bytes(run), callback])?;
    Ok(())
}

pub(crate) fn read_callback(text: &str) -> Result<Callback, Fault> {
    serde_json::from_str(text).map_err(|e| Fault::unreadable("callback", e))
}

/// The callback that a run owes, which it owes no more.
fn take_owed(batch: &mut Batch<'_>, run: ActivationId) -> Result<Option<String>, Fault> {
    if !batch.owes()? {
        return Ok(None);
    }
    let text: Option<String> = batch
        .db
        .prepare_cached("DELETE FROM callbacks WHERE run = ?1 RETURNING callback")?
        .query_row([id_bytes(run)], |row| row.get(0))
        .optional()?;
    if text.is_some() {
        batch.owe(-1)?;
    }
    Ok(text)
}

/// A run is over and brought no answer along (cancelled in the queue, lost in a crash): its caller is still told, as
/// OpenFaaS' queue worker does when the call itself failed: status 503 and no body.
pub(crate) fn settle_owed(batch: &mut Batch<'_>, run: &ActivationSummary) -> Result<(), Fault> {
    if run.connection != LOCAL {
        return Ok(());
    }
    let Some(callback) = take_owed(batch, run.id)? else {
        return Ok(());
    };
    let callback = read_callback(&callback)?;
    let seconds = run.duration_ms.unwrap_or(0).max(0) as f64 / 1000.0;
    let header = |name: &str, value: String| (name.to_owned(), value);
    insert(
        batch,
        &NewDelivery {
            run: run.id,
            function: FunctionKey {
                namespace: run.namespace.clone(),
                name: run.function.clone(),
            },
            purpose: Purpose::Callback,
            headers: vec![
                header("X-Call-Id", latin1(&callback.call_id)),
                header("X-Duration-Seconds", format!("{seconds:.6}")),
                header("X-Function-Name", latin1(&callback.function_name_as_called)),
                header("X-Function-Status", "503".to_owned()),
            ],
            target: Destination::Http { url: callback.url },
            call_id: Some(callback.call_id),
            follow: None,
            body: Vec::new(),
            attempts: 1,
            created: run.end.unwrap_or(run.start),
        },
    )
}

/// The bytes of a text, each as one character.
fn latin1(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// A body compressed, where that is worth it.
fn packed(body: &[u8]) -> Option<Vec<u8>> {
    (body.len() > COMPRESS_ABOVE)
        .then(|| zstd::bulk::compress(body, 3).ok())
        .flatten()
        .filter(|bytes| bytes.len() < body.len())
}

fn insert(batch: &mut Batch<'_>, new: &NewDelivery) -> Result<(), Fault> {
    let json = |what: serde_json::Result<String>| what.map_err(|e| Fault::unreadable("delivery", e));
    let compressed = packed(&new.body);
    batch
        .db
        .prepare_cached(
            "INSERT INTO deliveries (id, run, namespace, function, purpose, call_id, kind, shown, target, origin,
             headers, follow, body, packed, bytes, state, created, due, allowed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 'pending', ?16, ?16, ?17)",
        )?
        .execute(params![
            random_hex(),
            id_bytes(new.run),
            new.function.namespace.as_str(),
            new.function.name.as_str(),
            word(new.purpose)?,
            new.call_id,
            word(new.target.kind())?,
            new.target.masked(),
            json(serde_json::to_string(&new.target))?,
            origin(&new.target),
            json(serde_json::to_string(&new.headers))?,
            new.follow,
            compressed.as_deref().unwrap_or(&new.body),
            compressed.is_some(),
            new.body.len() as i64,
            new.created,
            new.attempts.max(1),
        ])?;
    batch.deliveries_due();
    note(batch, new.run)
}

/// What deliveries to the same receiver have in common: the URL up to its path, without user and password.
fn origin(target: &Destination) -> String {
    let url = match target {
        Destination::Http { url } => url,
        Destination::Nats { server, .. } => server,
        _ => return "inbox".to_owned(),
    };
    let (scheme, rest) = url.split_once("//").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}//{host}").to_ascii_lowercase()
}
