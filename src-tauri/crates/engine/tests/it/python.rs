//! Python functions under every contract that takes Python, with the real interpreter.

use std::collections::HashSet;
use std::time::Duration;

use crate::support::*;
use beckon_core::{Contract, NewFunction, Status};
use beckon_engine::{Invocation, Outcome, Payload, Reply};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

fn contract(source: &str, contract: Contract) -> NewFunction {
    let mut new = function("python:default", source);
    new.contract = contract;
    new
}

fn call(name: &str, request: Request<Bytes>) -> Invocation {
    Invocation {
        payload: Payload::Http(Box::new(request)),
        ..invocation(name, "{}")
    }
}

fn request(method: &str, uri: &str, kind: &str, body: &'static [u8]) -> Request<Bytes> {
    let request = Request::builder().method(method).uri(uri);
    let request = request.header("content-type", kind).header("x-own", "yes");
    request.body(Bytes::from_static(body)).unwrap()
}

fn get(uri: &str) -> Request<Bytes> {
    request("GET", uri, "text/plain", b"")
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

/// Status, content type and body.
async fn told(rig: &Rig, name: &str, request: Request<Bytes>) -> (u16, String, String) {
    let answer = response(rig, name, request).await;
    let kind = answer.headers().get("content-type");
    (
        answer.status().as_u16(),
        kind.map(|kind| kind.to_str().unwrap().to_owned())
            .unwrap_or_default(),
        String::from_utf8(answer.body().to_vec()).unwrap(),
    )
}

fn is(found: &(u16, String, String), status: u16, kind: &str, body: &str) {
    assert_eq!(
        (found.0, found.1.as_str(), found.2.as_str()),
        (status, kind, body)
    );
}

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scaleway_events_and_answers() {
    let rig = Rig::new().await;
    let source = r#"
def handle(event, context):
    path = event["path"]
    if path == "/raise":
        raise ValueError("no")
    if path == "/text":
        return "plain é"
    if path == "/object":
        return {"a": 1}
    if path == "/none":
        return None
    if path == "/binary":
        return {"statusCode": 200, "isBase64Encoded": True, "body": "/wA="}
    if path == "/bad":
        return {"statusCode": 200, "body": object()}
    return {"statusCode": 201, "headers": {"X-Two": ["a", "b"]}, "body": {"event": event, "context": context}}
"#;
    rig.put("f", contract(source, Contract::Scaleway)).await;
    let answer = response(
        &rig,
        "f",
        request("POST", "/a%20b?x=1&x=2&y=", "text/plain", b"hello"),
    )
    .await;
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers().get_all("x-two").iter().count(), 2);
    let all: Value = serde_json::from_slice(answer.body()).unwrap();
    let event = &all["event"];
    assert_eq!(
        (&event["httpMethod"], &event["path"]),
        (&json!("POST"), &json!("/a%20b"))
    );
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("hello"), &json!(false))
    );
    assert_eq!(event["queryStringParameters"], json!({"x": "2", "y": ""}));
    assert_eq!(
        (&event["headers"]["x-own"], &event["stageVariables"]),
        (&json!("yes"), &json!({}))
    );
    assert!(event["multiValueHeaders"].is_null());
    assert_eq!(all["context"]["memoryLimitInMb"], 256);
    let answer = response(&rig, "f", request("POST", "/", "image/png", b"\xff\x00")).await;
    let all: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(
        (&all["event"]["body"], &all["event"]["isBase64Encoded"]),
        (&json!("/wA="), &json!(true))
    );
    is(&told(&rig, "f", get("/text")).await, 200, TEXT, "plain é");
    is(&told(&rig, "f", get("/object")).await, 200, JSON, "{\"a\":1}");
    is(&told(&rig, "f", get("/none")).await, 200, "", "");
    assert_eq!(&response(&rig, "f", get("/binary")).await.body()[..], b"\xff\x00");
    let failed = "An error occured during handler execution: no";
    is(&told(&rig, "f", get("/raise")).await, 500, TEXT, failed);
    assert_eq!(response(&rig, "f", get("/bad")).await.status(), 500);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python3_http_events_and_answers() {
    let rig = Rig::new().await;
    let source = r#"
def handle(event, context):
    if event.path == "/raise":
        raise ValueError("no")
    if event.path == "/none":
        return None
    if event.path == "/text":
        return "hi"
    if event.path == "/pair":
        return "made", 201
    if event.path == "/triple":
        return {"b": 1, "a": 2}, "404 Not Found", [("X-A", "1"), ("X-A", "2")]
    if event.path == "/pieces":
        return (piece for piece in ["a", "b"])
    if event.path == "/bytes":
        return {"body": b"\xff", "headers": {"Content-type": "application/octet-stream"}}
    if event.path == "/pairs":
        return {"body": "x", "headers": [("Set-Cookie", "a"), ("Set-Cookie", "b")]}
    if event.path == "/nothing":
        return 5
    assert isinstance(event.body, bytes)
    return {"statusCode": 203, "body": {
        "body": event.body.decode(), "method": event.method, "path": event.path, "first": event.query["x"],
        "all": event.query.getlist("x"), "number": event.query.get("x", type=int), "none": event.query.get("z", "d"),
        "header": event.headers["X-OWN"], "names": dict(event.headers).get("X-Own"), "host": context.hostname}}
"#;
    rig.put("f", contract(source, Contract::Openfaas)).await;
    let found = told(&rig, "f", request("PUT", "/p%20q?x=1&x=2", "text/plain", b"body")).await;
    assert_eq!((found.0, found.1.as_str()), (203, JSON));
    let all: Value = serde_json::from_str(&found.2).unwrap();
    let wanted = json!({"body": "body", "method": "PUT", "path": "/p q", "first": "1", "all": ["1", "2"],
        "number": 1, "none": "d", "header": "yes", "names": "yes", "host": "localhost"});
    assert_eq!(all, wanted);
    is(&told(&rig, "f", get("/none")).await, 200, HTML, "");
    is(&told(&rig, "f", get("/text")).await, 200, HTML, "hi");
    is(&told(&rig, "f", get("/pair")).await, 201, HTML, "made");
    is(&told(&rig, "f", get("/pieces")).await, 200, HTML, "ab");
    let answer = response(&rig, "f", get("/triple")).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.body()[..]),
        (404, &b"{\"a\":2,\"b\":1}\n"[..])
    );
    assert_eq!(answer.headers().get_all("x-a").iter().count(), 2);
    assert_eq!(&response(&rig, "f", get("/bytes")).await.body()[..], b"\xff");
    let answer = response(&rig, "f", get("/pairs")).await;
    assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
    for path in ["/raise", "/nothing"] {
        let found = told(&rig, "f", get(path)).await;
        assert_eq!((found.0, found.1.as_str()), (500, HTML));
        assert!(found.2.contains("<title>500 Internal Server Error</title>"));
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python3_flask_takes_text_or_bytes() {
    let rig = Rig::new().await;
    let source = "def handle(req):\n    return type(req).__name__ + ' ' + str(len(req)), 202\n";
    let mut new = contract(source, Contract::OpenfaasFlask);
    rig.put("text", new.clone()).await;
    new.env.push(("RAW_BODY".into(), "True".into()));
    rig.put("raw", new).await;
    let body = "é".as_bytes();
    is(
        &told(&rig, "text", request("POST", "/", "text/plain", body)).await,
        202,
        HTML,
        "str 1",
    );
    is(
        &told(&rig, "raw", request("POST", "/", "text/plain", body)).await,
        202,
        HTML,
        "bytes 2",
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spaces_requests_answers_and_exceptions() {
    let rig = Rig::new().await;
    let source = r#"
import asyncio

async def handle(req):
    await asyncio.sleep(0)
    if req.path == "/old":
        return {"statusCode": 202, "body": "old"}
    if req.path == "/crash":
        return 1 / 0
    if req.path == "/own":
        return {"status_code": 500, "body": "mine"}
    return {"status_code": 201, "headers": {"X-Own": "1"}, "body": [
        req.method, req.body.decode(), req.headers.get("x-own"), req.query.getlist("a"), req.path]}
"#;
    rig.put("f", contract(source, Contract::Spaces)).await;
    let found = told(&rig, "f", request("PATCH", "/a/b?a=1&a=2", "text/plain", b"in")).await;
    is(&found, 201, JSON, r#"["PATCH","in","yes",["1","2"],"/a/b"]"#);
    is(&told(&rig, "f", get("/old")).await, 202, TEXT, "old");
    is(&told(&rig, "f", get("/own")).await, 500, TEXT, "mine");
    let run = call("f", get("/crash"));
    let id = run.id;
    let Outcome::Finished(ended) = rig.engine.invoke(run, None).await.unwrap() else {
        panic!("it was promoted");
    };
    let all: Value = serde_json::from_slice(ended.reply().clone().into_response().body()).unwrap();
    let wanted = json!({"error": {"status": 500, "message": "ZeroDivisionError at line 9: division by zero",
        "details": {"exception_type": "ZeroDivisionError", "exception_info": "division by zero",
            "exception_line_code": "return 1 / 0", "exception_line_number": 9}}});
    assert_eq!(all, wanted);
    rig.store.flush().await.unwrap();
    let record = rig.store.activation(id).await.unwrap().unwrap();
    assert_eq!(record.summary.status, Status::ApplicationError);
    assert!(
        logs(&record)
            .iter()
            .any(|line| line.contains("ZeroDivisionError"))
    );
    // The plain kind of handler too.
    let plain = "def handle(req):\n    return req.body\n";
    rig.put("plain", contract(plain, Contract::Spaces)).await;
    let answer = response(&rig, "plain", request("POST", "/", "x/y", b"\x00\xff")).await;
    assert_eq!(&answer.body()[..], b"\x00\xff");
    rig.stop().await;
}

/// Runs `count` at a time; each says which process it is in, its number, and its lines.
async fn together(rig: &Rig, name: &str, count: usize) -> HashSet<String> {
    let mut runs = Vec::new();
    for n in 0..count {
        let request = Request::post("/").body(Bytes::from(n.to_string())).unwrap();
        let (engine, run) = (rig.engine.clone(), call(name, request));
        runs.push(tokio::spawn(
            async move { engine.invoke(run, None).await.unwrap() },
        ));
    }
    let mut pids = HashSet::new();
    for (n, run) in runs.into_iter().enumerate() {
        let Outcome::Finished(ended) = run.await.unwrap() else {
            panic!("it was promoted");
        };
        let answer = ended.reply().clone().into_response();
        let body = String::from_utf8(answer.body().to_vec()).unwrap();
        let (pid, own) = body.split_once(' ').unwrap();
        pids.insert(pid.to_owned());
        assert_eq!(own, n.to_string());
        let lines = logs(&ended.activation());
        assert_eq!(
            lines,
            (0..3).map(|i| format!("o:line {i} of {n}")).collect::<Vec<_>>()
        );
    }
    pids
}

fn shared(source: &str, kind: Contract) -> NewFunction {
    let mut new = contract(source, kind);
    new.settings.runs_per_worker = 16;
    new.limits.concurrency = 1;
    new
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_share_a_worker_on_threads_and_keep_their_own_logs() {
    let rig = Rig::new().await;
    let source = r#"
import os, random, threading, time
meet = threading.Barrier(16)
def handle(event, context):
    meet.wait(60)
    for i in range(3):
        print("line", end=" ")
        time.sleep(random.random() / 50)
        print(i, "of", event["body"])
    return "%d %s" % (os.getpid(), event["body"])
"#;
    rig.put("f", shared(source, Contract::Scaleway)).await;
    assert_eq!(together(&rig, "f", 16).await.len(), 1);
    assert_eq!(together(&rig, "f", 16).await.len(), 1);
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

/// The thread that reads makes quick calls itself: one that is not must not keep the others waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_for_another_is_no_end_of_a_row_of_quick_ones() {
    let rig = Rig::new().await;
    let source = r#"
import threading
said = threading.Event()
def handle(event, context):
    if event["body"] == "wait":
        if not said.wait(30):
            raise RuntimeError("nobody came")
        said.clear()
    elif event["body"] == "say":
        said.set()
    return event["body"]
"#;
    rig.put("f", shared(source, Contract::Scaleway)).await;
    for quick in [1, 100, 200, 300] {
        for _ in 0..quick {
            is(&told(&rig, "f", request_of(b"quick")).await, 200, TEXT, "quick");
        }
        let late = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            told(&rig, "f", request_of(b"say")).await
        };
        let (waited, said) = tokio::join!(told(&rig, "f", request_of(b"wait")), late);
        is(&waited, 200, TEXT, "wait");
        is(&said, 200, TEXT, "say");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_share_an_event_loop_and_keep_their_own_logs() {
    let rig = Rig::new().await;
    let source = r#"
import asyncio, os, random
inside = 0
meet = None
async def handle(req):
    global inside, meet
    if meet is None:
        meet = asyncio.Event()
    inside += 1
    if inside == 16:
        meet.set()
    await meet.wait()
    for i in range(3):
        print("line", end=" ")
        await asyncio.sleep(random.random() / 50)
        print(i, "of", req.body.decode())
    return "%d %s" % (os.getpid(), req.body.decode())
"#;
    rig.put("f", shared(source, Contract::Spaces)).await;
    assert_eq!(together(&rig, "f", 16).await.len(), 1);
    // A body in many pieces, and one after it.
    let echo = "async def handle(req):\n    return {'body': req.body, 'status_code': 200}\n";
    rig.put("echo", shared(echo, Contract::Spaces)).await;
    let large = Bytes::from(vec![7; 3_000_000]);
    for _ in 0..2 {
        let request = Request::post("/").body(large.clone()).unwrap();
        assert_eq!(response(&rig, "echo", request).await.body(), &large);
        let small = response(&rig, "echo", request_of(b"small")).await;
        assert_eq!(&small.body()[..], b"small");
    }
    rig.stop().await;
}

fn request_of(body: &'static [u8]) -> Request<Bytes> {
    request("POST", "/", "text/plain", body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_worker_that_exits_fails_its_runs_and_is_replaced() {
    let rig = Rig::new().await;
    let source = r#"
import sys, time
def handle(event, context):
    if event["body"] == "exit":
        time.sleep(0.3)
        sys.exit(3)
    if event["body"] == "slow":
        time.sleep(60)
    return "fine"
"#;
    rig.put("f", shared(source, Contract::Scaleway)).await;
    is(&told(&rig, "f", request_of(b"")).await, 200, TEXT, "fine");
    let started = std::time::Instant::now();
    let (slow, exit) = tokio::join!(
        told(&rig, "f", request_of(b"slow")),
        told(&rig, "f", request_of(b"exit"))
    );
    assert_eq!((slow.0, exit.0), (500, 500));
    assert!(
        started.elapsed() < Duration::from_secs(50),
        "the slow one was not ended with its process"
    );
    is(&told(&rig, "f", request_of(b"")).await, 200, TEXT, "fine");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packages_begin_where_their_entry_point_says() {
    let rig = Rig::new().await;
    let files = [
        ("__main__.py", "raise RuntimeError('not this one')\n"),
        (
            "handler.py",
            "from lib import word\ndef handle(event, context):\n    return word\n",
        ),
        ("lib.py", "import dependency\nword = dependency.word\n"),
        ("package/dependency.py", "word = 'own library'\n"),
        (
            "src/app.py",
            "from . import near\ndef hello(event, context):\n    return near.word\n",
        ),
        ("src/near.py", "word = 'relative'\n"),
    ];
    for (name, main, word) in [
        ("usual", None, "own library"),
        ("named", Some("handler.handle"), "own library"),
        ("below", Some("src/app.hello"), "relative"),
    ] {
        let mut new = package("python:default", &files);
        new.contract = Contract::Scaleway;
        new.main = main.map(str::to_owned);
        rig.put(name, new).await;
        is(&told(&rig, name, get("/")).await, 200, TEXT, word);
    }
    let mut missing = package("python:default", &files);
    missing.contract = Contract::Scaleway;
    missing.main = Some("handler.nothing".to_owned());
    rig.put("missing", missing).await;
    let record = match rig.engine.invoke(call("missing", get("/")), None).await.unwrap() {
        Outcome::Finished(ended) => ended.activation(),
        Outcome::Promoted(id) => panic!("{id} was promoted"),
    };
    assert_eq!(record.summary.status, Status::DeveloperError);
    assert!(
        logs(&record).iter().any(|line| line.contains("nothing")),
        "{:?}",
        logs(&record)
    );
    rig.stop().await;
}
