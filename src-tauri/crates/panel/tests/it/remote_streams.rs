//! Answers of a provider's functions that come bit by bit, and calls that are given up. The provider is another Beckon.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use beckon_core::ErrorCode;
use beckon_panel::Panel;
use serde_json::{Value, json};

use crate::support::stream::{gate, live, request, streaming, text};
use crate::support::{call, function, serve_gateway, start, until};

struct Both {
    here: Arc<Panel>,
    there: Arc<Panel>,
    /// The function `stream`, as it is called from here.
    target: Value,
    dirs: [tempfile::TempDir; 2],
}

/// A Beckon that is connected with another one, which speaks as `kind`.
async fn connected(kind: &str) -> Result<Both> {
    let dirs = [tempfile::tempdir()?, tempfile::tempdir()?];
    let (here, there) = (start(dirs[0].path()).await?, start(dirs[1].path()).await?);
    let gateway = serve_gateway(&there).await?;
    streaming(&there).await?;
    let token =
        json!({ "name": "p", "kind": kind, "scope": { "type": "account" }, "expiresInSeconds": null });
    let made = call(&there, "create_token", json!({ "draft": token })).await?;
    let credential = made["credential"].as_str().context("a credential")?;
    let key = match kind {
        "openfaas" => credential.rsplit(':').next().unwrap_or(credential),
        _ => credential,
    };
    let draft =
        json!({ "name": "there", "kind": kind, "environment": "staging", "apiHost": gateway, "key": key });
    let added = call(&here, "add_connection", json!({ "draft": draft })).await?;
    let target = function(added["id"].as_str().context("an id")?, "stream");
    Ok(Both {
        here,
        there,
        target,
        dirs,
    })
}

impl Both {
    async fn end(self) {
        self.there.shutdown(Duration::ZERO).await;
        self.here.shutdown(Duration::ZERO).await;
    }

