// The three curl commands of DigitalOcean's guide to asynchronous functions, with server, namespace and token replaced.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";

import { home, serve, token } from "../lib/beckon.mjs";
import { until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;

/** Runs a command line as typed in a terminal. */
function sh(command) {
  return new Promise((resolve, reject) =>
    execFile("sh", ["-c", command], { timeout: 60_000 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${command}\n${stderr}`, { cause: error })) : resolve(stdout),
    ),
  );
}

test("the guide's curl commands", { timeout: 5 * MINUTES }, async (t) => {
  const place = await home(t);
  const beckon = await serve(t, { home: place });
  const credential = await token(place);
  const client = beckon.as(credential);
  assert.equal((await client.send("PUT", "/namespaces/_/packages/sample", { body: {} })).status, 200);
  await client.deploy("sample/hello", {
    kind: "nodejs:default",
    code: "async function main({ ms = 0 }) { await new Promise((d) => setTimeout(d, ms)); return { body: 'Hello stranger!' } }",
  });
  const bare = Buffer.from(credential).toString("base64");
  const api = `${beckon.gateway}/api/v1/namespaces/playground`;

  await t.test("a blocking call, with the token as the control panel copies it: no scheme", async () => {
    const out = await sh(`curl -sS -X POST "${api}/actions/sample/hello?blocking=true&result=true" \\
-H "Content-Type: application/json" \\
-H "Authorization: ${bare}"`);
    assert.deepEqual(JSON.parse(out), { body: "Hello stranger!" });
  });

  await t.test("a non-blocking call, its record too early, and its record", async () => {
    const out = await sh(`curl -sS -X POST "${api}/actions/sample/hello?blocking=false" \\
-H "Content-Type: application/json" \\
-H "Authorization: ${bare}" -d '{"ms": 3000}'`);
    const { activationId, ...rest } = JSON.parse(out);
    assert.match(activationId, /^[0-9a-f]{32}$/);
    assert.deepEqual(rest, {}, "the id and nothing else");

    const get = `curl -sS -X GET "${api}/activations/${activationId}" \\\n-H "Authorization: Basic ${bare}"`;
    const early = JSON.parse(await sh(get));
    assert.equal(typeof early.code, "string");
    assert.equal(
      early.error,
      "The requested activation record does not exist. This either means that the invocation is still running and the record is not yet created or the activation's retention period has already expired.",
    );
    const record = await until(
      "the record",
      async () => {
        const answer = JSON.parse(await sh(get));
        return answer.activationId && answer;
      },
      { every: 300 },
    );
    const {
      namespace,
      name,
      version,
      subject,
      start,
      end,
      duration,
      statusCode,
      response,
      logs,
      annotations,
    } = record;
    assert.deepEqual([namespace, version, statusCode], ["playground", "0.0.1", 0]);
    assert.ok(["hello", "sample/hello"].includes(name), "with or without its package, as the guide has both");
    assert.equal(typeof subject, "string");
    assert.ok(subject.length > 0);
    assert.equal(duration, end - start);
    assert.ok(duration >= 3_000);
    const { status, success, result } = response;
    assert.deepEqual(
      { status, statusCode: response.statusCode, success, result },
      {
        status: "success",
        statusCode: 0,
        success: true,
        result: { body: "Hello stranger!" },
      },
    );
    assert.deepEqual(logs, []);
    const found = Object.fromEntries(annotations.map(({ key, value }) => [key, value]));
    assert.equal(found.path, "playground/sample/hello");
    assert.deepEqual(
      Object.keys(found).sort(),
      ["kind", "limits", "path", "timeout", "waitTime"],
      "a warm run has no initTime",
    );
    const [cold] = (await client.send("GET", "/namespaces/_/activations?name=sample/hello&skip=1&docs=true"))
      .json;
    assert.ok(
      cold.annotations.some(({ key, value }) => key === "initTime" && value > 0),
      "the first, cold one has",
    );
  });

  await t.test("the last three activations", async () => {
    for (let i = 0; i < 3; i++) await client.invoke("hello", { name: `number ${i}` });
    const out = await sh(
      `curl -sS -X GET "${api}/activations?limit=3" \\\n-H "Authorization: Basic ${bare}"`,
    );
    const list = JSON.parse(out);
    assert.deepEqual(
      list.map((item) => item.name),
      ["hello", "hello", "hello"],
    );
    assert.ok(list.every((item) => item.statusCode === 0 && !("response" in item)));
  });

  await t.test("the host says what it can run, to anybody", async () => {
    const host = JSON.parse(await sh(`curl -sS "${beckon.gateway}/"`));
    assert.deepEqual(host.api_paths, ["/api/v1"]);
    assert.ok(host.runtimes.nodejs.some(({ kind }) => /^nodejs:\d+$/.test(kind)));
    const api1 = JSON.parse(await sh(`curl -sS "${beckon.gateway}/api/v1"`));
    assert.equal(api1.api_version_path, "v1");
  });

  await t.test(
    "a web function answers at its own address, and without waiting through the API only",
    async () => {
      await client.deploy(
        "site",
        { kind: "nodejs:default", code: "function main() { return { body: 'page' } }" },
        { annotations: [{ key: "web-export", value: true }] },
      );
      const out = await sh(`curl -sS -w '\\n%{http_code}' -X POST "${api}/actions/site?blocking=false" \
-H "Content-Type: application/json" -H "Authorization: Basic ${bare}"`);
      const [body, status] = out.split("\n");
      assert.equal(status, "202", out);
      assert.match(JSON.parse(body).activationId, /^[0-9a-f]{32}$/);
      const page = await sh(`curl -sS "${beckon.gateway}/api/v1/web/playground/default/site"`);
      assert.equal(page.trim(), "page");
    },
  );
});
