// The triggers of a space in the window: the space is at a second Beckon's gateway, the broker is a real one.

import assert from "node:assert/strict";
import test from "node:test";

import { ok, serve } from "../lib/beckon.mjs";
import { assertAccessible, assertQuiet, openBrowser } from "../lib/browser.mjs";
import { mosquitto } from "../lib/mosquitto.mjs";
import { local } from "../lib/panel.mjs";
import { freePort } from "../lib/ports.mjs";
import { steps, until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;
const PASSWORD = "s3cr3t-value";
const CODE = "def handle(req):\n    print('heard ' + req.headers['X-Topic'])\n    return {'body': 'ok'}\n";

for (const scheme of ["light", "dark"]) {
  test(`a space's triggers, ${scheme}`, { timeout: 10 * MINUTES }, async (t) => {
    const step = steps(t);
    const theirs = await serve(t);
    const credential = (await ok(theirs.home, ["token", "create", "--for", "spaces"])).trim();
    const [user, key] = credential.split(":");
    const broker = await mosquitto(t, { user: "ann", password: PASSWORD });
    const nobody = await freePort();
    const there = await theirs.panel();
    const ours = await serve(t);
    const panel = await ours.panel();
    const address = `${theirs.gateway}/spaces/playground`;
    const draft = { name: "House", kind: "spaces", environment: "staging", apiHost: address, user, key };
    const { id } = await panel.call("add_connection", { draft });
    const warm = { connection: id, namespace: "playground", name: "warm" };
    const code = { type: "source", text: CODE };
    await panel.call("create_function", { function: warm, kind: "python:default", code, contract: "spaces" });
    await until("the function to be ready", async () => {
      const { readiness } = await panel.call("function", { function: warm });
      return readiness.state === "running";
    });

    const { page, complaints } = await openBrowser(t, { origin: ours.panelOrigin, colorScheme: scheme });
    await page.goto(ours.link);
    const tab = `/c/${id}/ns/playground?tab=space-triggers`;
    const settings = `/c/${id}/ns/playground/fn/warm?tab=settings`;
    const open = (path) => page.goto(`${ours.panelOrigin}${path}`);
    const button = (name) => page.getByRole("button", { name, exact: typeof name === "string" }).first();
    const dialog = page.getByRole("dialog");
    const row = (text) => page.getByTestId("space-trigger-row").filter({ hasText: text });
    const triggers = () => panel.call("space_triggers", { connection: id, namespace: "playground" });

    await step("an empty tab says what a trigger is", async () => {
      await open(tab);
      await page.getByText("No triggers yet").waitFor();
      await assertAccessible(page, "no trigger of a space");
    });

    await step("a function that asks for topics is told that nothing calls it so", async () => {
      await open(settings);
      await page.getByLabel("Topics", { exact: true }).fill("rooms/+/heat");
      await page.getByLabel("Schedule", { exact: true }).fill("0 8 * * 1");
      await page.getByText(/There is no MQTT or RabbitMQ trigger/).waitFor();
      await page.getByText(/There is no cron trigger/).waitFor();
      await assertAccessible(page, "options of a function");
      await button("Save settings").click();
      await page.getByText("Saved", { exact: true }).waitFor();
      const found = await panel.call("function", { function: warm });
      assert.deepEqual(found.options, { topics: ["rooms/+/heat"], schedule: "0 8 * * 1" });
      assert.equal(found.code.text, CODE, "nothing else was changed");
      await page.getByRole("link", { name: "Make one" }).first().click();
      await page.getByText("No triggers yet").waitFor();
    });

    await step("one for a broker that nobody is fails, and says why", async () => {
      await button("New trigger").click();
      await dialog.getByLabel("Type").selectOption("mqtt");
      await dialog.getByRole("button", { name: "Create trigger" }).click();
      await dialog.getByText("The topics to listen to.").waitFor();
      await assertAccessible(page, "a new trigger with what is missing");
      await dialog.getByLabel("Description").fill("heating");
      await dialog.getByLabel("Host").fill("127.0.0.1");
      await dialog.getByLabel("Port").fill(String(nobody));
      await dialog.getByLabel("User").fill("ann");
      await dialog.getByLabel("Password").fill(PASSWORD);
      await dialog.getByLabel("Topics").fill("rooms/#");
      // From the last field with Enter, as a person types.
      await dialog.getByLabel("Topics").press("Enter");
      await dialog.waitFor({ state: "detached" });
      await row("heating").getByText("Failed", { exact: true }).waitFor();
      await row("heating")
        .getByText(/connection refused/)
        .waitFor();
      await assertAccessible(page, "a trigger that failed");
    });

    await step("for another broker it asks for the password again; with it, it runs", async () => {
      await button("Change MQTT trigger, heating").click();
      assert.equal(await dialog.getByLabel("Type").count(), 0, "the type stays");
      await dialog.getByText("Empty: the provider keeps the one it has.").waitFor();
      await dialog.getByLabel("Port").fill(String(broker.port));
      await dialog.getByText("Needed again for this broker and user.").waitFor();
      await dialog.getByRole("button", { name: "Save trigger" }).click();
      await dialog.getByRole("alert").waitFor();
      await assertAccessible(page, "a trigger that is refused");
      await dialog.getByLabel("Password").fill(PASSWORD);
      await dialog.getByRole("button", { name: "Save trigger" }).click();
      await dialog.waitFor({ state: "detached" });
      await row("heating").getByText("Running", { exact: true }).waitFor();
      await button("Change MQTT trigger, heating").click();
      await dialog.getByLabel("Description").fill("warmth");
      await dialog.getByRole("button", { name: "Save trigger" }).click();
      await row("warmth").getByText("Running", { exact: true }).waitFor();
      assert.ok(!JSON.stringify(await triggers()).includes(PASSWORD));
    });

    await step("a message calls the function", async () => {
      await broker.publish("rooms/1/heat", "21");
      await until("the call", async () => {
        const rows = await there.activations("fn:warm");
        return rows.length === 1 && rows[0].status === "success";
      });
    });

    await step("the Beckon that serves the space shows it too", async () => {
      const [found] = await there.call("space_triggers", { connection: "local", namespace: "playground" });
      assert.equal(found.description, "warmth");
      assert.equal((await there.call("function", { function: local("warm") })).options, null);
    });

    await step("it is deleted when that is confirmed", async () => {
      await button("Delete MQTT trigger, warmth").click();
      await dialog.getByText(/they keep their topics/).waitFor();
      await assertAccessible(page, "deleting a trigger");
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      assert.equal((await triggers()).length, 1, "nothing was confirmed");
      await button("Delete MQTT trigger, warmth").click();
      await dialog.getByRole("button", { name: "Delete trigger" }).click();
      await page.getByText("No triggers yet").waitFor();
      assert.deepEqual(await triggers(), []);
    });

    assertQuiet(complaints.filter((line) => !/status of 400 .*\/api\/put_space_trigger\b/.test(line)));
  });
}
