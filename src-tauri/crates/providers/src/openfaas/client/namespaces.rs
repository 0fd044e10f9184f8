use axum::http::StatusCode;
use beckon_core::{Error, ErrorCode, Namespace, NamespaceMetadata, NamespaceName, Result, Texts};
use serde_json::json;

use super::{document, functions};
use crate::openfaas::wire::FunctionNamespace;
use crate::openwhisk::path_segment;
use crate::transport::{CALL_TIMEOUT, Http, Reply};

/// Where functions are on a server that knows no namespaces.
const USUAL: &str = "openfaas-fn";
/// A list longer than this is not believed: each of them is asked for its functions.
const MOST: usize = 1_000;
/// The label and annotation without which OpenFaaS does not take a namespace for its own.
const MARK: (&str, &str) = ("openfaas", "1");

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

/// A new one, with the marks of one that is the gateway's.
pub(super) async fn create(http: &Http, name: &NamespaceName) -> Result<()> {
    let mark = json!({ MARK.0: MARK.1 });
    let body = document(&json!({ "name": name, "labels": mark, "annotations": mark }))?;
    let reply = http.post("system/namespace/", body, CALL_TIMEOUT).await?;
    match reply.status {
        StatusCode::NOT_FOUND => Err(unmanaged()),
        StatusCode::CONFLICT => {
            let text = format!("There is a namespace {name} already.");
            Err(Error::new(ErrorCode::Conflict, text))
        }
        _ => of_manager(reply).map(drop),
    }
}

pub(super) async fn delete(http: &Http, name: &NamespaceName) -> Result<()> {
    let body = document(&json!({ "name": name }))?;
    let reply = http.delete_with(&path_of(name), body).await?;
    of_one(http, name, reply).await.map(drop)
}

/// `GET /system/namespace/{namespace}`.
pub(super) async fn metadata(http: &Http, name: &NamespaceName) -> Result<NamespaceMetadata> {
    let reply = http.get(&path_of(name)).await?;
    let found: FunctionNamespace = of_one(http, name, reply).await?.json()?;
    Ok(NamespaceMetadata {
        labels: found.labels.unwrap_or_default(),
        annotations: found.annotations.unwrap_or_default(),
    })
}

/// `PUT /system/namespace/{namespace}`. The marks stay: a namespace that loses them is no longer the gateway's.
pub(super) async fn put_metadata(
    http: &Http,
    name: &NamespaceName,
    metadata: &NamespaceMetadata,
) -> Result<()> {
    metadata.check()?;
    let marked = |texts: &Texts| {
        let mut texts = texts.clone();
        texts.insert(MARK.0.to_owned(), MARK.1.to_owned());
        Some(texts)
    };
    let body = document(&FunctionNamespace {
        name: name.to_string(),
        labels: marked(&metadata.labels),
        annotations: marked(&metadata.annotations),
    })?;
    let reply = http.put(&path_of(name), body, CALL_TIMEOUT).await?;
    of_one(http, name, reply).await.map(drop)
}

fn path_of(name: &NamespaceName) -> String {
    format!("system/namespace/{}", path_segment(name.as_str()))
}

/// The reply of a server that manages the namespace. One without the route answers as one without the namespace: its list
/// tells them apart.
async fn of_one(http: &Http, name: &NamespaceName, reply: Reply) -> Result<Reply> {
    if reply.status != StatusCode::NOT_FOUND {
        return of_manager(reply);
    }
    Err(match names(http).await?.contains(name) {
        true => unmanaged(),
        false => Error::not_found(format_args!("namespace {name}")),
    })
}

fn of_manager(reply: Reply) -> Result<Reply> {
    match reply.status {
        StatusCode::NOT_IMPLEMENTED | StatusCode::METHOD_NOT_ALLOWED => Err(unmanaged()),
        _ => reply.ok(),
    }
}

fn unmanaged() -> Error {
    Error::new(ErrorCode::NotSupported, "This server manages no namespaces.")
        .with_hint("Make and delete them where it runs, for example with kubectl.")
}
