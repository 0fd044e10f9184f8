//! What triggers leave at brokers is remembered as long as it is of use.

use beckon_core::{CredentialKind, Subscription, TopicTrigger};
use beckon_store::{SpacesTrigger, Store};

use crate::common::{NOW, Opened, namespace, open};

const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

fn mqtt(topics: &[&str], qos: u8) -> Subscription {
    Subscription::Mqtt {
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        qos,
    }
}

fn queue(queue: &str, exchange: Option<&str>, topics: &[&str]) -> Subscription {
    Subscription::Rabbitmq {
        queue: Some(queue.to_owned()),
        exchange: exchange.map(str::to_owned),
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
    }
}

/// A store with a space.
async fn opened() -> Opened {
    let opened = open().await;
    let space = namespace("playground");
    opened.store.create_namespace(&space, "").await.unwrap();
    opened
}

async fn put(store: &Store, server: &str, subscription: Subscription, credential: CredentialKind) {
    let trigger = SpacesTrigger {
        id: ID.to_owned(),
        document: "{}".to_owned(),
        listener: Some(TopicTrigger {
            server: server.to_owned(),
            subscription,
            credential,
            callback_url: None,
        }),
    };
    let space = namespace("playground");
    store.put_spaces_trigger(&space, trigger).await.unwrap();
}

/// The servers of what is left whole, and how much is left of former subscriptions at `a`.
async fn left(store: &Store) -> (Vec<String>, usize) {
    let whole = store.leftovers().await.unwrap();
    let part = store.leftovers_at(ID, "a").await.unwrap();
    (whole.into_iter().map(|left| left.server).collect(), part.len())
}

#[tokio::test]
async fn what_is_left_depends_on_what_comes_next() {
    use CredentialKind::{None as Nobody, Password};
    let nothing = (Vec::new(), 0);
    let whole = (vec!["a".to_owned()], 0);
    let part = (Vec::new(), 1);
    for (old, credential, server, new, wanted) in [
        (mqtt(&["x"], 1), Nobody, "a", mqtt(&["y"], 1), &part),
        (mqtt(&["x"], 1), Password, "a", mqtt(&["y"], 1), &part),
        (mqtt(&["x"], 1), Nobody, "a", mqtt(&["y", "x"], 2), &nothing),
        // The next connection begins without the session that there was.
        (mqtt(&["x"], 1), Password, "a", mqtt(&["x"], 0), &part),
        (mqtt(&["x"], 0), Nobody, "b", mqtt(&["x"], 1), &nothing),
        (mqtt(&["x"], 2), Nobody, "b", mqtt(&["x"], 2), &whole),
        // The credential is the other server's by now.
        (mqtt(&["x"], 2), Password, "b", mqtt(&["x"], 2), &nothing),
        (
            queue("q", Some("e"), &["k"]),
            Password,
            "a",
            queue("q", Some("e"), &["l"]),
            &part,
        ),
        (
            queue("q", Some("e"), &["k"]),
            Nobody,
            "a",
            queue("q", None, &[]),
            &part,
        ),
        (
            queue("q", Some("e"), &["k"]),
            Nobody,
            "a",
            queue("r", Some("e"), &["k"]),
            &nothing,
        ),
        (
            queue("q", None, &[]),
            Nobody,
            "a",
            queue("q", Some("e"), &["k"]),
            &nothing,
        ),
    ] {
        let opened = opened().await;
        let store = &opened.store;
        put(store, "a", old.clone(), credential).await;
        assert_eq!(left(store).await, nothing);
        put(store, server, new.clone(), credential).await;
        assert_eq!(&left(store).await, wanted, "{old:?}, then {new:?}");
    }
}

#[tokio::test]
async fn a_session_that_is_used_again_is_not_ended_and_one_that_is_deleted_is() {
    let opened = opened().await;
    let store = &opened.store;
    let free = CredentialKind::None;
    put(store, "a", mqtt(&["x"], 1), free).await;
    put(store, "b", mqtt(&["x"], 1), free).await;
    assert_eq!(left(store).await.0, ["a"]);
    put(store, "a", mqtt(&["y"], 1), free).await;
    assert_eq!(left(store).await, (vec!["b".to_owned()], 1));
    // With the session goes what was left in it.
    store
        .delete_spaces_trigger(&namespace("playground"), ID)
        .await
        .unwrap();
    assert_eq!(left(store).await, (vec!["b".to_owned(), "a".to_owned()], 0));
    let all = store.leftovers().await.unwrap();
    assert!(all.iter().all(|left| left.gone && left.since == NOW), "{all:?}");
    store
        .drop_leftovers(all.iter().map(|left| left.n).collect())
        .await
        .unwrap();
    assert_eq!(left(store).await, (Vec::new(), 0));
}

#[tokio::test]
async fn a_session_of_former_days_is_ended_with_its_trigger_and_bindings_are_forgotten() {
    let space = namespace("playground");
    let login = CredentialKind::Password;
    let mine = opened().await;
    put(&mine.store, "a", mqtt(&["x"], 1), login).await;
    put(&mine.store, "a", mqtt(&["x"], 0), login).await;
    assert_eq!(left(&mine.store).await, (Vec::new(), 1));
    mine.store.delete_spaces_trigger(&space, ID).await.unwrap();
    assert_eq!(left(&mine.store).await, (vec!["a".to_owned()], 0));
    let all = mine.store.leftovers().await.unwrap();
    assert!(
        all.iter().all(beckon_store::Leftover::needs_credential),
        "{all:?}"
    );

    let other = opened().await;
    put(&other.store, "a", queue("q", Some("e"), &["k"]), login).await;
    put(&other.store, "a", queue("q", Some("e"), &["l"]), login).await;
    assert_eq!(left(&other.store).await, (Vec::new(), 1));
    other.store.delete_spaces_trigger(&space, ID).await.unwrap();
    assert_eq!(left(&other.store).await, (Vec::new(), 0));
}

#[tokio::test]
async fn nobody_fills_the_disk_by_changing_triggers() {
    let opened = opened().await;
    let store = &opened.store;
    for n in 0..1_010 {
        put(store, "a", mqtt(&[&n.to_string()], 1), CredentialKind::None).await;
    }
    let all = store.leftovers_at(ID, "a").await.unwrap();
    assert_eq!(all.len(), 1_000);
    assert_eq!(all[999].subscription, mqtt(&["1008"], 1));
}
