//! RabbitMQ triggers against a real `rabbitmq-server`.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use beckon_core::{CredentialKind, NewTrigger, Subscription, TriggerState, random_hex};

use crate::support::brokers::Rabbit;
use crate::support::{Rig, key, wait_for};
use crate::triggers::{Kept, inputs, look, put, rig_with, running, runs};

fn trigger(broker: &Rabbit, queue: Option<&str>, exchange: Option<&str>, topics: &[&str]) -> NewTrigger {
    NewTrigger {
        name: String::new(),
        function: key("f"),
        server: format!("127.0.0.1:{}", broker.port),
        subscription: Subscription::Rabbitmq {
            queue: queue.map(str::to_owned),
            exchange: exchange.map(str::to_owned),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        },
        credential: CredentialKind::None,
        paused: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_queues_and_exchanges_call_the_function_once_they_are_kept() {
    let (broker, rig) = (Rabbit::start(), Rig::new().await);
    rig.shell("f", "echo '{}'").await;
    // A queue that is made for it.
    let queue = put(&rig, trigger(&broker, Some("jobs"), None, &[])).await;
    running(&rig, &queue).await;
    for n in 0..25 {
        broker.publish("", "jobs", &[], format!("{{\"n\":{n}}}").as_bytes());
    }
    wait_for(async || look(&rig, &queue).await.counts.succeeded == 25).await;
    // What comes while nobody listens waits.
    rig.engine.pause_trigger(&queue).await.unwrap();
    broker.publish("", "jobs", &[], b"{\"late\":1}");
    rig.engine.resume_trigger(&queue).await.unwrap();
    wait_for(async || look(&rig, &queue).await.counts.succeeded == 26).await;
    let queues = broker.ctl(&["list_queues", "name", "messages", "durable"]);
    assert!(queues.contains("jobs\t0\ttrue"), "{queues}");
    // One that is there already, in other words, by an exchange, with topics; and one of its own.
    let own = put(&rig, trigger(&broker, None, Some("amq.topic"), &["orders.*.new"])).await;
    running(&rig, &own).await;
    broker.publish("amq.topic", "orders.eu.new", &[], b"plain");
    broker.publish("amq.topic", "orders.eu.old", &[], b"nobody listens");
    wait_for(async || look(&rig, &own).await.counts.succeeded == 1).await;
    // A queue is bound no more by a key that was taken away.
    let bound = put(
        &rig,
        trigger(&broker, Some("bound"), Some("amq.topic"), &["one", "two"]),
    )
    .await;
    running(&rig, &bound).await;
    let two = trigger(&broker, Some("bound"), Some("amq.topic"), &["two"]);
    rig.engine.put_trigger(&bound, two).await.unwrap();
    running(&rig, &bound).await;
    wait_for(async || {
        let list = broker.ctl(&["list_bindings", "destination_name", "routing_key"]);
        list.contains("bound\ttwo") && !list.contains("bound\tone")
    })
    .await;
    // A message of more frames than one, which no function takes.
    broker.publish("", "jobs", &[], &vec![b'x'; beckon_engine::HTTP_LIMIT + 1]);
    wait_for(async || look(&rig, &queue).await.counts.failed == 1).await;
    let large = vec![b'y'; 900 * 1024];
    broker.publish("", "jobs", &[], &large);
    let inputs = inputs(&rig, 28).await;
    assert_eq!(inputs.len(), 28);
    assert!(inputs.iter().any(|text| text.len() > large.len()));
    assert!(inputs.iter().any(|text| text == r#"{"message":"plain"}"#));

    // While nothing can be put on disk, the broker is told nothing.
    let mut holder = Command::new("python3")
        .arg("-c")
        .arg("import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1], isolation_level=None)\ndb.execute('BEGIN IMMEDIATE')\nprint('held', flush=True)\nsys.stdin.read()\n")
        .arg(rig.data.path().join("beckon.db"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "held\n");
    let before = look(&rig, &queue).await.counts.received;
    // Too large for the file that accepted runs are logged in: it goes into the database at once.
    let held = format!(r#"{{"held":"{}"}}"#, "1".repeat(300 * 1024));
    broker.publish("", "jobs", &[], held.as_bytes());
    wait_for(async || look(&rig, &queue).await.counts.received == before + 1).await;
    let unacknowledged = ["list_queues", "name", "messages_unacknowledged"];
    assert!(broker.ctl(&unacknowledged).contains("jobs\t1"));
    drop(holder.stdin.take());
    holder.wait().unwrap();
    wait_for(async || broker.ctl(&unacknowledged).contains("jobs\t0")).await;
    runs(&rig, 29).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_refuses_is_said_and_a_queue_that_goes_is_made_again() {
    let broker = Rabbit::start();
    let secrets = Arc::new(Kept::default());
    let rig = rig_with(secrets.clone()).await;
    rig.shell("f", "echo '{}'").await;
    broker.ctl(&["add_user", "ann", "s3cr3t-value"]);
    broker.ctl(&["add_vhost", "team/a"]);
    let id = random_hex();
    let failed = async |wanted: &str| {
        wait_for(async || {
            matches!(look(&rig, &id).await.state, TriggerState::Failed { message, .. } if message.contains(wanted))
        })
        .await;
    };
    let new = NewTrigger {
        server: format!("amqp://127.0.0.1:{}/team%2Fa", broker.port),
        credential: CredentialKind::Password,
        ..trigger(&broker, Some("jobs"), None, &[])
    };
    secrets.keep(&id, "ann:wr0ng-value");
    rig.engine.put_trigger(&id, new.clone()).await.unwrap();
    failed("The server refuses the credential.").await;
    assert!(!format!("{:?}", look(&rig, &id).await).contains("wr0ng"));
    secrets.keep(&id, "ann:s3cr3t-value");
    rig.engine.resume_trigger(&id).await.unwrap();
    failed("team/a").await;
    broker.ctl(&["set_permissions", "-p", "team/a", "ann", ".*", ".*", ".*"]);
    let bound = NewTrigger {
        subscription: Subscription::Rabbitmq {
            queue: Some("jobs".into()),
            exchange: Some("no-such".into()),
            topics: Vec::new(),
        },
        ..new.clone()
    };
    rig.engine.put_trigger(&id, bound).await.unwrap();
    failed("no exchange 'no-such'").await;
    rig.engine.put_trigger(&id, new).await.unwrap();
    running(&rig, &id).await;
    broker.ctl(&["delete_queue", "-p", "team/a", "jobs"]);
    wait_for(async || {
        look(&rig, &id)
            .await
            .last_error
            .is_some_and(|noted| noted.message.contains("queue is gone"))
    })
    .await;
    running(&rig, &id).await;
    let vhost = [
        "--vhost",
        "team/a",
        "--username",
        "ann",
        "--password",
        "s3cr3t-value",
    ];
    broker.publish("", "jobs", &vhost, b"{\"n\":1}");
    assert_eq!(inputs(&rig, 1).await, [r#"{"n":1}"#]);
    rig.stop().await;
}
