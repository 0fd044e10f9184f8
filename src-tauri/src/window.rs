//! The desktop window: a thin shell around the same panel that `beckon serve` serves.

use std::borrow::Cow;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use beckon_core::{Error, ErrorCode};
use beckon_host::{Host, Instance};
use beckon_panel::{Desktop, Panel, RawSink, Sent};
use parking_lot::Mutex;
use serde_json::Value;
use tauri::ipc::{InvokeBody, InvokeError, InvokeResponseBody, JavaScriptChannelId};
use tauri::utils::assets::{AssetKey, AssetsIter, CspHash};
use tauri::webview::PageLoadEvent;
use tauri::{AppHandle, Manager as _, RunEvent, Runtime, WebviewUrl, WebviewWindowBuilder};
use tokio::sync::watch;

use crate::cli::Options;
use crate::desktop::OwnDesktop;
use crate::signals::Signals;
use crate::start::{self, Started};

/// The panel once it has started, or why it did not. The window opens meanwhile; its commands wait here.
type Ready = watch::Receiver<Option<Result<Arc<Panel>, Error>>>;

type Running = Arc<Mutex<Option<(Started, Host)>>>;

/// Whether a window can be opened here.
pub(crate) fn has_display() -> bool {
    if cfg!(target_os = "linux") {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        return set("DISPLAY") || set("WAYLAND_DISPLAY");
    }
    true
}

/// Opens the window and stays until it is closed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    tauri::async_runtime::set(runtime.handle().clone());
    let mut signals = {
        let _inside = runtime.enter();
        Signals::listen()?
    };
    let instance = start::claim(options)?;
    let (announce, ready) = watch::channel(None);
    let running: Running = Arc::default();
    let started = running.clone();
    let desktop: Arc<dyn Desktop> = Arc::new(OwnDesktop::default());
    let options = options.clone();
    // The window opens while the engine starts.
    runtime.spawn(async move {
        let panel = match begin(&options, instance, desktop).await {
            Ok((panel, host)) => {
                let shared = panel.panel.clone();
                *started.lock() = Some((panel, host));
                Ok(shared)
            }
            Err(error) => {
                tracing::error!("{error:#}");
                Err(error
                    .downcast::<Error>()
                    .unwrap_or_else(|e| Error::internal("start", e)))
            }
        };
        announce.send_replace(Some(panel));
    });

    let pages = watch::Sender::new(0u64);
    let mut context = tauri::generate_context!();
    context.set_assets(Box::new(Page));
    let app = tauri::Builder::default()
        .invoke_handler(door(ready, pages.subscribe()))
        // A page that is loaded again has forgotten the streams that it opened.
        .on_page_load(move |_, page| {
            if page.event() == PageLoadEvent::Started {
                pages.send_modify(|number| *number += 1);
            }
        })
        .setup(move |app| {
            let handle = app.handle().clone();
            // A session that ends must not take the runs with it that a closed window would wait for.
            tauri::async_runtime::spawn(async move {
                signals.asked().await;
                for window in handle.webview_windows().into_values() {
                    if let Err(error) = window.destroy() {
                        tracing::error!(%error, "the window could not be closed");
                    }
                }
            });
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
                .title("Beckon")
                .inner_size(1280.0, 800.0)
                .min_inner_size(880.0, 560.0)
                .build()?;
            Ok(())
        })
        .build(context)
        .context("the window could not be opened")?;
    app.run(move |app, event| {
        if let RunEvent::ExitRequested { api, code: None, .. } = event {
            // The window is gone at once; functions that are running get their grace behind it.
            api.prevent_exit();
            close(app.clone(), running.lock().take());
        }
    });
    Ok(())
}

async fn begin(options: &Options, instance: Instance, desktop: Arc<dyn Desktop>) -> Result<(Started, Host)> {
    let started = start::panel(options, instance, true, true, true, Some(desktop)).await?;
    let host = start::host(&started, None).await?;
    start::print_ready(&host);
    Ok((started, host))
}

fn close(app: AppHandle, running: Option<(Started, Host)>) {
    tauri::async_runtime::spawn(async move {
        if let Some((started, host)) = running {
            host.shutdown(crate::serve::GRACE).await;
            drop(started);
        }
        app.exit(0);
    });
}

/// The one handler for every command: the name finds the row of the table, a stream writes to the page's channel.
fn door<R: Runtime>(
    ready: Ready,
    pages: watch::Receiver<u64>,
) -> impl Fn(tauri::ipc::Invoke<R>) -> bool + Send + Sync + 'static {
    move |invoke| {
        let message = invoke.message;
        let Some(command) = beckon_panel::command(message.command()) else {
            return false;
        };
        let mut arguments = match message.payload() {
            InvokeBody::Json(arguments) => arguments.clone(),
            InvokeBody::Raw(_) => Value::Null,
        };
        let channel = arguments
            .as_object_mut()
            .and_then(|fields| fields.remove("__channel"))
            .and_then(|id| id.as_str()?.parse::<JavaScriptChannelId>().ok())
            .map(|id| id.channel_on::<R, InvokeResponseBody>(message.webview()));
        let sink: RawSink = Arc::new(move |item| {
            let sent = channel
                .as_ref()
                .map(|channel| channel.send(InvokeResponseBody::Json(item)));
            match sent {
                Some(Ok(())) => Sent::Taken,
                _ => Sent::Gone,
            }
        });
        let mut ready = ready.clone();
        let mut page = pages.clone();
        page.mark_unchanged();
        invoke.resolver.respond_async(async move {
            let panel = match ready.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(started)) => started.clone(),
                _ => Err(Error::new(ErrorCode::ShuttingDown, "Beckon is closing.")),
            };
            let reply = match panel {
                Ok(panel) if command.streams() => tokio::select! {
                    reply = (command.call)(panel, arguments, sink) => reply,
                    _ = page.changed() => Err(Error::new(ErrorCode::Cancelled, "The page was loaded again.")),
                },
                Ok(panel) => (command.call)(panel, arguments, sink).await,
                Err(error) => Err(error),
            };
            reply.map(InvokeResponseBody::Json).map_err(InvokeError::from)
        });
        true
    }
}

/// The built UI as Tauri asks for it.
struct Page;

impl<R: Runtime> tauri::Assets<R> for Page {
    fn get(&self, key: &AssetKey) -> Option<Cow<'_, [u8]>> {
        let path = key.as_ref().trim_start_matches('/');
        crate::ui::asset(path).map(|asset| asset.bytes)
    }

    fn iter(&self) -> Box<AssetsIter<'_>> {
        Box::new(crate::ui::Files::iter().filter_map(|path| {
            let file = crate::ui::Files::get(&path)?;
            Some((path, file.data))
        }))
    }

    fn csp_hashes(&self, _html_path: &AssetKey) -> Box<dyn Iterator<Item = CspHash<'_>> + '_> {
        // The page has no inline script, so there is nothing to allow.
        Box::new(std::iter::empty())
    }
}
