//! Functions that are executables: one process per run.
//!
//! The arguments arrive as one line of JSON on standard input and, up to 64 KiB, also as the first argument (where
//! OpenWhisk's native actions look for them). The last line of standard output that is not blank must be a JSON object
//! or array: the result. Everything before it, and all of standard error, is the log. An exit code other than 0 makes
//! the run an error: the function's own if that last line is an object with the key `error`, else a developer error.

use std::io;
use std::process::ExitStatus;

use beckon_core::{JsonText, LogStream, NamedJson, Status};
use serde_json::value::RawValue;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::deploy;
use crate::end::{End, Why};
use crate::isolation::Breach;
use crate::logs::{RunLog, SharedLog, Source};
use crate::process::{self, Channels, Process};

/// Longest input that is also given as an argument; Linux takes 128 KiB.
const ARGUMENT_LIMIT: usize = 64 * 1024;
const CHUNK: usize = 16 * 1024;
/// Most blank lines in a row that are kept for the log.
const BLANKS_KEPT: usize = 1000;

/// The arguments as one line: default parameters below, the caller's above.
pub(crate) fn arguments(parameters: &[NamedJson], input: &JsonText) -> Result<String, beckon_core::Error> {
    let text = if parameters.is_empty() {
        input.as_str().to_owned()
    } else {
        merge(parameters, input)?
    };
    // A newline in JSON text can only stand between tokens.
    Ok(if text.contains(['\n', '\r']) {
        text.replace(['\n', '\r'], " ")
    } else {
        text
    })
}

fn merge(parameters: &[NamedJson], input: &JsonText) -> Result<String, beckon_core::Error> {
    let bad = |e: serde_json::Error| deploy::invalid(format!("This is not valid JSON: {e}."));
    // Values stay as the text they are.
    let given: std::collections::BTreeMap<String, &RawValue> =
        serde_json::from_str(input.as_str()).map_err(bad)?;
    let mut all: std::collections::BTreeMap<&str, &RawValue> = std::collections::BTreeMap::new();
    for parameter in parameters {
        all.insert(
            &parameter.key,
            serde_json::from_str(parameter.value.as_str()).map_err(bad)?,
        );
    }
    for (key, value) in &given {
        all.insert(key, value);
    }
    serde_json::to_string(&all).map_err(bad)
}

/// The input as the first argument, if it is short enough.
pub(crate) fn as_argument(line: &str) -> Option<std::ffi::OsString> {
    (line.len() <= ARGUMENT_LIMIT && !line.contains('\0')).then(|| line.into())
}

/// A run's process. Dropping it kills the process group.
pub(crate) struct Execution {
    process: Process,
    stdin: Option<pipe::Sender>,
    stdout: pipe::Receiver,
    stderr: pipe::Receiver,
    /// Ended by itself, with its group: nothing to sweep up.
    clean: bool,
    nursery: std::sync::Arc<process::Nursery>,
}

impl Execution {
    pub(crate) fn new(
        process: Process,
        channels: Channels,
        nursery: std::sync::Arc<process::Nursery>,
    ) -> Self {
        let Channels {
            stdin,
            stdout,
            stderr,
            ..
        } = channels;
        Self {
            process,
            stdin,
            stdout,
            stderr,
            clean: false,
            nursery,
        }
    }

    /// What it was ended for, if it was over one of its bounds, and the words for the log.
    pub(crate) fn breach(&self) -> Option<(Breach, String)> {
        self.process.breach()
    }

    /// Feeds the input, reads the output, and tells how it ended.
    pub(crate) async fn run(&mut self, line: &str, result_limit: usize, log: &SharedLog) -> End {
        let mut tail = Tail::new(result_limit);
        let mut input = line
            .as_bytes()
            .iter()
            .copied()
            .chain([b'\n'])
            .collect::<Vec<u8>>();
        let (mut out, mut err) = (vec![0; CHUNK], vec![0; CHUNK]);
        let (mut out_open, mut err_open) = (true, true);
        let status = loop {
            tokio::select! {
                biased;
                read = self.stdout.read(&mut out), if out_open => match read {
                    Ok(0) | Err(_) => out_open = false,
                    Ok(count) => tail.push(&out[..count], &mut log.lock()),
                },
                read = self.stderr.read(&mut err), if err_open => match read {
                    Ok(0) | Err(_) => err_open = false,
                    Ok(count) => log.lock().push(Source::Raw(LogStream::Stderr), &err[..count]),
                },
                written = write_some(self.stdin.as_ref(), &input), if self.stdin.is_some() => match written {
                    Ok(count) => {
                        input.drain(..count);
                        if input.is_empty() {
                            self.stdin = None; // end of file
                        }
                    }
                    // It does not want its input; that is its right.
                    Err(_) => self.stdin = None,
                },
                status = self.process.wait() => break status,
            }
        };
        // Its group is dead too; what it wrote is in the pipes, and nobody of the group adds to it.
        let log = &mut *log.lock();
        drain(&self.stdout, |bytes| tail.push(bytes, log));
        drain(&self.stderr, |bytes| {
            log.push(Source::Raw(LogStream::Stderr), bytes);
        });
        self.clean = true;
        judge(status, tail.finish(log), result_limit, log)
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        // What it left after a clean end, the watch ends with what others left: not one search for each run.
        if !self.clean {
            self.process.kill();
            self.nursery.sweep(self.process.number());
        }
    }
}

