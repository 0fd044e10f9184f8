use beckon_core::{FunctionRef, Result, RuntimeStatus};
use beckon_engine::{BuildLog, BuildProgress, BuildRecord};
use beckon_macros::commands;

use crate::{Panel, Sink, commands::functions::only_local};

#[commands]
impl Panel {
    /// The last attempts to build a local function, newest first, 20 at most: what its versions were made with, and
    /// what failed. One under way is among them.
    pub async fn builds(&self, function: FunctionRef) -> Result<Vec<BuildRecord>> {
        only_local(&function)?;
        self.engine.builds(&function.key()).await
    }

    /// The build of a version with its whole log; without a version the last attempt, whether under way, ready or
    /// failed. Works for a function that was never saved because its first build failed. `NotFound` when nothing is
    /// known of it.
    pub async fn build_log(&self, function: FunctionRef, version: Option<String>) -> Result<BuildLog> {
        only_local(&function)?;
        self.engine.build_log(&function.key(), version.as_deref()).await
    }

    /// Follows the builds of a function until the caller goes away: the one under way from its first line, then those
    /// that come. Call it before saving, and show what it sends while the save takes its time. The state of each
    /// build's last progress is not `building`.
    pub async fn watch_builds(&self, function: FunctionRef, on_progress: Sink<BuildProgress>) -> Result<()> {
        only_local(&function)?;
        let mut watch = self.engine.watch_builds(&function.key());
        loop {
            let progress = tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                progress = watch.next() => progress,
            };
            if !on_progress.send(&progress) {
                return Ok(());
            }
        }
    }

    /// Stops the builds of a function that are under way: the save that waits for one gets `cancelled`, and nothing is
    /// changed. `false`: there were none.
    pub async fn cancel_build(&self, function: FunctionRef) -> Result<bool> {
        only_local(&function)?;
        Ok(self.engine.cancel_build(&function.key()))
    }

    /// Looks for the runtimes of this machine again: for one that was installed since Beckon started.
    pub async fn rescan_runtimes(&self) -> Result<Vec<RuntimeStatus>> {
        self.engine.rescan_runtimes().await
    }
}
