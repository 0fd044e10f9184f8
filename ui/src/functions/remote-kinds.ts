import { kindTitle } from "@/app/kinds";
import type { ConnectionKind, FunctionKind, FunctionSummary, Template } from "@/platform";

/** What has a kind, and no code of its own that a template could stand for. */
const WITHOUT_CODE = new Set(["", "sequence", "blackbox", "image", "trigger", "unknown"]);

export function familyOf(kind: string): string {
  return kind.split(":")[0] ?? "";
}

/** The templates that a provider can run: code for the handlers of its own system, in a language that it has. */
export function remoteTemplates(
  templates: readonly Template[],
  kind: ConnectionKind | undefined,
): readonly Template[] {
  // The handler of Spaces' Go template is net/http's, as that of OpenFaaS' is.
  if (kind === "spaces")
    return templates.filter(
      ({ contract, language }) => contract === "spaces" || (contract === "openfaas" && language === "go"),
    );
  return templates.filter(
    ({ contract, language }) =>
      contract === "openwhisk" &&
      language !== "executable" &&
      !(kind === "digitalocean" && language === "ruby"),
  );
}

/** Of what a provider runs: the kinds that a template is for, and the families that none is for, for people. */
export function kindsFor(kinds: readonly FunctionKind[], templates: readonly Template[]) {
  const written = new Set(templates.map(({ kind }) => familyOf(kind)));
  const current = kinds.filter(({ deprecated, family }) => !deprecated && !WITHOUT_CODE.has(family));
  return {
    offered: current.filter(({ family }) => written.has(family)),
    others: [
      ...new Set(current.filter(({ family }) => !written.has(family)).map(({ family }) => kindTitle(family))),
    ],
  };
}

/** Of a system that has its templates and no kinds: one for each language. */
export function kindsOfTemplates(templates: readonly Template[]): FunctionKind[] {
  const families = new Map(templates.map((each) => [familyOf(each.kind), each.language]));
  return [...families].map(([family, language]) => ({
    kind: `${family}:default`,
    family,
    language,
    default: true,
    deprecated: false,
    needsMain: false,
  }));
}

/** The kind that was chosen, or else the default of its family, or else any. */
export function chosenOf(offered: readonly FunctionKind[], chosen: string): FunctionKind | undefined {
  const family = offered.filter((each) => each.family === familyOf(chosen));
  return (
    offered.find(({ kind }) => kind === chosen) ??
    family.find((each) => each.default) ??
    family[0] ??
    offered[0]
  );
}

/** Where a provider does not say its kinds: its own choice of each version, and those that it runs already. */
export function kindsToOffer(
  templates: readonly Template[],
  functions: readonly FunctionSummary[],
): readonly string[] {
  const standing = templates.map(({ kind }) => `${familyOf(kind)}:default`);
  const running = functions.map(({ kind }) => kind).filter((kind) => !WITHOUT_CODE.has(familyOf(kind)));
  return [...new Set([...standing, ...running])];
}
