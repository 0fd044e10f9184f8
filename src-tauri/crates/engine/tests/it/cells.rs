//! Interpreters that are up before there is a function for them: what becomes of one is the same as what was started
//! for the function, and nothing of them is left over.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::support::*;
use beckon_core::{Limits, NewFunction, Status};
use beckon_engine::WorkerStatus;

const NODE: &str = "console.log('loaded');
function main() { console.log('called'); return {env: process.env, cwd: process.cwd(), argv: process.argv.length, file: __filename} }";
const PYTHON: &str = "import os, sys\nprint('loaded')\ndef main(args):\n    print('called')\n    return {'env': dict(os.environ), 'cwd': os.getcwd(), 'argv': len(sys.argv) + 1, 'file': __file__}";

async fn with_cells(secrets: &[(&str, &str)]) -> Rig {
    let secrets = secrets
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let rig = Rig::open(
        Arc::new(tempfile::tempdir().unwrap()),
        |config| config.stem_cells = 1,
        Secrets(secrets.collect::<HashMap<_, _>>()),
    )
    .await;
    rig.store
        .create_namespace(&"test".parse().unwrap(), "Test")
        .await
        .unwrap();
    rig
}

/// The worker of this function.
fn worker(rig: &Rig, name: &str) -> WorkerStatus {
    let workers = rig.engine.status().workers;
    workers
        .into_iter()
        .find(|worker| worker.function == key(name))
        .unwrap()
}

