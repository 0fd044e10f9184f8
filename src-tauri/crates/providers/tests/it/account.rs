//! Our client of an account, against our own control plane and against servers that speak it badly.

use crate::support::bad::{BadServer, reply};
use crate::support::rig::Rig;
use beckon_core::{ConnectionKind, ErrorCode, NamespaceName, Secret, TokenScope};
use beckon_providers::connect;
use beckon_providers::digitalocean::client::{Account, Hours};
use serde_json::json;

const TOKEN: &str = "dop_v1_0123456789abcdef0123456789abcdef";
const HOUR: i64 = 3_600_000;

fn account(url: &str) -> Account {
    Account::new(url, Secret::new(TOKEN)).unwrap()
}

fn namespace() -> NamespaceName {
    "playground".parse().unwrap()
}

#[tokio::test]
async fn namespaces_keys_and_triggers_both_ways() {
    let rig = Rig::start().await;
    let (_, control) = rig.account(TokenScope::Account).await;
    let bearer = control.authorization.clone().unwrap();
    let token = bearer.strip_prefix("Bearer ").unwrap();
    let account = Account::new(&format!("{}/v2/", rig.url), Secret::new(token)).unwrap();
    assert_eq!(account.address(), rig.url);
    assert_eq!(account.owner().await.unwrap(), None, "a Beckon does not say");

    let all = account.namespaces().await.unwrap();
    let names: Vec<_> = all.iter().map(|known| known.name.as_str()).collect();
    assert_eq!(names, ["other", "playground"]);
    assert_eq!(all[1], account.namespace(&namespace()).await.unwrap());
    assert_eq!(all[1].api_host, rig.url);
    let none = account.namespace(&"none".parse().unwrap()).await.unwrap_err();
    assert_eq!(none.code, ErrorCode::NotFound);

    // A key is made, known, opens its namespace for its time, and ends when it is deleted.
    let made = account
        .create_key(&namespace(), "ci", Some(Hours::new(0)))
        .await
        .unwrap();
    let again = account.create_key(&namespace(), "ci", None).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::Conflict);
    let endless = account.create_key(&namespace(), "endless", None).await.unwrap();
    assert_eq!(endless.key.expires, None);
    let life = made.key.expires.unwrap() - made.key.created;
    assert!((life - HOUR).abs() <= 1000, "{life}");
    account
        .rename_key(&namespace(), &made.key.id, "ci 2")
        .await
        .unwrap();
    let keys = account.keys(&namespace()).await.unwrap();
    let known = keys.iter().find(|key| key.id == made.key.id).unwrap();
    assert_eq!((keys.len(), known.name.as_str()), (2, "ci 2"));
    let open =
        |secret: &Secret| connect(ConnectionKind::Digitalocean, &all[1].api_host, secret.clone()).unwrap();
    assert_eq!(
        open(&made.secret).check().await.unwrap().namespaces,
        [namespace()]
    );
    rig.advance(HOUR + 1000);
    let ended = open(&made.secret).check().await.unwrap_err();
    assert_eq!(ended.code, ErrorCode::Unauthorized);
    account.delete_key(&namespace(), &endless.key.id).await.unwrap();
    let ended = open(&endless.secret).check().await.unwrap_err();
    assert_eq!(ended.code, ErrorCode::Unauthorized);
    let gone = account
        .delete_key(&namespace(), &endless.key.id)
        .await
        .unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);

    rig.api().await.deploy("pkg/f", crate::support::rig::ECHO).await;
    let body = json!({ "name": "nightly", "type": "SCHEDULED", "function": "pkg/f", "is_enabled": false,
        "scheduled_details": { "cron": "0 3 * * *", "body": {} } });
    control.post("namespaces/playground/triggers", &body).await.ok();
    let triggers = account.triggers(&namespace()).await.unwrap();
    let [nightly] = triggers.as_slice() else {
        panic!("{triggers:?}");
    };
    assert_eq!(
        (
            nightly.name.as_str(),
            nightly.function.as_str(),
            nightly.cron.as_str(),
            nightly.enabled
        ),
        ("nightly", "pkg/f", "0 3 * * *", false)
    );
    rig.stop().await;
}

