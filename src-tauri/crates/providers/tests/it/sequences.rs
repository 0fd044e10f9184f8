//! Sequences, conductors and the system package.

use beckon_core::{CodePackage, FunctionKey, FunctionName, NewFunction, Runtime};
use beckon_store::Expect;
use serde_json::{Value, json};

use crate::support::rig::{Api, Rig};

const ADD: &str =
    "function main({ n, by = 1 }) { if (n > 90) return { error: 'too much' }; return { n: n + by } }";

async fn sequence(api: &Api, name: &str, components: &[&str]) -> crate::support::rig::Answer {
    let body = json!({ "exec": { "kind": "sequence", "components": components } });
    api.put(&format!("_/actions/{name}?overwrite=true"), &body).await
}

fn annotation(record: &Value, key: &str) -> Value {
    let all = record["annotations"].as_array().unwrap();
    all.iter()
        .find(|a| a["key"] == key)
        .map_or(Value::Null, |a| a["value"].clone())
}

#[tokio::test]
async fn a_sequence_runs_one_after_the_other() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    api.deploy("one", ADD).await;
    api.deploy("two", "function main({ n }) { return { n: n * 2 } }")
        .await;
    sequence(&api, "s", &[])
        .await
        .refused(400, "No component specified for the sequence.");
    sequence(&api, "s", &["/_/nobody"])
        .await
        .refused(400, "Sequence component does not exist.");
    sequence(&api, "s", &["/_/s"])
        .await
        .refused(400, "Sequence may not refer to itself.");
    sequence(&api, "s", &["/_/one"; 51])
        .await
        .refused(400, "Too many actions in the sequence.");
    let made = sequence(&api, "s", &["/_/one", "/playground/two"]).await.ok();
    let components = json!(["/playground/one", "/playground/two"]);
    assert_eq!(
        made["exec"],
        json!({ "kind": "sequence", "components": components })
    );
    assert_eq!(
        made["parameters"],
        json!([{ "key": "_actions", "value": components }])
    );
    assert_eq!(annotation(&made, "exec"), "sequence");
    sequence(&api, "outer", &["/_/s", "/_/one"]).await.ok();
    sequence(&api, "s", &["/_/outer"])
        .await
        .refused(400, "Sequence may not refer to itself.");

    let record = api
        .post("_/actions/outer?blocking=true", &json!({ "n": 3 }))
        .await
        .ok();
    assert_eq!(record["response"]["result"], json!({ "n": 9 }));
    assert_eq!(
        (annotation(&record, "kind"), annotation(&record, "topmost")),
        (json!("sequence"), json!(true))
    );
    let ids = record["logs"].as_array().unwrap();
    assert_eq!(ids.len(), 2);
    let inner = api.record(ids[0].as_str().unwrap()).await;
    assert_eq!(
        (&inner["name"], &inner["cause"]),
        (&json!("s"), &record["activationId"])
    );
    assert_eq!(
        (annotation(&inner, "topmost"), annotation(&inner, "causedBy")),
        (json!(false), json!("sequence"))
    );
    let last = api.record(ids[1].as_str().unwrap()).await;
    assert_eq!(
        (&last["name"], annotation(&last, "causedBy")),
        (&json!("one"), json!("sequence"))
    );
    let sum = inner["duration"].as_i64().unwrap() + last["duration"].as_i64().unwrap();
    assert_eq!(record["duration"].as_i64(), Some(sum));

    // It stops at the first that does not succeed; and without waiting for it, it is the same.
    let failed = api
        .post("_/actions/s?blocking=true&result=true", &json!({ "n": 91 }))
        .await;
    assert_eq!(
        (failed.status, failed.json()),
        (502, json!({ "error": "too much" }))
    );
    let detached = api.post("_/actions/s", &json!({ "n": 4 })).await;
    assert_eq!(detached.status, 202);
    let record = api
        .record(detached.json()["activationId"].as_str().unwrap())
        .await;
    assert_eq!(
        (
            &record["response"]["result"],
            record["logs"].as_array().unwrap().len()
        ),
        (&json!({ "n": 10 }), 2)
    );
    api.delete("_/actions/two").await.ok();
    let missing = api
        .post("_/actions/s?blocking=true&result=true", &json!({ "n": 1 }))
        .await;
    assert_eq!(
        (missing.status, missing.json()),
        (502, json!({ "error": "Sequence component does not exist." }))
    );
    // Back to code.
    api.deploy("s", ADD).await;
    assert_eq!(
        api.post("_/actions/s?blocking=true&result=true", &json!({ "n": 1 }))
            .await
            .ok(),
        json!({ "n": 2 })
    );
    rig.stop().await;
}

