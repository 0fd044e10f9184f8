use axum::extract::State;
use axum::response::Response;
use beckon_core::Quota;
use serde_json::json;

use super::call::Call;
use crate::gateway::{Gateway, Refusal};
use crate::openwhisk::BODY_LIMIT;

/// What stands for "not limited here" where upstream's documents want a number.
const NO_LIMIT: u32 = i32::MAX as u32;
pub(super) const MB: u64 = 1024 * 1024;
/// The ranges of [`beckon_core::Limits`] in the wire's units.
pub(super) const MIN_TIMEOUT_MS: u64 = 100;
pub(super) const MAX_TIMEOUT_MS: u64 = 900_000;
pub(super) const MIN_MEMORY_MB: u64 = 32;
pub(super) const MAX_MEMORY_MB: u64 = 4096;
pub(super) const MAX_LOGS_MB: u64 = 10;

/// What is enforced, in the words of upstream's documents.
pub(super) fn quota(gateway: &Gateway) -> Quota {
    gateway.throttle.quota().unwrap_or(Quota {
        invocations_per_minute: NO_LIMIT,
        concurrent_invocations: NO_LIMIT,
        fires_per_minute: NO_LIMIT,
    })
}

/// `GET P/limits`.
pub(super) async fn limits(State(gateway): State<Gateway>, _call: Call) -> Result<Response, Refusal> {
    let quota = quota(&gateway);
    super::json(&json!({
        "invocationsPerMinute": quota.invocations_per_minute,
        "concurrentInvocations": quota.concurrent_invocations,
        "firesPerMinute": quota.fires_per_minute,
        "minActionMemory": MIN_MEMORY_MB,
        "maxActionMemory": MAX_MEMORY_MB,
        "minActionLogs": 0,
        "maxActionLogs": MAX_LOGS_MB,
        "minActionTimeout": MIN_TIMEOUT_MS,
        "maxActionTimeout": MAX_TIMEOUT_MS,
        "minActionConcurrency": 1,
        "maxActionConcurrency": 1,
        "maxParameterSize": format!("{BODY_LIMIT} B"),
    }))
}
