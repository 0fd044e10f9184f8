//! Accounts, their namespaces and keys: another Beckon is the provider.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use crate::support::{call, start_at};
use anyhow::Result;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use beckon_core::{Clock, ErrorCode, Secret};
use beckon_panel::{Panel, SecretStoreChoice};
use beckon_providers::digitalocean::client::Account;
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

/// Two Beckons and the time that both believe.
struct Pair {
    here: Arc<Panel>,
    there: Arc<Panel>,
    gateway: String,
    token: String,
    ahead: Arc<AtomicI64>,
    /// Whether the provider fails when it is asked for an access key.
    keys_fail: Arc<AtomicBool>,
    dirs: (tempfile::TempDir, tempfile::TempDir),
}

fn clock(ahead: &Arc<AtomicI64>) -> Clock {
    let (system, ahead) = (Clock::system(), ahead.clone());
    Clock::from_fn(move || system.now() + ahead.load(Ordering::Relaxed))
}

/// Serves a gateway that makes no access keys while it is told so.
async fn serve_failing(panel: &Panel, keys_fail: Arc<AtomicBool>) -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    panel.set_gateway_url(&url);
    let fail = move |request: Request, next: Next| {
        let keys = request.method() == Method::POST && request.uri().path().ends_with("/keys");
        let fails = keys && keys_fail.load(Ordering::Relaxed);
        async move {
            match fails {
                true => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                false => next.run(request).await,
            }
        }
    };
    let router = beckon_providers::gateway::router(panel.gateway()).layer(from_fn(fail));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

async fn open(dir: &Path, ahead: &Arc<AtomicI64>) -> Result<Arc<Panel>> {
    start_at(dir, SecretStoreChoice::File, clock(ahead)).await
}

impl Pair {
    async fn start() -> Result<Self> {
        let dirs = (tempfile::tempdir()?, tempfile::tempdir()?);
        let ahead = Arc::new(AtomicI64::new(0));
        let there = open(dirs.1.path(), &ahead).await?;
        let keys_fail = Arc::new(AtomicBool::new(false));
        let gateway = serve_failing(&there, keys_fail.clone()).await?;
        call(
            &there,
            "create_namespace",
            json!({ "name": "shop", "label": "Shop" }),
        )
        .await?;
        let draft = json!({ "name": "panel", "kind": "digitalocean", "scope": { "type": "account" }, "expiresInSeconds": null });
        let made = call(&there, "create_token", json!({ "draft": draft })).await?;
        Ok(Self {
            here: open(dirs.0.path(), &ahead).await?,
            token: made["credential"].as_str().unwrap_or_default().to_owned(),
            there,
            gateway,
            ahead,
            keys_fail,
            dirs,
        })
    }

    async fn call(&self, command: &str, arguments: Value) -> Result<Value, beckon_core::Error> {
        call(&self.here, command, arguments).await
    }

    async fn add(&self, keep: bool, namespaces: &[&str]) -> Result<Value, beckon_core::Error> {
        let arguments = json!({ "token": self.token, "baseUrl": self.gateway, "keepToken": keep,
            "namespaces": namespaces, "environment": "staging" });
        self.call("add_account", arguments).await
    }

    /// Adds the account; answers the connection of the only namespace.
    async fn connect(&self, keep: bool, namespace: &str) -> Result<Value> {
        let added = self.add(keep, &[namespace]).await?;
        let outcome = &added["namespaces"][0];
        assert_eq!(outcome["error"], Value::Null, "{added}");
        assert_eq!(outcome["namespace"], namespace);
        Ok(outcome["connection"].clone())
    }

