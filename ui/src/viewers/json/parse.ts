/**
 * JSON read without losing anything: `JSON.parse` would round large numbers, and drop the first of two equal keys.
 * Nodes point into the text; strings are decoded only where they are shown.
 */
export interface JsonNode {
  readonly kind: "object" | "array" | "string" | "number" | "literal";
  /** Where the value stands in the text. */
  readonly start: number;
  end: number;
  /** The key in its object, decoded. */
  readonly key: string | null;
  readonly children: JsonNode[];
}

export class JsonProblem extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/uy;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/uy;
const QUOTE = 34;
const BACKSLASH = 92;
const FIRST_PRINTED = 32;
const LITERAL = /true|false|null/uy;
const BLANK = /[ \t\n\r]*/uy;

/** Reads one JSON value. Depth costs heap, not stack: the text may be hostile. */
export function parseJson(text: string): JsonNode {
  let at = 0;
  const fail: (what: string) => never = (what) => {
    throw new JsonProblem(`${what} at position ${at}`, at);
  };
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? null;
    if (found !== null) at += found.length;
    return found;
  };
  // By hand: a pattern would keep a way back for each character of a long string.
  const string = (): boolean => {
    if (text[at] !== '"') return false;
    for (let end = at + 1; end < text.length; end += 1) {
      const c = text.charCodeAt(end);
      if (c === QUOTE) {
        at = end + 1;
        return true;
      }
      if (c < FIRST_PRINTED) return false;
      if (c !== BACKSLASH) continue;
      ESCAPE.lastIndex = end;
      const escaped = ESCAPE.exec(text)?.[0];
      if (escaped === undefined) return false;
      end += escaped.length - 1;
    }
    return false;
  };
  const blank = () => void match(BLANK);

  const open: JsonNode[] = [];
  let root: JsonNode | null = null;

  const value = (key: string | null): void => {
    const start = at;
    const c = text[at];
    const make = (kind: JsonNode["kind"]): JsonNode => ({ kind, start, end: at, key, children: [] });
    let node: JsonNode;
    if (c === "{" || c === "[") {
      at += 1;
      node = make(c === "{" ? "object" : "array");
      open.push(node);
    } else if (c === '"') {
      if (!string()) fail("A string that does not end");
      node = make("string");
    } else if (match(LITERAL) !== null) {
      node = make("literal");
    } else if (match(NUMBER) !== null) {
      node = make("number");
    } else {
      fail(at >= text.length ? "An unexpected end" : `An unexpected ${JSON.stringify(c)}`);
    }
    if (root === null) root = node;
    else if (node !== open.at(-1)) open.at(-1)?.children.push(node);
    else open.at(-2)?.children.push(node);
  };

  const member = (parent: JsonNode): void => {
    if (parent.kind === "array") {
      value(null);
      return;
    }
    const start = at;
    if (!string()) fail("A key in quotes was expected");
    const key = decode(text.slice(start, at));
    blank();
    if (text[at] !== ":") fail("A ':' was expected");
    at += 1;
    blank();
    value(key);
  };

  blank();
  value(null);
  for (let parent = open.at(-1); parent; parent = open.at(-1)) {
    const close = parent.kind === "object" ? "}" : "]";
    blank();
    if (text[at] === close) {
      at += 1;
      parent.end = at;
      open.pop();
      continue;
    }
    if (parent.children.length > 0) {
      if (text[at] !== ",") fail(`A ',' or '${close}' was expected`);
      at += 1;
      blank();
    }
    member(parent);
  }
  blank();
  if (at < text.length) fail("Something follows the value");
  return root as unknown as JsonNode;
}

function decode(quoted: string): string {
  return JSON.parse(quoted) as string;
}

/** The value as it stands in the text: a number keeps its digits. */
export function textOf(node: JsonNode, text: string): string {
  return text.slice(node.start, node.end);
}

/** A string's characters; of others, their text. */
export function plainOf(node: JsonNode, text: string): string {
  const own = textOf(node, text);
  return node.kind === "string" ? decode(own) : own;
}

/** Indented text with every number, key and string as it was written. */
export function pretty(text: string): string {
  const out: string[] = [];
  const root = parseJson(text);
  const stack: { node: JsonNode; at: number }[] = [];
  const pad = () => `\n${"  ".repeat(stack.length)}`;
  const enter = (node: JsonNode) => {
    if (node.kind !== "object" && node.kind !== "array") {
      out.push(textOf(node, text));
    } else if (node.children.length === 0) {
      out.push(node.kind === "object" ? "{}" : "[]");
    } else {
      out.push(node.kind === "object" ? "{" : "[");
      stack.push({ node, at: 0 });
    }
  };
  enter(root);
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const child = top.node.children[top.at];
    if (!child) {
      stack.pop();
      out.push(pad(), top.node.kind === "object" ? "}" : "]");
      continue;
    }
    out.push(top.at > 0 ? "," : "", pad());
    top.at += 1;
    if (child.key !== null) out.push(`${JSON.stringify(child.key)}: `);
    enter(child);
  }
  return out.join("");
}
