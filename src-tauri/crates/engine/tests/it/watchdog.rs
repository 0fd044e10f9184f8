//! OpenFaaS' watchdogs: their environment, and every row of their status matrix.

use crate::support::*;
use beckon_core::{Contract, ErrorCode, NewFunction, Status};
use beckon_engine::{Ended, Invocation, Outcome, Payload};
use bytes::Bytes;
use http::{Request, Response};
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use Contract::{WatchdogClassic, WatchdogHttp, WatchdogSerializing, WatchdogStreaming};

const FORKS: [Contract; 3] = [WatchdogClassic, WatchdogSerializing, WatchdogStreaming];

fn watchdog(contract: Contract, source: &str) -> NewFunction {
    let mut new = function("shell:default", source);
    new.contract = contract;
    new
}

fn call(name: &str, request: Request<Bytes>) -> Invocation {
    Invocation {
        payload: Payload::Http(Box::new(request)),
        ..invocation(name, "{}")
    }
}

fn post(uri: &str, body: &'static [u8]) -> Request<Bytes> {
    Request::post(uri)
        .header("content-type", "text/csv")
        .header("x-call-id", "42")
        .header("host", "here.example")
        .body(Bytes::from_static(body))
        .unwrap()
}

async fn ended(rig: &Rig, name: &str, request: Request<Bytes>) -> Arc<Ended> {
    match rig.engine.invoke(call(name, request), None).await.unwrap() {
        Outcome::Finished(ended) => ended,
        Outcome::Promoted(id) => panic!("{id} was promoted"),
    }
}

