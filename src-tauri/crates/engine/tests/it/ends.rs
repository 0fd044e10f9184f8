//! Deadlines, crashes, cancelling, limits: every way a run can be cut short.

use std::time::Duration;

use crate::support::*;
use beckon_core::{ErrorCode, JsonText, Limits, Mode, Status, Version};
use beckon_engine::Outcome;

fn limited(kind: &str, source: &str, timeout_ms: u32) -> beckon_core::NewFunction {
    let mut new = function(kind, source);
    new.limits = Limits {
        timeout_ms,
        ..Limits::DEFAULT
    };
    new
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_ends_the_whole_process_group() {
    let rig = Rig::new().await;
    let sources = [
        (
            "nodejs:default",
            "const {spawn} = require('child_process'); function main() { console.log('begun'); spawn('sleep', ['1000']); spawn('sleep', ['1001'], {detached: true}); for (;;); }",
        ),
        (
            "python:default",
            "import subprocess, time\ndef main(a):\n  print('begun')\n  subprocess.Popen(['sleep', '1000'])\n  subprocess.Popen(['sleep', '1001'], start_new_session=True)\n  time.sleep(1000)",
        ),
        (
            "shell:default",
            "echo begun; echo held; sleep 1000 & setsid sleep 1001 & wait",
        ),
    ];
    for (kind, source) in sources {
        rig.put("f", limited(kind, source, 3000)).await;
        let record = rig.run("f", "{}").await;
        expect(
            &record,
            Status::TimedOut,
            r#"{"error":"The action exceeded its time limits of 3000 milliseconds."}"#,
        );
        assert_eq!(
            logs(&record).first().map(String::as_str),
            Some("o:begun"),
            "{kind}"
        );
        assert!(record.summary.duration_ms.unwrap() >= 3000, "{kind}");
        wait_for(async || rig.processes() == 0).await;
        // The others keep serving.
        rig.shell("ok", "echo '{}'").await;
        expect(&rig.run("ok", "{}").await, Status::Success, "{}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_covers_the_loading_of_the_code() {
    let rig = Rig::new().await;
    for (kind, source) in [
        ("nodejs:default", "for (;;);"),
        ("python:default", "while True: pass"),
    ] {
        rig.put("f", limited(kind, source, 700)).await;
        let record = rig.run("f", "{}").await;
        let text =
            r#"{"error":"The action exceeded its time limits of 700 milliseconds during initialization."}"#;
        expect(&record, Status::TimedOut, text);
        assert_eq!((record.summary.cold, record.timing.run_ms), (Some(true), None));
        assert!(record.timing.init_ms.unwrap() >= 700.0);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_is_told_as_one_and_the_next_run_gets_a_new_worker() {
    let rig = Rig::new().await;
    rig.node(
        "f",
        r#"
        let runs = 0;
        function main(a) {
            runs++;
            console.log('before');
            if (a.how === 'exit') process.exit(7);
            if (a.how === 'kill') process.kill(process.pid, 'SIGSEGV');
            if (a.how === 'garbage') require('fs').writeSync(4, Buffer.alloc(100, 0xff));
            if (a.how === 'lie') require('fs').writeSync(4, Buffer.from([5, 0, 0, 0, 2, 0, 0, 0, 0]));
            if (a.how === 'close') { require('fs').closeSync(4); return new Promise(() => {}) }
            return {runs};
        }"#,
    )
    .await;
    for (how, note) in [
        ("exit", "exited with code 7"),
        ("kill", "signal 11 (SIGSEGV)"),
        ("garbage", "broke the protocol"),
        ("lie", "broke the protocol (a frame out of turn)"),
        ("close", "was ended by signal 9"),
    ] {
        expect(&rig.run("f", "{}").await, Status::Success, r#"{"runs":1}"#);
        let record = rig.run("f", &format!(r#"{{"how":"{how}"}}"#)).await;
        let text = r#"{"error":"The action did not produce a valid response and exited unexpectedly."}"#;
        expect(&record, Status::DeveloperError, text);
        let lines = logs(&record);
        assert_eq!(lines[0], "o:before", "{how}");
        assert!(lines.last().unwrap().contains(note), "{how}: {lines:?}");
    }
    rig.stop().await;
}

/// A worker that does not stop talking while it is idle is replaced, and holds nobody up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_worker_that_floods_its_socket_is_replaced() {
    let rig = Rig::new().await;
    let source = r#"
import os, struct, threading
def flood():
    head = b'{"id":"x","stream":"stdout"}'
    frame = struct.pack('<IBI', 5 + len(head) + 1000, 6, len(head)) + head + b'x' * 1000
    while True:
        os.write(4, frame)
def main(args):
    if args.get('flood'):
        threading.Timer(0.05, flood).start()
    return {}
"#;
    rig.python("f", source).await;
    rig.run("f", r#"{"flood":true}"#).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    expect(&rig.run("f", "{}").await, Status::Success, "{}");
    rig.stop().await;
}

/// A descendant in a session of its own has the worker's socket: the crash is noticed all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_descendant_cannot_hide_a_crash() {
    let rig = Rig::new().await;
    let source = "import os, time\ndef main(a):\n  if os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\n  os._exit(9)";
    rig.python("f", source).await;
    let record = rig.run("f", "{}").await;
    let text = r#"{"error":"The action did not produce a valid response and exited unexpectedly."}"#;
    expect(&record, Status::DeveloperError, text);
    assert_eq!(logs(&record), ["e:Beckon: the worker exited with code 9."]);
    wait_for(async || rig.processes() == 0).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_died_while_idle_is_replaced_unnoticed() {
    let rig = Rig::new().await;
    rig.node(
        "f",
        "function main(a) { if (a.die) setTimeout(() => process.exit(1), 20); return {} }",
    )
    .await;
    for _ in 0..3 {
        expect(&rig.run("f", r#"{"die":true}"#).await, Status::Success, "{}");
        tokio::time::sleep(Duration::from_millis(300)).await;
        let record = rig.run("f", "{}").await;
        expect(&record, Status::Success, "{}");
        assert_eq!(record.summary.cold, Some(true));
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_that_runs_out_is_told_as_such() {
    let rig = Rig::new().await;
    let mut new = function(
        "nodejs:default",
        "function main() { const a = []; for (;;) a.push(new Array(1000).fill(a.length)) }",
    );
    new.limits = Limits {
        memory_mb: 64,
        ..Limits::DEFAULT
    };
    rig.put("f", new).await;
    let record = rig.run("f", "{}").await;
    expect(
        &record,
        Status::DeveloperError,
        r#"{"error":"The action exhausted its memory and was aborted."}"#,
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_over_the_limit_is_refused_with_its_size() {
    let rig = Rig::new().await;
    let at = 1_048_576 - r#"{"x":""}"#.len();
    let sources = [
        (
            "nodejs:default",
            "function main(a) { return {x: 'x'.repeat(a.n)} }",
        ),
        ("python:default", "def main(a):\n  return {'x': 'x' * a['n']}"),
        (
            "shell:default",
            "n=$(echo \"$1\" | tr -cd 0-9); printf '{\"x\":\"'; head -c $n /dev/zero | tr '\\0' x; echo '\"}'",
        ),
    ];
    for (kind, source) in sources {
        rig.put("f", function(kind, source)).await;
        let good = rig.run("f", &format!(r#"{{"n":{at}}}"#)).await;
        assert_eq!(
            (good.summary.status, good.result_bytes),
            (Status::Success, 1_048_576),
            "{kind}"
        );
        assert!(!good.result_truncated);
        let bad = rig.run("f", &format!(r#"{{"n":{}}}"#, at + 1)).await;
        let text = r#"{"error":"The action produced a response that exceeded the allowed length: 1048577 > 1048576 bytes."}"#;
        expect(&bad, Status::ApplicationError, text);
        assert!(bad.result_truncated && bad.result_bytes == 1_048_577, "{kind}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_inputs_come_back_whole_and_too_large_ones_are_refused() {
    let rig = Rig::new().await;
    for (kind, source) in [
        ("nodejs:default", "function main(a) { return a }"),
        ("python:default", "def main(a):\n  return a"),
        ("shell:default", "cat"),
    ] {
        rig.put("f", function(kind, source)).await;
        let input = format!(r#"{{"x":"{}"}}"#, "é".repeat(524_000));
        for _ in 0..2 {
            expect(&rig.run("f", &input).await, Status::Success, &input);
        }
    }
    let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(1_048_569));
    let error = rig
        .engine
        .invoke(invocation("f", &large), None)
        .await
        .unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (
            ErrorCode::LimitExceeded,
            "Request larger than allowed: 1048577 > 1048576 bytes."
        )
    );
    let error = rig.engine.accept(invocation("f", &large)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::LimitExceeded);
    let error = rig.engine.invoke(invocation("f", "[1]"), None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    let error = rig
        .engine
        .invoke(invocation("nobody", "{}"), None)
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_outlives_its_wait_goes_on() {
    let rig = Rig::new().await;
    // Runs until the test opens the gate, however slow the machine is.
    let gate = rig.data.path().join("gate");
    let source = r#"
        const { existsSync } = require('fs');
        async function main(a) {
            while (!existsSync(a.gate)) await new Promise(r => setTimeout(r, 5));
            console.log('done');
            return {ok: 1};
        }"#;
    rig.node("f", source).await;
    let input = format!(r#"{{"gate":"{}"}}"#, gate.display());
    let call = invocation("f", &input);
    let id = call.id;
    let outcome = rig
        .engine
        .invoke(call, Some(Duration::from_millis(100)))
        .await
        .unwrap();
    assert!(matches!(outcome, Outcome::Promoted(promoted) if promoted == id));
    // The id that was handed out is found at once.
    let row = rig.store.activation(id).await.unwrap().unwrap();
    assert_eq!(
        (row.summary.status, row.summary.mode),
        (Status::Running, Mode::Promoted)
    );
    // The engine's own limit caps what the caller asks for.
    rig.engine.set_blocking_limit(Duration::from_millis(50));
    let outcome = rig
        .engine
        .invoke(invocation("f", &input), Some(Duration::from_secs(1000)))
        .await
        .unwrap();
    let Outcome::Promoted(other) = outcome else {
        panic!("not promoted")
    };
    std::fs::write(gate, "").unwrap();
    for id in [id, other] {
        let record = rig.ended(id).await;
        expect(&record, Status::Success, r#"{"ok":1}"#);
        assert_eq!(
            (record.summary.mode, logs(&record)),
            (Mode::Promoted, vec!["o:done".to_owned()])
        );
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_does_not_stop_the_run() {
    let rig = Rig::new().await;
    rig.node(
        "f",
        "async function main() { await new Promise(r => setTimeout(r, 400)); return {ok: 1} }",
    )
    .await;
    let call = invocation("f", "{}");
    let id = call.id;
    let left = tokio::time::timeout(Duration::from_millis(150), rig.engine.invoke(call, None)).await;
    assert!(left.is_err());
    expect(&rig.ended(id).await, Status::Success, r#"{"ok":1}"#);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_blocking_run_is_in_the_journal_while_it_lasts() {
    let rig = Rig::new().await;
    rig.python(
        "f",
        "import time\ndef main(a):\n  time.sleep(a['s'])\n  return {}",
    )
    .await;
    let call = invocation("f", r#"{"s":2}"#);
    let id = call.id;
    let engine = rig.engine.clone();
    let run = tokio::spawn(async move { engine.invoke(call, None).await });
    wait_for(async || {
        rig.store
            .activation(id)
            .await
            .unwrap()
            .is_some_and(|a| a.summary.status == Status::Running)
    })
    .await;
    assert!(matches!(run.await.unwrap().unwrap(), Outcome::Finished(_)));
    expect(&rig.ended(id).await, Status::Success, "{}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_and_waiting_runs_can_be_cancelled() {
    let rig = Rig::new().await;
    let mut new = function(
        "nodejs:default",
        "const {spawn} = require('child_process'); async function main(a) { spawn('sleep', ['1000']); console.log('in'); await new Promise(r => setTimeout(r, a.ms ?? 60000)); return {} }",
    );
    new.limits = Limits {
        concurrency: 1,
        ..Limits::DEFAULT
    };
    rig.put("f", new).await;
    let cancelled = r#"{"error":"The run was cancelled."}"#;
    let start = |input: &str| {
        let call = invocation("f", input);
        let (id, engine) = (call.id, rig.engine.clone());
        (
            id,
            tokio::spawn(async move { engine.invoke(call, None).await.unwrap() }),
        )
    };
    let (running, first) = start("{}");
    wait_for(async || rig.engine.status().running == 1).await;
    let (waiting, second) = start("{}");
    wait_for(async || rig.engine.status().queued == 1).await;
    let queued = rig.engine.accept(invocation("f", "{}")).await.unwrap();
    assert_eq!(rig.engine.status().queued, 2);

    assert!(rig.engine.cancel(queued).await.unwrap());
    assert_eq!(rig.ended(queued).await.summary.status, Status::Cancelled);
    assert!(rig.engine.cancel(waiting).await.unwrap());
    let Outcome::Finished(record) = second.await.unwrap() else {
        panic!()
    };
    let record = record.activation();
    expect(&record, Status::Cancelled, cancelled);
    assert_eq!((record.timing.run_ms, record.summary.cold), (None, None));
    wait_for(async || rig.store.activation(running).await.unwrap().is_some()).await;
    assert!(rig.engine.cancel(running).await.unwrap());
    let Outcome::Finished(record) = first.await.unwrap() else {
        panic!()
    };
    let record = record.activation();
    expect(&record, Status::Cancelled, cancelled);
    wait_for(async || rig.processes() == 0).await;
    assert!(!rig.engine.cancel(running).await.unwrap(), "it is over");
    assert!(
        !rig.engine.cancel(beckon_core::ActivationId::new()).await.unwrap(),
        "it never was"
    );
    // The slot is free again.
    expect(&rig.run("f", r#"{"ms":1}"#).await, Status::Success, "{}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_say_what_ran_and_where_the_time_went() {
    let rig = Rig::new().await;
    rig.node(
        "f",
        "async function main() { await new Promise(r => setTimeout(r, 60)); return {} }",
    )
    .await;
    let mut call = invocation("f", r#"{"n": 1.50}"#);
    call.received -= 500;
    call.token_id = Some("token".into());
    call.rerun_of = Some(beckon_core::ActivationId::from_u128(7));
    let received = call.received;
    let Outcome::Finished(cold) = rig.engine.invoke(call, None).await.unwrap() else {
        panic!()
    };
    let cold = cold.activation();
    assert_eq!(cold.summary.start, received);
    assert_eq!(
        (
            cold.summary.version.as_str(),
            cold.summary.kind.starts_with("nodejs:")
        ),
        ("0.0.1", true)
    );
    assert_eq!(cold.summary.version, Version::FIRST.to_string());
    assert_eq!(cold.input, Some(JsonText::parse(r#"{"n": 1.50}"#).unwrap()));
    assert_eq!(
        (cold.token_id.as_deref(), cold.rerun_of),
        (Some("token"), Some(beckon_core::ActivationId::from_u128(7)))
    );
    let (wait, init, run) = (
        cold.timing.wait_ms.unwrap(),
        cold.timing.init_ms.unwrap(),
        cold.timing.run_ms.unwrap(),
    );
    assert!(wait >= 499.0 && init > 1.0 && run >= 59.0, "{:?}", cold.timing);
    assert_eq!(cold.summary.duration_ms, Some((init + run).round() as i64));
    assert_eq!(
        cold.summary.end,
        Some(received + (wait + init + run).round() as i64)
    );
    assert_eq!(cold.summary.mode, Mode::Blocking);
    let warm = rig.run("f", "{}").await;
    assert_eq!((warm.summary.cold, warm.timing.init_ms), (Some(false), None));
    let kept = rig.store.activation(warm.summary.id).await.unwrap().unwrap();
    assert_eq!(kept, warm, "the journal has what the caller got");
    let status = rig.engine.status();
    assert_eq!(
        (status.total, status.cold, status.running, status.queued),
        (2, 1, 0, 0)
    );
    assert_eq!((status.workers.len(), status.workers[0].runs), (1, 2));
    rig.stop().await;
}
