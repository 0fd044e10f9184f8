//! When the runs at each provider are looked at: every minute, and less often where that fails. One that hangs delays
//! no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use beckon_core::{Connection, Error, Event, Looks, Millis, Result};
use parking_lot::Mutex;

use crate::{Panel, journal};

/// How often it is seen which providers are due.
const ROUND: Duration = Duration::from_secs(60);
/// From one look to the next, while they succeed.
const EVERY: Millis = 60_000;
/// The longest time from a look that failed to the next.
const LONGEST: Millis = 15 * 60_000;
/// Rounds do not come on the millisecond: what is due that soon is looked at in this one.
const EARLY: Millis = 5_000;

/// What is known of the looks at each connection.
#[derive(Default)]
pub(crate) struct Schedule {
    looks: Mutex<HashMap<String, Looks>>,
    /// When the next round is, for connections that were never looked at.
    round: Mutex<Option<Millis>>,
}

impl Schedule {
    pub(crate) fn of(&self, id: &str) -> Looks {
        let mut looks = self.looks.lock().get(id).cloned().unwrap_or_default();
        let round = *self.round.lock();
        // Nothing comes by itself without rounds, and nothing between two.
        looks.next = round.map(|round| looks.next.map_or(round, |next| next.max(round)));
        looks
    }

    pub(crate) fn forget(&self, id: &str) {
        self.looks.lock().remove(id);
    }

    /// What failed may succeed by now: the next round looks.
    pub(crate) fn hurry(&self, id: &str) {
        if let Some(looks) = self.looks.lock().get_mut(id) {
            looks.next = None;
        }
    }

    fn is_due(&self, id: &str, now: Millis) -> bool {
        let looks = self.looks.lock();
        looks
            .get(id)
            .is_none_or(|looks| !looks.looking && looks.next.is_none_or(|next| next <= now + EARLY))
    }

    fn begin<'a>(&'a self, id: &'a str) -> Looking<'a> {
        self.looks.lock().entry(id.to_owned()).or_default().looking = true;
        Looking { schedule: self, id }
    }

    fn end(&self, id: &str, now: Millis, error: Option<Error>) {
        let mut all = self.looks.lock();
        // A connection that was removed meanwhile stays forgotten.
        let Some(looks) = all.get_mut(id) else { return };
        looks.last = Some(now);
        looks.failures = error.as_ref().map_or(0, |_| looks.failures.saturating_add(1));
        looks.error = error;
        looks.next = Some(now + pause(looks.failures));
    }
}

/// A look that is being made. Whoever asked for it may leave in the middle.
struct Looking<'a> {
    schedule: &'a Schedule,
    id: &'a str,
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        if let Some(looks) = self.schedule.looks.lock().get_mut(self.id) {
            looks.looking = false;
        }
    }
}

/// From a look to the next, after so many failures in a row.
fn pause(failures: u32) -> Millis {
    let doubled = EVERY.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(LONGEST)
}

/// Starts to look at the providers, all of them at once.
pub(crate) fn start(panel: &Arc<Panel>) {
    let (weak, stop) = (Arc::downgrade(panel), panel.stop.clone());
    panel.tasks.spawn(stop.run_until_cancelled_owned(async move {
        while let Some(panel) = weak.upgrade() {
            let now = panel.clock.now();
            *panel.remotes.looks.round.lock() = Some(now + EVERY);
            match panel.store.connections().await {
                Ok(connections) => round(&panel, connections, now),
                Err(error) => tracing::warn!(%error, "connections could not be read"),
            }
            drop(panel);
            tokio::time::sleep(ROUND).await;
        }
    }));
}

/// Begins to look where it is time.
fn round(panel: &Arc<Panel>, connections: Vec<Connection>, now: Millis) {
    for connection in connections {
        if !connection.capabilities.records || !panel.remotes.looks.is_due(&connection.id, now) {
            continue;
        }
        let (panel, stop) = (panel.clone(), panel.stop.clone());
        panel
            .clone()
            .tasks
            .spawn(stop.run_until_cancelled_owned(async move {
            if let Err(error) = look(&panel, &connection).await {
                tracing::info!(connection = connection.name, %error, "not synchronised; trying again later");
            }
        }));
    }
}

/// Reads a connection's runs into the journal, notes how that went, and tells the window. Answers how many were new.
pub(crate) async fn look(panel: &Panel, connection: &Connection) -> Result<u32> {
    let looks = &panel.remotes.looks;
    let looking = looks.begin(&connection.id);
    let read = journal::sync(panel, connection).await;
    drop(looking);
    looks.end(&connection.id, panel.clock.now(), read.as_ref().err().cloned());
    panel.store.publish(Event::Connections);
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_put_the_next_look_off() {
        let minutes: Vec<Millis> = [0, 1, 2, 3, 4, 5, 40]
            .into_iter()
            .map(|n| pause(n) / 60_000)
            .collect();
        assert_eq!(minutes, [1, 1, 2, 4, 8, 15, 15]);
    }

    #[test]
    fn a_look_that_fails_is_remembered_until_one_succeeds() {
        let schedule = Schedule::default();
        assert!(schedule.is_due("c", 0));
        assert_eq!(schedule.of("c").next, None, "without rounds nothing comes");
        *schedule.round.lock() = Some(60_000);
        assert_eq!(schedule.of("c").next, Some(60_000));
        let error = Error::new(beckon_core::ErrorCode::Unreachable, "gone");
        for at in [0, 60_000] {
            let looking = schedule.begin("c");
            assert!(!schedule.is_due("c", at), "it is being looked at");
            drop(looking);
            schedule.end("c", at, Some(error.clone()));
        }
        let looks = schedule.of("c");
        assert_eq!(
            (looks.failures, looks.last, looks.next),
            (2, Some(60_000), Some(180_000))
        );
        assert_eq!(looks.error, Some(error));
        assert!(!schedule.is_due("c", 120_000) && schedule.is_due("c", 180_000));
        schedule.hurry("c");
        assert!(schedule.is_due("c", 60_000));
        drop(schedule.begin("c"));
        schedule.end("c", 61_000, None);
        assert_eq!((schedule.of("c").failures, schedule.of("c").error), (0, None));
    }
}
