// The panel's door: who may call its commands, and what a wrong call gets.

import assert from "node:assert/strict";
import test from "node:test";

import { serve } from "../lib/beckon.mjs";
import { request } from "../lib/http.mjs";
import { local } from "../lib/panel.mjs";
import { until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;

test("the panel's door", { timeout: 6 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const panel = await beckon.panel();
  const { cookie } = panel;
  const json = { "content-type": "application/json" };
  const call = (command, headers, body = "{}") =>
    request(`${beckon.panelOrigin}/api/${command}`, { method: "POST", headers, body });

  /** One of Beckon's own errors, as the page reads it. */
  function assertError(reply, status, code) {
    assert.equal(reply.status, status, reply.text);
    const error = reply.json;
    assert.equal(error.code, code);
    assert.ok(error.message.length > 10);
    assert.equal(typeof error.retryable, "boolean");
    return error;
  }

  await t.test("without a session", async () => {
    for (const headers of [
      json,
      { ...json, cookie: "beckon=1" },
      { ...json, cookie: `${cookie}0` },
      { ...json, authorization: "Bearer x" },
    ]) {
      for (const command of ["overview", "tokens", "show_token", "events", "nothing"]) {
        const error = assertError(await call(command, headers), 401, "unauthorized");
        assert.match(error.hint, /beckon url/);
      }
    }
    const page = await request(beckon.panelOrigin);
    assert.ok(!page.text.includes("token"), "the page alone gives nothing away");
  });

  await t.test("another media type", async () => {
    for (const type of [
      undefined,
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ]) {
      const headers = type ? { cookie, "content-type": type } : { cookie };
      assertError(await call("overview", headers), 400, "invalid_input");
    }
    assert.equal(
      (await call("overview", { cookie, "content-type": "application/json; charset=utf-8" })).status,
      200,
    );
  });

  await t.test("a page of another origin", async () => {
    for (const origin of [
      "http://evil.example",
      "null",
      "http://127.0.0.1:1",
      beckon.gateway,
      beckon.panelOrigin.replace("http:", "https:"),
    ]) {
      const reply = await call("overview", { ...json, cookie, origin });
      assert.equal(reply.status, 403, `${origin}: ${reply.text}`);
      assert.match(reply.text, /other origins/);
      assert.ok(!("access-control-allow-origin" in reply.headers));
    }
    assert.equal((await call("overview", { ...json, cookie, origin: beckon.panelOrigin })).status, 200);
    const preflight = await request(`${beckon.panelOrigin}/api/overview`, {
      method: "OPTIONS",
      headers: { origin: "http://evil.example", "access-control-request-method": "POST" },
    });
    assert.ok(preflight.status >= 400 && !("access-control-allow-origin" in preflight.headers));
  });

  await t.test("a Host that is not this machine", async () => {
    const port = new URL(beckon.panelOrigin).port;
    for (const host of [
      `evil.example:${port}`,
      "127.0.0.1",
      "127.0.0.1:1",
      `127.0.0.1.evil.example:${port}`,
    ]) {
      for (const path of ["/", "/api/overview", "/session/link"]) {
        const method = path === "/" ? "GET" : "POST";
        const reply = await request(`${beckon.panelOrigin}${path}`, {
          method,
          headers: { ...json, cookie, host },
          body: method === "POST" ? "{}" : undefined,
        });
        assert.equal(reply.status, 403, `${host}${path}: ${reply.text}`);
      }
    }
  });

  await t.test("every answer has the headers of a page that trusts nobody", async () => {
    for (const path of ["/", "/activations", "/assets/nothing.js", "/api/overview"]) {
      const { headers } = await request(`${beckon.panelOrigin}${path}`);
      assert.match(headers["content-security-policy"], /default-src 'none'/);
      assert.match(headers["content-security-policy"], /frame-ancestors 'none'/);
      assert.ok(!/script-src[^;]*unsafe/.test(headers["content-security-policy"]));
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["x-frame-options"], "DENY");
      assert.equal(headers["referrer-policy"], "no-referrer");
    }
  });

  await t.test("commands and arguments that are none", async () => {
    assertError(await call("nothing", { ...json, cookie }), 404, "not_found");
    assertError(await call("..%2foverview", { ...json, cookie }), 404, "not_found");
    for (const body of ["{", "nonsense", '{"id":}'])
      assertError(await call("activation", { ...json, cookie }, body), 400, "invalid_input");
    for (const body of ["[]", "null", '"x"', "{}", '{"id":5}', '{"id":"xyz"}']) {
      assertError(await call("activation", { ...json, cookie }, body), 400, "invalid_input");
    }
    assertError(
      await call("activation", { ...json, cookie }, JSON.stringify({ id: "0".repeat(32) })),
      404,
      "not_found",
    );
    assertError(
      await call("function", { ...json, cookie }, JSON.stringify({ function: local("nothing") })),
      404,
      "not_found",
    );
    assertError(
      await call(
        "delete_function",
        { ...json, cookie },
        JSON.stringify({ function: local("hello"), confirmation: "hallo" }),
      ),
      400,
      "invalid_input",
    );
    assertError(
      await call(
        "delete_namespace",
        { ...json, cookie },
        JSON.stringify({ name: "playground", confirmation: "" }),
      ),
      400,
      "invalid_input",
    );
    for (const input of ["{", "[1]", "nonsense"]) {
      assert.equal(
        (await panel.refused("invoke", { function: local("hello"), input, mode: "blocking", rerunOf: null }))
          .code,
        "invalid_input",
      );
    }
    // A version that somebody else has replaced is not overwritten.
    const code = { type: "source", text: "function main() { return {} }" };
    await panel.call("save_code", { function: local("hello"), code, expectedVersion: "0.0.1" });
    const late = await panel.refused("save_code", {
      function: local("hello"),
      code,
      expectedVersion: "0.0.1",
    });
    assert.equal(late.code, "conflict");
  });

  await t.test("a body of 100 MB", async () => {
    const body = Buffer.alloc(100 * 1024 * 1024, 0x20);
    assertError(await call("overview", { ...json, cookie }, body), 413, "limit_exceeded");
    assertError(await call("overview", json, body), 401, "unauthorized");
  });

  await t.test("a new link needs this user's own token, not a session", async () => {
    const reply = await request(`${beckon.panelOrigin}/session/link`, {
      method: "POST",
      headers: { ...json, cookie },
      body: "{}",
    });
    assertError(reply, 401, "unauthorized");
    const guessed = await request(`${beckon.panelOrigin}/?token=${"0".repeat(64)}`);
    assert.equal(guessed.status, 403);
    assert.ok(!("set-cookie" in guessed.headers));
  });

  await t.test("a reader of events that goes away leaves no harm", async () => {
    for (let i = 0; i < 20; i++) (await panel.events()).stop();
    const { items, stop } = await panel.events();
    await panel.invoke(local("hello-python"), { name: "Ada" });
    await until("the run among the events", () =>
      items.some(
        (event) => event.type === "activations" && event.rows.some((row) => row.function === "hello-python"),
      ),
    );
    stop();
    assert.equal((await call("overview", { ...json, cookie })).status, 200);
  });
});
