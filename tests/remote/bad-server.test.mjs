// A remote that breaks every rule: clear states, no hang, and nothing of its text taken for ours.

import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import test from "node:test";

import { serve } from "../lib/beckon.mjs";
import { defer } from "../lib/sandbox.mjs";

const MINUTES = 60_000;
const KEY =
  "23bc46b1-71f6-4ed5-8c54-816aa4f8c502:123zO3xZCLrMN6v2BKK1dXYFpXlPkccOFqm12CdAsMgRU4VrNZ9lyGVCGuMDGIwP";

/** A server whose answer can be changed while it runs. */
async function badServer(t) {
  const server = http.createServer((request, response) => server.behave(request, response));
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  defer(t, () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((done) => server.close(done));
  });
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

const answer =
  (status, body, headers = { "content-type": "application/json" }) =>
  (request, response) => {
    request.resume();
    response.writeHead(status, headers).end(body);
  };

const BAD = {
  "a proxy's 502 in HTML": [
    answer(502, "<html><h1>Bad Gateway</h1></html>", { "content-type": "text/html" }),
    ["bad_reply", "unreachable"],
  ],
  "200 that is no JSON": [answer(200, "hello", { "content-type": "text/plain" }), ["bad_reply"]],
  "200 with other JSON": [answer(200, '{"namespaces": "none"}'), ["bad_reply"]],
  "a list of everything but names": [answer(200, '[1, null, {"a": 1}]'), ["bad_reply"]],
  "401 in the dialect": [
    answer(401, '{"code":"x","error":"The supplied authentication is invalid"}'),
    ["unauthorized"],
  ],
  "401 with nothing": [answer(401, ""), ["unauthorized"]],
  403: [answer(403, '{"code":"x","error":"no"}'), ["forbidden", "unauthorized"]],
  429: [
    answer(429, '{"code":"x","error":"Too many requests in the last minute (count: 61, allowed: 60)."}'),
    ["busy"],
  ],
  "500 without a code": [answer(500, '{"error":"broken"}'), ["bad_reply", "internal"]],
  "a redirect to somewhere else": [
    answer(302, "", { location: "http://192.0.2.1/" }),
    ["bad_reply", "unreachable"],
  ],
  "an answer that is cut off": [
    (_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('["fn-');
      setTimeout(() => response.destroy(), 50);
    },
    ["bad_reply", "unreachable"],
  ],
  "a connection closed at once": [(request) => request.socket.destroy(), ["unreachable", "bad_reply"]],
  "a half-closed connection": [(request) => request.socket.end(), ["unreachable", "bad_reply"]],
  "a half-closed connection within the answer": [
    (request) => request.socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n["fn-'),
    ["unreachable", "bad_reply"],
  ],
  "a redirect to itself": [
    (request, response) => response.writeHead(307, { location: request.url }).end(),
    ["bad_reply", "unreachable"],
  ],
  "no HTTP": [(request) => request.socket.end("220 mail.example.com ESMTP\r\n"), ["unreachable", "bad_reply"]],
  "an answer without end": [
    (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (!response.destroyed && response.write("[".repeat(1 << 20)));
      };
      response.on("drain", more);
      more();
    },
    ["bad_reply", "limit_exceeded"],
  ],
};

