//! What OpenFaaS' API deploys: an image's name and what it is run with, and never code. The code is in a folder that the
//! name stands for on this machine, or there is none and the deployment's own process is run.
//!
//! The folder is a project with a `stack.yaml`, or what `faas-cli build --shrinkwrap` leaves (a template with the handler
//! in `function/`), or a handler's own folder, or the folder of a `Dockerfile` whose process is run as it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use beckon_core::{Error, ErrorCode, Result};

use super::fields::Fields;
use super::openfaas::{self, Build};
use super::{PlannedFunction, ProjectKind, read_project, read_text};
use crate::source::substitute::Substitution;
use crate::source::walk;
use crate::source::yaml::{Node, Value};

/// What a client of OpenFaaS' API says of a function.
#[derive(Debug, Clone, Default)]
pub struct ImageDeployment {
    /// The function's name.
    pub name: String,
    /// The image.
    pub image: String,
    /// `envProcess`: the command of its watchdog.
    pub process: Option<String>,
    /// `envVars`, the watchdog's among them.
    pub env: Vec<(String, String)>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// `limits.memory`.
    pub memory: Option<String>,
}

/// A deployment as a plan: its code is in `folder`, or with none its own process is run. Blocks.
///
/// Labels and annotations have their effect on the plan and are not kept in it; variables of the watchdog are settings
/// and not environment.
///
/// # Errors
/// `InvalidInput` with the first thing that stands against it; `NotFound` when there is no such folder.
pub fn plan_image(deployment: &ImageDeployment, folder: Option<&Path>) -> Result<PlannedFunction> {
    let none = |_: &str| None;
    let substitution = Substitution::new("", &none);
    let mut fields = Fields::new(&substitution, "the deployment");
    // Without a folder nothing may be found in one.
    let root = match folder {
        Some(folder) => walk::canonical(folder)?,
        None => PathBuf::from("/dev/null"),
    };
    let mut planned = PlannedFunction::new(&deployment.name, &root, beckon_core::Contract::Openfaas);
    planned.env = deployment.env.clone();
    openfaas::labels(&mut fields, "labels", &texts(&deployment.labels), &mut planned);
    let annotations = texts(&deployment.annotations);
    openfaas::annotations(
        &mut fields,
        "annotations",
        &annotations,
        &deployment.name,
        &mut planned,
    );
    planned.annotations.clear();
    if let Some(memory) = &deployment.memory {
        let memory = BTreeMap::from([("memory".to_owned(), memory.clone())]);
        openfaas::limits(&mut fields, "limits", &texts(&memory), &mut planned);
    }
    let mut build = Build {
        process: deployment.process.clone().filter(|process| !process.is_empty()),
        ..Build::default()
    };
    openfaas::watchdog(&mut fields, "envVars", &mut planned, &mut build);
    match folder {
        None if build.process.is_none() => {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                "The image stands for the deployment's own process, and the deployment names none (fprocess).",
            ));
        }
        None => {
            build.lang = "dockerfile".into();
            openfaas::own_process(&mut fields, &root, "envVars", None, &mut planned, build);
        }
        Some(_) => match of_project(deployment, &root)? {
            Some(described) => adopt(&mut planned, described, build.process),
            None => {
                let (lang, handler) = template(&root);
                build.lang = lang.to_owned();
                if handler.is_empty() && lang == "dockerfile" {
                    openfaas::own_process(&mut fields, &root, "envVars", None, &mut planned, build);
                } else {
                    build.handler = Some(handler.to_owned());
                    openfaas::runtime(&mut fields, &root, "envVars", None, &mut planned, build);
                }
            }
        },
    }
    Ok(planned.finish(&mut fields, "service"))
}

