//! What a user would pick instead. Each is installed by `scripts/bench`; one that is not there is skipped, out loud.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::process::{self, Program};

/// Where the peers' code is, and what was installed for them.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    /// `tests/bench/peers`, with its `node_modules`.
    pub(crate) code: PathBuf,
    /// Everything else: `venv/`, `bin/`, `lighttpd/`.
    pub(crate) installed: PathBuf,
    /// Where they run.
    pub(crate) work: PathBuf,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Cloudflare's runtime, one Worker called directly.
    Workerd,
    /// Google's functions framework on Node.
    FrameworkNode,
    /// The same on Python (gunicorn).
    FrameworkPython,
    /// OpenFaaS' of-watchdog before a warm Node server.
    WatchdogNode,
    /// OpenFaaS' of-watchdog before a warm Python server.
    WatchdogPython,
    /// OpenFaaS' classic watchdog: a `cat` per request.
    WatchdogClassic,
    /// lighttpd's CGI: a shell per request, which becomes `cat`.
    Cgi,
}

/// Those that run Node functions.
pub(crate) const NODE: &[Peer] = &[Peer::Workerd, Peer::FrameworkNode, Peer::WatchdogNode];
/// Those that run Python functions.
pub(crate) const PYTHON: &[Peer] = &[Peer::FrameworkPython, Peer::WatchdogPython];
/// Those that start a process per request.
pub(crate) const FORK: &[Peer] = &[Peer::WatchdogClassic, Peer::Cgi];

/// A peer that answers.
pub(crate) struct Running {
    pub(crate) program: Program,
    pub(crate) port: u16,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Workerd => "workerd",
            Self::FrameworkNode | Self::FrameworkPython => "functions-framework",
            Self::WatchdogNode | Self::WatchdogPython => "of-watchdog",
            Self::WatchdogClassic => "classic watchdog",
            Self::Cgi => "lighttpd CGI",
        }
    }

    /// The path that reaches `function`.
    pub(crate) fn path(self, function: &str) -> String {
        match self {
            Self::Cgi => "/cat.sh".into(),
            _ => format!("/{function}"),
        }
    }

    /// Starts it and waits until it accepts connections.
    pub(crate) async fn start(self, peers: &Peers, pin: Option<usize>) -> Result<Running> {
        let port = process::free_port()?;
        let command = self.command(peers, port, pin)?;
        let mut program = Program::start(self.name(), command)?;
        let port = match self {
            // It chooses its own port and says so.
            Self::Workerd => {
                let said: Value = serde_json::from_str(&program.first_line().await?)?;
                u16::try_from(said["port"].as_u64().context("no port")?)?
            }
            _ => {
                program.listens(port).await?;
                port
            }
        };
        Ok(Running { program, port })
    }

    fn command(self, peers: &Peers, port: u16, pin: Option<usize>) -> Result<Command> {
        let Peers {
            code,
            installed,
            work,
        } = peers;
        let mut command = match self {
            Self::Workerd => {
                let mut command = process::command(&workerd(code)?, pin);
                command.arg("serve").arg(code.join("workerd.capnp"));
                command.arg("--control-fd=1");
                command
            }
            Self::FrameworkNode => {
                let main = code.join("node_modules/@google-cloud/functions-framework/build/src/main.js");
                ensure!(main.exists(), "its npm package is not installed");
                let mut command = process::command(&process::find("node")?, pin);
                command.arg(main).arg("--target=handle").arg("--source").arg(code);
                command.arg(format!("--port={port}"));
                command
            }
            Self::FrameworkPython => {
                let main = here(&installed.join("venv/bin/functions-framework"))?;
                let mut command = process::command(&main, pin);
                command.args(["--target=handle", "--host=127.0.0.1"]);
                command.arg("--source").arg(code.join("main.py"));
                command.arg(format!("--port={port}"));
                command
            }
            Self::WatchdogNode => self.of_watchdog(peers, "node", "upstream.cjs", pin)?,
            Self::WatchdogPython => self.of_watchdog(peers, "python3", "upstream.py", pin)?,
            Self::WatchdogClassic => {
                let mut command = process::command(&here(&installed.join("bin/classic-watchdog"))?, pin);
                command.env("fprocess", "cat");
                command
            }
            Self::Cgi => lighttpd(peers, pin)?,
        };
        command
            .env("port", port.to_string())
            .env("PORT", port.to_string());
        command.current_dir(work).stderr(std::process::Stdio::null());
        Ok(command)
    }

    fn of_watchdog(
        self,
        peers: &Peers,
        language: &str,
        upstream: &str,
        pin: Option<usize>,
    ) -> Result<Command> {
        let watchdog = here(&peers.installed.join("bin/of-watchdog"))?;
        let interpreter = match language {
            "node" => process::find("node")?,
            _ => process::python()?,
        };
        let upstream = peers.code.join(upstream);
        let behind = process::free_port()?;
        let mut command = process::command(&watchdog, pin);
        command
            .env("mode", "http")
            .env("upstream_url", format!("http://127.0.0.1:{behind}"))
            .env(
                "fprocess",
                format!("{} {} {behind}", interpreter.display(), upstream.display()),
            )
            .env("prefix_logs", "false");
        Ok(command)
    }
}

/// The program in the npm package for this platform, whatever that is called.
fn workerd(code: &Path) -> Result<PathBuf> {
    let scope = code.join("node_modules/@cloudflare");
    let packages = std::fs::read_dir(scope).context("its npm package is not installed")?;
    let mut binaries = packages
        .flatten()
        .map(|package| package.path().join("bin/workerd"));
    binaries
        .find(|binary| binary.exists())
        .context("its npm package has no program for this platform")
}

/// The system's lighttpd, or the one that was unpacked beside the others and never installed.
fn lighttpd(peers: &Peers, pin: Option<usize>) -> Result<Command> {
    let unpacked = peers.installed.join("lighttpd");
    let own = unpacked.join("usr/sbin/lighttpd");
    let mut command;
    if own.exists() {
        command = process::command(&own, pin);
        command.arg("-m").arg(unpacked.join("usr/lib/lighttpd"));
    } else {
        command = process::command(&process::find("lighttpd")?, pin);
    }
    command.arg("-D").arg("-f").arg(peers.code.join("lighttpd.conf"));
    command.env("PEERS", &peers.code);
    Ok(command)
}

fn here(program: &Path) -> Result<PathBuf> {
    ensure!(program.exists(), "it could not be installed");
    Ok(program.to_owned())
}
