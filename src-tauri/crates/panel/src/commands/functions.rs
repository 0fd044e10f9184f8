use beckon_core::{FunctionRef, FunctionSummary, NamespaceName, Result, Runtime, Version};
use beckon_macros::commands;

use crate::{
    Panel,
    views::{CodeInput, FunctionDetail, FunctionSettings, Template},
};

#[commands]
impl Panel {
    /// The functions of a connection, or of one of its namespaces.
    pub async fn functions(&self, connection: String, namespace: Option<NamespaceName>) -> Result<Vec<FunctionSummary>> {
        todo!()
    }

    /// One function with everything that its page shows.
    pub async fn function(&self, function: FunctionRef) -> Result<FunctionDetail> {
        todo!()
    }

    /// What new functions can start from.
    pub async fn templates(&self) -> Result<Vec<Template>> {
        todo!()
    }

    /// Makes a local function with default settings. `Conflict` when the name is taken.
    pub async fn create_function(&self, function: FunctionRef, kind: Runtime, code: CodeInput) -> Result<FunctionDetail> {
        todo!()
    }

    /// Saves new code as the next version. `Conflict` when the function is no longer at `expected_version`.
    pub async fn save_code(&self, function: FunctionRef, code: CodeInput, expected_version: Version) -> Result<FunctionDetail> {
        todo!()
    }

    /// Saves settings as the next version. `Conflict` when the function is no longer at `expected_version`.
    pub async fn configure_function(
        &self,
        function: FunctionRef,
        settings: FunctionSettings,
        expected_version: Version,
    ) -> Result<FunctionDetail> {
        todo!()
    }

    /// Keeps the value of a secret environment variable in the secret store, and makes a new version.
    pub async fn set_function_secret(&self, function: FunctionRef, name: String, value: String) -> Result<FunctionDetail> {
        todo!()
    }

    /// Removes a secret environment variable, and makes a new version.
    pub async fn remove_function_secret(&self, function: FunctionRef, name: String) -> Result<FunctionDetail> {
        todo!()
    }

    /// Deletes a local function. `confirmation` must be its name, typed by the user.
    pub async fn delete_function(&self, function: FunctionRef, confirmation: String) -> Result<()> {
        todo!()
    }
}
