//! Project files, read from disk as plans.

use std::fs;
use std::path::Path;

use beckon_core::{Contract, ErrorCode, WebExport};
use beckon_engine::source::{PlannedFunction, Project, ProjectKind, Severity, read_project_with};
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read(folder: &Path) -> Project {
    read_project_with(folder, &|name| match name {
        "OPENFAAS_URL" => Some("http://127.0.0.1:8080".to_owned()),
        "DB_URL" => Some("postgres://u:hunter2@h/db".to_owned()),
        _ => None,
    })
    .unwrap()
}

fn function<'a>(project: &'a Project, name: &str) -> &'a PlannedFunction {
    let found = project.functions.iter().find(|function| function.name == name);
    found.unwrap_or_else(|| panic!("no {name}: {project:#?}"))
}

/// The problems of a function: severity, line, message.
fn problem<'a>(function: &'a PlannedFunction, text: &str) -> (Severity, Option<u32>, &'a str) {
    let found = function
        .problems
        .iter()
        .find(|problem| problem.message.contains(text));
    let found = found.unwrap_or_else(|| panic!("no '{text}': {:#?}", function.problems));
    (found.severity, found.line, &found.message)
}

fn env<'a>(function: &'a PlannedFunction, name: &str) -> Option<&'a str> {
    let found = function.env.iter().find(|(other, _)| other == name);
    found.map(|(_, value)| value.as_str())
}

