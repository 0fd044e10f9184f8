//! The records of detached runs, on their way to destinations: real functions, real receivers, a real NATS server.

use std::process::{Child, Command, Stdio};

use beckon_core::{DeliveryState, Destination, InboxKind, Purpose};
use beckon_engine::delivery::{function_ocid, ulid};
use beckon_store::Expect;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::deliveries::{Receiver, state};
use crate::support::{Rig, function, invocation, key, wait_for};

async fn with_destinations(
    rig: &Rig,
    name: &str,
    source: &str,
    ok: Option<Destination>,
    bad: Option<Destination>,
) {
    let mut new = function("nodejs:default", source);
    new.settings.on_success = ok;
    new.settings.on_failure = bad;
    rig.engine
        .put_function(&key(name), new, Expect::Any)
        .await
        .unwrap();
}

/// Puts what differs from run to run to what the guide shows.
fn settled(mut record: Value) -> Value {
    record["id"] = json!("id");
    for field in ["compartmentId", "functionId", "applicationId"] {
        assert!(record["data"][field].as_str().unwrap().starts_with("ocid1."));
        record["data"][field] = json!("...");
    }
    for field in ["opcRequestId", "fnCallId"] {
        assert!(record["data"]["request"][field].is_string());
        record["data"]["request"][field] = json!("...");
    }
    let at = record["data"]["response"]["timestamp"].as_str().unwrap();
    assert!(at.len() == 24 && at.ends_with('Z') && at.contains('T'), "{at}");
    record["data"]["response"]["timestamp"] = json!("at");
    record
}

