// A provider in the real window, from connecting to a copied command: the provider is a second Beckon's gateway.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";

import { home, ok, serve, token } from "../lib/beckon.mjs";
import { display } from "../lib/ports.mjs";
import { steps, until } from "../lib/sandbox.mjs";
import { openWindow } from "../lib/webdriver.mjs";

const MINUTES = 60_000;
const CODE = "function main({ name }) { console.log('hi', name); return { greeting: 'Hello ' + name } }";
const EDITED = "function main({ name }) { console.log('hi', name); return { greeting: 'Salut ' + name } }";

const run = (program, args, env = {}) =>
  new Promise((resolve, reject) =>
    execFile(program, args, { timeout: 60_000, env: { ...process.env, ...env } }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  );

test("connect, list, edit, deploy, invoke both ways, log, expand, copy, run", {
  timeout: 10 * MINUTES,
}, async (t) => {
  const step = steps(t);
  const theirs = await serve(t);
  await ok(theirs.home, ["namespace", "create", "fn-remote"]);
  const key = await token(theirs.home, "--namespace", "fn-remote");
  const provider = theirs.as(key);
  await provider.deploy("greet", { kind: "nodejs:default", code: CODE });

  const place = await home(t);
  const screen = await display(t);
  const window = await openWindow(t, place, screen);
  const click = async (what) => (await window.find(what)).click();

  await step("connect: a pasted curl command is host and key", async () => {
    await click({ role: "link", name: "Connections" });
    await click({ role: "button", name: "Add connection" });
    await window.fill({ css: "#connection-name" }, "Second Beckon");
    const bare = Buffer.from(key).toString("base64");
    const curl = `curl -X POST "${theirs.gateway}/api/v1/namespaces/fn-remote/actions/greet?blocking=true&result=true" -H "Content-Type: application/json" -H "Authorization: Basic ${bare}"`;
    await window.fill({ css: "#connection-key" }, curl);
    await click({ css: "[role=dialog] button[type=submit]" });
    await window.find({ css: "main", text: /Second Beckon/ });
  });

  await step("list: its functions are in the tree", async () => {
    await click({ css: "[role=treeitem]", text: /greet/ });
    await window.find({ role: "heading", name: "greet" });
  });

  await step("edit and deploy: what is saved is the provider's next version", async () => {
    await click({ role: "tab", name: "Code" });
    await window.fill({ css: "[role=textbox][aria-label='Code of greet']" }, EDITED);
    await click({ css: "button:not(:disabled)", name: "Save new version" });
    const action = await until("the new version", async () => {
      const { json } = await provider.send("GET", "/namespaces/_/actions/greet");
      return json.version === "0.0.2" && json;
    });
    assert.equal(action.exec.code, EDITED);
    await window.screenshot("remote-code.png");
  });

  await step("invoke and wait", async () => {
    await click({ role: "tab", name: "Invoke" });
    await window.fill({ css: "[role=textbox][aria-label=Input]" }, '{"name": "Ada"}');
    await click({ css: "[data-testid=run-button]:not(:disabled)", name: "Run" });
    await window.find({ css: "[data-testid=invoke-result]", text: /Success[\s\S]*Salut Ada/ });
  });

  await step("invoke without waiting: followed to its end", async () => {
    await window.fill({ css: "[role=textbox][aria-label=Input]" }, '{"name": "Grace"}');
    await click({ css: "label", text: "Async" });
    await click({ css: "[data-testid=run-button]:not(:disabled)", name: "Run" });
    await window.find({ css: "[data-testid=invoke-result]", text: /Success[\s\S]*Salut Grace/ });
    await window.screenshot("remote-result.png");
  });

  await step("both are in the log, and a record opens in place", async () => {
    await click({ role: "link", name: "Activations" });
    await until(
      "both rows",
      async () =>
        (await window.run(
          "() => document.querySelectorAll('[data-testid=activation-row][data-status=success]').length",
        )) === 2,
    );
    await click({ css: "[data-testid=expand-row]" });
    await window.find({ css: "[data-testid=record-panel]", text: /Salut Grace/ });
    await window.screenshot("remote-record.png");
  });

  await step("the copied command, executed, does the same at the provider", async () => {
    await click({ css: "[data-testid=record-panel] [data-testid=copy-curl]" });
    await window.find({ css: "[data-testid=copy-preview]", text: /curl -X POST/ });
    for (const word of ["Result only", "Real"]) await click({ css: "label", text: word });
    await click({ css: "[data-testid=copy-curl-now]" });
    const command = await until("the command on the clipboard", async () => {
      const text = await run("xclip", ["-selection", "clipboard", "-o"], { DISPLAY: screen }).catch(() => "");
      return text.startsWith("curl ") && text;
    });
    assert.ok(!(await window.run("() => document.documentElement.outerHTML")).includes(key.split(":")[1]));
    assert.deepEqual(JSON.parse(await run("sh", ["-c", command])), { greeting: "Salut Grace" });
  });
});
