//! The file: what is promised of it when processes die, and what is refused.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{NOW, clock, fresh, id, open, queued, run};
use beckon_core::{ActivationId, ErrorCode, Event, LostPolicy, Status, filter::Filter};
use beckon_store::{Owner, Store};
use futures::join_all;

/// Waits for all of them together on one task, so that all are handed over before the first is answered.
mod futures {
    pub(crate) async fn join_all<F: Future>(all: impl IntoIterator<Item = F>) -> Vec<F::Output> {
        let mut all: Vec<_> = all.into_iter().map(|one| (Box::pin(one), None)).collect();
        std::future::poll_fn(|context| {
            for (one, outcome) in all.iter_mut().filter(|(_, outcome)| outcome.is_none()) {
                if let std::task::Poll::Ready(value) = one.as_mut().poll(context) {
                    *outcome = Some(value);
                }
            }
            if all.iter().all(|(_, outcome)| outcome.is_some()) {
                return std::task::Poll::Ready(());
            }
            std::task::Poll::Pending
        })
        .await;
        all.into_iter().map(|(_, outcome)| outcome.unwrap()).collect()
    }
}

const DATABASE: &str = "BECKON_STORE_TEST_DATABASE";

/// Most runs are logged before they are in the database, and some are not.
fn named(number: u128) -> ActivationId {
    if number.is_multiple_of(5) {
        id(number)
    } else {
        fresh(number)
    }
}

/// Not a test of its own: the process that [`accepted_runs_survive_kill_9`] kills.
#[tokio::test]
#[ignore = "started by another test"]
async fn child_that_accepts_runs() {
    let Ok(path) = std::env::var(DATABASE) else { return };
    let store = Store::open(Path::new(&path), clock()).await.unwrap();
    for first in (1..).step_by(10) {
        let accepts = (first..first + 10).map(|number| {
            let store = store.clone();
            async move {
                let mut run = queued(number, "hello");
                run.summary.id = named(number);
                store.accept(run, LostPolicy::Retry, drop).await.unwrap();
                println!("accepted {}", named(number).as_u128());
            }
        });
        join_all(accepts).await;
        if first % 3 == 0 {
            let wanted = (first..first + 4).map(|number| (named(number), false)).collect();
            for claim in store.claim(wanted, Owner::new(), NOW + 30_000).await.unwrap() {
                println!("claimed {}", claim.id.as_u128());
            }
        }
        std::io::stdout().flush().unwrap();
    }
}

#[tokio::test]
async fn accepted_runs_survive_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("beckon.db");
    for round in 0..2 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "file::child_that_accepts_runs",
                "--ignored",
                "--nocapture",
            ])
            .env(DATABASE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut accepted, mut claimed) = (Vec::new(), Vec::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            // The harness prints the test's name on the line of the first word.
            let line = line.unwrap();
            let words: Vec<_> = line.split_whitespace().rev().take(2).collect();
            match words.as_slice() {
                [number, "accepted"] => accepted.push(number.parse::<u128>().unwrap()),
                [number, "claimed"] => claimed.push(number.parse::<u128>().unwrap()),
                _ => {}
            }
            if accepted.len() >= 200 {
                break;
            }
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        assert!(
            accepted.len() >= 200 && !claimed.is_empty(),
            "round {round}: {} accepted",
            accepted.len()
        );

        let store = Store::open(&path, clock()).await.unwrap();
        for number in &accepted {
            let run = store.activation(id(*number)).await.unwrap();
            let status = run.expect("an accepted run is missing").summary.status;
            assert_eq!(status, Status::Queued);
        }
        let recovery = store.recover(None, NOW).await.unwrap();
        assert!(recovery.lost.is_empty());
        assert!(
            claimed
                .iter()
                .all(|number| recovery.requeued.contains(&id(*number))),
            "a claim is durable too"
        );
        let waiting: Vec<_> = store
            .waiting_after(0, NOW)
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.id)
            .collect();
        assert!(accepted.iter().all(|number| waiting.contains(&id(*number))));
        // The next round begins with an empty journal.
        for id in waiting {
            assert!(store.cancel_queued(id, NOW).await.unwrap());
        }
        while store.prune(NOW + 1, 100).await.unwrap() > 0 {}
    }
}

#[tokio::test]
async fn commits_are_shared_and_a_bad_write_spoils_no_other() {
    let opened = open().await;
    let mut events = opened.store.events();
    let accepts = (0..300).map(|number| {
        let number = if number % 10 == 9 { number - 9 } else { number }; // every tenth is there already
        opened
            .store
            .accept(queued(number + 1, "hello"), LostPolicy::Record, drop)
    });
    let outcomes = join_all(accepts).await;
    for (number, outcome) in outcomes.iter().enumerate() {
        let expected = if number % 10 == 9 {
            Err(ErrorCode::Conflict)
        } else {
            Ok(())
        };
        assert_eq!(outcome.clone().map_err(|e| e.code), expected, "{number}");
    }
    assert_eq!(opened.store.queue_depth().await.unwrap(), 270);
    let (mut commits, mut rows) = (0, 0);
    while let Ok(event) = events.try_recv() {
        let Event::Activations { rows: changed } = event else {
            panic!("another event")
        };
        commits += 1;
        rows += changed.len();
    }
    assert_eq!(rows, 270);
    assert!(commits < 30, "{commits} commits for 300 writes");
}

