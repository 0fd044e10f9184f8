//! Floors that are no servers: a pipe, a start, a fork, a disk.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{median, process};

/// One byte to a Node process over a pipe and back.
pub(crate) async fn pipe_round_trip(times: usize, pin: Option<usize>) -> Result<Duration> {
    let mut command = process::command(&process::find("node")?, pin);
    command
        .args(["-e", "process.stdin.on('data', (d) => process.stdout.write(d))"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().context("no stdin")?;
    let mut stdout = child.stdout.take().context("no stdout")?;
    let mut byte = [0];
    let mut durations = Vec::with_capacity(times);
    for time in 0..times + 100 {
        let started = Instant::now();
        stdin.write_all(b"x").await?;
        stdout.read_exact(&mut byte).await?;
        if time >= 100 {
            durations.push(started.elapsed());
        }
    }
    drop(stdin);
    child.wait().await?;
    Ok(median(durations))
}

/// Starting an interpreter that does nothing.
pub(crate) fn start_of(program: &Path, arguments: &[&str], times: usize) -> Result<Duration> {
    let mut durations = Vec::with_capacity(times);
    for _ in 0..times {
        let started = Instant::now();
        let status = std::process::Command::new(program).args(arguments).status()?;
        ensure!(status.success(), "{} failed", program.display());
        durations.push(started.elapsed());
    }
    Ok(median(durations))
}

/// Forking a warm Python until the child has said a byte.
pub(crate) fn python_fork(times: usize) -> Result<Duration> {
    let told = std::process::Command::new(process::python()?)
        .args(["-c", include_str!("../../floor/fork.py"), &times.to_string()])
        .output()?;
    ensure!(told.status.success(), "the Python fork failed");
    Ok(Duration::from_nanos(
        String::from_utf8(told.stdout)?.trim().parse()?,
    ))
}

/// One commit of one small row to SQLite, on disk when it returns.
pub(crate) fn commit(dir: &Path, times: usize) -> Result<Duration> {
    let dir = tempfile::tempdir_in(dir)?;
    let db = rusqlite::Connection::open(dir.path().join("floor.db"))?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.execute_batch("create table run (id text primary key, input text) without rowid")?;
    let mut insert = db.prepare("insert into run values (?1, ?2)")?;
    let input = "x".repeat(200);
    let mut durations = Vec::with_capacity(times);
    for time in 0..times {
        let started = Instant::now();
        insert.execute((format!("{time:032}"), &input))?;
        durations.push(started.elapsed());
    }
    Ok(median(durations))
}

/// One appended block, on disk when it returns.
pub(crate) fn fdatasync(dir: &Path, times: usize) -> Result<Duration> {
    let mut file = std::fs::File::create(dir.join("floor.log"))?;
    let block = [b'x'; 4096];
    let mut durations = Vec::with_capacity(times);
    for _ in 0..times {
        let started = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        durations.push(started.elapsed());
    }
    Ok(median(durations))
}
