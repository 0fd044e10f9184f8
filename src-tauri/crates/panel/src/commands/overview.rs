use beckon_core::{Event, Result, RuntimeStatus};
use beckon_engine::EngineStatus;
use beckon_macros::commands;

use crate::{Panel, Sink, views::Overview};

#[commands]
impl Panel {
    /// What the window needs before it can show anything.
    pub async fn overview(&self) -> Result<Overview> {
        todo!()
    }

    /// Everything that changes, as it changes, until the caller goes away.
    pub async fn events(&self, on_event: Sink<Event>) -> Result<()> {
        todo!()
    }

    /// Workers, queue and counts of the local engine.
    pub async fn engine_status(&self) -> Result<EngineStatus> {
        todo!()
    }

    /// The runtimes of this machine, found or not.
    pub async fn runtimes(&self) -> Result<Vec<RuntimeStatus>> {
        todo!()
    }
}
