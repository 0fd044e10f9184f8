//! Parameters with `init`: the environment of what runs, from package, binding and action.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::rig::{Api, Rig};

/// Both say what they got as arguments, what the environment has of it, and which process they are.
const NODE: &str = "function main(args) { const { P, Q, R, S } = process.env; \
                    return { args, env: { P, Q, R, S }, pid: process.pid } }";
const PYTHON: &str = "import os\ndef main(args):\n    e = {k: os.environ[k] for k in 'PQRS' if k in os.environ}\n    \
                      return {'args': args, 'env': e, 'pid': os.getpid()}\n";

fn variable(key: &str, value: &Value) -> Value {
    json!({ "key": key, "value": value, "init": true })
}

fn argument(key: &str, value: &Value) -> Value {
    json!({ "key": key, "value": value })
}

async fn call(api: &Api, name: &str) -> Value {
    let path = format!("_/actions/{name}?blocking=true&result=true");
    api.post(&path, &json!({})).await.ok()
}

#[tokio::test]
async fn a_package_and_a_binding_give_the_environment() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let given = json!([
        argument("a", &json!(1)),
        argument("S", &json!("an argument")),
        variable("P", &json!("package")),
        variable("Q", &json!({ "n": 1.50 })),
        variable("R", &json!("package")),
    ]);
    let made = api
        .put("_/packages/p", &json!({ "parameters": given }))
        .await
        .ok();
    assert_eq!(made["parameters"], given);
    assert_eq!(api.get("_/packages/p").await.ok()["parameters"], given);
    for (name, kind, code) in [
        ("node", "nodejs:default", NODE),
        ("python", "python:default", PYTHON),
    ] {
        let body = json!({
            "exec": { "kind": kind, "code": code },
            "parameters": [variable("R", &json!("action")), variable("S", &json!("action"))],
            "annotations": [{ "key": "web-export", "value": true }],
        });
        api.put(&format!("_/actions/p/{name}"), &body).await.ok();
    }
    let bind = json!({
        "binding": { "namespace": "_", "name": "p" },
        // The nearest says what a name is: what the package gives as an argument is a variable here, and the other way round.
        "parameters": [variable("a", &json!(2)), variable("P", &json!("binding")), argument("Q", &json!(5))],
    });
    api.put("_/packages/b", &bind).await.ok();
    let bound = api.get("_/packages/b").await.ok();
    let of = |key: &str| {
        let mut pairs = bound["parameters"].as_array().unwrap().iter();
        pairs.find(|pair| pair["key"] == key).unwrap().clone()
    };
    assert_eq!(
        (of("a"), of("Q")),
        (variable("a", &json!(2)), argument("Q", &json!(5)))
    );
    assert_eq!(
        (of("P"), of("R")),
        (variable("P", &json!("binding")), variable("R", &json!("package")))
    );
    let action = api.get("_/actions/p/node?code=false").await.ok();
    assert_eq!(
        action["parameters"],
        json!([
            argument("a", &json!(1)),
            variable("P", &json!("package")),
            variable("Q", &json!({ "n": 1.50 })),
            variable("R", &json!("action")),
            variable("S", &json!("action")),
        ])
    );

    let direct = json!({ "P": "package", "Q": "{\"n\":1.5}", "R": "action", "S": "action" });
    let through = json!({ "P": "binding", "R": "action", "S": "action" });
    for name in ["node", "python"] {
        let (own, other) = (format!("p/{name}"), format!("b/{name}"));
        let first = call(&api, &own).await;
        assert_eq!(
            (&first["env"], &first["args"]),
            (&direct, &json!({ "a": 1 })),
            "{name}"
        );
        let bound = call(&api, &other).await;
        assert_eq!(
            (&bound["env"], &bound["args"]),
            (&through, &json!({ "Q": 5 })),
            "{name}"
        );
        // Each has its own worker, and both stay warm.
        assert_eq!(call(&api, &own).await["pid"], first["pid"]);
        assert_eq!(call(&api, &other).await["pid"], bound["pid"]);
    }
    let url = format!("{}/api/v1/web/playground/p/node.json?x=1", rig.url);
    let web: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    assert_eq!((&web["env"], &web["args"]["x"]), (&direct, &json!("1")));
    assert_eq!(web["args"]["P"], Value::Null);
    let detached = api.post("_/actions/b/python", &json!({})).await.json();
    let record = api.record(detached["activationId"].as_str().unwrap()).await;
    assert_eq!(record["response"]["result"]["env"], through);

    // Another value: no warm worker keeps the old one.
    let old = call(&api, "p/node").await["pid"].clone();
    let change = json!({ "parameters": [variable("P", &json!("changed")), argument("Q", &json!(null))] });
    api.put("_/packages/p?overwrite=true", &change).await.ok();
    for name in ["p/node", "p/python"] {
        let now = call(&api, name).await;
        assert_eq!(
            now["env"],
            json!({ "P": "changed", "R": "action", "S": "action" }),
            "{name}"
        );
        assert_eq!(now["args"], json!({ "Q": null }), "{name}");
    }
    // Nor does it stay, though nobody calls for what it has.
    let until = Instant::now() + Duration::from_secs(60);
    while rig
        .engine
        .status()
        .workers
        .iter()
        .any(|worker| json!(worker.pid) == old)
    {
        assert!(
            Instant::now() < until,
            "the worker with the old environment stays"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A change of something else leaves it.
    let publish = json!({ "publish": true });
    let kept = api.put("_/packages/p?overwrite=true", &publish).await.ok();
    assert_eq!(kept["parameters"][1], variable("P", &json!("changed")));

    let bad = |name: &str| json!({ "parameters": [variable(name, &json!("x"))] });
    for name in ["a=b", "__OW_API_KEY", ""] {
        let refused = api.put("_/packages/q", &bad(name)).await;
        assert_eq!(refused.status, 400, "{name}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_function_with_one_worker_changes_its_environment() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let package = |value: &str| json!({ "parameters": [variable("P", &json!(value))] });
    api.put("_/packages/p", &package("one")).await.ok();
    api.put(
        "_/actions/p/node",
        &json!({ "exec": { "kind": "nodejs:default", "code": NODE } }),
    )
    .await
    .ok();
    let bind =
        json!({ "binding": { "namespace": "_", "name": "p" }, "parameters": [variable("P", &json!("two"))] });
    api.put("_/packages/b", &bind).await.ok();
    let key = beckon_core::FunctionKey::new("playground", "p/node").unwrap();
    let function = rig.store.function(&key).await.unwrap().unwrap();
    let mut new = beckon_core::NewFunction::from((*function).clone());
    new.limits.concurrency = 1;
    rig.engine
        .put_function(&key, new, beckon_store::Expect::Any)
        .await
        .unwrap();
    for _ in 0..3 {
        assert_eq!(call(&api, "p/node").await["env"]["P"], "one");
        assert_eq!(call(&api, "b/node").await["env"]["P"], "two");
    }
    // What is read when an interpreter starts cannot be given to one that is up.
    let options = json!({ "parameters": [variable("NODE_OPTIONS", &json!("--title=given")), variable("P", &json!("x"))] });
    api.put("_/packages/p?overwrite=true", &options).await.ok();
    let code = "function main() { return { title: process.title } }";
    api.put(
        "_/actions/p/title",
        &json!({ "exec": { "kind": "nodejs:default", "code": code } }),
    )
    .await
    .ok();
    assert_eq!(call(&api, "p/title").await["title"], "given");
    rig.stop().await;
}
