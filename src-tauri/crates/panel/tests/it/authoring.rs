//! Making functions under every handler contract that is offered, calling them with requests, and their settings.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::support::{call, function, serve_gateway, start};
use anyhow::Result;
use beckon_core::ErrorCode;
use serde_json::{Value, json};

fn request(method: &str, path: &str, body: &str) -> Value {
    json!({ "method": method, "path": path, "query": "", "headers": [["Content-Type", "application/json"], ["Authorization", "Bearer hush"]],
            "body": { "type": "text", "text": body } })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_template_runs_with_its_own_input() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let templates = call(&panel, "templates", json!({})).await?;
    let handlers = call(&panel, "handlers", json!({})).await?;
    for template in templates.as_array().unwrap() {
        let id = template["id"].as_str().unwrap();
        if template["available"] != true || id == "node-slow" || id == "python-failing" {
            continue;
        }
        let target = function("local", &format!("t-{id}"));
        let create = json!({ "function": target, "kind": template["kind"], "contract": template["contract"],
                             "code": { "type": "source", "text": template["code"] } });
        let made = call(&panel, "create_function", create).await?;
        assert_eq!(made["contract"], template["contract"]);
        let handler = handlers
            .as_array()
            .unwrap()
            .iter()
            .find(|handler| handler["contract"] == template["contract"])
            .unwrap();
        assert!(
            handler["languages"]
                .as_array()
                .unwrap()
                .contains(&template["language"]),
            "{id}"
        );
        assert_eq!(made["speaksHttp"], handler["speaksHttp"]);
        let input = template["input"].as_str().unwrap();
        let reply = match made["speaksHttp"] == true {
            true => {
                let ask =
                    json!({ "function": target, "request": request("post", "/", input), "mode": "blocking" });
                call(&panel, "invoke_http", ask).await?
            }
            false => {
                let ask = json!({ "function": target, "input": input, "mode": "blocking" });
                call(&panel, "invoke", ask).await?
            }
        };
        assert_eq!(reply["activation"]["status"], "success", "{id}: {reply}");
        assert!(
            reply["activation"]["result"]
                .as_str()
                .unwrap()
                .contains("Hello Ada!"),
            "{id}: {reply}"
        );
    }
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_reaches_the_function_and_its_record_and_the_copied_curl_makes_it_again() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let gateway = serve_gateway(&panel).await?;
    let target = function("local", "web/echo");
    let code = "exports.handle = (event) => ({ statusCode: 203, headers: { 'x-own': 'yes' }, body: event.httpMethod + ' ' + event.path + ' ' + event.queryStringParameters.a + ' ' + event.body })";
    let create = json!({ "function": target, "kind": "nodejs", "contract": "scaleway", "code": { "type": "source", "text": code } });
    let made = call(&panel, "create_function", create).await?;
    assert_eq!(
        made["functionUrl"],
        format!("{gateway}/function/web__echo.playground")
    );
    let mut ask = request("put", "/x%20y", "it's {1}");
    ask["query"] = "a=1".into();
    let reply = call(
        &panel,
        "invoke_http",
        json!({ "function": target, "request": ask, "mode": "blocking" }),
    )
    .await?;
    let http = &reply["activation"]["http"];
    assert_eq!(
        (&http["method"], &http["path"], &http["query"]),
        (&"PUT".into(), &"/x%20y".into(), &"a=1".into())
    );
    assert_eq!((&http["status"], &http["body"]), (&203.into(), &"text".into()));
    assert!(!reply.to_string().contains("hush"), "{reply}");
    let said = r#""PUT /x%20y 1 it's {1}""#;
    assert_eq!(reply["activation"]["result"], said);

    // Of the request and of the run's record alike.
    for source in [
        json!({ "type": "request", "function": target, "request": ask }),
        json!({ "type": "run", "id": reply["activation"]["id"] }),
    ] {
        let copy =
            json!({ "source": source, "form": "curl", "mode": "blocking", "token": "masked", "to": "page" });
        let copied = call(&panel, "copy_call", copy).await?;
        let line = copied["text"].as_str().unwrap().replacen("curl -i", "curl -s", 1);
        let output = tokio::process::Command::new("sh")
            .args(["-c", &line])
            .output()
            .await?;
        assert_eq!(
            String::from_utf8(output.stdout)?,
            "PUT /x%20y 1 it's {1}",
            "{line}"
        );
    }
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_kept_checked_and_leave_the_folder_alone() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let hello = function("local", "hello");
    let folder = tempfile::tempdir()?;
    std::fs::write(
        folder.path().join("index.js"),
        "exports.main = () => ({ from: 'folder' })",
    )?;
    let path = folder.path().canonicalize()?;
    call(
        &panel,
        "set_folder",
        json!({ "function": hello, "path": path, "watch": false }),
    )
    .await?;
    let detail = call(&panel, "function", json!({ "function": hello })).await?;
    let configure = |version: &Value, over: Value| {
        let mut settings = detail["settings"].clone();
        for (name, value) in over.as_object().unwrap() {
            settings[name] = value.clone();
        }
        json!({ "function": hello, "expectedVersion": version, "settings": {
            "main": null, "parameters": [], "env": [], "limits": detail["limits"], "web": "private", "lostPolicy": "record",
            "contract": "scaleway", "settings": settings } })
    };
    let wrong = configure(&detail["version"], json!({ "detachedTimeoutS": 4 }));
    let refused = call(&panel, "configure_function", wrong).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::LimitExceeded);
    let right = configure(
        &detail["version"],
        json!({ "idleTimeoutS": 30, "runsPerWorker": 4, "folder": { "path": "/etc", "watch": true },
                "onFailure": { "kind": "queue", "queue": "failed", "channel": null } }),
    );
    let saved = call(&panel, "configure_function", right).await?;
    assert_eq!(saved["contract"], "scaleway");
    assert_eq!(
        (
            &saved["settings"]["idleTimeoutS"],
            &saved["settings"]["runsPerWorker"]
        ),
        (&30.into(), &4.into())
    );
    assert_eq!(saved["settings"]["onFailure"]["queue"], "failed");
    assert_eq!(saved["settings"]["folder"]["path"], json!(path));

    let shell = function("local", "hello-shell");
    let create = json!({ "function": shell, "kind": "shell", "contract": "scaleway", "code": { "type": "source", "text": "#!/bin/sh" } });
    assert_eq!(
        call(&panel, "create_function", create).await.unwrap_err().code,
        ErrorCode::InvalidInput
    );
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

