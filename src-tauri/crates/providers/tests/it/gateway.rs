//! The gateway's doors: who may enter, what is told to whom, and what every answer has.

use crate::support::rig::{Rig, send};
use beckon_core::TokenScope;
use reqwest::Method;
use serde_json::json;

const NONE_GIVEN: &str = "The resource requires authentication, which was not supplied with the request";
const INVALID: &str = "The supplied authentication is invalid";

#[tokio::test]
async fn credentials_in_every_spelling() {
    use base64::Engine as _;
    let rig = Rig::start().await;
    let api = rig.api().await;
    let key = api.key.clone().unwrap();
    let encoded = base64::engine::general_purpose::STANDARD.encode(&key);
    let with = |value: String| {
        let request = rig
            .stranger()
            .request(Method::GET, "")
            .header("authorization", value);
        async move { send(request).await }
    };
    // Without a scheme, too: DigitalOcean's guide shows the token so.
    for good in [
        format!("Basic {encoded}"),
        format!("basic {encoded}"),
        encoded.clone(),
    ] {
        assert_eq!(with(good).await.ok(), json!(["playground"]));
    }
    let (user, password) = key.split_once(':').unwrap();
    let basic = |key: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(key));
    for bad in [
        "Basic !!!".to_owned(),
        "Basic ".to_owned(),
        format!("Bearer {encoded}"),
        basic(&key[..key.len() - 1]),
        basic(&format!("{user}:")),
        basic(&format!("nobody:{password}")),
        basic("nocolon"),
        "Basic //8=".to_owned(),
    ] {
        with(bad).await.refused(401, INVALID);
    }
    rig.stranger().get("").await.refused(401, NONE_GIVEN);
    rig.stop().await;
}

#[tokio::test]
async fn a_token_ends_at_once() {
    let rig = Rig::start().await;
    let scope = TokenScope::Namespace {
        namespace: "playground".parse().unwrap(),
    };
    let (token, api) = rig.api_with(scope.clone(), None).await;
    api.get("").await.ok();
    rig.store.revoke_token(&token.id).await.unwrap();
    api.get("").await.refused(401, INVALID);

    let expires = beckon_core::Clock::system().now() + 60_000;
    let (_, api) = rig.api_with(scope, Some(expires)).await;
    api.get("_/actions").await.ok();
    rig.advance(60_000);
    api.get("_/actions").await.refused(401, INVALID);
    rig.stop().await;
}

#[tokio::test]
async fn another_namespace_is_forbidden_and_not_described() {
    let rig = Rig::start().await;
    let other = rig.api_for("other").await;
    // Whether it exists is not said.
    for namespace in ["playground", "nowhere"] {
        for path in [
            "actions",
            "activations",
            "limits",
            "actions/x",
            "activations/b68492d6875840148492d687586014f5",
        ] {
            let answer = other.get(&format!("{namespace}/{path}")).await;
            answer.refused(
                403,
                &format!("The supplied authentication is not authorized to access '{namespace}/{path}'."),
            );
        }
    }
    other
        .get("b%C3%A4d/actions")
        .await
        .refused(400, "The namespace contains illegal characters.");
    // One's own by its name and by `_`.
    other.get("other/actions").await.ok();
    other.get("_/actions").await.ok();
    rig.stop().await;
}

#[tokio::test]
async fn a_token_for_one_function_reads_and_invokes_that_function() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    for name in ["mine", "yours", "pkg/mine"] {
        api.deploy(name, crate::support::rig::ECHO).await;
    }
    let yours = api.post("_/actions/yours?blocking=true", &json!({})).await.ok();
    let yours = yours["activationId"].as_str().unwrap();

    let only = rig.api_for_function("mine").await;
    assert_eq!(only.get("").await.ok(), json!(["playground"]));
    let mine = only.post("_/actions/mine?blocking=true", &json!({})).await.ok();
    only.get("_/actions/mine").await.ok();
    let names = |list: serde_json::Value| {
        list.as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(only.get("_/actions").await.ok()), ["mine"]);
    assert_eq!(names(only.get("_/actions/pkg/").await.ok()), Vec::<String>::new());
    assert_eq!(
        only.get("_/actions?count=true").await.ok(),
        json!({ "actions": 1 })
    );

    let denied = |name: &str| {
        format!("The supplied authentication is not authorized to access 'playground/actions/{name}'.")
    };
    for name in ["yours", "pkg/mine"] {
        only.get(&format!("_/actions/{name}"))
            .await
            .refused(403, &denied(name));
        only.post(&format!("_/actions/{name}"), &json!({}))
            .await
            .refused(403, &denied(name));
    }
    let code = json!({ "exec": { "kind": "nodejs:default", "code": "x" } });
    only.put("_/actions/mine?overwrite=true", &code)
        .await
        .refused(403, &denied("mine"));
    only.delete("_/actions/mine").await.refused(403, &denied("mine"));

    let list = only.get("_/activations").await.ok();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["activationId"], mine["activationId"]);
    assert_eq!(
        only.get("_/activations?count=true").await.ok(),
        json!({ "activations": 1 })
    );
    only.get("_/activations?name=yours").await.refused(
        403,
        "The supplied authentication is not authorized to access this resource.",
    );
    assert_eq!(only.get(&format!("_/activations/{yours}")).await.status, 404);
    assert_eq!(only.get(&format!("_/activations/{yours}/logs")).await.status, 404);
    rig.stop().await;
}

