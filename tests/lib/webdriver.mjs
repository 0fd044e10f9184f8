// A small WebDriver client for WebKitWebDriver and the windows it opens: nothing between the test and the driver.
//
// No WEBKIT_* variable is set on purpose: with WEBKIT_DISABLE_DMABUF_RENDERER or WEBKIT_DISABLE_COMPOSITING_MODE the
// first screenshot of a page at rest never comes.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { ARTIFACTS, BINARY, environment, killAtExit } from "./beckon.mjs";
import { request } from "./http.mjs";
import { freePort } from "./ports.mjs";
import * as processes from "./processes.mjs";
import { defer, soon, until } from "./sandbox.mjs";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** Opens the real window on `display`, in `home`. It is closed after the test, and nothing of it may stay. */
export async function openWindow(t, home, display) {
  const port = await freePort();
  const env = environment(home, {
    DISPLAY: display,
    BECKON_DATA_DIR: home.dataDir,
    TAURI_AUTOMATION: "true",
    TAURI_WEBVIEW_AUTOMATION: "true",
  });
  const driver = spawn("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  killAtExit(driver);
  let said = "";
  for (const stream of [driver.stdout, driver.stderr]) stream.on("data", (chunk) => (said += chunk));
  const closed = new Promise((done) => driver.on("close", done));
  const base = `http://127.0.0.1:${port}`;
  // The driver ends the program it has started, but not when it is ended itself first.
  const left = () => processes.mentioning(home.dataDir).filter(({ pid }) => pid !== driver.pid);
  defer(t, async () => {
    await until("the window's processes to end", () => left().length === 0, { within: 30_000 }).catch(() => {
      const names = processes.describe(left());
      for (const { pid } of left()) process.kill(pid, "SIGKILL");
      throw new Error(`the window left running:\n${names}\n${said}`);
    });
    driver.kill("SIGTERM");
    await soon("WebKitWebDriver to end", closed, 20_000).catch(() => driver.kill("SIGKILL"));
  });
  await until("WebKitWebDriver", async () => (await request(`${base}/status`)).json.value.ready, {
    within: 30_000,
  });
  const window = new Window(base, () => said);
  await window.open();
  defer(t, () => window.close());
  return window;
}

class Window {
  #base;
  #session;
  #log;

  constructor(base, log) {
    this.#base = base;
    this.#log = log;
  }

  async open() {
    const options = { binary: BINARY, args: [] };
    const { sessionId } = await this.#send("POST", "/session", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } },
    });
    this.#session = `/session/${sessionId}`;
    await this.#send("POST", `${this.#session}/timeouts`, { script: 60_000, pageLoad: 120_000, implicit: 0 });
  }

  /** Closes the window; the program behind it ends. */
  async close() {
    if (!this.#session) return;
    const session = this.#session;
    this.#session = undefined;
    await this.#send("DELETE", session);
  }

  /** Runs a function in the page and answers what it returns. */
  run(script, ...args) {
    return this.#send("POST", `${this.#session}/execute/sync`, {
      script: `return (${script}).apply(null, arguments)`,
      args: args.map(wire),
    });
  }

  /**
   * The first visible element that is found, once there is one.
   *
   * @param {{ role?: string, name?: string | RegExp, css?: string, text?: string | RegExp, within?: number }} what
   */
  async find(what) {
    const { within = 60_000 } = what;
    const plain = (text) => (text instanceof RegExp ? { source: text.source, flags: text.flags } : text);
    const query = { css: what.css, role: what.role, name: plain(what.name), text: plain(what.text) };
    const found = await until(`${JSON.stringify(query)} in the window`, () => this.run(findInPage, query), {
      within,
      every: 100,
    }).catch(async (error) => {
      const text = await this.run("() => document.body.innerText").catch((e) => String(e));
      throw new Error(`${error.message}\nThe window shows:\n${text}\n${this.#log()}`);
    });
    return new Element(this, found);
  }

  /** All text that is visible. */
  text() {
    return this.run("() => document.body.innerText");
  }

  /** Keys to whatever has the focus. */
  async keys(text) {
    const actions = [...text].flatMap((value) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ]);
    await this.#send("POST", `${this.#session}/actions`, {
      actions: [{ type: "key", id: "keyboard", actions }],
    });
  }

  /** Replaces what is in a field or an editor, as a paste does: editors complete what is typed. */
  async fill(what, text) {
    await (await this.find(what)).click();
    await this.run(
      `(text) => { document.execCommand("selectAll"); document.execCommand("insertText", false, text); }`,
      text,
    );
  }

  /** Saves a picture among the artifacts. The frame that is taken is the one before the last change, so wait two. */
  async screenshot(name) {
    await this.#send("POST", `${this.#session}/execute/async`, {
      script:
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)))",
      args: [],
    });
    const png = Buffer.from(await this.#send("GET", `${this.#session}/screenshot`), "base64");
    await mkdir(ARTIFACTS, { recursive: true });
    await writeFile(join(ARTIFACTS, name), png);
    return png;
  }

  element(id, method, path, body) {
    return this.#send(method, `${this.#session}/element/${id}${path}`, body);
  }

  async #send(method, path, body) {
    const reply = await request(`${this.#base}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: method === "POST" ? JSON.stringify(body ?? {}) : undefined,
    });
    const { value } = reply.json;
    assert.equal(reply.status, 200, `${method} ${path}: ${value?.error}: ${value?.message}\n${this.#log()}`);
    return value;
  }
}

class Element {
  #window;
  #id;

  constructor(window, reference) {
    this.#window = window;
    this.#id = reference[ELEMENT];
  }

  get reference() {
    return { [ELEMENT]: this.#id };
  }

  click() {
    return this.#window.element(this.#id, "POST", "/click", {});
  }

  text() {
    return this.#window.element(this.#id, "GET", "/text");
  }
}

const wire = (value) => (value instanceof Element ? value.reference : value);

/** Runs in the page: roles and names as the accessibility tree has them, near enough to find things. */
const findInPage = `(query) => {
  const implied = { BUTTON: "button", A: "link", H1: "heading", H2: "heading", H3: "heading", TEXTAREA: "textbox", TABLE: "table", NAV: "navigation", MAIN: "main", DIALOG: "dialog" };
  const role = (e) => e.getAttribute("role") ?? implied[e.tagName] ?? "";
  const labels = (ids) => ids.split(/\\s+/).map((id) => document.getElementById(id)?.innerText ?? "").join(" ");
  const name = (e) => (e.getAttribute("aria-label") ?? (e.hasAttribute("aria-labelledby") ? labels(e.getAttribute("aria-labelledby")) : e.innerText) ?? "").trim().replace(/\\s+/g, " ");
  const matches = (wanted, text) => wanted === undefined || wanted === null || (wanted.source !== undefined ? new RegExp(wanted.source, wanted.flags).test(text) : wanted === text);
  const visible = (e) => { const box = e.getBoundingClientRect(); return box.width > 0 && box.height > 0 && getComputedStyle(e).visibility !== "hidden"; };
  for (const e of document.querySelectorAll(query.css ?? "*")) {
    if (query.role && role(e) !== query.role) continue;
    if (!matches(query.name, name(e)) || !matches(query.text, e.innerText ?? "") || !visible(e)) continue;
    return e;
  }
  return null;
}`;
