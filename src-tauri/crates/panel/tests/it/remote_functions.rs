//! Functions at a provider (another Beckon's gateway), made and changed through the panel's commands.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write as _;

use anyhow::Result;
use base64::Engine as _;
use beckon_core::ErrorCode;
use serde_json::{Value, json};

use crate::support::{call, connection_draft, function, other, start};

/// What `configure_function` takes for a function as it is.
fn settings(detail: &Value) -> Value {
    let mut settings = json!({});
    for field in [
        "main",
        "contract",
        "settings",
        "parameters",
        "env",
        "limits",
        "web",
        "lostPolicy",
    ] {
        settings[field] = detail[field].clone();
    }
    settings
}

fn zip(files: &[(&str, &str)]) -> String {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        writer
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    base64::engine::general_purpose::STANDARD.encode(writer.finish().unwrap().into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_providers_function_is_made_edited_packed_and_deleted() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, credential) = other(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    let draft = connection_draft(&gateway, &credential);
    let connection = call(&here, "add_connection", json!({ "draft": draft })).await?;
    let id = connection["id"].as_str().unwrap();
    let at = function(id, "tools/greet");
    let answer = async |input: &str| {
        let run = json!({ "function": at, "input": input, "mode": "blocking" });
        let reply = call(&here, "invoke", run).await.unwrap();
        serde_json::from_str::<Value>(reply["activation"]["result"].as_str().unwrap()).unwrap()
    };

    // The package is made with the function.
    let text = "function main(args) { return { key: process.env.KEY, size: args.size, tone: args.tone } }";
    let source = |text: &str| json!({ "type": "source", "text": text });
    let make = json!({ "function": at, "kind": "nodejs:default", "code": source(text) });
    let made = call(&here, "create_function", make.clone()).await?;
    assert_eq!(
        (&made["version"], &made["code"]["text"]),
        (&json!("0.0.1"), &json!(text))
    );
    let edits =
        json!({ "code": true, "settings": true, "deployment": false, "engine": false, "hiddenEnv": true });
    assert_eq!(made["edits"], edits);
    assert_eq!(
        call(&here, "create_function", make).await.unwrap_err().code,
        ErrorCode::Conflict
    );
    let package = json!({ "connection": id, "namespace": "playground", "name": "tools", "replace": true,
                          "draft": { "parameters": [{ "key": "tone", "value": "\"warm\"" }] } });
    call(&here, "put_package", package.clone()).await?;

    // A variable's value goes to the provider, never comes back, and survives edits of everything else.
    let secret = json!({ "function": at, "name": "KEY", "value": "hush-hush" });
    let detail = call(&here, "set_function_secret", secret).await?;
    assert_eq!(
        (&detail["secrets"], &detail["env"]),
        (&json!(["KEY"]), &json!([]))
    );
    let mut wanted = settings(&detail);
    wanted["parameters"] = json!([{ "key": "size", "value": "3" }]);
    wanted["env"] = json!([{ "name": "OTHER", "value": "x" }]);
    wanted["limits"]["timeoutMs"] = json!(5000);
    wanted["web"] = json!("web");
    let configure = json!({ "function": at, "settings": wanted, "expectedVersion": detail["version"] });
    let saved = call(&here, "configure_function", configure.clone()).await?;
    assert_eq!(
        (&saved["secrets"], &saved["web"]),
        (&json!(["KEY", "OTHER"]), &json!("web"))
    );
    assert_eq!(saved["limits"]["timeoutMs"], 5000);
    // A web function has its address at the provider, which only its function answers at.
    assert_eq!(detail["functionUrl"], Value::Null);
    let url = format!("{gateway}/api/v1/web/playground/tools/greet");
    assert_eq!(saved["functionUrl"], url);
    assert!(!saved.to_string().contains("hush-hush"));
    assert_eq!(
        answer("{}").await,
        json!({ "key": "hush-hush", "size": 3, "tone": "warm" })
    );
    // Somebody who still looks at the version before is told so, and changes nothing.
    let stale = call(&here, "configure_function", configure).await.unwrap_err();
    assert_eq!(stale.code, ErrorCode::Conflict);
    // What the package gives it has not become its own.
    let mut changed = package;
    changed["draft"]["parameters"][0]["value"] = json!("\"cold\"");
    call(&here, "put_package", changed).await?;
    assert_eq!(answer("{}").await["tone"], "cold");
    let mut engine = settings(&saved);
    engine["contract"] = json!("scaleway");
    let refused = json!({ "function": at, "settings": engine, "expectedVersion": saved["version"] });
    assert_eq!(
        call(&here, "configure_function", refused).await.unwrap_err().code,
        ErrorCode::NotSupported
    );
    let remove = json!({ "function": at, "name": "KEY" });
    let removed = call(&here, "remove_function_secret", remove.clone()).await?;
    assert_eq!(removed["secrets"], json!(["OTHER"]));
    assert_eq!(
        call(&here, "remove_function_secret", remove)
            .await
            .unwrap_err()
            .code,
        ErrorCode::NotFound
    );

    // Code as a zip, and back.
    let packed = zip(&[
        ("index.js", "exports.main = () => require('./lib.js')"),
        ("lib.js", "module.exports = { v: 2 }"),
    ]);
    let save = json!({ "function": at, "code": { "type": "zip", "base64": packed }, "expectedVersion": removed["version"] });
    let saved = call(&here, "save_code", save).await?;
    let entries = json!([{ "path": "index.js", "size": 40 }, { "path": "lib.js", "size": 25 }]);
    assert_eq!(
        (&saved["code"]["type"], &saved["code"]["entries"]),
        (&json!("zip"), &entries)
    );
    assert_eq!(answer("{}").await, json!({ "v": 2 }));
    // They are known after a change of something else, not after one that was made elsewhere, and again with the bytes.
    let detail = async || call(&here, "function", json!({ "function": at })).await;
    let variable = json!({ "function": at, "name": "KEY", "value": "x" });
    let edited = call(&here, "set_function_secret", variable).await?;
    assert_eq!(
        (&edited["code"], &edited["edits"]["code"]),
        (&saved["code"], &json!(true))
    );
    let there_at = function("local", "tools/greet");
    let variable = json!({ "function": there_at, "name": "THERE", "value": "x" });
    call(&there, "set_function_secret", variable).await?;
    assert_eq!(detail().await?["code"]["type"], "opaque");
    let code = call(&here, "function_code", json!({ "function": at })).await?;
    assert_eq!(
        code,
        json!({ "type": "zip", "file": "greet.zip", "base64": packed })
    );
    let saved = detail().await?;
    assert_eq!(saved["code"]["entries"], entries);
    let save = json!({ "function": at, "code": source(text), "expectedVersion": saved["version"] });
    call(&here, "save_code", save).await?;
    let code = call(&here, "function_code", json!({ "function": at })).await?;
    assert_eq!(
        code,
        json!({ "type": "source", "file": "greet.js", "text": text })
    );

    let delete = |confirmation: &str| json!({ "function": at, "confirmation": confirmation });
    assert!(call(&here, "delete_function", delete("greet")).await.is_err());
    call(&here, "delete_function", delete("tools/greet")).await?;
    assert_eq!(
        call(&here, "function", json!({ "function": at }))
            .await
            .unwrap_err()
            .code,
        ErrorCode::NotFound
    );
    here.shutdown(std::time::Duration::ZERO).await;
    there.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kinds_of_a_provider_are_its_own() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, credential) = other(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    // A provider that says it in the host's description alone, and has others the second time.
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let host = move || {
        let version = 18 + asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) * 2;
        let kind = json!({ "kind": format!("nodejs:{version}"), "default": true, "requireMain": false });
        let old = json!({ "kind": "swift:4.2", "deprecated": true });
        async move { axum::Json(json!({ "runtimes": { "nodejs": [kind], "swift": [old] } })) }
    };
    let app = axum::Router::new()
        .route("/", axum::routing::get(host))
        .route(
            "/api/v1",
            axum::routing::get(async || axum::Json(json!({ "description": "x" }))),
        )
        .route(
            "/api/v1/namespaces",
            axum::routing::get(async || axum::Json(["playground"])),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let odd = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });

    let draft = |host: &str| json!({ "draft": connection_draft(host, &credential) });
    let known = call(&here, "add_connection", draft(&gateway)).await?;
    let strange = call(&here, "add_connection", draft(&odd)).await?;
    let kinds = async |connection: &Value, refresh: bool| {
        let ask = json!({ "connection": connection, "refresh": refresh });
        call(&here, "kinds", ask).await
    };
    // Another Beckon's are those of its engine, which here are this machine's.
    let ours = kinds(&json!("local"), false).await?;
    let theirs = kinds(&known["id"], false).await?;
    let nodes = |kinds: &Value| {
        let all = kinds.as_array().cloned().unwrap_or_default();
        all.into_iter()
            .filter(|kind| kind["family"] == "nodejs")
            .collect::<Vec<_>>()
    };
    assert!(!nodes(&ours).is_empty());
    assert_eq!(nodes(&ours), nodes(&theirs));
    assert_eq!(
        (&nodes(&theirs)[0]["default"], &nodes(&theirs)[0]["language"]),
        (&json!(true), &json!("node"))
    );

    for (refresh, kind) in [
        (false, "nodejs:18"),
        (false, "nodejs:18"),
        (true, "nodejs:20"),
        (false, "nodejs:20"),
    ] {
        let kinds = kinds(&strange["id"], refresh).await?;
        assert_eq!(kinds[0]["kind"], kind, "{kinds}");
        assert_eq!(
            (&kinds[1]["language"], &kinds[1]["deprecated"]),
            (&Value::Null, &json!(true))
        );
    }
    here.shutdown(std::time::Duration::ZERO).await;
    there.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn more_runs_than_a_page_between_two_looks_are_all_read() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, credential) = other(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    let draft = connection_draft(&gateway, &credential);
    let connection = call(&here, "add_connection", json!({ "draft": draft })).await?;
    let run = json!({ "function": function("local", "hello"), "input": "{}", "mode": "blocking" });
    for _ in 0..203 {
        call(&there, "invoke", run.clone()).await?;
    }
    let mut synced = 0;
    for _ in 0..100 {
        synced += call(&here, "sync_connection", json!({ "id": connection["id"] }))
            .await?
            .as_u64()
            .unwrap();
        if synced >= 203 {
            break;
        }
        // The provider writes its records in batches.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(synced, 203);
    here.shutdown(std::time::Duration::ZERO).await;
    there.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

const PROJECT: &str = r#"packages:
  - name: shop
    functions:
      - name: greet
        web: false
        limits: { timeout: 5000 }
        parameters: { tone: warm }
        environment:
          PLAIN: here
          KEY: "${GREET_KEY}"
          LATER: "${NOT_SET_ANYWHERE}"
  - name: default
    functions:
      - name: pair
        triggers:
          - name: hourly
            sourceType: scheduler
            sourceDetails: { cron: "0 * * * *" }
      - name: both
        sequence: [shop/greet, pair]
      - name: loose
        sequence: [pair, nobody]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_deployed_to_a_provider() -> Result<()> {
    let (here_dir, there_dir, project) = (tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, credential) = other(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    let draft = connection_draft(&gateway, &credential);
    let connection = call(&here, "add_connection", json!({ "draft": draft })).await?;
    let id = connection["id"].as_str().unwrap();
    let packages = project.path().join("packages");
    std::fs::create_dir_all(packages.join("shop"))?;
    std::fs::create_dir_all(packages.join("default/pair"))?;
    let greet =
        "function main(args) { return { tone: args.tone, plain: process.env.PLAIN, key: process.env.KEY } }";
    std::fs::write(packages.join("shop/greet.js"), greet)?;
    std::fs::write(
        packages.join("default/pair/index.js"),
        "exports.main = () => require('./lib.js')",
    )?;
    std::fs::write(packages.join("default/pair/lib.js"), "module.exports = { v: 1 }")?;
    std::fs::write(project.path().join("project.yml"), PROJECT)?;
    std::fs::write(project.path().join(".env"), "GREET_KEY=hush-hush\n")?;

    let deploy =
        json!({ "connection": id, "path": project.path(), "namespace": "playground", "watch": false });
    let outcomes = call(&here, "deploy_project", deploy.clone()).await?;
    assert!(!outcomes.to_string().contains("hush-hush"));
    let (greet, pair) = (&outcomes[0], &outcomes[1]);
    assert_eq!(greet["function"], function(id, "shop/greet"), "{outcomes}");
    assert_eq!(
        (&greet["version"], &greet["changed"]),
        (&json!("0.0.1"), &json!(true)),
        "{outcomes}"
    );
    assert_eq!(greet["missingSecrets"], json!(["LATER"]), "{outcomes}");
    let warnings = pair["warnings"].to_string();
    assert!(warnings.contains("'hourly'"), "{warnings}");
    let run = |name: &str| json!({ "function": function(id, name), "input": "{}", "mode": "blocking" });
    let reply = call(&here, "invoke", run("shop/greet")).await?;
    let result: Value = serde_json::from_str(reply["activation"]["result"].as_str().unwrap())?;
    assert_eq!(
        result,
        json!({ "tone": "warm", "plain": "here", "key": "hush-hush" })
    );

    let (both, loose) = (&outcomes[2], &outcomes[3]);
    assert_eq!(
        (&both["version"], &both["error"]),
        (&json!("0.0.1"), &json!(null)),
        "{both}"
    );
    assert_eq!(
        loose["error"]["details"], "There is no /playground/nobody.",
        "{loose}"
    );
    let reply = call(&here, "invoke", run("both")).await?;
    assert_eq!(reply["activation"]["result"], r#"{"v":1}"#);

    // The same again is nothing new, and what was set meanwhile for what the file knows no value of stays.
    let again = call(&here, "deploy_project", deploy.clone()).await?;
    assert_eq!(
        (&again[0]["changed"], &again[1]["changed"], &again[2]["changed"]),
        (&json!(false), &json!(false), &json!(false)),
        "{again}"
    );
    let later = json!({ "function": function(id, "shop/greet"), "name": "LATER", "value": "now" });
    call(&here, "set_function_secret", later).await?;
    std::fs::write(
        packages.join("shop/greet.js"),
        "function main() { return { later: process.env.LATER } }",
    )?;
    let again = call(&here, "deploy_project", deploy).await?;
    let now = (
        &again[0]["changed"],
        &again[0]["version"],
        &again[0]["missingSecrets"],
    );
    assert_eq!(now, (&json!(true), &json!("0.0.3"), &json!([])), "{again}");
    let reply = call(&here, "invoke", run("shop/greet")).await?;
    assert_eq!(reply["activation"]["result"], r#"{"later":"now"}"#);
    here.shutdown(std::time::Duration::ZERO).await;
    there.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}
