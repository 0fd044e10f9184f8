//! Folders and projects through the panel's commands, with real workers and the encrypted secret file.

use std::fs;

use crate::support::{call, function, start};
use anyhow::Result;
use beckon_core::ErrorCode;
use serde_json::json;

const PROJECT: &str = r#"packages:
  - name: default
    functions:
      - name: greet
        web: false
        environment:
          KEY: "${GREET_KEY}"
      - name: broken
        runtime: nodejs:default
      - name: tick
        triggers:
          - name: hourly
            sourceType: scheduler
            sourceDetails: { cron: "0 * * * *" }
      - name: chain
        web: false
        sequence: [greet, tick]
      - name: loose
        sequence: [greet, nobody]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_opened_deployed_and_deployed_again() -> Result<()> {
    let (dir, project) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let packages = project.path().join("packages/default");
    fs::create_dir_all(packages.join("broken"))?;
    fs::write(packages.join("broken/other.js"), "1")?;
    fs::write(packages.join("broken/more.js"), "1")?;
    fs::write(
        packages.join("greet.js"),
        "function main() { return { key: process.env.KEY } }",
    )?;
    fs::write(packages.join("tick.js"), "function main() { return {} }")?;
    fs::write(project.path().join("project.yml"), PROJECT)?;
    fs::write(project.path().join(".env"), "GREET_KEY=first-value\n")?;
    let panel = start(dir.path()).await?;
    let path = project.path().display().to_string();

    let plan = call(&panel, "open_project", json!({ "path": path })).await?;
    assert_eq!(plan["kind"], "digital_ocean");
    assert!(!plan.to_string().contains("first-value"));
    let deploy = json!({ "path": path, "namespace": "playground", "watch": false });
    let outcomes = call(&panel, "deploy_project", deploy.clone()).await?;
    let outcome = |name: &str| {
        outcomes
            .as_array()
            .and_then(|all| all.iter().find(|o| o["name"] == name))
            .cloned()
    };
    let (greet, broken, tick) = (outcome("greet"), outcome("broken"), outcome("tick"));
    assert_eq!(
        greet.map(|o| (o["version"].clone(), o["missingSecrets"].clone())),
        Some((json!("0.0.1"), json!([])))
    );
    assert_eq!(
        broken.map(|o| o["error"]["code"].clone()),
        Some(json!("invalid_input"))
    );
    assert_eq!(tick.map(|o| o["schedules"].clone()), Some(json!(1)));
    let (chain, loose) = (outcome("chain").unwrap(), outcome("loose").unwrap());
    assert_eq!(
        (&chain["version"], &chain["error"]),
        (&json!("0.0.1"), &json!(null))
    );
    let why = loose["error"]["message"].as_str().unwrap();
    assert!(why.contains("/playground/nobody"), "{why}");
    let run = json!({ "function": function("local", "chain"), "input": "{}", "mode": "blocking" });
    let reply = call(&panel, "invoke", run).await?;
    assert_eq!(
        (
            &reply["activation"]["result"],
            reply["activation"]["logs"].as_array().map(Vec::len)
        ),
        (&json!("{}"), Some(2)),
        "{reply}"
    );
    let run = json!({ "function": function("local", "greet"), "input": "{}", "mode": "blocking" });
    let reply = call(&panel, "invoke", run.clone()).await?;
    assert_eq!(reply["activation"]["result"], "{\"key\":\"first-value\"}");

    // The same again is nothing new; another secret is, and running workers do not keep the old one.
    let again = call(&panel, "deploy_project", deploy.clone()).await?;
    assert_eq!(again[0]["changed"], false, "{again}");
    let same = again
        .as_array()
        .unwrap()
        .iter()
        .find(|o| o["name"] == "chain")
        .unwrap();
    assert_eq!(
        (&same["changed"], &same["version"]),
        (&json!(false), &json!("0.0.1"))
    );
    fs::write(project.path().join(".env"), "GREET_KEY=second-value\n")?;
    let again = call(&panel, "deploy_project", deploy).await?;
    assert_eq!(
        (&again[0]["changed"], &again[0]["version"]),
        (&json!(true), &json!("0.0.2"))
    );
    let reply = call(&panel, "invoke", run).await?;
    assert_eq!(reply["activation"]["result"], "{\"key\":\"second-value\"}");

    let some = json!({ "path": path, "namespace": "playground", "watch": false, "functions": ["nobody"] });
    let none = call(&panel, "deploy_project", some).await?;
    assert_eq!(none[0]["error"]["code"], "not_found");
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_becomes_a_function_and_stops_being_one() -> Result<()> {
    let (dir, folder) = (tempfile::tempdir()?, tempfile::tempdir()?);
    fs::write(folder.path().join("index.js"), "exports.main = () => ({ v: 1 })")?;
    fs::write(folder.path().join("lib.js"), "")?;
    fs::write(folder.path().join(".env"), "A=1")?;
    let panel = start(dir.path()).await?;
    let path = folder.path().display().to_string();
    let preview = call(&panel, "preview_folder", json!({ "path": path })).await?;
    assert_eq!(
        (&preview["files"][1]["path"], &preview["leftOut"][0]["path"]),
        (&json!("lib.js"), &json!(".env"))
    );
    let at = function("local", "from-folder");
    let make = json!({ "function": at, "kind": "nodejs:default", "path": path, "watch": false });
    let state = call(&panel, "create_from_folder", make.clone()).await?;
    assert_eq!(
        (&state["status"]["state"], &state["files"]),
        (&json!("unwatched"), &json!(2))
    );
    assert_eq!(
        call(&panel, "create_from_folder", make).await.unwrap_err().code,
        ErrorCode::Conflict
    );
    let sync = json!({ "function": at });
    assert_eq!(call(&panel, "sync_folder", sync.clone()).await?, json!(false));
    fs::write(folder.path().join("lib.js"), "// new")?;
    assert_eq!(call(&panel, "sync_folder", sync).await?, json!(true));
    // Code saved by hand ends the tie.
    let code = json!({ "type": "source", "text": "function main() { return {} }" });
    call(
        &panel,
        "save_code",
        json!({ "function": at, "code": code, "expectedVersion": "0.0.2" }),
    )
    .await?;
    assert!(
        call(&panel, "folder_state", json!({ "function": at }))
            .await?
            .is_null()
    );
    let relative = call(&panel, "preview_folder", json!({ "path": "here" })).await;
    assert_eq!(relative.unwrap_err().code, ErrorCode::InvalidInput);
    panel.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}
