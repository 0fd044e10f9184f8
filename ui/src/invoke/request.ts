import type { Exchange } from "@/platform";
import { fromBase64, toBase64 } from "@/ui/base64";
import { jsonProblem } from "@/ui/json";
import { type FileRef, isFileRef } from "./files";
import { sameForm } from "./rows";

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

/** How a body is written. */
export const BODY_TYPES = ["none", "json", "text", "form", "multipart", "file", "base64"] as const;
export type BodyType = (typeof BODY_TYPES)[number];

export interface Header {
  name: string;
  value: string;
  /** It carried a credential in the run that this is taken from, which no record keeps. */
  masked?: boolean;
}

/** A name and a value, or a file in the value's place. */
export interface FormRow {
  name: string;
  value: string;
  file?: FileRef;
}

/** A request as it is typed; the draft of a function that speaks HTTP is this, as JSON. */
export interface RequestForm {
  method: string;
  path: string;
  query: string;
  headers: Header[];
  type: BodyType;
  /** The text of the types that are typed as one. What the other types hold is kept beside it while they are not chosen. */
  body: string;
  rows?: FormRow[];
  file?: FileRef;
  /** No Content-Type is added for the type of the body. */
  untyped?: boolean;
}

const NOTHING: RequestForm = { method: "GET", path: "/", query: "", headers: [], type: "none", body: "" };

/** The remembered request; a text that is none is the body of a POST. */
export function parseRequest(text: string): RequestForm {
  try {
    const found: unknown = JSON.parse(text);
    if (isRequest(found)) return complete(found);
  } catch {
    // Not JSON: a body.
  }
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "{}") return NOTHING;
  return { ...NOTHING, method: "POST", type: jsonProblem(text) ? "text" : "json", body: text };
}

export function formatRequest(form: RequestForm): string {
  return JSON.stringify(form);
}

export function contentType({ headers }: Pick<RequestForm, "headers">): string | null {
  return headers.find(({ name }) => name.trim().toLowerCase() === "content-type")?.value ?? null;
}

/** What a record shows instead of a credential. */
const MASK = "***";
/** Headers of a connection, not of a request: they follow from where and what is sent. */
const OWN = /^(host|connection|content-length|transfer-encoding|keep-alive|te|upgrade)$/i;

/** The request of a past run, to be sent again; headers with credentials have no value. */
export function requestOf(http: Exchange, input: string | null): RequestForm {
  const headers = http.headers
    .filter(([name]) => !OWN.test(name))
    .map(([name, value]) => (value === MASK ? { name, value: "", masked: true } : { name, value }));
  const { method, path, query } = http;
  const form = complete({
    method,
    path,
    query,
    headers,
    body: bodyText(http, input),
    ...(http.body === "base64" && { type: "base64" }),
  });
  // What was sent without a type is sent without one again.
  return form.type !== "none" && contentType(form) === null ? { ...form, untyped: true } : form;
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

/** The same request with its body written in another way; what was typed is taken along where it can be. */
export function withType(form: RequestForm, type: BodyType): RequestForm {
  const next: RequestForm = { ...form, type, untyped: undefined };
  if (type === "base64" && (form.type === "json" || form.type === "text")) {
    next.body = toBase64(new TextEncoder().encode(form.body));
  }
  if (form.type === "base64" && (type === "json" || type === "text")) next.body = decoded(form.body);
  const sends = form.method !== "GET" && form.method !== "HEAD";
  // What has a body is rarely meant as a GET.
  if (type !== "none" && form.type === "none" && !sends) next.method = "POST";
  return next;
}

function decoded(base64: string): string {
  const bytes = fromBase64(base64);
  try {
    return bytes === null ? base64 : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return base64;
  }
}

/** Headers whose values are credentials, as the engine's records have it. */
const SECRET =
  /^(authorization|proxy-authorization|cookie|set-cookie|x-auth-token|x-api-key|x-require-whisk-auth)$/i;

/** The headers that carry credentials. */
export function credentialsOf({ headers }: RequestForm): string[] {
  return headers.filter(({ name }) => SECRET.test(name.trim())).map(({ name }) => name.trim());
}

/** The files that are sent. */
export function filesOf({ type, rows = [], file }: RequestForm): FileRef[] {
  const all = type === "file" ? [file] : type === "multipart" ? rows.map((row) => row.file) : [];
  return all.filter((each) => each !== undefined);
}

/** A typed request as it may be kept: credentials are asked for again. */
export function withoutCredentials(text: string): string {
  const form = parseRequest(text);
  if (credentialsOf(form).length === 0) return text;
  const headers = form.headers.map((header) =>
    SECRET.test(header.name.trim()) ? { name: header.name, value: "", masked: true } : header,
  );
  return formatRequest({ ...form, headers });
}

/** The headers that carried credentials, and have none yet. */
export function unfilled(form: RequestForm): string[] {
  return form.headers.filter(({ masked, value }) => masked && value === "").map(({ name }) => name);
}

type Remembered = Omit<RequestForm, "type"> & {
  type?: string;
  /** How the body's type was remembered before there were others. */
  base64?: boolean;
};

function isRequest(value: unknown): value is Remembered {
  if (typeof value !== "object" || value === null) return false;
  const { method, path, query, headers, body, rows, file } = value as Record<string, unknown>;
  return (
    [method, path, query, body].every((each) => typeof each === "string") &&
    Array.isArray(headers) &&
    headers.every((each) => typeof each?.name === "string" && typeof each?.value === "string") &&
    (rows === undefined || (Array.isArray(rows) && rows.every(isRow))) &&
    (file === undefined || isFileRef(file))
  );
}

function isRow(row: unknown): boolean {
  const { name, value, file } = (row ?? {}) as Record<string, unknown>;
  return typeof name === "string" && typeof value === "string" && (file === undefined || isFileRef(file));
}

/** A request that may not say how its body is written: found by what there is. */
function complete({ type, base64, ...rest }: Remembered): RequestForm {
  const known = BODY_TYPES.find((each) => each === type);
  if (known !== undefined) return { ...rest, type: known };
  if (base64) return { ...rest, type: "base64" };
  if (rest.body === "") return { ...rest, type: "none" };
  const said = contentType(rest) ?? "";
  if (/^application\/x-www-form-urlencoded\b/i.test(said)) {
    const rows = sameForm(rest.body);
    if (rows !== null) return { ...rest, type: "form", body: "", rows };
  }
  const json = jsonProblem(rest.body) === null && (said === "" || /json/i.test(said));
  return { ...rest, type: json ? "json" : "text" };
}
