//! Workers that serve HTTP themselves: of-watchdog's `http` mode on a port, Fn's FDKs on a Unix socket. The engine is
//! their client, over connections that it keeps.
//!
//! What such a process writes is not marked with a run: of one run in progress it is that run's, of several it goes to
//! all of them, as for what a framed worker's children write.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use beckon_core::{ActivationId, LogStream};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{Notify, oneshot, watch};

use crate::isolation;
use crate::link::Fault;
use crate::live::{Feed, Offer, Output, Streamed};
use crate::logs::{SharedLog, Source};
use crate::pipes::{RawPipes, Sink, Unheard};
use crate::process::{self, Process};
use crate::status::Card;
use crate::upstream;

/// What an idle worker may write before it is taken for mad, in bytes.
const IDLE_CHATTER: usize = 16 * 1024 * 1024;
/// How long a process that broke off an answer may take to be gone, so that its own end is told.
const SETTLE: Duration = Duration::from_secs(2);
/// How long what a process had sent before it ended may take to be read.
const LAST_WORDS: Duration = Duration::from_millis(250);
/// How long a connection is kept that nobody uses. A server that handles one connection at a time has to wait for its end,
/// and Fn's FDK for Python turns in circles once one has been idle for longer than its own patience.
const IDLE: Duration = Duration::from_secs(1);
/// First and longest wait between two looks at a process that does not listen yet.
const LOOK: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// Where a process listens.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    /// A port of this machine.
    Port(u16),
    /// A Unix socket.
    Socket(PathBuf),
}

type Connection = SendRequest<Full<Bytes>>;
/// A response, and how it went if its caller took it live.
pub(crate) type Answered = (Response<Bytes>, Option<Streamed>);

#[derive(Default)]
struct State {
    /// Connections, and since when nobody uses them: the one used last is at the end.
    idle: Vec<(Connection, Instant)>,
    runs: HashMap<ActivationId, SharedLog>,
    /// Runs that are over as soon as what was written during them has been read.
    leaving: Vec<(ActivationId, oneshot::Sender<()>)>,
    retired: bool,
    gone: bool,
    /// What was written since the last run.
    unheard: Unheard,
    /// Bytes written while no run lasted.
    chatter: usize,
}

/// The callers' side of such a worker.
pub(crate) struct Serving {
    address: Address,
    state: Mutex<State>,
    /// Told when a run leaves, or when it is time to go.
    wake: Notify,
    /// How it ended.
    gone: watch::Receiver<Option<Fault>>,
    card: Arc<Card>,
}

/// What the watching task owns.
pub(crate) struct Ends {
    pub(crate) pipes: RawPipes,
    pub(crate) process: Process,
    tell: watch::Sender<Option<Fault>>,
}

/// Why there is no response.
pub(crate) enum Trouble {
    /// The worker is of no use any more.
    Fault(Fault),
    /// The response's body is over the limit.
    TooLarge,
}

impl Serving {
    pub(crate) fn new(
        address: Address,
        pipes: RawPipes,
        process: Process,
        card: Arc<Card>,
    ) -> (Arc<Self>, Ends) {
        let (tell, gone) = watch::channel(None);
        let serving = Self {
            address,
            state: Mutex::default(),
            wake: Notify::new(),
            gone,
            card,
        };
        (Arc::new(serving), Ends { pipes, process, tell })
    }

    /// Whether it takes runs.
    pub(crate) fn is_open(&self) -> bool {
        let state = self.state.lock();
        !state.gone && !state.retired
    }

    /// Takes no more runs; the process is ended once it has none.
    pub(crate) fn retire(&self) {
        self.state.lock().retired = true;
        self.wake.notify_one();
    }

    /// `Host` of requests to it.
    pub(crate) fn host(&self) -> String {
        match &self.address {
            Address::Port(port) => format!("127.0.0.1:{port}"),
            Address::Socket(_) => "localhost".to_owned(),
        }
    }

