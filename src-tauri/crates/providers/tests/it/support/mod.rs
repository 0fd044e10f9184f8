//! What several test files share.

pub(crate) mod bad;
pub(crate) mod rig;
