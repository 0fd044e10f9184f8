use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use crate::gateway::Refusal;

/// What a browser or `curl` is asked for.
const REALM: HeaderValue = HeaderValue::from_static("Basic realm=\"Restricted\"");

/// The last word on every answer: a refusal is its text, and a method that a path does not have an empty 405.
pub(crate) fn speak(response: &mut Response) {
    response.headers_mut().remove(ALLOW);
    let Some(refusal) = response.extensions_mut().remove::<Refusal>() else {
        return;
    };
    if refusal.status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, REALM);
    }
    *response.body_mut() = refusal.text.into_owned().into();
    // The router has counted the body that was.
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
}
