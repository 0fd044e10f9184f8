// The panel without a mouse: run, find, open, copy, make and revoke a token, with the focus always in sight.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

import { serve } from "../lib/beckon.mjs";
import { assertQuiet, clipboard, openBrowser } from "../lib/browser.mjs";
import { until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;

test("the panel by keyboard alone", { timeout: 8 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const { page, complaints } = await openBrowser(t, { origin: beckon.panelOrigin });
  const panel = await beckon.panel();
  const press = (...keys) =>
    keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());

  /** What has the focus, as a screen reader would say it. */
  const focused = () =>
    page.evaluate(() => {
      const e = document.activeElement;
      return {
        name: (e.getAttribute("aria-label") ?? e.textContent ?? "").trim(),
        tag: e.tagName,
        role: e.getAttribute("role"),
        id: e.id,
        type: e.type,
      };
    });

  /** Presses Tab until `wanted` has the focus. Everything on the way must show that it has it, and be in the window. */
  async function tabTo(wanted, { backwards = false, most = 80 } = {}) {
    for (let i = 0; i < most; i++) {
      await press(backwards ? "Shift+Tab" : "Tab");
      const seen = await page.evaluate(() => {
        const e = document.activeElement;
        if (e === document.body || e.hasAttribute("data-base-ui-focus-guard")) return { skip: true };
        const box = e.getBoundingClientRect();
        // The mark may be on the control's label; in a text that can be edited it is the caret.
        const outlined = (x) =>
          x &&
          getComputedStyle(x).outlineStyle !== "none" &&
          Number.parseFloat(getComputedStyle(x).outlineWidth) >= 1;
        const marked = e.isContentEditable || [e, e.closest("label")].some(outlined);
        return {
          marked,
          inside: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
          html: e.outerHTML.slice(0, 160),
        };
      });
      if (!seen.skip) {
        assert.ok(seen.marked, `nothing shows the focus of ${seen.html}`);
        assert.ok(seen.inside, `the focus is out of sight: ${seen.html}`);
      }
      const found = await focused();
      if (wanted.test(found.name)) return found;
    }
    throw new Error(`Tab never came to ${wanted}`);
  }

  await page.goto(beckon.link);
  await page.getByRole("heading", { level: 1, name: "hello" }).waitFor();

  await t.test("Tab comes to Run, and Enter runs", async () => {
    await tabTo(/^Run$/);
    await press("Enter");
    await page.getByRole("region", { name: "Result" }).getByText("Success").waitFor();
    assert.equal((await panel.activations()).length, 1);
  });

  await t.test("Ctrl+Enter runs from inside the input, and Tab leaves the editor", async () => {
    await tabTo(/^Input$/);
    await press("Control+a");
    await page.keyboard.insertText('{"name": "keys"}');
    await press("Control+Enter");
    await page.getByRole("region", { name: "Result" }).getByText("Hello keys!").waitFor();
    // A keyboard must not be caught in the editor (WCAG 2.1.2): Escape, then Tab, or Tab at once.
    await press("Escape", "Tab");
    assert.notEqual((await focused()).name, "Input");
  });

  await t.test("g a goes to the log; j, Enter and the tabs of the record", async () => {
    await page.evaluate(() => document.activeElement.blur());
    await press("g", "a");
    await page.getByTestId("activation-row").first().waitFor();
    await page.getByRole("grid", { name: "Activations" }).focus();
    await press("j");
    await until("a selected row", () =>
      page.evaluate(() => document.activeElement.getAttribute("aria-selected") === "true"),
    );
    await press("j", "k", "Enter");
    const record = page.getByTestId("record-panel");
    await record.getByText("Hello keys!").waitFor();
    await tabTo(/^Result$/);
    await press("ArrowRight");
    await record.getByTestId("input").waitFor();
    assert.match((await focused()).name, /^Input$/);
  });

  await t.test("the copied command is chosen and copied by keys", async () => {
    await tabTo(/^Copy curl$/);
    await press("Enter");
    const popover = page.getByRole("dialog", { name: "Copy this call" });
    await popover.waitFor();
    // Arrow keys go through radio buttons.
    await popover.getByRole("radio", { name: "Record", exact: true }).focus();
    await press("ArrowRight");
    assert.ok(await popover.getByRole("radio", { name: "Result only" }).isChecked());
    await popover.getByRole("radio", { name: "Masked" }).focus();
    await press("ArrowRight", "ArrowRight");
    assert.ok(await popover.getByRole("radio", { name: "Real" }).isChecked());
    await tabTo(/^Copy$/);
    await press("Enter");
    await popover.waitFor({ state: "hidden" });
    assert.deepEqual(
      JSON.parse(execFileSync("sh", ["-c", await clipboard(page)], { stdio: ["ignore", "pipe", "ignore"] })),
      { body: "Hello keys!" },
    );
    assert.match((await focused()).name, /^Copy curl$/, "the focus comes back to where it was");
  });

  await t.test("Escape closes the record and gives the focus back to its row", async () => {
    await press("Escape");
    await until("the row", () =>
      page.evaluate(() => document.activeElement.getAttribute("aria-selected") === "true"),
    );
    await press("Escape");
    await page.getByTestId("record-panel").waitFor({ state: "hidden" });
  });

  await t.test("/ goes to the filter, and Escape back to the list", async () => {
    await press("/");
    assert.match((await focused()).name, /^Filter activations$/);
    await page.keyboard.type("status:error");
    await until("an empty list", async () => (await page.getByTestId("activation-row").count()) === 0);
    await press("Control+a", "Delete");
    await page.getByTestId("activation-row").first().waitFor();
  });

  await t.test("Ctrl+K finds a function", async () => {
    await press("Control+k");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("hello-shell");
    await press("Enter");
    await page.getByRole("heading", { level: 1, name: "hello-shell" }).waitFor();
  });

  await t.test("a token is made and revoked, and every dialog gives the focus back", async () => {
    await page.evaluate(() => document.activeElement.blur());
    await press("g", "t");
    await page.getByRole("heading", { level: 1, name: "Tokens" }).waitFor();
    await tabTo(/^New token$/);
    await press("Enter");
    await page.getByRole("dialog", { name: "New token" }).waitFor();
    await until("the name", async () => (await focused()).id === "token-name");
    await page.keyboard.type("by keys");
    await press("Enter");
    await page.getByTestId("new-credential").waitFor();
    // Escape by mistake must not lose it.
    await press("Escape");
    assert.ok(await page.getByTestId("new-credential").isVisible());
    await tabTo(/^(Done|Close without copying)$/);
    await press("Enter");
    await page.getByTestId("new-credential").waitFor({ state: "hidden" });
    await tabTo(/^Revoke by keys$/);
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(/^Revoke$/);
    await press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    const tokens = await panel.call("tokens");
    assert.equal(typeof tokens.find((token) => token.name === "by keys").revoked, "number");
  });

  await t.test("a schedule is made, switched off and deleted, and the focus is never lost", async () => {
    await page.goto(`${beckon.panelOrigin}/c/local/ns/playground/fn/hello?tab=triggers`);
    await page.getByText("Nothing runs it by the clock").waitFor();
    await tabTo(/^New schedule$/);
    await press("Enter");
    await until("the expression", async () => (await focused()).id === "schedule-expression");
    await press("Control+a");
    await page.keyboard.insertText("0 4 * * *");
    await page.getByTestId("schedule-preview").getByRole("listitem").first().waitFor();
    await press("Enter");
    await page.getByTestId("schedule").waitFor();
    await until("the focus on New schedule", async () => /^New schedule$/.test((await focused()).name));
    await tabTo(/^Switch hello off$/);
    await press("Enter");
    await until("the other word", async () => /^Switch hello on$/.test((await focused()).name));
    await tabTo(/^Delete hello$/);
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(/^Delete schedule$/);
    await press("Enter");
    await page.getByText("Nothing runs it by the clock").waitFor();
    // What it was asked for with is gone: the page has it.
    await until("the focus on the page", async () => (await focused()).id === "main");
    assert.deepEqual(await panel.call("schedules"), []);
  });

  await t.test("a project is opened from disk and deployed", async () => {
    const project = join(beckon.home.dir, "hooks");
    await mkdir(join(project, "greet"), { recursive: true });
    const lines = ["provider:", "  name: openfaas", "functions:", "  greet:", "    lang: node20"];
    await writeFile(join(project, "stack.yaml"), `${lines.join("\n")}\n    handler: ./greet\n`);
    await writeFile(
      join(project, "greet/handler.js"),
      "module.exports = async (event, context) => context.status(200).succeed('hi');\n",
    );
    await press("Control+k");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("Open project");
    await press("Enter");
    await until("the path", async () => (await focused()).id === "project-path");
    await page.keyboard.type(project);
    await page.getByTestId("project-plan").waitFor();
    await tabTo(/^Deploy greet$/);
    await tabTo(/^Deploy 1 function$/);
    await press("Enter");
    await page.getByTestId("project-outcomes").getByRole("link", { name: "greet" }).waitFor();
    await tabTo(/^greet$/);
    await press("Enter");
    await page.getByRole("heading", { level: 1, name: "greet" }).waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0);
  });

  await t.test("letter keys do nothing where text is typed", async () => {
    await page.goto(`${beckon.panelOrigin}/c/local/ns/playground/fn/hello?tab=code`);
    const editor = page.getByRole("textbox", { name: "Code of hello" });
    await editor.focus();
    await page.keyboard.type("ga?gt/");
    assert.ok(page.url().includes("/fn/hello"));
    assert.equal(await page.getByRole("dialog").count(), 0);
  });

  assertQuiet(complaints);
});
