use beckon_core::{Namespace, NamespaceName, Result};
use beckon_macros::commands;

use crate::Panel;

#[commands]
impl Panel {
    /// The namespaces of a connection.
    pub async fn namespaces(&self, connection: String) -> Result<Vec<Namespace>> {
        todo!()
    }

    /// Makes a namespace on the local engine.
    pub async fn create_namespace(&self, name: NamespaceName, label: String) -> Result<Namespace> {
        todo!()
    }

    /// Changes the label of a local namespace; its name is part of URLs and stays.
    pub async fn rename_namespace(&self, name: NamespaceName, label: String) -> Result<Namespace> {
        todo!()
    }

    /// Deletes a local namespace with its functions and tokens. `confirmation` must be its name, typed by the user.
    pub async fn delete_namespace(&self, name: NamespaceName, confirmation: String) -> Result<()> {
        todo!()
    }
}
