//! DigitalOcean Functions: `project.yml` and the folder `packages`
//! (<https://docs.digitalocean.com/products/functions/reference/project-configuration/>; which fields exist and what they
//! may hold is in the deployer, github.com/digitalocean/functions-deployer, `src/util.ts`).
//!
//! A function is what is in `packages/<package>`: a folder, or a file by itself. The project file adds to it; functions
//! that it does not mention are deployed as well, as web functions. The package `default` is no package.

use std::fs;
use std::path::{Path, PathBuf};

use beckon_core::{Contract, JsonText, Limits, NamedJson, Result, Runtime, WebExport};
use serde_json::Value as Json;

use super::fields::{Fields, set_named};
use super::{PlannedFunction, PlannedSchedule, Project, ProjectKind, read_text};
use crate::source::substitute::{self, Lookup, Substitution};
use crate::source::yaml::{self, Node};

/// DigitalOcean's own defaults: 3 s, 256 MB, 16 KB of logs.
const DEFAULTS: Limits = Limits {
    timeout_ms: 3000,
    memory_mb: 256,
    logs_kb: 16,
    ..Limits::DEFAULT
};

pub(super) fn read(file: &Path, root: &Path, text: &str, lookup: Lookup<'_>) -> Result<Project> {
    let dotenv = read_text(&root.join(".env"))
        .map(|text| substitute::dotenv(&text))
        .unwrap_or_default();
    let lookup = |name: &str| {
        let found = dotenv.iter().rev().find(|(other, _)| other == name);
        found.map(|(_, value)| value.clone()).or_else(|| lookup(name))
    };
    let substitution = Substitution::new(text, &lookup);
    let shown = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let tree = yaml::parse(&substitution.text, &shown)?;
    let mut reader = Reader {
        substitution: &substitution,
        top: Shared::default(),
        functions: Vec::new(),
        root,
    };
    let mut fields = Fields::new(&substitution, OUTSIDE);
    let mut packages = None;
    for (key, node) in fields.map(&shown, &tree) {
        match key.as_str() {
            "packages" => packages = Some(node),
            "environment" => reader.top.environment.push((key, node)),
            "parameters" => reader.top.parameters.push((key, node)),
            "targetNamespace" => {
                let name = fields.text(&key, node).filter(|name| !name.is_empty());
                reader.top.namespace = name;
            }
            _ => fields.say(&key, Some(node), format!("'{key}' has no effect here.")),
        }
    }
    for item in packages.map(|node| fields.list(node)).unwrap_or_default() {
        reader.package(&mut fields, item);
    }
    reader.unmentioned(&mut fields);
    super::sequences::arrange(&mut reader.functions);
    if root.join("lib").is_dir() {
        fields.warn("lib", None, "The folder lib is not built into the functions.");
    }
    if reader.functions.is_empty() {
        fields.error(
            "packages",
            None,
            "There are no functions: they are looked for in packages/<package>.",
        );
    }
    Ok(Project {
        kind: ProjectKind::DigitalOcean,
        file: file.display().to_string(),
        functions: reader.functions,
        problems: fields.take_problems(),
    })
}

const OUTSIDE: &str = ".env or the environment";

