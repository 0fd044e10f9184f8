//! What a window may ask for.
//!
//! [`Panel`] holds the local engine, the connections, the credentials and the journal. Every public method under
//! `commands/` is one command, declared once with `#[commands]`; the doors (Tauri, HTTP, the command line) and the
//! TypeScript client are generated from the same table.

mod bindings;
mod command;
mod commands;
mod handlers;
mod journal;
mod panel;
mod remotes;
mod retention;
mod secrets;
mod templates;
mod views;

pub use bindings::typescript;
pub use command::{Command, RawSink, Sink};
pub use commands::{all as commands, find as command};
pub use handlers::{Handler, RequestBody, RequestDraft};
pub use panel::{Clipboard, PLAYGROUND, Panel, PanelConfig};
pub use secrets::SecretStoreChoice;
pub use views::*;
