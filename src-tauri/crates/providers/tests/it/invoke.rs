//! Invocations and their records, to the letter of the API.

use std::time::Duration;

use crate::support::rig::{Answer, ECHO, Rig};
use serde_json::{Value, json};

const NO_RECORD: &str = "The requested activation record does not exist. This either means that the invocation is still running and the record is not yet created or the activation's retention period has already expired.";

fn annotation<'a>(record: &'a Value, key: &str) -> Option<&'a Value> {
    record["annotations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["key"] == key)
        .map(|pair| &pair["value"])
}

/// The run that the answer's header names.
fn named(answer: &Answer) -> String {
    let id = answer.header("x-openwhisk-activation-id").unwrap().to_owned();
    assert!(
        id.len() == 32
            && id
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
        "{id}"
    );
    assert_eq!(answer.header("x-request-id").map(str::len), Some(32));
    id
}

#[tokio::test]
async fn a_record_has_everything_the_guide_shows() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    api.deploy("sample/hello", "function main({ name }) { console.log('hi', name); console.error('there'); return { body: 'Hello ' + name } }").await;
    let answer = api
        .post("_/actions/sample/hello?blocking=true", &json!({ "name": "you" }))
        .await;
    let id = named(&answer);
    let record = answer.ok();
    assert_eq!(record["activationId"], *id);
    assert_eq!(
        (&record["namespace"], &record["name"], &record["version"]),
        (&json!("playground"), &json!("hello"), &json!("0.0.1"))
    );
    assert!(!record["subject"].as_str().unwrap().is_empty());
    let time = |key: &str| record[key].as_i64().unwrap();
    assert!(time("start") > 1_600_000_000_000 && time("end") >= time("start"));
    assert_eq!(time("duration"), time("end") - time("start"));
    assert_eq!(
        (&record["statusCode"], &record["publish"]),
        (&json!(0), &json!(false))
    );
    let result = json!({ "body": "Hello you" });
    let size = result.to_string().len();
    let response =
        json!({ "status": "success", "statusCode": 0, "success": true, "result": result, "size": size });
    assert_eq!(record["response"], response);

    assert_eq!(
        annotation(&record, "path"),
        Some(&json!("playground/sample/hello"))
    );
    assert!(
        annotation(&record, "kind")
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("nodejs:")
    );
    let limits = json!({ "timeout": 60_000, "memory": 256, "logs": 10, "concurrency": 1 });
    assert_eq!(annotation(&record, "limits"), Some(&limits));
    assert_eq!(annotation(&record, "timeout"), Some(&json!(false)));
    assert!(annotation(&record, "waitTime").unwrap().is_u64());
    assert!(
        annotation(&record, "initTime").unwrap().is_u64(),
        "the first run is a cold start"
    );

    let logs: Vec<&str> = record["logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect();
    assert_eq!(logs.len(), 2);
    for line in &logs {
        let (time, rest) = line.split_at(30);
        assert!(
            time.trim_end().ends_with('Z') && time.starts_with("20") && time.as_bytes()[10] == b'T',
            "{line}"
        );
        assert!(rest == " stdout: hi you" || rest == " stderr: there", "{line}");
    }

    // The stored record is the same, and its parts are.
    assert_eq!(api.get(&format!("_/activations/{id}")).await.ok(), record);
    assert_eq!(
        api.get(&format!("_/activations/{id}/logs")).await.ok(),
        json!({ "logs": record["logs"] })
    );
    assert_eq!(
        api.get(&format!("_/activations/{id}/result")).await.ok(),
        response
    );

    let warm = api
        .post("_/actions/sample/hello?blocking=true", &json!({ "name": "you" }))
        .await
        .ok();
    assert_eq!(
        annotation(&warm, "initTime"),
        None,
        "a warm start has no initTime"
    );
    rig.stop().await;
}

