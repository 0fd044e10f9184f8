//! Fn's own FDKs, as their registries have them, under the engine as Fn's server is to them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::support::*;
use beckon_core::{CodePackage, Contract, NewFunction, Runtime, Status};
use beckon_engine::{Ended, Invocation, Outcome, Payload};
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

/// A folder with an FDK in it, installed once.
fn installed(name: &str, program: &str, arguments: &[&str]) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if place.is_dir() {
        return place;
    }
    let fresh = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let done = Command::new(program)
        .args(arguments)
        .current_dir(fresh.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // Another test may have been quicker.
    let _ = std::fs::rename(fresh.keep(), &place);
    place
}

fn add(writer: &mut zip::ZipWriter<std::io::Cursor<Vec<u8>>>, from: &Path, to: &str) {
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let name = format!("{to}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            add(writer, &entry.path(), &name);
        } else {
            writer.start_file(name, options).unwrap();
            writer.write_all(&std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

fn packed(kind: &str, file: &str, source: &str, folders: &[(PathBuf, String)]) -> NewFunction {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer
        .start_file(file, zip::write::SimpleFileOptions::default())
        .unwrap();
    writer.write_all(source.as_bytes()).unwrap();
    for (from, to) in folders {
        add(&mut writer, from, to);
    }
    let code = CodePackage::Zip(writer.finish().unwrap().into_inner());
    let mut new = NewFunction::new(Runtime::new(kind).unwrap(), code);
    new.contract = Contract::Fn;
    new
}

fn node(source: &str) -> NewFunction {
    let arguments = [
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "@fnproject/fdk@0.0.76",
    ];
    let place = installed("fdk-node", "npm", &arguments);
    packed(
        "nodejs:default",
        "func.js",
        source,
        &[(place.join("node_modules"), "node_modules".to_owned())],
    )
}

fn python(source: &str) -> NewFunction {
    let arguments = ["-m", "pip", "install", "-q", "--target", ".", "fdk==0.1.128"];
    let place = installed("fdk-python", "python3", &arguments);
    // What it needs to run; the package asks for its test tools too.
    let needed = ["fdk", "httptools", "iso8601", "pbr"];
    let folders = std::fs::read_dir(&place).unwrap().flatten().filter_map(|entry| {
        let name = entry.file_name().to_str().unwrap().to_owned();
        let wanted = needed.iter().any(|need| {
            name.strip_prefix(need).is_some_and(|rest| {
                rest.is_empty() || (rest.starts_with('-') && rest.ends_with(".dist-info"))
            })
        });
        wanted.then(|| (entry.path(), format!("package/{name}")))
    });
    packed("python:default", "func.py", source, &folders.collect::<Vec<_>>())
}

async fn ended(rig: &Rig, request: Request<Bytes>) -> Arc<Ended> {
    let run = Invocation {
        payload: Payload::Http(Box::new(request)),
        ..invocation("f", "{}")
    };
    match rig.engine.invoke(run, None).await.unwrap() {
        Outcome::Finished(ended) => ended,
        Outcome::Promoted(id) => panic!("{id} was promoted"),
    }
}

fn post(uri: &str, body: &'static str) -> Request<Bytes> {
    Request::post(uri)
        .header("content-type", "application/json")
        .header("x-own", "yes")
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

fn value(ended: &Ended) -> (u16, Value) {
    let answer = ended.reply().clone().into_response();
    let body = serde_json::from_slice(answer.body())
        .unwrap_or_else(|_| json!(String::from_utf8_lossy(answer.body())));
    (answer.status().as_u16(), body)
}

const NODE: &str = r#"
const fdk = require('@fnproject/fdk');
fdk.handle(async (input, context) => {
  const gateway = context.httpGateway;
  console.log('called');
  if (gateway.requestURL === '/throw') throw new Error('no');
  if (gateway.requestURL === '/exit') process.exit(3);
  if (gateway.requestURL === '/hang') await new Promise(() => {});
  gateway.statusCode = 201;
  gateway.setResponseHeader('X-Made', 'here');
  return { input, method: gateway.method, url: gateway.requestURL, own: gateway.getHeader('X-Own'),
    fn: process.env.FN_FN_NAME, call: context.callID, app: context.appName, memory: context.memory, pid: process.pid,
    late: context.deadline - Date.now() < 1000 };
});
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_fdk() {
    let rig = Rig::new().await;
    let mut new = node(NODE);
    new.limits.timeout_ms = 15_000;
    rig.put("f", new).await;
    let mut pids = std::collections::HashSet::new();
    for _ in 0..2 {
        let ended = ended(&rig, post("/a?b=1", "{\"n\":1}")).await;
        let (status, mut all) = value(&ended);
        pids.insert(all["pid"].take().to_string());
        let call = beckon_engine::delivery::ulid(ended.summary().id.as_u128());
        assert_eq!(all.as_object_mut().unwrap().remove("call"), Some(call.into()));
        let wanted = json!({"input": {"n": 1}, "method": "POST", "url": "/a?b=1", "own": "yes", "fn": "f",
            "app": "test", "memory": 256, "pid": null, "late": false});
        assert_eq!((status, all), (201, wanted), "{:?}", logs(&ended.activation()));
        let answer = ended.reply().clone().into_response();
        assert_eq!(answer.headers()["x-made"], "here");
        assert!(
            !answer
                .headers()
                .keys()
                .any(|name| name.as_str().starts_with("fn-http-"))
        );
        assert_eq!(logs(&ended.activation()), ["o:called"]);
    }
    assert_eq!(pids.len(), 1);
    // What throws is used again, what dies is not.
    let thrown = ended(&rig, post("/throw", "{}")).await;
    assert_eq!(value(&thrown), (502, json!({"message": "function failed"})));
    assert_eq!(thrown.activation().summary.status, Status::ApplicationError);
    let (_, again) = value(&*ended(&rig, post("/", "{}")).await);
    assert!(pids.contains(&again["pid"].to_string()));
    let died = ended(&rig, post("/exit", "{}")).await;
    assert_eq!(
        value(&died),
        (502, json!({"message": "error receiving function response"}))
    );
    assert_eq!(died.activation().summary.status, Status::DeveloperError);
    assert_eq!(value(&*ended(&rig, post("/", "{}")).await).0, 201);
    let late = ended(&rig, post("/hang", "{}")).await;
    assert_eq!(value(&late), (504, json!({"message": "Timed out"})));
    assert!(
        logs(&late.activation())
            .iter()
            .any(|line| line.contains("the function's limit of 15 s"))
    );
    assert_eq!(value(&*ended(&rig, post("/", "{}")).await).0, 201);
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

const PYTHON: &str = r#"
import io, json, os
from fdk import response

def handler(ctx, data: io.BytesIO = None):
    print("called", flush=True)
    body = json.loads(data.getvalue())
    if body.get("raise"):
        raise ValueError("no")
    told = {"body": body, "method": ctx.Method(), "url": ctx.RequestURL(), "own": ctx.HTTPHeaders().get("x-own"),
            "fn": ctx.FnName(), "app": ctx.AppName(), "pid": os.getpid()}
    return response.Response(ctx, response_data=json.dumps(told), status_code=202,
                             headers={"Content-Type": "application/json", "X-Made": "here"})
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_fdk() {
    let rig = Rig::new().await;
    rig.put("f", python(PYTHON)).await;
    let mut pids = std::collections::HashSet::new();
    for _ in 0..2 {
        let ended = ended(&rig, post("/a?b=1", "{\"n\":1}")).await;
        let (status, mut all) = value(&ended);
        assert_eq!(status, 202, "{all} {:?}", logs(&ended.activation()));
        pids.insert(all["pid"].take().to_string());
        let wanted = json!({"body": {"n": 1}, "method": "POST", "url": "/a?b=1", "own": "yes", "fn": "f",
            "app": "test", "pid": null});
        assert_eq!(all, wanted);
        assert_eq!(ended.reply().clone().into_response().headers()["x-made"], "here");
        assert!(logs(&ended.activation()).contains(&"o:called".to_owned()));
    }
    assert_eq!(pids.len(), 1);
    let thrown = ended(&rig, post("/", "{\"raise\":true}")).await;
    assert_eq!(value(&thrown), (502, json!({"message": "function failed"})));
    rig.stop().await;
    assert_eq!(rig.processes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_does_not_start_says_why() {
    let rig = Rig::new().await;
    rig.put("f", node("throw new Error('not today');")).await;
    let ended = ended(&rig, post("/", "{}")).await;
    let (status, body) = value(&ended);
    assert_eq!(status, 502);
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .contains("Container failed to initialize")
    );
    let lines = logs(&ended.activation());
    assert!(lines.iter().any(|line| line.contains("not today")), "{lines:?}");
    let mut never = node("setInterval(() => {}, 1000);");
    never.limits.timeout_ms = 1500;
    rig.put("f", never).await;
    let (status, body) = value(self::ended(&rig, post("/", "{}")).await.as_ref());
    assert_eq!(status, 504);
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .starts_with("Container initialization timed out")
    );
    rig.stop().await;
}
