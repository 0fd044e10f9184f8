use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use beckon_core::{
    CodePackage, Error, ErrorCode, FolderSource, Function, FunctionKey, JsonText, MissedPolicy, NamedJson,
    NewFunction, NewSchedule, Settings,
};
use beckon_engine::source::{ImageDeployment, PlannedFunction, plan_image};
use beckon_store::Expect;

use super::caller::Caller;
use super::status::{ANNOTATION, Deployed};
use super::{accepted, read, told};
use crate::gateway::{Gateway, Refusal};
use crate::openfaas::wire::{FunctionDeployment, Texts};

/// An annotation that names the folder with the code of an image that is not mapped, absolute.
const FOLDER: &str = "com.beckon.folder";
/// The code of a function that has none: its process is another program.
const NO_CODE: &str = "#!/bin/sh\n# The deployment's own process is run.\n";
/// How many workers there may be where no label says so: OpenFaaS' `com.openfaas.scale.max`.
const MOST: u32 = 20;
/// Held by whoever makes of a deployment's annotations a schedule, or takes it away.
static SCHEDULING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
/// How long a client is kept waiting for a build, which is less than faas-cli's minute. It goes on after that.
const PATIENCE: Duration = Duration::from_secs(50);

/// `POST /system/functions`; 409 where there is a function of this name.
pub(super) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let deployment: FunctionDeployment = read(&headers, body).await?;
    let key = check(&gateway, &caller, &deployment).await?;
    if gateway.store.function(&key).await?.is_some() {
        let text = format!(
            "function {} exists already in {}",
            deployment.service, key.namespace
        );
        return Err(Refusal::new(StatusCode::CONFLICT, text));
    }
    if !is_label(&deployment.service) {
        let text = format!(
            "validation failed: service: ({}) is invalid, must be a valid DNS entry",
            shown(&deployment.service)
        );
        return Err(Refusal::bad_request(text));
    }
    deploy(&gateway, key, deployment, None).await
}

/// `PUT /system/functions`; 404 where there is none, upon which faas-cli makes it.
pub(super) async fn update(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let deployment: FunctionDeployment = read(&headers, body).await?;
    let key = check(&gateway, &caller, &deployment).await?;
    let old = gateway.store.function(&key).await?;
    let old =
        old.ok_or_else(|| Refusal::not_found(format!("unable to find function: {}", deployment.service)))?;
    deploy(&gateway, key, deployment, Some(&old)).await
}

async fn check(
    gateway: &Gateway,
    caller: &Caller,
    deployment: &FunctionDeployment,
) -> Result<FunctionKey, Refusal> {
    for (what, text) in [("service", &deployment.service), ("image", &deployment.image)] {
        if text.is_empty() {
            return Err(Refusal::bad_request(format!(
                "validation failed: {what}: is required"
            )));
        }
    }
    let namespace = caller.namespace(gateway, deployment.namespace.as_deref()).await?;
    let name = deployment.service.replace("__", "/");
    FunctionKey::new(namespace.as_str(), &name).map_err(|_| {
        let text = format!(
            "validation failed: service: ({}) is invalid, must be a valid DNS entry",
            shown(&deployment.service)
        );
        Refusal::bad_request(text)
    })
}

