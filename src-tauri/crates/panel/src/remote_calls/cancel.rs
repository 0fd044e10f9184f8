//! How a call at a provider is given up.

use std::collections::HashMap;

use beckon_core::{Activation, ActivationId, Connection, Error, ErrorCode, LOCAL, Result, Status};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::{CALL_ID, json_text};
use crate::Panel;

/// Calls that are waited for, by their run. Giving one up closes its connection; whether the function goes on then is the
/// server's to say.
#[derive(Default)]
pub(crate) struct Running(Mutex<HashMap<ActivationId, CancellationToken>>);

impl Running {
    pub(super) fn begin(&self, id: ActivationId, stop: CancellationToken) {
        self.0.lock().insert(id, stop);
    }

    pub(super) fn end(&self, id: ActivationId) {
        self.0.lock().remove(&id);
    }

    fn cancel(&self, id: ActivationId) -> bool {
        let calls = self.0.lock();
        calls.get(&id).inspect(|stop| stop.cancel()).is_some()
    }
}

impl Panel {
    /// Gives up a call at a provider; `None` where it is not one.
    pub(crate) async fn cancel_there(&self, id: ActivationId) -> Result<Option<bool>> {
        if self.remotes.running.cancel(id) {
            return Ok(Some(true));
        }
        let Some(record) = self.store.activation(id).await? else {
            return Ok(None);
        };
        let at = record.summary.connection.clone();
        if at == LOCAL {
            return Ok(None);
        }
        // One that is waited for and is not among those has just ended.
        if record.summary.status.is_final() || record.summary.status == Status::Running {
            return Ok(Some(false));
        }
        let connection = self.remote_connection(&at).await?;
        if !connection.capabilities.cancels {
            return Err(taken(&connection));
        }
        let remote = self.remote(&at).await?;
        let stopped = self.noting(&at, remote.cancel(&call_id(&record)).await)?;
        if !stopped {
            return Ok(Some(false));
        }
        let mut record = self.store.activation(id).await?.unwrap_or(record);
        // It was over before it could be taken back, and its result came. Any other end is that of what was taken back.
        if record.summary.status == Status::Success {
            return Ok(Some(false));
        }
        record.summary.status = Status::Cancelled;
        record.summary.end = Some(self.clock.now());
        record.result = Some(json_text(
            &serde_json::json!({ "error": "The call was cancelled." }),
        ));
        self.note_down(record).await?;
        Ok(Some(true))
    }
}

/// The id that a call was made with: its run's own, unless the caller chose one.
fn call_id(record: &Activation) -> String {
    let chosen = record.http.as_ref().and_then(|http| {
        let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case(CALL_ID.as_str());
        http.headers.iter().find(named)
    });
    chosen.map_or_else(|| record.summary.id.to_string(), |(_, value)| value.clone())
}

fn taken(connection: &Connection) -> Error {
    let text = format!(
        "{} has accepted the call, and its system takes none back.",
        connection.name
    );
    Error::new(ErrorCode::NotSupported, text)
}
