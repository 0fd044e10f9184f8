use beckon_core::{Namespace, NamespaceName, Result};

use crate::Store;

impl Store {
    /// All namespaces of the local engine, by label.
    pub async fn namespaces(&self) -> Result<Vec<Namespace>> {
        todo!()
    }

    /// One namespace.
    pub async fn namespace(&self, name: &NamespaceName) -> Result<Option<Namespace>> {
        todo!()
    }

    /// Makes a namespace. `Conflict` when the name is taken.
    pub async fn create_namespace(&self, name: &NamespaceName, label: &str) -> Result<Namespace> {
        todo!()
    }

    /// Changes the label. `NotFound` when there is no such namespace.
    pub async fn rename_namespace(&self, name: &NamespaceName, label: &str) -> Result<Namespace> {
        todo!()
    }

    /// Deletes a namespace with its functions and tokens; its activations stay until their retention ends.
    pub async fn delete_namespace(&self, name: &NamespaceName) -> Result<()> {
        todo!()
    }
}
