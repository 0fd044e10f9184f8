//! The functions that Beckon runs under measurement, and how they are set.
//!
//! Work that HTTP callers give is deployed twice: under OpenWhisk's contract, and (`-http`) under OpenFaaS's, which
//! gets the request as it came. The measurement calls the second where Beckon answers `/function/`.

use beckon_core::{Contract, Function, Limits, LostPolicy, NewFunction, Settings, Watchdog};

/// One function to deploy.
pub(crate) struct Deploy {
    pub(crate) name: &'static str,
    /// Its kind, as OpenWhisk writes it.
    pub(crate) kind: &'static str,
    pub(crate) code: &'static str,
    contract: Contract,
    /// Most workers.
    workers: u32,
    /// Most runs in each.
    runs: u32,
    /// The watchdog's command.
    process: Option<&'static str>,
}

const fn deploy(name: &'static str, kind: &'static str, code: &'static str) -> Deploy {
    Deploy {
        name,
        kind,
        code,
        contract: Contract::Openwhisk,
        workers: 8,
        runs: 1,
        process: None,
    }
}

impl Deploy {
    const fn contract(mut self, contract: Contract) -> Self {
        self.contract = contract;
        self
    }

    const fn room(mut self, workers: u32, runs: u32) -> Self {
        self.workers = workers;
        self.runs = runs;
        self
    }

    /// How many runs it may have at the same time.
    pub(crate) fn slots(&self) -> u32 {
        self.workers * self.runs
    }

    /// What the gateway's API has no words for.
    pub(crate) fn finish(&self, stored: &Function) -> NewFunction {
        let mut new = NewFunction::from(stored.clone());
        new.contract = self.contract;
        // The runs that hold the slots until the crash are not to hold them after it.
        new.lost_policy = LostPolicy::Record;
        new.limits = Limits {
            concurrency: self.workers,
            // More memory than a worker needs would only make them fewer.
            memory_mb: 256,
            ..Limits::DEFAULT
        };
        new.settings = Settings {
            runs_per_worker: self.runs,
            watchdog: Watchdog {
                process: self.process.map(String::from),
                ..Watchdog::default()
            },
            ..Settings::default()
        };
        new
    }
}

const NODE: &str = "nodejs:default";
const PYTHON: &str = "python:default";
const SHELL: &str = "shell:default";
const CAT: &str = include_str!("../functions/cat.sh");

/// Node answers sixteen callers from one process, as the floor does. Python, with one lock for all of its threads, gets
/// a process for each core.
pub(crate) const ALL: &[Deploy] = &[
    deploy("hello", NODE, include_str!("../functions/hello.js")).room(1, 16),
    deploy("hello-http", NODE, include_str!("../functions/hello-http.js"))
        .contract(Contract::Openfaas)
        .room(1, 16),
    deploy("hello-python", PYTHON, include_str!("../functions/hello.py")).room(2, 8),
    deploy(
        "hello-python-http",
        PYTHON,
        include_str!("../functions/hello_http.py"),
    )
    .contract(Contract::Openfaas)
    .room(2, 8),
    deploy("echo", NODE, include_str!("../functions/echo.js")),
    deploy("echo-http", NODE, include_str!("../functions/echo-http.js")).contract(Contract::Openfaas),
    deploy("raw-http", NODE, include_str!("../functions/echo-http.js")).contract(Contract::Openfaas),
    deploy("sleep", NODE, include_str!("../functions/sleep.js")).room(4, 16),
    deploy("sleep-http", NODE, include_str!("../functions/sleep-http.js"))
        .contract(Contract::Openfaas)
        .room(4, 16),
    deploy("cat", SHELL, CAT).room(16, 1),
    Deploy {
        process: Some("cat"),
        ..deploy("cat-http", SHELL, CAT)
            .contract(Contract::WatchdogClassic)
            .room(16, 1)
    },
    QUEUED,
];

/// The function of the queue's rows.
pub(crate) const QUEUED: Deploy = deploy("queued", NODE, include_str!("../functions/queued.js")).room(2, 8);
