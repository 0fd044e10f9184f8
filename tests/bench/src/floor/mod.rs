//! What the machine can do without Beckon.

pub(crate) mod machine;
pub(crate) mod server;

use anyhow::Result;
use clap::ValueEnum as _;
use tokio::process::Command;

use crate::process::{self, Program};
use server::Behind;

const NODE_SERVER: &str = include_str!("../../floor/server.cjs");
const PYTHON_SERVER: &str = include_str!("../../floor/server.py");

/// A floor that answers HTTP on a port.
pub(crate) struct Served {
    pub(crate) program: Program,
    pub(crate) port: u16,
}

impl Served {
    async fn start(name: &str, command: Command) -> Result<Self> {
        let mut program = Program::start(name, command)?;
        let port = program.first_line().await?.trim().parse()?;
        Ok(Self { program, port })
    }
}

/// The minimal Rust server before a warm Node process, or before a `cat` per request.
pub(crate) async fn rust(behind: Behind, pin: Option<usize>) -> Result<Served> {
    let mut command = process::command(&std::env::current_exe()?, pin);
    let name = behind.to_possible_value();
    command
        .arg("floor")
        .arg(name.as_ref().map_or("hello", |name| name.get_name()));
    Served::start("the floor", command).await
}

/// Node's own HTTP server.
pub(crate) async fn node(pin: Option<usize>) -> Result<Served> {
    let mut command = process::command(&process::find("node")?, pin);
    command.args(["-e", NODE_SERVER]);
    Served::start("the bare Node server", command).await
}

/// A Python program on a bare socket.
pub(crate) async fn python(pin: Option<usize>) -> Result<Served> {
    let mut command = process::command(&process::python()?, pin);
    command.args(["-c", PYTHON_SERVER]);
    Served::start("the bare Python server", command).await
}
