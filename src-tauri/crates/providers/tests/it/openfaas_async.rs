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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_is_not_put_off_by_what_happens_elsewhere() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    rig.store.map_image("process", None).await.unwrap();
    let function = json!({
        "service": "talk", "image": "process", "envProcess": "sh -c echo${IFS}begun>&2;sleep${IFS}1000",
        "envVars": { "combine_output": "false" } });
    let made = admin.send(Method::POST, "/system/functions", &function).await;
    assert_eq!(made.status, 202, "{made:?}");
    let follow = admin.request(Method::GET, "/system/logs?name=talk&follow=1");
    let mut follower = follow.send().await.unwrap().bytes_stream();
    // One event after the other, much closer together than a follower's looks at what is being written.
    let store = rig.store.clone();
    let elsewhere = tokio::spawn(async move {
        loop {
            store.publish(beckon_core::Event::Engine);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    submit(&admin, "talk", Some("talk")).await;
    let mut heard = String::new();
    while !heard.contains("begun") {
        let chunk = tokio::time::timeout(Duration::from_secs(60), follower.next()).await;
        heard.push_str(std::str::from_utf8(&chunk.unwrap().unwrap().unwrap()).unwrap());
    }
    elsewhere.abort();
    assert_eq!(cancel(&admin, "talk").await, 202);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_told_up_to_a_size() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    deploy(&rig, &admin, "wrote", "cat", "1").await;
    let submitted = submit(&admin, "wrote", None).await;
    let last = record(&rig, &submitted, |record| record.summary.status.is_final()).await;
    // Ten runs before it that wrote 4 MiB each.
    let mut runs = Vec::new();
    for back in 1..=10 {
        let mut run = last.clone();
        run.summary.id = beckon_core::ActivationId::new();
        run.summary.start -= back * 1000;
        run.summary.end = Some(run.summary.start + 1);
        run.logs = vec![beckon_core::LogLine {
            at_us: run.summary.start * 1000,
            stream: beckon_core::LogStream::Stderr,
            text: format!("run {back} {}", "x".repeat(4 << 20)),
        }];
        runs.push(run);
    }
    rig.store.record_all(runs).await.unwrap();
    let told = send(admin.request(Method::GET, "/system/logs?name=wrote&since=2000-01-01T00:00:00Z")).await;
    assert_eq!(told.status, 200);
    let size = told.text.len();
    assert!((12 << 20..24 << 20).contains(&size), "{size}");
    assert!(
        told.text.contains("run 1 x") && !told.text.contains("run 10 x"),
        "the newest"
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_token_has_called_is_not_cancelled_without_one() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    deploy(&rig, &admin, "slow", "sleep 1000", "1").await;
    let key = beckon_core::FunctionKey::new("playground", "slow").unwrap();
    let mut locked =
        beckon_core::NewFunction::from((*rig.store.function(&key).await.unwrap().unwrap()).clone());
    locked.annotations.push(beckon_core::NamedJson {
        key: "require-whisk-auth".into(),
        value: beckon_core::JsonText::parse("true").unwrap(),
    });
    let expect = beckon_store::Expect::Any;
    rig.engine.put_function(&key, locked, expect).await.unwrap();
    let token = rig.api().await.key.unwrap();
    let (user, password) = token.split_once(':').unwrap();
    let call = || {
        let request = admin.http.post(format!("{}/async-function/slow", admin.url));
        request.header("x-call-id", "mine")
    };
    assert_eq!(send(call()).await.status, 401);
    let submitted = send(call().basic_auth(user, Some(password))).await;
    assert_eq!(submitted.status, 202);
    record(&rig, &submitted, |record| {
        record.summary.status == Status::Running
    })
    .await;
    assert_eq!(cancel(&admin, "mine").await, 404);
    let now = record(&rig, &submitted, |_| true).await;
    assert_eq!(now.summary.status, Status::Running);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_has_one_schedule_however_it_is_deployed() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    deploy(&rig, &admin, "ticks", "cat", "1").await;
    let put = |minute: u32| {
        let function = json!({
            "service": "ticks", "image": "process", "envProcess": "cat",
            "annotations": { "topic": "cron-function", "schedule": format!("{minute} 1 1 1 *") },
        });
        let admin = admin.clone();
        async move {
            admin
                .send(Method::PUT, "/system/functions", &function)
                .await
                .status
        }
    };
    for round in 0..5 {
        let all = futures_util::future::join_all((0..8).map(|n| put(round * 8 + n))).await;
        assert!(all.contains(&202), "{all:?}");
        let schedules = rig.engine.schedules(None).await.unwrap();
        assert_eq!(schedules.len(), 1, "{schedules:?}");
        let gone = json!({ "service": "ticks", "image": "process", "envProcess": "cat" });
        assert_eq!(
            admin.send(Method::PUT, "/system/functions", &gone).await.status,
            202
        );
        assert!(rig.engine.schedules(None).await.unwrap().is_empty());
    }
    rig.stop().await;
}
