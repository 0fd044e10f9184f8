// A first day with the panel in a browser, over `beckon serve`.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";

import { serve } from "../lib/beckon.mjs";
import { assertQuiet, clipboard, openBrowser } from "../lib/browser.mjs";
import { assertDialectError } from "../lib/gateway.mjs";
import { steps, until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;

const execute = (shell, text) =>
  new Promise((resolve, reject) =>
    execFile(shell, ["-c", text], { timeout: 60_000 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  );

/** Chooses among the radio buttons of a group as a person does: by the word. */
const choose = (scope, group, word) =>
  scope.getByRole("group", { name: group }).getByText(word, { exact: true }).click();

test("a first day in the browser", { timeout: 12 * MINUTES }, async (t) => {
  const step = steps(t);
  const beckon = await serve(t);
  const { page, complaints } = await openBrowser(t, { origin: beckon.panelOrigin });
  const panel = await beckon.panel();
  const rows = page.getByTestId("activation-row");
  const result = page.getByRole("region", { name: "Result" });

  await step(
    "the first screen is a function with a Run button; one click is one result and one record",
    async () => {
      await page.goto(beckon.link);
      await page.getByRole("heading", { level: 1, name: "hello" }).waitFor();
      assert.ok(!page.url().includes("token"), "the token is not in the address");
      assert.deepEqual(await panel.activations(), [], "looking at it runs nothing");
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await result.getByText("Success").waitFor();
      await result.getByText("Hello Ada!").waitFor();
      await result.getByText("Greeting Ada").waitFor();
      await result.getByText("Cold start").waitFor();
      assert.equal((await panel.activations()).length, 1);
    },
  );

  await step("the log has it; the record opens in place, with everything", async () => {
    await page.getByRole("link", { name: "Activations" }).click();
    await rows.first().waitFor();
    assert.equal(await rows.count(), 1);
    await page.getByRole("button", { name: "Open record" }).click();
    const record = page.getByTestId("record-panel");
    await record.getByText("Hello Ada!").waitFor();
    const tab = (name) => record.getByRole("tab", { name }).click();
    await tab("Input");
    await record.getByTestId("input").getByText("Ada").waitFor();
    await tab(/^Logs/);
    await record.getByText("Greeting Ada").waitFor();
    await tab("Timing");
    await record
      .getByText(/Wait|Init|Run/)
      .first()
      .waitFor();
    await tab("Raw");
    await record.getByTestId("raw").getByText("activationId").waitFor();
    await tab("Result");
  });

  await step("the copied curl command, executed, returns what the panel shows", async () => {
    const record = page.getByTestId("record-panel");
    await record.getByRole("button", { name: "Copy curl" }).click();
    const popover = page.getByRole("dialog", { name: "Copy this call" });
    await choose(popover, "Call", "Result only");
    const { credential } = await panel.call("show_token", {
      function: { connection: "local", namespace: "playground", name: "hello" },
    });
    for (const [form, executable] of [
      ["Masked", false],
      ["Real", true],
    ]) {
      if (!(await popover.isVisible())) {
        await record.getByRole("button", { name: "Copy curl" }).click();
        await choose(popover, "Call", "Result only");
      }
      await choose(popover, "Token", form);
      const before = await clipboard(page);
      await popover.getByRole("button", { name: "Copy", exact: true }).click();
      await popover.waitFor({ state: "hidden" });
      const text = await clipboard(page);
      assert.notEqual(text, before);
      assert.equal(text.includes(Buffer.from(credential).toString("base64")), executable, form);
      assert.ok(!(await page.content()).includes(credential.split(":")[1]), "the secret is not in the page");
      for (const shell of ["sh", "bash"]) {
        const out = JSON.parse(await execute(shell, text));
        if (executable) assert.deepEqual(out, { body: "Hello Ada!" });
        else assert.match(out.error, /authentication is invalid/);
      }
    }
    // Those two calls are in the log by themselves.
    await until(
      "the two calls in the list",
      async () => (await rows.count()) + (await page.getByTestId("new-runs").count()) > 1,
    );
  });

  await step("a function from a template: edited, saved, run", async () => {
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("menuitem", { name: "New function" }).click();
    const dialog = page.getByRole("dialog", { name: "New function" });
    await dialog.getByLabel("Name", { exact: true }).fill("mine");
    await dialog.getByRole("radio", { name: /^Python/ }).check();
    await dialog.getByRole("button", { name: "Create function" }).click();
    await page.getByRole("heading", { level: 1, name: "mine" }).waitFor();
    const editor = page.getByRole("textbox", { name: "Code of mine" });
    await editor.fill('def main(args):\n    return {"sum": args["a"] + args["b"]}\n');
    await page.getByText("Unsaved changes").waitFor();
    await page.getByRole("button", { name: "Save new version" }).click();
    await page.getByText("Saved as version 0.0.2").waitFor();
    await page.getByRole("tab", { name: "Invoke" }).click();
    await page.getByRole("textbox", { name: "Input" }).fill('{"a": 40, "b": 2}');
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await result.getByText("Success").waitFor();
    await page.getByTestId("result").getByText("42", { exact: true }).waitFor();
    const [row] = await panel.activations("fn:mine");
    assert.equal(row.version, "0.0.2");

    // What was typed is remembered for the function.
    await page.getByRole("treeitem", { name: "hello", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "hello" }).waitFor();
    await page.reload();
    await page.getByRole("treeitem", { name: "mine", exact: true }).click();
    await page.getByRole("textbox", { name: "Input" }).getByText("40").waitFor();
  });

  await step("input that is no JSON is told and not sent", async () => {
    const before = (await panel.activations()).length;
    await page.getByRole("textbox", { name: "Input" }).fill('{"a": ');
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("region", { name: "Input" }).getByRole("alert").first().waitFor();
    assert.equal((await panel.activations()).length, before);
    await page.getByRole("textbox", { name: "Input" }).fill('{"a": 1, "b": 1}');
  });

  await step("an asynchronous run is followed live to its end", async () => {
    await panel.create(
      "slow",
      "nodejs:default",
      "async function main({ ms }) { await new Promise((d) => setTimeout(d, ms)); return { waited: ms } }",
    );
    await page.getByRole("treeitem", { name: "slow", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "slow" }).waitFor();
    await page.getByRole("textbox", { name: "Input" }).fill('{"ms": 3000}');
    await choose(page.getByRole("region", { name: "Input" }), "How to wait", "Async");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await result.getByText(/^(Running|Queued)$/).waitFor();
    await page.getByRole("link", { name: "Activations" }).click();
    const row = rows.filter({ hasText: "slow" });
    await row.first().waitFor();
    assert.match(await row.first().textContent(), /Running|Queued/);
    // Without a reload.
    await row.filter({ hasText: "Success" }).waitFor();
  });

  await step("runs of others appear by themselves, and the filter finds", async () => {
    const client = await beckon.client();
    await client.invoke("hello", { name: "somebody else" });
    await page.getByText("Greeting somebody else").waitFor();
    await client.invoke("hello-python", { name: "needle-in-haystack" });
    const filter = page
      .getByRole("combobox", { name: /filter/i })
      .or(page.getByRole("textbox", { name: /filter/i }))
      .or(page.getByRole("searchbox", { name: /^Filter(?! functions)/i }));
    await filter.first().fill("needle-in-haystack");
    await until("one row", async () => (await rows.count()) === 1);
    assert.match(await rows.first().textContent(), /hello-python/);
    await filter.first().fill("fn:hello-python status:error");
    await until("no row", async () => (await rows.count()) === 0);
    assert.match(await page.getByRole("main").textContent(), /filter/i, "an empty list says why");
    await page.goBack().catch(() => {});
  });

  await step("a token: shown once, listed without its secret, revoked at once", async () => {
    await page.getByRole("link", { name: "Tokens" }).click();
    await page.getByRole("button", { name: "New token" }).first().click();
    const dialog = page.getByRole("dialog", { name: "New token" });
    await dialog.getByLabel("Name", { exact: true }).fill("robot");
    await dialog.getByRole("button", { name: "Create token" }).click();
    const credential = (await page.getByTestId("new-credential").textContent()).trim();
    assert.match(credential, /^[0-9a-f-]{36}:[A-Za-z0-9]{64}$/);
    await page.getByRole("button", { name: "Copy token" }).click();
    assert.equal(await clipboard(page), credential);
    assert.equal((await beckon.as(credential).invoke("hello", { name: "Ada" })).status, 200);
    await page.getByRole("button", { name: "Done" }).click();
    const row = page.getByTestId("token-row").filter({ hasText: "robot" });
    await row.waitFor();
    assert.ok(!(await page.content()).includes(credential.split(":")[1]), "it is shown once");
    await page.reload();
    await row.waitFor();
    assert.ok(!(await page.content()).includes(credential.split(":")[1]));
    await row.getByRole("button", { name: "Revoke robot" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await row.getByText("Revoked").waitFor();
    assertDialectError(await beckon.as(credential).invoke("hello"), 401, /authentication is invalid/);
  });

  await step("Access & Security: the token is shown when asked for, and hidden again", async () => {
    await page.goto(`${beckon.panelOrigin}/c/local/ns/playground/fn/hello?tab=settings`);
    await page.getByRole("button", { name: "Show token" }).click();
    const credential = (await page.getByTestId("shown-token").textContent()).trim();
    assert.equal((await beckon.as(credential).invoke("hello")).status, 200);
    await page.getByRole("button", { name: "Hide token" }).click();
    assert.ok(!(await page.content()).includes(credential.split(":")[1]));
  });

  await step(
    "settings of a function: environment, a secret, and deleting it by its typed name",
    async () => {
      await panel.create(
        "env",
        "nodejs:default",
        "function main() { return { region: process.env.REGION, key: process.env.API_KEY } }",
      );
      await page.goto(`${beckon.panelOrigin}/c/local/ns/playground/fn/env?tab=settings`);
      await page.getByRole("button", { name: "Add variable" }).click();
      await page.getByPlaceholder("REGION").fill("REGION");
      await page.getByPlaceholder("lon1").fill("north");
      await page.getByRole("button", { name: "Save settings" }).click();
      await page.getByText("Saved as version 0.0.2").waitFor();
      await page.getByRole("button", { name: "Add secret…" }).click();
      const dialog = page.getByRole("dialog", { name: "Add secret" });
      await dialog.getByLabel("Name", { exact: true }).fill("API_KEY");
      await dialog.getByLabel("Value").fill("hidden-value-1");
      await dialog.getByRole("button", { name: "Add secret" }).click();
      await dialog.waitFor({ state: "hidden" });
      await page.getByText("API_KEY").first().waitFor();
      assert.ok(!(await page.content()).includes("hidden-value-1"));
      await page.getByRole("tab", { name: "Invoke" }).click();
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await result.getByText("Success").waitFor();
      const [row] = await panel.activations("fn:env");
      assert.deepEqual(JSON.parse((await panel.activation(row.id)).result), {
        region: "north",
        key: "hidden-value-1",
      });

      await page.getByRole("button", { name: "Actions for the function" }).click();
      await page.getByRole("menuitem", { name: "Delete…" }).click();
      const confirm = page.getByRole("dialog", { name: "Delete env?" });
      const really = confirm.getByRole("button", { name: "Delete function" });
      assert.ok(await really.isDisabled());
      await confirm.getByRole("textbox").fill("en");
      assert.ok(await really.isDisabled());
      await confirm.getByRole("textbox").fill("env");
      await really.click();
      await confirm.waitFor({ state: "hidden" });
      assert.ok(
        !(await panel.call("functions", { connection: "local", namespace: null })).some(
          (f) => f.name === "env",
        ),
      );
    },
  );

  await step("a namespace: made, renamed, deleted by its typed name", async () => {
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("menuitem", { name: "New namespace" }).click();
    const dialog = page.getByRole("dialog", { name: "New namespace" });
    await dialog.getByLabel("Name", { exact: true }).fill("team-a");
    await dialog.getByRole("button", { name: /^Create/ }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.goto(`${beckon.panelOrigin}/c/local/ns/team-a`);
    await page.getByRole("button", { name: "Rename" }).click();
    const rename = page.getByRole("dialog");
    await rename.getByRole("textbox").fill("Team A");
    await rename.getByRole("button", { name: /Save|Rename/ }).click();
    await page.getByRole("heading", { level: 1, name: "Team A" }).waitFor();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    const confirm = page.getByRole("dialog");
    await confirm.getByRole("textbox").fill("team-a");
    await confirm.getByRole("button", { name: "Delete namespace" }).click();
    await until(
      "it to be gone",
      async () => (await panel.call("namespaces", { connection: "local" })).length === 1,
    );
  });

  await step("every address can be opened directly, and a session is needed", async () => {
    for (const path of [
      "/activations?q=fn%3Ahello",
      "/tokens",
      "/connections",
      "/settings",
      "/c/local/ns/playground/fn/hello?tab=code",
    ]) {
      await page.goto(`${beckon.panelOrigin}${path}`);
      await page.getByRole("main").getByRole("heading").first().waitFor();
    }
    const [{ id }] = await panel.activations("fn:hello");
    await page.goto(`${beckon.panelOrigin}/activations?id=${id}`);
    await page.getByTestId("record-panel").waitFor();
  });

  assertQuiet(complaints);

  await step("without a session the page says how to get one", async () => {
    await page.context().clearCookies();
    await page.goto(`${beckon.panelOrigin}/activations`);
    await page.getByText(/beckon url/).waitFor();
  });
});
