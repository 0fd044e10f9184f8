//! The activation log over many records, through the panel, beside a command that does nothing.

use anyhow::Result;
use beckon_core::Clock;
use beckon_store::Store;
use serde_json::{Value, json};

use crate::Bench;
use crate::beckon::Beckon;
use crate::load::{self, Call, Effort};
use crate::report::{Report, Row};

const EMPTY: &str = "empty command";

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let dir = tempfile::tempdir_in(&bench.work)?;
    let records = bench.records;
    let clock = Clock::system();
    let store = Store::open(&dir.path().join("beckon.db"), clock.clone()).await?;
    beckon_store::seed::fill(&store, 1, records, clock.now(), |_| {}).await?;
    store.flush().await?;
    drop(store);
    let pin = bench.pin_for(1);
    let beckon = Beckon::serve(&bench.beckon, dir.path(), pin, &[]).await?;
    let measure = async |name: &str, arguments: Value, calls: u64| -> Result<f64> {
        let call: Call = beckon.command(name, &arguments)?;
        let effort = Effort {
            connections: 1,
            calls,
            seconds: bench.seconds,
        };
        Ok(load::put(&call, effort, pin).await?.p50_us)
    };
    let nothing = measure("settings", json!({}), 500).await?;
    report.add(Row::micros("a panel command that does nothing, p50").beckon(nothing));
    for (what, filter) in [
        ("newest page", ""),
        ("newest page of one function", "fn:hello"),
        ("newest page of errors in 24 h", "status:error from:-24h"),
        ("newest page with a word in logs or results", "timeout"),
    ] {
        let page = json!({ "filter": filter, "limit": 100 });
        let p50 = measure("activations", page, 300).await?;
        let row = Row::micros(format!("{what}, {records} records, p50"));
        report.add(row.floor(EMPTY, nothing).beckon(p50));
    }
    let bars = json!({ "filter": "", "buckets": 120 });
    let p50 = measure("histogram", bars, 100).await?;
    let row = Row::micros(format!("histogram of everything, {records} records, p50"));
    report.add(row.floor(EMPTY, nothing).beckon(p50));
    beckon.stop().await
}
