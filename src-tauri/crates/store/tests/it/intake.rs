//! Accepted runs that are on disk before they are in the database.

use std::path::Path;

use crate::common::{NOW, Opened, clock, fresh, id, key, open, queued};
use beckon_core::{Activation, ActivationId, LostPolicy, filter::Filter};
use beckon_store::{Owner, Store};

fn accepted(number: u128) -> Activation {
    let mut run = queued(number, "hello");
    run.summary.id = fresh(number);
    run
}

async fn accept(store: &Store, run: Activation) {
    let call = Some(format!("call-{}", run.summary.id));
    let accepted = store.accept_called(run, LostPolicy::Retry, call, drop).await;
    accepted.unwrap();
}

/// The runs that wait, in the order of arrival.
async fn waiting(store: &Store) -> Vec<ActivationId> {
    let rows = store.waiting_after(0, NOW).await.unwrap();
    let hello = key("playground", "hello");
    assert!(rows.iter().all(|row| row.function == hello));
    rows.into_iter().map(|row| row.id).collect()
}

/// Another program that writes to the database: nothing gets into it until this is dropped.
struct Busy {
    _db: rusqlite::Connection,
}

impl Busy {
    fn new(path: &Path) -> Self {
        let db = rusqlite::Connection::open(path).unwrap();
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self { _db: db }
    }
}

/// What a crash would leave now.
fn crashed(opened: &Opened) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(opened.directory.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

async fn reopened(copy: &tempfile::TempDir) -> Store {
    let path = copy.path().join("beckon.db");
    Store::open(&path, clock()).await.unwrap()
}

#[tokio::test]
async fn what_was_accepted_outlives_a_crash_before_it_is_in_the_database() {
    let opened = open().await;
    let store = &opened.store;
    accept(store, accepted(9)).await;
    assert_eq!(waiting(store).await, [fresh(9)]);
    let busy = Busy::new(&opened.path);
    for number in [3, 1, 2] {
        accept(store, accepted(number)).await;
    }
    let copy = crashed(&opened);
    drop(busy);
    let all = [9, 3, 1, 2].map(fresh);
    assert_eq!(waiting(store).await, all);

    for _ in 0..2 {
        let store = reopened(&copy).await;
        let run = store.activation(fresh(1)).await.unwrap().unwrap();
        assert_eq!(run, store_of(&opened).await);
        assert_eq!(waiting(&store).await, all);
        let called = store.accepted_as(&format!("call-{}", fresh(2))).await.unwrap();
        assert_eq!(called, [fresh(2)]);
        assert_eq!(store.count(&Filter::default(), 99).await.unwrap().0, 4);
        drop(store);
        assert!(!copy.path().join("beckon.db-accepted").exists());
    }

    // Those that come later come behind them.
    let store = reopened(&copy).await;
    accept(&store, accepted(4)).await;
    store
        .accept(queued(5, "hello"), LostPolicy::Retry, drop)
        .await
        .unwrap();
    let order = [fresh(9), fresh(3), fresh(1), fresh(2), fresh(4), id(5)];
    assert_eq!(waiting(&store).await, order);
}

async fn store_of(opened: &Opened) -> Activation {
    opened.store.activation(fresh(1)).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_was_removed_does_not_come_back() {
    let opened = open().await;
    let store = &opened.store;
    for number in 1..=3 {
        accept(store, accepted(number)).await;
        assert!(store.cancel_queued(fresh(number), NOW).await.unwrap());
    }
    assert_eq!(store.prune(NOW + 1, 100).await.unwrap(), 3);
    let copy = crashed(&opened);
    let log = std::fs::read(copy.path().join("beckon.db-accepted")).unwrap();
    assert!(log.iter().any(|byte| *byte != 0), "the file still has them");
    let store = reopened(&copy).await;
    assert!(waiting(&store).await.is_empty());
    assert_eq!(store.count(&Filter::default(), 99).await.unwrap().0, 0);
}

#[tokio::test]
async fn an_entry_that_is_not_whole_takes_no_other_along() {
    let opened = open().await;
    let busy = Busy::new(&opened.path);
    for number in 1..=3 {
        accept(&opened.store, accepted(number)).await;
    }
    let copy = crashed(&opened);
    drop(busy);
    let path = copy.path().join("beckon.db-accepted");
    let mut log = std::fs::read(&path).unwrap();
    let last = log.iter().rposition(|byte| *byte != 0).unwrap();
    log[last] ^= 1;
    std::fs::write(&path, log).unwrap();
    assert_eq!(waiting(&reopened(&copy).await).await, [fresh(1), fresh(2)]);
}

#[tokio::test]
async fn whoever_takes_a_lease_finds_what_is_logged() {
    let opened = open().await;
    let (store, owner) = (&opened.store, Owner::new());
    for number in 1..=50 {
        accept(store, accepted(number)).await;
        let claims = store
            .claim(vec![(fresh(number), true)], owner, NOW + 30_000)
            .await
            .unwrap();
        assert_eq!(claims.len(), 1, "run {number}");
        let record = claims[0].activation.as_ref().unwrap();
        assert_eq!(**record, accepted(number));
    }
}

#[tokio::test]
async fn the_file_does_not_grow_for_ever() {
    let opened = open().await;
    let store = &opened.store;
    // Too large for the file, and just not.
    for (number, length) in [(500, 300_000), (501, 200_000)] {
        let mut run = accepted(number);
        run.input = Some(beckon_core::JsonText::parse(format!("\"{}\"", "y".repeat(length))).unwrap());
        accept(store, run).await;
    }
    for number in 1..=120 {
        let mut run = accepted(number);
        let input = format!("\"{number} {}\"", "x".repeat(60_000));
        run.input = Some(beckon_core::JsonText::parse(input).unwrap());
        accept(store, run).await;
    }
    let log = opened.directory.path().join("beckon.db-accepted");
    let length = std::fs::metadata(&log).unwrap().len();
    assert!(length > 4 << 20 && length < 6 << 20, "{length}");
    let busy = Busy::new(&opened.path);
    accept(store, accepted(400)).await;
    let copy = crashed(&opened);
    drop(busy);
    let numbers = [500, 501].into_iter().chain(1..=120).chain([400]);
    let all: Vec<_> = numbers.map(fresh).collect();
    assert_eq!(waiting(store).await, all);
    assert_eq!(waiting(&reopened(&copy).await).await, all);
}

#[tokio::test]
async fn two_programs_that_have_the_database_open_lose_nothing() {
    let opened = open().await;
    let other = Store::open(&opened.path, clock()).await.unwrap();
    for number in 1..=20 {
        let (mine, theirs) = (accepted(number), accepted(number + 100));
        let busy = Busy::new(&opened.path);
        accept(&opened.store, mine).await;
        let theirs = tokio::spawn({
            let other = other.clone();
            async move { accept(&other, theirs).await }
        });
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        drop(busy);
        theirs.await.unwrap();
    }
    let mut found = waiting(&opened.store).await;
    found.sort();
    let mut all: Vec<_> = (1..=20).chain(101..=120).map(fresh).collect();
    all.sort();
    assert_eq!(found, all);
    drop((other, opened.store));
    let copy = Store::open(&opened.path, clock()).await.unwrap();
    assert_eq!(waiting(&copy).await.len(), 40);
}