/// The ids of processes that are cells.
fn idle_cells(rig: &Rig) -> Vec<i32> {
    let instance = std::fs::read_to_string(rig.data.path().join("workers.instance")).unwrap();
    let mark = format!("BECKON_WORKER={}.", instance.trim());
    let workers: Vec<u32> = rig
        .engine
        .status()
        .workers
        .iter()
        .map(|worker| worker.pid)
        .collect();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable.starts_with(mark.as_bytes()))
        })
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| !workers.contains(&pid.unsigned_abs()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cell_becomes_the_functions_own_process() {
    let rig = with_cells(&[("PASSWORD", "hunter2")]).await;
    for (kind, source) in [("nodejs:default", NODE), ("python:default", PYTHON)] {
        for (name, greeting) in [("one", "hello"), ("two", "good bye")] {
            let mut new = function(kind, source);
            new.env = vec![
                ("GREETING".into(), greeting.into()),
                ((*name).to_uppercase(), "1".into()),
            ];
            new.secret_names = vec!["PASSWORD".into()];
            rig.put(name, new).await;
            // Of the other kind, one is there still.
            rig.cells(if kind == "nodejs:default" { 1 } else { 2 }).await;
            let record = rig.run(name, "{}").await;
            assert_eq!(record.summary.status, Status::Success, "{:#?}", logs(&record));
            assert_eq!(logs(&record), ["o:loaded", "o:called"], "{kind}");
            let worker = worker(&rig, name);
            assert!(worker.stem, "{kind}: {worker:?}");
            assert_eq!(record.summary.cold, Some(true));
            let result = record.result.unwrap().to_value();
            let text = |name: &str| result["env"][name].as_str().unwrap_or_default().to_owned();
            assert_eq!(
                (text("GREETING"), text("PASSWORD")),
                (greeting.into(), "hunter2".into())
            );
            assert_eq!(text("__OW_ACTION_NAME"), format!("/test/{name}"));
            let other = if name == "one" { "TWO" } else { "ONE" };
            assert!(
                result["env"].get(other).is_none(),
                "{kind}: a variable of another function"
            );
            let (cwd, home) = (result["cwd"].as_str().unwrap(), text("HOME"));
            assert_eq!((cwd, text("TMPDIR")), (home.as_str(), home.clone()), "{kind}");
            assert!(home.starts_with(rig.data.path().join("scratch").to_str().unwrap()));
            assert_eq!(result["argv"], 2, "{kind}: as a process of its own would have");
            let folder = rig.data.path().join("cells");
            assert!(
                result["file"]
                    .as_str()
                    .unwrap()
                    .starts_with(folder.to_str().unwrap()),
                "{kind}"
            );
            // What it starts is known as its own, and ended with it.
            assert!(text("BECKON_WORKER").ends_with(&format!(".{}", worker.number)));
        }
    }
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
    for folder in ["scratch", "workers", "cells"] {
        let left = std::fs::read_dir(rig.data.path().join(folder)).unwrap().count();
        assert_eq!(left, 0, "{folder}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_not_come_out_the_same_is_started_from_scratch() {
    let rig = with_cells(&[]).await;
    let plain = |kind: &str| match kind {
        "node" => function("nodejs:default", "function main() { return {} }"),
        _ => function("python:default", "def main(args):\n    return {}"),
    };
    rig.put("node", plain("node")).await;
    rig.put("python", plain("python")).await;
    rig.cells(2).await;
    let altered = |kind: &str, alter: &dyn Fn(&mut NewFunction)| {
        let mut new = plain(kind);
        alter(&mut new);
        new
    };
    let shadowing = [
        (
            "__main__.py",
            "import logging\ndef main(args):\n    return {'own': logging.OWN}",
        ),
        ("logging.py", "OWN = True"),
    ];
    let cases = [
        (
            "options",
            altered("node", &|new| {
                new.env = vec![("NODE_OPTIONS".into(), "--no-warnings".into())];
            }),
        ),
        (
            "network",
            altered("python", &|new| new.settings.no_network = true),
        ),
        (
            "heap",
            altered("node", &|new| {
                new.limits = Limits {
                    memory_mb: 300,
                    ..Limits::DEFAULT
                }
            }),
        ),
        ("shadow", package("python:default", &shadowing)),
    ];
    for (name, new) in cases {
        rig.engine
            .put_function(&key(name), new, beckon_store::Expect::Any)
            .await
            .unwrap();
        let record = rig.run(name, "{}").await;
        assert_eq!(
            record.summary.status,
            Status::Success,
            "{name}: {:#?}",
            logs(&record)
        );
        assert!(!worker(&rig, name).stem, "{name}");
        if name == "shadow" {
            assert_eq!(result(&record), r#"{"own":true}"#);
        }
    }
    // Those that fit take what the others left, a package with folders too.
    rig.run("node", "{}").await;
    assert!(worker(&rig, "node").stem);
    let files = [
        (
            "__main__.py",
            "from inner.part import part\ndef main(args):\n    return {'part': part}",
        ),
        ("inner/__init__.py", ""),
        ("inner/part.py", "part = 1"),
    ];
    rig.put("package", package("python:default", &files)).await;
    let record = rig.run("package", "{}").await;
    expect(&record, Status::Success, r#"{"part":1}"#);
    assert!(worker(&rig, "package").stem);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adopted_worker_is_held_to_its_functions_memory() {
    let rig = with_cells(&[]).await;
    let mut new = function(
        "python:default",
        "import time\ndef main(args):\n    held = bytearray(args['mb'] << 20)\n    for at in range(0, len(held), 4096): held[at] = 1\n    time.sleep(30)\n    return {}",
    );
    new.limits = Limits {
        memory_mb: 64,
        ..Limits::DEFAULT
    };
    rig.put("f", new).await;
    rig.cells(1).await;
    let record = rig.run("f", r#"{"mb":300}"#).await;
    assert_eq!(
        record.summary.status,
        Status::DeveloperError,
        "{}",
        result(&record)
    );
    assert!(error(&record).contains("memory"), "{}", error(&record));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_cell_is_thrown_away_and_replaced() {
    let rig = with_cells(&[]).await;
    rig.node("f", "function main() { return {} }").await;
    rig.cells(1).await;
    let cell = idle_cells(&rig)[0];
    let process = rustix::process::Pid::from_raw(cell).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    wait_for(async || idle_cells(&rig).is_empty()).await;
    let record = rig.run("f", "{}").await;
    expect(&record, Status::Success, "{}");
    assert!(!worker(&rig, "f").stem);
    rig.cells(1).await;
    assert_ne!(idle_cells(&rig), [cell]);
    // No memory is left for cells: they are the first to go.
    rig.engine.set_memory_cap(Some(1));
    rig.cells(0).await;
    wait_for(async || rig.processes() <= 1).await;
    rig.engine.shutdown(Duration::from_secs(5)).await;
    assert_eq!(rig.processes(), 0);
}