/// What a project and a package say for all of their functions.
#[derive(Default, Clone)]
struct Shared<'n> {
    namespace: Option<String>,
    environment: Vec<(String, &'n Node)>,
    parameters: Vec<(String, &'n Node)>,
    annotations: Vec<(String, &'n Node)>,
    web: Option<(String, &'n Node)>,
}

struct Reader<'a> {
    substitution: &'a Substitution,
    top: Shared<'a>,
    functions: Vec<PlannedFunction>,
    root: &'a Path,
}

impl<'a> Reader<'a> {
    fn package(&mut self, fields: &mut Fields<'a>, node: &'a Node) {
        let entries = fields.map("packages", node);
        let name = entries.iter().find(|(key, _)| key == "name");
        let name = name
            .and_then(|(_, node)| fields.text("packages.name", node))
            .unwrap_or_default();
        if name.is_empty() {
            return fields.error("packages", Some(node), "A package has no name.");
        }
        let path = format!("packages.{name}");
        let mut shared = self.top.clone();
        let mut functions = Vec::new();
        for (key, node) in entries {
            let at = format!("{path}.{key}");
            match key.as_str() {
                "name" => {}
                // The deployer's own name for them.
                "functions" | "actions" => functions.extend(fields.list(node)),
                "environment" => shared.environment.push((at, node)),
                "parameters" => shared.parameters.push((at, node)),
                "annotations" => shared.annotations.push((at, node)),
                "web" => shared.web = Some((at, node)),
                "shared" | "clean" => {}
                _ => fields.say(&at, Some(node), format!("'{key}' has no effect here.")),
            }
        }
        for node in functions {
            let mut own = Fields::new(self.substitution, OUTSIDE);
            let entries = own.map(&path, node);
            let simple = entries.iter().find(|(key, _)| key == "name");
            let simple = simple
                .and_then(|(_, node)| own.text(&path, node))
                .unwrap_or_default();
            if simple.is_empty() {
                fields.error(&path, Some(node), "A function has no name.");
                continue;
            }
            let planned = self.function(&mut own, &name, &simple, &shared, &entries, node);
            self.functions.push(planned);
        }
    }

    /// Functions that are on disk and not in the file.
    fn unmentioned(&mut self, fields: &mut Fields<'a>) {
        for package in entries(&self.root.join("packages")) {
            let Some(name) = package.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if !package.is_dir() {
                continue;
            }
            for path in entries(&package) {
                let simple = match path.is_dir() {
                    true => path.file_name().and_then(|name| name.to_str()),
                    false if language_of(&path).is_some() => path.file_stem().and_then(|name| name.to_str()),
                    false => None,
                };
                let Some(simple) = simple else { continue };
                let full = full_name(name, simple);
                if self.functions.iter().any(|function| function.name == full) {
                    continue;
                }
                let mut own = Fields::new(self.substitution, OUTSIDE);
                own.say(
                    &full,
                    None,
                    "The project file does not mention it; it is in the folder packages.",
                );
                let place = Node {
                    line: 0,
                    spelling: None,
                    value: yaml::Value::Null,
                };
                let shared = self.top.clone();
                let planned = self.function(&mut own, name, simple, &shared, &[], &place);
                if planned.runtime.is_some() {
                    self.functions.push(planned);
                } else {
                    fields.warn(
                        "packages",
                        None,
                        format!("{} is not a function that Beckon knows.", path.display()),
                    );
                }
            }
        }
    }

    fn function(
        &self,
        fields: &mut Fields<'_>,
        package: &str,
        simple: &str,
        shared: &Shared<'_>,
        entries: &[(String, &Node)],
        node: &Node,
    ) -> PlannedFunction {
        let full = full_name(package, simple);
        let path = format!("packages.{package}.functions.{simple}");
        let source = find_source(&self.root.join("packages").join(package), simple);
        let folder = source
            .clone()
            .unwrap_or_else(|| self.root.join("packages").join(package).join(simple));
        let mut planned = PlannedFunction::new(&full, &folder, Contract::Openwhisk);
        planned.namespace = shared.namespace.clone();
        planned.limits = DEFAULTS;
        planned.says_limits = false;
        planned.web = WebExport::Web;
        for (at, node) in &shared.environment {
            fields.environment(at, node, &mut planned);
        }
        let (mut parameters, mut annotations) = (Vec::new(), Vec::new());
        for (at, node) in &shared.parameters {
            fields.named(at, node, &mut parameters);
        }
        for (at, node) in &shared.annotations {
            fields.named(at, node, &mut annotations);
        }
        if let Some((at, node)) = &shared.web {
            planned.web = web(fields, at, node);
        }
        let (mut kind, mut sequence, mut unfit) = (None, None, Vec::new());
        for (key, node) in entries {
            let at = format!("{path}.{key}");
            if matches!(
                key.as_str(),
                "runtime" | "main" | "binary" | "docker" | "environment" | "parameters"
            ) && !matches!(node.value, yaml::Value::Null)
            {
                unfit.push(key.as_str());
            }
            match key.as_str() {
                "name" => {}
                "runtime" => {
                    kind = fields
                        .text(&at, node)
                        .filter(|kind| !kind.is_empty())
                        .map(|kind| (kind, *node));
                }
                "main" => planned.main = fields.text(&at, node).filter(|main| !main.is_empty()),
                "environment" => fields.environment(&at, node, &mut planned),
                "parameters" => fields.named(&at, node, &mut parameters),
                "annotations" => fields.named(&at, node, &mut annotations),
                "limits" => {
                    planned.says_limits = true;
                    limits(fields, &at, node, &mut planned.limits);
                }
                "web" => planned.web = web(fields, &at, node),
                "webSecure" => web_secure(fields, &at, node, &mut annotations),
                "triggers" => {
                    for item in fields.list(node) {
                        trigger(fields, &at, item, &mut planned);
                    }
                }
                "sequence" => {
                    let items = fields.list(node);
                    let names = items.iter().filter_map(|item| fields.text(&at, item));
                    planned.sequence = names.filter(|name| !name.is_empty()).collect();
                    sequence = Some((at, *node));
                }
                "docker" => fields.error(&at, Some(node), "Beckon does not run images."),
                // How the code is sent, which it is not.
                "binary" | "clean" | "remoteBuild" | "localBuild" => {}
                _ => fields.say(&at, Some(node), format!("'{key}' has no effect here.")),
            }
        }
        (planned.parameters, planned.annotations) = (parameters, annotations);
        if let Some((at, node)) = sequence {
            self.sequence(fields, &at, node, &mut planned, source.is_some(), &unfit);
            return planned.finish(fields, &path);
        }
        planned.runtime = match kind {
            Some((kind, node)) => runtime(fields, &path, &kind, node),
            None => source.as_deref().and_then(agree),
        };
        if planned.runtime.is_none() && source.is_some() {
            fields.error(
                &format!("{path}.runtime"),
                Some(node),
                "The files do not say which runtime it is; name one.",
            );
        }
        if ["build.sh", "build.cmd", ".build", ".include"]
            .iter()
            .any(|name| folder.join(name).exists())
        {
            fields.warn(&path, None, "Its build script and .include file are not used: run the build, and Beckon takes what is there.");
        }
        planned.finish(fields, &path)
    }

    /// Makes a sequence of it: it has no code, and OpenWhisk gives it neither parameters nor an environment.
    fn sequence(
        &self,
        fields: &mut Fields<'_>,
        at: &str,
        node: &Node,
        planned: &mut PlannedFunction,
        has_source: bool,
        unfit: &[&str],
    ) {
        planned.folder = self.root.display().to_string();
        planned.runtime = Some(Runtime::sequence());
        planned.main = None;
        planned.env.clear();
        planned.secrets.clear();
        planned.parameters.clear();
        if planned.sequence.is_empty() {
            fields.error(at, Some(node), "The sequence names no functions.");
        }
        if has_source {
            let text = "A function cannot be a sequence and have code in the folder packages.";
            fields.error(at, Some(node), text);
        }
        for key in unfit {
            match *key {
                "environment" | "parameters" => {
                    let text = format!("A sequence has no {key} of its own: its functions have theirs.");
                    fields.warn(at, Some(node), text);
                }
                _ => fields.error(at, Some(node), format!("A sequence has no '{key}'.")),
            }
        }
    }
}

fn full_name(package: &str, simple: &str) -> String {
    match package {
        "default" => simple.to_owned(),
        _ => format!("{package}/{simple}"),
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| !name.to_string_lossy().starts_with('.'))
        })
        .collect();
    found.sort();
    found
}

