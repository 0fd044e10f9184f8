//! Our client of Spaces against our gateway: spaces, functions, code, logs, and calls with whole requests.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::{any, post};
use beckon_core::{
    CodePackage, ConnectionKind, ErrorCode, FunctionKey, FunctionLogAsk, NamespaceName, ReadyState, Runtime,
    Secret, TokenScope, Version,
};
use beckon_providers::{EnvChange, FunctionChange, KeptEnv, Remote, RemoteFunction, connect};
use beckon_store::Expect;
use futures_util::StreamExt as _;

use crate::support::bad::{BadServer, reply};
use crate::support::rig::{Client, Rig};

const CODE: &str = "import os\n\
    def handle(req):\n    \
        print('said ' + req.body.decode())\n    \
        return {'status_code': 203, 'headers': {'X-Path': req.path}, 'body': [req.method, req.query.get('a'), \
            req.headers.get('authorization'), os.environ.get('LEVEL')]}\n";

fn remote(client: &Client, space: &str) -> Arc<dyn Remote> {
    let key = Secret::new(format!("{}:{}", client.id, client.secret));
    connect(ConnectionKind::Spaces, &format!("{}{space}", client.url), key).unwrap()
}

fn key(name: &str) -> FunctionKey {
    FunctionKey::new("playground", name).unwrap()
}

fn python(code: &str) -> FunctionChange {
    FunctionChange {
        kind: Some(Runtime::new("python:default").unwrap()),
        code: Some(CodePackage::Source(code.to_owned())),
        ..FunctionChange::default()
    }
}

fn version(function: &RemoteFunction) -> Expect {
    Expect::Version(function.summary.version.parse::<Version>().unwrap())
}

