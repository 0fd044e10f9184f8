// The window's start and end as a person has them: no driver, no automation.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

import { BINARY, environment, home, killAtExit, refused, serve, token } from "../lib/beckon.mjs";
import { Gateway } from "../lib/gateway.mjs";
import { request } from "../lib/http.mjs";
import { local } from "../lib/panel.mjs";
import { display } from "../lib/ports.mjs";
import * as processes from "../lib/processes.mjs";
import { defer, soon, until } from "../lib/sandbox.mjs";
import { closeWindow } from "../lib/x11.mjs";

const MINUTES = 60_000;
const SLOW =
  "function main({ ms }) { return new Promise((done) => setTimeout(() => done({ waited: ms }), ms)) }";

/** Starts the program with nothing but a display; answers when its gateway does. */
async function open(t, place, screen) {
  const child = spawn(BINARY, ["--data-dir", place.dataDir], {
    env: environment(place, { DISPLAY: screen }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  killAtExit(child);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (output.stdout += chunk));
  child.stderr.on("data", (chunk) => (output.stderr += chunk));
  const closed = new Promise((done) => child.on("close", done));
  defer(t, () => {
    child.kill("SIGKILL");
  });
  const { gateway } = await until("the window's gateway", async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${output.stderr}`);
    return JSON.parse(await readFile(join(place.dataDir, "run.json"), "utf8"));
  });
  return { child, output, closed, gateway };
}

for (const [how, close] of [
  ["closing the window", (_child, screen) => until("the window", () => closeWindow(screen, "Beckon"))],
  ["the end of the session", (child) => child.kill("SIGTERM")],
]) {
  test(`${how} lets a running invocation finish and leaves nothing behind`, { timeout: 5 * MINUTES }, (t) =>
    finishes(t, close),
  );
}

async function finishes(t, close) {
  const place = await home(t);
  const screen = await display(t);
  const { child, output, closed, gateway } = await open(t, place, screen);
  const client = new Gateway(gateway, await token(place));
  await client.deploy("slow", { kind: "nodejs:default", code: SLOW });
  assert.equal((await client.invoke("slow", { ms: 0 })).status, 200);
  assert.match(await refused(place, ["serve", "--port", "0"]), /already running/, "one Beckon a directory");

  const answer = client.invoke("slow", { ms: 3_000 }, "blocking=true");
  await until("the run", async () => {
    const metrics = await request(`${gateway}/metrics`);
    return /^beckon_workers\{[^}]*state="busy"[^}]*\} [1-9]/m.test(metrics.text);
  });
  await close(child, screen);
  const reply = await soon("the answer of the run", answer);
  assert.equal(reply.status, 200, reply.text);
  assert.equal(await soon("it to end", closed), 0, output.stderr);
  await until("its processes to end", () => processes.mentioning(place.dataDir).length === 0, {
    within: 20_000,
  });

  // What was done in the window is there for the panel in a browser.
  const beckon = await serve(t, { home: place });
  const panel = await beckon.panel();
  const record = await panel.activation(reply.json.activationId);
  assert.deepEqual([record.status, JSON.parse(record.result)], ["success", { waited: 3_000 }]);
  assert.equal((await panel.invoke(local("hello"), { name: "Ada" })).activation.status, "success");
}

test("the window prints the same line as serve, and nothing of a secret on standard error", {
  timeout: 4 * MINUTES,
}, async (t) => {
  const place = await home(t);
  const screen = await display(t);
  const { child, output, closed, gateway } = await open(t, place, screen);
  const credential = await token(place);
  await until("the window", () => closeWindow(screen, "Beckon"));
  assert.equal(await soon("it to end", closed), 0, output.stderr);
  const { panel, pid, ...rest } = JSON.parse(output.stdout);
  assert.match(panel, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[0-9a-f]{32,}$/);
  assert.equal(pid, child.pid);
  assert.deepEqual(Object.keys(rest).sort(), ["gateway", "version"]);
  assert.equal(rest.gateway, gateway);
  assert.ok(!output.stderr.includes(credential.split(":")[1]));
  assert.ok(!/token=/.test(output.stderr));
});
