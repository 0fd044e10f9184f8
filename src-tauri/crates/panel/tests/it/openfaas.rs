//! The panel over a remote OpenFaaS gateway: another Beckon's, called with requests, its runs in the journal here.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use beckon_core::ErrorCode;
use beckon_panel::Panel;
use serde_json::{Value, json};

use crate::support::{call, function, serve_gateway, start, until};

const TELL: &str = "module.exports = async (event, context) => context.status(event.query.code ?? 200)\
    .headers({ 'content-type': 'text/x-own' }).succeed(event.method + ' ' + event.path + ' ' + \
    (event.body?.n ? JSON.stringify(event.body) : event.body))";

/// A Beckon with the function `tell`, and a password of its gateway.
async fn there(dir: &std::path::Path) -> Result<(Arc<Panel>, String, String)> {
    let panel = start(dir).await?;
    let gateway = serve_gateway(&panel).await?;
    let tell = json!({
        "function": function("local", "tell"), "kind": "nodejs", "contract": "openfaas",
        "code": { "type": "source", "text": TELL },
    });
    call(&panel, "create_function", tell).await?;
    let draft =
        json!({ "name": "p", "kind": "openfaas", "scope": { "type": "account" }, "expiresInSeconds": null });
    let made = call(&panel, "create_token", json!({ "draft": draft })).await?;
    let credential = made["credential"].as_str().context("a credential")?.to_owned();
    let password = credential
        .split_once(':')
        .map_or(credential.as_str(), |(_, password)| password);
    Ok((panel, gateway, password.to_owned()))
}

fn draft(gateway: &str, password: &str) -> Value {
    json!({ "name": "faas", "kind": "openfaas", "environment": "staging", "apiHost": gateway, "key": password })
}

