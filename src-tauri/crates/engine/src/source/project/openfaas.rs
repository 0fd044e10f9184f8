//! OpenFaaS: `stack.yaml` (<https://docs.openfaas.com/reference/yaml/>).
//!
//! The templates' watchdog is played by Beckon: `mode`, `fprocess` and the timeouts leave the environment for the
//! function's settings. A template that Beckon does not know runs as its own process, when `faas-cli build --shrinkwrap`
//! has left `build/<name>` with everything in it.

use std::path::Path;

use beckon_core::{Contract, Result, Runtime};
use serde_json::Value as Json;

use super::fields::{Fields, is_variable, secret, set_named};
use super::scaling::{self, Labels};
use super::{PlannedFunction, PlannedSchedule, Project, ProjectKind, below, read_text};
use crate::deadline::go_duration_ms;
use crate::source::substitute::{Lookup, Substitution};
use crate::source::yaml::{self, Node};

pub(super) fn read(file: &Path, root: &Path, text: &str, lookup: Lookup<'_>) -> Result<Project> {
    let shown = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let substitution = Substitution::new(text, lookup);
    let tree = yaml::parse(&substitution.text, &shown)?;
    let mut fields = Fields::new(&substitution, "the environment");
    let mut functions = Vec::new();
    let mut has_functions = false;
    for (key, node) in fields.map(&shown, &tree) {
        match key.as_str() {
            "functions" => {
                has_functions = true;
                for (name, node) in fields.map("functions", node) {
                    let mut own = Fields::new(&substitution, "the environment");
                    functions.push(function(&mut own, root, &name, node));
                }
            }
            "provider" => {
                for (part, node) in fields.map("provider", node) {
                    // `faas` is its name before 2019.
                    if part == "name"
                        && let Some(name) = fields.text("provider.name", node)
                        && !matches!(name.as_str(), "openfaas" | "faas" | "")
                    {
                        let text = format!("The provider must be openfaas, not '{name}'.");
                        fields.error("provider.name", Some(node), text);
                    }
                }
            }
            "version" | "configuration" => {}
            _ => fields.say(&key, Some(node), format!("'{key}' has no effect here.")),
        }
    }
    if !has_functions {
        fields.error(
            "functions",
            None,
            "The file has no functions: is it a stack file of OpenFaaS?",
        );
    }
    Ok(Project {
        kind: ProjectKind::Openfaas,
        file: file.display().to_string(),
        functions,
        problems: fields.take_problems(),
    })
}

/// What decides the runtime, once all fields are read.
#[derive(Default)]
pub(super) struct Build {
    pub(super) lang: String,
    pub(super) handler: Option<String>,
    pub(super) process: Option<String>,
    pub(super) mode: Option<String>,
}

fn function(fields: &mut Fields<'_>, root: &Path, name: &str, node: &Node) -> PlannedFunction {
    let path = format!("functions.{name}");
    let mut planned = PlannedFunction::new(name, root, Contract::Openfaas);
    let mut build = Build::default();
    let (mut inline, mut lang_node) = (None, None);
    for (key, node) in fields.map(&path, node) {
        let at = format!("{path}.{key}");
        match key.as_str() {
            "lang" => {
                build.lang = fields.text(&at, node).unwrap_or_default();
                lang_node = Some(node);
            }
            "handler" => build.handler = fields.text(&at, node),
            "fprocess" => build.process = fields.text(&at, node).filter(|text| !text.is_empty()),
            "image" => {
                if let Some(image) = fields.text(&at, node) {
                    set_named(&mut planned.annotations, "image", &Json::String(image));
                }
            }
            "namespace" => planned.namespace = fields.text(&at, node).filter(|text| !text.is_empty()),
            "environment" => inline = Some((at, node)),
            "environment_file" => {}
            "secrets" => secrets(fields, &at, node, &mut planned),
            "labels" => labels(fields, &at, node, &mut planned),
            "annotations" => annotations(fields, &at, node, name, &mut planned),
            "limits" => limits(fields, &at, node, &mut planned),
            "readonly_root_filesystem" => {
                fields.say(
                    &at,
                    Some(node),
                    "A function can write to its scratch folder alone, always.",
                );
            }
            "constraints" | "requests" => fields.say(&at, Some(node), format!("'{key}' has no effect here.")),
            // Of the image that faas-cli would build.
            "skip_build" | "build_options" | "build_args" | "build_secrets" | "platforms" | "publish" => {}
            _ => fields.say(&at, Some(node), format!("'{key}' has no effect here.")),
        }
    }
    if let Some((at, node)) = inline {
        fields.environment(&at, node, &mut planned);
    }
    // "environment_file: later file wins, overrides inline".
    for (key, node) in fields.map(&path, node) {
        if key == "environment_file" {
            environment_files(fields, root, &format!("{path}.{key}"), node, &mut planned);
        }
    }
    watchdog(fields, &path, &mut planned, &mut build);
    runtime(fields, root, &path, lang_node, &mut planned, build);
    planned.finish(fields, &path)
}

