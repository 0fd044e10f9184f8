//! From what a client sent to a function that runs: built behind the client's back, one build of a function at a time,
//! gone on with after a restart.
//!
//! Until the build is done the function is `Pending` or `Building`; a build that fails leaves it `Failed`. Where there was
//! a version before, that runs on all the while; where there was none, calls are told that the function is not ready.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::{
    CodePackage, Contract, Error, ErrorCode, Function, FunctionKey, NewFunction, Result, Runtime,
};
use beckon_store::{Expect, SpacesDeployment};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::Desk;
use super::status::Kept;
use crate::spaces::template;
use crate::spaces::wire::{Draft, GO, PYTHON, Source};

/// Most characters that are kept of why a build failed.
const FAILURE: usize = 8_000;

/// The builds under way.
pub(super) struct Deployments {
    jobs: Mutex<HashMap<FunctionKey, Job>>,
    /// Held while something is sent or deleted: two of one name must not both find it free.
    pub(super) sending: tokio::sync::Mutex<()>,
    /// Where builds run: not on the thread that calls are made on.
    elsewhere: Option<Handle>,
}

struct Job {
    task: JoinHandle<()>,
    /// Set when nobody wants it any more.
    unwanted: Arc<AtomicBool>,
}

impl Default for Deployments {
    /// In the runtime that long work is to be done in.
    fn default() -> Self {
        Self {
            jobs: Mutex::default(),
            sending: tokio::sync::Mutex::default(),
            elsewhere: Handle::try_current().ok(),
        }
    }
}

/// Goes on with what was not built when Beckon stopped.
pub(super) fn resume(desk: &Arc<Desk>) {
    let Some(elsewhere) = &desk.deployments.elsewhere else {
        return;
    };
    let desk = Arc::clone(desk);
    elsewhere.spawn(async move {
        let _sending = desk.deployments.sending.lock().await;
        match desk.gateway.store.spaces_deployments(None).await {
            Ok(all) => {
                for sent in all.into_iter().filter(|sent| sent.failure.is_none()) {
                    // What came since it was read has a job already.
                    if !desk.deployments.jobs.lock().contains_key(&sent.key) {
                        begin(&desk, sent);
                    }
                }
            }
            Err(error) => tracing::error!(%error, "deployments of Spaces could not be read"),
        }
    });
}

/// Begins to build what was sent. To be called with `sending` held and no job of the function under way.
pub(super) fn begin(desk: &Arc<Desk>, sent: SpacesDeployment) {
    let unwanted = Arc::new(AtomicBool::new(false));
    let (key, stop, owner) = (sent.key.clone(), Arc::clone(&unwanted), Arc::clone(desk));
    let run = async move { run(&owner, sent, &stop).await };
    let task = match &desk.deployments.elsewhere {
        Some(elsewhere) => elsewhere.spawn(run),
        None => tokio::spawn(run),
    };
    let mut jobs = desk.deployments.jobs.lock();
    jobs.retain(|_, job| !job.task.is_finished());
    jobs.insert(key, Job { task, unwanted });
}

/// Ends the build of a function that is under way, if there is one. What is past its build is done to its end.
pub(super) async fn stop(desk: &Desk, key: &FunctionKey) {
    let Some(Job { mut task, unwanted }) = desk.deployments.jobs.lock().remove(key) else {
        return;
    };
    unwanted.store(true, Ordering::Relaxed);
    loop {
        desk.gateway.engine.cancel_build(key);
        let ended = tokio::time::timeout(Duration::from_millis(20), &mut task).await;
        if ended.is_ok() {
            return;
        }
    }
}