#[tokio::test]
async fn what_a_bad_server_says_is_an_error_of_its_kind_without_the_token() {
    let document = format!(r#"{{"id":"x","message":"no {TOKEN}\u0007 here"}}"#);
    for (status, code) in [
        (400, ErrorCode::InvalidInput),
        (401, ErrorCode::Unauthorized),
        (403, ErrorCode::Forbidden),
        (404, ErrorCode::NotFound),
        (409, ErrorCode::Conflict),
        (422, ErrorCode::InvalidInput),
        (429, ErrorCode::Busy),
        (500, ErrorCode::BadReply),
    ] {
        let server = BadServer::answering(reply(status, &document)).await;
        let error = account(&server.url).namespaces().await.unwrap_err();
        assert_eq!(error.code, code, "{status}");
        assert!(error.message.ends_with("no ***  here"), "{error}");
        assert!(!format!("{error:?}").contains(TOKEN));
        assert!(server.requests()[0].contains(&format!("Bearer {TOKEN}")));
    }
    // A proxy's page, half a document, one of another protocol, a redirect, a key that is none.
    let page = BadServer::answering(reply(404, &format!("<html>{TOKEN}"))).await;
    let error = account(&page.url).namespaces().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::BadReply);
    assert!(!format!("{error:?}").contains(TOKEN));
    for body in ["{\"namespaces\":[{\"names", "[]", "{\"namespaces\":7}", "null"] {
        let server = BadServer::answering(reply(200, body)).await;
        let error = account(&server.url).namespaces().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadReply, "{body}");
    }
    let moved = "HTTP/1.1 302 X\r\nlocation: https://elsewhere.example/\r\ncontent-length: 0\r\n\r\n";
    let server = BadServer::answering(moved.into()).await;
    let error = account(&server.url).namespaces().await.unwrap_err();
    assert!(
        error.message.contains("redirects to elsewhere.example"),
        "{error}"
    );
    for key in [
        r#"{"id":"dof_v1_1","secret":""}"#,
        r#"{"id":"1","secret":"s"}"#,
        r#"{"id":"dof_v1_1:","secret":"s"}"#,
        r#"{"id":"dof_v1_1","secret":"s s"}"#,
    ] {
        let server = BadServer::answering(reply(201, &format!(r#"{{"access_key":{key}}}"#))).await;
        let error = account(&server.url)
            .create_key(&namespace(), "n", None)
            .await
            .unwrap_err();
        assert_eq!(error.code, ErrorCode::BadReply, "{key}");
    }
    let endless = BadServer::endless().await;
    let error = account(&endless.url).namespaces().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::LimitExceeded);
}

#[tokio::test]
async fn lists_end_and_limits_say_until_when() {
    // Pages without end, each with the same namespace, one of App Platform and two that cannot be used.
    let page = json!({
        "namespaces": [
            { "namespace": "fn-1", "api_host": "h", "label": null },
            { "namespace": "ap-1", "api_host": "h" },
            { "namespace": "fn-2" },
            { "namespace": "../..", "api_host": "h" },
        ],
        "links": { "pages": { "next": "https://elsewhere.example/?page=2" } },
    });
    let server = BadServer::answering(reply(200, &page.to_string())).await;
    let all = account(&server.url).namespaces().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].label.as_str(), all[0].region.as_str()), ("fn-1", ""));
    assert_eq!(server.requests().len(), 50);
    assert!(server.requests()[49].starts_with("GET /v2/functions/namespaces?page=50&per_page=200 "));

    let empty = BadServer::answering(reply(200, r#"{"access_keys":null,"count":0}"#)).await;
    assert_eq!(account(&empty.url).keys(&namespace()).await.unwrap(), []);

    let body = r#"{"id":"too_many_requests","message":"API rate limit exceeded."}"#;
    for (header, hint) in [
        (
            "ratelimit-reset: 1444931833",
            "The next request is allowed at 17:57:13 UTC.",
        ),
        ("retry-after: 30", "Try again in 30 seconds."),
    ] {
        let limited = reply(429, body).replacen("\r\n", &format!("\r\n{header}\r\n"), 1);
        let server = BadServer::answering(limited).await;
        let error = account(&server.url).namespaces().await.unwrap_err();
        assert_eq!((error.code, error.retryable), (ErrorCode::Busy, true));
        assert_eq!(error.hint.as_deref(), Some(hint));
    }
}
