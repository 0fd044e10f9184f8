//! Responses that their callers have while the function is still writing them.

use crate::support::*;
use beckon_core::{Contract, Mode, NewFunction, Status};
use beckon_engine::{HTTP_LIMIT, Invocation, LiveBody, LiveOutcome, Payload};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;

/// `/go` lets the response that is held go on; `/die` ends the process in the middle of one.
const SERVER: &str = r#"#!/usr/bin/env node
const http = require('http');
let held;
http.createServer((request, response) => {
  if (request.url === '/go') { held.end('data: 2\n\n'); return response.end(); }
  if (request.url === '/left') { return response.end(String(held.destroyed)); }
  if (request.url !== '/typed') response.setHeader('Content-Type', 'text/plain');
  else response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  response.setHeader('X-Own', 'yes');
  response.write('data: 1\n\n');
  held = response;
  if (request.url === '/die') setTimeout(() => process.exit(3), 50);
  if (request.url === '/last') response.end('x'.repeat(2000000), () => process.exit(0));
  if (request.url === '/long') response.end('é'.repeat(4000000));
}).listen(Number(process.env.http_port), '127.0.0.1');
"#;

fn watchdog(contract: Contract, source: &str) -> NewFunction {
    let mut new = function("shell:default", source);
    new.contract = contract;
    new.settings.runs_per_worker = 8;
    new
}

fn get(name: &str, path: &str, accept: &str) -> Invocation {
    let request = Request::get(path).header("accept", accept);
    Invocation {
        payload: Payload::Http(Box::new(request.body(Bytes::new()).unwrap())),
        ..invocation(name, "{}")
    }
}

async fn live(rig: &Rig, invocation: Invocation) -> Response<LiveBody> {
    match rig.engine.invoke_live(invocation, None).await.unwrap() {
        LiveOutcome::Live(response) => response,
        LiveOutcome::Whole(outcome) => panic!("not live: {outcome:?}"),
    }
}

async fn whole(rig: &Rig, path: &str) -> String {
    let outcome = rig.engine.invoke_live(get("http", path, "*/*"), None).await;
    let LiveOutcome::Whole(beckon_engine::Outcome::Finished(ended)) = outcome.unwrap() else {
        panic!("live or late");
    };
    let response = ended.reply().clone().into_response();
    String::from_utf8(response.into_body().to_vec()).unwrap()
}

async fn piece(body: &mut LiveBody) -> String {
    let frame = body.frame().await.expect("a piece").unwrap();
    String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
}

const STREAM: &str = "text/event-stream";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_arrive_while_the_function_writes_them() {
    let rig = Rig::new().await;
    rig.put("http", watchdog(Contract::WatchdogHttp, SERVER)).await;
    // Asked for by the caller, or typed so by the function.
    for (path, accept) in [("/asked", STREAM), ("/typed", "*/*")] {
        let invocation = get("http", path, accept);
        let id = invocation.id;
        let mut response = live(&rig, invocation).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["x-own"]),
            (200, &"yes".parse::<http::HeaderValue>().unwrap())
        );
        assert!(!response.headers().contains_key("transfer-encoding"));
        // The rest is written only after this has been read.
        assert_eq!(piece(response.body_mut()).await, "data: 1\n\n");
        assert_eq!(whole(&rig, "/go").await, "");
        assert_eq!(piece(response.body_mut()).await, "data: 2\n\n");
        assert!(response.body_mut().frame().await.is_none());
        let record = rig.ended(id).await;
        assert_eq!(
            (record.summary.status, record.summary.mode),
            (Status::Success, Mode::Blocking)
        );
        assert_eq!(record.result_bytes, 18);
        assert!(record.result.unwrap().as_str().contains("data: 2"));
    }
    let gate = rig.data.path().join("gate").display().to_string();
    let script = "echo 1; while [ ! -e \"$gate\" ]; do sleep 0.02; done; echo 2; exit 3";
    let mut new = watchdog(Contract::WatchdogStreaming, script);
    new.env.push(("gate".to_owned(), gate.clone()));
    new.settings.watchdog.content_type = Some("application/x-ndjson".to_owned());
    rig.put("fork", new).await;
    let mut response = live(&rig, get("fork", "/", "*/*")).await;
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    assert_eq!(piece(response.body_mut()).await, "1\n");
    std::fs::write(gate, "").unwrap();
    // As of-watchdog does: what was written stands, and the record has the exit code.
    assert_eq!(piece(response.body_mut()).await, "2\n");
    assert!(response.body_mut().frame().await.is_none());
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_that_breaks_off_says_so_and_a_caller_who_leaves_ends_it() {
    let rig = Rig::new().await;
    rig.put("http", watchdog(Contract::WatchdogHttp, SERVER)).await;
    let invocation = get("http", "/die", STREAM);
    let id = invocation.id;
    let mut response = live(&rig, invocation).await;
    assert_eq!(piece(response.body_mut()).await, "data: 1\n\n");
    assert!(response.body_mut().frame().await.unwrap().is_err());
    let record = rig.ended(id).await;
    assert_eq!(record.summary.status, Status::DeveloperError);
    // What its caller got is in the record.
    assert!(record.result_truncated && record.result.unwrap().as_str().contains("data: 1"));

    // One that wrote all of its response and is gone has answered, however slowly that is read.
    let mut response = live(&rig, get("http", "/last", STREAM)).await;
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    let mut length = 0;
    while let Some(frame) = response.body_mut().frame().await {
        length += frame.unwrap().into_data().unwrap().len();
    }
    assert_eq!(length, 9 + 2_000_000);

    let invocation = get("http", "/left-alone", STREAM);
    let id = invocation.id;
    let mut response = live(&rig, invocation).await;
    assert_eq!(piece(response.body_mut()).await, "data: 1\n\n");
    drop(response);
    let record = rig.ended(id).await;
    assert_eq!(record.summary.status, Status::Cancelled);
    assert!(logs(&record)[0].contains("the caller went away"));
    // The process is told, and stays.
    wait_for(async || whole(&rig, "/left").await == "true").await;

    rig.put(
        "fork",
        watchdog(Contract::WatchdogStreaming, "echo 1; sleep 1000"),
    )
    .await;
    let invocation = get("fork", "/", STREAM);
    let id = invocation.id;
    let mut response = live(&rig, invocation).await;
    assert_eq!(piece(response.body_mut()).await, "1\n");
    drop(response);
    assert_eq!(rig.ended(id).await.summary.status, Status::Cancelled);
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caller_gets_all_and_the_record_what_it_may_keep() {
    let rig = Rig::new().await;
    rig.put("http", watchdog(Contract::WatchdogHttp, SERVER)).await;
    let invocation = get("http", "/long", STREAM);
    let id = invocation.id;
    let all = live(&rig, invocation).await.into_body().collect().await.unwrap();
    assert_eq!(all.to_bytes().len(), 8_000_009);
    let record = rig.ended(id).await;
    assert_eq!((record.result_bytes, record.result_truncated), (8_000_009, true));
    assert_eq!(record.summary.status, Status::Success);
    assert!(record.result.unwrap().as_str().len() <= HTTP_LIMIT + 1024);
    rig.stop().await;
}
