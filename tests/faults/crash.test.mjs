// `kill -9` in the middle of everything: what was accepted is not lost, and what was finished is not done again.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { serve, token } from "../lib/beckon.mjs";
import { local } from "../lib/panel.mjs";
import { descendants } from "../lib/processes.mjs";
import { pause, until } from "../lib/sandbox.mjs";
import { TELL, witness } from "../lib/witness.mjs";

const MINUTES = 60_000;
const RUNS = 200;

/** Tells when it begins and when it ends, so that runs can be counted from outside. */
const marking = (milliseconds) => `
${TELL}
async function main({ n }) {
  await tell("begin " + n);
  await new Promise((done) => setTimeout(done, ${milliseconds}));
  await tell("end " + n);
  return { n };
}`;

async function deployMarking(panel, name, marks, milliseconds, lostPolicy) {
  const made = await panel.create(name, "nodejs:default", marking(milliseconds));
  return panel.call("configure_function", {
    function: local(name),
    settings: {
      main: null,
      parameters: [],
      env: [{ name: "WITNESS", value: `${marks.port}` }],
      limits: { ...made.limits, concurrency: 2 },
      web: "private",
      lostPolicy,
    },
    expectedVersion: made.version,
  });
}

for (const lostPolicy of ["record", "retry"]) {
  test(`kill -9 during ${RUNS} accepted invocations, policy ${lostPolicy}`, {
    timeout: 10 * MINUTES,
  }, async (t) => {
    const beckon = await serve(t);
    const panel = await beckon.panel();
    const marks = await witness(t);
    await deployMarking(panel, "marking", marks, 100, lostPolicy);
    const credential = await token(beckon.home);
    const client = beckon.as(credential);

    // Accepted means: a 202 arrived. The kill comes while more are on their way.
    const accepted = new Map();
    const sending = (async () => {
      for (let n = 0; n < RUNS + 40; n++) {
        const reply = await client.invoke("marking", { n }, "blocking=false").catch(() => undefined);
        if (!reply) return;
        assert.equal(reply.status, 202, reply.text);
        accepted.set(n, reply.json.activationId);
      }
    })();
    await until(`${RUNS} accepted runs`, () => accepted.size >= RUNS, { every: 1, within: 3 * MINUTES });
    await beckon.kill();
    await sending;
    const begun = marks.counts("begin");
    const ended = marks.counts("end");
    assert.ok(
      ended.size < accepted.size,
      `everything was over before the kill (${ended.size} of ${accepted.size})`,
    );

    const again = await serve(t, { home: beckon.home });
    const after = await again.panel();
    await until(
      "every run to be over",
      async () => {
        const open = await after.activations("status:pending", 1);
        const { queued, running } = await after.call("engine_status");
        return open.length === 0 && queued === 0 && running === 0;
      },
      { every: 250, within: 4 * MINUTES },
    );

    const finished = marks.counts("end");
    let lost = 0;
    for (const [n, id] of accepted) {
      const record = await after.activation(id);
      assert.deepEqual(JSON.parse(record.input), { n }, "its input is in the record");
      if (record.status === "lost") {
        lost++;
        assert.equal(lostPolicy, "record", `run ${n} may be repeated and was given up`);
        assert.ok(begun.has(n), `run ${n} had not begun and is recorded as lost`);
        assert.match(record.result ?? "", /error/, "the record says why");
        continue;
      }
      assert.equal(record.status, "success", `run ${n}: ${record.result}`);
      assert.deepEqual(JSON.parse(record.result), { n });
      assert.ok(finished.has(n), `run ${n} is recorded and never ran`);
    }
    // At most what was in the two workers can be lost or done twice.
    assert.ok(lost <= 2, `${lost} runs are lost`);
    const twice = [...finished].filter(([, times]) => times > 1).map(([n]) => n);
    if (lostPolicy === "record") assert.deepEqual(twice, [], "no run was finished twice");
    else assert.ok(twice.length <= 2, `finished twice: ${twice}`);

    // Nothing is in the log twice, and the gateway shows the same.
    const rows = await after.activations("fn:marking");
    const ids = new Set(rows.map((row) => row.id));
    assert.equal(ids.size, rows.length);
    for (const id of accepted.values()) assert.ok(ids.has(id), `${id} is not in the log`);
    const survivor = again.as(credential);
    const reply = await survivor.activation([...accepted.values()][0]);
    assert.equal(reply.status, 200, reply.text);
    assert.equal((await survivor.invoke("marking", { n: 9_999 })).status, 200, "the engine serves");
  });
}

