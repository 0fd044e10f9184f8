use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::scaling::in_range as range;
use crate::{Error, ErrorCode, Scaling};

/// How the local engine keeps, retries and reaches a function. Everything has a default, so that what an older Beckon
/// stored can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(rename = "ExecutionSettings")] // `Settings` are the panel's
pub struct Settings {
    /// Workers that are kept ready though nobody calls, 0 to [`crate::Limits::concurrency`].
    pub min_workers: u32,
    /// Runs that one worker may have at a time, 1 to 100; 0 is 1. Only where the contract allows it
    /// ([`crate::Contract::shares_worker`]).
    pub runs_per_worker: u32,
    /// By what load there are more workers than are kept ready; `None`: by need alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional = nullable)]
    pub scaling: Option<Scaling>,
    /// How long an idle worker is kept, seconds; `None` is the engine's default.
    pub idle_timeout_s: Option<u32>,
    /// Longest detached run, seconds, 5 to 3600 (OCI); `None`: as long as any other run.
    pub detached_timeout_s: Option<u32>,
    /// Whether it is denied the network.
    pub no_network: bool,
    /// Whether packages may run their own install and build scripts when its dependencies are installed: other people's
    /// programs, with the rights of whoever runs Beckon.
    pub install_scripts: bool,
    /// The watchdog's own settings, for its contracts.
    pub watchdog: Watchdog,
    /// What happens when an accepted run fails.
    pub retry: Retry,
    /// Where the record of a detached run that ended well is delivered.
    pub on_success: Option<Destination>,
    /// Where the record of a detached run that failed is delivered.
    pub on_failure: Option<Destination>,
    /// Host names under which it answers every path.
    pub domains: Vec<String>,
    /// The folder that its code comes from.
    pub folder: Option<FolderSource>,
    /// Secrets of its namespace that it finds as files, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub secrets: Vec<String>,
}

/// What OpenFaaS' watchdogs read from their environment, those before its templates included
/// ([`Function::watchdog`](crate::Function::watchdog)).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Watchdog {
    /// `fprocess`: the command, split at single spaces. `None`: the package's own executable.
    pub process: Option<String>,
    /// `exec_timeout`, ms; 0 or `None`: the function's own limit alone.
    pub exec_timeout_ms: Option<u32>,
    /// `read_timeout`, ms: how long the request may take to arrive. Default 30,000.
    pub read_timeout_ms: Option<u32>,
    /// `write_timeout`, ms: how long until the answer must have been sent, or the caller is hung up on; 0 or `None`: the
    /// other limits alone.
    pub write_timeout_ms: Option<u32>,
    /// `max_inflight`: runs at a time beyond which callers get 429; 0: no limit.
    pub max_inflight: u32,
    /// `upstream_url`'s port that the process listens on; `None`: Beckon chooses one and says so in `PORT` and
    /// `http_port`.
    pub port: Option<u16>,
    /// `content_type` that answers have unless the function says otherwise.
    pub content_type: Option<String>,
    /// `combine_output`: whether standard error is part of the classic watchdog's answer. Default true.
    pub combine_output: Option<bool>,
}

/// When an accepted run that failed is tried again. The defaults (no retries) are OpenWhisk's and OpenFaaS CE's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Retry {
    /// How often it is tried altogether, 1 to 100.
    pub attempts: u32,
    /// Status codes that are tried again; a run without one counts as 200 (success), 500 (failed) or 504 (timed out).
    pub codes: Vec<u16>,
    /// Shortest wait before the next attempt, seconds. It doubles with each.
    pub min_wait_s: u32,
    /// Longest wait, seconds.
    pub max_wait_s: u32,
    /// How the wait is spread.
    pub jitter: Jitter,
}

impl Default for Retry {
    /// One attempt; the rest as OpenFaaS Pro documents it.
    fn default() -> Self {
        Self {
            attempts: 1,
            codes: vec![429, 500, 502, 504, 408],
            min_wait_s: 10,
            max_wait_s: 120,
            jitter: Jitter::Full,
        }
    }
}

