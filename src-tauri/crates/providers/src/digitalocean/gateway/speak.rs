use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;
use uuid::Uuid;

use crate::gateway::Refusal;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The last word on every answer: names the request, and writes refusals as DigitalOcean's error document,
/// `{"id", "message", "request_id"}`.
pub(crate) fn speak(response: &mut Response) {
    let request = Uuid::new_v4().to_string();
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let document = json!({ "id": word(refusal.status), "message": refusal.text, "request_id": request });
        *response.body_mut() = document.to_string().into();
        // The router has counted the body that was.
        response.headers_mut().remove(CONTENT_LENGTH);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Ok(request) = HeaderValue::from_str(&request) {
        response.headers_mut().insert(REQUEST_ID, request);
    }
}

/// "A short identifier corresponding to the HTTP status code" (DigitalOcean's OpenAPI document).
fn word(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "request_timeout",
        StatusCode::CONFLICT => "conflict",
        StatusCode::PAYLOAD_TOO_LARGE => "request_entity_too_large",
        StatusCode::UNPROCESSABLE_ENTITY => "unprocessable_entity",
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        StatusCode::SERVICE_UNAVAILABLE => "service_unavailable",
        status if status.is_server_error() => "server_error",
        _ => "bad_request",
    }
}
