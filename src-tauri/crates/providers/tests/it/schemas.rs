//! Answers against the providers' own schemas, where `BECKON_SPECS` names a folder that holds them.

use std::path::PathBuf;

use crate::support::rig::{Answer, Control, ECHO, Rig, send};
use beckon_core::TokenScope;
use reqwest::Method;
use serde_json::{Value, json};

/// A schema document of the folder; `None` where there is no folder, which is no fault.
fn spec(name: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("BECKON_SPECS").map(PathBuf::from) else {
        eprintln!("BECKON_SPECS is not set: nothing is checked against {name}");
        return None;
    };
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// What is wrong with a document, one line each.
fn faults(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft4)
        .build(schema)
        .unwrap();
    validator
        .iter_errors(document)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect()
}

/// OpenAPI 3.0's `nullable` in JSON schema's words.
fn nullable(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(nullable);
            if fields.remove("nullable") == Some(Value::Bool(true))
                && let Some(kind) = fields.remove("type")
            {
                fields.insert("type".to_owned(), json!([kind, "null"]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(nullable),
        _ => {}
    }
}

struct OpenApi(Value);

impl OpenApi {
    /// Asserts that an answer is one that the operation is documented to have, with its headers.
    #[track_caller]
    fn check(&self, method: &str, path: &str, answer: &Answer) {
        let responses = &self.0["paths"][path][method]["responses"];
        assert!(responses.is_object(), "{method} {path} is not in the document");
        let status = answer.status.to_string();
        let response = responses.get(&status).unwrap_or(&responses["default"]);
        for name in response["headers"].as_object().unwrap().keys() {
            let value = answer.header(name).unwrap_or_else(|| panic!("{path}: no {name}"));
            assert!(value.parse::<u64>().is_ok(), "{name}: {value}");
        }
        match response["content"]["application/json"].get("schema") {
            None => assert_eq!(answer.text, "", "{method} {path} {status}"),
            Some(schema) => {
                let found = faults(schema, &answer.json());
                assert!(
                    found.is_empty(),
                    "{method} {path} {status}: {found:#?}\n{answer:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_control_plane_is_as_documented() {
    let Some(mut document) = spec("digitalocean-functions-openapi.json") else {
        return;
    };
    nullable(&mut document);
    let openapi = OpenApi(document);
    let rig = Rig::start().await;
    let (_, control) = rig.account(TokenScope::Account).await;
    let spaces = "/v2/functions/namespaces";
    let of = |rest: &str| format!("{spaces}/{{namespace_id}}{rest}");

    let made = control
        .post("namespaces", &json!({ "region": "nyc1", "label": "shop" }))
        .await;
    openapi.check("post", spaces, &made);
    openapi.check("post", spaces, &control.post("namespaces", &json!({})).await);
    openapi.check("get", spaces, &control.get("namespaces").await);
    let stranger = Control {
        authorization: None,
        ..control.clone()
    };
    openapi.check("get", spaces, &stranger.get("namespaces").await);
    let id = made.json()["namespace"]["namespace"].as_str().unwrap().to_owned();
    let here = format!("namespaces/{id}");
    openapi.check("get", &of(""), &control.get(&here).await);
    openapi.check("get", &of(""), &control.get("namespaces/none").await);

    rig.api_for(&id).await.deploy("hello", ECHO).await;
    let triggers = format!("{here}/triggers");
    let draft = json!({ "name": "daily", "type": "SCHEDULED", "function": "hello", "is_enabled": true,
        "scheduled_details": { "cron": "0 3 * * *", "body": { "name": "you" } } });
    openapi.check("post", &of("/triggers"), &control.post(&triggers, &draft).await);
    openapi.check(
        "post",
        &of("/triggers"),
        &control.post(&triggers, &json!({})).await,
    );
    openapi.check("get", &of("/triggers"), &control.get(&triggers).await);
    let (trigger, one) = (format!("{triggers}/daily"), of("/triggers/{trigger_name}"));
    openapi.check("get", &one, &control.get(&trigger).await);
    openapi.check("get", &one, &control.get(&format!("{triggers}/none")).await);
    openapi.check(
        "put",
        &one,
        &control.put(&trigger, &json!({ "is_enabled": false })).await,
    );
    openapi.check("delete", &one, &control.delete(&trigger).await);
    openapi.check("delete", &one, &control.delete(&trigger).await);

    let keys = format!("{here}/keys");
    let key = control
        .post(&keys, &json!({ "name": "ci", "expires_in": "7d" }))
        .await;
    openapi.check("post", &of("/keys"), &key);
    openapi.check(
        "post",
        &of("/keys"),
        &control.post(&keys, &json!({ "name": "ci" })).await,
    );
    openapi.check("post", &of("/keys"), &control.post(&keys, &json!({})).await);
    let forever = control.post(&keys, &json!({ "name": "ever" })).await;
    openapi.check("post", &of("/keys"), &forever);
    openapi.check("get", &of("/keys"), &control.get(&keys).await);
    let key = key.json()["access_key"]["id"].as_str().unwrap().to_owned();
    let (key, one) = (format!("{keys}/{key}"), of("/keys/{key_id}"));
    openapi.check("put", &one, &control.put(&key, &json!({ "name": "build" })).await);
    openapi.check("delete", &one, &control.delete(&key).await);
    openapi.check("delete", &one, &control.delete(&key).await);
    openapi.check("delete", &of(""), &control.delete(&here).await);
    openapi.check("delete", &of(""), &control.delete(&here).await);
    rig.stop().await;
}

struct Swagger(Value);

impl Swagger {
    /// Asserts that a document is what the operation is documented to answer with this status.
    #[track_caller]
    fn check(&self, method: &str, path: &str, answer: &Answer) {
        let responses = &self.0["paths"][path][method]["responses"];
        let response = &responses[answer.status.to_string()];
        assert!(response.is_object(), "{method} {path}: {answer:?}");
        let mut schema = match response.get("schema") {
            Some(schema) => schema.clone(),
            // Upstream describes its error documents, but not where they are.
            None if answer.status >= 400 => json!({ "$ref": "#/definitions/ErrorMessage" }),
            None => return,
        };
        schema["definitions"] = self.0["definitions"].clone();
        // A reference hides what stands beside it in this draft.
        if let Some(reference) = schema.as_object_mut().unwrap().remove("$ref") {
            schema["allOf"] = json!([{ "$ref": reference }]);
        }
        let found = faults(&schema, &answer.json());
        assert!(found.is_empty(), "{method} {path}: {found:#?}\n{answer:?}");
    }
}

#[tokio::test]
async fn the_openwhisk_api_is_as_documented() {
    let Some(mut document) = spec("openwhisk-apiv1swagger.json") else {
        return;
    };
    // The kinds in the list are those of one deployment; each has its own.
    document["definitions"]["ActionExec"]["properties"]["kind"]
        .as_object_mut()
        .unwrap()
        .remove("enum");
    let swagger = Swagger(document);
    let rig = Rig::start().await;
    let api = rig.api().await;
    let root = "/namespaces/{namespace}";
    let to = |rest: &str| format!("{root}{rest}");
    swagger.check("get", "/namespaces", &api.get("").await);
    swagger.check("get", "/namespaces", &rig.stranger().get("").await);
    swagger.check("get", &to("/limits"), &api.get("_/limits").await);

    let body = json!({ "exec": { "kind": "nodejs:default", "code": ECHO }, "parameters": [{ "key": "a", "value": 1 }],
        "annotations": [{ "key": "b", "value": { "c": [] } }], "limits": { "timeout": 5000 } });
    let action = to("/actions/{actionName}");
    swagger.check("put", &action, &api.put("_/actions/hello", &body).await);
    swagger.check("put", &action, &api.put("_/actions/hello", &body).await);
    swagger.check("get", &action, &api.get("_/actions/hello").await);
    swagger.check("get", &action, &api.get("_/actions/hello?code=false").await);
    swagger.check("get", &action, &api.get("_/actions/none").await);
    swagger.check("get", &to("/actions"), &api.get("_/actions").await);

    let run = api
        .post("_/actions/hello?blocking=true", &json!({ "x": [1, null] }))
        .await;
    swagger.check("post", &action, &run);
    let fails = "function main() { throw new Error('no') }";
    api.deploy("fails", fails).await;
    swagger.check(
        "post",
        &action,
        &api.post("_/actions/none?blocking=true", &json!({})).await,
    );
    let failed = api.post("_/actions/fails?blocking=true", &json!({})).await;
    assert_eq!(failed.status, 502);
    let accepted = api.post("_/actions/hello", &json!({})).await;
    swagger.check("post", &action, &accepted);
    let ids =
        [&run, &failed, &accepted].map(|answer| answer.json()["activationId"].as_str().unwrap().to_owned());
    for id in ids {
        api.record(&id).await;
        for (rest, part) in [("", ""), ("/logs", "/logs"), ("/result", "/result")] {
            let answer = api.get(&format!("_/activations/{id}{part}")).await;
            swagger.check(
                "get",
                &to(&format!("/activations/{{activationid}}{rest}")),
                &answer,
            );
        }
    }
    swagger.check("get", &to("/activations"), &api.get("_/activations").await);
    let none = api.get("_/activations/b68492d6875840148492d687586014f5").await;
    swagger.check("get", &to("/activations/{activationid}"), &none);
    swagger.check(
        "delete",
        &action,
        &send(api.request(Method::DELETE, "_/actions/hello")).await,
    );
    swagger.check("delete", &action, &api.delete("_/actions/hello").await);
    rig.stop().await;
}

#[tokio::test]
async fn openwhisks_entities_are_as_documented() {
    let Some(document) = spec("openwhisk-apiv1swagger.json") else {
        return;
    };
    let swagger = Swagger(document);
    let rig = Rig::start().await;
    let api = rig.api().await;
    let to = |rest: &str| format!("/namespaces/{{namespace}}{rest}");
    let pair = json!([{ "key": "a", "value": { "b": [1, null] } }]);
    api.deploy("hello", ECHO).await;

    let package = to("/packages/{packageName}");
    let body = json!({ "parameters": pair, "annotations": pair, "publish": true });
    swagger.check("put", &package, &api.put("_/packages/tools", &body).await);
    swagger.check("put", &package, &api.put("_/packages/tools", &body).await);
    api.deploy("tools/hello", ECHO).await;
    let binding = json!({ "binding": { "namespace": "_", "name": "tools" } });
    swagger.check("put", &package, &api.put("_/packages/bound", &binding).await);
    for path in ["_/packages/tools", "_/packages/bound", "_/packages/none"] {
        swagger.check("get", &package, &api.get(path).await);
    }
    swagger.check("get", &to("/packages"), &api.get("_/packages").await);
    let packaged = to("/actions/{packageName}/{actionName}");
    swagger.check("get", &packaged, &api.get("_/actions/bound/hello").await);

    let trigger = to("/triggers/{triggerName}");
    let body = json!({ "parameters": pair, "annotations": pair });
    swagger.check("put", &trigger, &api.put("_/triggers/news", &body).await);
    swagger.check("put", &trigger, &api.put("_/triggers/news", &body).await);
    // Without a rule there is nothing to fire.
    swagger.check("post", &trigger, &api.post("_/triggers/news", &json!({})).await);
    let rule = to("/rules/{ruleName}");
    let body = json!({ "trigger": "/_/news", "action": "/_/hello", "annotations": pair });
    swagger.check("put", &rule, &api.put("_/rules/tell", &body).await);
    swagger.check("put", &rule, &api.put("_/rules/tell", &body).await);
    swagger.check("get", &rule, &api.get("_/rules/tell").await);
    swagger.check("get", &to("/rules"), &api.get("_/rules").await);
    swagger.check("get", &trigger, &api.get("_/triggers/news").await);
    swagger.check("get", &to("/triggers"), &api.get("_/triggers").await);
    let fired = api.post("_/triggers/news", &json!({ "x": 1 })).await;
    assert_eq!(fired.status, 202, "{fired:?}");
    swagger.check("post", &trigger, &fired);
    let fired = fired.json()["activationId"].as_str().unwrap().to_owned();
    api.record(&fired).await;
    let record = api.get(&format!("_/activations/{fired}")).await;
    swagger.check("get", &to("/activations/{activationid}"), &record);
    swagger.check(
        "post",
        &rule,
        &api.post("_/rules/tell", &json!({ "status": "inactive" })).await,
    );
    swagger.check("get", &rule, &api.get("_/rules/tell").await);

    let sequence = json!({ "exec": { "kind": "sequence", "components": ["/_/hello", "/_/tools/hello"] } });
    let action = to("/actions/{actionName}");
    swagger.check("put", &action, &api.put("_/actions/both", &sequence).await);
    swagger.check("get", &action, &api.get("_/actions/both").await);
    let run = api.post("_/actions/both?blocking=true", &json!({})).await;
    swagger.check("post", &action, &run);
    let id = run.json()["activationId"].as_str().unwrap().to_owned();
    swagger.check(
        "get",
        &to("/activations/{activationid}"),
        &api.get(&format!("_/activations/{id}")).await,
    );
    swagger.check("get", &to("/activations"), &api.get("_/activations").await);

    for path in [
        "rules/tell",
        "triggers/news",
        "packages/bound",
        "packages/tools",
        "packages/none",
    ] {
        let of = match path.split_once('/') {
            Some(("rules", _)) => &rule,
            Some(("triggers", _)) => &trigger,
            _ => &package,
        };
        swagger.check("delete", of, &api.delete(&format!("_/{path}")).await);
    }
    rig.stop().await;
}

#[tokio::test]
async fn the_api_describes_itself_as_upstream_does() {
    let rig = Rig::start().await;
    let answer = send(rig.stranger().request(Method::GET, "../api-docs")).await;
    let ours = answer.ok();
    assert_eq!(
        (&ours["swagger"], &ours["basePath"]),
        (&json!("2.0"), &json!("/api/v1"))
    );
    let paths = ours["paths"].as_object().unwrap();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.len() > 1, "{method} {path}");
            // Every reference leads somewhere.
            let text = operation.to_string();
            for name in text
                .split("#/definitions/")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
            {
                assert!(ours["definitions"][name].is_object(), "{name}");
            }
        }
    }
    if let Some(upstream) = spec("openwhisk-apiv1swagger.json") {
        for (path, operations) in upstream["paths"].as_object().unwrap() {
            let operations = operations.as_object().unwrap();
            // Beside its operations a path may have parameters that they share.
            for method in operations.keys().filter(|key| *key != "parameters") {
                assert!(
                    paths[path][method].is_object(),
                    "{method} {path} is not described"
                );
            }
        }
    }
    rig.stop().await;
}
