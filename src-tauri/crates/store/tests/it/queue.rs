//! Accepted runs: the promise of a 202.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{NOW, Opened, clock, id, key, open, queued, run};
use beckon_core::{Activation, ActivationId, ErrorCode, Event, LostPolicy, Millis, Mode, Status};
use beckon_store::{Claim, DeadLetters, Ended, Owner, Store};

const UNTIL: Millis = NOW + 30_000;

async fn accept(store: &Store, numbers: impl IntoIterator<Item = u128>, policy: LostPolicy) {
    for number in numbers {
        store.accept(queued(number, "hello"), policy, drop).await.unwrap();
    }
}

async fn claim(
    store: &Store,
    numbers: impl IntoIterator<Item = u128>,
    owner: Owner,
    until: Millis,
) -> Vec<Claim> {
    let wanted = numbers.into_iter().map(|number| (id(number), true)).collect();
    store.claim(wanted, owner, until).await.unwrap()
}

async fn record(store: &Store, number: u128) -> Activation {
    store.activation(id(number)).await.unwrap().unwrap()
}

async fn waiting(store: &Store) -> Vec<(u128, u64)> {
    let rows = store.waiting_after(0, NOW).await.unwrap();
    rows.iter().map(|row| (row.id.as_u128(), row.due_in_ms)).collect()
}

async fn settle(
    store: &Store,
    record: Activation,
    owner: Owner,
    ended: Ended,
    done: impl FnOnce(bool) + Send + 'static,
) -> beckon_core::Result<()> {
    let written = store
        .settle(
            record.summary.id,
            1000,
            || (record, Vec::new()),
            owner,
            ended,
            done,
        )
        .await?;
    written.await
}

/// The record of a queued run that failed.
fn failed(number: u128) -> Activation {
    let mut run = run(number);
    run.summary.mode = Mode::NonBlocking;
    run.summary.status = Status::ApplicationError;
    run
}

#[tokio::test]
async fn a_lease_is_given_once_and_only_for_what_waits() {
    let Opened {
        store,
        path: _,
        directory: _directory,
    } = open().await;
    accept(&store, 1..=3, LostPolicy::Record).await;
    assert_eq!(store.queue_depth().await.unwrap(), 3);
    let (one, two) = (Owner::new(), Owner::new());
    let claims = claim(&store, [2, 1, 9], one, UNTIL).await;
    let numbers: Vec<_> = claims.iter().map(|claim| claim.id.as_u128()).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!((claims[0].attempts, claims[0].forgiven), (0, 0));
    assert_eq!(**claims[1].activation.as_ref().unwrap(), record(&store, 1).await);
    let rest = store
        .claim(vec![(id(1), false), (id(3), false)], two, UNTIL)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!((rest[0].id, &rest[0].activation), (id(3), &None));
    assert_eq!(store.queue_depth().await.unwrap(), 0);

    // Given back unused, by its holder only.
    store.release(vec![id(1), id(2), id(3)], one).await.unwrap();
    assert_eq!(waiting(&store).await, [(1, 0), (2, 0)]);
}

