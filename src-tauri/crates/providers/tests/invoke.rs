//! Invocations and their records, to the letter of the API.

mod support;

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use support::rig::{Answer, ECHO, Rig, send};

const NO_RECORD: &str = "The requested activation record does not exist. This either means that the invocation is still running and the record is not yet created or the activation's retention period has already expired.";

fn annotation<'a>(record: &'a Value, key: &str) -> Option<&'a Value> {
    record["annotations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["key"] == key)
        .map(|pair| &pair["value"])
}

/// The run that the answer's header names.
fn named(answer: &Answer) -> String {
    let id = answer.header("x-openwhisk-activation-id").unwrap().to_owned();
    assert!(
        id.len() == 32
            && id
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
        "{id}"
    );
    assert_eq!(answer.header("x-request-id").map(str::len), Some(32));
    id
}

#[tokio::test]
async fn a_record_has_everything_the_guide_shows() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    api.deploy("sample/hello", "function main({ name }) { console.log('hi', name); console.error('there'); return { body: 'Hello ' + name } }").await;
    let answer = api
        .post("_/actions/sample/hello?blocking=true", &json!({ "name": "you" }))
        .await;
    let id = named(&answer);
    let record = answer.ok();
    assert_eq!(record["activationId"], *id);
    assert_eq!(
        (&record["namespace"], &record["name"], &record["version"]),
        (&json!("playground"), &json!("hello"), &json!("0.0.1"))
    );
    assert!(!record["subject"].as_str().unwrap().is_empty());
    let time = |key: &str| record[key].as_i64().unwrap();
    assert!(time("start") > 1_600_000_000_000 && time("end") >= time("start"));
    assert_eq!(time("duration"), time("end") - time("start"));
    assert_eq!(
        (&record["statusCode"], &record["publish"]),
        (&json!(0), &json!(false))
    );
    let result = json!({ "body": "Hello you" });
    let size = result.to_string().len();
    let response =
        json!({ "status": "success", "statusCode": 0, "success": true, "result": result, "size": size });
    assert_eq!(record["response"], response);

    assert_eq!(
        annotation(&record, "path"),
        Some(&json!("playground/sample/hello"))
    );
    assert!(
        annotation(&record, "kind")
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("nodejs:")
    );
    let limits = json!({ "timeout": 60_000, "memory": 256, "logs": 10, "concurrency": 1 });
    assert_eq!(annotation(&record, "limits"), Some(&limits));
    assert_eq!(annotation(&record, "timeout"), Some(&json!(false)));
    assert!(annotation(&record, "waitTime").unwrap().is_u64());
    assert!(
        annotation(&record, "initTime").unwrap().is_u64(),
        "the first run is a cold start"
    );

    let logs: Vec<&str> = record["logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect();
    assert_eq!(logs.len(), 2);
    for line in &logs {
        let (time, rest) = line.split_at(30);
        assert!(
            time.trim_end().ends_with('Z') && time.starts_with("20") && time.as_bytes()[10] == b'T',
            "{line}"
        );
        assert!(rest == " stdout: hi you" || rest == " stderr: there", "{line}");
    }

    // The stored record is the same, and its parts are.
    assert_eq!(api.get(&format!("_/activations/{id}")).await.ok(), record);
    assert_eq!(
        api.get(&format!("_/activations/{id}/logs")).await.ok(),
        json!({ "logs": record["logs"] })
    );
    assert_eq!(
        api.get(&format!("_/activations/{id}/result")).await.ok(),
        response
    );

    let warm = api
        .post("_/actions/sample/hello?blocking=true", &json!({ "name": "you" }))
        .await
        .ok();
    assert_eq!(
        annotation(&warm, "initTime"),
        None,
        "a warm start has no initTime"
    );
    rig.stop().await;
}

