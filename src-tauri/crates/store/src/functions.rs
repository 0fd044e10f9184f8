use std::sync::Arc;

use beckon_core::{Function, FunctionKey, FunctionSummary, NamespaceName, NewFunction, Result, Version};

use crate::Store;

/// What a save expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing: the function is new. Else `Conflict` "resource already exists".
    New,
    /// A function or nothing.
    Any,
    /// Exactly this version, so that nobody's save is overwritten. Else `Conflict`.
    Version(Version),
}

impl Store {
    /// Functions of a namespace, or of all, most recently updated first.
    pub async fn functions(&self, namespace: Option<&NamespaceName>) -> Result<Vec<FunctionSummary>> {
        todo!()
    }

    /// One function with its code. Answered from memory when it was read before and has not changed.
    pub async fn function(&self, key: &FunctionKey) -> Result<Option<Arc<Function>>> {
        todo!()
    }

    /// Saves a function. The namespace must exist (`NotFound`).
    pub async fn put_function(&self, key: &FunctionKey, new: NewFunction, expect: Expect) -> Result<Arc<Function>> {
        todo!()
    }

    /// Deletes a function and the tokens scoped to it; returns what it was.
    pub async fn delete_function(&self, key: &FunctionKey) -> Result<Arc<Function>> {
        todo!()
    }
}
