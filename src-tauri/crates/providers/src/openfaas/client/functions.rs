use axum::http::StatusCode;
use beckon_core::{Deployment, Error, ErrorCode, FunctionKey, FunctionSummary, NamespaceName, Result};
use serde_json::{Map, Value};

use super::received::Function;
use super::{document, missing, name, of_function, written};
use crate::RemoteFunction;
use crate::openfaas::wire::{DeleteFunctionRequest, FunctionDeployment, Kept, ScaleServiceRequest};
use crate::openwhisk::path_segment;
use crate::transport::{CALL_TIMEOUT, Http};

async fn list(http: &Http, namespace: &NamespaceName) -> Result<Vec<Function>> {
    let path = format!("system/functions?namespace={}", path_segment(namespace.as_str()));
    let found: Option<Vec<Function>> = http.get(&path).await?.ok()?.json()?;
    Ok(found.unwrap_or_default())
}

/// The functions of a namespace. One whose name Beckon cannot use is left out.
pub(super) async fn all(http: &Http, namespace: &NamespaceName) -> Result<Vec<FunctionSummary>> {
    let found = list(http, namespace).await?;
    Ok(found
        .iter()
        .filter_map(|function| function.summary(namespace))
        .collect())
}

async fn status(http: &Http, key: &FunctionKey) -> Result<Option<Function>> {
    let path = format!(
        "system/function/{}?namespace={}&usage=1",
        path_segment(name(key)?),
        path_segment(key.namespace.as_str())
    );
    let reply = http.get(&path).await?;
    match reply.status {
        StatusCode::NOT_FOUND => Ok(None),
        _ => reply.ok()?.json().map(Some),
    }
}

/// One function. How often it was called only the list says, so that is asked as well, as faas-cli does.
pub(super) async fn one(http: &Http, key: &FunctionKey) -> Result<RemoteFunction> {
    let found = status(http, key).await?.ok_or_else(|| missing(key))?;
    let listed = list(http, &key.namespace).await.unwrap_or_else(|error| {
        tracing::debug!(%error, %key, "how often a function was called is not known");
        Vec::new()
    });
    let calls = listed
        .iter()
        .find(|listed| listed.is(key))
        .and_then(Function::invocations);
    let Some(mut summary) = found.summary(&key.namespace) else {
        return Err(Error::new(
            ErrorCode::BadReply,
            "The gateway described a function whose name Beckon cannot use.",
        ));
    };
    summary.key = key.clone();
    let async_url = format!("{}/async-function/{}", http.origin(), written(key)?);
    let mut function = found.function(summary, async_url);
    if let Some(image) = &mut function.image {
        image.invocations = calls.or(image.invocations);
    }
    Ok(function)
}

/// `POST` makes one and `PUT` replaces one. What servers answer to a `POST` of what is there already differs, so it is
/// looked for first.
pub(super) async fn deploy(http: &Http, key: &FunctionKey, asked: &Deployment, new: bool) -> Result<()> {
    asked.check()?;
    let service = name(key)?.to_owned();
    let values = |texts: &beckon_core::Texts| -> Option<Map<String, Value>> {
        let pairs = texts
            .iter()
            .map(|(name, text)| (name.clone(), text.clone().into()));
        (!texts.is_empty()).then(|| pairs.collect())
    };
    let list = |texts: &Vec<String>| (!texts.is_empty()).then(|| texts.clone());
    let body = document(&FunctionDeployment {
        service,
        image: asked.image.trim().to_owned(),
        namespace: Some(key.namespace.to_string()),
        env_process: Some(asked.process.clone()).filter(|process| !process.is_empty()),
        env_vars: (!asked.env.is_empty()).then(|| asked.env.clone()),
        kept: Kept {
            constraints: list(&asked.constraints),
            secrets: list(&asked.secrets),
            labels: Some(asked.labels.clone()),
            annotations: Some(asked.annotations.clone()),
            limits: values(&asked.limits),
            requests: values(&asked.requests),
            read_only_root_filesystem: asked.read_only_root_filesystem,
        },
    })?;
    if !new {
        let reply = http.put("system/functions", body, 2 * CALL_TIMEOUT).await?;
        return of_function(reply, key).map(drop);
    }
    if status(http, key).await?.is_some() {
        let text = format!("There is a function {} in {} already.", key.name, key.namespace);
        return Err(Error::new(ErrorCode::Conflict, text));
    }
    let reply = http.post("system/functions", body, 2 * CALL_TIMEOUT).await?;
    reply.ok().map(drop)
}

/// The namespace is in the query as well, where older providers look for it.
pub(super) async fn delete(http: &Http, key: &FunctionKey) -> Result<()> {
    let body = document(&DeleteFunctionRequest {
        function_name: name(key)?.to_owned(),
        namespace: Some(key.namespace.to_string()),
    })?;
    let path = format!(
        "system/functions?namespace={}",
        path_segment(key.namespace.as_str())
    );
    of_function(http.delete_with(&path, body).await?, key).map(drop)
}

pub(super) async fn scale(http: &Http, key: &FunctionKey, replicas: u32) -> Result<()> {
    let name = name(key)?;
    let body = document(&ScaleServiceRequest {
        service_name: name.to_owned(),
        replicas: replicas.into(),
        namespace: Some(key.namespace.to_string()),
    })?;
    let path = format!(
        "system/scale-function/{}?namespace={}",
        path_segment(name),
        path_segment(key.namespace.as_str())
    );
    of_function(http.post(&path, body, CALL_TIMEOUT).await?, key).map(drop)
}
