//! The panel over a remote OpenWhisk: another Beckon's gateway.

use crate::support::{call, connection_draft as draft, function, other, start, until};
use anyhow::Result;
use beckon_core::ErrorCode;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_is_tested_kept_and_used_both_ways() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, credential) = other(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    let wrong = call(
        &here,
        "test_connection",
        json!({ "draft": draft(&gateway, "a:b") }),
    )
    .await
    .unwrap_err();
    assert_eq!(wrong.code, ErrorCode::Unauthorized);
    let test = call(
        &here,
        "test_connection",
        json!({ "draft": draft(&gateway, &credential) }),
    )
    .await?;
    assert_eq!(test["namespaces"], json!(["playground"]));
    let connection = call(
        &here,
        "add_connection",
        json!({ "draft": draft(&gateway, &credential) }),
    )
    .await?;
    assert!(
        !connection
            .to_string()
            .contains(credential.split_once(':').unwrap_or_default().1)
    );
    let id = connection["id"].as_str().unwrap_or_default();

    let functions = call(&here, "functions", json!({ "connection": id })).await?;
    assert_eq!(functions.as_array().map(Vec::len), Some(3));
    let run =
        |mode: &str| json!({ "function": function(id, "hello"), "input": "{\"name\":\"Bo\"}", "mode": mode });
    let reply = call(&here, "invoke", run("blocking")).await?;
    assert_eq!(reply["activation"]["status"], "success");
    let accepted = call(&here, "invoke", run("non_blocking")).await?;
    assert_eq!(accepted["activation"]["status"], "polling");
    let done = until(&here, &accepted["activation"]["id"], "success").await?;
    assert_eq!(done["activation"]["input"], r#"{"name":"Bo"}"#);
    assert_eq!(done["activation"]["result"], r#"{"body":"Hello Bo!"}"#);
    assert_eq!(done["activation"]["connection"], id);

    // What somebody else ran there appears here too, once.
    call(
        &there,
        "invoke",
        json!({ "function": function("local", "hello"), "input": "{}", "mode": "blocking" }),
    )
    .await?;
    let mut synced = 0;
    for _ in 0..50 {
        synced += call(&here, "sync_connection", json!({ "id": id }))
            .await?
            .as_u64()
            .unwrap_or(0);
        if synced > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let page = call(
        &here,
        "activations",
        json!({ "filter": format!("conn:{id}"), "limit": 10 }),
    )
    .await?;
    assert_eq!(page["rows"].as_array().map(Vec::len), Some(3), "{page}");
    assert_eq!(call(&here, "sync_connection", json!({ "id": id })).await?, 0);
    here.shutdown(std::time::Duration::ZERO).await;
    there.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_run_is_followed_over_a_restart() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, credential) = other(there_dir.path()).await?;
    let code = "async function main() { await new Promise((done) => setTimeout(done, 2500)); return { done: true } }";
    let slow = json!({ "function": function("local", "slow"), "kind": "nodejs", "code": { "type": "source", "text": code } });
    call(&there, "create_function", slow).await?;
    let here = start(here_dir.path()).await?;
    let connection = call(
        &here,
        "add_connection",
        json!({ "draft": draft(&gateway, &credential) }),
    )
    .await?;
    let id = connection["id"].as_str().unwrap_or_default();
    let run = json!({ "function": function(id, "slow"), "input": "{\"n\":1}", "mode": "non_blocking" });
    let accepted = call(&here, "invoke", run).await?;
    here.shutdown(std::time::Duration::ZERO).await;
    drop(here);

    let here = start(here_dir.path()).await?;
    let done = until(&here, &accepted["activation"]["id"], "success").await?;
    assert_eq!(done["activation"]["input"], r#"{"n":1}"#);
    assert_eq!(done["activation"]["result"], r#"{"done":true}"#);
    here.shutdown(std::time::Duration::ZERO).await;
    there.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_said_to_be_so() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let here = start(dir.path()).await?;
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let error = call(
        &here,
        "add_connection",
        json!({ "draft": draft(&format!("http://{closed}"), "a:b") }),
    )
    .await
    .unwrap_err();
    assert_eq!(error.code, ErrorCode::Unreachable);
    assert_eq!(
        call(&here, "connections", json!({}))
            .await?
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    here.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_its_runs_are_read_is_said_of_a_connection() -> Result<()> {
    let (here_dir, there_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (there, gateway, credential) = other(there_dir.path()).await?;
    let here = start(here_dir.path()).await?;
    let added = call(
        &here,
        "add_connection",
        json!({ "draft": draft(&gateway, &credential) }),
    )
    .await?;
    let looks = async || {
        let all = call(&here, "connections", json!({})).await;
        all.map(|all| (all[0]["looks"].clone(), all[1]["looks"].clone()))
    };
    let (local, before) = looks().await?;
    assert_eq!((local, &before["last"]), (json!(null), &json!(null)));
    assert!(before["next"].is_i64(), "it will be: {before}");
    call(&here, "sync_connection", json!({ "id": added["id"] })).await?;
    let (_, well) = looks().await?;
    assert!(well["last"].is_i64() && well["next"].as_i64() > well["last"].as_i64());
    assert_eq!(
        (&well["error"], &well["failures"], &well["looking"]),
        (&json!(null), &json!(0), &json!(false))
    );

    let token = call(&there, "tokens", json!({})).await?[0]["id"].clone();
    call(&there, "revoke_token", json!({ "id": token })).await?;
    for _ in 0..2 {
        let sync = json!({ "id": added["id"] });
        assert_eq!(
            call(&here, "sync_connection", sync).await.unwrap_err().code,
            ErrorCode::Unauthorized
        );
    }
    let (_, badly) = looks().await?;
    assert_eq!(badly["error"]["code"], "unauthorized");
    assert!(badly["failures"].as_u64() >= Some(2), "{badly}");
    let further = badly["next"].as_i64().unwrap_or_default() - badly["last"].as_i64().unwrap_or_default();
    assert!(further >= 120_000, "it is asked less often: {badly}");
    here.shutdown(std::time::Duration::ZERO).await;
    there.shutdown(std::time::Duration::ZERO).await;
    Ok(())
}
