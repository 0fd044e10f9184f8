use axum::body::Body;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use beckon_core::Exchange;
use serde_json::{Map, Value};

use super::super::call::Call;
use super::super::invoke::{accepted, input};
use super::super::throttle::{self, Asked};
use crate::gateway::{Gateway, Refusal, cause};
use crate::openwhisk::entities::firing::{self, Firing};

/// `POST P/triggers/{trigger}`: fires it. 202 with the id of its record when a rule is active, else 204.
pub(super) async fn fire(
    State(gateway): State<Gateway>,
    call: Call,
    headers: HeaderMap,
    extensions: Extensions,
    body: Body,
) -> Result<Response, Refusal> {
    let received = gateway.clock.now();
    let key = call.entity()?;
    call.whole_namespace()?;
    throttle::admit(&gateway, &call.namespace, Asked::Fire)?;
    let payload = input(&headers, body).await?;
    let firing = Firing {
        caller: call.namespace,
        cause: cause(&extensions),
        token_id: Some(call.token.id),
        transaction: Some(call.transaction),
        api_host: call.api_host,
        headers: shown(&headers),
        received,
    };
    Ok(match firing::fire(&gateway, &key, payload, &firing).await? {
        Some(id) => accepted(id),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// The headers of a firing, for the functions that it calls. Those that are credentials are left out: the arguments wait
/// on disk.
fn shown(headers: &HeaderMap) -> Map<String, Value> {
    let mut shown = Map::new();
    for (name, value) in headers {
        if !Exchange::is_secret_header(name.as_str())
            && let Ok(value) = value.to_str()
        {
            shown.insert(name.to_string(), value.into());
        }
    }
    shown
}
