// `beckon token`: the same with and without a running Beckon on the directory.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

import { home, ok, refused, serve, token } from "../lib/beckon.mjs";
import { assertDialectError } from "../lib/gateway.mjs";
import { request } from "../lib/http.mjs";
import { pause, until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;

const list = async (place) => JSON.parse(await ok(place, ["token", "list", "-o", "json"]));

const parts = (credential) => {
  const at = credential.indexOf(":");
  return { id: credential.slice(0, at), secret: credential.slice(at + 1) };
};

/** Whether any file below `dir` holds `text`. */
async function holds(dir, text) {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((e) => e.isFile())) {
    if ((await readFile(join(entry.path, entry.name))).includes(text)) return join(entry.path, entry.name);
  }
  return undefined;
}

for (const running of [true, false]) {
  const how = running ? "while a Beckon is running" : "without a running Beckon";

  test(`token create, list and revoke ${how}`, { timeout: 5 * MINUTES }, async (t) => {
    const first = await serve(t);
    const place = first.home;
    if (!running) await first.stop();

    const printed = await ok(place, [
      "token",
      "create",
      "--for",
      "openwhisk",
      "--namespace",
      "playground",
      "--name",
      "Build robot",
    ]);
    assert.match(
      printed,
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[A-Za-z0-9]{64}\n$/,
      "user:key alone on a line",
    );
    const { id, secret } = parts(printed.trim());

    const found = (await list(place)).find((entry) => entry.id === id);
    assert.equal(found.name, "Build robot");
    assert.equal(found.hint, secret.slice(-4));
    assert.equal(found.expires, null);
    assert.deepEqual(found.scope, { type: "namespace", namespace: "playground" });
    for (const form of [[], ["-o", "json"], ["-o", "table"]]) {
      const text = await ok(place, ["token", "list", ...form]);
      assert.ok(text.includes(id));
      assert.ok(!text.includes(secret), "a list never shows a secret");
    }
    assert.equal(
      await holds(place.dataDir, secret),
      undefined,
      "the secret is in no file of the data directory",
    );

    const beckon = running ? first : await serve(t, { home: place });
    const client = beckon.as(printed.trim());
    assert.equal((await client.send("GET", "/namespaces")).status, 200);
    if (!running) await beckon.stop();

    assert.equal(await ok(place, ["token", "revoke", id]), "");
    assert.equal(typeof (await list(place)).find((entry) => entry.id === id)?.revoked, "number");
    const after = running ? beckon : await serve(t, { home: place });
    assertDialectError(
      await after.as(printed.trim()).send("GET", "/namespaces"),
      401,
      /authentication is invalid/,
    );
  });
}

test("a token for DigitalOcean's control plane", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const create = ["token", "create", "--for", "digitalocean"];
  const printed = await ok(beckon.home, create);
  assert.match(printed, /^dop_v1_[0-9a-f]{64}\n$/, "the token alone on a line");
  const namespaces = async (bearer) => {
    const headers = { authorization: `Bearer ${bearer.trim()}` };
    const reply = await request(`${beckon.gateway}/v2/functions/namespaces`, { headers });
    return reply.status === 200 ? reply.json.namespaces.map(({ namespace }) => namespace) : reply.status;
  };
  await ok(beckon.home, ["namespace", "create", "elsewhere"]);
  assert.deepEqual((await namespaces(printed)).sort(), ["elsewhere", "playground"]);
  const only = await ok(beckon.home, [...create, "--namespace", "elsewhere", "--expires", "24h"]);
  assert.deepEqual(await namespaces(only), ["elsewhere"]);
  assert.match(await refused(beckon.home, [...create, "--function", "hello"]), /calls no function/);
  assert.equal(await holds(beckon.home.dataDir, printed.trim()), undefined);

  const found = (await list(beckon.home)).find((entry) => entry.hint === printed.trim().slice(-4));
  assert.deepEqual([found.kind, found.scope], ["digitalocean", { type: "account" }]);
  assert.match(await ok(beckon.home, ["token", "list"]), / digitalocean +every namespace /);
  await ok(beckon.home, ["token", "revoke", found.id]);
  assert.equal(await namespaces(printed), 401);
});

test("a client of Spaces", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const create = ["token", "create", "--for", "spaces"];
  const printed = await ok(beckon.home, create);
  const [, id, secret] = /^([^:\s]+):([^:\s]+)\n$/.exec(printed);
  const ask = (client_secret) =>
    request(`${beckon.gateway}/oauth2/token`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `${new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret })}`,
    });
  assert.equal((await ask("wrong")).status, 401);
  const granted = await ask(secret);
  assert.equal(granted.status, 200, granted.text);
  const headers = { authorization: `Bearer ${granted.json.access_token}` };
  const functions = `${beckon.gateway}/spaces/playground/functions`;
  assert.ok((await request(functions, { headers })).json.data.length > 0);
  assert.match(await refused(beckon.home, [...create, "--function", "hello"]), /--namespace/);
  // With the client goes what was granted to it.
  const { id: token } = (await list(beckon.home)).find((entry) => entry.kind === "spaces");
  await ok(beckon.home, ["token", "revoke", token]);
  assert.equal((await request(functions, { headers })).status, 401);
});

