//! Whose start a cell can take the place of.

use std::path::{Path, PathBuf};

use beckon_core::{Function, Language};

use crate::isolation::{Confinement, Network, SecretFiles, allowance};
use crate::runtimes::Runtimes;
use crate::upstream;

/// Variables that interpreters, their libraries, or the C library read when they start, by how they begin.
const READ_AT_START: [&str; 14] = [
    "NODE_", "UV_", "V8_", "ICU_", "PYTHON", "LD_", "GLIBC_", "MALLOC_", "OPENSSL_", "SSL_", "LC_", "LANG",
    "TZ", "HOME",
];
/// Begins like one of them, but it is functions that read it.
const NOT_AT_START: &str = "NODE_ENV";
/// The largest limit that a function can have, MB.
const MOST_MEMORY_MB: u32 = 4096;

/// What cells must have in common with a function's own process: all that is settled when a process starts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Breed {
    language: Language,
    program: PathBuf,
    /// Node's bound on its heap is an argument. Python has none.
    heap_mb: Option<u32>,
}

impl Breed {
    /// That of a function, if it can begin as a cell at all.
    pub(crate) fn of(function: &Function, runtimes: &Runtimes) -> Option<Self> {
        let language = function.runtime.language();
        let heap_mb = match language {
            Language::Node => Some(function.limits.memory_mb),
            Language::Python => None,
            _ => return None,
        };
        let shimmed = function.contract.keeps_worker(language) && !upstream::serves(function.contract);
        let mut names = function
            .env
            .iter()
            .map(|(name, _)| name)
            .chain(&function.secret_names);
        // What is mounted is settled at a start, too.
        let mounts = !function.settings.secrets.is_empty();
        if !shimmed || mounts || function.settings.no_network || names.any(|name| is_read_at_start(name)) {
            return None;
        }
        Some(Self {
            language,
            program: runtimes.interpreter_of(&function.runtime).ok()?,
            heap_mb,
        })
    }

    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The interpreter.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// The memory limit to start it with, MB.
    pub(super) fn memory_mb(&self) -> u32 {
        self.heap_mb.unwrap_or(MOST_MEMORY_MB)
    }

    /// What one of them takes, bytes, with some room.
    pub(super) fn usual_memory(&self) -> u64 {
        allowance(self.language)
    }

    /// What it is held to before it is a function's; that function's own memory limit is set when it becomes one.
    pub(super) fn confinement(&self, code: PathBuf) -> Confinement {
        Confinement {
            code,
            memory: u64::from(self.memory_mb()) * 1024 * 1024 + allowance(self.language),
            network: Network::Open,
            unix_sockets: false,
            secrets: SecretFiles::default(),
        }
    }
}

/// Whether a process that is up has read this variable already.
pub(crate) fn is_read_at_start(name: &str) -> bool {
    name != NOT_AT_START && READ_AT_START.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_interpreters_read_are_known() {
        for name in [
            "NODE_OPTIONS",
            "PYTHONHASHSEED",
            "LD_PRELOAD",
            "TZ",
            "LANGUAGE",
            "LC_ALL",
        ] {
            assert!(is_read_at_start(name), "{name}");
        }
        for name in ["NODE_ENV", "GREETING", "PATH", "TMPDIR", "HTTP_PROXY"] {
            assert!(!is_read_at_start(name), "{name}");
        }
    }
}
