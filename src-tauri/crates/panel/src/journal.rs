//! Keeps the journal whole over remote systems: follows accepted runs to their end, over restarts, and reads what
//! others ran.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{
    Activation, ActivationId, Connection, Error, ErrorCode, Event, JsonText, Millis, Result, Status,
};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

use crate::{Panel, remote_calls};

/// A record may come this long after its run was accepted (the providers' retention); then it is lost.
const LONGEST_WAIT: Millis = 72 * 3_600_000;
const FIRST_PAUSE: Duration = Duration::from_millis(400);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Providers list a run by its start, and only once it is over: look back further than the last look.
const OVERLAP: Millis = 15 * 60_000;

/// Takes up the runs that were being followed, and gives up those whose answer was waited for: it went to a connection
/// that is no more.
pub(crate) async fn start(panel: &Arc<Panel>) -> Result<()> {
    let now = panel.clock.now();
    let waited_for = panel.store.waited_for().await?;
    let lost = waited_for
        .into_iter()
        .map(|run| lost(run, now, remote_calls::NOT_WAITED_FOR));
    panel.store.record_all(lost.collect()).await?;
    let connections = panel.store.connections().await?;
    for activation in panel.store.polling().await? {
        let summary = activation.summary;
        let connection = connections.iter().find(|known| known.id == summary.connection);
        match connection.is_some_and(|known| !known.capabilities.records) {
            true => follow_callback(panel, summary.id),
            false => follow(panel, summary.id),
        }
    }
    let (weak, stop) = (Arc::downgrade(panel), panel.stop.clone());
    let mut events = panel.store.events();
    panel.tasks.spawn(stop.run_until_cancelled_owned(async move {
        loop {
            match events.recv().await {
                Ok(Event::Inboxes) | Err(RecvError::Lagged(_)) => {
                    let Some(panel) = weak.upgrade() else { return };
                    panel.followed.hurry_callbacks();
                }
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }));
    Ok(())
}

/// Most records of a page.
const PAGE: u32 = 200;
/// Most pages of one look.
const PAGES: u32 = 10;

/// Reads a connection's activations since the last look into the journal; the first time back to those that are known.
/// Answers how many were new.
pub(crate) async fn sync(panel: &Panel, connection: &Connection) -> Result<u32> {
    if !connection.capabilities.records {
        return Ok(0);
    }
    let remote = panel.remote(&connection.id).await?;
    let now = panel.clock.now();
    let since = connection.last_sync.map(|at| at - OVERLAP);
    let mut count = 0_u32;
    let namespaces = panel.noting(&connection.id, remote.namespaces().await)?;
    if connection.account_namespace.is_none() {
        let names: Vec<_> = namespaces.iter().map(|known| known.name.clone()).collect();
        panel.note_opened(&connection.id, &names).await?;
    }
    for namespace in namespaces {
        for page in 0..PAGES {
            let reply = remote
                .activations(&namespace.name, since, page * PAGE, PAGE)
                .await;
            let page = panel.noting(&connection.id, reply)?;
            let mut fresh = Vec::new();
            for record in page.records {
                let id = record.summary.id;
                match panel.store.activation(id).await? {
                    None => fresh.push(adopt(record, &connection.id)),
                    Some(ours) if ours.summary.status == Status::Polling => {
                        panel.store.record(merge(ours, record)).await?;
                    }
                    Some(_) => {}
                }
            }
            let found = u32::try_from(fresh.len()).unwrap_or(u32::MAX);
            count = count.saturating_add(found);
            panel.store.record_all(fresh).await?;
            // Since the last look, a page of our own runs says nothing of what others ran before them.
            if page.is_last || (found == 0 && since.is_none()) {
                break;
            }
        }
    }
    panel.store.set_last_sync(&connection.id, now).await?;
    Ok(count)
}

/// The runs that are followed now, each with what makes the next look come at once.
#[derive(Default)]
pub(crate) struct Followed(Mutex<HashMap<ActivationId, Following>>);

struct Following {
    hurry: Arc<Notify>,
    /// Whether its end comes into an inbox here, and no provider is asked.
    calls_back: bool,
}

impl Followed {
    /// Something came into an inbox: it may be what somebody waits for.
    fn hurry_callbacks(&self) {
        let all = self.0.lock();
        let waiting = all.values().filter(|following| following.calls_back);
        waiting.for_each(|following| following.hurry.notify_one());
    }
}

/// Asks for a record until there is one, with growing pauses. A missing record is *pending*, not an error. Where it is
/// followed already, the next look comes at once, and the pauses grow anew.
pub(crate) fn follow(panel: &Arc<Panel>, id: ActivationId) {
    follow_to(panel, id, false);
}

/// Waits for what a run calls back.
pub(crate) fn follow_callback(panel: &Arc<Panel>, id: ActivationId) {
    follow_to(panel, id, true);
}

fn follow_to(panel: &Arc<Panel>, id: ActivationId, calls_back: bool) {
    let hurry = match panel.followed.0.lock().entry(id) {
        Entry::Occupied(followed) => return followed.get().hurry.notify_one(),
        Entry::Vacant(free) => {
            let hurry = Arc::<Notify>::default();
            free.insert(Following {
                hurry: hurry.clone(),
                calls_back,
            });
            hurry
        }
    };
    let (weak, stop) = (Arc::downgrade(panel), panel.stop.clone());
    panel.tasks.spawn(stop.run_until_cancelled_owned(async move {
        let mut pause = FIRST_PAUSE;
        loop {
            match tokio::time::timeout(pause, hurry.notified()).await {
                Ok(()) => pause = FIRST_PAUSE,
                Err(_) => pause = (pause * 3 / 2).min(LONGEST_PAUSE),
            }
            let Some(panel) = weak.upgrade() else { return };
            match look(&panel, id).await {
                Ok(Look::Over) => {
                    panel.followed.0.lock().remove(&id);
                    return;
                }
                Ok(Look::Pending) => {}
                Err(error) => tracing::debug!(%id, %error, "no record yet"),
            }
        }
    }));
}

enum Look {
    Pending,
    Over,
}

async fn look(panel: &Panel, id: ActivationId) -> Result<Look> {
    let Some(ours) = panel.store.activation(id).await? else {
        return Ok(Look::Over);
    };
    if ours.summary.status.is_final() {
        return Ok(Look::Over);
    }
    let connection = ours.summary.connection.clone();
    let kind = panel.remote_connection(&connection).await.map(|known| known.kind);
    if kind.as_ref().is_ok_and(|kind| !kind.capabilities().records) {
        let now = panel.clock.now();
        let messages = panel.store.messages_of(id).await?;
        let ended = match remote_calls::called_back(ours.clone(), messages) {
            Some(ended) => ended,
            None if remote_calls::is_overdue(&ours, now) => lost(ours, now, remote_calls::NO_CALLBACK),
            None => return Ok(Look::Pending),
        };
        panel.store.record(ended).await?;
        return Ok(Look::Over);
    }
    if panel.clock.now() - ours.summary.start > LONGEST_WAIT {
        let why = "The provider never produced a record of this run, and its retention period has passed.";
        panel.store.record(lost(ours, panel.clock.now(), why)).await?;
        return Ok(Look::Over);
    }
    let remote = match panel.remote(&connection).await {
        // A key that is missing, or cannot be renewed now, is not the end of a run.
        Err(error) if error.code == ErrorCode::NotFound && is_gone(panel, &connection).await? => {
            let why = "The connection was removed before the provider had a record of this run.";
            panel.store.record(lost(ours, panel.clock.now(), why)).await?;
            return Ok(Look::Over);
        }
        other => other?,
    };
    let reply = remote.activation(&ours.summary.namespace, id).await;
    match panel.noting(&connection, reply)? {
        Some(theirs) => {
            panel.store.record(merge(ours, theirs)).await?;
            Ok(Look::Over)
        }
        None => Ok(Look::Pending),
    }
}

async fn is_gone(panel: &Panel, connection: &str) -> Result<bool> {
    let known = panel.store.connections().await?;
    Ok(known.iter().all(|known| known.id != connection))
}

fn lost(mut ours: Activation, now: Millis, why: &str) -> Activation {
    ours.summary.status = Status::Lost;
    ours.summary.end = Some(now);
    ours.result = Some(JsonText::from_value(&serde_json::json!({ "error": why })));
    ours
}

/// A provider's record as ours: it came through this connection.
pub(crate) fn adopt(mut record: Activation, connection: &str) -> Activation {
    connection.clone_into(&mut record.summary.connection);
    record
}

/// Their record of our run: what only we know (input, who asked and how) stays.
pub(crate) fn merge(ours: Activation, theirs: Activation) -> Activation {
    let mut merged = theirs;
    merged.summary.connection = ours.summary.connection;
    // Our name has the package; a record's name is simple, and its path annotation may be missing.
    merged.summary.function = ours.summary.function;
    merged.summary.mode = ours.summary.mode;
    merged.summary.cause = ours.summary.cause;
    merged.summary.pinned = ours.summary.pinned;
    merged.input = ours.input;
    merged.rerun_of = ours.rerun_of;
    merged.timing.network_ms = merged.timing.network_ms.or(ours.timing.network_ms);
    merged
}

impl Panel {
    /// An error for a run that a provider accepted and Beckon could not note down.
    pub(crate) fn unrecorded(id: ActivationId, error: &Error) -> Error {
        Error::internal("note down a run that the provider accepted", error)
            .with_hint(format!("Its activation id is {id}."))
    }
}
