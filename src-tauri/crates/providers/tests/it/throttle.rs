//! What a namespace may ask for in a minute and at once, with the texts that clients match.

use beckon_core::Quota;
use serde_json::json;

use crate::support::rig::{ECHO, Rig};

const MINUTE: i64 = 60_000;
const SLOW: &str = "const main = () => new Promise(done => setTimeout(() => done({}), 60000))";

/// What Prometheus is told of refused calls.
async fn counted(rig: &Rig) -> Vec<String> {
    let text = reqwest::get(format!("{}/metrics", rig.url))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("beckon_refused_calls_total"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn as_many_as_are_allowed_in_a_minute() {
    let rig = Rig::start().await;
    let (api, other) = (rig.api().await, rig.api_for("other").await);
    for api in [&api, &other] {
        api.deploy("hello", ECHO).await;
    }
    api.put("_/triggers/t", &json!({})).await.ok();
    let free = api.get("_/limits").await.ok();
    assert_eq!(free["invocationsPerMinute"], i32::MAX);
    rig.throttle.set(Some(Quota {
        invocations_per_minute: 3,
        concurrent_invocations: 100,
        fires_per_minute: 1,
    }));
    let limits = api.get("_/limits").await.ok();
    assert_eq!(
        (
            &limits["invocationsPerMinute"],
            &limits["concurrentInvocations"],
            &limits["firesPerMinute"]
        ),
        (&json!(3), &json!(100), &json!(1))
    );
    // The minute may end in between: begin with a fresh one.
    let call = "_/actions/hello?blocking=true";
    let begin = async || {
        let rest = MINUTE - rig.now().rem_euclid(MINUTE);
        rig.advance(rest);
    };
    begin().await;
    for _ in 0..3 {
        api.post(call, &json!({})).await.ok();
    }
    let text = |count| format!("Too many requests in the last minute (count: {count}, allowed: 3).");
    api.post(call, &json!({})).await.refused(429, &text(4));
    api.post("_/actions/hello", &json!({}))
        .await
        .refused(429, &text(5));
    other.post(call, &json!({})).await.ok();
    let fire = "_/triggers/t";
    assert_eq!(api.post(fire, &json!({})).await.status, 204);
    let text = "Too many requests in the last minute (count: 2, allowed: 1).";
    api.post(fire, &json!({})).await.refused(429, text);
    begin().await;
    api.post(call, &json!({})).await.ok();
    let refused = counted(&rig).await;
    assert_eq!(
        refused,
        [
            r#"beckon_refused_calls_total{namespace="playground",reason="quota_invocations_per_minute"} 2"#,
            r#"beckon_refused_calls_total{namespace="playground",reason="quota_fires_per_minute"} 1"#,
        ]
    );
    rig.stop().await;
}

#[tokio::test]
async fn as_many_as_are_allowed_at_once() {
    let rig = Rig::start().await;
    let (api, other) = (rig.api().await, rig.api_for("other").await);
    api.deploy("slow", SLOW).await;
    other.deploy("hello", ECHO).await;
    rig.throttle.set(Some(Quota {
        invocations_per_minute: 1000,
        concurrent_invocations: 2,
        fires_per_minute: 1,
    }));
    for _ in 0..2 {
        assert_eq!(api.post("_/actions/slow", &json!({})).await.status, 202);
    }
    let text = "Too many concurrent requests in flight (count: 2, allowed: 2).";
    api.post("_/actions/slow", &json!({})).await.refused(429, text);
    other.post("_/actions/hello?blocking=true", &json!({})).await.ok();
    let refused = counted(&rig).await;
    assert_eq!(
        refused,
        [r#"beckon_refused_calls_total{namespace="playground",reason="quota_concurrent_invocations"} 1"#]
    );
    rig.throttle.set(None);
    assert_eq!(api.post("_/actions/slow", &json!({})).await.status, 202);
    rig.stop().await;
}
