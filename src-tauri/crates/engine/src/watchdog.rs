//! OpenFaaS' watchdogs that start a process per request: classic, and of-watchdog's `serializing` and `streaming`.
//!
//! The request's body is standard input, standard output is the response's body, and the rest of the request is in the
//! environment under `Http_…`. Names, codes and texts are those of classic-watchdog 0.3 and of-watchdog 0.11.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Instant;

use beckon_core::{Contract, LogStream, Status};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::adapt::{Event, Head};
use crate::code::Deployment;
use crate::end::{End, Why};
use crate::executable::drain;
use crate::isolation::Breach;
use crate::live::Output;
use crate::logs::{SharedLog, Source};
use crate::process::{Channels, Nursery, Process};
use crate::worker::Call;

const CHUNK: usize = 16 * 1024;

/// Whether it is a watchdog that starts a process for each request.
pub(crate) fn forks(contract: Contract) -> bool {
    matches!(
        contract,
        Contract::WatchdogClassic | Contract::WatchdogSerializing | Contract::WatchdogStreaming
    )
}

/// The classic one's answer to methods other than its five: 405, and no process.
pub(crate) fn refused(contract: Contract, event: &Event) -> Option<End> {
    let head = event.head.as_ref()?;
    let knows = matches!(head.method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE");
    if contract != Contract::WatchdogClassic || knows {
        return None;
    }
    let response = crate::payload::text_response(StatusCode::METHOD_NOT_ALLOWED, "");
    Some(End::response(response))
}

/// The command of a watchdog's function: `fprocess` split at single spaces, as the watchdogs do it.
///
/// A program with a relative path is one of the package's; a mere name is looked for on `PATH`.
pub(crate) fn command(process: &str, code: &Path) -> (PathBuf, Vec<OsString>) {
    let mut parts = process.split(' ');
    let program = parts.next().unwrap_or_default();
    let program = if program.contains('/') {
        code.join(program)
    } else {
        program.into()
    };
    (program, parts.map(Into::into).collect())
}

/// What the process finds of the request in its environment.
pub(crate) fn environment(contract: Contract, event: &Event) -> Vec<(String, String)> {
    let Some(head) = &event.head else {
        return Vec::new();
    };
    let classic = contract == Contract::WatchdogClassic;
    let mut env: Vec<(String, String)> = Vec::with_capacity(head.headers.len() + 6);
    for (name, value) in &head.headers {
        // Go keeps Host beside the headers; what only the server needs is not among them either.
        if matches!(name.as_str(), "host" | "transfer-encoding") {
            continue;
        }
        let name = canonical(name);
        // Of a repeated header the first counts.
        if !env.iter().any(|(known, _)| *known == name) && !value.contains('\0') {
            env.push((name, value.clone()));
        }
    }
    let mut set = |name: &str, value: String| env.push((name.to_owned(), value.replace('\0', "")));
    set("Http_Method", head.method.clone());
    if classic {
        set("Http_ContentLength", event.body.len().to_string());
        set("Http_Content_Length", event.body.len().to_string());
    }
    if let Some(coding) = value(head, "transfer-encoding") {
        set("Http_Transfer_Encoding", coding.to_owned());
    }
    if !head.query.is_empty() {
        set("Http_Query", head.query.clone());
    }
    set("Http_Path", decoded(&head.path));
    if classic {
        set("Http_Host", value(head, "host").unwrap_or_default().to_owned());
    }
    env
}

fn value<'a>(head: &'a Head, name: &str) -> Option<&'a str> {
    head.headers
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

/// `Http_X_Call_Id` of `x-call-id`: Go's canonical case with underscores.
fn canonical(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 5);
    text.push_str("Http_");
    let mut first = true;
    for c in name.chars() {
        text.push(match c {
            '-' => '_',
            _ if first => c.to_ascii_uppercase(),
            _ => c.to_ascii_lowercase(),
        });
        first = c == '-';
    }
    text
}

fn decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A request's process. Dropping it ends the process group.
pub(crate) struct Fork {
    process: Process,
    channels: Channels,
    nursery: Arc<Nursery>,
    /// Ended by itself, with its group: nothing to sweep up.
    clean: bool,
}

/// How a request's process ended.
enum Outcome {
    Exited(Option<ExitStatus>),
    TimedOut,
    TooLarge,
    /// Nobody reads its response any more.
    Gone,
}

impl Fork {
    pub(crate) fn new(process: Process, channels: Channels, nursery: Arc<Nursery>) -> Self {
        Self {
            process,
            channels,
            nursery,
            clean: false,
        }
    }

    /// What it was ended for, if it was over one of its bounds, and the words for the log.
    pub(crate) fn breach(&self) -> Option<(Breach, String)> {
        self.process.breach()
    }