#[tokio::test]
async fn outcomes_and_their_status_codes() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    for (name, code, http, word, number, result) in [
        (
            "good",
            "function main() { return { a: 1 } }",
            200,
            "success",
            0,
            json!({ "a": 1 }),
        ),
        ("nothing", "function main() {}", 200, "success", 0, json!({})),
        (
            "says",
            "function main() { return { error: { code: 7 }, dropped: 1 } }",
            502,
            "application error",
            1,
            json!({ "error": { "code": 7 } }),
        ),
        (
            "rejects",
            "async function main() { return Promise.reject({ why: 'x' }) }",
            502,
            "application error",
            1,
            json!({ "error": { "why": "x" } }),
        ),
    ] {
        api.deploy(name, code).await;
        let answer = api
            .post(&format!("_/actions/{name}?blocking=true"), &json!({}))
            .await;
        named(&answer);
        let record = answer.json();
        assert_eq!(
            (answer.status, &record["response"]["status"]),
            (http, &json!(word)),
            "{name}: {record}"
        );
        assert_eq!(
            (&record["statusCode"], &record["response"]["statusCode"]),
            (&json!(number), &json!(number))
        );
        assert_eq!(
            (&record["response"]["success"], &record["response"]["result"]),
            (&json!(number == 0), &result),
            "{name}"
        );
        let answer = api
            .post(&format!("_/actions/{name}?blocking=true&result=true"), &json!({}))
            .await;
        assert_eq!((answer.status, answer.json()), (http, result), "{name}");
        api.record(&named(&answer)).await;
    }
    for (name, code, texts) in [
        (
            "throws",
            "function main() { throw new Error('no luck') }",
            ["An error has occurred", "no luck"],
        ),
        ("broken", "function main( {", ["nitializ", ""]),
        (
            "exits",
            "function main() { process.exit(3) }",
            ["exited unexpectedly", ""],
        ),
    ] {
        api.deploy(name, code).await;
        let answer = api
            .post(&format!("_/actions/{name}?blocking=true"), &json!({}))
            .await;
        let record = answer.json();
        assert_eq!(
            (answer.status, &record["response"]["status"]),
            (502, &json!("action developer error")),
            "{name}: {record}"
        );
        let text = record["response"]["result"]["error"].as_str().unwrap();
        assert!(texts.iter().all(|part| text.contains(part)), "{name}: {text}");
        let last = record["logs"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .as_str()
            .unwrap();
        assert!(
            last.ends_with(
                "stderr: The action did not initialize or run as expected. Log data might be missing."
            ),
            "{last}"
        );
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_run_past_its_deadline() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let body = json!({
        "exec": { "kind": "nodejs:default", "code": "function main() { return new Promise(() => setInterval(() => {}, 1000)) }" },
        "limits": { "timeout": 500 },
    });
    api.put("_/actions/forever", &body).await.ok();
    let answer = api.post("_/actions/forever?blocking=true", &json!({})).await;
    let record = answer.json();
    assert_eq!(
        (answer.status, &record["response"]["statusCode"]),
        (502, &json!(2)),
        "{record}"
    );
    assert_eq!(annotation(&record, "timeout"), Some(&json!(true)));
    let text = record["response"]["result"]["error"].as_str().unwrap();
    assert!(
        text.starts_with("The action exceeded its time limits of 500 milliseconds"),
        "{text}"
    );
    rig.stop().await;
}

#[tokio::test]
async fn not_waiting_and_waiting_too_short() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let code =
        "function main({ ms }) { return new Promise((done) => setTimeout(() => done({ waited: ms }), ms)) }";
    api.deploy("slow", code).await;
    for query in [
        "",
        "?blocking=false",
        "?blocking=false&result=true",
        "?blocking=true&timeout=300",
        "?blocking=true&result=true&timeout=300",
    ] {
        let answer = api
            .post(&format!("_/actions/slow{query}"), &json!({ "ms": 1500 }))
            .await;
        let id = named(&answer);
        assert_eq!(
            (answer.status, answer.json()),
            (202, json!({ "activationId": id })),
            "{query}"
        );
        api.get(&format!("_/activations/{id}"))
            .await
            .refused(404, NO_RECORD);
        api.get(&format!("_/activations/{id}/logs"))
            .await
            .refused(404, NO_RECORD);
        api.get(&format!("_/activations/{id}/result"))
            .await
            .refused(404, NO_RECORD);
        assert_eq!(
            api.record(&id).await["response"]["result"],
            json!({ "waited": 1500 }),
            "{query}"
        );
    }
    // The server's own limit.
    rig.engine.set_blocking_limit(Duration::from_millis(400));
    let answer = api
        .post("_/actions/slow?blocking=true", &json!({ "ms": 1500 }))
        .await;
    assert_eq!(answer.status, 202);
    let text =
        "The query parameter 'timeout' was malformed:\nTimeout must be number of milliseconds up to 400.";
    for timeout in ["0", "401", "-1", "soon"] {
        api.post(
            &format!("_/actions/slow?blocking=true&timeout={timeout}"),
            &json!({}),
        )
        .await
        .refused(400, text);
    }
    let answer = api.post("_/actions/slow?blocking=maybe", &json!({})).await;
    answer.refused(
        400,
        "The query parameter 'blocking' was malformed:\n'maybe' is not a valid Boolean value",
    );
    rig.stop().await;
}