const STACK: &str = r#"version: 1.0
provider:
  name: openfaas
  gateway: ${OPENFAAS_URL:-http://127.0.0.1:8080}
functions:
  resize:
    lang: node22
    handler: ./resize
    image: ${REGISTRY:-ghcr.io/acme}/resize:${TAG:-latest}
    environment:
      write_debug: true
      version: 1.10
      DATABASE_URL: ${DB_URL}
      API_TOKEN: abc123
      exec_timeout: 1m30s
      read_timeout: 10s
      max_inflight: 5
    environment_file:
      - env.yaml
    secrets:
      - api-key
    labels:
      com.openfaas.scale.min: 2
      com.openfaas.scale.max: 10
      team: images
    annotations:
      topic: cron-function
      schedule: "*/5 * * * *"
      com.openfaas.retry.attempts: "4"
    limits:
      memory: 128Mi
      cpu: 100m
  classify:
    lang: python3-http-debian
    handler: ./classify
  legacy:
    lang: python3-flask
    handler: ./legacy
    annotations: { topic: payments }
  router:
    lang: golang-middleware
    handler: ./router
  upper:
    lang: dockerfile
    handler: ./upper
    fprocess: tr a-z A-Z
  proxy:
    lang: Dockerfile
    handler: ./proxy
  lines:
    lang: bash-streaming
    handler: ./lines
  custom:
    lang: my-template
    handler: ./custom
  unbuilt:
    lang: java17
    handler: ./unbuilt
  lost:
    lang: node20
    handler: ./nowhere
"#;

fn stack() -> TempDir {
    folder(&[
        ("stack.yaml", STACK),
        (
            "env.yaml",
            "environment:\n  write_debug: false\n  EXTRA: \"007\"\n",
        ),
        (
            "resize/handler.js",
            "module.exports = async (event, context) => context.succeed('x')",
        ),
        ("classify/handler.py", ""),
        ("legacy/handler.py", ""),
        ("router/handler.go", ""),
        ("upper/Dockerfile", "FROM alpine\n"),
        (
            "proxy/Dockerfile",
            "FROM x\nENV fprocess=\"node index.js\"\nENV mode=\"http\"\nENV upstream_url=\"http://127.0.0.1:3000\"\n",
        ),
        ("lines/handler.sh", "cat"),
        ("custom/x", ""),
        (
            "build/custom/Dockerfile",
            "ENV fprocess=\"./main\"\nENV mode=serializing\n",
        ),
        ("unbuilt/x", ""),
    ])
}

#[test]
fn a_watchdogs_limits_are_its_own() {
    let folder = stack();
    let file = folder.path().join("stack.yaml");
    let text = STACK
        .replace("1m30s", "600ms")
        .replace("max_inflight: 5", "max_inflight: lots");
    fs::write(file, text).unwrap();
    let project = read(folder.path());
    let resize = function(&project, "resize");
    assert_eq!(resize.settings.watchdog.exec_timeout_ms, Some(600));
    // Which the start of its process may take longer than.
    assert_eq!(
        resize.limits.timeout_ms,
        beckon_core::Limits::default().timeout_ms
    );
    assert_eq!(problem(resize, "lots").0, Severity::Error);
}

#[test]
fn a_stack_file_is_read_with_everything_it_says() {
    let folder = stack();
    let project = read(folder.path());
    assert_eq!(project.kind, ProjectKind::Openfaas);
    assert!(project.problems.is_empty(), "{:#?}", project.problems);
    let resize = function(&project, "resize");
    assert!(resize.deployable, "{:#?}", resize.problems);
    assert_eq!(resize.contract, Contract::Openfaas);
    assert_eq!(resize.runtime.as_ref().unwrap().as_str(), "nodejs:default");
    assert_eq!(
        Path::new(&resize.folder),
        folder.path().canonicalize().unwrap().join("resize")
    );
    assert_eq!(env(resize, "version"), Some("1.10"));
    assert_eq!(env(resize, "write_debug"), Some("false"), "the file overrides");
    assert_eq!(env(resize, "EXTRA"), Some("007"));
    assert_eq!(env(resize, "exec_timeout"), None);
    let watchdog = &resize.settings.watchdog;
    assert_eq!(
        (watchdog.exec_timeout_ms, watchdog.read_timeout_ms),
        (Some(90_000), Some(10_000))
    );
    assert_eq!((watchdog.max_inflight, resize.limits.timeout_ms), (5, 90_000));
    assert_eq!((resize.limits.memory_mb, resize.limits.concurrency), (128, 10));
    assert_eq!(
        (resize.settings.min_workers, resize.settings.retry.attempts),
        (2, 4)
    );
    let image = resize.annotations.iter().find(|a| a.key == "image").unwrap();
    assert_eq!(image.value.as_str(), "\"ghcr.io/acme/resize:latest\"");
    assert_eq!(resize.schedules[0].expression, "*/5 * * * *");
}

#[test]
fn secrets_of_a_stack_file_are_names_in_the_plan() {
    let folder = stack();
    let project = read(folder.path());
    let resize = function(&project, "resize");
    let mut names: Vec<_> = resize
        .secrets
        .iter()
        .map(|secret| (secret.name.as_str(), secret.known))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [("API_TOKEN", true), ("DATABASE_URL", true), ("api_key", false)]
    );
    assert!(env(resize, "DATABASE_URL").is_none() && env(resize, "API_TOKEN").is_none());
    let value = resize
        .secrets
        .iter()
        .find(|secret| secret.name == "DATABASE_URL")
        .unwrap();
    assert_eq!(
        value.value.as_ref().unwrap().expose(),
        "postgres://u:hunter2@h/db"
    );
    let page = serde_json::to_string(&project).unwrap();
    assert!(!page.contains("hunter2") && !page.contains("abc123"), "{page}");
    assert!(!format!("{project:?}").contains("hunter2"));
    let new = resize.to_function().unwrap();
    assert!(!format!("{new:?}").contains("hunter2"));
    assert!(new.secret_names.contains(&"DATABASE_URL".to_owned()));
}