    /// Feeds the body, takes the output, and tells what the watchdog would answer. `deadline` ends it, if its passing has an answer.
    pub(crate) async fn run(
        &mut self,
        deployment: &Deployment,
        call: &Call<'_>,
        result_limit: usize,
        (deadline, limit_name): (Option<Instant>, &str),
        log: &SharedLog,
    ) -> End {
        let function = &deployment.function;
        let contract = function.contract;
        let combine = contract == Contract::WatchdogClassic
            && function.settings.watchdog.combine_output.unwrap_or(true);
        let live = call.live.filter(|_| contract == Contract::WatchdogStreaming);
        // Of the streaming one the type does not depend on the output.
        let early = respond(
            StatusCode::OK,
            Vec::new(),
            &content_type(deployment, call.event, &[]),
        );
        let feed = live.and_then(|live| live.take(&early.into_parts().0, result_limit));
        let mut output = Output::new(result_limit, feed);
        let ended = self
            .exchange(&call.event.body, &mut output, combine, deadline, log)
            .await;
        let (output, streamed) = output.finish();
        let kind = content_type(deployment, call.event, &output);
        let end = answer(contract, &ended, output, &kind, (result_limit, limit_name), log);
        match streamed {
            Some(streamed) => end.streamed(streamed, log),
            None => end,
        }
    }

    async fn exchange(
        &mut self,
        body: &Bytes,
        output: &mut Output,
        combine: bool,
        deadline: Option<Instant>,
        log: &SharedLog,
    ) -> Outcome {
        let Self {
            process, channels, ..
        } = self;
        let Channels {
            stdin,
            stdout,
            stderr,
            ..
        } = channels;
        let (mut out, mut err) = (vec![0; CHUNK], vec![0; CHUNK]);
        let (mut out_open, mut err_open) = (true, true);
        let mut left = body.clone();
        if left.is_empty() {
            *stdin = None;
        }
        let late = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(late);
        let ended = loop {
            tokio::select! {
                biased;
                () = output.gone() => break Outcome::Gone,
                read = stdout.read(&mut out), if out_open => match read {
                    Ok(0) | Err(_) => out_open = false,
                    Ok(count) => output.push(&out[..count]).await,
                },
                read = stderr.read(&mut err), if err_open => match read {
                    Ok(0) | Err(_) => err_open = false,
                    Ok(count) if combine => output.push(&err[..count]).await,
                    Ok(count) => log.lock().push(Source::Raw(LogStream::Stderr), &err[..count]),
                },
                written = write_some(stdin.as_mut(), &left), if stdin.is_some() => match written {
                    Ok(count) => {
                        left = left.slice(count..);
                        if left.is_empty() {
                            *stdin = None; // end of file
                        }
                    }
                    // It does not want its input; that is its right.
                    Err(_) => *stdin = None,
                },
                status = process.wait() => break Outcome::Exited(status),
                () = &mut late => break Outcome::TimedOut,
            }
            if output.is_too_large() {
                break Outcome::TooLarge;
            }
        };
        let exited = matches!(ended, Outcome::Exited(_));
        if !exited {
            process.kill();
            process.wait().await;
        }
        // Its group is dead too; what it wrote is in the pipes.
        let mut left = Vec::new();
        drain(stdout, |bytes| left.extend_from_slice(bytes));
        drain(stderr, |bytes| {
            if combine {
                left.extend_from_slice(bytes);
            } else {
                log.lock().push(Source::Raw(LogStream::Stderr), bytes);
            }
        });
        output.push(&left).await;
        self.clean = exited;
        if output.is_too_large() {
            return Outcome::TooLarge;
        }
        ended
    }
}

impl Drop for Fork {
    fn drop(&mut self) {
        if !self.clean {
            self.process.kill();
            self.nursery.sweep(self.process.number());
        }
    }
}

