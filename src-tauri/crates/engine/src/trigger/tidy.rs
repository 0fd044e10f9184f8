//! What triggers left at brokers that they listen to no more: an MQTT broker keeps a session, and every message for it,
//! until it is told not to. It is told when it can be reached, for a day at most; a credential is kept as long.

use std::collections::HashMap;
use std::time::Duration;

use beckon_core::{CredentialKind, Error, Millis, Result, Secret};
use beckon_store::Leftover;
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::AFTER_FAILURE;
use super::broker::forget_mqtt;
use super::session::{End, divided};
use crate::Engine;
use crate::orphans::Orphan;

/// How long a broker is tried, ms.
const LIFETIME: Millis = 24 * 3_600_000;
/// And how long the pauses have to be by then: what was left before this machine slept or Beckon was off has its tries,
/// too, of eight minutes together.
const GIVING_UP: Duration = Duration::from_secs(256);
/// How long until the next try, doubling.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// How many are tried at once.
const AT_ONCE: usize = 8;
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// When something is tried again.
struct Again {
    at: Instant,
    pause: Duration,
}

/// Tells brokers, whenever there is something to tell.
pub(super) async fn run(engine: &Engine) {
    let mut tries: HashMap<i64, Again> = HashMap::new();
    loop {
        let left = match engine.inner.store.leftovers().await {
            Ok(left) => left,
            Err(error) => {
                tracing::error!(%error, "what is left at brokers could not be read");
                tokio::time::sleep(AFTER_FAILURE).await;
                continue;
            }
        };
        tries.retain(|n, _| left.iter().any(|left| left.n == *n));
        let now = Instant::now();
        let is_due = |left: &Leftover| tries.get(&left.n).is_none_or(|again| again.at <= now);
        let due: Vec<_> = left.into_iter().filter(is_due).collect();
        let tried = stream::iter(due).map(|left| {
            let patient = tries.get(&left.n).is_some_and(|again| again.pause >= GIVING_UP);
            async move { (left.n, settled(engine, &left, patient).await) }
        });
        for (n, settled) in tried.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await {
            let known = tries.remove(&n);
            if !settled {
                let pause = known.map_or(FIRST_PAUSE, |again| (again.pause * 2).min(LONGEST_PAUSE));
                let at = Instant::now() + pause;
                tries.insert(n, Again { at, pause });
            }
        }
        let next = tries.values().map(|again| again.at).min();
        let wait = async {
            match next {
                Some(next) => tokio::time::sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = engine.inner.triggers.left.notified() => {}
            () = wait => {}
        }
    }
}

/// Tries once. Whether nothing more is to be done; `patient` is that it was tried for a while already.
async fn settled(engine: &Engine, leftover: &Leftover, patient: bool) -> bool {
    let live = engine.inner.triggers.live.lock().get(&leftover.trigger).cloned();
    // Who listens yet would only come back.
    if live.is_some_and(|live| !live.stop.is_cancelled() && live.definition.server == leftover.server) {
        return false;
    }
    let told = match user(engine, leftover).await {
        Ok(user) => {
            let Leftover {
                server,
                trigger,
                subscription,
                ..
            } = leftover;
            let told = forget_mqtt(engine, server, trigger, subscription, user.as_ref());
            tokio::time::timeout(PATIENCE, told)
                .await
                .unwrap_or_else(|_| Err(End::Lost("The server did not answer in time.".to_owned())))
        }
        Err(error) if error.code == beckon_core::ErrorCode::NotFound => Err(End::Refused(error.message)),
        // A secret store that is locked now is open one day; until then its value can neither be read nor removed.
        Err(_) => return false,
    };
    let age = engine.inner.clock.now() - leftover.since;
    let given_up = match told {
        Ok(()) => None,
        Err(End::Lost(_)) if age < LIFETIME || !patient => return false,
        Err(End::Lost(why) | End::Refused(why)) => Some(why),
        Err(End::Stopped) => return false,
    };
    if let Some(why) = given_up {
        tracing::warn!(
            server = leftover.server,
            trigger = leftover.trigger,
            why,
            "a broker could not be told that a trigger is gone, and keeps its session"
        );
    }
    if leftover.needs_credential() {
        let trigger = leftover.trigger.clone();
        if !engine.remove(vec![Orphan::TriggerSecret { trigger }]).await {
            return false;
        }
    }
    let dropped = engine.inner.store.drop_leftovers(vec![leftover.n]).await;
    dropped
        .inspect_err(|error| tracing::error!(%error, "what a broker was told was not noted"))
        .is_ok()
}

/// Who the trigger logged in as.
async fn user(engine: &Engine, leftover: &Leftover) -> Result<Option<(String, Secret)>> {
    if leftover.credential == CredentialKind::None {
        return Ok(None);
    }
    let (secrets, id) = (engine.inner.secrets.clone(), leftover.trigger.clone());
    let found = tokio::task::spawn_blocking(move || secrets.trigger_secret(&id))
        .await
        .map_err(|e| Error::internal("read a credential", e))??;
    let found = found.ok_or_else(|| Error::not_found("credential kept for this trigger"))?;
    Ok(Some(divided(&found)))
}
