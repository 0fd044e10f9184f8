//! Deliveries and inboxes on disk.

use std::collections::HashMap;

use crate::common::{NOW, clock, id, key, open, queued, run};
use beckon_core::{
    Activation, Callback, CallbackState, DeliveryFilter, DeliveryState, Destination, DestinationKind,
    ErrorCode, Event, InboxKind, LostPolicy, MatchedBy, Mode, Purpose, Status,
};
use beckon_store::{
    Arrival, AttemptEnd, Claimed, Ended, NewDelivery, NewMessage, Next, Outcome, Owner, Store,
};

fn callback(number: u128) -> Callback {
    Callback {
        url: format!("http://me:secret@127.0.0.1:{number}/done?token=abc&x=1"),
        function_name_as_called: "hello.playground".into(),
        call_id: format!("call-{number}"),
        follow_from: None,
    }
}

fn new(number: u128, target: Destination) -> NewDelivery {
    NewDelivery {
        run: id(number),
        function: key("playground", "hello"),
        purpose: Purpose::Callback,
        target,
        call_id: Some(format!("call-{number}")),
        headers: vec![
            ("X-Name".into(), "\u{c3}\u{a9}".into()),
            ("Set-Cookie".into(), "a=b".into()),
        ],
        follow: None,
        body: b"x".repeat(10_000),
        attempts: 2,
        created: NOW,
    }
}

fn http(number: u128) -> Destination {
    Destination::Http {
        url: callback(number).url,
    }
}

/// A run goes through the queue and ends, with these deliveries.
async fn finish(store: &Store, run: Activation, deliveries: Vec<NewDelivery>) {
    let mut waiting = run.clone();
    waiting.summary.status = Status::Queued;
    (waiting.summary.end, waiting.result) = (None, None);
    // Some were accepted before.
    let accepted = store.accept(waiting, LostPolicy::Record, |_| ()).await;
    assert!(accepted.is_ok() || accepted.unwrap_err().code == ErrorCode::Conflict);
    let (id, owner) = (run.summary.id, Owner::new());
    let claims = store
        .claim(vec![(id, false)], owner, NOW + 1_000_000)
        .await
        .unwrap();
    assert_eq!(claims.len(), 1);
    let make = move || (run, deliveries);
    store
        .settle(id, 0, make, owner, Ended::Over, |_| ())
        .await
        .unwrap()
        .await
        .unwrap();
}

fn over(number: u128) -> Activation {
    let mut run = run(number);
    run.summary.mode = Mode::NonBlocking;
    run
}

async fn claim(store: &Store, now: i64) -> Vec<Claimed> {
    store.claim_deliveries(now, 10, 8, HashMap::new()).await.unwrap()
}

fn end(claimed: &Claimed, next: Next) -> AttemptEnd {
    AttemptEnd {
        n: claimed.n,
        attempt: claimed.attempt,
        outcome: Outcome {
            ms: 1.5,
            status: Some(500),
            error: (next != Next::Delivered).then(|| "It answered 500.".to_owned()),
            ..Outcome::default()
        },
        next,
        log: None,
        message: None,
        followed: None,
    }
}

#[tokio::test]
async fn a_delivery_lives_from_the_end_of_its_run_to_its_own() {
    let opened = open().await;
    let store = &opened.store;
    finish(store, over(1), vec![new(1, http(1))]).await;
    let listed = store.deliveries_of(id(1)).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].state, listed[0].bytes),
        (DeliveryState::Pending, 10_000)
    );
    assert_eq!(listed[0].target, "http://***@127.0.0.1:1/done?token=***&x=1");
    assert_eq!(
        store.activation(id(1)).await.unwrap().unwrap().summary.status,
        Status::Success
    );

    let first = claim(store, NOW).await.remove(0);
    assert_eq!((first.attempt, first.allowed, first.body.len()), (1, 2, 10_000));
    assert_eq!(first.target, http(1));
    assert!(claim(store, NOW + 9).await.is_empty(), "it is being delivered");
    let busy = store.retry_delivery(&first.id, NOW).await.unwrap_err();
    assert_eq!(busy.code, ErrorCode::Conflict);
    store
        .settle_delivery(end(&first, Next::Again(NOW + 100)), NOW + 10)
        .await
        .unwrap();
    assert_eq!(store.next_delivery(NOW).await.unwrap(), Some(NOW + 100));
    assert!(claim(store, NOW + 99).await.is_empty());
    let second = claim(store, NOW + 100).await.remove(0);
    store
        .settle_delivery(end(&second, Next::GaveUp), NOW + 120)
        .await
        .unwrap();

    let shown = store.delivery(&first.id).await.unwrap().unwrap();
    assert_eq!(
        (shown.summary.state, shown.summary.ended),
        (DeliveryState::GaveUp, Some(NOW + 120))
    );
    assert_eq!(shown.summary.error.as_deref(), Some("It answered 500."));
    assert_eq!(
        shown
            .history
            .iter()
            .map(|attempt| attempt.number)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(shown.headers[0].1, "é");
    assert_eq!(shown.headers[1].1, "***");
    assert!(shown.body.text.starts_with("xxx") && !shown.body.base64);

    store.retry_delivery(&first.id, NOW + 200).await.unwrap();
    let third = claim(store, NOW + 200).await.remove(0);
    assert_eq!((third.attempt, third.allowed), (3, 3));
    store
        .settle_delivery(end(&third, Next::Delivered), NOW + 210)
        .await
        .unwrap();
    let page = store
        .deliveries(
            &DeliveryFilter {
                state: Some(DeliveryState::Delivered),
                ..Default::default()
            },
            None,
            10,
        )
        .await
        .unwrap();
    assert_eq!(page.rows.len(), 1);
    assert_eq!(
        store.retry_delivery("none", NOW).await.unwrap_err().code,
        ErrorCode::NotFound
    );
}

