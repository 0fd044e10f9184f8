//! Accepted runs: durable, fair, recovered.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use beckon_core::{Clock, ErrorCode, Limits, LostPolicy, Mode, Status};
use beckon_store::Store;
use support::*;

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
        .args(["--exact", "crash_child", "--nocapture", "--include-ignored"])
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
    put(
        "stubborn",
        function(
            "shell:default",
            "trap '' HUP PIPE TERM; sleep 1000 & setsid sleep 1000 & wait; sleep 1000",
        ),
    )
    .await;
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