/// Waits until calls reach the function.
async fn ready(rig: &Rig, name: &str) {
    let begin = Instant::now();
    while rig.store.spaces_deployment(&key(name)).await.unwrap().is_some() {
        assert!(begin.elapsed() < Duration::from_secs(90), "it was not built");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Status, headers and the whole body.
async fn called(
    remote: &dyn Remote,
    request: Request<Bytes>,
    wait: bool,
) -> (u16, axum::http::HeaderMap, String) {
    let response = remote.call(&key("f"), request, wait).await.unwrap().response;
    let (parts, mut body) = response.into_parts();
    let mut whole = Vec::new();
    while let Some(chunk) = body.next().await {
        whole.extend_from_slice(&chunk.unwrap());
    }
    (
        parts.status.as_u16(),
        parts.headers,
        String::from_utf8(whole).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_are_managed_and_called() {
    let rig = Rig::start().await;
    let client = rig.client(TokenScope::Account).await.1;
    let remote = remote(&client, "");
    let playground: NamespaceName = "playground".parse().unwrap();
    let reach = remote.check().await.unwrap();
    assert_eq!(reach.namespaces, ["other".parse().unwrap(), playground.clone()]);

    let made = remote
        .put_function(&key("f"), &python(CODE), Expect::New)
        .await
        .unwrap();
    assert_eq!(made.function.code.as_deref(), Some(CODE));
    assert_eq!(made.function.summary.kind, "python3-http");
    let again = remote.put_function(&key("f"), &python(CODE), Expect::New).await;
    assert_eq!(again.unwrap_err().code, ErrorCode::Conflict);
    ready(&rig, "f").await;
    let spaces = remote.namespaces().await.unwrap();
    assert_eq!((spaces[1].name.as_str(), spaces[1].functions), ("playground", 1));
    let functions = remote.functions(&playground).await.unwrap();
    assert_eq!(functions.len(), 1);
    assert_eq!(functions[0].key, key("f"));
    assert_eq!(functions[0].readiness.unwrap().state, ReadyState::Running);

    // A variable is set and taken away; the code stays, and nobody's change is overwritten.
    let old = remote.function(&key("f")).await.unwrap();
    let set = |name: &str, value: &str| FunctionChange {
        env: EnvChange {
            set: vec![(name.to_owned(), Secret::new(value.to_owned()))],
            kept: KeptEnv::default(),
        },
        ..FunctionChange::default()
    };
    let saved = remote
        .put_function(&key("f"), &set("LEVEL", "7"), version(&old))
        .await
        .unwrap();
    assert_eq!(saved.function.env_names, ["LEVEL"]);
    assert_eq!(saved.function.code.as_deref(), Some(CODE));
    let stale = remote
        .put_function(&key("f"), &set("LEVEL", "8"), version(&old))
        .await;
    assert_eq!(stale.unwrap_err().code, ErrorCode::Conflict);
    ready(&rig, "f").await;
    assert_eq!(
        remote.code(&key("f")).await.unwrap().code,
        CodePackage::Source(CODE.to_owned())
    );

    let request = Request::patch("/a/b%20c?a=1")
        .header("authorization", "Bearer of-a-caller")
        .body(Bytes::from_static(b"in"))
        .unwrap();
    let (status, headers, body) = called(&*remote, request, true).await;
    assert_eq!((status, headers["x-path"].to_str().unwrap()), (203, "/a/b c"));
    // The access token opens the door, and goes no further.
    assert_eq!(body, r#"["PATCH","1",null,"7"]"#);
    let lines: Vec<_> = remote
        .logs(&key("f"), &FunctionLogAsk::default())
        .await
        .unwrap()
        .collect()
        .await;
    let lines: Vec<_> = lines.into_iter().map(|line| line.unwrap().text).collect();
    assert_eq!(lines, ["said in"]);

    // Asynchronously, with a callback.
    let inbox = rig.store.create_inbox("mine", 200, None).await.unwrap();
    let request = Request::post("/later")
        .header("x-callback-url", format!("{}/callbacks/{}", rig.url, inbox.id))
        .body(Bytes::from_static(b"x"))
        .unwrap();
    assert_eq!(called(&*remote, request, false).await.0, 202);
    let begin = Instant::now();
    loop {
        let messages = rig.store.inbox_messages(&inbox.id, None, 10).await.unwrap().rows;
        if let Some(message) = messages.first() {
            let status = message
                .headers
                .iter()
                .find(|(name, _)| name == "x-function-status");
            assert_eq!(status.unwrap().1, "203");
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let get = Request::get("/").body(Bytes::new()).unwrap();
    let refused = remote.call(&key("f"), get, false).await.err().unwrap();
    assert_eq!(refused.code, ErrorCode::InvalidInput);

    remote.delete_function(&key("f")).await.unwrap();
    for error in [
        remote.delete_function(&key("f")).await.unwrap_err(),
        remote.function(&key("f")).await.unwrap_err(),
        remote.code(&key("f")).await.unwrap_err(),
        remote
            .logs(&key("f"), &FunctionLogAsk::default())
            .await
            .err()
            .unwrap(),
    ] {
        assert_eq!(error.code, ErrorCode::NotFound);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_token_is_got_again_and_a_wrong_secret_is_said() {
    let rig = Rig::start().await;
    let (token, client) = rig.client(TokenScope::Account).await;
    let remote = remote(&client, "/spaces/playground");
    assert_eq!(
        remote.check().await.unwrap().namespaces,
        ["playground".parse::<NamespaceName>().unwrap()]
    );
    remote
        .put_function(&key("f"), &python(CODE), Expect::New)
        .await
        .unwrap();
    ready(&rig, "f").await;
    // The gateway takes the token for ended, as after a restart: it is asked and called with another one.
    rig.advance(3_600_001);
    assert_eq!(remote.namespaces().await.unwrap()[0].functions, 1);
    rig.advance(3_600_001);
    let request = || Request::get("/").body(Bytes::new()).unwrap();
    assert_eq!(called(&*remote, request(), true).await.0, 203);

    rig.store.revoke_token(&token.id).await.unwrap();
    let error = remote.check().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthorized);
    let text = format!("{error:?}");
    assert!(!text.contains(&client.secret), "{text}");
    for bad in ["", "only-an-id", ":secret", "id:"] {
        let refused = connect(ConnectionKind::Spaces, &rig.url, Secret::new(bad))
            .err()
            .unwrap();
        assert_eq!(refused.code, ErrorCode::InvalidInput, "{bad}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn what_spaces_has_no_place_for_is_refused_here() {
    let rig = Rig::start().await;
    let client = rig.client(TokenScope::Account).await.1;
    let remote = remote(&client, "");
    let with = |edit: fn(&mut FunctionChange)| {
        let mut change = python(CODE);
        edit(&mut change);
        change
    };
    for change in [
        with(|c| c.main = Some(Some("other".into()))),
        with(|c| c.web = Some(beckon_core::WebExport::Web)),
        with(|c| {
            c.limits = Some(beckon_core::Limits {
                timeout_ms: 100,
                ..beckon_core::Limits::DEFAULT
            });
        }),
        with(|c| c.code = Some(CodePackage::Sequence(vec![]))),
        with(|c| c.kind = Some(Runtime::new("nodejs:20").unwrap())),
    ] {
        let error = remote
            .put_function(&key("f"), &change, Expect::New)
            .await
            .unwrap_err();
        assert!(
            matches!(error.code, ErrorCode::NotSupported | ErrorCode::InvalidInput),
            "{error:?}"
        );
    }
    let out = Request::get("/../../other/invoke").body(Bytes::new()).unwrap();
    let error = remote.call(&key("f"), out, true).await.err().unwrap();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert!(rig.store.spaces_deployments(None).await.unwrap().is_empty());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_is_not_ready_is_not_called() {
    let rig = Rig::start().await;
    let client = rig.client(TokenScope::Account).await.1;
    let remote = remote(&client, "");
    // Go whose build fails is not ready ever after.
    let mut broken = python("package function\n\nfunc Handle( {\n");
    broken.kind = Some(Runtime::new("go").unwrap());
    remote
        .put_function(&key("f"), &broken, Expect::New)
        .await
        .unwrap();
    for (wait, request) in [
        (true, Request::get("/")),
        (true, Request::post("/a?b=c")),
        (false, Request::post("/")),
    ] {
        let request = request.body(Bytes::from_static(b"in")).unwrap();
        let refused = remote.call(&key("f"), request, wait).await.err().unwrap();
        assert_eq!(refused.code, ErrorCode::Busy, "{refused:?}");
        assert!(refused.message.contains("Nothing was called"), "{refused:?}");
    }
    // A function's own 202 is its answer.
    let own = python("def handle(req):\n    return {'status_code': 202, 'body': {'details': 'later'}}\n");
    remote.delete_function(&key("f")).await.unwrap();
    remote.put_function(&key("f"), &own, Expect::New).await.unwrap();
    ready(&rig, "f").await;
    let request = Request::get("/").body(Bytes::new()).unwrap();
    let (status, _, body) = called(&*remote, request, true).await;
    assert_eq!((status, body.as_str()), (202, r#"{"details":"later"}"#));
    rig.stop().await;
}

/// Go writes `null` for an empty list or map.
#[tokio::test]
async fn what_a_server_writes_as_null_is_nothing() {
    let answering = async |document: &str| {
        let answer = format!(r#"{{"access_token":"t","token_type":"bearer","expires_in":3600,{document}}}"#);
        let server = BadServer::answering(reply(200, &answer)).await;
        let key = Secret::new("client:secret");
        let remote = connect(ConnectionKind::Spaces, &server.url, key).unwrap();
        (server, remote)
    };
    let playground: NamespaceName = "playground".parse().unwrap();
    let (_server, empty) = answering(r#""data":null,"paging":null"#).await;
    assert!(empty.namespaces().await.unwrap().is_empty());
    assert!(empty.functions(&playground).await.unwrap().is_empty());
    let function = r#"{"id":"1","space":"playground","name":"f","description":null,"template":null,"env":null,
        "options":null,"source":null,"status":"Running","created_at":null,"updated_at":null,"error_message":null,
        "metrics":{"invocations":null,"replicas":null,"available_replicas":null}}"#;
    let (_server, sparse) =
        answering(&format!(r#""data":[{function}],"paging":{{"next_cursor":null}}"#)).await;
    let all = sparse.functions(&playground).await.unwrap();
    assert!(matches!(all.as_slice(), [one] if one.key == key("f")), "{all:?}");
}

/// A function that answers in the words of a server that takes the access token for ended.
const REFUSING: &str = "def handle(req):\n    \
    return {'status_code': 401, 'headers': {'WWW-Authenticate': 'Bearer', 'Content-Type': 'application/json'}, \
        'body': '{\"error\":{\"status\":401,\"message\":\"Unauthenticated\"}}'}\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_is_called_once_whatever_it_answers() {
    let rig = Rig::start().await;
    let client = rig.client(TokenScope::Account).await.1;
    let remote = remote(&client, "");
    let function = python(REFUSING);
    remote
        .put_function(&key("f"), &function, Expect::New)
        .await
        .unwrap();
    ready(&rig, "f").await;
    let request = || {
        let request = Request::post("/").header("x-callback-url", "http://127.0.0.1:9/");
        request.body(Bytes::from_static(b"in")).unwrap()
    };
    for times in 1..=2 {
        let (status, headers, body) = called(&*remote, request(), true).await;
        assert_eq!(status, 401);
        assert!(body.contains("Unauthenticated"), "{body}");
        assert!(headers.contains_key("x-activation-id"));
        assert_eq!(rig.engine.status().total, times);
    }
    // Where it is the gateway that takes the token for ended, nothing was called, and it is called now.
    rig.advance(3_600_001);
    let (_, headers, _) = called(&*remote, request(), true).await;
    assert!(headers.contains_key("x-activation-id"));
    assert_eq!(rig.engine.status().total, 3);
    rig.advance(3_600_001);
    let (status, headers, _) = called(&*remote, request(), false).await;
    assert_eq!(status, 202);
    assert!(headers.contains_key("x-activation-id"));
    rig.stop().await;
}

/// A server that does not say which answers are a function's.
#[tokio::test]
async fn what_another_server_refuses_is_not_sent_again() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let note = |what: &'static str| {
        let asked = asked.clone();
        move |headers: HeaderMap| async move {
            let token = headers
                .get("authorization")
                .map(|value| value.to_str().unwrap().to_owned());
            let mut asked = asked.lock().unwrap();
            asked.push((what, token));
            let tokens = asked.iter().filter(|(what, _)| *what == "token").count();
            let document = match what {
                "token" => {
                    format!(r#"{{"access_token":"t{tokens}","token_type":"bearer","expires_in":3600}}"#)
                }
                _ => r#"{"error":{"status":401,"message":"Unauthenticated"}}"#.to_owned(),
            };
            let status = if what == "token" {
                StatusCode::OK
            } else {
                StatusCode::UNAUTHORIZED
            };
            (status, [("www-authenticate", "Bearer")], document)
        }
    };
    let app = Router::new()
        .route("/oauth2/token", post(note("token")))
        .route("/spaces/playground/functions/f/invoke", any(note("call")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let remote = connect(ConnectionKind::Spaces, &url, Secret::new("client:secret")).unwrap();
    for method in ["POST", "GET"] {
        let request = Request::builder()
            .method(method)
            .uri("/")
            .body(Bytes::new())
            .unwrap();
        let (status, _, body) = called(&*remote, request, true).await;
        assert_eq!(status, 401);
        assert!(body.contains("Unauthenticated"), "{body}");
    }
    // Each call once, the second with another token: the first may have ended.
    let bearer = |token: &str| Some(format!("Bearer {token}"));
    let expected = [
        ("token", None),
        ("call", bearer("t1")),
        ("token", None),
        ("call", bearer("t2")),
    ];
    assert_eq!(*asked.lock().unwrap(), expected);
    server.abort();
}
