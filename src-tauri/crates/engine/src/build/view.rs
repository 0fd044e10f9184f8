//! What callers see of builds: their logs, kept and live, and a way to stop them.

use std::fs;
use std::sync::Arc;

use beckon_core::{Error, FunctionKey, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use ts_rs::TS;

use crate::Engine;
use crate::build::record::{BuildRecord, Records};
use crate::build::{Attempt, Builds, blocking};

/// A build with everything that its tools printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BuildLog {
    /// What is known of it.
    pub build: BuildRecord,
    /// The log, one line each, 1 MiB at most: of a longer one the middle is missing, and says so.
    pub log: String,
}

/// What a build has printed since the last one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BuildProgress {
    /// The build; its state says whether this is its last progress.
    pub build: BuildRecord,
    /// New lines; none with the last one, often.
    pub lines: Vec<String>,
}

impl Engine {
    /// The last attempts to build a function, newest first, 20 at most. One under way is among them.
    pub async fn builds(&self, function: &FunctionKey) -> Result<Vec<BuildRecord>> {
        self.inner.builds.records(function).await
    }

    /// The build of a version with its log; without a version the last attempt, whether under way, ready or failed.
    ///
    /// # Errors
    /// `NotFound` when nothing is known of it (any more).
    pub async fn build_log(&self, function: &FunctionKey, version: Option<&str>) -> Result<BuildLog> {
        self.inner.builds.log(function, version).await
    }

    /// Follows the builds of a function: the one under way from its first line, then those that come.
    pub fn watch_builds(&self, function: &FunctionKey) -> BuildWatch {
        let builds = self.inner.builds.clone();
        BuildWatch {
            begun: builds.begun.subscribe(),
            builds,
            function: function.clone(),
            current: None,
            seen: 0,
            last: None,
        }
    }

    /// Stops the builds of a function that are under way; whoever saves it gets `Cancelled`. `false`: there were none.
    pub fn cancel_build(&self, function: &FunctionKey) -> bool {
        self.inner.builds.cancel(function)
    }
}

/// Follows the builds of one function.
pub struct BuildWatch {
    builds: Arc<Builds>,
    function: FunctionKey,
    begun: watch::Receiver<u64>,
    current: Option<Arc<Attempt>>,
    /// Lines that were handed out.
    seen: u64,
    /// The attempt before, which is not to be told twice.
    last: Option<String>,
}

impl BuildWatch {
    /// Waits for the next lines, or the end of a build. Waits as long as there is no build; may be dropped meanwhile.
    pub async fn next(&mut self) -> BuildProgress {
        loop {
            if let Some(attempt) = self.current.clone() {
                // First, so that lines that came before the end are not missed.
                let over = attempt.is_over();
                let (lines, next) = attempt.log.since(self.seen);
                if over || !lines.is_empty() {
                    self.seen = next;
                    let build = attempt.record.lock().clone();
                    if over {
                        self.last = Some(build.id.clone());
                        self.current = None;
                    }
                    return BuildProgress { build, lines };
                }
                attempt.more_than(self.seen).await;
                continue;
            }
            self.begun.mark_unchanged();
            let found = self.builds.under_way(&self.function);
            if let Some(attempt) = found.filter(|a| Some(&a.record.lock().id) != self.last.as_ref()) {
                (self.current, self.seen) = (Some(attempt), 0);
                continue;
            }
            if self.begun.changed().await.is_err() {
                std::future::pending::<()>().await; // the engine is gone, and no builds come
            }
        }
    }
}

impl Attempt {
    /// Whether it is over.
    fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Waits for another line than the first `seen`, or for the end.
    async fn more_than(&self, seen: u64) {
        let (mut lines, mut over) = (self.log.changes(), self.over.subscribe());
        tokio::select! {
            _ = lines.wait_for(|count| *count > seen) => {}
            _ = over.wait_for(|over| *over) => {}
        }
    }
}

impl Builds {
    async fn records(&self, function: &FunctionKey) -> Result<Vec<BuildRecord>> {
        let path = Records::path(&self.root.join("functions"), function);
        let mut records = blocking(move || Ok(Records::read(&path).attempts)).await?;
        for attempt in self
            .shared
            .lock()
            .attempts
            .iter()
            .filter(|a| a.function == *function)
        {
            let live = attempt.record.lock().clone();
            records.retain(|known| known.id != live.id);
            records.push(live);
        }
        records.reverse();
        Ok(records)
    }

    async fn log(&self, function: &FunctionKey, version: Option<&str>) -> Result<BuildLog> {
        let is_it = |record: &&BuildRecord| version.is_none() || record.version.as_deref() == version;
        let build = self.records(function).await?.iter().find(is_it).cloned();
        let build = build.ok_or_else(|| match version {
            Some(version) => Error::not_found(format_args!("build of version {version} of {function}")),
            None => Error::not_found(format_args!("build of {function}")),
        })?;
        let live = self
            .shared
            .lock()
            .attempts
            .iter()
            .find(|a| a.record.lock().id == build.id)
            .cloned();
        let log = match live {
            Some(attempt) => attempt.log.whole(),
            None => {
                let path = self.root.join("logs").join(&build.log);
                let named = build.log.bytes().all(|byte| byte.is_ascii_alphanumeric());
                blocking(move || {
                    let bytes = if named {
                        fs::read(path).unwrap_or_default()
                    } else {
                        Vec::new()
                    };
                    Ok(String::from_utf8_lossy(&bytes).into_owned())
                })
                .await?
            }
        };
        Ok(BuildLog { build, log })
    }
}
