import { fromBase64 } from "@/ui/base64";
import { formatBytes } from "@/ui/format";
import { jsonProblem } from "@/ui/json";
import { type FileRef, fileBase64 } from "./files";
import { type RequestForm, unfilled } from "./request";

/** The most that any system takes here unless its settings say otherwise: Spaces does. Others refuse less themselves. */
export const MOST_BYTES = 10 * 1024 * 1024;

/** Why a request cannot be sent. */
export interface RequestProblem {
  where: "target" | "headers" | "body";
  /** The row of the headers, where it is one. */
  row?: number;
  text: string;
}

/** The first reason, in the words of the panel's own checks or better ones; null where it can be sent. */
export function requestProblem(form: RequestForm): RequestProblem | null {
  return target(form) ?? headers(form) ?? body(form);
}

function target({ path, query }: RequestForm): RequestProblem | null {
  const found = /[\s<>`#?]/.exec(path.trim())?.[0];
  if (found !== undefined) return barred("path", found);
  const asked = /[\s<>"#]/.exec(query.trim())?.[0];
  return asked === undefined ? null : barred("query", asked);
}

function barred(part: string, c: string): RequestProblem {
  const shown = c.trim() === "" ? "a space" : `'${c}'`;
  const written = c === " " ? "%20" : encodeURIComponent(c);
  return { where: "target", text: `The ${part} has ${shown}. Write it as ${written}.` };
}

function headers(form: RequestForm): RequestProblem | null {
  const missing = unfilled(form);
  if (missing.length > 0) {
    const what =
      missing.length === 1 ? "This header carries a credential" : "These headers carry credentials";
    return {
      where: "headers",
      text: `${what}, which no record keeps: ${missing.join(", ")}. Type it again, or remove the header.`,
    };
  }
  for (const [row, { name, value }] of form.headers.entries()) {
    if (name.trim() === "") continue;
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name.trim())) {
      return { where: "headers", row, text: `'${name}' is not a name for a header.` };
    }
    if (!/^[\t\x20-\x7e]*$/.test(value.trim())) {
      return {
        where: "headers",
        row,
        text: `The value of the header '${name.trim()}' has characters that none may have.`,
      };
    }
  }
  return null;
}

function body(form: RequestForm): RequestProblem | null {
  const problem = (text: string): RequestProblem => ({ where: "body", text });
  switch (form.type) {
    case "json": {
      if (form.body === "") return null;
      const found = jsonProblem(form.body);
      if (found === null) return tooLarge(form.body.length);
      const { message, line, column } = found;
      return problem(
        `${message} (line ${line}, column ${column}). To send it as it is, choose Text as the body's type.`,
      );
    }
    case "base64": {
      const bytes = fromBase64(form.body);
      return bytes === null ? problem("The body is not base64.") : tooLarge(bytes.length);
    }
    case "file":
      if (form.file === undefined) return problem("Choose the file to send, or another type of body.");
      return gone(form.file) ?? tooLarge(form.file.size);
    case "multipart": {
      const files = (form.rows ?? []).flatMap(({ name, file }) => (name !== "" && file ? [file] : []));
      const lost = files.map(gone).find((each) => each !== null);
      return lost ?? tooLarge(files.reduce((sum, { size }) => sum + size, 0));
    }
    default:
      return tooLarge(form.body.length);
  }
}

function gone(file: FileRef): RequestProblem | null {
  if (fileBase64(file) !== undefined) return null;
  return { where: "body", text: `Choose ${file.name} again: drafts do not keep the bytes of files.` };
}

function tooLarge(size: number): RequestProblem | null {
  if (size <= MOST_BYTES) return null;
  const text = `The body has ${formatBytes(size)}; at most ${formatBytes(MOST_BYTES)} are accepted.`;
  return { where: "body", text };
}
