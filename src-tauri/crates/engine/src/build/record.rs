//! What is known of a function's builds: a small file per function, so that it outlives Beckon.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use beckon_core::{FunctionKey, Millis};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ts_rs::TS;

/// Attempts that are remembered for a function.
const REMEMBERED: usize = 20;

/// One at a time may read, change and write a file.
static WRITING: Mutex<()> = Mutex::new(());

/// How far a build has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
    /// Under way.
    Building,
    /// The version can run.
    Ready,
    /// It failed; the version before it goes on serving.
    Failed,
    /// It was stopped, or Beckon ended meanwhile.
    Cancelled,
}

/// One attempt to make a function's code ready to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BuildRecord {
    /// 32 hex characters, its own.
    pub id: String,
    /// The version that was saved with it; `None` while it is under way, and when nothing was saved.
    pub version: Option<String>,
    /// How it ended.
    pub state: BuildState,
    /// When it began.
    pub started: Millis,
    /// How long it took, ms; `None` while it is under way.
    pub duration_ms: Option<u64>,
    /// Whether the same code had been built before, so that there was nothing to do. The log is that build's.
    pub reused: bool,
    /// The folder's name below `builds/ready`.
    pub(crate) build: String,
    /// The name of its log below `builds/logs`.
    pub(crate) log: String,
}

/// The attempts of one function, oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Records {
    pub(crate) function: Option<FunctionKey>,
    pub(crate) attempts: Vec<BuildRecord>,
}

impl Records {
    /// The file of a function. Its name says nothing: function names may hold what file names may not.
    pub(crate) fn path(folder: &Path, function: &FunctionKey) -> PathBuf {
        let digest = Sha256::digest(function.to_string().as_bytes());
        folder.join(format!("{}.json", hex(&digest[..16])))
    }

    /// What is on disk; nothing, if it is not there or cannot be read.
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read(path).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Replaces or adds an attempt, and writes the file in one step.
    pub(crate) fn put(folder: &Path, function: &FunctionKey, attempt: &BuildRecord) -> io::Result<()> {
        let path = Self::path(folder, function);
        let _alone = WRITING.lock();
        let mut records = Self::read(&path);
        records.function = Some(function.clone());
        match records.attempts.iter_mut().find(|known| known.id == attempt.id) {
            Some(known) => *known = attempt.clone(),
            None => records.attempts.push(attempt.clone()),
        }
        let surplus = records.attempts.len().saturating_sub(REMEMBERED);
        records.attempts.drain(..surplus);
        let fresh = path.with_extension(beckon_core::random_hex());
        fs::write(&fresh, serde_json::to_vec(&records)?)?;
        fs::rename(fresh, path)
    }

    /// The build that serves `version`; failing that, the last that was ready.
    pub(crate) fn serving(&self, version: &str) -> Option<&BuildRecord> {
        let mut ready = self
            .attempts
            .iter()
            .rev()
            .filter(|a| a.state == BuildState::Ready);
        let last = ready.clone().next();
        ready
            .find(|attempt| attempt.version.as_deref() == Some(version))
            .or(last)
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