/// The function of a project in the folder: the one of this name, else of this image, else the only one.
fn of_project(deployment: &ImageDeployment, root: &Path) -> Result<Option<PlannedFunction>> {
    let is_there = ["stack.yaml", "stack.yml"]
        .iter()
        .any(|name| root.join(name).is_file());
    if !is_there {
        return Ok(None);
    }
    let project = read_project(root)?;
    if project.kind != ProjectKind::Openfaas {
        return Ok(None);
    }
    let mut functions = project.functions;
    let is_image = |function: &PlannedFunction| {
        let image = function.annotations.iter().find(|named| named.key == "image");
        image.is_some_and(|named| named.value.to_value().as_str() == Some(&deployment.image))
    };
    let at = functions
        .iter()
        .position(|function| function.name == deployment.name)
        .or_else(|| functions.iter().position(is_image))
        .or_else(|| (functions.len() == 1).then_some(0));
    let Some(at) = at else {
        let text = format!(
            "{} has no function called '{}', and none with the image '{}'.",
            project.file, deployment.name, deployment.image
        );
        return Err(Error::new(ErrorCode::InvalidInput, text));
    };
    let function = functions.swap_remove(at);
    // What is wrong with it is said as it would be said of the project.
    function.to_function()?;
    Ok(Some(function))
}

/// Takes from the project what a deployment does not say: the code, and how it is run.
fn adopt(planned: &mut PlannedFunction, described: PlannedFunction, process: Option<String>) {
    planned.folder = described.folder;
    planned.runtime = described.runtime;
    planned.contract = described.contract;
    planned.main = described.main;
    let (own, its) = (&mut planned.settings.watchdog, described.settings.watchdog);
    if its.process.is_some() {
        own.process = process.or(its.process);
    }
    own.port = own.port.or(its.port);
}

/// Which template a folder follows, and where in it the handler is. `dockerfile` with nothing is the folder's own process.
fn template(root: &Path) -> (&'static str, &'static str) {
    // With a Dockerfile beside it, a handler is a template's only where templates put it.
    let places: &[&str] = match root.join("Dockerfile").is_file() {
        true => &["function"],
        false => &["function", "."],
    };
    for place in places {
        let folder = root.join(place);
        let has = |name: &str| folder.join(name).is_file();
        if has("handler.js") {
            return ("node", place);
        }
        if has("handler.py") {
            return (python_template(root, &folder), place);
        }
        if has("handler.go") {
            return ("golang-middleware", place);
        }
        if has("Handler.php") || has("src/Handler.php") {
            return ("php8", place);
        }
        if has("handler.rb") {
            return ("ruby-http", place);
        }
        if has("handler.sh") {
            return ("bash-streaming", place);
        }
    }
    ("dockerfile", "")
}

/// `handle(event, context)` is python3-http's, `handle(req)` python3-flask's.
fn python_template(root: &Path, handler: &Path) -> &'static str {
    let text = read_text(&handler.join("handler.py")).unwrap_or_default();
    let arguments = text
        .split_once("def handle(")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(arguments, _)| arguments);
    let takes_event = match arguments {
        Some(arguments) => arguments.contains(','),
        None => read_text(&root.join("index.py")).is_ok_and(|index| index.contains("class Event")),
    };
    if takes_event {
        "python3-http"
    } else {
        "python3-flask"
    }
}

