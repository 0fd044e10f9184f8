//! One function of a provider: read, made, changed, deleted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{
    CodePackage, Collection, EntityKey, Error, ErrorCode, FunctionKey, NamedJson, Result, Runtime,
};
use beckon_store::Expect;

use super::change::{arguments, document, is_same, keep_own};
use super::{action_path, entities, read};
use crate::openwhisk::path_segment;
use crate::openwhisk::wire::{Pair, ReceivedAction, ReceivedExec};
use crate::remote::{FunctionChange, SavedFunction};
use crate::transport::{CALL_TIMEOUT, Http};
use crate::{RemoteCode, RemoteFunction};

/// A function with its source, where it is a text.
pub(super) async fn get(http: &Http, key: &FunctionKey) -> Result<RemoteFunction> {
    // The description first: the code of a zip package may have 64 MiB, and is not wanted.
    let mut action = described(http, key).await?;
    if is_text(&action) {
        action = http
            .get(&format!("{}?code=true", action_path(key)))
            .await?
            .ok()?
            .json()?;
    }
    match package_parameters(http, key).await {
        Ok(given) => keep_own(&mut action, &given),
        Err(error) => tracing::debug!(%error, %key, "the function's package cannot be read"),
    }
    function(action)
}

/// The code of a function, whatever it is.
pub(super) async fn code(http: &Http, key: &FunctionKey) -> Result<RemoteCode> {
    let action: ReceivedAction = http
        .get_code(&format!("{}?code=true", action_path(key)))
        .await?
        .ok()?
        .json()?;
    let (kind, version) = read::summary(&action)
        .map(|summary| (summary.kind, summary.version))
        .unwrap_or_default();
    if !read::has_source(&kind) {
        let text = format!("A function of the kind '{kind}' has no code of its own.");
        return Err(Error::new(ErrorCode::NotSupported, text));
    }
    let code = package(action.exec.as_ref()).ok_or_else(|| bad("sent no code that Beckon can read"))?;
    Ok(RemoteCode { kind, version, code })
}

/// Makes or changes a function.
pub(super) async fn put(
    http: &Http,
    key: &FunctionKey,
    change: &FunctionChange,
    expect: Expect,
) -> Result<SavedFunction> {
    let mut old = match expect {
        Expect::New => None,
        _ => match read_for(http, key, change, expect).await {
            Err(error) if error.code == ErrorCode::NotFound && expect == Expect::Any => None,
            found => Some(found?),
        },
    };
    if let (Expect::Version(wanted), Some(old)) = (expect, &old)
        && old.version.as_deref() != Some(&wanted.to_string())
    {
        let now = old.version.as_deref().unwrap_or("another version");
        let text = format!("The function has changed at the provider: it is at {now}.");
        return Err(
            Error::new(ErrorCode::Conflict, text).with_hint("Load it again, and make the change there.")
        );
    }
    match &mut old {
        Some(old) => keep_own(old, &package_parameters(http, key).await?),
        None => ensure_package(http, key).await?,
    }
    let document = document(change, old.as_ref())?;
    if expect == Expect::Any
        && let Some(old) = old
        && is_same(&document, &old)
    {
        return Ok(SavedFunction {
            function: function(old)?,
            changed: false,
        });
    }
    let overwrite = expect != Expect::New;
    let path = format!("{}?overwrite={overwrite}", action_path(key));
    let body = serde_json::to_string(&document).map_err(|e| Error::internal("write a request", e))?;
    let saved: ReceivedAction = http.put_code(&path, body).await?.ok()?.json()?;
    Ok(SavedFunction {
        function: function(saved)?,
        changed: true,
    })
}

/// Deletes a function.
pub(super) async fn delete(http: &Http, key: &FunctionKey) -> Result<()> {
    http.delete(&action_path(key)).await?.ok().map(drop)
}

async fn described(http: &Http, key: &FunctionKey) -> Result<ReceivedAction> {
    http.get(&format!("{}?code=false", action_path(key)))
        .await?
        .ok()?
        .json()
}

