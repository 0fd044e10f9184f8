// The real window: WebKit under Xvfb, driven through WebDriver, with the desktop's own clipboard.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";

import { environment, home } from "../lib/beckon.mjs";
import { display } from "../lib/ports.mjs";
import { until } from "../lib/sandbox.mjs";
import { openWindow } from "../lib/webdriver.mjs";

const MINUTES = 60_000;

const output = (file, args, options = {}) =>
  new Promise((resolve, reject) =>
    execFile(file, args, { timeout: 60_000, ...options }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  );

test("first run to an executed curl command in the desktop window", { timeout: 8 * MINUTES }, async (t) => {
  const place = await home(t);
  const screen = await display(t);
  const window = await openWindow(t, place, screen);
  const env = environment(place, { DISPLAY: screen });

  await window.find({ role: "heading", name: "hello" });
  await window.screenshot("desktop-first.png");
  await (await window.find({ css: "[data-testid=run-button]:not(:disabled)" })).click();
  const shown = await window.find({ css: "[data-testid=result]", text: /Hello Ada!/ });
  assert.match(await shown.text(), /Hello Ada!/);
  await window.screenshot("desktop-run.png");

  await (await window.find({ role: "link", name: "Activations" })).click();
  const row = await window.find({ css: "[data-testid=activation-row][data-status=success]" });
  assert.match(await row.text(), /hello/);
  assert.equal(await window.run("() => document.querySelectorAll('[data-testid=activation-row]').length"), 1);
  await (await window.find({ css: "[data-testid=expand-row]" })).click();
  await window.find({ css: "[data-testid=record-panel]", text: /Hello Ada!/ });
  await window.screenshot("desktop-record.png");

  await (await window.find({ css: "[data-testid=record-panel] [data-testid=copy-curl]" })).click();
  await (await window.find({ css: "[role=dialog] label", text: "Result only" })).click();
  await (await window.find({ css: "[role=dialog] label", text: "Real" })).click();
  await (await window.find({ css: "[data-testid=copy-curl-now]" })).click();
  const text = await until("the command on the desktop's clipboard", async () => {
    const held = await output("xclip", ["-selection", "clipboard", "-out"], { env });
    return held.startsWith("curl ") && held;
  });
  assert.match(text, /Authorization: Basic [A-Za-z0-9+/=]{100,}/);
  assert.doesNotMatch(
    await window.run("() => document.documentElement.outerHTML"),
    /Basic [A-Za-z0-9+/=]{100,}/,
  );
  for (const shell of ["sh", "bash"]) {
    assert.deepEqual(JSON.parse(await output(shell, ["-c", text])), { body: "Hello Ada!" });
  }
  // The calls just made arrive in the log by themselves.
  await until("three records", async () => {
    const rows = await window.run("() => document.querySelectorAll('[data-testid=activation-row]').length");
    const waiting = await window.run(
      "() => document.querySelector('[data-testid=new-runs]')?.innerText ?? ''",
    );
    return rows === 3 || /2/.test(waiting);
  });
  await window.screenshot("desktop-live.png");
});
