//! Accepted runs: durable, fair, recovered.

use std::sync::Arc;
use std::time::Duration;

use crate::retries::Witness;
use crate::support::*;
use beckon_core::{ActivationId, Clock, ErrorCode, Limits, LostPolicy, Mode, Status};
use beckon_store::Store;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepted_runs_run_and_are_recorded() {
    let rig = Rig::new().await;
    rig.node("f", "function main(a) { console.log('n', a.n); return {n: a.n, id: process.env.__OW_ACTIVATION_ID, t: process.env.__OW_TRANSACTION_ID} }").await;
    let mut ids = Vec::new();
    for n in 0..40 {
        let mut call = invocation("f", &format!(r#"{{"n":{n}}}"#));
        call.transaction_id = Some(format!("t{n}"));
        ids.push(rig.engine.accept(call).await.unwrap());
        assert!(
            rig.store.activation(ids[n]).await.unwrap().is_some(),
            "it is on disk when the caller has its id"
        );
    }
    for (n, id) in ids.into_iter().enumerate() {
        let record = rig.ended(id).await;
        expect(
            &record,
            Status::Success,
            &format!(r#"{{"n":{n},"id":"{id}","t":"t{n}"}}"#),
        );
        assert_eq!(
            (record.summary.mode, logs(&record)),
            (Mode::NonBlocking, vec![format!("o:n {n}")])
        );
        assert!(record.timing.wait_ms.is_some() && record.summary.end.is_some());
    }
    assert_eq!(rig.engine.status().queued, 0);
    assert_eq!(rig.store.queue_depth().await.unwrap(), 0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_lasts_longer_than_its_lease_is_run_once() {
    let rig = Rig::with(|config| config.lease = Duration::from_millis(300)).await;
    let mut slow = function(
        "python:default",
        "import time\ndef main(a):\n  time.sleep(2)\n  return {}",
    );
    // Of another policy it would be known as lost.
    slow.lost_policy = LostPolicy::Retry;
    rig.put("slow", slow).await;
    let mut once = function(
        "python:default",
        "import time\ndef main(a):\n  time.sleep(2)\n  return {}",
    );
    once.lost_policy = LostPolicy::Record;
    rig.put("once", once).await;
    let mut ids = Vec::new();
    for name in ["slow", "once"] {
        ids.push(rig.engine.accept(invocation(name, "{}")).await.unwrap());
    }
    for id in ids {
        let record = rig.ended(id).await;
        expect(&record, Status::Success, "{}");
        assert_eq!(record.attempts, 1);
    }
    assert_eq!(
        (rig.engine.status().total, rig.store.queue_depth().await.unwrap()),
        (2, 0)
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_function_is_in_nobodys_way() {
    let rig = Rig::new().await;
    let mut slow = function(
        "python:default",
        "import time\ndef main(a):\n  time.sleep(60)\n  return {}",
    );
    slow.limits = Limits {
        concurrency: 1,
        ..Limits::DEFAULT
    };
    rig.put("slow", slow).await;
    rig.shell("quick", "echo '{}'").await;
    let mut slow_ids = Vec::new();
    for _ in 0..5 {
        slow_ids.push(rig.engine.accept(invocation("slow", "{}")).await.unwrap());
    }
    for _ in 0..3 {
        let id = rig.engine.accept(invocation("quick", "{}")).await.unwrap();
        expect(&rig.ended(id).await, Status::Success, "{}");
    }
    // Of the slow ones, one has begun, and only that one says so.
    wait_for(async || {
        rig.store
            .activation(slow_ids[0])
            .await
            .unwrap()
            .unwrap()
            .summary
            .status
            == Status::Running
    })
    .await;
    for id in &slow_ids[1..] {
        assert_eq!(
            rig.store.activation(*id).await.unwrap().unwrap().summary.status,
            Status::Queued
        );
    }
    assert_eq!(rig.engine.status().queued, 4);
    for id in slow_ids.iter().rev() {
        assert!(rig.engine.cancel(*id).await.unwrap());
    }
    for id in slow_ids {
        assert_eq!(rig.ended(id).await.summary.status, Status::Cancelled);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_functions() {
    let rig = Rig::new().await;
    assert_eq!(
        rig.engine
            .accept(invocation("nobody", "{}"))
            .await
            .unwrap_err()
            .code,
        ErrorCode::NotFound
    );

    let mut gone = function(
        "nodejs:default",
        "async function main() { await new Promise(r => setTimeout(r, 500)); return {} }",
    );
    gone.limits = Limits {
        concurrency: 1,
        ..Limits::DEFAULT
    };
    rig.put("gone", gone).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(rig.engine.accept(invocation("gone", "{}")).await.unwrap());
    }
    wait_for(async || rig.engine.status().running == 1).await;
    rig.engine.delete_function(&key("gone")).await.unwrap();
    expect(&rig.ended(ids[0]).await, Status::Success, "{}");
    let text = r#"{"error":"Action could not be found or may have been deleted."}"#;
    expect(&rig.ended(ids[3]).await, Status::InternalError, text);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_survives_a_shutdown() {
    let rig = Rig::new().await;
    let mut new = function(
        "python:default",
        "import time\ndef main(a):\n  time.sleep(a['s'])\n  return {}",
    );
    new.limits = Limits {
        concurrency: 1,
        ..Limits::DEFAULT
    };
    new.lost_policy = LostPolicy::Record;
    rig.put("f", new.clone()).await;
    new.lost_policy = LostPolicy::Retry;
    rig.put("r", new).await;
    // For both: one that shutdown cuts short, and one that has not begun.
    let mut ids = Vec::new();
    for name in ["f", "r"] {
        let running = rig.engine.accept(invocation(name, r#"{"s":3}"#)).await.unwrap();
        wait_for(async || {
            rig.store
                .activation(running)
                .await
                .unwrap()
                .unwrap()
                .summary
                .status
                == Status::Running
        })
        .await;
        ids.push((
            running,
            rig.engine.accept(invocation(name, r#"{"s":0}"#)).await.unwrap(),
        ));
    }
    wait_for(async || rig.engine.status().running == 2).await;
    let data = rig.data.clone();
    rig.engine.shutdown(Duration::ZERO).await;
    for (_, queued) in &ids {
        assert_eq!(
            rig.store
                .activation(*queued)
                .await
                .unwrap()
                .unwrap()
                .summary
                .status,
            Status::Queued
        );
    }
    drop(rig);
    let rig = Rig::open(data, |_| {}, Secrets::default()).await;
    assert_eq!(rig.ended(ids[0].0).await.summary.status, Status::Lost);
    expect(&rig.ended(ids[0].1).await, Status::Success, "{}");
    expect(&rig.ended(ids[1].0).await, Status::Success, "{}");
    expect(&rig.ended(ids[1].1).await, Status::Success, "{}");
    rig.stop().await;
}

/// The other half of this test runs in a process of its own, which is killed: see `crash_child`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_accepted_is_missing_after_a_kill() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "queue::crash_child",
            "--nocapture",
            "--include-ignored",
        ])
        .env("BECKON_TEST_CRASH", data.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut accepted = Vec::new();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    for line in lines {
        if let Some((_, id)) = line.unwrap().split_once("accepted ") {
            accepted.push(id.parse().unwrap());
            if accepted.len() == 200 {
                break;
            }
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(accepted.len(), 200);
    // The stubborn worker ignores that its engine is gone.
    assert!(marked(data.path()) > 0, "a worker survived the kill");

    let rig = Rig::open(data, |_| {}, Secrets::default()).await;
    let mut lost = 0;
    for id in accepted {
        let record = rig.ended(id).await;
        match record.summary.status {
            Status::Success => {}
            Status::Lost => lost += 1,
            other => panic!("{id} is {other}"),
        }
    }
    assert!(lost <= 10, "only what had begun may be lost: {lost}");
    // What survived the kill was ended: of the marked processes, only this engine's own are left.
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
    let store = Store::open(&rig.data.path().join("beckon.db"), Clock::system()).await;
    assert!(store.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the half of another test that is killed"]
async fn crash_child() {
    let Some(path) = std::env::var_os("BECKON_TEST_CRASH") else {
        return;
    };
    let store = Store::open(&std::path::Path::new(&path).join("beckon.db"), Clock::system())
        .await
        .unwrap();
    store
        .create_namespace(&"test".parse().unwrap(), "Test")
        .await
        .unwrap();
    let config = beckon_engine::EngineConfig::new(path.into());
    let engine = beckon_engine::Engine::start(config, store, Arc::new(Secrets::default()), Clock::system())
        .await
        .unwrap();
    let put = async |name: &str, new| {
        engine
            .put_function(&key(name), new, beckon_store::Expect::Any)
            .await
            .unwrap();
    };
    put(
        "f",
        function(
            "python:default",
            "import time\ndef main(a):\n  time.sleep(0.05)\n  return {}",
        ),
    )
    .await;
    let mut stubborn = function(
        "shell:default",
        "trap '' HUP PIPE TERM; sleep 1000 & setsid sleep 1000 & wait; sleep 1000",
    );
    stubborn.lost_policy = LostPolicy::Record;
    put("stubborn", stubborn).await;
    engine.accept(invocation("stubborn", "{}")).await.unwrap();
    let mut ids = 0;
    while engine.status().running == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    loop {
        let id = engine.accept(invocation("f", "{}")).await.unwrap();
        ids += 1;
        println!("accepted {id}");
        if ids > 5000 {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_detached_run_has_its_own_time_limit() {
    let rig = Rig::new().await;
    let mut new = function(
        "nodejs:default",
        "async function main() { await new Promise(r => setTimeout(r, 1500)); return {} }",
    );
    new.limits.timeout_ms = 500;
    new.settings.detached_timeout_s = Some(60);
    rig.put("f", new).await;
    let id = rig.engine.accept(invocation("f", "{}")).await.unwrap();
    assert_eq!(rig.run("f", "{}").await.summary.status, Status::TimedOut);
    assert_eq!(rig.ended(id).await.summary.status, Status::Success);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_is_accepted_once() {
    let rig = Rig::new().await;
    rig.shell("f", "echo '{}'").await;
    let call = |input: &str, name: &str| {
        let mut call = invocation("f", input);
        call.id = ActivationId::of_request("test/f", name);
        call
    };
    let first = rig.engine.accept_once(call(r#"{"a":1}"#, "k")).await.unwrap();
    let again = rig.engine.accept_once(call(r#"{"a":1}"#, "k")).await.unwrap();
    assert_eq!((first.fresh, again.fresh, again.id), (true, false, first.id));
    let other = rig.engine.accept_once(call(r#"{"a":2}"#, "k")).await.unwrap_err();
    assert_eq!(other.code, ErrorCode::Conflict);
    assert!(
        rig.engine
            .accept_once(call(r#"{"a":1}"#, "l"))
            .await
            .unwrap()
            .fresh
    );
    rig.ended(first.id).await;
    assert!(
        !rig.engine
            .accept_once(call(r#"{"a":1}"#, "k"))
            .await
            .unwrap()
            .fresh
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_data_directory_is_one_engines() {
    let rig = Rig::new().await;
    let config = beckon_engine::EngineConfig::new(rig.data.path().to_owned());
    let start = async |config| {
        let secrets = Arc::new(Secrets::default());
        beckon_engine::Engine::start(config, rig.store.clone(), secrets, Clock::system()).await
    };
    let second = start(config.clone()).await.map(drop).unwrap_err();
    assert_eq!(second.code, ErrorCode::Conflict);
    // One that only visits may come, and takes nothing from the queue.
    let mut visit = config.clone();
    visit.dispatch = false;
    let visitor = start(visit).await.unwrap();
    visitor.shutdown(Duration::ZERO).await;
    rig.stop().await;
    let next = start(config).await.unwrap();
    next.shutdown(Duration::ZERO).await;
}

/// 10,000 runs on disk, leased by an engine that is gone: the next start takes them all over at once, and none twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_queued_runs_are_taken_over() {
    let rig = Rig::new().await;
    let witness = Witness::start();
    let source = format!(
        "{}async function main(a) {{ await tell(a.n); return {{}} }}",
        witness.tell()
    );
    rig.node("f", &source).await;
    rig.engine.pause_queue(&key("f")).await.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for first in (0..10_000).step_by(625) {
        let engine = rig.engine.clone();
        calls.spawn(async move {
            let mut ids = Vec::new();
            for n in first..first + 625 {
                ids.push(
                    engine
                        .accept(invocation("f", &format!(r#"{{"n":{n}}}"#)))
                        .await
                        .unwrap(),
                );
            }
            ids
        });
    }
    let ids = calls.join_all().await.concat();
    rig.stop().await;
    let gone = beckon_store::Owner::new();
    let wanted = ids[..64].iter().map(|id| (*id, false)).collect();
    let until = Clock::system().now() + 30_000;
    assert_eq!(rig.store.claim(wanted, gone, until).await.unwrap().len(), 64);
    let data = rig.data.clone();
    drop(rig);
    let rig = Rig::open(data, |_| {}, Secrets::default()).await;
    assert_eq!(rig.engine.status().queued, 10_000);
    rig.engine.resume_queue(&key("f")).await.unwrap();
    wait_for(async || rig.store.queues(0).await.unwrap().is_empty()).await;
    let mut ran: Vec<u32> = witness.heard().iter().map(|line| line.parse().unwrap()).collect();
    assert_eq!(ran.len(), 10_000);
    ran.sort_unstable();
    ran.dedup();
    assert_eq!(ran.len(), 10_000, "each once");
    rig.stop().await;
}
