//! Removes records whose retention has passed, in small steps with pauses, so that nobody waits for it.

use std::sync::Arc;
use std::time::Duration;

use crate::Panel;

const STEP: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);
const ROUND: Duration = Duration::from_secs(10 * 60);

/// Starts the task.
pub(crate) fn start(panel: &Arc<Panel>) {
    let (panel, stop) = (Arc::downgrade(panel), panel.stop.clone());
    let Some(strong) = panel.upgrade() else { return };
    strong.tasks.spawn(stop.run_until_cancelled_owned(async move {
        while let Some(panel) = panel.upgrade() {
            if let Err(error) = prune(&panel).await {
                tracing::warn!(%error, "old records could not be removed; trying again later");
            }
            drop(panel);
            tokio::time::sleep(ROUND).await;
        }
    }));
}

async fn prune(panel: &Panel) -> beckon_core::Result<()> {
    let hours = i64::from(panel.settings.read().retention_hours);
    let before = panel.clock.now() - hours * 3_600_000;
    while panel.store.prune(before, STEP).await? > 0 {
        tokio::time::sleep(PAUSE).await;
    }
    while panel.store.prune_deliveries(before, STEP).await? > 0 {
        tokio::time::sleep(PAUSE).await;
    }
    while panel.store.prune_messages(before, STEP).await? > 0 {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