    /// The newest run at the provider, once it has this status.
    async fn run_there(&self, wanted: &str) -> Result<()> {
        let ask = json!({ "filter": "fn:stream", "cursor": null, "limit": 1 });
        loop {
            let page = call(&self.there, "activations", ask.clone()).await?;
            if page["rows"][0]["status"] == wanted {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_shown_while_the_providers_function_writes_it() -> Result<()> {
    for kind in ["openfaas", "spaces"] {
        let both = connected(kind).await?;
        let (next, open) = gate().await?;
        let (mut parts, answer) = live(&both.here, &both.target, "/", &format!("next={next}"));
        let called = parts.recv().await.context("it is called")?;
        assert_eq!(called["type"], "called");
        let begun = parts.recv().await.context("it begins")?;
        assert_eq!(
            (
                &begun["type"],
                &begun["status"],
                &begun["contentType"],
                &begun["id"]
            ),
            (
                &"begun".into(),
                &200.into(),
                &"text/event-stream".into(),
                &called["id"]
            )
        );
        let first = parts.recv().await.context("its first event")?;
        assert_eq!(text(&first)?, "data: oné\n\n");
        assert!(!answer.is_finished(), "the function waits");
        open.notify_one();
        let last = parts.recv().await.context("its last event")?;
        assert_eq!(text(&last)?, "event: last\ndata: two\n\n");
        let reply: Value = serde_json::from_str(&answer.await??)?;
        assert_eq!(reply["activation"]["id"], begun["id"]);
        let kept = until(&both.here, &begun["id"], "success").await?["activation"].clone();
        assert_eq!(
            kept["result"], r#""data: oné\n\nevent: last\ndata: two\n\n""#,
            "{kind}"
        );
        assert_eq!(
            (&kept["resultTruncated"], &kept["http"]["status"]),
            (&false.into(), &200.into())
        );

        // What is no stream is in the record alone.
        let (mut parts, answer) = live(&both.here, &both.target, "/plain", "");
        let reply: Value = serde_json::from_str(&answer.await??)?;
        assert_eq!(reply["activation"]["result"], r#""plain""#);
        assert_eq!(parts.recv().await.context("it is called")?["type"], "called");
        assert!(parts.recv().await.is_none());
        both.end().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_given_up_closes_its_connection_and_keeps_what_came() -> Result<()> {
    let both = connected("openfaas").await?;
    let (here, target) = (&both.here, &both.target);
    let (mut parts, answer) = live(here, target, "/", "");
    let id = parts.recv().await.context("it is called")?["id"].clone();
    parts.recv().await.context("it begins")?;
    parts.recv().await.context("its first event")?;
    assert_eq!(call(here, "cancel", json!({ "id": id })).await?, true);
    let reply: Value = serde_json::from_str(&answer.await??)?;
    let record = &reply["activation"];
    assert_eq!(
        (&record["status"], &record["result"], &record["http"]["status"]),
        (&"cancelled".into(), &r#""data: oné\n\n""#.into(), &200.into())
    );
    assert_eq!(record["resultTruncated"], true);
    both.run_there("cancelled").await?;
    assert_eq!(call(here, "cancel", json!({ "id": id })).await?, false);

    // A window that is closed: the record is written all the same.
    let (mut parts, answer) = live(here, target, "/", "");
    let id = parts.recv().await.context("it is called")?["id"].clone();
    parts.recv().await.context("it begins")?;
    parts.recv().await.context("its first event")?;
    answer.abort();
    while let Err(error) = call(here, "activation", json!({ "id": id })).await {
        assert_eq!(error.code, ErrorCode::NotFound);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let kept = until(here, &id, "cancelled").await?["activation"].clone();
    assert_eq!(kept["result"], r#""data: oné\n\n""#);
    both.run_there("cancelled").await?;

    // Before there is an answer at all.
    let (mut parts, answer) = live(here, target, "/hold", "");
    let id = parts.recv().await.context("it is called")?["id"].clone();
    assert_eq!(call(here, "cancel", json!({ "id": id })).await?, true);
    let reply: Value = serde_json::from_str(&answer.await??)?;
    assert_eq!(
        (&reply["activation"]["status"], &reply["activation"]["httpStatus"]),
        (&"cancelled".into(), &Value::Null)
    );
    both.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_takes_long_is_in_the_journal_and_outlives_a_crash() -> Result<()> {
    let both = connected("spaces").await?;
    let (here, target) = (&both.here, &both.target);
    let (next, open) = gate().await?;
    let (mut parts, answer) = live(here, target, "/", &format!("next={next}"));
    let id = parts.recv().await.context("it is called")?["id"].clone();
    while call(here, "activation", json!({ "id": id })).await.is_err() {
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let row = until(here, &id, "running").await?["activation"].clone();
    assert_eq!(
        (&row["connection"], &row["mode"], &row["http"]["path"]),
        (&target["connection"], &"blocking".into(), &"/".into())
    );

    // What is on disk at this moment is what a crash would leave.
    let crashed = tempfile::tempdir()?;
    for entry in std::fs::read_dir(both.dirs[0].path())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), crashed.path().join(entry.file_name()))?;
        }
    }
    let after = start(crashed.path()).await?;
    let lost = until(&after, &id, "lost").await?["activation"].clone();
    assert_eq!(
        lost["http"]["query"], row["http"]["query"],
        "what was sent is kept"
    );
    assert!(
        lost["result"]
            .as_str()
            .is_some_and(|text| text.contains("Beckon ended before the answer came")),
        "{lost}"
    );
    after.shutdown(Duration::ZERO).await;

    open.notify_one();
    let reply: Value = serde_json::from_str(&answer.await??)?;
    assert_eq!(reply["activation"]["status"], "success");
    let kept = until(here, &id, "success").await?["activation"].clone();
    assert_eq!(kept["result"], r#""data: oné\n\nevent: last\ndata: two\n\n""#);
    both.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_keeps_what_came_and_says_why() -> Result<()> {
    let both = connected("openfaas").await?;
    let (mut parts, answer) = live(&both.here, &both.target, "/", "");
    let id = parts.recv().await.context("it is called")?["id"].clone();
    parts.recv().await.context("it begins")?;
    parts.recv().await.context("its first event")?;
    both.there.shutdown(Duration::ZERO).await;
    let error = answer.await?.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unreachable, "{error:?}");
    let kept = until(&both.here, &id, "internal_error").await?["activation"].clone();
    assert_eq!(
        (&kept["result"], &kept["resultTruncated"]),
        (&r#""data: oné\n\n""#.into(), &true.into())
    );
    let why = kept["logs"][0]["text"].as_str().context("a line says why")?;
    assert!(why.contains("broke before the reply was complete"), "{why}");
    both.here.shutdown(Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_call_is_taken_back_by_its_id() -> Result<()> {
    let both = connected("openfaas").await?;
    let (here, target) = (&both.here, &both.target);
    serve_gateway(here).await?;
    for own in [None, Some("my-own/../id")] {
        let mut sent = request("/hold", "");
        sent["method"] = "POST".into();
        if let Some(own) = own {
            sent["headers"] = json!([["x-call-id", own]]);
        }
        let ask = json!({ "function": target, "request": sent, "mode": "non_blocking" });
        let id = call(here, "invoke_http", ask).await?["activation"]["id"].clone();
        both.run_there("running").await?;
        assert_eq!(call(here, "cancel", json!({ "id": id })).await?, true);
        let kept = until(here, &id, "cancelled").await?["activation"].clone();
        assert!(
            kept["result"]
                .as_str()
                .is_some_and(|text| text.contains("cancelled"))
        );
        both.run_there("cancelled").await?;
        assert_eq!(
            call(here, "cancel", json!({ "id": id })).await?,
            false,
            "it is over"
        );
    }
    both.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_space_has_accepted_it_keeps() -> Result<()> {
    let both = connected("spaces").await?;
    serve_gateway(&both.here).await?;
    let mut sent = request("/hold", "");
    sent["method"] = "POST".into();
    let ask = json!({ "function": both.target, "request": sent, "mode": "non_blocking" });
    let id = call(&both.here, "invoke_http", ask).await?["activation"]["id"].clone();
    let refused = call(&both.here, "cancel", json!({ "id": id })).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotSupported);
    both.end().await;
    Ok(())
}