fn request(method: &str, path: &str, query: &str, body: &str) -> Value {
    json!({
        "method": method, "path": path, "query": query, "headers": [["x-mine", "1"], ["cookie", "s3ss10n"]],
        "body": { "type": "text", "text": body },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_journalled_with_what_went_over_http() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, password) = there(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    let wrong = call(
        &here,
        "test_connection",
        json!({ "draft": draft(&gateway, "wrong") }),
    )
    .await;
    assert_eq!(wrong.unwrap_err().code, ErrorCode::Unauthorized);
    let added = call(
        &here,
        "add_connection",
        json!({ "draft": draft(&gateway, &password) }),
    )
    .await?;
    let id = added["id"].as_str().context("an id")?;
    assert_eq!(
        (&added["capabilities"]["call"], &added["looks"]),
        (&json!("request"), &json!(null))
    );
    assert!(!added.to_string().contains(&password));
    // The password is kept where none is typed; another user needs it again.
    let mut again = draft(&gateway, "");
    again["user"] = json!("admin");
    call(&here, "edit_connection", json!({ "id": id, "draft": again })).await?;
    again["user"] = json!("somebody");
    let other = call(&here, "edit_connection", json!({ "id": id, "draft": again })).await;
    assert_eq!(other.unwrap_err().code, ErrorCode::InvalidInput);
    assert_eq!(call(&here, "sync_connection", json!({ "id": id })).await?, 0);

    let at = function(id, "tell");
    let run = json!({ "function": at, "request": request("PUT", "/a/b", "x=1", "hi"), "mode": "blocking" });
    let done = call(&here, "invoke_http", run.clone()).await?["activation"].clone();
    let http = &done["http"];
    assert_eq!(
        (&done["status"], &done["result"]),
        (&json!("success"), &json!("\"PUT /a/b hi\""))
    );
    assert_eq!(
        (&done["input"], &done["httpStatus"]),
        (&json!("\"hi\""), &json!(200))
    );
    assert_eq!(
        (&http["path"], &http["query"], &http["responseBody"]),
        (&json!("/a/b"), &json!("x=1"), &json!("text"))
    );
    assert!(done["timing"]["runMs"].as_f64().is_some_and(|ms| ms > 0.0));
    let kept = call(&here, "activation", json!({ "id": done["id"] })).await?;
    assert_eq!(
        kept["activation"]["http"]["headers"],
        json!([["x-mine", "1"], ["cookie", "***"]])
    );
    assert!(!kept.to_string().contains("s3ss10n"));

    let failing =
        json!({ "function": at, "request": request("POST", "/", "code=500", ""), "mode": "blocking" });
    let failed = call(&here, "invoke_http", failing).await?;
    assert_eq!(
        (
            &failed["activation"]["status"],
            &failed["activation"]["httpStatus"]
        ),
        (&json!("application_error"), &json!(500))
    );
    // Arguments are a request of JSON there.
    let plain = json!({ "function": at, "input": "{\"n\":1.50}", "mode": "blocking" });
    let plain = call(&here, "invoke", plain).await?;
    assert_eq!(plain["activation"]["result"], json!("\"POST / {\\\"n\\\":1.5}\""));
    let copied = |form: &str| json!({ "source": { "type": "run", "id": done["id"] }, "form": form, "mode": "blocking", "token": "masked", "to": "page" });
    let curl = call(&here, "copy_call", copied("curl")).await?["text"].clone();
    assert!(
        curl.as_str()
            .is_some_and(|text| text.contains("/function/tell.playground/a/b?x=1'")),
        "{curl}"
    );
    assert_eq!(
        call(&here, "copy_call", copied("wsk")).await.unwrap_err().code,
        ErrorCode::NotSupported
    );

    // What is gone there is said, and kept.
    let gone = json!({ "function": function(id, "gone"), "request": request("GET", "/", "", ""), "mode": "blocking" });
    let gone = call(&here, "invoke_http", gone).await?;
    assert_eq!(gone["activation"]["httpStatus"], 404);
    there.shutdown(std::time::Duration::ZERO).await;
    here.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_calls_back_is_the_result() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, password) = there(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    let id = call(
        &here,
        "add_connection",
        json!({ "draft": draft(&gateway, &password) }),
    )
    .await?["id"]
        .clone();
    let at = function(id.as_str().context("an id")?, "tell");
    let run = |query: &str| json!({ "function": at, "request": request("POST", "/q", query, "later"), "mode": "non_blocking" });

    // Without a gateway here nobody can be told.
    let accepted = call(&here, "invoke_http", run("")).await?["activation"].clone();
    assert_eq!(
        (&accepted["status"], &accepted["httpStatus"]),
        (&json!("success"), &json!(202))
    );
    assert!(
        accepted["result"]
            .as_str()
            .is_some_and(|text| text.contains("keeps no results")),
        "{accepted}"
    );
    let mut told = run("");
    told["callbackUrl"] = json!("http://me:hunter22@127.0.0.1:9/hook");
    let told = call(&here, "invoke_http", told).await?["activation"].clone();
    assert!(
        told["result"]
            .as_str()
            .is_some_and(|text| text.contains("goes to http://***@127.0.0.1:9/hook")),
        "{told}"
    );
    assert!(!told.to_string().contains("hunter22"));

    serve_gateway(&here).await?;
    for (query, status, code) in [
        ("", "success", 200),
        ("code=503", "internal_error", 503),
        ("code=500", "application_error", 500),
    ] {
        let reply = call(&here, "invoke_http", run(query)).await?["activation"].clone();
        assert_eq!(reply["status"], "polling");
        let ended = until(&here, &reply["id"], status).await?["activation"].clone();
        assert_eq!(ended["httpStatus"], code);
        assert_eq!(
            (&ended["result"], &ended["input"]),
            (&json!("\"POST /q later\""), &json!("\"later\""))
        );
        assert!(ended["timing"]["runMs"].as_f64().is_some());
    }
    let inboxes = call(&here, "inboxes", json!({})).await?;
    assert_eq!(
        inboxes.as_array().map(Vec::len),
        Some(1),
        "one for all runs of a connection"
    );

    // A run whose caller names it itself is found all the same.
    let mut named = run("");
    named["request"]["headers"] = json!([["x-call-id", "my-own"]]);
    let reply = call(&here, "invoke_http", named).await?["activation"].clone();
    until(&here, &reply["id"], "success").await?;

    // One that the server does not take is over at once, and its input is kept.
    let lost = json!({ "function": function(id.as_str().unwrap_or_default(), "gone"), "request": request("POST", "/", "", "x"), "mode": "non_blocking" });
    let lost = call(&here, "invoke_http", lost).await?["activation"].clone();
    assert_eq!(
        (&lost["status"], &lost["httpStatus"], &lost["input"]),
        (&json!("internal_error"), &json!(404), &json!("\"x\""))
    );
    let get = json!({ "function": at, "request": request("GET", "/", "", ""), "mode": "non_blocking" });
    assert_eq!(
        call(&here, "invoke_http", get).await.unwrap_err().code,
        ErrorCode::InvalidInput
    );
    there.shutdown(std::time::Duration::ZERO).await;
    here.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_managed_from_here() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, password) = there(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    let added = call(
        &here,
        "add_connection",
        json!({ "draft": draft(&gateway, &password) }),
    )
    .await?;
    let id = added["id"].as_str().context("an id")?;
    call(&there, "map_image", json!({ "name": "me/cat", "folder": null })).await?;
    let cat = function(id, "cat");
    let deploy = json!({ "function": cat, "new": true, "deployment": { "image": "me/cat", "process": "cat", "labels": { "team": "a" } } });
    let detail = call(&here, "deploy_function", deploy.clone()).await?;
    assert_eq!(detail["image"]["deployment"]["labels"], json!({ "team": "a" }));
    assert_eq!(
        (
            &detail["edits"]["deployment"],
            &detail["edits"]["code"],
            &detail["speaksHttp"]
        ),
        (&json!(true), &json!(false), &json!(true))
    );
    assert_eq!(
        detail["functionUrl"],
        format!("{gateway}/function/cat.playground")
    );
    assert_eq!(
        call(&here, "deploy_function", deploy).await.unwrap_err().code,
        ErrorCode::Conflict
    );
    let secret = json!({ "function": cat, "name": "A", "value": "b" });
    assert_eq!(
        call(&here, "set_function_secret", secret).await.unwrap_err().code,
        ErrorCode::NotSupported
    );
    call(&here, "scale_function", json!({ "function": cat, "replicas": 1 })).await?;
    call(
        &here,
        "function_logs",
        json!({ "function": cat, "ask": { "tail": 1 } }),
    )
    .await?;
    let listed = call(&here, "functions", json!({ "connection": id })).await?;
    assert!(
        listed
            .as_array()
            .is_some_and(|all| all.iter().any(|known| known["name"] == "cat"))
    );
    call(
        &here,
        "delete_function",
        json!({ "function": cat, "confirmation": "cat" }),
    )
    .await?;
    assert_eq!(
        call(&here, "function", json!({ "function": cat }))
            .await
            .unwrap_err()
            .code,
        ErrorCode::NotFound
    );
    let secret = |value: &str, replace: bool| {
        json!({
            "connection": id, "namespace": "playground", "name": "api-key", "value": value, "replace": replace,
        })
    };
    let put = async |value: &str, replace| call(&here, "put_namespace_secret", secret(value, replace)).await;
    assert_eq!(put("s3cr3t", true).await.unwrap_err().code, ErrorCode::NotFound);
    put("s3cr3t", false).await?;
    assert_eq!(put("s3cr3t", false).await.unwrap_err().code, ErrorCode::Conflict);
    put("s3cr3t-2", true).await?;
    let of = json!({ "connection": id, "namespace": "playground" });
    let names = call(&here, "namespace_secrets", of.clone()).await?;
    assert_eq!(names, json!(["api-key"]));
    let mut gone = of.clone();
    gone["name"] = json!("api-key");
    gone["confirmation"] = json!("other");
    let unsure = call(&here, "delete_namespace_secret", gone.clone()).await;
    assert_eq!(unsure.unwrap_err().code, ErrorCode::InvalidInput);
    gone["confirmation"] = json!("api-key");
    call(&here, "delete_namespace_secret", gone.clone()).await?;
    let again = call(&here, "delete_namespace_secret", gone).await;
    assert_eq!(again.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(call(&here, "namespace_secrets", of).await?, json!([]));
    let third = json!({ "name": "third", "label": "", "connection": id });
    call(&here, "create_namespace", third).await?;
    let of_third = json!({ "connection": id, "namespace": "third" });
    let mut labels = of_third.clone();
    labels["metadata"] = json!({ "labels": { "team": "blue" }, "annotations": {} });
    call(&here, "put_namespace_metadata", labels).await?;
    let read = call(&here, "namespace_metadata", of_third).await?;
    assert_eq!(
        read,
        json!({ "labels": { "openfaas": "1", "team": "blue" }, "annotations": { "openfaas": "1" } })
    );
    let gone = json!({ "name": "third", "confirmation": "third", "connection": id });
    call(&here, "delete_namespace", gone).await?;
    let local = json!({ "function": function("local", "hello"), "replicas": 1 });
    assert_eq!(
        call(&here, "scale_function", local).await.unwrap_err().code,
        ErrorCode::NotSupported
    );
    there.shutdown(std::time::Duration::ZERO).await;
    here.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}
