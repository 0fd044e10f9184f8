//! What the crate promises, tried from outside. One program: to link one for each file takes longer than all the tests.

mod authoring;
mod bindings;
mod deliveries;
mod keychain;
mod local;
mod remote;
mod sources;
mod support;