/// Runs curl; its standard output as JSON.
async fn curl(arguments: &[&str]) -> Result<Value> {
    let output = tokio::process::Command::new("curl")
        .arg("-s")
        .args(arguments)
        .output()
        .await?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_action_that_is_run_again_gets_what_its_address_gave_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let gateway = serve_gateway(&panel).await?;
    let draft = json!({ "name": "t", "kind": "openwhisk", "scope": { "type": "namespace", "namespace": "playground" }, "expiresInSeconds": null });
    let made = call(&panel, "create_token", json!({ "draft": draft })).await?;
    let key = made["credential"].as_str().unwrap_or_default();
    let action = json!({
        "exec": { "kind": "nodejs:default", "code": "const main = ({ __ow_headers, ...rest }) => ({ body: rest })" },
        "annotations": [{ "key": "web-export", "value": true }],
    });
    let there = format!("{gateway}/api/v1/namespaces/_/actions/seen");
    curl(&[
        "-u",
        key,
        "-X",
        "PUT",
        "-d",
        &action.to_string(),
        "-H",
        "content-type: application/json",
        &there,
    ])
    .await?;
    let address = format!("{gateway}/api/v1/web/playground/default/seen.http/a/b?x=1");
    let first = curl(&[&address]).await?;
    let expected = json!({ "__ow_method": "get", "__ow_path": "/a/b", "x": "1" });
    assert_eq!(first, expected);

    let page = call(
        &panel,
        "activations",
        json!({ "filter": "fn:seen", "after": null, "limit": 1 }),
    )
    .await?;
    let id = &page["rows"][0]["id"];
    let http = call(&panel, "activation", json!({ "id": id })).await?["activation"]["http"].clone();
    let request = json!({ "method": http["method"], "path": http["path"], "query": http["query"],
        "headers": [], "body": { "type": "text", "text": "" } });
    let ask = json!({ "function": function("local", "seen"), "request": request, "mode": "blocking", "rerunOf": id });
    let again = call(&panel, "invoke_http", ask).await?;
    let result: Value = serde_json::from_str(again["activation"]["result"].as_str().unwrap_or_default())?;
    assert_eq!(result, json!({ "body": expected }));
    Ok(())
}
