//! Accepted runs: on disk before the 202, run soon after, and not lost by a crash.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use beckon_core::{Status, filter::Filter};
use serde_json::{Value, json};

use crate::Bench;
use crate::beckon::{Beckon, Deployed};
use crate::floor::machine;
use crate::functions::QUEUED;
use crate::load::{self, Body, Effort, Figures};
use crate::report::{Report, Row, Target, Unit};
use crate::subject::middle;
use crate::{median, micros};

const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let block = micros(machine::fdatasync(&bench.work, bench.syncs)?);
    report.add(Row::micros("a block on disk (fdatasync), p50").floor("no database", block));
    accept(bench, report).await?;
    recover(bench, report).await
}

/// Accepting while what was accepted is being run, as it always is.
async fn accept(bench: &Bench, report: &mut Report) -> Result<()> {
    let deployed = Deployed::new(&bench.beckon, &bench.work).await?;
    for connections in [1, 16] {
        let pin = bench.pin_for(connections);
        let beckon = deployed.serve(pin).await?;
        let call = deployed.accept(&beckon, QUEUED.name, &Body::json("{}", "activationId"));
        let (mut rounds, mut commits) = (Vec::new(), Vec::new());
        for _ in 0..bench.rounds {
            // In turns with what it is compared to: a disk is quicker in one second than in the next.
            commits.push(micros(machine::commit(&bench.work, bench.syncs)?));
            let effort = Effort {
                connections,
                calls: bench.queued,
                seconds: bench.seconds,
            };
            rounds.push(load::put(&call, effort, pin).await?);
            drained(&beckon).await?;
        }
        beckon.stop().await?;
        let of = |pick: fn(&Figures) -> f64| middle(rounds.iter().map(pick).collect());
        if connections == 1 {
            let row = Row::micros("async accept, 1 connection, p50").floor("SQLite commit", middle(commits));
            report.add(row.beckon(of(|f| f.p50_us)).target(Target::MostFloors(1.3)));
        } else {
            let row = Row::new("async accept, 16 connections, rate", Unit::PerSecond);
            report.add(row.beckon(of(|f| f.rate)).target(Target::Least(5_000.0)));
            report.add(Row::micros("async accept, 16 connections, p99").beckon(of(|f| f.p99_us)));
        }
    }
    let made = deployed.recorded_with(QUEUED.name, Status::Success).await?;
    ensure!(made > 0, "no accepted run ended well");
    Ok(())
}

/// A crash with a long queue: how soon it is back, and how soon the queue is done.
async fn recover(bench: &Bench, report: &mut Report) -> Result<()> {
    let (mut back, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let deployed = Deployed::new(&bench.beckon, &bench.work).await?;
        let beckon = deployed.serve(None).await?;
        hold(&deployed, &beckon).await?;
        let effort = Effort {
            connections: 16,
            calls: bench.queued,
            seconds: PATIENCE.as_secs_f64(),
        };
        let filled = load::put(
            &deployed.accept(&beckon, QUEUED.name, &Body::json("{}", "activationId")),
            effort,
            None,
        )
        .await?
        .all;
        let waiting = status(&beckon).await?["queued"].as_u64().unwrap_or_default();
        ensure!(waiting >= filled, "only {waiting} of {filled} accepted runs wait");
        beckon.crash().await?;

        let started = Instant::now();
        let beckon = deployed.serve(None).await?;
        back.push(beckon.ready_after);
        drained(&beckon).await?;
        rates.push(filled as f64 / started.elapsed().as_secs_f64());
        beckon.stop().await?;
        let done = deployed.recorded_with(QUEUED.name, Status::Success).await?;
        ensure!(
            done == filled,
            "{done} of {filled} accepted runs ended well after the crash"
        );
    }
    let queued = bench.queued;
    let row = Row::micros(format!("back after kill -9 with {queued} queued, p50"));
    report.add(row.beckon(micros(median(back))).note("from exec to ready"));
    let row = Row::new("drained, from exec to the last one", Unit::PerSecond);
    let row = row.note(format!("{queued}, each exactly once"));
    report.add(row.beckon(middle(rates)).target(Target::Least(5_000.0)));
    Ok(())
}

/// Fills every slot of the function with runs that do not end soon.
async fn hold(deployed: &Deployed, beckon: &Beckon) -> Result<()> {
    let held = Body::json(r#"{"hold":50000}"#, "activationId");
    let call = deployed.accept(beckon, QUEUED.name, &held);
    for _ in 0..=QUEUED.slots() {
        let (_, reply) = call.once().await?;
        let reply: Value = serde_json::from_slice(&reply)?;
        if !begins(beckon).await? {
            // All slots are taken: this one must not hold up the queue after the crash.
            let cancelled = beckon
                .ask("cancel", &json!({ "id": reply["activationId"] }))
                .await?;
            ensure!(
                cancelled == json!(true),
                "a run that waits could not be cancelled"
            );
            return Ok(());
        }
    }
    bail!(
        "{} runs were begun where {} should fit",
        QUEUED.slots() + 1,
        QUEUED.slots()
    );
}

/// Whether everything that was accepted is running before long.
async fn begins(beckon: &Beckon) -> Result<bool> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(1) {
        if status(beckon).await?["queued"] == json!(0) {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(false)
}

async fn drained(beckon: &Beckon) -> Result<()> {
    let started = Instant::now();
    loop {
        let now = status(beckon).await?;
        if now["queued"] == json!(0) && now["running"] == json!(0) {
            return Ok(());
        }
        ensure!(started.elapsed() < PATIENCE, "the queue is not done: {now}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn status(beckon: &Beckon) -> Result<Value> {
    beckon.ask("engine_status", &json!({})).await
}

impl Deployed {
    /// How many runs of a function are in the log.
    pub(crate) async fn recorded(&self, function: &str) -> Result<u64> {
        self.counted(Filter {
            functions: vec![function.to_owned()],
            ..Filter::default()
        })
        .await
    }

    /// How many of them ended like this.
    async fn recorded_with(&self, function: &str, status: Status) -> Result<u64> {
        self.counted(Filter {
            functions: vec![function.to_owned()],
            statuses: vec![status],
            ..Filter::default()
        })
        .await
    }

    async fn counted(&self, filter: Filter) -> Result<u64> {
        Ok(self.store().await?.count(&filter, u32::MAX).await?.0.into())
    }
}
