//! The panel, the UI and the gateway over loopback HTTP.
//!
//! Two listeners, because they trust different people: the **gateway** speaks the providers' dialects to anybody with
//! a token; the **panel** serves the window's own page and commands to whoever opened the printed link.

mod api;
mod assets;
mod instance;
mod listen;
mod session;

pub use assets::{Asset, Assets};
pub use instance::{Instance, Running};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use beckon_core::{Error, Result};
use beckon_panel::Panel;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::session::Sessions;

/// Which ports to listen on, on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayPort {
    /// This one, or fail. 0 is any free one.
    Exactly(u16),
    /// This one if it is free, else any.
    Preferably(u16),
}

/// A running host.
pub struct Host {
    panel: Arc<Panel>,
    sessions: Arc<Sessions>,
    gateway: SocketAddr,
    pages: SocketAddr,
    stop: CancellationToken,
    /// Ends connections of the gateway that do not end by themselves.
    cut: CancellationToken,
    servers: TaskTracker,
}

impl Host {
    /// Starts both listeners. `assets` is the built UI.
    ///
    /// Fails with `Conflict` when the gateway's port is taken and was asked for exactly.
    pub async fn start(panel: Arc<Panel>, port: GatewayPort, assets: Assets) -> Result<Self> {
        let gateway_listener = listen::bind_gateway(port).await?;
        let panel_listener = listen::bind(0).await?;
        let (gateway, pages) = (
            listen::address(&gateway_listener)?,
            listen::address(&panel_listener)?,
        );
        panel.set_gateway_url(&format!("http://{gateway}"));
        let sessions = Arc::new(Sessions::new(pages));
        let (stop, cut, servers) = (
            CancellationToken::new(),
            CancellationToken::new(),
            TaskTracker::new(),
        );
        let doors = panel.gateway();
        let lane = doors.engine.lane().clone();
        let front = beckon_providers::gateway::front(doors);
        // Bound here, where a taken port is told; served where calls are made.
        let gateway_listener = gateway_listener
            .into_std()
            .map_err(|e| Error::internal("listen on 127.0.0.1", e))?;
        servers.spawn_on(
            listen::serve_gateway(gateway_listener, front, stop.clone(), cut.clone()),
            &lane,
        );
        let router = panel_router(panel.clone(), sessions.clone(), assets);
        servers.spawn(listen::serve(panel_listener, router, stop.clone()));
        Ok(Self {
            panel,
            sessions,
            gateway,
            pages,
            stop,
            cut,
            servers,
        })
    }

    /// Where the gateway answers, for example `http://127.0.0.1:6464`.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        format!("http://{}", self.gateway)
    }

    /// Where the panel answers.
    #[must_use]
    pub fn panel_url(&self) -> String {
        format!("http://{}", self.pages)
    }

    /// A link that opens the panel once, in one browser.
    #[must_use]
    pub fn new_link(&self) -> String {
        self.sessions.new_link()
    }

    /// The token with which this user's command line talks to the panel; it is in a file that only they can read.
    #[must_use]
    pub fn control_token(&self) -> &str {
        self.sessions.control_token()
    }

    /// Stops taking connections, lets running work finish for at most `grace`, and ends everything.
    pub async fn shutdown(self, grace: Duration) {
        self.stop.cancel();
        self.servers.close();
        self.panel.shutdown(grace).await;
        // Answers of runs that just finished are still on their way out.
        if tokio::time::timeout(Duration::from_secs(3), self.servers.wait())
            .await
            .is_err()
        {
            tracing::warn!("connections were still open and are cut");
            self.cut.cancel();
        }
    }
}

fn panel_router(panel: Arc<Panel>, sessions: Arc<Sessions>, assets: Assets) -> Router {
    let state = api::State {
        panel,
        sessions: sessions.clone(),
        assets,
    };
    Router::new()
        .route("/api/{command}", post(api::call))
        .route("/session/link", post(api::new_link))
        .fallback(get(api::page))
        .layer(axum::middleware::from_fn_with_state(sessions, session::guard))
        // Outermost: a call that is refused for any reason still gets to read why.
        .layer(axum::middleware::from_fn(beckon_providers::gateway::drain))
        .with_state(state)
}
