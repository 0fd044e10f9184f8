//! Every runtime's handler contract, case by case.

use crate::support::*;
use beckon_core::{JsonText, NamedJson, Status};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_handlers() {
    use Status::{ApplicationError as App, DeveloperError as Dev, Success as Ok};
    let rig = Rig::new().await;
    let cases: &[(&str, &str, Status, &str)] = &[
        (
            "plain function",
            "function main(args) { return {sum: args.a + 1} }",
            Ok,
            r#"{"sum":2}"#,
        ),
        (
            "exports",
            "exports.main = (args) => ({a: args.a})",
            Ok,
            r#"{"a":1}"#,
        ),
        (
            "module.exports",
            "module.exports = { main: () => ({m: 1}) }",
            Ok,
            r#"{"m":1}"#,
        ),
        (
            "const",
            "'use strict'; const main = () => ({c: 1})\n// a comment at the end",
            Ok,
            r#"{"c":1}"#,
        ),
        (
            "es module",
            "import path from 'path'; export function main(a) { return {b: path.basename('/x/y')} }",
            Ok,
            r#"{"b":"y"}"#,
        ),
        (
            "es default",
            "export default async (a) => ({d: a.a})",
            Ok,
            r#"{"d":1}"#,
        ),
        (
            "top-level await",
            "const x = await Promise.resolve(5); export const main = () => ({x})",
            Ok,
            r#"{"x":5}"#,
        ),
        (
            "dynamic import",
            "async function main() { return {s: (await import('path')).sep} }",
            Ok,
            r#"{"s":"/"}"#,
        ),
        (
            "async",
            "async function main() { await new Promise(r => setTimeout(r, 5)); return {late: true} }",
            Ok,
            r#"{"late":true}"#,
        ),
        (
            "thenable",
            "function main() { return {then(ok) { ok({t: 1}) }} }",
            Ok,
            r#"{"t":1}"#,
        ),
        ("undefined", "function main() {}", Ok, "{}"),
        ("async undefined", "async function main() {}", Ok, "{}"),
        (
            "array",
            "function main() { return [1, {a: 2}] }",
            Ok,
            r#"[1,{"a":2}]"#,
        ),
        (
            "context",
            "function main(a, c) { return {n: c.functionName, ns: c.namespace, v: c.functionVersion, t: c.getRemainingTimeInMillis() > 0 } }",
            Ok,
            r#"{"n":"/test/f","ns":"test","v":"VERSION","t":true}"#,
        ),
        (
            "unicode",
            "function main() { return {u: 'ä€😀\\u2028'} }",
            Ok,
            "{\"u\":\"ä€😀\u{2028}\"}",
        ),
        (
            "half a pair",
            "function main() { return {h: '\\ud83d!'} }",
            Ok,
            r#"{"h":"\ufffd!"}"#,
        ),
        (
            "text error",
            "function main() { return {error: 'no', more: 1} }",
            App,
            r#"{"error":"no"}"#,
        ),
        (
            "object error",
            "function main() { return {a: 1, error: {code: 5}} }",
            App,
            r#"{"error":{"code":5}}"#,
        ),
        (
            "null error",
            "function main() { return {error: null} }",
            App,
            r#"{"error":null}"#,
        ),
        (
            "undefined error",
            "function main() { return {error: undefined, a: 1} }",
            Ok,
            r#"{"a":1}"#,
        ),
        (
            "inner error",
            "function main() { return {inner: {error: 1}} }",
            Ok,
            r#"{"inner":{"error":1}}"#,
        ),
        (
            "rejection",
            "function main() { return Promise.reject({code: 7}) }",
            App,
            r#"{"error":{"code":7}}"#,
        ),
        (
            "rejected text",
            "async function main() { throw 'plain' }",
            App,
            r#"{"error":"plain"}"#,
        ),
        (
            "empty rejection",
            "function main() { return Promise.reject() }",
            App,
            r#"{"error":{}}"#,
        ),
        (
            "throw",
            "function main() { throw new Error('boom') }",
            Dev,
            r#"{"error":"An error has occurred: Error: boom"}"#,
        ),
        (
            "text",
            "function main() { return 'text' }",
            Dev,
            r#"{"error":"The action did not return a dictionary."}"#,
        ),
        (
            "number",
            "async function main() { return 5 }",
            Dev,
            r#"{"error":"The action did not return a dictionary."}"#,
        ),
        (
            "null",
            "function main() { return null }",
            Dev,
            r#"{"error":"The action did not return a dictionary."}"#,
        ),
        (
            "date",
            "function main() { return new Date() }",
            Dev,
            r#"{"error":"The action did not return a dictionary."}"#,
        ),
        (
            "exit",
            "function main() { process.exit(3) }",
            Dev,
            r#"{"error":"The action did not produce a valid response and exited unexpectedly."}"#,
        ),
        (
            "exit at load",
            "process.exit(0)",
            Dev,
            r#"{"error":"The action did not initialize and exited unexpectedly."}"#,
        ),
        (
            "late throw",
            "function main() { return new Promise(() => setTimeout(() => { throw new Error('x') }, 1)) }",
            Dev,
            r#"{"error":"The action did not produce a valid response and exited unexpectedly."}"#,
        ),
    ];
    for (number, (name, source, status, text)) in cases.iter().enumerate() {
        rig.node("f", source).await;
        let record = rig.run("f", r#"{"a":1}"#).await;
        let text = text.replace("VERSION", &format!("0.0.{}", number + 1));
        assert_eq!(
            (record.summary.status, result(&record)),
            (*status, text.as_str()),
            "{name}: {:#?}",
            logs(&record)
        );
        assert_eq!(record.summary.cold, Some(true), "{name}");
        assert_eq!(record.result_bytes, text.len() as u64, "{name}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_errors_carry_what_a_person_needs() {
    let rig = Rig::new().await;
    rig.node(
        "f",
        "async function main() { const e = new TypeError('bad'); e.code = 'E1'; throw e }",
    )
    .await;
    let record = rig.run("f", "{}").await;
    assert_eq!(record.summary.status, Status::ApplicationError);
    let value = record.result.unwrap().to_value();
    assert_eq!(
        (&value["error"]["name"], &value["error"]["message"]),
        (&"TypeError".into(), &"bad".into())
    );
    assert_eq!(value["error"]["code"], "E1");
    assert!(value["error"]["stack"].as_str().unwrap().contains("index.js"));

    rig.node("f", "function main() {\n  retrun {}\n}").await;
    let record = rig.run("f", "{}").await;
    assert_eq!(record.summary.status, Status::DeveloperError);
    let text = error(&record);
    assert!(text.starts_with("Initialization has failed due to: "), "{text}");
    assert!(
        text.contains("SyntaxError") && text.contains("index.js:2"),
        "{text}"
    );

    rig.node("f", "exports.other = 1").await;
    let text = error(&rig.run("f", "{}").await);
    assert_eq!(
        text,
        "Initialization has failed due to: Action entrypoint 'main' is not a function."
    );

    // A thrown error ends the worker and leaves its stack in the log.
    rig.node(
        "f",
        "let n = 0; function main(a) { n++; if (a.t) throw new Error('boom'); return {n} }",
    )
    .await;
    assert_eq!(result(&rig.run("f", "{}").await), r#"{"n":1}"#);
    let record = rig.run("f", r#"{"t":1}"#).await;
    assert!(
        logs(&record)[0].starts_with("e:Error: boom"),
        "{:?}",
        logs(&record)
    );
    let record = rig.run("f", "{}").await;
    assert_eq!((result(&record), record.summary.cold), (r#"{"n":1}"#, Some(true)));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_handlers() {
    use Status::{ApplicationError as App, DeveloperError as Dev, Success as Ok};
    let rig = Rig::new().await;
    let no_dictionary = r#"{"error":"The action did not return a dictionary or array."}"#;
    let cases: &[(&str, &str, Status, &str)] = &[
        (
            "dict",
            "def main(args):\n  return {'sum': args['a'] + 1}",
            Ok,
            r#"{"sum":2}"#,
        ),
        ("list", "def main(args):\n  return [1, 'x']", Ok, r#"[1,"x"]"#),
        (
            "async",
            "import asyncio\nasync def main(args):\n  await asyncio.sleep(0.001)\n  return {'late': True}",
            Ok,
            r#"{"late":true}"#,
        ),
        (
            "context",
            "def main(args, context):\n  return {'n': context.function_name, 't': context.get_remaining_time_in_millis() > 0}",
            Ok,
            r#"{"n":"/test/f","t":true}"#,
        ),
        ("no parameter", "def main():\n  return {}", Ok, "{}"),
        (
            "unicode",
            "def main(args):\n  return {'u': 'ä€😀'}",
            Ok,
            r#"{"u":"ä€😀"}"#,
        ),
        (
            "name",
            "n = __name__\ndef main(args):\n  return {'n': n}",
            Ok,
            r#"{"n":"main__"}"#,
        ),
        (
            "error",
            "def main(args):\n  return {'error': {'c': 1}, 'x': 2}",
            App,
            r#"{"error":{"c":1}}"#,
        ),
        (
            "exception",
            "def main(args):\n  raise ValueError('bad value')",
            App,
            r#"{"error":"bad value"}"#,
        ),
        (
            "async exception",
            "async def main(args):\n  raise ValueError('later')",
            App,
            r#"{"error":"later"}"#,
        ),
        (
            "not serialisable",
            "def main(args):\n  return {'s': {1}}",
            App,
            r#"{"error":"Object of type set is not JSON serializable"}"#,
        ),
        ("text", "def main(args):\n  return 'x'", Dev, no_dictionary),
        ("none", "def main(args):\n  pass", Dev, no_dictionary),
        (
            "syntax",
            "def main(args)\n  return {}",
            Dev,
            r#"{"error":"Cannot start action. Check logs for details."}"#,
        ),
        (
            "missing",
            "def other(args):\n  return {}",
            Dev,
            r#"{"error":"Cannot start action. Check logs for details."}"#,
        ),
        (
            "import error",
            "import no_such_thing\ndef main(args):\n  return {}",
            Dev,
            r#"{"error":"Cannot start action. Check logs for details."}"#,
        ),
        (
            "exit",
            "import sys\ndef main(args):\n  sys.exit(2)",
            Dev,
            r#"{"error":"The action did not produce a valid response and exited unexpectedly."}"#,
        ),
        (
            "exit at load",
            "import sys\nsys.exit(2)",
            Dev,
            r#"{"error":"The action did not initialize and exited unexpectedly."}"#,
        ),
        (
            "processes",
            "def work(pipe, n):\n  pipe.send(n * n)\ndef main(args):\n  import multiprocessing\n  results = []\n  for method in ('fork', 'spawn'):\n    context = multiprocessing.get_context(method)\n    ours, theirs = context.Pipe()\n    child = context.Process(target=work, args=(theirs, 3))\n    child.start()\n    results.append(ours.recv())\n    child.join()\n  return {'r': results}",
            Ok,
            r#"{"r":[9,9]}"#,
        ),
        (
            "forked child",
            "import os\ndef main(args):\n  pid = os.fork()\n  if pid: os.waitpid(pid, 0)\n  return {'child': pid == 0}",
            Ok,
            r#"{"child":false}"#,
        ),
    ];
    for (name, source, status, text) in cases {
        rig.python("f", source).await;
        let record = rig.run("f", r#"{"a":1}"#).await;
        assert_eq!(
            (record.summary.status, result(&record)),
            (*status, *text),
            "{name}: {:#?}",
            logs(&record)
        );
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_tracebacks_are_in_the_log() {
    let rig = Rig::new().await;
    rig.python(
        "f",
        "def main(args):\n  return deep()\ndef deep():\n  raise KeyError('k')",
    )
    .await;
    let lines = logs(&rig.run("f", "{}").await);
    assert_eq!(lines[0], "e:Traceback (most recent call last):");
    assert!(
        lines[1].contains("main__.py\", line 2, in main"),
        "the first frame is the function's own: {lines:?}"
    );
    assert_eq!(lines.last().unwrap(), "e:KeyError: 'k'");

    rig.python("f", "def main(args):\n  return {\n").await;
    let lines = logs(&rig.run("f", "{}").await);
    assert!(lines.iter().any(|line| line.contains("SyntaxError")), "{lines:?}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn executables() {
    use Status::{ApplicationError as App, DeveloperError as Dev, Success as Ok};
    let rig = Rig::new().await;
    let cases: &[(&str, &str, Status, &str)] = &[
        ("stdin", "cat", Ok, r#"{"a":1}"#),
        ("argument", "echo \"$1\"", Ok, r#"{"a":1}"#),
        (
            "shebang",
            "#!/usr/bin/env python3\nimport json, sys\nprint(json.dumps({'py': json.load(sys.stdin)['a']}))",
            Ok,
            r#"{"py": 1}"#,
        ),
        (
            "log first",
            "echo one; echo two >&2; echo '{\"ok\":true}'; echo",
            Ok,
            r#"{"ok":true}"#,
        ),
        ("no newline", "printf '{\"ok\":1}'", Ok, r#"{"ok":1}"#),
        ("array", "echo '[1]'", Ok, "[1]"),
        (
            "error",
            "echo '{\"error\":\"no\",\"x\":1}'",
            App,
            r#"{"error":"no"}"#,
        ),
        (
            "error and code",
            "echo '{\"error\":\"no\"}'; exit 4",
            App,
            r#"{"error":"no"}"#,
        ),
        (
            "code",
            "exit 4",
            Dev,
            r#"{"error":"The action exited with code 4 without a result."}"#,
        ),
        (
            "code with a result",
            "echo '{\"a\":1}'; exit 4",
            Dev,
            r#"{"error":"The action exited with code 4 without a result."}"#,
        ),
        (
            "signal",
            "kill -TERM $$",
            Dev,
            r#"{"error":"The action was ended by signal 15 (SIGTERM) without a result."}"#,
        ),
        (
            "nothing",
            "true",
            Dev,
            r#"{"error":"The action did not produce a valid JSON or JSON Array response: "}"#,
        ),
        (
            "text",
            "echo hello",
            Dev,
            r#"{"error":"The action did not produce a valid JSON or JSON Array response: hello"}"#,
        ),
        (
            "number",
            "echo 5",
            Dev,
            r#"{"error":"The action did not produce a valid JSON or JSON Array response: 5"}"#,
        ),
        (
            "no such interpreter",
            "#!/no/such/thing\n",
            Dev,
            r#"{"error":"The action did not initialize and exited unexpectedly."}"#,
        ),
    ];
    for (name, source, status, text) in cases {
        rig.shell("f", source).await;
        let record = rig.run("f", "{\"a\":1}").await;
        assert_eq!(
            (record.summary.status, result(&record)),
            (*status, *text),
            "{name}: {:#?}",
            logs(&record)
        );
    }
    rig.shell("f", cases[3].1).await;
    let mut lines = logs(&rig.run("f", "{}").await);
    lines.sort();
    assert_eq!(lines, ["e:two", "o:one"]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packages() {
    let rig = Rig::new().await;
    let cases: Vec<(&str, beckon_core::NewFunction, Option<&str>, &str)> = vec![
        (
            "node, several files and a dependency",
            package(
                "nodejs:default",
                &[
                    ("package.json", r#"{"main": "src/app.js"}"#),
                    (
                        "src/app.js",
                        "const b = require('./lib/b'); const dep = require('dep'); exports.main = a => ({b: b(a.a), dep})",
                    ),
                    ("src/lib/b.js", "module.exports = n => n * 10"),
                    ("node_modules/dep/index.js", "module.exports = 'dep'"),
                ],
            ),
            None,
            r#"{"b":10,"dep":"dep"}"#,
        ),
        (
            "node, index.js",
            package("nodejs:default", &[("index.js", "exports.main = () => ({i: 1})")]),
            None,
            r#"{"i":1}"#,
        ),
        (
            "node, es module package",
            package(
                "nodejs:default",
                &[
                    ("package.json", r#"{"type": "module"}"#),
                    (
                        "index.js",
                        "import {x} from './x.js'; export const main = () => ({x})",
                    ),
                    ("x.js", "export const x = 3"),
                ],
            ),
            None,
            r#"{"x":3}"#,
        ),
        (
            "node, file.function",
            package(
                "nodejs:default",
                &[("index.js", ""), ("other.js", "exports.run = () => ({o: 1})")],
            ),
            Some("other.run"),
            r#"{"o":1}"#,
        ),
        (
            "python, a module and a virtualenv",
            package(
                "python:default",
                &[
                    (
                        "__main__.py",
                        "import side, dep\ndef main(args):\n  return {'s': side.x, 'd': dep.y}",
                    ),
                    ("side.py", "x = 4"),
                    // Where other contracts begin, and this one does not.
                    ("handler.py", "raise RuntimeError('not this one')"),
                    ("main.py", "raise RuntimeError('not this one')"),
                    ("virtualenv/lib/python3.11/site-packages/dep.py", "y = 5"),
                ],
            ),
            None,
            r#"{"s":4,"d":5}"#,
        ),
        (
            "python, another function",
            package(
                "python:default",
                &[("__main__.py", "def run(args):\n  return {'r': 1}")],
            ),
            Some("run"),
            r#"{"r":1}"#,
        ),
        (
            "executable",
            package(
                "shell:default",
                &[
                    (
                        "exec",
                        "#!/bin/sh\n. \"$(dirname \"$0\")/lib.sh\"\necho \"{\\\"v\\\":$V}\"",
                    ),
                    ("lib.sh", "V=6"),
                ],
            ),
            None,
            r#"{"v":6}"#,
        ),
    ];
    for (name, mut new, main, text) in cases {
        new.main = main.map(str::to_owned);
        rig.put("f", new).await;
        let record = rig.run("f", r#"{"a":1}"#).await;
        assert_eq!(
            (record.summary.status, result(&record)),
            (Status::Success, text),
            "{name}: {:#?}",
            logs(&record)
        );
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defaults_lie_below_the_input() {
    let rig = Rig::new().await;
    let named = |key: &str, value: &str| NamedJson {
        key: key.into(),
        value: JsonText::parse(value).unwrap(),
    };
    let parameters = vec![
        named("a", "1"),
        named("b", r#"{"deep": [1]}"#),
        named("__proto__", r#"{"p":1}"#),
    ];
    let sources = [
        (
            "nodejs:default",
            "function main(a) { a.b.deep = 'changed'; return {a: a.a, b: typeof a.b, c: a.c, p: Object.hasOwn(a, '__proto__'), q: a.p === undefined} }",
        ),
        (
            "python:default",
            "def main(a):\n  a['b']['deep'] = 'changed'\n  return {'a': a['a'], 'b': 'object', 'c': a['c'], 'p': '__proto__' in a, 'q': True}",
        ),
    ];
    for (kind, source) in sources {
        let mut new = function(kind, source);
        new.parameters.clone_from(&parameters);
        rig.put("f", new).await;
        for _ in 0..2 {
            let record = rig.run("f", r#"{"c":2,"a":9}"#).await;
            expect(
                &record,
                Status::Success,
                r#"{"a":9,"b":"object","c":2,"p":true,"q":true}"#,
            );
            assert_eq!(
                record.input.unwrap().as_str(),
                r#"{"c":2,"a":9}"#,
                "the record has what the caller sent"
            );
        }
    }
    rig.stop().await;
}
