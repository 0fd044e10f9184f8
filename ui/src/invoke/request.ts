import type { RequestDraft } from "@/platform";

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

/** A request as it is typed; the draft of a function that speaks HTTP is this, as JSON. */
export interface RequestForm {
  method: string;
  path: string;
  query: string;
  headers: Array<{ name: string; value: string }>;
  body: string;
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
    body: { type: "text", text: form.body },
  };
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
