//! The memory that all workers together may take: who goes so that another can start, and who waits.

use std::time::Duration;

use crate::support::*;
use beckon_core::{ErrorCode, Limits, Status};
use beckon_engine::{Engine, Outcome};

const MEGABYTE: u64 = 1024 * 1024;

/// Holds on to 100 MB, which makes about 130 with the interpreter.
const HEAVY: &str = "const held = Buffer.alloc(100 << 20, 1);
async function main(a) { await new Promise(r => setTimeout(r, a.ms)); return {pid: process.pid, held: held.length} }";

fn heavy(concurrency: u32) -> beckon_core::NewFunction {
    let mut new = function("nodejs:default", HEAVY);
    new.limits = Limits {
        concurrency,
        ..Limits::DEFAULT
    };
    new
}

async fn pid(rig: &Rig, name: &str) -> u64 {
    let record = rig.run(name, r#"{"ms":1}"#).await;
    assert_eq!(record.summary.status, Status::Success, "{:?}", logs(&record));
    record.result.unwrap().to_value()["pid"].as_u64().unwrap()
}

/// Until what was allocated has been seen.
async fn measured(engine: &Engine) {
    wait_for(async || {
        let workers = engine.status().workers;
        workers.iter().all(|worker| worker.memory > 100 * MEGABYTE)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_least_recently_used_worker_gives_its_memory() {
    let rig = Rig::with(|config| {
        config.memory_cap = 300 * MEGABYTE;
        config.max_waiting = 1;
    })
    .await;
    for name in ["a", "b", "c"] {
        rig.put(name, heavy(2)).await;
    }
    let a = pid(&rig, "a").await;
    let b = pid(&rig, "b").await;
    measured(&rig.engine).await;
    assert_eq!(
        pid(&rig, "a").await,
        a,
        "two have room, and a is used later than b"
    );
    pid(&rig, "c").await;
    measured(&rig.engine).await;
    let status = rig.engine.status();
    assert!(
        status.memory <= status.memory_cap,
        "{} of {}",
        status.memory,
        status.memory_cap
    );
    assert_eq!(pid(&rig, "a").await, a, "b made room");
    assert_ne!(pid(&rig, "b").await, b);
    measured(&rig.engine).await;

    // Nobody is idle: a run waits, the next is told why there is no place for it, and a free worker makes room.
    let start = |name: &'static str, input: &'static str| {
        let engine = rig.engine.clone();
        tokio::spawn(async move { engine.invoke(invocation(name, input), None).await })
    };
    let busy = [start("a", r#"{"ms":3000}"#), start("b", r#"{"ms":3000}"#)];
    wait_for(async || rig.engine.status().running == 2).await;
    let waiting = start("c", r#"{"ms":1}"#);
    wait_for(async || rig.engine.status().queued == 1).await;
    let error = rig.engine.invoke(invocation("c", "{}"), None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Busy);
    assert!(
        error
            .hint
            .unwrap()
            .starts_with("Workers may take 300 MB of memory together"),
        "the reason is told"
    );
    for run in busy.into_iter().chain([waiting]) {
        let Outcome::Finished(ended) = run.await.unwrap().unwrap() else {
            panic!()
        };
        assert_eq!(ended.summary().status, Status::Success);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lowered_cap_ends_idle_workers_and_the_first_may_always_start() {
    // The janitor looks every quarter of this, and the function says itself how long its workers stay.
    let rig = Rig::with(|config| config.idle_timeout = Duration::from_millis(400)).await;
    let mut new = heavy(1);
    new.settings.idle_timeout_s = Some(3600);
    rig.put("a", new.clone()).await;
    rig.put("b", new).await;
    let a = pid(&rig, "a").await;
    pid(&rig, "b").await;
    measured(&rig.engine).await;
    assert_eq!(pid(&rig, "a").await, a);
    rig.engine.set_memory_cap(Some(200 * MEGABYTE));
    wait_for(async || rig.engine.status().workers.len() == 1).await;
    assert_eq!(pid(&rig, "a").await, a, "the one used last stays");
    rig.engine.set_memory_cap(Some(1));
    wait_for(async || rig.engine.status().workers.is_empty()).await;
    assert_ne!(pid(&rig, "a").await, a);
    rig.engine.set_memory_cap(None);
    assert_eq!(rig.engine.status().memory_cap, Engine::usual_memory_cap());
    rig.stop().await;
}
