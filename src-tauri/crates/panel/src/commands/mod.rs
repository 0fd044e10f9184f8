//! The commands, by what they are about. One file, one table; this list joins them.

mod activations;
mod builds;
mod connections;
mod copy;
mod deliveries;
mod functions;
mod invoke;
mod isolation;
mod metrics;
mod namespaces;
mod overview;
mod queue;
mod schedules;
mod secret_store;
mod settings;
mod sources;
mod tokens;
mod triggers;

pub(crate) use settings::stored as stored_settings;

use crate::command::Command;

/// Every command.
pub fn all() -> impl Iterator<Item = &'static Command> {
    [
        overview::COMMANDS,
        connections::COMMANDS,
        namespaces::COMMANDS,
        functions::COMMANDS,
        builds::COMMANDS,
        invoke::COMMANDS,
        isolation::COMMANDS,
        metrics::COMMANDS,
        activations::COMMANDS,
        tokens::COMMANDS,
        copy::COMMANDS,
        queue::COMMANDS,
        deliveries::COMMANDS,
        schedules::COMMANDS,
        triggers::COMMANDS,
        secret_store::COMMANDS,
        settings::COMMANDS,
        sources::COMMANDS,
    ]
    .into_iter()
    .flatten()
}

/// The command with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Command> {
    all().find(|command| command.name == name)
}
