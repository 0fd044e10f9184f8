use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::NamespaceName;

use super::caller::Caller;
use super::{accepted, json, read, told};
use crate::gateway::{Gateway, Refusal};
use crate::openfaas::wire::{Secret, SecretName};

/// `GET /system/secrets?namespace=`: the names of a namespace's secrets.
pub(super) async fn list(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, Refusal> {
    let namespace = caller.namespace(&gateway, None).await?;
    let names = gateway.store.namespace_secrets(&namespace).await?;
    let told: Vec<_> = names
        .iter()
        .map(|name| SecretName {
            name,
            namespace: namespace.as_str(),
        })
        .collect();
    json(StatusCode::OK, &told)
}

/// `POST /system/secrets`: 409 where there is one of this name, upon which faas-cli updates it. `PUT`: another value,
/// which reaches the next worker; 404 where there is none of this name.
pub(super) async fn write(
    State(gateway): State<Gateway>,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let (namespace, secret) = asked(&gateway, &caller, &headers, body).await?;
    let value = bytes_of(&secret)?;
    let (engine, name) = (&gateway.engine, &secret.name);
    let written = match method {
        Method::POST => engine.add_namespace_secret(&namespace, name, &value).await,
        _ => engine.set_namespace_secret(&namespace, name, &value).await,
    };
    written.map_err(told)?;
    Ok(accepted())
}

/// `DELETE /system/secrets`: `{"name", "namespace"?}`. 202 and not 204, which faas-cli takes for a failure.
pub(super) async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let (namespace, secret) = asked(&gateway, &caller, &headers, body).await?;
    let removed = gateway.engine.remove_namespace_secret(&namespace, &secret.name);
    removed.await.map_err(told)?;
    Ok(accepted())
}

async fn asked(
    gateway: &Gateway,
    caller: &Caller,
    headers: &HeaderMap,
    body: Body,
) -> Result<(NamespaceName, Secret), Refusal> {
    let secret: Secret = read(headers, body).await?;
    if secret.name.is_empty() {
        return Err(Refusal::bad_request("name: is required"));
    }
    let namespace = caller.namespace(gateway, secret.namespace.as_deref()).await?;
    Ok((namespace, secret))
}

/// The value: the text, else the bytes. An empty one is a value, too.
fn bytes_of(secret: &Secret) -> Result<Vec<u8>, Refusal> {
    let text = secret.value.as_deref().unwrap_or_default();
    match secret.raw_value.as_deref().filter(|_| text.is_empty()) {
        None => Ok(text.as_bytes().to_vec()),
        // What is wrong with it is not told: it would be told with a part of it.
        Some(raw) => STANDARD
            .decode(raw)
            .map_err(|_| Refusal::bad_request("rawValue: is not base64")),
    }
}
