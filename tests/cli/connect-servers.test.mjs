// `beckon connect` with the servers that have users and clients: OpenFaaS' gateways and Spaces' hosts. The server is
// another Beckon.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";

import { home, ok, piped, refused, run, serve } from "../lib/beckon.mjs";
import { defer, until } from "../lib/sandbox.mjs";

const MINUTES = 60_000;

/** One line of a refusal that repeats no secret. */
async function no(place, args, secret) {
  const { code, stdout, stderr } = await piped(place, args, `${secret}\n`);
  assert.deepEqual([code, stdout], [1, ""], stderr);
  assert.match(stderr, /^beckon: [^\n]{10,}\n$/);
  assert.ok(!stderr.includes(secret), stderr);
  return stderr;
}

async function done(place, args, secret) {
  const { code, stdout, stderr } = await piped(place, args, `${secret}\n`);
  assert.equal(code, 0, stderr);
  assert.ok(!`${stdout}${stderr}`.includes(secret), "what was secret is not repeated");
  return stdout;
}

const named = async (place) => {
  const all = JSON.parse(await ok(place, ["connect", "list", "-o", "json"]));
  return all.map((one) => [one.name, one.kind, one.chosen]);
};

test("connect an OpenFaaS gateway, call it, list and remove it", { timeout: 8 * MINUTES }, async (t) => {
  const server = await serve(t);
  const password = (await ok(server.home, ["token", "create", "--for", "openfaas"])).trim();
  const deployed = await server.panel();
  const tell = { connection: "local", namespace: "playground", name: "tell" };
  await deployed.call("create_function", {
    function: tell,
    kind: "nodejs",
    contract: "openfaas",
    code: {
      type: "source",
      text: "module.exports = async (event, context) => context.succeed({ said: event.body })",
    },
  });
  const place = await home(t);
  const to = (url) => ["connect", "--openfaas", url, "--password-stdin"];

  // Nothing is kept of what is refused.
  assert.match(
    await no(place, to(server.gateway), "wr0ng-wr0ng"),
    /does not accept this user with this password\.$/m,
  );
  assert.match(
    await no(place, [...to(server.gateway), "--user", "somebody"], password),
    /does not accept this user/,
  );
  assert.match(await refused(place, ["connect", "--openfaas", server.gateway]), /does not accept this user/);
  assert.match(await no(place, to("http://127.0.0.1:1"), password), /cannot be reached/);
  const other = createServer((_, answer) => answer.writeHead(404).end()).listen(0, "127.0.0.1");
  defer(t, () => other.close());
  await until("the other server", () => other.address());
  const elsewhere = `http://127.0.0.1:${other.address().port}`;
  assert.match(await no(place, to(elsewhere), password), /does not speak OpenFaaS' API\.$/m);
  assert.match(await no(place, to("ftp://x"), password), /must be an http or https URL/);
  assert.match(await no(place, [...to(server.gateway), "--namespace", "nowhere"], password), /'nowhere'/);
  assert.match((await piped(place, to(server.gateway), "")).stderr, /standard input is empty/);
  assert.deepEqual(await named(place), [["This machine", "local", true]]);

  const host = new URL(server.gateway).host;
  assert.equal(
    await done(place, to(server.gateway), password),
    `Connected to functions namespace 'playground' on API host '${server.gateway}' (label=playground)\n`,
  );
  // The same again is the same connection; another one needs another name.
  const [again] = JSON.parse(await done(place, [...to(server.gateway), "-o", "json"], password));
  assert.deepEqual([again.connectionName, again.namespace], [host, "playground"]);
  await done(place, [...to(server.gateway), "--name", "second", "--environment", "production"], password);
  // Another password does not unmark what hurts; a password in the address is not repeated.
  await done(place, [...to(server.gateway), "--name", "second"], password);
  const kept = JSON.parse(await ok(place, ["connect", "list", "-o", "json"]));
  assert.equal(kept.find(({ name }) => name === "second").environment, "production");
  const told = await no(place, to(server.gateway.replace("//", "//admin:hunter2@")), password);
  assert.match(told, /is not connected/);
  assert.doesNotMatch(told, /hunter2/);
  assert.deepEqual(await named(place), [
    ["This machine", "local", false],
    [host, "openfaas", false],
    ["second", "openfaas", true],
  ]);
  assert.deepEqual(JSON.parse(await ok(place, ["invoke", "tell", "-p", "a:b"])), { said: { a: "b" } });

  // Where several namespaces are and none is the usual one, one is to be named.
  await ok(place, ["namespace", "create", "alpha", "--connection", "second"]);
  await ok(server.home, ["namespace", "create", "beta"]);
  await ok(server.home, ["namespace", "delete", "playground"]);
  assert.match(
    await refused(place, ["connect", host]),
    /several namespaces: choose one with --namespace among alpha, beta$/,
  );
  assert.match(await no(place, to(server.gateway), password), /among alpha, beta$/m);
  assert.match(
    await done(place, [...to(server.gateway), "--namespace", "beta"], password),
    /^Connected to functions namespace 'beta'/,
  );
  await ok(place, ["connect", "second/alpha"]);
  await ok(place, ["namespace", "delete", "beta", "--connection", "second"]);
  assert.match(await refused(place, ["namespace", "delete", "beta", "--connection", "second"]), /beta/);

  const table = await ok(place, ["connect", "list", "--check"]);
  assert.match(table, /^ +NAME +KIND +HOST +KEY +STATE\n/);
  assert.match(table, /^\* +second +openfaas +http\S+ +…\S{4} +connected \(beckon \S+, gateway \S+\)$/m);
  assert.ok(!table.includes(password));
  await ok(place, ["connect", "remove", "second"]);
  assert.match(await refused(place, ["connect", "remove", "second"]), /'second'/);
  assert.match(await refused(place, ["connect", "remove", "local"]), /always connected/);
  assert.deepEqual(await named(place), [
    ["This machine", "local", true],
    [host, "openfaas", false],
  ]);
  await server.stop();
  assert.match(await ok(place, ["connect", "list", "--check"]), / cannot be reached\.$/m);

  for (const wrong of [
    ["--openfaas", "http://x", "--spaces", "http://y"],
    ["--openfaas", "http://x", "playground"],
    ["--user", "x"],
    ["--client-id", "x"],
    ["--openfaas"],
    ["list", "--name", "x"],
    ["remove"],
  ]) {
    assert.equal((await run(place, ["connect", ...wrong])).code, 2, wrong.join(" "));
  }
});

test("connect a Spaces host with a client's id and secret", { timeout: 8 * MINUTES }, async (t) => {
  const server = await serve(t);
  const credential = (await ok(server.home, ["token", "create", "--for", "spaces"])).trim();
  const [id, secret] = credential.split(":");
  const place = await home(t);
  const args = ["connect", "--spaces", `${server.gateway}/spaces/playground`];
  const of = [...args, "--client-id", id, "--client-secret-stdin"];

  assert.match(await no(place, of, "wr0ng-wr0ng"), /does not accept this client with this secret\.$/m);
  assert.match(await refused(place, args), /write it to --client-secret-stdin/);
  const lost = ["connect", "--spaces", "http://127.0.0.1:1", "--client-secret-stdin"];
  assert.match(await no(place, lost, credential), /cannot be reached/);
  const away = ["connect", "--spaces", server.panelOrigin, "--client-secret-stdin"];
  assert.match(await no(place, away, credential), /does not speak Spaces' API|is not Spaces' API|answered/);
  assert.deepEqual(await named(place), [["This machine", "local", true]]);

  assert.equal(
    await done(place, of, secret),
    `Connected to functions namespace 'playground' on API host '${server.gateway}/spaces/playground' (label=playground)\n`,
  );
  const whole = [
    "connect",
    "--spaces",
    server.gateway,
    "--client-secret-stdin",
    "--name",
    "whole",
    "-o",
    "json",
  ];
  const [made] = JSON.parse(await done(place, whole, credential));
  assert.deepEqual([made.connectionName, made.namespace], ["whole", "playground"]);
  assert.deepEqual(await named(place), [
    ["This machine", "local", false],
    ["playground", "spaces", false],
    ["whole", "spaces", true],
  ]);
  const functions = `${server.gateway}/spaces/playground/functions`;
  const token = await fetch(`${server.gateway}/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret }),
  });
  const headers = { authorization: `Bearer ${(await token.json()).access_token}` };
  const code = "def handle(req):\n    return {'status_code': 200, 'body': req.method + ' ' + req.path}\n";
  const deployed = await fetch(functions, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({
      name: "tell",
      template: "python3-http",
      source: { code: Buffer.from(code).toString("base64") },
    }),
  });
  assert.equal(deployed.status, 201, await deployed.text());
  await until(
    "the function to be ready",
    async () => (await (await fetch(`${functions}/tell`, { headers })).json()).status === "Running",
    { within: 120_000 },
  );
  assert.match(await ok(place, ["invoke", "tell"]), /POST \//);
});
