import type { Deployment } from "@/platform";

/** Names with texts, as the panel has them. */
type Texts = Deployment["env"];

/** What is wrong with lines: one has no name, or two have the same. */
export function lineProblem(text: string): string | undefined {
  const names = new Set<string>();
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const name = line.slice(0, Math.max(0, line.indexOf("="))).trim();
    if (name === "") return `“${line.trim().slice(0, 40)}” is not NAME=value.`;
    if (names.has(name)) return `“${name.slice(0, 40)}” is there twice.`;
    names.add(name);
  }
  return undefined;
}

/** Names with texts as lines of `NAME=value`. */
export function linesOf(all: Texts | undefined): string {
  return Object.entries(all ?? {})
    .map(([name, value]) => `${name}=${shown(value ?? "")}`)
    .join("\n");
}

/** A value is one line here: its line breaks are written `\n`, and backslashes before an n twice. */
function shown(value: string): string {
  return value.replaceAll("\\n", "\\\\n").replaceAll("\n", "\\n");
}

/** What lines say. A value that was not touched is what it was. */
export function textsOf(text: string, was: Texts | undefined): Texts {
  const found: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at < 1) continue;
    const name = line.slice(0, at).trim();
    const value = line.slice(at + 1);
    const before = was?.[name];
    found[name] =
      before !== undefined && shown(before) === value
        ? before
        : value.replace(/\\\\n|\\n/g, (each) => (each === "\\n" ? "\n" : "\\n"));
  }
  return found;
}
