//! The connection to one worker process: many runs send through it, and one task reads for all of them.
//!
//! A frame for a worker that has nothing to do goes straight into the pipe from the caller's own task. One for a worker
//! that is busy waits in the outbox, as does what does not fit: the reading task empties it once all calls that arrived
//! with this one are in it, with one system call for all of them. A std-like lock and not an async one, because nothing
//! is awaited under it and it is held for a map look-up or one `write`.

use std::collections::{HashMap, VecDeque};
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use beckon_core::{ActivationId, LogStream};
use bytes::{Buf as _, Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::sync::{Notify, oneshot, watch};

use crate::end::End;
use crate::frame::{self, Frame, Kind, Violation};
use crate::isolation::Breach;
use crate::logs::{SharedLog, Source};
use crate::pipes::{RawPipes, Sink, Unheard};
use crate::process::{self, Process};
use crate::reply;
use crate::status::Card;

/// How much is read from the pipe at once.
const CHUNK: usize = 64 * 1024;
/// What a pipe holds once a frame was too long for it, in bytes: each time it is full costs a change of processes. Others
/// keep the 64 KiB they are made with, for an account's pipes may have 64 MiB together (pipe(7), `pipe-user-pages-soft`).
const WIDE: usize = 256 * 1024;
/// Most frames that are written with one system call.
const LETTERS_AT_ONCE: usize = 16;
/// What an idle worker may write before it is taken for mad, in bytes.
const IDLE_CHATTER: usize = 16 * 1024 * 1024;
/// How long a process that closed its pipe may take to be gone by itself, so that its own exit code is told.
const SETTLE: Duration = Duration::from_secs(2);

/// Why a worker is of no use any more.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It was not there to begin with: nothing of the run reached it.
    Stale,
    /// It is gone; how, for people ("exited with code 1").
    Gone(String),
    /// It was over one of its bounds and was ended for it; which, and the words for people.
    Over(Breach, String),
    /// It said something that is not the protocol, or could not be reached; what, for people.
    Broken(String),
}

/// What came back for a run.
pub(crate) enum Answer {
    /// The function is loaded.
    Ready,
    /// It cannot be; this is what the caller is told.
    NotLoaded(String),
    /// It returned.
    Done(End),
}

/// Who waits for a frame.
struct Slot {
    log: SharedLog,
    loading: bool,
    tell: oneshot::Sender<Result<Answer, Fault>>,
}

/// A frame on its way into the pipe, or the rest of one.
struct Letter {
    id: ActivationId,
    head: Bytes,
    body: Bytes,
    /// Whether some of it is in the pipe.
    begun: bool,
}

impl Letter {
    /// Takes `count` bytes off it, or as many as it has; tells how many of them are left.
    fn advance(&mut self, count: usize) -> usize {
        self.begun |= count > 0;
        let of_head = count.min(self.head.len());
        self.head.advance(of_head);
        let of_body = (count - of_head).min(self.body.len());
        self.body.advance(of_body);
        count - of_head - of_body
    }

    fn is_sent(&self) -> bool {
        self.head.is_empty() && self.body.is_empty()
    }
}

#[derive(Default)]
struct State {
    slots: HashMap<ActivationId, Slot>,
    /// What is not in the pipe yet.
    outbox: VecDeque<Letter>,
    /// The pipe was widened.
    wide: bool,
    /// Takes no more runs, and goes when the last is over.
    retired: bool,
    /// It is no more.
    gone: bool,
    /// What is sent to it does not arrive: it is about to be gone, and how is to be told.
    broken: bool,
    /// What was written since the last run.
    unheard: Unheard,
    /// Bytes written while no run lasted.
    chatter: usize,
}

/// The callers' side.
pub(crate) struct Link {
    to: pipe::Sender,
    state: Mutex<State>,
    /// Told when there is something in the outbox, or when it is time to go.
    wake: Notify,
    result_limit: usize,
    /// How it ended.
    fate: watch::Sender<Option<Fault>>,
}