fn environment_files(
    fields: &mut Fields<'_>,
    root: &Path,
    at: &str,
    node: &Node,
    planned: &mut PlannedFunction,
) {
    for item in fields.list(node) {
        let Some(name) = fields.text(at, item) else {
            continue;
        };
        let read = read_text(&below(root, &name)).and_then(|text| yaml::parse(&text, &name));
        let tree = match read {
            Ok(tree) => tree,
            Err(error) => {
                fields.error(at, Some(item), format!("{name}: {}", error.message));
                continue;
            }
        };
        for (key, node) in fields.map(&name, &tree) {
            if key == "environment" {
                fields.environment(&format!("{name}.environment"), node, planned);
            }
        }
    }
}

/// A secret of OpenFaaS is a file, `/var/openfaas/secrets/<name>`; here it is an environment variable.
fn secrets(fields: &mut Fields<'_>, at: &str, node: &Node, planned: &mut PlannedFunction) {
    for item in fields.list(node) {
        let Some(name) = fields.text(at, item).filter(|name| !name.is_empty()) else {
            continue;
        };
        let variable: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        if !is_variable(&variable) {
            fields.error(
                at,
                Some(item),
                format!("'{name}' cannot be the name of an environment variable."),
            );
            continue;
        }
        let text =
            format!("Set the secret {variable} after the deploy; the function finds it in its environment.");
        fields.warn(at, Some(item), text);
        planned.secrets.push(secret(variable, "secrets", None));
    }
}

pub(super) fn labels(fields: &mut Fields<'_>, at: &str, node: &Node, planned: &mut PlannedFunction) {
    let mut kept = serde_json::Map::new();
    let mut scale = Labels::new();
    for (key, node) in fields.map(at, node) {
        let place = format!("{at}.{key}");
        let aspect = key.strip_prefix(scaling::PREFIX);
        match aspect {
            Some(bound @ ("min" | "max")) => {
                if let Some(count) = fields.number(&place, node) {
                    let least = if bound == "min" { 0.0 } else { 1.0 };
                    let count = fields.within(&place, Some(node), count, least, 64.0, "workers");
                    match bound {
                        "min" => planned.settings.min_workers = count,
                        _ => planned.limits.concurrency = count,
                    }
                    scale.insert(bound.to_owned(), (count.to_string(), node));
                }
            }
            _ => match fields.json(&place, node) {
                Some(value) => {
                    if let Some(aspect) = aspect
                        && let Some(text) = fields.text(&place, node)
                    {
                        scale.insert(aspect.to_owned(), (text, node));
                    }
                    kept.insert(key, value);
                }
                None => fields.warn(
                    &place,
                    Some(node),
                    format!("'{key}' is left out: its value comes from the environment."),
                ),
            },
        }
    }
    scaling::scaling(fields, at, &scale, planned);
    if !kept.is_empty() {
        set_named(&mut planned.annotations, "labels", &Json::Object(kept));
    }
}

