use axum::response::Response;
use serde_json::json;

use super::call::Call;
use crate::gateway::Refusal;
use crate::openwhisk::BODY_LIMIT;

/// What stands for "not limited here" where upstream's documents want a number.
pub(super) const NO_LIMIT: u32 = i32::MAX as u32;
pub(super) const MB: u64 = 1024 * 1024;
/// The ranges of [`beckon_core::Limits`] in the wire's units.
pub(super) const MIN_TIMEOUT_MS: u64 = 100;
pub(super) const MAX_TIMEOUT_MS: u64 = 900_000;
pub(super) const MIN_MEMORY_MB: u64 = 32;
pub(super) const MAX_MEMORY_MB: u64 = 4096;
pub(super) const MAX_LOGS_MB: u64 = 10;

/// `GET P/limits`.
pub(super) async fn limits(_call: Call) -> Result<Response, Refusal> {
    super::json(&json!({
        "invocationsPerMinute": NO_LIMIT,
        "concurrentInvocations": NO_LIMIT,
        "firesPerMinute": NO_LIMIT,
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
