//! What several test files share.

pub(crate) mod bad;
pub(crate) mod receiver;
pub(crate) mod rig;

/// The engine's tests speak to brokers, too.
#[allow(dead_code, reason = "what the engine's tests alone need")]
#[path = "../../../../engine/tests/it/support/brokers.rs"]
pub(crate) mod brokers;

/// Long enough for a loaded machine.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
