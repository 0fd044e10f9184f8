import type { Activation, BodyForm } from "@/platform";
import { fromBase64, toBase64 } from "@/ui/base64";

/** A body, or a plain JSON value, as a record keeps it. */
export interface Body {
  form: BodyForm;
  /** The JSON text that holds it in this form. */
  document: string;
  /** As its sender said; null where nobody did. */
  contentType: string | null;
}

/** A way to look at a body. */
export type View = "tree" | "image" | "html" | "text" | "hex";

type Headers = ReadonlyArray<readonly [string, string]>;

export function headerOf(headers: Headers, name: string): string | null {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? null;
}

/** A value that never was a body: arguments and results of functions that take JSON. */
export function valueBody(document: string): Body {
  return { form: "json", document, contentType: null };
}

/** What a run was called with; null where nobody knows. */
export function inputBody({ input, http }: Pick<Activation, "input" | "http">): Body | null {
  if (input === null) return null;
  // Without a method the exchange is only of the answer: the function was called with arguments.
  if (http === null || http.method === "") return valueBody(input);
  return { form: http.body, document: input, contentType: headerOf(http.headers, "content-type") };
}

/** What came back of a run; null while it is pending. */
export function resultBody({ result, http }: Pick<Activation, "result" | "http">): Body | null {
  if (result === null) return null;
  // What Beckon says in the function's place is a value, also where a response was expected.
  const said = http === null || http.status === null || (http.responseBody === "empty" && result !== "null");
  if (said) return valueBody(result);
  return {
    form: http.responseBody,
    document: result,
    contentType: headerOf(http.responseHeaders, "content-type"),
  };
}

/** The media type without its parameters, in lower case. */
export function mediaType({ contentType }: Body): string | null {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  return type === "" ? null : type;
}

function stringOf(document: string): string {
  try {
    const value: unknown = JSON.parse(document);
    return typeof value === "string" ? value : document;
  } catch {
    return document;
  }
}

/** The body as text; bytes are read in the character set that its sender names. */
export function textOf(body: Body): string {
  if (body.form === "empty") return "";
  if (body.form === "json") return body.document;
  if (body.form === "text") return stringOf(body.document);
  const charset = /;\s*charset="?([^";]+)/i.exec(body.contentType ?? "")?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset.trim()).decode(bytesOf(body));
  } catch {
    return new TextDecoder().decode(bytesOf(body));
  }
}

export function bytesOf(body: Body): Uint8Array<ArrayBuffer> {
  if (body.form === "base64") return fromBase64(stringOf(body.document)) ?? new Uint8Array();
  return new TextEncoder().encode(textOf(body));
}

export function base64Of(body: Body): string {
  return body.form === "base64" ? stringOf(body.document) : toBase64(bytesOf(body));
}

/** The image type that a body is shown as: the one that is said, or else the one that its first bytes have. */
export function imageType(body: Body): string | null {
  const said = mediaType(body);
  if (said?.startsWith("image/")) return said;
  if (body.form !== "base64") return null;
  const head = atobHead(stringOf(body.document));
  if (head.startsWith("\x89PNG\r\n")) return "image/png";
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (head.startsWith("GIF8")) return "image/gif";
  return head.startsWith("RIFF") && head.slice(8, 12) === "WEBP" ? "image/webp" : null;
}

function atobHead(base64: string): string {
  try {
    return atob(base64.slice(0, 24));
  } catch {
    return "";
  }
}

const TEXTUAL = /^text\/|[/+](json|xml|yaml|javascript|x-www-form-urlencoded|x-ndjson|graphql|toml|csv)$/;
const HTML = /^(text\/html|application\/xhtml\+xml)$/;
const JSON_TYPE = /[/+]json$/;

/** The ways to look at a body, the best one first. */
export function viewsOf(body: Body): View[] {
  if (body.form === "empty") return [];
  const type = mediaType(body);
  const json = body.form === "json";
  const views: View[] = [];
  if (imageType(body) !== null) views.push("image");
  if (type !== null && HTML.test(type) && body.form !== "base64") views.push("html");
  // A single word or number of a plain text is JSON by accident.
  const structured = /^\s*[{[]/.test(body.document);
  const tree = json && (type === null || JSON_TYPE.test(type) || structured);
  if (tree) views.push("tree");
  if (body.form !== "base64" || (type !== null && TEXTUAL.test(type))) views.push("text");
  if (!json || type !== null) views.push("hex");
  return views;
}

const EXTENSIONS: Record<string, string> = {
  "application/gzip": "gz",
  "application/javascript": "js",
  "application/pdf": "pdf",
  "application/x-ndjson": "ndjson",
  "application/x-www-form-urlencoded": "txt",
  "application/xhtml+xml": "xhtml",
  "application/zip": "zip",
  "image/jpeg": "jpg",
  "image/svg+xml": "svg",
  "image/vnd.microsoft.icon": "ico",
  "image/x-icon": "ico",
  "text/event-stream": "txt",
  "text/javascript": "js",
  "text/markdown": "md",
  "text/plain": "txt",
  "audio/mpeg": "mp3",
};

/** The end of a file's name for a body, without the dot. */
export function extensionOf(body: Body): string {
  const type = imageType(body) ?? mediaType(body);
  const known = type === null ? undefined : EXTENSIONS[type];
  if (known !== undefined) return known;
  if (type !== null && JSON_TYPE.test(type)) return "json";
  if (type !== null && /[/+]xml$/.test(type)) return "xml";
  const own = /^(?:image|text|audio|video|font)\/(?:x-)?([a-z0-9]{2,5})$/.exec(type ?? "")?.[1];
  if (own !== undefined) return own;
  return body.form === "json" ? "json" : body.form === "text" ? "txt" : "bin";
}

/** The name that a response gives its file, without any folders. */
export function attachmentName(headers: Headers): string | null {
  const said = headerOf(headers, "content-disposition");
  const wide = /;\s*filename\*=utf-8''([^;]+)/i.exec(said ?? "")?.[1];
  const plain = /;\s*filename=(?:"([^"]*)"|([^;]*))/i.exec(said ?? "");
  const name = (decoded(wide) ?? plain?.[1] ?? plain?.[2] ?? "").split(/[/\\]/).at(-1)?.trim() ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they have no place in a name
  const clean = name.replace(/[\x00-\x1f<>:"|?*]/g, "").replace(/^\.+/, "");
  return clean === "" ? null : clean.slice(0, 120);
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}

/** The name of the file that a body of a run is kept as. */
export function fileName({ function: name, id }: Pick<Activation, "function" | "id">, body: Body): string {
  return `${name.replaceAll("/", "-")}-${id.slice(-8)}.${extensionOf(body)}`;
}
