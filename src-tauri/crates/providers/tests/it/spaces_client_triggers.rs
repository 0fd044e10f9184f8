//! Our client's triggers of a space, against our gateway with real brokers and against a server that says more than it.

use std::sync::Arc;
use std::time::Instant;

use beckon_core::{
    CodePackage, ConnectionKind, ErrorCode, FunctionKey, FunctionOptions, NamespaceName, NewSpaceTrigger,
    Runtime, Secret, SpaceBroker, SpaceTrigger, SpaceTriggerSource, SpaceTriggerStatus, TokenScope, Version,
};
use beckon_providers::{EnvChange, FunctionChange, KeptEnv, Remote, connect};
use beckon_store::Expect;
use serde_json::json;

use crate::support::PATIENCE;
use crate::support::bad::{BadServer, reply};
use crate::support::brokers::Mosquitto;
use crate::support::rig::Rig;

fn playground() -> NamespaceName {
    "playground".parse().unwrap()
}

async fn remote(rig: &Rig) -> Arc<dyn Remote> {
    let client = rig.client(TokenScope::Account).await.1;
    let key = Secret::new(format!("{}:{}", client.id, client.secret));
    connect(ConnectionKind::Spaces, &client.url, key).unwrap()
}

fn mqtt(port: u16, username: Option<&str>) -> NewSpaceTrigger {
    NewSpaceTrigger {
        description: "heat".into(),
        source: SpaceTriggerSource::Mqtt {
            broker: SpaceBroker {
                host: "127.0.0.1".into(),
                port: Some(port),
                username: username.map(str::to_owned),
            },
            topics: vec!["rooms/+/heat".into(), "x".into()],
            qos: Some(1),
        },
        callback_url: None,
    }
}

fn cron(description: &str) -> NewSpaceTrigger {
    NewSpaceTrigger {
        description: description.into(),
        source: SpaceTriggerSource::Cron,
        callback_url: None,
    }
}