/// What the reading task owns.
pub(crate) struct Ends {
    pub(crate) from: pipe::Receiver,
    pub(crate) pipes: RawPipes,
    pub(crate) process: Process,
    pub(crate) card: Arc<Card>,
    /// Longest frame that the worker may send.
    pub(crate) max_frame: usize,
}

impl Link {
    pub(crate) fn new(to: pipe::Sender, result_limit: usize) -> Self {
        Self {
            to,
            state: Mutex::default(),
            wake: Notify::new(),
            result_limit,
            fate: watch::Sender::new(None),
        }
    }

    /// Whether it takes runs.
    pub(crate) fn is_open(&self) -> bool {
        let state = self.state.lock();
        !state.gone && !state.retired
    }

    /// Sends a frame for the run `id` and returns where its answer will come.
    pub(crate) fn send(
        self: &Arc<Self>,
        id: ActivationId,
        head: &[u8],
        body: &Bytes,
        log: &SharedLog,
        loading: bool,
    ) -> Result<InFlight, Fault> {
        let mut state = self.state.lock();
        if state.gone || state.retired {
            return Err(Fault::Stale);
        }
        let mut sent = 0;
        if state.slots.is_empty() && state.outbox.is_empty() {
            match self
                .to
                .try_write_vectored(&[IoSlice::new(head), IoSlice::new(body)])
            {
                Ok(count) => sent = count,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => {
                    state.gone = true;
                    state.broken = true;
                    drop(state);
                    self.wake.notify_one();
                    return Err(Fault::Stale);
                }
            }
        }
        let (tell, told) = oneshot::channel();
        let slot = Slot {
            log: log.clone(),
            loading,
            tell,
        };
        state.slots.insert(id, slot);
        state.chatter = 0;
        if loading {
            state.unheard.tell(log);
        }
        state.unheard.forget();
        if sent < head.len() + body.len() {
            let (of_head, first) = (sent.min(head.len()), state.outbox.is_empty());
            state.outbox.push_back(Letter {
                id,
                head: Bytes::copy_from_slice(&head[of_head..]),
                body: body.slice(sent - of_head..),
                begun: sent > 0,
            });
            drop(state);
            if first {
                self.wake.notify_one();
            }
        }
        Ok(InFlight {
            link: self.clone(),
            id,
            told,
            over: false,
        })
    }

    /// Takes no more runs; the process is ended once it has none.
    pub(crate) fn retire(&self) {
        self.state.lock().retired = true;
        self.wake.notify_one();
    }

    /// How a worker that takes no run came to that. What it wrote and no run has heard is told to this one.
    pub(crate) async fn fate(&self, log: &SharedLog) -> Fault {
        let mut fate = self.fate.subscribe();
        let told = tokio::time::timeout(SETTLE * 2, fate.wait_for(Option::is_some)).await;
        let fault = told.ok().and_then(Result::ok).and_then(|fault| fault.clone());
        self.state.lock().unheard.tell(log);
        fault.unwrap_or(Fault::Stale)
    }

