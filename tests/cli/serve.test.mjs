// `beckon serve`, as scripts rely on it.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import net from "node:net";
import test from "node:test";

import { BINARY, environment, home, killAtExit, ok, refused, run, serve } from "../lib/beckon.mjs";
import { request } from "../lib/http.mjs";
import { local, Panel } from "../lib/panel.mjs";
import { soon, until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;
const SLOW =
  "async function main({ ms }) { await new Promise((done) => setTimeout(done, ms)); return { waited: ms } }";

test("serve prints one JSON line and nothing else on standard output", {
  timeout: 4 * MINUTES,
}, async (t) => {
  const beckon = await serve(t);
  assert.deepEqual(Object.keys(beckon.announced).sort(), ["gateway", "panel", "pid", "version"]);
  assert.match(beckon.announced.gateway, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.match(beckon.announced.panel, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[0-9a-f]{32,}$/);
  assert.equal(beckon.announced.pid, beckon.pid);
  const version = (await run(beckon.home, ["--version"])).stdout.trim();
  assert.equal(version, `beckon ${beckon.announced.version}`);

  // It is ready when it says so, and a run that logs does not change what standard output holds.
  assert.equal((await request(`${beckon.gateway}/api/v1`)).status, 200);
  const panel = await beckon.panel();
  await panel.create(
    "chatty",
    "nodejs:default",
    "function main() { console.log('to the record'); return {} }",
  );
  const { activation } = await panel.invoke(local("chatty"));
  assert.deepEqual(
    activation.logs.map((line) => line.text),
    ["to the record"],
  );
  await beckon.stop();
  assert.equal(beckon.stdout.split("\n").length, 2, `more than one line:\n${beckon.stdout}`);
  assert.ok(!beckon.stderr.includes("to the record"), "what functions print is in their records");
  assert.match(beckon.stderr, /stopping/, "the log is on standard error");
  assert.ok(
    !beckon.stderr.includes(new URL(beckon.link).searchParams.get("token")),
    "the log holds no token",
  );
});

test("the first start has a playground with three examples that run", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const panel = await beckon.panel();
  const names = (await panel.call("functions", { connection: "local", namespace: null })).map((f) => f.name);
  assert.deepEqual(names.sort(), ["hello", "hello-python", "hello-shell"]);
  for (const name of names) {
    const input = await panel.call("draft", { function: local(name) });
    const { activation } = await panel.invoke(local(name), JSON.parse(input));
    assert.equal(activation.status, "success", `${name}: ${activation.result}`);
    assert.deepEqual(JSON.parse(activation.result), { body: "Hello Ada!" });
  }
  const { firstFunction } = await panel.call("overview");
  assert.equal(firstFunction.namespace, "playground");
});

test("--no-examples starts empty, and a second start adds nothing", { timeout: 4 * MINUTES }, async (t) => {
  const first = await serve(t, { args: ["--port", "0", "--no-examples"] });
  assert.deepEqual(
    await (await first.panel()).call("functions", { connection: "local", namespace: null }),
    [],
  );
  await first.stop();
  const second = await serve(t, { home: first.home });
  assert.deepEqual(
    await (await second.panel()).call("functions", { connection: "local", namespace: null }),
    [],
  );
});

test("a command line that came first does not take the examples away", {
  timeout: 4 * MINUTES,
}, async (t) => {
  const place = await home(t);
  assert.deepEqual(
    JSON.parse(await ok(place, ["namespace", "list", "-o", "json"])).map((n) => n.name),
    ["playground"],
  );
  const beckon = await serve(t, { home: place });
  const functions = await (await beckon.panel()).call("functions", { connection: "local", namespace: null });
  assert.equal(functions.length, 3);
});

test("--port takes that port, and says so when it is taken", { timeout: 4 * MINUTES }, async (t) => {
  const taken = net.createServer();
  await new Promise((done) => taken.listen(0, "127.0.0.1", done));
  const { port } = taken.address();
  const place = await home(t);
  // Closed whatever comes: a listener that is left keeps the test's process from ending.
  const said = await refused(place, ["serve", "--port", String(port)]).finally(
    () => new Promise((done) => taken.close(done)),
  );
  assert.match(said, new RegExp(`${port}`));
  const beckon = await serve(t, { home: place, args: ["--port", String(port)] });
  assert.equal(beckon.gateway, `http://127.0.0.1:${port}`);
});

test("a second serve on one directory is refused, and the first goes on", {
  timeout: 4 * MINUTES,
}, async (t) => {
  const beckon = await serve(t);
  const said = await refused(beckon.home, ["serve", "--port", "0"]);
  assert.match(said, /already running/);
  assert.match(said, new RegExp(`${beckon.pid}`));
  assert.equal((await (await beckon.client()).invoke("hello", { name: "Ada" })).status, 200);
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  test(`${signal} lets a running invocation finish, then exits 0`, { timeout: 4 * MINUTES }, async (t) => {
    const beckon = await serve(t);
    const client = await beckon.client();
    await client.deploy("slow", { kind: "nodejs:default", code: SLOW });
    const answer = client.invoke("slow", { ms: 3_000 }, "blocking=true");
    const panel = await beckon.panel();
    await until("the run to begin", async () => (await panel.call("engine_status")).running === 1);
    await beckon.stop(signal);
    const reply = await soon("the answer of the run", answer);
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(reply.json.response.result, { waited: 3_000 });

    const again = await serve(t, { home: beckon.home });
    const record = await (await again.panel()).activation(reply.json.activationId);
    assert.equal(record.status, "success");
    assert.deepEqual(JSON.parse(record.result), { waited: 3_000 });
  });
}

test("after kill -9 no process is left and the directory can be used at once", {
  timeout: 4 * MINUTES,
}, async (t) => {
  const beckon = await serve(t);
  const client = await beckon.client();
  await client.deploy("slow", { kind: "nodejs:default", code: SLOW });
  assert.equal((await client.invoke("slow", { ms: 0 })).status, 200, "a worker is warm");
  await client.accept("slow", { ms: 60_000 });
  await beckon.kill(); // sees that the workers end too
  assert.ok((await readdir(beckon.home.dataDir)).includes("run.json"), "it had no time to tidy up");
  const listed = JSON.parse(await ok(beckon.home, ["namespace", "list", "-o", "json"]));
  assert.deepEqual(
    listed.map((n) => n.name),
    ["playground"],
    "the command line is not misled by the stale file",
  );
  const again = await serve(t, { home: beckon.home });
  assert.equal((await (await again.client()).invoke("hello", { name: "Ada" })).status, 200);
});

test("a printed link opens one session once", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const panel = await Panel.open(beckon.link);
  assert.equal((await panel.call("overview")).gatewayUrl, beckon.gateway);
  const again = await request(beckon.link);
  assert.equal(again.status, 403);
  assert.match(again.text, /beckon url/, "it says how to get a new one");
  await (await beckon.panel()).call("overview");
});

test("the data directory comes from BECKON_DATA_DIR too", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const env = environment(beckon.home, { BECKON_DATA_DIR: beckon.home.dataDir });
  const stdout = await new Promise((done, failed) =>
    execFile(BINARY, ["url"], { env }, (error, out) => (error ? failed(error) : done(out))),
  );
  assert.ok(stdout.startsWith(beckon.panelOrigin), "it found the running Beckon there");
});

