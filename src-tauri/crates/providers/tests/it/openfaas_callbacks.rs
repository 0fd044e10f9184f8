//! Callbacks of OpenFaaS' asynchronous calls, through the gateway's own door and over real HTTP: what is sent, to whom,
//! and what is kept of it where nobody takes it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use beckon_core::{
    ActivationId, Cause, CodePackage, DeliveryRules, DeliveryState, DeliverySummary, NewFunction, Runtime,
    Status, TokenScope,
};
use beckon_store::Expect;
use serde_json::Value;

use crate::support::receiver::Receiver;
use crate::support::rig::{Admin, Answer, Rig, send};

/// Answers 201 with bytes that are no text and a header twice, and tries to say what the callback says.
const ANSWER: &str = "function main() { return { statusCode: 201, body: 'AP8=', headers: { \
    'content-type': 'application/octet-stream', 'x-mine': 'yes', 'set-cookie': ['a=1', 'b=2'], \
    'x-function-status': '999', 'x-call-id': 'forged', 'x-duration-seconds': 'x', 'connection': 'x-gone', \
    'x-gone': '1' } } }";
/// Answers with what it was called with.
const TELL: &str = "function main(args) { return { body: { path: args.__ow_path, query: args.__ow_query, \
    method: args.__ow_method, headers: args.__ow_headers, body: args.__ow_body } } }";

async fn put(rig: &Rig, name: &str, source: &str) {
    let mut new = NewFunction::new(
        Runtime::new("nodejs:default").unwrap(),
        CodePackage::Source(source.into()),
    );
    new.web = beckon_core::WebExport::Raw;
    let key = beckon_core::FunctionKey::new("playground", name).unwrap();
    rig.engine.put_function(&key, new, Expect::New).await.unwrap();
}

async fn submit(admin: &Admin, path: &str, callback: &str) -> Answer {
    let request = admin.http.post(format!("{}/async-function/{path}", admin.url));
    let request = request
        .header("x-callback-url", callback)
        .header("x-call-id", "my/own id");
    let answer = send(request.body("in")).await;
    assert_eq!((answer.status, answer.text.as_str()), (202, ""), "{answer:?}");
    assert_eq!(answer.header("x-call-id"), Some("my/own id"));
    answer
}

fn run_of(submitted: &Answer) -> ActivationId {
    submitted.header("x-activation-id").unwrap().parse().unwrap()
}