/// `packages/<package>/<name>`, or a file `<name>.<extension>` beside it.
fn find_source(package: &Path, simple: &str) -> Option<PathBuf> {
    let plain = !simple.contains(['/', '\\']) && simple != "..";
    let folder = package.join(simple);
    if plain && folder.is_dir() {
        return Some(folder);
    }
    entries(package).into_iter().find(|path| {
        path.is_file() && path.file_stem().is_some_and(|stem| stem == simple) && language_of(path).is_some()
    })
}

fn language_of(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()? {
        "js" | "mjs" | "cjs" => Some("nodejs"),
        "py" => Some("python"),
        "php" => Some("php"),
        "rb" => Some("ruby"),
        "go" => Some("go"),
        _ => None,
    }
}

/// The runtime that all files of a function agree on.
fn agree(source: &Path) -> Option<Runtime> {
    let files = if source.is_dir() {
        entries(source)
    } else {
        vec![source.to_owned()]
    };
    let mut families = files.iter().filter_map(|path| language_of(path));
    let family = families.next()?;
    families
        .all(|other| other == family)
        .then(|| Runtime::new(family).ok())?
}

fn runtime(fields: &mut Fields<'_>, path: &str, kind: &str, node: &Node) -> Option<Runtime> {
    let at = format!("{path}.runtime");
    let (family, version) = kind.split_once(':').unwrap_or((kind, "default"));
    match Runtime::new(family) {
        Ok(runtime) => {
            if version != "default" {
                fields.say(
                    &at,
                    Some(node),
                    format!("'{kind}' runs on the version that this machine has."),
                );
            }
            Some(runtime)
        }
        Err(error) => {
            fields.error(&at, Some(node), error.message);
            None
        }
    }
}

