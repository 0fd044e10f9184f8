//! Records in, records out.

use crate::common::{NOW, clock, id, namespace, open, run};
use beckon_core::{
    BodyForm, Cause, ErrorCode, Event, Exchange, JsonText, LogLine, LogStream, Mode, Status, filter::Filter,
};
use beckon_store::{Cursor, ListQuery, Store};

#[tokio::test]
async fn a_record_comes_back_as_it_was_given() {
    let opened = open().await;
    let mut given = run(1);
    given.rerun_of = Some(id(7));
    given.token_id = Some("t".into());
    given.parent = Some(id(u128::MAX));
    given.input = Some(JsonText::parse(r#"{"z":1,"a":12345678901234567890123,"n":1.10}"#).unwrap());
    given.result = Some(JsonText::parse(format!("\"{}\"", "long ".repeat(20_000))).unwrap());
    given.result_bytes = u64::MAX;
    given.logs.push(LogLine {
        at_us: 1,
        stream: LogStream::Stderr,
        text: "ü \u{0} \u{1F600}".into(),
    });
    opened.store.record(given.clone()).await.unwrap();
    let found = opened.store.activation(id(1)).await.unwrap().unwrap();
    given.summary.preview = "line of 1".into();
    given.result_bytes = i64::MAX as u64; // what the file format can hold
    assert_eq!(found, given);

    // It survives the last clone.
    drop(opened.store);
    let store = Store::open(&opened.path, clock()).await.unwrap();
    assert_eq!(store.activation(id(1)).await.unwrap().unwrap(), given);
    assert_eq!(store.activation(id(2)).await.unwrap(), None);
}

#[tokio::test]
async fn what_was_handed_over_is_seen_at_once() {
    let opened = open().await;
    let store = &opened.store;
    for number in 1..=50 {
        store.record(run(number)).await.unwrap();
        assert!(store.activation(id(number)).await.unwrap().is_some());
    }
    store.record(run(51)).await.unwrap();
    let query = ListQuery {
        namespace: namespace("playground"),
        function: None,
        since: None,
        upto: None,
        skip: 0,
        limit: 200,
    };
    assert_eq!(store.list(&query).await.unwrap().len(), 51);
    store.record(run(52)).await.unwrap();
    assert_eq!(
        store
            .page(&Filter::default(), None, 100)
            .await
            .unwrap()
            .rows
            .len(),
        52
    );
}

#[tokio::test]
async fn a_run_is_found_by_the_words_of_its_last_state() {
    let opened = open().await;
    let store = &opened.store;
    let saying = |number: u128, text: &str| {
        let mut run = run(number);
        run.logs[0].text = text.to_owned();
        run
    };
    let found = async |word: &str| {
        let filter = Filter {
            words: vec![word.to_owned()],
            ..Filter::default()
        };
        let page = store.page(&filter, None, 10).await.unwrap();
        page.rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    // All of them in one transaction, out of order, or each in its own: it is the same.
    for apart in [false, true] {
        for (number, text) in [
            (3, "apple"),
            (1, "pear"),
            (3, "quince"),
            (2, "pear"),
            (1, "quince"),
        ] {
            store.record(saying(number, text)).await.unwrap();
            if apart {
                store.flush().await.unwrap();
            }
        }
        assert_eq!(found("apple").await, []);
        assert_eq!(found("pear").await, [id(2)]);
        assert_eq!(found("quince").await, [id(1), id(3)]);
    }
    // Another start is another place in the index.
    let mut moved = saying(3, "medlar");
    moved.summary.start += 5;
    store.record(moved).await.unwrap();
    assert_eq!(found("quince").await, [id(1)]);
    assert_eq!(found("medlar").await, [id(3)]);
    while store.prune(NOW, 1).await.unwrap() > 0 {}
    assert_eq!(found("quince").await, []);
    assert_eq!(found("medlar").await, []);
}

#[tokio::test]
async fn bytes_have_no_words() {
    let opened = open().await;
    let mut forms = [BodyForm::Base64, BodyForm::Text].into_iter();
    for number in [1, 2] {
        let mut run = run(number);
        run.result = Some(JsonText::parse(r#""quincequince""#).unwrap());
        run.http = Some(Exchange {
            method: "GET".into(),
            path: "/".into(),
            query: String::new(),
            headers: Vec::new(),
            body: BodyForm::Empty,
            status: Some(200),
            response_headers: Vec::new(),
            response_body: forms.next().unwrap(),
        });
        opened.store.record(run).await.unwrap();
    }
    let filter = Filter {
        words: vec!["quincequince".into()],
        ..Filter::default()
    };
    let page = opened.store.page(&filter, None, 10).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [id(2)]);
}

#[tokio::test]
async fn the_components_of_a_run_are_found_however_fast_they_were() {
    let opened = open().await;
    let whole = run(2);
    // As a short sequence leaves them: its components are over before it is, within its first millisecond.
    let mut part = run(1);
    part.parent = Some(whole.summary.id);
    part.summary.start = whole.summary.start;
    opened.store.record(part.clone()).await.unwrap();
    opened.store.record(whole.clone()).await.unwrap();
    let found = opened.store.components(whole.summary.id).await.unwrap();
    assert_eq!(
        found.iter().map(|part| part.summary.id).collect::<Vec<_>>(),
        [part.summary.id]
    );
}

#[tokio::test]
async fn a_record_is_replaced_as_a_whole_and_a_pin_stays() {
    let opened = open().await;
    let store = &opened.store;
    let mut first = run(1);
    first.summary.status = Status::Running;
    store.record(first).await.unwrap();
    assert!(store.pin(id(1), true).await.unwrap().pinned);
    let mut second = run(1);
    second.input = None;
    second.summary.start -= 3_000; // the provider's clock
    store.record(second.clone()).await.unwrap();
    let found = store.activation(id(1)).await.unwrap().unwrap();
    assert!(found.summary.pinned);
    assert_eq!((found.input, found.summary.start), (None, second.summary.start));
    assert_eq!(store.count(&Filter::default(), 10).await.unwrap(), (1, false));
    assert!(!store.pin(id(1), false).await.unwrap().pinned);
    assert_eq!(
        store.pin(id(9), true).await.unwrap_err().code,
        ErrorCode::NotFound
    );
}

#[tokio::test]
async fn a_providers_record_does_not_erase_what_is_known() {
    let opened = open().await;
    let store = &opened.store;
    let mut ours = run(1);
    ours.summary.connection = "remote".into();
    ours.summary.status = Status::Polling;
    ours.summary.mode = Mode::NonBlocking;
    ours.summary.end = None;
    (ours.result, ours.logs) = (None, Vec::new());
    store.record(ours.clone()).await.unwrap();
    assert_eq!(store.polling().await.unwrap().len(), 1);

    let mut theirs = run(1);
    theirs.summary.connection = "remote".into();
    theirs.summary.cause = Cause::Provider;
    theirs.input = None;
    let mut events = store.events();
    store.record_all(vec![theirs.clone()]).await.unwrap();
    let found = store.activation(id(1)).await.unwrap().unwrap();
    assert_eq!(
        (found.summary.cause, found.summary.mode),
        (Cause::Panel, Mode::NonBlocking)
    );
    assert_eq!(
        (found.summary.status, &found.input),
        (Status::Success, &ours.input)
    );
    assert_eq!(found.summary.preview, "line of 1");
    assert!(store.polling().await.unwrap().is_empty());
    assert!(matches!(events.try_recv(), Ok(Event::Activations { rows }) if rows.len() == 1));

    // Read again, it adds nothing: nothing is written and nobody is told. Without its log it adds nothing either.
    let mut shorter = theirs.clone();
    shorter.logs.clear();
    store.record_all(vec![theirs, shorter]).await.unwrap();
    assert!(events.try_recv().is_err());
    assert_eq!(store.activation(id(1)).await.unwrap().unwrap(), found);
}

#[tokio::test]
async fn a_time_that_is_none_is_refused() {
    let opened = open().await;
    for start in [-1, i64::MAX, 1 << 60] {
        let mut bad = run(1);
        bad.summary.start = start;
        assert_eq!(
            opened.store.record(bad.clone()).await.unwrap_err().code,
            ErrorCode::InvalidInput
        );
        assert_eq!(
            opened.store.record_all(vec![bad]).await.unwrap_err().code,
            ErrorCode::InvalidInput
        );
    }
    assert!(
        opened
            .store
            .page(&Filter::default(), None, 10)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
}

#[tokio::test]
async fn pages_have_no_gaps_and_no_repeats_while_runs_arrive() {
    let opened = open().await;
    let store = opened.store.clone();
    // Many runs share a millisecond, and their ids are in another order than their arrival.
    let mut before: Vec<_> = (1..=400_u128).map(|n| run((n * 7919) % 401)).collect();
    for run in &mut before {
        run.summary.start = NOW - 1_000 - (run.summary.start / 1_000) % 9;
    }
    store.record_all(before.clone()).await.unwrap();
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for number in 1_000..1_300 {
                let mut new = run(number);
                new.summary.start = NOW - 1_000 + i64::try_from(number % 3).unwrap();
                store.record(new).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    for filter in [
        Filter::default(),
        Filter {
            functions: vec!["he*".into()],
            ..Filter::default()
        },
    ] {
        let (mut seen, mut after): (Vec<Cursor>, Option<Cursor>) = (Vec::new(), None);
        loop {
            let page = store.page(&filter, after, 7).await.unwrap();
            assert!(page.rows.len() == 7 || page.next.is_none());
            seen.extend(page.rows.iter().map(|row| Cursor {
                start: row.start,
                id: row.id,
            }));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert!(
            seen.windows(2)
                .all(|pair| (pair[0].start, pair[0].id) > (pair[1].start, pair[1].id))
        );
        let old = |cursor: &&Cursor| before.iter().any(|run| run.summary.id == cursor.id);
        assert_eq!(seen.iter().filter(old).count(), 400);
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn a_list_is_openwhisks() {
    let opened = open().await;
    let store = &opened.store;
    for number in 1..=20 {
        let mut run = run(number);
        match number % 4 {
            0 => run.summary.function = "sample/hello".parse().unwrap(),
            1 => run.summary.status = Status::Running,
            2 => run.summary.connection = "remote".into(),
            _ => {}
        }
        store.record(run).await.unwrap();
    }
    let all = ListQuery {
        namespace: namespace("playground"),
        function: None,
        since: None,
        upto: None,
        skip: 0,
        limit: 100,
    };
    let numbers = |runs: Vec<beckon_core::Activation>| -> Vec<u128> {
        runs.iter().map(|run| run.summary.id.as_u128()).collect()
    };
    assert_eq!(
        numbers(store.list(&all).await.unwrap()),
        [3, 4, 7, 8, 11, 12, 15, 16, 19, 20]
    );
    assert_eq!(store.list_count(&all).await.unwrap(), 10);
    let some = ListQuery {
        skip: 2,
        limit: 3,
        ..all.clone()
    };
    assert_eq!(numbers(store.list(&some).await.unwrap()), [7, 8, 11]);
    assert_eq!(store.list_count(&some).await.unwrap(), 8);
    let hello = ListQuery {
        function: Some("hello".parse().unwrap()),
        ..all.clone()
    };
    assert_eq!(numbers(store.list(&hello).await.unwrap()), [3, 7, 11, 15, 19]);
    let window = ListQuery {
        since: Some(NOW - 12_000),
        upto: Some(NOW - 7_000),
        ..all.clone()
    };
    assert_eq!(numbers(store.list(&window).await.unwrap()), [7, 8, 11, 12]);
    assert_eq!(store.list_count(&window).await.unwrap(), 4);
    let elsewhere = ListQuery {
        namespace: namespace("nobody"),
        ..all
    };
    assert_eq!(
        (
            store.list(&elsewhere).await.unwrap(),
            store.list_count(&elsewhere).await.unwrap()
        ),
        (vec![], 0)
    );
}

#[tokio::test]
async fn old_records_are_removed_in_small_steps() {
    let opened = open().await;
    let store = &opened.store;
    let mut moved = run(1); // replaced below by one that starts at another time
    moved.summary.start -= 50;
    store.record(moved).await.unwrap();
    let mut runs: Vec<_> = (1..=10).map(run).collect();
    runs[9].summary.status = Status::Polling; // waits, however old
    runs[9].summary.end = None;
    runs[8].summary.end = Some(NOW); // began early, ended late
    store.record_all(runs).await.unwrap();
    store.pin(id(8), true).await.unwrap();
    let before = NOW - 3_000;
    let mut removed = Vec::new();
    loop {
        let count = store.prune(before, 2).await.unwrap();
        if count == 0 {
            break;
        }
        removed.push(count);
    }
    assert_eq!(removed, [2, 2]); // 4 to 7
    let left: Vec<_> = store.page(&Filter::default(), None, 20).await.unwrap().rows;
    let left: Vec<_> = left.iter().map(|row| row.id.as_u128()).collect();
    assert_eq!(left, [1, 2, 3, 8, 9, 10]);
    let word = |word: &str| Filter {
        words: vec![word.into()],
        ..Filter::default()
    };
    for number in 1..=10_u128 {
        let found = store
            .page(&word(&format!("line of {number}")), None, 20)
            .await
            .unwrap()
            .rows;
        let expected =
            left.contains(&number) && !found.is_empty() || !left.contains(&number) && found.is_empty();
        assert!(expected, "{number}: {found:?}");
    }
    assert_eq!(store.count(&Filter::default(), 100).await.unwrap(), (6, false));
    drop(opened.store);

    // Nothing of them is left anywhere, the text index included.
    let db = rusqlite::Connection::open(&opened.path).unwrap();
    for (left, sql) in [
        (6, "SELECT count(*) FROM activations"),
        (6, "SELECT count(*) FROM bodies"),
        (6, "SELECT count(*) FROM words WHERE words MATCH 'line'"),
        (6, "SELECT sum(pending + success) FROM rollups WHERE span = 60000"),
        (
            6,
            "SELECT sum(pending + success) FROM rollups WHERE span = 3600000",
        ),
    ] {
        let count: i64 = db.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(count, left, "{sql}");
    }
}

#[tokio::test]
async fn listeners_hear_of_a_change_when_it_can_be_read() {
    let opened = open().await;
    let mut events = opened.store.events();
    opened.store.record(run(1)).await.unwrap();
    let Event::Activations { rows } = events.recv().await.unwrap() else {
        panic!("another event")
    };
    assert_eq!((rows.len(), rows[0].preview.as_str()), (1, "line of 1"));
    assert_eq!(
        opened.store.page(&Filter::default(), None, 5).await.unwrap().rows,
        rows
    );

    opened
        .store
        .record_all((1..=450).map(run).collect())
        .await
        .unwrap();
    let mut sizes = Vec::new();
    while let Ok(Event::Activations { rows }) = events.try_recv() {
        sizes.push(rows.len());
    }
    assert_eq!(sizes, [200, 200, 49]); // the first one is known
}

#[tokio::test]
async fn records_handed_over_for_later_are_seen_by_every_query_and_survive_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("beckon.db");
    let store = Store::open(&path, clock()).await.unwrap();
    for number in 1..=3000 {
        let record = crate::common::run(number);
        store
            .record_later(record.summary.id, 600, move || record)
            .await
            .unwrap();
    }
    let page = store.page(&Filter::default(), None, 10_000).await.unwrap();
    assert_eq!(page.rows.len(), 3000);
    for number in 3001..=6000 {
        let record = crate::common::run(number);
        store
            .record_later(record.summary.id, 600, move || record)
            .await
            .unwrap();
    }
    assert!(store.activation(crate::common::id(6000)).await.unwrap().is_some());
    for number in 6001..=6100 {
        let record = crate::common::run(number);
        store
            .record_later(record.summary.id, 600, move || record)
            .await
            .unwrap();
    }
    drop(store);
    let store = Store::open(&path, clock()).await.unwrap();
    assert_eq!(
        store
            .page(&Filter::default(), None, 10_000)
            .await
            .unwrap()
            .rows
            .len(),
        6100
    );
}