/// A label of RFC 1123 in lower case, as Kubernetes wants it of a service.
fn is_label(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// Makes of it what the engine can run, in a task of its own: what takes longer than the client waits goes on.
async fn deploy(
    gateway: &Gateway,
    key: FunctionKey,
    deployment: FunctionDeployment,
    old: Option<&Function>,
) -> Result<Response, Refusal> {
    let folder = folder_of(gateway, &deployment).await?;
    secrets_are_there(gateway, &key, &deployment).await?;
    let asked = asked(&deployment);
    let place = folder.clone();
    let planned = tokio::task::spawn_blocking(move || plan_image(&asked, place.as_deref().map(Path::new)))
        .await
        .map_err(|e| Refusal::from(Error::internal("plan a function", e)))?
        .map_err(told)?;
    let new = function_of(&deployment, &planned, old).map_err(told)?;
    let expect = old.map_or(Expect::New, |old| Expect::Version(old.version));
    let engine = gateway.engine.clone();
    let had_schedule = old
        .and_then(Deployed::of)
        .is_some_and(|deployed| is_scheduled(&deployed));
    let name = key.to_string();
    let saving = tokio::spawn(async move {
        match folder {
            Some(_) => {
                let source = FolderSource {
                    path: planned.folder.clone(),
                    watch: false,
                };
                engine.deploy_folder(&key, new, source, expect, |_| {}).await?;
            }
            None => drop(engine.put_function(&key, new, expect).await?),
        }
        schedule(&engine, &key, &planned, had_schedule).await
    });
    let saving = async move {
        let saved = saving.await;
        if let Ok(Err(error)) = &saved {
            tracing::warn!(function = name, %error, "a deployment failed");
        }
        saved
    };
    // One that is not waited for any more says in the log what became of it.
    match tokio::time::timeout(PATIENCE, tokio::spawn(saving)).await {
        Ok(Ok(Ok(saved))) => saved.map_err(told)?,
        Ok(Ok(Err(error)) | Err(error)) => return Err(Error::internal("save a function", error).into()),
        Err(_) => {}
    }
    Ok(accepted())
}

/// Where the code is: what the annotation says, or what the image's name stands for; `None` is the deployment's own
/// process.
async fn folder_of(gateway: &Gateway, deployment: &FunctionDeployment) -> Result<Option<String>, Refusal> {
    let annotations = deployment.kept.annotations.as_ref();
    if let Some(folder) = annotations.and_then(|all| all.get(FOLDER)) {
        return within_mapped(gateway, folder).await.map(Some);
    }
    let image = &deployment.image;
    let Some(mapped) = gateway.store.image(image).await? else {
        let image = shown(image);
        return Err(Refusal::bad_request(format!(
            "image: {image} stands for nothing on this machine, which runs no containers. Say what it is with\n  \
             beckon image map {image} --folder DIR   (the folder with its code)\n  \
             beckon image map {image} --process      (the deployment's own process, fprocess)\n\
             or name the folder in the annotation {FOLDER}."
        )));
    };
    Ok(mapped.folder)
}

/// A folder that a deployment names. A password deploys, and reads no more of this machine than its user has opened:
/// the folder is one that an image is mapped to, or below one.
async fn within_mapped(gateway: &Gateway, folder: &str) -> Result<String, Refusal> {
    let refused = || {
        Refusal::bad_request(format!(
            "The folder {} of {FOLDER} is not in one that an image is mapped to. Open it with\n  \
             beckon image map NAME --folder DIR",
            shown(folder)
        ))
    };
    let mapped = gateway.store.images().await?;
    let path = Path::new(folder).to_owned();
    let found = tokio::task::spawn_blocking(move || {
        let path = path.is_absolute().then(|| path.canonicalize().ok()).flatten()?;
        let roots = mapped.into_iter().filter_map(|image| image.folder);
        let mut roots = roots.filter_map(|root| Path::new(&root).canonicalize().ok());
        roots.any(|root| path.starts_with(root)).then_some(path)
    });
    let found = found
        .await
        .map_err(|e| Refusal::from(Error::internal("look at a folder", e)))?;
    let found = found.and_then(|path| path.to_str().map(str::to_owned));
    found.ok_or_else(refused)
}

async fn secrets_are_there(
    gateway: &Gateway,
    key: &FunctionKey,
    deployment: &FunctionDeployment,
) -> Result<(), Refusal> {
    let wanted = deployment.kept.secrets.as_deref().unwrap_or_default();
    if wanted.is_empty() {
        return Ok(());
    }
    let there = gateway.store.namespace_secrets(&key.namespace).await?;
    match wanted.iter().find(|name| !there.contains(name)) {
        None => Ok(()),
        Some(name) => Err(Refusal::bad_request(format!(
            "required secret '{}' was not found in the namespace {}",
            shown(name),
            key.namespace
        ))),
    }
}

fn asked(deployment: &FunctionDeployment) -> ImageDeployment {
    let kept = &deployment.kept;
    let texts = |texts: &Option<Texts>| texts.clone().unwrap_or_default();
    let memory = kept.limits.as_ref().and_then(|limits| limits.get("memory"));
    ImageDeployment {
        name: deployment.service.clone(),
        image: deployment.image.clone(),
        process: deployment.env_process.clone(),
        env: texts(&deployment.env_vars).into_iter().collect(),
        labels: texts(&kept.labels),
        annotations: texts(&kept.annotations),
        memory: memory
            .and_then(|memory| memory.as_str())
            .filter(|memory| !memory.is_empty())
            .map(str::to_owned),
    }
}

/// The function to save: what the deployment says, over what the user has set in the window and it does not speak of.
fn function_of(
    deployment: &FunctionDeployment,
    planned: &PlannedFunction,
    old: Option<&Function>,
) -> Result<NewFunction, Error> {
    let mut new = planned.to_function()?;
    new.code = CodePackage::Source(NO_CODE.into());
    let env_vars = deployment.env_vars.clone().unwrap_or_default();
    let deployed = Deployed {
        image: deployment.image.clone(),
        env_process: deployment.env_process.clone().unwrap_or_default(),
        watchdog: env_vars
            .into_iter()
            .filter(|(name, _)| new.env.iter().all(|(kept, _)| kept != name))
            .collect(),
        kept: deployment.kept.clone(),
    };
    let has = |label: &str| {
        let labels = deployment.kept.labels.as_ref();
        labels.is_some_and(|labels| labels.contains_key(label))
    };
    if !has("com.openfaas.scale.max") {
        new.limits.concurrency = MOST.max(new.settings.min_workers);
    }
    if !has("com.openfaas.scale.min") && !deployed.scales_to_zero() {
        new.settings.min_workers = 1;
    }
    // A process per request has nothing to be kept ready.
    if !new.contract.keeps_worker(new.runtime.language()) {
        new.settings.min_workers = 0;
    }
    new.settings.secrets = deployment.kept.secrets.clone().unwrap_or_default();
    if let Some(old) = old {
        let Settings {
            detached_timeout_s,
            no_network,
            install_scripts,
            retry,
            on_success,
            on_failure,
            domains,
            ..
        } = old.settings.clone();
        new.settings = Settings {
            detached_timeout_s,
            no_network,
            install_scripts,
            retry,
            on_success,
            on_failure,
            domains,
            ..new.settings
        };
        new.lost_policy = old.lost_policy;
        (new.web, new.publish) = (old.web, old.publish);
        if new.parameters.is_empty() {
            new.parameters.clone_from(&old.parameters);
        }
        // A variable that the deployment sets is no secret any more.
        let kept = old.secret_names.iter();
        new.secret_names = kept
            .filter(|name| new.env.iter().all(|(set, _)| set != *name))
            .cloned()
            .collect();
    }
    let document = serde_json::to_value(&deployed).map_err(|e| Error::internal("keep a deployment", e))?;
    let others = old.into_iter().flat_map(|old| old.annotations.iter().cloned());
    new.annotations = others.filter(|named| named.key != ANNOTATION).collect();
    new.annotations.push(NamedJson {
        key: ANNOTATION.to_owned(),
        value: JsonText::from_value(&document),
    });
    Ok(new)
}

/// Whether the cron connector calls it.
pub(super) fn is_scheduled(deployed: &Deployed) -> bool {
    let topic = |all: &Texts| all.get("topic").is_some_and(|topic| topic == "cron-function");
    deployed.kept.annotations.as_ref().is_some_and(topic)
}

/// What the cron connector would do: the annotations `topic: cron-function` and `schedule` have it called by the clock.
async fn schedule(
    engine: &beckon_engine::Engine,
    key: &FunctionKey,
    planned: &PlannedFunction,
    had_schedule: bool,
) -> Result<(), Error> {
    // Of two that look for it at once, neither may find none and make one.
    let _scheduling = SCHEDULING.lock().await;
    for schedule in &planned.schedules {
        let new = NewSchedule {
            name: schedule.name.clone(),
            function: key.clone(),
            expression: schedule.expression.clone(),
            zone: String::new(),
            arguments: schedule.arguments.clone(),
            missed: MissedPolicy::default(),
            enabled: schedule.enabled,
        };
        let there = engine.schedules(Some(key)).await?;
        let id = there
            .iter()
            .find(|old| old.name == new.name)
            .map(|old| old.id.clone());
        engine.put_schedule(id.as_deref(), new).await?;
    }
    if planned.schedules.is_empty() && had_schedule {
        unschedule(engine, key).await?;
    }
    Ok(())
}

/// Takes away what [`schedule`] made.
pub(super) async fn unschedule(engine: &beckon_engine::Engine, key: &FunctionKey) -> Result<(), Error> {
    for schedule in engine.schedules(Some(key)).await? {
        if schedule.name == key.name.as_str() {
            match engine.delete_schedule(&schedule.id).await {
                Err(error) if error.code != ErrorCode::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}
