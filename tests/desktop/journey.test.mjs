// The real window: WebKitGTK under Xvfb, driven through WebKitWebDriver.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

import { home, ok } from "../lib/beckon.mjs";
import { Panel } from "../lib/panel.mjs";
import { display } from "../lib/ports.mjs";
import { steps, until } from "../lib/sandbox.mjs";
import { openWindow } from "../lib/webdriver.mjs";

const MINUTES = 60_000;

const run = (program, args, env = {}) =>
  new Promise((resolve, reject) =>
    execFile(program, args, { timeout: 60_000, env: { ...process.env, ...env } }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  );

test("first run, result, record, copied command, in the real window", {
  timeout: 10 * MINUTES,
}, async (t) => {
  const step = steps(t);
  const place = await home(t);
  const screen = await display(t);
  const window = await openWindow(t, place, screen);
  /** What the desktop's clipboard holds. */
  const clipboard = () => run("xclip", ["-selection", "clipboard", "-o"], { DISPLAY: screen });

  await step("the first screen is a function with a Run button", async () => {
    await window.find({ role: "heading", name: "hello" });
    assert.ok(
      await window.run("() => 'isTauri' in window || '__TAURI_INTERNALS__' in window"),
      "this is the window, not a browser",
    );
    await window.screenshot("window-first-screen.png");
  });

  await step("one click gives the result", async () => {
    await (await window.find({ css: "[data-testid=run-button]:not(:disabled)", name: "Run" })).click();
    await window.find({ css: "[data-testid=invoke-result]", text: /Success[\s\S]*Hello Ada!/ });
    await window.find({ css: "[data-testid=invoke-result]", text: /Greeting Ada/ });
    await window.screenshot("window-result.png");
  });

  await step("the record is in the log, and opens in place", async () => {
    await (await window.find({ role: "link", name: "Activations" })).click();
    const row = await window.find({
      css: "[data-testid=activation-row][data-status=success]",
      text: /hello/,
    });
    assert.equal(
      await window.run("() => document.querySelectorAll('[data-testid=activation-row]').length"),
      1,
    );
    assert.match(await row.text(), /Success/);
    await (await window.find({ css: "[data-testid=expand-row]" })).click();
    await window.find({ css: "[data-testid=record-panel]", text: /Hello Ada!/ });
    const png = await window.screenshot("window-record.png");
    assert.ok(png.length > 10_000, "there is something in the picture");
  });

  await step(
    "copy curl puts the real command on the desktop's clipboard; executed, it returns the same",
    async () => {
      await (await window.find({ css: "[data-testid=record-panel] [data-testid=copy-curl]" })).click();
      await window.find({ css: "[data-testid=copy-preview]", text: /curl -X POST/ });
      for (const word of ["Result only", "Real"])
        await (await window.find({ css: "label", text: word })).click();
      await (await window.find({ css: "[data-testid=copy-curl-now]" })).click();
      const command = await until("the command on the clipboard", async () => {
        const text = await clipboard().catch(() => "");
        return text.startsWith("curl ") && text;
      });
      const [, authorization] = /Authorization: Basic ([A-Za-z0-9+/=]+)/.exec(command);
      const secret = Buffer.from(authorization, "base64").toString().split(":")[1];
      assert.ok(secret.length >= 32);
      assert.ok(
        !(await window.run("() => document.documentElement.outerHTML")).includes(secret),
        "the page never had it",
      );
      for (const shell of ["sh", "bash"])
        assert.deepEqual(JSON.parse(await run(shell, ["-c", command])), { body: "Hello Ada!" });
    },
  );

  await step("those calls appear by themselves, without a reload", async () => {
    // An open record holds the list still: the new ones wait behind a pill.
    await window.find({ css: "[data-testid=new-runs]", text: /2/ });
    await (await window.find({ css: "[data-testid=new-runs]" })).click();
    await until(
      "three rows",
      async () =>
        (await window.run("() => document.querySelectorAll('[data-testid=activation-row]').length")) === 3,
    );
  });

  await step("the command line talks to the window", async () => {
    const panel = await Panel.open((await ok(place, ["url"])).trim());
    const { hostClipboard, secretStore, gatewayUrl } = await panel.call("overview");
    assert.deepEqual([hostClipboard, secretStore], [true, { state: "keychain" }]);
    assert.match(gatewayUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await panel.activations()).length, 3);
    const { pid } = JSON.parse(await readFile(join(place.dataDir, "run.json"), "utf8"));
    assert.ok(pid > 0);
  });

  await step("an error of a command arrives as one", async () => {
    await window.run(
      "() => { history.pushState(null, '', '/c/local/ns/playground/fn/nothing'); dispatchEvent(new PopStateEvent('popstate')); }",
    );
    await window.find({ css: "main", text: /There is no function/ });
  });
});
