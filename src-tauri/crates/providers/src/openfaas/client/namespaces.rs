use axum::http::StatusCode;
use beckon_core::{Error, ErrorCode, Namespace, NamespaceName, Result};
use serde_json::json;

use super::{document, functions};
use crate::openwhisk::path_segment;
use crate::transport::{CALL_TIMEOUT, Http, Reply};

/// Where functions are on a server that knows no namespaces.
const USUAL: &str = "openfaas-fn";
/// A list longer than this is not believed: each of them is asked for its functions.
const MOST: usize = 1_000;

/// The namespaces; of a server that has no list of them the usual one.
pub(super) async fn names(http: &Http) -> Result<Vec<NamespaceName>> {
    let reply = http.get("system/namespaces").await?;
    let names = match reply.status {
        StatusCode::NOT_FOUND | StatusCode::NOT_IMPLEMENTED => Vec::new(),
        _ => reply
            .ok()?
            .json::<Option<Vec<Option<String>>>>()?
            .unwrap_or_default(),
    };
    let mut names: Vec<NamespaceName> = names
        .into_iter()
        .flatten()
        .filter_map(|name| NamespaceName::new(name).ok())
        .take(MOST)
        .collect();
    if names.is_empty() {
        names.push(NamespaceName::new(USUAL)?);
    }
    Ok(names)
}

/// The namespaces with their number of functions.
pub(super) async fn all(http: &Http) -> Result<Vec<Namespace>> {
    let mut all = Vec::new();
    for name in names(http).await? {
        let functions = functions::all(http, &name).await?.len();
        all.push(Namespace {
            label: name.to_string(),
            name,
            created: 0,
            functions: u32::try_from(functions).unwrap_or(u32::MAX),
        });
    }
    Ok(all)
}

/// The marks without which OpenFaaS does not take a namespace for its own.
pub(super) async fn create(http: &Http, name: &NamespaceName) -> Result<()> {
    let mark = json!({ "openfaas": "1" });
    let body = document(&json!({ "name": name, "labels": mark, "annotations": mark }))?;
    let reply = http.post("system/namespace/", body, CALL_TIMEOUT).await?;
    match reply.status {
        StatusCode::NOT_FOUND => Err(unmanaged()),
        StatusCode::CONFLICT => {
            let text = format!("There is a namespace {name} already.");
            Err(Error::new(ErrorCode::Conflict, text))
        }
        _ => of_manager(reply),
    }
}

pub(super) async fn delete(http: &Http, name: &NamespaceName) -> Result<()> {
    let path = format!("system/namespace/{}", path_segment(name.as_str()));
    let body = document(&json!({ "name": name }))?;
    let reply = http.delete_with(&path, body).await?;
    // A server without the route answers as one without the namespace: its list tells them apart.
    if reply.status == StatusCode::NOT_FOUND {
        return Err(match names(http).await?.contains(name) {
            true => unmanaged(),
            false => Error::not_found(format_args!("namespace {name}")),
        });
    }
    of_manager(reply)
}

fn of_manager(reply: Reply) -> Result<()> {
    match reply.status {
        StatusCode::NOT_IMPLEMENTED | StatusCode::METHOD_NOT_ALLOWED => Err(unmanaged()),
        _ => reply.ok().map(drop),
    }
}

fn unmanaged() -> Error {
    Error::new(ErrorCode::NotSupported, "This server manages no namespaces.")
        .with_hint("Make and delete them where it runs, for example with kubectl.")
}
