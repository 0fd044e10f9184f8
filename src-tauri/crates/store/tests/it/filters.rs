//! Every term of the filter, against a plain reading of what it means.

use crate::common::{NOW, id, open, run};
use beckon_core::filter::{self, Filter};
use beckon_core::{Activation, JsonText, Millis, Mode, Status};
use beckon_store::{Bucket, Store};
use proptest::prelude::*;

/// Runs that differ in everything that a filter can ask for.
fn runs(count: u128) -> Vec<Activation> {
    (1..=count)
        .map(|number| {
            let mut run = run(number);
            let pick = |of: u128| ((number * 2_654_435_761) >> 7) % of;
            let names = [
                "hello",
                "hello-python",
                "hello-shell",
                "sample/resize",
                "sample/hello",
            ];
            let summary = &mut run.summary;
            summary.start = NOW - i64::try_from(number * 97_003 % 30_000_000).unwrap();
            summary.function = names[usize::try_from(pick(5)).unwrap()].parse().unwrap();
            summary.namespace =
                crate::common::namespace(["playground", "shop"][usize::try_from(number % 2).unwrap()]);
            summary.connection = if number % 5 == 0 {
                "remote".into()
            } else {
                "local".into()
            };
            summary.status = Status::ALL[usize::try_from(number % 10).unwrap()];
            summary.mode =
                [Mode::Blocking, Mode::NonBlocking, Mode::Promoted][usize::try_from(number % 3).unwrap()];
            summary.version = format!("0.0.{}", pick(3));
            summary.duration_ms = (number % 7 > 0).then(|| i64::try_from(pick(1000)).unwrap());
            summary.cold = [Some(true), Some(false), None][usize::try_from(pick(3)).unwrap()];
            summary.pinned = number % 11 == 0;
            run.logs[0].text = format!(
                "line of {number}, fizz{}",
                if number % 3 == 0 { " buzzing" } else { "" }
            );
            run.result = Some(JsonText::parse(format!("{{\"cost\":\"{}\\nEUR\"}}", number % 4)).unwrap());
            run
        })
        .collect()
}

/// What a filter means, row by row; words aside.
fn matches(filter: &Filter, run: &Activation) -> bool {
    let s = &run.summary;
    let any =
        |list: &[String], fits: &dyn Fn(&str) -> bool| list.is_empty() || list.iter().any(|item| fits(item));
    let function = |wanted: &str| match wanted.strip_suffix('*') {
        Some(start) => s.function.as_str().starts_with(start),
        None => s.function.as_str() == wanted,
    };
    any(&filter.functions, &function)
        && any(&filter.namespaces, &|n| s.namespace.as_str() == n)
        && any(&filter.connections, &|c| s.connection == c)
        && any(&filter.versions, &|v| s.version == v)
        && (filter.statuses.is_empty() || filter.statuses.contains(&s.status))
        && (filter.modes.is_empty() || filter.modes.contains(&s.mode))
        && filter.from.is_none_or(|from| s.start >= from)
        && filter.to.is_none_or(|to| s.start <= to)
        && filter
            .longer_than
            .is_none_or(|ms| s.duration_ms.is_some_and(|d| d > ms))
        && filter
            .shorter_than
            .is_none_or(|ms| s.duration_ms.is_some_and(|d| d < ms))
        && filter.cold.is_none_or(|cold| s.cold == Some(cold))
        && filter.pinned.is_none_or(|pinned| s.pinned == pinned)
        && (filter.callbacks.is_empty() || s.callback.is_some_and(|state| filter.callbacks.contains(&state)))
        && filter.id.is_none_or(|id| s.id == id)
}

async fn ids(store: &Store, filter: &Filter) -> Vec<u128> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.page(filter, after, 64).await.unwrap();
        ids.extend(page.rows.iter().map(|row| row.id.as_u128()));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

fn expected(filter: &Filter, runs: &[Activation], words: impl Fn(u128) -> bool) -> Vec<u128> {
    let mut found: Vec<_> = runs.iter().filter(|run| matches(filter, run)).collect();
    found.sort_by_key(|run| std::cmp::Reverse((run.summary.start, run.summary.id)));
    found
        .into_iter()
        .map(|run| run.summary.id.as_u128())
        .filter(|number| words(*number))
        .collect()
}

