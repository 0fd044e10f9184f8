//! A small HTTP/1.1 load generator: kept-alive connections, one request at a time on each, bounded in count.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One request to repeat.
#[derive(Clone)]
pub(crate) struct Call {
    address: SocketAddr,
    request: Vec<u8>,
}

impl Call {
    pub(crate) fn post(address: SocketAddr, path: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        Self {
            address,
            request: request.into_bytes(),
        }
    }
}

/// What was measured.
pub(crate) struct Measured {
    histogram: Histogram<u64>,
    elapsed: Duration,
}

impl Measured {
    pub(crate) fn p50(&self) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(0.5))
    }

    pub(crate) fn p99(&self) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(0.99))
    }

    /// Calls a second.
    pub(crate) fn rate(&self) -> f64 {
        self.histogram.len() as f64 / self.elapsed.as_secs_f64()
    }
}

/// Makes `calls` calls over `connections` connections, after a tenth as many to warm up.
pub(crate) async fn run(call: &Call, connections: usize, calls: usize) -> Result<Measured> {
    let each = calls / connections;
    repeat(call, connections, (each / 10).max(3)).await?;
    let started = Instant::now();
    let histogram = repeat(call, connections, each).await?;
    Ok(Measured {
        histogram,
        elapsed: started.elapsed(),
    })
}

async fn repeat(call: &Call, connections: usize, each: usize) -> Result<Histogram<u64>> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        tasks.spawn(one_connection(call.clone(), each));
    }
    let mut all = Histogram::new(3)?;
    while let Some(done) = tasks.join_next().await {
        all.add(done??)?;
    }
    Ok(all)
}

async fn one_connection(call: Call, count: usize) -> Result<Histogram<u64>> {
    let mut stream = TcpStream::connect(call.address).await?;
    stream.set_nodelay(true)?;
    let mut histogram = Histogram::new(3)?;
    let mut buffer = Vec::with_capacity(64 * 1024);
    for _ in 0..count {
        let started = Instant::now();
        stream.write_all(&call.request).await?;
        let reading = read_reply(&mut stream, &mut buffer);
        tokio::time::timeout(Duration::from_secs(60), reading)
            .await
            .context("no reply in a minute")??;
        histogram.record(u64::try_from(started.elapsed().as_nanos())?)?;
    }
    Ok(histogram)
}

/// Reads one reply: either with a Content-Length or chunked (the end of which is an empty chunk).
async fn read_reply(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<()> {
    buffer.clear();
    loop {
        let read = stream.read_buf(buffer).await?;
        ensure!(read > 0, "the server closed the connection");
        let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&buffer[..end])?.to_ascii_lowercase();
        ensure!(
            head.starts_with("http/1.1 200"),
            "not a success: {}",
            String::from_utf8_lossy(buffer)
        );
        let length = head
            .lines()
            .find_map(|l| l.strip_prefix("content-length:"))
            .map(|l| l.trim().parse::<usize>());
        let complete = match length {
            Some(length) => buffer.len() >= end + 4 + length?,
            None if head.contains("transfer-encoding: chunked") => buffer.ends_with(b"0\r\n\r\n"),
            None => bail!("a reply without a length"),
        };
        if complete {
            return Ok(());
        }
    }
}
