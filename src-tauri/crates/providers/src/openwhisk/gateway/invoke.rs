use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use beckon_core::{Activation, ActivationId, Error, ErrorCode, FunctionKey, JsonText, Status};
use beckon_engine::{Invocation, Outcome, Payload};

use super::call::Shared;
use super::get::no_action;
use super::throttle::{self, Asked};
use super::{json_text, malformed};
use crate::gateway::{Gateway, Refusal, cause, check_nesting, read_body, require_json};
use crate::openwhisk::wire::Record;
use crate::openwhisk::{ACTIVATION_HEADER, BODY_LIMIT};

/// `POST P/actions/[{package}/]{name}`: runs a function.
///
/// Blocking: 200, 502 or 500 with the record (`result=true`: the bare result), or 202 with the id when the wait is
/// over first. Non-blocking: 202 with the id, once the run is on disk.
pub(super) async fn invoke(
    State(gateway): State<Gateway>,
    Shared(call): Shared,
    headers: HeaderMap,
    extensions: Extensions,
    body: Body,
) -> Result<Response, Refusal> {
    let received = gateway.clock.now();
    let blocking = call.query.flag("blocking", false)?;
    let bare = call.query.flag("result", false)?;
    let longest = u64::try_from(gateway.engine.blocking_limit().as_millis()).unwrap_or(u64::MAX);
    let wait = call.query.timeout(longest)?.map(Duration::from_millis);
    let key = call.function()?;
    call.may_use(&key)?;
    throttle::admit(&gateway, &call.namespace, Asked::Invocation)?;
    let input = input(&headers, body).await?;
    let caller = call.is_foreign().then(|| call.namespace.clone());
    let invocation = Invocation {
        id: ActivationId::new(),
        function: key,
        payload: Payload::Args(input),
        cause: cause(&extensions),
        token_id: Some(call.token.id),
        caller,
        rerun_of: None,
        transaction_id: Some(call.transaction),
        api_host: call.api_host,
        received,
    };
    if !blocking {
        let key = invocation.function.clone();
        let accepting = gateway.engine.accept(invocation).await;
        return Ok(accepted(accepting.map_err(|e| refuse(&gateway, &key, e))?));
    }
    let key = invocation.function.clone();
    let invoking = gateway.engine.invoke(invocation, wait).await;
    match invoking.map_err(|e| refuse(&gateway, &key, e))? {
        Outcome::Promoted(id) => Ok(accepted(id)),
        Outcome::Finished(ended) if bare => {
            let status = status_of(ended.summary().status);
            let text = ended.json().as_str().trim().to_owned();
            Ok(named(json_text(status, text), ended.summary().id))
        }
        Outcome::Finished(ended) => {
            let mut activation = ended.activation();
            // What OpenWhisk's clients read is JSON, whatever the function speaks.
            activation.result = Some(ended.json());
            Ok(finished(&activation))
        }
    }
}

/// The arguments: an object, or nothing at all.
pub(super) async fn input(headers: &HeaderMap, body: Body) -> Result<JsonText, Refusal> {
    let text = read_body(headers, body, "Request", BODY_LIMIT).await?;
    if text.trim().is_empty() {
        return Ok(JsonText::empty_object());
    }
    require_json(headers)?;
    check_nesting(&text)?;
    JsonText::parse_object(text).map_err(|error| malformed(&error.message))
}

fn refuse(gateway: &Gateway, key: &FunctionKey, error: Error) -> Refusal {
    match error.code {
        ErrorCode::NotFound => no_action(gateway, key),
        ErrorCode::LimitExceeded => Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error.message),
        _ => error.into(),
    }
}

pub(super) fn accepted(id: ActivationId) -> Response {
    named(
        json_text(StatusCode::ACCEPTED, format!("{{\"activationId\":\"{id}\"}}")),
        id,
    )
}

fn status_of(status: Status) -> StatusCode {
    match status.openwhisk_code() {
        Some(0) => StatusCode::OK,
        Some(1 | 2) => StatusCode::BAD_GATEWAY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn finished(activation: &Activation) -> Response {
    let record = Record::of(activation);
    // Upstream answers an array bare whether that was asked for or not, and clients have come to rely on it.
    let text = if record.response.result.get().starts_with('[') {
        record.response.result.get().to_owned()
    } else {
        record.to_json()
    };
    let status = status_of(activation.summary.status);
    named(json_text(status, text), activation.summary.id)
}

/// With a bare result this header is the only place that names the run.
fn named(mut response: Response, id: ActivationId) -> Response {
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(ACTIVATION_HEADER), id);
    }
    response
}