async fn write_some(stdin: Option<&pipe::Sender>, input: &[u8]) -> io::Result<usize> {
    let Some(stdin) = stdin else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    loop {
        stdin.writable().await?;
        match stdin.try_write(input) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            other => return other,
        }
    }
}

/// Reads what is there, up to what a pipe can hold: a descendant that left the group may be writing without end.
pub(crate) fn drain(pipe: &pipe::Receiver, mut take: impl FnMut(&[u8])) {
    let mut chunk = [0; CHUNK];
    let mut left = 1024 * 1024;
    while left > 0 {
        match rustix::io::read(pipe, &mut chunk) {
            Ok(count) if count > 0 => {
                take(&chunk[..count]);
                left -= count.min(left);
            }
            Err(rustix::io::Errno::INTR) => {}
            _ => return,
        }
    }
}

/// Standard output: everything but the last line that is not blank goes to the log.
struct Tail {
    /// The line that is being read.
    open: Vec<u8>,
    /// Its length; what is over the limit is counted and not kept.
    open_len: usize,
    held: Option<Held>,
    limit: usize,
}

struct Held {
    text: Vec<u8>,
    len: usize,
    at_us: i64,
    /// Blank lines since; they are of the log if another line follows.
    blanks: usize,
}

impl Tail {
    fn new(limit: usize) -> Self {
        Self {
            open: Vec::new(),
            open_len: 0,
            held: None,
            limit,
        }
    }

    fn push(&mut self, mut bytes: &[u8], log: &mut RunLog) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (head, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            self.extend(head);
            self.end_line(log);
        }
        self.extend(bytes);
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.open.len());
        self.open.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.open_len += bytes.len();
    }

    fn end_line(&mut self, log: &mut RunLog) {
        let text = std::mem::take(&mut self.open);
        let len = std::mem::take(&mut self.open_len);
        let at_us = log.now_us();
        if text.iter().all(u8::is_ascii_whitespace) && len == text.len() {
            match &mut self.held {
                Some(held) => held.blanks = (held.blanks + 1).min(BLANKS_KEPT),
                None => log.line(LogStream::Stdout, &text, at_us),
            }
            return;
        }
        if let Some(held) = self.held.replace(Held {
            text,
            len,
            at_us,
            blanks: 0,
        }) {
            log.line(LogStream::Stdout, &held.text, held.at_us);
            for _ in 0..held.blanks {
                log.line(LogStream::Stdout, b"", held.at_us);
            }
        }
    }

    /// The last line, and its full length.
    fn finish(mut self, log: &mut RunLog) -> Option<(Vec<u8>, usize, i64)> {
        if !self.open.is_empty() {
            self.end_line(log);
        }
        self.held.map(|held| (held.text, held.len, held.at_us))
    }
}

fn judge(
    status: Option<ExitStatus>,
    last: Option<(Vec<u8>, usize, i64)>,
    limit: usize,
    log: &mut RunLog,
) -> End {
    let success = status.is_some_and(|status| status.success());
    let how = status.map_or_else(|| "ended".to_owned(), process::describe);
    let Some((text, len, at_us)) = last else {
        return if success { End::not_json("") } else { failed(&how) };
    };
    if success && len > limit {
        return End::too_long(len as u64, limit);
    }
    let parsed = (len == text.len())
        .then(|| String::from_utf8(text.clone()).ok())
        .flatten();
    let json = parsed.and_then(|text| JsonText::parse(text.trim().to_owned()).ok());
    match json.filter(|json| json.as_str().starts_with(['{', '['])) {
        Some(json) => match error_of(&json) {
            Some(error) => End::with(Status::ApplicationError, error),
            None if success => End::with(Status::Success, json),
            None => {
                log.line(LogStream::Stdout, &text, at_us);
                failed(&how)
            }
        },
        None => {
            log.line(LogStream::Stdout, &text, at_us);
            if success {
                End::not_json(&String::from_utf8_lossy(&text))
            } else {
                failed(&how)
            }
        }
    }
}

