//! Actions: made, changed, listed, deleted.

use std::io::Write as _;

use crate::support::rig::{Api, ECHO, Rig, send};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{FunctionKey, WebExport};
use serde_json::{Value, json};

fn node(code: &str) -> Value {
    json!({ "kind": "nodejs:default", "code": code })
}

fn annotation<'a>(action: &'a Value, key: &str) -> &'a Value {
    let found = action["annotations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["key"] == key);
    found.map_or(&Value::Null, |pair| &pair["value"])
}

#[tokio::test]
async fn an_action_from_its_making_to_its_end() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let body = json!({
        "namespace": "ignored", "name": "ignored", "status": "ignored",
        "exec": { "kind": "nodejs:default", "code": ECHO, "main": "main" },
        "parameters": [{ "key": "who", "value": "you" }],
        "annotations": [{ "key": "purpose", "value": { "deep": [1] } }],
        "limits": { "timeout": 3000, "memory": 128, "logs": 1, "concurrency": 1 },
    });
    api.put("_/packages/sample", &json!({})).await.ok();
    let made = api.put("_/actions/sample/hello", &body).await.ok();
    assert_eq!(
        (&made["namespace"], &made["name"], &made["version"]),
        (&json!("playground/sample"), &json!("hello"), &json!("0.0.1"))
    );
    let kind = made["exec"]["kind"].as_str().unwrap();
    assert!(
        kind.starts_with("nodejs:") && kind != "nodejs:default",
        "the default is resolved: {kind}"
    );
    assert_eq!(
        (
            &made["exec"]["code"],
            &made["exec"]["binary"],
            &made["exec"]["main"]
        ),
        (&json!(ECHO), &json!(false), &json!("main"))
    );
    assert_eq!(
        made["limits"],
        json!({ "timeout": 3000, "memory": 128, "logs": 1, "concurrency": 1 })
    );
    assert_eq!(made["publish"], false);
    assert_eq!(annotation(&made, "exec"), kind);
    assert_eq!(annotation(&made, "provide-api-key"), false);
    assert_eq!(annotation(&made, "purpose"), &json!({ "deep": [1] }));
    assert!(made["updated"].as_i64().unwrap() > 1_600_000_000_000);

    assert_eq!(api.get("_/actions/sample/hello").await.ok(), made);
    assert_eq!(api.get("playground/actions/sample/hello").await.ok(), made);
    let without = api.get("_/actions/sample/hello?code=false").await.ok();
    assert_eq!(
        (without["exec"].get("code"), &without["exec"]["binary"]),
        (None, &json!(false))
    );

    api.put("_/actions/sample/hello", &body)
        .await
        .refused(409, "resource already exists");
    api.put("_/actions/sample/hello?overwrite=false", &body)
        .await
        .refused(409, "resource already exists");

    assert_eq!(
        api.delete("_/actions/sample/hello").await.ok()["version"],
        "0.0.1"
    );
    for answer in [
        api.get("_/actions/sample/hello").await,
        api.delete("_/actions/sample/hello").await,
    ] {
        answer.refused(404, "The requested resource does not exist.");
    }
    api.post("_/actions/sample/hello?blocking=true", &json!({}))
        .await
        .refused(404, "The requested resource does not exist.");
    api.post("_/actions/sample/hello", &json!({}))
        .await
        .refused(404, "The requested resource does not exist.");
    rig.stop().await;
}

