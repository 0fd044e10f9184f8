use beckon_core::{FunctionRef, Result};

use crate::Store;

impl Store {
    /// The input that was last typed for a function, as typed (it need not be valid JSON).
    pub async fn draft(&self, function: &FunctionRef) -> Result<Option<String>> {
        todo!()
    }

    /// Remembers it.
    pub async fn save_draft(&self, function: &FunctionRef, text: &str) -> Result<()> {
        todo!()
    }
}
