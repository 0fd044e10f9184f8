// DigitalOcean's own Python client, unmodified, against the control plane; and what it made, on the data plane.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import test from "node:test";
import { fileURLToPath } from "node:url";

import openwhisk from "openwhisk";

import { killAtExit, ok, serve } from "../lib/beckon.mjs";
import { assertDialectError } from "../lib/gateway.mjs";
import { defer, soon } from "../lib/sandbox.mjs";

const MINUTES = 60_000;
const PYTHON = fileURLToPath(new URL("../venv/bin/python", import.meta.url));
const CALLS = fileURLToPath(new URL("pydo_calls.py", import.meta.url));

/** `await pydo("functions", "list_namespaces")` is what the client's method of that name answers or throws. */
function client(t, gateway, token) {
  const child = spawn(PYTHON, [CALLS, gateway, token], { stdio: ["pipe", "pipe", "inherit"] });
  killAtExit(child);
  defer(t, () => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const call = async (group, operation, args) => {
    child.stdin.write(`${JSON.stringify({ group, operation, arguments: args })}\n`);
    const { value, done } = await soon(`pydo's ${operation}`, lines.next(), 90_000);
    assert.ok(!done, `${operation}: the client ended`);
    return JSON.parse(value);
  };
  return {
    async answer(group, operation, args = {}) {
      const said = await call(group, operation, args);
      assert.ok("answer" in said, `${operation}: ${JSON.stringify(said)}`);
      return said.answer;
    },
    async refused(group, operation, args = {}) {
      const said = await call(group, operation, args);
      assert.ok("status" in said, `${operation} was not refused: ${JSON.stringify(said)}`);
      return said;
    },
  };
}

test("pydo's operations of Functions, and what they made", { timeout: 8 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const token = (await ok(beckon.home, ["token", "create", "--for", "digitalocean"])).trim();
  const pydo = client(t, beckon.gateway, token);
  const { namespace } = await pydo.answer("functions", "create_namespace", {
    body: { region: "nyc1", label: "shop" },
  });
  assert.match(namespace.namespace, /^fn-[0-9a-f-]{36}$/);
  assert.equal(namespace.api_host, beckon.gateway);
  const here = { namespace_id: namespace.namespace };

  await t.test("namespaces", async () => {
    const { namespaces } = await pydo.answer("functions", "list_namespaces");
    assert.deepEqual(
      namespaces.map(({ label }) => label).sort(),
      [...(await labels(beckon))].sort(),
      "those of the window",
    );
    assert.deepEqual(await pydo.answer("functions", "get_namespace", here), { namespace });
    // The client answers a documented 404 as it is.
    const none = await pydo.answer("functions", "get_namespace", { namespace_id: "fn-none" });
    assert.equal(none.id, "not_found");
    assert.equal(none.message, "namespace not found");
  });

  const keys = (operation, args = {}) => pydo.answer("functions_access_key", operation, { ...here, ...args });
  const { access_key: key } = await keys("create", { body: { name: "ci", expires_in: "24h" } });
  const ow = openwhisk({ apihost: namespace.api_host, api_key: `${key.id}:${key.secret}` });

  await t.test("access keys open the data plane until they are deleted", async () => {
    await ow.actions.create({
      name: "hello",
      action: "function main({ name }) { return { body: 'Hello ' + name } }",
      kind: "nodejs:default",
    });
    assert.deepEqual(await ow.namespaces.list(), [namespace.namespace]);
    assert.deepEqual(
      await ow.actions.invoke({ name: "hello", params: { name: "Ada" }, blocking: true, result: true }),
      { body: "Hello Ada" },
    );
    const { access_keys: listed, count } = await keys("list");
    assert.equal(count, 1);
    assert.ok(!JSON.stringify(listed).includes(key.secret), "the secret is shown once");
    assert.equal(Date.parse(listed[0].expires_at) - Date.parse(listed[0].created_at), 24 * 3_600_000);
    const renamed = await keys("update", { key_id: key.id, body: { name: "build" } });
    assert.equal(renamed.access_key.name, "build");
    assert.equal((await keys("create", { body: { name: "build" } })).id, "conflict");

    const window = await (await beckon.panel()).call("tokens");
    const shown = window.find(({ id }) => id === key.id);
    assert.deepEqual([shown.name, shown.kind], ["build", "digitalocean_key"]);
    assert.equal(typeof shown.lastUsed, "number");
  });

  await t.test("triggers are the window's schedules", async () => {
    const details = { cron: "0 3 * * *", body: { name: "night" } };
    const { trigger } = await pydo.answer("functions", "create_trigger", {
      ...here,
      body: {
        name: "nightly",
        type: "SCHEDULED",
        function: "hello",
        is_enabled: true,
        scheduled_details: details,
      },
    });
    assert.deepEqual(trigger.scheduled_details, details);
    assert.match(trigger.scheduled_runs.next_run_at, /T03:00:00Z$/);
    const panel = await beckon.panel();
    const [schedule] = await panel.call("schedules", { function: null });
    assert.equal(schedule.name, "nightly");
    await panel.call("run_schedule_now", { id: schedule.id });
    const one = { ...here, trigger_name: "nightly" };
    const ran = await pydo.answer("functions", "get_trigger", one);
    assert.ok(ran.trigger.scheduled_runs.last_run_at);
    await pydo.answer("functions", "update_trigger", { ...one, body: { is_enabled: false } });
    assert.equal((await panel.call("schedules", { function: null }))[0].enabled, false);
    const { triggers } = await pydo.answer("functions", "list_triggers", here);
    assert.deepEqual(
      triggers.map(({ name, is_enabled }) => [name, is_enabled]),
      [["nightly", false]],
    );
    assert.equal(await pydo.answer("functions", "delete_trigger", one), null);
    assert.deepEqual(await panel.call("schedules", { function: null }), []);
  });

  await t.test("what is deleted opens nothing", async () => {
    assert.deepEqual(await keys("delete", { key_id: key.id }), {});
    const after = beckon.as(`${key.id}:${key.secret}`);
    assertDialectError(await after.send("GET", "/namespaces"), 401, /authentication is invalid/);
    await assert.rejects(ow.actions.list(), { statusCode: 401 });
    assert.equal(await pydo.answer("functions", "delete_namespace", here), null);
    assert.ok(!(await labels(beckon)).includes("shop"));

    const [{ id }] = JSON.parse(await ok(beckon.home, ["token", "list", "-o", "json"])).filter(
      ({ kind }) => kind === "digitalocean",
    );
    await ok(beckon.home, ["token", "revoke", id]);
    const refused = await pydo.refused("functions", "list_namespaces");
    assert.equal(refused.status, 401);
    assert.equal(refused.error.message, "Unable to authenticate you.");
  });
});

/** The labels of the window's namespaces. */
async function labels(beckon) {
  const all = JSON.parse(await ok(beckon.home, ["namespace", "list", "-o", "json"]));
  return all.map(({ label }) => label);
}
