//! Packages, bindings, triggers and rules, as OpenWhisk has them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::rig::{ECHO, Rig, send};

fn parameters(of: &[(&str, i64)]) -> Value {
    of.iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect()
}

#[tokio::test]
async fn packages_are_made_changed_and_deleted() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let action = json!({ "exec": { "kind": "nodejs:default", "code": ECHO } });
    let none = "The requested resource does not exist.";
    api.put("_/actions/p/a", &action).await.refused(404, none);
    api.get("_/packages/p").await.refused(404, none);
    api.get("_/actions/p/").await.refused(404, none);
    api.put("_/packages/default", &json!({}))
        .await
        .refused(400, "Package name 'default' is reserved.");

    let body = json!({ "parameters": parameters(&[("x", 1)]), "annotations": [{ "key": "k", "value": "v" }, { "key": "l", "value": 1 }] });
    let made = api.put("_/packages/p", &body).await.ok();
    assert_eq!(
        (&made["version"], &made["publish"], &made["binding"]),
        (&json!("0.0.1"), &json!(false), &json!({}))
    );
    api.put("_/packages/p", &body)
        .await
        .refused(409, "resource already exists");
    let change =
        json!({ "publish": true, "annotations": [{ "key": "m", "value": null }], "delAnnotations": ["l"] });
    let changed = api.put("_/packages/p?overwrite=true", &change).await.ok();
    assert_eq!(
        (&changed["version"], &changed["publish"]),
        (&json!("0.0.2"), &json!(true))
    );
    assert_eq!(changed["parameters"], json!([{ "key": "x", "value": 1 }]), "kept");
    assert_eq!(
        changed["annotations"],
        json!([{ "key": "k", "value": "v" }, { "key": "m", "value": null }])
    );

    // One set of names.
    let other = "Resource by this name exists but is not in this collection.";
    api.put("_/actions/p", &action).await.refused(409, other);
    api.get("_/triggers/p").await.refused(409, other);
    api.put("_/triggers/p?overwrite=true", &json!({}))
        .await
        .refused(409, other);
    api.get("_/actions/p").await.refused(409, other);
    api.put("_/actions/free", &action).await.ok();
    api.put("_/packages/free", &json!({})).await.refused(409, other);

    api.put("_/actions/p/a", &action).await.ok();
    let feed = json!({ "exec": action["exec"], "annotations": [{ "key": "feed", "value": true }] });
    api.put("_/actions/p/f", &feed).await.ok();
    let got = api.get("_/packages/p").await.ok();
    assert_eq!(
        (&got["actions"][0]["name"], &got["feeds"][0]["name"]),
        (&json!("a"), &json!("f"))
    );
    assert_eq!(
        got["actions"].as_array().unwrap().len() + got["feeds"].as_array().unwrap().len(),
        2
    );
    let listed = api.get("_/packages").await.ok();
    assert_eq!(
        (&listed[0]["name"], &listed[0]["binding"]),
        (&json!("p"), &json!(false))
    );
    assert_eq!(
        api.get("_/packages?count=true").await.ok(),
        json!({ "packages": 1 })
    );
    assert_eq!(api.get("_/packages?skip=1").await.ok(), json!([]));
    api.delete("_/packages/p").await.refused(
        409,
        "Package not empty (contains 2 entities). Set force param or delete package contents.",
    );
    api.delete("_/actions/p/f").await.ok();
    api.delete("_/packages/p").await.refused(
        409,
        "Package not empty (contains 1 entity). Set force param or delete package contents.",
    );
    api.delete("_/packages/p?force=true").await.ok();
    api.get("_/actions/p/a").await.refused(404, none);
    rig.api_for_function("free")
        .await
        .get("_/packages/p")
        .await
        .refused(
            403,
            "The supplied authentication is not authorized to access '_/packages/p'.",
        );

    // A namespace goes with all of it.
    api.put("_/packages/q", &json!({})).await.ok();
    rig.store
        .delete_namespace(&"playground".parse().unwrap())
        .await
        .unwrap();
    rig.store
        .create_namespace(&"playground".parse().unwrap(), "p")
        .await
        .unwrap();
    assert_eq!(rig.api().await.get("_/packages").await.ok(), json!([]));
    rig.stop().await;
}

