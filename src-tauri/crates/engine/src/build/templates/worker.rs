// The worker that a Rust function is compiled into: takes framed messages on descriptor 3 and answers on descriptor 4.
//
// Frame: u32 length of what follows, u8 type, u32 length of the header, header (JSON), body (raw). Little-endian.
// What the function prints goes straight to descriptors 1 and 2, which the engine reads.

mod handler;

use std::error::Error;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::exit;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};

const HELLO: u8 = 1;
const READY: u8 = 2;
const INIT: u8 = 3;
const RUN: u8 = 4;
const RESULT: u8 = 5;

/// Where answers go, one at a time.
type Out = Arc<Mutex<File>>;

fn main() {
    let (Ok(mut from), Ok(to)) = (descriptor(3), descriptor(4)) else {
        eprintln!("This program is a function's worker: Beckon starts it.");
        exit(64);
    };
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get().min(4));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .expect("threads for the function");
    let out: Out = Arc::new(Mutex::new(to));
    send(&out, HELLO, &json!({"language": "rust"}), b"");
    let mut limit = 0;
    loop {
        let Ok((kind, header, body)) = frame(&mut from) else {
            exit(0); // the engine closed its end
        };
        match kind {
            INIT => {
                limit = header["resultLimit"].as_u64().map_or(usize::MAX, |most| most as usize);
                if let Some(scratch) = header["scratch"].as_str() {
                    let _ = std::env::set_current_dir(scratch);
                }
                send(&out, READY, &json!({}), b"");
            }
            RUN => {
                let out = out.clone();
                runtime.spawn(async move { answer(&out, &header, body, limit).await });
            }
            _ => exit(70),
        }
    }
}

/// A descriptor of the engine's, under another number and closed in what the function starts.
fn descriptor(number: i32) -> io::Result<File> {
    // SAFETY: the engine opened it for this process alone, and nothing before this line knows of it.
    let inherited = unsafe { OwnedFd::from_raw_fd(number) };
    inherited.try_clone().map(File::from)
}

fn frame(from: &mut File) -> io::Result<(u8, Value, Vec<u8>)> {
    let mut fixed = [0; 9];
    from.read_exact(&mut fixed)?;
    let number = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
    let mut header = vec![0; number(5) as usize];
    from.read_exact(&mut header)?;
    let mut body = vec![0; number(0) as usize - 5 - header.len()];
    from.read_exact(&mut body)?;
    Ok((fixed[4], serde_json::from_slice(&header)?, body))
}

fn send(out: &Out, kind: u8, header: &Value, body: &[u8]) {
    let header = header.to_string();
    let mut frame = Vec::with_capacity(9 + header.len() + body.len());
    frame.extend(((5 + header.len() + body.len()) as u32).to_le_bytes());
    frame.push(kind);
    frame.extend((header.len() as u32).to_le_bytes());
    frame.extend(header.as_bytes());
    frame.extend(body);
    if out.lock().unwrap_or_else(PoisonError::into_inner).write_all(&frame).is_err() {
        exit(0); // the engine is gone
    }
}

async fn answer(out: &Out, header: &Value, body: Vec<u8>, limit: usize) {
    let id = &header["id"];
    let answer = match request_of(header, body) {
        // In a task of its own: a panic in the function is this run's end and not the worker's.
        Ok(request) => match tokio::spawn(call(handler::handle, request, limit)).await {
            Ok(answer) => answer,
            Err(failure) => failed(&words(failure)),
        },
        Err(error) => failed(&error.to_string()),
    };
    let _ = io::stdout().flush();
    let mut reply = json!({
        "id": id,
        "outcome": "ok",
        "status": answer.status,
        "headers": answer.headers,
    });
    if answer.too_long {
        reply["bytes"] = json!(limit + 1);
    }
    send(out, RESULT, &reply, &answer.body);
}

fn request_of(header: &Value, body: Vec<u8>) -> http::Result<Request<Vec<u8>>> {
    let text = |key: &str| header[key].as_str().unwrap_or_default();
    let mut target = text("path").to_owned();
    if !text("query").is_empty() {
        target = format!("{target}?{}", text("query"));
    }
    let mut request = Request::builder().method(text("method")).uri(target);
    for pair in header["headers"].as_array().into_iter().flatten() {
        let name = pair[0].as_str().and_then(|name| HeaderName::try_from(name).ok());
        let value = pair[1].as_str().and_then(|value| HeaderValue::try_from(value).ok());
        if let (Some(name), Some(value)) = (name, value) {
            request = request.header(name, value);
        }
    }
    request.body(body)
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    too_long: bool,
}

/// Calls the function, whatever the type that it takes and gives bodies in.
async fn call<H, F, I, O>(handle: H, request: Request<Vec<u8>>, limit: usize) -> Answer
where
    H: Fn(Request<I>) -> F,
    F: Future<Output = Response<O>>,
    I: From<Vec<u8>>,
    O: BodyExt,
    O::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (head, body) = handle(request.map(I::from)).await.into_parts();
    let headers = head.headers.iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let mut answer = Answer {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body: Vec::new(),
        too_long: false,
    };
    match Limited::new(body, limit).collect().await {
        Ok(body) => answer.body = body.to_bytes().into(),
        Err(error) if error.is::<LengthLimitError>() => answer.too_long = true,
        Err(error) => return failed(&format!("The response broke off: {error}")),
    }
    answer
}

fn failed(text: &str) -> Answer {
    eprintln!("{text}");
    Answer {
        status: 500,
        headers: vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())],
        body: text.as_bytes().to_vec(),
        too_long: false,
    }
}

fn words(failure: tokio::task::JoinError) -> String {
    let Ok(panic) = failure.try_into_panic() else {
        return "The run was stopped.".to_owned();
    };
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "The function panicked.".to_owned())
}