    /// Writes what waits, as far as the pipe takes it. `false` when something is left.
    fn flush(&self) -> io::Result<bool> {
        let state = &mut *self.state.lock();
        while !state.outbox.is_empty() {
            let mut parts = [IoSlice::new(&[]); 2 * LETTERS_AT_ONCE];
            for (letter, part) in state.outbox.iter().zip(parts.chunks_exact_mut(2)) {
                part.copy_from_slice(&[IoSlice::new(&letter.head), IoSlice::new(&letter.body)]);
            }
            let mut count = match self.to.try_write_vectored(&parts) {
                Ok(count) => count,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    if !std::mem::replace(&mut state.wide, true) && widen(&self.to) {
                        continue;
                    }
                    return Ok(false);
                }
                Err(e) => return Err(e),
            };
            while let Some(letter) = state.outbox.front_mut() {
                count = letter.advance(count);
                if !letter.is_sent() {
                    break;
                }
                state.outbox.pop_front();
            }
        }
        Ok(true)
    }

    fn is_over(&self) -> bool {
        let state = self.state.lock();
        (state.retired && state.slots.is_empty()) || state.gone || state.chatter > IDLE_CHATTER
    }

    /// Gives a frame to whom it belongs.
    fn deliver(&self, frame: &Frame, pipes: &mut Pipes<'_>, card: &Card) -> Result<(), Violation> {
        match frame.kind {
            Kind::Hello => {}
            Kind::Log => {
                let header: frame::Log<'_> = frame.header()?;
                let mut state = self.state.lock();
                match header.id.parse().ok().and_then(|id| state.slots.get(&id)) {
                    Some(slot) => slot.log.lock().push(Source::Framed(header.stream), &frame.body),
                    // A late line of an earlier run, whose record is closed.
                    None => state.chatter += frame.body.len() + 64,
                }
            }
            Kind::Ready => self.answer_loading(pipes, || Ok(Answer::Ready))?,
            Kind::Error => {
                self.answer_loading(pipes, || {
                    Ok(Answer::NotLoaded(frame.header::<frame::Failure>()?.message))
                })?;
            }
            Kind::Result => {
                let header: frame::Reply<'_> = frame.header()?;
                let id: ActivationId = header.id.parse().map_err(|_| Violation::OutOfTurn)?;
                pipes.drain(self);
                let end = reply::end_of(&header, frame, self.result_limit)?;
                let mut state = self.state.lock();
                state.retired |= header.stop;
                match state.slots.remove(&id) {
                    Some(slot) if !slot.loading => {
                        card.runs.fetch_add(1, Ordering::Relaxed);
                        let _ = slot.tell.send(Ok(Answer::Done(end)));
                    }
                    Some(_) => return Err(Violation::OutOfTurn),
                    // Its caller gave up; the worker is on its way out.
                    None if state.retired => {}
                    None => return Err(Violation::OutOfTurn),
                }
            }
            Kind::Init | Kind::Run => return Err(Violation::OutOfTurn),
        }
        Ok(())
    }

    fn answer_loading(
        &self,
        pipes: &mut Pipes<'_>,
        answer: impl FnOnce() -> Result<Answer, Violation>,
    ) -> Result<(), Violation> {
        pipes.drain(self);
        let mut state = self.state.lock();
        let loading = state
            .slots
            .iter()
            .find(|(_, slot)| slot.loading)
            .map(|(id, _)| *id);
        let Some(slot) = loading.and_then(|id| state.slots.remove(&id)) else {
            return Err(Violation::OutOfTurn);
        };
        drop(state);
        slot.log.lock().close();
        let _ = slot.tell.send(Ok(answer()?));
        Ok(())
    }
}

/// The process's own output, while frames are delivered that came with one read.
struct Pipes<'a> {
    raw: &'a mut RawPipes,
    drained: bool,
}

impl Pipes<'_> {
    /// Takes what was written before any of the frames was sent: it is in the pipes since they were read.
    fn drain(&mut self, link: &Link) {
        if !self.drained {
            self.drained = true;
            self.raw.drain(&mut Everyone(link));
        }
    }
}

/// What the process wrote itself: of one run it is that run's; of several nobody can say whose, and each keeps it.
struct Everyone<'a>(&'a Link);

impl Sink for Everyone<'_> {
    fn take(&mut self, stream: LogStream, bytes: &[u8]) {
        let mut state = self.0.state.lock();
        if state.slots.is_empty() {
            state.chatter += bytes.len();
            state.unheard.keep(stream, bytes);
        }
        // A run whose frame is still here has no part in it.
        let unsent = |id: &ActivationId| {
            state
                .outbox
                .iter()
                .any(|letter| letter.id == *id && !letter.begun)
        };
        for (id, slot) in &state.slots {
            if !unsent(id) {
                slot.log.lock().push(Source::Raw(stream), bytes);
            }
        }
    }
}

