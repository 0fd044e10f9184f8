//! Inboxes and deliveries as the window asks for them.

mod support;

use anyhow::Result;
use serde_json::json;
use support::{call, serve_gateway, start};

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_has_a_url_until_it_is_deleted() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let gateway = serve_gateway(&panel).await?;
    let made = call(&panel, "create_inbox", json!({ "label": "mine", "answer": 201 })).await?;
    let id = made["id"].as_str().unwrap_or_default();
    assert_eq!(made["url"], format!("{gateway}/callbacks/{id}"));
    assert_eq!(call(&panel, "inboxes", json!({})).await?, json!([made]));
    call(
        &panel,
        "change_inbox",
        json!({ "id": id, "label": "other", "answer": 200 }),
    )
    .await?;
    let page = call(&panel, "inbox_messages", json!({ "id": id, "limit": 10 })).await?;
    assert_eq!(page, json!({ "rows": [], "next": null }));
    call(&panel, "clear_inbox", json!({ "id": id })).await?;
    call(&panel, "delete_inbox", json!({ "id": id })).await?;
    assert_eq!(call(&panel, "inboxes", json!({})).await?, json!([]));
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_are_checked_and_kept() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let none = call(&panel, "deliveries", json!({ "filter": {}, "limit": 10 })).await?;
    assert_eq!(none, json!({ "rows": [], "next": null }));
    let rules = json!({ "allowedHosts": [" Example.com:8080 "], "attempts": 3, "certificates": "" });
    let kept = json!({ "allowedHosts": ["example.com:8080"], "attempts": 3, "certificates": "" });
    assert_eq!(
        call(&panel, "save_delivery_rules", json!({ "rules": rules })).await?,
        kept
    );
    let bad = json!({ "allowedHosts": ["http://x/"], "attempts": 1, "certificates": "" });
    assert!(
        call(&panel, "save_delivery_rules", json!({ "rules": bad }))
            .await
            .is_err()
    );
    panel.shutdown(std::time::Duration::ZERO).await;
    drop(panel);
    let panel = start(dir.path()).await?;
    assert_eq!(call(&panel, "delivery_rules", json!({})).await?, kept);
    assert!(
        call(&panel, "retry_delivery", json!({ "id": "none" }))
            .await
            .is_err()
    );
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}