test("revoking takes effect on the very next call", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  for (let round = 0; round < 3; round++) {
    const credential = await token(beckon.home, "--namespace", "playground");
    const client = beckon.as(credential);
    assert.equal((await client.invoke("hello")).status, 200);
    await ok(beckon.home, ["token", "revoke", parts(credential).id]);
    assertDialectError(await client.invoke("hello"), 401);
  }
});

test("a token ends at its time", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const began = Date.now();
  const credential = await token(beckon.home, "--expires", "8s");
  const { id } = parts(credential);
  const { expires, created } = (await list(beckon.home)).find((entry) => entry.id === id);
  assert.equal(expires - created, 8_000);
  assert.ok(created >= began - 1_000);
  const client = beckon.as(credential);
  const before = await client.send("GET", "/namespaces");
  // On a machine that took eight seconds for two calls this says nothing; then only the end is seen.
  if (Date.now() < expires) assert.equal(before.status, 200);
  await pause(Math.max(0, expires - Date.now()) + 50);
  assertDialectError(await client.send("GET", "/namespaces"), 401, /authentication is invalid/);
  assertDialectError(await client.invoke("hello"), 401);
});

test("lengths of life are read as people write them", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  for (const [text, seconds] of [
    ["24h", 86_400],
    ["30d", 2_592_000],
    ["90m", 5_400],
    ["never", undefined],
  ]) {
    const { id } = parts(await token(beckon.home, "--expires", text));
    const { created, expires } = (await list(beckon.home)).find((entry) => entry.id === id);
    assert.equal(expires, seconds === undefined ? null : created + seconds * 1_000, text);
  }
});

test("a function's token reaches that function only", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const client = beckon.as(await token(beckon.home, "--namespace", "playground", "--function", "hello"));
  const reply = await client.invoke("hello", { name: "Ada" });
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual(reply.json, { body: "Hello Ada!" });
  assertDialectError(await client.invoke("hello-python"), 403, /not authorized/);
  assertDialectError(
    await client.put("hello-python", { kind: "nodejs:default", code: "function main() {}" }),
    403,
  );
  assertDialectError(await client.send("DELETE", "/namespaces/_/actions/hello-shell"), 403);

  // Somebody else's run in the same namespace is not its business.
  const other = await (await beckon.client()).invoke("hello-python", {}, "blocking=true");
  const seen = await client.activation(other.json.activationId);
  assert.notEqual(seen.status, 200, `it read another function's record: ${seen.text}`);
});

test("a namespace's token reaches that namespace only", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  await ok(beckon.home, ["namespace", "create", "elsewhere"]);
  const client = beckon.as(await token(beckon.home, "--namespace", "elsewhere"));
  assert.deepEqual((await client.send("GET", "/namespaces")).json, ["elsewhere"]);
  assert.deepEqual((await client.send("GET", "/namespaces/_/actions")).json, []);
  assertDialectError(await client.send("GET", "/namespaces/playground/actions"), 403);
  assertDialectError(
    await client.send("POST", "/namespaces/playground/actions/hello?blocking=true", { body: {} }),
    403,
  );
  assertDialectError(await client.send("GET", "/namespaces/playground/activations"), 403);
});

test("the last use is noted", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const credential = await token(beckon.home);
  const find = async () => (await list(beckon.home)).find((entry) => entry.id === parts(credential).id);
  assert.equal((await find()).lastUsed, null);
  assert.equal((await beckon.as(credential).invoke("hello")).status, 200);
  await until("the last use to be noted", async () => typeof (await find()).lastUsed === "number", {
    within: 90_000,
    every: 500,
  });
});

test("what cannot be done ends with 1 and one clear line", { timeout: 4 * MINUTES }, async (t) => {
  const place = await home(t);
  const check = async () => {
    assert.match(
      await refused(place, ["token", "create", "--for", "openwhisk", "--namespace", "nowhere"]),
      /nowhere/,
    );
    assert.match(
      await refused(place, [
        "token",
        "create",
        "--for",
        "openwhisk",
        "--namespace",
        "playground",
        "--function",
        "nothing",
      ]),
      /nothing/,
    );
    await refused(place, ["token", "revoke", "00000000-0000-4000-8000-000000000000"]);
    await refused(place, ["token", "revoke", "nonsense"]);
  };
  await check();
  await serve(t, { home: place });
  await check();
});
