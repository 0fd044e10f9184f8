//! What a namespace may ask for in a minute and at once, where the user has set that.
//!
//! Source: apache/openwhisk, `Entitlement.scala`, `RateThrottler.scala` and `ActivationThrottler.scala`: windows are whole
//! minutes of the clock, and a request that is refused has been counted.

use std::collections::HashMap;

use axum::http::StatusCode;
use beckon_core::{Millis, NamespaceName, Quota};
use beckon_engine::Refused;
use parking_lot::{Mutex, RwLock};

use crate::gateway::{Gateway, Refusal};

const MINUTE: Millis = 60_000;

/// The quota of every namespace, and how much of it was used.
#[derive(Debug, Default)]
pub struct Throttle {
    quota: RwLock<Option<Quota>>,
    /// Of the current minute.
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    minute: i64,
    invocations: HashMap<NamespaceName, u32>,
    fires: HashMap<NamespaceName, u32>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Invocation,
    Fire,
}

impl Throttle {
    /// What each namespace may ask for from now on; `None` is as much as this machine can do.
    pub fn set(&self, quota: Option<Quota>) {
        *self.quota.write() = quota;
    }

    /// What is set.
    #[must_use]
    pub fn quota(&self) -> Option<Quota> {
        *self.quota.read()
    }

    /// Counts one, and answers how many it was in this minute.
    fn count(&self, namespace: &NamespaceName, asked: Asked, now: Millis) -> u32 {
        let mut used = self.used.lock();
        let minute = now.div_euclid(MINUTE);
        if used.minute != minute {
            *used = Used {
                minute,
                ..Used::default()
            };
        }
        let counts = match asked {
            Asked::Invocation => &mut used.invocations,
            Asked::Fire => &mut used.fires,
        };
        let count = counts.entry(namespace.clone()).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

/// Grants a namespace one more.
///
/// # Errors
/// Upstream's 429 with its text.
pub(crate) fn admit(gateway: &Gateway, namespace: &NamespaceName, asked: Asked) -> Result<(), Refusal> {
    let Some(quota) = gateway.throttle.quota() else {
        return Ok(());
    };
    let allowed = match asked {
        Asked::Invocation => quota.invocations_per_minute,
        Asked::Fire => quota.fires_per_minute,
    };
    let count = gateway.throttle.count(namespace, asked, gateway.clock.now());
    if count > allowed {
        let why = match asked {
            Asked::Invocation => Refused::InvocationsPerMinute,
            Asked::Fire => Refused::FiresPerMinute,
        };
        gateway.engine.count_refused(namespace, why);
        return Err(too_many("requests in the last minute", count.into(), allowed));
    }
    if asked == Asked::Invocation {
        let count = gateway.engine.in_flight(namespace);
        if count >= u64::from(quota.concurrent_invocations) {
            gateway
                .engine
                .count_refused(namespace, Refused::ConcurrentInvocations);
            let what = "concurrent requests in flight";
            return Err(too_many(what, count, quota.concurrent_invocations));
        }
    }
    Ok(())
}

fn too_many(what: &str, count: u64, allowed: u32) -> Refusal {
    let text = format!("Too many {what} (count: {count}, allowed: {allowed}).");
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, text)
}
