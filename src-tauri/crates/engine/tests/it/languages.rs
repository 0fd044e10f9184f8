//! PHP, Ruby and Go under every contract that they can follow, with the real interpreters and the real compiler.

use crate::support::{Rig, expect, function, invocation, key, logs, package};
use beckon_core::{Contract, ErrorCode, NewFunction, Status};
use beckon_engine::{Invocation, Outcome, Payload, Reply};
use beckon_store::Expect;
use bytes::Bytes;

fn with(contract: Contract, mut new: NewFunction) -> NewFunction {
    new.contract = contract;
    new
}

/// Sends a request; gives status, the value of `x-answer`, and the body.
async fn ask(rig: &Rig, name: &str, method: &str, target: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let request = http::Request::builder()
        .method(method)
        .uri(target)
        .header("x-twice", "1")
        .header("x-twice", "2")
        .body(Bytes::copy_from_slice(body))
        .unwrap();
    let invocation = Invocation {
        payload: Payload::Http(Box::new(request)),
        ..invocation(name, "{}")
    };
    let outcome = rig.engine.invoke(invocation, None).await.unwrap();
    let Outcome::Finished(ended) = outcome else {
        panic!("promoted");
    };
    let Reply::Http(response) = ended.reply() else {
        panic!("{:?}", ended.reply());
    };
    let answer = response.headers().get("x-answer");
    let answer = answer.map_or_else(String::new, |value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), answer, response.body().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn php_functions() {
    let rig = Rig::new().await;
    let main = "<?php function main(array $args): array {
        echo \"out\\n\"; fwrite(STDERR, \"err\\n\");
        if (isset($args['boom'])) { throw new Exception('boom'); }
        return ['hello' => $args['name'] ?? 'nobody', 'run' => getenv('__OW_ACTIVATION_ID') !== false];
    }";
    let mut new = function("php:default", main);
    new.parameters = vec![beckon_core::NamedJson {
        key: "name".into(),
        value: beckon_core::JsonText::parse("\"Ada\"").unwrap(),
    }];
    rig.put("main", new).await;
    let record = rig.run("main", "{}").await;
    expect(&record, Status::Success, r#"{"hello":"Ada","run":true}"#);
    let mut lines = logs(&record);
    lines.sort();
    assert_eq!(lines, ["e:err", "o:out"]);
    let record = rig.run("main", r#"{"boom":1}"#).await;
    let text = r#"{"error":"An error occurred running the action."}"#;
    expect(&record, Status::ApplicationError, text);
    assert!(
        logs(&record).iter().any(|line| line.contains("boom")),
        "{:?}",
        logs(&record)
    );
    rig.put(
        "empty",
        function("php:default", "<?php function main($a) { return []; }"),
    )
    .await;
    expect(&rig.run("empty", "{}").await, Status::Success, "{}");
    rig.put(
        "wrong",
        function("php:default", "<?php function main($a) { return 5; }"),
    )
    .await;
    assert_eq!(
        rig.run("wrong", "{}").await.summary.status,
        Status::DeveloperError
    );
    rig.put(
        "broken",
        function("php:default", "<?php function main($a) { return [; }"),
    )
    .await;
    assert_eq!(
        rig.run("broken", "{}").await.summary.status,
        Status::DeveloperError
    );

    let handler = r#"<?php function hello($event, $context) {
        if ($event['path'] === '/boom') { throw new Exception('no'); }
        return ['statusCode' => 201, 'headers' => ['X-Answer' => $event['headers']['x-twice']],
            'body' => $event['httpMethod'] . ' ' . $event['queryStringParameters']['q'] . ' ' . $event['body']];
    }"#;
    let mut new = with(
        Contract::Scaleway,
        package("php:default", &[("src/app.php", handler)]),
    );
    new.main = Some("src/app.hello".into());
    rig.put("scaleway", new).await;
    assert_eq!(
        ask(&rig, "scaleway", "PUT", "/x?q=a+b", b"text").await,
        (201, "1,2".into(), b"PUT a b text".to_vec())
    );
    let (status, _, body) = ask(&rig, "scaleway", "GET", "/boom", b"").await;
    assert_eq!(status, 500);
    assert!(body.starts_with(b"An error occured during handler execution: no"));

    let handler = "<?php namespace App; class Handler { public function handle(string $data): string {
        return strrev($data); } }";
    rig.put(
        "openfaas",
        with(
            Contract::Openfaas,
            package("php:default", &[("src/Handler.php", handler)]),
        ),
    )
    .await;
    assert_eq!(
        ask(&rig, "openfaas", "POST", "/", b"\xffabc").await,
        (200, String::new(), b"cba\xff".to_vec())
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ruby_functions() {
    let rig = Rig::new().await;
    let main = "def main(args)\n  puts 'out'\n  warn 'err'\n  raise 'boom' if args['boom']\n  \
                { 'hello' => args['name'] }\nend\n";
    rig.put("main", function("ruby:default", main)).await;
    let record = rig.run("main", r#"{"name":"Ada"}"#).await;
    expect(&record, Status::Success, r#"{"hello":"Ada"}"#);
    let mut lines = logs(&record);
    lines.sort();
    assert_eq!(lines, ["e:err", "o:out"]);
    let record = rig.run("main", r#"{"boom":1}"#).await;
    expect(&record, Status::ApplicationError, r#"{"error":"boom"}"#);
    rig.put("broken", function("ruby:default", "def main(")).await;
    assert_eq!(
        rig.run("broken", "{}").await.summary.status,
        Status::DeveloperError
    );

    let handler = "class Handler\n  def run(body, headers)\n    \
                   return 'gone', {}, 410 if headers['PATH_INFO'] == '/gone'\n    \
                   return body.read.reverse, { 'X-Answer': headers['HTTP_X_TWICE'] }\n  end\nend\n";
    rig.put(
        "openfaas",
        with(
            Contract::Openfaas,
            package("ruby:default", &[("handler.rb", handler)]),
        ),
    )
    .await;
    assert_eq!(
        ask(&rig, "openfaas", "POST", "/", b"abc").await,
        (200, "1,2".into(), b"cba".to_vec())
    );
    assert_eq!(ask(&rig, "openfaas", "GET", "/gone", b"").await.0, 410);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn go_functions() {
    let rig = Rig::new().await;
    let handler = r#"package hello

import (
	"fmt"
	"io"
	"net/http"
)

func Handle(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Println("seen", r.URL.Path)
	if r.URL.Path == "/boom" {
		panic("no")
	}
	w.Header().Set("X-Answer", fmt.Sprint(len(r.Header["X-Twice"])))
	w.WriteHeader(201)
	fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Query().Get("q"), body)
}
"#;
    rig.put("go", with(Contract::Scaleway, function("go:default", handler)))
        .await;
    assert_eq!(
        ask(&rig, "go", "PATCH", "/x?q=a+b", b"text").await,
        (201, "2".into(), b"PATCH a b text".to_vec())
    );
    assert_eq!(ask(&rig, "go", "GET", "/boom", b"").await.0, 500);
    assert_eq!(
        ask(&rig, "go", "GET", "/", b"").await.0,
        201,
        "a panic ends its run alone"
    );
    let log = rig.engine.build_log(&key("go"), None).await.unwrap().log;
    assert!(log.contains("go build"), "{log}");
    // Code that does not compile: the compiler's own words, and what was there goes on.
    let broken = handler.replace("w.WriteHeader(201)", "w.WriteHeader(\"201\")");
    let error = rig
        .engine
        .put_function(
            &key("go"),
            with(Contract::Scaleway, function("go:default", &broken)),
            Expect::Any,
        )
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert!(error.message.contains("handler.go:"), "{}", error.message);
    assert_eq!(ask(&rig, "go", "GET", "/", b"").await.0, 201);
    // A module of its own, with a package in a folder: OpenFaaS' golang-middleware.
    let files = [
        ("go.mod", "module example.org/mine\n\ngo 1.19\n"),
        (
            "api/api.go",
            &handler
                .replace("package hello", "package api")
                .replace("Handle(", "Serve("),
        ),
    ];
    let mut module = with(Contract::Openfaas, package("go:default", &files));
    module.main = Some("api/Serve".into());
    rig.put("module", module).await;
    assert_eq!(
        ask(&rig, "module", "GET", "/?q=1", b"").await.2,
        b"GET 1 ".to_vec()
    );
    // OpenWhisk's own way.
    let action = r#"package main

func Main(args map[string]interface{}) map[string]interface{} {
	return map[string]interface{}{"hello": args["name"]}
}
"#;
    rig.put(
        "action",
        with(Contract::ActionLoop, function("go:default", action)),
    )
    .await;
    expect(
        &rig.run("action", r#"{"name":"Ada"}"#).await,
        Status::Success,
        r#"{"hello":"Ada"}"#,
    );
    rig.stop().await;
}

/// What Scaleway's own examples do, in the types that they use.
const RUST: &str = r#"
use axum::body::{Body, to_bytes};
use http::{Request, Response};

pub async fn my_handler(request: Request<Body>) -> Response<Body> {
    println!("{} {}", request.method(), request.uri());
    if request.uri().path() == "/boom" {
        panic!("on purpose");
    }
    let twice = request.headers().get_all("x-twice").iter().count();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    Response::builder()
        .status(201)
        .header("x-answer", twice)
        .body(Body::from(body.repeat(2)))
        .unwrap()
}
"#;

/// A crate with the parts of axum that a handler cannot do without: they compile in a moment.
fn rust_crate(source: &str, more: &str) -> NewFunction {
    let manifest = format!(
        "[package]\nname = \"my-handler\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\npath = \"src/handler.rs\"\n\
         [dependencies]\naxum = {{ version = \"0.8\", default-features = false }}\nhttp = \"1\"\n{more}"
    );
    let files = [
        ("Cargo.toml", manifest.as_str()),
        ("src/handler.rs", source),
        (".cargo/config.toml", "[net]\nretry = 0\n"),
    ];
    let mut new = with(Contract::Scaleway, package("rust:default", &files));
    new.main = Some("my_handler".into());
    new
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rust_functions_are_compiled_and_called() {
    let rig = Rig::new().await;
    rig.put("rs", rust_crate(RUST, "")).await;
    assert_eq!(
        ask(&rig, "rs", "POST", "/a%20b?c=1", b"\x00\xff").await,
        (201, "2".into(), b"\x00\xff\x00\xff".to_vec())
    );
    let (status, _, body) = ask(&rig, "rs", "GET", "/boom", b"").await;
    assert_eq!((status, body), (500, b"on purpose".to_vec()));
    assert_eq!(
        ask(&rig, "rs", "GET", "/", b"").await.0,
        201,
        "a panic ends its run alone"
    );
    let record = rig.run("rs", "{}").await;
    assert_eq!(logs(&record), ["o:POST /"]);
    assert!(!record.summary.cold.unwrap_or(true), "one worker did it all");
    let log = rig.engine.build_log(&key("rs"), None).await.unwrap().log;
    assert!(
        log.contains("cargo") && log.contains("Compiling my-handler"),
        "{log}"
    );
    // Code that does not compile, and crates that nobody has: what was there goes on.
    let broken = RUST.replace(".status(201)", ".status(\"two\", 1)");
    let error = rig
        .engine
        .put_function(&key("rs"), rust_crate(&broken, ""), Expect::Any)
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert!(
        error.message.starts_with("cargo build failed: error[E"),
        "{}",
        error.message
    );
    let manifest = "elsewhere = { version = \"1\", registry-index = \"sparse+http://127.0.0.1:1/\" }\n";
    let error = rig
        .engine
        .put_function(&key("rs"), rust_crate(RUST, manifest), Expect::Any)
        .await
        .unwrap_err();
    assert!(error.message.contains("could not be fetched"), "{error:?}");
    assert_eq!(ask(&rig, "rs", "GET", "/", b"").await.0, 201);
    rig.stop().await;
}

/// A launcher as OpenWhisk's runtimes have it: the keys of the line go into the environment, and it says when it is
/// ready.
const LAUNCHER: &str = r#"#!/usr/bin/env python3
import json, os, sys, time
out = os.fdopen(3, "w")
if os.environ.get("__OW_WAIT_FOR_ACK"):
    print("starting")
    sys.stdout.flush()
    out.write('{"ok": %s}\n' % os.environ.get("ACK", "true"))
    out.flush()
count = 0
for line in sys.stdin:
    given = json.loads(line)
    for key in given:
        if key != "value":
            os.environ["__OW_%s" % key.upper()] = given[key]
    args, count = given["value"], count + 1
    print("run", count, flush=True)
    print("careful", file=sys.stderr, flush=True)
    if args.get("exit"):
        sys.exit(3)
    if args.get("sleep"):
        time.sleep(600)
    answer = {"count": count, "greeting": args["greeting"], "name": os.environ["__OW_ACTION_NAME"],
              "same": os.environ["__OW_ACTIVATION_ID"] == given["activation_id"],
              "late": int(os.environ["__OW_DEADLINE"]) > time.time() * 1000}
    if args.get("error"):
        answer = {"error": args["error"]}
    out.write(args.get("raw", json.dumps(answer)) + "\n")
    if args.get("twice"):
        out.write("{}\n")
    out.flush()
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn executables_speak_action_loop() {
    let rig = Rig::new().await;
    let launcher = |ack: &str| {
        let mut new = with(Contract::ActionLoop, function("shell:default", LAUNCHER));
        new.env = vec![("OW_WAIT_FOR_ACK".into(), "1".into()), ("ACK".into(), ack.into())];
        new.parameters = vec![beckon_core::NamedJson {
            key: "greeting".into(),
            value: beckon_core::JsonText::parse("1.50").unwrap(),
        }];
        new
    };
    rig.put("loop", launcher("true")).await;
    let answer = |count: u32| {
        format!(r#"{{"count": {count}, "greeting": 1.5, "name": "/test/loop", "same": true, "late": true}}"#)
    };
    let record = rig.run("loop", "{}").await;
    expect(&record, Status::Success, &answer(1));
    let mut lines = logs(&record);
    lines.sort();
    assert_eq!(lines, ["e:careful", "o:run 1", "o:starting"]);
    expect(&rig.run("loop", "{}").await, Status::Success, &answer(2));
    let record = rig.run("loop", r#"{"error": "no"}"#).await;
    expect(&record, Status::ApplicationError, r#"{"error":"no"}"#);
    let record = rig.run("loop", r#"{"raw": "hello"}"#).await;
    let text = r#"{"error":"The action did not return a dictionary or array."}"#;
    expect(&record, Status::DeveloperError, text);
    expect(
        &rig.run("loop", r#"{"raw": "[1]"}"#).await,
        Status::Success,
        "[1]",
    );
    // A line too many is nobody's answer: the process goes, and the next run has one of its own.
    assert_eq!(
        rig.run("loop", r#"{"twice": 1}"#).await.summary.status,
        Status::Success
    );
    let record = rig.run("loop", "{}").await;
    assert_eq!(
        record.summary.status,
        Status::DeveloperError,
        "{:?}",
        record.result
    );
    expect(&rig.run("loop", "{}").await, Status::Success, &answer(1));
    let record = rig.run("loop", r#"{"exit": 1}"#).await;
    assert_eq!(record.summary.status, Status::DeveloperError);
    assert!(
        logs(&record)
            .iter()
            .any(|line| line.contains("exited with code 3")),
        "{:?}",
        logs(&record)
    );
    let mut short = launcher("true");
    short.limits.timeout_ms = 500;
    rig.put("loop", short).await;
    assert_eq!(
        rig.run("loop", r#"{"sleep": 1}"#).await.summary.status,
        Status::TimedOut
    );
    rig.put("loop", launcher("false")).await;
    let record = rig.run("loop", "{}").await;
    assert_eq!(record.summary.status, Status::DeveloperError);
    assert!(
        crate::support::error(&record).contains("did not initialize properly"),
        "{:?}",
        record.result
    );
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_binary_that_was_built_elsewhere_speaks_action_loop() {
    let source = r#"package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	out, in := os.NewFile(3, "out"), bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var given struct{ Value map[string]interface{} }
		_ = json.Unmarshal(line, &given)
		fmt.Println("for", given.Value["name"])
		answer, _ := json.Marshal(map[string]interface{}{"hello": given.Value["name"], "size": len(line) > 100000})
		fmt.Fprintf(out, "%s\n", answer)
	}
}
"#;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.go"), source).unwrap();
    let built = std::process::Command::new("go")
        .args(["build", "-o", "exec", "main.go"])
        .env("CGO_ENABLED", "0")
        .current_dir(folder.path())
        .status();
    assert!(built.unwrap().success());
    let binary = std::fs::read(folder.path().join("exec")).unwrap();
    let rig = Rig::new().await;
    let code = beckon_core::CodePackage::Zip(crate::support::zip_bytes(&[("exec", &binary)]));
    let new = NewFunction::new(beckon_core::Runtime::new("shell:default").unwrap(), code);
    rig.put("binary", with(Contract::ActionLoop, new)).await;
    let record = rig.run("binary", r#"{"name":"Ada"}"#).await;
    expect(&record, Status::Success, r#"{"hello":"Ada","size":false}"#);
    assert_eq!(logs(&record), ["o:for Ada"]);
    // More than a pipe holds.
    let long = format!(r#"{{"name":"Ada","x":"{}"}}"#, "x".repeat(300_000));
    let record = rig.run("binary", &long).await;
    expect(&record, Status::Success, r#"{"hello":"Ada","size":true}"#);
    assert_eq!(record.summary.cold, Some(false));
    rig.stop().await;
}
