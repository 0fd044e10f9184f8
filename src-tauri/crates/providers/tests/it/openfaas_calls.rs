//! What OpenFaaS' gateway and each of its watchdogs answer, line by line, over real HTTP and with real processes.

use std::time::{Duration, Instant};

use beckon_core::TokenScope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::rig::{Admin, Answer, Rig, send};

/// Tells its own environment, without a space in its command.
const TELL: &str = "env";

async fn deploy(rig: &Rig, admin: &Admin, name: &str, process: &str, env: Value) {
    rig.store.map_image("process", None).await.unwrap();
    let function = json!({ "service": name, "image": "process", "envProcess": process, "envVars": env });
    let made = admin.send(Method::POST, "/system/functions", &function).await;
    assert_eq!(made.status, 202, "{name}: {made:?}");
}

/// Follows no redirect.
fn client() -> reqwest::Client {
    let none = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .redirect(none);
    client.timeout(Duration::from_secs(120)).build().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_routed_and_refused_as_openfaas_does() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    deploy(&rig, &admin, "tell", TELL, json!({})).await;
    let client = client();
    let not_found = Some("404 page not found");
    let unknown = |name: &str, alone: &str| {
        format!(
            "error finding function {name}: server returned non-200 status code (404) for function, {alone}, body: "
        )
    };
    let (plain, named, slash) = (
        unknown("nobody.openfaas-fn", "nobody"),
        unknown("nobody.other", "nobody"),
        unknown("tell%2Frest.openfaas-fn", "tell%2Frest"),
    );
    for (method, path, status, text, location) in [
        ("GET", "/function/tell", 200, None, None),
        ("GET", "/function/tell.playground", 200, None, None),
        ("GET", "/function/te%6Cl.openfaas-fn/a", 200, None, None),
        ("GET", "/function/nobody", 404, Some(plain.as_str()), None),
        ("GET", "/function/nobody.other", 404, Some(named.as_str()), None),
        ("GET", "/function/tell%2Frest", 404, Some(slash.as_str()), None),
        ("GET", "/function/te$ll", 404, not_found, None),
        ("GET", "/function/", 404, not_found, None),
        ("GET", "/function", 404, not_found, None),
        ("GET", "/async-function/", 404, not_found, None),
        ("POST", "/async-function/te$ll", 404, not_found, None),
        ("TRACE", "/function/tell", 405, Some(""), None),
        ("SEARCH", "/function/tell", 405, Some(""), None),
        ("GET", "/async-function/tell/a", 405, Some(""), None),
        ("PUT", "/async-function/tell", 405, Some(""), None),
        ("OPTIONS", "/async-function/tell", 405, Some(""), None),
        ("OPTIONS", "/system/functions", 401, None, None),
        (
            "GET",
            "/function/tell//a//b?x=//",
            301,
            Some(""),
            Some("/function/tell/a/b?x=//"),
        ),
        (
            "POST",
            "/async-function//tell",
            301,
            Some(""),
            Some("/async-function/tell"),
        ),
    ] {
        let method: Method = method.parse().unwrap();
        let answer = send(client.request(method.clone(), format!("{}{path}", rig.url))).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        if let Some(text) = text {
            assert_eq!(answer.text, text, "{method} {path}");
        }
        assert_eq!(answer.header("location"), location, "{method} {path}");
        assert!(answer.header("allow").is_none(), "{method} {path}");
    }

    for (url, taken) in [
        ("http://[::1", false),
        ("%zz://x", false),
        ("http://127.0.0.1:bad/", false),
        ("not a url", true),
    ] {
        let request = client.post(format!("{}/async-function/tell", rig.url));
        let answer = send(request.header("x-callback-url", url)).await;
        assert_eq!(answer.status, if taken { 202 } else { 400 }, "{url}");
        assert_eq!(answer.text.is_empty(), taken, "{url}: {answer:?}");
    }
    rig.stop().await;
}

