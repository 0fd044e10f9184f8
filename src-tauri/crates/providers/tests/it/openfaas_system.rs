//! OpenFaaS' control plane, over real HTTP: who may, what is deployed without containers, and what it wrote.

use std::fs;
use std::time::{Duration, Instant};

use beckon_core::{NamespaceName, TokenScope};
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::rig::{Admin, Rig, send};

const HANDLER: &str = "module.exports = async (event, context) => { console.log('said ' + event.body); \
    return context.status(200).succeed({ body: event.body, token: process.env.API_TOKEN }) }";

/// A folder as `faas-cli build --shrinkwrap` leaves it.
fn shrinkwrapped() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("function")).unwrap();
    fs::write(
        folder.path().join("Dockerfile"),
        "FROM node:20\nENV fprocess=\"node index.js\"\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("index.js"),
        "throw new Error('the template is not run')",
    )
    .unwrap();
    fs::write(folder.path().join("function/handler.js"), HANDLER).unwrap();
    folder
}

/// Asks until the answer is as wanted.
async fn until(admin: &Admin, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begin = Instant::now();
    loop {
        let document = admin.get(path).await.ok();
        if wanted(&document) {
            return document;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{document}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_has_its_statuses() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let none = json!({});
    for (method, path, body, status, text) in [
        ("GET", "/healthz", &none, 200, Some("OK")),
        ("HEAD", "/healthz", &none, 200, None),
        ("GET", "/system/functions", &none, 200, Some("[]")),
        ("GET", "/system/functions?namespace=nowhere", &none, 400, None),
        (
            "POST",
            "/system/functions",
            &none,
            400,
            Some("validation failed: service: is required"),
        ),
        (
            "POST",
            "/system/functions",
            &json!({ "service": "a" }),
            400,
            Some("validation failed: image: is required"),
        ),
        (
            "POST",
            "/system/functions",
            &json!({ "service": "A_b", "image": "x" }),
            400,
            Some("validation failed: service: (A_b) is invalid, must be a valid DNS entry"),
        ),
        ("POST", "/system/functions", &json!([1]), 400, None),
        (
            "PUT",
            "/system/functions",
            &json!({ "service": "a", "image": "x" }),
            404,
            None,
        ),
        (
            "DELETE",
            "/system/functions",
            &json!({ "functionName": "a" }),
            404,
            None,
        ),
        ("DELETE", "/system/functions", &none, 400, None),
        ("PATCH", "/system/functions", &none, 405, Some("")),
        ("GET", "/system/function/a", &none, 404, Some("")),
        ("GET", "/system/function/a.nowhere", &none, 400, None),
        (
            "POST",
            "/system/scale-function/a",
            &json!({ "serviceName": "a", "replicas": 1 }),
            404,
            None,
        ),
        ("GET", "/system/scale-function/a", &none, 405, Some("")),
        (
            "GET",
            "/system/namespaces",
            &none,
            200,
            Some(r#"["playground","other"]"#),
        ),
        ("GET", "/system/namespace/nowhere", &none, 404, None),
        (
            "POST",
            "/system/namespace/",
            &json!({ "name": "other" }),
            409,
            None,
        ),
        ("POST", "/system/namespace/", &none, 400, None),
        ("PUT", "/system/namespace/nowhere", &none, 404, None),
        (
            "PUT",
            "/system/namespace/other",
            &json!({ "name": "playground" }),
            400,
            None,
        ),
        ("DELETE", "/system/namespace/playground", &none, 400, None),
        ("GET", "/system/logs?name=a", &none, 200, Some("")),
        (
            "GET",
            "/system/logs",
            &none,
            422,
            Some("could not parse the log request"),
        ),
        ("GET", "/system/logs?name=a&tail=x", &none, 422, None),
        ("GET", "/system/logs?name=a&since=yesterday", &none, 422, None),
        (
            "POST",
            "/system/alert",
            &json!("x"),
            400,
            Some("Unable to parse alert, bad format."),
        ),
        (
            "POST",
            "/system/alert",
            &json!({ "alerts": [{ "status": "firing", "labels": { "function_name": "a" } }] }),
            500,
            Some("[0] unable to find function: a"),
        ),
        ("GET", "/system/telemetry", &none, 404, Some("404 page not found")),
        ("GET", "/async-function/a", &none, 405, Some("")),
    ] {
        let method: Method = method.parse().unwrap();
        let answer = admin.send(method.clone(), path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        if let Some(text) = text {
            assert_eq!(answer.text, text, "{method} {path}");
        }
        assert!(answer.header("allow").is_none(), "{method} {path}");
    }
    let info = admin.get("/system/info").await.ok();
    for place in [
        "/provider/version/release",
        "/provider/version/sha",
        "/version/sha",
        "/provider/provider",
    ] {
        assert!(
            info.pointer(place)
                .and_then(Value::as_str)
                .is_some_and(|text| !text.is_empty()),
            "{info}"
        );
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_admin_gets_in_and_only_as_far_as_the_password_reaches() {
    let rig = Rig::start().await;
    let (token, admin) = rig.admin(TokenScope::Account).await;
    let api = rig.api().await;
    let (user, key) = api.key.as_deref().and_then(|key| key.split_once(':')).unwrap();
    let url = format!("{}/system/functions", rig.url);
    for request in [
        admin.http.get(&url),
        admin.http.get(&url).bearer_auth(""),
        admin.http.get(&url).basic_auth("admin", Some("wrong")),
        admin.http.get(&url).basic_auth("root", Some(&admin.password)),
        // A token of another kind is none here.
        admin.http.get(&url).basic_auth(user, Some(key)),
        admin.http.get(&url).basic_auth("admin", Some(key)),
        admin.http.post(&url).body("{}"),
        admin.http.get(format!("{}/system/info", rig.url)),
    ] {
        let answer = send(request).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (401, "invalid credentials")
        );
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Basic realm=\"Restricted\"")
        );
    }
    for path in ["secrets", "telemetry"] {
        let url = format!("{}/system/{path}", rig.url);
        assert_eq!(send(admin.http.get(&url)).await.status, 401, "{path}");
    }
    // A page of this origin, for whom a browser adds the password that it was told once.
    for (name, value) in [("origin", rig.url.as_str()), ("sec-fetch-site", "same-origin")] {
        let of_page = admin
            .request(Method::GET, "/system/functions")
            .header(name, value);
        assert_eq!(send(of_page).await.status, 403, "{name}");
    }
    // Nor is a password a key of another dialect.
    let answer = send(
        api.http
            .get(format!("{}/api/v1/namespaces", rig.url))
            .basic_auth("admin", Some(&admin.password)),
    )
    .await;
    assert_eq!(answer.status, 401);

    let namespace: NamespaceName = "other".parse().unwrap();
    let (_, of_one) = rig.admin(TokenScope::Namespace { namespace }).await;
    assert_eq!(of_one.get("/system/namespaces").await.text, r#"["other"]"#);
    assert_eq!(
        of_one.get("/system/functions?namespace=playground").await.status,
        400
    );
    assert_eq!(
        of_one
            .send(Method::POST, "/system/namespace/", &json!({ "name": "third" }))
            .await
            .status,
        403
    );

    rig.engine.revoke_token(&token.id).await.unwrap();
    assert_eq!(admin.get("/system/functions").await.status, 401);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_a_folder_or_a_process() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let folder = shrinkwrapped();
    let mut hello = json!({
        "service": "hello", "image": "ghcr.io/me/hello:1.0", "namespace": "", "envProcess": "node index.js",
        "envVars": { "API_TOKEN": "t0ken", "exec_timeout": "20s" }, "labels": null, "annotations": null,
        "constraints": ["node.size=big"], "limits": { "memory": "128Mi", "cpu": "100m" }, "registryAuth": "x",
    });
    // faas-cli's way: change, and where there is none make.
    assert_eq!(
        admin.send(Method::PUT, "/system/functions", &hello).await.status,
        404
    );
    let unmapped = admin.send(Method::POST, "/system/functions", &hello).await;
    assert_eq!(unmapped.status, 400);
    assert!(
        unmapped
            .text
            .contains("beckon image map ghcr.io/me/hello:1.0 --folder DIR"),
        "{unmapped:?}"
    );
    let path = folder.path().to_str().unwrap();
    rig.store.map_image("ghcr.io/me/hello", Some(path)).await.unwrap();
    let made = admin.send(Method::POST, "/system/functions", &hello).await;
    assert_eq!((made.status, made.text.as_str()), (202, ""));
    assert_eq!(
        admin.send(Method::POST, "/system/functions", &hello).await.status,
        409
    );

    let call = |name: &str| {
        admin
            .http
            .post(format!("{}/function/{name}", rig.url))
            .header("content-type", "text/plain")
            .body("hi")
    };
    let answer = send(call("hello.openfaas-fn")).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "body": "hi", "token": "t0ken" })),
        "{answer:?}"
    );

    // One replica is kept ready, as at OpenFaaS, and is told of when it is there.
    let status = until(&admin, "/system/function/hello?usage=1", |f| {
        f["availableReplicas"].as_u64() >= Some(1)
    })
    .await;
    // The call and the wish to have one ready may both have started one.
    assert!(status["replicas"].as_u64() >= Some(1), "{status}");
    assert_eq!(status["namespace"], "playground");
    assert!(status["usage"]["totalMemoryBytes"].is_u64(), "{status}");
    let list = admin.get("/system/functions").await.ok();
    let listed = &list[0];
    for (field, wanted) in [
        ("image", json!("ghcr.io/me/hello:1.0")),
        ("envProcess", hello["envProcess"].clone()),
        ("envVars", hello["envVars"].clone()),
        ("constraints", hello["constraints"].clone()),
        ("limits", hello["limits"].clone()),
        ("labels", json!({})),
        ("annotations", json!({})),
        ("invocationCount", json!(1)),
    ] {
        assert_eq!(listed[field], wanted, "{field}: {listed}");
    }

    // Another version, scaled, with a label that tells of itself.
    hello["envVars"] = json!({ "API_TOKEN": "other" });
    hello["labels"] = json!({ "com.openfaas.scale.max": "3", "team": "a" });
    assert_eq!(
        admin.send(Method::PUT, "/system/functions", &hello).await.status,
        202
    );
    assert_eq!(send(call("hello")).await.json()["token"], "other");
    let scale = |replicas: u64| {
        let body = json!({ "serviceName": "hello", "replicas": replicas });
        let admin = admin.clone();
        async move {
            admin
                .send(
                    Method::POST,
                    "/system/scale-function/hello?namespace=playground",
                    &body,
                )
                .await
                .status
        }
    };
    let stored = async || {
        let key = beckon_core::FunctionKey::new("playground", "hello").unwrap();
        rig.store.function(&key).await.unwrap().unwrap()
    };
    let version = stored().await.version;
    assert_eq!(scale(9).await, 202);
    let status = until(&admin, "/system/function/hello", |f| f["availableReplicas"] == 3).await;
    assert_eq!(status["labels"], hello["labels"]);
    assert_eq!(admin.get("/system/functions").await.ok()[0]["replicas"], 3);
    assert_eq!(stored().await.version, version, "scaled, and not deployed");
    assert_eq!(scale(0).await, 202);
    until(&admin, "/system/function/hello", |f| f.get("replicas").is_none()).await;
    assert_eq!(send(call("hello")).await.status, 200, "a call wakes it");
    let alert = |status: &str| json!({ "status": status, "alerts": [{ "status": status, "labels": { "function_name": "hello.playground" } }] });
    assert_eq!(
        admin
            .send(Method::POST, "/system/alert", &alert("firing"))
            .await
            .status,
        200
    );
    let status = until(&admin, "/system/function/hello", |f| {
        f["availableReplicas"].as_u64() >= Some(1)
    })
    .await;
    assert!(status["replicas"].as_u64() <= Some(3), "{status}");
    assert_eq!(
        admin
            .send(Method::POST, "/system/alert", &alert("resolved"))
            .await
            .status,
        200
    );

    // A process, where the image stands for that.
    rig.store.map_image("me/cat", None).await.unwrap();
    let cat =
        json!({ "service": "cat", "image": "me/cat:latest", "envProcess": "cat", "namespace": "other" });
    assert_eq!(
        admin.send(Method::POST, "/system/functions", &cat).await.status,
        202
    );
    assert_eq!(send(call("cat.other")).await.text, "hi");
    let status = admin.get("/system/function/cat.other").await.ok();
    assert_eq!(
        (&status["replicas"], &status["availableReplicas"]),
        (&json!(1), &json!(1))
    );
    let scale = json!({ "serviceName": "cat", "namespace": "other", "replicas": 4 });
    let scaled = admin
        .send(Method::POST, "/system/scale-function/cat", &scale)
        .await;
    assert_eq!(scaled.status, 202);
    let status = admin.get("/system/function/cat.other").await.ok();
    assert_eq!(
        (&status["replicas"], &status["availableReplicas"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(
        admin.send(Method::PUT, "/system/functions", &cat).await.status,
        202
    );
    let status = admin.get("/system/function/cat.other").await.ok();
    assert_eq!(status["replicas"], 1, "the next deployment forgets it");
    // How load is counted reaches the engine; what it does not count is said.
    let mut by_load = cat.clone();
    for (kind, counted) in [("cpu", true), ("queue", false)] {
        by_load["labels"] = json!({
            "com.openfaas.scale.type": kind,
            "com.openfaas.scale.target": "500",
            "com.openfaas.scale.target-proportion": "0.75",
            "com.openfaas.scale.down.window": "1m30s",
        });
        let put = admin.send(Method::PUT, "/system/functions", &by_load).await;
        assert_eq!(put.status, 202, "{put:?}");
        let key = beckon_core::FunctionKey::new("other", "cat").unwrap();
        let function = rig.store.function(&key).await;
        let scaling = function.unwrap().unwrap().settings.scaling.clone().unwrap();
        assert_eq!(
            (scaling.target, scaling.proportion, scaling.down_window_s),
            (500, 75, 90)
        );
        assert_eq!(scaling.is_acted_upon(), counted);
    }
    let without = json!({ "service": "dog", "image": "me/cat" });
    assert_eq!(
        admin
            .send(Method::POST, "/system/functions", &without)
            .await
            .status,
        400
    );
    // And the annotation, for a folder that is open to deployments.
    let outside = json!({ "service": "named", "image": "x", "annotations": { "com.beckon.folder": "/etc" } });
    let refused = admin.send(Method::POST, "/system/functions", &outside).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let named = json!({ "service": "named", "image": "x", "annotations": { "com.beckon.folder": path } });
    assert_eq!(
        admin.send(Method::POST, "/system/functions", &named).await.status,
        202
    );

    for (name, namespace, path) in [
        ("hello", Some("playground"), "/system/functions"),
        ("cat", None, "/system/functions?namespace=other"),
        ("named", None, "/system/functions"),
    ] {
        let body = json!({ "functionName": name, "namespace": namespace });
        assert_eq!(
            admin.send(Method::DELETE, path, &body).await.status,
            202,
            "{name}"
        );
        assert_eq!(
            admin.send(Method::DELETE, path, &body).await.status,
            404,
            "{name}"
        );
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_are_read_and_followed_and_namespaces_come_and_go() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let third = json!({ "name": "third", "labels": { "team": "a" }, "annotations": { "openfaas": "1" } });
    assert_eq!(
        admin
            .send(Method::POST, "/system/namespace/", &third)
            .await
            .status,
        201
    );
    let told = admin.get("/system/namespace/third").await.ok();
    assert_eq!(told["labels"], json!({ "team": "a", "openfaas": "1" }));
    rig.store.map_image("talk", None).await.unwrap();
    let talk = json!({
        "service": "talk", "image": "talk", "namespace": "third", "envProcess": "sh -c cat>&2;echo",
        "envVars": { "combine_output": "false" },
    });
    assert_eq!(
        admin.send(Method::POST, "/system/functions", &talk).await.status,
        202
    );
    let call = |text: &'static str| {
        send(
            admin
                .http
                .post(format!("{}/function/talk.third", rig.url))
                .body(text),
        )
    };
    let first = call("one\n").await;
    assert_eq!(first.status, 200, "{first:?}");
    call("two\n").await;
    let lines = |text: &str| -> Vec<Value> {
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let texts = |text: &str| -> Vec<String> {
        lines(text)
            .iter()
            .map(|line| line["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = admin.get("/system/logs?name=talk.third").await.text;
    let said = texts(&all);
    assert_eq!(
        said.iter().filter(|text| *text == "Forking fprocess.").count(),
        2,
        "{said:?}"
    );
    assert!(
        said.iter()
            .any(|text| text.starts_with("Wrote 1 Bytes - Duration: ")),
        "{said:?}"
    );
    let at = |wanted: &str| said.iter().position(|text| text == wanted).unwrap();
    assert!(at("one") < at("two"));
    let line = lines(&all)[at("two")].clone();
    assert_eq!(
        (&line["name"], &line["namespace"]),
        (&json!("talk"), &json!("third"))
    );
    let tail = admin
        .get("/system/logs?name=talk&namespace=third&tail=5&tail=2")
        .await
        .text;
    assert_eq!(texts(&tail), said[said.len() - 2..]);
    let since = line["timestamp"].as_str().unwrap();
    let later = admin
        .get(&format!("/system/logs?name=talk&namespace=third&since={since}"))
        .await
        .text;
    assert!(
        texts(&later).contains(&"two".to_owned()) && !texts(&later).contains(&"one".to_owned()),
        "{later}"
    );
    let id = first.header("x-activation-id").unwrap();
    let of_one = admin
        .get(&format!("/system/logs?name=talk&namespace=third&instance={id}"))
        .await
        .text;
    assert!(texts(&of_one).contains(&"one".to_owned()) && !texts(&of_one).contains(&"two".to_owned()));

    // Two followers, of which one goes away: the other hears the next run, and so would anybody else.
    let follow = || {
        let path = "/system/logs?name=talk&namespace=third&follow=1&tail=1";
        let request = admin.request(Method::GET, path);
        async move { request.send().await.unwrap().bytes_stream() }
    };
    let (gone, mut stays) = (follow().await, follow().await);
    drop(gone);
    call("three\n").await;
    let mut heard = String::new();
    while !heard.contains("three") {
        let chunk = tokio::time::timeout(Duration::from_secs(60), stays.next())
            .await
            .unwrap();
        heard.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
    }
    assert!(!heard.contains("\"one\""), "{heard}");
    drop(stays);
    call("four\n").await;
    assert_eq!(
        admin.get("/system/functions?namespace=third").await.ok()[0]["invocationCount"],
        4
    );

    assert_eq!(
        admin
            .send(
                Method::DELETE,
                "/system/namespace/third",
                &json!({ "name": "third" })
            )
            .await
            .status,
        202
    );
    assert_eq!(admin.get("/system/namespace/third").await.status, 404);
    rig.stop().await;
}
