use beckon_core::Result;
use beckon_engine::GuardStatus;
use beckon_macros::commands;

use crate::Panel;

#[commands]
impl Panel {
    /// For each guard, whether functions of the local engine get it on this machine and, where they do not, a sentence
    /// that says why. Does not change while Beckon runs; what a run really had is in its record (`guards`).
    pub async fn guards(&self) -> Result<Vec<GuardStatus>> {
        Ok(self.engine.guards())
    }
}
