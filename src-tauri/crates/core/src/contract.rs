use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Language;

/// How a worker hands the event to the function's code, and what it takes for an answer.
///
/// Whatever the door a call came through, the engine turns it into what the contract wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Contract {
    /// OpenWhisk: `main(args)` returns an object. Executables get the arguments as one line of JSON on stdin and print
    /// one JSON object as their last line.
    Openwhisk,
    /// OpenWhisk's ActionLoop: a process that reads one JSON line per run on stdin and writes one on descriptor 3.
    ActionLoop,
    /// Scaleway: `handle(event, context)` with an API-gateway event; Go and Rust export an HTTP handler.
    Scaleway,
    /// OpenFaaS templates: Node `handler(event, context)`, Python `handle(event, context)` (python3-http), PHP, Ruby,
    /// Go golang-middleware.
    Openfaas,
    /// OpenFaaS python3-flask: `handle(req)` with the body as text.
    OpenfaasFlask,
    /// Fn Project: the code uses Fn's own FDK, which serves HTTP on a Unix socket (`http-stream`).
    Fn,
    /// Spaces (Altair IoT Studio): Python `handle(req)`, plain or async.
    Spaces,
    /// OpenFaaS classic watchdog: a process per request, body on stdin, answer on stdout, `Http_*` in the environment.
    WatchdogClassic,
    /// OpenFaaS of-watchdog, mode `http`: one long-lived process that serves HTTP on a port.
    WatchdogHttp,
    /// OpenFaaS of-watchdog, mode `serializing`: a process per request, the answer is sent when it has ended well.
    WatchdogSerializing,
    /// OpenFaaS of-watchdog, mode `streaming`: a process per request, the answer is sent as it is written.
    WatchdogStreaming,
}

impl Contract {
    /// All of them, in the order that they are offered.
    pub const ALL: [Self; 11] = [
        Self::Openwhisk,
        Self::Scaleway,
        Self::Openfaas,
        Self::OpenfaasFlask,
        Self::Fn,
        Self::Spaces,
        Self::ActionLoop,
        Self::WatchdogClassic,
        Self::WatchdogHttp,
        Self::WatchdogSerializing,
        Self::WatchdogStreaming,
    ];

    /// Whether it is one of OpenFaaS' templates or watchdogs.
    #[must_use]
    pub fn is_openfaas(self) -> bool {
        match self {
            Self::Openfaas
            | Self::OpenfaasFlask
            | Self::WatchdogClassic
            | Self::WatchdogHttp
            | Self::WatchdogSerializing
            | Self::WatchdogStreaming => true,
            Self::Openwhisk | Self::ActionLoop | Self::Scaleway | Self::Fn | Self::Spaces => false,
        }
    }

    /// Whether code in `language` can follow it.
    #[must_use]
    pub fn fits(self, language: Language) -> bool {
        use Language::{Executable, Go, Node, Php, Python, Ruby, Rust};
        match self {
            Self::Openwhisk => matches!(language, Node | Python | Php | Ruby | Executable),
            Self::Scaleway => matches!(language, Node | Python | Php | Go | Rust),
            Self::Openfaas => matches!(language, Node | Python | Php | Ruby | Go),
            Self::OpenfaasFlask | Self::Spaces => language == Python,
            Self::Fn => matches!(language, Node | Python | Executable),
            Self::ActionLoop => matches!(language, Go | Executable),
            Self::WatchdogClassic
            | Self::WatchdogHttp
            | Self::WatchdogSerializing
            | Self::WatchdogStreaming => language == Executable,
        }
    }

    /// The contract of an OpenWhisk action in `language`: compiled ones are ActionLoop binaries.
    #[must_use]
    pub fn of_action(language: Language) -> Self {
        if Self::Openwhisk.fits(language) {
            Self::Openwhisk
        } else {
            Self::ActionLoop
        }
    }

    /// Whether it takes a request and gives a response, rather than one JSON object for another.
    #[must_use]
    pub fn speaks_http(self) -> bool {
        !matches!(self, Self::Openwhisk | Self::ActionLoop)
    }

    /// Whether a process may stay for the next run.
    #[must_use]
    pub fn keeps_worker(self, language: Language) -> bool {
        match self {
            Self::WatchdogClassic | Self::WatchdogSerializing | Self::WatchdogStreaming => false,
            Self::Openwhisk => language != Language::Executable,
            _ => true,
        }
    }

    /// Whether one worker may have several runs at a time.
    #[must_use]
    pub fn shares_worker(self, language: Language) -> bool {
        match self {
            Self::WatchdogHttp => true,
            // An FDK and an action loop answer in turn; the interpreters of PHP and Ruby have one thread of control.
            Self::Fn | Self::ActionLoop => false,
            _ => self.keeps_worker(language) && !matches!(language, Language::Php | Language::Ruby),
        }
    }

    /// The entry point that its provider assumes when none is given.
    #[must_use]
    pub fn default_entry(self) -> &'static str {
        match self {
            Self::Scaleway => "handler.handle",
            Self::Openfaas | Self::OpenfaasFlask | Self::Spaces => "handle",
            Self::Fn => "func.handler",
            _ => "main",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_a_contract_and_shared_workers_stay() {
        for language in Language::ALL {
            assert!(
                Contract::ALL.iter().any(|contract| contract.fits(language)),
                "{language:?}"
            );
            // Rust is Scaleway's alone.
            assert_eq!(
                Contract::of_action(language).fits(language),
                language != Language::Rust
            );
            for contract in Contract::ALL {
                assert!(!contract.shares_worker(language) || contract.keeps_worker(language));
            }
        }
    }
}
