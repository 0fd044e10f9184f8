use beckon_core::Result;
use beckon_macros::commands;

use crate::{
    Panel,
    views::{CopyMode, CopyReply, CopySource, CopyTo, CopyToken},
};

#[commands]
impl Panel {
    /// A curl command that makes the same call, with the token masked, as `$VARIABLE` or real.
    pub async fn copy_curl(&self, source: CopySource, mode: CopyMode, token: CopyToken, to: CopyTo) -> Result<CopyReply> {
        todo!()
    }

    /// Puts a text that the page already has on the host's clipboard.
    pub async fn copy_text(&self, text: String) -> Result<()> {
        todo!()
    }
}