#[tokio::test]
async fn arguments_come_from_package_binding_action_and_caller() {
    let rig = Rig::start().await;
    let (api, other) = (rig.api().await, rig.api_for("other").await);
    let package = json!({ "parameters": parameters(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]) });
    api.put("_/packages/p", &package).await.ok();
    let action = json!({
        "exec": { "kind": "nodejs:default", "code": "function main(args) { return { args, ns: process.env.__OW_NAMESPACE } }" },
        "parameters": parameters(&[("c", 3), ("d", 3)]),
    });
    api.put("_/actions/p/f", &action).await.ok();
    let bind = json!({ "binding": { "namespace": "_", "name": "p" }, "parameters": parameters(&[("b", 2), ("c", 2)]) });
    let bound = api.put("_/packages/b", &bind).await.ok();
    assert_eq!(
        bound["binding"],
        json!({ "namespace": "playground", "name": "p" })
    );

    let run = "?blocking=true&result=true";
    let d4 = json!({ "d": 4 });
    let direct = api.post(&format!("_/actions/p/f{run}"), &d4).await.ok();
    assert_eq!(direct["args"], json!({ "a": 1, "b": 1, "c": 3, "d": 4 }));
    let through = api.post(&format!("_/actions/b/f{run}"), &d4).await.ok();
    assert_eq!(through["args"], json!({ "a": 1, "b": 2, "c": 3, "d": 4 }));
    let detached = api.post("_/actions/b/f", &d4).await;
    assert_eq!(detached.status, 202);
    let record = api
        .record(detached.json()["activationId"].as_str().unwrap())
        .await;
    assert_eq!(record["response"]["result"]["args"], through["args"]);
    let note = |key: &str| {
        record["annotations"]
            .as_array()
            .unwrap()
            .iter()
            .find(|a| a["key"] == key)
            .map(|a| a["value"].clone())
    };
    assert_eq!(note("path"), Some(json!("playground/p/f")));
    assert_eq!(note("binding"), Some(json!("playground/b")));
    assert_eq!(
        api.get("_/activations?name=b/f")
            .await
            .ok()
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        api.get("_/activations?name=p/f")
            .await
            .ok()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let got = api.get("_/actions/b/f?code=false").await.ok();
    assert_eq!(got["namespace"], "playground/p");
    let merged: Vec<_> = got["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["key"].as_str().unwrap(), p["value"].as_i64().unwrap()))
        .collect();
    assert_eq!(merged, [("a", 1), ("b", 2), ("c", 3), ("d", 3)]);
    assert_eq!(api.get("_/packages/b").await.ok()["actions"][0]["name"], "f");

    let not_here = "Operation not permitted on package binding.";
    api.put("_/actions/b/g", &action).await.refused(400, not_here);
    api.delete("_/actions/b/f").await.refused(400, not_here);
    let to = |namespace: &str, name: &str| json!({ "binding": { "namespace": namespace, "name": name } });
    api.put("_/packages/c", &to("_", "b"))
        .await
        .refused(400, "Cannot bind to another package binding.");
    api.put("_/packages/c", &to("_", "zero"))
        .await
        .refused(400, "Binding references a package that does not exist.");
    api.put("_/packages/p?overwrite=true", &to("_", "p"))
        .await
        .refused(
            409,
            "Resource is a package and cannot be converted into a binding.",
        );

    // Another namespace sees what is public, and no more.
    let closed = "The supplied authentication is not authorized to access 'playground/packages/p'.";
    other
        .put("_/packages/c", &to("playground", "p"))
        .await
        .refused(403, closed);
    other.get("playground/packages/p").await.refused(403, closed);
    assert_eq!(other.get("playground/packages").await.ok(), json!([]));
    other
        .post(&format!("playground/actions/p/f{run}"), &d4)
        .await
        .refused(
            403,
            "The supplied authentication is not authorized to access 'playground/actions/p/f'.",
        );
    api.put("_/packages/p?overwrite=true", &json!({ "publish": true }))
        .await
        .ok();
    other.put("_/packages/c", &to("playground", "p")).await.ok();
    assert_eq!(other.get("playground/packages").await.ok()[0]["name"], "p");
    let mine = other.post(&format!("_/actions/c/f{run}"), &d4).await.ok();
    assert_eq!((&mine["args"]["a"], &mine["ns"]), (&json!(1), &json!("other")));
    let theirs = other
        .post(&format!("playground/actions/p/f{run}"), &d4)
        .await
        .ok();
    assert_eq!(theirs["ns"], "other");
    assert_eq!(
        api.post(&format!("_/actions/p/f{run}"), &d4).await.ok()["ns"],
        "playground"
    );
    let detached = other.post("playground/actions/p/f", &d4).await.json();
    let record = other.record(detached["activationId"].as_str().unwrap()).await;
    assert_eq!(
        (&record["namespace"], &record["response"]["result"]["ns"]),
        (&json!("other"), &json!("other"))
    );
    other
        .put("playground/actions/p/f?overwrite=true", &action)
        .await
        .refused(
            403,
            "The supplied authentication is not authorized to access 'playground/actions/p/f'.",
        );
    api.put("_/packages/p?overwrite=true", &json!({ "publish": false }))
        .await
        .ok();
    other
        .post(&format!("_/actions/c/f{run}"), &d4)
        .await
        .refused(404, "The requested resource does not exist.");
    let dead = other.get("_/packages/c").await.ok();
    assert_eq!(
        (&dead["parameters"], &dead["actions"]),
        (&json!([]), &json!([])),
        "nor is it to be seen"
    );
    assert_eq!(other.get("_/actions/c/").await.ok(), json!([]));
    rig.stop().await;
}

#[tokio::test]
async fn triggers_fire_what_their_rules_say() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    api.deploy("a", "function main(args) { return { args } }").await;
    let trigger = json!({ "parameters": parameters(&[("x", 1), ("y", 1)]) });
    let made = api.put("_/triggers/t", &trigger).await.ok();
    assert_eq!((&made["limits"], &made["rules"]), (&json!({}), &Value::Null));
    let silent = api.post("_/triggers/t", &json!({})).await;
    assert_eq!((silent.status, silent.text.as_str()), (204, ""));
    api.put(
        "_/triggers/fed",
        &json!({ "annotations": [{ "key": "feed", "value": "/a/b/c/d" }] }),
    )
    .await
    .refused(400, "Feed name is not valid");

    let rule = |trigger: &str, action: &str| json!({ "trigger": trigger, "action": action });
    api.put("_/rules/r", &json!({ "trigger": "/_/t" }))
        .await
        .refused(400, "rule requires a valid trigger and a valid action");
    api.put("_/rules/r", &rule("/_/u", "/_/a"))
        .await
        .refused(400, "trigger /playground/u does not exist");
    api.put("_/rules/r", &rule("/_/t", "/_/b"))
        .await
        .refused(400, "action /playground/b does not exist");
    let made = api.put("_/rules/r", &rule("/_/t", "/playground/a")).await.ok();
    assert_eq!(
        (&made["status"], &made["trigger"], &made["action"]),
        (
            &json!("active"),
            &json!({ "path": "playground", "name": "t" }),
            &json!({ "path": "playground", "name": "a" })
        )
    );
    assert_eq!(api.get("_/rules").await.ok()[0]["status"], Value::Null);
    let rules =
        json!({ "playground/r": { "action": { "path": "playground", "name": "a" }, "status": "active" } });
    assert_eq!(api.get("_/triggers/t").await.ok()["rules"], rules);

    let firing = api
        .request(Method::POST, "_/triggers/t")
        .header("x-api-key", "k1");
    let fired = send(firing.json(&json!({ "y": 2 }))).await;
    assert_eq!(fired.status, 202, "{fired:?}");
    let record = api.record(fired.json()["activationId"].as_str().unwrap()).await;
    assert_eq!(record["response"]["result"], json!({ "y": 2 }));
    assert_eq!(
        (&record["end"], &record["duration"], &record["statusCode"]),
        (&Value::Null, &Value::Null, &json!(0))
    );
    let line: Value = serde_json::from_str(record["logs"][0].as_str().unwrap()).unwrap();
    assert_eq!(
        (&line["rule"], &line["action"]),
        (&json!("playground/r"), &json!("playground/a"))
    );
    assert_eq!(
        (&line["statusCode"], &line["success"]),
        (&json!(202), &json!(true))
    );
    let run = api.record(line["activationId"].as_str().unwrap()).await;
    assert_eq!(run["cause"], Value::Null);
    let mut args = run["response"]["result"]["args"].clone();
    let headers = args.as_object_mut().unwrap().remove("__ow_headers").unwrap();
    assert_eq!(
        (args, headers["authorization"].is_null()),
        (json!({ "x": 1, "y": 2 }), true)
    );
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["x-api-key"], Value::Null);

    api.post("_/rules/r", &json!({ "status": "on" })).await.refused(
        400,
        "The request content was malformed:\n'on' is not a recognized rule state",
    );
    let off = api
        .post(
            "_/rules/r",
            &json!({ "status": "inactive", "trigger": null, "action": null }),
        )
        .await;
    assert_eq!((off.status, off.text.as_str()), (200, ""));
    assert_eq!(api.get("_/rules/r").await.ok()["status"], "inactive");
    assert_eq!(api.post("_/triggers/t", &json!({})).await.status, 204);
    api.post("_/rules/r", &json!({ "status": "active" })).await;
    api.delete("_/actions/a").await.ok();
    let fired = api.post("_/triggers/t", &json!({})).await.json();
    let record = api.record(fired["activationId"].as_str().unwrap()).await;
    let line: Value = serde_json::from_str(record["logs"][0].as_str().unwrap()).unwrap();
    assert_eq!(
        (&line["success"], &line["statusCode"]),
        (&json!(false), &json!(404))
    );
    assert!(line["error"].is_string() && line["activationId"].is_null());
    assert_eq!(api.delete("_/rules/r").await.ok()["status"], "active");
    api.delete("_/triggers/t").await.ok();
    api.post("_/triggers/t", &json!({}))
        .await
        .refused(404, "The requested resource does not exist.");
    assert_eq!(
        api.get("_/triggers?count=true").await.ok(),
        json!({ "triggers": 0 })
    );
    rig.stop().await;
}
