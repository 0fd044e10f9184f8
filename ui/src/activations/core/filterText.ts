/** One term of a filter text as it is written. The same splitting as the parser's: spaces outside quotes. */
export interface WrittenTerm {
  readonly start: number;
  readonly end: number;
  readonly key: string | null;
  readonly value: string;
  readonly negated: boolean;
}

const SPACE = /\s/u;
const LETTERS = /^[A-Za-z]+$/u;

export function splitTerms(text: string): WrittenTerm[] {
  const terms: WrittenTerm[] = [];
  let at = 0;
  while (at < text.length) {
    if (SPACE.test(text.charAt(at))) {
      at += 1;
      continue;
    }
    const start = at;
    let value = "";
    let key: string | null = null;
    let quoted = false;
    let wasQuoted = false;
    let negated = false;
    for (; at < text.length; at += 1) {
      const c = text.charAt(at);
      if (SPACE.test(c) && !quoted) break;
      if (c === '"') {
        quoted = !quoted;
        wasQuoted = true;
      } else if (c === "-" && value === "" && key === null && !wasQuoted && !negated) {
        negated = true;
      } else if (c === ":" && key === null && !wasQuoted && LETTERS.test(value)) {
        key = value;
        value = "";
      } else {
        value += c;
      }
    }
    terms.push({ start, end: at, key, value, negated });
  }
  return terms;
}

/** The names under which the parser knows a key. The first is the one we write. */
export const KEYS = {
  function: ["fn", "function"],
  namespace: ["ns", "namespace"],
  connection: ["conn", "connection"],
  status: ["status"],
  from: ["from", "since"],
  to: ["to", "upto"],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export type Key = keyof typeof KEYS;

function is(term: WrittenTerm, key: Key): boolean {
  return term.key !== null && !term.negated && (KEYS[key] as readonly string[]).includes(term.key);
}

export function valuesOf(text: string, key: Key): string[] {
  return splitTerms(text)
    .filter((term) => is(term, key) && term.value !== "")
    .map((term) => term.value);
}

/** A value as it has to be written. A double quote cannot be written in the grammar; without it the words still match. */
export function quote(value: string): string {
  const plain = value.replaceAll('"', "");
  return /\s/u.test(plain) || plain === "" ? `"${plain}"` : plain;
}

/** The text with these values, and no others, for a key: in the place of the first old one, or at the end. */
export function withValues(text: string, key: Key, values: readonly string[]): string {
  const written = values.map((value) => `${KEYS[key][0]}:${quote(value)}`);
  const parts: string[] = [];
  let placed = false;
  for (const term of splitTerms(text)) {
    if (!is(term, key)) {
      parts.push(text.slice(term.start, term.end));
    } else if (!placed) {
      parts.push(...written);
      placed = true;
    }
  }
  if (!placed) parts.push(...written);
  return parts.join(" ");
}

export function withRange(text: string, from: string | null, to: string | null): string {
  return withValues(withValues(text, "from", from ? [from] : []), "to", to ? [to] : []);
}

/** Takes the term at a place out of the text, for the *remove* of a term that is not understood. */
export function withoutTerm(text: string, start: number): string {
  return splitTerms(text)
    .filter((term) => term.start !== start)
    .map((term) => text.slice(term.start, term.end))
    .join(" ");
}

export interface Scope {
  readonly connection: string;
  readonly namespace: string;
  readonly name: string;
}

export function scopeText(scope: Scope): string {
  return `conn:${quote(scope.connection)} ns:${quote(scope.namespace)} fn:${quote(scope.name)}`;
}

/** The terms of a text that a page of one function sets itself. */
export function scopedTerms(text: string): WrittenTerm[] {
  return splitTerms(text).filter(
    (term) => is(term, "function") || is(term, "namespace") || is(term, "connection"),
  );
}

/** What to ask for: on a function's page, that function whatever the text says. */
export function effectiveFilter(text: string, scope: Scope | undefined): string {
  if (!scope) return text.trim();
  const own = ["function", "namespace", "connection"] as const;
  const rest = own.reduce((left, key) => withValues(left, key, []), text);
  return rest === "" ? scopeText(scope) : `${scopeText(scope)} ${rest}`;
}
