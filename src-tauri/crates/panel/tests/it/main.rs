//! What the crate promises, tried from outside. One program: to link one for each file takes longer than all the tests.

mod accounts;
mod authoring;
mod bindings;
mod deliveries;
mod entities;
mod following;
mod invoking;
mod keychain;
mod local;
mod openfaas;
mod records;
mod remote;
mod remote_functions;
mod remote_streams;
mod sources;
mod spaces;
mod support;
