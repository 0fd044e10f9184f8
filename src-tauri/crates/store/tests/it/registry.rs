//! Namespaces, functions, tokens, connections, drafts and settings.

use std::sync::Arc;

use crate::common::{NOW, clock, key, namespace, open};
use beckon_core::{
    Account, CodePackage, ConnectionKind, ConnectionState, Environment, ErrorCode, Event, FunctionRef,
    JsonText, LOCAL, Limits, LostPolicy, NamedJson, NewFunction, Runtime, Token, TokenKind, TokenScope,
    Version, WebExport,
};
use beckon_store::{Expect, MadeKey, NewConnection, Store};

fn source(text: &str) -> NewFunction {
    NewFunction::new(
        Runtime::new("nodejs:20").unwrap(),
        CodePackage::Source(text.into()),
    )
}

fn token(id: &str, function: Option<&str>) -> Token {
    let namespace = namespace("playground");
    let scope = match function {
        None => TokenScope::Namespace { namespace },
        Some(name) => TokenScope::Function {
            namespace,
            name: name.parse().unwrap(),
        },
    };
    Token {
        id: id.into(),
        name: "laptop".into(),
        kind: TokenKind::Openwhisk,
        scope,
        hint: "abcd".into(),
        created: NOW,
        updated: NOW,
        expires: None,
        last_used: None,
        revoked: None,
        kept: true,
    }
}

