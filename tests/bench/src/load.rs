//! The load: kept-alive connections, one request at a time on each, the same client for everything that is measured.
//!
//! It runs in a process of its own (`beckon-bench load`), on one thread, so that it can be pinned and so that what it
//! costs is the same whoever answers. What it is to do arrives on standard input: one line of JSON, then the bytes of
//! the request as they go on the wire.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::{http, process};

/// How long after its time a load may still wait for replies.
const PATIENCE: Duration = Duration::from_secs(90);

/// What is sent, and what makes its answer a right one.
#[derive(Clone)]
pub(crate) struct Body {
    kind: &'static str,
    bytes: Vec<u8>,
    expect: String,
}

impl Body {
    /// JSON; the answer must contain `expect`.
    pub(crate) fn json(text: &str, expect: &str) -> Self {
        Self {
            kind: "application/json",
            bytes: text.as_bytes().to_vec(),
            expect: expect.to_owned(),
        }
    }

    /// Bytes that mean nothing, and the answer must contain the last of them.
    pub(crate) fn bytes(length: usize) -> Self {
        let expect = "the end of the bytes".to_owned();
        let mut bytes: Vec<u8> = (0..length - expect.len()).map(|n| (n * 7 % 251) as u8).collect();
        bytes.extend_from_slice(expect.as_bytes());
        Self {
            kind: "application/octet-stream",
            bytes,
            expect,
        }
    }
}

/// One request to repeat, and what makes its reply a right one.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) address: SocketAddr,
    request: Vec<u8>,
    status: u16,
    /// In the body of the first reply of each connection.
    expect: String,
}

impl Call {
    /// `headers` are whole lines, each with its end.
    pub(crate) fn post(address: SocketAddr, path: &str, headers: &str, body: &Body) -> Self {
        let Body { kind, bytes, expect } = body;
        let length = bytes.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {kind}\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        Self {
            address,
            request: [head.as_bytes(), bytes].concat(),
            status: 200,
            expect: expect.clone(),
        }
    }

    /// The reply must have this status.
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Makes the call once over a new connection; how long it took, and the body.
    pub(crate) async fn once(&self) -> Result<(Duration, Vec<u8>)> {
        let mut connection = Connection::open(self.address).await?;
        let started = Instant::now();
        let body = tokio::time::timeout(PATIENCE, connection.call(self)).await;
        let body = body.context("no reply in time")??;
        let took = started.elapsed();
        self.check(&connection.buffer[body.clone()])?;
        Ok((took, connection.buffer[body].to_vec()))
    }

    fn check(&self, body: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(body);
        ensure!(text.contains(&self.expect), "a wrong answer: {text:.300}");
        Ok(())
    }
}

/// How much of it: until `calls` are made or `seconds` are over, whichever is first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Effort {
    pub(crate) connections: usize,
    pub(crate) calls: u64,
    pub(crate) seconds: f64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// Calls a second.
    pub(crate) rate: f64,
    /// How many gave these figures.
    pub(crate) calls: u64,
    /// How many were made, the warming up included.
    pub(crate) all: u64,
}

#[derive(Serialize, Deserialize)]
struct Order {
    address: SocketAddr,
    status: u16,
    expect: String,
    effort: Effort,
}

/// Puts the load on `call` from a process of its own, on the core named by `pin`.
pub(crate) async fn put(call: &Call, effort: Effort, pin: Option<usize>) -> Result<Figures> {
    let order = Order {
        address: call.address,
        status: call.status,
        expect: call.expect.clone(),
        effort,
    };
    let own = std::env::current_exe()?;
    let mut command = process::command(&own, pin);
    command
        .arg("load")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let mut child = command.spawn().context("the load could not be started")?;
    let mut stdin = child.stdin.take().context("no stdin")?;
    let mut bytes = serde_json::to_vec(&order)?;
    bytes.push(b'\n');
    bytes.extend_from_slice(&call.request);
    stdin.write_all(&bytes).await?;
    drop(stdin);
    let done = child.wait_with_output().await?;
    ensure!(done.status.success(), "the load failed ({})", done.status);
    Ok(serde_json::from_slice(&done.stdout)?)
}

/// The load's own process.
pub(crate) fn main() -> Result<()> {
    let mut input = Vec::new();
    std::io::Read::read_to_end(&mut std::io::stdin(), &mut input)?;
    let line = input.iter().position(|b| *b == b'\n').context("no order")?;
    let order: Order = serde_json::from_slice(&input[..line])?;
    let effort = order.effort;
    let call = Rc::new(Call {
        address: order.address,
        request: input.split_off(line + 1),
        status: order.status,
        expect: order.expect,
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let figures = LocalSet::new().block_on(&runtime, async {
        let warm_up = Effort {
            calls: (effort.calls / 10).max(effort.connections as u64),
            seconds: effort.seconds / 10.0,
            ..effort
        };
        let before = repeat(&call, warm_up).await?;
        let mut figures = repeat(&call, effort).await?;
        figures.all += before.all;
        anyhow::Ok(figures)
    })?;
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

async fn repeat(call: &Rc<Call>, effort: Effort) -> Result<Figures> {
    let mut connections = Vec::with_capacity(effort.connections);
    for _ in 0..effort.connections {
        connections.push(Connection::open(call.address).await?);
    }
    let left = Rc::new(Cell::new(effort.calls));
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(effort.seconds);
    let mut tasks = JoinSet::new();
    for connection in connections {
        tasks.spawn_local(drive(connection, call.clone(), left.clone(), end));
    }
    let mut all = times()?;
    let whole = async {
        while let Some(done) = tasks.join_next().await {
            all.add(done??)?;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout_at((end + PATIENCE).into(), whole)
        .await
        .context("replies did not come in time")??;
    let elapsed = started.elapsed();
    Ok(Figures {
        p50_us: all.value_at_quantile(0.5) as f64 / 1e3,
        p99_us: all.value_at_quantile(0.99) as f64 / 1e3,
        rate: all.len() as f64 / elapsed.as_secs_f64(),
        calls: all.len(),
        all: all.len(),
    })
}

fn times() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 600_000_000_000, 3)?)
}

async fn drive(
    mut connection: Connection,
    call: Rc<Call>,
    left: Rc<Cell<u64>>,
    end: Instant,
) -> Result<Histogram<u64>> {
    let mut histogram = times()?;
    let mut started = Instant::now();
    while left.get() > 0 && (started < end || histogram.is_empty()) {
        left.set(left.get() - 1);
        let body = connection.call(&call).await?;
        let now = Instant::now();
        histogram.record(u64::try_from((now - started).as_nanos())?)?;
        if histogram.len() == 1 {
            call.check(&connection.buffer[body])?;
        }
        started = now;
    }
    Ok(histogram)
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    over: bool,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
            over: false,
        })
    }

    /// Where the reply's body is in the buffer. A server that closes after each reply pays for the new connection.
    async fn call(&mut self, call: &Call) -> Result<std::ops::Range<usize>> {
        if self.over {
            *self = Self::open(call.address).await?;
        }
        self.stream.write_all(&call.request).await?;
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the server closed the connection");
            if let Some(reply) = http::complete(&self.buffer)? {
                let status = http::status(&self.buffer)?;
                ensure!(
                    status == call.status,
                    "status {status} instead of {}: {:.500}",
                    call.status,
                    String::from_utf8_lossy(&self.buffer)
                );
                self.over = reply.closes;
                return Ok(reply.body..reply.end);
            }
        }
    }
}
