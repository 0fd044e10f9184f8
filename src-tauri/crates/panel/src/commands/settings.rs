use beckon_core::Result;
use beckon_macros::commands;

use crate::{Panel, views::Settings};

#[commands]
impl Panel {
    /// What the user has set.
    pub async fn settings(&self) -> Result<Settings> {
        todo!()
    }

    /// Changes it. Values out of range are `InvalidInput`.
    pub async fn save_settings(&self, settings: Settings) -> Result<Settings> {
        todo!()
    }
}
