//! Functions called as they are, at OpenFaaS' paths.

use crate::support::rig::Rig;
use beckon_core::{
    CodePackage, Contract, FunctionKey, JsonText, NamedJson, NewFunction, Runtime, Status, WebExport,
};
use beckon_store::Expect;
use serde_json::json;

async fn put(rig: &Rig, name: &str, contract: Contract, source: &str) {
    let mut new = NewFunction::new(
        Runtime::new("nodejs").unwrap(),
        CodePackage::Source(source.into()),
    );
    new.contract = contract;
    let key = FunctionKey::new("playground", name).unwrap();
    rig.engine.put_function(&key, new, Expect::Any).await.unwrap();
}

const TELL: &str = "module.exports = async (event, context) => context.status(207).headers({ 'x-own': 'yes' }).succeed(\
    { method: event.method, path: event.path, query: event.query, headers: event.headers })";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_sees_the_request_and_the_caller_its_response() {
    let rig = Rig::start().await;
    put(&rig, "tell", Contract::Openfaas, TELL).await;
    let client = reqwest::Client::new();
    let answer = client
        .put(format!("{}/function/tell.playground/a/b%20c?x=1&y=2", rig.url))
        .header("x-call-id", "mine")
        .body("hello")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 207);
    let headers = answer.headers().clone();
    assert_eq!(
        (&headers["x-own"], &headers["x-call-id"]),
        (&"yes".parse().unwrap(), &"mine".parse().unwrap())
    );
    assert!(headers["x-start-time"].to_str().unwrap().parse::<u128>().unwrap() > 1_700_000_000_000_000_000);
    assert!(
        headers["x-duration-seconds"]
            .to_str()
            .unwrap()
            .split_once('.')
            .unwrap()
            .1
            .len()
            == 6
    );
    let told: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(
        (&told["method"], &told["path"]),
        (&"PUT".into(), &"/a/b c".into())
    );
    assert_eq!(told["query"], serde_json::json!({ "x": "1", "y": "2" }));
    assert_eq!(told["headers"]["x-call-id"], "mine");
    // A name alone is of the first namespace, and faas-cli's own suffix means the same.
    for name in ["tell", "tell.openfaas-fn"] {
        let answer = client
            .get(format!("{}/function/{name}", rig.url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 207, "{name}");
    }
    let id = headers["x-activation-id"].to_str().unwrap().parse().unwrap();
    rig.store.flush().await.unwrap();
    let record = rig.store.activation(id).await.unwrap().unwrap();
    assert_eq!(record.http.unwrap().status, Some(207));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_and_why() {
    let rig = Rig::start().await;
    put(
        &rig,
        "private",
        Contract::Openwhisk,
        "function main(a) { return { statusCode: 200, body: 'in' } }",
    )
    .await;
    let client = reqwest::Client::new();
    let answer = client
        .get(format!("{}/function/nobody.playground", rig.url))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .starts_with("error finding function nobody.playground")
    );
    let url = format!("{}/function/private.playground", rig.url);
    assert_eq!(client.get(&url).send().await.unwrap().status(), 401);
    let api = rig.api().await;
    let (user, password) = api.key.as_deref().and_then(|key| key.split_once(':')).unwrap();
    let answer = client
        .get(&url)
        .basic_auth(user, Some(password))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap().as_str()),
        (200, "in")
    );
    let answer = client
        .post(format!("{}/async-function/nobody", rig.url))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accepted_request_runs_as_it_was_sent() {
    let rig = Rig::start().await;
    put(&rig, "tell", Contract::Openfaas, TELL).await;
    let answer = reqwest::Client::new()
        .post(format!("{}/async-function/tell/deep?x=1", rig.url))
        .body("hello")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);
    assert!(answer.headers().contains_key("x-call-id"));
    let id = answer.headers()["x-activation-id"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(answer.bytes().await.unwrap().is_empty());
    let record = loop {
        let record = rig.store.activation(id).await.unwrap().unwrap();
        if record.summary.status.is_final() {
            break record;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(record.summary.status, Status::Success);
    let told = record.result.unwrap().to_value();
    assert_eq!(
        (&told["path"], &told["query"]["x"]),
        (&"/deep".into(), &"1".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_opens_more_than_a_function_does_not_reach_it() {
    let rig = Rig::start().await;
    let code =
        "function main(args) { return { headers: { 'set-cookie': 'beckon_1=x' }, body: args.__ow_headers } }";
    put(&rig, "private", Contract::Openwhisk, code).await;
    put(&rig, "tell", Contract::Openfaas, TELL).await;
    let api = rig.api().await;
    let (user, password) = api.key.as_deref().and_then(|key| key.split_once(':')).unwrap();
    let client = reqwest::Client::new();
    let ask = |name: &str| client.get(format!("{}/function/{name}.playground", rig.url));

    let answer = ask("private")
        .basic_auth(user, Some(password))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers().get("set-cookie")),
        (200, None)
    );
    let told: serde_json::Value = answer.json().await.unwrap();
    assert!(
        told.get("host").is_some() && told.get("authorization").is_none(),
        "{told}"
    );

    // Cookies ignore ports: a browser sends the panel's session to whatever listens on this machine.
    let cookies = "a=1; beckon_6465=session; b=2";
    let told: serde_json::Value = ask("tell")
        .header("cookie", cookies)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(told["headers"]["cookie"], "a=1; b=2");
    let told: serde_json::Value = ask("tell")
        .header("cookie", "beckon_6465=session")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(told["headers"].get("cookie").is_none(), "{told}");
    // A public function's callers may be the function's own users.
    let told: serde_json::Value = ask("tell")
        .bearer_auth("its-own")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(told["headers"]["authorization"], "Bearer its-own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn require_whisk_auth_is_asked_for() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let (user, password) = api.key.as_deref().and_then(|key| key.split_once(':')).unwrap();
    let client = reqwest::Client::new();
    for (name, annotation, contract) in [
        ("open", json!(false), Contract::Openwhisk),
        ("token", json!(true), Contract::Openwhisk),
        ("http", json!(true), Contract::Openfaas),
        ("secret", json!("s3cret"), Contract::Openwhisk),
        ("number", json!(42), Contract::Openwhisk),
    ] {
        let source = if contract == Contract::Openfaas {
            TELL
        } else {
            "function main() { return { body: 'in' } }"
        };
        let mut new = NewFunction::new(
            Runtime::new("nodejs").unwrap(),
            CodePackage::Source(source.into()),
        );
        (new.contract, new.web) = (contract, WebExport::Web);
        new.annotations = vec![NamedJson {
            key: "require-whisk-auth".into(),
            value: JsonText::from_value(&annotation),
        }];
        let key = FunctionKey::new("playground", name).unwrap();
        rig.engine.put_function(&key, new, Expect::New).await.unwrap();
        let ask = || client.get(format!("{}/function/{name}", rig.url));
        let plain = ask().send().await.unwrap().status().as_u16();
        assert_eq!(plain < 300, annotation == json!(false), "{name}: {plain}");
        assert!(plain < 300 || plain == 401, "{name}: {plain}");
        let secret = annotation
            .as_str()
            .map_or_else(|| annotation.to_string(), str::to_owned);
        let with_secret = ask()
            .header("x-require-whisk-auth", &secret)
            .send()
            .await
            .unwrap();
        assert_eq!(
            with_secret.status().is_success(),
            !annotation.is_boolean() || annotation == json!(false),
            "{name}"
        );
        let with_token = ask().basic_auth(user, Some(password)).send().await.unwrap();
        assert_eq!(
            with_token.status().is_success(),
            annotation.is_boolean(),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_does_not_arrive_is_given_up() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let rig = Rig::start().await;
    let mut new = NewFunction::new(Runtime::new("nodejs").unwrap(), CodePackage::Source(TELL.into()));
    new.contract = Contract::Openfaas;
    new.settings.watchdog.read_timeout_ms = Some(200);
    let key = FunctionKey::new("playground", "tell").unwrap();
    rig.engine
        .put_function(&key, new.clone(), Expect::New)
        .await
        .unwrap();
    let mut stream = tokio::net::TcpStream::connect(rig.url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = "POST /function/tell HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\nconnection: close\r\n\r\nhalf";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("read timeout of 200 ms"), "{answer}");
    // None at all.
    new.settings.watchdog.read_timeout_ms = Some(0);
    rig.engine.put_function(&key, new, Expect::Any).await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(rig.url.trim_start_matches("http://"))
        .await
        .unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    stream.write_all(b" more").await.unwrap();
    answer.clear();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 207"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_passed_on_as_they_come() {
    let rig = Rig::start().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let source = format!(
        "#!/bin/sh\necho data: 1; while [ ! -e '{}' ]; do sleep 0.02; done; echo data: 2",
        gate.display()
    );
    let mut new = NewFunction::new(
        Runtime::new("shell:default").unwrap(),
        CodePackage::Source(source),
    );
    new.contract = Contract::WatchdogStreaming;
    let key = FunctionKey::new("playground", "events").unwrap();
    rig.engine.put_function(&key, new, Expect::Any).await.unwrap();
    let request = reqwest::Client::new().get(format!("{}/function/events", rig.url));
    let request = request.header("accept", "text/event-stream");
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    for name in ["x-call-id", "x-start-time", "x-activation-id"] {
        assert!(response.headers().contains_key(name), "{name}");
    }
    assert_eq!(response.chunk().await.unwrap().unwrap(), "data: 1\n");
    // The rest is written only now.
    std::fs::write(gate, "").unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "data: 2\n");
    assert!(response.chunk().await.unwrap().is_none());
    rig.stop().await;
}
