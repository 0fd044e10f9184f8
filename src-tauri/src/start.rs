//! What every way of starting shares: the log, the data directory, the passphrase, the panel.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use beckon_core::{Clock, Secret};
use beckon_host::{GatewayPort, Host, Instance, Running};
use beckon_panel::{Desktop, Panel, PanelConfig, SecretStoreChoice, SecretStoreState};

use crate::cli::Options;

/// Standard output is for answers, so the log goes to standard error. `BECKON_LOG` sets its level.
pub(crate) fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("BECKON_LOG").unwrap_or_else(|_| {
        tracing_subscriber::EnvFilter::new("warn,beckon=info,beckon_engine=info,beckon_panel=info")
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// The data directory: as asked, or `beckon` in the user's own place for application data.
pub(crate) fn data_dir(options: &Options) -> Result<PathBuf> {
    let dir = match &options.data_dir {
        Some(dir) => dir.clone(),
        None => dirs::data_dir()
            .context("no home directory: say where to keep things with --data-dir")?
            .join("beckon"),
    };
    std::path::absolute(&dir).with_context(|| format!("{} is not a usable path", dir.display()))
}

/// A panel on a data directory that is this process's own.
pub(crate) struct Started {
    pub(crate) panel: Arc<Panel>,
    /// Held until the end: nobody else may use the directory.
    pub(crate) instance: Instance,
}

/// Claims the data directory, or says who has it.
pub(crate) fn claim(options: &Options) -> Result<Instance> {
    let dir = data_dir(options)?;
    let Some(instance) = Instance::claim(&dir)? else {
        let who = Running::find(&dir)?
            .map(|r| format!(" (process {})", r.pid))
            .unwrap_or_default();
        bail!("Beckon is already running on this data directory{who}. `beckon url` prints a link to it.");
    };
    Ok(instance)
}

/// Starts the panel on a directory that was claimed.
pub(crate) async fn panel(
    options: &Options,
    instance: Instance,
    examples: bool,
    background: bool,
    stem_cells: bool,
    desktop: Option<Arc<dyn Desktop>>,
) -> Result<Started> {
    let config = PanelConfig {
        data_dir: data_dir(options)?,
        examples,
        secret_store: options.secret_store.map(SecretStoreChoice::from),
        passphrase: passphrase(options)?,
        desktop,
        background,
        stem_cells,
        clock: Clock::system(),
    };
    let panel = Panel::start(config).await?;
    if background {
        warn_about_secrets(&panel.secret_store().await?);
    }
    Ok(Started { panel, instance })
}

/// Starts the host and writes down how to reach it.
pub(crate) async fn host(started: &Started, port: Option<u16>) -> Result<Host> {
    let port = match port {
        Some(port) => GatewayPort::Exactly(port),
        None => GatewayPort::Preferably(started.panel.gateway_port()),
    };
    let host = match Host::start(started.panel.clone(), port, crate::ui::asset).await {
        Ok(host) => host,
        Err(error) => {
            // What it already does in the background would otherwise complain of the end, after the reason for it.
            started.panel.shutdown(Duration::ZERO).await;
            return Err(error.into());
        }
    };
    started.instance.announce(&Running {
        pid: std::process::id(),
        panel: host.panel_url(),
        gateway: host.gateway_url(),
        token: host.control_token().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })?;
    Ok(host)
}

/// Prints the one line by which scripts find this Beckon. Nobody may be reading, and that stops nothing.
pub(crate) fn print_ready(host: &Host) {
    let ready = serde_json::json!({
        "gateway": host.gateway_url(),
        "panel": host.new_link(),
        "pid": std::process::id(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let _ = writeln!(std::io::stdout(), "{ready}");
}

/// Says plainly where secrets cannot be kept; nothing falls back silently.
fn warn_about_secrets(state: &SecretStoreState) {
    match state {
        SecretStoreState::Keychain | SecretStoreState::FileUnlocked => {}
        SecretStoreState::FileLocked => {
            tracing::warn!(
                "the encrypted secret file is locked: set BECKON_PASSPHRASE, or unlock it in the panel"
            );
        }
        SecretStoreState::Unavailable { reason } => {
            tracing::warn!(
                "{reason} Secrets are not kept until you choose the encrypted file: in the panel, or with --secret-store file"
            );
        }
    }
}

/// `BECKON_PASSPHRASE`, or asked for when the file was named on the command line.
fn passphrase(options: &Options) -> Result<Option<Secret>> {
    if let Ok(text) = std::env::var("BECKON_PASSPHRASE") {
        return Ok(Some(Secret::new(text)));
    }
    if options.secret_store.map(SecretStoreChoice::from) != Some(SecretStoreChoice::File) {
        return Ok(None);
    }
    if !std::io::stdin().is_terminal() {
        bail!("--secret-store file needs a passphrase: set BECKON_PASSPHRASE");
    }
    eprint!("Passphrase of the encrypted secret file: ");
    std::io::stderr()
        .flush()
        .context("the terminal cannot be written to")?;
    Ok(Some(Secret::new(
        rpassword::read_password().context("the passphrase could not be read")?,
    )))
}
