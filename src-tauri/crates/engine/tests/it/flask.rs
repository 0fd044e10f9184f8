//! OpenFaaS' Python handlers that use Flask, whose view the templates call them in. With the real Flask, from the index.

use crate::support::*;
use beckon_core::{Contract, NewFunction};
use beckon_engine::{Invocation, Outcome, Payload, Reply};
use bytes::Bytes;
use http::{HeaderValue, Request, Response};

/// What a request is answered with, and the run's lines.
async fn ask(
    rig: &Rig,
    name: &str,
    method: &str,
    uri: &str,
    body: &'static str,
) -> (Response<Bytes>, Vec<String>) {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("host", "example.test")
        .header("content-type", "application/json")
        .header("transfer-encoding", "chunked")
        .header("x-own", "yes")
        .header("x_own", "no")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap();
    let run = Invocation {
        payload: Payload::Http(Box::new(request)),
        ..invocation(name, "{}")
    };
    let Outcome::Finished(ended) = rig.engine.invoke(run, None).await.unwrap() else {
        panic!("it was promoted");
    };
    let Reply::Http(response) = ended.reply() else {
        panic!("not a response: {:?}", ended.reply());
    };
    ((**response).clone(), logs(&ended.activation()))
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

/// Handlers that use the real Flask, from the index; `main` says which.
fn with_flask(contract: Contract, main: &str) -> NewFunction {
    let handler = r#"
import gc, io, weakref
from flask import (abort, current_app, jsonify, make_response, redirect, request, send_file, stream_with_context,
                   url_for)
from werkzeug.exceptions import NotFound

requests = []

def cases(given):
    requests.append(weakref.ref(request._get_current_object()))
    path = request.path
    if path == "/\u00e4 b":
        return jsonify(args=request.args.getlist("x"), own=request.headers["X-Own"], cookies=request.cookies,
                       body=request.get_json(), method=request.method, url=request.url, app=current_app.name,
                       back=url_for(request.endpoint, **request.view_args), length=request.content_length)
    if path == "/made":
        response = make_response("made", 201)
        response.set_cookie("c", "1")
        return response, {"X-Made": "yes"}
    if path == "/abort":
        abort(404)
    if path == "/own":
        abort(make_response({"tea": True}, 418))
    if path == "/returned":
        return NotFound("not this"), 410
    if path == "/key":
        return request.args["none"]
    if path == "/redirect":
        return redirect("/\u00e4")
    if path == "/pieces":
        return (request.path + str(n) for n in range(2))
    if path == "/streamed":
        return stream_with_context(piece for piece in [request.method, b"!"]), 202
    if path == "/file":
        return send_file(io.BytesIO(b"a file's"), mimetype="text/x-file")
    if path == "/raise":
        raise ValueError("no")
    if path == "/end":
        @current_app.teardown_request
        def end(error):
            current_app.teardown_request_funcs.clear()
            raise KeyError("at the end")
        return "ended"
    if path == "/nested":
        current_app.test_request_context("/other").push()
        return request.path
    if path == "/alive":
        gc.collect()
        return str(sum(one() is not None for one in requests))
    return {"text": "plain", "pair": ("plain", 203), "list": [{"b": 1, "a": 2}]}[path[1:]]

def handle(event, context=None):
    return cases(event)
"#;
    let waiting = r#"
import asyncio
from handler import cases

async def handle(event, context=None):
    await asyncio.sleep(0.001)
    return cases(event)
"#;
    let threads = r#"
import os, threading, time
from flask import abort, request

meet = threading.Barrier(8)

def handle(event, context):
    meet.wait(60)
    n = request.args["n"]
    time.sleep(int(n) / 200)
    assert n == request.args["n"] == event.query["n"]
    if int(n) % 2:
        abort(404, n)
    return "%s %d" % (n, os.getpid())
"#;
    let tasks = r#"
import asyncio, os
from flask import abort, request

came = 0

async def handle(event, context):
    global came
    came += 1
    while came % 8:
        await asyncio.sleep(0.001)
    n = request.args["n"]
    await asyncio.sleep(int(n) / 200)
    assert n == request.args["n"] == event.query["n"]
    if int(n) % 2:
        abort(404, n)
    return "%s %d" % (n, os.getpid())
"#;
    let mut new = package(
        "python:default",
        &[
            ("requirements.txt", "flask==3.1.3\n"),
            ("handler.py", handler),
            ("waiting.py", waiting),
            ("threads.py", threads),
            ("tasks.py", tasks),
        ],
    );
    new.contract = contract;
    new.main = Some(main.to_owned());
    new
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openfaas_python_handlers_are_called_in_a_flask_view() {
    let rig = Rig::new().await;
    for (contract, main) in [
        (Contract::Openfaas, "handler.handle"),
        (Contract::OpenfaasFlask, "handler.handle"),
        (Contract::Openfaas, "waiting.handle"),
    ] {
        rig.put("f", with_flask(contract, main)).await;
        let uri = "/%C3%A4%20b?x=1&x=%C3%A4";
        let (answer, lines) = ask(&rig, "f", "PUT", uri, r#"{"c":"ä"}"#).await;
        assert_eq!(
            text(&answer),
            concat!(
                r#"{"app":"index","args":["1","\u00e4"],"back":"/%C3%A4%20b","body":{"c":"\u00e4"},"#,
                r#""cookies":{"a":"1","b":"2"},"length":10,"method":"PUT","own":"yes","#,
                r#""url":"http://example.test/\u00e4%20b?x=1&x=\u00e4"}"#,
                "\n"
            ),
            "{contract:?}: {lines:#?}"
        );
        assert_eq!(answer.headers()["content-type"], "application/json");
        let (html, json) = ("text/html; charset=utf-8", "application/json");
        for (path, status, part, name, value) in [
            ("/made", 201, "made", "x-made", "yes"),
            ("/made", 201, "made", "set-cookie", "c=1; Path=/"),
            ("/abort", 404, "<h1>Not Found</h1>", "content-type", html),
            ("/own", 418, "{\"tea\":true}\n", "content-type", json),
            ("/returned", 410, "<p>not this</p>", "content-type", html),
            ("/key", 400, "<h1>Bad Request</h1>", "content-type", html),
            ("/redirect", 302, "Redirecting", "location", "/%C3%A4"),
            ("/pieces", 200, "/pieces0/pieces1", "content-type", html),
            ("/streamed", 202, "GET!", "content-type", html),
            (
                "/file",
                200,
                "a file's",
                "content-type",
                "text/x-file; charset=utf-8",
            ),
            ("/text", 200, "plain", "content-type", html),
            ("/pair", 203, "plain", "content-type", html),
            ("/list", 200, "[{\"a\":2,\"b\":1}]\n", "content-type", json),
        ] {
            let (answer, lines) = ask(&rig, "f", "GET", path, "").await;
            // What raises an answer is no crash.
            assert_eq!(lines, [""; 0], "{main} {path}");
            let found = (answer.status().as_u16(), &answer.headers()[name]);
            assert_eq!(found, (status, &HeaderValue::from_static(value)), "{main} {path}");
            assert!(text(&answer).contains(part), "{main} {path}: {}", text(&answer));
        }
        let (answer, lines) = ask(&rig, "f", "GET", "/raise", "").await;
        assert!(text(&answer).contains("<title>500 Internal Server Error</title>"));
        assert_eq!(lines.last().unwrap(), "e:ValueError: no");
        let (answer, lines) = ask(&rig, "f", "GET", "/end", "").await;
        assert_eq!((answer.status().as_u16(), text(&answer)), (200, "ended"));
        assert_eq!(lines.last().unwrap(), "e:KeyError: 'at the end'");
        let (answer, _) = ask(&rig, "f", "GET", "/nested", "").await;
        assert_eq!((answer.status().as_u16(), text(&answer)), (200, "/other"));
        // Of all these requests there is none left but its own.
        let (answer, _) = ask(&rig, "f", "GET", "/alive", "").await;
        assert_eq!(text(&answer), "1", "{main}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_run_of_a_shared_worker_has_its_own_flask_request() {
    let rig = Rig::new().await;
    for main in ["threads.handle", "tasks.handle"] {
        let mut new = with_flask(Contract::Openfaas, main);
        new.settings.runs_per_worker = 8;
        new.limits.concurrency = 1;
        rig.put("f", new).await;
        for _ in 0..2 {
            let mut processes = std::collections::HashSet::new();
            let uris: Vec<String> = (0..8).map(|n| format!("/?n={n}")).collect();
            let asked = uris.iter().map(|uri| ask(&rig, "f", "GET", uri, ""));
            for (n, (answer, lines)) in futures_util::future::join_all(asked).await.iter().enumerate() {
                assert_eq!(lines, &[""; 0], "{main} {n}");
                if n % 2 == 1 {
                    assert_eq!(answer.status(), 404, "{main} {n}");
                    assert!(
                        text(answer).contains(&format!("<p>{n}</p>")),
                        "{main}: {}",
                        text(answer)
                    );
                    continue;
                }
                let (own, process) = text(answer).split_once(' ').unwrap();
                assert_eq!(own, n.to_string(), "{main}");
                processes.insert(process.to_owned());
            }
            assert_eq!(processes.len(), 1, "{main}");
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_without_flask_gets_none() {
    let rig = Rig::new().await;
    let without = "import sys\ndef handle(req):\n  return str('flask' in sys.modules)";
    let own = "import flask\ndef handle(req):\n  return flask.mine";
    let own = [("handler.py", own), ("flask.py", "mine = 'mine'")];
    for (name, files, found) in [
        ("none", &[("handler.py", without)][..], "False"),
        ("own", &own[..], "mine"),
    ] {
        let mut new = package("python:default", files);
        new.contract = Contract::OpenfaasFlask;
        rig.put(name, new).await;
        let (answer, lines) = ask(&rig, name, "GET", "/", "").await;
        assert_eq!((text(&answer), lines), (found, vec![]), "{name}");
    }
    rig.stop().await;
}
