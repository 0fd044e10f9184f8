//! What the crate promises, tried from outside. One program: to link one for each file takes longer than all the tests.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod account;
mod actions;
mod activations;
mod bad_server;
mod bodies;
mod client;
mod curl;
mod digitalocean;
mod domains;
mod entities;
mod environment;
mod gateway;
mod inboxes;
mod invoke;
mod openfaas;
mod openfaas_async;
mod openfaas_callbacks;
mod openfaas_calls;
mod openfaas_client;
mod openfaas_secrets;
mod openfaas_system;
mod schemas;
mod sequences;
mod spaces;
mod spaces_callbacks;
mod spaces_client;
mod spaces_client_triggers;
mod spaces_limits;
mod spaces_refusals;
mod spaces_triggers;
mod support;
mod throttle;
mod web;