/// What is there, with as much as is needed to change it: its code is wanted to compare it, and because `exec` is
/// replaced as a whole when another entry point is chosen.
async fn read_for(
    http: &Http,
    key: &FunctionKey,
    change: &FunctionChange,
    expect: Expect,
) -> Result<ReceivedAction> {
    let action = described(http, key).await?;
    let main = action.exec.as_ref().and_then(|exec| exec.main.as_ref());
    let other_main = change.main.as_ref().is_some_and(|wanted| wanted.as_ref() != main);
    let has_code = action
        .exec
        .as_ref()
        .and_then(|exec| exec.kind.as_deref())
        .is_some_and(read::has_source);
    if has_code && ((expect == Expect::Any && change.code.is_some()) || (other_main && change.code.is_none()))
    {
        return http
            .get_code(&format!("{}?code=true", action_path(key)))
            .await?
            .ok()?
            .json();
    }
    Ok(action)
}

/// What the package (or binding) gives the function: providers answer it among the function's own parameters, and
/// what was not its own must not become so by an edit.
async fn package_parameters(http: &Http, key: &FunctionKey) -> Result<Vec<Pair>> {
    let Some(package) = EntityKey::package_of(key) else {
        return Ok(Vec::new());
    };
    match entities::given(http, &package, Collection::Packages).await {
        // One that this key may not see gives nothing either that it could see.
        Err(error) if matches!(error.code, ErrorCode::NotFound | ErrorCode::Forbidden) => Ok(Vec::new()),
        given => given,
    }
}

/// Makes the package that a new function is to be in, where there is none.
async fn ensure_package(http: &Http, key: &FunctionKey) -> Result<()> {
    let Some(package) = EntityKey::package_of(key) else {
        return Ok(());
    };
    let path = format!(
        "namespaces/{}/packages/{}?overwrite=false",
        path_segment(package.namespace.as_str()),
        path_segment(package.name.as_str())
    );
    match http.put(&path, "{}".to_owned(), CALL_TIMEOUT).await?.ok() {
        Ok(_) => Ok(()),
        Err(error) if error.code == ErrorCode::Conflict => Ok(()),
        Err(error) => Err(error),
    }
}

/// The code of a received `exec`.
pub(super) fn package(exec: Option<&ReceivedExec>) -> Option<CodePackage> {
    let exec = exec?;
    let text = exec.code.as_ref()?.as_str()?;
    if exec.binary == Some(true) {
        return STANDARD.decode(text.trim()).ok().map(CodePackage::Zip);
    }
    Some(CodePackage::Source(text.to_owned()))
}

fn is_text(action: &ReceivedAction) -> bool {
    action
        .exec
        .as_ref()
        .is_some_and(|exec| exec.binary != Some(true) && exec.kind.as_deref().is_some_and(read::has_source))
}

/// A received function, without what its package gives it.
fn function(action: ReceivedAction) -> Result<RemoteFunction> {
    let summary =
        read::summary(&action).ok_or_else(|| bad("described a function whose name Beckon cannot use"))?;
    let is_text = is_text(&action);
    let pairs = action.parameters.unwrap_or_default();
    let exec = action.exec;
    let components = exec.as_ref().and_then(|exec| exec.components.as_ref());
    let is_sequence = summary.kind == Runtime::SEQUENCE;
    Ok(RemoteFunction {
        main: exec.as_ref().and_then(|exec| exec.main.clone()),
        components: components
            .into_iter()
            .flatten()
            .filter_map(|name| component(name))
            .collect(),
        has_code: read::has_source(&summary.kind),
        // Of a sequence they are its components again.
        parameters: arguments(&pairs)
            .filter(|_| !is_sequence)
            .map(|pair| NamedJson::from(pair.copy()))
            .collect(),
        env_names: pairs
            .iter()
            .filter(|pair| pair.init)
            .map(|pair| pair.key.clone())
            .collect(),
        code: exec
            .filter(|_| is_text)
            .and_then(|exec| exec.code?.as_str().map(str::to_owned)),
        annotations: action
            .annotations
            .unwrap_or_default()
            .into_iter()
            .map(NamedJson::from)
            .collect(),
        ..RemoteFunction::new(summary)
    })
}

/// `/namespace/[package/]name`.
fn component(name: &str) -> Option<FunctionKey> {
    let (namespace, name) = name.strip_prefix('/').unwrap_or(name).split_once('/')?;
    FunctionKey::new(namespace, name).ok()
}

pub(super) fn bad(what: &str) -> Error {
    Error::new(ErrorCode::BadReply, format!("The provider {what}."))
}