    /// Waits until it can be connected to, for the sake of the run `id`, which gets what is written meanwhile.
    pub(crate) async fn ready(self: &Arc<Self>, id: ActivationId, log: &SharedLog) -> Result<(), Fault> {
        let running = Running::enter(self, id, log, true)?;
        let listening = async {
            let mut wait = LOOK.0;
            loop {
                match self.connect().await {
                    Ok(connection) if self.is_its_own().await => return connection,
                    _ => tokio::time::sleep(wait).await,
                }
                wait = (wait * 2).min(LOOK.1);
            }
        };
        tokio::select! {
            biased;
            connection = listening => self.keep(connection),
            fault = self.fault() => return Err(fault),
        }
        running.leave().await;
        log.lock().close();
        Ok(())
    }

    /// Sends a request for the run `id` and returns its response; whoever takes it live gets it on the way, and then it
    /// is what a record may keep.
    pub(crate) async fn exchange(
        self: &Arc<Self>,
        id: ActivationId,
        request: Request<Full<Bytes>>,
        limit: usize,
        live: Option<Offer<'_>>,
        log: &SharedLog,
    ) -> Result<Answered, Trouble> {
        let running = Running::enter(self, id, log, false).map_err(Trouble::Fault)?;
        let response = {
            let answer = self.send(request, limit, live);
            tokio::pin!(answer);
            tokio::select! {
                biased;
                response = &mut answer => response,
                fault = self.fault() => {
                    // What its caller has not read yet of a response that has begun is there to be read.
                    let last = match live.is_some_and(Offer::is_taken) {
                        true => answer.await.ok(),
                        false => tokio::time::timeout(LAST_WORDS, &mut answer).await.ok().and_then(Result::ok),
                    };
                    match last {
                        Some(response) => Ok(response),
                        None => return Err(Trouble::Fault(fault)),
                    }
                }
            }
        };
        match response {
            Ok(response) => {
                running.leave().await;
                self.card.runs.fetch_add(1, Ordering::Relaxed);
                Ok(response)
            }
            Err(Broken::TooLarge) => Err(Trouble::TooLarge),
            // The process's own end says more than a broken connection does.
            Err(Broken::Io(what)) => Err(Trouble::Fault(
                tokio::time::timeout(SETTLE, self.fault())
                    .await
                    .unwrap_or_else(|_| {
                        Fault::Broken(format!(
                            "the process broke off its answer ({what}) and was replaced"
                        ))
                    }),
            )),
        }
    }

    /// How a worker that takes no run came to that. What it wrote and no run has heard is told to this one.
    pub(crate) async fn fate(&self, log: &SharedLog) -> Fault {
        let fault = tokio::time::timeout(SETTLE, self.fault()).await;
        self.state.lock().unheard.tell(log);
        fault.unwrap_or(Fault::Stale)
    }

    async fn fault(&self) -> Fault {
        let mut gone = self.gone.clone();
        match gone.wait_for(Option::is_some).await.map(|fault| fault.clone()) {
            Ok(Some(fault)) => fault,
            _ => Fault::Broken("its watcher ended".to_owned()),
        }
    }