fn failed(how: &str) -> End {
    End::error(
        Status::DeveloperError,
        Why::Crashed,
        &format!("The action {how} without a result."),
    )
}

/// `{"error": …}` alone, if the object has that key: only the error's value survives.
pub(crate) fn error_of(json: &JsonText) -> Option<JsonText> {
    if !json.as_str().contains("error") {
        return None;
    }
    let object: std::collections::HashMap<String, &RawValue> = serde_json::from_str(json.as_str()).ok()?;
    let value = object.get("error")?;
    JsonText::parse(format!("{{\"error\":{value}}}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reply;

    fn named(key: &str, value: &str) -> NamedJson {
        NamedJson {
            key: key.into(),
            value: JsonText::parse(value).unwrap(),
        }
    }

    #[test]
    fn arguments_are_one_line_and_defaults_lie_below() {
        let input = JsonText::parse("{\n  \"b\": 2.50,\r\n  \"t\": \"x\\ny\"\n}").unwrap();
        let line = arguments(&[], &input).unwrap();
        assert!(!line.contains(['\n', '\r']));
        assert!(line.contains("2.50") && line.contains("x\\ny"));
        let line = arguments(&[named("a", "1"), named("b", "1")], &input).unwrap();
        assert_eq!(line, r#"{"a":1,"b":2.50,"t":"x\ny"}"#);
    }

    #[test]
    fn all_but_the_last_line_is_log() {
        let mut log = RunLog::new(1000, 0);
        let mut tail = Tail::new(100);
        tail.push(b"one\n\ntwo\n{\"a\"", &mut log);
        tail.push(b":1}\n\n \n", &mut log);
        let (text, len, _) = tail.finish(&mut log).unwrap();
        assert_eq!((text.as_slice(), len), (&b"{\"a\":1}"[..], 7));
        let lines: Vec<String> = log.finish().0.into_iter().map(|line| line.text).collect();
        assert_eq!(lines, ["one", "", "two"]);
    }

    #[test]
    fn a_long_last_line_is_counted_and_not_kept() {
        let mut log = RunLog::new(1000, 0);
        let mut tail = Tail::new(10);
        for _ in 0..100 {
            tail.push(&[b'x'; 1000], &mut log);
        }
        let (text, len, _) = tail.finish(&mut log).unwrap();
        assert_eq!((text.len(), len), (10, 100_000));
    }

    #[test]
    fn ends_are_told_apart() {
        use std::os::unix::process::ExitStatusExt;
        let (good, bad, killed) = (
            ExitStatus::from_raw(0),
            ExitStatus::from_raw(3 << 8),
            ExitStatus::from_raw(9),
        );
        let judge = |status, line: &str| {
            let mut log = RunLog::new(1000, 0);
            let end = judge(Some(status), Some((line.into(), line.len(), 0)), 40, &mut log);
            let Reply::Json(result) = end.reply else {
                panic!("an executable answers JSON");
            };
            (end.status, result.into_string(), log.finish().0.len())
        };
        assert_eq!(
            judge(good, r#"{"a":1}"#),
            (Status::Success, r#"{"a":1}"#.into(), 0)
        );
        assert_eq!(judge(good, "[1]"), (Status::Success, "[1]".into(), 0));
        assert_eq!(
            judge(good, r#"{"error":"no","x":1}"#),
            (Status::ApplicationError, r#"{"error":"no"}"#.into(), 0)
        );
        assert_eq!(
            judge(bad, r#"{"error":"no"}"#),
            (Status::ApplicationError, r#"{"error":"no"}"#.into(), 0)
        );
        let (status, text, lines) = judge(good, "hello");
        assert_eq!((status, lines), (Status::DeveloperError, 1));
        assert!(text.contains("did not produce a valid JSON or JSON Array response: hello"));
        let (status, text, lines) = judge(bad, r#"{"a":1}"#);
        assert_eq!((status, lines), (Status::DeveloperError, 1));
        assert!(text.contains("exited with code 3"), "{text}");
        assert!(judge(killed, "x").1.contains("signal 9"));
        assert!(judge(good, &"x".repeat(41)).1.contains("41 > 40 bytes"));
    }
}
