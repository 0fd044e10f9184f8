//! OpenFaaS' asynchronous calls over real HTTP: cancelled by the id that their caller knows them by, and followed while
//! they run.

use std::time::{Duration, Instant};

use beckon_core::{Activation, Status, TokenScope};
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::json;

use crate::support::rig::{Admin, Answer, Rig, send};

/// Deploys a command as a function of the classic watchdog.
async fn deploy(rig: &Rig, admin: &Admin, name: &str, process: &str, most: &str) {
    rig.store.map_image("process", None).await.unwrap();
    let function = json!({
        "service": name, "image": "process", "envProcess": process,
        "labels": { "com.openfaas.scale.max": most },
    });
    let made = admin.send(Method::POST, "/system/functions", &function).await;
    assert_eq!(made.status, 202, "{made:?}");
}

async fn submit(admin: &Admin, name: &str, call_id: Option<&str>) -> Answer {
    let request = admin.http.post(format!("{}/async-function/{name}", admin.url));
    let request = match call_id {
        Some(id) => request.header("x-call-id", id),
        None => request,
    };
    let answer = send(request.body("in")).await;
    assert_eq!((answer.status, answer.text.as_str()), (202, ""), "{answer:?}");
    answer
}

async fn cancel(admin: &Admin, call_id: &str) -> u16 {
    let url = format!("{}/async-function/{call_id}", admin.url);
    send(admin.http.delete(url)).await.status
}

/// The record of a call, when it is as wanted.
async fn record(rig: &Rig, submitted: &Answer, wanted: impl Fn(&Activation) -> bool) -> Activation {
    let id = submitted.header("x-activation-id").unwrap().parse().unwrap();
    let begin = Instant::now();
    loop {
        let record = rig.store.activation(id).await.unwrap().unwrap();
        if wanted(&record) {
            return record;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{record:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_cancelled_by_its_id_while_it_waits_or_runs() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    deploy(&rig, &admin, "slow", "sleep 1000", "1").await;
    let running = submit(&admin, "slow", None).await;
    record(&rig, &running, |record| record.summary.status == Status::Running).await;
    let queued = submit(&admin, "slow", Some("mine/1 a")).await;
    // One name for several: a function that calls others passes its own on.
    let shared = [
        submit(&admin, "slow", Some("shared")).await,
        submit(&admin, "slow", Some("shared")).await,
    ];
    let other = submit(&admin, "slow", Some("other")).await;
    let is_cancelled = |record: &Activation| record.summary.status == Status::Cancelled;

    assert_eq!(cancel(&admin, "unknown").await, 404);
    assert_eq!(cancel(&admin, "shared").await, 202);
    for one in &shared {
        record(&rig, one, is_cancelled).await;
    }
    assert_eq!(cancel(&admin, "shared").await, 404, "they are over");
    assert_eq!(cancel(&admin, "mine%2F1%20a").await, 202);
    record(&rig, &queued, is_cancelled).await;

    // One that runs: its process goes, and the next in line has its place.
    assert_eq!(cancel(&admin, running.header("x-call-id").unwrap()).await, 202);
    record(&rig, &running, is_cancelled).await;
    record(&rig, &other, |record| record.summary.status == Status::Running).await;
    assert_eq!(cancel(&admin, "other").await, 202);
    record(&rig, &other, is_cancelled).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_hears_a_run_while_it_lasts_and_goes_when_beckon_stops() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    // Split at spaces, so that there is none in what the shell is to do.
    let talk = "sh -c echo${IFS}begun>&2;sleep${IFS}1000";
    rig.store.map_image("process", None).await.unwrap();
    let function = json!({
        "service": "talk", "image": "process", "envProcess": talk, "envVars": { "combine_output": "false" } });
    let made = admin.send(Method::POST, "/system/functions", &function).await;
    assert_eq!(made.status, 202, "{made:?}");
    let follow = admin.request(Method::GET, "/system/logs?name=talk&follow=1");
    let mut follower = follow.send().await.unwrap().bytes_stream();
    let running = submit(&admin, "talk", Some("talk")).await;
    let mut heard = String::new();
    while !heard.contains("begun") {
        let chunk = tokio::time::timeout(Duration::from_secs(60), follower.next()).await;
        heard.push_str(std::str::from_utf8(&chunk.unwrap().unwrap().unwrap()).unwrap());
    }
    let now = record(&rig, &running, |_| true).await;
    // That it runs may be written down a moment later.
    assert!(!now.summary.status.is_final(), "heard before it is over");
    let forking = heard.find("Forking fprocess.").unwrap();
    assert!(forking < heard.find("begun").unwrap(), "{heard}");

    // What is told at its end is what was not told yet.
    assert_eq!(cancel(&admin, "talk").await, 202);
    record(&rig, &running, |record| {
        record.summary.status == Status::Cancelled
    })
    .await;
    let second = submit(&admin, "talk", Some("second")).await;
    let id = second.header("x-activation-id").unwrap();
    while !(heard.contains(id) && heard.rfind("begun") > heard.rfind(id)) {
        let chunk = tokio::time::timeout(Duration::from_secs(60), follower.next()).await;
        heard.push_str(std::str::from_utf8(&chunk.unwrap().unwrap().unwrap()).unwrap());
    }
    assert_eq!(heard.matches("begun").count(), 2, "{heard}");

    // Nothing but the stop of the engine ends the answer: the server goes on.
    rig.engine.shutdown(Duration::from_secs(1)).await;
    let rest = tokio::time::timeout(Duration::from_secs(60), follower.collect::<Vec<_>>()).await;
    assert!(rest.unwrap().iter().all(Result::is_ok));
    rig.stop().await;
}
