use axum::http::StatusCode;
use beckon_core::{Error, NamespaceName, NewSpaceTrigger, Result, Secret, SpaceTrigger};
use serde_json::{Map, Value};

use super::pages;
use crate::openwhisk::path_segment;
use crate::spaces::triggers::{document, missing};
use crate::spaces::wire::Trigger;
use crate::transport::{CALL_TIMEOUT, Http, Reply};

/// A trigger with everything that its server says of it.
type Document = Map<String, Value>;

fn list(space: &NamespaceName) -> String {
    format!("spaces/{}/triggers", path_segment(space.as_str()))
}

fn path_of(space: &NamespaceName, id: &str) -> String {
    format!("{}/{}", list(space), path_segment(id))
}

/// The triggers of a space. One without an id is left out: nothing could be done with it.
pub(super) async fn all(http: &Http, space: &NamespaceName) -> Result<Vec<SpaceTrigger>> {
    let told = |trigger: &Trigger| (!trigger.id.is_empty()).then(|| document::told(trigger));
    pages::all(http, &list(space), told).await
}

/// Makes one, or puts one in the place of that with this id.
pub(super) async fn put(
    http: &Http,
    space: &NamespaceName,
    id: Option<&str>,
    new: &NewSpaceTrigger,
    password: Option<&Secret>,
) -> Result<SpaceTrigger> {
    let reply = match id {
        None => {
            let made = document::written(new, None, password)?;
            http.post(&list(space), text(&made)?, CALL_TIMEOUT).await?
        }
        Some(id) => {
            let path = path_of(space, id);
            let found: Document = there(http.get(&path).await?, space)?.json()?;
            let body = text(&over(found, new, password)?)?;
            http.put(&path, body, CALL_TIMEOUT).await?
        }
    };
    let reply = reply.hiding(password);
    let reply = if id.is_some() {
        there(reply, space)?
    } else {
        reply.ok()?
    };
    let mut kept: Trigger = reply.json()?;
    if let Some(password) = password {
        // Nobody else's text about the trigger may repeat it.
        kept.config.insert("password".into(), password.expose().into());
    }
    Ok(document::told(&kept))
}

pub(super) async fn delete(http: &Http, space: &NamespaceName, id: &str) -> Result<()> {
    there(http.delete(&path_of(space, id)).await?, space).map(drop)
}

/// What was read, changed: what Beckon does not know goes back as it came.
fn over(mut found: Document, new: &NewSpaceTrigger, password: Option<&Secret>) -> Result<Document> {
    let old: Trigger = serde_json::from_value(Value::Object(found.clone())).map_err(|_| {
        Error::new(
            beckon_core::ErrorCode::BadReply,
            "The server tells of the trigger otherwise than as it is documented.",
        )
    })?;
    let next = document::written(new, Some(&old), password)?;
    // The server's own to say.
    for told in ["status", "error_message"] {
        found.remove(told);
    }
    found.insert("description".into(), next.description.into());
    found.insert("config".into(), next.config.into());
    match next.callback_url {
        Some(url) => drop(found.insert("callback_url".into(), url.into())),
        None if old.callback_url.is_some() => drop(found.insert("callback_url".into(), "".into())),
        None => {}
    }
    Ok(found)
}

fn there(reply: Reply, space: &NamespaceName) -> Result<Reply> {
    match reply.status {
        StatusCode::NOT_FOUND => Err(missing(space)),
        _ => reply.ok(),
    }
}

fn text(document: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(document).map_err(|e| Error::internal("write a request", e))
}
