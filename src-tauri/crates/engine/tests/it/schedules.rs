//! Schedules: every time once, whatever the clock and the engine do in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::support::{Rig, Secrets, function, key, result, wait_for};
use beckon_core::{
    ActivationId, Cause, Clock, ErrorCode, Firing, FiringOutcome, JsonText, LostPolicy, Millis, MissedPolicy,
    NewSchedule, Schedule, ScheduleState, Status,
};
use beckon_engine::{Engine, EngineConfig};
use beckon_store::{Expect, Store};
use tempfile::TempDir;

const SECOND: Millis = 1000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
/// 2026-03-28T12:00:00Z: the day before daylight saving time begins in Europe.
const NOON: Millis = 1_774_699_200_000;

/// An engine whose time is in the test's hand.
struct Timed {
    rig: Rig,
    now: Arc<AtomicI64>,
}

impl Timed {
    async fn new() -> Self {
        let timed = Self::open(Arc::new(tempfile::tempdir().unwrap()), NOON, |_| {}).await;
        timed
            .rig
            .store
            .create_namespace(&"test".parse().unwrap(), "Test")
            .await
            .unwrap();
        timed.rig.shell("f", "echo \"$@\"").await;
        timed
    }

    async fn open(data: Arc<TempDir>, now: Millis, change: impl FnOnce(&mut EngineConfig)) -> Self {
        let now = Arc::new(AtomicI64::new(now));
        let own = now.clone();
        let clock = Clock::from_fn(move || own.load(Ordering::SeqCst));
        let store = Store::open(&data.path().join("beckon.db"), clock.clone())
            .await
            .unwrap();
        let mut config = EngineConfig::new(data.path().to_owned());
        change(&mut config);
        let engine = Engine::start(config, store.clone(), Arc::new(Secrets::default()), clock)
            .await
            .unwrap();
        Self {
            rig: Rig { engine, store, data },
            now,
        }
    }

    /// Stops it, and starts it again on the same data at another time.
    async fn restart(self, now: Millis) -> Self {
        let data = self.rig.data.clone();
        self.rig.stop().await;
        drop(self);
        Self::open(data, now, |_| {}).await
    }

    fn set(&self, now: Millis) {
        self.now.store(now, Ordering::SeqCst);
    }

    async fn schedule(&self, expression: &str, missed: MissedPolicy) -> Schedule {
        self.rig
            .engine
            .put_schedule(None, new(expression, missed))
            .await
            .unwrap()
    }

    async fn look(&self, id: &str) -> Schedule {
        self.rig.engine.schedule(id).await.unwrap()
    }

    /// The history, oldest first.
    async fn history(&self, id: &str) -> Vec<Firing> {
        let mut history = self.rig.engine.schedule_history(id, 200).await.unwrap();
        history.reverse();
        history
    }

    /// Waits until everything up to `until` was dealt with.
    async fn handled(&self, id: &str, until: Millis) {
        wait_for(async || self.look(id).await.handled_until == until).await;
    }

    /// The due times that became runs, in minutes after noon, and whether they were late.
    async fn fired(&self, id: &str) -> Vec<(Millis, bool)> {
        let mut fired = Vec::new();
        for firing in self.history(id).await {
            if let FiringOutcome::Accepted { activation, late } = firing.outcome {
                let record = self.rig.ended(activation).await;
                assert_eq!(
                    (record.summary.cause, record.summary.status),
                    (Cause::Schedule, Status::Success)
                );
                fired.push(((firing.due.unwrap() - NOON) / MINUTE, late));
            }
        }
        fired
    }
}

