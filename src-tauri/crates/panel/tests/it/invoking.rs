//! Requests from the window: those that are saved, and responses that are shown as they come.

use std::time::Duration;

use anyhow::{Context as _, Result};
use beckon_core::ErrorCode;
use serde_json::{Value, json};

use crate::support::stream::{gate, live, streaming, text};
use crate::support::{call, connection_draft, function, other, start, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_stream_is_shown_while_the_function_writes_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let target = streaming(&panel).await?;
    let (next, open) = gate().await?;
    let (mut parts, answer) = live(&panel, &target, "/", &format!("next={next}"));
    let begun = parts.recv().await.context("it begins")?;
    assert_eq!(
        (&begun["type"], &begun["status"], &begun["contentType"]),
        (&"begun".into(), &200.into(), &"text/event-stream".into())
    );
    assert_eq!(
        text(&parts.recv().await.context("its first event")?)?,
        "data: oné\n\n"
    );
    assert!(!answer.is_finished(), "the function waits");
    open.notify_one();
    assert_eq!(
        text(&parts.recv().await.context("its last event")?)?,
        "event: last\ndata: two\n\n"
    );
    let reply: Value = serde_json::from_str(&answer.await??)?;
    assert_eq!(reply["activation"]["status"], "success");
    assert_eq!(reply["activation"]["id"], begun["id"]);
    assert_eq!(
        reply["activation"]["result"],
        r#""data: oné\n\nevent: last\ndata: two\n\n""#
    );

    // What is no stream is in the record alone.
    let (mut parts, answer) = live(&panel, &target, "/plain", "");
    let reply: Value = serde_json::from_str(&answer.await??)?;
    assert_eq!(reply["activation"]["result"], r#""plain""#);
    assert!(parts.recv().await.is_none());
    panel.shutdown(Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_it_is_cancelled_and_when_nobody_listens() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let target = streaming(&panel).await?;
    let (mut parts, answer) = live(&panel, &target, "/", "");
    let id = parts.recv().await.context("it begins")?["id"].clone();
    parts.recv().await.context("its first event")?;
    assert_eq!(call(&panel, "cancel", json!({ "id": id })).await?, true);
    let reply: Value = serde_json::from_str(&answer.await??)?;
    assert_eq!(reply["activation"]["status"], "cancelled");
    assert_eq!(
        reply["activation"]["http"]["status"], 200,
        "the record has what had come"
    );

    let (mut parts, answer) = live(&panel, &target, "/", "");
    let id = parts.recv().await.context("it begins")?["id"].clone();
    // As the doors do when the window is closed.
    answer.abort();
    // The record comes with the end.
    while let Err(error) = call(&panel, "activation", json!({ "id": id })).await {
        assert_eq!(error.code, ErrorCode::NotFound);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    until(&panel, &id, "cancelled").await?;
    panel.shutdown(Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn saved_requests_keep_no_credentials_and_end_with_their_function() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let target = streaming(&panel).await?;
    let form = json!({ "method": "PUT", "path": "/orders", "query": "a=1", "type": "json", "body": "{\"n\":1}",
        "headers": [{ "name": "authorization", "value": "Bearer hush" }, { "name": "x-a", "value": "1" }] });
    let sent = json!({ "text": form.to_string(), "http": true, "mode": "non_blocking",
        "callback": { "to": "url", "url": "http://127.0.0.1:1/" } });
    let save = |function: &Value, name: &str, replace: bool| json!({ "function": function, "name": name, "call": sent, "replace": replace });
    let saved = call(&panel, "save_request", save(&target, " An order ", false)).await?;
    assert_eq!(
        (&saved["name"], &saved["preview"]),
        (&"An order".into(), &"PUT /orders?a=1".into())
    );
    let back = call(&panel, "saved_request", json!({ "id": saved["id"] })).await?;
    assert!(!back.to_string().contains("hush"), "{back}");
    let kept: Value = serde_json::from_str(back["text"].as_str().unwrap_or_default())?;
    assert_eq!(
        kept["headers"][0],
        json!({ "name": "authorization", "value": "", "masked": true })
    );
    assert_eq!(
        (&kept["headers"][1], &kept["body"]),
        (&form["headers"][1], &form["body"])
    );
    assert_eq!(
        (&back["mode"], &back["callback"]),
        (&sent["mode"], &sent["callback"])
    );

    let code = |result: Result<Value, beckon_core::Error>| result.map_err(|error| error.code);
    let taken = call(&panel, "save_request", save(&target, "AN ORDER", false)).await;
    assert_eq!(code(taken), Err(ErrorCode::Conflict));
    let nowhere = call(
        &panel,
        "save_request",
        save(&function("local", "none"), "a", false),
    )
    .await;
    assert_eq!(code(nowhere), Err(ErrorCode::NotFound));
    let nowhere = call(&panel, "save_request", save(&function("none", "f"), "a", false)).await;
    assert_eq!(code(nowhere), Err(ErrorCode::NotFound));
    let mut large = save(&target, "large", false);
    large["call"]["text"] = "x".repeat(1_200_001).into();
    assert_eq!(
        code(call(&panel, "save_request", large).await),
        Err(ErrorCode::LimitExceeded)
    );

    // Undoing is saving again.
    let gone = call(&panel, "delete_saved_request", json!({ "id": saved["id"] })).await?;
    assert_eq!(gone, back);
    let again = json!({ "function": target, "name": "Back", "call": gone, "replace": false });
    let again = call(&panel, "save_request", again).await?;
    let renamed = json!({ "id": again["id"], "name": "An order" });
    call(&panel, "rename_saved_request", renamed).await?;
    let listed = call(&panel, "saved_requests", json!({ "function": target })).await?;
    assert_eq!(
        (&listed[0]["name"], &listed[0]["preview"]),
        (&saved["name"], &saved["preview"])
    );

    let other_dir = tempfile::tempdir()?;
    let (other_panel, url, key) = other(other_dir.path()).await?;
    let draft = connection_draft(&url, &key);
    let connection = call(&panel, "add_connection", json!({ "draft": draft })).await?;
    let there = function(connection["id"].as_str().unwrap_or_default(), "f");
    call(&panel, "save_request", save(&there, "there", false)).await?;
    call(&panel, "remove_connection", json!({ "id": connection["id"] })).await?;
    assert_eq!(
        call(&panel, "saved_requests", json!({ "function": there })).await?,
        json!([])
    );
    call(
        &panel,
        "delete_function",
        json!({ "function": target, "confirmation": "stream" }),
    )
    .await?;
    assert_eq!(
        call(&panel, "saved_requests", json!({ "function": target })).await?,
        json!([])
    );
    other_panel.shutdown(Duration::ZERO).await;
    panel.shutdown(Duration::ZERO).await;
    Ok(())
}
