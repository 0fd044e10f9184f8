use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{
    CodePackage, Error, ErrorCode, FunctionKey, FunctionSummary, Language, Limits, NamespaceName, Result,
    WebExport,
};
use beckon_store::Expect;

use super::received::{self, package};
use super::{missing, pages, unsupported};
use crate::openwhisk::path_segment;
use crate::spaces::path_of;
use crate::spaces::wire::{Draft, Function, GO, PYTHON, Source};
use crate::transport::Http;
use crate::{EnvChange, FunctionChange, KeptEnv, RemoteCode, RemoteFunction, SavedFunction};

fn list(space: &NamespaceName) -> String {
    format!("spaces/{}/functions", path_segment(space.as_str()))
}

/// Asks for the first of a space's functions, to see whether it may be asked for.
pub(super) async fn look(http: &Http, space: &NamespaceName) -> Result<()> {
    pages::page::<Function>(http, &list(space), None).await.map(drop)
}

/// The functions of a space. One whose name Beckon cannot use is left out.
pub(super) async fn all(http: &Http, space: &NamespaceName) -> Result<Vec<FunctionSummary>> {
    let told = |function: &Function| {
        let key = FunctionKey::new(space.as_str(), &function.name.replace("__", "/")).ok()?;
        Some(received::summary(function, key))
    };
    pages::all(http, &list(space), told).await
}

async fn find(http: &Http, key: &FunctionKey) -> Result<Option<Function>> {
    let reply = http.get_code(&path_of(key)).await?;
    match reply.status {
        StatusCode::NOT_FOUND => Ok(None),
        _ => reply.ok()?.json().map(Some),
    }
}

/// One function, with its code where the server tells it, here or at `/code`.
pub(super) async fn one(http: &Http, key: &FunctionKey) -> Result<RemoteFunction> {
    let mut found = find(http, key).await?.ok_or_else(|| missing(key))?;
    complete(http, key, &mut found).await?;
    Ok(received::function(&found, key.clone()))
}

/// Adds the code where the function was told without it.
async fn complete(http: &Http, key: &FunctionKey, found: &mut Function) -> Result<()> {
    if found.source.is_none() {
        found.source = source(http, key).await?;
    }
    Ok(())
}

/// `None` while the function is not ready.
async fn source(http: &Http, key: &FunctionKey) -> Result<Option<Source>> {
    let reply = http.get_code(&format!("{}/code", path_of(key))).await?;
    match reply.status {
        StatusCode::NOT_FOUND => Err(missing(key)),
        StatusCode::ACCEPTED => Ok(None),
        _ => reply.ok()?.json().map(Some),
    }
}

pub(super) async fn code(http: &Http, key: &FunctionKey) -> Result<RemoteCode> {
    let mut found = find(http, key).await?.ok_or_else(|| missing(key))?;
    complete(http, key, &mut found).await?;
    let source = found.source.as_ref();
    let source = source.ok_or_else(|| {
        Error::new(
            ErrorCode::Busy,
            "The function is not ready, and has no code until it is.",
        )
    })?;
    Ok(RemoteCode {
        version: received::version(&found).to_string(),
        code: package(source)?,
        kind: found.template,
    })
}

pub(super) async fn delete(http: &Http, key: &FunctionKey) -> Result<()> {
    let reply = http.delete(&path_of(key)).await?;
    match reply.status {
        StatusCode::NOT_FOUND => Err(missing(key)),
        _ => reply.ok().map(drop),
    }
}

pub(super) async fn put(
    http: &Http,
    key: &FunctionKey,
    change: &FunctionChange,
    expect: Expect,
) -> Result<SavedFunction> {
    check(change)?;
    let mut old = find(http, key).await?;
    if let (Some(old), Expect::Version(_)) = (&mut old, expect) {
        complete(http, key, old).await?;
    }
    let is_there = || {
        let text = format!("There is a function {} in {} already.", key.name, key.namespace);
        Error::new(ErrorCode::Conflict, text)
    };
    match (&old, expect) {
        (Some(_), Expect::New) => return Err(is_there()),
        (None, Expect::Version(_)) => return Err(missing(key)),
        (Some(old), Expect::Version(expected)) if received::version(old) != expected => {
            return Err(Error::new(
                ErrorCode::Conflict,
                "The function was changed since it was read.",
            ));
        }
        _ => {}
    }
    let mut draft = draft(change, old.as_ref())?;
    let reply = match &old {
        Some(_) => http.put_code(&path_of(key), write(&draft)?).await?,
        None => {
            draft.name = Some(key.name.as_str().replace('/', "__"));
            http.post_code(&list(&key.namespace), write(&draft)?).await?
        }
    };
    let mut saved: Function = match reply.status {
        StatusCode::NOT_FOUND if old.is_some() => return Err(missing(key)),
        StatusCode::CONFLICT => return Err(is_there()),
        _ => reply.ok()?.json()?,
    };
    saved.source = saved.source.or(draft.source).or(old.and_then(|old| old.source));
    Ok(SavedFunction {
        function: received::function(&saved, key.clone()),
        changed: true,
    })
}

/// Refuses what a function of a space has no place for.
fn check(change: &FunctionChange) -> Result<()> {
    if matches!(&change.main, Some(Some(main)) if main != "handle" && main != "Handle") {
        return Err(unsupported("entry point of its own: it is handle, in Go Handle"));
    }
    if change.parameters.as_ref().is_some_and(|all| !all.is_empty()) {
        return Err(unsupported("default parameters"));
    }
    if change.limits.is_some_and(|limits| limits != Limits::DEFAULT) {
        return Err(unsupported("limits that could be set"));
    }
    match change.web {
        Some(WebExport::Web | WebExport::Raw) => Err(unsupported("door without a token")),
        _ => Ok(()),
    }
}

fn draft(change: &FunctionChange, old: Option<&Function>) -> Result<Draft> {
    let template = match change.kind.as_ref().map(beckon_core::Runtime::language) {
        Some(Language::Python) => Some(PYTHON.to_owned()),
        Some(Language::Go) => Some(GO.to_owned()),
        Some(_) => {
            let text = "Spaces runs functions in Python and Go.";
            return Err(Error::new(ErrorCode::InvalidInput, text));
        }
        None => None,
    };
    let source = match &change.code {
        Some(CodePackage::Source(text)) => Some(STANDARD.encode(text)),
        Some(CodePackage::Zip(bytes)) => Some(STANDARD.encode(bytes)),
        Some(CodePackage::Sequence(_)) => return Err(unsupported("components")),
        None => None,
    };
    let env = (!change.env.is_nothing()).then(|| {
        let EnvChange { set, kept } = &change.env;
        let mut env = old.map(|old| old.env.clone()).unwrap_or_default();
        env.retain(|name, _| match kept {
            KeptEnv::AllBut(names) => !names.contains(name),
            KeptEnv::Only(names) => names.contains(name),
        });
        env.extend(
            set.iter()
                .map(|(name, value)| (name.clone(), value.expose().to_owned())),
        );
        env
    });
    Ok(Draft {
        template,
        env,
        options: change
            .options
            .as_ref()
            .map(|options| received::options_over(options, old.map(|old| &old.options))),
        source: source.map(|code| Source { code }),
        ..Draft::default()
    })
}

fn write(draft: &Draft) -> Result<String> {
    serde_json::to_string(draft).map_err(|e| Error::internal("write a request", e))
}
