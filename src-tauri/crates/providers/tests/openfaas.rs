//! Functions called as they are, at OpenFaaS' paths.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use beckon_core::{CodePackage, Contract, FunctionKey, NewFunction, Runtime, Status};
use beckon_store::Expect;
use support::rig::Rig;

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