async fn run(desk: &Arc<Desk>, sent: SpacesDeployment, unwanted: &AtomicBool) {
    let made = make(desk, &sent, unwanted).await;
    let store = &desk.gateway.store;
    let noted = match made {
        Ok(()) => store.drop_spaces_deployment(&sent.revision).await,
        Err(_) if unwanted.load(Ordering::Relaxed) => return,
        // It is gone on with at the next start.
        Err(error) if error.code == ErrorCode::ShuttingDown => return,
        Err(error) => {
            let parts = [Some(error.message), error.hint, error.details];
            let text = parts.into_iter().flatten().collect::<Vec<_>>().join("\n");
            let text: String = text.chars().take(FAILURE).collect();
            store.fail_spaces_deployment(&sent.revision, &text).await
        }
    };
    if let Err(error) = noted {
        tracing::warn!(function = %sent.key, %error, "what became of a deployment was not noted");
    }
}

async fn make(desk: &Arc<Desk>, sent: &SpacesDeployment, unwanted: &AtomicBool) -> Result<()> {
    let draft: Draft =
        serde_json::from_str(&sent.document).map_err(|e| Error::internal("read a deployment", e))?;
    let gateway = &desk.gateway;
    let old = gateway.store.function(&sent.key).await?;
    let new = plan(&draft, &sent.id, old.as_deref())?;
    if unwanted.load(Ordering::Relaxed) {
        return Err(Error::new(ErrorCode::Cancelled, "Something else was sent since."));
    }
    // Whoever saves or deletes the function elsewhere while it is built has the last word; that drops what was sent.
    let expect = old.map_or(Expect::New, |old| Expect::Version(old.version));
    gateway.engine.put_function(&sent.key, new, expect).await?;
    if let Err(error) = desk.triggers().follow_schedule(&sent.key).await {
        tracing::warn!(function = %sent.key, %error, "the schedule of a function was not kept");
    }
    Ok(())
}

/// The function to save: what was sent, over what there is.
///
/// # Errors
/// `InvalidInput` for a template that there is not, and for code that is no base64, no text and no zip.
pub(super) fn plan(draft: &Draft, id: &str, old: Option<&Function>) -> Result<NewFunction> {
    let code = draft.source.as_ref().map(package).transpose()?;
    let mut new = match (old, code) {
        (Some(old), code) => {
            let mut new = NewFunction::from(old.clone());
            new.version = None;
            if let Some(code) = code {
                new.code = code;
            }
            new
        }
        (None, Some(code)) => NewFunction::new(runtime_of(PYTHON)?.0, code),
        (None, None) => return Err(invalid("source.code is required")),
    };
    match draft.template.as_deref() {
        // Of a function that was made otherwise its runtime is told for a template, which stays then.
        Some(template) if old.is_some_and(|old| old.runtime.to_string() == template) => {}
        Some(template) => (new.runtime, new.contract) = runtime_of(template)?,
        None if old.is_none() => return Err(invalid("template is required")),
        None => {}
    }
    if let Some(env) = &draft.env {
        new.env = env.clone().into_iter().collect();
        // A variable that a client sets is no secret any more.
        new.secret_names.retain(|name| !env.contains_key(name));
    }
    let mut kept = old.map(Kept::of).unwrap_or_default();
    id.clone_into(&mut kept.id);
    if let Some(description) = &draft.description {
        kept.description.clone_from(description);
    }
    if let Some(options) = &draft.options {
        kept.options = options.clone();
    }
    kept.keep(&mut new.annotations);
    Ok(new)
}

/// What a template runs on.
fn runtime_of(name: &str) -> Result<(Runtime, Contract)> {
    let Some((contract, language)) = template(name) else {
        let shown: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
        return Err(invalid(format!("template '{shown}' is none of {PYTHON}, {GO}")));
    };
    Ok((Runtime::new(language.family())?, contract))
}

fn package(source: &Source) -> Result<CodePackage> {
    let compact: Vec<u8> = source
        .code
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let bytes = STANDARD
        .decode(compact)
        .map_err(|_| invalid("source.code is not base64"))?;
    if bytes.is_empty() {
        return Err(invalid("source.code is empty"));
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok(CodePackage::Zip(bytes));
    }
    String::from_utf8(bytes)
        .map(CodePackage::Source)
        .map_err(|_| invalid("source.code is neither text nor a zip"))
}

fn invalid(text: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidInput, text)
}