#[test]
fn templates_become_runtimes_and_contracts() {
    let folder = stack();
    let project = read(folder.path());
    for (name, kind, contract) in [
        ("classify", "python:default", Contract::Openfaas),
        ("legacy", "python:default", Contract::OpenfaasFlask),
        ("router", "go:default", Contract::Openfaas),
        ("upper", "shell:default", Contract::WatchdogClassic),
        ("proxy", "shell:default", Contract::WatchdogHttp),
        ("lines", "shell:default", Contract::WatchdogStreaming),
        ("custom", "shell:default", Contract::WatchdogSerializing),
    ] {
        let found = function(&project, name);
        assert!(found.deployable, "{name}: {:#?}", found.problems);
        assert_eq!(
            (found.runtime.as_ref().unwrap().as_str(), found.contract),
            (kind, contract),
            "{name}"
        );
    }
    let process = |name: &str| {
        function(&project, name)
            .settings
            .watchdog
            .process
            .clone()
            .unwrap()
    };
    assert_eq!(process("upper"), "tr a-z A-Z");
    assert_eq!(process("proxy"), "node index.js");
    assert_eq!(function(&project, "proxy").settings.watchdog.port, Some(3000));
    assert_eq!(process("custom"), "./main");
    assert!(function(&project, "custom").folder.ends_with("build/custom"));
}

#[test]
fn problems_have_their_line_and_stop_no_other_function() {
    let folder = stack();
    let project = read(folder.path());
    let (severity, line, _) = problem(
        function(&project, "unbuilt"),
        "does not know the template 'java17'",
    );
    let at = STACK.lines().position(|text| text.contains("java17")).unwrap() + 1;
    assert_eq!((severity, line), (Severity::Error, Some(at as u32)));
    assert!(!function(&project, "unbuilt").deployable);
    assert_eq!(
        problem(function(&project, "lost"), "There is no").0,
        Severity::Error
    );
    assert_eq!(
        problem(function(&project, "legacy"), "topic 'payments'").0,
        Severity::Warning
    );
    assert_eq!(
        function(&project, "lost").to_function().unwrap_err().code,
        ErrorCode::InvalidInput
    );
    assert!(function(&project, "resize").deployable);
}

#[test]
fn a_digitalocean_project_is_its_file_and_its_folders() {
    let file = r#"environment:
  STAGE: dev
  SHARED_KEY: "${SHARED}"
parameters:
  greeting: hi
  leaked: "${DB_PASSWORD}"
packages:
  - name: sample
    environment:
      STAGE: prod
    functions:
      - name: hello
        runtime: nodejs:18
        main: handler
        web: raw
        environment:
          DB: "${DB_PASSWORD}"
          UNSET: "${NOWHERE}"
        parameters:
          list: [1, two]
        limits:
          timeout: 5000
          memory: 512
          logs: 1
      - name: tick
        runtime: python:default
        triggers:
          - name: every-minute
            sourceType: scheduler
            enabled: false
            sourceDetails:
              cron: "* * * * *"
              withBody: { name: Ada }
      - name: chain
        sequence: [sample/hello]
  - name: default
    actions:
      - name: plain
        web: false
"#;
    let folder = folder(&[
        ("project.yml", file),
        (".env", "DB_PASSWORD=hunter2\nSHARED='a b'\n"),
        ("packages/sample/hello/index.js", "exports.handler = () => ({})"),
        ("packages/sample/tick/__main__.py", "def main(args): return args"),
        ("packages/default/plain.js", "function main() { return {} }"),
        ("packages/other/found/index.php", ""),
        ("packages/other/notes.txt", ""),
        ("lib/x.js", ""),
    ]);
    let project = read(folder.path());
    assert_eq!(project.kind, ProjectKind::DigitalOcean);
    let hello = function(&project, "sample/hello");
    assert!(hello.deployable, "{:#?}", hello.problems);
    assert_eq!((hello.contract, hello.web), (Contract::Openwhisk, WebExport::Raw));
    assert_eq!(
        (hello.main.as_deref(), env(hello, "STAGE")),
        (Some("handler"), Some("prod"))
    );
    assert_eq!(
        (
            hello.limits.timeout_ms,
            hello.limits.memory_mb,
            hello.limits.logs_kb
        ),
        (5000, 512, 1)
    );
    let parameters: Vec<_> = hello
        .parameters
        .iter()
        .map(|p| (p.key.as_str(), p.value.as_str()))
        .collect();
    assert_eq!(parameters, [("greeting", "\"hi\""), ("list", "[1,\"two\"]")]);
    assert_eq!(problem(hello, "'leaked' is left out").0, Severity::Warning);
    let mut secrets: Vec<_> = hello.secrets.iter().map(|s| (s.name.as_str(), s.known)).collect();
    secrets.sort_unstable();
    assert_eq!(secrets, [("DB", true), ("SHARED_KEY", true), ("UNSET", false)]);
    assert!(!serde_json::to_string(&project).unwrap().contains("hunter2"));

    let tick = function(&project, "sample/tick");
    assert_eq!(
        (tick.schedules[0].name.as_str(), tick.schedules[0].enabled),
        ("every-minute", false)
    );
    assert_eq!(tick.schedules[0].arguments.as_str(), "{\"name\":\"Ada\"}");
    assert_eq!(tick.web, WebExport::Private);
    let chain = function(&project, "sample/chain");
    assert!(chain.deployable, "{:#?}", chain.problems);
    assert!(chain.runtime.as_ref().unwrap().is_sequence() && chain.parameters.is_empty());
    let plain = function(&project, "plain");
    assert!(
        plain.deployable && plain.folder.ends_with("plain.js"),
        "{plain:#?}"
    );
    assert_eq!(
        (plain.web, plain.runtime.as_ref().unwrap().as_str()),
        (WebExport::Private, "nodejs:default")
    );
    let found = function(&project, "other/found");
    assert_eq!((found.web, found.deployable), (WebExport::Web, true));
    assert!(project.problems.iter().any(|problem| problem.field == "lib"));
}

