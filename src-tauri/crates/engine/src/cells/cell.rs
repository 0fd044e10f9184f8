//! One interpreter that waits for a function.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use beckon_core::LogStream;
use bytes::BytesMut;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio_util::sync::CancellationToken;

use super::{Breed, Ground, Tree};
use crate::frame::{self, Kind};
use crate::pipes::{RawPipes, Sink};
use crate::pool::{Measured, Permit};
use crate::process::{Process, Spec};
use crate::status::Listing;
use crate::worker::{arguments, with_places};

/// How long an interpreter may take to be up.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest first frame.
const HELLO: usize = 64 * 1024;

/// A process that holds no function. Ended when dropped.
pub(crate) struct Cell {
    body: Option<Body>,
}

/// What the worker that it becomes is made of.
pub(crate) struct Body {
    pub(crate) process: Process,
    pub(crate) to: pipe::Sender,
    pub(crate) from: pipe::Receiver,
    pub(crate) pipes: RawPipes,
    /// Its folder of code.
    pub(crate) code: PathBuf,
    measured: Measured,
    owner: Owner,
    born: Instant,
    identity: Option<Identity>,
    program: PathBuf,
    /// The modules that are in it, which a function's own of the same names would not be found before.
    modules: HashSet<String>,
}

/// Tells a file from one that took its place.
type Identity = (u64, u64, i64, i64);

fn identity(program: &Path) -> Option<Identity> {
    let file = fs::metadata(program).ok()?;
    Some((file.dev(), file.ino(), file.mtime(), file.mtime_nsec()))
}

/// What ends with the process, once it is somebody's: the right to have it, and its place in the list of workers.
#[derive(Default, Clone)]
struct Owner(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    gone: bool,
    what: Option<(Permit, Listing)>,
}

/// Dropped by the nursery when the process is gone.
struct Tail(Owner);

impl Drop for Tail {
    fn drop(&mut self) {
        let what = {
            let mut held = self.0.0.lock();
            held.gone = true;
            held.what.take()
        };
        drop(what);
    }
}

/// Header of the first frame.
#[derive(Deserialize)]
struct Hello {
    #[serde(default)]
    modules: HashSet<String>,
}

/// Whom the words are for that an interpreter says before it is anybody's.
struct Nobody;

impl Sink for Nobody {
    fn take(&mut self, _: LogStream, _: &[u8]) {}
}

impl Cell {
    /// Starts one, and waits until it is up. Stopped, it is taken down again.
    pub(super) async fn start(ground: &Ground, breed: &Breed, stop: &CancellationToken) -> io::Result<Self> {
        let nursery = &ground.nursery;
        let number = nursery.reserve();
        let scratch = nursery.scratch_of(number);
        let code = ground.folder.join(nursery.name_of(number));
        let mut arguments = arguments(breed.language(), breed.memory_mb(), &ground.shims);
        // The shims take the time to load what a first run needs.
        arguments.push("cell".into());
        let (owner, measured) = (Owner::default(), Measured::default());
        let program = breed.program().to_owned();
        let identity = identity(&program);
        let spec = Spec {
            program: program.clone(),
            arguments,
            env: with_places(ground.base_env.clone(), &scratch)?,
            scratch,
            directory: None,
            framed: true,
            stdin: false,
            results: false,
            confinement: breed.confinement(code.clone()),
            measured: measured.clone(),
            own_code: true,
            lent: None,
        };
        let (process, channels) = nursery.spawn(number, spec, Tail(owner.clone())).await?;
        let (to, from) = channels
            .frames
            .ok_or_else(|| io::Error::other("a cell without its pipes"))?;
        let body = Body {
            to,
            from,
            pipes: RawPipes::new(channels.stdout, channels.stderr),
            process,
            code,
            measured,
            owner,
            born: Instant::now(),
            identity,
            program,
            modules: HashSet::new(),
        };
        let mut cell = Self { body: Some(body) };
        if let Some(body) = &mut cell.body {
            let hello = tokio::select! {
                hello = tokio::time::timeout(PATIENCE, hello(&mut body.from)) => hello??,
                () = stop.cancelled() => return Err(io::ErrorKind::Interrupted.into()),
            };
            body.modules = hello.modules;
        }
        Ok(cell)
    }

    /// Whether it lives, is young, and runs what its program's path names now.
    pub(super) fn is_fit(&self, old: Duration) -> bool {
        self.body.as_ref().is_some_and(|body| {
            !body.process.has_ended()
                && body.born.elapsed() < old
                && body.identity.is_some()
                && body.identity == identity(&body.program)
        })
    }

    /// Bytes in memory when it was last measured.
    pub(super) fn memory(&self) -> u64 {
        let measured = self.body.as_ref().map(|body| &body.measured);
        measured.map_or(0, |measured| measured.load(Ordering::Relaxed))
    }

    /// The engine's own number for its process.
    pub(crate) fn number(&self) -> u64 {
        self.body.as_ref().map_or(0, |body| body.process.number())
    }

    /// Whether a function with these files finds in it what it would find in an interpreter of its own.
    pub(crate) fn suits(&self, tree: &Tree) -> bool {
        self.body
            .as_ref()
            .is_some_and(|body| !tree.has_any(&body.modules))
    }

    /// Its folder of code.
    pub(crate) fn code(&self) -> Option<PathBuf> {
        self.body.as_ref().map(|body| body.code.clone())
    }

    /// Makes it somebody's, who ends it from now on. `None` when it has died.
    pub(crate) fn adopt(mut self, mut permit: Permit, listing: Listing) -> Option<Body> {
        let mut body = self.body.take()?;
        permit.take_over(&body.measured);
        {
            let mut held = body.owner.0.lock();
            if held.gone {
                return None;
            }
            held.what = Some((permit, listing));
        }
        body.pipes.drain(&mut Nobody);
        Some(body)
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        if let Some(body) = &self.body {
            body.process.kill();
        }
    }
}

/// Reads the frame that says that the interpreter is up, and nothing after it: there is nothing.
async fn hello(from: &mut pipe::Receiver) -> io::Result<Hello> {
    let mut buffer = BytesMut::new();
    loop {
        if let Some(frame) = frame::decode(&mut buffer, HELLO).map_err(io::Error::other)? {
            if frame.kind != Kind::Hello || !buffer.is_empty() {
                return Err(io::Error::other("it said something else than that it is up"));
            }
            return frame.header().map_err(io::Error::other);
        }
        if from.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
