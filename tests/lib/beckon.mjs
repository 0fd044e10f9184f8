// The built program as a person or a script meets it: a process, its standard output, its two ports.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { Gateway } from "./gateway.mjs";
import { Panel } from "./panel.mjs";
import * as processes from "./processes.mjs";
import { defer, directory, soon, until } from "./sandbox.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** The program under test. */
export const BINARY = process.env.BECKON_BINARY ?? join(root, "target/debug/beckon");

/** Where pictures of what was seen are kept. */
export const ARTIFACTS = join(root, "tests/artifacts");

/** A user's home of the test's own, with a data directory in it. */
export async function home(t) {
  const dir = await directory(t);
  const places = { HOME: dir };
  for (const [name, path] of Object.entries({
    XDG_DATA_HOME: "data",
    XDG_CONFIG_HOME: "config",
    XDG_CACHE_HOME: "cache",
    XDG_STATE_HOME: "state",
    XDG_RUNTIME_DIR: "run",
  })) {
    places[name] = join(dir, path);
    await mkdir(places[name], { mode: 0o700 });
  }
  return { dir, dataDir: join(dir, "beckon data"), places };
}

/**
 * The environment of a program in `home`. Nothing of the caller's comes along but the way to programs and the keychain.
 * `keychain: false` is a machine without one.
 */
export function environment(home, { keychain = true, ...more } = {}) {
  const env = { PATH: process.env.PATH, LANG: "C.UTF-8", ...home.places };
  if (keychain) {
    assert.ok(
      process.env.DBUS_SESSION_BUS_ADDRESS && process.env.BECKON_TEST_KEYCHAIN,
      "no keychain here: run the journeys with scripts/journeys",
    );
    env.DBUS_SESSION_BUS_ADDRESS = process.env.DBUS_SESSION_BUS_ADDRESS;
  }
  return { ...env, ...more };
}