/// A variable of the environment that a process told.
fn told<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let lines = answer.text.lines();
    lines
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_stamped_on_its_way_in_and_out() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    deploy(&rig, &admin, "tell", TELL, json!({})).await;
    let ask = |path: &str| client().post(format!("{}/function/tell{path}", rig.url));
    let is_nanoseconds = |text: &str| text.len() == 19 && text.bytes().all(|b| b.is_ascii_digit());

    let answer = send(ask("/a%20b/c?x=1&x=%20").body("hello")).await;
    let call_id = told(&answer, "Http_X_Call_Id").unwrap();
    assert_eq!(call_id.parse::<uuid::Uuid>().unwrap().get_version_num(), 4);
    assert_eq!(answer.header("x-call-id"), Some(call_id));
    let start = told(&answer, "Http_X_Start_Time").unwrap();
    assert!(is_nanoseconds(start), "{start}");
    assert_eq!(answer.header("x-start-time"), Some(start));
    let host = rig.url.strip_prefix("http://").unwrap();
    let from = told(&answer, "Http_X_Forwarded_For").unwrap();
    assert!(from.starts_with("127.0.0.1:") && from != host, "{from}");
    for (name, value) in [
        ("Http_Method", "POST"),
        ("Http_Path", "/a b/c"),
        ("Http_Query", "x=1&x=%20"),
        ("Http_ContentLength", "5"),
        ("Http_Host", host),
        ("Http_X_Forwarded_Host", host),
    ] {
        assert_eq!(told(&answer, name), Some(value), "{name}");
    }
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let seconds = answer.header("x-duration-seconds").unwrap();
    assert_eq!(
        seconds.split_once('.').map(|(_, digits)| digits.len()),
        Some(6),
        "{seconds}"
    );

    // What the caller says itself stays.
    let given = ask("")
        .header("x-call-id", "mine")
        .header("x-start-time", "1")
        .header("x-forwarded-for", "10.0.0.1")
        .header("x-forwarded-host", "gateway.test")
        .header("connection", "keep-alive, x-hop")
        .header("content-type", "application/x-own");
    let answer = send(given).await;
    for (name, value) in [
        ("Http_X_Call_Id", "mine"),
        ("Http_X_Start_Time", "1"),
        ("Http_X_Forwarded_For", "10.0.0.1"),
        ("Http_X_Forwarded_Host", "gateway.test"),
        ("Http_Path", "/"),
    ] {
        assert_eq!(told(&answer, name), Some(value), "{name}");
    }
    assert_eq!(told(&answer, "Http_Connection"), None);
    assert_eq!(answer.header("x-call-id"), Some("mine"));
    assert!(is_nanoseconds(answer.header("x-start-time").unwrap()));
    assert_eq!(answer.header("content-type"), Some("application/x-own"));
    rig.stop().await;
}

