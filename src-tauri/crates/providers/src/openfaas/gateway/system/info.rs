use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::json;
use crate::gateway::Refusal;

/// `GET /system/info`. Every part has a release and a sha that are not empty: faas-cli and the certifier fail otherwise.
pub(super) async fn get() -> Result<Response, Refusal> {
    let release = env!("CARGO_PKG_VERSION");
    let version = json!({ "release": release, "sha": release, "commit_message": "" });
    let document = json!({
        "provider": { "provider": "beckon", "orchestration": "processes", "version": version },
        "version": version,
        "arch": std::env::consts::ARCH,
    });
    json(StatusCode::OK, &document)
}