#[tokio::test]
async fn only_loopback_names_and_origins() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let with = |header: &'static str, value: &str| {
        let request = api.request(Method::GET, "").header(header, value);
        async move { send(request).await }
    };
    for host in ["localhost:6464", "127.0.0.1", "[::1]:6464", "fn.localhost"] {
        with("host", host).await.ok();
    }
    let answer = with("host", "evil.example:6464").await;
    answer.refused(
        403,
        "The Host 'evil.example:6464' is not an address of this machine's loopback interface.",
    );
    let answer = with("origin", "https://evil.example").await;
    answer.refused(
        403,
        "Pages from the origin 'https://evil.example' may not call this machine's functions.",
    );
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(with("origin", "null").await.status, 403);

    let answer = with("origin", "http://localhost:5173").await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("http://localhost:5173")
    );
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    // A preflight has no credentials.
    let preflight = |origin: &str| {
        let request = rig
            .stranger()
            .request(Method::OPTIONS, "_/actions/x")
            .header("origin", origin);
        async move { send(request).await }
    };
    let answer = preflight("http://127.0.0.1:3000").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("http://127.0.0.1:3000")
    );
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, DELETE, POST, PUT, HEAD")
    );
    assert!(
        answer
            .header("access-control-allow-headers")
            .unwrap()
            .contains("Authorization")
    );
    assert_eq!(preflight("https://evil.example").await.status, 403);
    rig.stop().await;
}

#[tokio::test]
async fn transaction_ids() {
    let rig = Rig::start().await;
    let with = |id: &str| {
        let request = rig.stranger().request(Method::GET, "").header("x-request-id", id);
        async move { send(request).await }
    };
    let answer = with("my-own-id").await;
    answer.refused(401, NONE_GIVEN);
    assert_eq!(answer.header("x-request-id"), Some("my-own-id"));
    for id in ["sid_internal", "", &"x".repeat(300)] {
        let answer = with(id).await;
        let own = answer.header("x-request-id").unwrap();
        assert!(
            own.len() == 32 && own.chars().all(|c| c.is_ascii_alphanumeric()),
            "{own}"
        );
    }
    // On success, too.
    let answer = rig.api().await.get("").await;
    assert_eq!(answer.header("x-request-id").map(str::len), Some(32));
    rig.stop().await;
}

#[tokio::test]
async fn what_the_host_says_of_itself() {
    let rig = Rig::start().await;
    let get = |path: &str| {
        let request = rig.stranger().http.get(format!("{}{path}", rig.url));
        async move { send(request).await }
    };
    let host = get("/").await.ok();
    assert_eq!(host["description"], "OpenWhisk");
    assert_eq!(host["api_paths"], json!(["/api/v1"]));
    assert_eq!(host["limits"]["max_action_logs"], 10 * 1024 * 1024);
    let shell = &host["runtimes"]["shell"][0];
    assert_eq!(
        (&shell["kind"], &shell["default"]),
        (&json!("shell:default"), &json!(true))
    );
    for path in ["/api/v1", "/api/v1/"] {
        let api = get(path).await.ok();
        assert_eq!(api["api_version"], "1.0.0");
        assert_eq!(api["runtimes"], host["runtimes"]);
    }
    assert_eq!(get("/ping").await.text, "pong");
    let limits = rig.api().await.get("_/limits").await.ok();
    assert_eq!(limits["maxParameterSize"], "1048576 B");
    assert_eq!(limits["maxActionTimeout"], 900_000);
    rig.stop().await;
}

#[tokio::test]
async fn unknown_routes_and_methods() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    for path in [
        "_/nonsense",
        "_/triggers/a/b",
        "_/activations/x/y",
        "_/actions/a/b/c",
    ] {
        api.get(path)
            .await
            .refused(404, "The requested resource could not be found.");
    }
    let allowed = |methods: &str| format!("HTTP method not allowed, supported methods: {methods}");
    let patch = send(api.request(Method::PATCH, "_/actions/x")).await;
    patch.refused(405, &allowed("GET, PUT, POST, DELETE"));
    api.delete("_/activations/b68492d6875840148492d687586014f5")
        .await
        .refused(405, &allowed("GET"));
    api.post("_/actions", &json!({}))
        .await
        .refused(405, &allowed("GET"));
    let head = send(api.request(Method::HEAD, "_/actions")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    rig.stop().await;
}
