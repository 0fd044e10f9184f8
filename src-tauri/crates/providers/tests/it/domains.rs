//! Host names of functions: their own go to them whole, and nobody else's get in.

use crate::support::rig::{Answer, Rig, send};
use beckon_core::{CodePackage, Contract, ErrorCode, FunctionKey, NewFunction, Runtime, WebExport};
use beckon_store::Expect;
use reqwest::Method;
use serde_json::json;

/// Answers with what it was sent.
const MIRROR: &str = "module.exports.handle = (event, context, done) => ({
    statusCode: 207, headers: { 'x-seen': event.httpMethod, 'content-type': 'application/json' },
    body: JSON.stringify({ method: event.httpMethod, path: event.path, query: event.queryStringParameters, body: event.body }),
})";

fn mirror(domains: &[&str]) -> NewFunction {
    let mut new = NewFunction::new(
        Runtime::new("nodejs:default").unwrap(),
        CodePackage::Source(MIRROR.into()),
    );
    new.contract = Contract::Scaleway;
    new.main = Some("handler.handle".into());
    new.settings.domains = domains.iter().map(|&domain| domain.to_owned()).collect();
    new
}

fn key(name: &str) -> FunctionKey {
    FunctionKey::new("playground", name).unwrap()
}

async fn ask(
    rig: &Rig,
    method: Method,
    host: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = rig
        .stranger()
        .http
        .request(method, format!("{}{path}", rig.url))
        .header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request.body(body.to_owned())).await
}

#[tokio::test]
async fn every_method_path_and_query_reach_the_function() {
    let rig = Rig::start().await;
    rig.engine
        .put_function(&key("shop"), mirror(&["Shop.Test"]), Expect::New)
        .await
        .unwrap();
    for (method, host, path, body) in [
        ("GET", "shop.test", "/", ""),
        (
            "POST",
            "shop.test:6464",
            "/api/v1/namespaces/_/actions?x=1",
            "hello",
        ),
        ("DELETE", "SHOP.test.", "/a/b%20c", ""),
        ("OPTIONS", "shop.test", "/ping", ""),
        ("PATCH", "shop.playground.localhost:6464", "/x", "{}"),
    ] {
        let answer = ask(&rig, method.parse().unwrap(), host, path, &[], body).await;
        assert_eq!(
            (answer.status, answer.header("x-seen")),
            (207, Some(method)),
            "{answer:?}"
        );
        let seen = answer.json();
        assert_eq!(
            (seen["method"].as_str(), seen["body"].as_str()),
            (Some(method), Some(body))
        );
        let sent = path.split('?').next().unwrap();
        assert_eq!(seen["path"].as_str(), Some(sent), "{seen}");
        // The call is a record.
        let id = answer.header("x-activation-id").unwrap().parse().unwrap();
        let record = rig.store.activation(id).await.unwrap().unwrap();
        assert_eq!(
            record.http.map(|http| (http.method, http.path)),
            Some((method.to_owned(), sent.to_owned()))
        );
    }
    let seen = ask(&rig, Method::GET, "shop.test", "/q?a=1&b=two", &[], "")
        .await
        .json();
    assert_eq!(seen["query"], json!({ "a": "1", "b": "two" }));
    // The gateway's own names still lead to the gateway.
    assert_eq!(
        ask(&rig, Method::GET, "localhost", "/ping", &[], "").await.text,
        "pong"
    );
    rig.stop().await;
}

#[tokio::test]
async fn only_the_names_that_functions_have_get_in() {
    let rig = Rig::start().await;
    let refused = async |host: &str| ask(&rig, Method::GET, host, "/ping", &[], "").await.status == 403;
    assert!(refused("shop.test").await);
    rig.engine
        .put_function(&key("shop"), mirror(&["shop.test"]), Expect::New)
        .await
        .unwrap();
    assert!(!refused("shop.test").await);
    for host in [
        "evil.test",
        "x.shop.test",
        "shop.test.evil",
        "shop.test:x",
        "user@shop.test",
    ] {
        assert!(refused(host).await, "{host}");
    }
    // The name goes with the setting, and with the function.
    rig.engine
        .put_function(&key("shop"), mirror(&["other.test"]), Expect::Any)
        .await
        .unwrap();
    assert!(refused("shop.test").await && !refused("other.test").await);
    rig.engine.delete_function(&key("shop")).await.unwrap();
    assert!(refused("other.test").await);
    rig.stop().await;
}

