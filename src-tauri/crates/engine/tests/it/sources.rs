//! Folders as functions: packed, watched, deployed again.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::support::{Rig, Secrets, expect, invocation, key, package, result, wait_for};
use beckon_core::{CodePackage, Contract, ErrorCode, FolderSource, Language, NewFunction, Runtime, Status};
use beckon_engine::source::{self, FolderStatus};
use beckon_engine::{Outcome, zip_files};
use beckon_store::Expect;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    folder
}

fn pack(folder: &Path, language: Language, contract: Contract) -> beckon_core::Result<CodePackage> {
    source::pack(folder, language, contract, &mut |_| {}).map(|packed| packed.code)
}

fn pack_node(folder: &Path) -> beckon_core::Result<CodePackage> {
    pack(folder, Language::Node, Contract::Openwhisk)
}

/// The names of the files in a package.
fn names(code: &CodePackage) -> Vec<String> {
    let CodePackage::Zip(bytes) = code else {
        panic!("not a zip")
    };
    zip_files(bytes)
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

fn source_of(folder: &Path, watch: bool) -> FolderSource {
    FolderSource {
        path: folder.display().to_string(),
        watch,
    }
}

fn node_function() -> NewFunction {
    NewFunction::new(
        Runtime::new("nodejs:default").unwrap(),
        CodePackage::Source(String::new()),
    )
}

/// A function that answers `text`; with `port`, when it was let through there.
fn answers(text: &str) -> String {
    format!(
        "exports.main = async ({{ port }}) => {{
           if (port) await new Promise((go) => require('net').connect(port, '127.0.0.1').once('data', go))
           return {{ v: '{text}' }}
         }}"
    )
}

async fn deploy(rig: &Rig, name: &str, folder: &Path, watch: bool) {
    let source = source_of(folder, watch);
    rig.engine
        .deploy_folder(&key(name), node_function(), source, Expect::New, |_| {})
        .await
        .unwrap();
}

async fn status(rig: &Rig, name: &str) -> FolderStatus {
    rig.engine.folder_state(&key(name)).await.unwrap().unwrap().status
}

async fn until_watching(rig: &Rig, name: &str) {
    wait_for(async || status(rig, name).await == FolderStatus::Watching).await;
}

/// Waits until a function answers `text`.
async fn until_answers(rig: &Rig, name: &str, text: &str) {
    let wanted = format!("{{\"v\":\"{text}\"}}");
    wait_for(async || result(&rig.run(name, "{}").await) == wanted).await;
}