pub(super) fn annotations(
    fields: &mut Fields<'_>,
    at: &str,
    node: &Node,
    name: &str,
    planned: &mut PlannedFunction,
) {
    let (mut topic, mut schedule) = (None, None);
    for (key, node) in fields.map(at, node) {
        let place = format!("{at}.{key}");
        let retry = &mut planned.settings.retry;
        match key.as_str() {
            "topic" => topic = fields.text(&place, node).map(|text| (text, node)),
            "schedule" => schedule = fields.text(&place, node).map(|text| (text, node)),
            "com.openfaas.retry.attempts" => {
                if let Some(count) = fields.number(&place, node) {
                    retry.attempts = fields.within(&place, Some(node), count, 1.0, 100.0, "attempts");
                }
            }
            "com.openfaas.retry.codes" => {
                if let Some(codes) = fields.text(&place, node) {
                    retry.codes = codes
                        .split(',')
                        .filter_map(|code| code.trim().parse().ok())
                        .collect();
                }
            }
            "com.openfaas.retry.min_wait" | "com.openfaas.retry.max_wait" => {
                if let Some(ms) = fields.text(&place, node).as_deref().and_then(duration_ms) {
                    let seconds = fields.within(&place, Some(node), ms / 1000.0, 0.0, 86_400.0, "s");
                    match key.ends_with("min_wait") {
                        true => retry.min_wait_s = seconds,
                        false => retry.max_wait_s = seconds,
                    }
                }
            }
            _ => match fields.json(&place, node) {
                Some(value) => set_named(&mut planned.annotations, &key, &value),
                None => fields.warn(
                    &place,
                    Some(node),
                    format!("'{key}' is left out: its value comes from the environment."),
                ),
            },
        }
    }
    match (topic, schedule) {
        // The cron connector's contract (https://docs.openfaas.com/reference/cron/).
        (Some((topic, _)), Some((expression, _))) if topic == "cron-function" => {
            planned.schedules.push(PlannedSchedule {
                name: name.to_owned(),
                expression,
                arguments: beckon_core::JsonText::from_value(&Json::Object(serde_json::Map::new())),
                enabled: true,
            });
        }
        (Some((topic, node)), None) if topic == "cron-function" => {
            fields.error(
                at,
                Some(node),
                "The topic is cron-function, and there is no schedule.",
            );
        }
        (Some((topic, node)), _) => {
            let text = format!("The topic '{topic}' is not connected: add a trigger to the function for it.");
            fields.warn(at, Some(node), text);
        }
        (None, Some((_, node))) => {
            fields.warn(
                at,
                Some(node),
                "A schedule needs the annotation 'topic: cron-function'; it is not made.",
            );
        }
        (None, None) => {}
    }
}

pub(super) fn limits(fields: &mut Fields<'_>, at: &str, node: &Node, planned: &mut PlannedFunction) {
    for (key, node) in fields.map(at, node) {
        let place = format!("{at}.{key}");
        match key.as_str() {
            "memory" => {
                let Some(text) = fields.text(&place, node) else {
                    continue;
                };
                match quantity_mb(&text) {
                    Some(mb) => fields.memory(&place, Some(node), mb, &mut planned.limits),
                    None => fields.error(
                        &place,
                        Some(node),
                        format!("'{text}' is not an amount of memory like 128Mi."),
                    ),
                }
            }
            "cpu" => fields.say(&place, Some(node), "The processor is not limited here."),
            _ => fields.say(&place, Some(node), format!("'{key}' has no effect here.")),
        }
    }
}