#[test]
fn sequences_come_after_what_they_call() {
    let long = vec!["a"; 30].join(", ");
    let file = format!(
        r#"packages:
  - name: p
    functions:
      - name: outer
        sequence: [p/inner, a, /whisk.system/utils/echo]
        web: false
        limits: {{ timeout: 9000 }}
      - name: inner
        sequence: [/_/p/f, default/a]
        parameters: {{ x: 1 }}
      - name: f
      - name: lost
        sequence: [p/nobody]
      - name: long
        sequence: [{long}]
      - name: longer
        sequence: [p/long, p/long]
      - name: round
        sequence: [a, p/about]
      - name: about
        sequence: [p/round]
      - name: both
        runtime: nodejs:18
        sequence: [a]
      - name: bad
        sequence: [x/y/z]
      - name: none
        sequence: []
  - name: default
    functions:
      - name: a
"#
    );
    let folder = folder(&[
        ("project.yml", file.as_str()),
        ("packages/p/f.js", "function main() { return {} }"),
        ("packages/default/a.js", "function main() { return {} }"),
    ]);
    let project = read(folder.path());
    let at = |name: &str| project.functions.iter().position(|f| f.name == name).unwrap();
    assert!(at("a") < at("p/inner") && at("p/f") < at("p/inner") && at("p/inner") < at("p/outer"));
    assert!(at("p/long") < at("p/longer"));
    let outer = function(&project, "p/outer");
    assert!(outer.deployable, "{:#?}", outer.problems);
    assert_eq!((outer.limits.timeout_ms, outer.web), (9000, WebExport::Private));
    let keys = outer.components(&"ns".parse().unwrap()).unwrap();
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(keys, ["/ns/p/inner", "/ns/a", "/whisk.system/utils/echo"]);
    let inner = function(&project, "p/inner");
    let keys = inner.components(&"ns".parse().unwrap()).unwrap();
    assert_eq!(
        (keys[0].to_string(), keys[1].to_string()),
        ("/ns/p/f".into(), "/ns/a".into())
    );
    assert_eq!(problem(inner, "no parameters of its own").0, Severity::Warning);
    assert!(inner.deployable);
    let lost = function(&project, "p/lost");
    assert_eq!(
        (problem(lost, "'p/nobody'").0, lost.deployable),
        (Severity::Warning, true)
    );
    assert!(function(&project, "p/long").deployable);
    for (name, why) in [
        ("p/longer", "60 functions altogether"),
        ("p/round", "circles"),
        ("p/about", "circles"),
        ("p/both", "no 'runtime'"),
        ("p/bad", "'x/y/z' does not name"),
        ("p/none", "names no functions"),
    ] {
        let planned = function(&project, name);
        assert_eq!(
            (problem(planned, why).0, planned.deployable),
            (Severity::Error, false),
            "{name}"
        );
        assert!(planned.to_function().is_err());
    }
}

