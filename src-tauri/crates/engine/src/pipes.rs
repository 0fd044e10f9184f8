//! A worker's own standard output and error: what its children write, and code that goes around the language.

use std::io;
use std::os::fd::AsFd;

use beckon_core::LogStream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::net::unix::pipe;

use crate::logs::{SharedLog, Source};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// Who gets what was written.
pub(crate) trait Sink {
    /// Bytes of one of the descriptors, as they came.
    fn take(&mut self, stream: LogStream, bytes: &[u8]);
}

/// Most bytes that are kept of what a process writes while no run lasts.
const UNHEARD: usize = 16 * 1024;

/// What a process wrote that is of no run yet: before its first one, or before it was found dead by the next.
#[derive(Debug, Default)]
pub(crate) struct Unheard {
    kept: Vec<(LogStream, Vec<u8>)>,
    bytes: usize,
}

impl Unheard {
    /// Keeps it, as far as there is room.
    pub(crate) fn keep(&mut self, stream: LogStream, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(UNHEARD - self.bytes)];
        if !bytes.is_empty() {
            self.bytes += bytes.len();
            self.kept.push((stream, bytes.to_vec()));
        }
    }

    /// Makes it a run's.
    pub(crate) fn tell(&mut self, log: &SharedLog) {
        let mut log = log.lock();
        for (stream, bytes) in std::mem::take(self).kept {
            log.push(Source::Raw(stream), &bytes);
        }
    }

    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Both pipes.
pub(crate) struct RawPipes {
    stdout: RawPipe,
    stderr: RawPipe,
}

struct RawPipe {
    pipe: pipe::Receiver,
    stream: LogStream,
    open: bool,
}

impl RawPipes {
    pub(crate) fn new(stdout: pipe::Receiver, stderr: pipe::Receiver) -> Self {
        Self {
            stdout: RawPipe {
                pipe: stdout,
                stream: LogStream::Stdout,
                open: true,
            },
            stderr: RawPipe {
                pipe: stderr,
                stream: LogStream::Stderr,
                open: true,
            },
        }
    }

    /// Waits until there is something in one of them, and takes some of it. Never returns once both are closed.
    pub(crate) async fn take_some(&mut self, log: &mut impl Sink) {
        let Self { stdout, stderr } = self;
        tokio::select! {
            ready = stdout.pipe.readable(), if stdout.open => stdout.take(ready.is_ok(), log),
            ready = stderr.pipe.readable(), if stderr.open => stderr.take(ready.is_ok(), log),
            else => std::future::pending().await,
        }
    }

    /// Whether there is something in one of them: one system call for both, for mostly there is not.
    fn has_more(&self) -> bool {
        let mut both = [self.stdout.question(), self.stderr.question()];
        let open = match (self.stdout.open, self.stderr.open) {
            (true, true) => 0..2,
            (true, false) => 0..1,
            (false, true) => 1..2,
            (false, false) => return false,
        };
        // Told nothing, each is asked for itself.
        !matches!(poll(&mut both[open], Some(&Timespec::default())), Ok(0))
    }

    /// Takes what is in them now, without waiting.
    pub(crate) fn drain(&mut self, log: &mut impl Sink) {
        if !self.has_more() {
            return;
        }
        for raw in [&mut self.stdout, &mut self.stderr] {
            if !raw.open {
                continue;
            }
            // Only what is there at this moment: somebody may be writing without end.
            let mut left = rustix::io::ioctl_fionread(raw.pipe.as_fd()).map_or(0, |count| count as usize);
            while left > 0 && raw.open {
                match raw.read(log, left) {
                    0 => break,
                    count => left -= count.min(left),
                }
            }
        }
    }
}

impl RawPipe {
    fn question(&self) -> PollFd<'_> {
        PollFd::from_borrowed_fd(self.pipe.as_fd(), PollFlags::IN)
    }

    fn take(&mut self, ready: bool, log: &mut impl Sink) {
        if ready {
            self.read(log, CHUNK);
        } else {
            self.open = false;
        }
    }

    /// Reads at most `most` bytes that are there; returns how many there were.
    fn read(&mut self, log: &mut impl Sink, most: usize) -> usize {
        let mut chunk = [0; CHUNK];
        let chunk = &mut chunk[..most.min(CHUNK)];
        // Through tokio first, so that its notion of readiness follows. Right after a frame it may not have heard of
        // the bytes yet: then they are read directly.
        let read = match self.pipe.try_read(chunk) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                match rustix::io::read(self.pipe.as_fd(), &mut *chunk) {
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return 0,
                    other => other.map_err(io::Error::from),
                }
            }
            other => other,
        };
        match read {
            Ok(0) | Err(_) => {
                self.open = false;
                0
            }
            Ok(count) => {
                log.take(self.stream, &chunk[..count]);
                count
            }
        }
    }
}