/// Takes the watchdog's own variables out of the environment
/// (<https://github.com/openfaas/of-watchdog#environmental-variables>).
pub(super) fn watchdog(
    fields: &mut Fields<'_>,
    path: &str,
    planned: &mut PlannedFunction,
    build: &mut Build,
) {
    let mut kept = Vec::new();
    for (name, value) in std::mem::take(&mut planned.env) {
        let at = format!("{path}.environment.{name}");
        let settings = &mut planned.settings.watchdog;
        let time = |fields: &mut Fields<'_>| {
            let ms = duration_ms(&value);
            if ms.is_none() {
                fields.error(&at, None, format!("'{value}' is not a time like 10s."));
            }
            ms.map(|ms| fields.within(&at, None, ms, 0.0, 3_600_000.0, "ms"))
        };
        match name.as_str() {
            "read_timeout" => settings.read_timeout_ms = time(fields),
            "write_timeout" => settings.write_timeout_ms = time(fields),
            "exec_timeout" => settings.exec_timeout_ms = time(fields),
            "max_inflight" => match value.trim().parse() {
                Ok(most) => settings.max_inflight = most,
                Err(_) => fields.error(&at, None, format!("'{value}' is not a number of requests.")),
            },
            "content_type" => settings.content_type = Some(value),
            "combine_output" => settings.combine_output = Some(value.trim() != "false"),
            "upstream_url" => {
                settings.port = value
                    .rsplit(':')
                    .next()
                    .and_then(|port| port.trim_end_matches('/').parse().ok());
            }
            "mode" => build.mode = Some(value),
            "fprocess" | "function_process" => {
                build.process.get_or_insert(value);
            }
            _ => kept.push((name, value)),
        }
    }
    planned.env = kept;
    // The watchdog's own limit holds as it is; the function's must not be in its way, nor be all that its start has.
    if let Some(ms) = planned.settings.watchdog.exec_timeout_ms
        && ms > planned.limits.timeout_ms
    {
        let mut limits = planned.limits;
        let place = format!("{path}.environment.exec_timeout");
        fields.timeout(&place, None, f64::from(ms), &mut limits);
        planned.limits = limits;
    }
}

pub(super) fn runtime(
    fields: &mut Fields<'_>,
    root: &Path,
    path: &str,
    lang_node: Option<&Node>,
    planned: &mut PlannedFunction,
    build: Build,
) {
    let at = format!("{path}.lang");
    let handler = build.handler.as_deref().map(|handler| below(root, handler));
    if let Some(handler) = &handler {
        planned.folder = handler.display().to_string();
    } else {
        fields.error(
            &format!("{path}.handler"),
            lang_node,
            "The function has no handler folder.",
        );
    }
    let lang = build.lang.trim().to_ascii_lowercase();
    let family = lang.trim_start_matches("arm64-").trim_start_matches("armhf-");
    let (kind, contract) = if family.starts_with("node") {
        ("nodejs:default", Contract::Openfaas)
    } else if family.starts_with("python3-http") {
        ("python:default", Contract::Openfaas)
    } else if family.starts_with("python3") {
        // python3-flask, and python3 of the classic watchdog: `handle(req)` either way.
        ("python:default", Contract::OpenfaasFlask)
    } else if family.starts_with("golang") {
        ("go:default", Contract::Openfaas)
    } else if family.starts_with("php") {
        ("php:default", Contract::Openfaas)
    } else if family.starts_with("ruby") {
        ("ruby:default", Contract::Openfaas)
    } else {
        return own_process(fields, root, path, lang_node, planned, build);
    };
    let numbers: String = family.chars().filter(char::is_ascii_digit).collect();
    if kind == "nodejs:default" && !numbers.is_empty() {
        fields.say(
            &at,
            lang_node,
            format!("'{lang}' runs on the Node.js that this machine has."),
        );
    }
    if family == "golang-http" {
        fields.warn(
            &at,
            lang_node,
            "Beckon compiles handlers of golang-middleware: Handle(w, r).",
        );
    }
    if let Some(process) = build.process {
        let text = format!("'{process}' is not run: Beckon calls the handler itself.");
        fields.warn(&format!("{path}.fprocess"), lang_node, text);
    }
    planned.contract = contract;
    planned.runtime = Runtime::new(kind).ok();
}

