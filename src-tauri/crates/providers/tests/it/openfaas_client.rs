//! Our OpenFaaS client: against our gateway over a real engine, and against servers that break every rule.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::Request;
use beckon_core::{
    CodePackage, ConnectionKind, Contract, Deployment, Error, ErrorCode, FunctionKey, FunctionLogAsk,
    NamespaceMetadata, NamespaceName, NewFunction, Result, Runtime, Secret, Texts, TokenScope,
};
use beckon_providers::{Remote, RemoteResponse, connect};
use beckon_store::Expect;
use futures_util::StreamExt as _;

use crate::support::bad::{BadServer, reply};
use crate::support::rig::Rig;

const KEY: &str = "admin:s3cr3t-s3cr3t-s3cr3t";
const TELL: &str = "module.exports = async (event, context) => { console.log('said ' + event.path); \
    return context.status(418).headers({ 'x-own': 'yes', 'set-cookie': 'a=b' }).succeed(\
    { method: event.method, path: event.path, query: event.query, headers: event.headers, body: String(event.body) }) }";

fn key(name: &str) -> FunctionKey {
    FunctionKey::new("playground", name).unwrap()
}

async fn rig() -> (Rig, Arc<dyn Remote>) {
    let rig = Rig::start().await;
    let (_, admin) = rig.admin(TokenScope::Account).await;
    let secret = Secret::new(format!("admin:{}", admin.password));
    let client = connect(ConnectionKind::Openfaas, &rig.url, secret).unwrap();
    (rig, client)
}

async fn put(rig: &Rig, name: &str, source: &str) {
    let code = CodePackage::Source(source.into());
    let mut new = NewFunction::new(Runtime::new("nodejs").unwrap(), code);
    new.contract = Contract::Openfaas;
    rig.engine
        .put_function(&key(name), new, Expect::Any)
        .await
        .unwrap();
}

