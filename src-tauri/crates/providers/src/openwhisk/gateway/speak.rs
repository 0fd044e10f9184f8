use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::json;

use crate::gateway::Refusal;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REALM: HeaderValue = HeaderValue::from_static("Basic realm=\"OpenWhisk secure realm\"");

/// The transaction id of a request, in its extensions.
#[derive(Debug, Clone)]
pub(super) struct Transaction(pub(super) String);

/// Gives a request its transaction id.
pub(crate) fn name_transaction(request: &mut Request, id: &str) {
    request.extensions_mut().insert(Transaction(id.to_owned()));
}

/// The last word on every answer: returns the transaction id in `X-Request-ID`, and writes refusals as upstream's error
/// document, `{"error", "code"}`, where `code` is that id as text.
pub(crate) fn speak(response: &mut Response, id: &str) {
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let document = json!({ "error": refusal.text, "code": id }).to_string();
        *response.body_mut() = document.into();
        // The router has counted the body that was.
        response.headers_mut().remove(CONTENT_LENGTH);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if refusal.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, REALM);
        }
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

/// The caller's own id, unless it starts with upstream's prefix of internal ids or is no decent text; else 32 random
/// alphanumerics.
pub(crate) fn transaction(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    match given {
        Some(id) if (1..=256).contains(&id.len()) && !id.starts_with("sid_") => id.to_owned(),
        _ => Alphanumeric.sample_string(&mut rand::rng(), 32),
    }
}