async fn write_some(stdin: Option<&mut tokio::net::unix::pipe::Sender>, bytes: &[u8]) -> io::Result<usize> {
    match stdin {
        Some(stdin) => stdin.write(bytes).await,
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

/// The type of the answer: the setting's, else of-watchdog's own, or the request's as the classic one mirrors it.
fn content_type(deployment: &Deployment, event: &Event, output: &[u8]) -> String {
    let function = &deployment.function;
    if let Some(kind) = &function.settings.watchdog.content_type {
        return kind.clone();
    }
    if function.contract != Contract::WatchdogClassic {
        return "application/octet-stream".to_owned();
    }
    let asked = event.head.as_ref().and_then(|head| value(head, "content-type"));
    match asked.filter(|kind| !kind.is_empty()) {
        Some(kind) => kind.to_owned(),
        None if std::str::from_utf8(output).is_ok() => "text/plain; charset=utf-8".to_owned(),
        None => "application/octet-stream".to_owned(),
    }
}

/// What the watchdog answers, and what the record says of it.
fn answer(
    contract: Contract,
    ended: &Outcome,
    output: Vec<u8>,
    kind: &str,
    (result_limit, limit_name): (usize, &str),
    log: &SharedLog,
) -> End {
    let length = output.len();
    const PLAIN: &str = "text/plain; charset=utf-8";
    match ended {
        Outcome::Exited(Some(status)) if status.success() => {
            End::response(respond(StatusCode::OK, output, kind))
        }
        Outcome::Exited(status) => {
            let how = status.map_or_else(|| "wait: no child processes".to_owned(), spoken);
            log.lock().note(format!("Beckon: the process ended with {how}."));
            let response = match contract {
                Contract::WatchdogClassic => {
                    let body = [how.as_bytes(), b"\n", &output].concat();
                    respond(StatusCode::INTERNAL_SERVER_ERROR, body, kind)
                }
                // What was written is on its way when the process fails.
                Contract::WatchdogStreaming => respond(StatusCode::OK, output, kind),
                _ => respond(StatusCode::INTERNAL_SERVER_ERROR, how.into_bytes(), PLAIN),
            };
            End::platform(Status::DeveloperError, Why::Crashed, response)
        }
        Outcome::TimedOut => {
            log.lock()
                .note(format!("Beckon: the process was ended after {limit_name}."));
            let response = match contract {
                Contract::WatchdogClassic => {
                    respond(StatusCode::REQUEST_TIMEOUT, b"Killed process.\n".to_vec(), PLAIN)
                }
                Contract::WatchdogStreaming => respond(StatusCode::OK, output, kind),
                _ => respond(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    b"signal: killed".to_vec(),
                    PLAIN,
                ),
            };
            End::platform(Status::TimedOut, Why::TimedOut, response)
        }
        Outcome::TooLarge => End::too_long(length as u64, result_limit),
        Outcome::Gone => End::response(respond(StatusCode::OK, output, kind)),
    }
}

fn respond(status: StatusCode, body: Vec<u8>, kind: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    if let Ok(kind) = HeaderValue::from_str(kind) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

/// The answer when there is no process to start.
pub(crate) fn not_started(contract: Contract, program: &Path, error: &io::Error) -> End {
    let why = match error.raw_os_error() {
        Some(2) => "no such file or directory".to_owned(),
        Some(8) => "exec format error".to_owned(),
        Some(13) => "permission denied".to_owned(),
        Some(7) => "argument list too long".to_owned(),
        _ => error.to_string(),
    };
    let text = format!("fork/exec {}: {why}", program.display());
    let (status, body) = match contract {
        Contract::WatchdogStreaming => (StatusCode::OK, String::new()),
        Contract::WatchdogClassic => (StatusCode::INTERNAL_SERVER_ERROR, format!("{text}\n")),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, text),
    };
    let response = crate::payload::text_response(status, &body);
    End::platform(Status::DeveloperError, Why::NotLoaded, response)
}

/// How Go's `ExitError` says it.
fn spoken(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => {
            let name = match signal {
                1 => "hangup".to_owned(),
                2 => "interrupt".to_owned(),
                3 => "quit".to_owned(),
                4 => "illegal instruction".to_owned(),
                6 => "aborted".to_owned(),
                7 => "bus error".to_owned(),
                8 => "floating point exception".to_owned(),
                9 => "killed".to_owned(),
                11 => "segmentation fault".to_owned(),
                13 => "broken pipe".to_owned(),
                14 => "alarm clock".to_owned(),
                15 => "terminated".to_owned(),
                other => format!("signal {other}"),
            };
            let core = if status.core_dumped() {
                " (core dumped)"
            } else {
                ""
            };
            format!("signal: {name}{core}")
        }
        (None, None) => "exit status 255".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_has_the_watchdogs_names() {
        let event = Event {
            head: Some(Head {
                method: "PUT".into(),
                path: "/a%20b".into(),
                query: "x=1".into(),
                headers: vec![
                    ("x-call-id".into(), "1".into()),
                    ("x-call-id".into(), "2".into()),
                    ("host".into(), "example".into()),
                ],
            }),
            body: Bytes::from_static(b"abc"),
        };
        let all = |contract| {
            environment(contract, &event)
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            all(Contract::WatchdogClassic),
            [
                "Http_X_Call_Id=1",
                "Http_Method=PUT",
                "Http_ContentLength=3",
                "Http_Content_Length=3",
                "Http_Query=x=1",
                "Http_Path=/a b",
                "Http_Host=example"
            ]
        );
        assert_eq!(
            all(Contract::WatchdogStreaming),
            [
                "Http_X_Call_Id=1",
                "Http_Method=PUT",
                "Http_Query=x=1",
                "Http_Path=/a b"
            ]
        );
    }

    #[test]
    fn commands_are_split_at_single_spaces() {
        let (program, arguments) = command("sh -c  'a", Path::new("/code"));
        assert_eq!(program, PathBuf::from("sh"));
        assert_eq!(arguments, ["-c", "", "'a"]);
        let (program, _) = command("./handler", Path::new("/code"));
        assert_eq!(program, PathBuf::from("/code/./handler"));
    }
}