#[test]
fn fn_projects_are_one_function_or_an_app() {
    let one = "schema_version: 20180708\nname: greet\nversion: 0.0.7\nruntime: python3.11\n\
               entrypoint: /python/bin/fdk /function/app.py greet\nmemory: 256\ntimeout: 60\nidle_timeout: 45\n\
               config:\n  LEVEL: 2\nexpects:\n  config:\n  - name: DB_KEY\n    required: true\n  - name: LEVEL\n\
               triggers:\n- name: t\n  type: http\n  source: /greet\n";
    let folder = folder(&[
        ("app.yaml", "name: shop\nconfig:\n  LEVEL: 1\n  REGION: eu\n"),
        ("greet/func.yaml", one),
        ("greet/app.py", ""),
        (
            "node/func.yaml",
            "schema_version: 20180708\nname: pay\nruntime: node\nentrypoint: node func.js\n",
        ),
        ("node/func.js", ""),
        ("java/func.yaml", "name: old\nruntime: java17\n"),
        ("bad/func.yaml", "name: [\n"),
        ("node_modules/x/func.yaml", "name: no\nruntime: node\n"),
    ]);
    let project = read(folder.path());
    assert_eq!(project.kind, ProjectKind::Fn);
    assert_eq!(project.functions.len(), 3, "{project:#?}");
    assert_eq!(project.problems[0].field, "bad/func.yaml");
    let greet = function(&project, "greet");
    assert!(greet.deployable, "{:#?}", greet.problems);
    assert_eq!(
        (greet.contract, greet.main.as_deref()),
        (Contract::Fn, Some("app.greet"))
    );
    assert_eq!((greet.limits.memory_mb, greet.limits.timeout_ms), (256, 60_000));
    assert_eq!(
        (env(greet, "LEVEL"), env(greet, "REGION")),
        (Some("2"), Some("eu"))
    );
    assert_eq!(greet.settings.idle_timeout_s, Some(45));
    assert_eq!(greet.secrets[0].name, "DB_KEY");
    assert_eq!(problem(greet, "/greet").0, Severity::Warning);
    let pay = function(&project, "pay");
    assert_eq!(
        (pay.deployable, pay.main.as_deref(), pay.limits.memory_mb),
        (true, None, 128)
    );
    assert!(!function(&project, "old").deployable);
    let single = read(&folder.path().join("greet/func.yaml"));
    assert_eq!(
        (single.functions.len(), env(&single.functions[0], "LEVEL")),
        (1, Some("2"))
    );
}

#[test]
fn what_is_no_project_says_so() {
    let refusal = |path: &Path| read_project_with(path, &|_| None).unwrap_err();
    let empty = folder(&[("readme.md", "")]);
    let error = refusal(empty.path());
    assert_eq!(error.code, ErrorCode::NotFound);
    assert!(error.hint.unwrap().contains("stack.yaml"));
    assert_eq!(refusal(Path::new("stack.yaml")).code, ErrorCode::InvalidInput);
    let broken = folder(&[("stack.yml", "functions:\n  a: {\n")]);
    assert!(refusal(broken.path()).message.contains("stack.yml, line"));
    let other = folder(&[("docker-compose.yml", "services: {}\n")]);
    let project = read(&other.path().join("docker-compose.yml"));
    assert!(
        project
            .problems
            .iter()
            .any(|problem| problem.message.contains("has no functions"))
    );
    for odd in [
        "functions: 3\n",
        "functions:\n  a: 3\n  b: [1]\n",
        "- 1\n",
        "functions:\n  a:\n    lang: {}\n    handler: [x]\n    limits: 3\n",
    ] {
        let odd = folder(&[("stack.yml", odd)]);
        let project = read(odd.path());
        assert!(
            project.functions.iter().all(|function| !function.deployable),
            "{project:#?}"
        );
    }
}
