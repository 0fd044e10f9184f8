//! What the crate promises, tried from outside. One program: to link one for each file takes longer than all the tests.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;
mod deliveries;
mod entities;
mod file;
mod filters;
mod intake;
mod journal;
mod leftovers;
mod queue;
mod registry;