test("kill -9 three times in a row: the queue is worked off in the end", {
  timeout: 8 * MINUTES,
}, async (t) => {
  let beckon = await serve(t);
  const panel = await beckon.panel();
  const marks = await witness(t);
  await deployMarking(panel, "marking", marks, 100, "retry");
  const credential = await token(beckon.home);
  const ids = [];
  for (let n = 0; n < 60; n++) ids.push(await beckon.as(credential).accept("marking", { n }));
  for (let round = 0; round < 3; round++) {
    await pause(500);
    await beckon.kill();
    beckon = await serve(t, { home: beckon.home });
  }
  const client = beckon.as(credential);
  for (const [n, id] of ids.entries()) {
    const reply = await until(
      `run ${n}`,
      async () => {
        const found = await client.activation(id);
        return found.status === 200 && found;
      },
      { every: 200, within: 3 * MINUTES },
    );
    assert.deepEqual(reply.json.response.result, { n });
  }
});

test("a blocking call that was cut off by kill -9 is in the log as lost", {
  timeout: 4 * MINUTES,
}, async (t) => {
  const beckon = await serve(t);
  const panel = await beckon.panel();
  await panel.create(
    "slow",
    "nodejs:default",
    "function main() { return new Promise((d) => setTimeout(() => d({}), 60000)) }",
  );
  const call = panel.invoke(local("slow"), { of: "mine" }).catch((error) => error);
  // A run that lasts is in the log while it lasts.
  await until("the run in the log", async () => (await panel.activations("status:running")).length === 1);
  await beckon.kill();
  assert.ok((await call) instanceof Error);
  const again = await serve(t, { home: beckon.home });
  const after = await again.panel();
  const [row] = await until("its record", async () => {
    const rows = await after.activations("fn:slow");
    return rows.length > 0 && rows;
  });
  assert.equal(row.status, "lost");
  assert.deepEqual(JSON.parse((await after.activation(row.id)).input), { of: "mine" });
});

test("a worker that crashes in the middle of a run is reported as such", {
  timeout: 4 * MINUTES,
}, async (t) => {
  const beckon = await serve(t);
  const client = await beckon.client();
  await client.deploy("crashes", {
    kind: "nodejs:default",
    code: "function main() { console.log('last words'); process.abort() }",
  });
  await client.deploy("exits", {
    kind: "python:default",
    code: "import os\ndef main(args):\n    os._exit(3)\n",
  });
  for (const name of ["crashes", "exits"]) {
    const reply = await client.invoke(name, {}, "blocking=true");
    assert.equal(reply.status, 502, reply.text);
    assert.equal(reply.json.response.status, "action developer error");
    assert.match(reply.json.response.result.error, /exited unexpectedly/);
  }
  const [{ id }] = await (await beckon.panel()).activations("fn:crashes");
  const record = await (await beckon.panel()).activation(id);
  assert.ok(
    record.logs.some((line) => line.text === "last words"),
    "what it printed before is there",
  );
  assert.equal((await client.invoke("hello", { name: "Ada" })).status, 200);
});

test("a deadline kills the whole process group", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const client = await beckon.client();
  await client.deploy(
    "hangs",
    {
      kind: "nodejs:default",
      code: "const { spawn } = require('node:child_process');\nfunction main() { spawn('sleep', ['987654']); while (true); }",
    },
    { limits: { timeout: 1_000 } },
  );
  const reply = await client.invoke("hangs", {}, "blocking=true");
  assert.equal(reply.status, 502, reply.text);
  assert.match(reply.json.response.result.error, /exceeded its time limits of 1000 milliseconds/);
  assert.ok(reply.json.annotations.some(({ key, value }) => key === "timeout" && value === true));
  await until(
    "the group to be gone",
    () => {
      const names = descendants(beckon.pid).map(({ pid }) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "latin1");
        } catch {
          return "";
        }
      });
      return !names.some((name) => name.includes("987654"));
    },
    { within: 20_000 },
  );
});
