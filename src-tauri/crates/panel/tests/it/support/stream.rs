//! A function whose response comes bit by bit, and calls that show it.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::routing::get;
use base64::Engine as _;
use beckon_panel::Panel;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use super::{call, function};

/// Greets in an event stream, and goes on when the URL in the query answers; without one it goes on until it is ended.
/// At `/plain` it does not stream, and at `/hold` it never answers.
const STREAM: &str = r#"#!/usr/bin/env node
const http = require("node:http");
http.createServer((request, response) => {
  if (request.url === "/plain") { response.end("plain"); return; }
  if (request.url === "/hold") return;
  response.setHeader("Content-Type", "text/event-stream");
  response.write("data: on\u00e9\n\n");
  const next = new URL(request.url, "http://function").searchParams.get("next");
  if (next) http.get(next, () => response.end("event: last\ndata: two\n\n"));
}).listen(process.env.port, "127.0.0.1");
"#;

pub(crate) async fn streaming(panel: &Arc<Panel>) -> Result<Value> {
    let target = function("local", "stream");
    let code = json!({ "type": "source", "text": STREAM });
    let create = json!({ "function": target, "kind": "shell", "contract": "watchdog_http", "code": code });
    call(panel, "create_function", create).await?;
    Ok(target)
}

pub(crate) fn request(path: &str, query: &str) -> Value {
    let body = json!({ "type": "text", "text": "" });
    json!({ "method": "GET", "path": path, "query": query, "headers": [], "body": body })
}

/// A URL that answers when it is told to.
pub(crate) async fn gate() -> Result<(String, Arc<Notify>)> {
    let open = Arc::new(Notify::new());
    let opened = open.clone();
    let wait = move || {
        let opened = opened.clone();
        async move { opened.notified().await }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/", get(wait))).await });
    Ok((url, open))
}

pub(crate) type Answer = tokio::task::JoinHandle<beckon_core::Result<String>>;

/// Calls, and answers with what comes.
pub(crate) fn live(
    panel: &Arc<Panel>,
    target: &Value,
    path: &str,
    query: &str,
) -> (mpsc::UnboundedReceiver<Value>, Answer) {
    let (sender, parts) = mpsc::unbounded_channel();
    let command = beckon_panel::command("invoke_http_live").expect("it is a command");
    let sink = Arc::new(move |item: String| {
        let item = serde_json::from_str(&item).expect("items are JSON");
        match sender.send(item) {
            Ok(()) => beckon_panel::Sent::Taken,
            Err(_) => beckon_panel::Sent::Gone,
        }
    });
    let ask = json!({ "function": target, "request": request(path, query) });
    (parts, tokio::spawn((command.call)(panel.clone(), ask, sink)))
}

pub(crate) fn text(part: &Value) -> Result<String> {
    let base64 = part["base64"].as_str().context("a piece has bytes")?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64)?;
    Ok(String::from_utf8(bytes)?)
}