#[tokio::test]
async fn two_engines_never_get_the_same_run() {
    let opened = open().await;
    accept(&opened.store, 1..=100, LostPolicy::Record).await;
    let mut claimers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = opened.store.clone();
        claimers.spawn(async move {
            let owner = Owner::new();
            let mut own = Vec::new();
            for first in (1..=100_u128).step_by(3) {
                own.extend(
                    claim(&store, first..first + 3, owner, UNTIL)
                        .await
                        .into_iter()
                        .map(|c| c.id),
                );
            }
            own
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
    let over = store.accept(run(1), LostPolicy::Record, drop).await.unwrap_err();
    assert_eq!(over.code, ErrorCode::InvalidInput);
    accept(store, [1], LostPolicy::Record).await;
    let before = record(store, 1).await;
    let mut other = queued(1, "other");
    other.summary.start -= 7;
    let twice = store.accept(other, LostPolicy::Record, drop).await.unwrap_err();
    assert_eq!(twice.code, ErrorCode::Conflict);
    assert_eq!(
        (store.queue_depth().await.unwrap(), record(store, 1).await),
        (1, before)
    );
}

#[tokio::test]
async fn only_a_waiting_run_can_be_cancelled() {
    let opened = open().await;
    let store = &opened.store;
    accept(store, 1..=2, LostPolicy::Record).await;
    claim(store, [1], Owner::new(), UNTIL).await;
    assert!(!store.cancel_queued(id(1), NOW).await.unwrap());
    assert!(store.cancel_queued(id(2), NOW).await.unwrap());
    assert!(!store.cancel_queued(id(2), NOW).await.unwrap());
    assert!(!store.cancel_queued(id(3), NOW).await.unwrap());
    let cancelled = record(store, 2).await;
    assert_eq!(
        (cancelled.summary.status, cancelled.summary.end),
        (Status::Cancelled, Some(NOW))
    );
    assert_eq!(
        cancelled.result.unwrap().as_str(),
        r#"{"error":"The run was cancelled before it began."}"#
    );
    assert!(waiting(store).await.is_empty());
}

#[tokio::test]
async fn a_queue_is_cleared_with_a_record_for_each() {
    let opened = open().await;
    let store = &opened.store;
    accept(store, 1..=1200, LostPolicy::Record).await;
    store
        .accept(queued(2000, "other"), LostPolicy::Record, drop)
        .await
        .unwrap();
    claim(store, [1], Owner::new(), UNTIL).await;
    let cleared = store.clear_queue(&key("playground", "hello"), NOW).await.unwrap();
    assert_eq!(cleared.len(), 1199);
    assert_eq!(record(store, 1200).await.summary.status, Status::Cancelled);
    assert_eq!(record(store, 1).await.summary.status, Status::Queued);
    assert_eq!(waiting(store).await, [(2000, 0)]);
}

#[tokio::test]
async fn only_the_holder_of_the_lease_ends_a_run() {
    let opened = open().await;
    let store = &opened.store;
    accept(store, 1..=2, LostPolicy::Record).await;
    let (holder, other) = (Owner::new(), Owner::new());
    claim(store, [1, 2], holder, UNTIL).await;
    let done = Arc::new(AtomicBool::new(false));
    let flag = done.clone();
    settle(store, failed(1), other, Ended::Over, |ours| assert!(!ours))
        .await
        .unwrap();
    let kept = store.requeue(queued(2, "hello"), other, 5, NOW).await.unwrap();
    assert_eq!(
        (record(store, 1).await.summary.status, kept),
        (Status::Queued, None)
    );
    settle(store, failed(1), holder, Ended::Over, move |ours| {
        assert!(ours);
        flag.store(true, Ordering::Release);
    })
    .await
    .unwrap();
    assert_eq!(record(store, 1).await.summary.status, Status::ApplicationError);
    assert!(done.load(Ordering::Acquire), "told after the commit");
    assert!(
        store
            .requeue(queued(2, "hello"), holder, 5, NOW)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(waiting(store).await, [(2, 5)]);
}

#[tokio::test]
async fn a_wait_survives_and_a_changed_clock_does_not_stretch_it() {
    let opened = open().await;
    let store = &opened.store;
    accept(store, 1..=2, LostPolicy::Record).await;
    let owner = Owner::new();
    let seq = store.waiting_after(0, NOW).await.unwrap()[0].seq;
    claim(store, [1], owner, UNTIL).await;
    let mut again = queued(1, "hello");
    again.attempts = 1;
    assert_eq!(store.requeue(again, owner, 10_000, NOW).await.unwrap(), Some(seq));
    let due = async |now| store.waiting_after(0, now).await.unwrap()[0].due_in_ms;
    assert_eq!(due(NOW + 4_000).await, 6_000);
    assert_eq!(due(NOW + 11_000).await, 0);
    // The clock went back a year: not longer than it was to be.
    assert_eq!(due(NOW - 31_536_000_000).await, 10_000);
    assert_eq!(store.waiting_after(seq, NOW).await.unwrap().len(), 1);
    let second = claim(store, [1], owner, UNTIL).await;
    assert_eq!(
        (
            second[0].attempts,
            second[0].activation.as_ref().unwrap().attempts
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn a_lease_that_nobody_renews_runs_out() {
    let opened = open().await;
    let store = &opened.store;
    accept(store, [1, 2], LostPolicy::Record).await;
    accept(store, [3, 4], LostPolicy::Retry).await;
    let (gone, here) = (Owner::new(), Owner::new());
    claim(store, [1, 3], gone, UNTIL).await;
    claim(store, [2, 4], here, UNTIL).await;
    let quiet = store
        .renew(vec![id(2), id(4)], here, NOW + 10_000, UNTIL + 10_000)
        .await
        .unwrap();
    assert!(quiet.requeued.is_empty() && quiet.lost.is_empty());
    let found = store
        .renew(vec![id(2), id(4)], here, UNTIL + 1, UNTIL + 40_000)
        .await
        .unwrap();
    assert_eq!((found.requeued, found.lost), (vec![id(3)], vec![id(1)]));
    assert_eq!(record(store, 1).await.summary.status, Status::Lost);
    assert_eq!(claim(store, [3], here, UNTIL).await[0].attempts, 1);
    // A lease from a future that will not come for long: the clock went back.
    let found = store
        .renew(vec![], here, NOW - 90_000_000, NOW - 89_970_000)
        .await
        .unwrap();
    assert_eq!((found.requeued, found.lost), (vec![id(3), id(4)], vec![id(2)]));
}

#[tokio::test]
async fn dead_letters_are_listed_retried_and_dismissed() {
    let opened = open().await;
    let store = &opened.store;
    accept(store, 1..=5, LostPolicy::Retry).await;
    let owner = Owner::new();
    claim(store, 1..=5, owner, UNTIL).await;
    for number in 1..=5 {
        let mut record = failed(number);
        record.attempts = 3;
        let dead = Ended::Dead {
            at: NOW,
            policy: LostPolicy::Retry,
        };
        settle(store, record, owner, dead, |_| ()).await.unwrap();
    }
    let hello = key("playground", "hello");
    let page = store.dead_letters(None, None, 2).await.unwrap();
    let numbers: Vec<_> = page.rows.iter().map(|row| row.run.id.as_u128()).collect();
    assert_eq!((numbers, page.next), (vec![1, 2], Some(id(2))));
    assert_eq!((page.rows[0].attempts, page.rows[0].at), (3, NOW));
    let rest = store.dead_letters(Some(&hello), page.next, 10).await.unwrap();
    assert_eq!((rest.rows.len(), rest.next), (3, None));
    assert!(
        store
            .dead_letters(Some(&key("playground", "none")), None, 9)
            .await
            .unwrap()
            .rows
            .is_empty()
    );

    let mut events = store.events();
    let back = store
        .retry_dead_letters(DeadLetters::One(id(2)), i64::MAX)
        .await
        .unwrap();
    assert_eq!(
        (back.len(), back[0].waiting.id, &back[0].waiting.function),
        (1, id(2), &hello)
    );
    let mut heard = Vec::new();
    while let Ok(event) = events.try_recv() {
        heard.push(event);
    }
    assert!(heard.contains(&Event::Queues), "{heard:?}");
    let again = record(store, 2).await;
    assert_eq!(
        (again.summary.status, again.summary.end, again.result),
        (Status::Queued, None, None)
    );
    let claimed = claim(store, [2], owner, UNTIL).await;
    assert_eq!((claimed[0].attempts, claimed[0].forgiven), (3, 3));

    assert_eq!(
        store.dismiss_dead_letters(DeadLetters::One(id(3))).await.unwrap(),
        1
    );
    assert_eq!(record(store, 3).await.summary.status, Status::ApplicationError);
    assert_eq!(
        store
            .retry_dead_letters(DeadLetters::One(id(3)), i64::MAX)
            .await
            .unwrap(),
        vec![]
    );
    assert_eq!(
        store
            .retry_dead_letters(DeadLetters::Of(hello.clone()), i64::MAX)
            .await
            .unwrap()
            .len(),
        3
    );
    assert!(store.dead_letters(None, None, 9).await.unwrap().rows.is_empty());

    // A record that goes takes its dead letter along.
    claim(store, [1], owner, UNTIL).await;
    let dead = Ended::Dead {
        at: NOW,
        policy: LostPolicy::Record,
    };
    settle(store, failed(1), owner, dead, |_| ()).await.unwrap();
    assert_eq!(store.dead_letters(None, None, 9).await.unwrap().rows.len(), 1);
    assert_eq!(store.prune(NOW + 1, 100).await.unwrap(), 2);
    assert!(store.dead_letters(None, None, 9).await.unwrap().rows.is_empty());
    assert_eq!(
        store.dismiss_dead_letters(DeadLetters::Of(hello)).await.unwrap(),
        0
    );
}

#[tokio::test]
async fn queues_are_listed_and_paused() {
    let opened = open().await;
    let store = &opened.store;
    accept(store, 1..=4, LostPolicy::Record).await;
    let owner = Owner::new();
    claim(store, [1, 4], owner, UNTIL).await;
    store
        .requeue(queued(4, "hello"), owner, 60_000, NOW)
        .await
        .unwrap();
    let (hello, idle) = (key("playground", "hello"), key("playground", "idle"));
    store.pause_queue(&idle, NOW).await.unwrap();
    store.pause_queue(&idle, NOW + 5).await.unwrap();
    let queues = store.queues(NOW).await.unwrap();
    assert_eq!(queues.len(), 2);
    let state = &queues[0];
    assert_eq!(
        (state.waiting, state.delayed, state.running, state.dead),
        (2, 1, 1, 0)
    );
    assert_eq!(
        (state.oldest, state.next_attempt),
        (Some(NOW - 2_000), Some(NOW + 60_000))
    );
    assert_eq!((&state.function, state.paused), (&hello, None));
    assert_eq!((&queues[1].function, queues[1].paused), (&idle, Some(NOW)));
    assert_eq!(store.paused_queues().await.unwrap(), std::slice::from_ref(&idle));
    store.resume_queue(&idle).await.unwrap();
    assert!(store.paused_queues().await.unwrap().is_empty());
    assert_eq!(store.queues(NOW).await.unwrap().len(), 1);
}

#[tokio::test]
async fn recovery_keeps_every_promise() {
    let opened = open().await;
    {
        let store = opened.store;
        for number in 1..=6 {
            let policy = if matches!(number, 2 | 3 | 6) {
                LostPolicy::Retry
            } else {
                LostPolicy::Record
            };
            store.accept(queued(number, "hello"), policy, drop).await.unwrap();
        }
        claim(&store, [1, 2, 3, 5, 6], Owner::new(), UNTIL).await; // 1 to 3 begin; 4 waits; 5 and 6 are only leased
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
    let begun: HashSet<ActivationId> = [1, 2, 3].map(id).into();
    let recovery = store.recover(Some(begun), NOW + 5).await.unwrap();
    let mut lost = recovery.lost.clone();
    lost.sort();
    assert_eq!(recovery.requeued, [id(2), id(5), id(6)]);
    assert_eq!(lost, [1, 11, 12, 14].map(id));
    for number in [1, 11, 12] {
        let run = record(&store, number).await;
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
    for (number, status) in [(2, Status::Queued), (3, Status::Success), (13, Status::Polling)] {
        assert_eq!(record(&store, number).await.summary.status, status);
    }
    assert_eq!(waiting(&store).await, [(2, 0), (4, 0), (5, 0), (6, 0)]);
    let claims = claim(&store, [2, 4, 5, 6], Owner::new(), UNTIL).await;
    let begun: Vec<_> = claims.iter().map(|c| (c.id, c.attempts)).collect();
    assert_eq!(begun, [(id(2), 1), (id(4), 0), (id(5), 0), (id(6), 0)]);

    // When nobody knows what had begun, all of it may have; and a second crash counts again.
    let again = store.recover(None, NOW + 9).await.unwrap();
    assert_eq!(
        (again.requeued, again.lost),
        (vec![id(2), id(6)], vec![id(4), id(5)])
    );
    assert_eq!(claim(&store, [2], Owner::new(), UNTIL).await[0].attempts, 2);
}
