// The gateway in OpenWhisk's dialect, spoken by hand: for what no client would send.

import assert from "node:assert/strict";

import { basic, request } from "./http.mjs";

export class Gateway {
  constructor(origin, credential) {
    this.origin = origin;
    this.credential = credential;
  }

  /** Any request to the API; `path` begins after `/api/v1`. */
  send(method, path, { headers = {}, ...options } = {}) {
    const authorization = this.credential ? { authorization: basic(this.credential) } : {};
    return request(`${this.origin}/api/v1${path}`, {
      method,
      headers: { ...authorization, ...headers },
      ...options,
    });
  }

  /** Calls an action of the caller's namespace. */
  invoke(name, input = {}, query = "blocking=true&result=true", options = {}) {
    return this.send("POST", `/namespaces/_/actions/${name}?${query}`, { body: input, ...options });
  }

  /** Makes or changes an action. */
  put(name, exec, { query = "overwrite=true", ...more } = {}) {
    return this.send("PUT", `/namespaces/_/actions/${name}?${query}`, { body: { exec, ...more } });
  }

  /** Makes or changes an action, and its package, which must work. */
  async deploy(name, exec, more) {
    const [pack, packaged] = name.split("/");
    if (packaged !== undefined) {
      const made = await this.send("PUT", `/namespaces/_/packages/${pack}?overwrite=true`, { body: {} });
      assert.equal(made.status, 200, `${pack} was not made: ${made.text}`);
    }
    const reply = await this.put(name, exec, more);
    assert.equal(reply.status, 200, `${name} was not made: ${reply.text}`);
    return reply.json;
  }

  /** Accepts a run; answers its id. */
  async accept(name, input = {}) {
    const reply = await this.invoke(name, input, "blocking=false");
    assert.equal(reply.status, 202, reply.text);
    return reply.json.activationId;
  }

  /** A record, or the answer that says there is none. */
  activation(id, part = "") {
    return this.send("GET", `/namespaces/_/activations/${id}${part}`);
  }
}

/** Asserts that an answer is an error of the dialect: a sentence, and the transaction id as a string. */
export function assertDialectError(reply, status, text) {
  const allowed = Array.isArray(status) ? status : [status];
  assert.ok(
    allowed.includes(reply.status),
    `${reply.status} is not ${allowed.join(" or ")}: ${reply.text.slice(0, 500)}`,
  );
  assert.match(reply.headers["content-type"] ?? "", /^application\/json/);
  const body = reply.json;
  assert.equal(typeof body.code, "string", `code is a string in ${reply.text}`);
  assert.ok(body.code.length > 0, "code is not empty");
  assert.equal(typeof body.error, "string", `error is a string in ${reply.text}`);
  assert.ok(body.error.length > 5, `a sentence, not '${body.error}'`);
  if (text) assert.match(body.error, text);
}
