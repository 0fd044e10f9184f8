//! The protocols that messages come by.
//!
//! ```text
//! nats ─ a client of its own, whose messages nobody acknowledges
//! acknowledged ─ what the others share: a connection that is read while there is room, and told of what is on disk
//! mqtt/ ─ MQTT 3.1.1    amqp/ ─ AMQP 0-9-1, as RabbitMQ speaks it    wire ─ bytes, in and out
//! ```
//!
//! MQTT and AMQP are spoken here and not by a library: what is larger than a function takes must be skipped and not held,
//! what a server says must not end a task, and a message is acknowledged when its call is on disk and not before.

pub(super) mod acknowledged;
mod amqp;
mod mqtt;
pub(super) mod nats;
mod wire;

pub(super) use amqp::{Connection as Amqp, keys};
pub(super) use mqtt::{Connection as Mqtt, Memory, forget as forget_mqtt};