/// A run in a worker. Dropped before it is over, it takes the worker down: nobody can stop one run in a process.
pub(crate) struct InFlight {
    link: Arc<Link>,
    id: ActivationId,
    told: oneshot::Receiver<Result<Answer, Fault>>,
    over: bool,
}

impl InFlight {
    pub(crate) async fn answer(mut self) -> Result<Answer, Fault> {
        let answer = (&mut self.told).await;
        self.over = true;
        answer.unwrap_or_else(|_| Err(Fault::Broken("its reader ended".to_owned())))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let mut state = self.link.state.lock();
        state.retired = true;
        let slot = state.slots.remove(&self.id);
        drop(state);
        drop(slot);
        self.link.wake.notify_one();
    }
}

/// Reads for all runs of a worker until it is gone, and sees to it that it is.
pub(crate) async fn tend(link: Arc<Link>, mut ends: Ends) {
    let mut buffer = BytesMut::with_capacity(CHUNK);
    let fault = serve(&link, &mut ends, &mut buffer).await.err();
    link.state.lock().gone = true;
    if matches!(fault, Some(Ended::Closed)) {
        let _ = tokio::time::timeout(SETTLE, ends.process.wait()).await;
    }
    ends.process.kill();
    let status = ends.process.wait().await;
    ends.pipes.drain(&mut Everyone(&link));
    let how = status.map_or_else(|| "ended".to_owned(), process::describe);
    let fault = match (fault, ends.process.breach()) {
        (_, Some((breach, note))) => Fault::Over(breach, note),
        (None | Some(Ended::Closed), None) => Fault::Gone(how),
        (Some(Ended::Violation(violation)), None) => Fault::Broken(format!(
            "the worker broke the protocol ({violation}) and was replaced"
        )),
        (Some(Ended::Io(error)), None) => Fault::Broken(format!(
            "the worker could not be reached ({error}) and was replaced"
        )),
    };
    link.fate.send_replace(Some(fault.clone()));
    let (left, outbox) = {
        let mut state = link.state.lock();
        (
            std::mem::take(&mut state.slots),
            std::mem::take(&mut state.outbox),
        )
    };
    for (id, slot) in left {
        // Of one whose frame never left nothing has reached the worker.
        let unsent = outbox.iter().any(|letter| letter.id == id && !letter.begun);
        let fault = if unsent { Fault::Stale } else { fault.clone() };
        let _ = slot.tell.send(Err(fault));
    }
}

/// Makes room in a pipe. `false` where it has as much, and where the account has no more.
fn widen(pipe: &impl AsFd) -> bool {
    rustix::pipe::fcntl_getpipe_size(pipe).is_ok_and(|size| size < WIDE)
        && rustix::pipe::fcntl_setpipe_size(pipe, WIDE)
            .inspect_err(|error| tracing::debug!(%error, "a worker's pipe could not be widened"))
            .is_ok()
}

enum Ended {
    /// It closed its pipe, or its process ended.
    Closed,
    Violation(Violation),
    Io(io::Error),
}