#[tokio::test]
async fn pages_of_other_sites_stay_out() {
    let rig = Rig::start().await;
    rig.engine
        .put_function(&key("shop"), mirror(&["shop.test"]), Expect::New)
        .await
        .unwrap();
    let with = async |headers: &[(&str, &str)]| ask(&rig, Method::GET, "shop.test", "/", headers, "").await;
    // Its own page, and one on this machine.
    for origin in ["http://shop.test:6464", "http://localhost:5173"] {
        let answer = with(&[("origin", origin)]).await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (207, Some(origin))
        );
    }
    for headers in [
        &[("origin", "http://evil.test")][..],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
    ] {
        let answer = with(headers).await;
        assert_eq!((answer.status, answer.header("x-activation-id")), (403, None));
    }
    // A link is followed; a frame is none.
    let navigating = async |dest: &str| {
        let headers = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", dest),
        ];
        with(&headers).await.status
    };
    assert_eq!(
        (navigating("document").await, navigating("iframe").await),
        (207, 403)
    );
    // The same at the function's other door, and its name opens nothing but the function.
    let at = async |method: Method, path: &str, headers: &[(&str, &str)]| {
        ask(&rig, method, "localhost", path, headers, "").await
    };
    let image = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")];
    let own = [("origin", "http://shop.test:6464")];
    for (path, headers) in [
        ("/function/shop.playground", &image[..]),
        ("/function/shop.playground", &own),
        ("/ping", &image),
        ("/metrics", &own),
    ] {
        assert_eq!(at(Method::GET, path, headers).await.status, 403, "{path}");
    }
    // Preflights are the function's to answer, as at its provider.
    let local = [("origin", "http://localhost:5173")];
    let answer = at(Method::OPTIONS, "/function/shop.playground/x", &local).await;
    assert_eq!((answer.status, answer.header("x-seen")), (207, Some("OPTIONS")));
    assert_eq!(
        (
            answer.header("access-control-allow-origin"),
            answer.header("access-control-allow-methods")
        ),
        (Some("http://localhost:5173"), None)
    );
    rig.stop().await;
}

#[tokio::test]
async fn a_name_is_one_functions_alone() {
    let rig = Rig::start().await;
    let put = async |name: &str, domains: &[&str]| {
        rig.engine
            .put_function(&key(name), mirror(domains), Expect::Any)
            .await
            .map(drop)
    };
    put("one", &["a.test", "b.test"]).await.unwrap();
    let error = put("two", &["c.test", "B.test"]).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Conflict);
    assert_eq!(
        error.message,
        "The domain 'b.test' belongs to function /playground/one."
    );
    // Nothing of the refused save is left.
    assert_eq!(rig.store.function_of_domain("c.test"), None);
    assert!(rig.store.function(&key("two")).await.unwrap().is_none());
    put("one", &["a.test"]).await.unwrap();
    put("two", &["b.test"]).await.unwrap();
    assert_eq!(rig.store.function_of_domain("b.test"), Some(key("two")));
    for bad in [
        "",
        "localhost",
        "127.0.0.1",
        "a b.test",
        "-a.test",
        "a..test",
        "http://a.test",
        "a.test:80",
        "a.test.",
        "über.test",
        "test",
    ] {
        assert_eq!(
            put("two", &[bad]).await.unwrap_err().code,
            ErrorCode::InvalidInput,
            "{bad}"
        );
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_private_function_of_arguments_wants_its_token_here_too() {
    let rig = Rig::start().await;
    let code = CodePackage::Source("function main() { return { body: 'hi' } }".into());
    let mut new = NewFunction::new(Runtime::new("nodejs:default").unwrap(), code);
    rig.engine
        .put_function(&key("secret"), new.clone(), Expect::New)
        .await
        .unwrap();
    let ask = async || ask(&rig, Method::GET, "secret.playground.localhost", "/ping", &[], "").await;
    assert_eq!(ask().await.status, 401);
    new.web = WebExport::Web;
    rig.engine
        .put_function(&key("secret"), new, Expect::Any)
        .await
        .unwrap();
    let answer = ask().await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "hi"));
    rig.stop().await;
}
