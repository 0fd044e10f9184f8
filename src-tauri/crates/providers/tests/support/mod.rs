//! What several test files share.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(unreachable_pub, reason = "a module of tests has no public API")]

pub mod bad;
pub mod rig;
