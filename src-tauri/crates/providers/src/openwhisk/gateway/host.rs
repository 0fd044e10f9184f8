use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use beckon_core::Limits;
use beckon_engine::Engine;
use serde_json::{Value, json};

use super::limits::{self, MB};
use crate::gateway::{Gateway, Refusal};

/// `GET /`: what this host is, without credentials.
pub(super) async fn host(State(gateway): State<Gateway>) -> Result<Response, Refusal> {
    let (default, quota) = (Limits::DEFAULT, limits::quota(&gateway));
    super::json(&json!({
        "description": "OpenWhisk",
        "support": { "github": "https://github.com/apache/openwhisk/issues", "slack": "https://openwhisk.slack.com" },
        "api_paths": ["/api/v1"],
        "limits": {
            "actions_per_minute": quota.invocations_per_minute,
            "triggers_per_minute": quota.fires_per_minute,
            "concurrent_actions": quota.concurrent_invocations,
            "sequence_length": beckon_engine::SEQUENCE_LIMIT,
            "min_action_duration": limits::MIN_TIMEOUT_MS,
            "max_action_duration": limits::MAX_TIMEOUT_MS,
            "default_min_action_duration": limits::MIN_TIMEOUT_MS,
            "default_max_action_duration": default.timeout_ms,
            "min_action_memory": limits::MIN_MEMORY_MB * MB,
            "max_action_memory": limits::MAX_MEMORY_MB * MB,
            "default_min_action_memory": limits::MIN_MEMORY_MB * MB,
            "default_max_action_memory": u64::from(default.memory_mb) * MB,
            "min_action_logs": 0,
            "max_action_logs": limits::MAX_LOGS_MB * MB,
            "default_min_action_logs": 0,
            "default_max_action_logs": u64::from(default.logs_kb) * 1024,
        },
        "runtimes": runtimes(&gateway.engine),
    }))
}

/// `GET /api/v1`: upstream's description of the API. DigitalOcean's has the runtimes as well, and its clients read
/// them here.
pub(super) async fn api(State(gateway): State<Gateway>) -> Result<Response, Refusal> {
    super::json(&json!({
        "description": "OpenWhisk API",
        "api_version": "1.0.0",
        "api_version_path": "v1",
        "build": concat!("beckon-", env!("CARGO_PKG_VERSION")),
        "buildno": env!("CARGO_PKG_VERSION"),
        "swagger_paths": { "ui": "/docs", "api-docs": "/api-docs" },
        "runtimes": runtimes(&gateway.engine),
    }))
}

/// `GET /ping`.
pub(super) async fn ping() -> &'static str {
    "pong"
}

/// The kinds that can run here, by family; the first of a family is its default.
fn runtimes(engine: &Engine) -> BTreeMap<&'static str, Vec<Value>> {
    let mut families: BTreeMap<&'static str, Vec<Value>> = BTreeMap::new();
    for runtime in engine.runtimes().into_iter().filter(|runtime| runtime.available) {
        let kinds = families.entry(runtime.language.family()).or_default();
        kinds.push(json!({
            "kind": runtime.kind,
            "image": format!("local/{}", runtime.kind),
            "default": kinds.is_empty(),
            "deprecated": false,
            "attached": false,
            "requireMain": false,
        }));
    }
    families
}