#[tokio::test]
async fn each_term_finds_what_it_says() {
    let opened = open().await;
    let runs = runs(3_000);
    opened.store.record_all(runs.clone()).await.unwrap();
    let one = id(77).to_string();
    let texts = [
        "",
        "fn:hello",
        "fn:sample/hello",
        "fn:hello*",
        "fn:sample/*",
        "fn:*",
        "fn:nobody",
        "fn:hello fn:sample/resize",
        "ns:shop",
        "conn:remote",
        "conn:remote ns:shop fn:hello",
        "status:error",
        "status:ok",
        "status:lost",
        "status:pending ns:playground",
        "status:ok status:lost fn:hello",
        "fn:hello* status:timeout",
        "mode:async",
        "mode:sync",
        "mode:promoted status:ok",
        "from:-1h",
        "from:-2h to:-1h",
        "to:-8h status:error fn:hello",
        "from:-1h to:-2h",
        "dur:>990",
        "dur:<10ms fn:hello",
        "dur:>400ms dur:<410ms cold:true",
        "dur:>5 status:ok",
        "cold:true",
        "cold:false pinned:true",
        "pinned:true",
        "pinned:false status:lost",
        "version:0.0.2",
        "version:9.9.9",
        "version:0.0.1 version:0.0.2 mode:promoted",
        &format!("id:{one}"),
        &format!("id:{one} status:lost"),
        &format!("id:{one} line"),
    ];
    for text in texts {
        let (filter, terms) = filter::parse(text, NOW);
        assert!(terms.iter().all(|term| term.problem.is_none()), "{text}");
        let expected = expected(&filter, &runs, |_| true);
        assert_eq!(ids(&opened.store, &filter).await, expected, "{text}");
        let count = u32::try_from(expected.len()).unwrap();
        assert_eq!(
            opened.store.count(&filter, 10_000).await.unwrap(),
            (count, false),
            "{text}"
        );
        assert_eq!(
            opened.store.count(&filter, 5).await.unwrap(),
            (count.min(5), count >= 5),
            "{text}"
        );
    }
}

#[tokio::test]
async fn words_are_found_in_logs_results_and_input() {
    let opened = open().await;
    let runs = runs(900);
    opened.store.record_all(runs.clone()).await.unwrap();
    let buzz = |number: u128| number.is_multiple_of(3);
    let cases: &[(&str, &dyn Fn(u128) -> bool)] = &[
        ("buzzing", &buzz),
        ("buzz", &buzz),             // the beginning of a word
        ("BUZZ", &buzz),             // in any case
        ("uzz", &|_| false),         // not its middle
        ("bu", &|_| false),          // too short to be a beginning
        ("-buzzing", &|n| !buzz(n)), // only an exclusion
        ("-buzz", &|_| true),        // which takes whole words
        ("fizz -buzzing", &|n| !buzz(n)),
        ("\"fizz buzzing\"", &buzz),
        ("\"buzzing fizz\"", &|_| false),
        ("fizz buzzing", &buzz),
        ("EUR", &|_| true), // behind an escape in the result's JSON
        ("\"3 eur\"", &|n| n % 4 == 3),
        ("number", &|_| true), // a key of the input
        ("fizz nowhere", &|_| false),
        ("!!! fizz", &|_| true), // nothing to look for in the first
        ("fn:hello buzz status:error", &buzz),
        ("fn:hello -buzzing", &|n| !buzz(n)),
        ("pinned:true buzz -nothing", &buzz),
        ("all", &|_| false), // the word that is in every row is not the user's to find
        ("every:all", &|_| true),
    ];
    for (text, holds) in cases {
        let (filter, _) = filter::parse(text, NOW);
        let expected = expected(&filter, &runs, holds);
        assert_eq!(ids(&opened.store, &filter).await, expected, "{text}");
        let count = u32::try_from(expected.len()).unwrap();
        assert_eq!(
            opened.store.count(&filter, 10_000).await.unwrap(),
            (count, false),
            "{text}"
        );
        let bars = opened.store.histogram(&filter, 50).await.unwrap();
        assert_eq!(bars.buckets.iter().map(total).sum::<u32>(), count, "{text}");
    }
}

fn total(bar: &Bucket) -> u32 {
    bar.success + bar.application_error + bar.developer_error + bar.system_error + bar.pending
}

#[tokio::test]
async fn too_many_words_are_refused() {
    let opened = open().await;
    let filter = Filter {
        words: vec!["x".into(); 65],
        ..Filter::default()
    };
    let error = opened.store.page(&filter, None, 5).await.unwrap_err();
    assert_eq!(error.code, beckon_core::ErrorCode::InvalidInput);
}

