use beckon_core::{ActivationId, FunctionRef, Result};
use beckon_macros::commands;

use crate::{
    Panel,
    views::{InvokeMode, InvokeReply},
};

#[commands]
impl Panel {
    /// Runs a function, here or at its provider. `input` is the text of a JSON object; empty is `{}`.
    pub async fn invoke(
        &self,
        function: FunctionRef,
        input: String,
        mode: InvokeMode,
        rerun_of: Option<ActivationId>,
    ) -> Result<InvokeReply> {
        todo!()
    }

    /// Stops a queued or running local run; `false` when it was over already.
    pub async fn cancel(&self, id: ActivationId) -> Result<bool> {
        todo!()
    }

    /// The input last typed for a function, as typed; `null` when there is none.
    pub async fn draft(&self, function: FunctionRef) -> Result<Option<String>> {
        todo!()
    }

    /// Remembers what was typed for a function.
    pub async fn save_draft(&self, function: FunctionRef, text: String) -> Result<()> {
        todo!()
    }
}