/// The trigger, once its status is as wanted.
async fn until(remote: &dyn Remote, id: &str, wanted: SpaceTriggerStatus) -> SpaceTrigger {
    let begin = Instant::now();
    loop {
        let all = remote.space_triggers(&playground()).await.unwrap();
        let trigger = all.into_iter().find(|trigger| trigger.id == id).unwrap();
        if trigger.status == wanted {
            return trigger;
        }
        assert!(begin.elapsed() < PATIENCE, "{trigger:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trigger_is_made_listens_is_changed_and_deleted() {
    let rig = Rig::start().await;
    let remote = remote(&rig).await;
    let broker = Mosquitto::with(Some(("ann", "s3cr3t-value")));
    assert!(remote.space_triggers(&playground()).await.unwrap().is_empty());

    let new = mqtt(broker.port, Some("ann"));
    let put = async |id: Option<&str>, new: &NewSpaceTrigger, password: Option<&str>| {
        let password = password.map(Secret::new);
        remote
            .put_space_trigger(&playground(), id, new, password.as_ref())
            .await
    };
    let refused = put(None, &new, None).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidInput, "{refused:?}");
    let made = put(None, &new, Some("wr0ng-value")).await.unwrap();
    assert_eq!(made.source, new.source);
    let failed = until(&*remote, &made.id, SpaceTriggerStatus::Failed).await;
    assert_eq!(
        failed.error_message.as_deref(),
        Some("The server refuses the credential.")
    );

    let changed = put(Some(&made.id), &new, Some("s3cr3t-value")).await.unwrap();
    assert!(!format!("{changed:?}").contains("s3cr3t"));
    let running = until(&*remote, &made.id, SpaceTriggerStatus::Running).await;
    assert_eq!(running.error_message, None);
    // Without a password the one that is there stays, and goes to nobody else.
    let mut other = new.clone();
    other.description = "warmth".into();
    other.callback_url = Some("http://127.0.0.1:9/told".into());
    put(Some(&made.id), &other, None).await.unwrap();
    let running = until(&*remote, &made.id, SpaceTriggerStatus::Running).await;
    assert_eq!(
        (running.description.as_str(), running.callback_url.as_deref()),
        ("warmth", Some("http://127.0.0.1:9/told"))
    );
    other.callback_url = None;
    let plain = put(Some(&made.id), &other, None).await.unwrap();
    assert_eq!(plain.callback_url, None);
    let elsewhere = put(Some(&made.id), &mqtt(broker.port - 1, Some("ann")), None).await;
    assert_eq!(elsewhere.unwrap_err().code, ErrorCode::InvalidInput);

    // An unreachable broker says so; a clock runs at once; one type does not become another.
    let nobody = put(None, &mqtt(1, None), None).await.unwrap();
    let failed = until(&*remote, &nobody.id, SpaceTriggerStatus::Failed).await;
    let why = failed.error_message.unwrap();
    assert!(why.contains("connection refused"), "{why}");
    let clock = put(None, &cron("by the clock"), None).await.unwrap();
    assert_eq!(clock.status, SpaceTriggerStatus::Running);
    let turned = put(Some(&clock.id), &new, None).await.unwrap_err();
    assert_eq!(turned.code, ErrorCode::InvalidInput);
    assert!(turned.message.contains("type"), "{turned:?}");

    for id in [&made.id, &nobody.id, &clock.id] {
        remote.delete_space_trigger(&playground(), id).await.unwrap();
        let gone = remote.delete_space_trigger(&playground(), id).await.unwrap_err();
        assert_eq!(gone.code, ErrorCode::NotFound);
    }
    let gone = put(Some(&made.id), &new, None).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound, "{gone:?}");
    assert!(remote.space_triggers(&playground()).await.unwrap().is_empty());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_are_changed_and_nothing_else_is() {
    let rig = Rig::start().await;
    let remote = remote(&rig).await;
    let key = FunctionKey::new("playground", "f").unwrap();
    let code = "def handle(req):\n    return {'body': 'x'}\n";
    let make = FunctionChange {
        kind: Some(Runtime::new("python:default").unwrap()),
        code: Some(CodePackage::Source(code.to_owned())),
        env: EnvChange {
            set: vec![("LEVEL".into(), Secret::new("7"))],
            kept: KeptEnv::default(),
        },
        ..FunctionChange::default()
    };
    let made = remote.put_function(&key, &make, Expect::New).await.unwrap();
    assert_eq!(made.function.options, Some(FunctionOptions::default()));
    let ready = async || {
        let begin = Instant::now();
        while rig.store.spaces_deployment(&key).await.unwrap().is_some() {
            assert!(begin.elapsed() < PATIENCE, "it was not built");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    ready().await;
    let options = |topics: &[&str], schedule: Option<&str>| FunctionOptions {
        topics: topics.iter().map(|&topic| topic.to_owned()).collect(),
        schedule: schedule.map(str::to_owned),
    };
    let set = async |wanted: &FunctionOptions| {
        let old = remote.function(&key).await.unwrap();
        let change = FunctionChange {
            options: Some(wanted.clone()),
            ..FunctionChange::default()
        };
        let expect = Expect::Version(old.summary.version.parse::<Version>().unwrap());
        let saved = remote.put_function(&key, &change, expect).await?;
        ready().await;
        let found = remote.function(&key).await.unwrap();
        assert_eq!(found.summary.version, saved.function.summary.version);
        assert_eq!(found.code.as_deref(), Some(code));
        assert_eq!(found.env_names, ["LEVEL"]);
        Ok::<_, beckon_core::Error>(found.options.unwrap())
    };
    let both = options(&["rooms/#", "x"], Some("*/5 * * * *"));
    assert_eq!(set(&both).await.unwrap(), both);
    let stored = rig.store.function(&key).await.unwrap().unwrap();
    assert_eq!(stored.topics(), ["rooms/#", "x"]);
    assert_eq!(stored.env, [("LEVEL".to_owned(), "7".to_owned())]);
    let bad = set(&options(&["x"], Some("never"))).await.unwrap_err();
    assert_eq!(bad.code, ErrorCode::InvalidInput);
    assert!(bad.message.contains("options.schedule"), "{bad:?}");
    let none = options(&[], None);
    assert_eq!(set(&none).await.unwrap(), none);
    // It is built a moment before the clock is told.
    let begin = Instant::now();
    while !rig.engine.schedules(Some(&key)).await.unwrap().is_empty() {
        assert!(begin.elapsed() < PATIENCE, "it is scheduled");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    rig.stop().await;
}

/// A server that answers every request with the same document, a token among it.
async fn answering(document: &str) -> (BadServer, Arc<dyn Remote>) {
    let answer = format!(r#"{{"access_token":"t","token_type":"bearer","expires_in":3600,{document}}}"#);
    let server = BadServer::answering(reply(200, &answer)).await;
    let remote = connect(ConnectionKind::Spaces, &server.url, Secret::new("client:secret"));
    (server, remote.unwrap())
}

#[tokio::test]
async fn what_is_null_or_unknown_is_told_as_far_as_it_goes() {
    let document = r#""data":[
        {"id":"1","description":null,"type":"kafka","config":null,"status":"Dreaming","error_message":null},
        {"id":null,"type":"cron"},
        {"id":"2","type":"mqtt","config":{"topics":["a"],"host":null},"status":null,"callback_url":null}
    ],"paging":null"#;
    let (_server, remote) = answering(document).await;
    let all = remote.space_triggers(&playground()).await.unwrap();
    let ids: Vec<_> = all.iter().map(|trigger| trigger.id.as_str()).collect();
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(all[0].source, SpaceTriggerSource::Other { name: "kafka".into() });
    assert_eq!(all[0].status, SpaceTriggerStatus::Unknown);
    let (_server, empty) = answering(r#""data":null"#).await;
    assert!(empty.space_triggers(&playground()).await.unwrap().is_empty());
    // A list that leads to where it stands comes to an end.
    let (_server, circle) =
        answering(r#""data":[{"id":"1","type":"cron"}],"paging":{"next_cursor":"again"}"#).await;
    assert_eq!(circle.space_triggers(&playground()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_server_that_repeats_the_password_is_not_repeated() {
    let document = r#""id":"1","type":"mqtt","config":{"host":"127.0.0.1","port":1,"topics":"a","username":"ann"},
        "status":"Failed","error_message":"ann:s3cr3t-value was refused""#;
    let (_server, remote) = answering(document).await;
    let password = Secret::new("s3cr3t-value");
    let told = remote
        .put_space_trigger(&playground(), None, &mqtt(1, Some("ann")), Some(&password))
        .await
        .unwrap();
    assert_eq!(told.error_message.as_deref(), Some("ann:*** was refused"));
    assert!(!json!(told).to_string().contains("s3cr3t"), "{told:?}");

    // Nor what is said of a trigger that is refused.
    let token = r#"{"access_token":"access-1234","token_type":"bearer","expires_in":3600}"#;
    let no = r#"{"error":{"status":400,"message":"ann:s3cr3t-value is no credential"}}"#;
    let server = BadServer::answering_at("/oauth2", reply(200, token), reply(400, no)).await;
    let remote = connect(ConnectionKind::Spaces, &server.url, Secret::new("client:secret")).unwrap();
    let refused = remote
        .put_space_trigger(&playground(), None, &mqtt(1, Some("ann")), Some(&password))
        .await
        .unwrap_err();
    assert!(refused.message.contains("is no credential"), "{refused:?}");
    assert!(!format!("{refused:?}").contains("s3cr3t"), "{refused:?}");
}