    /// Another token of the same account; the one before opens nothing any more.
    async fn new_token(&mut self) -> Result<()> {
        let tokens = call(&self.there, "tokens", json!({})).await?;
        for token in tokens.as_array().into_iter().flatten() {
            if token["kind"] == "digitalocean" && token["scope"]["type"] == "account" {
                call(&self.there, "revoke_token", json!({ "id": token["id"] })).await?;
            }
        }
        let draft = json!({ "name": "new", "kind": "digitalocean", "scope": { "type": "account" }, "expiresInSeconds": null });
        let made = call(&self.there, "create_token", json!({ "draft": draft })).await?;
        made["credential"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut self.token);
        Ok(())
    }

    /// The ids of the keys that the provider has for a namespace.
    async fn keys(&self, namespace: &str) -> Result<Vec<String>> {
        let account = Account::new(&self.gateway, Secret::new(self.token.as_str()))?;
        let keys = account.keys(&namespace.parse()?).await?;
        Ok(keys.into_iter().map(|key| key.id).collect())
    }

    /// The only remote connection.
    async fn connection(&self) -> Result<Value> {
        let all = self.call("connections", json!({})).await?;
        assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
        Ok(all[1].clone())
    }

    async fn works(&self, id: &Value) -> Result<(), beckon_core::Error> {
        let all = self.call("functions", json!({ "connection": id })).await?;
        assert!(all.is_array());
        Ok(())
    }

    fn advance(&self, by: i64) {
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }

