//! The records of triggers that are fired at a provider.

use std::sync::Arc;
use std::time::Duration;

use beckon_core::{ActivationId, Cause, NamespaceName, Result};

use crate::{Panel, journal::adopt};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How often a record is looked for, over twelve seconds: each wait is twice the one before.
const LOOKS: u32 = 7;

/// Reads the record of a trigger that was fired from here. The next look at the provider's runs would bring it as well,
/// but later, and not who fired it; that is not worth more than a few seconds of asking.
pub(crate) fn fetch(panel: &Arc<Panel>, connection: String, namespace: NamespaceName, id: ActivationId) {
    let (weak, stop) = (Arc::downgrade(panel), panel.stop.clone());
    panel.tasks.spawn(stop.run_until_cancelled_owned(async move {
        let mut pause = FIRST_PAUSE;
        for _ in 0..LOOKS {
            tokio::time::sleep(pause).await;
            pause *= 2;
            let Some(panel) = weak.upgrade() else { return };
            match look(&panel, &connection, &namespace, id).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::debug!(%id, %error, "no record of the firing yet"),
            }
        }
    }));
}

/// Takes over the record of a firing, if there is one by now.
async fn look(panel: &Panel, connection: &str, namespace: &NamespaceName, id: ActivationId) -> Result<bool> {
    let remote = panel.remote(connection).await?;
    let Some(record) = panel.noting(connection, remote.activation(namespace, id).await)? else {
        return Ok(false);
    };
    let mut record = adopt(record, connection);
    record.summary.cause = Cause::Panel;
    panel.store.record(record).await?;
    Ok(true)
}