fn web(fields: &mut Fields<'_>, at: &str, node: &Node) -> WebExport {
    match fields.text(at, node).as_deref() {
        Some("true" | "yes") => WebExport::Web,
        Some("raw") => WebExport::Raw,
        Some("false" | "") | None => WebExport::Private,
        Some(other) => {
            let text = format!("'{at}' must be true, false or raw, not '{other}'.");
            fields.error(at, Some(node), text);
            WebExport::Private
        }
    }
}

/// `false`, `true` (the namespace's credentials), or a secret that callers send as `X-Require-Whisk-Auth`.
fn web_secure(fields: &mut Fields<'_>, at: &str, node: &Node, annotations: &mut Vec<NamedJson>) {
    match fields.json(at, node) {
        Some(Json::Bool(false) | Json::Null) => {}
        Some(Json::Bool(true)) => set_named(annotations, "require-whisk-auth", &Json::Bool(true)),
        // Annotations are readable: the secret that opens the function does not belong there. Closed is safer than open.
        _ => {
            set_named(annotations, "require-whisk-auth", &Json::Bool(true));
            let text = "Callers need a token of the namespace here: Beckon keeps no secret of a web function in plain text.";
            fields.warn(at, Some(node), text);
        }
    }
}

fn limits(fields: &mut Fields<'_>, at: &str, node: &Node, limits: &mut Limits) {
    for (key, node) in fields.map(at, node) {
        let place = format!("{at}.{key}");
        let Some(number) = fields.number(&place, node) else {
            continue;
        };
        match key.as_str() {
            "timeout" => fields.timeout(&place, Some(node), number, limits),
            "memory" => fields.memory(&place, Some(node), number, limits),
            "logs" => limits.logs_kb = fields.within(&place, Some(node), number, 0.0, 10_240.0, "KB"),
            _ => fields.say(&place, Some(node), format!("'{key}' has no effect here.")),
        }
    }
}

fn trigger(fields: &mut Fields<'_>, at: &str, item: &Node, planned: &mut PlannedFunction) {
    let mut schedule = PlannedSchedule {
        name: String::new(),
        expression: String::new(),
        arguments: JsonText::from_value(&Json::Object(serde_json::Map::new())),
        enabled: true,
    };
    for (key, node) in fields.map(at, item) {
        let place = format!("{at}.{key}");
        match key.as_str() {
            "name" => schedule.name = fields.text(&place, node).unwrap_or_default(),
            "sourceType" => {
                let kind = fields.text(&place, node).unwrap_or_default();
                if !kind.eq_ignore_ascii_case("scheduler") {
                    return fields.error(
                        &place,
                        Some(node),
                        format!("There are no triggers of the type '{kind}', only scheduler."),
                    );
                }
            }
            "enabled" => schedule.enabled = fields.flag(&place, node).unwrap_or(true),
            "overwrite" => {}
            "sourceDetails" => {
                for (part, node) in fields.map(&place, node) {
                    let place = format!("{place}.{part}");
                    match part.as_str() {
                        "cron" => schedule.expression = fields.text(&place, node).unwrap_or_default(),
                        "withBody" | "body" => match fields.json(&place, node) {
                            Some(body @ Json::Object(_)) => schedule.arguments = JsonText::from_value(&body),
                            Some(_) => fields.error(
                                &place,
                                Some(node),
                                "The body of a trigger must have names with values.",
                            ),
                            None => fields.warn(
                                &place,
                                Some(node),
                                format!("The body is left out: a value comes from {OUTSIDE}."),
                            ),
                        },
                        _ => fields.warn(&place, Some(node), format!("'{part}' is not supported.")),
                    }
                }
            }
            _ => fields.say(&place, Some(node), format!("'{key}' has no effect here.")),
        }
    }
    if schedule.expression.is_empty() {
        return fields.error(at, Some(item), "The trigger has no cron expression.");
    }
    if planned.web != WebExport::Private {
        fields.say(
            at,
            Some(item),
            "A scheduled function is private here: web functions cannot run asynchronously.",
        );
        planned.web = WebExport::Private;
    }
    planned.schedules.push(schedule);
}
