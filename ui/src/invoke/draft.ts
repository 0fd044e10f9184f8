import type { RequestBody, RequestDraft } from "@/platform";
import { fromBase64, toBase64 } from "@/ui/base64";
import { fileBase64, fileBytes } from "./files";
import { contentType, type FormRow, type RequestForm } from "./request";
import { formBody } from "./rows";

/** The Content-Type that goes with a body unless the person typed one; null where there is none to add. */
export function impliedType(form: RequestForm): string | null {
  if (form.untyped || contentType(form) !== null) return null;
  switch (form.type) {
    case "none":
      return null;
    case "json":
      return form.body === "" ? null : "application/json";
    case "text":
      return form.body === "" ? null : "text/plain; charset=utf-8";
    case "form":
      return "application/x-www-form-urlencoded";
    case "multipart":
      return "multipart/form-data";
    case "file":
      return form.file?.type || "application/octet-stream";
    case "base64":
      return form.body === "" ? null : "application/octet-stream";
  }
}

/** The request as it is sent. */
export function toDraft(form: RequestForm): RequestDraft {
  const headers = form.headers
    .filter(({ name }) => name.trim() !== "")
    .map(({ name, value }): [string, string] => [name, value]);
  const implied = impliedType(form);
  if (implied !== null) headers.push(["Content-Type", implied]);
  const { method, path, query } = form;
  if (form.type !== "multipart") return { method, path, query, headers, body: bodyOf(form) };
  const { boundary, bytes } = multipart(form.rows ?? [], typedBoundary(contentType(form)));
  return {
    method,
    path,
    query,
    headers: headers.map(([name, value]) => [
      name,
      isMultipart(name, value) ? bounded(value, boundary) : value,
    ]),
    body: { type: "base64", base64: toBase64(bytes) },
  };
}

function bodyOf(form: RequestForm): RequestBody {
  switch (form.type) {
    case "json":
    case "text":
      return { type: "text", text: form.body };
    case "form":
      return { type: "text", text: formBody(form.rows ?? []) };
    case "file":
      return { type: "base64", base64: (form.file && fileBase64(form.file)) ?? "" };
    case "base64": {
      const bytes = fromBase64(form.body);
      // The panel takes it without line breaks, and with its padding.
      return { type: "base64", base64: bytes === null ? form.body : toBase64(bytes) };
    }
    default:
      return { type: "text", text: "" };
  }
}

const BOUNDARY = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i;

function typedBoundary(type: string | null): string | null {
  const found = BOUNDARY.exec(type ?? "");
  return found?.[1] ?? found?.[2] ?? null;
}

function isMultipart(name: string, value: string): boolean {
  return /^\s*content-type\s*$/i.test(name) && /^\s*multipart\//i.test(value);
}

function bounded(type: string, boundary: string): string {
  return BOUNDARY.test(type) ? type : `${type.trim()}; boundary=${boundary}`;
}

/** The parts as browsers write a form with files. */
export function multipart(
  rows: readonly FormRow[],
  typed: string | null,
): { boundary: string; bytes: Uint8Array } {
  const encoder = new TextEncoder();
  const parts = rows
    .filter(({ name }) => name !== "")
    .map(({ name, value, file }) => {
      const field = `Content-Disposition: form-data; name="${quoted(name)}"`;
      if (file === undefined) {
        return { head: field, bytes: encoder.encode(value.replace(/\r\n|\r|\n/g, "\r\n")) };
      }
      const type = file.type || "application/octet-stream";
      return {
        head: `${field}; filename="${quoted(file.name)}"\r\nContent-Type: ${type}`,
        bytes: fileBytes(file) ?? new Uint8Array(),
      };
    });
  const boundary = typed ?? unused(parts.map(({ bytes }) => bytes));
  const pieces: Uint8Array[] = [];
  for (const { head, bytes } of parts) {
    pieces.push(encoder.encode(`--${boundary}\r\n${head}\r\n\r\n`), bytes, encoder.encode("\r\n"));
  }
  pieces.push(encoder.encode(`--${boundary}--\r\n`));
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return { boundary, bytes: all };
}

/** A boundary that no part holds; the same one for the same form, so that a request can be compared with itself. */
function unused(parts: readonly Uint8Array[]): string {
  const held = parts.map((bytes) => new TextDecoder("latin1").decode(bytes));
  let number = 0;
  const boundary = () => `BeckonFormBoundary${number.toString().padStart(8, "0")}`;
  while (held.some((text) => text.includes(boundary()))) number += 1;
  return boundary();
}

function quoted(text: string): string {
  return text.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll('"', "%22");
}
