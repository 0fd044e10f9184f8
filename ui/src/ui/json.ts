export interface JsonProblem {
  message: string;
  /** Offset in UTF-16 units. */
  at: number;
  /** From 1. */
  line: number;
  column: number;
}

class Stop extends Error {
  constructor(
    readonly text: string,
    readonly at: number,
  ) {
    super(text);
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
const MAX_DEPTH = 500;

/**
 * Where and why a text is not JSON, or null. Engines word their own errors differently and WebKit's has no place,
 * so the window reads the text itself.
 */
export function jsonProblem(text: string): JsonProblem | null {
  try {
    const end = space(text, value(text, space(text, 0), 0));
    if (end < text.length) throw new Stop("There is something after the end of the JSON", end);
    return null;
  } catch (thrown) {
    if (!(thrown instanceof Stop)) throw thrown;
    const before = text.slice(0, thrown.at).split("\n");
    return {
      message: thrown.text,
      at: thrown.at,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
    };
  }
}

/** The same for an invocation's input: it must be an object; nothing at all stands for `{}`. */
export function inputProblem(text: string): JsonProblem | null {
  if (text.trim() === "") return null;
  const problem = jsonProblem(text);
  if (problem) return problem;
  const start = space(text, 0);
  if (text[start] === "{") return null;
  const line = text.slice(0, start).split("\n").length;
  return { message: 'The input must be a JSON object, like {"name": "Ada"}', at: start, line, column: 1 };
}

/** Valid JSON, indented; white space outside strings is all that changes, so digits and the order of keys stay. */
export function prettyJson(text: string): string {
  let out = "";
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g)) {
    const indent = () => `\n${"  ".repeat(depth)}`;
    if (token === "{" || token === "[") {
      depth += 1;
      out += token + indent();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      const empty = /[[{]\n *$/.test(out);
      out = empty ? out.trimEnd() + token : out + indent() + token;
    } else if (token === ",") out += `,${indent()}`;
    else out += token === ":" ? ": " : token;
  }
  return out;
}

function space(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.exec(text);
  return SPACE.lastIndex;
}

function value(text: string, at: number, depth: number): number {
  if (depth > MAX_DEPTH) throw new Stop("This is nested too deeply", at);
  const c = text[at];
  if (c === undefined) throw new Stop("A value is missing at the end", at);
  if (c === "{") return members(text, at, depth);
  if (c === "[") return elements(text, at, depth);
  if (c === '"') return string(text, at);
  if (c === "'") throw new Stop("Use double quotes", at);
  for (const word of ["true", "false", "null"]) if (text.startsWith(word, at)) return at + word.length;
  NUMBER.lastIndex = at;
  if (NUMBER.test(text)) return NUMBER.lastIndex;
  throw new Stop(`A value cannot start with ${show(c)}`, at);
}

function members(text: string, open: number, depth: number): number {
  let at = space(text, open + 1);
  if (text[at] === "}") return at + 1;
  for (;;) {
    if (text[at] === "}") throw new Stop("A comma before the closing brace", at);
    if (text[at] !== '"') throw new Stop("A name in double quotes is expected", at);
    at = space(text, string(text, at));
    if (text[at] !== ":") throw new Stop("A colon is expected after the name", at);
    at = space(text, value(text, space(text, at + 1), depth + 1));
    if (text[at] === "}") return at + 1;
    if (text[at] !== ",") throw new Stop("A comma or a closing brace is expected", at);
    at = space(text, at + 1);
  }
}

function elements(text: string, open: number, depth: number): number {
  let at = space(text, open + 1);
  if (text[at] === "]") return at + 1;
  for (;;) {
    if (text[at] === "]") throw new Stop("A comma before the closing bracket", at);
    at = space(text, value(text, at, depth + 1));
    if (text[at] === "]") return at + 1;
    if (text[at] !== ",") throw new Stop("A comma or a closing bracket is expected", at);
    at = space(text, at + 1);
  }
}

function string(text: string, open: number): number {
  let at = open + 1;
  for (;;) {
    const c = text[at];
    if (c === undefined) throw new Stop("A string does not end", open);
    if (c === '"') return at + 1;
    if (c < " ")
      throw new Stop(
        c === "\n" ? "A string does not end on its line" : "A control character in a string",
        at,
      );
    if (c !== "\\") {
      at += 1;
    } else if (/^u[0-9a-fA-F]{4}/.test(text.slice(at + 1, at + 6))) {
      at += 6;
    } else if ('"\\/bfnrt'.includes(text[at + 1] ?? "?")) {
      at += 2;
    } else {
      throw new Stop("This escape does not exist in JSON", at);
    }
  }
}

function show(c: string): string {
  return c.trim() === "" ? "this character" : `'${c}'`;
}
