//! What the crate promises, tried from outside. One program: to link one for each file takes longer than all the tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails where it cannot go on"
)]

mod build;
mod cells;
mod contracts;
mod deliveries;
mod destinations;
mod ends;
mod fdk;
mod flask;
mod http;
mod isolation;
mod languages;
mod live;
mod logs;
mod memory;
mod metrics;
mod pool;
mod projects;
mod python;
mod queue;
mod retries;
mod scaling;
mod schedules;
mod sequences;
mod sources;
mod support;
mod triggers;
mod triggers_left;
mod triggers_mqtt;
mod triggers_rabbitmq;
mod watchdog;