#[tokio::test]
async fn outcomes_and_their_status_codes() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    for (name, code, http, word, number, result) in [
        (
            "good",
            "function main() { return { a: 1 } }",
            200,
            "success",
            0,
            json!({ "a": 1 }),
        ),
        ("nothing", "function main() {}", 200, "success", 0, json!({})),
        (
            "says",
            "function main() { return { error: { code: 7 }, dropped: 1 } }",
            502,
            "application error",
            1,
            json!({ "error": { "code": 7 } }),
        ),
        (
            "rejects",
            "async function main() { return Promise.reject({ why: 'x' }) }",
            502,
            "application error",
            1,
            json!({ "error": { "why": "x" } }),
        ),
    ] {
        api.deploy(name, code).await;
        let answer = api
            .post(&format!("_/actions/{name}?blocking=true"), &json!({}))
            .await;
        named(&answer);
        let record = answer.json();
        assert_eq!(
            (answer.status, &record["response"]["status"]),
            (http, &json!(word)),
            "{name}: {record}"
        );
        assert_eq!(
            (&record["statusCode"], &record["response"]["statusCode"]),
            (&json!(number), &json!(number))
        );
        assert_eq!(
            (&record["response"]["success"], &record["response"]["result"]),
            (&json!(number == 0), &result),
            "{name}"
        );
        let answer = api
            .post(&format!("_/actions/{name}?blocking=true&result=true"), &json!({}))
            .await;
        assert_eq!((answer.status, answer.json()), (http, result), "{name}");
        api.record(&named(&answer)).await;
    }
    for (name, code, texts) in [
        (
            "throws",
            "function main() { throw new Error('no luck') }",
            ["An error has occurred", "no luck"],
        ),
        ("broken", "function main( {", ["nitializ", ""]),
        (
            "exits",
            "function main() { process.exit(3) }",
            ["exited unexpectedly", ""],
        ),
    ] {
        api.deploy(name, code).await;
        let answer = api
            .post(&format!("_/actions/{name}?blocking=true"), &json!({}))
            .await;
        let record = answer.json();
        assert_eq!(
            (answer.status, &record["response"]["status"]),
            (502, &json!("action developer error")),
            "{name}: {record}"
        );
        let text = record["response"]["result"]["error"].as_str().unwrap();
        assert!(texts.iter().all(|part| text.contains(part)), "{name}: {text}");
        let last = record["logs"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .as_str()
            .unwrap();
        assert!(
            last.ends_with(
                "stderr: The action did not initialize or run as expected. Log data might be missing."
            ),
            "{last}"
        );
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_run_past_its_deadline() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let body = json!({
        "exec": { "kind": "nodejs:default", "code": "function main() { return new Promise(() => setInterval(() => {}, 1000)) }" },
        "limits": { "timeout": 500 },
    });
    api.put("_/actions/forever", &body).await.ok();
    let answer = api.post("_/actions/forever?blocking=true", &json!({})).await;
    let record = answer.json();
    assert_eq!(
        (answer.status, &record["response"]["statusCode"]),
        (502, &json!(2)),
        "{record}"
    );
    assert_eq!(annotation(&record, "timeout"), Some(&json!(true)));
    let text = record["response"]["result"]["error"].as_str().unwrap();
    assert!(
        text.starts_with("The action exceeded its time limits of 500 milliseconds"),
        "{text}"
    );
    rig.stop().await;
}

#[tokio::test]
async fn not_waiting_and_waiting_too_short() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let code =
        "function main({ ms }) { return new Promise((done) => setTimeout(() => done({ waited: ms }), ms)) }";
    api.deploy("slow", code).await;
    for query in [
        "",
        "?blocking=false",
        "?blocking=false&result=true",
        "?blocking=true&timeout=300",
        "?blocking=true&result=true&timeout=300",
    ] {
        let answer = api
            .post(&format!("_/actions/slow{query}"), &json!({ "ms": 1500 }))
            .await;
        let id = named(&answer);
        assert_eq!(
            (answer.status, answer.json()),
            (202, json!({ "activationId": id })),
            "{query}"
        );
        api.get(&format!("_/activations/{id}"))
            .await
            .refused(404, NO_RECORD);
        api.get(&format!("_/activations/{id}/logs"))
            .await
            .refused(404, NO_RECORD);
        api.get(&format!("_/activations/{id}/result"))
            .await
            .refused(404, NO_RECORD);
        assert_eq!(
            api.record(&id).await["response"]["result"],
            json!({ "waited": 1500 }),
            "{query}"
        );
    }
    // The server's own limit.
    rig.engine.set_blocking_limit(Duration::from_millis(400));
    let answer = api
        .post("_/actions/slow?blocking=true", &json!({ "ms": 1500 }))
        .await;
    assert_eq!(answer.status, 202);
    let text =
        "The query parameter 'timeout' was malformed:\nTimeout must be number of milliseconds up to 400.";
    for timeout in ["0", "401", "-1", "soon"] {
        api.post(
            &format!("_/actions/slow?blocking=true&timeout={timeout}"),
            &json!({}),
        )
        .await
        .refused(400, text);
    }
    let answer = api.post("_/actions/slow?blocking=maybe", &json!({})).await;
    answer.refused(
        400,
        "The query parameter 'blocking' was malformed:\n'maybe' is not a valid Boolean value",
    );
    rig.stop().await;
}

#[tokio::test]
async fn an_array_is_answered_bare() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let code = "def main(args):\n    return [1, {'a': 2}]\n";
    let body = json!({ "exec": { "kind": "python:default", "code": code } });
    api.put("_/actions/array", &body).await.ok();
    for query in ["blocking=true", "blocking=true&result=true"] {
        let answer = api.post(&format!("_/actions/array?{query}"), &json!({})).await;
        assert_eq!((answer.status, answer.json()), (200, json!([1, { "a": 2 }])));
        let record = api.record(&named(&answer)).await;
        assert_eq!(record["response"]["result"], json!([1, { "a": 2 }]));
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_web_function_can_be_called_asynchronously_with_a_token() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let body = json!({
        "exec": { "kind": "nodejs:default", "code": ECHO },
        "annotations": [{ "key": "web-export", "value": true }],
    });
    api.put("_/actions/site", &body).await.ok();
    let answer = api.post("_/actions/site", &json!({})).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    api.post("_/actions/site?blocking=true", &json!({})).await.ok();
    rig.stop().await;
}

#[tokio::test]
async fn truncated_logs_say_so() {
    let rig = Rig::start().await;
    let api = rig.api().await;
    let body = json!({
        "exec": { "kind": "nodejs:default", "code": "function main() { for (let i = 0; i < 30000; i++) console.log('x'.repeat(99)); return {} }" },
        "limits": { "logs": 1 },
    });
    api.put("_/actions/loud", &body).await.ok();
    let record = api.post("_/actions/loud?blocking=true", &json!({})).await.ok();
    let last = record["logs"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .as_str()
        .unwrap();
    assert_eq!(
        &last[30..],
        " stderr: Logs were truncated because the total bytes size exceeds the limit of 1048576 bytes."
    );
    rig.stop().await;
}
