use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ActivationSummary;

/// Something changed; the window listens and refreshes what it shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(rename = "PanelEvent")] // `Event` is the DOM's
pub enum Event {
    /// Runs appeared or changed. One batch per commit of the journal.
    Activations {
        /// The rows as they are now.
        rows: Vec<ActivationSummary>,
    },
    /// Functions, namespaces, packages, OpenWhisk's triggers or rules of a connection changed.
    Functions {
        /// The connection's id.
        connection: String,
    },
    /// Tokens changed.
    Tokens,
    /// A connection was added, removed, or its state changed.
    Connections,
    /// Queues were paused, resumed or cleared, or dead letters came or went.
    Queues,
    /// The engine's workers or queue changed (at most four times a second).
    Engine,
    /// Schedules, or their histories, changed.
    Schedules,
    /// Triggers changed, or what they are doing (at most twice a second each).
    Triggers,
    /// A function's folder was deployed, could not be, went away or came back.
    Folders,
    /// Deliveries appeared or changed.
    Deliveries,
    /// Inboxes changed, or messages arrived in them.
    Inboxes,
    /// The listener was too slow and missed events: read everything again.
    Lagged,
}