#[tokio::test]
async fn an_array_is_answered_bare() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let code = "def main(args):\n    return [1, {'a': 2}]\n";
    let body = json!({ "exec": { "kind": "python:default", "code": code } });
    api.put("_/actions/array", &body).await.ok();
    for query in ["blocking=true", "blocking=true&result=true"] {
        let answer = api.post(&format!("_/actions/array?{query}"), &json!({})).await;
        assert_eq!((answer.status, answer.json()), (200, json!([1, { "a": 2 }])));
        let record = api.record(&named(&answer)).await;
        assert_eq!(record["response"]["result"], json!([1, { "a": 2 }]));
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_web_function_cannot_be_called_asynchronously() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let body = json!({
        "exec": { "kind": "nodejs:default", "code": ECHO },
        "annotations": [{ "key": "web-export", "value": true }],
    });
    api.put("_/actions/site", &body).await.ok();
    let answer = api.post("_/actions/site", &json!({})).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.json()["error"]
            .as_str()
            .unwrap()
            .to_lowercase()
            .contains("web"),
        "{answer:?}"
    );
    api.post("_/actions/site?blocking=true", &json!({})).await.ok();
    assert_eq!(
        api.get("_/activations?count=true").await.ok(),
        json!({ "activations": 1 })
    );
    rig.stop().await;
}

#[tokio::test]
async fn bodies() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    api.deploy("echo", ECHO).await;
    let post = |content_type: Option<&'static str>, body: Vec<u8>| {
        let mut request = api
            .request(Method::POST, "_/actions/echo?blocking=true&result=true")
            .body(body);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        async move { send(request).await }
    };
    let json_type = Some("application/json; charset=utf-8");
    // doctl sends neither a body nor a type when there are no parameters.
    for (kind, body) in [
        (None, ""),
        (None, "{}"),
        (json_type, ""),
        (json_type, " \n"),
        (Some("text/plain"), ""),
    ] {
        assert_eq!(
            post(kind, body.into()).await.ok(),
            json!({ "echo": {} }),
            "{kind:?} {body}"
        );
    }
    // Text is passed on as it is: large numbers keep their digits as far as JavaScript can hold them.
    let text = r#"{"unicode":"é🦊\u0000","n":9007199254740991,"e":1e2}"#;
    assert_eq!(
        post(json_type, text.into()).await.ok(),
        json!({ "echo": { "unicode": "é🦊\u{0}", "n": 9_007_199_254_740_991_u64, "e": 100 } })
    );

    let malformed = "The request content was malformed:\n";
    for body in [
        "{",
        "{\"a\":}",
        "nonsense",
        "{}x",
        "[1]",
        "\"text\"",
        "1",
        "null",
        "\u{feff}{}",
    ] {
        let answer = post(json_type, body.into()).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(
            answer.json()["error"].as_str().unwrap().starts_with(malformed),
            "{body}: {answer:?}"
        );
    }
    assert_eq!(
        post(json_type, vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}'])
            .await
            .status,
        400
    );
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(post(json_type, deep.into()).await.status, 400);
    for kind in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/jsonp",
    ] {
        let answer = post(Some(kind), "{}".into()).await;
        answer.refused(
            415,
            "The request's Content-Type is not supported. Expected:\napplication/json",
        );
    }

    let fits = format!("{{\"a\":\"{}\"}}", "x".repeat(1_048_576 - 8));
    assert_eq!(fits.len(), 1_048_576);
    // What comes back holds the input and a few bytes more, and so is over the limit of results.
    let answer = post(json_type, fits.clone().into()).await;
    assert_eq!(
        answer.status,
        502,
        "{}",
        &answer.text[..200.min(answer.text.len())]
    );
    assert!(answer.text.contains("exceeded the allowed length"));
    let answer = post(json_type, format!("{fits} ").into()).await;
    answer.refused(413, "Request larger than allowed: 1048577 > 1048576 bytes.");
    rig.stop().await;
}

