// The panel over HTTP, as its own page uses it: a one-time link, a cookie, commands.

import assert from "node:assert/strict";
import http from "node:http";

import { request } from "./http.mjs";

/** An error of a command: `code` is one of Beckon's error codes. */
export class PanelError extends Error {
  constructor(command, status, error) {
    super(`${command}: ${error.code}: ${error.message}${error.details ? ` (${error.details})` : ""}`);
    this.status = status;
    this.code = error.code;
    this.said = error;
  }
}

export class Panel {
  constructor(origin, cookie) {
    this.origin = origin;
    this.cookie = cookie;
  }

  /** Opens a one-time link as a browser does. */
  static async open(link) {
    const reply = await request(link);
    assert.ok([302, 303, 307].includes(reply.status), `the link answered ${reply.status}: ${reply.text}`);
    assert.ok(!reply.headers.location.includes("token"), "the token stays out of the address bar");
    const [cookie] = reply.headers["set-cookie"];
    assert.match(cookie, /HttpOnly/);
    assert.match(cookie, /SameSite=Strict/);
    return new Panel(new URL(link).origin, cookie.split(";")[0]);
  }

  /** Calls a command; throws `PanelError` where it fails. */
  async call(command, args = {}, { within } = {}) {
    const reply = await request(`${this.origin}/api/${command}`, {
      method: "POST",
      headers: { cookie: this.cookie },
      body: args,
      within,
    });
    if (reply.status !== 200) throw new PanelError(command, reply.status, reply.json);
    return reply.json;
  }

  /** Calls a command that must fail, and answers its error. */
  async refused(command, args = {}, options) {
    try {
      const answer = await this.call(command, args, options);
      throw new assert.AssertionError({ message: `${command} was not refused: ${JSON.stringify(answer)}` });
    } catch (error) {
      if (error instanceof PanelError) return error;
      throw error;
    }
  }

  /** Everything that changes, from now on: `{ items, stop }`. Resolves when the stream is open. */
  events() {
    const items = [];
    return new Promise((resolve, reject) => {
      const headers = { cookie: this.cookie, "content-type": "application/json" };
      const sent = http.request(`${this.origin}/api/events`, { method: "POST", headers, agent: false });
      sent.on("error", reject);
      sent.on("response", (response) => {
        let rest = "";
        response.setEncoding("utf8");
        response.on("data", (text) => {
          const lines = (rest + text).split("\n");
          rest = lines.pop();
          items.push(...lines.map((line) => JSON.parse(line).item).filter(Boolean));
        });
        response.on("error", () => {});
        resolve({ items, stop: () => sent.destroy() });
      });
      sent.end("{}");
    });
  }

  /** Makes a local function from source. */
  create(name, kind, text, namespace = "playground") {
    return this.call("create_function", {
      function: local(name, namespace),
      kind,
      code: { type: "source", text },
    });
  }

  /** Runs a function and answers its record. */
  async invoke(reference, input = {}, mode = "blocking") {
    return this.call("invoke", { function: reference, input: JSON.stringify(input), mode, rerunOf: null });
  }

  /** One record. */
  async activation(id) {
    return (await this.call("activation", { id })).activation;
  }

  /** The newest page of the log. */
  async activations(filter = "", limit = 500) {
    return (await this.call("activations", { filter, after: null, limit })).rows;
  }
}

/** A function of the local engine. */
export const local = (name, namespace = "playground") => ({ connection: "local", namespace, name });
