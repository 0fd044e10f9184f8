//! The commands, by what they are about. One file, one table; this list joins them.

mod access_keys;
mod accounts;
mod activations;
mod builds;
mod code;
mod connections;
mod copy;
mod deliveries;
mod deployments;
mod entities;
mod found;
mod functions;
mod images;
mod invoke;
mod isolation;
mod kinds;
mod live;
mod metrics;
mod namespaces;
mod overview;
mod queue;
mod saved_requests;
mod scheduled_triggers;
mod schedules;
mod secret_store;
mod settings;
mod sources;
mod space_triggers;
mod terminal;
mod tokens;
mod triggers;

pub(crate) use invoke::{no_callback, pending};
pub use kinds::FunctionKind;
pub use saved_requests::{CallbackChoice, SavedCall};
pub(crate) use settings::stored as stored_settings;
pub use terminal::TerminalTarget;

use crate::command::Command;

/// Every command.
pub fn all() -> impl Iterator<Item = &'static Command> {
    [
        overview::COMMANDS,
        connections::COMMANDS,
        accounts::COMMANDS,
        access_keys::COMMANDS,
        scheduled_triggers::COMMANDS,
        found::COMMANDS,
        namespaces::COMMANDS,
        functions::COMMANDS,
        deployments::COMMANDS,
        code::COMMANDS,
        kinds::COMMANDS,
        entities::COMMANDS,
        builds::COMMANDS,
        images::COMMANDS,
        invoke::COMMANDS,
        live::COMMANDS,
        saved_requests::COMMANDS,
        isolation::COMMANDS,
        metrics::COMMANDS,
        activations::COMMANDS,
        tokens::COMMANDS,
        copy::COMMANDS,
        queue::COMMANDS,
        deliveries::COMMANDS,
        schedules::COMMANDS,
        triggers::COMMANDS,
        space_triggers::COMMANDS,
        secret_store::COMMANDS,
        settings::COMMANDS,
        sources::COMMANDS,
        terminal::COMMANDS,
    ]
    .into_iter()
    .flatten()
}

/// The command with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Command> {
    all().find(|command| command.name == name)
}
