//! Where a function's code comes from besides a paste or an upload: a folder on this machine, watched if wanted, and
//! whole projects described by `stack.yaml` (OpenFaaS), `project.yml` (DigitalOcean) or `func.yaml` (Fn).
//!
//! ```text
//! rules ─ what is left out     walk ─ what is in a folder     pack ─ a folder as code
//! watch ─ saved files, noticed     follow ─ a watched folder, deployed again and again     folders ─ what the engine offers
//! project ─ a project file as a plan     yaml, substitute ─ how such files are read
//! ```
//!
//! Paths come from the user: through the window or the command line of this machine, or over a session that the host
//! has authenticated. They are absolute, and what they lead to is read with the rights of Beckon, as an editor would.

mod folders;
mod follow;
mod pack;
mod project;
mod rules;
mod substitute;
mod walk;
mod watch;
mod yaml;

pub use folders::{FolderDeploy, FolderState, FolderStatus};
pub(crate) use folders::{Folders, detach};
pub(crate) use follow::supervise;
pub use pack::{PackProgress, Packed, pack, preview};
pub use project::{
    ImageDeployment, PlannedFunction, PlannedSchedule, PlannedSecret, Problem, Project, ProjectKind,
    Severity, plan_image, read_project, read_project_with,
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Most files of a folder, as of a zip.
const FILE_LIMIT: usize = 10_000;
/// Most folders in a folder: each is watched on its own.
const FOLDER_LIMIT: usize = 2_000;
/// Most bytes of all files together, as of a zip when it is unpacked.
const UNPACKED_LIMIT: u64 = 256 * 1024 * 1024;
/// How much of what is left out is named.
const LEFT_OUT_LIMIT: usize = 200;

/// What a folder would be as a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FolderPreview {
    /// The folder, links resolved.
    pub path: String,
    /// Its files, in order.
    pub files: Vec<FolderFile>,
    /// Their bytes together, unpacked.
    pub bytes: u64,
    /// What is left out, with the reason; at most 200 of it.
    pub left_out: Vec<LeftOut>,
    /// How many files and folders are left out; a folder counts once.
    pub left_out_count: u64,
}

/// One file of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FolderFile {
    /// Relative to the folder.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
}

/// A file or folder that is not part of the function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Relative to the folder; folders end with `/`.
    pub path: String,
    /// Why, for example `.gitignore: *.log`.
    pub reason: String,
}
