//! Request bodies: of other types, malformed, and far too large.

use std::time::{Duration, Instant};

use crate::support::rig::{ECHO, Rig, send};
use reqwest::Method;
use serde_json::json;

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

/// Python's `http.client` and many others read nothing before they have written everything: a connection closed under
/// them is all that they would see.
#[tokio::test]
async fn a_client_that_writes_all_before_it_reads_sees_why() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let rig = Rig::start().await;
    let address = rig.url.strip_prefix("http://").unwrap();
    let size: usize = 100 * 1024 * 1024;
    for (path, status) in [("_/actions/x", "401"), ("_/nowhere/x", "404")] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/v1/namespaces/{path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunk = bytes(1024 * 1024);
        for n in 0..100 {
            stream
                .write_all(&chunk)
                .await
                .unwrap_or_else(|e| panic!("{path}: broken off after {n} MB: {e}"));
        }
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert!(
            reply.starts_with(&format!("HTTP/1.1 {status} ")) && reply.contains("\"error\":"),
            "{reply}"
        );
    }
    rig.stop().await;
}
