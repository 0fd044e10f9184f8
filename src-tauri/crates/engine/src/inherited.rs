//! What a function's package, and the binding that it was called through, give its environment.
//!
//! A process has one environment for as long as it lives, and a package can change without its functions: a worker knows
//! what it was started with, takes only runs that have the same, and goes when nobody would be given that any more.

use beckon_core::EntityKey;
use beckon_store::Defaults;

/// The variables, below the function's own, and where they are from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inherited {
    /// Names and texts; none is also the function's own.
    pub(crate) variables: Vec<(String, String)>,
    /// The binding, where there was one.
    pub(crate) binding: Option<EntityKey>,
}

impl Inherited {
    pub(crate) fn of(defaults: &Defaults, binding: Option<EntityKey>) -> Self {
        let variables = defaults.environment.iter();
        Self {
            variables: variables
                .map(|named| (named.key.clone(), named.as_variable()))
                .collect(),
            binding,
        }
    }

    /// Whether a process that was started with the one can do as if it had the other.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.variables == other.variables
    }
}
