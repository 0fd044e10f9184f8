//! Our client against our gateway: the same wire types, both ways.

use std::time::{Duration, Instant};

use crate::support::rig::{Api, Rig};
use beckon_core::{
    Activation, ActivationId, Cause, ConnectionKind, ErrorCode, FunctionKey, JsonText, LogStream, Mode,
    NamespaceName, Secret, Status, WebExport,
};
use beckon_providers::openwhisk::record;
use beckon_providers::{Remote, RemoteOutcome, connect};
use serde_json::json;

fn remote(api: &Api) -> std::sync::Arc<dyn Remote> {
    connect(
        ConnectionKind::Openwhisk,
        &api.url,
        Secret::new(api.key.clone().unwrap()),
    )
    .unwrap()
}

fn key(name: &str) -> FunctionKey {
    FunctionKey::new("playground", name).unwrap()
}

fn playground() -> NamespaceName {
    "playground".parse().unwrap()
}

async fn followed(remote: &dyn Remote, id: ActivationId) -> Activation {
    let begin = Instant::now();
    loop {
        if let Some(activation) = remote.activation(&playground(), id).await.unwrap() {
            return activation;
        }
        assert!(begin.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn checks_and_lists() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let body = json!({
        "exec": { "kind": "nodejs:default", "code": "function go() {}", "main": "go" },
        "parameters": [{ "key": "a", "value": { "n": 1.10 } }, { "key": "ENV", "value": "hidden", "init": true }],
        "annotations": [{ "key": "web-export", "value": true }, { "key": "note", "value": "x" }],
        "limits": { "timeout": 5000, "memory": 128, "logs": 2 },
    });
    api.put("_/packages/pkg", &serde_json::json!({})).await.ok();
    api.put("_/actions/pkg/f", &body).await.ok();
    // More than one page of 200.
    for n in 0..205 {
        let new = beckon_core::NewFunction::new(
            beckon_core::Runtime::new("shell").unwrap(),
            beckon_core::CodePackage::Source("echo '{}'".into()),
        );
        rig.store
            .put_function(&key(&format!("f{n}")), new, beckon_store::Expect::New)
            .await
            .unwrap();
    }
    let remote = remote(&api);
    let reach = remote.check().await.unwrap();
    assert_eq!(reach.namespaces, [playground()]);
    let namespaces = remote.namespaces().await.unwrap();
    assert_eq!((namespaces.len(), namespaces[0].functions), (1, 206));
    let functions = remote.functions(&playground()).await.unwrap();
    assert_eq!(functions.len(), 206);

    let function = remote.function(&key("pkg/f")).await.unwrap();
    assert!(
        functions.contains(&function.summary),
        "the list and the function agree"
    );
    assert_eq!(function.summary.key, key("pkg/f"));
    assert_eq!(
        (function.summary.web, function.summary.limits.logs_kb),
        (WebExport::Web, 2048)
    );
    assert!(function.summary.kind.starts_with("nodejs:"));
    assert_eq!(
        (function.code.as_deref(), function.main.as_deref()),
        (Some("function go() {}"), Some("go"))
    );
    assert_eq!(function.parameters.len(), 1);
    assert_eq!(
        (function.parameters[0].key.as_str(), function.env_names),
        ("a", vec!["ENV".to_owned()])
    );
    assert!(
        function
            .annotations
            .iter()
            .any(|named| named.key == "note" && named.value.as_str() == "\"x\"")
    );
    assert_eq!(
        remote.function(&key("none")).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    rig.stop().await;
}

#[tokio::test]
async fn a_blocking_call_brings_the_whole_record() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    api.deploy(
        "pkg/f",
        "function main(args) { console.log('hi'); console.error('oh: no'); return { got: args } }",
    )
    .await;
    let remote = remote(&api);
    let input = JsonText::parse(r#"{"text":"é \" 🦊","n":9007199254740991}"#).unwrap();
    let Ok(RemoteOutcome::Finished(got)) = remote.invoke(&key("pkg/f"), &input, Mode::Blocking).await else {
        panic!("the run finishes")
    };
    let activation = got.activation;
    assert_eq!(
        (activation.summary.status, activation.summary.mode),
        (Status::Success, Mode::Blocking)
    );
    assert_eq!(
        (
            &activation.summary.namespace,
            activation.summary.function.as_str()
        ),
        (&playground(), "pkg/f")
    );
    assert_eq!(
        (activation.summary.connection.as_str(), activation.summary.cause),
        ("", Cause::Provider)
    );
    assert_eq!(activation.summary.cold, Some(true));
    assert!(activation.timing.init_ms.is_some() && activation.timing.wait_ms.is_some());
    assert_eq!(activation.input, None);
    assert_eq!(
        activation.result.as_ref().unwrap().to_value()["got"],
        input.to_value()
    );
    let mut logs: Vec<_> = activation
        .logs
        .iter()
        .map(|line| (line.stream, line.text.as_str()))
        .collect();
    logs.sort_by_key(|(_, text)| *text);
    assert_eq!(logs, [(LogStream::Stdout, "hi"), (LogStream::Stderr, "oh: no")]);
    assert!(got.round_trip_ms >= activation.summary.duration_ms.unwrap() as f64 * 0.9);

    // What the engine keeps is what came over the wire, and is served as the window shows it.
    let kept = rig
        .store
        .activation(activation.summary.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (&kept.logs, &kept.result, kept.result_bytes),
        (&activation.logs, &activation.result, activation.result_bytes)
    );
    assert_eq!(
        (kept.summary.start, kept.summary.duration_ms),
        (activation.summary.start, activation.summary.duration_ms)
    );
    let served = api.get(&format!("_/activations/{}", activation.summary.id)).await;
    assert_eq!(served.text, record(&kept));
    rig.stop().await;
}

#[tokio::test]
async fn outcomes_are_told_apart() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let remote = remote(&api);
    for (name, code, status) in [
        (
            "app",
            "function main() { return { error: 'no' } }",
            Status::ApplicationError,
        ),
        (
            "dev",
            "function main() { throw new Error('no') }",
            Status::DeveloperError,
        ),
    ] {
        api.deploy(name, code).await;
        let outcome = remote
            .invoke(&key(name), &JsonText::empty_object(), Mode::Blocking)
            .await;
        let Ok(RemoteOutcome::Finished(got)) = outcome else {
            panic!("{name}: {outcome:?}")
        };
        assert_eq!(got.activation.summary.status, status);
        assert!(got.activation.result.unwrap().as_str().contains("no"));
    }
    let body = json!({
        "exec": { "kind": "nodejs:default", "code": "function main() { return new Promise(() => setInterval(() => {}, 1000)) }" },
        "limits": { "timeout": 400 },
    });
    api.put("_/actions/late", &body).await.ok();
    let outcome = remote
        .invoke(&key("late"), &JsonText::empty_object(), Mode::Blocking)
        .await;
    let Ok(RemoteOutcome::Finished(got)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(got.activation.summary.status, Status::TimedOut);

    let missing = remote
        .invoke(&key("none"), &JsonText::empty_object(), Mode::Blocking)
        .await;
    assert_eq!(missing.unwrap_err().code, ErrorCode::NotFound);
    let big = JsonText::parse(format!("{{\"a\":\"{}\"}}", "x".repeat(1_100_000))).unwrap();
    assert_eq!(
        remote
            .invoke(&key("app"), &big, Mode::Blocking)
            .await
            .unwrap_err()
            .code,
        ErrorCode::LimitExceeded
    );
    let foreign = FunctionKey::new("other", "app").unwrap();
    let denied = remote
        .invoke(&foreign, &JsonText::empty_object(), Mode::Blocking)
        .await;
    assert_eq!(denied.unwrap_err().code, ErrorCode::Forbidden);
    let wrong = connect(ConnectionKind::Openwhisk, &api.url, Secret::new("no:body")).unwrap();
    assert_eq!(wrong.check().await.unwrap_err().code, ErrorCode::Unauthorized);
    rig.stop().await;
}

#[tokio::test]
async fn asynchronous_and_promoted_runs_are_followed() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let code =
        "function main({ ms }) { return new Promise((done) => setTimeout(() => done({ waited: ms }), ms)) }";
    api.deploy("slow", code).await;
    let remote = remote(&api);
    rig.engine.set_blocking_limit(Duration::from_millis(300));
    let input = JsonText::parse(r#"{"ms":1500}"#).unwrap();
    for mode in [Mode::NonBlocking, Mode::Blocking] {
        let Ok(RemoteOutcome::Accepted(id)) = remote.invoke(&key("slow"), &input, mode).await else {
            panic!("{mode:?}")
        };
        assert_eq!(
            remote.activation(&playground(), id).await.unwrap(),
            None,
            "no record yet"
        );
        let activation = followed(&*remote, id).await;
        assert_eq!(activation.result.unwrap().as_str(), r#"{"waited":1500}"#);
    }
    rig.stop().await;
}

#[tokio::test]
async fn an_array_result_is_found_by_its_id() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let body =
        json!({ "exec": { "kind": "python:default", "code": "def main(args):\n    return [1, 2]\n" } });
    api.put("_/actions/array", &body).await.ok();
    let remote = remote(&api);
    let outcome = remote
        .invoke(&key("array"), &JsonText::empty_object(), Mode::Blocking)
        .await;
    let Ok(RemoteOutcome::Accepted(id)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        followed(&*remote, id).await.result.unwrap().to_value(),
        json!([1, 2])
    );
    rig.stop().await;
}

#[tokio::test]
async fn records_are_listed_newest_first_since_a_time() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    api.deploy("f", "function main({ n }) { console.log(n); return { n } }")
        .await;
    let remote = remote(&api);
    let mut starts = Vec::new();
    for n in 0..60 {
        let record = api
            .post("_/actions/f?blocking=true", &json!({ "n": n }))
            .await
            .ok();
        starts.push(record["start"].as_i64().unwrap());
    }
    let all = remote.activations(&playground(), None, 0, 1000).await.unwrap();
    assert!(all.is_last);
    let all = all.records;
    assert_eq!(all.len(), 60, "over several pages");
    assert!(
        all.windows(2)
            .all(|pair| pair[0].summary.start >= pair[1].summary.start)
    );
    assert_eq!(all[0].result.as_ref().unwrap().as_str(), "{\"n\":59}");
    assert_eq!(all[0].logs[0].text, "59");
    let page = remote.activations(&playground(), None, 5, 7).await.unwrap();
    assert_eq!((&page.records[..], page.is_last), (&all[5..12], false));
    let since = remote
        .activations(&playground(), Some(starts[50]), 0, 1000)
        .await
        .unwrap()
        .records;
    assert!(
        since
            .iter()
            .all(|activation| activation.summary.start >= starts[50])
            && since.len() >= 10
    );
    rig.stop().await;
}
