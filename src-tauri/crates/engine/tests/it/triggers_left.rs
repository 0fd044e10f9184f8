//! What triggers leave at their brokers, and what their brokers leave them: against real ones.

use std::process::Command;
use std::sync::Arc;

use beckon_core::{CredentialKind, NewTrigger, Secret, Subscription, TopicTrigger, TriggerState, random_hex};
use beckon_engine::SecretSource as _;
use beckon_store::SpacesTrigger;

use crate::support::brokers::{Mosquitto, Rabbit};
use crate::support::{Rig, key, wait_for};
use crate::triggers::{Kept, inputs, look, open_with, put, rig_with, running, runs};

fn mqtt(broker: &Mosquitto, topics: &[&str]) -> NewTrigger {
    NewTrigger {
        name: "t".into(),
        function: key("f"),
        server: format!("127.0.0.1:{}", broker.port),
        subscription: Subscription::Mqtt {
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            qos: 1,
        },
        credential: CredentialKind::None,
        paused: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_forgets_a_trigger_that_was_deleted_while_it_was_away() {
    let mut broker = Mosquitto::with(Some(("ann", "s3cr3t-value")));
    let secrets = Arc::new(Kept::default());
    let rig = rig_with(secrets.clone()).await;
    rig.shell("f", "echo '{}'").await;
    let (gone, stays) = (random_hex(), random_hex());
    for id in [&gone, &stays] {
        secrets.keep(id, "ann:s3cr3t-value");
        let new = NewTrigger {
            credential: CredentialKind::Password,
            ..mqtt(&broker, &["work"])
        };
        rig.engine.put_trigger(id, new).await.unwrap();
        running(&rig, id).await;
        rig.engine.pause_trigger(id).await.unwrap();
    }
    wait_for(async || broker.impersonate(&gone, None)).await;
    broker.pause();
    rig.engine.delete_trigger(&gone).await.unwrap();
    let left = rig.store.leftovers().await.unwrap();
    assert_eq!((left.len(), left[0].gone), (1, true), "{left:?}");
    assert!(!format!("{left:?}").contains("s3cr3t"));
    // The credential is for the broker's ears, and stays until it has heard; over a restart, too.
    assert!(secrets.of(&gone).is_some());
    rig.stop().await;
    let rig = open_with(rig.data.clone(), secrets.clone()).await;
    assert_eq!(rig.store.leftovers().await.unwrap(), left);
    broker.resume();
    wait_for(async || rig.store.leftovers().await.unwrap().is_empty()).await;
    assert!(secrets.of(&gone).is_none());
    assert!(!broker.impersonate(&gone, None));
    // The other one is as it was.
    assert!(secrets.of(&stays).is_some());
    assert!(broker.impersonate(&stays, None));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_forgets_a_trigger_that_is_deleted_while_it_listens() {
    let (broker, rig) = (Mosquitto::start(), rig_with(Arc::default()).await);
    rig.shell("f", "echo '{}'").await;
    let id = put(&rig, mqtt(&broker, &["work"])).await;
    running(&rig, &id).await;
    rig.engine.delete_trigger(&id).await.unwrap();
    wait_for(async || rig.store.leftovers().await.unwrap().is_empty()).await;
    assert!(!broker.impersonate(&id, None));

    // So does one that it left for another, and one whose namespace is gone.
    let (other, moved) = (Mosquitto::start(), put(&rig, mqtt(&broker, &["work"])).await);
    running(&rig, &moved).await;
    rig.engine
        .put_trigger(&moved, mqtt(&other, &["work"]))
        .await
        .unwrap();
    running(&rig, &moved).await;
    wait_for(async || rig.store.leftovers().await.unwrap().is_empty()).await;
    assert!(!broker.impersonate(&moved, None));
    let space = "space".parse().unwrap();
    rig.store.create_namespace(&space, "Space").await.unwrap();
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    rig.engine
        .put_spaces_trigger(&space, of_space(&broker, id), None)
        .await
        .unwrap();
    let state = || rig.engine.topic_trigger_status(id).state;
    wait_for(async || matches!(state(), TriggerState::Running { .. })).await;
    rig.engine.delete_namespace(&space).await.unwrap();
    wait_for(async || rig.store.leftovers().await.unwrap().is_empty()).await;
    assert!(!broker.impersonate(id, None));
    rig.stop().await;
}

fn of_space(broker: &Mosquitto, id: &str) -> SpacesTrigger {
    let NewTrigger {
        server, subscription, ..
    } = mqtt(broker, &["work"]);
    SpacesTrigger {
        id: id.to_owned(),
        document: "{}".to_owned(),
        listener: Some(TopicTrigger {
            server,
            subscription,
            credential: CredentialKind::None,
            callback_url: None,
        }),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_refuses_is_not_asked_again_and_one_that_was_left_without_a_credential_is_named() {
    let broker = Mosquitto::with(Some(("ann", "s3cr3t-value")));
    let secrets = Arc::new(Kept::default());
    let rig = rig_with(secrets.clone()).await;
    rig.shell("f", "echo '{}'").await;
    let id = random_hex();
    secrets.keep(&id, "ann:wr0ng-value");
    let new = NewTrigger {
        credential: CredentialKind::Password,
        ..mqtt(&broker, &["work"])
    };
    rig.engine.put_trigger(&id, new).await.unwrap();
    wait_for(async || matches!(look(&rig, &id).await.state, TriggerState::Failed { .. })).await;
    let elsewhere = Mosquitto::start();
    let moved = NewTrigger {
        credential: CredentialKind::Password,
        ..mqtt(&elsewhere, &["work"])
    };
    rig.engine.put_trigger(&id, moved).await.unwrap();
    running(&rig, &id).await;
    // The credential that is kept now is not the first one's, and is not shown to it.
    let said = look(&rig, &id).await.last_error.unwrap().message;
    assert!(
        said.starts_with(&format!("mqtt://127.0.0.1:{} may keep a session", broker.port)),
        "{said}"
    );
    assert!(rig.store.leftovers().await.unwrap().is_empty());
    let back = NewTrigger {
        credential: CredentialKind::Password,
        ..mqtt(&broker, &["work"])
    };
    rig.engine.put_trigger(&id, back).await.unwrap();
    wait_for(async || matches!(look(&rig, &id).await.state, TriggerState::Failed { .. })).await;
    rig.engine.delete_trigger(&id).await.unwrap();
    wait_for(async || rig.store.leftovers().await.unwrap().is_empty()).await;
    assert!(secrets.of(&id).is_none());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_is_told_of_an_edit_that_it_did_not_see() {
    let (broker, rig) = (Mosquitto::start(), rig_with(Arc::default()).await);
    rig.shell("f", "echo '{}'").await;
    let id = put(&rig, mqtt(&broker, &["old", "both"])).await;
    running(&rig, &id).await;
    rig.engine.pause_trigger(&id).await.unwrap();
    wait_for(async || broker.impersonate(&id, None)).await;
    // What comes meanwhile on a topic that stays waits.
    broker.publish("both", 1, b"{\"n\":1}");
    rig.engine
        .put_trigger(&id, mqtt(&broker, &["both", "new"]))
        .await
        .unwrap();
    running(&rig, &id).await;
    wait_for(async || look(&rig, &id).await.counts.succeeded == 1).await;
    broker.publish("old", 1, b"{\"n\":2}");
    broker.publish("new", 1, b"{\"n\":3}");
    assert_eq!(inputs(&rig, 2).await, [r#"{"n":1}"#, r#"{"n":3}"#]);
    // The broker does not send what nobody asks for any more.
    let seen = look(&rig, &id).await;
    assert_eq!((seen.counts.received, seen.counts.dropped), (2, 0), "{seen:?}");
    assert!(
        rig.store
            .leftovers_at(&id, &seen.server)
            .await
            .unwrap()
            .is_empty()
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_on_a_topic_of_former_times_calls_nobody() {
    let (broker, rig) = (Mosquitto::start(), rig_with(Arc::default()).await);
    rig.shell("f", "echo '{}'").await;
    let id = random_hex();
    // The broker remembers what Beckon does not.
    assert!(!broker.impersonate(&id, Some("old")));
    rig.engine
        .put_trigger(&id, mqtt(&broker, &["new"]))
        .await
        .unwrap();
    running(&rig, &id).await;
    broker.publish("old", 1, b"{\"n\":1}");
    broker.publish("new", 1, b"{\"n\":2}");
    wait_for(async || look(&rig, &id).await.counts.succeeded == 1).await;
    let seen = look(&rig, &id).await;
    assert_eq!((seen.counts.received, seen.counts.dropped), (1, 1), "{seen:?}");
    let said = seen.last_error.unwrap().message;
    assert!(said.starts_with("A message on old was thrown away"), "{said}");
    assert_eq!(inputs(&rig, 1).await, [r#"{"n":2}"#]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_subscribed_to_again_that_stands() {
    let (mut broker, rig) = (Mosquitto::start(), rig_with(Arc::default()).await);
    rig.shell("f", "echo '{}'").await;
    // Whoever subscribes again gets it again.
    broker.retain("work", b"{\"n\":1}");
    let id = put(&rig, mqtt(&broker, &["work"])).await;
    running(&rig, &id).await;
    wait_for(async || look(&rig, &id).await.counts.succeeded == 1).await;
    let began = look(&rig, &id).await.state;
    for _ in 0..5 {
        // Functions and other triggers come, change and go.
        rig.shell("g", "echo '{}'").await;
        let other = put(&rig, mqtt(&broker, &["other"])).await;
        running(&rig, &other).await;
        rig.engine.delete_trigger(&other).await.unwrap();
        rig.engine.delete_function(&key("g")).await.unwrap();
    }
    assert_eq!(look(&rig, &id).await.state, began);
    // Nor over the broker's end, which kept the session.
    broker.pause();
    wait_for(async || matches!(look(&rig, &id).await.state, TriggerState::Reconnecting { .. })).await;
    broker.resume();
    running(&rig, &id).await;
    broker.publish("work", 1, b"{\"n\":2}");
    wait_for(async || look(&rig, &id).await.counts.succeeded == 2).await;
    assert_eq!(inputs(&rig, 2).await, [r#"{"n":1}"#, r#"{"n":2}"#]);
    assert_eq!(look(&rig, &id).await.counts.received, 2);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_that_fails_leaves_the_credential_as_it_was() {
    let broker = Mosquitto::with(Some(("ann", "s3cr3t-value")));
    let secrets = Arc::new(Kept::default());
    let rig = rig_with(secrets.clone()).await;
    let namespace = "test".parse().unwrap();
    let with = |id: &str| {
        let mut trigger = of_space(&broker, id);
        trigger.listener.as_mut().unwrap().credential = CredentialKind::Password;
        trigger
    };
    let (old, new) = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW");
    let right = Some(Secret::new("ann:s3cr3t-value"));
    rig.engine
        .put_spaces_trigger(&namespace, with(old), right)
        .await
        .unwrap();
    // As good as a full disk.
    let code = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1], timeout=30)\nfor event in ('INSERT', 'UPDATE'):\n    db.execute(f\"CREATE TRIGGER full{event} BEFORE {event} ON spaces_triggers BEGIN SELECT RAISE(ABORT, 'full'); END\")\ndb.commit()\n";
    let mut python = Command::new("python3");
    python.args(["-c", code]).arg(rig.data.path().join("beckon.db"));
    assert!(python.status().unwrap().success());
    for id in [old, new] {
        let other = Some(Secret::new("ann:another-value"));
        assert!(
            rig.engine
                .put_spaces_trigger(&namespace, with(id), other)
                .await
                .is_err()
        );
    }
    let kept = secrets.trigger_secret(old).unwrap().unwrap();
    assert_eq!(kept.expose(), "ann:s3cr3t-value");
    // Of what was never made nothing stays.
    assert!(secrets.of(new).is_none());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_is_unbound_by_keys_that_went_while_nobody_was_connected_and_stays_when_its_trigger_goes() {
    let (broker, rig) = (Rabbit::start(), Rig::new().await);
    rig.shell("f", "echo '{}'").await;
    let with = |keys: &[&str]| NewTrigger {
        server: format!("127.0.0.1:{}", broker.port),
        subscription: Subscription::Rabbitmq {
            queue: Some("bound".into()),
            exchange: Some("amq.topic".into()),
            topics: keys.iter().map(|key| (*key).to_owned()).collect(),
        },
        name: "t".into(),
        function: key("f"),
        credential: CredentialKind::None,
        paused: false,
    };
    let bindings = || broker.ctl(&["list_bindings", "source_name", "destination_name", "routing_key"]);
    let id = put(&rig, with(&["one", "two"])).await;
    running(&rig, &id).await;
    rig.engine.pause_trigger(&id).await.unwrap();
    wait_for(async || broker.ctl(&["list_consumers"]).trim().is_empty()).await;
    rig.engine
        .put_trigger(&id, with(&["two", "three"]))
        .await
        .unwrap();
    running(&rig, &id).await;
    let list = bindings();
    assert!(!list.contains("bound\tone"), "{list}");
    assert!(
        list.contains("bound\ttwo") && list.contains("bound\tthree"),
        "{list}"
    );
    // Others may read from it, and send to it: what is in it is not Beckon's to throw away.
    rig.engine.delete_trigger(&id).await.unwrap();
    wait_for(async || broker.ctl(&["list_consumers"]).trim().is_empty()).await;
    broker.publish("amq.topic", "two", &[], b"kept");
    wait_for(async || {
        broker
            .ctl(&["list_queues", "name", "messages"])
            .contains("bound\t1")
    })
    .await;
    assert!(rig.store.leftovers().await.unwrap().is_empty());
    assert_eq!(runs(&rig, 0).await.len(), 0);
    rig.stop().await;
}
