import type { Exchange, RequestDraft } from "@/platform";

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

/** A request as it is typed; the draft of a function that speaks HTTP is this, as JSON. */
export interface RequestForm {
  method: string;
  path: string;
  query: string;
  headers: Array<{
    name: string;
    value: string;
    /** It carried a credential in the run that this is taken from, which no record keeps. */
    masked?: boolean;
  }>;
  body: string;
  /** Whether `body` is base64 of bytes that are no text. */
  base64?: boolean;
}

const JSON_HEADER = { name: "Content-Type", value: "application/json" };

/** The remembered request; a text that is none is the body of a POST. */
export function parseRequest(text: string): RequestForm {
  try {
    const found: unknown = JSON.parse(text);
    if (isRequest(found)) return found;
  } catch {
    // Not JSON: a body.
  }
  const empty = text.trim() === "" || text.trim() === "{}";
  return empty
    ? { method: "GET", path: "/", query: "", headers: [], body: "" }
    : { method: "POST", path: "/", query: "", headers: [JSON_HEADER], body: text };
}

export function formatRequest(form: RequestForm): string {
  return JSON.stringify(form);
}

export function toDraft(form: RequestForm): RequestDraft {
  return {
    method: form.method,
    path: form.path,
    query: form.query,
    headers: form.headers.filter(({ name }) => name.trim() !== "").map(({ name, value }) => [name, value]),
    body: form.base64 ? { type: "base64", base64: form.body } : { type: "text", text: form.body },
  };
}

/** What a record shows instead of a credential. */
const MASK = "***";
/** Headers of a connection, not of a request: they follow from where and what is sent. */
const OWN = /^(host|connection|content-length|transfer-encoding|keep-alive|te|upgrade)$/i;

/** The request of a past run, to be sent again; headers with credentials have no value. */
export function requestOf(http: Exchange, input: string | null): RequestForm {
  return {
    method: http.method,
    path: http.path,
    query: http.query,
    headers: http.headers
      .filter(([name]) => !OWN.test(name))
      .map(([name, value]) => (value === MASK ? { name, value: "", masked: true } : { name, value })),
    body: bodyText(http, input),
    ...(http.body === "base64" && { base64: true }),
  };
}

function bodyText(http: Exchange, input: string | null): string {
  if (input === null || http.body === "empty") return "";
  if (http.body === "json") return input;
  try {
    const text: unknown = JSON.parse(input);
    return typeof text === "string" ? text : input;
  } catch {
    return input;
  }
}

/** Headers whose values are credentials, as the engine's records have it. */
const SECRET =
  /^(authorization|proxy-authorization|cookie|set-cookie|x-auth-token|x-api-key|x-require-whisk-auth)$/i;

/** A typed request as it may be kept: credentials are asked for again. */
export function withoutCredentials(text: string): string {
  const form = parseRequest(text);
  if (!form.headers.some(({ name }) => SECRET.test(name.trim()))) return text;
  const headers = form.headers.map((header) =>
    SECRET.test(header.name.trim()) ? { name: header.name, value: "", masked: true } : header,
  );
  return formatRequest({ ...form, headers });
}

/** The headers that carried credentials, and have none yet. */
export function unfilled(form: RequestForm): string[] {
  return form.headers.filter(({ masked, value }) => masked && value === "").map(({ name }) => name);
}

function isRequest(value: unknown): value is RequestForm {
  if (typeof value !== "object" || value === null) return false;
  const { method, path, query, headers, body } = value as Record<string, unknown>;
  return (
    [method, path, query, body].every((each) => typeof each === "string") &&
    Array.isArray(headers) &&
    headers.every((each) => typeof each?.name === "string" && typeof each?.value === "string")
  );
}