#[tokio::test]
async fn overwriting_merges_by_upstreams_rules() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let first = json!({
        "exec": node(ECHO),
        "parameters": [{ "key": "a", "value": 1 }, { "key": "ENV", "value": "secretish", "init": true }],
        "annotations": [{ "key": "keep", "value": 1 }, { "key": "change", "value": 1 }, { "key": "drop", "value": 1 }],
        "limits": { "timeout": 3000, "memory": 128 },
    });
    api.put("_/actions/f", &first).await.ok();
    let second = json!({
        "annotations": [{ "key": "change", "value": 2 }, { "key": "exec", "value": "forged" }],
        "delAnnotations": ["drop"],
        "limits": { "memory": 256 },
        "publish": true,
    });
    let merged = api.put("_/actions/f?overwrite=true", &second).await.ok();
    assert_eq!(merged["version"], "0.0.2");
    assert_eq!(merged["exec"]["code"], ECHO);
    assert_eq!(
        (annotation(&merged, "keep"), annotation(&merged, "change")),
        (&json!(1), &json!(2))
    );
    assert_eq!(annotation(&merged, "drop"), &Value::Null);
    assert_eq!(annotation(&merged, "exec"), &merged["exec"]["kind"]);
    assert_eq!(
        (&merged["limits"]["timeout"], &merged["limits"]["memory"]),
        (&json!(3000), &json!(256))
    );
    assert_eq!(merged["publish"], true);
    assert_eq!(
        merged["parameters"],
        json!([{ "key": "a", "value": 1 }, { "key": "ENV", "value": "secretish", "init": true }])
    );

    let third = json!({ "parameters": [{ "key": "b", "value": null }], "version": "1.2.3" });
    let replaced = api.put("_/actions/f?overwrite=true", &third).await.ok();
    assert_eq!(
        (&replaced["version"], &replaced["parameters"]),
        (&json!("1.2.3"), &json!([{ "key": "b", "value": null }]))
    );

    // What OpenWhisk has no word for stays: parallel runs, secret variables, logs finer than a megabyte.
    let key = FunctionKey::new("playground", "f").unwrap();
    let stored = rig.store.function(&key).await.unwrap().unwrap();
    let mut new = beckon_core::NewFunction::from(std::sync::Arc::unwrap_or_clone(stored));
    new.limits.concurrency = 3;
    new.limits.logs_kb = 100;
    new.secret_names = vec!["API_KEY".into()];
    rig.engine
        .put_function(&key, new, beckon_store::Expect::Any)
        .await
        .unwrap();
    let body = json!({ "limits": { "timeout": 5000 }, "parameters": [] });
    let answer = api.put("_/actions/f?overwrite=true", &body).await.ok();
    assert_eq!(
        (&answer["limits"]["concurrency"], &answer["limits"]["logs"]),
        (&json!(1), &json!(1))
    );
    assert!(!answer.to_string().contains("API_KEY"));
    let stored = rig.store.function(&key).await.unwrap().unwrap();
    assert_eq!(
        (
            stored.limits.concurrency,
            stored.limits.logs_kb,
            stored.limits.timeout_ms
        ),
        (3, 100, 5000)
    );
    assert_eq!(stored.secret_names, ["API_KEY"]);
    rig.stop().await;
}

#[tokio::test]
async fn web_annotations_are_a_field_of_the_function() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let key = FunctionKey::new("playground", "w").unwrap();
    let web = async |annotations: Value| {
        let body = json!({ "exec": node(ECHO), "annotations": annotations });
        let action = api.put("_/actions/w?overwrite=true", &body).await.ok();
        let stored = rig.store.function(&key).await.unwrap().unwrap();
        (
            stored.web,
            annotation(&action, "web-export").clone(),
            annotation(&action, "raw-http").clone(),
        )
    };
    let no = Value::Null;
    assert_eq!(web(json!([])).await, (WebExport::Private, no.clone(), no));
    assert_eq!(
        web(json!([{ "key": "web-export", "value": true }])).await,
        (WebExport::Web, json!(true), json!(false))
    );
    assert_eq!(
        web(json!([{ "key": "raw-http", "value": true }])).await,
        (WebExport::Raw, json!(true), json!(true))
    );
    assert_eq!(
        web(json!([{ "key": "web-export", "value": false }])).await.0,
        WebExport::Private
    );
    rig.stop().await;
}

