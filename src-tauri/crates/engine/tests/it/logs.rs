//! What functions write: order, attribution, bounds.

use crate::support::*;
use beckon_core::{Limits, Status};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_of_both_streams_keep_their_order() {
    let rig = Rig::new().await;
    let many = 300;
    let expected: Vec<String> = (0..many)
        .map(|n| format!("{}:{n}", if n % 3 == 0 { "e" } else { "o" }))
        .collect();
    let node = format!(
        "function main() {{ for (let n = 0; n < {many}; n++) (n % 3 ? console.log : console.error)(n) }}"
    );
    let python = format!(
        "import sys\ndef main(a):\n  for n in range({many}):\n    print(n, file=sys.stdout if n % 3 else sys.stderr)\n  return {{}}"
    );
    for (kind, source) in [("nodejs:default", node), ("python:default", python)] {
        rig.put("f", function(kind, &source)).await;
        for _ in 0..2 {
            let record = rig.run("f", "{}").await;
            assert_eq!(logs(&record), expected, "{kind}");
            assert!(
                record.logs.windows(2).all(|pair| pair[0].at_us <= pair[1].at_us),
                "{kind}"
            );
            let now = beckon_core::Clock::system().now() * 1000;
            assert!((now - record.logs[0].at_us).abs() < 120_000_000, "{kind}");
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_of_writing_is_caught() {
    let rig = Rig::new().await;
    rig.node(
        "f",
        r#"
        console.log('loading');
        const { execSync, spawnSync } = require('child_process');
        async function main() {
            console.log('log %d', 1, {a: 1});
            console.warn('warn');
            process.stdout.write('no newline');
            process.stdout.write(Buffer.from(' but bytes\n'));
            process.stderr.write('two\nlines\r\n');
            spawnSync('sh', ['-c', 'echo child; echo child-error >&2'], {stdio: 'inherit'});
            require('fs').writeSync(1, 'raw\n');
            process.stdout.end('ended\n');
            console.log('after end');
            await new Promise(done => process.stdout.write('with callback\n', done));
            process.stdout.write('last');
        }"#,
    )
    .await;
    let lines = logs(&rig.run("f", "{}").await);
    let framed = [
        "o:loading",
        "o:log 1 { a: 1 }",
        "e:warn",
        "o:no newline but bytes",
        "e:two",
        "e:lines",
        "o:ended",
        "o:after end",
        "o:with callback",
        "o:last",
    ];
    let raw = ["o:child", "o:raw", "e:child-error"];
    assert_eq!(
        lines
            .iter()
            .filter(|l| framed.contains(&l.as_str()))
            .collect::<Vec<_>>(),
        framed,
        "{lines:?}"
    );
    for line in raw {
        assert!(lines.iter().any(|l| l == line), "{line} in {lines:?}");
    }
    assert_eq!(lines.len(), framed.len() + raw.len(), "{lines:?}");

    rig.python(
        "f",
        r#"
import sys, os, logging, subprocess, warnings
print('loading')
logging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s')
def main(args):
    print('printed', 1, end='')
    print(' and ended')
    logging.info('logged')
    sys.stdout.buffer.write(b'bytes \xff\n')
    sys.stderr.write('two\nlines\n')
    subprocess.run(['sh', '-c', 'echo child'])
    os.write(2, b'raw\n')
    print('last', end='')
    return {}
"#,
    )
    .await;
    let lines = logs(&rig.run("f", "{}").await);
    let framed = [
        "o:loading",
        "o:printed 1 and ended",
        "e:INFO logged",
        "o:bytes \u{fffd}",
        "e:two",
        "e:lines",
        "o:last",
    ];
    assert_eq!(
        lines
            .iter()
            .filter(|l| framed.contains(&l.as_str()))
            .collect::<Vec<_>>(),
        framed,
        "{lines:?}"
    );
    assert!(
        lines.contains(&"o:child".into()) && lines.contains(&"e:raw".into()),
        "{lines:?}"
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_line_is_not_the_next_runs() {
    let rig = Rig::new().await;
    rig.node(
        "f",
        r#"
        const wait = ms => new Promise(done => setTimeout(done, ms));
        async function main(a) {
            setTimeout(() => console.log('late ' + a.n), 40);
            setInterval(() => {}, 1000);
            console.log('in ' + a.n);
            await wait(a.ms);
            console.log('out ' + a.n);
        }"#,
    )
    .await;
    for n in 0..4 {
        let ms = if n % 2 == 0 { 1 } else { 150 };
        let record = rig.run("f", &format!(r#"{{"n":{n},"ms":{ms}}}"#)).await;
        let late = format!("o:late {n}");
        let mut expected = vec![format!("o:in {n}")];
        if ms > 40 {
            expected.push(late);
        }
        expected.push(format!("o:out {n}"));
        assert_eq!(logs(&record), expected, "run {n}");
    }
    // What a child of an earlier run writes meanwhile belongs to nobody.
    rig.node(
        "g",
        r#"
        const { spawn } = require('child_process');
        function main(a) {
            if (a.first) spawn('sh', ['-c', 'sleep 0.1; echo stray'], {stdio: 'inherit'});
            else console.log('mine');
        }"#,
    )
    .await;
    rig.run("g", r#"{"first":true}"#).await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert_eq!(logs(&rig.run("g", "{}").await), ["o:mine"]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_limit_cuts() {
    let rig = Rig::new().await;
    let sources = [
        (
            "nodejs:default",
            "function main() { for (let n = 0; n < 3000; n++) console.log('x'.repeat(9)); return {done: 1} }",
        ),
        (
            "python:default",
            "def main(a):\n  for n in range(3000): print('x' * 9)\n  return {'done': 1}",
        ),
        (
            "shell:default",
            "i=0; while [ $i -lt 3000 ]; do echo xxxxxxxxx; i=$((i+1)); done; echo '{\"done\":1}'",
        ),
    ];
    for (kind, source) in sources {
        let mut new = function(kind, source);
        new.limits = Limits {
            logs_kb: 2,
            ..Limits::DEFAULT
        };
        rig.put("f", new).await;
        for _ in 0..2 {
            let record = rig.run("f", "{}").await;
            expect_ok(&record, kind);
            assert!(record.logs_truncated, "{kind}");
            let kept: usize = record.logs.iter().map(|line| line.text.len() + 1).sum();
            assert!((2030..=2049).contains(&kept), "{kind}: {kept}");
        }
        let mut none = function(kind, source);
        none.limits = Limits {
            logs_kb: 0,
            ..Limits::DEFAULT
        };
        rig.put("f", none).await;
        let record = rig.run("f", "{}").await;
        expect_ok(&record, kind);
        assert!(record.logs_truncated && record.logs.is_empty(), "{kind}");
    }
    rig.stop().await;
}

fn expect_ok(record: &beckon_core::Activation, kind: &str) {
    assert_eq!(record.summary.status, Status::Success, "{kind}");
    assert!(
        result(record).starts_with("{\"done\""),
        "{kind}: {}",
        result(record)
    );
}

/// Gigabytes, in every way there is, do not fill the memory and do not stop the engine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_held_back() {
    let rig = Rig::new().await;
    let sources = [
        (
            "nodejs:default",
            "function main() { const s = 'x'.repeat(1 << 20); for (let n = 0; n < 2048; n++) console.log(s); return {done: 1} }",
        ),
        (
            "nodejs:default",
            "function main() { require('child_process').execSync('head -c 600000000 /dev/zero', {stdio: 'inherit'}); return {done: 1} }",
        ),
        (
            "python:default",
            "def main(a):\n  s = 'x' * (1 << 20)\n  for n in range(2048): print(s)\n  return {'done': 1}",
        ),
        (
            "shell:default",
            "head -c 400000000 /dev/zero >&2; yes | head -c 200000000; head -c 300000000 /dev/zero; echo; echo '{\"done\":1}'",
        ),
    ];
    for (kind, source) in sources {
        let mut new = function(kind, source);
        new.limits = Limits {
            logs_kb: 1024,
            timeout_ms: 300_000,
            ..Limits::DEFAULT
        };
        rig.put("f", new).await;
        let outcome = rig.engine.invoke(invocation("f", "{}"), None).await.unwrap();
        let record = match outcome {
            beckon_engine::Outcome::Finished(ended) => ended.activation(),
            beckon_engine::Outcome::Promoted(id) => rig.ended(id).await,
        };
        expect_ok(&record, kind);
        assert!(record.logs_truncated, "{kind}");
        let memory = resident_mb();
        assert!(memory < 250, "{kind}: {memory} MB");
    }
    rig.stop().await;
}

fn resident_mb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// Somebody of the function's processes writes for ever: the answer comes all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_writer_does_not_hold_up_the_answer() {
    let rig = Rig::new().await;
    rig.node("f", "const {spawn} = require('child_process'); let c; function main() { c ??= spawn('yes', {stdio: 'inherit'}); return {done: 1} }").await;
    for _ in 0..3 {
        expect_ok(&rig.run("f", "{}").await, "node");
    }
    rig.shell(
        "g",
        "yes & echo '{\"done\":1}'; sleep 0.2; kill $!; wait; echo; echo '{\"done\":1}'",
    )
    .await;
    expect_ok(&rig.run("g", "{}").await, "shell");
    rig.shell("h", "(yes >&2 &) ; sleep 0.1; echo '{\"done\":1}'")
        .await;
    expect_ok(&rig.run("h", "{}").await, "shell with a background child");
    rig.engine.delete_function(&key("f")).await.unwrap();
    // What a finished executable left in the background is gone without anybody asking.
    rig.shell("b", "sleep 1000 & echo '{\"done\":1}'").await;
    expect_ok(&rig.run("b", "{}").await, "shell with a silent child");
    wait_for(async || rig.processes() == 0).await;
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}
