use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

use crate::gateway::Refusal;

/// The last word on every answer: a refusal is Spaces' error document, `{"error": {"status", "message"}}`.
pub(crate) fn speak(response: &mut Response) {
    let Some(refusal) = response.extensions_mut().remove::<Refusal>() else {
        return;
    };
    let document = json!({ "error": { "status": refusal.status.as_u16(), "message": refusal.text } });
    *response.body_mut() = document.to_string().into();
    // The router has counted the body that was.
    response.headers_mut().remove(CONTENT_LENGTH);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if refusal.status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
}
