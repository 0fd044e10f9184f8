//! Functions that take a request and give a response, and several runs in one worker.

use crate::support::*;
use beckon_core::{BodyForm, Contract, Status};
use beckon_engine::{Invocation, Outcome, Payload, Reply};
use bytes::Bytes;
use http::{Request, Response};

fn contract(source: &str, contract: Contract) -> beckon_core::NewFunction {
    let mut new = function("nodejs:default", source);
    new.contract = contract;
    new
}

fn call(name: &str, request: Request<Bytes>) -> Invocation {
    Invocation {
        payload: Payload::Http(Box::new(request)),
        ..invocation(name, "{}")
    }
}

fn post(uri: &str, kind: &str, body: &'static [u8]) -> Request<Bytes> {
    Request::post(uri)
        .header("content-type", kind)
        .header("authorization", "Bearer hush")
        .body(Bytes::from_static(body))
        .unwrap()
}

async fn response(rig: &Rig, name: &str, request: Request<Bytes>) -> Response<Bytes> {
    let Outcome::Finished(ended) = rig.engine.invoke(call(name, request), None).await.unwrap() else {
        panic!("it was promoted");
    };
    match ended.reply() {
        Reply::Http(response) => (**response).clone(),
        Reply::Json(json) => panic!("not a response: {json}"),
    }
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scaleway_events_and_answers() {
    let rig = Rig::new().await;
    let source = r#"exports.handle = (event, context, callback) => {
        if (event.path === '/callback') return callback(undefined, { statusCode: 202, body: 'later' });
        if (event.path === '/throw') throw new Error('no');
        if (event.path === '/text') return 'plain';
        if (event.path === '/object') return { a: 1 };
        if (event.path === '/binary') return { statusCode: 200, isBase64Encoded: true, body: '/wA=' };
        return { statusCode: 201, headers: { 'X-Two': ['a', 'b'] }, body: { event, context } };
    };"#;
    rig.put("f", contract(source, Contract::Scaleway)).await;
    let answer = response(&rig, "f", post("/a%20b?x=1&x=2", "text/plain", b"hello")).await;
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers().get_all("x-two").iter().count(), 2);
    let told: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    let event = &told["event"];
    assert_eq!(
        (&event["httpMethod"], &event["path"]),
        (&"POST".into(), &"/a%20b".into())
    );
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&"hello".into(), &false.into())
    );
    assert_eq!(event["queryStringParameters"]["x"], "2");
    assert_eq!(event["headers"]["authorization"], "Bearer hush");
    assert_eq!(told["context"]["memoryLimitInMb"], 256);
    let answer = response(&rig, "f", post("/", "image/png", b"\xff\x00")).await;
    assert!(text(&answer).contains(r#""body":"/wA=","isBase64Encoded":true"#));
    for (path, status, body) in [
        ("/callback", 202, "later"),
        ("/text", 200, "plain"),
        ("/object", 200, "{\"a\":1}"),
    ] {
        let answer = response(&rig, "f", post(path, "text/plain", b"")).await;
        assert_eq!((answer.status().as_u16(), text(&answer)), (status, body));
    }
    let answer = response(&rig, "f", post("/binary", "text/plain", b"")).await;
    assert_eq!(&answer.body()[..], b"\xff\x00");
    let answer = response(&rig, "f", post("/throw", "text/plain", b"")).await;
    assert_eq!(answer.status(), 500);
    assert!(text(&answer).starts_with("An error occured during handler execution: Error: no"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openfaas_events_and_answers() {
    let rig = Rig::new().await;
    let source = r#"module.exports = async (event, context) => {
        if (event.path === '/fail') return context.fail('bad');
        if (event.path === '/throw') throw new Error('no');
        return context.status(203).headers({ 'x-own': 'yes' }).succeed(event);
    };"#;
    rig.put("f", contract(source, Contract::Openfaas)).await;
    let answer = response(&rig, "f", post("/p/q?x=1&x=2", "application/json", b"{\"a\":1}")).await;
    assert_eq!(answer.status(), 203);
    assert_eq!(answer.headers()["x-own"], "yes");
    let event: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(event["body"]["a"], 1);
    assert_eq!(event["query"]["x"], serde_json::json!(["1", "2"]));
    assert_eq!(
        (&event["method"], &event["path"]),
        (&"POST".into(), &"/p/q".into())
    );
    for path in ["/fail", "/throw"] {
        assert_eq!(
            response(&rig, "f", post(path, "text/plain", b"")).await.status(),
            500
        );
    }
    let broken = response(&rig, "f", post("/", "application/json", b"{")).await;
    assert_eq!(broken.status(), 400);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_keep_what_went_over_http_but_no_credentials() {
    let rig = Rig::new().await;
    let source =
        "exports.handle = () => ({ statusCode: 418, headers: { 'set-cookie': 'hush' }, body: 'tea' })";
    rig.put("f", contract(source, Contract::Scaleway)).await;
    let run = call("f", post("/x?y=1", "application/octet-stream", b"\xfe"));
    let id = run.id;
    rig.engine.invoke(run, None).await.unwrap();
    rig.store.flush().await.unwrap();
    let record = rig.store.activation(id).await.unwrap().unwrap();
    let http = record.http.as_ref().unwrap();
    assert_eq!(
        (http.method.as_str(), http.path.as_str(), http.query.as_str()),
        ("POST", "/x", "y=1")
    );
    assert_eq!(
        (http.status, http.body, http.response_body),
        (Some(418), BodyForm::Base64, BodyForm::Text)
    );
    assert_eq!(record.result.as_ref().unwrap().as_str(), "\"tea\"");
    assert!(!format!("{record:?}").contains("hush"));
    assert_eq!(record.summary.status, Status::Success);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_door_reaches_either_contract() {
    let rig = Rig::new().await;
    rig.node(
        "args",
        "function main(args) { return { statusCode: 201, body: args.name + args.__ow_method } }",
    )
    .await;
    let request = Request::get("/?name=Ada").body(Bytes::new()).unwrap();
    let Outcome::Finished(ended) = rig.engine.invoke(call("args", request), None).await.unwrap() else {
        panic!("it was promoted");
    };
    let answer = ended.reply().clone().into_response();
    assert_eq!((answer.status().as_u16(), text(&answer)), (201, "Adaget"));

    let source = "exports.handle = (event) => ({ body: JSON.parse(event.body), statusCode: 200 })";
    rig.put("http", contract(source, Contract::Scaleway)).await;
    let Outcome::Finished(ended) = rig
        .engine
        .invoke(invocation("http", r#"{"n":1.50}"#), None)
        .await
        .unwrap()
    else {
        panic!("it was promoted");
    };
    assert_eq!(ended.json().as_str(), r#"{"n":1.5}"#);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_share_a_worker_and_keep_their_own_logs() {
    let rig = Rig::new().await;
    let source = r#"exports.handle = async (event) => {
        const n = event.body;
        for (let i = 0; i < 3; i++) {
            console.log('line', i, 'of', n);
            await new Promise((r) => setTimeout(r, 20 + Math.random() * 30));
        }
        return { statusCode: 200, body: process.pid + ' ' + n };
    };"#;
    let mut new = contract(source, Contract::Scaleway);
    new.settings.runs_per_worker = 16;
    new.limits.concurrency = 1;
    rig.put("f", new).await;
    let mut runs = Vec::new();
    for n in 0..16 {
        let request = Request::post("/").body(Bytes::from(n.to_string())).unwrap();
        let (engine, run) = (rig.engine.clone(), call("f", request));
        runs.push(tokio::spawn(
            async move { engine.invoke(run, None).await.unwrap() },
        ));
    }
    let mut pids = std::collections::HashSet::new();
    for (n, run) in runs.into_iter().enumerate() {
        let Outcome::Finished(ended) = run.await.unwrap() else {
            panic!("it was promoted");
        };
        let answer = ended.reply().clone().into_response();
        let (pid, body) = text(&answer).split_once(' ').unwrap();
        pids.insert(pid.to_owned());
        assert_eq!(body, n.to_string());
        let lines: Vec<String> = ended
            .activation()
            .logs
            .into_iter()
            .map(|line| line.text)
            .collect();
        assert_eq!(
            lines,
            (0..3).map(|i| format!("line {i} of {n}")).collect::<Vec<_>>()
        );
    }
    assert_eq!(pids.len(), 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_passes_its_deadline_does_not_take_the_others_along() {
    let rig = Rig::new().await;
    let source = r#"exports.handle = async (event) => {
        await new Promise((r) => setTimeout(r, Number(event.body)));
        return 'done';
    };"#;
    let mut new = contract(source, Contract::Scaleway);
    new.settings.runs_per_worker = 8;
    new.limits.concurrency = 1;
    new.limits.timeout_ms = 3000;
    rig.put("f", new).await;
    response(&rig, "f", post("/", "text/plain", b"1")).await; // warm
    let body = |ms: &'static str| {
        Request::post("/")
            .body(Bytes::from_static(ms.as_bytes()))
            .unwrap()
    };
    let (late, good) = tokio::join!(response(&rig, "f", body("60000")), async {
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        response(&rig, "f", body("2500")).await
    });
    assert_eq!((late.status().as_u16(), good.status().as_u16()), (504, 200));
    // The worker with the stuck run is replaced.
    assert_eq!(text(&response(&rig, "f", body("1")).await), "done");
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}
