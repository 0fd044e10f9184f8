//! What a record is of, and whether there is a page of its function: here and at a provider (another Beckon).

use anyhow::Result;
use beckon_panel::Panel;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::{call, connection_draft, function, other, start};

async fn run(panel: &Arc<Panel>, function: &Value) -> Result<Value> {
    let ask = json!({ "function": function, "input": "{\"n\":1}", "mode": "blocking" });
    let reply = call(panel, "invoke", ask).await?;
    record(panel, &reply["activation"]["id"]).await
}

async fn record(panel: &Arc<Panel>, id: &Value) -> Result<Value> {
    Ok(call(panel, "activation", json!({ "id": id })).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_functions_that_are_reached_have_a_page() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, credential) = other(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    let draft = connection_draft(&gateway, &credential);
    let connection = call(&here, "add_connection", json!({ "draft": draft })).await?;
    let id = connection["id"].as_str().unwrap_or_default();
    let draft = json!({ "parameters": [], "binding": { "namespace": "whisk.system", "name": "utils" } });
    let bind = json!({ "connection": id, "namespace": "playground", "name": "mine", "draft": draft, "replace": false });
    call(&here, "put_package", bind).await?;

    let echo = json!({ "namespace": "whisk.system", "name": "utils/echo" });
    let own = function(id, "hello");
    let found = run(&here, &own).await?;
    assert_eq!(
        (&found["of"], &found["page"], &found["target"]),
        (&json!("function"), &own, &Value::Null)
    );
    let bound = function(id, "mine/echo");
    let found = run(&here, &bound).await?;
    assert_eq!((&found["page"], &found["target"]), (&bound, &echo), "{found}");
    call(&here, "function", json!({ "function": found["page"] })).await?;
    let systems = json!({ "connection": id, "namespace": "whisk.system", "name": "utils/echo" });
    let found = run(&here, &systems).await?;
    assert_eq!(found["activation"]["result"], "{\"n\":1}");
    assert_eq!(
        (&found["page"], &found["target"]),
        (&Value::Null, &echo),
        "{found}"
    );

    // A trigger that somebody fired there: no function, though it is among the runs.
    let trigger = |connection: &str, more: Value| {
        let mut all = json!({ "connection": connection, "namespace": "playground", "name": "saved" });
        if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        all
    };
    let draft = json!({ "draft": { "parameters": [] }, "replace": false });
    call(&there, "put_event_trigger", trigger("local", draft)).await?;
    let draft = json!({ "trigger": { "namespace": "playground", "name": "saved" },
        "action": { "namespace": "playground", "name": "hello" } });
    let rule = json!({ "connection": "local", "namespace": "playground", "name": "on-save", "draft": draft, "replace": false });
    call(&there, "put_rule", rule).await?;
    let fire = trigger("local", json!({ "input": "{}" }));
    let fired = call(&there, "fire_trigger", fire).await?["activation"].clone();
    let local = record(&there, &fired).await?;
    assert_eq!((&local["of"], &local["page"]), (&json!("trigger"), &Value::Null));
    let mut found = Value::Null;
    for _ in 0..300 {
        call(&here, "sync_connection", json!({ "id": id })).await?;
        if let Ok(record) = record(&here, &fired).await {
            found = record;
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(
        (&found["of"], &found["page"], &found["activation"]["kind"]),
        (&json!("trigger"), &Value::Null, &json!("trigger"))
    );

    // Here a page is there for as long as its function is, and for no connection that is gone.
    let local = function("local", "hello");
    let ran = run(&there, &local).await?;
    assert_eq!(ran["page"], local);
    let delete = json!({ "function": local, "confirmation": "hello" });
    call(&there, "delete_function", delete).await?;
    assert_eq!(
        record(&there, &ran["activation"]["id"]).await?["page"],
        Value::Null
    );
    let ran = run(&here, &bound).await?;
    call(&here, "remove_connection", json!({ "id": id })).await?;
    assert_eq!(
        record(&here, &ran["activation"]["id"]).await?["page"],
        Value::Null
    );
    here.shutdown(std::time::Duration::ZERO).await;
    there.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}
