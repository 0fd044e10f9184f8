//! Fills a journal with made-up runs: `cargo run -p beckon-store --example seed -- DATABASE 100000 [SEED]`.
//!
//! The database is made when there is none. Close Beckon before.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use beckon_core::Clock;
use beckon_store::{Store, seed};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: seed DATABASE COUNT [SEED]";
    let path = PathBuf::from(arguments.next().context(usage)?);
    let count: usize = arguments
        .next()
        .context(usage)?
        .parse()
        .context("COUNT is not a number")?;
    let number: u64 = arguments
        .next()
        .map_or(Ok(1), |text| text.parse())
        .context("SEED is not a number")?;
    let clock = Clock::system();
    let store = Store::open(&path, clock.clone()).await?;
    let begun = Instant::now();
    seed::fill(&store, number, count, clock.now(), |written| {
        print!("\r{written} of {count} runs");
        let _ = std::io::stdout().flush();
    })
    .await?;
    store.flush().await?;
    println!("\r{count} runs in {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}
