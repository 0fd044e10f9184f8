//! The first call of a function that has no worker, with the engine up.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::Bench;
use crate::beckon::{Beckon, Deployed};
use crate::floor::machine;
use crate::functions::{self, Deploy};
use crate::load::Call;
use crate::peers::{self, Peer};
use crate::report::{Report, Row, Target};
use crate::rows::hello;
use crate::subject::{middle, once_ready};
use crate::{median, micros, process};

/// How long everything is left alone before a call that is to find a stem cell.
const PREPARATION: Duration = Duration::from_millis(1_500);

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let deployed = Deployed::new(&bench.beckon, &bench.work).await?;
    let beckon = deployed.serve(None).await?;
    let ready = micros(beckon.ready_after);
    let node = micros(machine::start_of(
        &process::find("node")?,
        &["-e", "0"],
        bench.starts,
    )?);
    let python = micros(machine::start_of(
        &process::python()?,
        &["-c", "0"],
        bench.starts,
    )?);
    let fork = micros(machine::python_fork(50)?);
    report.add(
        Row::micros("from exec to ready, `beckon serve`")
            .floor("bare node", node)
            .beckon(ready),
    );

    let node_cell = starts(bench, &deployed, &beckon, "hello", PREPARATION).await?;
    let python_cell = starts(bench, &deployed, &beckon, "hello-python", PREPARATION).await?;
    beckon.stop().await?;
    let beckon = deployed.serve_without_cells().await?;
    let node_spawn = starts(bench, &deployed, &beckon, "hello", Duration::ZERO).await?;
    let python_spawn = starts(bench, &deployed, &beckon, "hello-python", Duration::ZERO).await?;
    beckon.stop().await?;

    let row = Row::micros("cold Node, started from scratch, p50").floor("bare node", node);
    let row = of_peers(bench, report, peers::NODE, row).await;
    report.add(row.beckon(node_spawn).target(Target::Most(60_000.0)));
    let row = Row::micros("cold Node, by a stem cell, p50").floor("bare node", node);
    report.add(row.beckon(node_cell).target(Target::Most(5_000.0)));
    let row = Row::micros("cold Python, started from scratch, p50").floor("bare python", python);
    let row = of_peers(bench, report, peers::PYTHON, row).await;
    report.add(row.beckon(python_spawn).target(Target::Most(28_000.0)));
    let row = Row::micros("cold Python, by a stem cell, p50").floor("fork of a warm one", fork);
    report.add(row.beckon(python_cell).target(Target::Most(5_000.0)));
    Ok(())
}

/// First calls of new versions, each of which needs a worker that was not there, µs at the median.
async fn starts(
    bench: &Bench,
    deployed: &Deployed,
    beckon: &Beckon,
    name: &str,
    pause: Duration,
) -> Result<f64> {
    let mut durations = Vec::with_capacity(bench.starts);
    for _ in 0..bench.starts {
        let function = functions::ALL.iter().find(|f| f.name == name);
        let function: &Deploy = function.ok_or_else(|| anyhow::anyhow!("no function {name}"))?;
        deployed.put(beckon, function).await?;
        tokio::time::sleep(pause).await;
        let (took, _) = deployed.openwhisk(beckon, name, &hello()).once().await?;
        durations.push(took);
        ensure!(was_cold(beckon, name).await?, "this start was not cold");
    }
    Ok(micros(median(durations)))
}

/// What the record of the newest run says.
async fn was_cold(beckon: &Beckon, name: &str) -> Result<bool> {
    let filter = json!({ "filter": format!("fn:{name}"), "limit": 1 });
    let page: Value = beckon.ask("activations", &filter).await?;
    Ok(page["rows"][0]["cold"] == json!(true))
}

/// Of a peer, a cold start is all of it: nothing of it is up before the function is.
async fn of_peers(bench: &Bench, report: &mut Report, peers: &[Peer], mut row: Row) -> Row {
    for peer in peers {
        let mut times = Vec::new();
        for _ in 0..bench.starts.div_ceil(3) {
            let started = Instant::now();
            let once = async {
                let running = peer.start(&bench.peers, None).await?;
                let address = ([127, 0, 0, 1], running.port).into();
                once_ready(&Call::post(address, &peer.path("hello"), "", &hello())).await?;
                anyhow::Ok(())
            };
            match once.await {
                Ok(()) => times.push(micros(started.elapsed())),
                Err(why) => {
                    report.skip(peer.name(), &why);
                    break;
                }
            }
        }
        if !times.is_empty() {
            row = row.peer(peer.name(), middle(times));
        }
    }
    row
}