/// What the bars must be.
fn bars(filter: &Filter, runs: &[Activation], from: Millis, step: Millis, count: usize) -> Vec<Bucket> {
    let mut bars = vec![Bucket::default(); count];
    for run in runs
        .iter()
        .filter(|run| matches(filter, run) && run.summary.start <= filter.to.unwrap_or(NOW))
    {
        let bar = &mut bars[usize::try_from((run.summary.start - from) / step).unwrap()];
        use beckon_core::StatusGroup::{ApplicationError, DeveloperError, Pending, Success, SystemError};
        *match run.summary.status.group() {
            Pending => &mut bar.pending,
            Success => &mut bar.success,
            ApplicationError => &mut bar.application_error,
            DeveloperError => &mut bar.developer_error,
            SystemError => &mut bar.system_error,
        } += 1;
    }
    bars
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Rolled up or scanned, after inserts, changes and removals: the bars are the same.
    #[test]
    fn bars_count_every_run_once(
        count in 50_u128..300,
        changes in prop::collection::vec((1_u128..300, 0_usize..10, 0_i64..30_000_000), 0..60),
        prune in 0_i64..30_000_000,
        ranges in prop::collection::vec((0_i64..40_000_000, 0_i64..40_000_000, 1_u32..200), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let opened = open().await;
            let store = &opened.store;
            let mut runs = runs(count);
            store.record_all(runs.clone()).await.unwrap();
            for (number, status, ago) in changes {
                if let Some(run) = runs.iter_mut().find(|run| run.summary.id == id(number)) {
                    run.summary.status = Status::ALL[status];
                    run.summary.start = NOW - ago;
                    store.record(run.clone()).await.unwrap();
                }
            }
            while store.prune(NOW - prune, 20).await.unwrap() > 0 {}
            runs.retain(|run| {
                let s = &run.summary;
                s.pinned || !s.status.is_final() || s.end.is_none_or(|end| end >= NOW - prune)
            });
            for (from, to, buckets) in ranges {
                for text in ["", "fn:hello*", "ns:shop status:error", "status:ok conn:local", "status:lost", "mode:async"] {
                    for (from, to) in [(None, None), (Some(NOW - from), Some(NOW - to)), (Some(NOW - from), None)] {
                        let (mut filter, _) = filter::parse(text, NOW);
                        (filter.from, filter.to) = (from, to);
                        let found = store.histogram(&filter, buckets).await.unwrap();
                        prop_assert!(found.buckets.len() <= buckets as usize);
                        if !found.buckets.is_empty() {
                            prop_assert_eq!(found.from + found.step * found.buckets.len() as i64, found.to);
                        }
                        let expected = bars(&filter, &runs, found.from, found.step, found.buckets.len());
                        prop_assert_eq!(&found.buckets, &expected, "{} {:?}", text, filter);
                        let sum = expected.iter().map(total).sum::<u32>();
                        filter.to = filter.to.or(Some(NOW));
                        prop_assert_eq!(store.count(&filter, 100_000).await.unwrap(), (sum, false));
                    }
                }
            }
            Ok(())
        })?;
    }

    /// Whatever a person types is looked for, and never an error of the query language.
    #[test]
    fn any_text_can_be_looked_for(texts in prop::collection::vec((".{0,24}", any::<bool>()), 40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let opened = open().await;
            let known: Vec<_> = texts.iter().zip(1..).map(|((text, _), number)| {
                let mut run = run(number);
                run.logs[0].text = format!("before {text} after");
                run
            }).collect();
            opened.store.record_all(known).await.unwrap();
            for ((text, excluded), number) in texts.iter().zip(1_u128..) {
                let mut filter = Filter::default();
                if *excluded { filter.not_words.push(text.clone()) } else { filter.words.push(text.clone()) }
                let found = ids(&opened.store, &filter).await;
                // Letters that FTS5's tables do not know, and marks on their own, are nothing that it can find.
                let plain = text.chars().any(|c| c.is_ascii_alphanumeric());
                if !excluded && (plain || !text.chars().any(char::is_alphanumeric)) {
                    prop_assert!(found.contains(&number), "{:?} is not found", text);
                } else if *excluded && plain {
                    prop_assert!(!found.contains(&number), "{:?} is not excluded", text);
                }
            }
            for hostile in ["\"", "a\" OR \"b", "logs : x", "NEAR(a b)", "^a", "a*", "a + b", "'; DROP TABLE words;--", "\0", "a\0b"] {
                let filter = Filter { words: vec![hostile.into()], not_words: vec![hostile.into()], ..Filter::default() };
                ids(&opened.store, &filter).await;
            }
            Ok(())
        })?;
    }
}