    async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        limit: usize,
        live: Option<Offer<'_>>,
    ) -> Result<Answered, Broken> {
        loop {
            let kept = self.state.lock().idle.pop().map(|(connection, _)| connection);
            let fresh = kept.is_none();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connect().await.map_err(Broken::io)?,
            };
            if connection.ready().await.is_err() {
                if fresh {
                    return Err(Broken::Io("it closed the connection".to_owned()));
                }
                continue; // it closed a connection that nobody used for a while, as servers do
            }
            let response = match connection.try_send_request(request).await {
                Ok(response) => response,
                Err(mut error) => match error.take_message() {
                    Some(again) if !fresh => {
                        request = again;
                        continue;
                    }
                    _ => return Err(Broken::io(error.into_error())),
                },
            };
            let (mut head, body) = response.into_parts();
            if let Some(live) = live {
                upstream::leave_connection(&mut head.headers);
                if let Some(feed) = live.take(&head, limit) {
                    let (kept, streamed) = pass_on(body, feed).await?;
                    if !connection.is_closed() && streamed.is_some_and(|streamed| !streamed.gone) {
                        self.keep(connection);
                    }
                    return Ok((Response::from_parts(head, kept.into()), streamed));
                }
            }
            let body = match Limited::new(body, limit).collect().await {
                Ok(body) => body.to_bytes(),
                Err(error) if error.is::<LengthLimitError>() => return Err(Broken::TooLarge),
                Err(error) => return Err(Broken::io(error)),
            };
            if !connection.is_closed() {
                self.keep(connection);
            }
            return Ok((Response::from_parts(head, body), None));
        }
    }

    /// Whether it is this process that listens, and not another program which had the port before it.
    async fn is_its_own(&self) -> bool {
        let (Address::Port(port), Ok(pid)) = (&self.address, i32::try_from(self.card.pid)) else {
            return true;
        };
        let port = *port;
        let look = move || isolation::listens(&isolation::family(pid), port);
        tokio::task::spawn_blocking(look).await.ok().flatten() != Some(false)
    }

    async fn connect(&self) -> io::Result<Connection> {
        match &self.address {
            Address::Port(port) => {
                let stream = TcpStream::connect(("127.0.0.1", *port)).await?;
                stream.set_nodelay(true)?;
                handshake(stream).await
            }
            Address::Socket(path) => handshake(UnixStream::connect(path).await?).await,
        }
    }

    /// A connection that the next run may use; when a run leaves, the watching task notes when to close it.
    fn keep(&self, connection: Connection) {
        self.state.lock().idle.push((connection, Instant::now()));
    }

    /// Closes connections that nobody used for a while. Returns when to look again.
    fn close_idle(&self) -> Option<Instant> {
        let mut state = self.state.lock();
        let now = Instant::now();
        let old = state
            .idle
            .partition_point(|(_, since)| now.duration_since(*since) >= IDLE);
        let closing: Vec<_> = state.idle.drain(..old).collect();
        let next = state.idle.first().map(|(_, since)| *since + IDLE);
        drop(state);
        drop(closing);
        next
    }

    fn is_over(&self) -> bool {
        let state = self.state.lock();
        (state.retired && state.runs.is_empty()) || state.chatter > IDLE_CHATTER
    }
}

/// Hands a response to its caller as it comes. One whose caller is gone is read no further.
async fn pass_on(mut body: Incoming, feed: Feed) -> Result<(Vec<u8>, Option<Streamed>), Broken> {
    let mut output = Output::new(0, Some(feed));
    loop {
        let frame = tokio::select! {
            biased;
            () = output.gone() => return Ok(output.finish()),
            frame = body.frame() => frame,
        };
        let Some(frame) = frame else {
            return Ok(output.finish());
        };
        // All else is trailers.
        if let Ok(piece) = frame.map_err(Broken::io)?.into_data() {
            output.push(&piece).await;
        }
    }
}

async fn handshake(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> io::Result<Connection> {
    // As every other client writes them: small servers compare names letter by letter.
    let (connection, driver) = Builder::new()
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(driver);
    Ok(connection)
}

enum Broken {
    Io(String),
    TooLarge,
}

impl Broken {
    fn io(error: impl std::fmt::Display) -> Self {
        Self::Io(error.to_string())
    }
}

/// A run in such a worker. Dropped before it has left, it takes the worker down: nobody can stop one run in a process.
struct Running {
    serving: Arc<Serving>,
    id: ActivationId,
    over: bool,
}

impl Running {
    /// The `first` also gets what was written before it.
    fn enter(serving: &Arc<Serving>, id: ActivationId, log: &SharedLog, first: bool) -> Result<Self, Fault> {
        let mut state = serving.state.lock();
        if state.gone || state.retired {
            return Err(Fault::Stale);
        }
        state.chatter = 0;
        if first {
            state.unheard.tell(log);
        }
        state.unheard.forget();
        state.runs.insert(id, log.clone());
        drop(state);
        Ok(Self {
            serving: serving.clone(),
            id,
            over: false,
        })
    }

    /// Whatever was written before the answer was sent is in the pipes by now, and is the run's.
    async fn leave(mut self) {
        let (tell, told) = oneshot::channel();
        self.serving.state.lock().leaving.push((self.id, tell));
        self.serving.wake.notify_one();
        self.over = true;
        let _ = told.await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let mut state = self.serving.state.lock();
        state.retired = true;
        let log = state.runs.remove(&self.id);
        drop(state);
        drop(log);
        self.serving.wake.notify_one();
    }
}

/// What the process wrote, for all runs in progress.
struct Everyone<'a>(&'a Serving);

