// A second Beckon's gateway as the remote of the first.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

import { ok, serve, token } from "../lib/beckon.mjs";
import { pause, until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;
const SLOW = `async function main({ seconds }) {
  console.log("starting");
  await new Promise((done) => setTimeout(done, seconds * 1000));
  return { waited: seconds };
}`;

/** Two Beckons: `ours` has a connection to the gateway of `theirs`. */
async function pair(t) {
  const theirs = await serve(t);
  await ok(theirs.home, ["namespace", "create", "fn-remote"]);
  const key = await token(theirs.home, "--namespace", "fn-remote");
  const provider = theirs.as(key);
  await provider.deploy("greet", {
    kind: "nodejs:default",
    code: "function main({ name }) { console.log('hi', name); return { greeting: 'Hello ' + name } }",
  });
  await provider.deploy("slow", { kind: "nodejs:default", code: SLOW });
  const ours = await serve(t);
  const panel = await ours.panel();
  const draft = {
    name: "Second Beckon",
    kind: "openwhisk",
    environment: "production",
    apiHost: theirs.gateway,
    key,
  };
  return { theirs, provider, key, ours, panel, draft };
}

const at = (connection, name) => ({ connection: connection.id, namespace: "fn-remote", name });

test("a remote connection", { timeout: 10 * MINUTES }, async (t) => {
  const { theirs, provider, key, ours, panel, draft } = await pair(t);
  let connection;

  await t.test("is tried, kept, and its key is in the keychain only", async () => {
    const tried = await panel.call("test_connection", { draft, id: null });
    assert.equal(tried.apiHost, theirs.gateway);
    assert.deepEqual(tried.namespaces, ["fn-remote"]);
    assert.equal(typeof tried.latencyMs, "number");
    assert.equal((await panel.call("connections")).length, 1, "trying keeps nothing");

    connection = await panel.call("add_connection", { draft });
    assert.equal(connection.state.state, "connected");
    assert.equal(connection.keyHint, key.slice(-4));
    assert.equal(connection.environment, "production");
    assert.deepEqual(
      (await panel.call("connections")).map((c) => c.name),
      ["This machine", "Second Beckon"],
    );

    const secret = key.split(":")[1];
    for (const path of await readdir(ours.home.dataDir, { recursive: true, withFileTypes: true })) {
      if (path.isFile())
        assert.ok(
          !(await readFile(join(path.path, path.name))).includes(secret),
          `${path.name} holds the key`,
        );
    }
    assert.ok(!JSON.stringify(await panel.call("connections")).includes(secret));
    assert.ok(!JSON.stringify(await panel.call("overview")).includes(secret));
  });

  await t.test("a key as it is found: with its scheme, bare, or in a whole curl command", async () => {
    const bare = Buffer.from(key).toString("base64");
    for (const pasted of [
      `Basic ${bare}`,
      bare,
      `  ${key}\n`,
      `curl -X POST "${theirs.gateway}/api/v1/namespaces/fn-remote/actions/greet?blocking=true&result=true" \\\n-H "Content-Type: application/json" \\\n-H "Authorization: ${bare}"`,
    ]) {
      const tried = await panel.call("test_connection", { draft: { ...draft, key: pasted }, id: null });
      assert.deepEqual(tried.namespaces, ["fn-remote"], pasted);
    }
    const whole = `curl -X POST "${theirs.gateway}/api/v1/namespaces/fn-remote/actions/greet?blocking=true" -H "Authorization: ${bare}"`;
    const tried = await panel.call("test_connection", {
      draft: { ...draft, apiHost: "", key: whole },
      id: null,
    });
    assert.equal(tried.apiHost, theirs.gateway, "a curl command has the host too");
    await panel.call("test_connection", { draft: { ...draft, key: null }, id: connection.id });
  });

  await t.test("lists namespaces and functions", async () => {
    assert.deepEqual(
      (await panel.call("namespaces", { connection: connection.id })).map((n) => n.name),
      ["fn-remote"],
    );
    const functions = await panel.call("functions", { connection: connection.id, namespace: null });
    assert.deepEqual(functions.map((f) => f.name).sort(), ["greet", "slow"]);
    assert.ok(functions.every((f) => f.kind.startsWith("nodejs:") && f.version === "0.0.1"));
    const detail = await panel.call("function", { function: at(connection, "slow") });
    assert.deepEqual(detail.code, { type: "source", text: SLOW });
    assert.equal(detail.editable, false);
  });

  await t.test("invokes and waits: our input, the provider's record", async () => {
    const { activation, promoted } = await panel.invoke(at(connection, "greet"), { name: "Ada" });
    assert.equal(promoted, false);
    const record = await panel.activation(activation.id);
    assert.equal(record.status, "success");
    assert.equal(record.connection, connection.id);
    assert.deepEqual(JSON.parse(record.input), { name: "Ada" });
    assert.deepEqual(JSON.parse(record.result), { greeting: "Hello Ada" });
    assert.deepEqual(
      record.logs.map((line) => [line.stream, line.text]),
      [["stdout", "hi Ada"]],
    );
    assert.equal(record.version, "0.0.1");
    assert.ok(record.timing.networkMs >= 0);
    const provided = await provider.activation(activation.id);
    assert.equal(provided.json.start, record.start, "it is the provider's own record");
    assert.equal(provided.json.duration, record.durationMs);
    const { raw } = await panel.call("activation", { id: activation.id });
    assert.equal(JSON.parse(raw).activationId, activation.id);
  });

  await t.test("invokes without waiting, and follows the run to its end", async () => {
    const { items, stop } = await panel.events();
    const { activation } = await panel.invoke(at(connection, "slow"), { seconds: 2 }, "non_blocking");
    assert.equal(activation.status, "polling", "no record yet is not an error");
    assert.deepEqual(JSON.parse(activation.input), { seconds: 2 });
    assert.ok((await panel.activations("status:pending")).some((row) => row.id === activation.id));
    const record = await until(
      "the end of the run",
      async () => {
        const found = await panel.activation(activation.id);
        return found.status !== "polling" && found;
      },
      { every: 200 },
    );
    assert.equal(record.status, "success");
    assert.equal(record.mode, "non_blocking");
    assert.deepEqual(JSON.parse(record.input), { seconds: 2 });
    assert.deepEqual(JSON.parse(record.result), { waited: 2 });
    assert.ok(record.durationMs >= 2_000);
    await until("the window to be told", () =>
      items.some(
        (e) =>
          e.type === "activations" &&
          e.rows.some((row) => row.id === activation.id && row.status === "success"),
      ),
    );
    stop();
  });

  await t.test("runs that others made are synchronised, once", async () => {
    const mine = (await panel.activations(`conn:${connection.id}`)).map((row) => row.id);
    const direct = await provider.invoke("greet", { name: "Grace" }, "blocking=true");
    const later = await provider.accept("greet", { name: "Lin" });
    await until("the direct run to be over", async () => (await provider.activation(later)).status === 200);
    const fresh = await panel.call("sync_connection", { id: connection.id });
    assert.equal(fresh, 2);
    const rows = await panel.activations(`conn:${connection.id}`);
    assert.deepEqual(rows.map((row) => row.id).sort(), [...mine, direct.json.activationId, later].sort());
    const record = await panel.activation(direct.json.activationId);
    assert.equal(record.cause, "provider");
    assert.equal(record.input, null, "the provider does not keep inputs");
    assert.deepEqual(JSON.parse(record.result), { greeting: "Hello Grace" });
    assert.deepEqual(
      record.logs.map((line) => line.text),
      ["hi Grace"],
    );
    assert.equal(
      await panel.call("sync_connection", { id: connection.id }),
      0,
      "a second look finds nothing new",
    );
    assert.equal(
      (
        await panel.refused("copy_call", {
          form: "curl",
          source: { type: "run", id: direct.json.activationId },
          mode: "result",
          token: "real",
          to: "page",
        })
      ).code,
      "not_supported",
    );
  });

  await t.test("errors of the function and of the call", async () => {
    await provider.deploy("fails", {
      kind: "python:default",
      code: "def main(args):\n    raise ValueError('no luck')\n",
    });
    const { activation } = await panel.invoke(at(connection, "fails"), {});
    assert.equal(activation.status, "application_error");
    assert.match(activation.result, /no luck/);
    assert.equal(
      (
        await panel.refused("invoke", {
          function: at(connection, "nothing"),
          input: "{}",
          mode: "blocking",
          rerunOf: null,
        })
      ).code,
      "not_found",
    );
    const code = { type: "source", text: "x" };
    const stale = { function: at(connection, "greet"), code, expectedVersion: "0.0.9" };
    assert.equal((await panel.refused("save_code", stale)).code, "conflict");
    const unsure = { function: at(connection, "greet"), confirmation: "slow" };
    assert.equal((await panel.refused("delete_function", unsure)).code, "invalid_input");
    assert.equal((await panel.call("function", { function: at(connection, "greet") })).version, "0.0.1");
  });

  await t.test("a revoked key is noticed, and a new one mends it", async () => {
    await ok(theirs.home, ["token", "revoke", key.split(":")[0]]);
    const refusal = await panel.refused("invoke", {
      function: at(connection, "greet"),
      input: "{}",
      mode: "blocking",
      rerunOf: null,
    });
    assert.equal(refusal.code, "unauthorized");
    const failing = (await panel.call("connections")).find((c) => c.id === connection.id);
    assert.equal(failing.state.state, "failing");
    assert.equal(failing.state.error.code, "unauthorized");
    const fresh = await token(theirs.home, "--namespace", "fn-remote");
    const mended = await panel.call("edit_connection", {
      id: connection.id,
      draft: { ...draft, key: fresh },
    });
    assert.equal(mended.state.state, "connected");
    const { activation } = await panel.invoke(at(connection, "greet"), { name: "again" });
    assert.equal(activation.status, "success");
  });

  await t.test("a remote that is down is said to be, and comes back", async () => {
    const port = new URL(theirs.gateway).port;
    await theirs.stop();
    assert.equal(
      (await panel.call("check_connection", { id: connection.id })).state.error.code,
      "unreachable",
    );
    const refusal = await panel.refused("invoke", {
      function: at(connection, "greet"),
      input: "{}",
      mode: "blocking",
      rerunOf: null,
    });
    assert.equal(refusal.code, "unreachable");
    assert.equal(refusal.said.retryable, true);
    await serve(t, { home: theirs.home, args: ["--port", port] });
    assert.equal((await panel.call("check_connection", { id: connection.id })).state.state, "connected");
  });

  await t.test("is removed, and its records stay", async () => {
    const rows = await panel.activations(`conn:${connection.id}`);
    assert.ok(rows.length >= 5);
    await panel.call("remove_connection", { id: connection.id });
    assert.deepEqual(
      (await panel.call("connections")).map((c) => c.id),
      ["local"],
    );
    assert.equal((await panel.activations(`conn:${connection.id}`)).length, rows.length);
    assert.equal((await panel.refused("namespaces", { connection: connection.id })).code, "not_found");
  });
});

for (const [how, end] of [
  ["SIGTERM", (beckon) => beckon.stop()],
  ["kill -9", (beckon) => beckon.kill()],
]) {
  test(`an asynchronous run is followed to its end across a restart by ${how}`, {
    timeout: 6 * MINUTES,
  }, async (t) => {
    const { ours, panel, draft } = await pair(t);
    const connection = await panel.call("add_connection", { draft });
    const { activation } = await panel.invoke(at(connection, "slow"), { seconds: 8 }, "non_blocking");
    assert.equal(activation.status, "polling");
    await end(ours);

    const again = await serve(t, { home: ours.home });
    const after = await again.panel();
    const meanwhile = await after.activation(activation.id);
    assert.deepEqual(JSON.parse(meanwhile.input), { seconds: 8 }, "the input is still there");
    const record = await until(
      "the end of the run",
      async () => {
        const found = await after.activation(activation.id);
        return found.status !== "polling" && found;
      },
      { every: 250, within: 2 * MINUTES },
    );
    assert.equal(record.status, "success");
    assert.deepEqual(JSON.parse(record.result), { waited: 8 });
    assert.deepEqual(JSON.parse(record.input), { seconds: 8 });
    assert.deepEqual(
      record.logs.map((line) => line.text),
      ["starting"],
    );
    assert.equal((await after.activations("fn:slow")).length, 1, "one run, one record");
  });
}

test("a run that ended while we were away is found", { timeout: 6 * MINUTES }, async (t) => {
  const { provider, ours, panel, draft } = await pair(t);
  const connection = await panel.call("add_connection", { draft });
  const { activation } = await panel.invoke(at(connection, "slow"), { seconds: 2 }, "non_blocking");
  await ours.kill();
  const direct = (await provider.invoke("greet", { name: "meanwhile" }, "blocking=true")).json.activationId;
  await until("the run to be over", async () => (await provider.activation(activation.id)).status === 200);
  await pause(200);
  const after = await (await serve(t, { home: ours.home })).panel();
  await until(
    "both records",
    async () => {
      const rows = await after.activations(`conn:${connection.id} status:success`);
      return rows.some((row) => row.id === activation.id) && rows.some((row) => row.id === direct);
    },
    { every: 250 },
  );
});

test("a blocking call that outlives the provider's limit becomes asynchronous", {
  timeout: 6 * MINUTES,
}, async (t) => {
  const { theirs, panel, draft } = await pair(t);
  const connection = await panel.call("add_connection", { draft });
  const remote = await theirs.panel();
  const settings = await remote.call("settings");
  await remote.call("save_settings", { settings: { ...settings, blockingLimitMs: 1_000 } });
  const { activation, promoted } = await panel.invoke(at(connection, "slow"), { seconds: 4 });
  assert.equal(promoted, true);
  assert.equal(activation.mode, "promoted");
  const record = await until(
    "its end",
    async () => {
      const found = await panel.activation(activation.id);
      return found.status === "success" && found;
    },
    { every: 200 },
  );
  assert.equal(record.mode, "promoted", "the row says so");
  assert.deepEqual(JSON.parse(record.input), { seconds: 4 });
});