/// What a run's record says of its callback, and the runs that a filter finds.
async fn said(store: &Store, run: u128, text: &str) -> (Option<CallbackState>, Vec<u128>) {
    let record = store.activation(id(run)).await.unwrap().unwrap();
    let (filter, terms) = beckon_core::filter::parse(text, NOW);
    assert!(terms.iter().all(|term| term.problem.is_none()), "{text}");
    let page = store.page(&filter, None, 10).await.unwrap();
    let found = page.rows.iter().map(|row| row.id.as_u128()).collect();
    let (count, _) = store.count(&filter, 100).await.unwrap();
    assert_eq!(count as usize, page.rows.len(), "{text}");
    (record.summary.callback, found)
}

#[tokio::test]
async fn a_record_says_what_became_of_its_callback() {
    use CallbackState::{Delivered, Failed, Pending};
    let opened = open().await;
    let store = &opened.store;
    let mut record = new(2, http(2));
    record.purpose = Purpose::Success;
    finish(store, over(2), vec![record]).await;
    finish(store, over(3), vec![]).await;
    let mut events = store.events();
    finish(store, over(1), vec![new(1, http(1))]).await;
    assert_eq!(said(store, 1, "callback:pending").await, (Some(Pending), vec![1]));
    assert_eq!(
        said(store, 2, "callback:failed").await,
        (None, vec![]),
        "no callback"
    );
    assert_eq!(said(store, 3, "callback:delivered").await, (None, vec![]));

    let due = claim(store, NOW).await;
    let of = |number: u128| due.iter().find(|due| due.run == id(number)).unwrap();
    let settle = async |number: u128, next: Next| {
        store
            .settle_delivery(end(of(number), next), NOW + 1)
            .await
            .unwrap();
    };
    settle(2, Next::GaveUp).await;
    settle(1, Next::Again(NOW + 5)).await;
    assert_eq!(
        said(store, 1, "callback:pending").await.0,
        Some(Pending),
        "it goes on"
    );
    settle(1, Next::GaveUp).await;
    let wanted = (Some(Failed), vec![1]);
    for text in [
        "callback:failed",
        "callback:failed callback:delivered status:ok fn:hello",
        "callback:failed mode:async to:now",
    ] {
        assert_eq!(said(store, 1, text).await, wanted, "{text}");
    }
    assert_eq!(
        said(store, 1, &format!("id:{} callback:failed", id(1))).await,
        wanted
    );
    assert_eq!(
        said(store, 1, "callback:failed status:lost").await.1,
        Vec::<u128>::new()
    );

    // A record that is written again says so still.
    store.record_all(vec![over(1)]).await.unwrap();
    assert_eq!(said(store, 1, "callback:failed").await, wanted);
    let mut moved = over(1);
    moved.summary.start -= 5;
    store.record_all(vec![moved]).await.unwrap();
    assert_eq!(said(store, 1, "callback:failed").await, wanted);

    assert_eq!(store.retry_failed_deliveries(NOW + 9).await.unwrap(), 2);
    assert_eq!(said(store, 1, "callback:failed").await, (Some(Pending), vec![]));
    settle(1, Next::GaveUp).await;
    store.retry_delivery(&of(1).id, NOW + 10).await.unwrap();
    assert_eq!(said(store, 1, "callback:failed").await.0, Some(Pending));
    settle(1, Next::Delivered).await;
    assert_eq!(
        said(store, 1, "callback:delivered").await,
        (Some(Delivered), vec![1])
    );

    // Everybody who watches has heard of each change, in order.
    let mut heard = Vec::new();
    while let Ok(event) = events.try_recv() {
        let Event::Activations { rows } = event else {
            continue;
        };
        heard.extend(
            rows.into_iter()
                .filter(|row| row.id == id(1))
                .map(|row| row.callback),
        );
    }
    heard.dedup();
    let states = [Pending, Failed, Pending, Failed, Pending, Delivered].map(Some);
    assert_eq!(
        heard.iter().copied().filter(Option::is_some).collect::<Vec<_>>(),
        states,
        "{heard:?}"
    );
}

