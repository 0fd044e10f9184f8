//! What the machine can do without Beckon.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::beckon::pss_kib;
use crate::load::Call;
use crate::median;

/// One byte to a Node process over a pipe and back.
pub(crate) async fn pipe_round_trip(calls: usize) -> Result<Duration> {
    let script = "process.stdin.on('data', (d) => process.stdout.write(d))";
    let mut child = spawn("node", &["-e", script])?;
    let mut stdin = child.stdin.take().context("no stdin")?;
    let mut stdout = child.stdout.take().context("no stdout")?;
    let mut byte = [0];
    let mut durations = Vec::with_capacity(calls);
    for call in 0..calls + 100 {
        let started = Instant::now();
        stdin.write_all(b"x").await?;
        stdout.read_exact(&mut byte).await?;
        if call >= 100 {
            durations.push(started.elapsed());
        }
    }
    drop(stdin);
    child.wait().await?;
    Ok(median(durations))
}

/// Starting an interpreter that does nothing.
pub(crate) fn start_of(program: &str, arguments: &[&str], times: usize) -> Result<Duration> {
    let mut durations = Vec::with_capacity(times);
    for _ in 0..times {
        let started = Instant::now();
        let status = std::process::Command::new(program).args(arguments).status()?;
        ensure!(status.success(), "{program} failed");
        durations.push(started.elapsed());
    }
    Ok(median(durations))
}

/// A Node HTTP server that does what `hello` does and nothing else.
pub(crate) struct NodeServer {
    child: Child,
    port: u16,
}

const SERVER: &str = r"
const server = require('node:http').createServer((request, response) => {
  let body = '';
  request.on('data', (part) => (body += part));
  request.on('end', () => {
    const name = JSON.parse(body).name || 'stranger';
    const text = JSON.stringify({ body: `Hello ${name}!` });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
";

impl NodeServer {
    pub(crate) async fn start() -> Result<Self> {
        let mut child = spawn("node", &["-e", SERVER])?;
        let stdout = child.stdout.take().context("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        Ok(Self {
            child,
            port: line.trim().parse().context("the Node server gave no port")?,
        })
    }

    pub(crate) fn call(&self) -> Call {
        Call::post(([127, 0, 0, 1], self.port).into(), "/", "", r#"{"name":"Ada"}"#)
    }

    pub(crate) fn memory(&self) -> Result<u64> {
        pss_kib(self.child.id().context("the Node server has ended")?)
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait().await?;
        Ok(())
    }
}

fn spawn(program: &str, arguments: &[&str]) -> Result<Child> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
        .spawn()
        .with_context(|| format!("{program} could not be started"))
}
