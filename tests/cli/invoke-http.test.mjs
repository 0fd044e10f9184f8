// `beckon invoke` of functions that answer as HTTP: on this machine, and on an OpenFaaS gateway, which is another Beckon.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import test from "node:test";

import { BINARY, environment, home, killAtExit, ok, piped, run, serve } from "../lib/beckon.mjs";
import { defer, soon, until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;

const TELL =
  "module.exports = async (event, context) => context.status(Number(event.body.code)).headers({ 'content-type': 'text/plain' }).succeed('said ' + event.body.code)";

const STREAM = `#!/usr/bin/env node
const http = require("node:http");
http.createServer((request, response) => {
  let body = "";
  request.on("data", (text) => { body += text; }).on("end", () => {
    response.setHeader("Content-Type", "text/event-stream");
    response.write("data: one\\n\\n");
    const { next } = JSON.parse(body || "{}");
    if (next) http.get(next, () => response.end("data: two\\n\\n"));
  });
}).listen(process.env.port, "127.0.0.1");
`;

async function made(server, name, kind, contract, text) {
  const panel = await server.panel();
  await panel.call("create_function", {
    function: { connection: "local", namespace: "playground", name },
    kind,
    contract,
    code: { type: "source", text },
  });
}

/** Another home that is connected with the server's gateway. */
async function elsewhere(t, server) {
  const password = (await ok(server.home, ["token", "create", "--for", "openfaas"])).trim();
  const place = await home(t);
  const connect = ["connect", "--openfaas", server.gateway, "--password-stdin"];
  assert.equal((await piped(place, connect, password)).code, 0);
  return place;
}

/** Starts one command line, to be watched. */
function started(t, place, args) {
  const child = spawn(BINARY, ["--data-dir", place.dataDir, ...args], {
    env: environment(place),
    stdio: ["ignore", "pipe", "pipe"],
  });
  killAtExit(child);
  defer(t, () => child.kill("SIGKILL"));
  const seen = { child, stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"])
    child[name].setEncoding("utf8").on("data", (text) => {
      seen[name] += text;
    });
  seen.code = new Promise((done) => child.on("close", done));
  return seen;
}

test("an answer of 400 and above ends with 1, and is printed", { timeout: 5 * MINUTES }, async (t) => {
  const server = await serve(t);
  await made(server, "tell", "nodejs", "openfaas", TELL);
  const there = await elsewhere(t, server);
  for (const place of [server.home, there]) {
    for (const [code, ends] of [
      [200, 0],
      [302, 0],
      [401, 1],
      [404, 1],
      [500, 1],
    ]) {
      const done = await run(place, ["invoke", "tell", "-p", `code:${code}`]);
      assert.deepEqual([done.code, done.stdout], [ends, `said ${code}\n`], done.stderr);
      if (ends === 0) assert.equal(done.stderr, "");
      else assert.match(done.stderr, new RegExp(`^beckon: the run [0-9a-f]{32} [^\\n]*HTTP ${code}\\)?\\n$`));
    }
    const full = await run(place, ["invoke", "tell", "-p", "code:404", "--full"]);
    assert.equal(full.code, 1);
    JSON.parse(full.stdout);
  }
  const gone = await run(there, ["invoke", "nothing"]);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /HTTP 404/);
});

test("an answer that comes bit by bit is printed as it comes", { timeout: 5 * MINUTES }, async (t) => {
  const server = await serve(t);
  await made(server, "stream", "shell", "watchdog_http", STREAM);
  const there = await elsewhere(t, server);
  // The function goes on when it is let go, so that no clock decides.
  let waiting = null;
  const gate = createServer((_, answer) => {
    waiting = answer;
  }).listen(0, "127.0.0.1");
  defer(t, () => gate.closeAllConnections());
  defer(t, () => gate.close());
  await until("the gate", () => gate.address());
  const next = `next:http://127.0.0.1:${gate.address().port}/`;
  for (const place of [server.home, there]) {
    waiting = null;
    const seen = started(t, place, ["invoke", "stream", "-p", next]);
    await until("its first event", () => seen.stdout === "data: one\n\n");
    assert.equal(seen.child.exitCode, null, "it goes on");
    await until("the function to wait", () => waiting);
    waiting.end();
    assert.equal(await soon("it to end", seen.code, MINUTES), 0, seen.stderr);
    assert.deepEqual([seen.stdout, seen.stderr], ["data: one\n\ndata: two\n\n", ""]);
    const kept = await ok(place, ["activation", "result", "--last", "-q"]);
    assert.equal(kept.trim(), "data: one\n\ndata: two");
  }

  // Whoever interrupts it ends the run there, and has a record of what came.
  const seen = started(t, there, ["invoke", "stream"]);
  await until("its first event", () => seen.stdout === "data: one\n\n");
  seen.child.kill("SIGINT");
  assert.equal(await soon("it to be interrupted", seen.code, MINUTES), 1);
  assert.match(seen.stderr, /^beckon: the call was given up$/m);
  const [kept] = JSON.parse(await ok(there, ["activation", "list", "--limit", "1", "-o", "json"]));
  assert.equal(kept.status, "cancelled");
  assert.equal((await ok(there, ["activation", "result", "--last", "-q"])).trim(), "data: one");
  await until("the run there to be cancelled", async () => {
    const [newest] = JSON.parse(await ok(server.home, ["activation", "list", "--limit", "1", "-o", "json"]));
    return newest.status === "cancelled";
  });
});
