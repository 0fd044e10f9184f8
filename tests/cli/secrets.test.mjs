// Where secrets are kept: the keychain, the encrypted file that the user chose, or nowhere, said plainly.

import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

import { home, ok, refused, run, serve, token } from "../lib/beckon.mjs";
import { local } from "../lib/panel.mjs";

const MINUTES = 60_000;
const PASSPHRASE = "correct horse battery";
const READS_SECRET = "function main() { return { key: process.env.API_KEY ?? null } }";

test("the keychain keeps tokens and functions' secrets", { timeout: 4 * MINUTES }, async (t) => {
  const first = await serve(t);
  let panel = await first.panel();
  assert.deepEqual((await panel.call("overview")).secretStore, { state: "keychain" });
  const shown = await panel.call("show_token", { function: local("hello") });
  assert.equal((await first.as(shown.credential).invoke("hello")).status, 200);
  await panel.create("reads-secret", "nodejs:default", READS_SECRET);
  await panel.call("set_function_secret", {
    function: local("reads-secret"),
    name: "API_KEY",
    value: "s3cr3t-välue",
  });
  const detail = await panel.call("function", { function: local("reads-secret") });
  assert.deepEqual(detail.secrets, ["API_KEY"]);
  assert.ok(!JSON.stringify(detail).includes("s3cr3t"), "the page never sees it");
  const result = async () => JSON.parse((await panel.invoke(local("reads-secret"))).activation.result);
  assert.deepEqual(await result(), { key: "s3cr3t-välue" });
  await first.stop();

  const second = await serve(t, { home: first.home });
  panel = await second.panel();
  assert.equal((await panel.call("show_token", { function: local("hello") })).credential, shown.credential);
  assert.deepEqual(await result(), { key: "s3cr3t-välue" });
  await panel.call("remove_function_secret", { function: local("reads-secret"), name: "API_KEY" });
  assert.deepEqual(await result(), { key: null });
  for (const log of [first.stderr, second.stderr])
    assert.ok(!log.includes("s3cr3t") && !log.includes(shown.credential));
});

test("without a keychain it says so and works", { timeout: 4 * MINUTES }, async (t) => {
  const beckon = await serve(t, { env: { keychain: false } });
  assert.match(beckon.stderr, /no keychain/i);
  assert.match(beckon.stderr, /--secret-store file/, "it says what to do");
  const panel = await beckon.panel();
  const { secretStore } = await panel.call("overview");
  assert.equal(secretStore.state, "unavailable");
  assert.match(secretStore.reason, /no keychain/i);

  const credential = (
    await ok(beckon.home, ["token", "create", "--for", "openwhisk"], { env: { keychain: false } })
  ).trim();
  assert.deepEqual((await beckon.as(credential).invoke("hello", { name: "Ada" })).json, {
    body: "Hello Ada!",
  });
  const [listed] = await panel.call("tokens");
  assert.equal(listed.kept, false);

  const refusal = await panel.refused("show_token", { function: local("hello") });
  assert.equal(refusal.code, "secret_store_unavailable");
  assert.ok(refusal.said.hint, "with what to do next");
  const secret = await panel.refused("set_function_secret", {
    function: local("hello"),
    name: "K",
    value: "v",
  });
  assert.equal(secret.code, "secret_store_unavailable", "nothing is kept where it was not chosen");

  // The choice can be made in the panel, and works at once.
  assert.equal((await panel.refused("use_secret_file", { passphrase: "short" })).code, "invalid_input");
  assert.deepEqual(await panel.call("use_secret_file", { passphrase: PASSPHRASE }), {
    state: "file_unlocked",
  });
  const shown = await panel.call("show_token", { function: local("hello") });
  assert.equal((await beckon.as(shown.credential).invoke("hello")).status, 200);
});

test("--secret-store file keeps secrets in an encrypted file", { timeout: 6 * MINUTES }, async (t) => {
  const place = await home(t);
  const args = ["--port", "0", "--secret-store", "file"];
  assert.match(await refused(place, ["serve", ...args]), /BECKON_PASSPHRASE/);

  const first = await serve(t, {
    home: place,
    args,
    env: { keychain: false, BECKON_PASSPHRASE: PASSPHRASE },
  });
  let panel = await first.panel();
  assert.deepEqual((await panel.call("overview")).secretStore, { state: "file_unlocked" });
  const { credential } = await panel.call("show_token", { function: local("hello") });
  await panel.create("reads-secret", "nodejs:default", READS_SECRET);
  await panel.call("set_function_secret", {
    function: local("reads-secret"),
    name: "API_KEY",
    value: "in the file",
  });
  await first.stop();

  const path = join(place.dataDir, "secrets.beckon");
  const bytes = await readFile(path);
  assert.ok(
    !bytes.includes("in the file") &&
      !bytes.includes(credential.split(":")[1]) &&
      !bytes.includes(PASSPHRASE),
  );
  assert.equal((await stat(path)).mode & 0o077, 0, "only its user may read it");

  // The choice is remembered. With a wrong passphrase nothing starts; with none it starts locked, and says so.
  const wrong = await run(place, ["serve", "--port", "0"], {
    env: { keychain: false, BECKON_PASSPHRASE: "not this one" },
  });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /passphrase/i);
  const locked = await serve(t, { home: place, env: { keychain: false } });
  assert.match(locked.stderr, /locked/);
  panel = await locked.panel();
  assert.deepEqual((await panel.call("overview")).secretStore, { state: "file_locked" });
  assert.equal((await panel.refused("show_token", { function: local("hello") })).code, "secret_store_locked");
  assert.equal(
    (await panel.refused("unlock_secret_file", { passphrase: "not this one" })).code,
    "wrong_passphrase",
  );
  assert.deepEqual(await panel.call("unlock_secret_file", { passphrase: PASSPHRASE }), {
    state: "file_unlocked",
  });
  assert.equal((await panel.call("show_token", { function: local("hello") })).credential, credential);
  const { activation } = await panel.invoke(local("reads-secret"));
  assert.deepEqual(JSON.parse(activation.result), { key: "in the file" });
  await locked.stop();

  const third = await serve(t, { home: place, env: { keychain: false, BECKON_PASSPHRASE: PASSPHRASE } });
  assert.equal(
    (await (await third.panel()).call("show_token", { function: local("hello") })).credential,
    credential,
  );
});

test("the file and the keychain are never mixed up", { timeout: 4 * MINUTES }, async (t) => {
  const place = await home(t);
  const env = { BECKON_PASSPHRASE: PASSPHRASE };
  const first = await serve(t, { home: place, args: ["--port", "0", "--secret-store", "file"], env });
  const { credential } = await (await first.panel()).call("show_token", { function: local("hello") });
  await first.stop();
  // A keychain is there, and the file was chosen: the file stays.
  const second = await serve(t, { home: place, env });
  const panel = await second.panel();
  assert.deepEqual((await panel.call("overview")).secretStore, { state: "file_unlocked" });
  // Going back to the keychain takes along what the file holds.
  assert.deepEqual(await panel.call("use_keychain"), { state: "keychain" });
  assert.equal((await panel.call("show_token", { function: local("hello") })).credential, credential);
  assert.ok(await token(place), "and the command line works with it");
});
