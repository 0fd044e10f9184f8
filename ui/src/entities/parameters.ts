import type { NamedJson } from "@/platform";
import { jsonProblem, prettyJson } from "@/ui/json";
import { parseJson, textOf } from "@/viewers/json/parse";

/** Parameters as one JSON object, each value as it is kept: large numbers keep their digits. */
export function parametersText(parameters: readonly NamedJson[]): string {
  if (parameters.length === 0) return "{}";
  return prettyJson(`{${parameters.map(({ key, value }) => `${JSON.stringify(key)}:${value}`).join()}}`);
}

/** Why a text is not an object of parameters, or null. Nothing at all stands for `{}`. */
export function parametersProblem(text: string): string | null {
  if (text.trim() === "") return null;
  const problem = jsonProblem(text);
  if (problem) return `${problem.message} (line ${problem.line}, column ${problem.column}).`;
  const root = parseJson(text);
  if (root.kind !== "object") return 'A JSON object is expected, like {"region": "lon1"}.';
  const seen = new Set<string | null>();
  for (const { key } of root.children) {
    if (key === "") return "A parameter needs a name.";
    if (seen.has(key)) return `'${key}' is there twice.`;
    seen.add(key);
  }
  return null;
}

/** What `parametersProblem` has nothing against. */
export function parametersFrom(text: string): NamedJson[] {
  if (text.trim() === "") return [];
  return parseJson(text).children.map((node) => ({ key: node.key ?? "", value: textOf(node, text) }));
}
