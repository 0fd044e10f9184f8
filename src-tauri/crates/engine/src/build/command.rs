//! A tool that builds: started in a group of its own with nothing of Beckon's in its environment, and ended for certain.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use crate::build::log::Log;
use crate::process::{self, MARK};
use crate::survivors;

/// What to run.
pub(crate) struct Tool<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<OsString>,
    /// The working directory.
    pub(crate) folder: &'a Path,
    /// All of its environment but the mark.
    pub(crate) env: Vec<(String, OsString)>,
    /// The value of the mark by which it is found, whatever group it moves to.
    pub(crate) mark: &'a str,
    /// Where it is recorded while it lives, for the Beckon after a crash.
    pub(crate) record: PathBuf,
}

/// Ends the group when the build is dropped, and whatever left it.
struct Group {
    pid: Option<Pid>,
    mark: String,
    record: PathBuf,
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.pid {
            let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        }
        let (mark, record) = (
            format!("{MARK}={}\0", std::mem::take(&mut self.mark)),
            std::mem::take(&mut self.record),
        );
        let sweep = move || {
            survivors::kill_marked(&mark);
            let _ = std::fs::remove_file(record);
        };
        match tokio::runtime::Handle::try_current() {
            Ok(handle) => drop(handle.spawn_blocking(sweep)),
            Err(_) => sweep(),
        }
    }
}

/// Runs it to its end; every line that it prints goes to `log`. Dropping the future ends it with all that it started.
pub(crate) async fn run(tool: Tool<'_>, log: &Log) -> io::Result<ExitStatus> {
    let mut group = Group {
        pid: None,
        mark: tool.mark.to_owned(),
        record: tool.record,
    };
    let mut child = Command::new(tool.program)
        .args(tool.arguments)
        .current_dir(tool.folder)
        .env_clear()
        .envs(tool.env)
        .env(MARK, tool.mark)
        .process_group(0)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    group.pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = group.pid {
        // It may be over by now; then there is nothing to record.
        let _ = survivors::note(&group.record, pid);
    }
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let both = async { tokio::join!(copy(stdout, log), copy(stderr, log)) };
    tokio::pin!(both);
    let status = tokio::select! {
        _ = &mut both => child.wait().await?,
        status = child.wait() => {
            // What it left running may hold the pipes open: what was written until now is all that is waited for.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(500), &mut both).await;
            status?
        }
    };
    // Until it was reaped the group's number was its own; now it is only if somebody of it is left.
    Ok(status)
}

async fn copy(from: Option<impl AsyncRead + Unpin>, log: &Log) {
    let Some(from) = from else { return };
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        let chunk = match reader.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(chunk) => chunk,
        };
        let used = match chunk.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                push(&mut line, &chunk[..end]);
                log.push(&line);
                line.clear();
                end + 1
            }
            None => {
                push(&mut line, chunk);
                chunk.len()
            }
        };
        reader.consume(used);
    }
    if !line.is_empty() {
        log.push(&line);
    }
}

/// A line without an end must not fill the memory.
fn push(line: &mut Vec<u8>, bytes: &[u8]) {
    let room = (64 * 1024usize).saturating_sub(line.len());
    line.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// "exited with code 1"
pub(crate) fn describe(status: ExitStatus) -> String {
    process::describe(status)
}