test("a remote that misbehaves", { timeout: 15 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const panel = await beckon.panel();
  const { server, url } = await badServer(t);
  const draft = { name: "Bad", kind: "openwhisk", environment: "development", apiHost: url, key: KEY };

  const expectError = (error, codes, name) => {
    assert.ok(
      codes.includes(error.code),
      `${name}: ${error.code} is not ${codes.join(" or ")}: ${error.message}`,
    );
    assert.ok(
      error.said.message.length > 10 && error.said.message.length < 500,
      `${name}: ${error.said.message}`,
    );
    assert.ok(!JSON.stringify(error.said).includes(KEY.split(":")[1]), `${name}: the error holds the key`);
  };

  for (const [name, [behave, codes]] of Object.entries(BAD)) {
    await t.test(`${name}, when it is tried`, async () => {
      server.behave = behave;
      expectError(await panel.refused("test_connection", { draft, id: null }), codes, name);
      expectError(await panel.refused("add_connection", { draft }), codes, name);
    });
  }

  await t.test("nothing of that was kept", async () => {
    assert.deepEqual(
      (await panel.call("connections")).map((c) => c.id),
      ["local"],
    );
  });

  await t.test("nobody listens there", async () => {
    const gone = net.createServer();
    await new Promise((done) => gone.listen(0, "127.0.0.1", done));
    const { port } = gone.address();
    await new Promise((done) => gone.close(done));
    const error = await panel.refused("test_connection", {
      draft: { ...draft, apiHost: `http://127.0.0.1:${port}` },
      id: null,
    });
    expectError(error, ["unreachable"], "refused");
    assert.equal(error.said.retryable, true);
  });

  await t.test("addresses and keys that are none", async () => {
    for (const apiHost of [
      "",
      "not a host",
      "ftp://127.0.0.1",
      "http://",
      "http://[::1",
      "file:///etc/passwd",
    ]) {
      expectError(
        await panel.refused("test_connection", { draft: { ...draft, apiHost }, id: null }),
        ["invalid_input", "unreachable"],
        apiHost,
      );
    }
    for (const key of ["", "no colon", ":", "a:", ":b", "Basic !!!"]) {
      expectError(
        await panel.refused("test_connection", { draft: { ...draft, key }, id: null }),
        ["invalid_input"],
        key,
      );
    }
  });

  await t.test("it never answers: the call ends, and meanwhile everything else goes on", async () => {
    server.behave = () => {};
    const began = Date.now();
    const tried = panel.refused("test_connection", { draft, id: null }, { within: 3 * MINUTES });
    const { activation } = await panel.invoke(
      { connection: "local", namespace: "playground", name: "hello" },
      { name: "Ada" },
    );
    assert.equal(activation.status, "success");
    expectError(await tried, ["timeout", "unreachable"], "hangs");
    assert.ok(Date.now() - began < 2 * MINUTES);
  });

  await t.test("it answers a byte a second: the call ends as well", async () => {
    server.behave = (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const drip = setInterval(() => response.write(" "), 1_000);
      response.on("close", () => clearInterval(drip));
    };
    const error = await panel.refused("test_connection", { draft, id: null }, { within: 3 * MINUTES });
    expectError(error, ["timeout", "unreachable"], "drips");
  });

  await t.test("a kept connection whose server turns bad", async () => {
    server.behave = (request, response) => {
      const body = request.url.endsWith("/namespaces") ? ["fn-bad"] : [];
      answer(200, JSON.stringify(body))(request, response);
    };
    const connection = await panel.call("add_connection", { draft });
    const there = { connection: connection.id, namespace: "fn-bad", name: "f" };
    for (const [name, [behave, codes]] of Object.entries(BAD)) {
      server.behave = behave;
      const checked = await panel.call("check_connection", { id: connection.id });
      assert.equal(checked.state.state, "failing", name);
      assert.ok(codes.includes(checked.state.error.code), `${name}: ${checked.state.error.code}`);
      const before = (await panel.activations(`conn:${connection.id}`)).length;
      const refusal = await panel.refused("invoke", {
        function: there,
        input: '{"a":1}',
        mode: "blocking",
        rerunOf: null,
      });
      expectError(refusal, [...codes, "bad_reply"], name);
      expectError(await panel.refused("sync_connection", { id: connection.id }), codes, name);
      assert.equal(
        (await panel.activations(`conn:${connection.id}`)).length,
        before,
        `${name}: a record of nothing`,
      );
    }

    // A server that accepts and then knows nothing of it: pending, not an error.
    server.behave = (request, response) => {
      const accepted = request.method === "POST";
      answer(
        accepted ? 202 : 404,
        accepted
          ? `{"activationId":"${"ab".repeat(16)}"}`
          : '{"code":"x","error":"The requested resource does not exist."}',
      )(request, response);
    };
    const { activation } = await panel.invoke(there, { a: 1 }, "non_blocking");
    assert.equal(activation.status, "polling");
    server.behave = BAD["a proxy's 502 in HTML"][0];
    await panel.call("check_connection", { id: connection.id });
    assert.equal(
      (await panel.activation(activation.id)).status,
      "polling",
      "a bad day of the provider is not the end of a run",
    );

    // An id that is none must not become a row.
    server.behave = answer(202, '{"activationId":"../../etc/passwd"}');
    expectError(
      await panel.refused("invoke", { function: there, input: "{}", mode: "non_blocking", rerunOf: null }),
      ["bad_reply"],
      "a bad id",
    );
  });

  await t.test("nothing of it harmed the engine", async () => {
    const { activation } = await panel.invoke(
      { connection: "local", namespace: "playground", name: "hello" },
      { name: "Ada" },
    );
    assert.equal(activation.status, "success");
  });
});
