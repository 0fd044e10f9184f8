//! DigitalOcean's control plane, from the local engine.

use crate::support::rig::{Control, ECHO, Rig, send};
use beckon_core::{MissedPolicy, NewSchedule, TokenKind, TokenScope};
use reqwest::Method;
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

async fn account(rig: &Rig) -> Control {
    rig.account(TokenScope::Account).await.1
}

/// Makes a namespace; answers its id.
async fn namespace(control: &Control) -> String {
    let body = json!({ "region": "nyc1", "label": "shop" });
    let made = control.post("namespaces", &body).await.ok();
    made["namespace"]["namespace"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_an_accounts_live_token_opens_it() {
    let rig = Rig::start().await;
    let (token, control) = rig.account(TokenScope::Account).await;
    let all = control.get("namespaces").await;
    assert_eq!(all.header("ratelimit-limit"), Some("5000"));
    assert_eq!(all.header("ratelimit-remaining"), Some("4999"));
    assert!(all.header("ratelimit-reset").unwrap().parse::<i64>().unwrap() > 1_700_000_000);
    assert_eq!(all.ok()["namespaces"].as_array().unwrap().len(), 2);
    assert_eq!(
        control.get("namespaces").await.header("ratelimit-remaining"),
        Some("4998")
    );

    let bearer = control.authorization.clone().unwrap();
    let secret = bearer.strip_prefix("Bearer ").unwrap();
    let key = rig.api().await.key.unwrap();
    for bad in [
        None,
        Some("Bearer".to_owned()),
        Some(format!("Basic {secret}")),
        Some(format!("Bearer {}", &secret[..secret.len() - 1])),
        Some(format!("Bearer {}", token.id)),
        Some(format!("Bearer {key}")),
    ] {
        let control = Control {
            authorization: bad,
            ..control.clone()
        };
        let answer = control.get("namespaces").await;
        answer.denied(401, "unauthorized", "Unable to authenticate you.");
        assert_eq!(answer.header("ratelimit-limit"), Some("5000"));
    }
    // Nor does it open the data plane, by either of its halves.
    let url = format!("{}/api/v1/namespaces", rig.url);
    let basic = control.http.get(&url).basic_auth(&token.id, Some(secret));
    send(basic)
        .await
        .refused(401, "The supplied authentication is invalid");
    let asked = control.http.get(&url).bearer_auth(secret);
    send(asked)
        .await
        .refused(401, "The supplied authentication is invalid");

    rig.store.revoke_token(&token.id).await.unwrap();
    let answer = control.get("namespaces").await;
    answer.denied(401, "unauthorized", "Unable to authenticate you.");
    rig.stop().await;
}

#[tokio::test]
async fn who_asks_too_often_is_told_so_for_a_minute() {
    let rig = Rig::start().await;
    let control = account(&rig).await;
    let mut refused = None;
    // 250 a minute: on a machine where that many take longer, the first are forgotten on the way.
    for _ in 0..5000 {
        let answer = control.get("namespaces").await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.unwrap();
    refused.denied(429, "too_many_requests", "API rate limit exceeded.");
    assert!(
        refused
            .header("ratelimit-remaining")
            .unwrap()
            .parse::<u32>()
            .unwrap()
            <= 4750
    );
    // Nobody else is, and it passes.
    account(&rig).await.get("namespaces").await.ok();
    rig.advance(60_000);
    control.get("namespaces").await.ok();
    rig.stop().await;
}

#[tokio::test]
async fn every_refusal_is_this_dialects_document() {
    let rig = Rig::start().await;
    let control = account(&rig).await;
    let to = |method, path| send(control.request(method, path));
    to(Method::GET, "nothing")
        .await
        .denied(404, "not_found", "The requested resource could not be found.");
    let answer = to(Method::PATCH, "namespaces").await;
    answer.denied(
        405,
        "method_not_allowed",
        "The method is not allowed for this resource.",
    );
    for missing in ["fn-nothing", "b%C3%A4d", "_"] {
        let answer = control.get(&format!("namespaces/{missing}")).await;
        answer.denied(404, "not_found", "namespace not found");
    }
    let here = "namespaces/playground";
    control
        .get(&format!("{here}/triggers/none"))
        .await
        .denied(404, "not_found", "trigger not found");
    control
        .delete(&format!("{here}/keys/dof_v1_0"))
        .await
        .denied(404, "not_found", "access key not found");
    for (path, body, message) in [
        (
            "namespaces",
            json!({}),
            "Invalid request payload: missing label field",
        ),
        (
            "namespaces",
            json!({ "label": "a" }),
            "Invalid request payload: missing region field",
        ),
        (
            "namespaces",
            json!({ "label": "a", "region": "mars1" }),
            "Invalid request payload: there is no such region",
        ),
        (
            "namespaces",
            json!({ "label": 1, "region": "nyc1" }),
            "Invalid request payload: label must be a string",
        ),
        (
            "namespaces",
            json!([]),
            "Invalid request payload: it is not a JSON object",
        ),
        (
            "namespaces/playground/triggers",
            json!({}),
            "validating create trigger: validation error: missing trigger name, missing function name, missing source details",
        ),
        (
            "namespaces/playground/keys",
            json!({ "name": " " }),
            "Invalid request payload: missing name field",
        ),
        (
            "namespaces/playground/keys",
            json!({ "name": "a", "expires_in": "30m" }),
            "Invalid request payload: expires_in must be a whole number of hours or days, like 1h or 7d, and at least 1h",
        ),
    ] {
        control
            .post(path, &body)
            .await
            .denied(400, "bad_request", message);
    }
    // A page elsewhere is kept out before any token is looked at.
    let foreign = control
        .request(Method::GET, "namespaces")
        .header("origin", "https://evil.example");
    assert_eq!(send(foreign).await.json()["id"], "forbidden");
    rig.stop().await;
}

#[tokio::test]
async fn namespaces_are_the_engines() {
    let rig = Rig::start().await;
    let control = account(&rig).await;
    let body = json!({ "region": "nyc1", "label": "shop" });
    let made = control.post("namespaces", &body).await.ok()["namespace"].clone();
    let id = made["namespace"].as_str().unwrap();
    assert_eq!(made["uuid"].as_str(), id.strip_prefix("fn-"));
    assert_eq!(made["api_host"], rig.url);
    assert_eq!(
        (&made["label"], &made["region"]),
        (&json!("shop"), &json!("nyc1"))
    );
    let one = control.get(&format!("namespaces/{id}")).await.ok();
    assert_eq!(one["namespace"], made);
    // As doctl writes it, under another name of this machine.
    let body = json!({ "namespace": { "label": "docs", "Region": "lon" } });
    let port = rig.url.rsplit(':').next().unwrap();
    let asked = control
        .request(Method::POST, "namespaces")
        .header("host", format!("localhost:{port}"));
    let docs = send(asked.json(&body)).await.ok()["namespace"].clone();
    assert_eq!(
        (&docs["label"], &docs["region"]),
        (&json!("docs"), &json!("lon1"))
    );
    assert_eq!(docs["api_host"], format!("http://localhost:{port}"));

    let labels = |answer: Value| {
        let all = answer["namespaces"].as_array().unwrap().clone();
        let labels = all.iter().map(|n| n["label"].as_str().unwrap().to_owned());
        labels.collect::<Vec<_>>()
    };
    let all = labels(control.get("namespaces").await.ok());
    assert_eq!(all[2..], ["shop".to_owned(), "docs".to_owned()], "{all:?}");
    let home = control.post("sandbox", &json!({})).await.ok();
    assert!(["playground", "other"].contains(&home["namespace"]["namespace"].as_str().unwrap()));

    // What belongs to OpenWhisk itself is in nobody's account.
    let system = beckon_core::NamespaceName::SYSTEM.parse().unwrap();
    rig.store.create_namespace(&system, "System").await.unwrap();
    assert_eq!(labels(control.get("namespaces").await.ok()), all);
    let answer = control.delete("namespaces/whisk.system").await;
    answer.denied(404, "not_found", "namespace not found");
    let answer = control
        .post("namespaces/whisk.system/keys", &json!({ "name": "a" }))
        .await;
    answer.denied(404, "not_found", "namespace not found");

    // Deleting takes along what is in it.
    let api = rig.api_for(id).await;
    api.deploy("hello", ECHO).await;
    let trigger = json!({ "name": "daily", "type": "SCHEDULED", "function": "hello", "is_enabled": true,
        "scheduled_details": { "cron": "0 3 * * *" } });
    control
        .post(&format!("namespaces/{id}/triggers"), &trigger)
        .await
        .ok();
    let gone = control.delete(&format!("namespaces/{id}")).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert!(rig.engine.schedules(None).await.unwrap().is_empty());
    api.get("")
        .await
        .refused(401, "The supplied authentication is invalid");
    control
        .get(&format!("namespaces/{id}"))
        .await
        .denied(404, "not_found", "namespace not found");
    assert_eq!(labels(control.get("namespaces").await.ok()).len(), 3);
    rig.stop().await;
}

#[tokio::test]
async fn a_token_for_one_namespace_sees_no_other() {
    let rig = Rig::start().await;
    let scope = TokenScope::Namespace {
        namespace: "playground".parse().unwrap(),
    };
    let (_, control) = rig.account(scope).await;
    let all = control.get("namespaces").await.ok();
    assert_eq!(all["namespaces"].as_array().unwrap().len(), 1);
    assert_eq!(all["namespaces"][0]["namespace"], "playground");
    assert_eq!(all["namespaces"][0]["region"], "local");
    control.get("namespaces/playground/keys").await.ok();
    // Whether there is one is not said.
    for other in ["other", "nowhere"] {
        for path in ["", "/triggers", "/keys"] {
            let answer = control.get(&format!("namespaces/{other}{path}")).await;
            answer.denied(403, "forbidden", "not allowed to get namespace");
        }
    }
    let body = json!({ "region": "nyc1", "label": "shop" });
    control
        .post("namespaces", &body)
        .await
        .denied(403, "forbidden", "not allowed to create namespace");
    rig.stop().await;
}

#[tokio::test]
async fn an_access_key_opens_its_namespace_until_it_ends() {
    let rig = Rig::start().await;
    let control = account(&rig).await;
    let id = namespace(&control).await;
    let keys = format!("namespaces/{id}/keys");
    let answer = control.post(&keys, &json!({ "name": "ci" })).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let made = answer.json()["access_key"].clone();
    assert_eq!(made["expires_at"], Value::Null);
    let (key, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let short = control
        .post(&keys, &json!({ "name": "short", "expires_in": "1h" }))
        .await
        .json()["access_key"]
        .clone();
    control.post(&keys, &json!({ "name": "ci" })).await.denied(
        409,
        "conflict",
        "The request could not be completed due to a conflict.",
    );

    let open = |key: &Value| {
        let (id, secret) = (key["id"].as_str().unwrap(), key["secret"].as_str().unwrap());
        let url = format!("{}/api/v1/namespaces", rig.url);
        send(control.http.get(url).basic_auth(id, Some(secret)))
    };
    assert_eq!(open(&made).await.ok(), json!([id]));
    assert_eq!(open(&short).await.ok(), json!([id]));

    let listed = control.get(&keys).await;
    assert!(!listed.text.contains(secret), "a secret is shown once");
    let listed = listed.ok();
    assert_eq!(
        (&listed["count"], listed["access_keys"].as_array().unwrap().len()),
        (&json!(2), 2)
    );
    let renamed = control
        .put(&format!("{keys}/{key}"), &json!({ "name": "build" }))
        .await
        .ok();
    assert_eq!(
        (&renamed["access_key"]["name"], &renamed["access_key"]["id"]),
        (&json!("build"), &made["id"])
    );
    // The window's page has them all, with their last use.
    let tokens = rig.store.tokens().await.unwrap();
    let token = tokens.iter().find(|token| token.id == key).unwrap();
    assert_eq!(
        (token.name.as_str(), token.kind),
        ("build", TokenKind::DigitaloceanKey)
    );
    assert!(token.last_used.is_some() && token.expires.is_none());

    rig.advance(HOUR);
    open(&short)
        .await
        .refused(401, "The supplied authentication is invalid");
    open(&made).await.ok();
    assert_eq!(control.delete(&format!("{keys}/{key}")).await.ok(), json!({}));
    open(&made)
        .await
        .refused(401, "The supplied authentication is invalid");
    assert_eq!(control.get(&keys).await.ok()["count"], 1);
    // Another namespace's key is not found here.
    let elsewhere = format!("namespaces/playground/keys/{}", short["id"].as_str().unwrap());
    control
        .delete(&elsewhere)
        .await
        .denied(404, "not_found", "access key not found");
    rig.stop().await;
}

#[tokio::test]
async fn triggers_are_the_engines_schedules() {
    let rig = Rig::start().await;
    let control = account(&rig).await;
    rig.api().await.deploy("pkg/hello", ECHO).await;
    let triggers = "namespaces/playground/triggers";
    let draft = json!({ "name": "every morning", "type": "SCHEDULED", "function": "pkg/hello", "is_enabled": true,
        "scheduled_details": { "cron": "0 8 * * *", "body": { "name": "Welcome to DO!" } } });
    let made = control.post(triggers, &draft).await.ok()["trigger"].clone();
    assert_eq!(
        made["scheduled_details"],
        json!({ "cron": "0 8 * * *", "body": { "name": "Welcome to DO!" } })
    );
    assert_eq!(made["scheduled_runs"]["last_run_at"], Value::Null);
    assert!(
        made["scheduled_runs"]["next_run_at"]
            .as_str()
            .unwrap()
            .ends_with("T08:00:00Z")
    );
    let schedule = rig.engine.schedules(None).await.unwrap().remove(0);
    assert_eq!(
        (schedule.name.as_str(), schedule.zone.as_str()),
        ("every morning", "UTC")
    );
    assert_eq!(schedule.function.name.as_str(), "pkg/hello");

    let again = control.post(triggers, &draft).await;
    again.denied(409, "conflict", "trigger 'every morning' already exists");
    let mut nowhere = draft.clone();
    nowhere["name"] = json!("b");
    nowhere["function"] = json!("nothing");
    let answer = control.post(triggers, &nowhere).await;
    assert_eq!(
        (answer.status, &answer.json()["id"]),
        (400, &json!("bad_request"))
    );
    let mut wrong = draft.clone();
    wrong["name"] = json!("b");
    wrong["scheduled_details"]["cron"] = json!("61 * * * *");
    assert_eq!(control.post(triggers, &wrong).await.status, 400);

    // What is not said stays; what the window does shows here.
    let one = format!("{triggers}/every%20morning");
    let off = control.put(&one, &json!({ "is_enabled": false })).await.ok();
    assert_eq!(
        (
            &off["trigger"]["is_enabled"],
            &off["trigger"]["scheduled_details"]
        ),
        (&json!(false), &made["scheduled_details"])
    );
    let body =
        json!({ "is_enabled": true, "scheduled_details": { "cron": "*/5 * * * *", "body": { "n": 1 } } });
    let on = control.put(&one, &body).await.ok();
    assert_eq!(on["trigger"]["scheduled_details"], body["scheduled_details"]);
    assert!(on["trigger"]["scheduled_runs"]["next_run_at"].is_string());
    rig.engine.run_schedule(&schedule.id).await.unwrap();
    let run = control.get(&one).await.ok();
    assert!(run["trigger"]["scheduled_runs"]["last_run_at"].is_string());
    let mut other = NewSchedule {
        name: "from the window".into(),
        function: schedule.function.clone(),
        expression: "@daily".into(),
        zone: "Europe/Berlin".into(),
        arguments: schedule.arguments.clone(),
        missed: MissedPolicy::Once,
        enabled: true,
    };
    let made = rig.engine.put_schedule(None, other.clone()).await.unwrap();
    let listed = control.get(triggers).await.ok();
    assert_eq!(listed["triggers"][1]["name"], "from the window");
    control
        .put(
            &format!("{triggers}/from%20the%20window"),
            &json!({ "is_enabled": false }),
        )
        .await
        .ok();
    let changed = rig.engine.schedule(&made.id).await.unwrap();
    other.enabled = false;
    assert_eq!(
        (changed.zone, changed.missed, changed.enabled),
        (other.zone, other.missed, other.enabled)
    );

    assert_eq!(control.delete(&one).await.status, 204);
    control
        .get(&one)
        .await
        .denied(404, "not_found", "trigger not found");
    assert_eq!(rig.engine.schedules(None).await.unwrap().len(), 1);
    rig.stop().await;
}
