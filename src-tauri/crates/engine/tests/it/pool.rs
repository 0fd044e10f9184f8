//! Slots, lines, warm workers, new versions, and the end of it all.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::support::*;
use beckon_core::{ErrorCode, Language, Limits, Status};
use beckon_engine::{Outcome, WorkerState};

fn concurrent(source: &str, concurrency: u32) -> beckon_core::NewFunction {
    let mut new = function("nodejs:default", source);
    new.limits = Limits {
        concurrency,
        ..Limits::DEFAULT
    };
    new
}

const SLEEPER: &str =
    "async function main(a) { await new Promise(r => setTimeout(r, a.ms)); return {pid: process.pid} }";

fn pid(record: &beckon_core::Activation) -> u64 {
    record.result.as_ref().unwrap().to_value()["pid"]
        .as_u64()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_workers_than_the_function_allows_and_each_is_used_again() {
    let rig = Rig::new().await;
    rig.put("f", concurrent(SLEEPER, 3)).await;
    let runs = (0..12).map(|_| rig.run("f", r#"{"ms":100}"#));
    let records = futures_util::future::join_all(runs).await;
    let mut pids: HashMap<u64, u32> = HashMap::new();
    for record in &records {
        assert_eq!(record.summary.status, Status::Success);
        *pids.entry(pid(record)).or_default() += 1;
    }
    assert_eq!(pids.len(), 3);
    assert_eq!(records.iter().filter(|r| r.summary.cold == Some(true)).count(), 3);
    assert_eq!(rig.engine.status().workers.len(), 3);
    // One after the other takes the one used last.
    let last = pid(&rig.run("f", r#"{"ms":1}"#).await);
    for _ in 0..5 {
        assert_eq!(pid(&rig.run("f", r#"{"ms":1}"#).await), last);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_idle_leaves_its_seat() {
    // Who finds no seat is refused.
    let rig = Rig::with(|config| config.max_waiting = 0).await;
    let source = "function main() { setTimeout(() => process.exit(3), 50); return {pid: process.pid} }";
    rig.put("f", concurrent(source, 1)).await;
    let mut pids = std::collections::HashSet::new();
    for _ in 0..3 {
        let record = rig.run("f", "{}").await;
        assert_eq!(record.summary.status, Status::Success);
        pids.insert(pid(&record));
        wait_for(async || rig.engine.status().workers.is_empty()).await;
    }
    assert_eq!(pids.len(), 3);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_line_is_refused() {
    let rig = Rig::with(|config| config.max_waiting = 2).await;
    rig.put("f", concurrent(SLEEPER, 1)).await;
    let start = || {
        let engine = rig.engine.clone();
        tokio::spawn(async move { engine.invoke(invocation("f", r#"{"ms":700}"#), None).await })
    };
    let first = start();
    wait_for(async || rig.engine.status().running == 1).await;
    let waiting = [start(), start()];
    wait_for(async || rig.engine.status().queued == 2).await;
    let error = rig.engine.invoke(invocation("f", "{}"), None).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (ErrorCode::Busy, true));
    assert!(error.message.contains("2 runs of /test/f"), "{}", error.message);
    for run in [first].into_iter().chain(waiting) {
        assert!(matches!(run.await.unwrap().unwrap(), Outcome::Finished(_)));
    }
    expect_pid(&rig.run("f", r#"{"ms":1}"#).await);
    rig.stop().await;
}

fn expect_pid(record: &beckon_core::Activation) {
    assert_eq!(record.summary.status, Status::Success);
    assert!(pid(record) > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_least_recently_used_worker_makes_room() {
    let rig = Rig::with(|config| config.max_workers = 2).await;
    for name in ["a", "b", "c"] {
        rig.put(name, concurrent(SLEEPER, 2)).await;
    }
    let a = pid(&rig.run("a", r#"{"ms":1}"#).await);
    let b = pid(&rig.run("b", r#"{"ms":1}"#).await);
    rig.run("a", r#"{"ms":1}"#).await;
    rig.run("c", r#"{"ms":1}"#).await;
    wait_for(async || rig.engine.status().workers.len() == 2).await;
    assert_eq!(
        pid(&rig.run("a", r#"{"ms":1}"#).await),
        a,
        "a was used later than b"
    );
    assert_ne!(pid(&rig.run("b", r#"{"ms":1}"#).await), b);
    // Many functions, few processes: everybody is served.
    let runs = (0..24).map(|n| rig.run(["a", "b", "c"][n % 3], r#"{"ms":5}"#));
    for record in futures_util::future::join_all(runs).await {
        expect_pid(&record);
    }
    assert!(rig.engine.status().workers.len() <= 2);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_workers_go_after_a_while_and_their_files_with_them() {
    let rig = Rig::with(|config| config.idle_timeout = Duration::from_millis(300)).await;
    rig.put("f", concurrent(SLEEPER, 1)).await;
    expect_pid(&rig.run("f", r#"{"ms":1}"#).await);
    wait_for(async || rig.processes() == 0).await;
    for folder in ["scratch", "workers"] {
        wait_for(async || {
            std::fs::read_dir(rig.data.path().join(folder))
                .unwrap()
                .next()
                .is_none()
        })
        .await;
    }
    expect_pid(&rig.run("f", r#"{"ms":1}"#).await);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_drains_the_old_one() {
    let rig = Rig::new().await;
    let source = |version: u32| {
        concurrent(
            &format!(
                "async function main(a) {{ await new Promise(r => setTimeout(r, a.ms)); return {{v: {version}}} }}"
            ),
            2,
        )
    };
    rig.put("f", source(1)).await;
    let engine = rig.engine.clone();
    let old = tokio::spawn(async move { engine.invoke(invocation("f", r#"{"ms":4000}"#), None).await });
    wait_for(async || {
        rig.engine
            .status()
            .workers
            .iter()
            .any(|w| w.state == WorkerState::Busy)
    })
    .await;
    rig.put("f", source(2)).await;
    assert!(
        rig.engine
            .status()
            .workers
            .iter()
            .any(|w| w.state == WorkerState::Draining && w.version == "0.0.1")
    );
    let record = rig.run("f", r#"{"ms":1}"#).await;
    assert_eq!(
        (result(&record), record.summary.version.as_str()),
        (r#"{"v":2}"#, "0.0.2")
    );
    let Outcome::Finished(record) = old.await.unwrap().unwrap() else {
        panic!()
    };
    let record = record.activation();
    assert_eq!(
        (result(&record), record.summary.version.as_str()),
        (r#"{"v":1}"#, "0.0.1")
    );
    wait_for(async || {
        let workers = rig.engine.status().workers;
        workers.len() == 1 && workers[0].version == "0.0.2"
    })
    .await;
    // A change of the environment alone is a new version too.
    let mut new = source(2);
    new.env = vec![("X".into(), "1".into())];
    rig.put("f", new).await;
    let record = rig.run("f", r#"{"ms":1}"#).await;
    assert_eq!(
        (record.summary.version.as_str(), record.summary.cold),
        ("0.0.3", Some(true))
    );
    // So is the same version saved again under its own number.
    let mut again = concurrent("function main() { return {v: 'again'} }", 2);
    again.version = Some(beckon_core::Version(0, 0, 3));
    rig.put("f", again).await;
    assert_eq!(result(&rig.run("f", "{}").await), r#"{"v":"again"}"#);
    rig.engine.delete_function(&key("f")).await.unwrap();
    wait_for(async || rig.processes() == 0).await;
    assert_eq!(
        rig.engine
            .invoke(invocation("f", "{}"), None)
            .await
            .unwrap_err()
            .code,
        ErrorCode::NotFound
    );
    wait_for(async || {
        std::fs::read_dir(rig.data.path().join("builds/ready"))
            .unwrap()
            .next()
            .is_none()
    })
    .await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_worker_finishes_its_run_and_is_replaced() {
    let rig = Rig::new().await;
    rig.put("f", concurrent(SLEEPER, 1)).await;
    let first = pid(&rig.run("f", r#"{"ms":1}"#).await);
    let number = rig.engine.status().workers[0].number;
    let engine = rig.engine.clone();
    let run = tokio::spawn(async move { engine.invoke(invocation("f", r#"{"ms":600}"#), None).await });
    wait_for(async || rig.engine.status().workers[0].state == WorkerState::Busy).await;
    assert!(rig.engine.stop_worker(number, false));
    assert_eq!(rig.engine.status().workers[0].state, WorkerState::Draining);
    let Outcome::Finished(ended) = run.await.unwrap().unwrap() else {
        panic!("it finished");
    };
    assert_eq!(ended.summary().status, Status::Success);
    assert_eq!(pid(&ended.activation()), first);
    wait_for(async || rig.engine.status().workers.iter().all(|w| w.number != number)).await;
    assert!(!rig.engine.stop_worker(number, false));
    let next = rig.run("f", r#"{"ms":1}"#).await;
    assert_ne!(pid(&next), first);
    // An idle one goes at once.
    let number = rig.engine.status().workers[0].number;
    assert!(rig.engine.stop_worker(number, false));
    wait_for(async || rig.engine.status().workers.is_empty()).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_stopped_at_once_takes_its_run_along() {
    let rig = Rig::new().await;
    rig.put("f", concurrent(SLEEPER, 1)).await;
    expect_pid(&rig.run("f", r#"{"ms":1}"#).await);
    let number = rig.engine.status().workers[0].number;
    let engine = rig.engine.clone();
    let run = tokio::spawn(async move { engine.invoke(invocation("f", r#"{"ms":50000}"#), None).await });
    wait_for(async || rig.engine.status().workers[0].state == WorkerState::Busy).await;
    // First asked to go after its run, then told to go now.
    assert!(rig.engine.stop_worker(number, false));
    assert!(rig.engine.stop_worker(number, true));
    let Outcome::Finished(ended) = run.await.unwrap().unwrap() else {
        panic!("it ended");
    };
    assert_eq!(ended.summary().status, Status::DeveloperError);
    wait_for(async || rig.engine.status().workers.is_empty()).await;
    assert!(!rig.engine.stop_worker(number, true));
    expect_pid(&rig.run("f", r#"{"ms":1}"#).await);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_namespace_takes_its_workers_along() {
    let rig = Rig::with(|config| config.idle_timeout = Duration::from_secs(600)).await;
    rig.put("f", concurrent(SLEEPER, 1)).await;
    rig.shell("s", "echo '{}'").await;
    expect_pid(&rig.run("f", r#"{"ms":1}"#).await);
    rig.run("s", "{}").await;
    rig.store
        .delete_namespace(&"test".parse().unwrap())
        .await
        .unwrap();
    wait_for(async || rig.processes() == 0).await;
    wait_for(async || {
        std::fs::read_dir(rig.data.path().join("builds/ready"))
            .unwrap()
            .next()
            .is_none()
    })
    .await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_python_starts_finds_the_run_in_its_environment() {
    let rig = Rig::new().await;
    let source = r#"
import os, subprocess, sys
def printed(start):
    out, into = os.pipe()
    if os.fork() == 0:
        os.dup2(into, 1)
        start()
        os._exit(0)
    os.close(into)
    os.wait()
    with os.fdopen(out) as pipe:
        return pipe.read().strip()
NAME = '__OW_ACTIVATION_ID'
def main(args):
    how = args['how']
    if how == 'subprocess':
        found = subprocess.run(['printenv', NAME], stdout=subprocess.PIPE, text=True).stdout.strip()
    elif how == 'system':
        found = printed(lambda: os.system('printenv ' + NAME))
    elif how == 'exec':
        found = printed(lambda: os.execlp('printenv', 'printenv', NAME))
    elif how == 'own':  # what it sets itself holds, until the next run
        os.environ[NAME] = 'mine'
        found = subprocess.check_output(['printenv', NAME], text=True).strip()
    elif how == 'deleted':
        del os.environ[NAME]
        found = str(subprocess.call(['printenv', NAME], stdout=subprocess.DEVNULL))
    else:
        import ctypes
        getenv = ctypes.CDLL(None).getenv
        getenv.restype = ctypes.c_char_p
        found = getenv(NAME.encode()).decode()
    return {'found': found, 'pid': os.getpid()}
"#;
    rig.put("f", function("python:default", source)).await;
    let mut pids = std::collections::HashSet::new();
    let all = ["subprocess", "system", "exec", "own", "deleted"];
    // Once more with a library loaded that reads the environment without Python.
    for how in all.into_iter().chain(["native", "native"]).chain(all) {
        let call = invocation("f", &format!(r#"{{"how": "{how}"}}"#));
        let id = call.id.to_string();
        let Outcome::Finished(record) = rig.engine.invoke(call, None).await.unwrap() else {
            panic!("it was promoted");
        };
        let result = record.activation().result.unwrap().to_value();
        let expected = match how {
            "own" => "mine".to_owned(),
            "deleted" => "1".to_owned(),
            _ => id,
        };
        assert_eq!(result["found"], expected, "{how}: {result}");
        pids.insert(result["pid"].as_u64());
    }
    assert_eq!(pids.len(), 1);
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_environment_is_the_functions_own() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let secrets = Secrets(HashMap::from([("PASSWORD".to_owned(), "hunter2".to_owned())]));
    let rig = Rig::open(data, |_| {}, secrets).await;
    rig.store
        .create_namespace(&"test".parse().unwrap(), "Test")
        .await
        .unwrap();
    let sources = [
        (
            "nodejs:default",
            "function main() { return {...process.env, cwd: process.cwd()} }",
        ),
        (
            "python:default",
            "import os\ndef main(a):\n  return {**os.environ, 'cwd': os.getcwd()}",
        ),
        (
            "shell:default",
            "python3 -c 'import os, json; print(json.dumps({**os.environ, \"cwd\": os.getcwd()}))'",
        ),
    ];
    for (kind, source) in sources {
        let mut new = function(kind, source);
        new.env = vec![
            ("GREETING".into(), "hé\nllo=1".into()),
            ("LANG".into(), "de_DE.UTF-8".into()),
        ];
        new.secret_names = vec!["PASSWORD".into()];
        rig.put("f", new).await;
        for n in 0..2 {
            let mut call = invocation("f", "{}");
            call.transaction_id = Some(format!("transaction{n}"));
            call.api_host = Some("http://127.0.0.1:6464".into());
            let id = call.id.to_string();
            let Outcome::Finished(record) = rig.engine.invoke(call, None).await.unwrap() else {
                panic!()
            };
            let record = record.activation();
            let env = record.result.unwrap().to_value();
            let text = |name: &str| env[name].as_str().unwrap_or_default().to_owned();
            assert_eq!(
                (text("GREETING"), text("PASSWORD")),
                ("hé\nllo=1".into(), "hunter2".into()),
                "{kind}"
            );
            assert_eq!(
                (text("__OW_ACTIVATION_ID"), text("__OW_TRANSACTION_ID")),
                (id, format!("transaction{n}")),
                "{kind}"
            );
            assert_eq!(
                (text("__OW_NAMESPACE"), text("__OW_ACTION_NAME")),
                ("test".into(), "/test/f".into()),
                "{kind}"
            );
            assert_eq!(text("__OW_API_HOST"), "http://127.0.0.1:6464", "{kind}");
            assert_eq!(text("LANG"), "de_DE.UTF-8", "{kind}");
            assert!(
                text("__OW_DEADLINE").parse::<i64>().unwrap() > beckon_core::Clock::system().now() - 60_000,
                "{kind}"
            );
            assert!(!text("__OW_ACTION_VERSION").is_empty(), "{kind}");
            let cwd = text("cwd");
            assert!(
                cwd.starts_with(rig.data.path().join("scratch").to_str().unwrap()),
                "{kind}: {cwd}"
            );
            assert_eq!((text("HOME"), text("TMPDIR")), (cwd.clone(), cwd), "{kind}");
            for (name, _) in std::env::vars() {
                let ours = ["PATH", "LANG", "HOME", "PWD", "SHLVL", "OLDPWD", "_", "LC_CTYPE"]
                    .contains(&name.as_str());
                // A version manager's `python3` adds its own.
                let ours = ours || name.starts_with("PYENV");
                assert!(ours || env.get(&name).is_none(), "{kind}: {name} was inherited");
            }
        }
    }
    // A secret that cannot be had: the platform's failure, with the reason in the log and no value anywhere.
    let mut new = function("nodejs:default", "function main() {}");
    new.secret_names = vec!["MISSING".into()];
    rig.put("f", new).await;
    let record = rig.run("f", "{}").await;
    expect(
        &record,
        Status::InternalError,
        r#"{"error":"Failed to provision resources to run the action."}"#,
    );
    assert!(
        logs(&record)[0].contains("There is no secret MISSING"),
        "{:?}",
        logs(&record)
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_lets_short_runs_finish_ends_long_ones_and_leaves_nothing() {
    let rig = Rig::new().await;
    let source = "const {spawn} = require('child_process'); async function main(a) { spawn('sleep', ['1000'], {detached: true}); await new Promise(r => setTimeout(r, a.ms)); return {} }";
    rig.put("f", concurrent(source, 2)).await;
    rig.shell("s", "setsid sleep 1000 & sleep 1000").await;
    rig.run("f", r#"{"ms":1}"#).await;
    let start = |name: &'static str, input: &'static str| {
        let engine = rig.engine.clone();
        let call = invocation(name, input);
        (
            call.id,
            tokio::spawn(async move { engine.invoke(call, None).await }),
        )
    };
    let (_, short) = start("f", r#"{"ms":300}"#);
    let (long_id, long) = start("f", r#"{"ms":100000}"#);
    let (_, shell) = start("s", "{}");
    wait_for(async || rig.engine.status().running == 3).await;
    let (_, waiting) = start("f", r#"{"ms":1}"#);
    wait_for(async || rig.engine.status().queued == 1).await;
    rig.engine.shutdown(Duration::from_secs(3)).await;
    assert_eq!(rig.processes(), 0);
    let Outcome::Finished(record) = short.await.unwrap().unwrap() else {
        panic!()
    };
    let record = record.activation();
    assert_eq!(record.summary.status, Status::Success);
    for run in [long, shell] {
        let Outcome::Finished(record) = run.await.unwrap().unwrap() else {
            panic!()
        };
        let record = record.activation();
        expect(
            &record,
            Status::Lost,
            r#"{"error":"Beckon was stopped while the action was running."}"#,
        );
    }
    let kept = rig.store.activation(long_id).await.unwrap().unwrap();
    assert_eq!(kept.summary.status, Status::Lost);
    let never = waiting.await.unwrap();
    match never {
        Err(error) => assert_eq!(error.code, ErrorCode::ShuttingDown),
        // It had waited long enough to be in the journal.
        Ok(Outcome::Finished(record)) => assert_eq!(record.summary().status, Status::Lost),
        Ok(other) => panic!("{other:?}"),
    }
    for result in [
        rig.engine.invoke(invocation("f", "{}"), None).await.map(drop),
        rig.engine.accept(invocation("f", "{}")).await.map(drop),
    ] {
        assert_eq!(result.unwrap_err().code, ErrorCode::ShuttingDown);
    }
    for folder in ["scratch", "workers"] {
        assert!(
            std::fs::read_dir(rig.data.path().join(folder))
                .unwrap()
                .next()
                .is_none(),
            "{folder}"
        );
    }
    rig.engine.shutdown(Duration::from_secs(3)).await; // again does no harm
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_are_kept_ready_and_started_again() {
    let rig = Rig::new().await;
    let mut new = function(
        "nodejs:default",
        "function main() { return { pid: process.pid } }",
    );
    new.settings.min_workers = 2;
    rig.put("f", new).await;
    let ready = || {
        let status = rig.engine.status();
        let ready = status
            .workers
            .iter()
            .filter(|worker| worker.state == WorkerState::Ready);
        ready.count() == 2
    };
    wait_for(async || ready()).await;
    let first = rig.run("f", "{}").await;
    assert_eq!(
        first.summary.cold,
        Some(false),
        "a worker was there before anybody called"
    );
    let pid = rig.engine.status().workers[0].pid;
    let process = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    wait_for(async || rig.engine.status().workers.iter().all(|worker| worker.pid != pid)).await;
    wait_for(async || ready()).await;
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_workers_that_nobody_asked_for_make_room_for_those_to_be_kept_ready() {
    let rig = Rig::with(|config| config.max_workers = 3).await;
    rig.put("spare", concurrent(SLEEPER, 3)).await;
    let runs = (0..3).map(|_| rig.run("spare", r#"{"ms":300}"#));
    futures_util::future::join_all(runs).await;
    let of = |name: &str| -> Vec<u32> {
        let all = rig.engine.status().workers;
        let ready = all
            .iter()
            .filter(|worker| worker.state == WorkerState::Ready && worker.function.name.as_str() == name);
        ready.map(|worker| worker.pid).collect()
    };
    wait_for(async || of("spare").len() == 3).await;
    let mut new = concurrent(SLEEPER, 3);
    new.settings.min_workers = 2;
    rig.put("kept", new.clone()).await;
    wait_for(async || of("kept").len() == 2).await;
    // More are wanted than there may be: what one function wants is nobody else's room.
    let kept = of("kept");
    rig.put("also", new).await;
    wait_for(async || of("also").len() == 1).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!((of("kept"), of("also").len(), of("spare").len()), (kept, 1, 0));
    // A caller gets room from either.
    expect_pid(&rig.run("spare", r#"{"ms":1}"#).await);
    rig.stop().await;
}

/// The worker of the version before is let go in the middle of its start: that says nothing of the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_is_saved_while_its_worker_starts_is_kept_ready() {
    let rig = Rig::new().await;
    let mut never = function("nodejs:default", "for (;;); function main() {}");
    never.settings.min_workers = 1;
    never.limits.timeout_ms = 3_000;
    rig.put("f", never.clone()).await;
    let is = |state| move |worker: &beckon_engine::WorkerStatus| worker.state == state;
    wait_for(async || rig.engine.status().workers.iter().any(is(WorkerState::Spawning))).await;
    never.code = beckon_core::CodePackage::Source("function main() { return {} }".into());
    rig.put("f", never).await;
    wait_for(async || rig.engine.status().workers.iter().any(is(WorkerState::Ready))).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_functions_are_refused_with_clear_words() {
    let rig = Rig::new().await;
    let put = async |new| {
        rig.engine
            .put_function(&key("f"), new, beckon_store::Expect::Any)
            .await
    };
    let error = put(function("nodejs:4", "x")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert!(
        error.message.starts_with(
            "The specified runtime 'nodejs:4' is not supported by this platform. Valid values are: 'nodejs:"
        ),
        "{}",
        error.message
    );
    let error = put(package("nodejs:default", &[("readme.md", "x")]))
        .await
        .unwrap_err();
    assert_eq!(
        error.message,
        "Zipped actions must contain either package.json or index.js at the root."
    );
    let mut new = function("nodejs:default", "x");
    new.code = beckon_core::CodePackage::Zip(b"PK\x03\x04 not really".to_vec());
    assert!(put(new).await.unwrap_err().message.contains("not a zip file"));
    let stored = put(function("python:default", "def main(a): return {}"))
        .await
        .unwrap();
    assert!(stored.runtime.version().contains('.'), "{}", stored.runtime);
    let runtimes = rig.engine.runtimes();
    for language in [Language::Node, Language::Python, Language::Executable] {
        assert!(
            runtimes.iter().any(|r| r.language == language && r.available),
            "{language:?}"
        );
    }
    rig.stop().await;
}