/// What a `Dockerfile` or a template says about how it is run.
pub(super) fn own_process(
    fields: &mut Fields<'_>,
    root: &Path,
    path: &str,
    lang_node: Option<&Node>,
    planned: &mut PlannedFunction,
    mut build: Build,
) {
    let at = format!("{path}.lang");
    let shrinkwrapped = root.join("build").join(&planned.name);
    let is_plain = !planned.name.contains(['/', '\\']) && planned.name != "..";
    if is_plain && shrinkwrapped.is_dir() && build.lang != "dockerfile" {
        planned.folder = shrinkwrapped.display().to_string();
        let text = format!(
            "Runs what faas-cli left in build/{}; build it again after a change.",
            planned.name
        );
        fields.say(&at, lang_node, text);
    } else if build.lang == "bash-streaming" {
        build.process.get_or_insert_with(|| "sh ./handler.sh".into());
    } else if !matches!(build.lang.to_ascii_lowercase().as_str(), "dockerfile" | "") {
        let text = format!(
            "Beckon does not know the template '{}'. Run `faas-cli build --shrinkwrap`, and it runs what is in build/{}.",
            build.lang, planned.name
        );
        return fields.error(&at, lang_node, text);
    }
    if build.lang == "bash-streaming" {
        build.mode.get_or_insert_with(|| "streaming".into());
    }
    let dockerfile = read_text(&Path::new(&planned.folder).join("Dockerfile")).unwrap_or_default();
    for (name, value) in docker_env(&dockerfile) {
        match name.as_str() {
            "fprocess" | "function_process" => drop(build.process.get_or_insert(value)),
            "mode" => drop(build.mode.get_or_insert(value)),
            "upstream_url" if planned.settings.watchdog.port.is_none() => {
                planned.settings.watchdog.port = value
                    .rsplit(':')
                    .next()
                    .and_then(|port| port.trim_end_matches('/').parse().ok());
            }
            _ => {}
        }
    }
    planned.contract = match build.mode.as_deref() {
        Some("http") => Contract::WatchdogHttp,
        // of-watchdog knows no other default, and calls it so.
        Some("streaming") => Contract::WatchdogStreaming,
        Some("serializing") => Contract::WatchdogSerializing,
        Some("static" | "inproc") => {
            let text = "Beckon does not play this mode of the watchdog.";
            return fields.error(&format!("{path}.environment.mode"), lang_node, text);
        }
        Some(_) | None => Contract::WatchdogClassic,
    };
    if build.process.is_none() {
        let text =
            "Nothing says which process to run: give fprocess in the file, or in the Dockerfile with ENV.";
        return fields.error(&format!("{path}.fprocess"), lang_node, text);
    }
    if build.lang.eq_ignore_ascii_case("dockerfile") {
        fields.say(
            &at,
            lang_node,
            "No image is built: the process runs on this machine, in the function's folder.",
        );
    }
    planned.settings.watchdog.process = build.process;
    planned.runtime = Runtime::new("shell:default").ok();
}

/// The `ENV` lines of a Dockerfile: `ENV name=value`, `ENV name="value"`, `ENV name value`.
fn docker_env(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("ENV "))
        .filter_map(|rest| rest.trim().split_once(['=', ' ']))
        .map(|(name, value)| {
            (
                name.trim().to_owned(),
                value.trim().trim_matches(['"', '\'']).to_owned(),
            )
        })
        .collect()
}

/// A duration of Go (`1m30s`, `500ms`), or seconds as a number, in milliseconds.
pub(super) fn duration_ms(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0).then_some(seconds * 1000.0);
    }
    go_duration_ms(text)
}

/// A quantity of Kubernetes (`128Mi`, `1Gi`, `256M`), Docker's `128m`, or bytes, in MB.
fn quantity_mb(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let mib = 1024.0 * 1024.0;
    Some(match &text[digits..] {
        "" => number / mib,
        "k" | "K" | "Ki" => number / 1024.0,
        "m" | "M" | "Mi" | "MB" => number,
        "g" | "G" | "Gi" | "GB" => number * 1024.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_their_tools_read_them() {
        for (text, ms) in [
            ("10s", 10_000.0),
            ("1m30s", 90_000.0),
            ("500ms", 500.0),
            ("30", 30_000.0),
            ("0", 0.0),
            ("1.5h", 5_400_000.0),
        ] {
            assert_eq!(duration_ms(text), Some(ms), "{text}");
        }
        for bad in ["", "10x", "s", "-1", "1 m", "NaN"] {
            assert_eq!(duration_ms(bad), None, "{bad}");
        }
        for (text, mb) in [
            ("128Mi", 128.0),
            ("1Gi", 1024.0),
            ("134217728", 128.0),
            ("40m", 40.0),
        ] {
            assert_eq!(quantity_mb(text), Some(mb), "{text}");
        }
        assert_eq!(quantity_mb("lots"), None);
    }
}