async fn version(rig: &Rig, name: &str) -> String {
    rig.store
        .function(&key(name))
        .await
        .unwrap()
        .unwrap()
        .version
        .to_string()
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let files = [
        ("b.js", "1"),
        ("index.js", "2"),
        ("lib/a.js", "3"),
        ("lib.js", "4"),
    ];
    let (one, other) = (folder(&files), tempfile::tempdir().unwrap());
    for file in files.iter().rev() {
        write(other.path(), &[*file]);
    }
    fs::set_permissions(other.path().join("b.js"), fs::Permissions::from_mode(0o600)).unwrap();
    let packed = pack_node(one.path()).unwrap();
    assert_eq!(names(&packed), ["b.js", "index.js", "lib.js", "lib/a.js"]);
    assert_eq!(packed, pack_node(other.path()).unwrap());

    fs::set_permissions(other.path().join("b.js"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_ne!(
        packed,
        pack_node(other.path()).unwrap(),
        "an executable bit is part of it"
    );
}

#[test]
fn one_source_file_is_that_file_for_openwhisk_alone() {
    let folder = folder(&[
        ("hello.py", "def main(args): return args"),
        (".gitignore", "*.log\n.gitignore"),
    ]);
    let text = CodePackage::Source("def main(args): return args".into());
    let python = |contract| pack(folder.path(), Language::Python, contract).unwrap();
    assert_eq!(python(Contract::Openwhisk), text);
    assert_eq!(names(&python(Contract::Openfaas)), ["hello.py"]);
    let file = folder.path().join("hello.py");
    assert_eq!(pack(&file, Language::Python, Contract::Openwhisk).unwrap(), text);
    fs::write(folder.path().join("more.py"), "").unwrap();
    assert_eq!(names(&python(Contract::Openwhisk)), ["hello.py", "more.py"]);
}

#[test]
fn ignore_files_leave_out_what_they_say() {
    let folder = folder(&[
        ("index.js", ""),
        ("notes.log", ""),
        ("keep.log", ""),
        ("lib/deep/a.js", ""),
        ("lib/deep/a.tmp", ""),
        ("lib/.gitignore", "*.tmp"),
        ("docs/readme.md", ""),
        ("docs/lib/x.md", ""),
        ("test/a.js", ""),
        (".env", "SECRET=1"),
        (".env.local", "SECRET=1"),
        (".git/config", ""),
        ("__pycache__/a.pyc", ""),
        (".venv/bin/python", ""),
        (".gitignore", "*.log\n"),
        (".funcignore", "!keep.log\n.*ignore\n"),
        (".slsignore", "test/**"),
        (".dockerignore", "# all\ndocs\n!docs/lib\nx.md\n"),
    ]);
    let packed = pack_node(folder.path()).unwrap();
    assert_eq!(
        names(&packed),
        ["docs/lib/x.md", "index.js", "keep.log", "lib/deep/a.js"]
    );
    let preview = source::preview(folder.path()).unwrap();
    let reason = |path: &str| {
        let left = preview.left_out.iter().find(|left| left.path == path);
        left.unwrap_or_else(|| panic!("{path}: {:?}", preview.left_out))
            .reason
            .clone()
    };
    assert_eq!(reason("notes.log"), ".gitignore: *.log");
    assert_eq!(reason(".git/"), "never part of a function");
    assert!(reason(".env").contains("usually not"));
    assert_eq!(preview.files.len(), 4);
}

#[test]
fn a_repositorys_rules_hold_in_its_folders() {
    let repository = folder(&[
        (".git/HEAD", ""),
        (".gitignore", "*.log\n/built/\n"),
        ("fns/one/index.js", ""),
        ("fns/one/lib.js", ""),
        ("fns/one/a.log", ""),
        ("built/fn/index.js", ""),
        ("built/fn/b.log", ""),
    ]);
    let pack = |name: &str| names(&pack_node(&repository.path().join(name)).unwrap());
    assert_eq!(pack("fns/one"), ["index.js", "lib.js"]);
    // Asked for by name, although git does not keep it.
    assert_eq!(pack("built/fn"), ["b.log", "index.js"]);
}

#[test]
fn installed_packages_stay_unless_a_deploy_installs_them() {
    let listed = r#"{ "main": "index.js", "dependencies": { "left-pad": "1" } }"#;
    let folder = folder(&[
        ("index.js", ""),
        ("package.json", listed),
        ("node_modules/left-pad/index.js", ""),
        (".gitignore", "node_modules\n.gitignore"),
    ]);
    let pack = || names(&pack_node(folder.path()).unwrap());
    assert_eq!(pack(), ["index.js", "package.json"]);
    fs::write(folder.path().join("package.json"), "{ \"main\": \"index.js\" }").unwrap();
    assert_eq!(
        pack(),
        ["index.js", "node_modules/left-pad/index.js", "package.json"]
    );
    fs::remove_file(folder.path().join("package.json")).unwrap();
    assert_eq!(pack(), ["index.js", "node_modules/left-pad/index.js"]);
}

#[test]
fn a_built_main_that_is_left_out_is_explained() {
    let folder = folder(&[
        ("package.json", r#"{ "main": "./dist/index.js" }"#),
        ("dist/index.js", ""),
        (".gitignore", "dist\n"),
    ]);
    let error = pack_node(folder.path()).unwrap_err();
    assert!(error.message.contains("dist/index.js"), "{error}");
    assert!(error.hint.unwrap().contains(".gitignore: dist"));
    fs::write(folder.path().join(".funcignore"), "!dist\n").unwrap();
    assert!(names(&pack_node(folder.path()).unwrap()).contains(&"dist/index.js".to_owned()));
}

#[test]
fn links_stay_inside() {
    let outside = folder(&[("secret.txt", "s"), ("sub/x", "")]);
    let folder = folder(&[("index.js", "a"), ("lib/a.js", "b")]);
    let at = |name: &str| folder.path().join(name);
    symlink("index.js", at("again.js")).unwrap();
    symlink("lib", at("lib2")).unwrap();
    let packed = pack_node(folder.path()).unwrap();
    assert_eq!(names(&packed), ["again.js", "index.js", "lib/a.js", "lib2/a.js"]);

    for (target, why) in [
        (outside.path().join("secret.txt"), "leaves the folder"),
        (outside.path().join("sub"), "leaves the folder"),
        (
            Path::new("../../../../../../etc/passwd").into(),
            "leaves the folder",
        ),
        (Path::new("nothing").into(), "link to nothing"),
        (Path::new(".").into(), "folder that it is in"),
    ] {
        symlink(&target, at("bad")).unwrap();
        let error = pack_node(folder.path()).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidInput);
        assert!(
            error.message.contains(why) && error.message.contains("/bad"),
            "{error}"
        );
        fs::write(at(".funcignore"), "bad\n.funcignore").unwrap();
        assert!(pack_node(folder.path()).is_ok());
        fs::remove_file(at(".funcignore")).unwrap();
        fs::remove_file(at("bad")).unwrap();
    }
}

#[test]
fn folders_that_cannot_be_used_say_why() {
    let refusal = |path: &Path| pack_node(path).unwrap_err();
    assert!(
        refusal(Path::new("relative/folder"))
            .message
            .contains("not an absolute path")
    );
    assert_eq!(refusal(Path::new("/nowhere/at/all")).code, ErrorCode::NotFound);
    let empty = folder(&[(".env", "A=1")]);
    let error = refusal(empty.path());
    assert!(error.message.contains("no files") && error.hint.unwrap().contains(".env"));
    let odd = folder(&[("index.js", ""), ("a\\b.js", "")]);
    assert!(refusal(odd.path()).message.contains("cannot be used"));

    let many = folder(&[("index.js", "")]);
    for number in 0..=10_000 {
        fs::write(many.path().join(format!("f{number}")), "").unwrap();
    }
    let error = refusal(many.path());
    assert_eq!(error.code, ErrorCode::LimitExceeded);
    assert!(error.message.contains("10000 files"), "{error}");
}

#[test]
fn a_large_folder_tells_how_far_it_is() {
    let folder = folder(&[("index.js", "")]);
    for number in 0..600 {
        fs::write(folder.path().join(format!("f{number}")), "x").unwrap();
    }
    let mut told = Vec::new();
    source::pack(
        folder.path(),
        Language::Node,
        Contract::Openwhisk,
        &mut |progress| {
            told.push(progress.files);
        },
    )
    .unwrap();
    assert_eq!(told, [256, 512, 601]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_redeploys_and_runs_in_flight_finish_on_the_old_code() {
    let rig = Rig::new().await;
    let folder = folder(&[
        ("index.js", &answers("one")),
        ("package.json", "{ \"main\": \"index.js\" }"),
    ]);
    deploy(&rig, "watched", folder.path(), true).await;
    until_watching(&rig, "watched").await;
    until_answers(&rig, "watched", "one").await;

    let gate = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let input = format!("{{\"port\":{}}}", gate.local_addr().unwrap().port());
    let engine = rig.engine.clone();
    let running = tokio::spawn(async move { engine.invoke(invocation("watched", &input), None).await });
    let (mut through, _) = gate.accept().await.unwrap();
    fs::write(folder.path().join("index.js"), answers("two")).unwrap();
    until_answers(&rig, "watched", "two").await;
    assert!(
        !running.is_finished(),
        "the redeploy must neither end the old run nor wait for it"
    );
    through.write_all(b"go").await.unwrap();
    let Outcome::Finished(old) = running.await.unwrap().unwrap() else {
        panic!("promoted")
    };
    let old = old.activation();
    expect(&old, Status::Success, "{\"v\":\"one\"}");
    assert_eq!(old.summary.version, "0.0.1");
    assert_eq!(version(&rig, "watched").await, "0.0.2");
    let state = rig.engine.folder_state(&key("watched")).await.unwrap().unwrap();
    assert_eq!((state.files, state.failures), (2, 0));
    assert!(state.deploys >= 1 && state.last_deploy.is_some());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn editors_ways_of_saving_are_all_noticed() {
    let rig = Rig::new().await;
    let folder = folder(&[("index.js", &answers("0")), ("lib/part.js", "exports.v = 0")]);
    let at = |name: &str| folder.path().join(name);
    deploy(&rig, "editor", folder.path(), true).await;
    until_watching(&rig, "editor").await;

    // A new file that takes the old one's place, with leavings beside it.
    fs::write(at(".index.js.swp"), "x").unwrap();
    fs::write(at("4913"), "").unwrap();
    fs::remove_file(at("4913")).unwrap();
    fs::write(at("index.js.tmp"), answers("renamed")).unwrap();
    fs::rename(at("index.js.tmp"), at("index.js")).unwrap();
    until_answers(&rig, "editor", "renamed").await;
    // Removed and written anew.
    fs::remove_file(at("index.js")).unwrap();
    fs::write(at("index.js"), answers("rewritten")).unwrap();
    until_answers(&rig, "editor", "rewritten").await;
    // A folder that did not exist, and a file deep in it.
    write(folder.path(), &[("new/deep/v.js", "exports.v = 'deep'")]);
    fs::write(at("index.js"), "exports.main = () => require('./new/deep/v.js')").unwrap();
    until_answers(&rig, "editor", "deep").await;
    fs::write(at("new/deep/v.js"), "exports.v = 'deeper'").unwrap();
    until_answers(&rig, "editor", "deeper").await;
    // A burst: many saves, few versions.
    let before = rig
        .engine
        .folder_state(&key("editor"))
        .await
        .unwrap()
        .unwrap()
        .deploys;
    for number in 0..100 {
        fs::write(at("new/deep/v.js"), format!("exports.v = 'burst{number}'")).unwrap();
    }
    until_answers(&rig, "editor", "burst99").await;
    let after = rig
        .engine
        .folder_state(&key("editor"))
        .await
        .unwrap()
        .unwrap()
        .deploys;
    assert!(after - before < 10, "{} deploys", after - before);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_same_or_ignored_makes_no_version() {
    let rig = Rig::new().await;
    let folder = folder(&[
        ("index.js", &answers("one")),
        ("lib.js", ""),
        (".gitignore", "*.log\n"),
    ]);
    deploy(&rig, "same", folder.path(), true).await;
    until_watching(&rig, "same").await;
    fs::write(folder.path().join("index.js"), answers("one")).unwrap();
    fs::write(folder.path().join("a.log"), "text").unwrap();
    // A change that counts, after those that do not: when it is there, they have been looked at.
    fs::write(folder.path().join("lib.js"), "// changed").unwrap();
    wait_for(async || version(&rig, "same").await != "0.0.1").await;
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    fs::write(folder.path().join("a.log"), "more").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(version(&rig, "same").await, "0.0.2");
    let again = rig.engine.sync_folder(&key("same")).await.unwrap();
    assert!(!again.changed);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_folder_keeps_the_old_version_and_recovers() {
    let rig = Rig::new().await;
    let folder = folder(&[("index.js", &answers("good")), ("lib.js", "")]);
    deploy(&rig, "failing", folder.path(), true).await;
    until_watching(&rig, "failing").await;
    fs::rename(folder.path().join("index.js"), folder.path().join("other.js")).unwrap();
    wait_for(async || matches!(status(&rig, "failing").await, FolderStatus::Failed { .. })).await;
    let FolderStatus::Failed { error } = status(&rig, "failing").await else {
        panic!()
    };
    assert!(error.message.contains("index.js"), "{error}");
    until_answers(&rig, "failing", "good").await;
    fs::write(folder.path().join("index.js"), answers("mended")).unwrap();
    until_answers(&rig, "failing", "mended").await;
    until_watching(&rig, "failing").await;
    assert_eq!(
        rig.engine
            .folder_state(&key("failing"))
            .await
            .unwrap()
            .unwrap()
            .failures,
        1
    );

    // What cannot be packed at all, and is mended.
    symlink("/etc/passwd", folder.path().join("bad")).unwrap();
    wait_for(async || matches!(status(&rig, "failing").await, FolderStatus::Failed { .. })).await;
    fs::remove_file(folder.path().join("bad")).unwrap();
    until_watching(&rig, "failing").await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_goes_away_is_missed_and_welcomed_back() {
    let rig = Rig::new().await;
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("fn");
    write(&path, &[("index.js", &answers("one")), ("lib.js", "")]);
    deploy(&rig, "gone", &path, true).await;
    until_watching(&rig, "gone").await;
    fs::remove_dir_all(&path).unwrap();
    wait_for(async || status(&rig, "gone").await == FolderStatus::Missing).await;
    until_answers(&rig, "gone", "one").await;
    write(&path, &[("index.js", &answers("back")), ("lib.js", "")]);
    until_answers(&rig, "gone", "back").await;
    // Another folder in its place, and the first one aside.
    let fresh = parent.path().join("fresh");
    write(&fresh, &[("index.js", &answers("swapped")), ("lib.js", "")]);
    fs::rename(&path, parent.path().join("aside")).unwrap();
    fs::rename(&fresh, &path).unwrap();
    until_answers(&rig, "gone", "swapped").await;
    until_watching(&rig, "gone").await;
    fs::write(path.join("index.js"), answers("saved")).unwrap();
    until_answers(&rig, "gone", "saved").await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_resumes_with_the_engine_and_ends_with_its_reason() {
    let rig = Rig::new().await;
    let folder = folder(&[("index.js", &answers("one")), ("lib.js", "")]);
    let at = folder.path().join("index.js");
    deploy(&rig, "resumed", folder.path(), true).await;
    until_watching(&rig, "resumed").await;
    let data = rig.data.clone();
    rig.stop().await;
    drop(rig);
    fs::write(&at, answers("while away")).unwrap();
    let rig = Rig::open(data, |_| {}, Secrets::default()).await;
    until_answers(&rig, "resumed", "while away").await;
    fs::write(&at, answers("two")).unwrap();
    until_answers(&rig, "resumed", "two").await;

    // Other code by hand: the folder has no say any more.
    let stored = rig.store.function(&key("resumed")).await.unwrap().unwrap();
    let mut by_hand = NewFunction::from(beckon_core::Function::clone(&stored));
    by_hand.code = CodePackage::Source(answers("by hand"));
    rig.put("resumed", by_hand).await;
    assert_eq!(rig.engine.folder_state(&key("resumed")).await.unwrap(), None);
    fs::write(&at, answers("three")).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    until_answers(&rig, "resumed", "by hand").await;

    // Back to the folder, and deleted: nothing comes back.
    rig.engine
        .set_folder(&key("resumed"), Some(source_of(folder.path(), true)))
        .await
        .unwrap();
    until_answers(&rig, "resumed", "three").await;
    until_watching(&rig, "resumed").await;
    rig.engine.delete_function(&key("resumed")).await.unwrap();
    fs::write(&at, answers("four")).unwrap();
    wait_for(async || rig.engine.folder_states().is_empty()).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(rig.store.function(&key("resumed")).await.unwrap().is_none());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unwatched_folder_is_deployed_when_asked() {
    let rig = Rig::new().await;
    let folder = folder(&[("index.js", &answers("one")), ("lib.js", "")]);
    deploy(&rig, "asked", folder.path(), false).await;
    assert_eq!(status(&rig, "asked").await, FolderStatus::Unwatched);
    fs::write(folder.path().join("index.js"), answers("two")).unwrap();
    until_answers(&rig, "asked", "one").await;
    assert!(rig.engine.sync_folder(&key("asked")).await.unwrap().changed);
    until_answers(&rig, "asked", "two").await;
    drop(folder);
    assert_eq!(status(&rig, "asked").await, FolderStatus::Missing);
    // Not from a folder any more, and the code stays.
    rig.engine.set_folder(&key("asked"), None).await.unwrap();
    assert_eq!(rig.engine.folder_state(&key("asked")).await.unwrap(), None);
    let error = rig.engine.sync_folder(&key("asked")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    until_answers(&rig, "asked", "two").await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_file_is_watched_like_a_folder() {
    let rig = Rig::new().await;
    let folder = folder(&[
        ("hello.js", "function main() { return { v: 'one' } }"),
        ("other.js", ""),
    ]);
    let file = folder.path().join("hello.js");
    deploy(&rig, "file", &file, true).await;
    until_watching(&rig, "file").await;
    until_answers(&rig, "file", "one").await;
    fs::write(
        folder.path().join("new"),
        "function main() { return { v: 'two' } }",
    )
    .unwrap();
    fs::rename(folder.path().join("new"), &file).unwrap();
    until_answers(&rig, "file", "two").await;
    // A zip that a build replaces.
    let built = folder.path().join("built.zip");
    let CodePackage::Zip(bytes) = package("nodejs:default", &[("index.js", &answers("zipped"))]).code else {
        panic!()
    };
    fs::write(&built, bytes).unwrap();
    rig.engine
        .set_folder(&key("file"), Some(source_of(&built, true)))
        .await
        .unwrap();
    until_answers(&rig, "file", "zipped").await;
    let CodePackage::Zip(bytes) = package("nodejs:default", &[("index.js", &answers("again"))]).code else {
        panic!()
    };
    until_watching(&rig, "file").await;
    fs::write(&built, bytes).unwrap();
    until_answers(&rig, "file", "again").await;
    rig.stop().await;
}
