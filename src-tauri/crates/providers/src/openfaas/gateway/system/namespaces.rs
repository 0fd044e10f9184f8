use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use beckon_core::{ErrorCode, NamespaceName};
use beckon_store::NamespaceNotes;

use super::caller::Caller;
use super::{accepted, json, read, told};
use crate::gateway::{Gateway, Refusal};
use crate::openfaas::gateway::call::USUAL;
use crate::openfaas::wire::{FunctionNamespace, Texts};

/// `GET /system/namespaces`: names, oldest first.
pub(super) async fn list(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, Refusal> {
    let all = gateway.store.placed_namespaces().await?;
    let names: Vec<_> = all
        .into_iter()
        .map(|placed| placed.namespace.name)
        .filter(|name| caller.reaches(name))
        .collect();
    json(StatusCode::OK, &names)
}

/// `GET /system/namespace/{namespace}`.
pub(super) async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let name = find(&gateway, &caller, &name).await?;
    let mut notes = gateway.store.namespace_notes(&name).await?;
    // By these OpenFaaS knows a namespace for its own: without them clients take it for somebody else's.
    for texts in [&mut notes.labels, &mut notes.annotations] {
        texts
            .entry("openfaas".to_owned())
            .or_insert_with(|| "1".to_owned());
    }
    let document = FunctionNamespace {
        name: name.to_string(),
        labels: Some(notes.labels),
        annotations: Some(notes.annotations),
    };
    json(StatusCode::OK, &document)
}

/// `POST /system/namespace/`: 201, or 409 where the name is taken.
pub(super) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let asked: FunctionNamespace = read(&headers, body).await?;
    if !caller.reaches_all() {
        return Err(Refusal::forbidden(
            "the password is for one namespace, and makes no other",
        ));
    }
    let name = NamespaceName::new(asked.name.as_str())
        .ok()
        .filter(|name| !name.is_system())
        .ok_or_else(|| Refusal::bad_request("the name of the namespace is missing or not valid"))?;
    gateway
        .store
        .create_namespace(&name, name.as_str())
        .await
        .map_err(told)?;
    gateway.store.note_namespace(&name, &notes(asked)).await?;
    Ok(StatusCode::CREATED.into_response())
}

/// `PUT /system/namespace/{namespace}`: other labels and annotations.
pub(super) async fn update(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let asked: FunctionNamespace = read(&headers, body).await?;
    let name = find(&gateway, &caller, &name).await?;
    must_be(&name, &asked.name)?;
    gateway.store.note_namespace(&name, &notes(asked)).await?;
    Ok(accepted())
}

/// `DELETE /system/namespace/{namespace}`, with all that is in it. Not the one where names without a namespace belong.
pub(super) async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let name = find(&gateway, &caller, &name).await?;
    let bytes = crate::gateway::read_bytes(&headers, body, "Request", super::LIMIT).await?;
    if !bytes.iter().all(u8::is_ascii_whitespace) {
        let asked: FunctionNamespace = serde_json::from_slice(&bytes)
            .map_err(|error| Refusal::bad_request(format!("unable to parse the request: {error}")))?;
        must_be(&name, &asked.name)?;
    }
    if gateway.store.home_namespace(USUAL).await?.as_ref() == Some(&name) {
        return Err(Refusal::bad_request("the default namespace cannot be deleted"));
    }
    for schedule in gateway.engine.schedules(None).await? {
        if schedule.function.namespace == name {
            match gateway.engine.delete_schedule(&schedule.id).await {
                Err(error) if error.code != ErrorCode::NotFound => return Err(error.into()),
                _ => {}
            }
        }
    }
    gateway.engine.delete_namespace(&name).await.map_err(told)?;
    Ok(accepted())
}

async fn find(gateway: &Gateway, caller: &Caller, name: &str) -> Result<NamespaceName, Refusal> {
    let missing = || Refusal::not_found("namespace not found");
    let name = NamespaceName::new(name).map_err(|_| missing())?;
    if !caller.reaches(&name) || gateway.store.namespace(&name).await?.is_none() {
        return Err(missing());
    }
    Ok(name)
}

fn must_be(name: &NamespaceName, said: &str) -> Result<(), Refusal> {
    if said.is_empty() || said == name.as_str() {
        return Ok(());
    }
    Err(Refusal::bad_request(
        "the namespace in the path and in the body are not the same",
    ))
}

fn notes(asked: FunctionNamespace) -> NamespaceNotes {
    let texts = |texts: Option<Texts>| texts.unwrap_or_default();
    NamespaceNotes {
        labels: texts(asked.labels),
        annotations: texts(asked.annotations),
    }
}
