//! A warm worker: one process with one function loaded, called again and again over frames.

use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use beckon_core::{JsonText, Language, Millis};
use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use crate::code::Deployment;
use crate::end::End;
use crate::frame::{self, Kind, Violation};
use crate::logs::RunLog;
use crate::pipes::RawPipes;
use crate::process::{self, Channels, Nursery, Process, Spec};
use crate::reply;
use crate::status::Card;

/// How much is read from the socket at once.
const CHUNK: usize = 16 * 1024;
/// Reads of late lines before a run after which an idle worker is taken for mad.
const IDLE_CHATTER: usize = 256;
/// Room for headers, on top of the largest body.
const FRAME_EXTRA: usize = 64 * 1024;

/// One call, as the worker needs to know it.
pub(crate) struct Call<'a> {
    pub(crate) id: &'a str,
    pub(crate) transaction: &'a str,
    pub(crate) api_host: Option<&'a str>,
    /// The arguments, without the default parameters.
    pub(crate) input: &'a JsonText,
    /// When it will be killed, ms since the epoch.
    pub(crate) deadline: Millis,
}

/// Why a worker is of no use any more.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It died, or closed its descriptors.
    Gone,
    /// It was not there to begin with: nothing of the run reached it.
    Stale,
    /// It said something that is not the protocol.
    Violation(Violation),
    /// Its descriptors failed.
    Io(io::Error),
}

impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Self::Gone,
            _ => Self::Io(error),
        }
    }
}

/// What came of loading the code.
pub(crate) enum Loaded {
    /// It can be called.
    Ready,
    /// It cannot; this is what the caller is told.
    Failed(String),
}

/// What came of a call.
pub(crate) struct Answer {
    pub(crate) end: End,
    /// Whether the worker may be called again.
    pub(crate) reusable: bool,
}

/// A worker process. Dropping it kills it and its process group.
pub(crate) struct Worker {
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) card: Arc<Card>,
    /// When it became idle.
    pub(crate) idle_since: Instant,
    process: Process,
    nursery: Arc<Nursery>,
    to: UnixStream,
    from: UnixStream,
    buffer: BytesMut,
    pipes: RawPipes,
    /// Reused for every request.
    head: Vec<u8>,
    result_limit: usize,
    /// Longest frame that it may send.
    max_frame: usize,
}

/// The engine-wide things that starting a worker takes.
pub(crate) struct Launch<'a> {
    pub(crate) nursery: &'a Arc<Nursery>,
    pub(crate) shims: &'a Shims,
    pub(crate) interpreter: &'a Path,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) result_limit: usize,
    pub(crate) now: Millis,
}

/// Where the shims were written.
#[derive(Debug)]
pub(crate) struct Shims {
    pub(crate) node: std::path::PathBuf,
    pub(crate) python: std::path::PathBuf,
}