/// 100 MB in several ways: the client gets the answer, and the gateway's memory does not grow by the body.
#[tokio::test]
async fn a_body_of_100_mb() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    api.deploy("echo", ECHO).await;
    let size: usize = 100 * 1024 * 1024;
    let chunk = bytes(1024 * 1024);
    let before = resident();
    let stream = || {
        let chunk = chunk.clone();
        reqwest::Body::wrap_stream(futures_util::stream::iter(
            (0..100).map(move |_| Ok::<_, std::io::Error>(chunk.clone())),
        ))
    };
    let request = |method: Method, path: &str| {
        api.request(method, path)
            .header("content-type", "application/json")
            .body(stream())
    };
    // With its length announced, and without.
    let announced = request(Method::POST, "_/actions/echo?blocking=true").header("content-length", size);
    send(announced).await.refused(
        413,
        &format!("Request larger than allowed: {size} > 1048576 bytes."),
    );
    let answer = send(request(Method::POST, "_/actions/echo?blocking=true")).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    let announced = request(Method::PUT, "_/actions/echo?overwrite=true").header("content-length", size);
    let answer = send(announced).await;
    assert!(
        answer.status == 413 && answer.text.contains("exec larger than allowed: 104857600 > "),
        "{answer:?}"
    );
    // Where nobody reads the body at all.
    let stranger = rig
        .stranger()
        .request(Method::POST, "_/actions/echo")
        .body(stream());
    assert_eq!(send(stranger).await.status, 401);
    let nowhere = api.request(Method::POST, "_/nowhere/x").body(stream());
    assert_eq!(send(nowhere).await.status, 404);
    let foreign = api
        .request(Method::POST, "_/actions/echo")
        .header("host", "evil.example")
        .body(stream());
    assert_eq!(send(foreign).await.status, 403);
    // A client that asks first is told before it sends anything.
    let begin = Instant::now();
    let polite = request(Method::POST, "_/actions/echo")
        .header("content-length", size)
        .header("expect", "100-continue");
    assert_eq!(send(polite).await.status, 413);
    assert!(begin.elapsed() < Duration::from_secs(60));
    let grown = resident().saturating_sub(before);
    assert!(grown < 90 * 1024, "{grown} KB more are resident");
    api.post("_/actions/echo?blocking=true", &json!({})).await.ok();
    rig.stop().await;
}

fn bytes(size: usize) -> axum::body::Bytes {
    vec![b' '; size].into()
}

