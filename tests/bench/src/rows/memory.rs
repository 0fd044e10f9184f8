//! Memory at rest, proportional set size. Measured first and by itself: another Node at the same time would share
//! pages with Beckon's, and flatter it.

use std::time::Duration;

use anyhow::Result;

use crate::Bench;
use crate::beckon::Deployed;
use crate::load::Call;
use crate::peers::{self, Peer};
use crate::process;
use crate::report::{Report, Row, Target, Unit};
use crate::rows::hello;
use crate::subject::once_ready;

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let deployed = Deployed::new(&bench.beckon, &bench.work).await?;
    let beckon = deployed.serve(None).await?;
    let alone = rest(bench, beckon.program.pid()).await;
    beckon.stop().await?;
    let row = Row::new("memory at rest, Beckon alone", Unit::MiB).note("with all below it");
    report.add(row.beckon(alone).target(Target::Most(12.0)));
    for (language, function, peers, most) in [
        ("Node", "hello", peers::NODE, 55.0),
        ("Python", "hello-python", peers::PYTHON, 25.0),
    ] {
        let beckon = deployed.serve(None).await?;
        deployed.invoke(&beckon, function, &hello()).await?;
        let with_cell = rest(bench, beckon.program.pid()).await;
        beckon.stop().await?;
        let beckon = deployed.serve_without_cells().await?;
        deployed.invoke(&beckon, function, &hello()).await?;
        let whole = rest(bench, beckon.program.pid()).await;
        let own = process::pss(beckon.program.pid())?;
        beckon.stop().await?;
        let mut row = Row::new(format!("memory at rest, with one {language} worker"), Unit::MiB);
        for peer in peers {
            match of(bench, *peer).await {
                Ok(mib) => row = row.peer(peer.name(), mib),
                Err(why) => report.skip(peer.name(), &why),
            }
        }
        let row = row.note(format!("{own:.1} MiB of it its own"));
        report.add(row.beckon(whole).target(Target::Most(most)));
        let row = Row::new(format!("the same, and a stem cell of {language}"), Unit::MiB);
        report.add(row.beckon(with_cell).note("as it is without `--no-stem-cells`"));
    }
    Ok(())
}

async fn of(bench: &Bench, peer: Peer) -> Result<f64> {
    let running = peer.start(&bench.peers, None).await?;
    let address = ([127, 0, 0, 1], running.port).into();
    once_ready(&Call::post(address, &peer.path("hello"), "", &hello())).await?;
    Ok(rest(bench, running.program.pid()).await)
}

/// What a process and all below it have when they have been left alone, MiB.
async fn rest(bench: &Bench, pid: u32) -> f64 {
    tokio::time::sleep(Duration::from_secs_f64(bench.seconds * 3.0)).await;
    process::pss_of_tree(pid)
}
