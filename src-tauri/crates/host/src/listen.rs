//! Loopback listeners.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use beckon_core::{Error, ErrorCode, Result};
use beckon_providers::gateway::Front;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::GatewayPort;

/// How long a request's headers may take to arrive, the wait between two requests included.
const HEADERS: Duration = Duration::from_secs(120);

pub(crate) async fn bind_gateway(port: GatewayPort) -> Result<TcpListener> {
    match port {
        GatewayPort::Exactly(port) => bind(port).await,
        GatewayPort::Preferably(port) => match bind(port).await {
            Err(error) if error.code == ErrorCode::Conflict => {
                tracing::warn!(port, "the gateway's port is taken; using a free one this time");
                bind(0).await
            }
            bound => bound,
        },
    }
}

pub(crate) async fn bind(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => Error::new(
                ErrorCode::Conflict,
                format!("Port {port} is taken by another program."),
            )
            .with_hint("Choose another with --port, or 0 for any free one."),
            _ => Error::internal("listen on 127.0.0.1", error),
        })
}

pub(crate) fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener
        .local_addr()
        .map_err(|e| Error::internal("read its own address", e))
}

/// Serves the gateway. A connection per task, and nothing between hyper and the front: this is what most calls come
/// through.
///
/// Told to stop, it takes no more and lets what is under way come to its end; a connection that then still waits for
/// its client is dropped when `cut` says so.
pub(crate) async fn serve_gateway(
    listener: std::net::TcpListener,
    front: Front,
    stop: CancellationToken,
    cut: CancellationToken,
) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the gateway cannot be served"),
    };
    let (front, connections) = (Arc::new(front), TaskTracker::new());
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                set_nodelay(&stream);
                let serving = connection(stream, peer, front.clone(), stop.clone());
                connections.spawn(cut.clone().run_until_cancelled_owned(serving));
            }
            Err(error) if is_callers(&error) => {}
            Err(error) => {
                // Out of descriptors, most likely: others may be closed meanwhile.
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Whether a connection was given up by who began it.
fn is_callers(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn connection(stream: TcpStream, peer: SocketAddr, front: Arc<Front>, stop: CancellationToken) {
    let answer = service_fn(|request: http::Request<Incoming>| {
        let front = &front;
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        async move { Ok::<_, Infallible>(front.answer(request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(serving);
    let served = tokio::select! {
        biased;
        served = serving.as_mut() => served,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Small answers must not wait for more: Nagle's algorithm would add 40 ms to every kept-alive call.
fn set_nodelay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was not set");
    }
}

pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| set_nodelay(stream));
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "a listener stopped");
    }
}