/// KB of memory that this process (client and gateway both) holds; 0 where that cannot be asked.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn lists_of_activations() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    for name in ["a", "pkg/a"] {
        api.deploy(name, ECHO).await;
    }
    let mut ids = Vec::new();
    let mut starts = Vec::new();
    for name in ["a", "pkg/a", "a", "a"] {
        let record = api
            .post(&format!("_/actions/{name}?blocking=true"), &json!({}))
            .await
            .ok();
        ids.insert(0, record["activationId"].as_str().unwrap().to_owned());
        starts.insert(0, record["start"].as_i64().unwrap());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let list = async |query: &str| {
        let list = api.get(&format!("_/activations?{query}")).await.ok();
        list.as_array()
            .unwrap()
            .iter()
            .map(|item| item["activationId"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("").await, ids, "newest first");
    assert_eq!(list("limit=0").await, ids);
    assert_eq!(list("limit=200").await, ids);
    assert_eq!(list("limit=1&skip=1").await, ids[1..2]);
    assert_eq!(
        list("name=a").await,
        [&ids[0], &ids[1], &ids[3]].map(String::clone),
        "only the default package"
    );
    assert_eq!(list("name=pkg/a").await, ids[2..3]);
    assert_eq!(list("name=pkg%2Fa").await, ids[2..3]);
    assert_eq!(list("name=").await, ids);
    assert_eq!(
        list(&format!("since={}", starts[1])).await,
        ids[..2],
        "since is inclusive"
    );
    assert_eq!(
        list(&format!("upto={}", starts[1])).await,
        ids[1..],
        "upto is inclusive"
    );
    assert_eq!(
        list(&format!("since={}&upto={}", starts[0], starts[3])).await,
        Vec::<String>::new()
    );
    let count = |query: &str| format!("_/activations?count=true{query}");
    assert_eq!(api.get(&count("")).await.ok(), json!({ "activations": 4 }));
    assert_eq!(
        api.get(&count("&name=a&skip=1")).await.ok(),
        json!({ "activations": 2 })
    );

    let item = api.get("_/activations?limit=1").await.ok()[0].clone();
    let keys: Vec<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "activationId",
        "annotations",
        "duration",
        "end",
        "name",
        "namespace",
        "publish",
        "start",
        "statusCode",
        "version",
    ];
    assert_eq!(keys, expected);
    let docs = api.get("_/activations?limit=1&docs=true").await.ok()[0].clone();
    assert_eq!(docs, api.get(&format!("_/activations/{}", ids[0])).await.ok());

    let malformed = |p: &str, detail: &str| format!("The query parameter '{p}' was malformed:\n{detail}");
    for (query, parameter, detail) in [
        (
            "limit=201",
            "limit",
            "The value '201' is not in the range of 0 to 200 for activations.",
        ),
        (
            "limit=-1",
            "limit",
            "The value '-1' is not in the range of 0 to 200 for activations.",
        ),
        (
            "limit=x",
            "limit",
            "The value 'x' is not an integer for activations.",
        ),
        (
            "skip=-1",
            "skip",
            "The value '-1' is not greater than or equal to 0 for activations.",
        ),
        (
            "skip=x",
            "skip",
            "The value 'x' is not an integer for activations.",
        ),
        (
            "since=x",
            "since",
            "Parameter is not a valid value for epoch seconds: x",
        ),
        (
            "upto=1.5",
            "upto",
            "Parameter is not a valid value for epoch seconds: 1.5",
        ),
        (
            "name=a/b/c",
            "name",
            "Parameter may be a 'simple' name or 'package-name/simple' name: a/b/c",
        ),
    ] {
        api.get(&format!("_/activations?{query}"))
            .await
            .refused(400, &malformed(parameter, detail));
    }
    api.get("_/activations?docs=true&count=true")
        .await
        .refused(400, "The parameter 'docs' is not permitted with 'count'.");
    api.get("_/activations/xyz")
        .await
        .refused(400, "Activation id length is 3 but must be 32.");
    api.get(&format!("_/activations/{}", "G".repeat(32)))
        .await
        .refused(400, "The activation id is not valid.");
    api.get(&format!("_/activations/{}", "0".repeat(32)))
        .await
        .refused(404, NO_RECORD);
    // A record of another namespace is not there.
    let other = rig.api_for("other").await;
    other
        .get(&format!("_/activations/{}", ids[0]))
        .await
        .refused(404, NO_RECORD);
    rig.stop().await;
}

#[tokio::test]
async fn truncated_logs_say_so() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let body = json!({
        "exec": { "kind": "nodejs:default", "code": "function main() { for (let i = 0; i < 30000; i++) console.log('x'.repeat(99)); return {} }" },
        "limits": { "logs": 1 },
    });
    api.put("_/actions/loud", &body).await.ok();
    let record = api.post("_/actions/loud?blocking=true", &json!({})).await.ok();
    let last = record["logs"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .as_str()
        .unwrap();
    assert_eq!(
        &last[30..],
        " stderr: Logs were truncated because the total bytes size exceeds the limit of 1048576 bytes."
    );
    rig.stop().await;
}
