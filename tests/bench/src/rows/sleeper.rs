//! Many callers of a function that waits for something else.

use anyhow::Result;

use crate::Bench;
use crate::beckon::Deployed;
use crate::floor::{self, server::Behind};
use crate::load::{Body, Effort};
use crate::peers;
use crate::report::{Report, Row, Target};
use crate::subject::{self, Measured, Subject};

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let deployed = Deployed::new(&bench.beckon, &bench.work).await?;
    let body = Body::json("{}", "slept");
    let served = floor::rust(Behind::Sleep, None).await?;
    let mut subjects = vec![Subject::floor("Rust to Node", served, &body)];
    subjects.extend(subject::peers(bench, report, peers::NODE, "sleep", &body, None).await);
    let beckon = deployed.serve(None).await?;
    let (call, door) = deployed.invoke(&beckon, "sleep", &body).await?;
    subjects.push(Subject::beckon(call, beckon.program.pid()));
    let effort = Effort {
        connections: 64,
        calls: u64::MAX,
        // Twenty rounds of sleep a second: the figures need more of them than quick work does.
        seconds: bench.seconds * 1.5,
    };
    let measured = subject::measure(bench, &subjects, effort, None).await?;
    beckon.stop().await?;
    let row =
        |work: &str, pick: fn(&Measured) -> f64| subject::row(Row::micros(work), &measured, pick).note(door);
    let p50 = row("64 clients on a 50 ms sleeper, p50", Measured::p50);
    report.add(p50.target(Target::Most(51_500.0)));
    report.add(row("64 clients on a 50 ms sleeper, p99", Measured::p99));
    Ok(())
}
