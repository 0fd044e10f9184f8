//! Somebody who is called back: a real HTTP server on this machine.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Keeps what comes, and answers as its path says: `/500`, `/302/<port>` (to that port), `/hang`; else 200.
#[derive(Clone, Default)]
pub(crate) struct Receiver(Arc<Mutex<Vec<Received>>>);

impl Receiver {
    pub(crate) async fn start() -> (Self, SocketAddr) {
        let receiver = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = axum::Router::new()
            .fallback(Self::take)
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (receiver, address)
    }

    async fn take(State(receiver): State<Self>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let target = parts.uri.to_string();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        receiver.0.lock().unwrap().push(Received {
            method: parts.method.to_string(),
            target: target.clone(),
            headers: parts.headers,
            body,
        });
        match target.trim_start_matches('/').split_once('/') {
            Some(("302", port)) => {
                let location = format!("http://127.0.0.1:{port}/");
                (StatusCode::FOUND, [("location", location)]).into_response()
            }
            _ if target == "/hang" => std::future::pending().await,
            _ if target == "/500" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            _ => "told".into_response(),
        }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.0.lock().unwrap().clone()
    }
}