/// The only delivery of a call, once it is over.
async fn delivery(rig: &Rig, submitted: &Answer) -> DeliverySummary {
    let run = run_of(submitted);
    let begin = Instant::now();
    loop {
        let all = rig.store.deliveries_of(run).await.unwrap();
        assert!(all.len() <= 1, "{all:?}");
        if let Some(delivery) = all.into_iter().next()
            && matches!(delivery.state, DeliveryState::Delivered | DeliveryState::GaveUp)
        {
            return delivery;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{run}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An address where nobody listens.
async fn nobody() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_is_what_openfaas_sends() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let (receiver, address) = Receiver::start().await;
    put(&rig, "answer", ANSWER).await;
    for (name, written) in [("answer", "answer"), ("answer.playground", "answer.playground")] {
        let submitted = submit(&admin, name, &format!("http://{address}/a%2Fb?x=1&x=2;y")).await;
        assert_eq!(delivery(&rig, &submitted).await.state, DeliveryState::Delivered);
        let got = receiver.received().pop().unwrap();
        assert_eq!(
            (got.method.as_str(), got.target.as_str(), &got.body[..]),
            ("POST", "/a%2Fb?x=1&x=2;y", &[0, 255][..])
        );
        for (header, value) in [
            ("content-type", Some("application/octet-stream")),
            ("x-mine", Some("yes")),
            ("x-function-status", Some("201")),
            ("x-function-name", Some(written)),
            ("x-call-id", Some("my/own id")),
            ("x-gone", None),
            ("authorization", None),
        ] {
            assert_eq!(got.header(header), value, "{header}: {got:?}");
        }
        let cookies: Vec<_> = got.headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        for once in [
            "x-function-status",
            "x-call-id",
            "x-duration-seconds",
            "content-length",
        ] {
            assert_eq!(got.headers.get_all(once).iter().count(), 1, "{once}");
        }
        let seconds = got.header("x-duration-seconds").unwrap();
        let (whole, part) = seconds.split_once('.').unwrap();
        assert!(
            whole.parse::<u32>().is_ok() && part.len() == 6 && part.parse::<u32>().is_ok(),
            "{seconds}"
        );
    }
    assert_eq!(receiver.received().len(), 2, "once each");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_a_callback_is_kept_whoever_is_called() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let (receiver, address) = Receiver::start().await;
    let (elsewhere, there) = Receiver::start().await;
    let gone = nobody().await;
    let rules = DeliveryRules {
        timeout_s: 1,
        ..DeliveryRules::default()
    };
    rig.engine.deliveries().set_rules(rules).await.unwrap();
    put(&rig, "answer", ANSWER).await;
    let table = [
        ("/", None, None, 1),
        ("/500", Some(500), Some("It answered 500."), 1),
        ("/hang", None, Some("There was no answer within 1 s."), 1),
        (
            &format!("/302/{}", there.port()),
            Some(302),
            Some("It answered 302; redirects are not followed."),
            1,
        ),
        (
            &format!("/302/{}", gone.port()),
            Some(302),
            Some("It answered 302; redirects are not followed."),
            1,
        ),
        ("gone", None, Some("No connection to"), 0),
    ];
    for (path, status, error, comes) in table {
        let before = receiver.received().len();
        let url = match path {
            "gone" => format!("http://{gone}/"),
            path => format!("http://{address}{path}"),
        };
        let submitted = submit(&admin, "answer", &url).await;
        let ended = delivery(&rig, &submitted).await;
        let full = rig.store.delivery(&ended.id).await.unwrap().unwrap();
        let last = full.history.last().unwrap();
        let told = last.error.clone().unwrap_or_default();
        match error {
            None => assert_eq!(
                (ended.state, told.as_str()),
                (DeliveryState::Delivered, ""),
                "{path}"
            ),
            Some(error) => {
                assert!(told.starts_with(error), "{path}: {told}");
                assert_eq!(
                    (ended.state, last.status),
                    (DeliveryState::GaveUp, status),
                    "{path}"
                );
            }
        }
        assert_eq!(full.history.len(), 1, "{path}");
        assert_eq!(receiver.received().len() - before, comes, "{path}");
        // What the function answered is kept all the same.
        let record = rig.store.activation(run_of(&submitted)).await.unwrap().unwrap();
        assert_eq!(record.summary.status, Status::Success, "{path}");
        assert!(record.result.is_some(), "{path}");
    }
    assert!(elsewhere.received().is_empty());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_that_the_function_answers_is_followed_before_the_callback() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let (receiver, address) = Receiver::start().await;
    let (elsewhere, there) = Receiver::start().await;
    let gone = nobody().await;
    for (name, to) in [("alive", there), ("dead", gone)] {
        let source = format!(
            "function main() {{ return {{ statusCode: 302, headers: {{ location: 'http://{to}/next?a=1' }} }} }}"
        );
        put(&rig, name, &source).await;
    }
    let url = format!("http://{address}/");
    let submitted = submit(&admin, "alive", &url).await;
    assert_eq!(delivery(&rig, &submitted).await.state, DeliveryState::Delivered);
    let submitted = submit(&admin, "dead", &url).await;
    assert_eq!(delivery(&rig, &submitted).await.state, DeliveryState::Delivered);
    let told: Vec<_> = receiver
        .received()
        .iter()
        .map(|got| {
            let header = |name| got.header(name).unwrap_or_default().to_owned();
            (
                header("x-function-name"),
                header("x-function-status"),
                got.body.to_vec(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("alive".to_owned(), "200".to_owned(), b"told".to_vec()),
            ("dead".to_owned(), "503".to_owned(), Vec::new()),
        ]
    );
    let asked = elsewhere.received();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (asked[0].method.as_str(), asked[0].target.as_str()),
        ("GET", "/next?a=1")
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_is_called_back_and_another_one_asynchronously() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let address: SocketAddr = rig.url.trim_start_matches("http://").parse().unwrap();
    rig.engine.deliveries().set_gateway(address);
    put(&rig, "first", "function main() { return { statusCode: 203, body: 'from first', headers: { 'content-type': 'text/x-mine' } } }").await;
    put(&rig, "tell", TELL).await;
    for (route, status) in [("function", 200), ("async-function", 202)] {
        let submitted = submit(&admin, "first", &format!("{}/{route}/tell/sub?q=1", rig.url)).await;
        let ended = delivery(&rig, &submitted).await;
        let full = rig.store.delivery(&ended.id).await.unwrap().unwrap();
        assert_eq!(
            (ended.state, full.history[0].status),
            (DeliveryState::Delivered, Some(status)),
            "{route}: {full:?}"
        );
        let next = full.history[0]
            .response_headers
            .iter()
            .find(|(name, _)| name == "x-activation-id");
        let next: ActivationId = next.unwrap().1.parse().unwrap();
        let begin = Instant::now();
        let record = loop {
            let record = rig.store.activation(next).await.unwrap();
            if let Some(record) = record.filter(|record| record.summary.status.is_final()) {
                break record;
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "{route}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(record.summary.cause, Cause::Callback, "{route}");
        let told: Value = record.result.unwrap().to_value();
        let told = told.get("body").cloned().unwrap_or(told);
        assert_eq!(
            (&told["method"], &told["path"], &told["query"], &told["body"]),
            (
                &"post".into(),
                &"/sub".into(),
                &"q=1".into(),
                &"from first".into()
            ),
            "{route}: {told}"
        );
        let headers = &told["headers"];
        assert_eq!(
            (
                &headers["x-function-status"],
                &headers["x-function-name"],
                &headers["content-type"],
                &headers["x-call-id"]
            ),
            (
                &"203".into(),
                &"first".into(),
                &"text/x-mine".into(),
                &"my/own id".into()
            ),
            "{route}: {told}"
        );
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_is_slower_than_its_lease_is_run_and_called_back_once() {
    let rig = Rig::with(|config| config.lease = Duration::from_millis(300)).await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let (receiver, address) = Receiver::start().await;
    put(
        &rig,
        "slow",
        "async function main() { console.log('begun'); await new Promise(r => setTimeout(r, 3000)); return { body: 'done' } }",
    )
    .await;
    let submitted = submit(&admin, "slow", &format!("http://{address}/")).await;
    assert_eq!(delivery(&rig, &submitted).await.state, DeliveryState::Delivered);
    // Another call comes after it in every line: what was begun twice has ended twice when this one has.
    let after = submit(&admin, "slow", &format!("http://{address}/after")).await;
    assert_eq!(delivery(&rig, &after).await.state, DeliveryState::Delivered);
    let targets: Vec<_> = receiver.received().into_iter().map(|got| got.target).collect();
    assert_eq!(targets, ["/", "/after"]);
    let record = rig.store.activation(run_of(&submitted)).await.unwrap().unwrap();
    assert_eq!((record.attempts, record.logs.len()), (1, 1), "{record:?}");
    rig.stop().await;
}
