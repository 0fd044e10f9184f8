//! Callback inboxes on the gateway, and functions that call back functions.

use std::time::{Duration, Instant};

use crate::support::rig::{Api, ECHO, Rig, send};
use beckon_core::{ActivationId, Callback, Cause, FunctionKey, JsonText, MatchedBy};
use beckon_engine::delivery::MARK;
use beckon_engine::{Invocation, Payload};
use reqwest::Method;
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(60);

fn request(api: &Api, method: &str, path: &str) -> reqwest::RequestBuilder {
    let method: Method = method.parse().unwrap();
    api.http.request(method, format!("{}/callbacks/{path}", api.url))
}

fn invocation(name: &str) -> Invocation {
    Invocation {
        id: ActivationId::new(),
        function: FunctionKey::new("playground", name).unwrap(),
        payload: Payload::Args(JsonText::empty_object()),
        cause: Cause::Panel,
        token_id: None,
        caller: None,
        rerun_of: None,
        transaction_id: None,
        api_host: None,
        received: beckon_core::Clock::system().now(),
    }
}

fn callback(url: String) -> Callback {
    Callback {
        url,
        function_name_as_called: "first".to_owned(),
        call_id: "call-1".to_owned(),
        follow_from: None,
    }
}

#[tokio::test]
async fn an_inbox_takes_whatever_is_sent_to_it() {
    let rig = Rig::start().await;
    let anybody = rig.stranger();
    let inbox = rig.store.create_inbox("mine", 202, None).await.unwrap();
    for (method, below, path, query) in [
        ("POST", "", "/", ""),
        ("PUT", "/", "/", ""),
        ("DELETE", "/a/b%2Fc//d?x='1'&x=2", "/a/b%2Fc//d", "x=%271%27&x=2"), // the client encodes the quotes
        ("OPTIONS", "/o", "/o", ""),
        ("HEAD", "/h?", "/h", ""),
        ("PURGE", "/p", "/p", ""),
    ] {
        let request = request(&anybody, method, &format!("{}{below}", inbox.id));
        let answer = send(
            request
                .header("x-a", "1")
                .header("authorization", "Bearer x")
                .body("{\"a\": 1}"),
        )
        .await;
        assert_eq!((answer.status, answer.text.as_str()), (202, ""), "{method}");
        let got = rig
            .store
            .inbox_messages(&inbox.id, None, 1)
            .await
            .unwrap()
            .rows
            .remove(0);
        assert_eq!(
            (got.method.as_str(), got.path.as_str(), got.query.as_str()),
            (method, path, query)
        );
        let header = |name: &str| {
            got.headers
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!((header("x-a"), header("authorization")), (Some("1"), Some("***")));
        assert_eq!(got.document.as_str(), "{\"a\": 1}");
    }
    let large = |size: usize| send(request(&anybody, "POST", &inbox.id).body(vec![b'x'; size]));
    assert_eq!(large(rig.engine.body_limit()).await.status, 202);
    assert_eq!(large(rig.engine.body_limit() + 1).await.status, 413);
    assert_eq!(rig.store.inbox(&inbox.id).await.unwrap().unwrap().messages, 7);
    for unknown in ["00000000000000000000000000000000", "x/y"] {
        assert_eq!(send(request(&anybody, "POST", unknown)).await.status, 404);
    }
    // Pages and names from elsewhere are refused here as everywhere.
    let page = request(&anybody, "POST", &inbox.id).header("origin", "https://evil.example");
    assert_eq!(send(page).await.status, 403);
    let named = request(&anybody, "POST", &inbox.id).header("host", "evil.example");
    assert_eq!(send(named).await.status, 403);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_to_an_inbox_is_matched_to_its_run() {
    let rig = Rig::start().await;
    rig.api()
        .await
        .deploy("first", "function main() { return { done: true } }")
        .await;
    let inbox = rig.store.create_inbox("", 200, None).await.unwrap();
    let url = format!("{}/callbacks/{}/done?for=me", rig.url, inbox.id);
    let run = rig
        .engine
        .accept_calling_back(invocation("first"), callback(url))
        .await
        .unwrap();
    let begin = Instant::now();
    let message = loop {
        if let Some(message) = rig.store.messages_of(run).await.unwrap().pop() {
            break message;
        }
        assert!(begin.elapsed() < PATIENCE, "nothing arrived");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(message.matched, Some(MatchedBy::CallId));
    assert_eq!(
        (message.path.as_str(), message.query.as_str()),
        ("/done", "for=me")
    );
    assert_eq!(message.document.as_str(), r#"{"done":true}"#);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_calls_back_a_function() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    api.deploy("first", "function main() { return { done: true } }")
        .await;
    api.deploy("second", ECHO).await;
    let address = rig.url.strip_prefix("http://").unwrap();
    rig.engine.deliveries().set_gateway(address.parse().unwrap());
    let key = api.key.clone().unwrap();
    let url = format!("http://{key}@{address}/api/v1/namespaces/_/actions/second");
    rig.engine
        .accept_calling_back(invocation("first"), callback(url))
        .await
        .unwrap();
    let filter = beckon_core::filter::parse("fn:second", 0).0;
    let begin = Instant::now();
    let row = loop {
        if let Some(row) = rig.store.page(&filter, None, 1).await.unwrap().rows.pop() {
            break row;
        }
        assert!(begin.elapsed() < PATIENCE, "the second function was never called");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(row.cause, Cause::Callback);
    // Anybody can write the header; only Beckon knows what is in it.
    let forged = api
        .request(Method::POST, "_/actions/second?blocking=true")
        .header(MARK, "0".repeat(32));
    assert_eq!(send(forged.json(&json!({}))).await.status, 200);
    rig.store.flush().await.unwrap();
    let newest = rig.store.page(&filter, None, 1).await.unwrap().rows.remove(0);
    assert_eq!(newest.cause, Cause::Gateway);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_openfaas_call_is_called_back() {
    let rig = Rig::start().await;
    let code = "function main(a) { return { statusCode: 202, headers: { 'x-mine': '1' }, body: 'bye' } }";
    rig.api().await.deploy("first", code).await;
    let inbox = rig.store.create_inbox("", 200, None).await.unwrap();
    let anybody = rig.api().await;
    let submit = |url: String| {
        let request = anybody
            .http
            .post(format!("{}/async-function/first.playground/a?b=c", anybody.url));
        let (user, password) = anybody.key.as_deref().unwrap().split_once(':').unwrap();
        let request = request.basic_auth(user, Some(password));
        send(
            request
                .header("x-callback-url", url)
                .header("x-call-id", "mine")
                .body("{}"),
        )
    };
    for bad in ["http://[::1", "%zz://x", "http://127.0.0.1:bad/"] {
        assert_eq!(submit(bad.to_owned()).await.status, 400, "{bad}");
    }
    assert_eq!(submit("not a url".to_owned()).await.status, 202);
    let url = format!("{}/callbacks/{}?token=s3cret", rig.url, inbox.id);
    let accepted = submit(url).await;
    assert_eq!(
        (accepted.status, accepted.header("x-call-id")),
        (202, Some("mine"))
    );
    let begin = Instant::now();
    let message = loop {
        let page = rig.store.inbox_messages(&inbox.id, None, 1).await.unwrap();
        if let Some(message) = page.rows.into_iter().next() {
            break message;
        }
        assert!(begin.elapsed() < PATIENCE, "nothing arrived");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let header = |name: &str| {
        message
            .headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(header("x-function-status"), Some("202"));
    assert_eq!(header("x-function-name"), Some("first.playground"));
    assert_eq!((header("x-call-id"), header("x-mine")), (Some("mine"), Some("1")));
    assert_eq!(message.document.as_str(), "\"bye\"");
    // The journal has the request's headers without what may be a credential.
    let record = rig.store.activation(message.run.unwrap()).await.unwrap().unwrap();
    let text = format!("{record:?}");
    assert!(
        text.contains("x-callback-url") && !text.contains("s3cret"),
        "{text}"
    );
    rig.stop().await;
}
