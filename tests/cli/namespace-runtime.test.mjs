// `beckon namespace` and `beckon runtime`.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

import { home, ok, refused, run, serve, token } from "../lib/beckon.mjs";
import { assertDialectError } from "../lib/gateway.mjs";

const MINUTES = 60_000;

for (const running of [true, false]) {
  const how = running ? "while a Beckon is running" : "without a running Beckon";

  test(`namespaces are made, listed and deleted ${how}`, { timeout: 4 * MINUTES }, async (t) => {
    const place = await home(t);
    if (running) await serve(t, { home: place });
    assert.equal(await ok(place, ["namespace", "create", "team-a", "--label", "Team A"]), "");
    const names = async () => JSON.parse(await ok(place, ["namespace", "list", "-o", "json"]));
    const team = (await names()).find((n) => n.name === "team-a");
    assert.equal(team.label, "Team A");
    assert.equal(team.functions, 0);
    assert.match(await ok(place, ["namespaces", "list"]), /^NAME +LABEL +FUNCTIONS +CREATED\n/);
    assert.match(await refused(place, ["namespace", "create", "team-a"]), /team-a|exist/);
    await refused(place, ["namespace", "create", "not/a name"]);
    await refused(place, ["namespace", "create", "_"]);
    assert.equal(await ok(place, ["namespace", "delete", "team-a"]), "");
    assert.ok(!(await names()).some((n) => n.name === "team-a"));
    assert.match(await refused(place, ["namespace", "delete", "team-a"]), /team-a/);
  });

  test(`runtimes are listed ${how}`, { timeout: 4 * MINUTES }, async (t) => {
    const place = await home(t);
    if (running) await serve(t, { home: place });
    const all = JSON.parse(await ok(place, ["runtime", "list", "-o", "json"]));
    const node = all.find((r) => r.language === "node");
    assert.equal(node.available, true);
    assert.equal(`v${node.version}`, execFileSync("node", ["--version"], { encoding: "utf8" }).trim());
    assert.equal(node.kind, `nodejs:${node.version.split(".")[0]}`);
    const python = all.find((r) => r.language === "python");
    assert.match(
      execFileSync("python3", ["--version"], { encoding: "utf8" }),
      new RegExp(python.version.replaceAll(".", "\\.")),
    );
    assert.ok(all.some((r) => r.language === "executable" && r.available));
    const table = await ok(place, ["runtime", "list"]);
    assert.match(table, /^KIND +RUNTIME +VERSION +WHERE\n/);
    assert.ok(table.includes(node.version));
  });
}

test("a missing runtime says how to install it, and its functions say it too", {
  timeout: 4 * MINUTES,
}, async (t) => {
  const place = await home(t);
  // A machine with a shell and Python and no Node.
  const bin = join(place.dir, "bin");
  await mkdir(bin);
  for (const program of ["sh", "env", "cat", "sed", "python3"]) {
    await symlink(
      execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim(),
      join(bin, program),
    );
  }
  const env = { PATH: bin };
  const all = JSON.parse(await ok(place, ["runtime", "list", "-o", "json"], { env }));
  const node = all.find((r) => r.language === "node");
  assert.equal(node.available, false);
  assert.match(node.installHint, /nodejs|Node\.js/);
  assert.match(await ok(place, ["runtime", "list"], { env }), /missing/);

  const beckon = await serve(t, { home: place, env });
  const client = await beckon.client();
  const reply = await client.put("needs-node", {
    kind: "nodejs:default",
    code: "function main() { return {} }",
  });
  if (reply.status === 200) {
    assert.ok([500, 502, 503].includes((await client.invoke("needs-node")).status));
  } else {
    assertDialectError(reply, [400, 503]);
  }
  assert.equal((await client.invoke("hello-shell", { name: "Ada" })).status, 200, "the others run");
});

test("deleting a namespace takes its functions and tokens with it", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  await ok(beckon.home, ["namespace", "create", "brief"]);
  const client = beckon.as(await token(beckon.home, "--namespace", "brief"));
  await client.deploy("f", { kind: "nodejs:default", code: "function main() { return { here: true } }" });
  assert.equal((await client.invoke("f")).status, 200);
  await ok(beckon.home, ["namespace", "delete", "brief"]);
  assertDialectError(await client.invoke("f"), [401, 403, 404]);
  const { stdout } = await run(beckon.home, ["token", "list", "-o", "json"]);
  assert.ok(!JSON.parse(stdout).some((entry) => entry.scope.namespace === "brief"));
});
