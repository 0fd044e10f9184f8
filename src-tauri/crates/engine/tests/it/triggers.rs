//! Triggers against a real `nats-server`: every message reaches its function, and what goes wrong is told.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::support::{Rig, function, key, wait_for};
use beckon_core::{
    ActivationSummary, Cause, CredentialKind, ErrorCode, NewTrigger, Result, Secret, Status, Subscription,
    Trigger, TriggerState, filter::Filter, random_hex,
};
use beckon_core::{Clock, Error, Limits};
use beckon_engine::{Engine, EngineConfig, Orphan, SecretSource};
use beckon_store::Store;

/// A server of its own on a loopback port; ended when dropped.
struct Nats {
    child: Child,
    port: u16,
    /// Kept open: a server that cannot write its log stops.
    _log: std::thread::JoinHandle<()>,
}

impl Nats {
    fn start(arguments: &[&str]) -> Self {
        Self::on(-1, arguments)
    }

    fn on(port: i32, arguments: &[&str]) -> Self {
        // Debian puts it where only root's PATH looks.
        let path = format!(
            "{}:/usr/local/sbin:/usr/sbin:/sbin",
            std::env::var("PATH").unwrap_or_default()
        );
        let mut child = Command::new("nats-server")
            .args(["-a", "127.0.0.1", "-p", &port.to_string()])
            .args(arguments)
            .env("PATH", path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("nats-server is installed (scripts/need test)");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(|line| line.ok())
            .find_map(|line| {
                line.split_once("Listening for client connections on 127.0.0.1:")
                    .map(|(_, port)| port.trim().parse())
            })
            .expect("nats-server says its port")
            .unwrap();
        let log = std::thread::spawn(move || lines.map_while(|line| line.ok()).for_each(drop));
        Self {
            child,
            port,
            _log: log,
        }
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Credentials by trigger id, which the test may change.
#[derive(Default)]
pub(crate) struct Kept(Mutex<HashMap<String, String>>);

impl Kept {
    /// What is kept of a trigger.
    pub(crate) fn of(&self, id: &str) -> Option<String> {
        self.0.lock().unwrap().get(id).cloned()
    }

    pub(crate) fn keep(&self, id: &str, text: &str) {
        self.0.lock().unwrap().insert(id.to_owned(), text.to_owned());
    }
}

impl SecretSource for Kept {
    fn function_secret(&self, _: &str, name: &str) -> Result<Secret> {
        Err(Error::not_found(name))
    }

    fn trigger_secret(&self, id: &str) -> Result<Option<Secret>> {
        Ok(self.0.lock().unwrap().get(id).map(Secret::new))
    }

    fn keep_trigger_secret(&self, id: &str, value: &Secret) -> Result<()> {
        self.keep(id, value.expose());
        Ok(())
    }

    fn abandon(&self, orphans: &[Orphan]) -> Result<()> {
        for orphan in orphans {
            if let Orphan::TriggerSecret { trigger } = orphan {
                self.0.lock().unwrap().remove(trigger);
            }
        }
        Ok(())
    }
}

pub(crate) async fn rig_with(secrets: Arc<Kept>) -> Rig {
    let rig = open_with(Arc::new(tempfile::tempdir().unwrap()), secrets).await;
    rig.store
        .create_namespace(&"test".parse().unwrap(), "Test")
        .await
        .unwrap();
    rig
}

/// On what another engine left.
pub(crate) async fn open_with(data: Arc<tempfile::TempDir>, secrets: Arc<Kept>) -> Rig {
    let store = Store::open(&data.path().join("beckon.db"), Clock::system())
        .await
        .unwrap();
    let config = EngineConfig::new(data.path().to_owned());
    let engine = Engine::start(config, store.clone(), secrets, Clock::system())
        .await
        .unwrap();
    Rig { engine, store, data }
}

fn trigger(server: &str, subject: &str) -> NewTrigger {
    NewTrigger {
        name: String::new(),
        function: key("f"),
        server: server.to_owned(),
        subscription: on(subject, None),
        credential: CredentialKind::None,
        paused: false,
    }
}

fn on(subject: &str, queue_group: Option<&str>) -> Subscription {
    Subscription::Nats {
        subject: subject.to_owned(),
        queue_group: queue_group.map(str::to_owned),
    }
}

pub(crate) async fn put(rig: &Rig, new: NewTrigger) -> String {
    rig.engine.put_trigger(&random_hex(), new).await.unwrap().id
}

pub(crate) async fn look(rig: &Rig, id: &str) -> Trigger {
    rig.engine.trigger(id).await.unwrap()
}

pub(crate) async fn running(rig: &Rig, id: &str) {
    wait_for(async || matches!(look(rig, id).await.state, TriggerState::Running { .. })).await;
    // Subscribed here; the server has the subscription once it has answered something after it.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
}

/// The runs of the function, oldest first, once there are so many that are over.
pub(crate) async fn runs(rig: &Rig, count: usize) -> Vec<ActivationSummary> {
    let mut rows = Vec::new();
    wait_for(async || {
        rows = rig.store.page(&Filter::default(), None, 1000).await.unwrap().rows;
        rows.iter().filter(|row| row.status.is_final()).count() >= count
    })
    .await;
    rows.sort_by_key(|row| row.id);
    rows
}

pub(crate) async fn inputs(rig: &Rig, count: usize) -> Vec<String> {
    let mut inputs = Vec::new();
    for row in runs(rig, count).await {
        assert_eq!(row.cause, Cause::Trigger);
        inputs.push(rig.ended(row.id).await.input.unwrap().into_string());
    }
    inputs.sort();
    inputs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_the_arguments_and_are_counted() {
    let (nats, rig) = (Nats::start(&[]), Rig::new().await);
    rig.shell("f", "echo '{}'").await;
    let id = put(&rig, trigger(&nats.url(), "orders.*.new")).await;
    running(&rig, &id).await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    for (subject, body) in [
        ("orders.eu.new", r#"{"order":1.50}"#),
        ("orders.us.new", "plain text"),
        ("orders.us.old", "nobody listens"),
    ] {
        client.publish(subject, body.into()).await.unwrap();
    }
    client.flush().await.unwrap();
    assert_eq!(
        inputs(&rig, 2).await,
        [r#"{"message":"plain text"}"#, r#"{"order":1.50}"#]
    );
    wait_for(async || look(&rig, &id).await.counts.succeeded == 2).await;
    let seen = look(&rig, &id).await;
    assert_eq!(
        (seen.counts.received, seen.counts.failed, seen.counts.in_flight),
        (2, 0, 0)
    );
    assert!(seen.counts.last_message.is_some() && seen.last_error.is_none());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_call_is_made_three_times_and_given_up() {
    let (nats, rig) = (Nats::start(&[]), Rig::new().await);
    rig.node(
        "f",
        "function main(args) { if (args.bad) throw new Error('no'); return {} }",
    )
    .await;
    let id = put(&rig, trigger(&nats.url(), "work")).await;
    running(&rig, &id).await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    client.publish("work", r#"{"bad":true}"#.into()).await.unwrap();
    client.flush().await.unwrap();
    wait_for(async || look(&rig, &id).await.counts.failed == 1).await;
    let rows = runs(&rig, 3).await;
    assert_eq!(rows.len(), 3);
    let first = rows[0].id;
    for row in &rows[1..] {
        assert_eq!(rig.ended(row.id).await.rerun_of, Some(first));
    }
    let seen = look(&rig, &id).await;
    assert_eq!((seen.counts.retried, seen.counts.succeeded), (2, 0));
    let text = seen.last_error.unwrap().message;
    assert_eq!(
        text,
        format!(
            "A message on work was given up: run {} ended with 500.",
            rows[2].id
        )
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_most_ten_are_under_way_and_none_is_lost() {
    let (nats, rig) = (Nats::start(&[]), Rig::new().await);
    let mut slow = function("shell:default", "sleep 0.3; echo '{}'");
    slow.limits = Limits {
        concurrency: 64,
        ..Limits::DEFAULT
    };
    rig.put("f", slow).await;
    let id = put(&rig, trigger(&nats.url(), "work")).await;
    running(&rig, &id).await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    for n in 0..40 {
        client
            .publish("work", format!("{{\"n\":{n}}}").into())
            .await
            .unwrap();
    }
    client.flush().await.unwrap();
    let mut most = 0;
    wait_for(async || {
        let counts = look(&rig, &id).await.counts;
        most = most.max(counts.in_flight);
        counts.succeeded == 40
    })
    .await;
    assert_eq!(most, 10);
    assert_eq!(runs(&rig, 40).await.len(), 40);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_reconnects_to_a_server_that_comes_back() {
    let (nats, rig) = (Nats::start(&[]), Rig::new().await);
    rig.shell("f", "echo '{}'").await;
    let (url, port) = (nats.url(), i32::from(nats.port));
    let id = put(&rig, trigger(&url, "work")).await;
    running(&rig, &id).await;
    drop(nats);
    wait_for(async || {
        matches!(
            look(&rig, &id).await.state,
            TriggerState::Reconnecting { attempts: 2.., .. }
        )
    })
    .await;
    let TriggerState::Reconnecting { message, .. } = look(&rig, &id).await.state else {
        panic!("it is not reconnecting");
    };
    assert!(
        message.starts_with(&format!("The server {url} cannot be reached: ")),
        "{message}"
    );
    let nats = Nats::on(port, &[]);
    running(&rig, &id).await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    client.publish("work", "{}".into()).await.unwrap();
    client.flush().await.unwrap();
    wait_for(async || look(&rig, &id).await.counts.succeeded == 1).await;
    // What went wrong is still told.
    assert!(look(&rig, &id).await.last_error.is_some());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_come_from_the_secret_store_and_are_in_no_error() {
    let nats = Nats::start(&["--user", "ann", "--pass", "s3cr3t-value"]);
    let secrets = Arc::new(Kept::default());
    let rig = rig_with(secrets.clone()).await;
    rig.shell("f", "echo '{}'").await;
    let id = random_hex();
    let new = NewTrigger {
        credential: CredentialKind::Password,
        ..trigger(&nats.url(), "work")
    };
    rig.engine.put_trigger(&id, new.clone()).await.unwrap();
    let failed = async |wanted: &str| {
        wait_for(async || {
            matches!(look(&rig, &id).await.state, TriggerState::Failed { message, .. } if message == wanted)
        })
        .await;
    };
    failed("There is no credential kept for this trigger.").await;
    let without = NewTrigger {
        credential: CredentialKind::None,
        ..new.clone()
    };
    rig.engine.put_trigger(&id, without).await.unwrap();
    failed("The server wants a credential, and the trigger has none.").await;
    secrets
        .0
        .lock()
        .unwrap()
        .insert(id.clone(), "ann:wr0ng-value".into());
    rig.engine.put_trigger(&id, new.clone()).await.unwrap();
    failed("The server refuses the credential.").await;
    let shown = format!("{:?}", look(&rig, &id).await);
    assert!(!shown.contains("wr0ng-value"));
    secrets
        .0
        .lock()
        .unwrap()
        .insert(id.clone(), "ann:s3cr3t-value".into());
    // Resuming tries at once.
    rig.engine.resume_trigger(&id).await.unwrap();
    running(&rig, &id).await;
    rig.stop().await;
    drop(rig.engine);
    for entry in std::fs::read_dir(rig.data.path())
        .unwrap()
        .flatten()
        .filter(|e| e.path().is_file())
    {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(
            !bytes.windows(12).any(|w| w == b"s3cr3t-value"),
            "{}",
            entry.path().display()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_that_the_server_forbids_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nats.conf");
    let text = r#"authorization { users = [{ user: "ann", password: "pw", permissions: { subscribe: "mine.>" } }] }"#;
    std::fs::write(&path, text).unwrap();
    let nats = Nats::start(&["-c", path.to_str().unwrap()]);
    let secrets = Arc::new(Kept::default());
    let rig = rig_with(secrets.clone()).await;
    rig.shell("f", "echo '{}'").await;
    let id = random_hex();
    secrets.0.lock().unwrap().insert(id.clone(), "ann:pw".into());
    let new = NewTrigger {
        credential: CredentialKind::Password,
        ..trigger(&nats.url(), "others.x")
    };
    rig.engine.put_trigger(&id, new.clone()).await.unwrap();
    wait_for(async || {
        matches!(look(&rig, &id).await.state, TriggerState::Failed { message, .. } if message.contains("others.x"))
    })
    .await;
    rig.engine
        .put_trigger(
            &id,
            NewTrigger {
                subscription: on("mine.x", None),
                ..new
            },
        )
        .await
        .unwrap();
    running(&rig, &id).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_group_shares_and_a_pause_takes_nothing() {
    let (server, rig) = (Nats::start(&[]), Rig::new().await);
    rig.shell("f", "echo '{}'").await;
    let new = NewTrigger {
        subscription: on("work", Some("group")),
        ..trigger(&server.url(), "work")
    };
    let (one, two) = (put(&rig, new.clone()).await, put(&rig, new).await);
    running(&rig, &one).await;
    running(&rig, &two).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let publish = async |count: u32| {
        for n in 0..count {
            client
                .publish("work", format!("{{\"n\":{n}}}").into())
                .await
                .unwrap();
        }
        client.flush().await.unwrap();
    };
    publish(20).await;
    wait_for(async || {
        look(&rig, &one).await.counts.succeeded + look(&rig, &two).await.counts.succeeded == 20
    })
    .await;
    let before = look(&rig, &one).await.counts.received;
    assert_eq!(
        rig.engine.pause_trigger(&one).await.unwrap().state,
        TriggerState::Paused
    );
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    publish(10).await;
    wait_for(async || {
        look(&rig, &one).await.counts.succeeded + look(&rig, &two).await.counts.succeeded == 30
    })
    .await;
    let paused = look(&rig, &one).await;
    assert_eq!((paused.counts.received, paused.paused), (before, true));
    // Each message once, whoever took it.
    assert_eq!(runs(&rig, 30).await.len(), 30);
    rig.engine.resume_trigger(&one).await.unwrap();
    running(&rig, &one).await;
    rig.engine.delete_trigger(&two).await.unwrap();
    assert_eq!(
        rig.engine.trigger(&two).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    publish(1).await;
    wait_for(async || look(&rig, &one).await.counts.received == before + 1).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_function_takes_no_messages_and_one_that_comes_back_does() {
    let (nats, rig) = (Nats::start(&[]), Rig::new().await);
    rig.shell("f", "echo '{}'").await;
    let id = put(&rig, trigger(&nats.url(), "work")).await;
    running(&rig, &id).await;
    rig.engine.delete_function(&key("f")).await.unwrap();
    assert_eq!(look(&rig, &id).await.state, TriggerState::Orphaned);
    rig.shell("f", "echo '{}'").await;
    running(&rig, &id).await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    client.publish("work", "{}".into()).await.unwrap();
    client.flush().await.unwrap();
    assert_eq!(runs(&rig, 1).await[0].status, Status::Success);
    assert_eq!(
        rig.engine
            .put_trigger(
                &random_hex(),
                NewTrigger {
                    function: key("nobody"),
                    ..trigger(&nats.url(), "x")
                }
            )
            .await
            .unwrap_err()
            .code,
        ErrorCode::NotFound
    );
    rig.stop().await;
}