impl Worker {
    /// Starts the process. `on_end` is dropped when it is gone.
    pub(crate) async fn spawn<T: Send + 'static>(
        deployment: Arc<Deployment>,
        number: u64,
        launch: Launch<'_>,
        on_end: T,
        announce: impl FnOnce(&Arc<Card>),
    ) -> io::Result<Box<Self>> {
        let arguments: Vec<std::ffi::OsString> = match deployment.language() {
            Language::Node => vec![
                format!("--max-old-space-size={}", deployment.function.limits.memory_mb).into(),
                launch.shims.node.clone().into(),
            ],
            _ => vec!["-B".into(), launch.shims.python.clone().into()],
        };
        let scratch = launch.nursery.scratch_of(number);
        let program = launch.interpreter.to_owned();
        let env = with_places(launch.env, &scratch)?;
        let spec = Spec {
            program,
            arguments,
            env,
            scratch,
            framed: true,
            stdin: false,
        };
        let (process, channels) = launch.nursery.spawn(number, spec, on_end).await?;
        let card = Arc::new(Card::new(process.pid(), launch.now));
        announce(&card);
        let Channels {
            frames,
            stdout,
            stderr,
            ..
        } = channels;
        let (to, from) = frames.ok_or_else(|| io::Error::other("a worker without its socket"))?;
        Ok(Box::new(Self {
            deployment,
            card,
            idle_since: Instant::now(),
            process,
            nursery: launch.nursery.clone(),
            to,
            from,
            buffer: BytesMut::with_capacity(CHUNK),
            pipes: RawPipes::new(stdout, stderr),
            head: Vec::with_capacity(512),
            result_limit: launch.result_limit,
            max_frame: launch.result_limit.max(256 * 1024) + FRAME_EXTRA,
        }))
    }

    /// Whether it is known to be dead.
    pub(crate) fn is_gone(&self) -> bool {
        self.process.is_gone()
    }

    /// Loads the function, for the sake of `call`, which is not made yet. What the code prints meanwhile belongs to it.
    pub(crate) async fn load(
        &mut self,
        code: &Path,
        call: &Call<'_>,
        log: &mut RunLog,
    ) -> Result<Loaded, Fault> {
        let function = self.deployment.function.clone();
        let name = function.key.to_string();
        let parameters = parameters_text(&function.parameters);
        let scratch = self.nursery.scratch_of(self.process.number());
        let (Some(code), Some(scratch)) = (code.to_str(), scratch.to_str()) else {
            return Err(io::Error::other("the data directory's path is not UTF-8").into());
        };
        let header = frame::Init {
            code,
            folder: matches!(function.code, beckon_core::CodePackage::Zip(_)),
            main: function.main.as_deref().unwrap_or("main"),
            scratch,
            function_name: &name,
            function_version: &self.deployment.version,
            namespace: function.key.namespace.as_str(),
            result_limit: self.result_limit,
            run: run_header(call, log),
        };
        self.head.clear();
        frame::encode_head(Kind::Init, &header, parameters.len(), &mut self.head).map_err(io::Error::from)?;
        let mut sent = 0;
        loop {
            while let Some(frame) = frame::decode(&mut self.buffer, self.max_frame)? {
                match frame.kind {
                    Kind::Hello => {}
                    Kind::Log => reply::take_log(&frame, call.id, log)?,
                    Kind::Ready => {
                        self.pipes.drain(log);
                        log.close();
                        return Ok(Loaded::Ready);
                    }
                    Kind::Error => {
                        self.pipes.drain(log);
                        return Ok(Loaded::Failed(frame.header::<frame::Failure>()?.message));
                    }
                    _ => return Err(Violation::OutOfTurn.into()),
                }
            }
            self.exchange(parameters.as_bytes(), &mut sent, log).await?;
        }
    }

    /// Calls the function.
    pub(crate) async fn call(&mut self, call: &Call<'_>, log: &mut RunLog) -> Result<Answer, Fault> {
        self.check_fresh()?;
        let body = call.input.as_str().as_bytes();
        self.head.clear();
        frame::encode_head(Kind::Run, &run_header(call, log), body.len(), &mut self.head)
            .map_err(io::Error::from)?;
        let mut sent = 0;
        loop {
            while let Some(frame) = frame::decode(&mut self.buffer, self.max_frame)? {
                match frame.kind {
                    Kind::Log => reply::take_log(&frame, call.id, log)?,
                    Kind::Result => {
                        let header: frame::Reply<'_> = frame.header()?;
                        if header.id != call.id {
                            return Err(Violation::OutOfTurn.into());
                        }
                        let reusable = !header.stop;
                        let end = reply::end_of(&header, &frame, self.result_limit)?;
                        // Whatever was written before the answer was sent is in the pipes by now.
                        self.pipes.drain(log);
                        self.card.runs.fetch_add(1, Ordering::Relaxed);
                        return Ok(Answer { end, reusable });
                    }
                    _ => return Err(Violation::OutOfTurn.into()),
                }
            }
            self.exchange(body, &mut sent, log).await?;
        }
    }

    /// The text of a crash: waits for the process's end and reads what it left in its pipes.
    pub(crate) async fn autopsy(&mut self, log: &mut RunLog) -> String {
        self.process.kill();
        let status = self.process.wait().await;
        self.pipes.drain(log);
        status.map_or_else(|| "ended".to_owned(), process::describe)
    }

    /// Waits a moment for a process that has closed its socket to be gone by itself, so that its own exit code is
    /// what is told.
    pub(crate) async fn settle(&mut self) {
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), self.process.wait()).await;
    }

    /// Reads some of what is in the socket, without waiting: how many bytes, `None` if there are none.
    /// `UnexpectedEof` at the end.
    fn read_now(&mut self) -> io::Result<Option<usize>> {
        let mut bytes = [0; 4096];
        loop {
            return match rustix::io::read(self.from.as_fd(), &mut bytes) {
                Ok(count) => {
                    self.buffer.extend_from_slice(&bytes[..count]);
                    if count == 0 {
                        Err(io::ErrorKind::UnexpectedEof.into())
                    } else {
                        Ok(Some(count))
                    }
                }
                Err(rustix::io::Errno::INTR) => continue,
                Err(rustix::io::Errno::AGAIN) => Ok(None),
                Err(e) => Err(e.into()),
            };
        }
    }

    /// Before a run: nothing may have been said, and the process must be there.
    fn check_fresh(&mut self) -> Result<(), Fault> {
        for rounds in 0.. {
            match self.read_now() {
                Ok(None) => break,
                Ok(Some(_)) if rounds < IDLE_CHATTER => {}
                _ => return Err(Fault::Stale),
            }
            // Late lines of an earlier run are dropped. Anything else is not this run's fault: another worker takes it.
            loop {
                match frame::decode(&mut self.buffer, self.max_frame) {
                    Ok(None) => break,
                    Ok(Some(frame)) if frame.kind == Kind::Log => {}
                    Ok(Some(_)) | Err(_) => return Err(Fault::Stale),
                }
            }
        }
        // Likewise what was written to the descriptors since.
        let mut nothing = RunLog::new(0, 0);
        self.pipes.drain(&mut nothing);
        Ok(())
    }

    /// Sends what is left of head and `body`, and takes in whatever comes first.
    async fn exchange(&mut self, body: &[u8], sent: &mut usize, log: &mut RunLog) -> Result<(), Fault> {
        let total = self.head.len() + body.len();
        while *sent < total {
            let written = if *sent < self.head.len() {
                self.to
                    .try_write_vectored(&[IoSlice::new(&self.head[*sent..]), IoSlice::new(body)])
            } else {
                self.to.try_write(&body[*sent - self.head.len()..])
            };
            match written {
                Ok(count) => *sent += count,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) if *sent == 0 && e.kind() == io::ErrorKind::BrokenPipe => return Err(Fault::Stale),
                Err(e) => return Err(e.into()),
            }
        }
        if self.buffer.capacity() == self.buffer.len() {
            self.buffer.reserve(CHUNK);
        }
        tokio::select! {
            biased;
            read = self.from.read_buf(&mut self.buffer) => {
                if read? == 0 {
                    return Err(Fault::Gone);
                }
            }
            result = self.to.writable(), if *sent < total => result?,
            () = self.pipes.take_some(log) => {}
            // A descendant may hold the socket open. What the worker itself had sent is in there by now.
            _ = self.process.wait() => return match self.read_now() {
                Ok(Some(_)) => Ok(()),
                Ok(None) | Err(_) => Err(Fault::Gone),
            },
        }
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.process.is_gone() {
            self.process.kill();
        }
        self.nursery.sweep(self.process.number());
    }
}