impl From<Violation> for Ended {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

/// Delivers the frames that were read.
fn deliver_all(link: &Link, ends: &mut Ends, buffer: &mut BytesMut) -> Result<(), Violation> {
    let mut pipes = Pipes {
        raw: &mut ends.pipes,
        drained: false,
    };
    while let Some(frame) = frame::decode(buffer, ends.max_frame)? {
        link.deliver(&frame, &mut pipes, &ends.card)?;
    }
    Ok(())
}

/// Delivers what a process had sent that is gone, or takes no more: it is in the pipe, whether the runtime has heard of
/// it or not.
fn last_words(link: &Link, ends: &mut Ends, buffer: &mut BytesMut) -> Result<(), Ended> {
    let mut chunk = vec![0; CHUNK];
    while let Ok(count @ 1..) = rustix::io::read(ends.from.as_fd(), &mut chunk) {
        buffer.extend_from_slice(&chunk[..count]);
    }
    Ok(deliver_all(link, ends, buffer)?)
}

async fn serve(link: &Link, ends: &mut Ends, buffer: &mut BytesMut) -> Result<(), Ended> {
    let (mut flushed, mut wide) = (true, false);
    let mut everyone = Everyone(link);
    loop {
        deliver_all(link, ends, buffer)?;
        if link.is_over() {
            let broken = link.state.lock().broken;
            return if broken { Err(Ended::Closed) } else { Ok(()) };
        }
        if buffer.len() >= CHUNK && !wide {
            wide = true;
            widen(&ends.from);
        }
        if buffer.capacity() == buffer.len() {
            buffer.reserve(CHUNK);
        }
        tokio::select! {
            biased;
            read = ends.from.read_buf(buffer) => {
                if read? == 0 {
                    return Err(Ended::Closed);
                }
            }
            () = link.wake.notified() => match link.flush() {
                Ok(all) => flushed = all,
                Err(e) => return Err(last_words(link, ends, buffer).err().unwrap_or_else(|| e.into())),
            },
            ready = link.to.writable(), if !flushed => match ready.and_then(|()| link.flush()) {
                Ok(all) => flushed = all,
                Err(e) => return Err(last_words(link, ends, buffer).err().unwrap_or_else(|| e.into())),
            },
            () = ends.pipes.take_some(&mut everyone) => {}
            // A descendant may hold the pipe open.
            _ = ends.process.wait() => {
                last_words(link, ends, buffer)?;
                return Err(Ended::Closed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::RunLog;
    use crate::process::Channels;
    use crate::process::tests::Rig;

    /// Both sides of the connection to a process.
    fn joined(process: Process, channels: Channels) -> (Arc<Link>, Ends) {
        let (to, from) = channels.frames.unwrap();
        let ends = Ends {
            from,
            pipes: RawPipes::new(channels.stdout, channels.stderr),
            card: Arc::new(Card::new(process.pid(), 0)),
            process,
            max_frame: 1000,
        };
        (Arc::new(Link::new(to, 1000)), ends)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_process_that_died_before_its_first_run_says_why() {
        let rig = Rig::new();
        for tended_first in [false, true] {
            let (process, channels) = rig.ended("echo cannot start >&2; exit 7").await;
            let (link, ends) = joined(process, channels);
            link.to.writable().await.unwrap();
            let tending = tend(link.clone(), ends);
            tokio::pin!(tending);
            if tended_first {
                (&mut tending).await;
            }
            let log = RunLog::shared(4096, 0);
            let sent = link.send(ActivationId::new(), b"head", &Bytes::new(), &log, true);
            assert!(matches!(sent, Err(Fault::Stale)));
            if !tended_first {
                tending.await;
            }
            let Fault::Gone(how) = link.fate(&log).await else {
                panic!("it exited");
            };
            assert_eq!(how, "exited with code 7");
            let lines = log.lock().take().finish().0;
            assert_eq!(lines[0].text, "cannot start");
        }
        rig.nursery.end_all().await;
    }

    #[tokio::test]
    async fn a_pipe_is_widened_by_a_frame_that_is_too_long_for_it() {
        let rig = Rig::new();
        let swallow = rig.script(1, "exec cat <&3 >/dev/null");
        let (process, channels) = rig.nursery.spawn(1, swallow, ()).await.unwrap();
        let (link, ends) = joined(process, channels);
        let tending = tokio::spawn(tend(link.clone(), ends));
        let size = || rustix::pipe::fcntl_getpipe_size(&link.to).unwrap();
        let send = |length| {
            let (body, log) = (Bytes::from(vec![0; length]), RunLog::shared(4096, 0));
            link.send(ActivationId::new(), b"head", &body, &log, false).ok()
        };
        let made = size();
        let _short = send(1000).unwrap();
        assert_eq!(size(), made);
        let _long = send(8 * WIDE).unwrap();
        let widened = async {
            while size() < WIDE {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let widened = tokio::time::timeout(Duration::from_secs(20), widened).await;
        widened.expect("the pipe is as it was");
        link.retire();
        rig.nursery.end_all().await;
        tending.await.unwrap();
    }
}