#[tokio::test]
async fn parameters_and_environment_reach_the_function() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let code = "function main(args) { return { args, text: process.env.TEXT, number: process.env.NUMBER, list: process.env.LIST } }";
    let body = json!({
        "exec": node(code),
        "parameters": [
            { "key": "a", "value": "default" }, { "key": "b", "value": "default" },
            { "key": "TEXT", "value": "x y", "init": true }, { "key": "NUMBER", "value": 5, "init": true },
            { "key": "LIST", "value": [1, "two"], "init": true },
        ],
    });
    api.put("_/actions/env", &body).await.ok();
    let result = api
        .post(
            "_/actions/env?blocking=true&result=true",
            &json!({ "b": "given" }),
        )
        .await
        .ok();
    assert_eq!(
        result,
        json!({ "args": { "a": "default", "b": "given" }, "text": "x y", "number": "5", "list": "[1,\"two\"]" })
    );
    rig.stop().await;
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        writer
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_zip_is_base64_and_comes_back_as_it_was() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let files = [
        (
            "index.js",
            "exports.main = (a) => ({ sum: require('./sum')(a.x, a.y) })",
        ),
        ("sum.js", "module.exports = (x, y) => x + y"),
    ];
    let code = STANDARD.encode(zip(&files));
    // Whether it is binary is derived from the text, whatever the flag says.
    for flag in [json!(null), json!(false), json!(true)] {
        let body = json!({ "exec": { "kind": "nodejs:default", "code": code, "binary": flag } });
        let made = api.put("_/actions/z?overwrite=true", &body).await.ok();
        assert_eq!(
            (&made["exec"]["binary"], &made["exec"]["code"]),
            (&json!(true), &json!(code))
        );
    }
    assert_eq!(
        api.post(
            "_/actions/z?blocking=true&result=true",
            &json!({ "x": 2, "y": 3 })
        )
        .await
        .ok(),
        json!({ "sum": 5 })
    );
    let list = api.get("_/actions").await.ok();
    assert_eq!(list[0]["exec"], json!({ "binary": true }));

    let evil = STANDARD.encode(zip(&[
        ("index.js", "exports.main = () => ({})"),
        ("../evil.js", "x"),
    ]));
    for code in [
        evil,
        STANDARD.encode("PK\u{3}\u{4} is not enough"),
        STANDARD.encode(zip(&[("readme.txt", "x")])),
    ] {
        let answer = api
            .put(
                "_/actions/bad",
                &json!({ "exec": { "kind": "nodejs:default", "code": code, "binary": true } }),
            )
            .await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(
            answer.json()["error"]
                .as_str()
                .unwrap()
                .starts_with("The request content was malformed:\n"),
            "{answer:?}"
        );
    }
    assert_eq!(api.get("_/actions/bad").await.status, 404);
    rig.stop().await;
}

#[tokio::test]
async fn what_cannot_be_an_action() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let malformed = |answer: &crate::support::rig::Answer, part: &str| {
        let body = answer.json();
        let text = body["error"].as_str().unwrap_or_default();
        assert!(
            answer.status == 400
                && text.starts_with("The request content was malformed:\n")
                && text.contains(part),
            "{answer:?}"
        );
    };
    api.put("_/actions/f", &json!({}))
        .await
        .refused(400, "exec undefined");
    let answer = api
        .put(
            "_/actions/f",
            &json!({ "exec": { "kind": "cobol:85", "code": "x" } }),
        )
        .await;
    malformed(
        &answer,
        "The specified runtime 'cobol:85' is not supported by this platform. Valid values are: ",
    );
    let answer = api
        .put(
            "_/actions/f",
            &json!({ "exec": { "kind": "nodejs:4", "code": "x" } }),
        )
        .await;
    malformed(
        &answer,
        "The specified runtime 'nodejs:4' is not supported by this platform. Valid values are: ",
    );
    malformed(
        &api.put("_/actions/f", &json!({ "exec": { "kind": "nodejs:default" } }))
            .await,
        "'code'",
    );
    malformed(
        &api.put("_/actions/f", &json!({ "exec": { "code": "x" } })).await,
        "kind",
    );
    for (limits, part) in [
        (
            json!({ "timeout": 99 }),
            "duration 99 milliseconds below allowed threshold of 100 milliseconds",
        ),
        (
            json!({ "timeout": 900_001 }),
            "duration 900001 milliseconds exceeds allowed threshold of 900000 milliseconds",
        ),
        (
            json!({ "memory": 1 }),
            "memory size 1 MB below allowed threshold of 32 MB",
        ),
        (
            json!({ "logs": 11 }),
            "log size 11 MB exceeds allowed threshold of 10 MB",
        ),
        (
            json!({ "logs": -1 }),
            "log size -1 MB below allowed threshold of 0 MB",
        ),
        (
            json!({ "concurrency": 2 }),
            "concurrency 2 exceeds allowed threshold of 1",
        ),
        (json!({ "timeout": "long" }), "invalid type"),
    ] {
        malformed(
            &api.put("_/actions/f", &json!({ "exec": node(ECHO), "limits": limits }))
                .await,
            part,
        );
    }
    let deep = format!(
        "{{\"exec\":{},\"parameters\":[{{\"key\":\"a\",\"value\":{}{}}}]}}",
        node(ECHO),
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let put = |body: String, kind: &'static str| {
        let request = api
            .request(reqwest::Method::PUT, "_/actions/f")
            .header("content-type", kind)
            .body(body);
        async move { send(request).await }
    };
    malformed(&put(deep, "application/json").await, "nested deeper");
    malformed(&put("{\"exec\":".into(), "application/json").await, "EOF");
    malformed(&put(String::new(), "application/json").await, "");
    put("{}".into(), "text/plain").await.refused(
        415,
        "The request's Content-Type is not supported. Expected:\napplication/json",
    );
    let big = json!({ "exec": node(ECHO), "parameters": [{ "key": "a", "value": "x".repeat(1_100_000) }] });
    let answer = api.put("_/actions/f", &big).await;
    assert!(
        answer.status == 413 && answer.text.contains("parameters larger than allowed: "),
        "{answer:?}"
    );
    for (name, text) in [
        ("b%C3%A4d", "The name of the entity contains illegal characters."),
        ("default/x", "Package name 'default' is reserved."),
        (&*"x".repeat(300), "Name segement longer than allowed: 300 > 256."),
    ] {
        api.put(&format!("_/actions/{name}"), &json!({ "exec": node(ECHO) }))
            .await
            .refused(400, text);
    }
    assert_eq!(
        api.get("_/actions?count=true").await.ok(),
        json!({ "actions": 0 })
    );
    rig.stop().await;
}

