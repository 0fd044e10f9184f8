//! Our client against servers that break every rule: a clear error each, no hang, and never the key.

use crate::support::bad::{BadServer, reply};
use beckon_core::{Error, ErrorCode, FunctionKey, JsonText, Mode, NamespaceName, Result, Secret};
use beckon_providers::{Remote, RemoteOutcome, connect};

const KEY: &str = "3c5ba1d6-user:s3cr3t-s3cr3t-s3cr3t";
const ID: &str = "b68492d6875840148492d687586014f5";

fn client(server: &BadServer) -> std::sync::Arc<dyn Remote> {
    connect(
        beckon_core::ConnectionKind::Openwhisk,
        &server.url,
        Secret::new(KEY),
    )
    .unwrap()
}

async fn call(server: &BadServer, mode: Mode) -> Result<RemoteOutcome> {
    let key = FunctionKey::new("ns", "pkg/f").unwrap();
    client(server)
        .invoke(&key, &JsonText::parse("{\"a\":1}").unwrap(), mode)
        .await
}

fn error<T>(result: Result<T>) -> Error {
    let Err(error) = result else {
        panic!("that must fail")
    };
    let text = format!("{error:?}");
    assert!(
        !text.contains("s3cr3t") && !text.contains("M2M1YmExZDYt"),
        "the key is in {text}"
    );
    error
}

/// The error of a blocking call that is answered with `reply`.
async fn refusal(reply: String) -> Error {
    error(call(&BadServer::answering(reply).await, Mode::Blocking).await)
}