#[tokio::test]
async fn a_conductor_says_what_is_next() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    api.deploy("one", ADD).await;
    let code = "function main(args) {
        const { step = 0 } = args;
        if (args.forever) return { action: 'one', params: { n: 1 }, state: { forever: true } };
        if (step === 0) return { action: args.first ?? 'one', params: { n: args.n }, state: { step: 1 } };
        if (step === 1 && !args.error) return { action: '/_/one', params: { n: args.n, by: 10 }, state: { step: 2 } };
        return { params: { done: args.n, error: args.error } };
    }";
    let body = json!({
        "exec": { "kind": "nodejs:default", "code": code },
        "annotations": [{ "key": "conductor", "value": true }],
    });
    api.put("_/actions/c", &body).await.ok();
    let record = api
        .post("_/actions/c?blocking=true", &json!({ "n": 1 }))
        .await
        .ok();
    assert_eq!(record["response"]["result"], json!({ "done": 12 }));
    assert_eq!(
        (annotation(&record, "conductor"), annotation(&record, "kind")),
        (json!(true), json!("sequence"))
    );
    let mut names = Vec::new();
    for id in record["logs"].as_array().unwrap() {
        let part = api.record(id.as_str().unwrap()).await;
        assert_eq!(part["cause"], record["activationId"]);
        names.push(part["name"].as_str().unwrap().to_owned());
    }
    assert_eq!(names, ["c", "one", "c", "one", "c"]);
    let text = |answer: &Value| answer["error"].as_str().unwrap().to_owned();
    let run = "_/actions/c?blocking=true&result=true";
    let missing = api.post(run, &json!({ "n": 1, "first": "nobody" })).await.json();
    assert_eq!(
        text(&missing),
        "Failed to resolve action with name 'playground/nobody' during composition."
    );
    let named = api
        .post(run, &json!({ "n": 1, "first": { "a": 1 } }))
        .await
        .json();
    assert_eq!(
        text(&named),
        "Failed to parse action name from json value {\"a\":1} during composition."
    );
    let endless = api.post("_/actions/c", &json!({ "forever": true })).await.json();
    let record = api.record(endless["activationId"].as_str().unwrap()).await;
    assert_eq!(
        text(&record["response"]["result"]),
        "Too many actions in the composition."
    );
    assert_eq!(record["logs"].as_array().unwrap().len(), 101 + 50);
    rig.stop().await;
}

#[tokio::test]
async fn the_system_package_is_everybodys() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    assert!(
        rig.store
            .namespace(&"whisk.system".parse().unwrap())
            .await
            .unwrap()
            .is_none(),
        "not before it is wanted"
    );
    let run = |name: &str| format!("whisk.system/actions/utils/{name}?blocking=true&result=true");
    let say = |name: &str, input: Value| {
        let (api, path) = (api.clone(), run(name));
        async move { api.post(&path, &input).await.ok() }
    };
    assert_eq!(say("echo", json!({ "a": 1 })).await, json!({ "a": 1 }));
    assert_eq!(
        say("sort", json!({ "lines": ["b", "a"] })).await["lines"],
        json!(["a", "b"])
    );
    assert_eq!(
        say("head", json!({ "lines": ["b", "a"] })).await["lines"],
        json!(["b"])
    );
    assert_eq!(
        say("namespace", json!({})).await,
        json!({ "namespace": "playground" })
    );
    assert!(say("date", json!({})).await["date"].is_string());
    let listed = api.get("whisk.system/packages").await.ok();
    assert_eq!(
        (&listed[0]["name"], &listed[0]["publish"]),
        (&json!("utils"), &json!(true))
    );
    assert_eq!(
        api.get("whisk.system/actions/utils/")
            .await
            .ok()
            .as_array()
            .unwrap()
            .len(),
        9
    );
    let split = [
        "/whisk.system/utils/split",
        "/whisk.system/utils/sort",
        "/whisk.system/utils/cat",
    ];
    sequence(&api, "lines", &split).await.ok();
    let sorted = api
        .post("_/actions/lines?blocking=true", &json!({ "payload": "b\na" }))
        .await
        .ok();
    assert_eq!(sorted["response"]["result"]["payload"], "a\nb");
    let bind = json!({ "binding": { "namespace": "whisk.system", "name": "utils" }, "parameters": [{ "key": "a", "value": 5 }] });
    api.put("_/packages/mine", &bind).await.ok();
    let bound = api
        .post("_/actions/mine/echo?blocking=true&result=true", &json!({}))
        .await
        .ok();
    assert_eq!(bound, json!({ "a": 5 }));
    api.delete("whisk.system/actions/utils/echo").await.refused(
        403,
        "The supplied authentication is not authorized to access 'whisk.system/actions/utils/echo'.",
    );
    rig.stop().await;
}

#[tokio::test]
async fn the_system_package_is_there_for_components_and_replaces_nothing() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let key = |text: &str| -> FunctionKey {
        let (namespace, name) = text.split_once('/').unwrap();
        FunctionKey {
            namespace: namespace.parse().unwrap(),
            name: FunctionName::new(name).unwrap(),
        }
    };
    // Saved without a word to OpenWhisk's door.
    let echo = key("whisk.system/utils/echo");
    let new = NewFunction::new(Runtime::sequence(), CodePackage::Sequence(vec![echo.clone()]));
    let save = rig
        .engine
        .put_function(&key("playground/s"), new, Expect::New)
        .await;
    save.unwrap();
    let said = api
        .post("_/actions/s?blocking=true&result=true", &json!({ "a": 1 }))
        .await;
    assert_eq!(said.ok(), json!({ "a": 1 }));
    rig.stop().await;

    let rig = Rig::start().await;
    rig.store.create_namespace(&echo.namespace, "mine").await.unwrap();
    let mine = CodePackage::Source("function main() { return { mine: true } }".to_owned());
    let new = NewFunction::new(Runtime::new("nodejs:default").unwrap(), mine);
    let saved = rig.engine.put_function(&echo, new, Expect::New).await.unwrap();
    let api = rig.api().await;
    let refused = api.get("whisk.system/actions/utils/echo").await;
    assert_eq!(refused.status, 403, "it is nobody else's");
    let there = rig.store.function(&echo).await.unwrap().unwrap();
    assert_eq!((&there.code, there.version), (&saved.code, saved.version));
    rig.stop().await;
}
