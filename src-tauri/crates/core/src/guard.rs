use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Something that keeps a function in its place. Which of them hold on a machine depends on its kernel and account;
/// what was in force is on the record of each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// A process group of its own, ended as a whole, and no terminal.
    Session,
    /// Nothing of Beckon's environment is inherited.
    Environment,
    /// No privileges can be gained (`no_new_privs`).
    NoNewPrivileges,
    /// Only the code, the interpreter and the scratch folder can be read; only the scratch folder can be written.
    Files,
    /// No other process can be signalled.
    Signals,
    /// No Unix socket of another program can be reached: the desktop's bus and keychain, the container engine.
    Sockets,
    /// The number of processes and threads is bounded.
    Processes,
    /// The size of files, the number of open ones, and core dumps are bounded.
    FileSize,
    /// What the scratch folder may hold is bounded.
    Disk,
    /// Memory is bounded, and going over it is recorded as that.
    Memory,
    /// No network, where the function was told to have none.
    Network,
    /// Secrets are files in memory where functions of OpenFaaS look for them, which no other process sees; where the
    /// function names any.
    Secrets,
}

impl Guard {
    /// All of them, in the order that they are shown.
    pub const ALL: [Self; 12] = [
        Self::Session,
        Self::Environment,
        Self::NoNewPrivileges,
        Self::Files,
        Self::Signals,
        Self::Sockets,
        Self::Processes,
        Self::FileSize,
        Self::Disk,
        Self::Memory,
        Self::Network,
        Self::Secrets,
    ];
}