#[tokio::test]
async fn namespaces_are_made_renamed_and_deleted_with_what_is_in_them() {
    let opened = open().await;
    let store = &opened.store;
    let (name, other) = (namespace("playground"), namespace("other"));
    let made = store.create_namespace(&name, "Playground").await.unwrap();
    assert_eq!(
        (made.label.as_str(), made.created, made.functions),
        ("Playground", NOW, 0)
    );
    let twice = store.create_namespace(&name, "x").await.unwrap_err();
    assert_eq!(twice.code, ErrorCode::Conflict);
    store.create_namespace(&other, "a other").await.unwrap();
    let labels: Vec<_> = store
        .namespaces()
        .await
        .unwrap()
        .into_iter()
        .map(|n| n.label)
        .collect();
    assert_eq!(labels, ["a other", "Playground"]);
    assert_eq!(store.rename_namespace(&name, "Mine").await.unwrap().label, "Mine");
    let missing = store
        .rename_namespace(&namespace("nobody"), "x")
        .await
        .unwrap_err();
    assert_eq!(missing.code, ErrorCode::NotFound);

    let function = key("playground", "hello");
    store
        .put_function(&function, source("1"), Expect::New)
        .await
        .unwrap();
    store.add_token(&token("n", None), [1; 32]).await.unwrap();
    store
        .add_token(&token("f", Some("hello")), [2; 32])
        .await
        .unwrap();
    let place = FunctionRef {
        connection: LOCAL.into(),
        namespace: name.clone(),
        name: function.name.clone(),
    };
    store.save_draft(&place, "{").await.unwrap();
    assert_eq!(store.namespace(&name).await.unwrap().unwrap().functions, 1);
    store.delete_namespace(&name).await.unwrap();
    assert_eq!(store.namespace(&name).await.unwrap(), None);
    assert_eq!(store.function(&function).await.unwrap(), None);
    assert_eq!(store.tokens().await.unwrap(), []);
    assert_eq!(
        (store.token_with_hash("n"), store.draft(&place).await.unwrap()),
        (None, None)
    );
    assert_eq!(
        store.delete_namespace(&name).await.unwrap_err().code,
        ErrorCode::NotFound
    );

    // Nothing of it comes back with a namespace of the same name, nor with a restart.
    store.create_namespace(&name, "again").await.unwrap();
    assert!(store.functions(Some(&name)).await.unwrap().is_empty());
    drop(opened.store);
    let store = Store::open(&opened.path, clock()).await.unwrap();
    assert!(store.tokens().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_function_comes_back_as_it_was_given() {
    let opened = open().await;
    let store = &opened.store;
    store
        .create_namespace(&namespace("playground"), "P")
        .await
        .unwrap();
    let key = key("playground", "sample/hello");
    let json = |text: &str| JsonText::parse(text).unwrap();
    let given = NewFunction {
        main: Some("go".into()),
        code: CodePackage::Zip(vec![0, 159, 146, 150]),
        parameters: vec![
            NamedJson {
                key: "b".into(),
                value: json("1.10"),
            },
            NamedJson {
                key: "a".into(),
                value: json("[]"),
            },
        ],
        env: vec![("Z".into(), "ü\n".into()), ("A".into(), String::new())],
        secret_names: vec!["KEY".into()],
        annotations: vec![NamedJson {
            key: "final".into(),
            value: json("true"),
        }],
        limits: Limits {
            timeout_ms: 100,
            memory_mb: 32,
            logs_kb: 0,
            concurrency: 1,
        },
        web: WebExport::Raw,
        lost_policy: LostPolicy::Retry,
        publish: true,
        version: Some(Version(1, 2, 3)),
        ..source("")
    };
    let saved = store
        .put_function(&key, given.clone(), Expect::New)
        .await
        .unwrap();
    assert_eq!(
        (saved.version, saved.created, saved.updated),
        (Version(1, 2, 3), NOW, NOW)
    );
    assert_eq!(
        NewFunction {
            version: Some(saved.version),
            ..(*saved).clone().into()
        },
        given
    );
    drop(opened.store);
    let store = Store::open(&opened.path, clock()).await.unwrap();
    assert_eq!(store.function(&key).await.unwrap().unwrap(), saved);
    let listed = store.functions(None).await.unwrap();
    assert_eq!(
        (listed.len(), listed[0].version.as_str(), listed[0].kind.as_str()),
        (1, "1.2.3", "nodejs:20")
    );
    assert_eq!((listed[0].web, listed[0].limits), (WebExport::Raw, given.limits));
}

#[tokio::test]
async fn saves_do_not_overwrite_each_other() {
    let opened = open().await;
    let store = &opened.store;
    let key = key("playground", "hello");
    let nowhere = store
        .put_function(&key, source("1"), Expect::Any)
        .await
        .unwrap_err();
    assert_eq!(nowhere.code, ErrorCode::NotFound);
    store
        .create_namespace(&namespace("playground"), "P")
        .await
        .unwrap();
    let early = store
        .put_function(&key, source("1"), Expect::Version(Version::FIRST))
        .await
        .unwrap_err();
    assert_eq!(early.code, ErrorCode::Conflict);
    let mut events = store.events();
    let first = store.put_function(&key, source("1"), Expect::New).await.unwrap();
    assert_eq!(first.version, Version(0, 0, 1));
    assert_eq!(
        events.try_recv(),
        Ok(Event::Functions {
            connection: LOCAL.into()
        })
    );
    let twice = store
        .put_function(&key, source("2"), Expect::New)
        .await
        .unwrap_err();
    assert_eq!(
        (twice.code, twice.message.as_str()),
        (ErrorCode::Conflict, "resource already exists")
    );
    assert!(events.try_recv().is_err(), "a refused save is no change");
    let second = store
        .put_function(&key, source("2"), Expect::Version(first.version))
        .await
        .unwrap();
    assert_eq!((second.version, &second.id), (Version(0, 0, 2), &first.id));
    let stale = store
        .put_function(&key, source("3"), Expect::Version(first.version))
        .await
        .unwrap_err();
    assert_eq!(stale.message, "Concurrent modification to resource detected.");
    assert!(stale.code == ErrorCode::Conflict && stale.hint.is_some());

    // Of many savers who read the same version, one wins.
    let mut savers = tokio::task::JoinSet::new();
    for n in 0..10 {
        let (store, key) = (store.clone(), key.clone());
        savers.spawn(async move {
            store
                .put_function(&key, source(&n.to_string()), Expect::Version(Version(0, 0, 2)))
                .await
                .is_ok()
        });
    }
    assert_eq!(savers.join_all().await.into_iter().filter(|won| *won).count(), 1);
}

#[tokio::test]
async fn a_function_is_answered_from_memory_until_it_changes() {
    let opened = open().await;
    store_with_hello(&opened.store).await;
    let (store, key) = (&opened.store, key("playground", "hello"));
    let first = store.function(&key).await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&first, &store.function(&key).await.unwrap().unwrap()));
    store
        .put_function(&key, source("new"), Expect::Any)
        .await
        .unwrap();
    let second = store.function(&key).await.unwrap().unwrap();
    assert_eq!(second.code, CodePackage::Source("new".into()));
    let deleted = store.delete_function(&key).await.unwrap();
    assert_eq!(deleted, second);
    assert_eq!(store.function(&key).await.unwrap(), None);
    assert_eq!(
        store.delete_function(&key).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    let again = store.put_function(&key, source("1"), Expect::New).await.unwrap();
    assert!(again.id != first.id && again.version == Version::FIRST);
}

async fn store_with_hello(store: &Store) {
    store
        .create_namespace(&namespace("playground"), "P")
        .await
        .unwrap();
    store
        .put_function(&key("playground", "hello"), source("1"), Expect::New)
        .await
        .unwrap();
}

#[tokio::test]
async fn tokens_live_in_memory_and_on_disk() {
    let opened = open().await;
    store_with_hello(&opened.store).await;
    let store = &opened.store;
    let function = token("f", Some("hello"));
    store.add_token(&token("n", None), [1; 32]).await.unwrap();
    store
        .add_token(
            &Token {
                created: NOW + 1,
                ..function.clone()
            },
            [2; 32],
        )
        .await
        .unwrap();
    assert_eq!(
        store.add_token(&function, [3; 32]).await.unwrap_err().code,
        ErrorCode::Conflict
    );
    let nothing = token("x", Some("nobody"));
    assert_eq!(
        store.add_token(&nothing, [3; 32]).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    assert_eq!(store.token_with_hash("n").unwrap().1, [1; 32]);
    assert!(store.token_with_hash("x").is_none());
    let ids = |tokens: Vec<Token>| tokens.into_iter().map(|token| token.id).collect::<Vec<_>>();
    assert_eq!(ids(store.tokens().await.unwrap()), ["f", "n"]);

    let live = store.forget_token("n").await.unwrap_err();
    assert_eq!(live.code, ErrorCode::Conflict);
    let revoked = store.revoke_token("n").await.unwrap();
    assert_eq!(revoked.revoked, Some(NOW));
    assert!(!store.token_with_hash("n").unwrap().0.is_live(NOW));
    assert_eq!(
        store.revoke_token("nobody").await.unwrap_err().code,
        ErrorCode::NotFound
    );
    store.touch_token("f", NOW + 1);
    store.touch_token("f", NOW + 59_000); // the same minute
    store.touch_token("nobody", NOW);
    assert_eq!(store.token_with_hash("f").unwrap().0.last_used, Some(NOW + 1));
    store.touch_token("f", NOW + 60_001);
    drop(opened.store);

    let store = Store::open(&opened.path, clock()).await.unwrap();
    assert_eq!(store.token_with_hash("n").unwrap(), (revoked, [1; 32]));
    assert_eq!(
        store.token_with_hash("f").unwrap().0.last_used,
        Some(NOW + 60_001)
    );
    store.forget_token("n").await.unwrap();
    assert_eq!(
        store.forget_token("n").await.unwrap_err().code,
        ErrorCode::NotFound
    );
    store.delete_function(&key("playground", "hello")).await.unwrap();
    assert!(store.tokens().await.unwrap().is_empty());
    assert!(store.token_with_hash("f").is_none());
}

#[tokio::test]
async fn an_expired_token_can_be_forgotten() {
    let opened = open().await;
    store_with_hello(&opened.store).await;
    let expired = Token {
        expires: Some(NOW),
        ..token("n", None)
    };
    opened.store.add_token(&expired, [1; 32]).await.unwrap();
    let mut events = opened.store.events();
    opened.store.forget_token("n").await.unwrap();
    assert_eq!(events.try_recv(), Ok(Event::Tokens));
}

#[tokio::test]
async fn connections_are_kept_without_their_keys() {
    let opened = open().await;
    let store = &opened.store;
    let new = NewConnection {
        id: "0".repeat(32),
        name: "Shop".into(),
        kind: ConnectionKind::Digitalocean,
        environment: Environment::Production,
        api_host: "https://faas-lon1-0123abcd.doserverless.co".into(),
        key_hint: "wxyz".into(),
        made_key: None,
    };
    let made = store.put_connection(new.clone()).await.unwrap();
    assert_eq!(
        (made.state, made.last_sync, made.created),
        (ConnectionState::Unknown, None, NOW)
    );
    store.set_last_sync(&new.id, NOW - 1).await.unwrap();
    store.set_last_sync("gone", NOW).await.unwrap();
    let renamed = store
        .put_connection(NewConnection {
            name: "Store".into(),
            ..new.clone()
        })
        .await
        .unwrap();
    assert_eq!(
        (renamed.name.as_str(), renamed.last_sync),
        ("Store", Some(NOW - 1))
    );
    assert_eq!(store.connections().await.unwrap(), [renamed]);
    store.remove_connection(&new.id).await.unwrap();
    assert_eq!(
        store.remove_connection(&new.id).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    assert!(store.connections().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_connection_outlives_the_account_that_it_was_made_from() {
    let opened = open().await;
    let store = &opened.store;
    let account = Account {
        id: "a".repeat(32),
        name: "sammy@example.org".into(),
        base_url: "https://api.digitalocean.com".into(),
        hint: "wxyz".into(),
        token_kept: false,
        created: NOW,
    };
    store.put_account(account.clone()).await.unwrap();
    assert_eq!(store.accounts().await.unwrap(), std::slice::from_ref(&account));
    let key = MadeKey {
        account: Some(account.id.clone()),
        namespace: namespace("fn-1"),
        id: "dof_v1_1".into(),
        expires: Some(NOW + 1),
    };
    let new = NewConnection {
        id: "0".repeat(32),
        name: "Shop".into(),
        kind: ConnectionKind::Digitalocean,
        environment: Environment::Staging,
        api_host: "https://faas-lon1-0123abcd.doserverless.co".into(),
        key_hint: "1234".into(),
        made_key: Some(key.clone()),
    };
    let made = store.put_connection(new.clone()).await.unwrap();
    assert_eq!(made.account.as_deref(), Some(account.id.as_str()));
    assert_eq!((made.key_expires, made.key_renews), (Some(NOW + 1), false));

    let account = Account {
        token_kept: true,
        created: NOW + 9,
        ..account
    };
    store.put_account(account.clone()).await.unwrap();
    let kept = store.account(&account.id).await.unwrap().unwrap();
    assert_eq!((kept.token_kept, kept.created), (true, NOW));
    let renewed = MadeKey {
        id: "dof_v1_2".into(),
        expires: Some(NOW + 2),
        ..key
    };
    store
        .set_connection_key(&new.id, "5678", renewed.clone())
        .await
        .unwrap();
    let found = store.connections().await.unwrap().remove(0);
    assert_eq!(
        (found.key_id.as_deref(), found.key_hint.as_str(), found.key_renews),
        (Some("dof_v1_2"), "5678", true)
    );
    let gone = store.set_connection_key("gone", "", renewed).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);

    store.remove_account(&account.id).await.unwrap();
    let found = store.connections().await.unwrap().remove(0);
    assert_eq!(
        (found.account, found.key_expires, found.key_renews),
        (None, Some(NOW + 2), false)
    );
    let gone = store.remove_account(&account.id).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn drafts_and_settings_are_kept_as_typed() {
    let opened = open().await;
    let store = &opened.store;
    let place = |connection: &str, name: &str| FunctionRef {
        connection: connection.into(),
        namespace: namespace("playground"),
        name: name.parse().unwrap(),
    };
    store
        .save_draft(&place(LOCAL, "hello"), "{ \"half\": ")
        .await
        .unwrap();
    store.save_draft(&place("remote", "hello"), "{}").await.unwrap();
    store
        .save_draft(&place(LOCAL, "hello"), "not json ü")
        .await
        .unwrap();
    assert_eq!(
        store.draft(&place(LOCAL, "hello")).await.unwrap().as_deref(),
        Some("not json ü")
    );
    assert_eq!(
        store.draft(&place("remote", "hello")).await.unwrap().as_deref(),
        Some("{}")
    );
    assert_eq!(store.draft(&place(LOCAL, "other")).await.unwrap(), None);
    assert_eq!(store.setting("theme").await.unwrap(), None);
    store.set_setting("theme", "\"dark\"").await.unwrap();
    store.set_setting("theme", "\"light\"").await.unwrap();
    assert_eq!(
        store.setting("theme").await.unwrap().as_deref(),
        Some("\"light\"")
    );
}

#[tokio::test]
async fn saved_requests_are_a_functions_and_go_with_it() {
    let opened = open().await;
    let store = &opened.store;
    let place = |connection: &str, name: &str| FunctionRef {
        connection: connection.into(),
        namespace: namespace("playground"),
        name: name.parse().unwrap(),
    };
    let hello = place("remote", "hello");
    let save = async |at: &FunctionRef, name: &str, content: &str, replace: bool| {
        store
            .save_request(at, name, "GET /", content.into(), replace)
            .await
    };
    let one = save(&hello, "One", "1", false).await.unwrap();
    save(&hello, "a second", "2", false).await.unwrap();
    save(&place("remote", "other"), "One", "3", false).await.unwrap();
    let taken = save(&hello, "ONE", "4", false).await.unwrap_err();
    assert_eq!(taken.code, ErrorCode::Conflict);
    let replaced = save(&hello, "ONE", "4", true).await.unwrap();
    assert_eq!((&replaced.id, replaced.name.as_str()), (&one.id, "ONE"));
    let (found, content) = store.saved_request(&one.id).await.unwrap();
    assert_eq!((found, content.as_str()), (replaced, "4"));
    let names = async |at: &FunctionRef| -> Vec<String> {
        let all = store.saved_requests(at).await.unwrap();
        all.into_iter().map(|saved| saved.name).collect()
    };
    assert_eq!(names(&hello).await, ["a second", "ONE"]);

    let taken = store.rename_saved_request(&one.id, "A second").await.unwrap_err();
    assert_eq!(taken.code, ErrorCode::Conflict);
    store.rename_saved_request(&one.id, "one").await.unwrap();
    let gone = store.rename_saved_request("gone", "x").await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    store.delete_saved_request(&one.id).await.unwrap();
    let gone = store.delete_saved_request(&one.id).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    assert_eq!(names(&hello).await, ["a second"]);

    store.save_draft(&hello, "typed").await.unwrap();
    store.forget_typed(&hello).await.unwrap();
    assert_eq!(
        (names(&hello).await.len(), store.draft(&hello).await.unwrap()),
        (0, None)
    );
    assert_eq!(names(&place("remote", "other")).await, ["One"]);

    for n in 0..100 {
        save(&hello, &format!("n{n}"), "", false).await.unwrap();
    }
    let full = save(&hello, "n100", "", false).await.unwrap_err();
    assert_eq!(full.code, ErrorCode::LimitExceeded);
    assert!(
        save(&hello, "N99", "", true).await.is_ok(),
        "replacing is no addition"
    );
}
