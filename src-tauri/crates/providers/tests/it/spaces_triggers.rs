//! Message triggers of a space against real brokers: a message calls the functions that ask for its topic.

use std::time::{Duration, Instant};

use beckon_core::{CodePackage, Contract, Function, FunctionKey, JsonText, NamedJson, NewFunction, Runtime};
use beckon_store::Expect;
use reqwest::Method;
use serde_json::{Value, json};

use crate::spaces::{deployed, draft, settled, space};
use crate::support::PATIENCE;
use crate::support::brokers::{Mosquitto, Rabbit};
use crate::support::rig::{Client, Rig, send};

const TRIGGERS: &str = "/spaces/playground/triggers";
const FUNCTIONS: &str = "/spaces/playground/functions";
/// Tells its topic, the message and its type.
const SAY: &str = "def handle(req):\n    h = req.headers\n    \
    return {'body': ' '.join([h['X-Topic'], h.get('Content-Type'), req.body.decode()])}\n";

/// Makes a function that asks for topics.
async fn asking(client: &Client, name: &str, topics: &str) {
    let mut draft = draft(name, SAY);
    draft["options"] = json!({ "topics": topics });
    assert_eq!(client.post(FUNCTIONS, &draft).await.status, 201);
    assert_eq!(settled(client, name).await["status"], "Running");
}

