// The `openwhisk` npm client, unmodified, against the gateway.

import assert from "node:assert/strict";
import test from "node:test";

import openwhisk from "openwhisk";

import { serve, token } from "../lib/beckon.mjs";
import { until } from "../lib/sandbox.mjs";
import { zip } from "../lib/zip.mjs";

const MINUTES = 60_000;

const GREET = `function main(args) {
  console.log("greeting", args.name);
  console.error("to whom it may concern");
  return { greeting: "Hello " + args.name, from: args.from };
}`;

test("the openwhisk client", { timeout: 8 * MINUTES }, async (t) => {
  const beckon = await serve(t, { args: ["--port", "0", "--no-examples"] });
  const credential = await token(beckon.home);
  const ow = openwhisk({ apihost: beckon.gateway, api_key: credential });

  await t.test("lists namespaces", async () => {
    assert.deepEqual(await ow.namespaces.list(), ["playground"]);
  });

  await t.test("creates, gets, lists and updates an action", async () => {
    const created = await ow.actions.create({
      name: "greet",
      action: GREET,
      kind: "nodejs:default",
      params: { from: "Beckon" },
      limits: { timeout: 20_000, memory: 128, logs: 1 },
      annotations: { purpose: "test" },
    });
    assert.equal(created.name, "greet");
    assert.equal(created.namespace, "playground");
    assert.equal(created.version, "0.0.1");
    assert.match(created.exec.kind, /^nodejs:\d+$/, "the default is resolved");
    assert.deepEqual(created.parameters, [{ key: "from", value: "Beckon" }]);
    assert.equal(created.limits.timeout, 20_000);
    const annotations = Object.fromEntries(created.annotations.map(({ key, value }) => [key, value]));
    assert.equal(annotations.purpose, "test");
    assert.equal(annotations.exec, created.exec.kind);

    const got = await ow.actions.get({ name: "greet" });
    assert.equal(got.exec.code, GREET);
    assert.equal(got.exec.binary, false);

    const listed = await ow.actions.list();
    assert.deepEqual(
      listed.map((action) => action.name),
      ["greet"],
    );
    assert.equal(listed[0].exec?.code, undefined, "a list has no code");

    await assert.rejects(ow.actions.create({ name: "greet", action: GREET }), (error) => {
      assert.equal(error.statusCode, 409);
      assert.match(error.message, /resource already exists/);
      return true;
    });
    const updated = await ow.actions.update({
      name: "greet",
      action: GREET,
      params: { from: "the gateway" },
    });
    assert.equal(updated.version, "0.0.2");
  });

  await t.test("invokes and waits: the record, and the result alone", async () => {
    const record = await ow.actions.invoke({ name: "greet", params: { name: "Ada" }, blocking: true });
    assert.match(record.activationId, /^[0-9a-f]{32}$/);
    assert.deepEqual(record.response.result, { greeting: "Hello Ada", from: "the gateway" });
    assert.equal(record.response.status, "success");
    assert.equal(record.response.success, true);
    assert.equal(record.response.statusCode, 0);
    assert.equal(record.name, "greet");
    assert.equal(record.version, "0.0.2");
    assert.equal(record.duration, record.end - record.start);

    const result = await ow.actions.invoke({
      name: "greet",
      params: { name: "Grace" },
      blocking: true,
      result: true,
    });
    assert.deepEqual(result, { greeting: "Hello Grace", from: "the gateway" });
  });

  await t.test("invokes without waiting, and finds record, logs and result", async () => {
    const { activationId } = await ow.actions.invoke({ name: "greet", params: { name: "Lin" } });
    assert.match(activationId, /^[0-9a-f]{32}$/);
    const record = await until("the record", () => ow.activations.get({ name: activationId }), {
      every: 200,
    });
    assert.equal(record.activationId, activationId);
    assert.equal(record.namespace, "playground");
    assert.equal(typeof record.subject, "string");
    assert.equal(record.statusCode, 0);
    assert.deepEqual(record.response.result, { greeting: "Hello Lin", from: "the gateway" });
    const annotations = Object.fromEntries(record.annotations.map(({ key, value }) => [key, value]));
    assert.equal(annotations.path, "playground/greet");
    assert.match(annotations.kind, /^nodejs:/);
    assert.deepEqual(
      [typeof annotations.limits, typeof annotations.waitTime, annotations.timeout],
      ["object", "number", false],
    );

    const { logs } = await ow.activations.logs({ name: activationId });
    assert.deepEqual(logs, record.logs);
    // A date in thirty columns, the stream, the text: command lines cut them apart by place.
    assert.equal(logs.length, 2);
    for (const line of logs) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z +(stdout|stderr): /);
    assert.ok(
      logs.every((line) => line.slice(30).startsWith(" std")),
      logs.join("\n"),
    );
    assert.deepEqual(
      logs.map((line) => line.slice(31)),
      ["stdout: greeting Lin", "stderr: to whom it may concern"],
    );

    const result = await ow.activations.result({ name: activationId });
    assert.deepEqual(result.result, { greeting: "Hello Lin", from: "the gateway" });
    assert.equal(result.success, true);
  });

  await t.test("lists activations, newest first, with its filters", async () => {
    const all = await ow.activations.list();
    assert.equal(all.length, 3);
    assert.ok(all.every((a, i) => i === 0 || a.start <= all[i - 1].start));
    assert.equal(all[0].response, undefined, "a list has no results");
    assert.deepEqual(
      (await ow.activations.list({ limit: 1 })).map((a) => a.activationId),
      [all[0].activationId],
    );
    assert.deepEqual(
      (await ow.activations.list({ limit: 1, skip: 1 })).map((a) => a.activationId),
      [all[1].activationId],
    );
    const docs = await ow.activations.list({ docs: true, limit: 1 });
    assert.equal(typeof docs[0].response.result, "object");
    assert.deepEqual(await ow.activations.list({ upto: all[2].start - 1 }), []);
    assert.equal((await ow.activations.list({ since: all[0].start })).length >= 1, true);
  });

  await t.test("a zip with several files, as a Buffer", async () => {
    const packed = zip({
      "package.json": JSON.stringify({ name: "packed", version: "1.0.0", main: "src/index.js" }),
      "src/index.js":
        'const { shout } = require("./lib/shout.js");\nexports.main = ({ text }) => ({ said: shout(text) });\n',
      "src/lib/shout.js": "exports.shout = (text) => text.toUpperCase() + '!';\n",
    });
    const created = await ow.actions.create({ name: "packed", action: packed });
    assert.equal(created.exec.binary, true);
    const said = await ow.actions.invoke({
      name: "packed",
      params: { text: "it runs" },
      blocking: true,
      result: true,
    });
    assert.deepEqual(said, { said: "IT RUNS!" });
    const got = await ow.actions.get({ name: "packed" });
    assert.ok(Buffer.from(got.exec.code, "base64").equals(packed), "it comes back as it was given");
  });

  await t.test("Python, with several files", async () => {
    const packed = zip({
      "__main__.py": "from words import shout\ndef main(args):\n    return {'said': shout(args['text'])}\n",
      "words.py": "def shout(text):\n    return text.upper() + '!'\n",
    });
    await ow.actions.create({ name: "packed-python", action: packed, kind: "python:default" });
    const said = await ow.actions.invoke({
      name: "packed-python",
      params: { text: "it runs" },
      blocking: true,
      result: true,
    });
    assert.deepEqual(said, { said: "IT RUNS!" });
  });

  await t.test("an action that is not there", async () => {
    for (const call of [
      () => ow.actions.get({ name: "nothing" }),
      () => ow.actions.invoke({ name: "nothing", blocking: true }),
      () => ow.actions.delete({ name: "nothing" }),
    ]) {
      await assert.rejects(call(), (error) => {
        assert.equal(error.statusCode, 404);
        assert.match(
          error.message,
          /Returned HTTP 404 \(Not Found\) --> "The requested resource does not exist\."/,
        );
        return true;
      });
    }
    await assert.rejects(ow.activations.get({ name: "0".repeat(32) }), (error) => {
      assert.equal(error.statusCode, 404);
      assert.match(error.message, /The requested activation record does not exist\. This either means/);
      return true;
    });
  });

  await t.test("errors of the function: application and developer errors told apart", async () => {
    await ow.actions.create({
      name: "rejects",
      action: "async function main() { throw new Error('no luck') }",
    });
    await ow.actions.create({ name: "throws", action: "function main() { throw new Error('no luck') }" });
    await ow.actions.create({
      name: "says-error",
      action: "function main() { return { error: 'not today', dropped: 1 } }",
    });
    await ow.actions.create({
      name: "raises",
      action: "def main(args):\n    raise ValueError('no luck')\n",
      kind: "python:default",
    });
    for (const [name, statusCode, status] of [
      ["rejects", 1, "application error"],
      ["says-error", 1, "application error"],
      ["raises", 1, "application error"],
      ["throws", 2, "action developer error"],
    ]) {
      await assert.rejects(ow.actions.invoke({ name, blocking: true }), (error) => {
        assert.equal(error.statusCode, 502, name);
        assert.equal(error.error.response.status, status, name);
        assert.equal(error.error.response.statusCode, statusCode, name);
        assert.equal(error.error.response.success, false);
        assert.deepEqual(Object.keys(error.error.response.result), ["error"], name);
        assert.match(error.error.activationId, /^[0-9a-f]{32}$/);
        return true;
      });
    }
    await assert.rejects(ow.actions.invoke({ name: "says-error", blocking: true, result: true }), (error) => {
      assert.equal(error.statusCode, 502);
      assert.match(error.message, /Returned HTTP 502 \(Bad Gateway\)/);
      return true;
    });
  });

  await t.test("a call that outlives the limit becomes asynchronous", async () => {
    await ow.actions.create({
      name: "slow",
      action:
        "function main({ ms }) { return new Promise((done) => setTimeout(() => done({ waited: ms }), ms)) }",
    });
    // The client unwraps what it gets; a 202 it rejects with the id.
    const panel = await beckon.panel();
    const settings = await panel.call("settings");
    await panel.call("save_settings", { settings: { ...settings, blockingLimitMs: 1_000 } });
    const { activationId } = await ow.actions.invoke({ name: "slow", params: { ms: 4_000 }, blocking: true });
    assert.match(activationId, /^[0-9a-f]{32}$/);
    const record = await until("the record", () => ow.activations.get({ name: activationId }), {
      every: 250,
    });
    assert.deepEqual(record.response.result, { waited: 4_000 });
    await panel.call("save_settings", { settings });
  });

  await t.test("deletes", async () => {
    for (const { name } of await ow.actions.list()) await ow.actions.delete({ name });
    assert.deepEqual(await ow.actions.list(), []);
    const [newest] = await ow.activations.list({ limit: 1 });
    assert.ok(await ow.activations.get({ name: newest.activationId }), "records outlive their function");
  });

  await t.test("a wrong key", async () => {
    const other = openwhisk({ apihost: beckon.gateway, api_key: `${credential.slice(0, -4)}xxxx` });
    await assert.rejects(other.actions.list(), (error) => {
      assert.equal(error.statusCode, 401);
      assert.match(error.message, /The supplied authentication is invalid/);
      return true;
    });
  });
});
