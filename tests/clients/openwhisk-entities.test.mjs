// The `openwhisk` npm client, unmodified: packages, triggers, rules, feeds and sequences.

import assert from "node:assert/strict";
import test from "node:test";

import openwhisk from "openwhisk";

import { serve, token } from "../lib/beckon.mjs";
import { until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;
const value = (pairs, key) => pairs.find((pair) => pair.key === key)?.value;
const status = (code) => (error) => error.statusCode === code;

test("the openwhisk client and what is beside actions", { timeout: 8 * MINUTES }, async (t) => {
  const beckon = await serve(t, { args: ["--port", "0", "--no-examples"] });
  const ow = openwhisk({ apihost: beckon.gateway, api_key: await token(beckon.home) });
  const { actions, activations, feeds, packages, rules, triggers } = ow;
  const waited = { blocking: true, result: true };
  const record = (name) => until("the record", () => activations.get({ name }), { every: 200 });

  await t.test("packages and bindings", async () => {
    await assert.rejects(actions.create({ name: "tools/add", action: "function main() {}" }), status(404));
    const parameters = [{ key: "by", value: 1 }];
    const made = await packages.create({ name: "tools", package: { parameters } });
    assert.deepEqual([made.name, made.version, made.binding], ["tools", "0.0.1", {}]);
    await assert.rejects(packages.create({ name: "tools" }), status(409));
    const updated = await packages.update({ name: "tools", package: { publish: true } });
    assert.deepEqual([updated.version, updated.publish, updated.parameters], ["0.0.2", true, parameters]);
    const code = "function main({ n, by }) { return { n: n + by } }";
    assert.equal((await actions.create({ name: "tools/add", action: code })).namespace, "playground/tools");
    await packages.create({
      name: "tens",
      package: { binding: { namespace: "_", name: "tools" }, parameters: [{ key: "by", value: 10 }] },
    });
    const add = (name) => actions.invoke({ name, params: { n: 1 }, ...waited });
    assert.deepEqual(await add("tools/add"), { n: 2 });
    assert.deepEqual(await add("tens/add"), { n: 11 });
    const got = await packages.get({ name: "tens" });
    assert.deepEqual(got.binding, { namespace: "playground", name: "tools" });
    assert.deepEqual(
      got.actions.map(({ name }) => name),
      ["add"],
    );
    assert.deepEqual((await packages.list()).map(({ name }) => name).sort(), ["tens", "tools"]);
    assert.deepEqual(await packages.list({ count: true }), { packages: 2 });
    const [run] = await activations.list({ name: "tens/add", limit: 1 });
    assert.equal(value(run.annotations, "path"), "playground/tools/add");
    assert.equal(value(run.annotations, "binding"), "playground/tens");
  });

  await t.test("triggers and rules", async () => {
    await actions.create({ name: "seen", action: "function main(args) { return { seen: args } }" });
    await triggers.create({ name: "bell", trigger: { parameters: [{ key: "tone", value: "low" }] } });
    await assert.rejects(rules.create({ name: "r", action: "nobody", trigger: "bell" }), status(400));
    const rule = await rules.create({ name: "r", action: "seen", trigger: "bell" });
    assert.deepEqual(rule.trigger, { path: "playground", name: "bell" });
    assert.deepEqual(rule.action, { path: "playground", name: "seen" });
    assert.equal(rule.status, "active");
    const { activationId } = await triggers.invoke({ name: "bell", params: { tone: "high", n: 1 } });
    const fired = await record(activationId);
    assert.deepEqual(fired.response.result, { tone: "high", n: 1 });
    assert.equal(fired.logs.length, 1);
    const line = JSON.parse(fired.logs[0]);
    assert.deepEqual([line.rule, line.action, line.success], ["playground/r", "playground/seen", true]);
    const run = await record(line.activationId);
    assert.equal(run.cause, undefined);
    const { __ow_headers: headers, ...seen } = run.response.result.seen;
    assert.deepEqual(seen, { tone: "high", n: 1 });
    assert.equal(headers.authorization, undefined);

    assert.equal((await triggers.get({ name: "bell" })).rules["playground/r"].status, "active");
    await rules.disable({ name: "r" });
    assert.equal((await rules.get({ name: "r" })).status, "inactive");
    assert.ok(!(await triggers.invoke({ name: "bell" })).activationId, "no rule, no record");
    await rules.enable({ name: "r" });
    assert.ok((await triggers.invoke({ name: "bell" })).activationId);
    assert.equal((await rules.list()).length, 1);
    assert.equal((await triggers.list()).length, 1);
    await rules.update({ name: "r", action: "tools/add", trigger: "bell" });
    assert.deepEqual((await rules.get({ name: "r" })).action, { path: "playground/tools", name: "add" });
    await rules.delete({ name: "r" });
    await triggers.delete({ name: "bell" });
    await assert.rejects(triggers.get({ name: "bell" }), status(404));
  });

  await t.test("feeds", async () => {
    const code =
      "function main({ lifecycleEvent, triggerName, every }) { return { lifecycleEvent, triggerName, every } }";
    await actions.create({ name: "tools/clock", action: code, annotations: { feed: true } });
    await triggers.create({
      name: "tick",
      trigger: { annotations: [{ key: "feed", value: "/playground/tools/clock" }] },
    });
    const of = { feedName: "tools/clock", trigger: "tick", params: { every: 5 } };
    for (const [verb, event] of Object.entries({
      create: "CREATE",
      get: "READ",
      update: "UPDATE",
      delete: "DELETE",
    })) {
      const { response } = await feeds[verb](of);
      assert.deepEqual(response.result, { lifecycleEvent: event, triggerName: "/_/tick", every: 5 });
    }
    const got = await packages.get({ name: "tools" });
    assert.deepEqual(
      got.feeds.map(({ name }) => name),
      ["clock"],
    );
    await assert.rejects(
      triggers.create({ name: "x", trigger: { annotations: [{ key: "feed", value: "a/b/c/d" }] } }),
      (error) => /Feed name is not valid/.test(error.message),
    );
  });

  await t.test("sequences, of one's own functions and the system's", async () => {
    const sequence = ["/_/tools/add", "/_/tens/add", "/whisk.system/utils/echo"];
    const made = await actions.create({ name: "steps", sequence });
    assert.equal(made.exec.kind, "sequence");
    assert.deepEqual(made.exec.components, [
      "/playground/tools/add",
      "/playground/tens/add",
      "/whisk.system/utils/echo",
    ]);
    assert.deepEqual(await actions.invoke({ name: "steps", params: { n: 1 }, ...waited }), { n: 12 });
    const { activationId } = await actions.invoke({ name: "steps", params: { n: 2 } });
    const whole = await record(activationId);
    assert.deepEqual(whole.response.result, { n: 13 });
    assert.deepEqual(
      [value(whole.annotations, "kind"), value(whole.annotations, "topmost")],
      ["sequence", true],
    );
    assert.equal(whole.logs.length, 3);
    let sum = 0;
    for (const name of whole.logs) {
      const part = await record(name);
      assert.equal(part.cause, activationId);
      assert.equal(value(part.annotations, "causedBy"), "sequence");
      sum += part.duration;
    }
    assert.equal(whole.duration, sum);
    await assert.rejects(actions.create({ name: "no", sequence: ["/_/nobody"] }), (error) =>
      /Sequence component does not exist\./.test(error.message),
    );
    assert.deepEqual(
      await actions.invoke({ name: "/whisk.system/utils/sort", params: { lines: ["b", "a"] }, ...waited }),
      { lines: ["a", "b"], length: 2 },
    );
  });

  await t.test("deletes", async () => {
    await assert.rejects(packages.delete({ name: "tools" }), (error) =>
      /Package not empty \(contains 2 entities\)/.test(error.message),
    );
    for (const { name, namespace } of await actions.list()) {
      const [, packed] = namespace.split("/");
      await actions.delete({ name: packed ? `${packed}/${name}` : name });
    }
    for (const { name } of await packages.list()) await packages.delete({ name });
    for (const { name } of await triggers.list()) await triggers.delete({ name });
    assert.deepEqual(await packages.list(), []);
  });
});
