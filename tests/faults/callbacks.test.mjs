// `kill -9` in the middle of asynchronous calls that call back: whoever was promised an answer gets one.

import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";

import { serve } from "../lib/beckon.mjs";
import { request } from "../lib/http.mjs";
import { local } from "../lib/panel.mjs";
import { defer, until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;
const CALLS = 1_000;
const AT_A_TIME = 16;
/** So many were called back when the kill comes. */
const MIDDLE = 300;

const CODE = `module.exports = async (event, context) => {
  await new Promise((done) => setTimeout(done, 5));
  return context.status(200).headers({ "x-own": "kept" }).succeed("did " + event.body);
};`;

/** Who is called back: every call by its id, in the order that it came. */
async function receiver(t) {
  const came = new Map();
  const server = http.createServer(async (call, answer) => {
    let body = "";
    for await (const chunk of call) body += chunk;
    const id = call.headers["x-call-id"];
    came.set(id, [...(came.get(id) ?? []), { headers: call.headers, body }]);
    answer.end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  defer(t, () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  return { came, url: `http://127.0.0.1:${server.address().port}/done` };
}

test(`kill -9 during ${CALLS} asynchronous calls: every one of them is called back`, {
  timeout: 10 * MINUTES,
}, async (t) => {
  const beckon = await serve(t);
  const panel = await beckon.panel();
  await panel.call("create_function", {
    function: local("work"),
    kind: "nodejs:default",
    contract: "openfaas",
    code: { type: "source", text: CODE },
  });
  const { came, url } = await receiver(t);

  // Accepted means: a 202 arrived. What had none is sent again, as another call.
  const accepted = new Map();
  let sent = 0;
  const send = async (gateway) => {
    const body = `part ${sent++}`;
    const headers = { "content-type": "text/plain", "x-callback-url": url };
    const call = { method: "POST", headers, body };
    const reply = await request(`${gateway}/async-function/work.playground`, call);
    assert.equal(reply.status, 202, reply.text);
    accepted.set(reply.headers["x-call-id"], body);
  };
  /** Sends until all are accepted, or the gateway is gone. */
  const sendAll = (gateway) =>
    Promise.all(
      Array.from({ length: AT_A_TIME }, async () => {
        while (accepted.size < CALLS) {
          try {
            await send(gateway);
          } catch (error) {
            if (error instanceof assert.AssertionError) throw error;
            return;
          }
        }
      }),
    );
  const sending = sendAll(beckon.gateway);
  await until(`${MIDDLE} callbacks`, () => came.size >= MIDDLE, { every: 1, within: 3 * MINUTES });
  await beckon.kill();
  await sending;
  const before = came.size;
  assert.ok(before < CALLS, "everything was over before the kill");

  const again = await serve(t, { home: beckon.home });
  await sendAll(again.gateway);
  const missing = () => [...accepted.keys()].filter((id) => !came.has(id));
  await until("every callback", () => missing().length === 0, { every: 100, within: 4 * MINUTES }).catch(
    (error) => {
      throw new Error(`${error.message}: ${missing().length} of ${accepted.size} are missing`);
    },
  );

  let lost = 0;
  for (const [id, part] of accepted) {
    const [{ headers, body }, ...more] = came.get(id);
    assert.equal(headers["x-function-name"], "work.playground");
    assert.match(headers["x-duration-seconds"], /^\d+\.\d{6}$/);
    // What the kill interrupted is not run again, unless the function allows that; its caller is told.
    if (headers["x-function-status"] !== "200") {
      lost++;
      continue;
    }
    assert.equal(body, `did ${part}`);
    assert.equal(headers["x-own"], "kept");
    // A callback whose answer the kill cut off is made again, with the same in it.
    for (const repeated of more) assert.equal(repeated.body, body);
  }
  t.diagnostic(`${before} were called back before the kill; ${lost} runs were lost, ${[...came.values()].filter((all) => all.length > 1).length} called back twice`);
  // What was done, and not written down yet, is among them.
  assert.ok(lost < CALLS / 5, `${lost} runs are lost`);
});
