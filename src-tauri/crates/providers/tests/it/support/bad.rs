//! Servers that speak HTTP badly, from a bare TCP listener.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that treats every request alike. Stops when it is dropped.
pub(crate) struct BadServer {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
enum Behaviour {
    Answer(String),
    /// To requests of a path that begins so, and to all others.
    AnswerAt(&'static str, String, String),
    Endless,
    Silent(Option<u8>),
}

/// An HTTP reply in one piece, after which the connection closes.
pub(crate) fn reply(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

impl BadServer {
    /// Reads the request, writes these bytes, closes.
    pub(crate) async fn answering(answer: String) -> Self {
        Self::start(Behaviour::Answer(answer)).await
    }

    /// The same, with other bytes for paths that begin with `path`.
    pub(crate) async fn answering_at(path: &'static str, answer: String, others: String) -> Self {
        Self::start(Behaviour::AnswerAt(path, answer, others)).await
    }

    /// A good head, and a body that never ends.
    pub(crate) async fn endless() -> Self {
        Self::start(Behaviour::Endless).await
    }

    /// Reads the request and keeps the connection open, with a good head and a byte each second, or without.
    pub(crate) async fn silent(byte: Option<u8>) -> Self {
        Self::start(Behaviour::Silent(byte)).await
    }

    async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, behaviour.clone(), seen.clone()));
            }
        });
        Self { url, requests, task }
    }

    /// The requests so far, heads and bodies.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for BadServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, behaviour: Behaviour, seen: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(n) => request.extend_from_slice(&chunk[..n]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let asked = request.split(' ').nth(1).unwrap_or_default().to_owned();
    seen.lock().unwrap().push(request);
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
    match behaviour {
        Behaviour::Answer(answer) => {
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Behaviour::AnswerAt(path, answer, others) => {
            let answer = if asked.starts_with(path) { answer } else { others };
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Behaviour::Endless => {
            let _ = stream.write_all(head).await;
            while stream.write_all(&[b'['; 65_536]).await.is_ok() {}
        }
        Behaviour::Silent(byte) => {
            if byte.is_some() {
                let _ = stream.write_all(head).await;
            }
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if let Some(byte) = byte
                    && stream.write_all(&[byte]).await.is_err()
                {
                    return;
                }
            }
        }
    }
}

/// Whether head and announced body are there.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    body.len() >= length
}
