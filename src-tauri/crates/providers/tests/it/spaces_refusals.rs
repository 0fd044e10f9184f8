//! What `/spaces` refuses, and to whom: always in Spaces' error document.

use beckon_core::TokenScope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::spaces::{ECHO, deployed, draft, enveloped, space};
use crate::support::rig::{Client, Rig, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_is_the_error_document() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    let functions = "/spaces/playground/functions";
    deployed(&client, "f", ECHO).await;
    let none = json!({});
    let with = |field: &str, value: Value| {
        let mut draft = draft("new", ECHO);
        draft[field] = value;
        draft
    };
    for (method, path, body, status, message) in [
        (
            "GET",
            "/spaces/nowhere/functions",
            &none,
            403,
            Some("Unauthorized"),
        ),
        ("GET", "/spaces/other/functions", &none, 403, Some("Unauthorized")),
        (
            "GET",
            "/spaces/playground/functions/no",
            &none,
            404,
            Some("function not found"),
        ),
        (
            "PUT",
            "/spaces/playground/functions/no",
            &none,
            404,
            Some("function not found"),
        ),
        (
            "DELETE",
            "/spaces/playground/functions/no",
            &none,
            404,
            Some("function not found"),
        ),
        (
            "POST",
            "/spaces/playground/functions/no/invoke",
            &none,
            404,
            Some("function not found"),
        ),
        (
            "POST",
            "/spaces/playground/functions/no/async-invoke",
            &none,
            404,
            Some("function not found"),
        ),
        (
            "GET",
            "/spaces/playground/functions/no/logs",
            &none,
            404,
            Some("function not found"),
        ),
        (
            "GET",
            "/spaces/playground/functions/no/code",
            &none,
            404,
            Some("function not found"),
        ),
        (
            "GET",
            "/spaces/playground/functions/f/logs?tail=x",
            &none,
            400,
            None,
        ),
        (
            "GET",
            "/spaces/playground/functions/f/logs?since=yesterday",
            &none,
            400,
            None,
        ),
        ("GET", "/spaces/playground/functions?limit=0", &none, 400, None),
        (
            "GET",
            "/spaces/playground/functions?next_cursor=*",
            &none,
            400,
            None,
        ),
        ("GET", "/spaces/playground/elsewhere", &none, 404, None),
        (
            "GET",
            "/spaces/playground/triggers/no",
            &none,
            404,
            Some("trigger not found"),
        ),
        (
            "PATCH",
            "/spaces/playground/functions/f",
            &none,
            405,
            Some("Method Not Allowed"),
        ),
        ("POST", functions, &none, 400, None),
        ("POST", functions, &with("name", json!("Not_a_name")), 400, None),
        ("POST", functions, &with("template", json!("cobol")), 400, None),
        ("POST", functions, &with("env", json!({ "A": 1 })), 400, None),
        (
            "POST",
            functions,
            &with("source", json!({ "code": "*" })),
            400,
            None,
        ),
        (
            "POST",
            functions,
            &with("source", json!({ "code": "/w==" })),
            400,
            None,
        ),
        (
            "POST",
            functions,
            &with("options", json!({ "schedule": "often" })),
            400,
            None,
        ),
        (
            "PUT",
            "/spaces/playground/functions/f",
            &json!({ "name": "g" }),
            400,
            None,
        ),
        (
            "POST",
            "/spaces/playground/functions/f/async-invoke",
            &none,
            400,
            Some("X-Callback-Url header is required"),
        ),
        (
            "GET",
            "/spaces/playground/functions/f/invoke/a/b/c/d",
            &none,
            404,
            None,
        ),
    ] {
        let answer = client.send(method.parse().unwrap(), path, body).await;
        let text = answer.json()["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        enveloped(&answer, status, message.unwrap_or(&text));
        assert!(!text.is_empty(), "{method} {path}");
    }
    for url in ["ftp://127.0.0.1/x", "http://[::1", "nothing"] {
        let request = client.request(Method::POST, "/spaces/playground/functions/f/async-invoke");
        let answer = send(request.header("x-callback-url", url)).await;
        let text = answer.json()["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        enveloped(&answer, 400, &text);
    }
    for (path, method, allow) in [
        ("f/invoke", "HEAD", "POST, GET, PUT, PATCH, DELETE"),
        ("f/invoke/a", "OPTIONS", "POST, GET, PUT, PATCH, DELETE"),
        ("f/async-invoke", "GET", "POST"),
        ("f", "POST", "GET, PUT, DELETE"),
    ] {
        let method: Method = method.parse().unwrap();
        let answer = send(client.request(method.clone(), &format!("{functions}/{path}"))).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some(allow)),
            "{path}"
        );
        if method != Method::HEAD {
            enveloped(&answer, 405, "Method Not Allowed");
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_holders_of_an_access_token_get_in_and_no_page() {
    let rig = Rig::start().await;
    let (token, client) = rig.client(space()).await;
    let functions = "/spaces/playground/functions";
    deployed(&client, "f", ECHO).await;
    deployed(&client, "g", ECHO).await;
    for authorization in [
        None,
        Some("Bearer nonsense".to_owned()),
        Some(format!("Bearer {}", client.secret)),
        Some(client.bearer.replace("Bearer", "Basic")),
    ] {
        let mut request = client.http.get(format!("{}{functions}", rig.url));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let answer = send(request).await;
        enveloped(&answer, 401, "Unauthenticated");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    for header in [
        ("origin", "http://localhost:1"),
        ("sec-fetch-site", "same-origin"),
    ] {
        let answer = send(client.request(Method::GET, functions).header(header.0, header.1)).await;
        enveloped(&answer, 403, "Pages have no access to /spaces.");
    }

    // A client for one function reads and calls it, and nothing else.
    let scope = TokenScope::Function {
        namespace: "playground".parse().unwrap(),
        name: "f".parse().unwrap(),
    };
    let one = rig.client(scope).await.1;
    assert_eq!(one.get(&format!("{functions}/f")).await.status, 200);
    assert_eq!(one.get(&format!("{functions}/f/invoke")).await.status, 201);
    for (method, path) in [
        ("GET", "g"),
        ("GET", "g/invoke"),
        ("GET", "no/invoke"),
        ("PUT", "f"),
        ("DELETE", "f"),
        ("GET", ""),
    ] {
        let path = format!("{functions}/{path}");
        let path = path.trim_end_matches('/');
        let answer = one.send(method.parse().unwrap(), path, &json!({})).await;
        enveloped(&answer, 403, "Unauthorized");
    }

    // The token endpoint: form and Basic; wrong ones are refused.
    let endpoint = format!("{}/oauth2/token", rig.url);
    let form = |grant: &str, secret: &str| {
        let fields = [
            ("grant_type", grant),
            ("client_id", &token.id),
            ("client_secret", secret),
            ("scope", "function.invoke function"),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        client.http.post(&endpoint).body(body)
    };
    let answer = send(form("client_credentials", &client.secret)).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let document = answer.ok();
    assert_eq!(
        (
            &document["token_type"],
            &document["scope"],
            &document["expires_in"]
        ),
        (&json!("bearer"), &json!("function.invoke function"), &json!(3600))
    );
    assert_eq!(send(form("password", &client.secret)).await.status, 400);
    assert_eq!(send(form("client_credentials", "wrong")).await.status, 401);
    let with_page = form("client_credentials", &client.secret).header("origin", "http://localhost");
    assert_eq!(send(with_page).await.status, 403);

    // Revoked: this one, at once, and no other. Another client's is left alone.
    let access = document["access_token"].as_str().unwrap();
    let list = || {
        client
            .http
            .get(format!("{}{functions}", rig.url))
            .bearer_auth(access)
    };
    let revoke = |who: &Client| {
        who.http
            .post(format!("{}/oauth2/revoke", rig.url))
            .basic_auth(&who.id, Some(&who.secret))
            .body(format!("token={access}"))
    };
    assert_eq!(send(list()).await.status, 200);
    assert_eq!(send(revoke(&one)).await.status, 200);
    assert_eq!(send(list()).await.status, 200);
    assert_eq!(send(revoke(&client)).await.status, 200);
    enveloped(&send(list()).await, 401, "Unauthenticated");
    assert_eq!(client.get(functions).await.status, 200);

    // They end by themselves, and with their client.
    rig.advance(3_600_001);
    enveloped(&client.get(functions).await, 401, "Unauthenticated");
    let fresh = client.renewed().await;
    assert_eq!(fresh.get(functions).await.status, 200);
    rig.store.revoke_token(&token.id).await.unwrap();
    enveloped(&fresh.get(functions).await, 401, "Unauthenticated");
    rig.stop().await;
}
