//! `beckon serve`: engine, gateway and panel on 127.0.0.1, without a window.

use std::time::Duration;

use anyhow::Result;

use crate::cli::{Options, ServeArgs};
use crate::signals::Signals;
use crate::start;

/// How long running functions may take to finish when Beckon is asked to stop.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

pub(crate) fn run(options: &Options, args: &ServeArgs) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(options, args))
}

async fn serve(options: &Options, args: &ServeArgs) -> Result<()> {
    // Before anything that takes time: a signal during the start must stop it too, cleanly.
    let mut stop = Signals::listen()?;
    let instance = start::claim(options)?;
    let (examples, stem_cells) = (!args.no_examples, !args.no_stem_cells);
    let started = start::panel(options, instance, examples, true, stem_cells, None).await?;
    let host = start::host(&started, args.port).await?;
    start::print_ready(&host);
    stop.asked().await;
    tracing::info!("stopping: running functions get {} s to finish", GRACE.as_secs());
    tokio::select! {
        () = host.shutdown(GRACE) => {}
        // Asked twice: now. Processes of functions still end, with their pipes.
        () = stop.asked() => started.panel.shutdown(Duration::ZERO).await,
    }
    drop(started);
    Ok(())
}