    async fn stop(self) {
        self.here.shutdown(Duration::ZERO).await;
        self.there.shutdown(Duration::ZERO).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn namespaces_are_chosen_connected_and_left() -> Result<()> {
    let pair = Pair::start().await?;
    let look = json!({ "token": format!(" {}\n", pair.token), "baseUrl": pair.gateway });
    let seen = pair.call("look_at_account", look.clone()).await?;
    let names = |seen: &Value| -> Vec<(String, bool)> {
        let all = seen["namespaces"].as_array().cloned().unwrap_or_default();
        all.iter()
            .map(|one| {
                (
                    one["namespace"].as_str().unwrap_or_default().to_owned(),
                    one["connected"] == true,
                )
            })
            .collect()
    };
    assert_eq!(
        names(&seen),
        [("playground".into(), false), ("shop".into(), false)]
    );
    assert_eq!(seen["baseUrl"], pair.gateway);
    assert!(pair.keys("shop").await?.is_empty(), "a look makes nothing");
    let wrong = json!({ "token": "dop_v1_00", "baseUrl": pair.gateway });
    assert_eq!(
        pair.call("look_at_account", wrong).await.unwrap_err().code,
        ErrorCode::Unauthorized
    );
    // One that is not there keeps no other from being connected.
    let made = pair.add(true, &["nowhere", "shop", "shop"]).await?;
    let outcomes = &made["namespaces"];
    assert_eq!(outcomes.as_array().map(Vec::len), Some(2), "{made}");
    assert_eq!(
        (&outcomes[0]["error"]["code"], &outcomes[0]["connection"]),
        (&json!("not_found"), &Value::Null)
    );
    assert_eq!(
        (&outcomes[1]["error"], &outcomes[1]["existed"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(made["account"]["tokenKept"], true);
    let connection = outcomes[1]["connection"].clone();
    let id = &connection["id"];
    assert_eq!(connection["name"], "Shop");
    assert_eq!(connection["kind"], "digitalocean");
    assert_eq!(
        (&connection["accountNamespace"], &connection["keyRenews"]),
        (&json!("shop"), &json!(true))
    );
    let end = connection["keyExpires"].as_i64().unwrap_or_default();
    let days = (end - clock(&pair.ahead).now()) as f64 / (24 * HOUR) as f64;
    assert!((29.9..30.1).contains(&days), "{days}");
    assert!(!made.to_string().contains(&pair.token));
    pair.works(id).await?;
    assert_eq!(
        names(&pair.call("look_at_account", look).await?),
        [("playground".into(), false), ("shop".into(), true)]
    );

    // To connect it again gives it another key, and deletes the one before.
    let before = pair.keys("shop").await?;
    let again = pair.connect(true, "shop").await?;
    assert_eq!((&again["id"], pair.keys("shop").await?.len()), (id, 1));
    assert_ne!(pair.keys("shop").await?, before);
    pair.works(id).await?;
    let accounts = pair.call("accounts", json!({})).await?;
    assert_eq!(
        accounts.as_array().map(Vec::len),
        Some(1),
        "the same account: {accounts}"
    );
    let account = accounts[0]["id"].clone();
    assert!(!accounts.to_string().contains(&pair.token));

    // Keys for others: shown once, listed, revoked. Our own is not revoked under our feet.
    let new = json!({ "connection": id, "name": "ci", "expiresInHours": 24 });
    let key = pair.call("create_access_key", new).await?;
    let listed = pair.call("access_keys", json!({ "connection": id })).await?;
    let ours: Vec<_> = listed
        .as_array()
        .into_iter()
        .flatten()
        .map(|key| &key["ours"])
        .collect();
    assert_eq!(ours.len(), 2);
    assert!(ours.contains(&&json!(true)) && ours.contains(&&json!(false)));
    let secret = key["credential"].as_str().unwrap_or_default();
    let direct = |secret: &str| {
        beckon_providers::connect(
            beckon_core::ConnectionKind::Digitalocean,
            &pair.gateway,
            Secret::new(secret),
        )
    };
    direct(secret)?.check().await?;
    let own = json!({ "connection": id, "id": pair.connection().await?["keyId"] });
    assert_eq!(
        pair.call("revoke_access_key", own).await.unwrap_err().code,
        ErrorCode::Conflict
    );
    pair.call(
        "revoke_access_key",
        json!({ "connection": id, "id": key["key"]["id"] }),
    )
    .await?;
    assert_eq!(
        direct(secret)?.check().await.unwrap_err().code,
        ErrorCode::Unauthorized
    );
    assert!(
        pair.call("scheduled_triggers", json!({ "connection": id }))
            .await?
            .is_array()
    );

    // A second namespace by the kept token; what has no account says so.
    let more = json!({ "account": account, "namespaces": ["playground"], "environment": "production" });
    let more = pair.call("connect_namespaces", more).await?;
    assert_eq!(more[0]["connection"]["name"], "Playground");
    for connection in [json!("local"), json!("nobody")] {
        let error = pair
            .call("access_keys", json!({ "connection": connection }))
            .await
            .unwrap_err();
        let wanted = match connection == "local" {
            true => ErrorCode::NotSupported,
            false => ErrorCode::NotFound,
        };
        assert_eq!(error.code, wanted);
    }

    // One leaves with its key, the other with its account.
    pair.call("remove_connection", json!({ "id": more[0]["connection"]["id"] }))
        .await?;
    assert!(pair.keys("playground").await?.is_empty());
    pair.call("remove_account", json!({ "id": account, "revokeKeys": true }))
        .await?;
    assert!(pair.keys("shop").await?.is_empty());
    let left = pair.call("connections", json!({})).await?;
    assert_eq!(left.as_array().map(Vec::len), Some(1));
    assert_eq!(pair.call("accounts", json!({})).await?, json!([]));
    pair.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_renewed_before_and_after_their_end() -> Result<()> {
    let mut pair = Pair::start().await?;
    let id = pair.connect(true, "shop").await?["id"].clone();
    let first = pair.keys("shop").await?;
    pair.works(&id).await?;

    // A day before its end Beckon renews by itself.
    pair.advance(29 * 24 * HOUR + HOUR);
    pair.here.shutdown(Duration::ZERO).await;
    pair.here = open(pair.dirs.0.path(), &pair.ahead).await?;
    let mut second = first.clone();
    for _ in 0..600 {
        second = pair.keys("shop").await?;
        if second.len() == 1 && second != first {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(second.len() == 1 && second != first, "{first:?} {second:?}");
    pair.works(&id).await?;

    // It slept past the end: the first call mends it, whether the client was open or not.
    pair.advance(31 * 24 * HOUR);
    pair.works(&id).await?;
    let third = pair.keys("shop").await?;
    assert!(third.len() == 1 && third != second);
    pair.call("renew_access_key", json!({ "connection": id })).await?;
    assert!(pair.keys("shop").await?.iter().all(|key| !third.contains(key)));
    pair.works(&id).await?;

    // The account's token was revoked meanwhile: the end is said, with what to do, and connecting again mends it.
    let old = pair.token.clone();
    pair.new_token().await?;
    pair.advance(31 * 24 * HOUR);
    let error = pair.works(&id).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthorized);
    assert!(
        error.message.contains("has ended and could not be renewed"),
        "{error}"
    );
    assert_eq!(pair.connection().await?["state"]["state"], "failing");
    // The key cannot be revoked, and the connection is not lost by that.
    assert!(pair.call("remove_connection", json!({ "id": id })).await.is_err());
    // Another token mends it, and is the same account's; the one that was revoked, or is nobody's, changes nothing.
    let account = pair.call("accounts", json!({})).await?[0].clone();
    let replace = |token: &str| json!({ "account": account["id"], "token": token });
    for wrong in [&old, "dop_v1_00"] {
        let error = pair
            .call("replace_account_token", replace(wrong))
            .await
            .unwrap_err();
        assert_eq!(error.code, ErrorCode::Unauthorized);
    }
    let replaced = pair.call("replace_account_token", replace(&pair.token)).await?;
    assert_eq!(
        (&replaced["id"], &replaced["tokenKept"]),
        (&account["id"], &json!(true))
    );
    assert!(pair.token.ends_with(replaced["hint"].as_str().unwrap_or("?")));
    pair.works(&id).await?;
    // So does adding the account again.
    pair.new_token().await?;
    let added = pair.add(true, &[]).await?;
    assert_eq!(
        (&added["account"]["id"], &added["namespaces"]),
        (&account["id"], &json!([]))
    );
    assert_eq!(pair.connect(true, "shop").await?["id"], id);
    assert_eq!(
        pair.call("accounts", json!({})).await?.as_array().map(Vec::len),
        Some(1)
    );
    pair.works(&id).await?;
    pair.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_a_connection_says_when_it_ends() -> Result<()> {
    let pair = Pair::start().await?;
    let connection = pair.connect(false, "shop").await?;
    let id = &connection["id"];
    assert!(connection["keyExpires"].is_i64());
    assert_eq!(connection["keyRenews"], false);
    assert_eq!(
        pair.call("accounts", json!({})).await?[0]["tokenKept"],
        json!(false)
    );
    let error = pair
        .call("access_keys", json!({ "connection": id }))
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::NotSupported);
    // Another name keeps the key what it is; a pasted key is a stranger's.
    let mut draft = json!({ "name": "renamed", "kind": "digitalocean", "environment": "staging",
        "apiHost": pair.gateway, "key": null });
    let renamed = pair
        .call("edit_connection", json!({ "id": id, "draft": draft }))
        .await?;
    assert_eq!(renamed["keyExpires"], connection["keyExpires"]);
    pair.advance(31 * 24 * HOUR);
    let error = pair.works(id).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthorized);
    assert!(error.message.contains("has ended"), "{error}");
    let token = json!({ "name": "t", "kind": "openwhisk", "scope": { "type": "namespace", "namespace": "shop" }, "expiresInSeconds": null });
    let key = call(&pair.there, "create_token", json!({ "draft": token })).await?;
    draft["key"] = key["credential"].clone();
    let pasted = pair
        .call("edit_connection", json!({ "id": id, "draft": draft }))
        .await?;
    assert_eq!(
        (&pasted["keyExpires"], &pasted["accountNamespace"]),
        (&Value::Null, &Value::Null)
    );
    pair.works(id).await?;
    // The account takes such a connection over, too, when its namespace is chosen.
    let taken = pair.connect(true, "shop").await?;
    assert_eq!((&taken["id"], &taken["keyRenews"]), (id, &json!(true)));
    pair.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_mended_and_one_that_works_is_left() -> Result<()> {
    let pair = Pair::start().await?;
    let mut pasted = Vec::new();
    for namespace in ["shop", "playground"] {
        let scope = json!({ "type": "namespace", "namespace": namespace });
        let token =
            json!({ "name": namespace, "kind": "openwhisk", "scope": scope, "expiresInSeconds": null });
        let made = call(&pair.there, "create_token", json!({ "draft": token })).await?;
        let draft = json!({ "name": namespace, "kind": "openwhisk", "environment": "production",
            "apiHost": pair.gateway, "key": made["credential"] });
        let connection = pair.call("add_connection", json!({ "draft": draft })).await?;
        pasted.push((connection, made["token"]["id"].clone()));
    }
    call(&pair.there, "revoke_token", json!({ "id": pasted[0].1 })).await?;
    let (shop, playground) = (&pasted[0].0, &pasted[1].0);
    pair.works(&shop["id"]).await.unwrap_err();
    let look = json!({ "token": pair.token, "baseUrl": pair.gateway });
    let seen = pair.call("look_at_account", look).await?;
    let refused = |seen: &Value, at: usize| {
        let one = &seen["namespaces"][at];
        (one["connection"].clone(), one["keyRefused"] == true)
    };
    assert_eq!(refused(&seen, 0), (playground["id"].clone(), false));
    assert_eq!(refused(&seen, 1), (shop["id"].clone(), true));

    let added = pair.add(true, &[]).await?;
    let outcomes = &added["namespaces"];
    assert_eq!(outcomes.as_array().map(Vec::len), Some(1), "{added}");
    let mended = &outcomes[0]["connection"];
    assert_eq!(
        (&mended["id"], &outcomes[0]["existed"]),
        (&shop["id"], &json!(true))
    );
    assert_eq!(
        (&mended["name"], &mended["environment"]),
        (&json!("shop"), &json!("production"))
    );
    pair.works(&shop["id"]).await?;
    let all = pair.call("connections", json!({})).await?;
    assert_eq!(
        all.as_array().map(Vec::len),
        Some(3),
        "no second connection: {all}"
    );
    assert_eq!(
        (&all[2]["keyHint"], &all[2]["account"]),
        (&playground["keyHint"], &Value::Null)
    );
    assert!(pair.keys("playground").await?.is_empty());

    // Who names its namespace asks for it.
    let asked = pair.connect(true, "playground").await?;
    assert_eq!(
        (&asked["id"], &asked["keyRenews"]),
        (&playground["id"], &json!(true))
    );
    pair.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_was_not_connected_is_gone_on_with() -> Result<()> {
    let pair = Pair::start().await?;
    let account = pair.add(true, &[]).await?["account"]["id"].clone();
    let ask = |label: &str| json!({ "account": account, "label": label, "region": "lon1", "environment": "staging" });
    let namespaces = async || {
        let seen = pair
            .call("account_namespaces", json!({ "account": account }))
            .await;
        seen.map(|seen| seen.as_array().map_or(0, Vec::len))
    };
    pair.keys_fail.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        let error = pair
            .call("create_account_namespace", ask("Late"))
            .await
            .unwrap_err();
        assert!(
            error.message.contains("is made, and was not connected"),
            "{error}"
        );
        assert_eq!(namespaces().await?, 3);
    }
    let added = pair.add(true, &["shop"]).await?;
    assert_eq!(added["namespaces"][0]["error"]["code"], "bad_reply", "{added}");
    pair.keys_fail.store(false, Ordering::Relaxed);
    let made = pair.call("create_account_namespace", ask("Late")).await?;
    assert_eq!((&made["name"], namespaces().await?), (&json!("Late"), 3));
    pair.works(&made["id"]).await?;
    // It is connected now: who asks once more wants another.
    let second = pair.call("create_account_namespace", ask("Late")).await?;
    assert_ne!(second["accountNamespace"], made["accountNamespace"]);
    assert_eq!(namespaces().await?, 4);
    pair.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_is_made_used_by_the_clock_and_deleted() -> Result<()> {
    let pair = Pair::start().await?;
    pair.add(true, &["shop"]).await?;
    let accounts = pair.call("accounts", json!({})).await?;
    let account = &accounts[0]["id"];
    let ask = json!({ "account": account, "label": "Nightly", "region": "lon1", "environment": "staging" });
    let made = pair.call("create_account_namespace", ask).await?;
    let (id, namespace) = (&made["id"], &made["accountNamespace"]);
    assert_eq!(made["name"], "Nightly");
    pair.works(id).await?;

    // The clock, at the provider: made, changed, held, deleted.
    let function = json!({ "connection": id, "namespace": namespace, "name": "jobs/report" });
    let code = json!({ "type": "source", "text": "const main = () => ({})" });
    let new = json!({ "function": function, "kind": "nodejs:default", "code": code });
    pair.call("create_function", new).await?;
    let draft = |cron: &str, enabled: bool| json!({ "function": "jobs/report", "enabled": enabled, "cron": cron, "body": "{\"n\":1}" });
    let put = |cron: &str, replace: bool| json!({ "connection": id, "name": "daily", "draft": draft(cron, true), "replace": replace });
    let trigger = pair
        .call("put_scheduled_trigger", put("0 3 * * *", false))
        .await?;
    assert_eq!(
        (&trigger["function"], &trigger["body"], &trigger["enabled"]),
        (&json!("jobs/report"), &json!("{\"n\":1}"), &json!(true))
    );
    assert!(trigger["nextRun"].is_i64());
    let taken = pair.call("put_scheduled_trigger", put("0 3 * * *", false)).await;
    assert_eq!(taken.unwrap_err().code, ErrorCode::Conflict);
    let wrong = pair.call("put_scheduled_trigger", put("at noon", true)).await;
    assert!(matches!(wrong.unwrap_err().code, ErrorCode::InvalidInput));
    let changed = pair
        .call("put_scheduled_trigger", put("30 4 * * *", true))
        .await?;
    assert_eq!(changed["cron"], "30 4 * * *");
    let hold = json!({ "connection": id, "name": "daily", "enabled": false });
    assert_eq!(
        pair.call("enable_scheduled_trigger", hold).await?["enabled"],
        false
    );
    let all = pair
        .call("scheduled_triggers", json!({ "connection": id }))
        .await?;
    assert_eq!(all.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&all[0]["cron"], &all[0]["enabled"]),
        (&json!("30 4 * * *"), &json!(false))
    );
    for name in ["..", "."] {
        let gone = json!({ "connection": id, "name": name });
        let refused = pair.call("delete_scheduled_trigger", gone).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::NotFound);
    }
    let gone = json!({ "connection": id, "name": "daily" });
    pair.call("delete_scheduled_trigger", gone).await?;
    let all = pair
        .call("scheduled_triggers", json!({ "connection": id }))
        .await?;
    assert_eq!(all, json!([]));

    let unsure = json!({ "account": account, "namespace": namespace, "confirmation": "Nightly" });
    let refused = pair.call("delete_account_namespace", unsure).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidInput);
    let sure = json!({ "account": account, "namespace": namespace, "confirmation": namespace });
    pair.call("delete_account_namespace", sure).await?;
    pair.connection().await?;
    let left = pair
        .call("account_namespaces", json!({ "account": account }))
        .await?;
    assert!(!left.to_string().contains("Nightly"), "{left}");
    pair.stop().await;
    Ok(())
}
