//! Inboxes and deliveries as the window asks for them.

use std::sync::Arc;

use crate::support::{call, function, serve_gateway, start, until};
use anyhow::Result;
use beckon_core::ErrorCode;
use beckon_panel::Panel;
use serde_json::{Value, json};

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
    // What an older page does not say is as usual.
    let usual =
        json!({ "allowedHosts": ["example.com:8080"], "attempts": 3, "certificates": "", "timeoutS": 30 });
    assert_eq!(
        call(&panel, "save_delivery_rules", json!({ "rules": rules })).await?,
        usual
    );
    let mut kept = usual;
    kept["timeoutS"] = json!(5);
    assert_eq!(
        call(&panel, "save_delivery_rules", json!({ "rules": kept })).await?,
        kept
    );
    for bad in [
        json!({ "allowedHosts": ["http://x/"], "attempts": 1, "certificates": "" }),
        json!({ "allowedHosts": [], "attempts": 1, "certificates": "", "timeoutS": 0 }),
    ] {
        assert!(
            call(&panel, "save_delivery_rules", json!({ "rules": bad }))
                .await
                .is_err()
        );
    }
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

/// A run from the window that calls an inbox back, and its delivery in every list.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_calls_an_inbox_back() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    serve_gateway(&panel).await?;
    let target = function("local", "greets");
    let create = json!({ "function": target, "kind": "shell:default", "contract": "watchdog_classic",
                         "code": { "type": "source", "text": "#!/bin/sh\necho hi" } });
    call(&panel, "create_function", create).await?;
    let inbox = call(&panel, "create_inbox", json!({ "label": "mine" })).await?;
    let request = json!({ "method": "POST", "path": "/", "query": "", "headers": [],
                          "body": { "type": "text", "text": "" } });
    let mut ask = json!({ "function": target, "request": request, "mode": "blocking",
                          "callbackUrl": inbox["url"] });
    let refused = call(&panel, "invoke_http", ask.clone()).await;
    assert_eq!(refused.err().map(|e| e.code), Some(ErrorCode::InvalidInput));
    ask["mode"] = json!("non_blocking");
    let run = call(&panel, "invoke_http", ask.clone()).await?["activation"]["id"].clone();
    until(&panel, &run, "success").await?;
    let arrived = patiently(&panel, "messages_of", json!({ "run": run }), |found| {
        found[0].is_object()
    })
    .await?;
    assert_eq!(
        (&arrived[0]["inbox"], &arrived[0]["matched"]),
        (&inbox["id"], &json!("call_id"))
    );
    let of_run = patiently(&panel, "deliveries_of", json!({ "run": run }), |found| {
        found[0]["state"] == "delivered"
    })
    .await?;
    assert_eq!(
        (&of_run[0]["purpose"], &of_run[0]["status"]),
        (&json!("callback"), &json!(200))
    );
    // What lists show of it.
    let listed = call(&panel, "activations", json!({ "filter": "", "limit": 1 })).await?;
    assert_eq!(listed["rows"][0]["httpStatus"], 200);

    let ended = of_run[0]["ended"].as_i64().unwrap_or_default();
    let chart = json!({ "from": ended - 60_000, "to": ended + 60_000, "step": 0 });
    let chart = call(&panel, "metrics", chart).await?;
    let sum = |name: &str| {
        chart[name]
            .as_array()
            .map(|all| all.iter().filter_map(Value::as_u64).sum::<u64>())
    };
    assert_eq!((sum("delivered"), sum("undelivered")), (Some(1), Some(0)));

    // One that nobody takes is counted, and tried again with all of its kind.
    ask["callbackUrl"] = json!("http://127.0.0.1:1/");
    let run = call(&panel, "invoke_http", ask).await?["activation"]["id"].clone();
    let gave_up = |found: &Value| found[0]["state"] == "gave_up";
    patiently(&panel, "deliveries_of", json!({ "run": run }), gave_up).await?;
    let counts = json!({ "pending": 0, "delivering": 0, "delivered": 1, "failed": 0, "gaveUp": 1 });
    assert_eq!(call(&panel, "delivery_counts", json!({})).await?, counts);
    assert_eq!(call(&panel, "retry_failed_deliveries", json!({})).await?, 1);
    patiently(&panel, "deliveries_of", json!({ "run": run }), |found| {
        gave_up(found) && found[0]["attempts"] == 2
    })
    .await?;
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

/// Asks until the answer is as wanted.
async fn patiently(
    panel: &Arc<Panel>,
    command: &str,
    ask: Value,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let mut last = Value::Null;
    for _ in 0..600 {
        last = call(panel, command, ask.clone()).await?;
        if wanted(&last) {
            return Ok(last);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("{command} still answers {last}")
}
