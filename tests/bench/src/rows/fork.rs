//! A process for each request: `cat`.

use anyhow::Result;

use crate::Bench;
use crate::beckon::Deployed;
use crate::floor::{self, server::Behind};
use crate::load::{Body, Effort};
use crate::peers;
use crate::report::{Report, Row, Target, Unit};
use crate::subject::{self, Measured, Subject};

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let body = Body::json(r#"{"name":"Ada"}"#, "Ada");
    let deployed = Deployed::new(&bench.beckon, &bench.work).await?;
    for connections in [1, 16] {
        let pin = bench.pin_for(connections);
        let served = floor::rust(Behind::Cat, pin).await?;
        let mut subjects = vec![Subject::floor("Rust and cat", served, &body)];
        subjects.extend(subject::peers(bench, report, peers::FORK, "cat", &body, pin).await);
        let beckon = deployed.serve(pin).await?;
        let (call, door) = deployed.invoke(&beckon, "cat", &body).await?;
        subjects.push(Subject::beckon(call, beckon.program.pid()));
        let effort = Effort {
            connections,
            calls: u64::MAX,
            seconds: bench.seconds,
        };
        let measured = subject::measure(bench, &subjects, effort, pin).await?;
        beckon.stop().await?;
        if connections == 1 {
            let row = Row::micros("process per request (cat), 1 connection, p50").note(door);
            report.add(subject::row(row, &measured, Measured::p50).target(Target::Most(920.0)));
        } else {
            let row = Row::new("process per request (cat), 16 connections, rate", Unit::PerSecond).note(door);
            report.add(subject::row(row, &measured, Measured::rate).target(Target::Least(1_750.0)));
        }
    }
    Ok(())
}