/// How waits between attempts are spread, so that what failed together does not come back together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// Not at all.
    None,
    /// Anywhere between the shortest wait and the whole.
    #[default]
    Full,
    /// Half of it is certain, the other half random.
    Equal,
}

/// Where a delivery goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Destination {
    /// An inbox of this Beckon, standing for a notification topic.
    Notification {
        /// The topic's name or OCID.
        topic: String,
    },
    /// An inbox standing for a queue.
    Queue {
        /// The queue's name or OCID.
        queue: String,
        /// The channel within it.
        channel: Option<String>,
    },
    /// An inbox standing for a stream.
    Stream {
        /// The stream's name or OCID.
        stream: String,
    },
    /// A POST to this URL.
    Http {
        /// `http` or `https`.
        url: String,
    },
    /// A message to a NATS subject.
    Nats {
        /// `nats://host:port`.
        server: String,
        /// The subject.
        subject: String,
    },
}

/// A folder that a function's code is taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FolderSource {
    /// Absolute path.
    pub path: String,
    /// Whether saving a file in it deploys it again.
    pub watch: bool,
}

impl Settings {
    /// Runs that one worker may have at a time, at least 1.
    #[must_use]
    pub fn runs_per_worker(&self) -> u32 {
        self.runs_per_worker.max(1)
    }

    /// Refuses values outside their ranges.
    pub fn check(&self) -> Result<(), Error> {
        range("The number of workers kept ready", self.min_workers, 0, 64)?;
        range("The number of runs per worker", self.runs_per_worker(), 1, 100)?;
        if let Some(scaling) = &self.scaling {
            scaling.check()?;
        }
        if let Some(seconds) = self.idle_timeout_s {
            range("The idle timeout in seconds", seconds, 1, 86_400)?;
        }
        if let Some(seconds) = self.detached_timeout_s {
            range("The detached timeout in seconds", seconds, 5, 3600)?;
        }
        range("The number of attempts", self.retry.attempts, 1, 100)?;
        range(
            "The longest wait between attempts in seconds",
            self.retry.max_wait_s,
            0,
            86_400,
        )?;
        range(
            "The shortest wait between attempts in seconds",
            self.retry.min_wait_s,
            0,
            self.retry.max_wait_s,
        )?;
        if self.domains.len() > DOMAINS {
            let text = format!("A function has at most {DOMAINS} domains.");
            return Err(Error::new(ErrorCode::LimitExceeded, text));
        }
        self.domains.iter().try_for_each(|domain| check_domain(domain))
    }
}

/// Most host names of one function.
const DOMAINS: usize = 50;

/// A host name of two labels or more (RFC 1123, 2.1): no port, no address, no final dot.
fn check_domain(domain: &str) -> Result<(), Error> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels: Vec<&str> = domain.split('.').collect();
    // The last label of an address is a number, that of a name never is.
    let named = labels
        .last()
        .is_some_and(|last| last.bytes().any(|b| b.is_ascii_alphabetic()));
    if domain.len() <= 253 && labels.len() >= 2 && named && labels.into_iter().all(label) {
        return Ok(());
    }
    let shown: String = domain.chars().filter(|c| !c.is_control()).take(100).collect();
    Err(Error::new(
        ErrorCode::InvalidInput,
        format!("'{shown}' is not a domain name."),
    )
    .with_hint("Write it like shop.example.test, without a scheme, a port or a path."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_beckon_stored_is_read() {
        let settings: Settings = serde_json::from_str("{}").unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!(settings.runs_per_worker(), 1);
        settings.check().unwrap();
    }

    #[test]
    fn ranges_are_named() {
        let settings = Settings {
            detached_timeout_s: Some(4),
            ..Settings::default()
        };
        assert_eq!(
            settings.check().unwrap_err().message,
            "The detached timeout in seconds must be 5 to 3600, not 4."
        );
    }
}
