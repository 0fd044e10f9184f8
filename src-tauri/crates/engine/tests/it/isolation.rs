//! Functions that try to get out, to take everything, and to end others: each is held as far as this machine can, the
//! others keep serving, and the record says what held.

use crate::support::*;
use beckon_core::{Activation, Guard, Limits, NewFunction, Status};

/// Tries what it is told and says what worked.
const NODE: &str = r#"
const fs = require('fs');
function main({read = {}, list = {}, write = {}, kill = {}}) {
    const out = {};
    const attempt = (name, work) => { try { work(); out[name] = true } catch (e) { out[name] = e.code } };
    for (const [name, path] of Object.entries(read)) {
        attempt(name, () => fs.readFileSync(path));
        attempt(name + ' by a symbolic link', () => { fs.symlinkSync(path, name); fs.readFileSync(name) });
        attempt(name + ' by a hard link', () => { fs.linkSync(path, name + '.hard'); fs.readFileSync(name + '.hard') });
    }
    for (const [name, path] of Object.entries(list)) attempt(name, () => fs.readdirSync(path));
    for (const [name, path] of Object.entries(write)) attempt(name, () => fs.appendFileSync(path, 'x'));
    for (const [name, pid] of Object.entries(kill)) attempt(name, () => process.kill(pid, 0));
    fs.mkdirSync('a/b', {recursive: true});
    fs.writeFileSync('a/one', 'x');
    fs.renameSync('a/one', 'a/b/two');
    fs.writeFileSync('/dev/null', 'x');
    if (!(process.memoryUsage().rss > 0) || fs.readFileSync(__filename).length === 0) throw new Error('broken');
    return out;
}"#;

const PYTHON: &str = r"
import os, tempfile
def main(args):
    out = {}
    def attempt(name, work):
        try:
            work()
            out[name] = True
        except OSError as error:
            out[name] = error.strerror
    def read(path):
        with open(path, 'rb') as file: file.read(10)
    def write(path):
        with open(path, 'ab') as file: file.write(b'x')
    def linked(make, path, name):
        make(path, name)
        read(name)
    for name, path in args.get('read', {}).items():
        attempt(name, lambda: read(path))
        attempt(name + ' by a symbolic link', lambda: linked(os.symlink, path, name))
        attempt(name + ' by a hard link', lambda: linked(os.link, path, name + '.hard'))
    for name, path in args.get('list', {}).items(): attempt(name, lambda: os.listdir(path))
    for name, path in args.get('write', {}).items(): attempt(name, lambda: write(path))
    for name, pid in args.get('kill', {}).items(): attempt(name, lambda: os.kill(pid, 0))
    with tempfile.NamedTemporaryFile() as file: file.write(b'x')
    read('/proc/self/status')
    read(__file__)
    return out
";

/// Its words, one each: what to read, list, write or signal.
const SHELL: &str = r#"
input=$(cat)
said=
for pair in $(printf %s "$input" | grep -o '"[a-z_]*/[a-z_]*":"\?[^",}]*' | tr -d '"' | sed 's/:/=/'); do
    what=${pair%%=*}; where=${pair#*=}; kind=${what%%/*}; result='"refused"'
    case $kind in
        read) cat "$where" >/dev/null && result=true ;;
        list) ls "$where" >/dev/null && result=true ;;
        write) (printf x >>"$where") && result=true ;;
        kill) kill -0 "$where" && result=true ;;
    esac
    said="$said,\"$what\":$result"
done
echo x >own && cat own >/dev/null
echo "{\"done\":true$said}"
"#;

fn with_memory(kind: &str, source: &str, memory_mb: u32) -> NewFunction {
    let mut new = function(kind, source);
    new.limits = Limits {
        memory_mb,
        timeout_ms: 60_000,
        ..Limits::DEFAULT
    };
    new
}

fn holds(record: &Activation, guard: Guard) -> bool {
    record.guards.contains(&guard)
}

