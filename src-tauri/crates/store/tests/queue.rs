//! Accepted runs: the promise of a 202.
#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use beckon_core::{ErrorCode, LostPolicy, Mode, Status};
use beckon_store::Store;
use common::{NOW, clock, id, key, open, queued, run};

#[tokio::test]
async fn runs_are_claimed_in_order_once_and_not_for_busy_functions() {
    let opened = open().await;
    let store = &opened.store;
    for number in 1..=6_u128 {
        let function = if number % 2 == 0 { "slow" } else { "hello" };
        store
            .accept(queued(number, function), LostPolicy::Record)
            .await
            .unwrap();
    }
    assert_eq!(store.queue_depth().await.unwrap(), 6);
    let taken = store.claim(2, &[key("playground", "slow")], NOW).await.unwrap();
    let numbers: Vec<_> = taken
        .iter()
        .map(|claim| claim.activation.summary.id.as_u128())
        .collect();
    assert_eq!(numbers, [1, 3]);
    assert_eq!(
        (taken[0].attempts, taken[0].activation.summary.status),
        (0, Status::Running)
    );
    assert_eq!(taken[0].activation.timing.wait_ms, Some(1_000.0));
    assert_eq!(
        store.activation(id(1)).await.unwrap().unwrap(),
        taken[0].activation
    );
    let rest = store.claim(10, &[], NOW).await.unwrap();
    let numbers: Vec<_> = rest
        .iter()
        .map(|claim| claim.activation.summary.id.as_u128())
        .collect();
    assert_eq!(numbers, [2, 4, 5, 6]);
    assert!(store.claim(10, &[], NOW).await.unwrap().is_empty());
    assert_eq!(store.queue_depth().await.unwrap(), 0);
}

#[tokio::test]
async fn two_claimers_never_get_the_same_run() {
    let opened = open().await;
    for number in 1..=100 {
        opened
            .store
            .accept(queued(number, "hello"), LostPolicy::Record)
            .await
            .unwrap();
    }
    let mut claimers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = opened.store.clone();
        claimers.spawn(async move {
            let mut own = Vec::new();
            loop {
                let claims = store.claim(3, &[], NOW).await.unwrap();
                if claims.is_empty() {
                    return own;
                }
                own.extend(claims.into_iter().map(|claim| claim.activation.summary.id));
            }
        });
    }
    let mut all = claimers.join_all().await.concat();
    all.sort();
    assert_eq!(all, (1..=100).map(id).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_cannot_be_queued_is_refused() {
    let opened = open().await;
    let store = &opened.store;
    let over = store.accept(run(1), LostPolicy::Record).await.unwrap_err();
    assert_eq!(over.code, ErrorCode::InvalidInput);
    store
        .accept(queued(1, "hello"), LostPolicy::Record)
        .await
        .unwrap();
    let twice = store
        .accept(queued(1, "hello"), LostPolicy::Record)
        .await
        .unwrap_err();
    assert_eq!(twice.code, ErrorCode::Conflict);
    assert_eq!(store.queue_depth().await.unwrap(), 1);
}

#[tokio::test]
async fn only_a_waiting_run_can_be_cancelled() {
    let opened = open().await;
    let store = &opened.store;
    store
        .accept(queued(1, "hello"), LostPolicy::Record)
        .await
        .unwrap();
    store
        .accept(queued(2, "hello"), LostPolicy::Record)
        .await
        .unwrap();
    store.claim(1, &[], NOW).await.unwrap();
    assert!(!store.cancel_queued(id(1), NOW).await.unwrap());
    assert!(store.cancel_queued(id(2), NOW).await.unwrap());
    assert!(!store.cancel_queued(id(2), NOW).await.unwrap());
    assert!(!store.cancel_queued(id(3), NOW).await.unwrap());
    let cancelled = store.activation(id(2)).await.unwrap().unwrap();
    assert_eq!(
        (cancelled.summary.status, cancelled.summary.end),
        (Status::Cancelled, Some(NOW))
    );
    assert_eq!(
        cancelled.result.unwrap().as_str(),
        r#"{"error":"The run was cancelled before it began."}"#
    );
    assert!(store.claim(5, &[], NOW).await.unwrap().is_empty());
}

#[tokio::test]
async fn recovery_keeps_every_promise() {
    let opened = open().await;
    {
        let store = opened.store;
        for number in 1..=4 {
            let policy = if number == 2 || number == 3 {
                LostPolicy::Retry
            } else {
                LostPolicy::Record
            };
            store.accept(queued(number, "hello"), policy).await.unwrap();
        }
        store.claim(3, &[], NOW).await.unwrap(); // 1, 2 and 3 begin; 4 waits
        let mut finished = run(3); // 3 is over before the crash
        finished.summary.mode = Mode::NonBlocking;
        store.record(finished).await.unwrap();
        for (number, mode) in [(11, Mode::Blocking), (12, Mode::Promoted)] {
            let mut open = queued(number, "hello");
            open.summary.status = Status::Running;
            open.summary.mode = mode;
            store.record(open).await.unwrap();
        }
        let mut remote = queued(13, "hello");
        remote.summary.connection = "remote".into();
        remote.summary.status = Status::Polling;
        store.record(remote).await.unwrap();
        let mut waiting = queued(14, "hello"); // a blocking run that waits for a worker
        waiting.summary.mode = Mode::Blocking;
        store.record(waiting).await.unwrap();
    }
    let store = Store::open(&opened.path, clock()).await.unwrap();
    let recovery = store.recover(NOW + 5).await.unwrap();
    let mut lost = recovery.lost.clone();
    lost.sort();
    assert_eq!(recovery.requeued, [id(2), id(4)]);
    assert_eq!(lost, [1, 11, 12, 14].map(id));
    for number in [1, 11, 12] {
        let run = store.activation(id(number)).await.unwrap().unwrap();
        assert_eq!(
            (run.summary.status, run.summary.end),
            (Status::Lost, Some(NOW + 5))
        );
        let text = "Beckon stopped while this run was in progress; it is not known how far it got.";
        assert_eq!(
            run.result.unwrap().to_value(),
            serde_json::json!({ "error": text })
        );
    }
    let status = async |number| {
        store
            .activation(id(number))
            .await
            .unwrap()
            .unwrap()
            .summary
            .status
    };
    assert_eq!(status(2).await, Status::Queued);
    assert_eq!(status(3).await, Status::Success);
    assert_eq!(status(13).await, Status::Polling);
    let claims = store.claim(10, &[], NOW).await.unwrap();
    let begun: Vec<_> = claims
        .iter()
        .map(|c| (c.activation.summary.id, c.attempts))
        .collect();
    assert_eq!(begun, [(id(2), 1), (id(4), 0)]);
    drop(claims);

    // Nothing changes when there is nothing to recover, and a second crash counts again.
    let again = store.recover(NOW + 9).await.unwrap();
    assert_eq!((again.requeued, again.lost), (vec![id(2)], vec![id(4)]));
    assert_eq!(store.claim(10, &[], NOW).await.unwrap()[0].attempts, 2);
}
