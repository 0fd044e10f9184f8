//! Builds: dependencies from real registries, what a failure leaves, what survives a restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::{Rig, Secrets, expect, function, key, logs, package, result, wait_for};
use beckon_core::{ErrorCode, NewFunction, Status};
use beckon_engine::BuildState;
use beckon_store::Expect;

const MANIFEST: &str = r#"{"name": "f", "dependencies": {"ms": "2.1.3"}}"#;
const USES_MS: &str = "const ms = require('ms'); exports.main = () => ({day: ms('1d')});";

fn with_npm(manifest: &str, source: &str) -> NewFunction {
    package(
        "nodejs:default",
        &[("package.json", manifest), ("index.js", source)],
    )
}

/// The finished builds.
fn ready(rig: &Rig) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(rig.data.path().join("builds/ready")).unwrap();
    folder.flatten().map(|entry| entry.path()).collect()
}

/// How many files there are below a folder that bear this name.
fn count(folder: &Path, name: &str) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            let below = if entry.file_type().unwrap().is_dir() {
                count(&entry.path(), name)
            } else {
                0
            };
            below + usize::from(entry.file_name() == name)
        })
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn npm_packages_are_installed_once_and_survive_a_restart() {
    let rig = Rig::new().await;
    rig.put("f", with_npm(MANIFEST, USES_MS)).await;
    expect(&rig.run("f", "{}").await, Status::Success, r#"{"day":86400000}"#);
    let built = rig.engine.build_log(&key("f"), Some("0.0.1")).await.unwrap();
    assert_eq!(
        (built.build.state, built.build.reused),
        (BuildState::Ready, false)
    );
    assert!(
        built.log.contains("npm install --omit=dev --ignore-scripts"),
        "{}",
        built.log
    );
    assert!(built.log.contains("added 1 package"), "{}", built.log);
    // The same code again: nothing to do, and the log is still there.
    rig.put("f", with_npm(MANIFEST, USES_MS)).await;
    let again = rig.engine.build_log(&key("f"), Some("0.0.2")).await.unwrap();
    assert!(again.build.reused);
    assert_eq!(again.log, built.log);
    assert_eq!(ready(&rig).len(), 1);
    // Nothing of it can be written to, and nothing is left of the tools.
    let ready_folder = ready(&rig).remove(0);
    let mode = |path: &Path| std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
    assert_eq!(mode(&ready_folder) & 0o222, 0);
    assert_eq!(
        mode(&ready_folder.join("node_modules/ms/package.json")) & 0o222,
        0
    );
    wait_for(async || rig.processes() == 0).await;
    rig.stop().await;
    let data = rig.data.clone();
    drop(rig);
    // What it was made with is gone: it is not made again.
    std::fs::remove_dir_all(data.path().join("builds/cache")).unwrap();
    let before = std::fs::metadata(&ready_folder).unwrap().modified().unwrap();
    let rig = Rig::open(
        data,
        |config| config.build_timeout = std::time::Duration::ZERO,
        Secrets::default(),
    )
    .await;
    expect(&rig.run("f", "{}").await, Status::Success, r#"{"day":86400000}"#);
    assert_eq!(
        std::fs::metadata(&ready_folder).unwrap().modified().unwrap(),
        before
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_packages_are_installed() {
    let rig = Rig::new().await;
    let source = "import six\ndef main(args):\n    return {'v': six.__version__, 'at': six.__file__}\n";
    rig.put(
        "p",
        package(
            "python:default",
            &[
                ("requirements.txt", "# one\\\n-r lists/more.txt\n"),
                ("lists/more.txt", "six==\\\n1.17.0 # continued\n"),
                ("__main__.py", source),
            ],
        ),
    )
    .await;
    let record = rig.run("p", "{}").await;
    assert_eq!(record.summary.status, Status::Success, "{:?}", logs(&record));
    let value = record.result.as_ref().unwrap().to_value();
    assert_eq!(value["v"], "1.17.0");
    assert!(value["at"].as_str().unwrap().contains("builds/ready"), "{value}");
    let log = rig.engine.build_log(&key("p"), None).await.unwrap().log;
    assert!(
        log.contains("--only-binary=:all:") && log.contains("six-1.17.0"),
        "{log}"
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_build_changes_nothing_and_says_why() {
    let rig = Rig::new().await;
    rig.put(
        "f",
        package(
            "nodejs:default",
            &[("index.js", "exports.main = () => ({v: 1});")],
        ),
    )
    .await;
    expect(&rig.run("f", "{}").await, Status::Success, r#"{"v":1}"#);
    // A lock file that does not agree with package.json: npm ci refuses it.
    let lock = r#"{"name": "f", "lockfileVersion": 3, "requires": true, "packages": {"": {"name": "f"}}}"#;
    let files = [
        ("package.json", MANIFEST),
        ("package-lock.json", lock),
        ("index.js", "exports.main = () => ({v: 2});"),
    ];
    let error = rig
        .engine
        .put_function(&key("f"), package("nodejs:default", &files), Expect::Any)
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert!(error.message.starts_with("npm ci failed: "), "{}", error.message);
    assert!(error.details.as_ref().unwrap().contains("npm error"), "{error:?}");
    assert!(error.hint.is_some());
    // The version before serves on, and both logs are there.
    let record = rig.run("f", "{}").await;
    expect(&record, Status::Success, r#"{"v":1}"#);
    assert_eq!(record.summary.version, "0.0.1");
    let attempts = rig.engine.builds(&key("f")).await.unwrap();
    let states: Vec<BuildState> = attempts.iter().map(|attempt| attempt.state).collect();
    assert_eq!(states, [BuildState::Failed, BuildState::Ready]);
    assert_eq!(attempts[0].version, None);
    let failed = rig.engine.build_log(&key("f"), None).await.unwrap();
    assert!(
        failed.log.contains("$ ") && failed.log.contains("npm ci"),
        "{}",
        failed.log
    );
    assert!(rig.engine.build_log(&key("f"), Some("0.0.1")).await.is_ok());
    // A new function that fails is not stored, and its log is there all the same.
    let nothing = with_npm(r#"{"dependencies": {"@beckon-none/of-this-name": "1"}}"#, USES_MS);
    let error = rig
        .engine
        .put_function(&key("g"), nothing, Expect::New)
        .await
        .unwrap_err();
    assert!(error.message.contains("npm install failed"), "{}", error.message);
    assert!(rig.store.function(&key("g")).await.unwrap().is_none());
    let log = rig.engine.build_log(&key("g"), None).await.unwrap();
    assert_eq!(log.build.state, BuildState::Failed);
    assert_eq!(rig.processes(), 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_brings_its_packages_along_or_needs_none_is_left_alone() {
    let rig = Rig::new().await;
    let files = [
        ("package.json", r#"{"dependencies": {"ms": "*"}}"#),
        ("node_modules/ms/index.js", "module.exports = () => 'mine';"),
        ("index.js", USES_MS),
    ];
    rig.put("own", package("nodejs:default", &files)).await;
    expect(&rig.run("own", "{}").await, Status::Success, r#"{"day":"mine"}"#);
    rig.put(
        "none",
        with_npm(r#"{"dependencies": {}}"#, "exports.main = () => ({});"),
    )
    .await;
    let main = ("__main__.py", "def main(args): return {}");
    rig.put(
        "empty",
        package("python:default", &[("requirements.txt", "# none\n"), main]),
    )
    .await;
    rig.put(
        "source",
        function("nodejs:default", "function main() { return {} }"),
    )
    .await;
    for name in ["own", "none", "empty", "source"] {
        let log = rig.engine.build_log(&key(name), None).await.unwrap().log;
        assert!(!log.contains("$ "), "{name}: {log}");
        assert_eq!(rig.run(name, "{}").await.summary.status, Status::Success);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_saves_at_once_build_once() {
    let rig = Rig::new().await;
    let (a, b, c) = (key("a"), key("b"), key("a"));
    let put = |key| {
        rig.engine
            .put_function(key, with_npm(MANIFEST, USES_MS), Expect::Any)
    };
    let (a, b, c) = tokio::join!(put(&a), put(&b), put(&c));
    a.unwrap();
    b.unwrap();
    c.unwrap();
    assert_eq!(ready(&rig).len(), 1);
    let mut made = 0;
    for name in ["a", "b"] {
        for attempt in rig.engine.builds(&key(name)).await.unwrap() {
            made += usize::from(!attempt.reused);
        }
        assert_eq!(result(&rig.run(name, "{}").await), r#"{"day":86400000}"#);
    }
    assert_eq!(made, 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_needs_goes() {
    let rig = Rig::new().await;
    let version = |n: u32| {
        let source = format!("exports.main = () => ({{v: {n}}});");
        package(
            "nodejs:default",
            &[("index.js", &source), (&format!("only-{n}"), "x")],
        )
    };
    let kept = |n: u32| count(&rig.data.path().join("builds"), &format!("only-{n}"));
    rig.put("f", version(1)).await;
    expect(&rig.run("f", "{}").await, Status::Success, r#"{"v":1}"#);
    rig.put("f", version(2)).await;
    wait_for(async || kept(1) == 0).await;
    expect(&rig.run("f", "{}").await, Status::Success, r#"{"v":2}"#);
    assert_eq!(kept(2), 1);
    // Another function with the same code keeps it alive.
    rig.put("g", version(2)).await;
    rig.engine.delete_function(&key("f")).await.unwrap();
    rig.put("h", version(3)).await;
    wait_for(async || kept(3) == 1 && rig.engine.builds(&key("f")).await.unwrap().is_empty()).await;
    expect(&rig.run("g", "{}").await, Status::Success, r#"{"v":2}"#);
    rig.engine.delete_function(&key("g")).await.unwrap();
    wait_for(async || kept(2) == 0).await;
    // At a start, what a crash left and what no function has.
    rig.stop().await;
    let data = rig.data.clone();
    drop(rig);
    let builds = data.path().join("builds");
    std::fs::create_dir_all(builds.join("ready/00000000000000000000000000000000")).unwrap();
    std::fs::create_dir_all(builds.join("tmp/left/code")).unwrap();
    let rig = Rig::open(data, |_| {}, Secrets::default()).await;
    wait_for(async || ready(&rig).len() == 1).await;
    assert_eq!(std::fs::read_dir(builds.join("tmp")).unwrap().count(), 0);
    expect(&rig.run("h", "{}").await, Status::Success, r#"{"v":3}"#);
    // A build that was lost is made again when it is needed.
    rig.stop().await;
    let data = rig.data.clone();
    drop(rig);
    let lost = builds.join("ready");
    for entry in std::fs::read_dir(&lost).unwrap().flatten() {
        let status = std::process::Command::new("chmod")
            .arg("-R")
            .arg("u+w")
            .arg(entry.path())
            .status();
        assert!(status.unwrap().success());
        std::fs::remove_dir_all(entry.path()).unwrap();
    }
    let rig = Rig::open(data, |_| {}, Secrets::default()).await;
    expect(&rig.run("h", "{}").await, Status::Success, r#"{"v":3}"#);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_can_be_watched_stopped_and_dropped() {
    let rig = Rig::new().await;
    let mut watch = rig.engine.watch_builds(&key("f"));
    // A registry that never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let registry = format!("registry=http://{}/\n", silent.local_addr().unwrap());
    let stuck = || {
        package(
            "nodejs:default",
            &[
                ("package.json", MANIFEST),
                (".npmrc", &registry),
                ("index.js", USES_MS),
            ],
        )
    };
    let engine = rig.engine.clone();
    let new = stuck();
    let put = tokio::spawn(async move { engine.put_function(&key("f"), new, Expect::Any).await });
    let mut lines = Vec::new();
    while !lines.iter().any(|line: &String| line.starts_with("$ ")) {
        let progress = watch.next().await;
        assert_eq!(progress.build.state, BuildState::Building);
        lines.extend(progress.lines);
    }
    wait_for(async || rig.processes() > 0).await;
    let live = rig.engine.build_log(&key("f"), None).await.unwrap();
    assert_eq!(live.build.state, BuildState::Building);
    assert!(rig.engine.cancel_build(&key("f")));
    let error = put.await.unwrap().unwrap_err();
    assert_eq!(error.code, ErrorCode::Cancelled);
    loop {
        let progress = watch.next().await;
        if progress.build.state != BuildState::Building {
            assert_eq!(progress.build.state, BuildState::Cancelled);
            break;
        }
    }
    wait_for(async || rig.processes() == 0).await;
    assert!(!rig.engine.cancel_build(&key("f")));
    // Who goes away takes the build along.
    let f = key("f");
    let put = rig.engine.put_function(&f, stuck(), Expect::Any);
    let gone = tokio::time::timeout(std::time::Duration::from_secs(2), put).await;
    assert!(gone.is_err());
    wait_for(async || rig.processes() == 0).await;
    wait_for(async || {
        let attempts = rig.engine.builds(&key("f")).await.unwrap();
        attempts.len() == 2 && attempts[0].state == BuildState::Cancelled
    })
    .await;
    let tmp = rig.data.path().join("builds/tmp");
    wait_for(async || std::fs::read_dir(&tmp).unwrap().count() == 0).await;
    rig.stop().await;
    // And so does the end of its time.
    let data: Arc<_> = rig.data.clone();
    drop(rig);
    let second = |config: &mut beckon_engine::EngineConfig| {
        config.build_timeout = std::time::Duration::from_secs(1);
    };
    let rig = Rig::open(data, second, Secrets::default()).await;
    let error = rig
        .engine
        .put_function(&key("f"), stuck(), Expect::Any)
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::Timeout);
    wait_for(async || rig.processes() == 0).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_beckons_reaches_a_build() {
    let rig = Rig::new().await;
    let secret = rig.data.path().join("secret");
    // Seconds that nobody else sleeps for.
    let daemon = 2_000_000 + std::process::id();
    let is_running = || {
        let line = format!("sleep\0{daemon}\0");
        let mut entries = std::fs::read_dir("/proc").unwrap().flatten();
        entries.any(|entry| {
            std::fs::read(entry.path().join("cmdline")).is_ok_and(|text| text == line.as_bytes())
        })
    };
    std::fs::write(&secret, "hunter3").unwrap();
    // An install script of the package itself would run with the tools' environment.
    let manifest = format!(
        r#"{{
        "name": "f",
        "scripts": {{"preinstall": "env > seen-env; pwd >> seen-env; cat {0} >> seen-env; echo x >> {0}; touch {0}-too; (setsid env -i sleep {1} >/dev/null 2>&1 &) || true"}},
        "dependencies": {{"ms": "2.1.3"}}
    }}"#,
        secret.display(),
        daemon
    );
    let manifest = manifest.as_str();
    rig.put("f", with_npm(manifest, USES_MS)).await;
    let seen = |rig: &Rig| count(&rig.data.path().join("builds/ready"), "seen-env");
    assert_eq!(seen(&rig), 0, "scripts do not run unless they are allowed");
    let mut allowed = with_npm(manifest, USES_MS);
    allowed.settings.install_scripts = true;
    allowed.env = vec![("SECRET_OF_THE_FUNCTION".into(), "hunter2".into())];
    rig.put("f", allowed).await;
    assert_eq!(seen(&rig), 1);
    let folder = ready(&rig)
        .into_iter()
        .find(|folder| folder.join("seen-env").exists())
        .unwrap();
    let text = std::fs::read_to_string(folder.join("seen-env")).unwrap();
    assert!(!text.contains("hunter2"));
    assert!(!is_running(), "what a script leaves behind ends with the build");
    let log = rig.engine.build_log(&key("f"), None).await.unwrap().log;
    assert!(log.contains("onfined: "), "{log}");
    let files = rig
        .engine
        .guards()
        .into_iter()
        .find(|status| status.guard == beckon_core::Guard::Files);
    if files.is_some_and(|status| status.enforced) {
        assert!(
            !text.contains("hunter3"),
            "an install script read a file of Beckon's"
        );
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "hunter3");
        assert!(!rig.data.path().join("secret-too").exists());
    }
    assert!(!text.contains("CARGO_MANIFEST_DIR"), "{text}");
    let home = text.lines().find_map(|line| line.strip_prefix("HOME=")).unwrap();
    assert!(home.contains("builds/tmp"), "{home}");
    rig.stop().await;
}
