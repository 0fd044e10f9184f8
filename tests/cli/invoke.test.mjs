// `beckon invoke`, `beckon activation` and `beckon connect`, as their users know them from doctl.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import test from "node:test";

import { BINARY, environment, killAtExit, ok, refused, run, serve, token } from "../lib/beckon.mjs";
import { defer, until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;
const MISSING =
  "beckon: The requested activation record does not exist. This either means that the invocation is still running and the record is not yet created or the activation's retention period has already expired.";
const HEADER = (status, name) =>
  new RegExp(String.raw`^=== ([0-9a-f]{32}) ${status} \d\d/\d\d \d\d:\d\d:\d\d ${name}:\d+\.\d+\.\d+$`);

const source = (text) => ({ kind: "nodejs:default", code: text });
const activation = (place, ...args) => ok(place, ["activation", ...args]);

for (const running of [true, false]) {
  const how = running ? "with the running Beckon" : "without a running Beckon";

  test(`invoke and what came of it, ${how}`, { timeout: 5 * MINUTES }, async (t) => {
    const beckon = await serve(t);
    const place = beckon.home;
    const client = await beckon.client();
    await client.deploy("fails", source("function main() { return { error: 'no' } }"));
    assert.equal((await client.send("PUT", "/namespaces/_/packages/pkg", { body: {} })).status, 200);
    await client.deploy("pkg/echo", source("function main(args) { console.log('echo'); return args }"));
    if (!running) await beckon.stop();

    assert.equal(await ok(place, ["invoke", "hello", "-p", "name:Ada"]), '{\n  "body": "Hello Ada!"\n}\n');
    const last = (await activation(place, "result", "--last")).split("\n");
    const [, id] = HEADER("success", "hello").exec(last[0]) ?? assert.fail(last[0]);
    assert.deepEqual(last.slice(1), ["{", '  "body": "Hello Ada!"', "}", ""]);
    const quiet = last.slice(1).join("\n");
    assert.equal(await activation(place, "result", "--last", "-q"), quiet);
    assert.equal(await activation(place, "result", id), quiet, "an id needs no header");
    const record = JSON.parse(await activation(place, "get", id));
    assert.deepEqual([record.activationId, record.response.status, record.statusCode], [id, "success", 0]);

    // A file for what a colon cannot say; digits stay as they are.
    const file = join(place.dir, "input.json");
    await writeFile(file, '{"n": 12345678901234567890, "deep": {"a": [1.50]}}');
    const echoed = await ok(place, ["invoke", "pkg/echo", "-P", file]);
    assert.match(echoed, /"deep": \{\n {4}"a": \[/);
    const both = JSON.parse(await ok(place, ["invoke", "pkg/echo", "-P", file, "-p", "url:http://a:1"]));
    assert.deepEqual([both.url, both.deep], ["http://a:1", { a: [1.5] }]);
    assert.match(await activation(place, "logs", "--function", "pkg/echo", "-q"), /Z +stdout: echo\n$/);
    assert.equal(await activation(place, "logs", "-f", "pkg/echo", "-q", "--strip"), "echo\n");
    const logs = (await activation(place, "logs", "-n", "2", "-f", "pkg/echo")).trim().split("\n");
    assert.match(logs[0], HEADER("success", "pkg/echo"));
    assert.equal(logs.length, 4, "a header and a line for each");

    const failed = await run(place, ["invoke", "fails"]);
    assert.equal(failed.code, 1);
    assert.deepEqual(JSON.parse(failed.stdout), { error: "no" });
    assert.match(failed.stderr, /^beckon: the run [0-9a-f]{32} ended with application error\n$/);
    assert.match(
      (await activation(place, "get", "--last")).split("\n")[0],
      HEADER("application error", "fails"),
    );

    const listed = JSON.parse(await activation(place, "list", "-o", "json"));
    assert.deepEqual(
      listed.map((row) => [row.function, row.status, row.cause]),
      [
        ["fails", "application_error", "cli"],
        ["pkg/echo", "success", "cli"],
        ["pkg/echo", "success", "cli"],
        ["hello", "success", "cli"],
      ],
    );
    assert.equal(await activation(place, "list", "hello", "-q"), `${id}\n`);
    assert.equal(await activation(place, "list", "--limit", "1", "-q"), `${listed[0].id}\n`);
    assert.equal(await activation(place, "list", "-q", "--upto", String(listed[3].start)), `${id}\n`);
    assert.equal(await activation(place, "list", "-q", "--upto", "-1h"), "");
    assert.match(
      await activation(place, "list"),
      /^DATETIME +STATUS +KIND.*\n.* application error .* fails\n/,
    );
    assert.equal(await refused(place, ["activation", "get", "0".repeat(32)]), MISSING);
    assert.equal(await refused(place, ["activation", "result", "-f", "hello-shell"]), MISSING);

    if (running) return;
    // What was accepted without a Beckon runs at the latest when there is one again.
    const accepted = JSON.parse(await ok(place, ["invoke", "hello", "--no-wait", "-p", "name:Bob"]));
    await serve(t, { home: place });
    const result = () => run(place, ["activation", "result", accepted.activationId]);
    const { stdout } = await until("it to run", async () => {
      const answer = await result();
      return answer.code === 0 && answer;
    });
    assert.deepEqual(JSON.parse(stdout), { body: "Hello Bob!" });
  });
}

test("what cannot be asked for", { timeout: 4 * MINUTES }, async (t) => {
  const place = (await serve(t)).home;
  assert.match(await refused(place, ["invoke", "nothing"]), /nothing/);
  assert.match(await refused(place, ["invoke", "hello", "--namespace", "nowhere"]), /'nowhere'/);
  assert.match(await refused(place, ["invoke", "hello", "--connection", "nowhere"]), /'nowhere'/);
  assert.match(await refused(place, ["invoke", "hello", "-P", "/nowhere"]), /cannot be read/);
  assert.match(await refused(place, ["activation", "list", "--since", "yesterday"]), /not a time/);
  assert.match(await refused(place, ["connect", "nowhere"]), /'nowhere'/);
  for (const wrong of [["invoke"], ["invoke", "hello", "-p", "name"], ["activation", "get"]]) {
    const { code, stdout } = await run(place, wrong);
    assert.deepEqual([code, stdout], [2, ""], wrong.join(" "));
  }
});

test("without waiting, the record comes when the run is over", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const place = beckon.home;
  // The function asks until it is let go, so that no clock decides.
  let open = false;
  const server = createServer((_, answer) => answer.end(open ? "go" : "wait")).listen(0, "127.0.0.1");
  defer(t, () => server.close());
  await until("the gate", () => server.address());
  const url = `http://127.0.0.1:${server.address().port}/`;
  const waits = `async function main() {
    while ((await (await fetch("${url}")).text()) !== "go") await new Promise((done) => setTimeout(done, 50));
    console.log("let go");
    return { done: true };
  }`;
  await (await beckon.client()).deploy("waits", source(waits));
  const accepted = await ok(place, ["invoke", "waits", "--no-wait"]);
  const { activationId: id } = JSON.parse(accepted);
  assert.equal(accepted, `{\n  "activationId": "${id}"\n}\n`);
  for (const part of ["get", "result", "logs"])
    assert.equal(await refused(place, ["activation", part, id]), MISSING, part);
  const [pending] = JSON.parse(await activation(place, "list", "-o", "json"));
  assert.match(pending.status, /^(queued|running)$/, "a list knows what no provider tells");

  // A caller who waits in vain is told where the result will be.
  const panel = await beckon.panel();
  await panel.call("save_settings", {
    settings: { ...(await panel.call("settings")), blockingLimitMs: 1_000 },
  });
  const promoted = await run(place, ["invoke", "waits"]);
  assert.equal(promoted.code, 0);
  const { activationId: second } = JSON.parse(promoted.stdout);
  assert.match(promoted.stderr, new RegExp(`^beckon: .*\`beckon activation result ${second}\``));

  // What is followed is printed when it ends.
  const child = spawn(
    BINARY,
    ["--data-dir", place.dataDir, "activation", "logs", "--follow", "--since", "-1h"],
    {
      env: environment(place),
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  killAtExit(child);
  defer(t, () => child.kill("SIGKILL"));
  let followed = "";
  child.stdout.on("data", (text) => {
    followed += text;
  });
  open = true;
  const ends = () => followed.split("let go\n").length - 1;
  await until("the runs to be followed to their ends", () => ends() === 2, { within: 90_000 });
  const lines = followed.trim().split("\n");
  assert.match(lines[0], HEADER("success", "waits"));
  assert.equal(lines.length, 4, "a header and a line for each, and none twice");
  assert.equal(await activation(place, "result", id), '{\n  "done": true\n}\n');
  await ok(place, ["invoke", "hello"]);
  await until("the next run to be followed", () => HEADER("success", "hello").test(followed.split("\n")[4]));
});

test("connect chooses where calls go, here and elsewhere", { timeout: 6 * MINUTES }, async (t) => {
  const there = await serve(t);
  const beckon = await serve(t);
  const place = beckon.home;
  await ok(place, ["namespace", "create", "shop", "--label", "The shop"]);
  await (await beckon.client("shop")).deploy("where", source("function main() { return { at: 'shop' } }"));
  const connected = `on API host '${beckon.gateway}'`;
  assert.equal(
    await ok(place, ["connect"]),
    `Connected to functions namespace 'playground' ${connected} (label=Playground)\n`,
  );
  assert.match(await refused(place, ["invoke", "where"]), /where/);
  const chosen = `Connected to functions namespace 'shop' ${connected} (label=The shop)\n`;
  assert.equal(await ok(place, ["connect", "the shop"]), chosen);
  assert.equal(await ok(place, ["connect"]), chosen);
  assert.deepEqual(JSON.parse(await ok(place, ["invoke", "where"])), { at: "shop" });
  assert.deepEqual(JSON.parse(await ok(place, ["invoke", "hello", "--namespace", "playground"])), {
    body: "Hello stranger!",
  });
  assert.equal((await activation(place, "list", "-q")).trim().split("\n").length, 1);

  // Another system, which is a second Beckon here.
  const draft = {
    name: "Production",
    kind: "openwhisk",
    environment: "development",
    apiHost: there.gateway,
    key: await token(there.home),
  };
  await (await beckon.panel()).call("add_connection", { draft });
  assert.match(await ok(place, ["namespaces", "list", "--connection", "production"]), /^playground /m);
  await (await there.client()).deploy("far", source("function main() { return { at: 'there' } }"));
  assert.match(
    await ok(place, ["connect", "Production"]),
    new RegExp(`'playground' on API host '${there.gateway}'`),
  );
  assert.deepEqual(JSON.parse(await ok(place, ["invoke", "far"])), { at: "there" });
  assert.match((await activation(place, "result", "--last")).split("\n")[0], HEADER("success", "far"));
  // Somebody else's run is read from there.
  const other = await (await there.client()).accept("far");
  await until(
    "the record there",
    async () => (await (await there.client()).activation(other)).status === 200,
  );
  assert.equal(JSON.parse(await activation(place, "get", other)).activationId, other);
  assert.equal(await ok(place, ["connect", "local/shop"]), chosen);
  await ok(place, ["namespace", "delete", "shop"]);
  assert.match(await ok(place, ["connect"]), /'playground'/, "what is gone is not chosen any more");
});
