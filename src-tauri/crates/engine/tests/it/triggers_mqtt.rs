//! MQTT triggers against a real `mosquitto`.

use std::process::Command;
use std::sync::Arc;

use beckon_core::{
    CodePackage, Contract, CredentialKind, JsonText, NamedJson, NewFunction, NewTrigger, Runtime,
    Subscription, TopicTrigger, TriggerState, filter::Filter, random_hex,
};
use beckon_store::SpacesTrigger;
use serde_json::json;

use crate::support::brokers::Mosquitto;
use crate::support::{Rig, key, wait_for};
use crate::triggers::{Kept, inputs, look, put, rig_with, running, runs};

fn trigger(broker: &Mosquitto, topics: &[&str], qos: u8) -> NewTrigger {
    NewTrigger {
        name: String::new(),
        function: key("f"),
        server: format!("127.0.0.1:{}", broker.port),
        subscription: Subscription::Mqtt {
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            qos,
        },
        credential: CredentialKind::None,
        paused: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_every_quality_call_the_function_once() {
    let (broker, rig) = (Mosquitto::start(), Rig::new().await);
    rig.shell("f", "echo '{}'").await;
    for qos in 0..=2 {
        let id = put(&rig, trigger(&broker, &["a/+", "b/#"], qos)).await;
        running(&rig, &id).await;
        for n in 0..15 {
            broker.publish(&format!("a/{n}"), qos, format!("{{\"n\":{n}}}").as_bytes());
        }
        broker.publish("b/x/y", qos, b"plain");
        broker.publish("other", qos, b"nobody listens");
        wait_for(async || look(&rig, &id).await.counts.succeeded == 16).await;
        let seen = look(&rig, &id).await;
        assert_eq!((seen.counts.received, seen.counts.failed), (16, 0), "at {qos}");
        assert!(seen.last_error.is_none(), "{seen:?}");
        assert_eq!(
            (seen.name.as_str(), seen.server.starts_with("mqtt://")),
            ("a/+, b/#", true)
        );
        rig.engine.delete_trigger(&id).await.unwrap();
    }
    let inputs = inputs(&rig, 48).await;
    assert_eq!(inputs.len(), 48);
    assert_eq!(
        inputs
            .iter()
            .filter(|text| *text == r#"{"message":"plain"}"#)
            .count(),
        3
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_keeps_what_comes_meanwhile_and_outlives_its_own_end() {
    let (mut broker, rig) = (Mosquitto::start(), Rig::new().await);
    rig.shell("f", "echo '{}'").await;
    let id = put(&rig, trigger(&broker, &["work"], 1)).await;
    running(&rig, &id).await;
    rig.engine.pause_trigger(&id).await.unwrap();
    broker.publish("work", 1, b"{\"n\":1}");
    rig.engine.resume_trigger(&id).await.unwrap();
    assert_eq!(inputs(&rig, 1).await, [r#"{"n":1}"#]);
    running(&rig, &id).await;
    broker.pause();
    wait_for(async || {
        matches!(
            look(&rig, &id).await.state,
            TriggerState::Reconnecting { attempts: 2.., .. }
        )
    })
    .await;
    broker.resume();
    broker.publish("work", 2, b"{\"n\":2}");
    running(&rig, &id).await;
    assert_eq!(inputs(&rig, 2).await, [r#"{"n":1}"#, r#"{"n":2}"#]);
    // One that listens to something else now is not called for what it listened to.
    let other = NewTrigger {
        name: "other".into(),
        ..trigger(&broker, &["other"], 1)
    };
    rig.engine.put_trigger(&id, other).await.unwrap();
    running(&rig, &id).await;
    broker.publish("work", 1, b"{\"n\":3}");
    broker.publish("other", 1, b"{\"n\":4}");
    assert_eq!(inputs(&rig, 3).await[2], r#"{"n":4}"#);
    // What comes while it gets another name is not lost.
    for n in 0..20 {
        let renamed = NewTrigger {
            name: format!("name {n}"),
            ..trigger(&broker, &["other"], 1)
        };
        rig.engine.put_trigger(&id, renamed).await.unwrap();
        broker.publish("other", 1, format!("{{\"renamed\":{n}}}").as_bytes());
    }
    wait_for(async || {
        let mut all = inputs(&rig, 23).await;
        all.dedup();
        all.len() == 23
    })
    .await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_no_function_takes_is_told_and_holds_up_nothing() {
    let (broker, rig) = (Mosquitto::start(), Rig::new().await);
    rig.shell("f", "echo '{}'").await;
    let id = put(&rig, trigger(&broker, &["work"], 1)).await;
    running(&rig, &id).await;
    let large = vec![b'x'; beckon_engine::HTTP_LIMIT + 1];
    broker.publish("work", 1, &large);
    // Larger than arguments may be, and no larger than what is held.
    broker.publish("work", 1, &large[..beckon_engine::PAYLOAD_LIMIT + 1]);
    broker.publish("work", 1, b"{\"n\":1}");
    wait_for(async || look(&rig, &id).await.counts.succeeded == 1).await;
    wait_for(async || look(&rig, &id).await.counts.failed == 2).await;
    assert!(
        look(&rig, &id)
            .await
            .last_error
            .unwrap()
            .message
            .starts_with("A message on work was given up: ")
    );
    assert_eq!(runs(&rig, 1).await.len(), 1);
    // Nothing comes a second time.
    rig.engine.pause_trigger(&id).await.unwrap();
    rig.engine.resume_trigger(&id).await.unwrap();
    running(&rig, &id).await;
    assert_eq!(look(&rig, &id).await.counts.received, 3);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_stored_now_waits() {
    let (broker, rig) = (Mosquitto::start(), Rig::new().await);
    rig.shell("f", "echo '{}'").await;
    let id = put(&rig, trigger(&broker, &["work"], 1)).await;
    running(&rig, &id).await;
    let run = |sql: &str| {
        let code = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1], timeout=30)\ndb.execute(sys.argv[2])\ndb.commit()\n";
        let mut python = Command::new("python3");
        python
            .args(["-c", code])
            .arg(rig.data.path().join("beckon.db"))
            .arg(sql);
        assert!(python.status().unwrap().success());
    };
    // As good as a full disk.
    run("CREATE TRIGGER full BEFORE INSERT ON activations BEGIN SELECT RAISE(ABORT, 'full'); END");
    // Too large for the file that accepted runs are logged in: it goes into the database at once.
    let message = format!(r#"{{"n":"{}"}}"#, "1".repeat(300 * 1024));
    broker.publish("work", 1, message.as_bytes());
    wait_for(async || {
        let noted = look(&rig, &id).await.last_error;
        noted.is_some_and(|noted| noted.message.contains("work waits"))
    })
    .await;
    let counts = look(&rig, &id).await.counts;
    assert_eq!((counts.failed, counts.in_flight), (0, 1));
    run("DROP TRIGGER full");
    wait_for(async || look(&rig, &id).await.counts.succeeded == 1).await;
    assert!(inputs(&rig, 1).await == [message]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_or_the_rules_refuse_is_said_without_the_credential() {
    let broker = Mosquitto::with(Some(("ann", "s3cr3t-value ")));
    let secrets = Arc::new(Kept::default());
    let rig = rig_with(secrets.clone()).await;
    rig.shell("f", "echo '{}'").await;
    let id = random_hex();
    let new = NewTrigger {
        credential: CredentialKind::Password,
        ..trigger(&broker, &["work"], 1)
    };
    let failed = async |wanted: &str| {
        wait_for(async || {
            matches!(look(&rig, &id).await.state, TriggerState::Failed { message, .. } if message.contains(wanted))
        })
        .await;
    };
    let without = NewTrigger {
        credential: CredentialKind::None,
        ..new.clone()
    };
    rig.engine.put_trigger(&id, without).await.unwrap();
    failed("The server wants a credential, and the trigger has none.").await;
    secrets.keep(&id, "ann:wr0ng-value");
    rig.engine.put_trigger(&id, new.clone()).await.unwrap();
    failed("The server refuses the credential.").await;
    assert!(!format!("{:?}", look(&rig, &id).await).contains("wr0ng"));
    secrets.keep(&id, "ann:s3cr3t-value ");
    rig.engine.resume_trigger(&id).await.unwrap();
    running(&rig, &id).await;
    broker.publish("work", 1, b"{}");
    runs(&rig, 1).await;
    // Another machine, which nobody allowed.
    let away = NewTrigger {
        server: "mqtt://192.0.2.1".into(),
        ..new.clone()
    };
    rig.engine.put_trigger(&id, away).await.unwrap();
    failed("192.0.2.1:1883 is not on this machine, and no broker elsewhere is connected to").await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_broker_is_tried_again() {
    let rig = Rig::new().await;
    rig.shell("f", "echo '{}'").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let mqtt = NewTrigger {
        name: "m".into(),
        function: key("f"),
        server: format!("127.0.0.1:{port}"),
        subscription: Subscription::Mqtt {
            topics: vec!["a".into()],
            qos: 0,
        },
        credential: CredentialKind::None,
        paused: false,
    };
    let rabbitmq = NewTrigger {
        subscription: Subscription::Rabbitmq {
            queue: Some("a".into()),
            exchange: None,
            topics: Vec::new(),
        },
        ..mqtt.clone()
    };
    for (new, wanted) in [(mqtt, "MQTT"), (rabbitmq, "AMQP")] {
        let id = put(&rig, new).await;
        wait_for(async || {
            matches!(look(&rig, &id).await.state,
                TriggerState::Reconnecting { message, .. } if message.contains(&format!("is not {wanted}")))
        })
        .await;
    }
    server.abort();
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_function_that_asks_for_the_topic_is_called() {
    let broker = Mosquitto::start();
    let rig = rig_with(Arc::default()).await;
    let source = "def handle(req):\n    return {'status_code': 200, 'body': req.headers['X-Topic'] + '=' + req.body.decode()}\n";
    for (name, topics) in [("one", "a/#, z"), ("two", "a/b"), ("three", "c"), ("four", "")] {
        let mut new = NewFunction::new(
            Runtime::new("python:default").unwrap(),
            CodePackage::Source(source.into()),
        );
        new.contract = Contract::Spaces;
        // As Spaces kept them once.
        let (annotation, value) = match name {
            "three" => ("spaces", json!({ "id": "", "options": { "topics": topics } })),
            _ => ("topics", topics.into()),
        };
        new.annotations.push(NamedJson {
            key: annotation.into(),
            value: JsonText::from_value(&value),
        });
        rig.put(name, new).await;
    }
    let namespace = "test".parse().unwrap();
    let trigger = SpacesTrigger {
        id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".into(),
        document: "{}".into(),
        listener: Some(TopicTrigger {
            server: format!("127.0.0.1:{}", broker.port),
            subscription: Subscription::Mqtt {
                topics: vec!["#".into()],
                qos: 2,
            },
            credential: CredentialKind::None,
            callback_url: None,
        }),
    };
    let status = || rig.engine.topic_trigger_status("01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let begun = rig.engine.put_spaces_trigger(&namespace, trigger, None);
    begun.await.unwrap();
    wait_for(async || matches!(status().state, TriggerState::Running { .. })).await;
    broker.publish("a/b", 2, b"x");
    broker.publish("c", 0, b"y");
    broker.publish("nobody", 1, b"z");
    wait_for(async || status().counts.succeeded == 3).await;
    let mut said = Vec::new();
    for row in runs(&rig, 3).await {
        let record = rig.ended(row.id).await;
        said.push(format!("{}: {}", row.function, crate::support::result(&record)));
    }
    said.sort();
    assert_eq!(said, ["one: \"a/b=x\"", "three: \"c=y\"", "two: \"a/b=x\""]);
    rig.engine.delete_namespace(&namespace).await.unwrap();
    wait_for(async || matches!(status().state, TriggerState::Connecting)).await;
    broker.publish("a/b", 1, b"late");
    assert_eq!(
        rig.store
            .page(&Filter::default(), None, 10)
            .await
            .unwrap()
            .rows
            .len(),
        3
    );
    rig.stop().await;
}