/** Runs one command line to its end. */
export async function run(home, args, { env = {}, within = 120_000 } = {}) {
  assert.ok(existsSync(BINARY), `${BINARY} is not built`);
  const child = spawn(BINARY, ["--data-dir", home.dataDir, ...args], {
    env: environment(home, env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collect(child);
  try {
    const code = await soon(`beckon ${args.join(" ")}`, output.closed, within);
    return { code, stdout: output.stdout, stderr: output.stderr };
  } finally {
    child.kill("SIGKILL");
  }
}

/** Runs one command line with this on its standard input. */
export async function piped(home, args, input) {
  const child = spawn(BINARY, ["--data-dir", home.dataDir, ...args], {
    env: environment(home),
    stdio: ["pipe", "pipe", "pipe"],
  });
  killAtExit(child);
  const output = collect(child);
  child.stdin.on("error", () => {}).end(input);
  const code = await soon(`beckon ${args.join(" ")}`, output.closed, 120_000);
  return { code, stdout: output.stdout, stderr: output.stderr };
}

/** Runs one command line that must succeed, and answers its standard output. */
export async function ok(home, args, options) {
  const { code, stdout, stderr } = await run(home, args, options);
  assert.equal(code, 0, `beckon ${args.join(" ")} ended with ${code}:\n${stderr}`);
  return stdout;
}

/** Runs one command line that must be refused: exit code 1 and one clear line on standard error, which is answered. */
export async function refused(home, args, options) {
  const { code, stdout, stderr } = await run(home, args, options);
  assert.equal(code, 1, `beckon ${args.join(" ")} ended with ${code}, not 1:\n${stdout}${stderr}`);
  assert.equal(stdout, "", "what was refused prints nothing on standard output");
  assert.match(stderr, /^beckon: [^\n]{10,}\n$/, "one clear line");
  return stderr.trim();
}

/** Makes a credential for the local engine on the command line. */
export async function token(home, ...args) {
  return (await ok(home, ["token", "create", "--for", "openwhisk", ...args])).trim();
}

/**
 * Starts `beckon serve` and waits until it is ready. It is stopped after the test, and must then end cleanly.
 *
 * @param {import("node:test").TestContext} t
 * @param {{ home?: object, args?: string[], env?: object }} [options]
 */
export async function serve(t, { home: place, args = ["--port", "0"], env = {} } = {}) {
  const where = place ?? (await home(t));
  const beckon = new Beckon(where, args, env);
  defer(t, () => beckon.stop());
  await beckon.ready();
  return beckon;
}

class Beckon {
  #child;
  #output;
  #over = false;

  constructor(home, args, env) {
    assert.ok(existsSync(BINARY), `${BINARY} is not built`);
    this.home = home;
    this.#child = spawn(BINARY, ["serve", "--data-dir", home.dataDir, ...args], {
      env: environment(home, env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#output = collect(this.#child);
    killAtExit(this.#child);
  }

  /** Waits for the line that says where it answers. */
  async ready() {
    const line = await until(
      "beckon serve to be ready",
      () => {
        if (this.#child.exitCode !== null) {
          // Waiting longer will not help; what it said is the cause.
          this.#over = true;
          return { failed: `beckon serve ended with ${this.#child.exitCode}:\n${this.stderr}` };
        }
        const end = this.stdout.indexOf("\n");
        return end > 0 && { text: this.stdout.slice(0, end) };
      },
      { within: 120_000 },
    ).catch((error) => {
      throw new Error(`${error.message}\n${this.stderr}`);
    });
    if (line.failed) throw new Error(line.failed);
    this.announced = JSON.parse(line.text);
    this.gateway = this.announced.gateway;
    this.panelOrigin = new URL(this.announced.panel).origin;
    this.link = this.announced.panel;
  }

  get pid() {
    return this.#child.pid;
  }

  get stdout() {
    return this.#output.stdout;
  }

  get stderr() {
    return this.#output.stderr;
  }

  /** A session of the panel, opened with a new one-time link. */
  async panel() {
    const link = (await ok(this.home, ["url"])).trim();
    return Panel.open(link);
  }

  /** A client of the gateway with a credential of its own for `namespace`. */
  async client(namespace = "playground") {
    return this.as(await token(this.home, "--namespace", namespace));
  }

  /** A client of the gateway with this credential. */
  as(credential) {
    return new Gateway(this.gateway, credential);
  }

  /** Asks it to stop, and sees that it ends with 0 and leaves nothing running. */
  async stop(signal = "SIGTERM") {
    if (this.#over) return;
    this.#over = true;
    const below = processes.descendants(this.pid);
    this.#child.kill(signal);
    const code = await soon(`beckon to stop after ${signal}`, this.#output.closed, 60_000).catch((error) => {
      this.#child.kill("SIGKILL");
      throw new Error(`${error.message}\n${this.stderr}`);
    });
    assert.equal(code, 0, `beckon serve ended with ${code} (${this.#child.signalCode}):\n${this.stderr}`);
    await this.#leavesNothing(below);
  }

  /** Ends it as a crash or a power cut would. */
  async kill() {
    this.#over = true;
    const below = processes.descendants(this.pid);
    this.#child.kill("SIGKILL");
    await soon("beckon to be gone after SIGKILL", this.#output.closed);
    await this.#leavesNothing(below);
  }

  async #leavesNothing(below) {
    const left = () => {
      const found = new Map(processes.stillRunning(below).map((process) => [process.pid, process]));
      for (const process of processes.mentioning(this.home.dataDir)) found.set(process.pid, process);
      return [...found.values()];
    };
    await until("its processes to end", () => left().length === 0, { within: 20_000 }).catch(() => {
      const names = processes.describe(left());
      for (const { pid } of left()) process.kill(pid, "SIGKILL");
      throw new Error(`beckon is gone and left running:\n${names}`);
    });
  }
}

function collect(child) {
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8");
    child[name].on("data", (text) => {
      output[name] += text;
    });
  }
  output.closed = new Promise((done, failed) => {
    child.on("close", (code) => done(code));
    child.on("error", failed);
  });
  // Whoever waits for it hears of a failure; nobody has to.
  output.closed.catch(() => {});
  return output;
}

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
])
  process.once(signal, () => process.exit(code));

/** A test file that is cut off takes its programs with it. */
export function killAtExit(child) {
  running.add(child);
  child.on("exit", () => running.delete(child));
}