#[tokio::test]
async fn the_last_clone_finishes_what_was_handed_over() {
    let opened = open().await;
    for number in 1..=500 {
        opened.store.record(run(number)).await.unwrap();
    }
    drop(opened.store);
    let store = Store::open(&opened.path, clock()).await.unwrap();
    assert_eq!(store.count(&Filter::default(), 1000).await.unwrap(), (500, false));
}

/// Every file of a directory but SQLite's shared memory, which readers may touch.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let named = entries.map(|entry| {
        (
            entry.file_name().into_string().unwrap(),
            std::fs::read(entry.path()).unwrap(),
        )
    });
    named.filter(|(name, _)| !name.ends_with("-shm")).collect()
}

async fn refused(path: &Path) -> beckon_core::Error {
    let before = files(path.parent().unwrap());
    let error = Store::open(path, clock()).await.unwrap_err();
    assert_eq!(files(path.parent().unwrap()), before, "the file was touched");
    assert_eq!(error.code, ErrorCode::Internal);
    assert!(
        error.hint.is_some() && error.details.as_ref().unwrap().contains("beckon.db"),
        "{error:?}"
    );
    error
}

#[tokio::test]
async fn files_of_others_are_refused_untouched() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("beckon.db");
    for foreign in [
        "a letter to nobody",
        "SQLite format 3\0 but short",
        &"x".repeat(5_000),
    ] {
        std::fs::write(&path, foreign).unwrap();
        assert!(refused(&path).await.message.contains("not a Beckon database"));
    }
    std::fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("PRAGMA application_id = 7; CREATE TABLE theirs (x)")
        .unwrap();
    drop(other);
    assert!(refused(&path).await.message.contains("not a Beckon database"));
}

#[tokio::test]
async fn a_newer_database_is_refused_untouched() {
    let opened = open().await;
    opened.store.record(run(1)).await.unwrap();
    drop(opened.store);
    let newer = rusqlite::Connection::open(&opened.path).unwrap();
    newer.execute_batch("PRAGMA user_version = 99").unwrap();

    // While the new version is only in the log beside the file…
    let crashed = tempfile::tempdir().unwrap();
    for (name, bytes) in files(opened.directory.path()) {
        std::fs::write(crashed.path().join(name), bytes).unwrap();
    }
    assert!(files(crashed.path()).len() > 1, "there is no log");
    let error = refused(&crashed.path().join("beckon.db")).await;
    assert!(error.message.contains("newer Beckon (schema 99"), "{error:?}");

    // …and when it has reached the file.
    drop(newer);
    assert_eq!(files(opened.directory.path()).len(), 1);
    assert!(
        refused(&opened.path)
            .await
            .message
            .contains("newer Beckon (schema 99")
    );
}

#[tokio::test]
async fn a_damaged_database_is_called_so() {
    let opened = open().await;
    opened
        .store
        .record_all((1..=200).map(run).collect())
        .await
        .unwrap();
    drop(opened.store);
    let whole = std::fs::read(&opened.path).unwrap();
    // The header is right and everything behind it is noise.
    let mut noise: Vec<u8> = whole
        .iter()
        .enumerate()
        .map(|(at, _)| (at * 31 % 251) as u8)
        .collect();
    noise[..100].copy_from_slice(&whole[..100]);
    std::fs::write(&opened.path, noise).unwrap();
    let error = Store::open(&opened.path, clock()).await.unwrap_err();
    assert_eq!(error.message, "Beckon's database is damaged.");
    assert!(error.hint.is_some());

    // Only the later half is: it opens, and says so when it gets there.
    let mut half = whole.clone();
    let middle = half.len() / 2;
    half[middle..].fill(0xA5);
    std::fs::write(&opened.path, half).unwrap();
    let mut damaged = false;
    if let Ok(store) = Store::open(&opened.path, clock()).await {
        for number in 1..=200 {
            if let Err(error) = store.activation(id(number)).await {
                assert_eq!(error.code, ErrorCode::Internal);
                damaged |= error.message == "Beckon's database is damaged.";
            }
        }
    } else {
        damaged = true;
    }
    assert!(damaged);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let opened = open().await;
    opened.store.record_all(vec![run(1)]).await.unwrap();
    for entry in std::fs::read_dir(opened.directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{:?}",
            entry.path()
        );
    }
}
