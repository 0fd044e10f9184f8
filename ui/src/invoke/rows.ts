import type { FormRow, Header } from "./request";

/** A name and a value of a query. */
export interface QueryRow {
  name: string;
  value: string;
  /** As it was written; gone once it is changed. */
  raw?: string;
}

export function parseQuery(query: string): QueryRow[] {
  if (query === "") return [];
  return query.split("&").map((raw) => {
    const at = raw.indexOf("=");
    if (at < 0) return { name: plain(raw), value: "", raw };
    return { name: plain(raw.slice(0, at)), value: plain(raw.slice(at + 1)), raw };
  });
}

/** The query of the rows; what nobody changed stays as it was written, and rows with nothing are left out. */
export function formatQuery(rows: readonly QueryRow[]): string {
  return rows
    .filter(({ name, value, raw }) => raw !== undefined || name !== "" || value !== "")
    .map(({ name, value, raw }) => raw ?? `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join("&");
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** `name=value` lines. */
export function queryText(rows: readonly QueryRow[]): string {
  return rows.map(({ name, value }) => `${name}=${value}`).join("\n");
}

export function parseQueryText(text: string): QueryRow[] {
  return lines(text, "=").map(([name, value]) => ({ name, value }));
}

/** `Name: value` lines. */
export function headerText(headers: readonly Header[]): string {
  return headers.map(({ name, value }) => `${name}: ${value}`).join("\n");
}

/** Headers as lines; those that wait for their credential go on waiting. */
export function parseHeaderText(text: string, before: readonly Header[]): Header[] {
  return lines(text, ":").map(([name, value]) => {
    const masked = before.some((each) => each.masked && each.name.trim() === name.trim());
    return { name: name.trim(), value: value.trim(), ...(masked && { masked }) };
  });
}

function lines(text: string, mark: string): Array<[string, string]> {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const at = line.indexOf(mark);
      return at < 0 ? [line.trim(), ""] : [line.slice(0, at), line.slice(at + 1)];
    });
}

export function formBody(rows: readonly FormRow[]): string {
  const named = rows.filter(({ name }) => name !== "");
  return new URLSearchParams(named.map(({ name, value }) => [name, value])).toString();
}

/** The rows of an urlencoded body; null where they would be written differently. */
export function sameForm(body: string): FormRow[] | null {
  const rows = [...new URLSearchParams(body)].map(([name, value]) => ({ name, value }));
  return formBody(rows) === body ? rows : null;
}
