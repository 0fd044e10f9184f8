//! Tells a person who looks elsewhere that a long run of theirs has ended.

use std::collections::HashSet;
use std::sync::Arc;

use beckon_core::{ActivationId, ActivationSummary, Cause, Event, Millis, Status};
use tokio::sync::broadcast::error::RecvError;

use crate::Panel;

/// Most runs that are watched at once; nobody waits for more.
const MOST: usize = 1_000;

/// Starts the task, where the host can show anything.
pub(crate) fn start(panel: &Arc<Panel>) {
    if panel.desktop.is_none() {
        return;
    }
    let (weak, stop) = (Arc::downgrade(panel), panel.stop.clone());
    let mut events = panel.store.events();
    panel.tasks.spawn(stop.run_until_cancelled_owned(async move {
        let mut watch = Watch::default();
        // Runs that were under way at a provider when Beckon stopped are as long as any.
        if let Some(panel) = weak.upgrade() {
            for run in panel.store.polling().await.unwrap_or_default() {
                watch.see(&run.summary);
            }
        }
        loop {
            match events.recv().await {
                Ok(Event::Activations { rows }) => {
                    let Some(panel) = weak.upgrade() else { return };
                    let after = panel.settings.read().notify_after_s;
                    for row in rows {
                        if watch.see(&row) && after.is_some_and(|after| took(&row) >= i64::from(after) * 1000)
                        {
                            tell(&panel, &row).await;
                        }
                    }
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }));
}

/// Runs of the person at the window that are not over.
#[derive(Default)]
struct Watch(HashSet<ActivationId>);

impl Watch {
    /// Whether a run that was under way is over now. Rows of runs that are over come again, when they are pinned.
    fn see(&mut self, row: &ActivationSummary) -> bool {
        if row.cause != Cause::Panel {
            return false;
        }
        if row.status.is_final() {
            return self.0.remove(&row.id);
        }
        if self.0.len() < MOST {
            self.0.insert(row.id);
        }
        false
    }
}

/// From being asked for to its end, ms: what the person has waited.
fn took(row: &ActivationSummary) -> Millis {
    let end = row.end.unwrap_or(row.start + row.duration_ms.unwrap_or(0));
    (end - row.start).max(0)
}

async fn tell(panel: &Panel, row: &ActivationSummary) {
    let Some(desktop) = panel.desktop.clone() else {
        return;
    };
    let (title, text) = words(row);
    if let Err(error) = panel.blocking(move || desktop.notify(&title, &text)).await {
        tracing::info!(%error, "no notification was shown");
    }
}

fn words(row: &ActivationSummary) -> (String, String) {
    let how = match row.status {
        Status::Success => "is done",
        Status::Cancelled => "was cancelled",
        Status::TimedOut => "ran into its time limit",
        Status::Lost => "was lost",
        _ => "failed",
    };
    let seconds = took(row) / 1000;
    let passed = match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    };
    (
        format!("{} {how}", row.function),
        format!("{}, after {passed}", row.namespace),
    )
}

#[cfg(test)]
mod tests {
    use beckon_core::Mode;

    use super::*;

    fn row(cause: Cause, status: Status) -> ActivationSummary {
        ActivationSummary {
            id: ActivationId::from_u128(1),
            connection: "local".into(),
            namespace: "shop".parse().unwrap(),
            function: "p/export".parse().unwrap(),
            version: "0.0.1".into(),
            kind: "nodejs:20".into(),
            status,
            mode: Mode::NonBlocking,
            cause,
            start: 0,
            end: status.is_final().then_some(95_400),
            duration_ms: None,
            cold: None,
            http_status: None,
            callback: None,
            pinned: false,
            preview: String::new(),
        }
    }

    #[test]
    fn a_run_of_ones_own_is_told_of_once() {
        let mut watch = Watch::default();
        assert!(
            !watch.see(&row(Cause::Panel, Status::Success)),
            "it was never seen under way"
        );
        assert!(!watch.see(&row(Cause::Panel, Status::Running)));
        assert!(watch.see(&row(Cause::Panel, Status::Success)));
        assert!(!watch.see(&row(Cause::Panel, Status::Success)), "it was pinned");
        assert!(!watch.see(&row(Cause::Gateway, Status::Running)));
        assert!(!watch.see(&row(Cause::Gateway, Status::Success)));
        let told = words(&row(Cause::Panel, Status::TimedOut));
        assert_eq!(told.0, "p/export ran into its time limit");
        assert_eq!(told.1, "shop, after 1 min 35 s");
    }
}
