// Requests with nothing added and nothing hidden: any Host, any Origin, any body, no redirects followed.

import http from "node:http";

/**
 * Sends one request over a connection of its own.
 *
 * @param {string} url
 * @param {{ method?: string, headers?: Record<string, string>, body?: string | Buffer | object, within?: number }} [options]
 *   A plain object as the body is sent as JSON.
 */
export function request(url, { method = "GET", headers = {}, body, within = 90_000 } = {}) {
  const plain = body !== undefined && typeof body !== "string" && !Buffer.isBuffer(body);
  const payload = plain ? JSON.stringify(body) : body;
  const type = plain && !Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  const all = { ...(type ? { "content-type": "application/json" } : {}), ...headers };
  if (payload !== undefined) all["content-length"] ??= String(Buffer.byteLength(payload));
  return new Promise((resolve, reject) => {
    let answered = false;
    const sent = http.request(url, { method, headers: all, agent: false, timeout: within }, (response) => {
      answered = true;
      collect(response).then((bytes) => resolve(reply(response, bytes)), reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer from ${method} ${url} within ${within} ms`)));
    // A server may refuse a body while it is still being sent; what it answered counts then.
    sent.on("error", (error) => answered || reject(error));
    sent.end(payload);
  });
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function reply(response, bytes) {
  return {
    status: response.statusCode,
    headers: response.headers,
    bytes,
    text: bytes.toString("utf8"),
    /** The body as JSON. Throws where it is none. */
    get json() {
      return JSON.parse(this.text);
    },
  };
}

/** `Authorization` for a `user:key` credential. */
export function basic(credential) {
  return `Basic ${Buffer.from(credential).toString("base64")}`;
}