/// The examples of Oracle's guide ("Detached Invocation Results Delivery").
fn of_guide(status: &str, code: Option<&str>, message: Option<&str>) -> Value {
    json!({ "id": "id", "version": "1.0", "data": {
        "compartmentId": "...", "functionId": "...", "applicationId": "...",
        "request": { "opcRequestId": "...", "fnCallId": "..." },
        "response": { "status": status, "errorCode": code, "errorMessage": message, "timestamp": "at" } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_a_detached_run_goes_to_its_destination() {
    let rig = Rig::new().await;
    let queue = Destination::Queue {
        queue: "ocid1.queue.oc1.phx.a".to_owned(),
        channel: Some("failure1234".to_owned()),
    };
    let stream = Destination::Stream {
        stream: "ocid1.stream.oc1.phx.a".to_owned(),
    };
    let code = "function main(a) { if (a.bad) return { error: 'no' }; if (a.die) process.exit(3); \
        if (a.sleep) return new Promise(() => setTimeout(() => {}, 1e6)); return { ok: 1 } }";
    let mut new = function("nodejs:default", code);
    new.limits.timeout_ms = 1500;
    new.settings.on_success = Some(stream);
    new.settings.on_failure = Some(queue);
    rig.engine
        .put_function(&key("work"), new, Expect::Any)
        .await
        .unwrap();
    for (input, kind, expected) in [
        ("{}", InboxKind::Stream, of_guide("200", None, None)),
        (
            r#"{"bad":1}"#,
            InboxKind::Queue,
            of_guide(
                "502",
                Some("FunctionInvokeExecutionFailed"),
                Some("function failed"),
            ),
        ),
        (
            r#"{"die":1}"#,
            InboxKind::Queue,
            of_guide(
                "502",
                Some("FunctionInvokeExecutionError"),
                Some("error receiving function response"),
            ),
        ),
        (
            r#"{"sleep":1}"#,
            InboxKind::Queue,
            of_guide("504", Some("FunctionInvokeTimeout"), Some("Timed out")),
        ),
    ] {
        let run = rig.engine.accept(invocation("work", input)).await.unwrap();
        state(&rig, run, DeliveryState::Delivered).await;
        let message = rig.store.messages_of(run).await.unwrap().remove(0);
        let record: Value = serde_json::from_str(message.document.as_str()).unwrap();
        assert_eq!(record["id"].as_str().unwrap().len(), 26);
        assert_eq!(record["data"]["functionId"], function_ocid(&key("work")));
        assert_eq!(record["data"]["request"]["fnCallId"], ulid(run.as_u128()));
        assert_eq!(settled(record), expected, "{input}");
        let inboxes = rig.store.inboxes().await.unwrap();
        let inbox = inboxes.iter().find(|inbox| inbox.id == message.inbox).unwrap();
        assert_eq!(inbox.kind, kind);
        if kind == InboxKind::Queue {
            assert_eq!(inbox.label, "ocid1.queue.oc1.phx.a/failure1234");
        }
    }
    // Only detached runs: whoever waits for an answer has it.
    let before = rig
        .store
        .deliveries(&Default::default(), None, 100)
        .await
        .unwrap()
        .rows
        .len();
    rig.run("work", "{}").await;
    rig.store.flush().await.unwrap();
    let after = rig
        .store
        .deliveries(&Default::default(), None, 100)
        .await
        .unwrap()
        .rows
        .len();
    assert_eq!((before, after), (4, 4));
    let counts = rig.engine.deliveries().counts();
    let total: u64 = counts
        .iter()
        .filter(|(counted, _)| counted.response_type() == "Success")
        .map(|(_, n)| n)
        .sum();
    assert_eq!(total, 4);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_goes_to_a_url_and_a_failure_is_told_in_the_log() {
    let rig = Rig::new().await;
    let (receiver, address) = Receiver::start().await;
    let to = |url: String| Some(Destination::Http { url });
    let bad = "function main() { return { error: 'no' } }";
    with_destinations(
        &rig,
        "good",
        "function main() { return {} }",
        to(format!("http://{address}/ok")),
        None,
    )
    .await;
    with_destinations(&rig, "bad", bad, None, to("http://127.0.0.1:1/gone".to_owned())).await;
    rig.engine.accept(invocation("good", "{}")).await.unwrap();
    let got = receiver.wait(1).await.remove(0);
    assert_eq!(
        (got.target.as_str(), got.header("content-type")),
        ("/ok", Some("application/json"))
    );
    let record: Value = serde_json::from_slice(&got.body).unwrap();
    assert_eq!(settled(record), of_guide("200", None, None));
    let run = rig.engine.accept(invocation("bad", "{}")).await.unwrap();
    state(&rig, run, DeliveryState::GaveUp).await;
    let logs = rig.store.activation(run).await.unwrap().unwrap().logs;
    let line = &logs.last().unwrap().text;
    let begins =
        "Invocation record delivery to failure destination failed due to - No connection to 127.0.0.1:1";
    assert!(line.starts_with(begins), "{line}");
    // It is counted once it is written.
    let mut failed = None;
    wait_for(async || {
        let counts = rig.engine.deliveries().counts();
        failed = counts
            .into_iter()
            .find(|(counted, _)| counted.purpose == Purpose::Failure);
        failed.is_some()
    })
    .await;
    let failed = failed.unwrap();
    assert_eq!(
        (failed.0.error.as_deref(), failed.0.response_type(), failed.1),
        (Some("unreachable"), "Error", 1)
    );
    rig.stop().await;
}

struct Nats {
    child: Child,
    port: u16,
    _config: tempfile::TempDir,
}

impl Nats {
    fn start() -> Self {
        let config = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let path = config.path().join("nats.conf");
        let text = format!(
            "listen: \"127.0.0.1:{port}\"\nauthorization {{ users: [ {{ user: all, password: \"p w\" }}, \
             {{ user: few, password: few, permissions: {{ publish: [\"allowed\"] }} }} ] }}\n"
        );
        std::fs::write(&path, text).unwrap();
        // Debian keeps it where not every PATH looks.
        let path_of_servers = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let child = Command::new("nats-server")
            .env("PATH", path_of_servers)
            .arg("-c")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server is installed by scripts/need");
        Self {
            child,
            port,
            _config: config,
        }
    }

    fn to(&self, user: &str, subject: &str) -> Option<Destination> {
        Some(Destination::Nats {
            server: format!("nats://{user}@127.0.0.1:{}", self.port),
            subject: subject.to_owned(),
        })
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_goes_to_a_nats_subject() {
    let rig = Rig::new().await;
    let nats = Nats::start();
    let mut client = None;
    wait_for(async || {
        let options = async_nats::ConnectOptions::new().user_and_password("all".into(), "p w".into());
        client = options
            .connect(format!("nats://127.0.0.1:{}", nats.port))
            .await
            .ok();
        client.is_some()
    })
    .await;
    let client = client.unwrap();
    let mut heard = client.subscribe(">").await.unwrap();
    client.flush().await.unwrap();
    let good = "function main() { return {} }";
    with_destinations(&rig, "good", good, nats.to("all:p%20w", "records.ok"), None).await;
    with_destinations(&rig, "few", good, nats.to("few:few", "allowed"), None).await;
    with_destinations(&rig, "denied", good, nats.to("few:few", "elsewhere"), None).await;
    with_destinations(&rig, "wrong", good, nats.to("all:wrong", "records.ok"), None).await;
    for (name, subject) in [
        ("good", Some("records.ok")),
        ("few", Some("allowed")),
        ("denied", None),
        ("wrong", None),
    ] {
        let run = rig.engine.accept(invocation(name, "{}")).await.unwrap();
        let Some(subject) = subject else {
            let failed = state(&rig, run, DeliveryState::GaveUp).await;
            let text = format!("{failed:?}");
            assert!(!text.contains("few:few") && !text.contains("all:wrong"), "{text}");
            continue;
        };
        state(&rig, run, DeliveryState::Delivered).await;
        let message = tokio::time::timeout(crate::support::PATIENCE, async {
            loop {
                let message = heard.next().await.unwrap();
                if !message.subject.starts_with("_INBOX") {
                    return message;
                }
            }
        });
        let message = message.await.unwrap();
        assert_eq!(message.subject.as_str(), subject);
        let record: Value = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(settled(record), of_guide("200", None, None));
    }
    rig.stop().await;
}
