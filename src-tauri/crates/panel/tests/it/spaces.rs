//! The panel over a remote Spaces: another Beckon's gateway.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use anyhow::{Result, bail};
use beckon_core::ErrorCode;
use serde_json::{Value, json};

use crate::support::{call, function, serve_gateway, start, until};

const CODE: &str = "def handle(req):\n    \
    return {'status_code': 201, 'body': [req.method, req.path, req.query.get('a'), req.body.decode()]}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_space_is_connected_edited_and_called() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let there = start(there_dir.path()).await?;
    let gateway = serve_gateway(&there).await?;
    let scope = json!({ "type": "namespace", "namespace": "playground" });
    let token = json!({ "name": "app", "kind": "spaces", "scope": scope, "expiresInSeconds": null });
    let made = call(&there, "create_token", json!({ "draft": token })).await?;
    let credential = made["credential"].as_str().unwrap();
    let (client, secret) = credential.split_once(':').unwrap();

    let here = start(here_dir.path()).await?;
    let inboxes = serve_gateway(&here).await?;
    let draft = |user: Value, key: Value| {
        json!({ "name": "space", "kind": "spaces", "environment": "staging", "apiHost": gateway,
                "user": user, "key": key })
    };
    let none = draft(Value::Null, Value::Null);
    let refused = call(&here, "add_connection", json!({ "draft": none })).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidInput);
    let wrong = draft(json!(client), json!("wrong"));
    let refused = call(&here, "test_connection", json!({ "draft": wrong })).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Unauthorized);
    let right = draft(json!(client), json!(secret));
    let connection = call(&here, "add_connection", json!({ "draft": right })).await?;
    assert!(!connection.to_string().contains(secret));
    assert_eq!(connection["capabilities"]["call"], "request");
    let id = connection["id"].as_str().unwrap();

    let at = function(id, "echo");
    let source = |text: &str| json!({ "type": "source", "text": text });
    let make =
        json!({ "function": at, "kind": "python:default", "code": source(CODE), "contract": "spaces" });
    let made = call(&here, "create_function", make).await?;
    assert_eq!(
        (&made["contract"], &made["speaksHttp"], &made["code"]["text"]),
        (&json!("spaces"), &json!(true), &json!(CODE))
    );
    let url = format!("{gateway}/spaces/playground/functions/echo/invoke");
    assert_eq!(made["functionUrl"], json!(url));

    // Until it is built, it is not ready, and a call says so.
    let request = json!({ "method": "PUT", "path": "/x/y", "query": "a=1", "headers": [],
                          "body": { "type": "text", "text": "in" } });
    let mut run = json!({ "function": at, "request": request, "mode": "blocking", "rerunOf": null,
                          "callbackUrl": null });
    let mut reply = Value::Null;
    for _ in 0..600 {
        match call(&here, "invoke_http", run.clone()).await {
            Ok(ready) => {
                reply = ready;
                break;
            }
            Err(error) => assert_eq!(error.code, ErrorCode::Busy),
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let record = &reply["activation"];
    assert_eq!(
        (&record["status"], &record["httpStatus"], &record["input"]),
        (&json!("success"), &json!(201), &json!("\"in\""))
    );
    assert_eq!(
        record["result"],
        r#"["PUT", "/x/y", "1", "in"]"#.replace(", ", ",")
    );

    // What is copied makes the same call, in every shell, with the credential in it or in a variable.
    let copied = |form: &str, mode: &str, token: &str| {
        json!({ "source": { "type": "request", "function": at, "request": run["request"] },
                "form": form, "mode": mode, "token": token, "to": "page" })
    };
    for (form, shells) in [("curl", &["sh", "bash", "zsh"][..]), ("python", &["python3"])] {
        for token in ["real", "env", "masked"] {
            let reply = call(&here, "copy_call", copied(form, "blocking", token)).await?;
            let text = reply["text"].as_str().unwrap();
            assert_eq!(text.contains(secret), token == "real", "{text}");
            assert_eq!(
                reply["variable"],
                if token == "env" {
                    json!("BECKON_TOKEN")
                } else {
                    Value::Null
                }
            );
            for shell in shells.iter().filter(|_| token != "masked") {
                let output = std::process::Command::new(shell)
                    .args(["-c", text])
                    .env("BECKON_TOKEN", if token == "env" { credential } else { "" })
                    .output()?;
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(said.contains("201"), "{shell}, {text}: {output:?}");
                assert!(said.contains(r#"["PUT","/x/y","1","in"]"#), "{shell}: {output:?}");
            }
        }
    }
    let later = call(&here, "copy_call", copied("curl", "non_blocking", "masked")).await?;
    let door = format!("'{gateway}/spaces/playground/functions/echo/async-invoke/x/y?a=1'");
    assert!(later["text"].as_str().unwrap().contains(&door), "{later}");
    let refused = call(&here, "copy_call", copied("faas_cli", "blocking", "masked")).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotSupported);

    // Asynchronously: what calls back is the end of the record.
    run["mode"] = json!("non_blocking");
    run["request"]["method"] = json!("POST");
    let accepted = call(&here, "invoke_http", run).await?;
    assert_eq!(
        accepted["activation"]["status"], "polling",
        "{accepted}, {inboxes}"
    );
    let done = until(&here, &accepted["activation"]["id"], "success").await?;
    assert_eq!(done["activation"]["httpStatus"], 201);
    assert_eq!(done["activation"]["result"], r#"["POST","/x/y","1","in"]"#);

    // Changed here, found there; of two changes the second is told so.
    let changed = CODE.replace("201", "202");
    let save = json!({ "function": at, "code": source(&changed), "expectedVersion": made["version"] });
    let saved = call(&here, "save_code", save.clone()).await?;
    assert_eq!(saved["code"]["text"], json!(changed));
    let stale = call(&here, "save_code", save).await;
    assert_eq!(stale.unwrap_err().code, ErrorCode::Conflict);
    for _ in 0..600 {
        let found = call(
            &there,
            "function",
            json!({ "function": function("local", "echo") }),
        )
        .await?;
        if found["code"]["text"] == json!(changed) {
            here.shutdown(std::time::Duration::ZERO).await;
            there.shutdown(std::time::Duration::ZERO).await;
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    bail!("the change did not arrive")
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_of_a_space_are_seen_and_changed_from_both_sides() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let there = start(there_dir.path()).await?;
    let gateway = serve_gateway(&there).await?;
    let scope = json!({ "type": "namespace", "namespace": "playground" });
    let token = json!({ "name": "app", "kind": "spaces", "scope": scope, "expiresInSeconds": null });
    let made = call(&there, "create_token", json!({ "draft": token })).await?;
    let (client, secret) = made["credential"].as_str().unwrap().split_once(':').unwrap();
    let here = start(here_dir.path()).await?;
    let draft = json!({ "name": "space", "kind": "spaces", "environment": "staging", "apiHost": gateway,
                        "user": client, "key": secret });
    let connection = call(&here, "add_connection", json!({ "draft": draft })).await?;
    assert_eq!(connection["capabilities"]["spaceTriggers"], true);
    let id = connection["id"].as_str().unwrap();
    let list = async |panel, connection: &str| {
        let place = json!({ "connection": connection, "namespace": "playground" });
        call(panel, "space_triggers", place).await
    };
    assert_eq!(list(&here, id).await?, json!([]));

    // A broker that nobody is: what it says is told, the password nowhere.
    let broker = json!({ "host": "127.0.0.1", "port": 1, "username": "ann" });
    let source = json!({ "type": "mqtt", "broker": broker, "topics": ["a", " b/# "], "qos": 1 });
    let trigger = json!({ "description": "heat", "source": source, "callbackUrl": null });
    let put = |connection: &str, id: Value, trigger: &Value, password: Value| {
        json!({ "connection": connection, "namespace": "playground", "id": id, "trigger": trigger,
                "password": password })
    };
    let refused = call(
        &here,
        "put_space_trigger",
        put(id, Value::Null, &trigger, json!("")),
    )
    .await
    .unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidInput, "{refused:?}");
    let made = put(id, Value::Null, &trigger, json!("s3cr3t-value"));
    let made = call(&here, "put_space_trigger", made).await?;
    assert_eq!(made["source"]["topics"], json!(["a", "b/#"]));
    let mut found = Value::Null;
    for _ in 0..600 {
        found = list(&here, id).await?[0].clone();
        if found["status"] == "failed" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(found["status"], "failed");
    let why = found["errorMessage"].as_str().unwrap();
    assert!(why.contains("connection refused"), "{why}");
    assert!(!format!("{made}{found}").contains("s3cr3t"));

    // The same on the machine that serves it, whose window changes it too: the password stays where it is.
    assert_eq!(list(&there, "local").await?[0]["id"], made["id"]);
    let mut other = trigger.clone();
    other["description"] = json!("warmth");
    let changed = put("local", made["id"].clone(), &other, Value::Null);
    let changed = call(&there, "put_space_trigger", changed).await?;
    assert_eq!(changed["description"], "warmth");
    assert_eq!(list(&here, id).await?[0]["description"], "warmth");
    let elsewhere = json!({ "host": "127.0.0.1", "port": 2, "username": "ann" });
    other["source"]["broker"] = elsewhere;
    for (panel, connection) in [(&there, "local"), (&here, id)] {
        let moved = put(connection, made["id"].clone(), &other, Value::Null);
        let refused = call(panel, "put_space_trigger", moved).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidInput, "{connection}");
    }
    let cron = json!({ "description": "", "source": { "type": "cron" }, "callbackUrl": null });
    let turned = put("local", made["id"].clone(), &cron, Value::Null);
    let refused = call(&there, "put_space_trigger", turned).await.unwrap_err();
    assert!(refused.message.contains("type"), "{refused:?}");

    let delete = json!({ "connection": "local", "namespace": "playground", "id": made["id"] });
    call(&there, "delete_space_trigger", delete.clone()).await?;
    let gone = call(&there, "delete_space_trigger", delete).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    assert_eq!(list(&here, id).await?, json!([]));
    here.shutdown(std::time::Duration::ZERO).await;
    there.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}
