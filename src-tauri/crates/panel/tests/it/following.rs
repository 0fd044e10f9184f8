//! Runs at a provider whose record comes late or never.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use anyhow::Result;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use beckon_core::Clock;
use beckon_panel::SecretStoreChoice;
use serde_json::{Value, json};

use crate::support::{call, start, start_at, until};

const ID: &str = "abababababababababababababababab";
const HOUR: i64 = 3_600_000;

/// A provider that accepts every call as the same run, and has its record when it is told to.
async fn provider(recorded: Arc<AtomicBool>) -> Result<String> {
    let record = move || async move {
        if recorded.load(Ordering::Relaxed) {
            let record = json!({ "activationId": ID, "namespace": "playground", "name": "f", "version": "0.0.1",
                "subject": "s", "start": 1, "end": 2, "duration": 1, "logs": [], "publish": false, "annotations": [],
                "response": { "status": "success", "success": true, "result": { "done": true } } });
            return (StatusCode::OK, Json(record));
        }
        let text = "The requested resource does not exist.";
        (StatusCode::NOT_FOUND, Json(json!({ "code": "x", "error": text })))
    };
    let accept = || async { (StatusCode::ACCEPTED, Json(json!({ "activationId": ID }))) };
    let here = "/api/v1/namespaces/playground";
    let app = Router::new()
        .route("/api/v1/namespaces", get(|| async { Json(["playground"]) }))
        .route(&format!("{here}/actions"), get(|| async { Json(json!([])) }))
        .route(&format!("{here}/actions/f"), post(accept))
        .route(&format!("{here}/activations"), get(|| async { Json(json!([])) }))
        .route(&format!("{here}/activations/{{id}}"), get(record));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

async fn accepted(panel: &Arc<beckon_panel::Panel>, url: &str) -> Result<Value> {
    let draft = json!({ "name": "late", "kind": "openwhisk", "environment": "staging", "apiHost": url, "key": "a:b" });
    let connection = call(panel, "add_connection", json!({ "draft": draft })).await?;
    let function = crate::support::function(connection["id"].as_str().unwrap_or_default(), "f");
    let ask = json!({ "function": function, "input": "{\"n\":1}", "mode": "non_blocking" });
    let reply = call(panel, "invoke", ask).await?;
    assert_eq!(reply["activation"]["status"], "polling");
    Ok(reply["activation"]["id"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_never_comes_is_given_up_after_the_retention() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let ahead = Arc::new(AtomicI64::new(0));
    let (system, offset) = (Clock::system(), ahead.clone());
    let clock = Clock::from_fn(move || system.now() + offset.load(Ordering::Relaxed));
    let panel = start_at(dir.path(), SecretStoreChoice::File, clock).await?;
    let id = accepted(&panel, &provider(Arc::default()).await?).await?;
    ahead.store(71 * HOUR, Ordering::Relaxed);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let found = call(&panel, "activation", json!({ "id": id })).await?;
    assert_eq!(found["activation"]["status"], "polling", "it may still come");
    ahead.store(73 * HOUR, Ordering::Relaxed);
    let lost = until(&panel, &id, "lost").await?;
    assert!(
        lost["activation"]["result"]
            .as_str()
            .unwrap_or_default()
            .contains("retention period has passed")
    );
    assert_eq!(lost["activation"]["input"], "{\"n\":1}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_it_gets_it_at_once() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let recorded = Arc::new(AtomicBool::new(false));
    let id = accepted(&panel, &provider(recorded.clone()).await?).await?;
    recorded.store(true, Ordering::Relaxed);
    let found = call(&panel, "wait_for", json!({ "id": id })).await?;
    assert_eq!(found["activation"]["status"], "success");
    assert_eq!(found["activation"]["result"], "{\"done\":true}");
    Ok(())
}