test("without a display the bare command serves", { timeout: 4 * MINUTES }, async (t) => {
  const place = await home(t);
  const child = spawn(BINARY, ["--data-dir", place.dataDir], {
    env: environment(place),
    stdio: ["ignore", "pipe", "pipe"],
  });
  killAtExit(child);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (output.stdout += chunk));
  child.stderr.on("data", (chunk) => (output.stderr += chunk));
  const closed = new Promise((done) => child.on("close", done));
  try {
    await until("the line", () => output.stdout.includes("\n"), { within: 120_000 });
    assert.equal(JSON.parse(output.stdout).pid, child.pid);
    assert.match(output.stderr, /served instead/);
  } finally {
    child.kill("SIGTERM");
  }
  assert.equal(await soon("it to stop", closed), 0);
});

test("wrong usage ends with 2 and prints nothing on standard output", { timeout: 4 * MINUTES }, async (t) => {
  const place = await home(t);
  for (const args of [
    ["nonsense"],
    ["serve", "--port", "many"],
    ["serve", "--port", "70000"],
    ["serve", "--nonsense"],
    ["token"],
    ["token", "create"],
    ["token", "create", "--for", "nobody"],
    ["token", "create", "--for", "openwhisk", "--expires", "soon"],
    ["token", "revoke"],
    ["namespace", "create"],
    ["namespace", "list", "-o", "xml"],
    ["runtime", "list", "--nonsense"],
    ["--secret-store", "paper", "runtime", "list"],
  ]) {
    const { code, stdout, stderr } = await run(place, args);
    assert.equal(code, 2, `beckon ${args.join(" ")} ended with ${code}: ${stderr}`);
    assert.equal(stdout, "");
    assert.notEqual(stderr, "");
  }
});
