//! Fn Project: `func.yaml` (<https://github.com/fnproject/docs/blob/master/fn/develop/func-file.md>), and `app.yaml` with
//! a folder for each function.

use std::fs;
use std::path::{Path, PathBuf};

use beckon_core::{Contract, Limits, Result, Runtime};

use super::fields::{Fields, is_variable, secret};
use super::{PlannedFunction, Project, ProjectKind, below, read_text};
use crate::source::substitute::Substitution;
use crate::source::yaml::{self, Node};

/// How deep functions may be below `app.yaml`.
const DEPTH: usize = 3;

pub(super) fn read(file: &Path, root: &Path, text: &str) -> Result<Project> {
    let is_app = file.file_stem().is_some_and(|stem| stem == "app");
    let mut project = Project {
        kind: ProjectKind::Fn,
        file: file.display().to_string(),
        functions: Vec::new(),
        problems: Vec::new(),
    };
    if !is_app {
        let app = ["app.yaml", "app.yml"]
            .iter()
            .map(|name| root.join(name))
            .find(|app| app.is_file());
        let app = app.map(|app| read_text(&app).and_then(|text| yaml::parse(&text, "app.yaml")));
        let app = app.transpose()?;
        project
            .functions
            .push(function(root, text, "func.yaml", app.as_ref())?);
        return Ok(project);
    }
    let app = yaml::parse(text, "app.yaml")?;
    let mut files = Vec::new();
    find(root, DEPTH, &mut files);
    for file in files {
        let folder = file.parent().unwrap_or(root);
        let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let planned = read_text(&file).and_then(|text| function(folder, &text, &shown, Some(&app)));
        match planned {
            Ok(planned) => project.functions.push(planned),
            Err(error) => project.problems.push(super::Problem {
                severity: super::Severity::Error,
                field: shown,
                line: None,
                message: error.message,
            }),
        }
    }
    if project.functions.is_empty() && project.problems.is_empty() {
        project.problems.push(super::Problem {
            severity: super::Severity::Error,
            field: "app.yaml".into(),
            line: None,
            message: "There is no func.yaml in this folder, and none in the folders in it.".into(),
        });
    }
    Ok(project)
}

/// The `func.yaml` files from a folder down, in order.
fn find(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) {
    let file = ["func.yaml", "func.yml"]
        .iter()
        .map(|name| folder.join(name))
        .find(|file| file.is_file());
    if let Some(file) = file {
        into.push(file);
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy())
                .unwrap_or_default();
            !name.starts_with('.') && name != "node_modules"
        })
        .collect();
    folders.sort();
    for folder in folders {
        find(&folder, depth, into);
    }
}

fn function(folder: &Path, text: &str, shown: &str, app: Option<&Node>) -> Result<PlannedFunction> {
    let tree = yaml::parse(text, shown)?;
    // Fn's files have no `${…}`.
    let substitution = Substitution::new("", &|_| None);
    let fields = &mut Fields::new(&substitution, "the environment");
    let base = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut planned = PlannedFunction::new(&base, &below(folder, "."), Contract::Fn);
    // Fn's own defaults (fnproject/fn, api/models/fn.go).
    planned.limits = Limits {
        timeout_ms: 30_000,
        memory_mb: 128,
        ..Limits::DEFAULT
    };
    if let Some(app) = app {
        for (key, node) in fields.map("app.yaml", app) {
            match key.as_str() {
                "config" => fields.environment("config", node, &mut planned),
                "name" => {}
                _ => fields.say(&key, None, format!("'{key}' in app.yaml has no effect here.")),
            }
        }
    }
    let mut expected = Vec::new();
    for (key, node) in fields.map(shown, &tree) {
        field(fields, &key, node, &mut planned, &mut expected);
    }
    if planned.runtime.is_none() && !tree_has(&tree, "runtime") {
        fields.error("runtime", None, "func.yaml names no runtime.");
    }
    for (name, required) in expected {
        let known = planned.env.iter().any(|(other, _)| *other == name)
            || planned.secrets.iter().any(|other| other.name == name);
        if !known && is_variable(&name) {
            if required {
                fields.warn(
                    "expects.config",
                    None,
                    format!("Set the secret {name} after the deploy."),
                );
            }
            planned.secrets.push(secret(name, "expects", None));
        }
    }
    Ok(planned.finish(fields, shown))
}