impl Sink for Everyone<'_> {
    fn take(&mut self, stream: LogStream, bytes: &[u8]) {
        let mut state = self.0.state.lock();
        if state.runs.is_empty() {
            state.chatter += bytes.len();
            state.unheard.keep(stream, bytes);
        }
        for log in state.runs.values() {
            log.lock().push(Source::Raw(stream), bytes);
        }
    }
}

/// Reads what the process writes until it is gone, and sees to it that it is.
pub(crate) async fn tend(serving: Arc<Serving>, mut ends: Ends) {
    let mut everyone = Everyone(&serving);
    loop {
        release(&serving, &mut ends.pipes);
        if serving.is_over() {
            break;
        }
        let next = serving.close_idle();
        let look = async {
            match next {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = serving.wake.notified() => {}
            () = ends.pipes.take_some(&mut everyone) => {}
            _ = ends.process.wait() => break,
            () = look => {}
        }
    }
    let idle = {
        let mut state = serving.state.lock();
        state.gone = true;
        std::mem::take(&mut state.idle)
    };
    drop(idle);
    ends.process.kill();
    let status = ends.process.wait().await;
    ends.pipes.drain(&mut Everyone(&serving));
    release(&serving, &mut ends.pipes);
    let how = status.map_or_else(|| "ended".to_owned(), process::describe);
    let fault = match ends.process.breach() {
        Some((breach, note)) => Fault::Over(breach, note),
        None => Fault::Gone(how),
    };
    let _ = ends.tell.send(Some(fault));
    serving.state.lock().runs.clear();
}

/// Lets go of the runs that are over.
fn release(serving: &Serving, pipes: &mut RawPipes) {
    let leaving = std::mem::take(&mut serving.state.lock().leaving);
    if leaving.is_empty() {
        return;
    }
    pipes.drain(&mut Everyone(serving));
    let mut state = serving.state.lock();
    for (id, tell) in leaving {
        state.runs.remove(&id);
        let _ = tell.send(());
    }
}

/// Waits until nobody listens on a port that a process is told to use: the one of the version before may be on its way
/// out. Not for long: it is the process itself that says what is wrong with a port that stays taken.
pub(crate) async fn vacant(port: u16) {
    let free = async {
        while tokio::net::TcpListener::bind(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(LOOK.1).await;
        }
    };
    let _ = tokio::time::timeout(SETTLE, free).await;
}

/// A port that nobody listens on at this moment.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}

/// Seconds since `since`, as `X-Duration-Seconds` has them.
pub(crate) fn seconds(since: Instant) -> String {
    format!("{:.6}", since.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::RunLog;
    use crate::process::tests::Rig;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_process_that_died_before_its_first_run_says_why() {
        let rig = Rig::new();
        let (process, channels) = rig.ended("echo cannot start >&2; exit 7").await;
        let pipes = RawPipes::new(channels.stdout, channels.stderr);
        let card = Arc::new(Card::new(process.pid(), 0));
        let address = Address::Socket(rig.data.path().join("none"));
        let (serving, ends) = Serving::new(address, pipes, process, card);
        tend(serving.clone(), ends).await;
        let log = RunLog::shared(4096, 0);
        let ready = serving.ready(ActivationId::new(), &log).await;
        assert!(matches!(ready, Err(Fault::Stale)));
        let Fault::Gone(how) = serving.fate(&log).await else {
            panic!("it exited");
        };
        assert_eq!(how, "exited with code 7");
        let lines = log.lock().take().finish().0;
        assert_eq!(lines[0].text, "cannot start");
        rig.nursery.end_all().await;
    }
}