/// The trigger, once its status is as wanted.
async fn status(client: &Client, id: &Value, wanted: &str) -> Value {
    let begin = Instant::now();
    loop {
        let path = format!("{TRIGGERS}/{}", id.as_str().unwrap());
        let trigger = client.get(&path).await.ok();
        if trigger["status"] == wanted {
            return trigger;
        }
        assert!(begin.elapsed() < PATIENCE, "{trigger}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What arrived in an inbox, once there is so much.
async fn arrived(rig: &Rig, inbox: &str, count: usize) -> Vec<String> {
    let begin = Instant::now();
    loop {
        let all = rig.store.inbox_messages(inbox, None, 100).await.unwrap().rows;
        if all.len() >= count {
            let mut texts = Vec::new();
            for message in &all {
                assert!(
                    message
                        .headers
                        .iter()
                        .any(|(name, _)| name == "x-function-status")
                );
                texts.push(message.document.to_value().as_str().unwrap().to_owned());
            }
            texts.sort();
            return texts;
        }
        assert!(begin.elapsed() < PATIENCE, "{} of {count} arrived", all.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_call_the_functions_of_their_topic_and_somebody_back() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    let broker = Mosquitto::with(Some(("ann", "s3cr3t-value")));
    asking(&client, "all", "rooms/#").await;
    asking(&client, "one", "rooms/1/heat, rooms/2/heat").await;
    deployed(&client, "none", SAY).await;
    let inbox = rig.store.create_inbox("callback", 200, None).await.unwrap();
    let config = |password: Option<&str>| {
        let mut config = json!({
            "host": "127.0.0.1", "port": broker.port, "topics": "rooms/+/heat, x", "username": "ann", "qos": "1",
        });
        if let Some(password) = password {
            config["password"] = password.into();
        }
        json!({
            "type": "mqtt", "description": "heat", "config": config,
            "callback_url": format!("{}/callbacks/{}", rig.url, inbox.id),
        })
    };
    assert_eq!(client.post(TRIGGERS, &config(None)).await.status, 400);
    let made = client.post(TRIGGERS, &config(Some("wr0ng-value"))).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.json()["id"].clone();
    let failed = status(&client, &id, "Failed").await;
    assert_eq!(failed["error_message"], "The server refuses the credential.");
    assert!(failed["config"].get("password").is_none(), "{failed}");

    let path = format!("{TRIGGERS}/{}", id.as_str().unwrap());
    let changed = client
        .send(Method::PUT, &path, &config(Some("s3cr3t-value")))
        .await;
    assert!(!changed.text.contains("s3cr3t"));
    status(&client, &id, "Running").await;
    // Whoever sends back what was read keeps the password, and nobody else learns it.
    let read = client.get(&path).await.ok();
    client.send(Method::PUT, &path, &read).await.ok();
    let running = status(&client, &id, "Running").await;
    assert!(running.get("error_message").is_none(), "{running}");
    let mut elsewhere = read.clone();
    elsewhere["config"]["port"] = json!(broker.port - 1);
    assert_eq!(client.send(Method::PUT, &path, &elsewhere).await.status, 400);

    broker.publish("rooms/1/heat", 1, b"{\"c\":21}");
    broker.publish("rooms/9/heat", 1, b"warm");
    broker.publish("rooms/1/light", 1, b"nobody listens");
    broker.publish("x", 1, b"nobody asks");
    let heard = arrived(&rig, &inbox.id, 3).await;
    let wanted = [
        "rooms/1/heat application/json {\"c\":21}",
        "rooms/1/heat application/json {\"c\":21}",
        "rooms/9/heat text/plain; charset=utf-8 warm",
    ];
    assert_eq!(heard, wanted);

    // A function that asks for something else now is called for that.
    let other = json!({ "options": { "topics": "x" } });
    let one = format!("{FUNCTIONS}/one");
    assert_eq!(client.send(Method::PUT, &one, &other).await.status, 200);
    settled(&client, "one").await;
    broker.publish("x", 1, b"1");
    broker.publish("rooms/2/heat", 1, b"2");
    let heard = arrived(&rig, &inbox.id, 5).await;
    assert!(heard.contains(&"x application/json 1".to_owned()), "{heard:?}");
    assert_eq!(heard.len(), 5);
    assert_eq!(send(client.request(Method::DELETE, &path)).await.status, 204);
    assert_eq!(client.get(&path).await.status, 404);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_an_exchange_call_by_their_routing_key() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    let broker = Rabbit::start();
    asking(&client, "all", "orders.#").await;
    let inbox = rig.store.create_inbox("callback", 200, None).await.unwrap();
    let made = client
        .post(
            TRIGGERS,
            &json!({
                "type": "rabbitmq",
                "config": {
                    "host": "127.0.0.1", "port": broker.port, "username": "guest", "password": "guest",
                    "exchange": "amq.topic", "queue": "jobs", "topics": "orders.*,bills",
                },
                "callback_url": format!("{}/callbacks/{}", rig.url, inbox.id),
            }),
        )
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.json()["id"].clone();
    status(&client, &id, "Running").await;
    broker.publish("amq.topic", "orders.new", &["-C", "text/csv"], b"a,b");
    broker.publish("amq.topic", "bills", &[], b"nobody asks");
    broker.publish("amq.topic", "orders.a.b", &[], b"not bound");
    assert_eq!(arrived(&rig, &inbox.id, 1).await, ["orders.new text/csv a,b"]);
    let missing = json!({ "type": "rabbitmq", "config": {
        "host": "127.0.0.1", "port": broker.port, "exchange": "no-such", "queue": "jobs" } });
    let id = client.post(TRIGGERS, &missing).await.json()["id"].clone();
    let failed = status(&client, &id, "Failed").await;
    assert!(
        failed["error_message"].as_str().unwrap().contains("no-such"),
        "{failed}"
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_has_one_schedule_however_many_ask_for_it_at_once() {
    let rig = Rig::start().await;
    let client = rig.client(space()).await.1;
    // Made in the window, and as Spaces keeps it: nobody has looked at its schedule yet.
    for name in ["f", "g"] {
        let code = CodePackage::Source("def handle(req):\n    return 'x'\n".into());
        let mut new = NewFunction::new(Runtime::new("python:default").unwrap(), code);
        new.contract = Contract::Spaces;
        new.annotations.push(NamedJson {
            key: Function::SPACES.into(),
            value: JsonText::from_value(&json!({ "options": { "schedule": "*/5 * * * *" } })),
        });
        let key = FunctionKey::new("playground", name).unwrap();
        rig.engine.put_function(&key, new, Expect::New).await.unwrap();
    }
    assert!(rig.engine.schedules(None).await.unwrap().is_empty());
    let cron = json!({ "type": "cron" });
    let all = (0..12).map(|_| client.post(TRIGGERS, &cron));
    for made in futures_util::future::join_all(all).await {
        assert_eq!(made.status, 201, "{made:?}");
    }
    let schedules = rig.engine.schedules(None).await.unwrap();
    let mut of: Vec<_> = schedules.iter().map(|one| one.function.name.as_str()).collect();
    of.sort_unstable();
    assert_eq!(of, ["f", "g"]);
    assert!(schedules.iter().all(|one| one.enabled));
    rig.stop().await;
}
