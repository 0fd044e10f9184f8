//! The callback inboxes: `/callbacks/<id>` and everything below it takes any request, keeps it and shows it in the
//! window. The id, 122 random bits, is the permission to send.

use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use beckon_store::NewMessage;

use super::http::hide_sessions;
use super::{Gateway, Refusal};

/// Below this path every method is an inbox's, `OPTIONS` too.
pub(super) const PREFIX: &str = "/callbacks/";
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(60);

pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/callbacks/{id}", any(receive))
        .route("/callbacks/{id}/", any(receive))
        .route("/callbacks/{id}/{*rest}", any(receive))
}

/// Keeps a request. Answers the inbox's status (200 unless the user chose another) with no body, 404 when there is no
/// such inbox, 413 for a body over what any other door takes: a function's callback may go to an inbox.
async fn receive(
    State(gateway): State<Gateway>,
    Path(parameters): Path<Vec<(String, String)>>,
    request: Request,
) -> Result<Response, Refusal> {
    let no_such = || Refusal::not_found("There is no such inbox.");
    let id = parameters
        .into_iter()
        .next()
        .map(|(_, id)| id)
        .ok_or_else(no_such)?;
    let at = gateway.clock.now();
    let most = gateway.engine.body_limit();
    let (mut parts, body) = request.into_parts();
    hide_sessions(&mut parts.headers);
    let body = match tokio::time::timeout(ARRIVAL, to_bytes(body, most)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => {
            let text = format!("An inbox takes bodies of at most {most} bytes.");
            return Err(match std::error::Error::source(&error) {
                Some(cause) if cause.is::<http_body_util::LengthLimitError>() => {
                    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, text)
                }
                _ => Refusal::bad_request("The request's body broke off."),
            });
        }
        Err(_) => {
            return Err(Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                "The request's body did not arrive in time.",
            ));
        }
    };
    let after = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let path = after.find('/').map_or("/", |at| &after[at..]);
    let headers = parts.headers.iter();
    let message = NewMessage {
        method: parts.method.to_string(),
        path: path.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: body.into(),
        at,
    };
    let answer = gateway.store.receive(&id, message).await?.ok_or_else(no_such)?;
    Ok(StatusCode::from_u16(answer)
        .unwrap_or(StatusCode::OK)
        .into_response())
}