fn texts(entries: &BTreeMap<String, String>) -> Node {
    let node = |value| Node {
        line: 0,
        spelling: None,
        value,
    };
    let entries = entries
        .iter()
        .map(|(key, text)| (key.clone(), node(Value::Text(text.clone()))));
    node(Value::Map(entries.collect()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use beckon_core::Contract;

    use super::*;

    fn deployment(name: &str) -> ImageDeployment {
        ImageDeployment {
            name: name.into(),
            image: format!("me/{name}:latest"),
            ..ImageDeployment::default()
        }
    }

    #[test]
    fn folders_are_known_by_what_is_in_them() {
        for (files, contract, kind) in [
            (&[("handler.js", "")][..], Contract::Openfaas, "nodejs:default"),
            (
                &[("Dockerfile", ""), ("index.js", ""), ("function/handler.js", "")],
                Contract::Openfaas,
                "nodejs:default",
            ),
            (
                &[("handler.py", "def handle(event, context):")],
                Contract::Openfaas,
                "python:default",
            ),
            (
                &[("handler.py", "def handle(req):")],
                Contract::OpenfaasFlask,
                "python:default",
            ),
            (&[("handler.go", "")], Contract::Openfaas, "go:default"),
            (&[("src/Handler.php", "")], Contract::Openfaas, "php:default"),
            (&[("handler.rb", "")], Contract::Openfaas, "ruby:default"),
            (
                &[("handler.sh", "")],
                Contract::WatchdogStreaming,
                "shell:default",
            ),
            (
                &[("Dockerfile", "ENV fprocess=\"cat\""), ("handler.js", "")],
                Contract::WatchdogClassic,
                "shell:default",
            ),
            (
                &[(
                    "Dockerfile",
                    "ENV fprocess=./run\nENV mode=http\nENV upstream_url=http://127.0.0.1:5000",
                )],
                Contract::WatchdogHttp,
                "shell:default",
            ),
            (
                &[
                    (
                        "stack.yaml",
                        "provider: {name: openfaas}\nfunctions: {one: {lang: node20, handler: ./code, image: x}}",
                    ),
                    ("code/handler.js", ""),
                ],
                Contract::Openfaas,
                "nodejs:default",
            ),
        ] {
            let root = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = root.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            let planned = plan_image(&deployment("one"), Some(root.path())).unwrap();
            let function = planned.to_function().unwrap();
            assert_eq!(
                (function.contract, function.runtime.as_str()),
                (contract, kind),
                "{files:?}"
            );
        }
    }

    #[test]
    fn labels_annotations_and_variables_have_their_effect() {
        let mut deployment = deployment("one");
        deployment.process = Some("cat -n".into());
        deployment.env = vec![
            ("exec_timeout".into(), "5s".into()),
            ("API_TOKEN".into(), "${x}".into()),
            ("mode".into(), "serializing".into()),
        ];
        for (key, value) in [
            ("com.openfaas.scale.min", "2"),
            ("com.openfaas.scale.max", "9"),
            ("com.openfaas.scale.zero", "true"),
            ("com.openfaas.scale.zero-duration", "5m"),
            ("com.openfaas.scale.type", "capacity"),
            ("com.openfaas.scale.target", "10"),
        ] {
            deployment.labels.insert(key.into(), value.into());
        }
        deployment
            .annotations
            .insert("topic".into(), "cron-function".into());
        deployment
            .annotations
            .insert("schedule".into(), "*/5 * * * *".into());
        deployment.memory = Some("128Mi".into());
        let planned = plan_image(&deployment, None).unwrap();
        let function = planned.to_function().unwrap();
        assert_eq!(function.contract, Contract::WatchdogSerializing);
        assert_eq!(function.env, [("API_TOKEN".to_owned(), "${x}".to_owned())]);
        assert_eq!(function.settings.watchdog.process.as_deref(), Some("cat -n"));
        assert_eq!(function.settings.watchdog.exec_timeout_ms, Some(5000));
        assert_eq!((function.limits.concurrency, function.limits.memory_mb), (9, 128));
        let settings = &function.settings;
        assert_eq!(
            (
                settings.min_workers,
                settings.idle_timeout_s,
                settings.runs_per_worker
            ),
            (0, Some(300), 10)
        );
        let scaling = settings.scaling.as_ref().unwrap();
        assert_eq!(
            (&scaling.by, scaling.target, scaling.proportion, scaling.least),
            (&beckon_core::ScalingLoad::Capacity, 10, 90, 2)
        );
        assert_eq!(planned.schedules[0].expression, "*/5 * * * *");
        assert!(function.annotations.is_empty());

        deployment.process = None;
        assert!(plan_image(&deployment, None).is_err());
    }
}
