//! What a window may ask for.
//!
//! [`Panel`] holds the local engine, the connections, the credentials and the journal. Every public method under
//! `commands/` is one command, declared once with `#[commands]`; the doors (Tauri, HTTP, the command line) and the
//! TypeScript client are generated from the same table.

mod accounts;
mod bindings;
mod command;
mod commands;
mod entities;
mod firings;
mod found;
mod handlers;
mod journal;
mod looks;
mod notices;
mod panel;
mod remote_calls;
mod remote_deploy;
mod remote_functions;
mod remotes;
mod response;
mod retention;
mod secrets;
mod templates;
mod unpacked;
mod views;

pub use accounts::{
    AccessKeyView, AccountLook, AccountNamespaceView, AddedAccount, NamespaceOutcome, NewAccessKeyView,
    ScheduledTriggerDraft, ScheduledTriggerView,
};
pub use bindings::typescript;
pub use command::{Command, RawSink, Sent, Sink};
pub use commands::{
    CallbackChoice, FunctionKind, SavedCall, TerminalTarget, all as commands, find as command,
};
pub use entities::{
    Entities, EntityHead, EventTriggerDraft, EventTriggerView, PackageDraft, PackageView, RuleDraft, RuleView,
};
pub use found::{FoundCredential, FoundSource, Imported};
pub use handlers::{Handler, RequestBody, RequestDraft};
pub use panel::{Desktop, PLAYGROUND, Panel, PanelConfig};
pub use remote_functions::FunctionEdits;
pub use response::ResponsePart;
pub use secrets::SecretStoreChoice;
pub use views::*;
