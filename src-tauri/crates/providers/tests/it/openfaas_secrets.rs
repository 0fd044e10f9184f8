//! OpenFaaS' secrets, over real HTTP: kept where nobody is told them, and found as files by the functions that name them.

use std::fs;
use std::path::Path;

use beckon_core::{Guard, TokenScope};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::rig::{Admin, Answer, Rig, send};

const PATH: &str = "/system/secrets";

async fn call(admin: &Admin, name: &str) -> Answer {
    send(admin.http.post(format!("{}/function/{name}", admin.url))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_have_their_statuses_and_are_never_told() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let (post, put, delete) = (Method::POST, Method::PUT, Method::DELETE);
    let raw = json!({ "name": "raw", "rawValue": "/wAB", "namespace": "other" });
    for (method, body, status, text) in [
        (
            &post,
            json!({ "name": "api-key", "value": "hunter2" }),
            202,
            Some(""),
        ),
        (&post, json!({ "name": "api-key", "value": "hunter3" }), 409, None),
        (&post, raw.clone(), 202, Some("")),
        (&put, raw, 202, Some("")),
        (
            &post,
            json!({ "value": "hunter2" }),
            400,
            Some("name: is required"),
        ),
        (&post, json!({ "name": "../a", "value": "hunter2" }), 400, None),
        (
            &post,
            json!({ "name": "b", "rawValue": "hunter2!" }),
            400,
            Some("rawValue: is not base64"),
        ),
        (&post, json!({ "name": "b", "namespace": "nowhere" }), 400, None),
        (&put, json!({ "name": "b", "value": "hunter2" }), 404, None),
        (&delete, json!({ "name": "b" }), 404, None),
        // That of another namespace.
        (&delete, json!({ "name": "raw" }), 404, None),
        (&Method::PATCH, json!({}), 405, Some("")),
    ] {
        let answer = admin.send(method.clone(), PATH, &body).await;
        assert_eq!(answer.status, status, "{method} {body}: {answer:?}");
        assert!(!answer.text.contains("hunter"), "{answer:?}");
        if let Some(text) = text {
            assert_eq!(answer.text, text, "{method} {body}");
        }
    }
    let big = json!({ "name": "big", "value": "a".repeat(1024 * 1024 + 1) });
    assert_eq!(admin.send(post.clone(), PATH, &big).await.status, 400);
    let nonsense = send(admin.request(post, PATH).body("hunter2")).await;
    assert_eq!(nonsense.status, 400);
    assert!(!nonsense.text.contains("hunter"), "{nonsense:?}");

    let listed = admin.get(PATH).await.ok();
    assert_eq!(listed, json!([{ "name": "api-key", "namespace": "playground" }]));
    let listed = admin.get("/system/secrets?namespace=other").await.ok();
    assert_eq!(listed, json!([{ "name": "raw", "namespace": "other" }]));
    assert_eq!(admin.get("/system/secrets?namespace=nowhere").await.status, 400);

    // The namespace may be in the query, too; it goes with what is in it.
    let name = json!({ "name": "raw" });
    let gone = admin.send(delete, "/system/secrets?namespace=other", &name);
    assert_eq!(gone.await.status, 202);
    assert_eq!(admin.get("/system/secrets?namespace=other").await.text, "[]");
    rig.stop().await;
}

/// Whether any file in a folder below `data` holds these bytes. Beside them is the journal, which keeps what functions
/// answer.
fn is_in(data: &Path, bytes: &[u8]) -> bool {
    let folders = fs::read_dir(data).unwrap().flatten().map(|entry| entry.path());
    folders
        .filter(|path| path.is_dir())
        .any(|path| holds(&path, bytes))
}

fn holds(path: &Path, bytes: &[u8]) -> bool {
    if path.is_symlink() {
        return false;
    }
    if let Ok(entries) = fs::read_dir(path) {
        return entries.flatten().any(|entry| holds(&entry.path(), bytes));
    }
    let there = fs::read(path).unwrap_or_default();
    there.windows(bytes.len()).any(|part| part == bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_finds_its_secrets_as_files() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    rig.store.map_image("cat", None).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let code = "const fs = require('fs'); const dir = process.env.secret_mount_path;
        let own = 0; try { fs.writeFileSync(dir + '/more', 'x') } catch { own = 1 }
        module.exports = async (event, context) => context.succeed({
            key: fs.readFileSync(dir + '/api-key', 'utf8'), raw: fs.readFileSync(dir + '/raw').toString('hex'),
            names: fs.readdirSync(dir), own, pid: process.pid })";
    fs::write(folder.path().join("handler.js"), code).unwrap();
    let path = folder.path().to_str().unwrap();
    rig.store.map_image("node", Some(path)).await.unwrap();

    let fork = json!({
        "service": "cat", "image": "cat", "envProcess": "cat /var/openfaas/secrets/api-key", "secrets": ["api-key"],
    });
    let warm = json!({ "service": "warm", "image": "node", "secrets": ["api-key", "raw"] });
    let missing = admin.send(Method::POST, "/system/functions", &fork).await;
    assert_eq!(missing.status, 400);
    assert!(
        missing.text.contains("required secret 'api-key' was not found"),
        "{missing:?}"
    );

    for secret in [
        json!({ "name": "api-key", "value": "hunter2-one" }),
        json!({ "name": "raw", "rawValue": "/wAB" }),
        json!({ "name": "others", "value": "not for them" }),
    ] {
        assert_eq!(admin.send(Method::POST, PATH, &secret).await.status, 202);
    }
    for function in [&fork, &warm] {
        let made = admin.send(Method::POST, "/system/functions", function).await;
        assert_eq!(made.status, 202, "{made:?}");
    }
    let told = admin.get("/system/function/cat").await.ok();
    assert_eq!(told["secrets"], json!(["api-key"]));

    let guard = rig
        .engine
        .guards()
        .into_iter()
        .find(|status| status.guard == Guard::Secrets);
    let in_memory = guard.unwrap().enforced;
    let found = |value: &str, answer: Value| {
        let pid = answer["pid"].clone();
        let wanted = json!({
            "key": value, "raw": "ff0001", "names": ["api-key", "raw"], "own": 1, "pid": pid });
        assert_eq!(answer, wanted);
        pid
    };
    assert_eq!(call(&admin, "cat").await.text, "hunter2-one");
    let first = found("hunter2-one", call(&admin, "warm").await.ok());
    // Where they are in memory, they are nowhere else: a worker is up meanwhile.
    assert_eq!(is_in(rig.data.path(), b"hunter2-one"), !in_memory);

    let other = json!({ "name": "api-key", "value": "hunter2-two" });
    assert_eq!(admin.send(Method::PUT, PATH, &other).await.status, 202);
    let answer = call(&admin, "cat").await;
    assert_eq!(answer.text, "hunter2-two");
    let second = found("hunter2-two", call(&admin, "warm").await.ok());
    assert_ne!(first, second, "the worker with the old value is gone");

    let id = answer.header("x-activation-id").unwrap().parse().unwrap();
    let record = rig.store.activation(id).await.unwrap().unwrap();
    assert_eq!(record.guards.contains(&Guard::Secrets), in_memory);

    let name = json!({ "name": "api-key" });
    assert_eq!(admin.send(Method::DELETE, PATH, &name).await.status, 202);
    assert_eq!(call(&admin, "cat").await.status, 503);
    for function in [&fork, &warm] {
        let again = admin.send(Method::PUT, "/system/functions", function).await;
        assert_eq!(again.status, 400, "{again:?}");
    }
    let data = rig.data.path().to_owned();
    rig.engine.shutdown(std::time::Duration::from_secs(1)).await;
    assert!(!is_in(&data, b"hunter2-"), "nothing is left of them");
    rig.stop().await;
}