#[tokio::test]
async fn lists_of_actions() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    for name in ["a", "b", "pkg/c", "pkg/d", "other/e"] {
        api.deploy(name, ECHO).await;
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    api.deploy("a", "function main() { return {} }").await;
    let names = async |path: &str| names(&api, path).await;
    assert_eq!(
        names("_/actions").await,
        ["a", "other/e", "pkg/d", "pkg/c", "b"],
        "the last changed is first"
    );
    assert_eq!(names("_/actions/").await.len(), 5);
    assert_eq!(names("_/actions?limit=2&skip=1").await, ["other/e", "pkg/d"]);
    assert_eq!(names("_/actions?limit=0").await.len(), 5);
    assert_eq!(names("_/actions/pkg/").await, ["pkg/d", "pkg/c"]);
    api.get("_/actions/nothing/")
        .await
        .refused(404, "The requested resource does not exist.");
    assert_eq!(
        api.get("_/actions?count=true&skip=2").await.ok(),
        json!({ "actions": 3 })
    );
    let item = &api.get("_/actions?limit=1").await.ok()[0];
    assert_eq!(item["exec"], json!({ "binary": false }));
    assert!(annotation(item, "exec").as_str().unwrap().starts_with("nodejs:"));
    let malformed = |p: &str, detail: &str| format!("The query parameter '{p}' was malformed:\n{detail}");
    for (query, parameter, detail) in [
        (
            "limit=201",
            "limit",
            "The value '201' is not in the range of 0 to 200 for actions.",
        ),
        (
            "limit=-1",
            "limit",
            "The value '-1' is not in the range of 0 to 200 for actions.",
        ),
        ("limit=x", "limit", "The value 'x' is not an integer for actions."),
        (
            "skip=-1",
            "skip",
            "The value '-1' is not greater than or equal to 0 for actions.",
        ),
    ] {
        api.get(&format!("_/actions?{query}"))
            .await
            .refused(400, &malformed(parameter, detail));
    }
    rig.stop().await;
}

/// The listed names with their packages.
async fn names(api: &Api, path: &str) -> Vec<String> {
    let list = api.get(path).await.ok();
    let name = |item: &Value| {
        let namespace = item["namespace"].as_str().unwrap();
        let package = namespace
            .split_once('/')
            .map(|(_, package)| format!("{package}/"))
            .unwrap_or_default();
        format!("{package}{}", item["name"].as_str().unwrap())
    };
    list.as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn one_of_two_simultaneous_makers_wins() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let body = json!({ "exec": node(ECHO) });
    let (one, two) = tokio::join!(api.put("_/actions/race", &body), api.put("_/actions/race", &body));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    rig.stop().await;
}