async fn response(rig: &Rig, name: &str, request: Request<Bytes>) -> Response<Bytes> {
    ended(rig, name, request).await.reply().clone().into_response()
}

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_request_is_standard_input_and_environment() {
    let rig = Rig::new().await;
    for contract in FORKS {
        let source = "cat; echo; echo to the log >&2; env | grep -E '^(Http_|OPENFAAS_)' | sort; pwd";
        let mut new = watchdog(contract, source);
        new.settings.watchdog.combine_output = Some(false);
        rig.put("f", new).await;
        let ended = ended(&rig, "f", post("/a%20b/c?x=1&y", b"body")).await;
        let answer = ended.reply().clone().into_response();
        assert_eq!(answer.status(), 200);
        let text = text(&answer);
        let lines: Vec<&str> = text.lines().collect();
        let more: &[&str] = &[
            "Http_ContentLength=4",
            "Http_Content_Length=4",
            "Http_Host=here.example",
        ];
        for line in more {
            assert_eq!(
                lines.contains(line),
                contract == WatchdogClassic,
                "{contract:?} {line}"
            );
        }
        assert_eq!(lines[0], "body");
        for line in [
            "Http_Content_Type=text/csv",
            "Http_Method=POST",
            "Http_Path=/a b/c",
            "Http_Query=x=1&y",
            "Http_X_Call_Id=42",
            "OPENFAAS_NAME=f",
            "OPENFAAS_NAMESPACE=test",
        ] {
            assert!(lines.contains(&line), "{contract:?} {line} is not in {lines:?}");
        }
        assert_eq!(logs(&ended.activation()), ["e:to the log"]);
        // The classic one mirrors the request's type.
        let kind = if contract == WatchdogClassic {
            "text/csv"
        } else {
            "application/octet-stream"
        };
        assert_eq!(answer.headers()["content-type"], kind);
    }
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ends_at_once_is_no_worker_any_more() {
    let rig = Rig::new().await;
    for contract in FORKS {
        rig.put("f", watchdog(contract, "echo partial; exit 7")).await;
        for _ in 0..10 {
            let four = std::array::from_fn::<_, 4, _>(|_| ended(&rig, "f", post("/", b"")));
            let [a, b, c, d] = four;
            tokio::join!(a, b, c, d);
        }
        wait_for(async || rig.engine.status().workers.is_empty()).await;
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn output_is_combined_typed_and_bytes_pass() {
    let rig = Rig::new().await;
    rig.put("both", watchdog(WatchdogClassic, "echo out; echo err >&2"))
        .await;
    let both = text(&response(&rig, "both", post("/", b"")).await);
    assert!(both.contains("out\n") && both.contains("err\n"), "{both}");
    // A command of this machine, split at single spaces, with no package of its own in the way.
    for contract in FORKS {
        let mut new = watchdog(contract, "echo not this");
        new.settings.watchdog.process = Some("cat -".to_owned());
        new.settings.watchdog.content_type = Some("image/x-own".to_owned());
        rig.put("cat", new).await;
        let body: Vec<u8> = (0..2_000_000u32).map(|i| (i * 7) as u8).collect();
        let request = Request::post("/").body(Bytes::from(body.clone())).unwrap();
        let answer = response(&rig, "cat", request).await;
        assert_eq!(answer.headers()["content-type"], "image/x-own");
        assert!(answer.body()[..] == body[..]);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_told_as_each_watchdog_tells_them() {
    let rig = Rig::new().await;
    for (contract, exit, exit_text, missing, missing_text) in [
        (
            WatchdogClassic,
            500,
            "exit status 3\npart\n",
            500,
            "fork/exec /no/such: no such file or directory\n",
        ),
        (
            WatchdogSerializing,
            500,
            "exit status 3",
            500,
            "fork/exec /no/such: no such file or directory",
        ),
        (WatchdogStreaming, 200, "part\n", 200, ""),
    ] {
        rig.put("exit", watchdog(contract, "echo part; exit 3")).await;
        let ended = ended(&rig, "exit", post("/", b"")).await;
        let answer = ended.reply().clone().into_response();
        assert_eq!(
            (answer.status().as_u16(), text(&answer).as_str()),
            (exit, exit_text),
            "{contract:?}"
        );
        let record = ended.activation();
        assert_eq!(record.summary.status, Status::DeveloperError, "{contract:?}");
        assert!(logs(&record).iter().any(|line| line.contains("exit status 3")));
        let mut new = watchdog(contract, "");
        new.code = beckon_core::CodePackage::Source("#!/bin/sh\n".into());
        new.settings.watchdog.process = Some("/no/such thing".to_owned());
        rig.put("missing", new).await;
        let answer = response(&rig, "missing", post("/", b"")).await;
        assert_eq!(
            (answer.status().as_u16(), text(&answer).as_str()),
            (missing, missing_text),
            "{contract:?}"
        );
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_out_that_fired_is_named() {
    let rig = Rig::new().await;
    for (contract, status, body) in [
        (WatchdogClassic, 408, "Killed process.\n"),
        (WatchdogSerializing, 500, "signal: killed"),
        (WatchdogStreaming, 200, "part\n"),
    ] {
        let mut new = watchdog(contract, "echo part; setsid sleep 1000 & sleep 1000");
        new.settings.watchdog.exec_timeout_ms = Some(2000);
        rig.put("f", new).await;
        let ended = ended(&rig, "f", post("/", b"")).await;
        let answer = ended.reply().clone().into_response();
        assert_eq!(
            (answer.status().as_u16(), text(&answer).as_str()),
            (status, body),
            "{contract:?}"
        );
        let record = ended.activation();
        assert_eq!(record.summary.status, Status::TimedOut);
        let named = logs(&record)
            .iter()
            .any(|line| line.contains("exec_timeout of 2 s"));
        assert!(named, "{:?}", logs(&record));
        wait_for(async || rig.processes() == 0).await;
    }
    // A caller may ask of-watchdog for less, and not for more; the classic one does not listen.
    for (contract, asked, named) in [
        (WatchdogSerializing, "1500ms", "X-Timeout of 1500 ms"),
        (WatchdogSerializing, "1h", "exec_timeout of 2 s"),
        (WatchdogClassic, "1500ms", "exec_timeout of 2 s"),
    ] {
        let mut new = watchdog(contract, "sleep 1000");
        new.settings.watchdog.exec_timeout_ms = Some(2000);
        rig.put("f", new).await;
        let mut request = post("/", b"");
        request.headers_mut().insert("x-timeout", asked.parse().unwrap());
        let record = ended(&rig, "f", request).await.activation();
        assert!(
            logs(&record).iter().any(|line| line.contains(named)),
            "{record:?}"
        );
    }
    // The watchdog hangs up, and the gateway before it has nothing to pass on.
    let mut new = watchdog(WatchdogClassic, "echo part; sleep 1000");
    new.settings.watchdog.write_timeout_ms = Some(1500);
    rig.put("write", new).await;
    let ended = ended(&rig, "write", post("/", b"")).await;
    let answer = ended.reply().clone().into_response();
    assert_eq!((answer.status().as_u16(), answer.body().len()), (502, 0));
    assert!(logs(&ended.activation())[0].contains("write_timeout of 1500 ms"));
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_stands_before_the_templates_too() {
    let rig = Rig::new().await;
    let node = "module.exports = async (event, context) => { await new Promise(r => setTimeout(r, Number(event.body))); return context.succeed('done'); };";
    let python = "import time\ndef handle(event, context):\n    time.sleep(float(event.body) / 1000)\n    return {'body': 'done'}\n";
    let flask = "import time\ndef handle(req):\n    time.sleep(float(req) / 1000)\n    return 'done'\n";
    for (runtime, contract, source) in [
        ("nodejs:default", Contract::Openfaas, node),
        ("python:default", Contract::Openfaas, python),
        ("python:default", Contract::OpenfaasFlask, flask),
    ] {
        let timed = async |exec: Option<u32>, write: Option<u32>, limit: u32, asked: Option<&str>| {
            let mut new = function(runtime, source);
            new.contract = contract;
            new.settings.watchdog.exec_timeout_ms = exec;
            new.settings.watchdog.write_timeout_ms = write;
            new.limits.timeout_ms = limit;
            rig.put("f", new).await;
            // So that no start is within the deadline.
            assert_eq!(text(&response(&rig, "f", post("/", b"0")).await), "done");
            let mut request = post("/", b"60000");
            if let Some(asked) = asked {
                request.headers_mut().insert("x-timeout", asked.parse().unwrap());
            }
            ended(&rig, "f", request).await
        };
        // One rule is for all; the first has every case of it.
        for (exec, limit, asked, named) in [
            (Some(1500), 60_000, None, "exec_timeout of 1500 ms"),
            // As a project brings it: the function's limit is the same.
            (Some(2000), 2000, None, "exec_timeout of 2 s"),
            (Some(60_000), 60_000, Some("1500ms"), "X-Timeout of 1500 ms"),
            (None, 1600, None, "the function's limit of 1600 ms"),
        ]
        .into_iter()
        .take(if runtime == "nodejs:default" { 4 } else { 1 })
        {
            let ended = timed(exec, None, limit, asked).await;
            let answer = ended.reply().clone().into_response();
            assert_eq!(answer.status(), 504, "{contract:?} {named}");
            assert_eq!(answer.headers()["x-openfaas-internal"], "of-watchdog");
            assert_eq!(text(&answer), format!("The function was ended after {named}."));
            let record = ended.activation();
            assert_eq!(record.summary.status, Status::TimedOut);
            assert!(logs(&record)[0].contains(named), "{:?}", logs(&record));
        }
        let ended = timed(Some(60_000), Some(1500), 60_000, None).await;
        let answer = ended.reply().clone().into_response();
        assert_eq!((answer.status().as_u16(), answer.body().len()), (502, 0));
        assert!(logs(&ended.activation())[0].contains("write_timeout of 1500 ms"));
    }
    // What was set for a watchdog does not bound the function that has become another's.
    let mut new = function(
        "nodejs:default",
        "exports.handle = () => new Promise(r => setTimeout(r, 900, 'done'));",
    );
    new.contract = Contract::Scaleway;
    new.settings.watchdog.exec_timeout_ms = Some(1);
    new.settings.watchdog.write_timeout_ms = Some(1);
    new.settings.watchdog.max_inflight = 1;
    rig.put("f", new).await;
    let both = tokio::join!(
        response(&rig, "f", post("/", b"")),
        response(&rig, "f", post("/", b""))
    );
    assert_eq!((text(&both.0), text(&both.1)), ("done".into(), "done".into()));
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

/// A container is there before its requests: the watchdog's limits are theirs alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_start_is_no_slow_request() {
    let rig = Rig::new().await;
    let slow = "import time\ntime.sleep(2)\ndef handle(event, context):\n    return {'body': 'there'}\n";
    for bound in ["exec", "write", "asked"] {
        let mut new = function("python:default", slow);
        new.contract = Contract::Openfaas;
        let settings = &mut new.settings.watchdog;
        match bound {
            "exec" => settings.exec_timeout_ms = Some(1000),
            "write" => settings.write_timeout_ms = Some(1000),
            _ => {}
        }
        rig.put("f", new).await;
        let mut request = post("/", b"");
        if bound == "asked" {
            request.headers_mut().insert("x-timeout", "1s".parse().unwrap());
        }
        let ended = ended(&rig, "f", request).await;
        assert_eq!(text(&ended.reply().clone().into_response()), "there", "{bound}");
        assert!(ended.activation().summary.cold.unwrap());
    }
    // One that never ends is bounded by the function's own limit.
    let mut never = function("nodejs:default", "for (;;);");
    never.contract = Contract::Openfaas;
    never.settings.watchdog.exec_timeout_ms = Some(60_000);
    never.limits.timeout_ms = 1500;
    rig.put("f", never).await;
    let ended = ended(&rig, "f", post("/", b"")).await;
    assert_eq!(ended.reply().clone().into_response().status(), 504);
    let logs = logs(&ended.activation());
    assert!(logs[0].contains("the function's limit of 1500 ms"), "{logs:?}");
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_classic_one_knows_five_methods() {
    let rig = Rig::new().await;
    for contract in FORKS {
        rig.put("f", watchdog(contract, "cat")).await;
        for method in ["HEAD", "OPTIONS", "PROPFIND", "PATCH"] {
            let mut request = post("/", b"");
            *request.method_mut() = method.parse().unwrap();
            let refuses = contract == WatchdogClassic && method != "PATCH";
            let expected = if refuses { 405 } else { 200 };
            assert_eq!(
                response(&rig, "f", request).await.status(),
                expected,
                "{contract:?} {method}"
            );
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_too_many_is_refused() {
    let rig = Rig::new().await;
    let mut new = watchdog(
        WatchdogClassic,
        "while [ ! -e \"$gate\" ]; do sleep 0.02; done; echo through",
    );
    let gate = rig.data.path().join("gate").display().to_string();
    new.env.push(("gate".to_owned(), gate.clone()));
    new.settings.watchdog.max_inflight = 1;
    rig.put("f", new).await;
    let (engine, first) = (rig.engine.clone(), call("f", post("/", b"")));
    let first = tokio::spawn(async move { engine.invoke(first, None).await.unwrap() });
    wait_for(async || rig.processes() > 0).await;
    let refused = rig
        .engine
        .invoke(call("f", post("/", b"")), None)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::Busy);
    assert_eq!(
        refused.message,
        "Concurrent request limit exceeded. Max concurrent requests: 1"
    );
    std::fs::write(gate, "").unwrap();
    assert!(matches!(first.await.unwrap(), Outcome::Finished(_)));
    assert_eq!(response(&rig, "f", post("/", b"")).await.status(), 200);
    rig.stop().await;
}

const SERVER: &str = r#"#!/usr/bin/env node
const http = require('http');
let calls = 0;
setTimeout(() => http.createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    console.log('call', request.url);
    if (request.url === '/exit') { console.error('goodbye'); process.exit(4); }
    if (request.url === '/hang') return;
    if (request.url === '/own') { response.writeHead(418, { 'X-Own': ['a', 'b'] }); return response.end('tea'); }
    const body = Buffer.concat(pieces);
    response.setHeader('X-Seen', JSON.stringify([request.method, request.url, request.headers['x-call-id'],
      process.pid, ++calls, process.env.upstream_url]));
    response.end(body);
  });
}).listen(Number(process.env.http_port), '127.0.0.1'), 300);
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_one_connection_is_not_kept_waiting_for_its_end() {
    const ONE_BY_ONE: &str = r#"exec python3 -c '
import http.server, os
ended = 0
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = f"{ended} {os.getpid() == os.getsid(0)}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def finish(self):
        global ended
        ended += 1
        super().finish()
http.server.HTTPServer(("127.0.0.1", int(os.environ["http_port"])), Handler).serve_forever()
'"#;
    let rig = Rig::new().await;
    let mut new = watchdog(WatchdogHttp, ONE_BY_ONE);
    new.settings.runs_per_worker = 8;
    rig.put("f", new).await;
    let mut said = Vec::new();
    for pause in [0, 0, 3] {
        tokio::time::sleep(std::time::Duration::from_secs(pause)).await;
        said.push(text(&response(&rig, "f", post("/", b"")).await));
    }
    assert_eq!(said, ["0 True", "0 True", "1 True"]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_serves_http_is_kept_and_called_again() {
    let rig = Rig::new().await;
    let mut new = watchdog(WatchdogHttp, SERVER);
    new.settings.runs_per_worker = 8;
    new.limits.concurrency = 1;
    rig.put("f", new).await;
    let mut pids = std::collections::HashSet::new();
    for n in 1..=3 {
        let ended = ended(&rig, "f", post("/a%20b?x=1", b"\xff\x00body")).await;
        let answer = ended.reply().clone().into_response();
        assert_eq!(
            (answer.status().as_u16(), &answer.body()[..]),
            (200, &b"\xff\x00body"[..])
        );
        assert!(answer.headers().contains_key("x-duration-seconds"));
        let seen: serde_json::Value = serde_json::from_slice(answer.headers()["x-seen"].as_bytes()).unwrap();
        assert_eq!((&seen[0], &seen[1]), (&"POST".into(), &"/a%20b?x=1".into()));
        assert_eq!((&seen[2], &seen[4]), (&"42".into(), &n.into()));
        assert!(seen[5].as_str().unwrap().starts_with("http://127.0.0.1:"));
        pids.insert(seen[3].to_string());
        assert_eq!(logs(&ended.activation()), ["o:call /a%20b?x=1"]);
    }
    assert_eq!(pids.len(), 1);
    let answer = response(&rig, "f", post("/own", b"")).await;
    assert_eq!((answer.status().as_u16(), text(&answer).as_str()), (418, "tea"));
    assert_eq!(answer.headers().get_all("x-own").iter().count(), 2);
    // Many at a time, over as many connections.
    let mut runs = Vec::new();
    for _ in 0..8 {
        let (engine, run) = (rig.engine.clone(), call("f", post("/", b"x")));
        runs.push(tokio::spawn(
            async move { engine.invoke(run, None).await.unwrap() },
        ));
    }
    for run in runs {
        let Outcome::Finished(ended) = run.await.unwrap() else {
            panic!("it was promoted")
        };
        assert_eq!(ended.reply().clone().into_response().status(), 200);
    }
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_is_one_process_s() {
    let rig = Rig::new().await;
    // Somebody else's port: what answers there is not the function.
    let theirs = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = theirs.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        // To the last, which the test itself sends.
        for stream in theirs.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let count = stream.read(&mut request).unwrap();
            if request[..count].starts_with(b"stop") {
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalien");
        }
    });
    let mut new = watchdog(WatchdogHttp, SERVER);
    new.settings.watchdog.port = Some(port);
    new.limits.concurrency = 3;
    rig.put("f", new.clone()).await;
    let taken = ended(&rig, "f", post("/", b"")).await;
    assert_eq!(taken.reply().clone().into_response().status(), 500);
    let lines = logs(&taken.activation());
    assert!(lines.iter().any(|line| line.contains("EADDRINUSE")), "{lines:?}");
    std::net::TcpStream::connect(("127.0.0.1", port))
        .unwrap()
        .write_all(b"stop")
        .unwrap();
    answering.join().unwrap();
    // As many calls as it may have at a time, in the one process that can have the port.
    let seen = |response: Response<Bytes>| {
        assert_eq!(response.status(), 200, "{}", text(&response));
        let seen: serde_json::Value =
            serde_json::from_slice(response.headers()["x-seen"].as_bytes()).unwrap();
        seen[3].to_string()
    };
    let calls = (0..5).map(|_| response(&rig, "f", post("/", b"x")));
    let pids: std::collections::HashSet<String> = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .map(seen)
        .collect();
    assert_eq!(pids.len(), 1);
    // The next version takes it over.
    rig.put("f", new).await;
    assert!(!pids.contains(&seen(response(&rig, "f", post("/", b"x")).await)));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_or_hangs_is_replaced() {
    let rig = Rig::new().await;
    let mut new = watchdog(WatchdogHttp, SERVER);
    new.settings.watchdog.exec_timeout_ms = Some(4000);
    rig.put("f", new).await;
    for _ in 0..2 {
        let ended = ended(&rig, "f", post("/exit", b"")).await;
        let answer = ended.reply().clone().into_response();
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.headers()["x-openfaas-internal"], "of-watchdog");
        let lines = logs(&ended.activation());
        assert!(lines.contains(&"e:goodbye".to_owned()), "{lines:?}");
        assert!(
            lines.iter().any(|line| line.contains("exited with code 4")),
            "{lines:?}"
        );
        assert_eq!(response(&rig, "f", post("/", b"")).await.status(), 200);
    }
    let ended_late = ended(&rig, "f", post("/hang", b"")).await;
    let answer = ended_late.reply().clone().into_response();
    assert_eq!((answer.status().as_u16(), answer.body().len()), (504, 0));
    assert_eq!(answer.headers()["x-openfaas-internal"], "of-watchdog");
    assert!(
        logs(&ended_late.activation())
            .iter()
            .any(|line| line.contains("exec_timeout of 4 s"))
    );
    assert_eq!(response(&rig, "f", post("/", b"")).await.status(), 200);
    // One that never listens, and says why.
    rig.put("bad", watchdog(WatchdogHttp, "echo cannot start >&2; exit 7"))
        .await;
    let ended = ended(&rig, "bad", post("/", b"")).await;
    assert_eq!(ended.reply().clone().into_response().status(), 500);
    let lines = logs(&ended.activation());
    assert_eq!(
        lines,
        ["e:cannot start", "e:Beckon: the worker exited with code 7."]
    );
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

/// A run's folder is the next one's if it is as it was, and no other version's; nothing that a run left is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_folder_of_a_run_is_kept_for_the_next_as_long_as_it_is_empty() {
    let rig = Rig::new().await;
    let source = r#"echo "$TMPDIR"; ls -A "$TMPDIR"; stat -c %a "$TMPDIR"; touch "$TMPDIR/$(cat)" 2>&1"#;
    let deploy = async || rig.put("f", watchdog(WatchdogStreaming, source)).await;
    let place = async |body: &'static [u8]| {
        let said = text(&response(&rig, "f", post("/", body)).await);
        let lines: Vec<&str> = said.lines().collect();
        // Only what every folder has: no file, and permissions of its own only.
        assert_eq!(lines.len(), 2, "{said}");
        (lines[0].to_owned(), lines[1].to_owned())
    };
    deploy().await;
    let (first, mode) = place(b"").await;
    assert_eq!(place(b"").await, (first.clone(), mode.clone()));
    // Now a file is left.
    assert_eq!(place(b"left").await, (first.clone(), mode.clone()));
    let (second, again) = place(b"").await;
    assert_ne!(first, second);
    assert_eq!(mode, again);
    deploy().await;
    assert_ne!(place(b"").await.0, second);
    let scratch = rig.data.path().join("scratch");
    wait_for(async || !std::path::Path::new(&first).exists()).await;
    rig.engine.shutdown(std::time::Duration::from_secs(3)).await;
    assert_eq!(std::fs::read_dir(scratch).unwrap().count(), 0);
}
