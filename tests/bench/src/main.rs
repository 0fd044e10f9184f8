//! `make bench`: what Beckon costs, as ratios to what this machine can do at all.
//!
//! Absolute times mean little on a shared machine, so every figure stands beside a floor taken in the same run: a pipe
//! round trip to a Node process, a bare Node HTTP server, a bare interpreter start. Prints a Markdown table.

mod beckon;
mod floor;
mod load;
mod report;
mod window;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

use beckon::Beckon;
use load::Call;
use report::Report;

/// Requests for each figure, after a warm-up.
const CALLS: usize = 4_000;
const CONNECTIONS: [usize; 2] = [1, 16];
const COLD_STARTS: usize = 15;
const RECORDS: usize = 100_000;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let binary = PathBuf::from(
        std::env::args()
            .nth(1)
            .context("usage: beckon-bench PATH-OF-BECKON [PATH-OF-WINDOW-BUILD]")?,
    );
    let mut report = Report::default();

    let pipe = floor::pipe_round_trip(CALLS).await?;
    report.row("pipe round trip to a Node process, p50", pipe, None);
    let node_start = floor::start_of("node", &["-e", "0"], COLD_STARTS)?;
    let python_start = floor::start_of("python3", &["-c", "0"], COLD_STARTS)?;
    report.row("bare `node -e 0`, p50", node_start, None);
    report.row("bare `python3 -c 0`, p50", python_start, None);

    let node = floor::NodeServer::start().await?;
    let dir = tempfile::tempdir()?;
    let beckon = Beckon::serve(&binary, dir.path()).await?;
    report.row(
        "from exec to ready, `beckon serve`",
        beckon.ready_after,
        Some(("bare node", node_start)),
    );
    let token = beckon.token(&binary)?;
    for connections in CONNECTIONS {
        let bare = load::run(&node.call(), connections, CALLS).await?;
        report.load(
            &format!("bare Node HTTP server, {connections} connections"),
            &bare,
            None,
        );
        for function in ["hello", "hello-python"] {
            let call = beckon.invoke(function, &token);
            let measured = load::run(&call, connections, CALLS).await?;
            report.load(
                &format!("warm `{function}` through the gateway, {connections} connections"),
                &measured,
                Some(&bare),
            );
        }
    }
    for (function, floor) in [("hello", node_start), ("hello-python", python_start)] {
        let cold = beckon.cold_starts(function, &token, COLD_STARTS).await?;
        report.row(
            &format!("cold `{function}`, p50"),
            cold,
            Some(("bare interpreter", floor)),
        );
    }
    report.memory(
        "memory idle, Beckon with its warm workers",
        beckon.memory()?,
        Some(node.memory()?),
    );
    report.memory("memory idle, Beckon alone", beckon.memory_alone()?, None);
    beckon.stop().await?;
    node.stop().await?;

    list_queries(&binary, &mut report).await?;
    match std::env::args().nth(2) {
        Some(windowed) => window::measure(&PathBuf::from(windowed), node_start, &mut report).await?,
        None => eprintln!("no build with a window was named: time to the window is not measured"),
    }
    report.print();
    Ok(())
}

/// The activation log's first page over 100,000 records, through the panel, beside a command that does nothing.
async fn list_queries(binary: &std::path::Path, report: &mut Report) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let clock = beckon_core::Clock::system();
    let store = beckon_store::Store::open(&dir.path().join("beckon.db"), clock.clone()).await?;
    beckon_store::seed::fill(&store, 1, RECORDS, clock.now(), |_| {}).await?;
    store.flush().await?;
    drop(store);
    let beckon = Beckon::serve(binary, dir.path()).await?;
    let command =
        |name: &str, arguments: serde_json::Value| -> Result<Call> { beckon.command(name, &arguments) };
    let page = |filter: &str| serde_json::json!({ "filter": filter, "limit": 100 });
    let nothing = load::run(&command("settings", serde_json::json!({}))?, 1, 500)
        .await?
        .p50();
    report.row("a panel command that does nothing, p50", nothing, None);
    for (what, filter) in [
        ("newest page", ""),
        ("newest page of one function", "fn:hello"),
        ("newest page of errors in 24 h", "status:error from:-24h"),
        ("newest page with a word in logs or results", "timeout"),
    ] {
        let measured = load::run(&command("activations", page(filter))?, 1, 300)
            .await?
            .p50();
        report.row(
            &format!("{what}, {RECORDS} records, p50"),
            measured,
            Some(("empty command", nothing)),
        );
    }
    let bars = command("histogram", serde_json::json!({ "filter": "", "buckets": 120 }))?;
    let measured = load::run(&bars, 1, 100).await?.p50();
    report.row(
        &format!("histogram of everything, {RECORDS} records, p50"),
        measured,
        Some(("empty command", nothing)),
    );
    beckon.stop().await
}

/// The middle of some durations.
fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}
