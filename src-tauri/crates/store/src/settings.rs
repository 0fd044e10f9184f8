use beckon_core::Result;

use crate::Store;

impl Store {
    /// A setting, as JSON text.
    pub async fn setting(&self, key: &str) -> Result<Option<String>> {
        todo!()
    }

    /// Keeps a setting.
    pub async fn set_setting(&self, key: &str, value: &str) -> Result<()> {
        todo!()
    }
}
