//! Lists of activations, and ids that are none.

use std::time::Duration;

use crate::support::rig::{ECHO, Rig};
use serde_json::json;

const NO_RECORD: &str = "The requested activation record does not exist. This either means that the invocation is still running and the record is not yet created or the activation's retention period has already expired.";

#[tokio::test]
async fn lists_of_activations() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    for name in ["a", "pkg/a"] {
        api.deploy(name, ECHO).await;
    }
    let mut ids = Vec::new();
    let mut starts = Vec::new();
    for name in ["a", "pkg/a", "a", "a"] {
        let record = api
            .post(&format!("_/actions/{name}?blocking=true"), &json!({}))
            .await
            .ok();
        ids.insert(0, record["activationId"].as_str().unwrap().to_owned());
        starts.insert(0, record["start"].as_i64().unwrap());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let list = async |query: &str| {
        let list = api.get(&format!("_/activations?{query}")).await.ok();
        list.as_array()
            .unwrap()
            .iter()
            .map(|item| item["activationId"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("").await, ids, "newest first");
    assert_eq!(list("limit=0").await, ids);
    assert_eq!(list("limit=200").await, ids);
    assert_eq!(list("limit=1&skip=1").await, ids[1..2]);
    assert_eq!(
        list("name=a").await,
        [&ids[0], &ids[1], &ids[3]].map(String::clone),
        "only the default package"
    );
    assert_eq!(list("name=pkg/a").await, ids[2..3]);
    assert_eq!(list("name=pkg%2Fa").await, ids[2..3]);
    assert_eq!(list("name=").await, ids);
    assert_eq!(
        list(&format!("since={}", starts[1])).await,
        ids[..2],
        "since is inclusive"
    );
    assert_eq!(
        list(&format!("upto={}", starts[1])).await,
        ids[1..],
        "upto is inclusive"
    );
    assert_eq!(
        list(&format!("since={}&upto={}", starts[0], starts[3])).await,
        Vec::<String>::new()
    );
    let count = |query: &str| format!("_/activations?count=true{query}");
    assert_eq!(api.get(&count("")).await.ok(), json!({ "activations": 4 }));
    assert_eq!(
        api.get(&count("&name=a&skip=1")).await.ok(),
        json!({ "activations": 2 })
    );

    let item = api.get("_/activations?limit=1").await.ok()[0].clone();
    let keys: Vec<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "activationId",
        "annotations",
        "duration",
        "end",
        "name",
        "namespace",
        "publish",
        "start",
        "statusCode",
        "version",
    ];
    assert_eq!(keys, expected);
    let docs = api.get("_/activations?limit=1&docs=true").await.ok()[0].clone();
    assert_eq!(docs, api.get(&format!("_/activations/{}", ids[0])).await.ok());

    let malformed = |p: &str, detail: &str| format!("The query parameter '{p}' was malformed:\n{detail}");
    for (query, parameter, detail) in [
        (
            "limit=201",
            "limit",
            "The value '201' is not in the range of 0 to 200 for activations.",
        ),
        (
            "limit=-1",
            "limit",
            "The value '-1' is not in the range of 0 to 200 for activations.",
        ),
        (
            "limit=x",
            "limit",
            "The value 'x' is not an integer for activations.",
        ),
        (
            "skip=-1",
            "skip",
            "The value '-1' is not greater than or equal to 0 for activations.",
        ),
        (
            "skip=x",
            "skip",
            "The value 'x' is not an integer for activations.",
        ),
        (
            "since=x",
            "since",
            "Parameter is not a valid value for epoch seconds: x",
        ),
        (
            "upto=1.5",
            "upto",
            "Parameter is not a valid value for epoch seconds: 1.5",
        ),
        (
            "name=a/b/c",
            "name",
            "Parameter may be a 'simple' name or 'package-name/simple' name: a/b/c",
        ),
    ] {
        api.get(&format!("_/activations?{query}"))
            .await
            .refused(400, &malformed(parameter, detail));
    }
    api.get("_/activations?docs=true&count=true")
        .await
        .refused(400, "The parameter 'docs' is not permitted with 'count'.");
    api.get("_/activations/xyz")
        .await
        .refused(400, "Activation id length is 3 but must be 32.");
    api.get(&format!("_/activations/{}", "G".repeat(32)))
        .await
        .refused(400, "The activation id is not valid.");
    api.get(&format!("_/activations/{}", "0".repeat(32)))
        .await
        .refused(404, NO_RECORD);
    // A record of another namespace is not there.
    let other = rig.api_for("other").await;
    other
        .get(&format!("_/activations/{}", ids[0]))
        .await
        .refused(404, NO_RECORD);
    rig.stop().await;
}
