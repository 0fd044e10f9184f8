// What Prometheus' own client library reads from /metrics.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";

import { home, serve, token } from "../lib/beckon.mjs";
import { request } from "../lib/http.mjs";
import { until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;
const READ = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as families
print(json.dumps([[f.name, f.type, f.documentation, [[s.name, s.labels, s.value] for s in f.samples]]
                  for f in families(sys.stdin.read())]))
`;

/** The samples of a page by name, as the library has them. */
function samples(page) {
  const read = spawnSync("/usr/bin/python3", ["-c", READ], {
    input: page,
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(read.status, 0, read.stderr);
  const families = JSON.parse(read.stdout);
  for (const [name, type, help] of families)
    assert.ok(type !== "unknown" && help, `${name} has no type or no help`);
  return families.flatMap(([, , , found]) => found.map(([name, labels, value]) => ({ name, labels, value })));
}

test("the metrics are what Prometheus reads", { timeout: 4 * MINUTES }, async (t) => {
  const place = await home(t);
  const beckon = await serve(t, { home: place });
  const client = beckon.as(await token(place));
  await client.deploy("hello", { kind: "nodejs:default", code: "function main() { return { a: 1 } }" });
  await client.deploy("fails", { kind: "nodejs:default", code: "function main() { throw new Error('no') }" });
  for (let call = 0; call < 3; call += 1) assert.equal((await client.invoke("hello")).status, 200);
  assert.equal((await client.invoke("fails")).status, 502);
  const id = await client.accept("hello");
  await until("its record", async () => (await client.activation(id)).status === 200);

  const answer = await request(`${beckon.gateway}/metrics`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers["content-type"], /^text\/plain; version=0\.0\.4/);
  const all = samples(answer.text);
  // The library shows every counter as OpenMetrics names it.
  const sum = (name, labels) =>
    all
      .filter((found) => [name, `${name}_total`].includes(found.name))
      .filter((found) => Object.entries(labels).every(([label, value]) => found.labels[label] === value))
      .reduce((total, found) => total + found.value, 0);
  const hello = { resourceName: "hello", namespace: "playground" };
  assert.equal(sum("FunctionInvocationCount", { ...hello, invokeType: "sync" }), 3);
  assert.equal(sum("FunctionInvocationCount", { ...hello, invokeType: "detached" }), 1);
  assert.equal(sum("FunctionResponseCount", { ...hello, responseType: "Success" }), 4);
  assert.equal(sum("FunctionResponseCount", { resourceName: "fails", responseType: "Error" }), 1);
  assert.ok(sum("FunctionExecutionDuration_count", hello) === 4);
  const gateway = { function_name: "hello.playground", code: "200" };
  assert.equal(sum("gateway_function_invocation_total", gateway), 4);
  assert.equal(sum("gateway_functions_seconds_count", gateway), 4);
  assert.equal(sum("gateway_functions_seconds_bucket", { ...gateway, le: "+Inf" }), 4);
  const starts = (start) => sum("beckon_function_starts_total", { function_name: "hello.playground", start });
  assert.deepEqual([starts("cold"), starts("warm")], [1, 3]);
  assert.equal(sum("beckon_workers", { function_name: "hello.playground" }), 1);
});
