//! The least that an engine can be: HTTP in, a frame to a warm process and back, HTTP out. It records nothing, knows
//! no functions, checks nobody, and does the same with a process per request.
//!
//! One thread and no framework: whatever Beckon takes beyond this is what Beckon costs.

use std::cell::RefCell;
use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf as ToWorker};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::process::Command;
use tokio::sync::Notify;
use tokio::task::LocalSet;

use crate::http;

const WORKER: &str = include_str!("../../floor/worker.cjs");

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Behind {
    /// A warm Node process with the handler `hello`.
    Hello,
    /// A warm Node process with the handler `echo`.
    Echo,
    /// A warm Node process with the handler `sleep`.
    Sleep,
    /// A warm Node process that sends bytes back without looking at them.
    Raw,
    /// A new `cat` for each request.
    Cat,
}

/// The server's own process: prints its port, and ends with its standard input.
pub(crate) fn main(behind: Behind) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, serve(behind))
}

async fn serve(behind: Behind) -> Result<()> {
    let worker = match behind {
        Behind::Cat => None,
        Behind::Hello => Some(Worker::start("hello").await?),
        Behind::Echo => Some(Worker::start("echo").await?),
        Behind::Raw => Some(Worker::start("raw").await?),
        Behind::Sleep => Some(Worker::start("sleep").await?),
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    let accept = async {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(connection(stream, worker.clone()));
        }
    };
    let mut nothing = [0];
    tokio::select! {
        ended = accept => ended,
        _ = async { tokio::io::stdin().read(&mut nothing).await } => Ok(()),
    }
}

async fn connection(stream: TcpStream, worker: Option<Rc<Worker>>) -> Result<()> {
    let (mut reader, writer) = stream.into_split();
    let writer = Rc::new(tokio::sync::Mutex::new(writer));
    let number = worker.as_ref().map(|worker| worker.enter(writer.clone()));
    let mut buffer = Vec::with_capacity(64 * 1024);
    loop {
        if reader.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        let Some(request) = http::complete(&buffer)? else {
            continue;
        };
        let body = &buffer[request.body..request.end];
        match (&worker, number) {
            (Some(worker), Some(number)) => worker.send(number, body),
            _ => answer(&mut *writer.lock().await, &cat(body).await?).await?,
        }
        buffer.drain(..request.end);
    }
}

async fn answer(writer: &mut OwnedWriteHalf, body: &[u8]) -> Result<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut whole = Vec::with_capacity(head.len() + body.len());
    whole.extend_from_slice(head.as_bytes());
    whole.extend_from_slice(body);
    Ok(writer.write_all(&whole).await?)
}

async fn cat(body: &[u8]) -> Result<Vec<u8>> {
    let mut child = Command::new("/bin/cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("no stdin")?;
    stdin.write_all(body).await?;
    drop(stdin);
    let done = child.wait_with_output().await?;
    ensure!(done.status.success(), "cat failed");
    Ok(done.stdout)
}

type Caller = Rc<tokio::sync::Mutex<OwnedWriteHalf>>;

/// A warm process, with as many requests at a time as there are connections: a frame carries its connection's number.
struct Worker {
    outbox: RefCell<Vec<u8>>,
    written: Notify,
    callers: RefCell<Vec<Caller>>,
}

impl Worker {
    async fn start(handler: &str) -> Result<Rc<Self>> {
        let dir = tempfile::tempdir()?;
        let (script, socket) = (dir.path().join("worker.cjs"), dir.path().join("worker"));
        std::fs::write(&script, WORKER)?;
        let listener = UnixListener::bind(&socket)?;
        let mut child = node(&script, &socket, handler)?;
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            status = child.wait() => anyhow::bail!("the worker ended: {}", status?),
        };
        let (reader, writer) = stream.into_split();
        let worker = Rc::new(Self {
            outbox: RefCell::default(),
            written: Notify::new(),
            callers: RefCell::default(),
        });
        tokio::task::spawn_local(worker.clone().write(writer));
        tokio::task::spawn_local(worker.clone().read(reader, child, dir));
        Ok(worker)
    }

    fn enter(&self, caller: Caller) -> u32 {
        let mut callers = self.callers.borrow_mut();
        callers.push(caller);
        u32::try_from(callers.len() - 1).unwrap_or(u32::MAX)
    }

    fn send(&self, number: u32, body: &[u8]) {
        let mut outbox = self.outbox.borrow_mut();
        outbox.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
        outbox.extend_from_slice(&number.to_le_bytes());
        outbox.extend_from_slice(body);
        drop(outbox);
        self.written.notify_one();
    }

    /// Requests that arrive together go to the worker together.
    async fn write(self: Rc<Self>, mut writer: ToWorker) -> Result<()> {
        let mut going = Vec::new();
        loop {
            self.written.notified().await;
            std::mem::swap(&mut going, &mut *self.outbox.borrow_mut());
            writer.write_all(&going).await?;
            going.clear();
        }
    }

    /// The directory and the process live as long as somebody listens to them.
    async fn read(
        self: Rc<Self>,
        mut reader: OwnedReadHalf,
        _child: tokio::process::Child,
        _dir: tempfile::TempDir,
    ) -> Result<()> {
        let mut buffer = Vec::with_capacity(64 * 1024);
        while reader.read_buf(&mut buffer).await? > 0 {
            let mut at = 0;
            while let Some((number, length)) = header(&buffer[at..]) {
                let Some(body) = buffer.get(at + 8..at + 8 + length) else {
                    break;
                };
                let caller = self.callers.borrow().get(number).cloned();
                let caller = caller.context("a reply to nobody")?;
                // Gone or not: the next caller's reply must not wait for this one.
                let _ = answer(&mut *caller.lock().await, body).await;
                at += 8 + length;
            }
            buffer.drain(..at);
        }
        anyhow::bail!("the worker has ended")
    }
}

fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (number, _) = rest.split_first_chunk::<4>()?;
    Some((
        u32::from_le_bytes(*number) as usize,
        u32::from_le_bytes(*length) as usize,
    ))
}

fn node(script: &Path, socket: &Path, handler: &str) -> Result<tokio::process::Child> {
    Command::new("node")
        .arg(script)
        .arg(socket)
        .arg(handler)
        .kill_on_drop(true)
        .spawn()
        .context("node could not be started")
}
