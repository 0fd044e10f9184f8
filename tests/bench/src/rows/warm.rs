//! `hello`, warm: one connection with everything on one core, and sixteen with the machine to themselves.

use anyhow::Result;

use crate::beckon::{Deployed, FUNCTION};
use crate::floor::{self, machine, server::Behind};
use crate::load::Effort;
use crate::peers;
use crate::report::{Report, Row, Target, Unit};
use crate::rows::hello;
use crate::subject::{self, Measured, Subject};
use crate::{Bench, micros};

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let pipe = machine::pipe_round_trip(2_000, bench.pin_for(1)).await?;
    report.add(Row::micros("pipe round trip to a Node process, p50").floor("no HTTP", micros(pipe)));
    let deployed = Deployed::new(&bench.beckon, &bench.work).await?;
    for connections in [1, 16] {
        node(bench, &deployed, report, connections).await?;
        python(bench, &deployed, report, connections).await?;
    }
    Ok(())
}

async fn node(bench: &Bench, deployed: &Deployed, report: &mut Report, connections: usize) -> Result<()> {
    let pin = bench.pin_for(connections);
    let mut subjects = vec![
        Subject::floor("Rust to Node", floor::rust(Behind::Hello, pin).await?, &hello()),
        Subject::reference("bare Node HTTP", floor::node(pin).await?, &hello()),
    ];
    subjects.extend(subject::peers(bench, report, peers::NODE, "hello", &hello(), pin).await);
    let (measured, door) = with_beckon(bench, deployed, subjects, "hello", connections).await?;
    let work = |what: &str| format!("warm Node hello, {}, {what}", plural(connections));
    let row = |row: Row, pick: fn(&Measured) -> f64| subject::row(row, &measured, pick).note(&door);
    if connections == 1 {
        let p50 = row(Row::micros(work("p50")), Measured::p50);
        report.add(p50.target(Target::MostFloors(1.65)));
        let p99 = row(Row::micros(work("p99")), Measured::p99);
        report.add(p99.target(Target::Most(300.0)));
        let cpu = subject::cpu(Row::micros(work("CPU a request")), &measured).note(&door);
        report.add(cpu.target(Target::Most(25.0)));
        report.add(row(Row::new(work("rate"), Unit::PerSecond), Measured::rate));
    } else {
        let rate = row(Row::new(work("rate"), Unit::PerSecond), Measured::rate);
        report.add(rate.target(Target::LeastFloors(0.54)));
        let p99 = row(Row::micros(work("p99")), Measured::p99);
        report.add(p99.target(Target::Most(1_500.0)));
        report.add(row(Row::micros(work("p50")), Measured::p50));
        report.add(subject::cpu(Row::micros(work("CPU a request")), &measured).note(&door));
    }
    Ok(())
}

async fn python(bench: &Bench, deployed: &Deployed, report: &mut Report, connections: usize) -> Result<()> {
    let pin = bench.pin_for(connections);
    let mut subjects = vec![Subject::floor(
        "bare Python socket",
        floor::python(pin).await?,
        &hello(),
    )];
    subjects.extend(subject::peers(bench, report, peers::PYTHON, "hello", &hello(), pin).await);
    let (measured, door) = with_beckon(bench, deployed, subjects, "hello-python", connections).await?;
    let work = |what: &str| format!("warm Python hello, {}, {what}", plural(connections));
    let row = |row: Row, pick: fn(&Measured) -> f64| subject::row(row, &measured, pick).note(&door);
    let p50 = row(Row::micros(work("p50")), Measured::p50);
    let rate = row(Row::new(work("rate"), Unit::PerSecond), Measured::rate);
    if connections == 1 {
        report.add(p50.target(Target::Most(30.0)));
        report.add(subject::cpu(Row::micros(work("CPU a request")), &measured).note(&door));
    } else {
        report.add(rate.target(Target::Least(40_000.0)));
        report.add(p50);
    }
    report.add(row(Row::micros(work("p99")), Measured::p99));
    Ok(())
}

/// Adds Beckon to the round; says through which door it was called, and whether each call is in its log.
async fn with_beckon(
    bench: &Bench,
    deployed: &Deployed,
    mut subjects: Vec<Subject>,
    function: &str,
    connections: usize,
) -> Result<(Vec<Measured>, String)> {
    let pin = bench.pin_for(connections);
    let http = format!("{function}-http");
    let before = [
        deployed.recorded(function).await?,
        deployed.recorded(&http).await?,
    ];
    let beckon = deployed.serve(pin).await?;
    let (call, door) = deployed.invoke(&beckon, function, &hello()).await?;
    subjects.push(Subject::beckon(call, beckon.program.pid()));
    let effort = Effort {
        connections,
        calls: u64::MAX,
        seconds: bench.seconds,
    };
    let measured = subject::measure(bench, &subjects, effort, pin).await?;
    beckon.stop().await?;
    // The first call of all, which found the door, is in the log too.
    let made = 1 + measured.iter().map(Measured::beckon_calls).sum::<u64>();
    // A call that the other door refused may be in it as well, under the other name.
    let recorded = match door {
        FUNCTION => deployed.recorded(&http).await? - before[1],
        _ => deployed.recorded(function).await? - before[0],
    };
    let told = if recorded == made {
        format!("{door}, recorded")
    } else {
        format!("{door}, {recorded} of {made} recorded!")
    };
    Ok((measured, told))
}

fn plural(connections: usize) -> String {
    match connections {
        1 => "1 connection".into(),
        more => format!("{more} connections"),
    }
}
