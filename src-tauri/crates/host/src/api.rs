//! The panel's commands and the UI's files over HTTP: one handler for every command, from the table.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{self, Path, Query};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use beckon_core::{Error, ErrorCode};
use beckon_panel::{Command, Panel, RawSink, Sent};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::assets::Assets;
use crate::session::Sessions;

/// A function's zip in base64, and a little more.
const MOST_BYTES: usize = 72 * 1024 * 1024;
/// Items of a stream that wait for a slow reader.
const MOST_WAITING: usize = 4_096;

#[derive(Clone)]
pub(crate) struct State {
    pub(crate) panel: Arc<Panel>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) assets: Assets,
}

/// `POST /api/{command}`: the arguments as a JSON object in; the result, or items and the result, out.
pub(crate) async fn call(
    extract::State(state): extract::State<State>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !state.sessions.is_known(&headers) {
        return failure(
            &Error::new(ErrorCode::Unauthorized, "This session has ended.")
                .with_hint("Open a new link: `beckon url` prints one."),
        );
    }
    // A form of another page can send anything but this type without asking first.
    if !headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/json"))
    {
        return failure(&Error::new(
            ErrorCode::InvalidInput,
            "Commands are sent as application/json.",
        ));
    }
    let Some(command) = beckon_panel::command(&name) else {
        return failure(&Error::not_found(format_args!("command {name}")));
    };
    let Ok(body) = axum::body::to_bytes(body, MOST_BYTES).await else {
        return failure(&Error::new(
            ErrorCode::LimitExceeded,
            "The request is larger than a command can be.",
        ));
    };
    let arguments = match serde_json::from_slice::<Value>(if body.is_empty() { b"{}" } else { &body }) {
        Ok(arguments) => arguments,
        Err(error) => {
            return failure(&Error::new(
                ErrorCode::InvalidInput,
                format!("This is not valid JSON: {error}."),
            ));
        }
    };
    if command.streams() {
        return stream(command, state.panel, arguments);
    }
    match (command.call)(state.panel, arguments, Arc::new(|_| Sent::Gone)).await {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        // 401 is the session's alone: the page takes it for its own end. Here a provider refused a key.
        Err(error) if error.code == ErrorCode::Unauthorized => {
            (StatusCode::BAD_GATEWAY, Json(&error)).into_response()
        }
        Err(error) => failure(&error),
    }
}

/// `POST /session/link`: a new one-time link, for this user's command line only.
pub(crate) async fn new_link(extract::State(state): extract::State<State>, headers: HeaderMap) -> Response {
    if !state.sessions.is_control(&headers) {
        return failure(&Error::new(
            ErrorCode::Unauthorized,
            "Only this user's own command line may ask for a link.",
        ));
    }
    Json(serde_json::json!({ "url": state.sessions.new_link() })).into_response()
}

#[derive(Deserialize)]
pub(crate) struct Opening {
    token: Option<String>,
}

/// The UI's files; every other path is the page itself, which routes on its own. With `?token=` a session begins.
pub(crate) async fn page(
    extract::State(state): extract::State<State>,
    Query(opening): Query<Opening>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if let Some(token) = opening.token {
        // Leaves the token behind: it must not stay in the address bar or the history.
        return match state.sessions.open(&token) {
            Some(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to(uri.path())).into_response(),
            None if state.sessions.is_known(&headers) => Redirect::to(uri.path()).into_response(),
            None => (StatusCode::FORBIDDEN, "This link was used already, or is not one of this Beckon's. `beckon url` prints a new one.\n")
                .into_response(),
        };
    }
    let path = uri.path().trim_start_matches('/');
    let (asset, cache) = match (state.assets)(path) {
        // Vite names these files by their content.
        Some(asset) if path.starts_with("assets/") => (Some(asset), "public, max-age=31536000, immutable"),
        Some(asset) => (Some(asset), "no-cache"),
        None if path.starts_with("assets/") => (None, "no-cache"),
        None => ((state.assets)("index.html"), "no-cache"),
    };
    match asset {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, cache.to_owned()),
            ];
            (headers, Bytes::from(asset.bytes.into_owned())).into_response()
        }
        None => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
    }
}

/// Items as `{"item":…}` lines, then `{"ok":…}` or `{"err":…}`. Dropping the answer drops the command.
fn stream(command: &'static Command, panel: Arc<Panel>, arguments: Value) -> Response {
    let (sender, mut items) = mpsc::channel::<String>(MOST_WAITING);
    let sink: RawSink = Arc::new(
        move |item| match sender.try_send(format!("{{\"item\":{item}}}\n")) {
            Ok(()) => Sent::Taken,
            Err(TrySendError::Full(_)) => Sent::Full,
            Err(TrySendError::Closed(_)) => Sent::Gone,
        },
    );
    let lines = async_stream(async move |lines: mpsc::Sender<String>| {
        let mut call = (command.call)(panel, arguments, sink);
        let result = loop {
            tokio::select! {
                biased;
                Some(item) = items.recv() => if lines.send(item).await.is_err() { return },
                () = lines.closed() => return,
                result = &mut call => break result,
            }
        };
        while let Ok(item) = items.try_recv() {
            let _ = lines.send(item).await;
        }
        let last = match result {
            Ok(json) => format!("{{\"ok\":{json}}}\n"),
            Err(error) => format!("{}\n", serde_json::json!({ "err": error })),
        };
        let _ = lines.send(last).await;
    });
    (
        [
            (header::CONTENT_TYPE, "application/x-ndjson"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        lines,
    )
        .into_response()
}

/// A body fed by a task that ends when the body is dropped.
fn async_stream<F>(feed: impl FnOnce(mpsc::Sender<String>) -> F) -> Body
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(feed(sender));
    let lines = futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|line| (line, receiver))
    });
    Body::from_stream(lines.map(Ok::<_, std::convert::Infallible>))
}

fn failure(error: &Error) -> Response {
    let status = match error.code {
        ErrorCode::InvalidInput | ErrorCode::NotSupported | ErrorCode::WrongPassphrase => {
            StatusCode::BAD_REQUEST
        }
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Conflict => StatusCode::CONFLICT,
        ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::LimitExceeded => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::Busy => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Cancelled => StatusCode::CONFLICT,
        ErrorCode::ShuttingDown | ErrorCode::RuntimeMissing => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::SecretStoreUnavailable | ErrorCode::SecretStoreLocked => StatusCode::PRECONDITION_FAILED,
        ErrorCode::Unreachable | ErrorCode::BadReply => StatusCode::BAD_GATEWAY,
        ErrorCode::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(error)).into_response()
}