#[tokio::test]
async fn error_documents_become_errors_of_their_kind() {
    for (status, code) in [
        (400, ErrorCode::InvalidInput),
        (401, ErrorCode::Unauthorized),
        (403, ErrorCode::Forbidden),
        (404, ErrorCode::NotFound),
        (409, ErrorCode::Conflict),
        (413, ErrorCode::LimitExceeded),
        (429, ErrorCode::Busy),
        (500, ErrorCode::BadReply),
        (502, ErrorCode::BadReply),
        (503, ErrorCode::BadReply),
        (504, ErrorCode::Timeout),
    ] {
        let error = refusal(reply(status, r#"{"error":"The reason.","code":"tx1"}"#)).await;
        assert!(
            error.code == code && error.message.ends_with(" answered: The reason."),
            "{status}: {error:?}"
        );
    }
    // Old servers sent a number.
    let error = refusal(reply(403, r#"{"error":"The reason.","code":4711}"#)).await;
    assert!(
        error.code == ErrorCode::Forbidden && error.message.ends_with(" answered: The reason."),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_proxys_page_is_not_the_functions_error() {
    let page =
        "<html>502 Bad Gateway, you sent Basic M2M1YmExZDYtdXNlcjpzM2NyM3QtczNjcjN0LXMzY3IzdA== \u{7}</html>";
    let error = refusal(reply(502, page)).await;
    assert_eq!(error.code, ErrorCode::BadReply);
    assert!(error.message.contains("HTTP 502"), "{error:?}");
    assert!(
        error.details.unwrap().contains("you sent Basic *** "),
        "an excerpt helps, without the key"
    );
    assert!(error.retryable);
    // Without an error document the status alone decides.
    assert_eq!(refusal(reply(401, "")).await.code, ErrorCode::Unauthorized);
    assert_eq!(refusal(reply(429, "slow down")).await.code, ErrorCode::Busy);
    assert_eq!(
        refusal(reply(500, r#"{"error":"no code"}"#)).await.code,
        ErrorCode::BadReply
    );
}

#[tokio::test]
async fn a_502_with_a_record_is_a_finished_run() {
    for (status, word, found) in [
        (502, "application error", beckon_core::Status::ApplicationError),
        (502, "action developer error", beckon_core::Status::DeveloperError),
        (500, "whisk internal error", beckon_core::Status::InternalError),
    ] {
        let record = format!(
            r#"{{"activationId":"{ID}","namespace":"ns","name":"f","version":"0.0.3","start":5,"end":9,"duration":4,
                "response":{{"status":"{word}","success":false,"result":{{"error":"no luck"}}}},"logs":[],
                "annotations":[{{"key":"path","value":"ns/pkg/f"}}]}}"#
        );
        let server = BadServer::answering(reply(status, &record)).await;
        let Ok(RemoteOutcome::Finished(record)) = call(&server, Mode::Blocking).await else {
            panic!("{word}")
        };
        assert_eq!(record.activation.summary.status, found);
        assert_eq!(record.activation.summary.function.as_str(), "pkg/f");
        assert_eq!(
            record.activation.result.unwrap().as_str(),
            r#"{"error":"no luck"}"#
        );
        assert!(record.round_trip_ms > 0.0);
    }
}

#[tokio::test]
async fn a_blocking_call_may_be_answered_202() {
    let server = BadServer::answering(reply(202, &format!(r#"{{"activationId":"{ID}"}}"#))).await;
    let Ok(RemoteOutcome::Accepted(id)) = call(&server, Mode::Blocking).await else {
        panic!("202 is acceptance")
    };
    assert_eq!(id.to_string(), ID);
    let request = server.requests().remove(0);
    assert!(
        request.starts_with("POST /api/v1/namespaces/ns/actions/pkg/f?blocking=true HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request
            .to_ascii_lowercase()
            .contains("\r\nauthorization: basic m2m1yme"),
        "{request}"
    );
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");

    let error = refusal(reply(202, r#"{"activationId":"../../etc/passwd"}"#)).await;
    assert_eq!(error.code, ErrorCode::BadReply);
    let error = refusal(reply(202, "{}")).await;
    assert_eq!(error.code, ErrorCode::BadReply);
}

#[tokio::test]
async fn an_array_result_is_followed_by_its_id() {
    let answer = reply(200, "[1,2]").replacen("\r\n", &format!("\r\nx-openwhisk-activation-id: {ID}\r\n"), 1);
    let server = BadServer::answering(answer).await;
    let Ok(RemoteOutcome::Accepted(id)) = call(&server, Mode::Blocking).await else {
        panic!("the run exists")
    };
    assert_eq!(id.to_string(), ID);
}

#[tokio::test]
async fn success_that_is_not_the_protocol() {
    for body in [
        "hello",
        "",
        "[1,2]",
        "{}",
        "null",
        r#"{"activationId":"b68492d6875840148492d687586014f5"}"#,
    ] {
        assert_eq!(
            refusal(reply(200, body)).await.code,
            ErrorCode::BadReply,
            "{body}"
        );
    }
    let server = BadServer::answering(reply(200, r#"["ns", 5, {"key":"s3cr3t-s3cr3t-s3cr3t"}]"#)).await;
    assert_eq!(error(client(&server).check().await).code, ErrorCode::BadReply);
}

#[tokio::test]
async fn a_redirect_is_named_and_not_followed() {
    let elsewhere = BadServer::answering(reply(200, "[]")).await;
    for status in [301, 302, 307, 308] {
        let location = format!("\r\nlocation: {}/api/v1/namespaces\r\n", elsewhere.url);
        let error = refusal(reply(status, "").replacen("\r\n", &location, 1)).await;
        assert_eq!(error.code, ErrorCode::BadReply);
        assert!(
            error
                .message
                .contains(elsewhere.url.strip_prefix("http://").unwrap()),
            "{error:?}"
        );
    }
    assert!(elsewhere.requests().is_empty(), "the key was sent elsewhere");
    assert_eq!(refusal(reply(302, "")).await.code, ErrorCode::BadReply);
}

#[tokio::test]
async fn connections_that_break() {
    // Half a head, half a body, nothing at all.
    for answer in [
        "HTTP/1.1 200 OK\r\nconte",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[\"ns",
        "",
    ] {
        let error = refusal(answer.to_owned()).await;
        assert_eq!(error.code, ErrorCode::Unreachable, "{answer}");
        assert!(error.retryable);
    }
    let stranger = refusal("SSH-2.0-OpenSSH_9.2p1\r\n".to_owned()).await;
    assert_eq!(stranger.code, ErrorCode::Unreachable);
    let gone = BadServer::answering(String::new()).await;
    let url = gone.url.clone();
    drop(gone);
    let client = connect(beckon_core::ConnectionKind::Digitalocean, &url, Secret::new(KEY)).unwrap();
    let error = error(client.check().await);
    assert_eq!(error.code, ErrorCode::Unreachable);
    assert!(error.message.ends_with("cannot be reached."), "{error:?}");
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let server = BadServer::endless().await;
    assert_eq!(
        error(client(&server).check().await).code,
        ErrorCode::LimitExceeded
    );
    assert_eq!(
        error(call(&server, Mode::Blocking).await).code,
        ErrorCode::LimitExceeded
    );
}

/// Waits 30 s for real: the client's own deadline is what is tested.
#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let silent = BadServer::silent(None).await;
    // This one keeps the connection alive with a byte now and then: the deadline is for the whole call.
    let slow = BadServer::silent(Some(b' ')).await;
    let (silent_client, slow_client) = (client(&silent), client(&slow));
    let (silent, slow) = tokio::join!(silent_client.check(), slow_client.check());
    for result in [silent, slow] {
        let error = error(result);
        assert_eq!(error.code, ErrorCode::Timeout);
        assert!(error.retryable);
    }
}

#[tokio::test]
async fn no_record_yet_is_not_an_error_and_a_strangers_404_is() {
    let namespace: NamespaceName = "ns".parse().unwrap();
    let id = ID.parse().unwrap();
    let pending = BadServer::answering(reply(
        404,
        r#"{"error":"The requested activation record does not exist.","code":"x"}"#,
    ))
    .await;
    assert_eq!(client(&pending).activation(&namespace, id).await.unwrap(), None);
    let stranger = BadServer::answering(reply(404, "<h1>nginx</h1>")).await;
    assert_eq!(
        error(client(&stranger).activation(&namespace, id).await).code,
        ErrorCode::BadReply
    );
}

#[tokio::test]
async fn lists_leave_out_what_is_no_record_and_end() {
    let namespace: NamespaceName = "ns".parse().unwrap();
    let run = format!(
        r#"{{"activationId":"{ID}","name":"f","start":5,"end":9,"response":{{"status":"success"}}}}"#
    );
    let trigger = r#"{"activationId":"00000000000000000000000000000001","name":"t","start":5,"logs":[]}"#;
    let odd = r#"{"activationId":"xyz","name":"t","start":5}"#;
    // A server that ignores `limit` and `skip` and always has a full page.
    let page = vec![run.as_str(), trigger, odd]
        .into_iter()
        .cycle()
        .take(50)
        .collect::<Vec<_>>()
        .join(",");
    let server = BadServer::answering(reply(200, &format!("[{page}]"))).await;
    let found = client(&server)
        .activations(&namespace, Some(3), 0, 200)
        .await
        .unwrap();
    assert_eq!(
        found
            .records
            .iter()
            .map(|a| (a.summary.id.to_string(), a.summary.kind.clone()))
            .collect::<Vec<_>>(),
        [
            (ID.to_owned(), String::new()),
            (
                "00000000000000000000000000000001".to_owned(),
                "trigger".to_owned()
            )
        ]
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 4, "a bounded number of pages");
    assert!(
        requests[0].starts_with("GET /api/v1/namespaces/ns/activations?docs=true&limit=50&skip=0&since=3 ")
    );

    let action = r#"{"namespace":"ns/pkg","name":"f","version":"0.0.1","annotations":[{"key":"exec","value":"nodejs:18"},{"key":"web-export","value":true}]}"#;
    let page = vec![action; 200].join(",");
    let server = BadServer::answering(reply(200, &format!("[{page}]"))).await;
    let functions = client(&server).functions(&namespace).await.unwrap();
    assert_eq!(functions.len(), 1);
    assert_eq!(
        (functions[0].key.name.as_str(), functions[0].kind.as_str()),
        ("pkg/f", "nodejs:18")
    );
    assert_eq!(functions[0].web, beckon_core::WebExport::Web);
    assert_eq!(server.requests().len(), 100);
}

#[tokio::test]
async fn keys_and_hosts_that_are_none_are_refused_before_anything_is_sent() {
    let try_connect = |host: &str, key: &str| {
        connect(beckon_core::ConnectionKind::Openwhisk, host, Secret::new(key))
            .err()
            .map(|error| error.code)
    };
    for key in ["", "nocolon", ":", "a:", ":b", "a b:c", "a:b\r\nX-Evil: 1"] {
        assert_eq!(
            try_connect("http://127.0.0.1:1", key),
            Some(ErrorCode::InvalidInput),
            "{key}"
        );
    }
    assert_eq!(try_connect("not a host", "a:b"), Some(ErrorCode::InvalidInput));
    assert_eq!(try_connect("http://127.0.0.1:1", "a:b"), None);
    let local = connect(
        beckon_core::ConnectionKind::Local,
        "http://127.0.0.1:1",
        Secret::new("a:b"),
    );
    assert_eq!(local.err().map(|error| error.code), Some(ErrorCode::InvalidInput));
}