fn run_header<'a>(call: &Call<'a>, log: &RunLog) -> frame::Run<'a> {
    frame::Run {
        id: call.id,
        transaction: call.transaction,
        deadline: call.deadline,
        api_host: call.api_host,
        logs: log.limit(),
    }
}

/// The places that every process gets to know. The function's own values come later and win.
pub(crate) fn with_places(
    mut env: Vec<(String, String)>,
    scratch: &Path,
) -> io::Result<Vec<(String, String)>> {
    let scratch = scratch
        .to_str()
        .ok_or_else(|| io::Error::other("the data directory's path is not UTF-8"))?;
    env.insert(0, ("HOME".to_owned(), scratch.to_owned()));
    env.insert(1, ("TMPDIR".to_owned(), scratch.to_owned()));
    Ok(env)
}

/// Default parameters as one JSON object. The last of two with the same name wins, as in JSON.
pub(crate) fn parameters_text(parameters: &[beckon_core::NamedJson]) -> String {
    let mut text = String::from("{");
    for (at, parameter) in parameters.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::String(parameter.key.clone()).to_string());
        text.push(':');
        text.push_str(parameter.value.as_str());
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_one_object() {
        let named = |key: &str, value: &str| beckon_core::NamedJson {
            key: key.into(),
            value: JsonText::parse(value).unwrap(),
        };
        assert_eq!(parameters_text(&[]), "{}");
        assert_eq!(
            parameters_text(&[named("a\"b", "1.50"), named("c", "[]")]),
            r#"{"a\"b":1.50,"c":[]}"#
        );
    }
}