#[tokio::test]
async fn pages_go_on_where_they_ended() {
    let opened = open().await;
    let store = &opened.store;
    for number in 1..=5 {
        finish(store, over(number), vec![new(number, http(number))]).await;
    }
    store.flush().await.unwrap();
    let filter = DeliveryFilter {
        purpose: Some(Purpose::Callback),
        function: Some(key("playground", "hello")),
        ..DeliveryFilter::default()
    };
    let first = store.deliveries(&filter, None, 3).await.unwrap();
    let rest = store.deliveries(&filter, first.next, 3).await.unwrap();
    let runs: Vec<_> = first.rows.iter().chain(&rest.rows).map(|row| row.run).collect();
    assert_eq!(runs, [id(5), id(4), id(3), id(2), id(1)]);
    assert_eq!(rest.next, None);
    let other = DeliveryFilter {
        function: Some(key("playground", "other")),
        ..filter
    };
    assert!(store.deliveries(&other, None, 3).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn a_receiver_gets_a_few_at_a_time_and_the_others_are_not_held_up() {
    let opened = open().await;
    let store = &opened.store;
    for number in 1..=6 {
        finish(store, over(number), vec![new(number, http(1))]).await;
    }
    finish(store, over(7), vec![new(7, http(7))]).await;
    let first = store.claim_deliveries(NOW, 10, 2, HashMap::new()).await.unwrap();
    assert_eq!(
        first.iter().map(|claim| claim.run).collect::<Vec<_>>(),
        [id(1), id(2), id(7)]
    );
    assert!(
        first.iter().all(|claim| !claim.origin.contains("secret")),
        "no credentials in origins"
    );
    let busy = HashMap::from([(first[0].origin.clone(), 1)]);
    let second = store.claim_deliveries(NOW, 10, 2, busy).await.unwrap();
    assert_eq!(second.iter().map(|claim| claim.run).collect::<Vec<_>>(), [id(3)]);
}

#[tokio::test]
async fn a_crash_loses_neither_a_promise_nor_an_attempt() {
    let opened = open().await;
    let store = opened.store;
    // Accepted with a callback; and one whose attempt is cut short.
    store.owe_callback(id(1), &callback(1)).await.unwrap();
    store
        .accept(queued(1, "hello"), LostPolicy::Record, |_| ())
        .await
        .unwrap();
    store.owe_callback(id(9), &callback(9)).await.unwrap(); // died before the run was accepted
    finish(&store, over(2), vec![new(2, http(2))]).await;
    assert_eq!(claim(&store, NOW).await.len(), 1);
    store
        .claim(vec![(id(1), false)], Owner::new(), NOW + 1)
        .await
        .unwrap(); // the run begins
    drop(store);

    let store = Store::open(&opened.path, clock()).await.unwrap();
    let recovery = store.recover(None, NOW + 1).await.unwrap();
    assert_eq!(recovery.lost, [id(1)]);
    // The lost run's caller is told, in the transaction that records the loss.
    let told = &store.deliveries_of(id(1)).await.unwrap()[0];
    assert_eq!((told.purpose, told.bytes), (Purpose::Callback, 0));
    assert_eq!(store.recover_deliveries(NOW + 1).await.unwrap(), 2);
    assert!(store.owed_callbacks().await.unwrap().is_empty());
    let mut claims = claim(&store, NOW + 2).await;
    claims.sort_by_key(|claim| claim.run);
    assert_eq!(claims.len(), 2);
    let header = |name: &str| {
        let mut found = claims[0].headers.iter().filter(|(n, _)| n == name);
        found.next().map(|(_, value)| value.as_str())
    };
    assert_eq!(header("X-Function-Status"), Some("503"));
    assert_eq!(header("X-Function-Name"), Some("hello.playground"));
    assert_eq!(header("X-Call-Id"), Some("call-1"));
    assert_eq!(claims[1].attempt, 2);
    let history = store.delivery(&claims[1].id).await.unwrap().unwrap().history;
    assert!(history[0].error.as_deref().unwrap().contains("Beckon stopped"));
}

#[tokio::test]
async fn a_run_cancelled_in_the_queue_still_calls_back_and_one_with_an_answer_does_so_once() {
    let opened = open().await;
    let store = &opened.store;
    for number in [1, 2] {
        store.owe_callback(id(number), &callback(number)).await.unwrap();
        store
            .accept(queued(number, "hello"), LostPolicy::Retry, |_| ())
            .await
            .unwrap();
    }
    assert_eq!(store.owed_callbacks().await.unwrap().len(), 2);
    assert!(store.cancel_queued(id(1), NOW).await.unwrap());
    assert_eq!(store.deliveries_of(id(1)).await.unwrap().len(), 1);
    finish(store, over(2), vec![new(2, http(2))]).await;
    let only = store.deliveries_of(id(2)).await.unwrap();
    assert_eq!(only.iter().map(|row| row.bytes).collect::<Vec<_>>(), [10_000]);
    assert!(store.owed_callbacks().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_delivery_given_up_is_told_in_the_run_and_a_record_goes_into_its_inbox() {
    let opened = open().await;
    let store = &opened.store;
    let queue = Destination::Queue {
        queue: "q".into(),
        channel: Some("c".into()),
    };
    let mut record = new(1, queue.clone());
    record.purpose = Purpose::Failure;
    finish(store, over(1), vec![record, new(1, http(1))]).await;
    let claims = claim(store, NOW).await;
    let mut events = store.events();
    let mut first = end(&claims[0], Next::Delivered);
    first.message = Some(Arrival {
        kind: DestinationKind::Queue,
        name: queue.masked(),
        run: id(1),
        headers: vec![("content-type".into(), "application/json".into())],
        body: br#"{"id":1}"#.to_vec(),
        at: NOW,
    });
    store.settle_delivery(first, NOW + 1).await.unwrap();
    let mut second = end(&claims[1], Next::GaveUp);
    second.log = Some("Invocation record delivery failed".into());
    store.settle_delivery(second, NOW + 1).await.unwrap();
    let logs = store.activation(id(1)).await.unwrap().unwrap().logs;
    assert_eq!(logs.last().unwrap().text, "Invocation record delivery failed");
    let inbox = store.inboxes().await.unwrap().remove(0);
    assert_eq!(
        (inbox.kind, inbox.label.as_str(), inbox.messages),
        (InboxKind::Queue, "q/c", 1)
    );
    let arrived = store.messages_of(id(1)).await.unwrap().remove(0);
    assert_eq!(arrived.document.as_str(), r#"{"id":1}"#);
    let mut heard = Vec::new();
    while let Ok(event) = events.try_recv() {
        heard.push(event);
    }
    assert!(
        heard.contains(&Event::Deliveries) && heard.contains(&Event::Inboxes),
        "{heard:?}"
    );
    // Nobody may post to what stands for a queue.
    assert_eq!(store.receive(&inbox.id, message(&[], "")).await.unwrap(), None);
}

fn message(headers: &[(&str, &str)], body: &str) -> NewMessage {
    NewMessage {
        method: "PUT".into(),
        path: "/a/b".into(),
        query: "x=1&x=2".into(),
        headers: headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
        at: NOW,
    }
}

#[tokio::test]
async fn what_arrives_is_matched_to_its_run() {
    let opened = open().await;
    let store = &opened.store;
    for number in 1..=4 {
        store.record(over(number)).await.unwrap();
    }
    finish(store, over(5), vec![new(5, http(5))]).await;
    store.flush().await.unwrap();
    let any = store.create_inbox("mine", 204, None).await.unwrap();
    let own = store.create_inbox("", 200, Some(id(3))).await.unwrap();
    let dashed = uuid_of(&id(2).to_string());
    for (inbox, headers, expected) in [
        (
            &own,
            vec![("X-Call-Id", "call-5")],
            Some((id(3), MatchedBy::Inbox)),
        ),
        (
            &any,
            vec![("x-call-id", "call-5")],
            Some((id(5), MatchedBy::CallId)),
        ),
        (
            &any,
            vec![("X-Call-Id", dashed.as_str())],
            Some((id(2), MatchedBy::CallId)),
        ),
        (
            &any,
            vec![("X-Call-Id", "unknown"), ("X-Function-Name", "hello.playground")],
            Some((id(1), MatchedBy::FunctionName)),
        ),
        (
            &any,
            vec![("X-Function-Name", "hello")],
            Some((id(4), MatchedBy::FunctionName)),
        ),
        (&any, vec![("X-Function-Name", "hello.elsewhere")], None),
        (&any, vec![], None),
    ] {
        let answer = store.receive(&inbox.id, message(&headers, "text")).await.unwrap();
        assert_eq!(answer, Some(inbox.answer));
        let newest = store
            .inbox_messages(&inbox.id, None, 1)
            .await
            .unwrap()
            .rows
            .remove(0);
        assert_eq!(newest.run.zip(newest.matched), expected, "{headers:?}");
    }
    let headers = [("X-OpenWhisk-Activation-Id", id(1).to_string())];
    let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    store.receive(&any.id, message(&headers, "")).await.unwrap();
    let page = store.inbox_messages(&any.id, None, 1).await.unwrap();
    assert_eq!(page.rows[0].matched, Some(MatchedBy::ActivationId));
    assert!(page.next.is_some());
}

fn uuid_of(hex: &str) -> String {
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[tokio::test]
async fn an_inbox_is_bounded_hides_credentials_and_can_be_emptied() {
    let opened = open().await;
    let store = &opened.store;
    let inbox = store.create_inbox("mine", 202, None).await.unwrap();
    assert_eq!(inbox.id.len(), 32);
    for _ in 0..1005 {
        store
            .receive(
                &inbox.id,
                message(&[("Authorization", "Bearer x"), ("X-A", "1")], "{}"),
            )
            .await
            .unwrap();
    }
    let page = store.inbox_messages(&inbox.id, None, 200).await.unwrap();
    assert_eq!(
        page.rows[0].headers,
        [
            ("Authorization".to_owned(), "***".to_owned()),
            ("X-A".into(), "1".into())
        ]
    );
    assert_eq!(
        (
            page.rows[0].method.as_str(),
            page.rows[0].path.as_str(),
            page.rows[0].query.as_str()
        ),
        ("PUT", "/a/b", "x=1&x=2")
    );
    assert_eq!(store.inbox(&inbox.id).await.unwrap().unwrap().messages, 1000);
    let large = "x".repeat(1024 * 1024);
    for _ in 0..66 {
        store.receive(&inbox.id, message(&[], &large)).await.unwrap();
    }
    assert_eq!(store.inbox(&inbox.id).await.unwrap().unwrap().messages, 64);
    // One that is larger than all that is kept beside it is kept alone.
    store
        .receive(&inbox.id, message(&[], &large.repeat(65)))
        .await
        .unwrap();
    assert_eq!(store.inbox(&inbox.id).await.unwrap().unwrap().messages, 1);
    assert!(store.clear_inbox(&inbox.id).await.unwrap());
    store.change_inbox(&inbox.id, "renamed", 503).await.unwrap();
    let found = store.inbox(&inbox.id).await.unwrap().unwrap();
    assert_eq!(
        (found.messages, found.label.as_str(), found.answer),
        (0, "renamed", 503)
    );
    assert!(store.delete_inbox(&inbox.id).await.unwrap() && !store.delete_inbox(&inbox.id).await.unwrap());
    assert_eq!(store.receive(&inbox.id, message(&[], "")).await.unwrap(), None);
    assert_eq!(
        store.create_inbox("", 199, None).await.unwrap_err().code,
        ErrorCode::InvalidInput
    );
}

#[tokio::test]
async fn what_is_old_goes_unless_its_run_is_pinned() {
    let opened = open().await;
    let store = &opened.store;
    for number in [1, 2] {
        finish(store, over(number), vec![new(number, http(number))]).await;
    }
    for claimed in claim(store, NOW).await {
        store
            .settle_delivery(end(&claimed, Next::Delivered), NOW + 1)
            .await
            .unwrap();
    }
    store.pin(id(1), true).await.unwrap();
    assert_eq!(store.prune_deliveries(NOW + 1, 100).await.unwrap(), 0);
    assert_eq!(store.prune_deliveries(NOW + 2, 100).await.unwrap(), 1);
    assert_eq!(store.deliveries_of(id(1)).await.unwrap().len(), 1);
    assert!(store.deliveries_of(id(2)).await.unwrap().is_empty());
    let inbox = store.create_inbox("", 200, None).await.unwrap();
    store.receive(&inbox.id, message(&[], "")).await.unwrap();
    assert_eq!(store.prune_messages(NOW, 10).await.unwrap(), 0);
    assert_eq!(store.prune_messages(NOW + 1, 10).await.unwrap(), 1);
}
