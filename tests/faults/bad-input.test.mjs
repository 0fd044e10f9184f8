// Bad input at the gateway: a clear error in the dialect, nothing lost, and the engine still serves afterwards.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import test from "node:test";

import { ok, serve, token } from "../lib/beckon.mjs";
import { assertDialectError } from "../lib/gateway.mjs";
import { basic, request } from "../lib/http.mjs";
import { until } from "../lib/sandbox.mjs";
import { zip } from "../lib/zip.mjs";

const MINUTES = 60_000;
const NODE = { kind: "nodejs:default" };
const MAIN = "exports.main = () => ({ ran: true });";

test("bad input at the gateway", { timeout: 12 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const client = await beckon.client();
  await client.deploy("keeps", { ...NODE, code: "function main({ n }) { return { n } }" });
  const kept = await client.accept("keeps", { n: 0 });
  await until("its record", async () => (await client.activation(kept)).status === 200);

  /** After each insult: the engine serves, the function is what it was, the record is still there. */
  async function unharmed() {
    const reply = await client.invoke("keeps", { n: 1 });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(reply.json, { n: 1 });
    assert.equal((await client.send("GET", "/namespaces/_/actions/keeps")).json.version, "0.0.1");
    assert.equal((await client.activation(kept)).status, 200);
  }
  const check = (name, insult) =>
    t.test(name, async () => {
      await insult();
      await unharmed();
    });

  await check("malformed JSON", async () => {
    for (const body of [
      "{",
      '{"a":}',
      "nonsense",
      '{"a":1}}',
      "\ufeff{",
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    ]) {
      const headers = { "content-type": "application/json" };
      assertDialectError(await client.invoke("keeps", body, "blocking=true", { headers }), 400, /malformed/);
      assertDialectError(
        await client.send("PUT", "/namespaces/_/actions/new", { body, headers }),
        400,
        /malformed/,
      );
    }
  });

  await check("JSON that is no object", async () => {
    for (const body of ["[1]", '"text"', "1", "null", "true"]) {
      const reply = await client.invoke("keeps", body, "blocking=true", {
        headers: { "content-type": "application/json" },
      });
      assertDialectError(reply, 400, /malformed/);
    }
  });

  await check("JSON nested without end", async () => {
    const body = `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    const reply = await client.invoke("keeps", body, "blocking=true", {
      headers: { "content-type": "application/json" },
    });
    assertDialectError(reply, [400, 413]);
  });

  await check("another media type", async () => {
    const reply = await client.invoke("keeps", "n=1", "blocking=true", {
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    assertDialectError(reply, [400, 415]);
  });

  await check("code that does not parse", async () => {
    for (const [name, exec] of [
      ["broken-node", { ...NODE, code: "function main( {" }],
      ["broken-python", { kind: "python:default", code: "def main(args:\n" }],
    ]) {
      // Refused when it is made, or kept and reported by every run: never a hang, never a 5xx of the gateway's own.
      const made = await client.put(name, exec);
      if (made.status !== 200) {
        assertDialectError(made, 400);
        continue;
      }
      const reply = await client.invoke(name, {}, "blocking=true");
      assert.equal(reply.status, 502, reply.text);
      assert.equal(reply.json.response.status, "action developer error");
      assert.match(
        reply.json.response.result.error,
        /SyntaxError|syntax|Initialization has failed|Cannot start action/i,
      );
    }
  });

  await check("code without the function", async () => {
    await client.put("no-main", { ...NODE, code: "const answer = 42;" });
    const reply = await client.invoke("no-main", {}, "blocking=true");
    assert.ok([502, 404].includes(reply.status), reply.text);
  });

  await check("an unknown runtime", async () => {
    for (const kind of ["cobol:85", "nodejs:4", "", "nodejs:", "../../bin/sh"]) {
      assertDialectError(await client.put("odd", { kind, code: MAIN }), 400);
    }
    const reply = await client.put("odd", { kind: "cobol:85", code: MAIN });
    assertDialectError(
      reply,
      400,
      /The specified runtime 'cobol:85' is not supported by this platform\. Valid values are: .*'nodejs:\d+'/,
    );
    assertDialectError(await client.send("GET", "/namespaces/_/actions/odd"), 404);
  });

  await check("a zip bomb", async () => {
    // Two hundred names for the same ten megabytes of nothing: two gigabytes from a few hundred kilobytes.
    const nothing = Buffer.alloc(10 * 1024 * 1024);
    const entries = [
      ["index.js", Buffer.from(MAIN)],
      ...Array.from({ length: 200 }, (_, i) => [`nothing-${i}`, nothing]),
    ];
    const bomb = zip(entries);
    assert.ok(bomb.length < 40 * 1024 * 1024, `${bomb.length} bytes would be refused for their size alone`);
    const before = usage(beckon);
    const reply = await client.put("bomb", { ...NODE, code: bomb.toString("base64"), binary: true });
    assertDialectError(reply, [400, 413]);
    assert.ok(usage(beckon) - before < 100, "it was not unpacked");
    assertDialectError(await client.send("GET", "/namespaces/_/actions/bomb"), 404);
  });

  await check("a zip with very many files", async () => {
    const empty = Buffer.alloc(0);
    const many = zip([
      ["index.js", Buffer.from(MAIN)],
      ...Array.from({ length: 60_000 }, (_, i) => [`f${i}`, empty]),
    ]);
    assertDialectError(
      await client.put("many", { ...NODE, code: many.toString("base64"), binary: true }),
      [400, 413],
    );
  });

  await check("a zip that leaves its directory", async () => {
    for (const name of [
      "../escaped.js",
      "a/../../escaped.js",
      "/escaped.js",
      "..\\escaped.js",
      "a/../../../../tmp/escaped.js",
    ]) {
      const packed = zip([
        ["index.js", Buffer.from(MAIN)],
        [name, Buffer.from("escaped")],
      ]);
      const reply = await client.put("escapes", { ...NODE, code: packed.toString("base64"), binary: true });
      assertDialectError(reply, 400);
    }
    const found = readdirSync(beckon.home.dir, { recursive: true }).filter((path) =>
      path.includes("escaped"),
    );
    assert.deepEqual(found, []);
    assertDialectError(await client.send("GET", "/namespaces/_/actions/escapes"), 404);
  });

  await check("a zip that is none", async () => {
    const packed = zip({ "index.js": MAIN });
    for (const bytes of [
      Buffer.from("not a zip at all"),
      packed.subarray(0, packed.length - 30),
      packed.subarray(40),
    ]) {
      const reply = await client.put("torn", { ...NODE, code: bytes.toString("base64"), binary: true });
      assertDialectError(reply, 400);
    }
  });

  await check("a zip without an entry point", async () => {
    const packed = zip({ "readme.txt": "nothing to run" });
    assertDialectError(
      await client.put("empty", { ...NODE, code: packed.toString("base64"), binary: true }),
      400,
    );
    assertDialectError(
      await client.put("empty", { kind: "python:default", code: packed.toString("base64"), binary: true }),
      400,
    );
  });

  await check("a body of 100 MB", async () => {
    const body = Buffer.concat([
      Buffer.from('{"a":"'),
      Buffer.alloc(100 * 1024 * 1024, 0x61),
      Buffer.from('"}'),
    ]);
    const headers = { "content-type": "application/json" };
    assertDialectError(
      await client.invoke("keeps", body, "blocking=true", { headers }),
      413,
      /larger than allowed/,
    );
    assertDialectError(
      await client.send("PUT", "/namespaces/_/actions/huge", { body, headers }),
      413,
      /larger than allowed/,
    );
    assert.ok(resident(beckon.pid) < 700, `${resident(beckon.pid)} MB are resident`);
  });

  await check("a body of 100 MB from somebody without a key", async () => {
    const stranger = beckon.as(undefined);
    const body = Buffer.alloc(100 * 1024 * 1024, 0x20);
    const reply = await stranger.invoke("keeps", body, "blocking=true", {
      headers: { "content-type": "application/json" },
    });
    assertDialectError(reply, [401, 413]);
  });

  await check("an input over a megabyte", async () => {
    assertDialectError(
      await client.invoke("keeps", { n: "a".repeat(1_100_000) }),
      413,
      /larger than allowed/,
    );
    assert.equal(
      (await client.invoke("keeps", { n: "a".repeat(900_000) })).status,
      200,
      "and just under it passes",
    );
  });

  await check("a result over a megabyte, and logs over their limit", async () => {
    await client.deploy("big", { ...NODE, code: "function main() { return { text: 'a'.repeat(3000000) } }" });
    const reply = await client.invoke("big", {}, "blocking=true");
    assert.equal(reply.status, 502, reply.text.slice(0, 300));
    assert.equal(reply.json.response.status, "application error");
    assert.match(reply.json.response.result.error, /exceeded the allowed length: \d+ > 1048576 bytes/);
    await client.deploy(
      "loud",
      {
        ...NODE,
        code: "function main() { for (let i = 0; i < 60000; i++) console.log('x'.repeat(100)); return {} }",
      },
      { limits: { logs: 1 } },
    );
    const loud = await client.invoke("loud", {}, "blocking=true");
    assert.equal(loud.status, 200, loud.text.slice(0, 300));
    const { logs } = (await client.activation(loud.json.activationId, "/logs")).json;
    const bytes = logs.reduce((sum, line) => sum + line.length - 39, 0);
    assert.ok(bytes > 500_000 && bytes < 1_500_000, `${bytes} bytes of logs`);
    assert.match(
      logs.at(-1),
      /Logs were truncated because the total bytes size exceeds the limit of 1048576 bytes\./,
    );
  });

  await check("a token of another namespace", async () => {
    await ok(beckon.home, ["namespace", "create", "other"]);
    const other = beckon.as(await token(beckon.home, "--namespace", "other"));
    for (const [method, path] of [
      ["GET", "/namespaces/playground/actions/keeps"],
      ["POST", "/namespaces/playground/actions/keeps?blocking=true"],
      ["PUT", "/namespaces/playground/actions/keeps?overwrite=true"],
      ["DELETE", "/namespaces/playground/actions/keeps"],
      ["GET", "/namespaces/playground/activations"],
      ["GET", `/namespaces/playground/activations/${kept}`],
      ["GET", `/namespaces/playground/activations/${kept}/logs`],
    ]) {
      const body = ["POST", "PUT"].includes(method) ? { exec: { ...NODE, code: MAIN } } : undefined;
      assertDialectError(await other.send(method, path, { body }), 403, /not authorized/);
    }
    // Its own namespace does not show the others' records under a guessed id.
    assertDialectError(await other.activation(kept), 404);
  });

  await check("no key, and keys that are none", async () => {
    const none = await beckon.as(undefined).send("GET", "/namespaces");
    assertDialectError(none, 401, /requires authentication, which was not supplied/);
    assert.equal(none.headers["www-authenticate"], 'Basic realm="OpenWhisk secure realm"');
    for (const authorization of [
      "Basic !!!",
      "Basic ",
      "Bearer abc",
      basic("a:b"),
      basic(`${client.credential}x`),
      "Basic //8=",
    ]) {
      const reply = await request(`${beckon.gateway}/api/v1/namespaces`, { headers: { authorization } });
      assertDialectError(reply, 401);
    }
  });

  await check("names, ids and numbers that are none", async () => {
    for (const [path, status, text] of [
      ["/namespaces/_/activations/xyz", 400, /Activation id length is 3 but must be 32/],
      [`/namespaces/_/activations/${"g".repeat(32)}`, 400, /activation id is not valid/],
      ["/namespaces/_/activations?limit=201", 400, /not in the range of 0 to 200/],
      ["/namespaces/_/activations?limit=many", 400, /not an integer/],
      ["/namespaces/_/activations?skip=-1", 400, /not greater than or equal to 0/],
      ["/namespaces/_/activations?since=yesterday", 400, /malformed/],
      ["/namespaces/_/activations?docs=true&count=true", 400, /'docs' is not permitted with 'count'/],
      ["/namespaces/_/actions/a%2Fb%2Fc", [400, 404]],
      [`/namespaces/_/actions/${"a".repeat(300)}`, 400, /longer than allowed: 300 > 256/],
      ["/namespaces/_/actions/caf%C3%A9", 400, /illegal characters/],
      ["/namespaces/_/actions/%FF", [400, 404]],
      ["/namespaces/_/nonsense", 404],
      ["/nonsense", 404],
    ]) {
      assertDialectError(await client.send("GET", path), status, text);
    }
    assertDialectError(await client.send("PATCH", "/namespaces/_/actions/keeps"), [404, 405]);
    for (const limits of [
      { timeout: 1 },
      { timeout: 1e12 },
      { memory: 1e6 },
      { timeout: "long" },
      { logs: -1 },
      { concurrency: 0 },
    ]) {
      assertDialectError(await client.put("limited", { ...NODE, code: MAIN }, { limits }), 400);
    }
  });

  await check("a page of another origin", async () => {
    // A browser sends no key on its own, so such a page gets what anybody gets without one: nothing.
    const headers = { origin: "http://evil.example", "content-type": "text/plain" };
    const reply = await request(`${beckon.gateway}/api/v1/namespaces/_/actions/keeps?blocking=true`, {
      method: "POST",
      headers,
      body: "{}",
    });
    assertDialectError(reply, [401, 403, 415]);
    assert.ok(
      !("access-control-allow-credentials" in reply.headers),
      "no page may send what the browser holds",
    );
  });

  await check("a Host that is not loopback", async () => {
    for (const host of [
      "evil.example",
      "evil.example:6464",
      "192.0.2.1",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
    ]) {
      assertDialectError(await client.send("GET", "/namespaces", { headers: { host } }), [400, 403, 421]);
      assertDialectError(
        await client.invoke("keeps", {}, "blocking=true", { headers: { host } }),
        [400, 403, 421],
      );
    }
    const port = new URL(beckon.gateway).port;
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      assert.equal((await client.send("GET", "/namespaces", { headers: { host } })).status, 200);
    }
  });

  await check("what is not HTTP", async () => {
    for (const bytes of [
      "nonsense\r\n\r\n",
      "\0\0\0\0",
      "GET / HTTP/9.9\r\n\r\n",
      `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    ]) {
      await new Promise((done) => {
        const socket = net.connect({ host: "127.0.0.1", port: Number(new URL(beckon.gateway).port) });
        socket.setTimeout(10_000, () => socket.destroy());
        socket.on("error", () => {});
        socket.on("close", done);
        socket.on("data", () => {});
        socket.end(bytes);
      });
    }
  });
});

/** Megabytes that the data directory takes. */
function usage(beckon) {
  const files = readdirSync(beckon.home.dataDir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const size = (entry) => statSync(join(entry.path, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  return files.reduce((sum, entry) => sum + size(entry), 0) / 1e6;
}

/** Megabytes of memory that a process holds. */
function resident(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}
