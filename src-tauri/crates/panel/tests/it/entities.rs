//! Packages, triggers and rules through the panel's commands: the same for the local engine and for a provider.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use anyhow::Result;
use beckon_core::ErrorCode;
use beckon_panel::Panel;
use serde_json::{Value, json};

use crate::support::{call, connection_draft, function, other, start};

/// The arguments of a command about an entity, and what it takes besides.
fn of(connection: &str, name: &str, more: &Value) -> Value {
    let mut all = json!({ "connection": connection, "namespace": "playground", "name": name });
    all.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    all
}

/// Everything that can be done to them, through `panel`; what they call runs at `home`.
async fn everything(panel: &Arc<Panel>, connection: &str, home: &Arc<Panel>) -> Result<()> {
    let parameters = json!([{ "key": "tone", "value": "\"warm\"" }]);
    let annotations = json!([{ "key": "description", "value": "\"Tools\"" }, { "key": "old", "value": "1" }]);
    let draft = json!({ "parameters": parameters, "annotations": annotations });
    let make = of(connection, "tools", &json!({ "draft": draft, "replace": false }));
    let package = call(panel, "put_package", make.clone()).await?;
    assert_eq!(
        (&package["version"], &package["publish"]),
        (&json!("0.0.1"), &json!(false))
    );
    assert_eq!(
        call(panel, "put_package", make).await.unwrap_err().code,
        ErrorCode::Conflict
    );
    // Annotations are what the draft says, parameters too; what it does not say stays.
    let draft =
        json!({ "parameters": parameters, "annotations": [{ "key": "new", "value": "2" }], "publish": true });
    let edit = of(connection, "tools", &json!({ "draft": draft, "replace": true }));
    let package = call(panel, "put_package", edit).await?;
    assert_eq!(package["annotations"], json!([{ "key": "new", "value": "2" }]));
    assert_eq!(
        (&package["version"], &package["publish"]),
        (&json!("0.0.2"), &json!(true))
    );

    // A function in it, and the package under another name: its own parameters are not those of the package.
    let code = "function main(args) { return args }";
    let made = json!({ "function": function("local", "tools/echo"), "kind": "nodejs", "code": { "type": "source", "text": code } });
    call(home, "create_function", made).await?;
    let bound = json!({ "namespace": "playground", "name": "tools" });
    let draft = json!({ "parameters": [{ "key": "size", "value": "3" }], "binding": bound });
    let bind = of(connection, "kit", &json!({ "draft": draft, "replace": false }));
    let binding = call(panel, "put_package", bind).await?;
    assert_eq!(binding["binding"], bound);
    assert_eq!(binding["parameters"], json!([{ "key": "size", "value": "3" }]));
    let nothing = json!({ "parameters": [], "binding": { "namespace": "playground", "name": "nothing" } });
    let refused = of(connection, "bad", &json!({ "draft": nothing, "replace": false }));
    let refused = call(panel, "put_package", refused).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidInput, "{refused}");

    // A trigger without rules calls nothing.
    let draft = json!({ "parameters": parameters });
    let trigger = of(connection, "saved", &json!({ "draft": draft, "replace": false }));
    call(panel, "put_event_trigger", trigger).await?;
    let fire = of(connection, "saved", &json!({ "input": "{\"n\":1}" }));
    let fired = call(panel, "fire_trigger", fire.clone()).await?;
    assert_eq!(fired["activation"], Value::Null);
    let draft = json!({ "trigger": { "namespace": "playground", "name": "saved" },
                        "action": { "namespace": "playground", "name": "kit/echo" } });
    let join = of(
        connection,
        "on-save",
        &json!({ "draft": draft, "replace": false }),
    );
    let rule = call(panel, "put_rule", join).await?;
    assert_eq!(
        (&rule["active"], &rule["action"]["name"]),
        (&json!(true), &json!("kit/echo"))
    );
    let off = of(connection, "on-save", &json!({ "active": false }));
    call(panel, "set_rule_active", off).await?;
    assert_eq!(
        call(panel, "fire_trigger", fire.clone()).await?["activation"],
        Value::Null
    );

    let all = call(
        panel,
        "entities",
        json!({ "connection": connection, "namespace": "playground" }),
    )
    .await?;
    let named = |list: &str, name: &str| {
        let found = all[list]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {all}")).clone()
    };
    for name in ["tools", "kit"] {
        let functions = named("packages", name)["functions"].clone();
        assert_eq!(functions[0]["name"], "echo", "{name}");
        assert!(
            functions[0]["kind"].as_str().unwrap().starts_with("nodejs:"),
            "{name}"
        );
    }
    assert_eq!(
        named("packages", "kit")["parameters"],
        json!([{ "key": "size", "value": "3" }])
    );
    assert_eq!(named("packages", "tools")["binding"], Value::Null);
    let joined = json!([{ "name": "on-save", "action": { "namespace": "playground", "name": "kit/echo" }, "active": false }]);
    assert_eq!(named("triggers", "saved")["rules"], joined);
    assert_eq!(named("rules", "on-save")["active"], false);

    // Firing leaves the record of the firing and a run with all the arguments.
    let on = of(connection, "on-save", &json!({ "active": true }));
    call(panel, "set_rule_active", on).await?;
    let id = call(panel, "fire_trigger", fire).await?["activation"].clone();
    let record = call(home, "activation", json!({ "id": id })).await?;
    // The window that fired has the record, too.
    let mut own: Result<Value> = Err(anyhow::anyhow!("not looked for"));
    for _ in 0..100 {
        own = call(panel, "activation", json!({ "id": id }))
            .await
            .map_err(Into::into);
        if own.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let own = own?;
    assert_eq!(
        (&own["activation"]["cause"], &own["activation"]["kind"]),
        (&json!("panel"), &json!("trigger"))
    );
    assert_eq!(own["activation"]["result"], record["activation"]["result"]);
    assert_eq!(record["activation"]["result"], r#"{"n":1}"#);
    let line: Value = serde_json::from_str(record["activation"]["logs"][0]["text"].as_str().unwrap())?;
    assert_eq!(
        (&line["rule"], &line["success"]),
        (&json!("playground/on-save"), &json!(true)),
        "{line}"
    );
    let run = crate::support::until(home, &line["activationId"], "success").await?;
    let result: Value = serde_json::from_str(run["activation"]["result"].as_str().unwrap())?;
    assert_eq!(
        (&result["n"], &result["tone"], &result["size"]),
        (&json!(1), &json!("warm"), &json!(3))
    );
    assert_eq!(run["activation"]["cause"], "trigger");

    // A package that is not empty is deleted with what is in it only when that is said.
    let delete = |collection: &str, name: &str, force: bool| {
        of(
            connection,
            name,
            &json!({ "collection": collection, "force": force }),
        )
    };
    let full = call(panel, "delete_entity", delete("packages", "tools", false))
        .await
        .unwrap_err();
    assert_eq!(full.code, ErrorCode::Conflict);
    for (collection, name) in [
        ("rules", "on-save"),
        ("triggers", "saved"),
        ("packages", "kit"),
        ("packages", "tools"),
    ] {
        call(panel, "delete_entity", delete(collection, name, true)).await?;
    }
    let gone = call(panel, "delete_entity", delete("rules", "on-save", false))
        .await
        .unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    let left = call(
        panel,
        "entities",
        json!({ "connection": connection, "namespace": "playground" }),
    )
    .await?;
    assert_eq!(
        (
            left["triggers"].clone(),
            left["rules"].clone(),
            left["packages"].clone()
        ),
        (json!([]), json!([]), json!([]))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_engines_are_made_joined_fired_and_deleted() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    everything(&panel, "local", &panel).await?;
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_providers_are_made_joined_fired_and_deleted() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, credential) = other(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    let draft = connection_draft(&gateway, &credential);
    let connection = call(&here, "add_connection", json!({ "draft": draft })).await?;
    everything(&here, connection["id"].as_str().unwrap(), &there).await?;
    here.shutdown(std::time::Duration::ZERO).await;
    there.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}
