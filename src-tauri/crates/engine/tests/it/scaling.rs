//! Workers that follow their function's load, and workers that somebody wishes for.

use std::sync::Arc;

use crate::support::*;
use beckon_core::{Limits, NewFunction, Scaling, ScalingLoad, Status};
use beckon_engine::WorkerState;

const QUICK: &str = "function main() { return {} }";
const SPINNER: &str = "function main() { const end = process.cpuUsage().user + 60e3; while (process.cpuUsage().user < end); return {} }";

/// At most four workers, one when nobody calls.
fn scaled(source: &str, by: ScalingLoad, target: u32) -> NewFunction {
    let mut new = function("nodejs:default", source);
    new.limits = Limits {
        concurrency: 4,
        ..Limits::DEFAULT
    };
    new.settings.min_workers = 1;
    new.settings.scaling = Some(Scaling {
        by,
        target,
        ..Scaling::default()
    });
    new
}

/// How many workers of a function take calls.
fn ready(rig: &Rig, name: &str) -> usize {
    let workers = rig.engine.status().workers;
    let takes_calls = |state| matches!(state, WorkerState::Ready | WorkerState::Busy);
    workers
        .iter()
        .filter(|worker| worker.function == key(name) && takes_calls(worker.state))
        .count()
}

/// Calls functions one after the other, which by need takes one worker of each, until there are `count` of `name`. By need
/// a busy machine may start a second one: for a call that finds the one that is kept ready starting still, or just over.
async fn call_until(rig: &Rig, names: &[&str], name: &str, count: usize) {
    wait_for(async || names.iter().all(|name| ready(rig, name) == 1)).await;
    wait_for(async || {
        for name in names {
            let record = rig.run(name, "{}").await;
            assert_eq!(record.summary.status, Status::Success);
        }
        ready(rig, name) >= count
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_follow_the_runs_per_second() {
    let rig = Rig::new().await;
    rig.put("f", scaled(QUICK, ScalingLoad::Rps, 1)).await;
    let mut plain = scaled(QUICK, ScalingLoad::Rps, 1);
    plain.settings.scaling = None;
    rig.put("plain", plain).await;
    rig.put("other", scaled(QUICK, ScalingLoad::Other("queue".into()), 1))
        .await;
    call_until(&rig, &["f", "plain", "other"], "f", 4).await;
    let (plain, other) = (ready(&rig, "plain"), ready(&rig, "other"));
    assert!(
        plain <= 2 && other <= 2,
        "{plain} and {other}: they follow no load"
    );
    wait_for(async || ready(&rig, "f") == 1).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_follow_the_processor_time_that_they_take() {
    let rig = Rig::new().await;
    // A twentieth of a processor each, which one that spins takes on the busiest machine.
    rig.put("spins", scaled(SPINNER, ScalingLoad::Cpu, 50)).await;
    rig.put("rests", scaled(QUICK, ScalingLoad::Cpu, 50_000)).await;
    call_until(&rig, &["spins", "rests"], "spins", 3).await;
    assert!(ready(&rig, "rests") <= 2, "its load is small");
    wait_for(async || ready(&rig, "spins") == 1).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_follow_the_runs_in_flight() {
    let rig = Rig::new().await;
    let source = "async function main() { await new Promise(r => setTimeout(r, 8000)); return {} }";
    let mut new = scaled(source, ScalingLoad::Capacity, 2);
    // None when nobody calls, and two while somebody does.
    new.settings.min_workers = 0;
    new.settings.idle_timeout_s = Some(1);
    new.settings.scaling.as_mut().unwrap().least = 2;
    rig.put("f", new).await;
    let engine = rig.engine.clone();
    let run = tokio::spawn(async move { engine.invoke(invocation("f", "{}"), None).await });
    wait_for(async || ready(&rig, "f") == 2).await;
    let engine = rig.engine.clone();
    let runs = (0..2).map(|_| engine.invoke(invocation("f", "{}"), None));
    let runs = futures_util::future::join_all(runs);
    let (_, _) = tokio::join!(runs, wait_for(async || ready(&rig, "f") >= 3));
    run.await.unwrap().unwrap();
    wait_for(async || rig.engine.status().workers.is_empty()).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_for_workers_outlives_a_restart_and_not_a_new_version() {
    let rig = Rig::new().await;
    let mut new = scaled(QUICK, ScalingLoad::Rps, 1);
    new.settings.scaling = None;
    rig.put("f", new.clone()).await;
    let version = rig.store.function(&key("f")).await.unwrap().unwrap().version;
    rig.engine.wish_workers(&key("f"), 99).await.unwrap();
    wait_for(async || ready(&rig, "f") == 4).await;
    rig.engine.wish_workers(&key("f"), 2).await.unwrap();
    wait_for(async || ready(&rig, "f") == 2).await;
    rig.stop().await;

    let rig = Rig::open(Arc::clone(&rig.data), |_| {}, Secrets::default()).await;
    wait_for(async || ready(&rig, "f") == 2).await;
    assert_eq!(
        rig.store.function(&key("f")).await.unwrap().unwrap().version,
        version,
        "it is no other version for it"
    );
    rig.engine.wish_workers(&key("f"), 0).await.unwrap();
    wait_for(async || rig.engine.status().workers.is_empty()).await;
    rig.run("f", "{}").await;
    assert_eq!(ready(&rig, "f"), 1, "a call starts one");
    rig.put("f", new).await;
    wait_for(async || ready(&rig, "f") == 1).await;
    assert!(rig.store.wished_workers().await.unwrap().is_empty());
    let nobody = rig.engine.wish_workers(&key("nobody"), 1).await.unwrap_err();
    assert_eq!(nobody.code, beckon_core::ErrorCode::NotFound);
    rig.stop().await;
}