fn new(expression: &str, missed: MissedPolicy) -> NewSchedule {
    NewSchedule {
        name: String::new(),
        function: key("f"),
        expression: expression.into(),
        zone: String::new(),
        arguments: JsonText::parse(r#"{"n":1.50}"#).unwrap(),
        missed,
        enabled: true,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_fires_at_its_time_with_its_arguments_and_once() {
    let timed = Timed::new().await;
    timed.rig.node("f", "function main(args) { return args }").await;
    let made = timed.schedule("*/5 * * * *", MissedPolicy::Skip).await;
    assert_eq!(
        (made.name.as_str(), made.zone.as_str(), made.next),
        ("f", "UTC", Some(NOON + 5 * MINUTE))
    );
    timed.set(NOON + 5 * MINUTE - 1);
    // Nothing happens before its time, however long one looks.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(timed.history(&made.id).await, []);

    timed.set(NOON + 5 * MINUTE + 3);
    timed.handled(&made.id, NOON + 5 * MINUTE).await;
    assert_eq!(timed.fired(&made.id).await, [(5, false)]);
    let seen = timed.look(&made.id).await;
    let run = timed.rig.ended(seen.last_run.unwrap()).await;
    assert_eq!(run.input.as_ref().unwrap().as_str(), r#"{"n":1.50}"#);
    assert_eq!(result(&run), r#"{"n":1.5}"#);
    assert_eq!(
        (seen.runs, seen.last_due, seen.next, seen.last_error),
        (1, Some(NOON + 5 * MINUTE), Some(NOON + 10 * MINUTE), None)
    );
    timed.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_sleep_missed_is_treated_as_its_policy_says() {
    let timed = Timed::new().await;
    let mut made = Vec::new();
    for policy in [MissedPolicy::Skip, MissedPolicy::Once, MissedPolicy::All] {
        made.push(timed.schedule("0 * * * *", policy).await.id);
    }
    // Four hours later: the first three are missed, the fourth is just due.
    let now = NOON + 4 * HOUR + 10 * SECOND;
    timed.set(now);
    for id in &made {
        timed.handled(id, NOON + 4 * HOUR).await;
    }
    assert_eq!(timed.fired(&made[0]).await, [(240, false)]);
    assert_eq!(timed.fired(&made[1]).await, [(180, true), (240, false)]);
    assert_eq!(
        timed.fired(&made[2]).await,
        [(60, true), (120, true), (180, true), (240, false)]
    );
    for (id, made_up) in made.iter().zip([0, 1, 3]) {
        let first = timed.history(id).await.remove(0);
        let outcome = FiringOutcome::Missed {
            since: NOON + HOUR,
            count: 3,
            made_up,
        };
        assert_eq!(
            first,
            Firing {
                at: now,
                due: Some(NOON + 3 * HOUR),
                outcome
            }
        );
    }
    timed.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_due_while_it_was_stopped_is_made_up_for() {
    let timed = Timed::new().await;
    let skip = timed.schedule("30 * * * *", MissedPolicy::Skip).await.id;
    let once = timed.schedule("30 * * * *", MissedPolicy::Once).await.id;
    let timed = timed.restart(NOON + 3 * HOUR).await;
    for id in [&skip, &once] {
        timed.handled(id, NOON + 150 * MINUTE).await;
    }
    assert_eq!(timed.fired(&skip).await, []);
    assert_eq!(timed.fired(&once).await, [(150, true)]);
    // And goes on.
    timed.set(NOON + 210 * MINUTE);
    timed.handled(&skip, NOON + 210 * MINUTE).await;
    assert_eq!(timed.fired(&skip).await, [(210, false)]);
    timed.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn daylight_saving_neither_loses_nor_repeats_a_time() {
    let timed = Timed::new().await;
    let mut daily = new("30 2 * * *", MissedPolicy::All);
    daily.zone = "Europe/Berlin".into();
    let id = timed.rig.engine.put_schedule(None, daily).await.unwrap().id;
    // 02:30 is not on the clock of March 29th: it fires at 03:00 summer time (01:00 UTC), once.
    let spring = NOON + 13 * HOUR;
    for now in [spring - SECOND, spring, spring + 30 * MINUTE, spring + HOUR] {
        timed.set(now);
        if now >= spring {
            timed.handled(&id, spring).await;
        }
    }
    assert_eq!(timed.fired(&id).await, [(13 * 60, false)]);
    assert_eq!(timed.look(&id).await.next, Some(spring + 23 * HOUR + 30 * MINUTE));
    timed.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_neither_stops_it_nor_fires_a_time_twice() {
    let timed = Timed::new().await;
    let id = timed.schedule("* * * * *", MissedPolicy::Skip).await.id;
    // The clock was an hour ahead.
    timed.set(NOON + HOUR);
    timed.handled(&id, NOON + HOUR).await;
    assert_eq!(timed.fired(&id).await, [(60, false)]);
    timed.set(NOON + 58 * MINUTE);
    timed.handled(&id, NOON + 58 * MINUTE).await;
    assert!(
        timed
            .history(&id)
            .await
            .iter()
            .any(|line| line.outcome == FiringOutcome::ClockSetBack { by: 2 * MINUTE })
    );
    for minute in 59..=61 {
        timed.set(NOON + minute * MINUTE);
        timed.handled(&id, NOON + minute * MINUTE).await;
    }
    let mut runs: Vec<ActivationId> = Vec::new();
    for line in timed.history(&id).await {
        if let FiringOutcome::Accepted { activation, .. } = line.outcome {
            runs.push(activation);
        }
    }
    // The line of 13:00 is there twice, its run is one.
    assert_eq!(runs.len(), 4);
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 3);
    timed.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_keeps_the_history_and_what_it_had_missed_is_not_made_up_for() {
    let timed = Timed::new().await;
    let id = timed.schedule("0 * * * *", MissedPolicy::All).await.id;
    timed.set(NOON + HOUR);
    timed.handled(&id, NOON + HOUR).await;
    let edit = async |enabled, expression: &str| {
        let edited = NewSchedule {
            name: " nightly ".into(),
            enabled,
            ..new(expression, MissedPolicy::All)
        };
        timed.rig.engine.put_schedule(Some(&id), edited).await.unwrap()
    };
    let off = edit(false, "0 * * * *").await;
    assert_eq!(
        (off.name.as_str(), off.state, off.next),
        ("nightly", ScheduleState::Disabled, None)
    );
    timed.set(NOON + 5 * HOUR + MINUTE);
    let on = edit(true, "0 * * * *").await;
    assert_eq!(
        (on.state, on.next),
        (ScheduleState::Active, Some(NOON + 6 * HOUR))
    );
    let half = edit(true, "30 * * * *").await;
    assert_eq!(
        (half.next, half.runs, half.created),
        (Some(NOON + 330 * MINUTE), 1, off.created)
    );
    timed.set(NOON + 330 * MINUTE);
    timed.handled(&id, NOON + 330 * MINUTE).await;
    assert_eq!(timed.fired(&id).await, [(60, false), (330, false)]);

    timed.rig.engine.delete_schedule(&id).await.unwrap();
    assert_eq!(
        timed.rig.engine.schedule(&id).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    assert_eq!(
        timed.rig.engine.delete_schedule(&id).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    timed.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_function_leaves_an_orphan_that_says_so() {
    let timed = Timed::new().await;
    let id = timed.schedule("0 * * * *", MissedPolicy::Skip).await.id;
    timed.rig.engine.delete_function(&key("f")).await.unwrap();
    let orphan = timed.look(&id).await;
    assert_eq!((orphan.state, orphan.next), (ScheduleState::Orphaned, None));
    timed.set(NOON + HOUR);
    timed.handled(&id, NOON + HOUR).await;
    let error = timed.look(&id).await.last_error.unwrap();
    assert_eq!(
        (error.at, error.message.as_str()),
        (NOON + HOUR, "There is no function /test/f.")
    );
    assert!(matches!(
        &timed.history(&id).await[..],
        [Firing {
            outcome: FiringOutcome::Refused { .. },
            ..
        }]
    ));
    assert_eq!(
        timed.rig.engine.run_schedule(&id).await.unwrap_err().code,
        ErrorCode::NotFound
    );

    timed.rig.shell("f", "echo '{}'").await;
    timed.set(NOON + 2 * HOUR);
    timed.handled(&id, NOON + 2 * HOUR).await;
    let back = timed.look(&id).await;
    assert_eq!(
        (back.state, back.last_error, back.runs),
        (ScheduleState::Active, None, 1)
    );
    timed.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_by_hand_is_beside_the_times() {
    let timed = Timed::new().await;
    let off = NewSchedule {
        enabled: false,
        ..new("0 * * * *", MissedPolicy::Skip)
    };
    let id = timed.rig.engine.put_schedule(None, off).await.unwrap().id;
    let run = timed.rig.engine.run_schedule(&id).await.unwrap();
    assert_eq!(timed.rig.ended(run).await.summary.cause, Cause::Schedule);
    let seen = timed.look(&id).await;
    assert_eq!((seen.runs, seen.last_run, seen.last_due), (1, Some(run), None));
    assert_eq!(timed.history(&id).await[0].due, None);
    timed.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_schedule_is_refused() {
    let timed = Timed::new().await;
    let put = async |change: fn(&mut NewSchedule)| {
        let mut new = new("0 * * * *", MissedPolicy::Skip);
        change(&mut new);
        timed.rig.engine.put_schedule(None, new).await.unwrap_err().code
    };
    assert_eq!(
        put(|new| new.expression = "0 0 0".into()).await,
        ErrorCode::InvalidInput
    );
    assert_eq!(
        put(|new| new.zone = "Nowhere".into()).await,
        ErrorCode::InvalidInput
    );
    assert_eq!(
        put(|new| new.arguments = JsonText::parse("[1]").unwrap()).await,
        ErrorCode::InvalidInput
    );
    assert_eq!(
        put(|new| new.name = "x".repeat(201)).await,
        ErrorCode::InvalidInput
    );
    assert_eq!(put(|new| new.function = key("nobody")).await, ErrorCode::NotFound);
    let missing = timed
        .rig
        .engine
        .put_schedule(Some("none"), new("0 * * * *", MissedPolicy::Skip))
        .await;
    assert_eq!(missing.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(timed.rig.engine.schedules(None).await.unwrap(), []);
    timed.rig.stop().await;
}

/// What a crash between the accepting of a run and the noting of it leaves behind, made by setting the clock back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_accepted_and_not_noted_was_not_missed() {
    let timed = Timed::new().await;
    let id = timed.schedule("0 * * * *", MissedPolicy::Skip).await.id;
    timed.set(NOON + HOUR);
    timed.handled(&id, NOON + HOUR).await;
    timed.set(NOON + 50 * MINUTE);
    timed.handled(&id, NOON + 50 * MINUTE).await;
    let timed = timed.restart(NOON + HOUR + 5 * MINUTE).await;
    timed.handled(&id, NOON + HOUR).await;
    let history = timed.history(&id).await;
    assert!(matches!(&history[..], [fired, back, again]
        if matches!(back.outcome, FiringOutcome::ClockSetBack { .. })
            && again.outcome == fired.outcome && again.due == Some(NOON + HOUR)));
    timed.rig.stop().await;
}

/// The other half of this test runs in a process of its own, which is killed: see `crash_child`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_time_has_exactly_one_run_after_kills() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    for round in 0..3_u64 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "schedules::crash_child",
                "--nocapture",
                "--include-ignored",
            ])
            .env("BECKON_TEST_CRASH", data.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Killed at another place each time, in the midst of firing.
        let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let mut fired = 0;
        for line in lines {
            fired += u64::from(line.unwrap().contains("fired"));
            if fired == 4 + 3 * round {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(fired > 0);
    }
    // Everything that was due until now: each second once.
    let now: Millis = std::fs::read_to_string(data.path().join("now"))
        .unwrap()
        .parse()
        .unwrap();
    let timed = Timed::open(data, now, |_| {}).await;
    let schedule = timed.rig.engine.schedules(None).await.unwrap().remove(0);
    timed.handled(&schedule.id, now - now % SECOND).await;
    let mut times = Vec::new();
    for line in timed.history(&schedule.id).await {
        if let (FiringOutcome::Accepted { activation, .. }, Some(due)) = (line.outcome, line.due) {
            assert!(timed.rig.ended(activation).await.summary.status.is_final());
            times.push(due);
        }
    }
    let wanted: Vec<Millis> = (1..=(now - NOON) / SECOND).map(|n| NOON + n * SECOND).collect();
    assert_eq!(times, wanted);
    // And the journal has no run more.
    let page = timed
        .rig
        .store
        .page(&beckon_core::filter::Filter::default(), None, 1000)
        .await
        .unwrap();
    assert_eq!(page.rows.len(), wanted.len());
    assert_eq!(timed.look(&schedule.id).await.runs, wanted.len() as u64);
    timed.rig.stop().await;
}

/// An engine whose clock runs fast, until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the half of another test that is killed"]
async fn crash_child() {
    let Some(path) = std::env::var_os("BECKON_TEST_CRASH") else {
        return;
    };
    let path = std::path::PathBuf::from(path);
    let kept = path.join("now");
    let start = std::fs::read_to_string(&kept).map_or(NOON, |text| text.parse().unwrap());
    let now = Arc::new(AtomicI64::new(start));
    let own = now.clone();
    let clock = Clock::from_fn(move || own.load(Ordering::SeqCst));
    let store = Store::open(&path.join("beckon.db"), clock.clone()).await.unwrap();
    let first = start == NOON;
    if first {
        store
            .create_namespace(&"test".parse().unwrap(), "Test")
            .await
            .unwrap();
    }
    let engine = Engine::start(
        EngineConfig::new(path),
        store.clone(),
        Arc::new(Secrets::default()),
        clock,
    )
    .await
    .unwrap();
    if first {
        let mut quick = function("shell:default", "echo '{}'");
        quick.lost_policy = LostPolicy::Retry;
        engine.put_function(&key("f"), quick, Expect::Any).await.unwrap();
        engine
            .put_schedule(None, new("* * * * * *", MissedPolicy::All))
            .await
            .unwrap();
    }
    let id = engine.schedules(None).await.unwrap().remove(0).id;
    loop {
        let at = now.load(Ordering::SeqCst) + SECOND;
        // The test must know the latest time that anybody can have seen: in one step, like a real clock.
        let fresh = kept.with_extension("new");
        std::fs::write(&fresh, at.to_string()).unwrap();
        std::fs::rename(&fresh, &kept).unwrap();
        now.store(at, Ordering::SeqCst);
        // Half the time it is behind, so that the kill finds several that are due.
        let behind = if at % (4 * SECOND) < 2 * SECOND {
            3 * SECOND
        } else {
            0
        };
        wait_for(async || engine.schedule(&id).await.unwrap().handled_until >= at - behind).await;
        println!("fired");
    }
}