fn tree_has(tree: &Node, key: &str) -> bool {
    matches!(&tree.value, yaml::Value::Map(entries) if entries.iter().any(|(name, _)| name == key))
}

fn field(
    fields: &mut Fields<'_>,
    key: &str,
    node: &Node,
    planned: &mut PlannedFunction,
    expected: &mut Vec<(String, bool)>,
) {
    match key {
        // `image/path:tag` was allowed before schema 20180708.
        "name" => {
            let name = fields.text(key, node).unwrap_or_default();
            let name = name.rsplit('/').next().unwrap_or_default();
            let name = name.split(':').next().unwrap_or_default();
            if !name.is_empty() {
                name.clone_into(&mut planned.name);
            }
        }
        "runtime" => runtime(fields, node, planned),
        "entrypoint" => {
            let text = fields.text(key, node).unwrap_or_default();
            planned.main = entry(&text);
        }
        "memory" => {
            if let Some(mb) = fields.number(key, node) {
                fields.memory(key, Some(node), mb, &mut planned.limits);
            }
        }
        "timeout" => {
            if let Some(seconds) = fields.number(key, node) {
                fields.timeout(key, Some(node), seconds * 1000.0, &mut planned.limits);
            }
        }
        "idle_timeout" => {
            if let Some(seconds) = fields.number(key, node) {
                planned.settings.idle_timeout_s =
                    Some(fields.within(key, Some(node), seconds, 1.0, 3600.0, "s"));
            }
        }
        "config" => fields.environment(key, node, planned),
        "annotations" => {
            let mut annotations = std::mem::take(&mut planned.annotations);
            fields.named(key, node, &mut annotations);
            planned.annotations = annotations;
        }
        "expects" => {
            for (part, node) in fields.map(key, node) {
                if part != "config" {
                    continue;
                }
                for item in fields.list(node).to_vec() {
                    let mut expectation = (String::new(), false);
                    for (name, node) in fields.map("expects.config", &item) {
                        match name.as_str() {
                            "name" => expectation.0 = fields.text("name", node).unwrap_or_default(),
                            "required" => expectation.1 = fields.flag("required", node).unwrap_or_default(),
                            _ => {}
                        }
                    }
                    expected.push(expectation);
                }
            }
        }
        "triggers" => {
            for item in fields.list(node).to_vec() {
                let entries = fields.map(key, &item);
                let source = entries.iter().find(|(name, _)| name == "source");
                let source = source
                    .and_then(|(_, node)| fields.text("source", node))
                    .unwrap_or_default();
                let text =
                    format!("The HTTP trigger '{source}' is not made: call the function by its own URL.");
                fields.warn(key, Some(&item), text);
            }
        }
        // Of the image that Fn would build, or of the file itself.
        "schema_version" | "version" | "build_image" | "run_image" | "cmd" | "build" | "content_type"
        | "type" | "format" | "headers" => {}
        _ => fields.say(key, Some(node), format!("'{key}' has no effect here.")),
    }
}

fn runtime(fields: &mut Fields<'_>, node: &Node, planned: &mut PlannedFunction) {
    let text = fields.text("runtime", node).unwrap_or_default();
    let family = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let known = match family {
        "node" => "nodejs:default",
        "python" => "python:default",
        "docker" => "shell:default",
        _ => {
            let text = format!("Beckon has no runtime for Fn functions in '{text}': Node and Python it has.");
            return fields.error("runtime", Some(node), text);
        }
    };
    if known == "shell:default" {
        fields.warn(
            "runtime",
            Some(node),
            "The Dockerfile is not built: the folder must have an executable 'exec'.",
        );
    }
    if family.len() < text.len() {
        fields.say(
            "runtime",
            Some(node),
            format!("'{text}' runs on the version that this machine has."),
        );
    }
    planned.runtime = Runtime::new(known).ok();
}

/// The entry point out of the command line that starts an FDK: `/python/bin/fdk /function/func.py handler`,
/// `node func.js`. `None` for the usual one.
fn entry(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let file = words
        .iter()
        .rposition(|word| word.ends_with(".py") || word.ends_with(".js"))?;
    let name = words[file].rsplit('/').next()?;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let handler = words.get(file + 1).copied().unwrap_or("handler");
    let entry = format!("{stem}.{handler}");
    (entry != Contract::Fn.default_entry()).then_some(entry)
}
