// `beckon connect`: an account, a key, a copied command, and what other tools left on the machine. The provider is
// another Beckon.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "node:test";

import { home, ok, piped, refused, serve, token } from "../lib/beckon.mjs";

const MINUTES = 60_000;

async function done(place, args, input) {
  const { code, stdout, stderr } = await piped(place, args, input);
  assert.equal(code, 0, stderr);
  assert.ok(!`${stdout}${stderr}`.includes(input.trim()), "what was secret is not repeated");
  return stdout;
}

async function put(place, path, text) {
  const file = join(place.dir, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

test("connect an account, a key, a command and what is found", { timeout: 8 * MINUTES }, async (t) => {
  const provider = await serve(t);
  await ok(provider.home, ["namespace", "create", "shop", "--label", "Corner shop"]);
  const account = (await ok(provider.home, ["token", "create", "--for", "digitalocean"])).trim();
  const place = await home(t);
  const api = ["--api-url", provider.gateway];
  const words = (ns, label) =>
    `Connected to functions namespace '${ns}' on API host '${provider.gateway}' (label=${label})\n`;

  await t.test("an account", async () => {
    const several = await piped(place, ["connect", "--account-token-stdin", ...api], account);
    assert.equal(several.code, 1);
    assert.match(
      several.stderr,
      /^beckon: the account has several namespaces: choose with --namespace among /,
    );
    assert.match(several.stderr, /shop \(Corner shop\)/);
    const unknown = await piped(place, ["connect", "--account-token-stdin", ...api], "dop_v1_0123456789\n");
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /Unable to authenticate you/);

    const args = ["connect", "--account-token-stdin", ...api, "--namespace", "corner shop"];
    assert.equal(await done(place, args, `${account}\n`), words("shop", "Corner shop"));
    const [again] = JSON.parse(await done(place, [...args, "-o", "json"], account));
    assert.equal(again.keyRenews, true);
    assert.ok(again.keyExpires > Date.now() + 29 * 24 * 60 * MINUTES);
    const keys = JSON.parse(await ok(provider.home, ["token", "list", "-o", "json"]));
    const live = keys.filter((key) => key.kind === "digitalocean_key" && key.revoked === null);
    assert.equal(live.length, 1, "the key before was deleted");
    assert.match(live[0].name, /^Beckon on /);

    // It is chosen, and works.
    const client = await provider.client("shop");
    await client.deploy("greet", { kind: "nodejs:default", code: "function main() { return { hi: 1 } }" });
    assert.equal(await ok(place, ["invoke", "greet"]), '{\n  "hi": 1\n}\n');
    assert.match(await ok(place, ["connect"]), /^Connected to functions namespace 'shop'/);
  });

  await t.test("a key and a command", async () => {
    const key = await token(provider.home, "--namespace", "playground");
    const args = ["connect", "--api-host", provider.gateway, "--auth-stdin"];
    assert.match(await done(place, args, key), /^Connected to functions namespace 'playground'/);
    const basic = Buffer.from(key).toString("base64");
    const curl = `curl -X POST "${provider.gateway}/api/v1/namespaces/playground/actions/hello?blocking=true" \\\n  -H "Authorization: Basic ${basic}"`;
    const named = ["connect", "--from-curl-stdin", "--name", "copied", "-o", "json"];
    const [copied] = JSON.parse(await done(place, named, curl));
    assert.deepEqual([copied.connectionName, copied.apiHost], ["copied", provider.gateway]);
    const wrong = await piped(place, args, account);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /token of a DigitalOcean account/);
    assert.ok(!wrong.stderr.includes(account));
  });

  await t.test("what other tools have", async () => {
    assert.deepEqual(JSON.parse(await ok(place, ["connect", "--found", "-o", "json"])), []);
    const key = await token(provider.home, "--namespace", "shop");
    await put(place, ".wskprops", `APIHOST=${provider.gateway}\nAUTH=${key}\nNAMESPACE=_\n`);
    await put(
      place,
      "config/doctl/config.yaml",
      `access-token: ""\nauth-contexts:\n  work: ${account}\ncontext: work\napi-url: ${provider.gateway}\n`,
    );
    await put(place, "config/doctl/sandbox/creds/0a1b2c3d/credentials.json", '{"credentials": {"half');
    const text = await ok(place, ["connect", "--found", "-o", "json"]);
    const found = JSON.parse(text);
    assert.ok(!text.includes(account) && !text.includes(key.split(":")[1]));
    assert.deepEqual(
      found.map((one) => [one.source, one.problem === null, one.connected]),
      [
        ["wskprops", true, false],
        ["doctl_account", true, true],
        ["doctl", false, false],
      ],
    );
    assert.match(await ok(place, ["connect", "--found"]), /^ID +SOURCE .*\n.* wskprops .* not connected /);
    const made = await ok(place, ["connect", "--found", "--import", found[0].id]);
    assert.match(made, /^Connected to functions namespace 'shop'/);
    const more = ["connect", "--found", "--import", found[1].id, "--namespace", "playground", "-o", "json"];
    const [playground] = JSON.parse(await ok(place, more));
    assert.equal(playground.keyRenews, true);
    assert.match(
      await refused(place, ["connect", "--found", "--import", found[2].id]),
      /cannot be taken over\. It is not JSON/,
    );
    await refused(place, ["connect", "--found", "--import", "0123456789abcdef"]);
  });
});
