//! Loopback listeners.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use beckon_core::{Error, ErrorCode, Result};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::GatewayPort;

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

pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    // Small answers must not wait for more: Nagle's algorithm would add 40 ms to every kept-alive call.
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
    });
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "a listener stopped");
    }
}