/// The names of what worked.
fn worked(record: &Activation) -> Vec<String> {
    assert_eq!(
        record.summary.status,
        Status::Success,
        "{} {:#?}",
        result(record),
        logs(record)
    );
    let result = record.result.as_ref().unwrap().to_value();
    let done = result.as_object().unwrap().iter();
    done.filter(|(name, value)| **value == true && *name != "done")
        .map(|(name, _)| name.clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_processes_of_others_are_out_of_reach() {
    out_of_reach(Rig::new().await, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_processes_of_others_are_out_of_reach_of_what_was_a_stem_cell() {
    out_of_reach(Rig::with(|config| config.stem_cells = 1).await, true).await;
}

/// With `cells`, in workers that began as stem cells.
async fn out_of_reach(rig: Rig, cells: bool) {
    // Another function with a warm worker, its code on disk and a secret in its environment.
    let mut other = function(
        "nodejs:default",
        "function main() { return {ok: true, pid: process.pid} }",
    );
    other.env = vec![("SECRET".into(), "sesame".into())];
    rig.put("other", other).await;
    if cells {
        rig.cells(1).await;
    }
    let theirs = rig.run("other", "{}").await.result.unwrap().to_value()["pid"].to_string();
    let outside = tempfile::tempdir().unwrap();
    let canary = outside.path().join("canary");
    std::fs::write(&canary, "untouched").unwrap();
    // In the folder of their cell, where that is where it runs.
    let builds = rig.data.path().join(if cells { "cells" } else { "builds" });
    let their_code = find(&builds, "index.js").unwrap();
    let me = std::process::id();
    let home = std::env::home_dir()
        .filter(|home| home.is_dir())
        .unwrap_or_else(|| outside.path().into());
    let database = rig.data.path().join("beckon.db");
    // What programs share by name.
    let shared = std::path::PathBuf::from(format!("/dev/shm/beckon-test-{me}"));
    let shares = std::fs::write(&shared, "theirs").is_ok();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let input = serde_json::json!({
        "read": {
            "file": text(&canary),
            "database": text(&database),
            "code": text(&their_code),
            "environment": format!("/proc/{me}/environ"),
            "secrets": format!("/proc/{theirs}/environ"),
            "shared": text(&shared),
        },
        "list": { "home": text(&home), "data": text(rig.data.path()), "scratches": text(&rig.data.path().join("scratch")), "cells": text(&rig.data.path().join("cells")) },
        "write": { "overwrite": text(&canary), "corrupt": text(&database), "memory": text(&shared) },
        "kill": { "beckon": me, "worker": theirs.parse::<u32>().unwrap() },
    });
    let mut flat = serde_json::Map::new();
    for (kind, targets) in input.as_object().unwrap() {
        for (name, target) in targets.as_object().unwrap() {
            flat.insert(format!("{kind}/{name}"), target.clone());
        }
    }
    for (kind, source, input) in [
        ("nodejs:default", NODE, input.to_string()),
        ("python:default", PYTHON, input.to_string()),
        (
            "shell:default",
            SHELL,
            serde_json::Value::Object(flat).to_string(),
        ),
    ] {
        rig.put("f", function(kind, source)).await;
        let adopts = cells && kind != "shell:default";
        if adopts {
            rig.cells(if kind == "nodejs:default" { 1 } else { 2 }).await;
        }
        let record = rig.run("f", &input).await;
        if adopts {
            let workers = rig.engine.status().workers;
            assert!(workers.iter().all(|worker| worker.stem), "{kind}");
        }
        let worked = worked(&record);
        let is_signal = |name: &String| name.contains("beckon") || name.contains("worker");
        let (signals, files): (Vec<_>, Vec<_>) = worked.into_iter().partition(is_signal);
        if holds(&record, Guard::Files) {
            assert_eq!(files, Vec::<String>::new(), "{kind}");
        } else {
            assert!(why(&rig, Guard::Files).is_some());
        }
        if holds(&record, Guard::Signals) {
            assert_eq!(signals, Vec::<String>::new(), "{kind}");
        } else {
            assert!(why(&rig, Guard::Signals).is_some());
        }
        assert!(rig.run("other", "{}").await.summary.status == Status::Success);
    }
    if why(&rig, Guard::Files).is_none() {
        assert_eq!(std::fs::read_to_string(&canary).unwrap(), "untouched");
    }
    if shares {
        std::fs::remove_file(&shared).unwrap();
    }
    rig.stop().await;
}

/// The first file of this name below a folder.
fn find(folder: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    entries
        .map(|entry| entry.path())
        .find_map(|path| match path.is_dir() {
            true => find(&path, name),
            false => path.ends_with(name).then_some(path),
        })
}

/// Why a guard is not enforced here.
fn why(rig: &Rig, guard: Guard) -> Option<String> {
    let guards = rig.engine.guards();
    let status = guards.iter().find(|status| status.guard == guard).unwrap();
    assert_eq!(status.enforced, status.why.is_none());
    status.why.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_record_says_what_was_enforced() {
    let rig = Rig::new().await;
    rig.node("node", "function main() { return {} }").await;
    rig.shell("shell", "echo '{}'").await;
    for name in ["node", "node", "shell"] {
        let record = rig.run(name, "{}").await;
        for status in rig.engine.guards() {
            let is_asked_for = !matches!(status.guard, Guard::Network | Guard::Secrets);
            let expected = status.enforced && is_asked_for;
            assert_eq!(holds(&record, status.guard), expected, "{name}: {status:?}");
        }
        let stored = rig.ended(record.summary.id).await;
        assert_eq!(stored.guards, record.guards);
    }
    assert_eq!(
        rig.engine
            .guards()
            .iter()
            .map(|status| status.guard)
            .collect::<Vec<_>>(),
        Guard::ALL
    );
    wait_for(async || {
        rig.engine
            .status()
            .workers
            .iter()
            .any(|worker| worker.memory > 5_000_000)
    })
    .await;
    rig.stop().await;
}

/// `clone` with a new user namespace, `clone3`, a limit of Beckon's, the same limit of its own: the errors' numbers.
const CALLS: &str = r#"
import ctypes, os, platform, signal
libc = ctypes.CDLL(None, use_errno=True)
CLONE, CLONE3, PRLIMIT = (220, 435, 261) if platform.machine() == 'aarch64' else (56, 435, 302)
def call(*arguments):
    ctypes.set_errno(0)
    pid = libc.syscall(*(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    if arguments[0] == CLONE and pid == 0:
        os._exit(0)
    return ctypes.get_errno()
def main(args):
    limit = ctypes.byref((ctypes.c_uint64 * 2)(512, 512))
    files = 7
    return {
        'user': call(CLONE, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0),
        'clone3': call(CLONE3, 0, 0),
        'theirs': call(PRLIMIT, args['beckon'], files, limit, 0),
        'own': call(PRLIMIT, 0, files, limit, 0),
        'brand': call(PRLIMIT, 0, 10, limit, 0),
        'session': os.getsid(0) == os.getpid() == os.getpgid(0),
    }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_privileges_are_gained_and_no_limits_of_others_set() {
    let rig = Rig::new().await;
    rig.python("f", CALLS).await;
    let input = format!(r#"{{"beckon":{}}}"#, std::process::id());
    let record = rig.run("f", &input).await;
    let mut said = record.result.as_ref().unwrap().to_value();
    assert_eq!(said.as_object_mut().unwrap().remove("session"), Some(true.into()));
    if why(&rig, Guard::Network).is_none() {
        let (refused, missing) = (1, 38);
        let expected = serde_json::json!({
            "user": refused, "clone3": missing, "theirs": refused, "own": 0, "brand": refused,
        });
        assert_eq!(said, expected);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_modes_of_others_files_stay_and_ones_own_change() {
    use std::os::unix::fs::PermissionsExt as _;
    let rig = Rig::new().await;
    let outside = tempfile::tempdir().unwrap();
    let canary = outside.path().join("canary");
    std::fs::write(&canary, "").unwrap();
    std::fs::set_permissions(&canary, std::fs::Permissions::from_mode(0o640)).unwrap();
    let database = rig.data.path().join("beckon.db");
    let modes = || {
        [outside.path(), &canary, &database]
            .map(|path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777)
    };
    let before = modes();
    let paths = [outside.path(), &canary, &database].map(|path| path.to_str().unwrap());
    let input = serde_json::json!({ "paths": paths }).to_string();
    let python = r##"
import os, pathlib, shutil, stat
def main(args):
    refused = []
    for path in args["paths"]:
        try:
            os.chmod(path, 0o777)
        except PermissionError:
            refused.append(path)
    with open("mine", "w") as file: file.write("#!/bin/sh\necho ran")
    os.chmod("mine", 0o750)
    pathlib.Path("mine").chmod(0o755)
    os.mkdir("tree"); shutil.copy("mine", "tree/copy"); shutil.copytree("tree", "trees")
    try:
        os.chmod("nothing", 0o644)
    except FileNotFoundError as error:
        refused.append(error.filename)
    return {"refused": len(refused), "mode": oct(stat.S_IMODE(os.stat("trees/copy").st_mode)), "ran": os.popen("./mine").read()}
"##;
    let node = r##"
const fs = require('fs');
exports.main = async args => {
  let refused = 0;
  for (const path of [...args.paths, 'nothing']) {
    try { fs.chmodSync(path, 0o777) } catch { refused += 0.5 }
    await fs.promises.chmod(path, 0o777).catch(() => refused += 0.5);
  }
  fs.writeFileSync('mine', '#!/bin/sh\necho ran');
  await new Promise((done, failed) => fs.chmod('mine', 0o755, error => error ? failed(error) : done()));
  fs.mkdirSync('trees'); fs.copyFileSync('mine', 'trees/copy');
  const mode = '0o' + (fs.statSync('trees/copy').mode & 0o777).toString(8);
  return { refused, mode, ran: require('child_process').execFileSync('./mine').toString() };
}
"##;
    let expected = r#"{"refused":4,"mode":"0o755","ran":"ran\n"}"#;
    for (kind, source) in [("python:default", python), ("nodejs:default", node)] {
        rig.put("f", function(kind, source)).await;
        let record = rig.run("f", &input).await;
        if !holds(&record, Guard::Files) {
            eprintln!("not enforced here");
            return;
        }
        let expected = serde_json::from_str::<serde_json::Value>(expected).unwrap();
        assert_eq!(record.result.unwrap().to_value(), expected, "{kind}");
        assert_eq!(modes(), before, "{kind}");
    }
    let source = format!("chmod 777 {}; echo '{{}}'", paths.join(" "));
    rig.shell("f", &source).await;
    let record = rig.run("f", "{}").await;
    assert_eq!(logs(&record).len(), 3, "{:?}", logs(&record));
    assert_eq!(modes(), before, "shell");
    rig.stop().await;
}

/// A daemon that leaves its session, its parent and its environment behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaves_its_family_is_found_and_ended() {
    let rig = Rig::with(|config| config.task_limit = 60).await;
    let daemon = |seconds: u32| format!("(setsid env -i sleep {seconds} >/dev/null 2>&1 &)");
    let sleepers = |seconds: u32| {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let line = format!("sleep\0{seconds}\0");
        entries
            .filter(|entry| {
                std::fs::read(entry.path().join("cmdline")).is_ok_and(|text| text == line.as_bytes())
            })
            .count()
    };
    // Numbers that nobody else sleeps for.
    let base = 1_000_000 + std::process::id() % 1_000_000 * 10;
    // After a clean end. It reads first: a process is branded when it has just begun.
    let source = format!("read line; {}; echo '{{}}'", daemon(base));
    rig.shell("f", &source).await;
    expect(&rig.run("f", "{}").await, Status::Success, "{}");
    wait_for(async || sleepers(base) == 0).await;
    // They count as the worker's own.
    let source = format!(
        "read line; i=0; while [ $i -lt 100 ]; do {}; i=$((i+1)); done; sleep 30; echo '{{}}'",
        daemon(base + 1)
    );
    rig.shell("f", &source).await;
    let record = rig.run("f", "{}").await;
    assert_eq!(
        error(&record),
        "The action started too many processes and was aborted."
    );
    wait_for(async || sleepers(base + 1) == 0).await;
    // They end with Beckon at the latest.
    let source = format!(
        "import os\ndef main(a):\n  os.system('{}')\n  return {{}}",
        daemon(base + 2)
    );
    rig.python("f", &source).await;
    expect(&rig.run("f", "{}").await, Status::Success, "{}");
    wait_for(async || sleepers(base + 2) == 1).await;
    rig.stop().await;
    assert_eq!(sleepers(base + 2), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_bounded_and_running_out_of_it_is_told_as_that() {
    let rig = Rig::new().await;
    rig.node("ok", "function main() { return {} }").await;
    rig.run("ok", "{}").await;
    let cases = [
        (
            "buffers",
            "nodejs:default",
            "const all = []; async function main() { for (let i = 0; i < 640; i++) { all.push(Buffer.alloc(1 << 24, 1)); await new Promise(r => setTimeout(r, 2)) } return {} }",
        ),
        (
            "objects",
            "nodejs:default",
            "function main() { const all = []; for (;;) all.push([1.5]) }",
        ),
        (
            "bytes",
            "python:default",
            "import time\ndef main(a):\n  all = []\n  for i in range(640):\n    all.append(b'x' * (1 << 24))\n    time.sleep(0.002)\n  return {}",
        ),
        (
            "at once",
            "python:default",
            "def main(a):\n  return {'n': len(b'x' * (10 << 30))}",
        ),
        (
            "a child's",
            "python:default",
            "import subprocess, sys\ndef main(a):\n  subprocess.run([sys.executable, '-c', 'import time\\nall = []\\nfor i in range(640):\\n  all.append(b\"x\" * (1 << 24))\\n  time.sleep(0.002)'])\n  return {}",
        ),
        (
            "shell",
            "shell:default",
            "python3 -c 'import time\nall = []\nfor i in range(640):\n  all.append(b\"x\" * (1 << 24))\n  time.sleep(0.002)'; echo '{}'",
        ),
    ];
    for (name, kind, source) in cases {
        rig.put("f", with_memory(kind, source, 128)).await;
        let record = rig.run("f", "{}").await;
        expect(
            &record,
            Status::DeveloperError,
            r#"{"error":"The action exhausted its memory and was aborted."}"#,
        );
        assert!(holds(&record, Guard::Memory), "{name}");
        let last = logs(&record).pop().unwrap();
        if let Some((_, took)) = last.split_once("the worker took ") {
            let took: u64 = took.split_once(' ').unwrap().0.parse().unwrap();
            assert!((128..3000).contains(&took), "{name}: {last}");
        }
        expect(&rig.run("ok", "{}").await, Status::Success, "{}");
        // Python gets over it, and its worker stays.
        let left = if name == "at once" { 2 } else { 1 };
        wait_for(async || rig.processes() == left).await;
    }
    // A word is no evidence.
    let source = "def main(a):\n  print('MemoryError')\n  raise KeyError('k')";
    rig.python("f", source).await;
    expect(
        &rig.run("f", "{}").await,
        Status::ApplicationError,
        r#"{"error":"'k'"}"#,
    );
    // Within it, all is well, and what is shared with a forked child is counted once.
    let source = "import os\nkept = b'x' * (60 << 20)\ndef main(a):\n  for i in range(4):\n    if not os.fork():\n      import time\n      time.sleep(1)\n      os._exit(0)\n  for i in range(4): os.wait()\n  return {'n': len(kept)}";
    rig.put("f", with_memory("python:default", source, 128)).await;
    expect(&rig.run("f", "{}").await, Status::Success, r#"{"n":62914560}"#);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_are_bounded() {
    let rig = Rig::with(|config| config.task_limit = 60).await;
    rig.node("ok", "function main() { return {} }").await;
    rig.run("ok", "{}").await;
    let cases = [
        (
            "children",
            "shell:default",
            "i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i+1)); done; wait; echo '{}'",
        ),
        (
            "sessions",
            "shell:default",
            "i=0; while [ $i -lt 200 ]; do setsid sleep 30 & i=$((i+1)); done; wait; echo '{}'",
        ),
        (
            "forks",
            "python:default",
            "import os, time\ndef main(a):\n  for i in range(200):\n    if not os.fork():\n      time.sleep(30)\n      os._exit(0)\n  time.sleep(30)\n  return {}",
        ),
        (
            // Each part is nobody's child as soon as it has two of its own; together they take much memory, too.
            "bomb",
            "shell:default",
            "b() { if [ $1 -gt 0 ]; then b $(($1-1)) | b $(($1-1)) & fi; sleep 30; }; b 9 & sleep 30; echo '{}'",
        ),
        (
            "threads",
            "python:default",
            "import threading, time\ndef main(a):\n  for i in range(200): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n  time.sleep(30)\n  return {}",
        ),
    ];
    for (name, kind, source) in cases {
        rig.put("f", function(kind, source)).await;
        let record = rig.run("f", "{}").await;
        assert_eq!(
            error(&record),
            "The action started too many processes and was aborted.",
            "{name}"
        );
        assert_eq!(record.summary.status, Status::DeveloperError);
        assert!(holds(&record, Guard::Processes));
        assert!(
            logs(&record).pop().unwrap().contains("more than 60 processes"),
            "{name}"
        );
        expect(&rig.run("ok", "{}").await, Status::Success, "{}");
        wait_for(async || rig.processes() == 1).await;
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scratch_folder_is_bounded() {
    let rig = Rig::with(|config| config.scratch_limit = 8 << 20).await;
    let many = "import time\ndef main(a):\n  for i in range(200):\n    with open(f'{i}', 'wb') as file: file.write(b'x' * (1 << 20))\n    time.sleep(0.02)\n  return {}";
    let unlinked = "import os, time\ndef main(a):\n  kept = []\n  for i in range(400):\n    kept.append(open(f'{i}', 'wb', buffering=0))\n    os.unlink(f'{i}')\n    kept[-1].write(b'x' * (1 << 18))\n    time.sleep(0.02)\n  return {}";
    let node = "const fs = require('fs'); async function main() { for (let i = 0; i < 200; i++) { fs.writeFileSync(`${i}`, Buffer.alloc(1 << 20, 1)); await new Promise(r => setTimeout(r, 20)) } return {} }";
    let shell = "i=0; while [ $i -lt 200 ]; do head -c 1048576 /dev/urandom >$i; sleep 0.02; i=$((i+1)); done; echo '{}'";
    for (name, kind, source) in [
        ("many files", "python:default", many),
        ("files without a name", "python:default", unlinked),
        ("many files", "nodejs:default", node),
        ("many files", "shell:default", shell),
    ] {
        rig.put("f", function(kind, source)).await;
        let record = rig.run("f", "{}").await;
        assert_eq!(
            error(&record),
            "The action exhausted its disk space and was aborted.",
            "{name} {kind} {:?}",
            logs(&record)
        );
        assert!(holds(&record, Guard::Disk) && holds(&record, Guard::FileSize));
    }
    // A single file ends at the bound by itself.
    let one = "def main(a):\n  try:\n    with open('big', 'wb') as file: file.write(b'x' * (64 << 20))\n  except OSError as error:\n    return {'said': error.strerror}\n  return {}";
    rig.python("f", one).await;
    let record = rig.run("f", "{}").await;
    assert!(
        result(&record).contains("File too large") || error(&record).contains("disk space"),
        "{}",
        result(&record)
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_without_network_has_none() {
    let rig = Rig::new().await;
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let source = "import socket\ndef main(a):\n  out = {}\n  def attempt(name, work):\n    try:\n      work()\n      out[name] = True\n    except OSError as error:\n      out[name] = error.strerror\n  attempt('tcp', lambda: socket.create_connection(('127.0.0.1', a['port']), 5).close())\n  attempt('udp', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', a['port'])))\n  attempt('unix', lambda: socket.socket(socket.AF_UNIX).close())\n  socket.socketpair()\n  return out";
    let input = format!(r#"{{"port":{port}}}"#);
    rig.python("open", source).await;
    let record = rig.run("open", &input).await;
    let filtered = why(&rig, Guard::Network).is_none();
    let expected: &[&str] = if filtered {
        &["tcp", "udp"]
    } else {
        &["tcp", "udp", "unix"]
    };
    assert_eq!(worked(&record), expected);
    assert!(!holds(&record, Guard::Network));
    let mut shut = function("python:default", source);
    shut.settings.no_network = true;
    rig.put("shut", shut).await;
    let record = rig.run("shut", &input).await;
    assert_eq!(holds(&record, Guard::Network), filtered);
    if filtered {
        assert_eq!(worked(&record), Vec::<String>::new());
    }
    rig.stop().await;
}

/// What a function leaves in its scratch folder does not lead the clean-up astray.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scratch_folder_of_links_is_removed_and_nothing_else() {
    let rig = Rig::new().await;
    let outside = tempfile::tempdir().unwrap();
    std::fs::create_dir(outside.path().join("kept")).unwrap();
    std::fs::write(outside.path().join("kept/file"), "x").unwrap();
    let target = outside.path().to_str().unwrap();
    rig.shell(
        "f",
        &format!("ln -s {target} out; mkdir d; ln -s {target}/kept d/kept; chmod 0 d; echo '{{}}'"),
    )
    .await;
    expect(&rig.run("f", "{}").await, Status::Success, "{}");
    let scratch = rig.data.path().join("scratch");
    wait_for(async || std::fs::read_dir(&scratch).unwrap().next().is_none()).await;
    assert_eq!(
        std::fs::read_to_string(outside.path().join("kept/file")).unwrap(),
        "x"
    );
    rig.stop().await;
}
