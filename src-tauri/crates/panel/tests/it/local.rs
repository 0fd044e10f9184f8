//! The panel over the local engine, with real workers.

use crate::support::{call, function, serve_gateway, start, until};
use anyhow::Result;
use beckon_core::ErrorCode;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_has_a_function_to_run_and_one_click_runs_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let overview = call(&panel, "overview", json!({})).await?;
    assert_eq!(overview["firstFunction"]["name"], "hello");
    let functions = call(&panel, "functions", json!({ "connection": "local" })).await?;
    let mut names: Vec<_> = functions
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|f| f["name"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["hello", "hello-python", "hello-shell"]);
    for name in names {
        let input = call(&panel, "draft", json!({ "function": function("local", name) })).await?;
        let run = json!({ "function": function("local", name), "input": input, "mode": "blocking" });
        let reply = call(&panel, "invoke", run).await?;
        assert_eq!(reply["activation"]["status"], "success", "{name}: {reply}");
        let result: serde_json::Value =
            serde_json::from_str(reply["activation"]["result"].as_str().unwrap_or_default())?;
        assert_eq!(result, json!({ "body": "Hello Ada!" }), "{name}");
        assert_eq!(reply["activation"]["logs"][0]["text"], "Greeting Ada", "{name}");
    }
    let page = call(
        &panel,
        "activations",
        json!({ "filter": "fn:hello", "limit": 10 }),
    )
    .await?;
    assert_eq!(page["rows"].as_array().map(Vec::len), Some(1));
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_example_stays_deleted() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let wrong = call(
        &panel,
        "delete_function",
        json!({ "function": function("local", "hello"), "confirmation": "helo" }),
    )
    .await;
    assert_eq!(wrong.unwrap_err().code, ErrorCode::InvalidInput);
    call(
        &panel,
        "delete_function",
        json!({ "function": function("local", "hello"), "confirmation": "hello" }),
    )
    .await?;
    panel.shutdown(std::time::Duration::ZERO).await;
    drop(panel);
    let panel = start(dir.path()).await?;
    let functions = call(&panel, "functions", json!({ "connection": "local" })).await?;
    assert_eq!(functions.as_array().map(Vec::len), Some(2));
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_makes_the_next_version_and_never_overwrites_anothers() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let hello = function("local", "hello");
    let code = |text: &str| json!({ "type": "source", "text": text });
    let save = |text: &str, version: &str| json!({ "function": hello, "code": code(text), "expectedVersion": version });
    let saved = call(
        &panel,
        "save_code",
        save("function main() { return { v: 2 } }", "0.0.1"),
    )
    .await?;
    assert_eq!(saved["version"], "0.0.2");
    let late = call(
        &panel,
        "save_code",
        save("function main() { return { v: 3 } }", "0.0.1"),
    )
    .await
    .unwrap_err();
    assert_eq!(late.code, ErrorCode::Conflict);
    let reply = call(
        &panel,
        "invoke",
        json!({ "function": hello, "input": "", "mode": "blocking" }),
    )
    .await?;
    assert_eq!(reply["activation"]["result"], r#"{"v":2}"#);
    assert_eq!(reply["activation"]["version"], "0.0.2");
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_environment_and_secrets_reach_the_function_and_only_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let target = function("local", "env");
    let text = "function main(args) { return { ...args, plain: process.env.PLAIN, secret: process.env.API_KEY.length, home: process.env.BECKON_PASSPHRASE } }";
    let create =
        json!({ "function": target, "kind": "nodejs:default", "code": { "type": "source", "text": text } });
    call(&panel, "create_function", create).await?;
    let settings = json!({
        "main": null, "parameters": [{ "key": "greeting", "value": "\"hi\"" }], "env": [{ "name": "PLAIN", "value": "x y" }],
        "limits": { "timeoutMs": 5000, "memoryMb": 256, "logsKb": 64, "concurrency": 2 }, "web": "private", "lostPolicy": "record"
    });
    call(
        &panel,
        "configure_function",
        json!({ "function": target, "settings": settings, "expectedVersion": "0.0.1" }),
    )
    .await?;
    let secret = json!({ "function": target, "name": "API_KEY", "value": "s3cr3t-value" });
    let detail = call(&panel, "set_function_secret", secret).await?;
    assert_eq!(detail["secrets"], json!(["API_KEY"]));
    assert!(!detail.to_string().contains("s3cr3t-value"));

    let reply = call(
        &panel,
        "invoke",
        json!({ "function": target, "input": "{\"a\":1}", "mode": "blocking" }),
    )
    .await?;
    let result: serde_json::Value =
        serde_json::from_str(reply["activation"]["result"].as_str().unwrap_or_default())?;
    assert_eq!(
        result,
        json!({ "greeting": "hi", "a": 1, "plain": "x y", "secret": 12 })
    );
    panel.shutdown(std::time::Duration::ZERO).await;
    drop(panel);
    for entry in std::fs::read_dir(dir.path())?
        .flatten()
        .filter(|e| e.path().is_file())
    {
        let bytes = std::fs::read(entry.path())?;
        let found = bytes.windows(12).any(|w| w == b"s3cr3t-value");
        assert!(!found, "the secret is in {}", entry.path().display());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_and_its_end_is_final() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let gateway = serve_gateway(&panel).await?;
    let draft = json!({ "name": "ci", "kind": "openwhisk", "scope": { "type": "namespace", "namespace": "playground" }, "expiresInSeconds": null });
    let made = call(&panel, "create_token", json!({ "draft": draft })).await?;
    let credential = made["credential"].as_str().unwrap_or_default().to_owned();
    let (user, key) = credential.split_once(':').unwrap_or_default();
    let list = call(&panel, "tokens", json!({})).await?;
    assert!(!list.to_string().contains(key));

    let url = format!("{gateway}/api/v1/namespaces/_/actions/hello?blocking=true&result=true");
    let curl = |url: &str| {
        std::process::Command::new("curl")
            .args(["-s", "-u", &credential, "-X", "POST", url])
            .output()
    };
    assert_eq!(
        String::from_utf8(curl(&url)?.stdout)?,
        r#"{"body":"Hello stranger!"}"#
    );
    call(&panel, "revoke_token", json!({ "id": user })).await?;
    assert!(String::from_utf8(curl(&url)?.stdout)?.contains("The supplied authentication is invalid"));
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_token_reaches_what_its_provider_lets_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let namespace = json!({ "type": "namespace", "namespace": "playground" });
    let function = json!({ "type": "function", "namespace": "playground", "name": "hello" });
    let account = json!({ "type": "account" });
    let create = |kind: &str, scope: &serde_json::Value, seconds: Option<u32>| {
        let draft = json!({ "name": "t", "kind": kind, "scope": scope, "expiresInSeconds": seconds });
        let panel = panel.clone();
        async move { call(&panel, "create_token", json!({ "draft": draft })).await }
    };
    let key = create("digitalocean_key", &namespace, Some(3600)).await?;
    let credential = key["credential"].as_str().unwrap_or_default();
    assert!(credential.starts_with("dof_v1_") && credential.split(':').count() == 2);
    assert_eq!(key["token"]["kept"], true);
    let token = create("digitalocean", &account, None).await?;
    let credential = token["credential"].as_str().unwrap_or_default();
    assert!(credential.starts_with("dop_v1_") && !credential.contains(':'));
    // It calls no function, so that there is nothing to keep it for.
    assert_eq!(token["token"]["kept"], false);
    create("digitalocean", &namespace, None).await?;
    for (kind, scope, seconds) in [
        ("openwhisk", &account, None),
        ("digitalocean_key", &account, None),
        ("digitalocean_key", &function, None),
        ("digitalocean", &function, None),
        ("digitalocean_key", &namespace, Some(3599)),
    ] {
        let refused = create(kind, scope, seconds).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidInput, "{kind} {scope}");
    }
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_run_is_a_row_from_the_first_moment() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let panel = start(dir.path()).await?;
    let slow = function("local", "slow");
    let code =
        "async function main() { await new Promise((done) => setTimeout(done, 700)); return { done: true } }";
    call(
        &panel,
        "create_function",
        json!({ "function": slow, "kind": "nodejs", "code": { "type": "source", "text": code } }),
    )
    .await?;
    let reply = call(
        &panel,
        "invoke",
        json!({ "function": slow, "input": "{}", "mode": "non_blocking" }),
    )
    .await?;
    let id = &reply["activation"]["id"];
    assert!(
        ["queued", "running"].contains(&reply["activation"]["status"].as_str().unwrap_or_default()),
        "{reply}"
    );
    let done = until(&panel, id, "success").await?;
    assert_eq!(done["activation"]["mode"], "non_blocking");
    assert!(
        done["raw"]
            .as_str()
            .is_some_and(|raw| raw.contains("\"activationId\""))
    );
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}