const CLASSIC: Option<&str> = None;
const HTTP: Option<&str> = Some("http");
const SERIALIZING: Option<&str> = Some("serializing");
const STREAMING: Option<&str> = Some("streaming");
/// Answers what it was sent; ends at `/exit`, and says nothing at `/hang`.
const SERVER: &str = "node -e require('http').createServer((q,s)=>q.url=='/exit'?process.exit(3):q.url=='/hang'?0:q.pipe(s)).listen(process.env.PORT)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_watchdog_answers_in_its_own_way() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let (post, head, options) = (&Method::POST, &Method::HEAD, &Method::OPTIONS);
    let (exit, missing, hang) = (
        "sh -c cat;exit${IFS}3",
        "/nowhere/at-all",
        "sh -c printf${IFS}some;sleep${IFS}1000",
    );
    let no_file = "fork/exec /nowhere/at-all: no such file or directory";
    let failed = "exit status 3\nin";
    let died = "The action did not produce a valid response and exited unexpectedly.";
    for (at, (mode, process, path, method, status, text, internal)) in [
        (CLASSIC, "cat", "", post, 200, "in", None),
        (CLASSIC, exit, "", post, 500, failed, None),
        (CLASSIC, missing, "", post, 500, &format!("{no_file}\n"), None),
        (CLASSIC, hang, "", post, 408, "Killed process.\n", None),
        (CLASSIC, "cat", "", head, 405, "", None),
        (CLASSIC, "cat", "", options, 405, "", None),
        (SERIALIZING, "cat", "", post, 200, "in", None),
        (SERIALIZING, exit, "", post, 500, "exit status 3", None),
        (SERIALIZING, missing, "", post, 500, no_file, None),
        (SERIALIZING, hang, "", post, 500, "signal: killed", None),
        (SERIALIZING, "cat", "", head, 200, "", None),
        (SERIALIZING, "cat", "", options, 200, "in", None),
        (STREAMING, "cat", "", post, 200, "in", None),
        (STREAMING, exit, "", post, 200, "in", None),
        (STREAMING, missing, "", post, 200, "", None),
        (STREAMING, hang, "", post, 200, "some", None),
        (STREAMING, "cat", "", head, 200, "", None),
        (STREAMING, "cat", "", options, 200, "in", None),
        (HTTP, SERVER, "", post, 200, "in", None),
        (HTTP, SERVER, "/exit", post, 500, died, Some("of-watchdog")),
        (HTTP, SERVER, "/hang", post, 504, "", Some("of-watchdog")),
        (HTTP, SERVER, "", head, 200, "", None),
        (HTTP, SERVER, "", options, 200, "in", None),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("f{at}");
        let mut env = json!({ "exec_timeout": "1500ms" });
        if let Some(mode) = mode {
            env["mode"] = mode.into();
        }
        if mode == HTTP {
            env["upstream_url"] = "http://127.0.0.1".into();
        }
        deploy(&rig, &admin, &name, process, env).await;
        let url = format!("{}/function/{name}{path}", rig.url);
        let answer = send(client().request(method.clone(), url).body("in")).await;
        let row = format!("{mode:?} {process} {method}");
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (status, text),
            "{row}: {answer:?}"
        );
        assert_eq!(answer.header("x-openfaas-internal"), internal, "{row}");
        let gone = json!({ "functionName": name });
        assert_eq!(
            admin
                .send(Method::DELETE, "/system/functions", &gone)
                .await
                .status,
            202
        );
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_more_than_max_inflight_is_refused_by_each_watchdog() {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let mut callers = Vec::new();
    for mode in [CLASSIC, SERIALIZING, STREAMING, HTTP] {
        let name = mode.unwrap_or("classic");
        let mut env = json!({ "max_inflight": "1", "exec_timeout": "0" });
        if let Some(mode) = mode {
            env["mode"] = mode.into();
        }
        let process = if mode == HTTP { SERVER } else { "sleep 1000" };
        if mode == HTTP {
            env["upstream_url"] = "http://127.0.0.1".into();
        }
        deploy(&rig, &admin, name, process, env).await;
        let url = format!("{}/function/{name}/hang", rig.url);
        let first = tokio::spawn(send(client().post(&url).body("in")));
        let begin = Instant::now();
        // Those before it are in flight still.
        while rig.engine.in_flight(&"playground".parse().unwrap()) == callers.len() as u64 {
            assert!(begin.elapsed() < Duration::from_secs(60), "{name}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let answer = send(client().post(&url).body("in")).await;
        let text = "Concurrent request limit exceeded. Max concurrent requests: 1";
        assert_eq!((answer.status, answer.text.as_str()), (429, text), "{name}");
        assert_eq!(
            answer.header("x-openfaas-internal"),
            Some("faas-middleware"),
            "{name}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; charset=utf-8"),
            "{name}"
        );
        callers.push(first);
    }
    // They would go on for as long as anybody waits.
    for caller in callers {
        caller.abort();
    }
    rig.stop().await;
}