async fn whole(response: RemoteResponse) -> (u16, String, axum::http::HeaderMap) {
    let (parts, mut body) = response.response.into_parts();
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    (
        parts.status.as_u16(),
        String::from_utf8(bytes).unwrap(),
        parts.headers,
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_arrives_whole_and_without_the_password() {
    let (rig, client) = rig().await;
    put(&rig, "tell", TELL).await;
    let request = Request::put("/a/b%20c?x=1&x=2&y=%2F")
        .header("content-type", "text/x-own")
        .header("x-call-id", "mine")
        .body(Bytes::from_static(b"hello"))
        .unwrap();
    let (status, body, headers) = whole(client.call(&key("tell"), request, true).await.unwrap()).await;
    assert_eq!((status, &headers["x-own"]), (418, &"yes".parse().unwrap()));
    assert!(headers.contains_key("x-duration-seconds") && headers["x-call-id"] == "mine");
    let told: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&told["method"], &told["path"], &told["body"]),
        (&"PUT".into(), &"/a/b c".into(), &"hello".into())
    );
    assert_eq!(told["headers"]["content-type"], "text/x-own");
    assert_eq!(
        told["headers"].get("authorization"),
        None,
        "the function would read the password"
    );

    // What would lead to another path is not sent.
    for path in [
        "/../../system/info",
        "/%2e%2e/%2e%2e/system/info",
        "/a/../../tell2",
    ] {
        let request = Request::get(path).body(Bytes::new()).unwrap();
        let error = client.call(&key("tell"), request, true).await.err().unwrap();
        assert_eq!(error.code, ErrorCode::InvalidInput, "{path}");
    }
    let missing = client
        .call(&key("nothing"), Request::new(Bytes::new()), true)
        .await
        .unwrap();
    assert_eq!(whole(missing).await.0, 404);
    let of_get = client
        .call(&key("tell"), Request::new(Bytes::new()), false)
        .await
        .err()
        .unwrap();
    assert_eq!(of_get.code, ErrorCode::InvalidInput);
    let queued = Request::post("/x").body(Bytes::from_static(b"later")).unwrap();
    let (status, body, headers) = whole(client.call(&key("tell"), queued, false).await.unwrap()).await;
    assert_eq!((status, body.as_str()), (202, ""));
    assert!(headers.contains_key("x-call-id"));

    // What it wrote, apart from runs.
    let ask = FunctionLogAsk {
        tail: Some(5),
        ..FunctionLogAsk::default()
    };
    let begin = Instant::now();
    loop {
        let lines: Vec<_> = client.logs(&key("tell"), &ask).await.unwrap().collect().await;
        let lines: Result<Vec<_>> = lines.into_iter().collect();
        let lines = lines.unwrap();
        if lines.iter().any(|line| line.text == "said /x") {
            let line = lines.iter().find(|line| line.text == "said /a/b c").unwrap();
            assert!(line.at_us.unwrap() > 1_700_000_000_000_000 && !line.instance.is_empty());
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{lines:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let follow = FunctionLogAsk {
        follow: true,
        ..FunctionLogAsk::default()
    };
    let mut lines = client.logs(&key("tell"), &follow).await.unwrap();
    let again = Request::post("/followed").body(Bytes::new()).unwrap();
    client.call(&key("tell"), again, true).await.unwrap();
    let found = async {
        while let Some(line) = lines.next().await {
            if line.unwrap().text == "said /followed" {
                return true;
            }
        }
        false
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(60), found)
            .await
            .unwrap()
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_deployed_read_changed_scaled_and_deleted() {
    let (rig, client) = rig().await;
    rig.store.map_image("me/cat", None).await.unwrap();
    let texts = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, text)| ((*name).into(), (*text).into()))
            .collect()
    };
    let mut wanted = Deployment {
        image: "me/cat:1".into(),
        process: "cat".into(),
        env: texts(&[("MODE_OF_MINE", "it's \"x\"\n")]),
        labels: texts(&[("com.openfaas.scale.max", "3"), ("team", "shop")]),
        annotations: texts(&[("about", "é")]),
        constraints: vec!["a=b".into()],
        limits: texts(&[("memory", "128Mi"), ("cpu", "100m")]),
        ..Deployment::default()
    };
    assert_eq!(
        client.deploy(&key("cat"), &wanted, false).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    client.deploy(&key("cat"), &wanted, true).await.unwrap();
    assert_eq!(
        client.deploy(&key("cat"), &wanted, true).await.unwrap_err().code,
        ErrorCode::Conflict
    );
    let listed = client.functions(&key("cat").namespace).await.unwrap();
    assert_eq!(
        (listed.len(), listed[0].key.clone(), listed[0].kind.as_str()),
        (1, key("cat"), "image")
    );
    let found = client.function(&key("cat")).await.unwrap();
    let image = found.image.unwrap();
    assert_eq!(image.deployment, wanted);
    assert_eq!(
        image.async_url,
        format!("{}/async-function/cat.playground", rig.url)
    );
    assert!(found.summary.updated > 1_700_000_000_000 && !found.has_code);

    let request = Request::post("/").body(Bytes::from_static(b"meow")).unwrap();
    let (status, body, _) = whole(client.call(&key("cat"), request, true).await.unwrap()).await;
    assert_eq!((status, body.as_str()), (200, "meow"));

    wanted.process = "cat -".into();
    wanted.labels.clear();
    client.deploy(&key("cat"), &wanted, false).await.unwrap();
    assert_eq!(
        client
            .function(&key("cat"))
            .await
            .unwrap()
            .image
            .unwrap()
            .deployment,
        wanted
    );
    client.scale(&key("cat"), 2).await.unwrap();
    assert_eq!(
        client.scale(&key("dog"), 2).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    wanted.image = "nobody/knows".into();
    let refused = client.deploy(&key("cat"), &wanted, false).await.unwrap_err();
    assert!(
        refused.code == ErrorCode::InvalidInput && refused.message.contains("image map"),
        "{refused:?}"
    );
    client.delete_function(&key("cat")).await.unwrap();
    for error in [
        client.delete_function(&key("cat")).await.unwrap_err(),
        client.function(&key("cat")).await.unwrap_err(),
    ] {
        assert_eq!(error.code, ErrorCode::NotFound);
    }
    // No packages there.
    let packaged = FunctionKey::new("playground", "a/b").unwrap();
    assert_eq!(
        client.function(&packaged).await.unwrap_err().code,
        ErrorCode::InvalidInput
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_is_tried_and_its_namespaces_are_managed() {
    let (rig, client) = rig().await;
    let reach = client.check().await.unwrap();
    let named =
        |names: &[&str]| -> Vec<NamespaceName> { names.iter().map(|name| name.parse().unwrap()).collect() };
    assert_eq!(reach.namespaces, named(&["playground", "other"]));
    assert!(reach.server.unwrap().starts_with("beckon "));
    let wrong = connect(ConnectionKind::Openfaas, &rig.url, Secret::new(KEY)).unwrap();
    assert_eq!(wrong.check().await.unwrap_err().code, ErrorCode::Unauthorized);

    let third: NamespaceName = "third".parse().unwrap();
    client.create_namespace(&third).await.unwrap();
    assert_eq!(
        client.create_namespace(&third).await.unwrap_err().code,
        ErrorCode::Conflict
    );
    assert!(
        client
            .namespaces()
            .await
            .unwrap()
            .iter()
            .any(|known| known.name == third)
    );
    // Its labels are all replaced, but for the mark by which the gateway knows it for its own.
    let mark = Texts::from([("openfaas".to_owned(), "1".to_owned())]);
    let made = client.namespace_metadata(&third).await.unwrap();
    assert_eq!((&made.labels, &made.annotations), (&mark, &mark));
    let changed = NamespaceMetadata {
        labels: Texts::from([("team".to_owned(), "blue = sky".to_owned())]),
        annotations: Texts::from([("openfaas".to_owned(), "0".to_owned())]),
    };
    client.put_namespace_metadata(&third, &changed).await.unwrap();
    let read = client.namespace_metadata(&third).await.unwrap();
    assert_eq!(read.labels["team"], "blue = sky");
    assert_eq!((read.labels.len(), &read.annotations), (2, &mark));
    let nameless = NamespaceMetadata {
        labels: Texts::from([(" ".to_owned(), String::new())]),
        annotations: Texts::new(),
    };
    let refused = client.put_namespace_metadata(&third, &nameless).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidInput);

    client.delete_namespace(&third).await.unwrap();
    let gone = client.namespace_metadata(&third).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    assert_eq!(
        client.delete_namespace(&third).await.unwrap_err().code,
        ErrorCode::NotFound
    );

    // What the system has not, no server is asked for.
    let not = [
        client.kinds().await.map(drop),
        client.code(&key("x")).await.map(drop),
        client
            .activation(&third, beckon_core::ActivationId::new())
            .await
            .map(drop),
    ];
    assert!(
        not.into_iter()
            .all(|answer| answer.unwrap_err().code == ErrorCode::NotSupported)
    );
    assert!(client.entities(&third).await.unwrap().is_empty());
    for (url, key) in [
        ("http://127.0.0.1:1/base", KEY),
        ("http://127.0.0.1:1", "nobody"),
        ("http://127.0.0.1:1", ":x"),
    ] {
        let error = connect(ConnectionKind::Openfaas, url, Secret::new(key))
            .err()
            .unwrap();
        assert_eq!(error.code, ErrorCode::InvalidInput, "{url}");
    }
    rig.stop().await;
}

fn client_of(server: &BadServer) -> Arc<dyn Remote> {
    connect(ConnectionKind::Openfaas, &server.url, Secret::new(KEY)).unwrap()
}

fn error<T>(result: Result<T>) -> Error {
    let Err(error) = result else {
        panic!("that must fail")
    };
    assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
    error
}

#[tokio::test]
async fn servers_that_break_the_rules_are_told_from_functions() {
    let namespace: NamespaceName = "ns".parse().unwrap();
    for (answer, code) in [
        (reply(200, "<html>hello</html>"), ErrorCode::BadReply),
        (reply(200, r#"{"a":1}"#), ErrorCode::BadReply),
        (reply(200, r#"[{"name":1}]"#), ErrorCode::BadReply),
        (
            reply(401, "invalid credentials s3cr3t-s3cr3t-s3cr3t"),
            ErrorCode::Unauthorized,
        ),
        (reply(403, ""), ErrorCode::Forbidden),
        (reply(500, "Error: s3cr3t-s3cr3t-s3cr3t"), ErrorCode::BadReply),
        (reply(504, ""), ErrorCode::Timeout),
        (
            "HTTP/1.1 302 X\r\nlocation: http://elsewhere.example/\r\ncontent-length: 0\r\n\r\n".into(),
            ErrorCode::BadReply,
        ),
        (
            "HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\n[".into(),
            ErrorCode::Unreachable,
        ),
        ("garbage".into(), ErrorCode::Unreachable),
    ] {
        let server = BadServer::answering(answer.clone()).await;
        let found = error(client_of(&server).functions(&namespace).await);
        assert_eq!(found.code, code, "{answer} {found:?}");
        assert!(
            server.requests()[0]
                .to_lowercase()
                .contains("authorization: basic ")
        );
    }
    let endless = BadServer::endless().await;
    assert_eq!(
        error(client_of(&endless).functions(&namespace).await).code,
        ErrorCode::LimitExceeded
    );
    // A line of a log that never ends is a log's end, too.
    let key = FunctionKey::new("ns", "f").unwrap();
    let mut lines = client_of(&endless)
        .logs(&key, &FunctionLogAsk::default())
        .await
        .unwrap();
    assert_eq!(error(lines.next().await.unwrap()).code, ErrorCode::LimitExceeded);
    assert!(lines.next().await.is_none());

    // A function's redirect is its answer, and nobody's password goes along.
    let redirect = "HTTP/1.1 302 X\r\nlocation: http://elsewhere.example/\r\ncontent-length: 0\r\n\r\n";
    let server = BadServer::answering(redirect.to_owned()).await;
    let request = Request::post("/").body(Bytes::from_static(b"x")).unwrap();
    let (status, _, headers) = whole(client_of(&server).call(&key, request, true).await.unwrap()).await;
    assert_eq!(
        (status, &headers["location"]),
        (302, &"http://elsewhere.example/".parse().unwrap())
    );
    let sent = server.requests()[0].to_lowercase();
    assert!(
        sent.starts_with("post /function/f.ns http") && !sent.contains("authorization"),
        "{sent}"
    );
}

#[tokio::test]
async fn a_server_without_namespaces_and_secrets_says_so() {
    let namespace: NamespaceName = "ns".parse().unwrap();
    let server = BadServer::answering(reply(404, "404 page not found")).await;
    let client = client_of(&server);
    let not = [
        error(client.create_namespace(&namespace).await),
        error(client.secrets(&namespace).await),
        error(client.put_secret(&namespace, "a", &Secret::new("v"), true).await),
        error(client.delete_secret(&namespace, "a").await),
    ];
    for error in not {
        assert_eq!(error.code, ErrorCode::NotSupported, "{error:?}");
    }
    let usual: NamespaceName = "openfaas-fn".parse().unwrap();
    assert_eq!(
        error(client.namespace_metadata(&usual).await).code,
        ErrorCode::NotSupported
    );
    assert_eq!(
        error(client.delete_namespace(&usual).await).code,
        ErrorCode::NotSupported
    );
    assert_eq!(
        error(client.delete_namespace(&namespace).await).code,
        ErrorCode::NotFound
    );
    // A secret goes whole, in both of its forms, and a name that leads elsewhere goes nowhere.
    let server = BadServer::answering(reply(202, "")).await;
    let client = client_of(&server);
    client
        .put_secret(&namespace, "a.b-1", &Secret::new("v\n\"é"), false)
        .await
        .unwrap();
    let sent = server.requests()[0].clone();
    assert!(
        sent.starts_with("POST /system/secrets ") && sent.contains(r#""value":"v\n\"é""#),
        "{sent}"
    );
    assert!(sent.contains(r#""rawValue":"dgoiw6k=""#), "{sent}");
    for name in ["", "../x", "A", "a b", "-a", "a."] {
        let refused = error(
            client
                .put_secret(&namespace, name, &Secret::new("v"), false)
                .await,
        );
        assert_eq!(refused.code, ErrorCode::InvalidInput, "{name}");
    }
    let full = BadServer::answering(reply(409, "exists")).await;
    let refused = client_of(&full)
        .put_secret(&namespace, "a", &Secret::new("v"), false)
        .await;
    assert_eq!(error(refused).code, ErrorCode::Conflict);
}

/// Go writes `null` for an empty list or map, and leaves out what is nothing.
#[tokio::test]
async fn what_a_server_writes_as_null_is_nothing() {
    let namespace: NamespaceName = "ns".parse().unwrap();
    let key = FunctionKey::new("ns", "f").unwrap();
    let null = BadServer::answering(reply(200, "null")).await;
    let client = client_of(&null);
    assert!(client.functions(&namespace).await.unwrap().is_empty());
    assert!(client.secrets(&namespace).await.unwrap().is_empty());
    let usual: Vec<NamespaceName> = vec!["openfaas-fn".parse().unwrap()];
    let names = client.namespaces().await.unwrap();
    assert_eq!(
        names.iter().map(|known| known.name.clone()).collect::<Vec<_>>(),
        usual
    );

    let sparse = r#"[{"name":"f","image":null,"namespace":null,"envProcess":null,"envVars":null,"labels":null,
        "annotations":null,"secrets":null,"constraints":null,"limits":null,"requests":null,"usage":null,
        "readOnlyRootFilesystem":null,"replicas":null,"invocationCount":null,"createdAt":null},
        {"name":null}]"#;
    let server = BadServer::answering(reply(200, sparse)).await;
    let all = client_of(&server).functions(&namespace).await.unwrap();
    assert!(matches!(all.as_slice(), [one] if one.key == key), "{all:?}");
    let server = BadServer::answering(reply(200, r#"[{"name":null},{"name":"b"},{"name":"a"}]"#)).await;
    assert_eq!(client_of(&server).secrets(&namespace).await.unwrap(), ["a", "b"]);
    let server = BadServer::answering(reply(
        200,
        r#"{"name":"f","labels":null,"annotations":null,"usage":{"cpu":null}}"#,
    ))
    .await;
    let image = client_of(&server).function(&key).await.unwrap().image.unwrap();
    assert_eq!(image.deployment, Deployment::default());
    assert_eq!((image.invocations, image.cpu_millis), (None, None));
    let lines = "{\"name\":null,\"instance\":null,\"timestamp\":null,\"text\":\"a\"}\n";
    let server = BadServer::answering(reply(200, lines)).await;
    let lines = client_of(&server)
        .logs(&key, &FunctionLogAsk::default())
        .await
        .unwrap();
    let lines: Vec<_> = lines.map(Result::unwrap).collect().await;
    assert_eq!(
        (lines.len(), lines[0].at_us, lines[0].text.as_str()),
        (1, None, "a")
    );
}

#[tokio::test]
async fn a_call_is_taken_back_where_the_server_does_it() {
    for (status, expected) in [(202, Ok(true)), (404, Ok(false))] {
        let server = BadServer::answering(reply(status, "")).await;
        assert_eq!(client_of(&server).cancel("a/b").await, expected);
        assert!(
            server.requests()[0].starts_with("DELETE /async-function/a%2Fb "),
            "{:?}",
            server.requests()
        );
    }
    let simple = BadServer::answering(reply(405, "")).await;
    assert_eq!(
        error(client_of(&simple).cancel("x").await).code,
        ErrorCode::NotSupported
    );
    // What would be another path is nobody's call.
    assert_eq!(client_of(&simple).cancel("..").await, Ok(false));
    assert_eq!(simple.requests().len(), 1);
}

#[tokio::test]
async fn another_server_and_a_wrong_password_are_said() {
    let server = BadServer::answering(reply(404, "404 page not found")).await;
    let other = error(client_of(&server).check().await);
    assert_eq!(other.code, ErrorCode::BadReply);
    assert!(
        other.message.ends_with("does not speak OpenFaaS' API."),
        "{other:?}"
    );
    let server = BadServer::answering(reply(401, "invalid credentials")).await;
    let refused = error(client_of(&server).check().await);
    assert_eq!(refused.code, ErrorCode::Unauthorized);
    assert!(
        refused
            .message
            .ends_with("does not accept this user with this password."),
        "{refused:?}"
    );
}
